//! Who may use the memcached protocols: the users of the access control, and those of an authentication file.
//!
//! *Format:* the file of memcached's `-Y`: lines `user:password`, the password being the rest of the line.
//!
//! # Limits
//! [`AUTH_FILE_LINES_MAX`] users; the file is read when the server starts to listen.

use std::io::Read;
use std::sync::{Arc, OnceLock};

use super::work::Work;
use crate::acl::{Context, User};
use crate::config::Settings;
use crate::limits::{AUTH_FILE_BYTES_MAX, AUTH_FILE_LINES_MAX};
use crate::server::Server;

/// The users of the file, once it was read.
#[derive(Default)]
pub struct Users(OnceLock<Vec<(String, String)>>);

impl Users {
    /// Reads the file that the settings name.
    pub fn load(&self, settings: &Settings) -> Result<(), String> {
        if settings.memcached_auth_file.is_empty() || self.0.get().is_some() {
            return Ok(());
        }
        let mut text = String::new();
        std::fs::File::open(&settings.memcached_auth_file)
            .and_then(|file| file.take(AUTH_FILE_BYTES_MAX).read_to_string(&mut text))
            .map_err(|error| error.to_string())?;
        let _ = self.0.set(parse(&text)?);
        Ok(())
    }
}

fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut users = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.is_empty() {
            continue;
        }
        if users.len() == AUTH_FILE_LINES_MAX {
            return Err(format!("more than {AUTH_FILE_LINES_MAX} users"));
        }
        match line.split_once(':') {
            Some((user, password)) if !user.is_empty() => users.push((user.to_owned(), password.to_owned())),
            _ => return Err(format!("line {} is not user:password", number + 1)),
        }
    }
    if users.is_empty() { Err("there is no user in it".to_owned()) } else { Ok(users) }
}

/// Whether clients must say who they are.
pub fn are_wanted(server: &Server, settings: &Settings) -> bool {
    !settings.memcached_auth_file.is_empty() || !server.acl.default_user().is_open()
}

/// Whether clients may say who they are: there is somebody to be.
pub fn are_of_use(server: &Server, settings: &Settings) -> bool {
    are_wanted(server, settings) || server.acl.users().len() > 1
}

/// Lets the connection act as this user if the password is right. Users of the authentication file may do everything.
/// Its time does not tell how much of the password is right. `command` is the word that was used.
pub fn log_in(work: &mut Work<'_>, user: &[u8], password: &[u8], command: &[u8]) -> bool {
    let server = work.server;
    let file = server.memcached.users.0.get().map(Vec::as_slice).unwrap_or_default();
    let in_file = file.iter().fold(false, |known, (name, secret)| {
        known | (is_same(name.as_bytes(), user) & is_same(secret.as_bytes(), password))
    });
    let known = if in_file {
        work.client().log_in(Arc::new(User::default_user()));
        true
    } else {
        // The file is the whole list where there is one, but for users who have a password.
        let is_open = server.acl.user(user).is_some_and(|user| user.needs_no_password);
        let is_shut = is_open && !work.settings.memcached_auth_file.is_empty();
        !is_shut && work.client().authenticate(user, password, command, Context::TopLevel)
    };
    work.authenticated |= known;
    work.is_guarded = work.client().is_guarded();
    known
}

fn is_same(wanted: &[u8], given: &[u8]) -> bool {
    given.len() == wanted.len()
        && given.iter().zip(wanted).fold(0, |difference, (left, right)| difference | (left ^ right)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_lines_of_user_and_password() {
        let users = parse("a:b\n\nname:with:colon \n").unwrap();
        assert_eq!(users, [("a".into(), "b".into()), ("name".into(), "with:colon ".into())]);
        assert!(parse("").is_err());
        assert!(parse("nocolon").is_err());
        assert!(parse(":x").is_err());
    }

    #[test]
    fn whole_words_are_compared() {
        assert!(is_same(b"secret", b"secret"));
        for other in [&b""[..], b"secre", b"secrets", b"Secret"] {
            assert!(!is_same(b"secret", other));
        }
    }
}
