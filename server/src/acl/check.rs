//! Whether a user may carry out a command.

use polycache_core::command::args::{canonical_integer, is_word};
use polycache_core::command::{Args, Failure, Spec};

use super::rows::{Row, Rows};
use super::selector::{READ, Selector, WRITE};
use super::user::User;
use crate::admin::command::keys_used;

/// What a command is refused for, the least telling first: of several selectors' refusals the last one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    Database,
    Command,
    Key,
    /// Not of a command: a log-in that failed.
    Auth,
    Channel,
}

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    pub reason: Reason,
    /// The argument that is to blame.
    pub argument: usize,
}

impl Denied {
    /// The error reply.
    pub fn failure(self, user: &User, command: &str) -> Failure {
        match self.reason {
            Reason::Database => Failure::text("NOPERM No permissions to access database"),
            Reason::Key => Failure::text("NOPERM No permissions to access a key"),
            Reason::Channel => Failure::text("NOPERM No permissions to access a channel"),
            Reason::Command | Reason::Auth => Failure::new(format!(
                "NOPERM User {} has no permissions to run the '{command}' command",
                String::from_utf8_lossy(&user.name)
            )),
        }
    }

    /// The error reply to a command that was allowed when it was queued.
    pub fn failure_at_exec(self) -> Failure {
        let reason = match self.reason {
            Reason::Command | Reason::Auth => "no permission to execute the command or subcommand",
            Reason::Key => "no permission to touch the specified keys",
            Reason::Channel => "no permission to access one of the channels used as arguments",
            Reason::Database => "no permission",
        };
        Failure::new(format!(
            "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: {reason}"
        ))
    }

    /// What ACL DRYRUN says: it names what the error reply to a client keeps back.
    pub fn describe(self, user: &User, command: &str, args: Args<'_>) -> Vec<u8> {
        let object = args.get(self.argument).copied().unwrap_or_default();
        let (before, object, after): (&str, &[u8], &str) = match self.reason {
            Reason::Database => ("access database ", object, ""),
            Reason::Key => ("access the '", object, "' key"),
            Reason::Channel => ("access the '", object, "' channel"),
            Reason::Command | Reason::Auth => ("run the '", command.as_bytes(), "' command"),
        };
        [b"User ", &*user.name, b" has no permissions to ", before.as_bytes(), object, after.as_bytes()]
            .concat()
    }
}

/// Whether `user` may call `row` with `args` while `database` is selected.
pub fn check(user: &User, rows: &Rows, number: usize, args: Args<'_>, database: u8) -> Result<(), Denied> {
    let row = rows.row(number);
    let mut request = Request { row, number, args, database, keys: None };
    let mut worst: Option<Denied> = None;
    for selector in user.all_selectors() {
        match request.check(selector) {
            Ok(()) => return Ok(()),
            Err(denied) => worst = worst.max(Some(denied)),
        }
    }
    worst.map_or(Ok(()), Err)
}

/// SORT reads keys that it does not name: patterns need the right to read every key.
pub fn check_patterns(
    user: &User,
    rows: &Rows,
    number: usize,
    args: Args<'_>,
    database: u8,
) -> Result<(), Failure> {
    if !matches!(rows.row(number).name.as_str(), "sort" | "sort_ro") {
        return Ok(());
    }
    let mut request = Request { row: rows.row(number), number, args, database, keys: None };
    if user.all_selectors().any(|selector| selector.reads_all_keys() && request.check(selector).is_ok()) {
        return Ok(());
    }
    let mut rest = args.get(2..).unwrap_or_default();
    loop {
        rest = match rest {
            [word, rest @ ..] if ["asc", "desc", "alpha"].iter().any(|own| is_word(word, own)) => rest,
            [word, _, _, rest @ ..] if is_word(word, "limit") => rest,
            [word, _, rest @ ..] if is_word(word, "store") => rest,
            [word, pattern, rest @ ..] if is_word(word, "by") => {
                if pattern.contains(&b'*') {
                    return Err(Failure::text(
                        "ERR BY option of SORT denied due to insufficient ACL permissions.",
                    ));
                }
                rest
            }
            [word, _, ..] if is_word(word, "get") => {
                return Err(Failure::text(
                    "ERR GET option of SORT denied due to insufficient ACL permissions.",
                ));
            }
            _ => return Ok(()),
        }
    }
}

