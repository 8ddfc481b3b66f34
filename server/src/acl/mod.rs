//! Access control: users, what they may do, and the log of what was refused.
//!
//! A [`User`] never changes; a change puts another in its place and moves the generation. A connection keeps the one it
//! acts as, looks at the generation once a turn (and after ACL's own commands), and carries a flag that says whether its
//! commands must be checked at all: a connection of an unrestricted user pays one branch for each command.
//!
//! Rules are read in [`rule`], kept in [`selector`], asked in [`check`]. The command table gives names, categories,
//! keys and their use ([`rows`]); there is no second list of commands here, but for those that name databases and
//! channels.
//!
//! # Concurrency
//! Users stand behind a lock that readers take only when the generation has moved. Changes are serialised.
//!
//! # Limits
//! [`crate::limits::ACL_USERS_MAX`] users; those of a user are in [`rule`], those of the log in [`log`].

pub mod check;
mod commands;
mod file;
pub mod log;
mod password;
pub mod rows;
pub mod rule;
mod selector;
mod show;
mod table;
mod user;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use polycache_core::command::{Args, Failure, Registry, Spec};

pub use check::{Denied, Reason};
pub use file::LoadError;
pub(crate) use file::check_words;
pub use log::{AclLog, Context};
pub use rows::Rows;
pub use rule::{Grammar, RuleError};
pub use table::TABLE;
pub use user::{DEFAULT_USER, User};

use crate::client::{Client, special};
use crate::config::Settings;
use crate::limits::ACL_USERS_MAX;

type Users = BTreeMap<Arc<[u8]>, Arc<User>>;

/// All users of a server.
pub struct Acl {
    pub rows: Rows,
    pub log: AclLog,
    users: RwLock<Users>,
    generation: AtomicU64,
    /// Held by whoever changes users.
    changes: Mutex<()>,
}

impl Acl {
    /// The default user alone, with the password that the settings say.
    pub fn new(registry: &'static Registry, settings: &Settings) -> Acl {
        let acl = Acl {
            rows: Rows::new(registry),
            log: AclLog::default(),
            users: RwLock::default(),
            generation: AtomicU64::new(1),
            changes: Mutex::default(),
        };
        let mut user = User::default_user();
        user.set_password(settings.requirepass.as_bytes());
        acl.publish(BTreeMap::from([(user.name.clone(), Arc::new(user))]));
        acl
    }

    /// Moves with every change.
    #[inline]
    pub fn generation(&self) -> u64 {
        // ORDERING: pairs with the Release increment in `Acl::publish`: who sees the number finds the users.
        self.generation.load(Ordering::Acquire)
    }

