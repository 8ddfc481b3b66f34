//! The rows of the HyperLogLog commands.

use crate::command::hyperloglog::{count, debug, write};
use crate::command::spec::{Arg, ArgKind, KeySpec, Keys, Spec, acl, flag};

pub const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::HYPERLOGLOG,
        keys: Keys::ONE,
        key_use: "RW insert",
        group: "hyperloglog",
        since: "2.8.9",
        summary: "Adds elements to a HyperLogLog key. Creates the key if it doesn't exist.",
        complexity: "O(1) to add every element.",
        args: &[Arg::key(), Arg::string("element").optional().multiple()],
        ..Spec::new("pfadd", -2, write::pfadd)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::HYPERLOGLOG,
        keys: Keys::ALL,
        key_use: "RW access",
        key_specs: &[KeySpec {
            keys: Keys::ALL,
            key_use: "RW access",
            notes: "RW because it may change the internal representation of the key, and propagate to \
replicas",
        }],
        group: "hyperloglog",
        since: "2.8.9",
        summary: "Returns the approximated cardinality of the set(s) observed by the HyperLogLog key(s).",
        complexity: "O(1) with a very small average constant time when called with a single key. O(N) with N \
being the number of keys, and much bigger constant times, when called with multiple \
keys.",
        args: &[Arg::key().multiple()],
        ..Spec::new("pfcount", -2, count::pfcount)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::HYPERLOGLOG,
        keys: Keys::ALL,
        key_use: "RW access insert",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "RW access insert", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: -1, step: 1 }, key_use: "RO access", notes: "" },
        ],
        group: "hyperloglog",
        since: "2.8.9",
        summary: "Merges one or more HyperLogLog values into a single key.",
        complexity: "O(N) to merge N HyperLogLogs, but with high constant times.",
        args: &[
            Arg::new("destkey", ArgKind::Key),
            Arg::new("sourcekey", ArgKind::Key).optional().multiple().key_spec(1),
        ],
        ..Spec::new("pfmerge", -2, write::pfmerge)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::ADMIN,
        acl: acl::HYPERLOGLOG,
        keys: Keys::Range { first: 2, last: 2, step: 1 },
        key_use: "RW access",
        group: "hyperloglog",
        since: "2.8.9",
        summary: "Internal commands for debugging HyperLogLog values.",
        complexity: "N/A",
        args: &[Arg::string("subcommand"), Arg::key()],
        doc_flags: &["syscmd"],
        ..Spec::new("pfdebug", 3, debug::pfdebug)
    },
    Spec {
        flags: flag::ADMIN,
        acl: acl::HYPERLOGLOG,
        group: "hyperloglog",
        since: "2.8.9",
        summary: "An internal command for testing HyperLogLog values.",
        complexity: "N/A",
        doc_flags: &["syscmd"],
        ..Spec::new("pfselftest", 1, debug::pfselftest)
    },
];
