//! A selector: a set of commands, keys, channels and databases. A user has one, and may have more beside it; a command
//! is allowed if one of them allows all of it.

use std::collections::{BTreeMap, BTreeSet};

use polycache_core::command::glob::Glob;

use super::rows::Rows;

/// May read, may write.
pub(super) const READ: u8 = 1;
pub(super) const WRITE: u8 = 2;

/// Keys of a pattern, and what may be done with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPattern {
    pub pattern: Vec<u8>,
    /// [`READ`], [`WRITE`] or both.
    pub permissions: u8,
}

/// One rule on commands as it is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CommandRule {
    pub is_allowed: bool,
    /// `get`, `config|get`, `select|0`, `@read`, in lower case.
    pub name: Vec<u8>,
}

/// What one selector allows.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    /// All commands, future ones too: printed as `+@all`.
    pub(super) starts_with_all: bool,
    /// One bit for each row.
    commands: Vec<u64>,
    /// First arguments that a command which is not allowed is allowed with.
    first_arguments: BTreeMap<usize, Vec<Vec<u8>>>,
    pub(super) rules: Vec<CommandRule>,
    pub(super) all_keys: bool,
    pub(super) keys: Vec<KeyPattern>,
    pub(super) all_channels: bool,
    pub(super) channels: Vec<Vec<u8>>,
    /// `None` is all of them.
    pub(super) databases: Option<BTreeSet<i64>>,
}

impl Selector {
    /// Nothing is allowed, but that there are no limits on databases, and perhaps none on channels.
    pub fn new(all_channels: bool) -> Selector {
        Selector { all_channels, ..Selector::default() }
    }

    /// Everything is allowed.
    pub fn everything() -> Selector {
        Selector { starts_with_all: true, all_keys: true, all_channels: true, ..Selector::default() }
    }

    /// Whether no command can fail here.
    pub fn is_everything(&self) -> bool {
        self.allows_all_commands() && self.all_keys && self.all_channels && self.databases.is_none()
    }

    fn allows_all_commands(&self) -> bool {
        self.starts_with_all && self.rules.iter().all(|rule| rule.is_allowed)
    }

    /// `+@all` or `-@all`.
    pub(super) fn set_all_commands(&mut self, is_allowed: bool) {
        self.starts_with_all = is_allowed;
        self.commands.clear();
        self.first_arguments.clear();
        self.rules.clear();
    }

    /// Allows or forbids a command with its subcommands.
    pub(super) fn set_command(&mut self, rows: &Rows, number: usize, is_allowed: bool) {
        self.materialise(rows);
        let row = rows.row(number);
        for number in std::iter::once(number).chain(row.subcommands.clone()) {
            let bit = 1 << (number % 64);
            if is_allowed {
                self.commands[number / 64] |= bit;
            } else {
                self.commands[number / 64] &= !bit;
            }
            self.first_arguments.remove(&number);
        }
    }

    /// Allows or forbids the commands of a category.
    pub(super) fn set_category(&mut self, rows: &Rows, category: u32, is_allowed: bool) {
        for (number, row) in rows.iter() {
            if row.categories & category != 0 {
                self.set_command(rows, number, is_allowed);
            }
        }
    }

    /// Allows a command with this first argument.
    pub(super) fn allow_first_argument(&mut self, number: usize, argument: &[u8]) {
        let arguments = self.first_arguments.entry(number).or_default();
        if !arguments.iter().any(|known| known.eq_ignore_ascii_case(argument)) {
            arguments.push(argument.to_vec());
        }
    }

    /// Puts a rule behind the others, in the place of those that it makes pointless.
    pub(super) fn note_rule(&mut self, name: &[u8], is_allowed: bool) {
        let name = name.to_ascii_lowercase();
        self.rules.retain(|rule| !matches!(rule.name.strip_prefix(name.as_slice()), Some([] | [b'|', ..])));
        self.rules.push(CommandRule { is_allowed, name });
    }

    /// Gives the bits their length; without any they all have the value of `starts_with_all`.
    fn materialise(&mut self, rows: &Rows) {
        if self.commands.is_empty() {
            let fill = if self.starts_with_all { u64::MAX } else { 0 };
            self.commands = vec![fill; rows.count().div_ceil(64)];
        }
    }