    fn publish(&self, users: Users) {
        *self.users.write().unwrap_or_else(PoisonError::into_inner) = users;
        // ORDERING: see `Acl::generation`.
        self.generation.fetch_add(1, Ordering::Release);
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn copy(&self) -> Users {
        self.users.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The user of this name.
    pub fn user(&self, name: &[u8]) -> Option<Arc<User>> {
        self.users.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// The user that connections begin as.
    pub fn default_user(&self) -> Arc<User> {
        self.user(DEFAULT_USER).unwrap_or_else(|| Arc::new(User::default_user()))
    }

    /// All users in the order of their names.
    pub fn users(&self) -> Vec<Arc<User>> {
        self.users.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The user that somebody proves to be.
    pub fn authenticate(&self, name: &[u8], password: &[u8]) -> Option<Arc<User>> {
        self.user(name).filter(|user| user.knows(password))
    }

    /// Sets the default user's password (`requirepass`).
    pub fn set_default_password(&self, password: &[u8]) {
        let _change = self.change();
        let mut users = self.copy();
        let mut user = users.get(DEFAULT_USER).map_or_else(User::default_user, |user| (**user).clone());
        user.set_password(password);
        users.insert(user.name.clone(), Arc::new(user));
        self.publish(users);
    }

    /// Carries out ACL SETUSER: all rules or none. The error is the reply.
    pub fn set_user(&self, name: &[u8], rules: &[&[u8]], settings: &Settings) -> Result<(), Vec<u8>> {
        if !rule::is_clean(name) {
            return Err(b"ERR Usernames can't contain spaces or null characters".to_vec());
        }
        let rules = rule::join_selectors(rules).map_err(|first| {
            [b"ERR Unmatched parenthesis in acl selector starting at '", first.as_slice(), b"'."].concat()
        })?;
        let _change = self.change();
        let mut users = self.copy();
        let old = users.get(name);
        if old.is_none() && users.len() >= ACL_USERS_MAX {
            return Err(b"ERR too many users".to_vec());
        }
        let grammar = self.grammar(settings);
        let mut user = old.map_or_else(|| User::new(name, grammar.all_channels), |user| (**user).clone());
        for rule in &rules {
            user.apply(rule, grammar).map_err(|error| {
                // As C prints it.
                let shown = rule.split(|byte| *byte == 0).next().unwrap_or_default();
                let middle = b"': ".as_slice();
                [b"ERR Error in ACL SETUSER modifier '", shown, middle, error.text().as_bytes()].concat()
            })?;
        }
        users.insert(user.name.clone(), Arc::new(user));
        self.publish(users);
        Ok(())
    }

    /// Takes users away; those that there were.
    fn remove(&self, names: &[&[u8]]) -> BTreeSet<Arc<[u8]>> {
        let _change = self.change();
        let mut users = self.copy();
        let removed: BTreeSet<Arc<[u8]>> =
            names.iter().filter_map(|name| users.remove(*name)).map(|user| user.name.clone()).collect();
        if !removed.is_empty() {
            self.publish(users);
        }
        removed
    }

    fn grammar<'a>(&'a self, settings: &Settings) -> Grammar<'a> {
        Grammar { rows: &self.rows, all_channels: settings.acl_pubsub_default.is_open() }
    }

    /// Whether `user` may call `spec`, whose name and arguments are `args`, while `database` is selected. Logs nothing.
    pub fn may(&self, user: &User, database: u8, spec: &'static Spec, args: Args<'_>) -> Result<(), Denied> {
        match self.rows.number(spec) {
            Some(number) => check::check(user, &self.rows, number, args, database),
            None => Ok(()),
        }
    }
}

/// Whether the client's user may call `spec` now; a refusal is logged. For commands in a queue or a script, too: `context`
/// says where the command stands, and [`Denied`] makes the reply.
pub fn check(
    client: &Client,
    database: u8,
    spec: &'static Spec,
    args: Args<'_>,
    context: Context,
) -> Result<(), Denied> {
    if !client.is_guarded() {
        return Ok(());
    }
    let acl = &client.server.acl;
    let outcome = acl.may(client.user(), database, spec, args);
    if let Err(denied) = outcome {
        let name = acl.name_of(spec);
        let object = match denied.reason {
            Reason::Command => name.as_bytes(),
            _ => args.get(denied.argument).copied().unwrap_or_default(),
        };
        acl.log.refused(client, denied.reason, context, object, &client.user().name);
    }
    outcome
}

/// What stands between a guarded client and a command at the top level: the error reply, if anything does.
#[cold]
pub fn refusal(
    client: &Client,
    database: u8,
    spec: &'static Spec,
    args: Args<'_>,
    context: Context,
) -> Option<Failure> {
    if !client.authenticated && spec.flags & polycache_core::command::spec::flag::NO_AUTH == 0 {
        return Some(NOT_AUTHENTICATED);
    }
    let acl = &client.server.acl;
    match check(client, database, spec, args, context) {
        Err(denied) if context == Context::Multi && client.special & special::EXECUTING != 0 => {
            Some(denied.failure_at_exec())
        }
        Err(denied) => Some(denied.failure(client.user(), acl.name_of(spec))),
        Ok(()) => {
            let number = acl.rows.number(spec)?;
            check::check_patterns(client.user(), &acl.rows, number, args, database).err()
        }
    }
}

/// The error reply to clients that have not said who they are.
pub const NOT_AUTHENTICATED: Failure = Failure::text("NOAUTH Authentication required.");

impl Acl {
    /// `get`, or `config|get`.
    pub fn name_of(&self, spec: &'static Spec) -> &str {
        self.rows.number(spec).map_or(spec.name, |number| self.rows.row(number).name.as_str())
    }
}
