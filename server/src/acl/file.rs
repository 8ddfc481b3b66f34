//! Users in files: the ACL file, and `user` lines of the configuration.
//!
//! *Format:* a user in a line, `user name rule rule ...`, words between single blanks.
//!
//! # Limits
//! [`ACL_FILE_BYTES_MAX`] bytes, [`ACL_USERS_MAX`] users.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use super::rule::{self, Grammar, RuleError};
use super::{Acl, DEFAULT_USER, User, Users};
use crate::config::Settings;
use crate::limits::{ACL_FILE_BYTES_MAX, ACL_USERS_MAX};

/// Why users could not be loaded.
pub type LoadError = String;

impl Acl {
    /// Takes the users that the configuration names, before the server listens.
    pub fn start(&self, settings: &Settings) -> Result<(), LoadError> {
        if !settings.acl_file.is_empty() {
            if !settings.users.is_empty() {
                return Err("users are defined in the configuration and an ACL file is named, too: \
                            define them in one place"
                    .to_owned());
            }
            return self.load(settings).map(|_| ());
        }
        if settings.users.is_empty() {
            return Ok(());
        }
        let _change = self.change();
        let mut users = self.copy();
        for line in &settings.users {
            let words: Vec<&[u8]> = line.as_bytes().split(|byte| *byte == b' ').collect();
            let Some((name, rules)) = words.split_first() else { continue };
            let user = configured(name, rules, self.grammar(settings), users.get(*name).map(|user| &**user))
                .map_err(|reason| {
                    format!("Error in user declaration '{}': {reason}", String::from_utf8_lossy(name))
                })?;
            if users.len() >= ACL_USERS_MAX && !users.contains_key(*name) {
                return Err(format!("more than {ACL_USERS_MAX} users"));
            }
            users.insert(user.name.clone(), Arc::new(user));
        }
        self.publish(users);
        Ok(())
    }

    /// Reads the ACL file and puts its users in the place of all there are; all or none.
    pub(super) fn load(&self, settings: &Settings) -> Result<Users, LoadError> {
        let path = settings.acl_file.as_str();
        let mut text = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(ACL_FILE_BYTES_MAX + 1).read_to_end(&mut text))
            .map_err(|error| format!("Error loading ACLs, opening file '{path}': {}", reason_of(&error)))?;
        if text.len() as u64 > ACL_FILE_BYTES_MAX {
            return Err(format!("Error loading ACLs, '{path}' is longer than {ACL_FILE_BYTES_MAX} bytes"));
        }
        let _change = self.change();
        let mut users = parse(&text, path, self.grammar(settings))?;
        let default_user = || Arc::new(User::default_user());
        users.entry(DEFAULT_USER.into()).or_insert_with(default_user);
        let old = self.copy();
        self.publish(users);
        Ok(old)
    }

    /// Writes all users into the ACL file, by way of a temporary one beside it.
    pub(super) fn save(&self, path: &str) -> std::io::Result<()> {
        let path = Path::new(path);
        let mut text = Vec::new();
        for user in self.users() {
            text.extend_from_slice(&user.line());
            text.push(b'\n');
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = folder.join(format!("{name}.{}.tmp", std::process::id()));
        let written = (|| {
            let mut file = std::fs::File::create(&temporary)?;
            if let Ok(old) = std::fs::metadata(path) {
                file.set_permissions(old.permissions())?;
            }
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&temporary, path)?;
            std::fs::File::open(folder)?.sync_all()
        })();
        if written.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        written
    }

    /// The `user` lines that CONFIG REWRITE leaves: none where there is an ACL file, or nothing that the configuration
    /// does not say otherwise.
    pub fn lines(&self, settings: &Settings) -> Vec<String> {
        if !settings.acl_file.is_empty() {
            return Vec::new();
        }
        let mut plain = User::default_user();
        plain.set_password(settings.requirepass.as_bytes());
        let users = self.users();
        if settings.users.is_empty() && users.len() == 1 && users[0].line() == plain.line() {
            return Vec::new();
        }
        users.iter().map(|user| String::from_utf8_lossy(&user.line()).into_owned()).collect()
    }
}