    /// Whether a command may be called with these arguments behind its name (and its subcommand's).
    pub(super) fn allows_command(&self, number: usize, rest: &[&[u8]]) -> bool {
        let bit = match self.commands.get(number / 64) {
            Some(word) => word & 1 << (number % 64) != 0,
            None => self.starts_with_all,
        };
        bit || self.first_arguments.get(&number).is_some_and(|arguments| {
            rest.first().is_some_and(|first| arguments.iter().any(|own| own.eq_ignore_ascii_case(first)))
        })
    }

    /// Whether all that `permissions` says may be done with `key`.
    pub(super) fn allows_key(&self, key: &[u8], permissions: u8) -> bool {
        self.all_keys
            || self.keys.iter().any(|own| {
                own.permissions & permissions == permissions && Glob::new(&own.pattern).matches(key)
            })
    }

    /// Whether every key whatever may be read.
    pub(super) fn reads_all_keys(&self) -> bool {
        self.all_keys || self.keys.iter().any(|own| own.permissions & READ != 0 && own.pattern == b"*")
    }

    /// Whether a channel may be used, or a pattern of channels be subscribed to, which must stand here as it is.
    pub(super) fn allows_channel(&self, channel: &[u8], is_pattern: bool) -> bool {
        self.all_channels
            || self
                .channels
                .iter()
                .any(|own| if is_pattern { own == channel } else { Glob::new(own).matches(channel) })
    }

    pub(super) fn allows_database(&self, database: i64) -> bool {
        self.databases.as_ref().is_none_or(|allowed| allowed.contains(&database))
    }

    /// Adds a pattern of keys, or permissions to one that is there.
    pub(super) fn add_keys(&mut self, pattern: &[u8], permissions: u8) {
        match self.keys.iter_mut().find(|own| own.pattern == pattern) {
            Some(own) => own.permissions |= permissions,
            None => self.keys.push(KeyPattern { pattern: pattern.to_vec(), permissions }),
        }
    }

    /// The rules on commands: `-@all +get`.
    pub(super) fn describe_commands(&self) -> Vec<u8> {
        let mut text = if self.starts_with_all { b"+@all".to_vec() } else { b"-@all".to_vec() };
        for rule in &self.rules {
            text.extend_from_slice(if rule.is_allowed { b" +" } else { b" -" });
            text.extend_from_slice(&rule.name);
        }
        text
    }

    /// The rules on keys: `~a* %R~b*`.
    pub(super) fn describe_keys(&self) -> Vec<u8> {
        if self.all_keys {
            return b"~*".to_vec();
        }
        let patterns: Vec<Vec<u8>> = self
            .keys
            .iter()
            .map(|own| {
                let prefix: &[u8] = match own.permissions {
                    READ => b"%R~",
                    WRITE => b"%W~",
                    _ => b"~",
                };
                [prefix, &own.pattern].concat()
            })
            .collect();
        patterns.join(&b' ')
    }

    /// The patterns of channels: `&a &b*`.
    pub(super) fn describe_channels(&self) -> Vec<u8> {
        if self.all_channels {
            return b"&*".to_vec();
        }
        let patterns: Vec<Vec<u8>> =
            self.channels.iter().map(|own| [b"&", own.as_slice()].concat()).collect();
        patterns.join(&b' ')
    }

    /// The rule on databases: `alldbs`, `resetdbs`, `db=0,1`.
    pub(super) fn describe_databases(&self) -> String {
        match &self.databases {
            None => "alldbs".to_owned(),
            Some(none) if none.is_empty() => "resetdbs".to_owned(),
            Some(some) => {
                let numbers: Vec<String> = some.iter().map(i64::to_string).collect();
                format!("db={}", numbers.join(","))
            }
        }
    }

    /// All rules as ACL LIST prints them.
    pub(super) fn describe(&self) -> Vec<u8> {
        let mut text = self.describe_keys();
        if !text.is_empty() {
            text.push(b' ');
        }
        if !self.all_channels {
            text.extend_from_slice(b"resetchannels ");
        }
        let channels = self.describe_channels();
        if !channels.is_empty() {
            text.extend_from_slice(&channels);
            text.push(b' ');
        }
        if self.databases.is_some() {
            text.extend_from_slice(self.describe_databases().as_bytes());
            text.push(b' ');
        }
        text.extend_from_slice(&self.describe_commands());
        text
    }
}
