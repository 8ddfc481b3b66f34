//! What the memcached connections of a server share.

use std::sync::atomic::AtomicU64;

use super::discovery::Version;
use super::statistics::Detail;
use super::users::Users;
use super::watch::Watchers;

/// The version that `version` and `stats` name: the memcached that replies were compared with. Clients and
/// libmemcached's conformance test choose what they expect by it.
pub const MEMCACHED_VERSION: &str = "1.6.18";

/// See the module.
#[derive(Default)]
pub struct Shared {
    pub detail: Detail,
    pub watchers: Watchers,
    pub(super) cluster: Version,
    /// Who may come in besides the default user.
    pub users: Users,
    /// Counts flushes: a delayed one happens only if no other came after it.
    pub(super) flushes: AtomicU64,
}

impl Shared {
    /// Whether commands must be told to anybody.
    #[inline]
    pub fn is_observed(&self) -> bool {
        self.detail.is_on() || self.watchers.interest() != 0
    }
}
