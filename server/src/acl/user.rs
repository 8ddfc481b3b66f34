//! A user: who they are, their passwords, and what they may do.

use std::sync::Arc;

use super::password::Password;
use super::rule::{self, Grammar, RuleError};
use super::selector::Selector;

/// The name of the user that every connection begins as.
pub const DEFAULT_USER: &[u8] = b"default";

/// One user as of now. A change makes a new one.
#[derive(Clone)]
pub struct User {
    pub name: Arc<[u8]>,
    /// May log in.
    pub is_enabled: bool,
    /// Any password will do.
    pub needs_no_password: bool,
    pub(super) passwords: Vec<Password>,
    pub(super) root: Selector,
    pub(super) selectors: Vec<Selector>,
}

impl User {
    /// A user who may do nothing; `all_channels` is `acl-pubsub-default`.
    pub fn new(name: &[u8], all_channels: bool) -> User {
        User {
            name: name.into(),
            is_enabled: false,
            needs_no_password: false,
            passwords: Vec::new(),
            root: Selector::new(all_channels),
            selectors: Vec::new(),
        }
    }

    /// The default user as long as nobody changed them: everything is allowed, without a password.
    pub fn default_user() -> User {
        User {
            is_enabled: true,
            needs_no_password: true,
            root: Selector::everything(),
            ..User::new(DEFAULT_USER, false)
        }
    }

    /// Applies one rule.
    pub fn apply(&mut self, rule: &[u8], grammar: Grammar<'_>) -> Result<(), RuleError> {
        rule::apply(self, rule, grammar)
    }

    /// Sets the one password there is; none where it is empty (`requirepass`).
    pub fn set_password(&mut self, password: &[u8]) {
        self.passwords.clear();
        self.needs_no_password = password.is_empty();
        if !password.is_empty() {
            self.passwords.push(Password::of(password));
        }
    }

    /// Whether everything is allowed.
    pub fn is_unrestricted(&self) -> bool {
        self.root.is_everything()
    }

    /// Whether connections act as this user without having said who they are.
    pub fn is_open(&self) -> bool {
        self.is_enabled && self.needs_no_password
    }

    /// Whether somebody with this password is this user. Its time does not tell which password is nearly right.
    pub fn knows(&self, password: &[u8]) -> bool {
        if !self.is_enabled {
            return false;
        }
        let given = Password::of(password);
        let known = self.passwords.iter().fold(false, |known, own| known | own.is_same(&given));
        self.needs_no_password || known
    }

    /// Whether a channel, or this very pattern of channels, may be subscribed to.
    pub fn may_hear(&self, name: &[u8], is_pattern: bool) -> bool {
        self.all_selectors().any(|selector| selector.allows_channel(name, is_pattern))
    }

    /// All selectors, the user's own first.
    pub(super) fn all_selectors(&self) -> impl Iterator<Item = &Selector> {
        std::iter::once(&self.root).chain(&self.selectors)
    }

    /// The words for flags that ACL GETUSER shows.
    pub(super) fn flags(&self) -> impl Iterator<Item = &'static str> {
        let on = if self.is_enabled { "on" } else { "off" };
        std::iter::once(on).chain(self.needs_no_password.then_some("nopass"))
    }

    /// The rules that make this user from a new one, in a line.
    pub fn describe(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for flag in self.flags() {
            text.extend_from_slice(flag.as_bytes());
            text.push(b' ');
        }
        for password in &self.passwords {
            text.push(b'#');
            text.extend_from_slice(password.to_hex().as_bytes());
            text.push(b' ');
        }
        text.extend_from_slice(&self.root.describe());
        for selector in &self.selectors {
            text.extend_from_slice(b" (");
            text.extend_from_slice(&selector.describe());
            text.push(b')');
        }
        text
    }

    /// The user as a line of the ACL file and of the configuration.
    pub fn line(&self) -> Vec<u8> {
        [b"user ", &*self.name, b" ", &self.describe()].concat()
    }
}
