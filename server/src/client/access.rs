//! Who a client acts as, and whether its commands must be checked.

use std::sync::Arc;

use super::{Client, Face, line};
use crate::acl::{Context, Reason, User};
use crate::pubsub::Namespace;
use crate::stats::Counter;

/// A client's user.
#[derive(Clone)]
pub(super) struct Access {
    user: Arc<User>,
    /// The client has said who it is, or did not need to when it came.
    is_known: bool,
    /// Commands must be checked.
    is_guarded: bool,
    /// That of the users when this was found out.
    generation: u64,
}

impl Access {
    /// Of a client that has just come.
    pub fn new(server: &crate::server::Server, face: Face) -> Access {
        let generation = server.acl.generation();
        let user = server.acl.default_user();
        let is_known = face == Face::Embedded || user.is_open();
        let is_guarded = face != Face::Embedded && !(is_known && user.is_unrestricted());
        Access { user, is_known, is_guarded, generation }
    }
}

impl Client {
    /// Whom the client acts as.
    pub fn user(&self) -> &Arc<User> {
        &self.access.user
    }

    /// Whether commands must be checked with [`crate::acl::refusal`].
    #[inline]
    pub fn is_guarded(&self) -> bool {
        self.access.is_guarded
    }

    /// Looks whether users have changed. Called at the start of every turn, and by commands that change them.
    #[inline]
    pub fn refresh_access(&mut self) {
        if self.access.generation != self.server.acl.generation() {
            self.renew_access();
        }
    }

    #[cold]
    fn renew_access(&mut self) {
        if self.entry.face == Face::Embedded {
            return;
        }
        let acl = &self.server.acl;
        let generation = acl.generation();
        match acl.user(&self.access.user.name) {
            Some(user) => {
                self.closing |= self.hears_what_is_lost(&user);
                self.access.user = user;
            }
            None => {
                // The user is gone, and the connection with it.
                self.closing = true;
                self.access.is_known = false;
                self.access.user = acl.default_user();
            }
        }
        self.access.generation = generation;
        self.settle_access();
    }

    /// Whether the client subscribes to what its changed user may not hear.
    fn hears_what_is_lost(&mut self, user: &User) -> bool {
        let Some(subscriptions) = &mut self.subscriptions else { return false };
        [Namespace::Channels, Namespace::Patterns, Namespace::Shards].into_iter().any(|namespace| {
            let is_pattern = namespace == Namespace::Patterns;
            subscriptions.list(namespace).iter().any(|name| !user.may_hear(name, is_pattern))
        })
    }

    /// Acts as `user` from now on, who has proved to be that.
    pub fn log_in(&mut self, user: Arc<User>) {
        self.entry.texts().user = user.name.clone();
        self.access.user = user;
        self.access.is_known = true;
        self.settle_access();
    }

    /// As if the client had just come.
    pub fn log_out(&mut self) {
        self.access = Access::new(&self.server, self.entry.face);
        self.entry.texts().user = self.access.user.name.clone();
        self.settle_access();
    }

    /// Nobody, until a log-in.
    pub fn forget_who(&mut self) {
        self.access.is_known = false;
        self.authenticated = false;
        self.access.is_guarded = true;
    }

    fn settle_access(&mut self) {
        self.authenticated = self.access.is_known || self.server.acl.default_user().is_open();
        self.access.is_guarded =
            self.entry.face != Face::Embedded && !(self.authenticated && self.access.user.is_unrestricted());
    }

    /// Logs in by name and password; where that fails it is counted and logged. `command` is the word that was used.
    pub fn authenticate(&mut self, name: &[u8], password: &[u8], command: &[u8], context: Context) -> bool {
        match self.server.acl.authenticate(name, password) {
            Some(user) => {
                self.log_in(user);
                true
            }
            None => {
                self.server.stats.shared().add(Counter::AuthFailures, 1);
                self.server.acl.log.refused(self, Reason::Auth, context, command, name);
                false
            }
        }
    }

    /// The client as a line of CLIENT LIST.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        line::describe(&mut text, &self.entry, &self.server);
        text.truncate(text.trim_end().len());
        text
    }
}
