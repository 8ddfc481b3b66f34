//! The rows of the commands on expiry times.

use crate::command::keys::expire;
use crate::command::spec::{Arg, ArgKind, Keys, Spec, acl, flag};

/// One key and nothing else.
const KEY: &[Arg] = &[Arg::key()];

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ONE,
        key_use: "RW update",
        history: &[("7.0.0", "Added options: `NX`, `XX`, `GT` and `LT`.")],
        group: "generic",
        since: "1.0.0",
        summary: "Sets the expiration time of a key in seconds.",
        args: &[
            Arg::key(),
            Arg::integer("seconds"),
            Arg::one_of(
                "condition",
                &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
            )
            .optional()
            .since("7.0.0"),
        ],
        ..Spec::new("expire", -3, expire::expire)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ONE,
        key_use: "RW update",
        history: &[("7.0.0", "Added options: `NX`, `XX`, `GT` and `LT`.")],
        group: "generic",
        since: "2.6.0",
        summary: "Sets the expiration time of a key in milliseconds.",
        args: &[
            Arg::key(),
            Arg::integer("milliseconds"),
            Arg::one_of(
                "condition",
                &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
            )
            .optional()
            .since("7.0.0"),
        ],
        ..Spec::new("pexpire", -3, expire::pexpire)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ONE,
        key_use: "RW update",
        history: &[("7.0.0", "Added options: `NX`, `XX`, `GT` and `LT`.")],
        group: "generic",
        since: "1.2.0",
        summary: "Sets the expiration time of a key to a Unix timestamp.",
        args: &[
            Arg::key(),
            Arg::new("unix-time-seconds", ArgKind::UnixTime),
            Arg::one_of(
                "condition",
                &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
            )
            .optional()
            .since("7.0.0"),
        ],
        ..Spec::new("expireat", -3, expire::expireat)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ONE,
        key_use: "RW update",
        history: &[("7.0.0", "Added options: `NX`, `XX`, `GT` and `LT`.")],
        group: "generic",
        since: "2.6.0",
        summary: "Sets the expiration time of a key to a Unix milliseconds timestamp.",
        args: &[
            Arg::key(),
            Arg::new("unix-time-milliseconds", ArgKind::UnixTime),
            Arg::one_of(
                "condition",
                &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
            )
            .optional()
            .since("7.0.0"),
        ],
        ..Spec::new("pexpireat", -3, expire::pexpireat)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output"],
        history: &[("2.8.0", "Added the -2 reply.")],
        group: "generic",
        since: "1.0.0",
        summary: "Returns the expiration time in seconds of a key.",
        args: KEY,
        ..Spec::new("ttl", 2, expire::ttl)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output"],
        history: &[("2.8.0", "Added the -2 reply.")],
        group: "generic",
        since: "2.6.0",
        summary: "Returns the expiration time in milliseconds of a key.",
        args: KEY,
        ..Spec::new("pttl", 2, expire::pttl)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "generic",
        since: "7.0.0",
        summary: "Returns the expiration time of a key as a Unix timestamp.",
        args: KEY,
        ..Spec::new("expiretime", 2, expire::expiretime)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "generic",
        since: "7.0.0",
        summary: "Returns the expiration time of a key as a Unix milliseconds timestamp.",
        args: KEY,
        ..Spec::new("pexpiretime", 2, expire::pexpiretime)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ONE,
        key_use: "RW update",
        group: "generic",
        since: "2.2.0",
        summary: "Removes the expiration time of a key.",
        args: KEY,
        ..Spec::new("persist", 2, expire::persist)
    },
];
