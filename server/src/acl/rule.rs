//! Rules: one word each, applied to a user or a selector in the order in which they come.
//!
//! | word | meaning |
//! |---|---|
//! | `on` `off` | may log in, may not |
//! | `>password` `<password` `#digest` `!digest` | add or take away a password, in clear or as SHA-256 |
//! | `nopass` `resetpass` | any password will do; none |
//! | `+command` `-command` `+command\|sub` `+command\|first-argument` `+@category` `allcommands` `nocommands` | commands |
//! | `~pattern` `%R~pattern` `%W~pattern` `allkeys` `resetkeys` | keys |
//! | `&pattern` `allchannels` `resetchannels` | channels of publish and subscribe |
//! | `db=1,2` `alldbs` `resetdbs` | databases |
//! | `(rules)` `clearselectors` | a selector of its own |
//! | `reset` | as a new user |
//! | `sanitize-payload` `skip-sanitize-payload` | accepted: payloads are always checked |
//!
//! # Limits
//! [`ACL_SELECTORS_MAX`] selectors, [`ACL_PATTERNS_MAX`] patterns of a kind in each, [`ACL_PASSWORDS_MAX`] passwords.

use std::collections::BTreeSet;

use polycache_core::command::args::is_word;

use super::password::Password;
use super::rows::Rows;
use super::selector::{READ, Selector, WRITE};
use super::user::User;
use crate::limits::{ACL_PASSWORDS_MAX, ACL_PATTERNS_MAX, ACL_SELECTORS_MAX};

/// What is wrong with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleError {
    UnknownCommand,
    Syntax,
    KeyAfterAll,
    ChannelAfterAll,
    NoSuchPassword,
    BadDigest,
    ArgumentOfSubcommand,
    DatabaseOutOfRange,
    TooMany,
}

impl RuleError {
    /// In Valkey's words.
    pub fn text(self) -> &'static str {
        match self {
            RuleError::UnknownCommand => "Unknown command or category name in ACL",
            RuleError::Syntax => "Syntax error",
            RuleError::KeyAfterAll => {
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns"
            }
            RuleError::ChannelAfterAll => {
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels"
            }
            RuleError::NoSuchPassword => "The password you are trying to remove from the user does not exist",
            RuleError::BadDigest => {
                "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
            }
            RuleError::ArgumentOfSubcommand => "Allowing first-arg of a subcommand is not supported",
            RuleError::DatabaseOutOfRange => "The provided database ID is out of range",
            RuleError::TooMany => "The user has too many passwords, patterns or selectors",
        }
    }
}

/// What rules are read with.
#[derive(Clone, Copy)]
pub struct Grammar<'a> {
    pub rows: &'a Rows,
    /// `acl-pubsub-default allchannels`.
    pub all_channels: bool,
}

/// Applies one word to a user.
pub fn apply(user: &mut User, rule: &[u8], grammar: Grammar<'_>) -> Result<(), RuleError> {
    match rule {
        [] => {}
        _ if is_word(rule, "on") => user.is_enabled = true,
        _ if is_word(rule, "off") => user.is_enabled = false,
        _ if is_word(rule, "nopass") => {
            user.needs_no_password = true;
            user.passwords.clear();
        }
        _ if is_word(rule, "resetpass") => {
            user.needs_no_password = false;
            user.passwords.clear();
        }
        _ if is_word(rule, "sanitize-payload") || is_word(rule, "skip-sanitize-payload") => {}
        _ if is_word(rule, "clearselectors") => user.selectors.clear(),
        _ if is_word(rule, "reset") => {
            user.is_enabled = false;
            user.needs_no_password = false;
            user.passwords.clear();
            user.selectors.clear();
            user.root = Selector::new(grammar.all_channels);
        }
        [b'>', password @ ..] => add_password(user, Password::of(password))?,
        [b'#', digest @ ..] => {
            add_password(user, Password::from_hex(digest).ok_or(RuleError::BadDigest)?)?;
        }
        [b'<', password @ ..] => remove_password(user, Password::of(password))?,
        [b'!', digest @ ..] => {
            remove_password(user, Password::from_hex(digest).ok_or(RuleError::BadDigest)?)?;
        }
        [b'(', inner @ .., b')'] => {
            if user.selectors.len() == ACL_SELECTORS_MAX {
                return Err(RuleError::TooMany);
            }
            let mut selector = Selector::new(grammar.all_channels);
            for word in inner.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
                // Printed inside parentheses it would be read as the end of them: a file that cannot be loaded again.
                if word.ends_with(b")") {
                    return Err(RuleError::Syntax);
                }
                apply_to_selector(&mut selector, word, grammar)?;
            }
            user.selectors.push(selector);
        }
        _ => apply_to_selector(&mut user.root, rule, grammar)?,
    }
    Ok(())
}

fn add_password(user: &mut User, password: Password) -> Result<(), RuleError> {
    if !user.passwords.iter().any(|own| own.is_same(&password)) {
        if user.passwords.len() == ACL_PASSWORDS_MAX {
            return Err(RuleError::TooMany);
        }
        user.passwords.push(password);
    }
    user.needs_no_password = false;
    Ok(())
}