/// Checks the words of a `user` line of the configuration as far as that goes without the command table.
pub(crate) fn check_words(words: &[&str]) -> Result<(), String> {
    let Some((name, rules)) = words.split_first() else { return Err("wrong number of arguments".to_owned()) };
    let rules: Vec<&[u8]> = rules.iter().map(|rule| rule.as_bytes()).collect();
    let wrong = |reason: &str| Err(format!("Error in user declaration '{name}': {reason}"));
    if !rule::is_clean(name.as_bytes()) || name.is_empty() {
        return wrong("Spaces not allowed in ACL usernames");
    }
    if rules.iter().any(|rule| !rule::is_clean(rule)) {
        return wrong("Syntax error");
    }
    if rule::join_selectors(&rules).is_err() { wrong("Wrong format") } else { Ok(()) }
}

fn configured(
    name: &[u8],
    rules: &[&[u8]],
    grammar: Grammar<'_>,
    old: Option<&User>,
) -> Result<User, String> {
    let joined = rule::join_selectors(rules).map_err(|_| "Wrong format".to_owned())?;
    let mut user = match old {
        Some(user) if name == DEFAULT_USER => {
            let mut user = user.clone();
            // The line says all of it, as for every other user.
            user.apply(b"reset", grammar).map_err(|error| error.text().to_owned())?;
            user
        }
        Some(_) => {
            return Err("Duplicate user found. A user can only be defined once in config files".to_owned());
        }
        None => User::new(name, grammar.all_channels),
    };
    for rule in joined {
        user.apply(&rule, grammar).map_err(|error| error.text().to_owned())?;
    }
    Ok(user)
}

/// The users of an ACL file. The error names every line that is wrong, as Valkey words it.
fn parse(text: &[u8], path: &str, grammar: Grammar<'_>) -> Result<Users, LoadError> {
    let mut users = Users::new();
    let mut errors: Vec<u8> = Vec::new();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let place = format!("{path}:{}", index + 1);
        let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        let [b"user", name, rules @ ..] = words.as_slice() else {
            errors
                .extend(format!("{place} should start with user keyword followed by the username. ").bytes());
            continue;
        };
        if !rule::is_clean(name) {
            errors.extend(format!("'{place}: username '").bytes().chain(name.iter().copied()));
            errors.extend_from_slice(b"' contains invalid characters. ");
            continue;
        }
        if users.contains_key(*name) {
            errors.extend(b"WARNING: Duplicate user '".iter().chain(*name).copied());
            errors.extend(format!("' found on line {}. ", index + 1).bytes());
            continue;
        }
        if users.len() >= ACL_USERS_MAX {
            return Err(format!("{path} has more than {ACL_USERS_MAX} users"));
        }
        let Ok(rules) = rule::join_selectors(rules) else {
            errors.extend(format!("{place}: Unmatched parenthesis in selector definition.").bytes());
            continue;
        };
        let mut user = User::new(name, grammar.all_channels);
        let mut is_reported = false;
        for rule in rules {
            let rule = rule.trim_ascii();
            match user.apply(rule, grammar) {
                Ok(()) => {}
                // A command's name is no secret.
                Err(error @ RuleError::UnknownCommand) => {
                    errors.extend(format!("{place}: Error in applying operation '").bytes());
                    errors.extend(rule.iter().copied().chain(format!("': {}. ", error.text()).bytes()));
                }
                Err(error) => {
                    if !std::mem::replace(&mut is_reported, true) {
                        errors.extend(format!("{place}: {}. ", error.text()).bytes());
                    }
                }
            }
        }
        users.insert(user.name.clone(), Arc::new(user));
    }
    if errors.is_empty() {
        return Ok(users);
    }
    let advice = "WARNING: ACL errors detected, no change to the previously active ACL rules was performed";
    Err(String::from_utf8_lossy(&errors).into_owned() + advice)
}

/// An error of the system in C's words.
fn reason_of(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