/// One call that selectors are asked about.
struct Request<'a> {
    row: &'a Row,
    number: usize,
    args: Args<'a>,
    database: u8,
    /// Positions and permissions, found once.
    keys: Option<Vec<(usize, u8)>>,
}

impl Request<'_> {
    fn check(&mut self, selector: &Selector) -> Result<(), Denied> {
        self.check_databases(selector)?;
        let denied = |reason, argument| Err(Denied { reason, argument });
        let names = 1 + usize::from(self.row.container.is_some());
        let rest = self.args.get(names..).unwrap_or_default();
        let is_free = self.row.spec.flags & polycache_core::command::spec::flag::NO_AUTH != 0;
        if !is_free && !selector.allows_command(self.number, rest) {
            return denied(Reason::Command, 0);
        }
        if !selector.all_keys {
            let (spec, args) = (self.row.spec, self.args);
            for &mut (place, permissions) in self.keys.get_or_insert_with(|| keys_of(spec, args)) {
                if !selector.allows_key(args[place], permissions) {
                    return denied(Reason::Key, place);
                }
            }
        }
        if !selector.all_channels
            && let Some((places, is_pattern)) = channels(&self.row.name, self.args.len())
        {
            for place in places {
                if !selector.allows_channel(self.args[place], is_pattern) {
                    return denied(Reason::Channel, place);
                }
            }
        }
        Ok(())
    }

    fn check_databases(&self, selector: &Selector) -> Result<(), Denied> {
        if selector.databases.is_none() {
            return Ok(());
        }
        let denied = |argument| Err(Denied { reason: Reason::Database, argument });
        let uses_selected = match databases(&self.row.name, self.args) {
            Databases::All => return denied(0),
            Databases::Named { places, uses_selected } => {
                for place in places {
                    if canonical_integer(self.args[place])
                        .is_some_and(|number| !selector.allows_database(number))
                    {
                        return denied(place);
                    }
                }
                uses_selected
            }
            Databases::Selected => self.row.uses_database,
        };
        if uses_selected && !selector.allows_database(self.database.into()) { denied(0) } else { Ok(()) }
    }
}

/// The databases that a command works on.
enum Databases {
    Selected,
    Named { places: Vec<usize>, uses_selected: bool },
    All,
}

fn databases(name: &str, args: Args<'_>) -> Databases {
    let present = |places: &[usize]| places.iter().copied().filter(|place| *place < args.len()).collect();
    match name {
        "flushall" => Databases::All,
        "select" => Databases::Named { places: present(&[1]), uses_selected: false },
        "swapdb" => Databases::Named { places: present(&[1, 2]), uses_selected: false },
        "move" => Databases::Named { places: present(&[2]), uses_selected: true },
        "copy" => {
            let mut places = Vec::new();
            let mut at = 3;
            while at < args.len() {
                if is_word(args[at], "db") && at + 1 < args.len() {
                    places.push(at + 1);
                    at += 2;
                } else if is_word(args[at], "replace") {
                    at += 1;
                } else {
                    // The command itself refuses this.
                    places.clear();
                    break;
                }
            }
            Databases::Named { places, uses_selected: true }
        }
        _ => Databases::Selected,
    }
}

/// Where a command names channels, and whether they are patterns. Who unsubscribes may do so.
fn channels(name: &str, argc: usize) -> Option<(std::ops::Range<usize>, bool)> {
    match name {
        "publish" | "spublish" => Some((1..argc.min(2), false)),
        "subscribe" | "ssubscribe" => Some((1..argc, false)),
        "psubscribe" => Some((1..argc, true)),
        _ => None,
    }
}

/// Where the keys are, and what is done with them.
fn keys_of(spec: &'static Spec, args: Args<'_>) -> Vec<(usize, u8)> {
    let used = keys_used(spec, args).unwrap_or_default();
    // Channels of shards are named where keys are, to find their node.
    used.into_iter()
        .filter(|(_, key_use)| !key_use.contains("not_key"))
        .map(|(place, key_use)| {
            let permissions = key_use.split_ascii_whitespace().fold(0, |permissions, word| match word {
                "access" => permissions | READ,
                "insert" | "delete" | "update" => permissions | WRITE,
                _ => permissions,
            });
            (place, permissions)
        })
        .collect()
}