fn remove_password(user: &mut User, password: Password) -> Result<(), RuleError> {
    let place = user.passwords.iter().position(|own| own.is_same(&password));
    user.passwords.remove(place.ok_or(RuleError::NoSuchPassword)?);
    Ok(())
}

fn apply_to_selector(selector: &mut Selector, rule: &[u8], grammar: Grammar<'_>) -> Result<(), RuleError> {
    match rule {
        _ if is_word(rule, "allkeys") || rule == b"~*" => {
            selector.all_keys = true;
            selector.keys.clear();
        }
        _ if is_word(rule, "resetkeys") => {
            selector.all_keys = false;
            selector.keys.clear();
        }
        _ if is_word(rule, "allchannels") || rule == b"&*" => {
            selector.all_channels = true;
            selector.channels.clear();
        }
        _ if is_word(rule, "resetchannels") => {
            selector.all_channels = false;
            selector.channels.clear();
        }
        _ if is_word(rule, "allcommands") || is_word(rule, "+@all") => selector.set_all_commands(true),
        _ if is_word(rule, "nocommands") || is_word(rule, "-@all") => selector.set_all_commands(false),
        _ if is_word(rule, "alldbs") => selector.databases = None,
        _ if is_word(rule, "resetdbs") => selector.databases = Some(BTreeSet::new()),
        [b'~' | b'%', ..] => keys(selector, rule)?,
        [b'&', pattern @ ..] => channel(selector, pattern)?,
        [b'+', b'@', category @ ..] => {
            let bit = Rows::category(category).ok_or(RuleError::UnknownCommand)?;
            selector.set_category(grammar.rows, bit, true);
            selector.note_rule(&rule[1..], true);
        }
        [b'-', b'@', category @ ..] => {
            let bit = Rows::category(category).ok_or(RuleError::UnknownCommand)?;
            selector.set_category(grammar.rows, bit, false);
            selector.note_rule(&rule[1..], false);
        }
        [b'+', name @ ..] => allow(selector, name, grammar.rows)?,
        [b'-', name @ ..] => {
            let number = grammar.rows.find(name).ok_or(RuleError::UnknownCommand)?;
            selector.set_command(grammar.rows, number, false);
            selector.note_rule(name, false);
        }
        _ if rule.len() > 3 && is_word(&rule[..3], "db=") => {
            selector.databases = Some(databases(&rule[3..])?);
        }
        _ => return Err(RuleError::Syntax),
    }
    Ok(())
}

/// `command`, `command|subcommand` or `command|first-argument`.
fn allow(selector: &mut Selector, name: &[u8], rows: &Rows) -> Result<(), RuleError> {
    let Some(bar) = memchr::memrchr(b'|', name) else {
        let number = rows.find(name).ok_or(RuleError::UnknownCommand)?;
        selector.set_command(rows, number, true);
        selector.note_rule(name, true);
        return Ok(());
    };
    let (command, word) = (&name[..bar], &name[bar + 1..]);
    let number = rows.find(command).ok_or(RuleError::UnknownCommand)?;
    let row = rows.row(number);
    if row.container.is_some() {
        return Err(RuleError::ArgumentOfSubcommand);
    }
    // A line break would begin another user when it is saved.
    if word.is_empty() || !is_clean(word) {
        return Err(RuleError::Syntax);
    }
    if row.subcommands.is_empty() {
        selector.allow_first_argument(number, word);
    } else {
        let number = rows.find(name).ok_or(RuleError::UnknownCommand)?;
        selector.set_command(rows, number, true);
    }
    selector.note_rule(name, true);
    Ok(())
}

/// `~pattern`, `%R~pattern`, `%W~pattern`, `%RW~pattern`.
fn keys(selector: &mut Selector, rule: &[u8]) -> Result<(), RuleError> {
    if selector.all_keys {
        return Err(RuleError::KeyAfterAll);
    }
    let mut permissions = 0;
    let mut rest = rule;
    if let [b'%', tail @ ..] = rule {
        rest = tail;
        loop {
            let (permission, tail) = match rest {
                [b'R' | b'r', tail @ ..] => (READ, tail),
                [b'W' | b'w', tail @ ..] => (WRITE, tail),
                _ => break,
            };
            if permissions & permission != 0 {
                return Err(RuleError::Syntax);
            }
            permissions |= permission;
            rest = tail;
        }
        if permissions == 0 {
            return Err(RuleError::Syntax);
        }
    } else {
        permissions = READ | WRITE;
    }
    let [b'~', pattern @ ..] = rest else { return Err(RuleError::Syntax) };
    if !is_clean(pattern) {
        return Err(RuleError::Syntax);
    }
    if selector.keys.len() == ACL_PATTERNS_MAX {
        return Err(RuleError::TooMany);
    }
    selector.add_keys(pattern, permissions);
    Ok(())
}

