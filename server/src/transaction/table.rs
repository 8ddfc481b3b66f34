//! The rows of the transaction commands.

use polycache_core::command::Spec;
use polycache_core::command::spec::{Arg, Keys, acl, flag};

use super::{exec, watch};

const BASE: Spec = Spec {
    flags: flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::FAST | flag::ALLOW_BUSY,
    acl: acl::TRANSACTION,
    group: "transactions",
    ..Spec::new("", 1, exec::multi)
};

/// MULTI, EXEC, DISCARD, WATCH, UNWATCH.
pub static TABLE: &[Spec] = &[
    Spec {
        name: "multi",
        flags: BASE.flags | flag::NO_MULTI,
        since: "1.2.0",
        summary: "Starts a transaction.",
        ..BASE
    },
    Spec {
        name: "exec",
        flags: flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::SKIP_SLOWLOG,
        since: "1.2.0",
        summary: "Executes all commands in a transaction.",
        complexity: "Depends on commands in the transaction",
        handler: exec::exec,
        ..BASE
    },
    Spec {
        name: "discard",
        since: "2.0.0",
        summary: "Discards a transaction.",
        complexity: "O(N), when N is the number of queued commands",
        handler: exec::discard,
        ..BASE
    },
    Spec {
        name: "watch",
        arity: -2,
        flags: BASE.flags | flag::NO_MULTI,
        keys: Keys::ALL,
        key_use: "RO",
        since: "2.2.0",
        summary: "Monitors changes to keys to determine the execution of a transaction.",
        complexity: "O(1) for every key.",
        args: &[Arg::key().multiple()],
        handler: watch::watch,
        ..BASE
    },
    Spec {
        name: "unwatch",
        since: "2.2.0",
        summary: "Forgets about watched keys of a transaction.",
        handler: watch::unwatch,
        ..BASE
    },
];