fn channel(selector: &mut Selector, pattern: &[u8]) -> Result<(), RuleError> {
    if selector.all_channels {
        return Err(RuleError::ChannelAfterAll);
    }
    if !is_clean(pattern) {
        return Err(RuleError::Syntax);
    }
    if !selector.channels.iter().any(|own| own == pattern) {
        if selector.channels.len() == ACL_PATTERNS_MAX {
            return Err(RuleError::TooMany);
        }
        selector.channels.push(pattern.to_vec());
    }
    Ok(())
}

/// Numbers with commas between them.
fn databases(text: &[u8]) -> Result<BTreeSet<i64>, RuleError> {
    let mut numbers = BTreeSet::new();
    for word in text.split(|byte| *byte == b',') {
        let word = std::str::from_utf8(word).map_err(|_| RuleError::Syntax)?;
        let number: i64 = word.parse().map_err(|_| RuleError::Syntax)?;
        if !(0..=i64::from(i32::MAX)).contains(&number) {
            return Err(RuleError::DatabaseOutOfRange);
        }
        if numbers.len() == ACL_PATTERNS_MAX {
            return Err(RuleError::TooMany);
        }
        numbers.insert(number);
    }
    Ok(numbers)
}

/// Whether a word can stand in a line of rules: without blanks as C knows them, and without NUL.
pub(super) fn is_clean(word: &[u8]) -> bool {
    !word.iter().any(|byte| matches!(byte, b'\t'..=b'\r' | b' ' | 0))
}

/// Joins the words of selectors that were split at blanks: from one that begins with `(` to one that ends with `)`. The
/// error is the word whose parenthesis stays open.
pub fn join_selectors(words: &[&[u8]]) -> Result<Vec<Vec<u8>>, Vec<u8>> {
    let mut joined: Vec<Vec<u8>> = Vec::with_capacity(words.len());
    let mut open: Option<(Vec<u8>, &[u8])> = None;
    for word in words {
        let (text, first) = match open.take() {
            Some((mut text, first)) => {
                text.push(b' ');
                text.extend_from_slice(word);
                (text, first)
            }
            None if word.first() == Some(&b'(') => (word.to_vec(), *word),
            None => {
                joined.push(word.to_vec());
                continue;
            }
        };
        if word.last() == Some(&b')') {
            joined.push(text);
        } else {
            open = Some((text, first));
        }
    }
    match open {
        None => Ok(joined),
        Some((_, first)) => Err(first.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::registry;

    fn described(rules: &str) -> Result<String, RuleError> {
        let rows = Rows::new(registry());
        let grammar = Grammar { rows: &rows, all_channels: false };
        let mut user = User::new(b"a", false);
        let words: Vec<&[u8]> = rules.split(' ').map(str::as_bytes).collect();
        for rule in join_selectors(&words).map_err(|_| RuleError::Syntax)? {
            user.apply(&rule, grammar)?;
        }
        // What is printed makes the same user.
        let text = user.describe();
        let mut again = User::new(b"a", false);
        let words: Vec<&[u8]> = text.split(|byte| *byte == b' ').collect();
        for rule in join_selectors(&words).expect("printed rules are whole") {
            again.apply(&rule, grammar)?;
        }
        assert_eq!(again.describe(), text);
        Ok(String::from_utf8(text).unwrap())
    }

    #[test]
    fn prints_as_valkey_does() {
        for (rules, text) in [
            ("+@all -get +get", "off resetchannels +@all +get"),
            ("+config|get +config", "off resetchannels -@all +config"),
            ("%R~a %W~a ~b %R~c", "off ~a ~b %R~c resetchannels -@all"),
            ("on nopass ~* &* +@all", "on nopass ~* &* +@all"),
            (
                "db=3,1 (+set %R~q &z db=2)",
                "off resetchannels db=1,3 -@all (%R~q resetchannels &z db=2 -@all +set)",
            ),
            ("+get|a +get|b", "off resetchannels -@all +get|a +get|b"),
            ("on >p ~a &b +get (~x) reset", "off resetchannels -@all"),
        ] {
            assert_eq!(described(rules).as_deref(), Ok(text), "{rules}");
        }
    }

    #[test]
    fn refuses_what_contradicts_or_is_malformed() {
        for (rules, error) in [
            ("~* ~a", RuleError::KeyAfterAll),
            ("&* &a", RuleError::ChannelAfterAll),
            ("+nope", RuleError::UnknownCommand),
            ("+config|get|x", RuleError::ArgumentOfSubcommand),
            ("+get|", RuleError::Syntax),
            ("%~a", RuleError::Syntax),
            ("db=1,", RuleError::Syntax),
            ("db=-1", RuleError::DatabaseOutOfRange),
            ("<p", RuleError::NoSuchPassword),
            ("#12", RuleError::BadDigest),
            ("((+get))", RuleError::Syntax),
            ("(+get ~x))", RuleError::Syntax),
            ("+get|a\nuser", RuleError::Syntax),
        ] {
            assert_eq!(described(rules), Err(error), "{rules}");
        }
    }
}
