//! The rows of the commands on several sets.

use crate::command::set::combine;
use crate::command::spec::{Arg, ArgKind, KeySpec, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::READONLY,
        acl: acl::SET,
        keys: Keys::ALL,
        key_use: "RO access",
        tips: &["nondeterministic_output_order"],
        group: "set",
        since: "1.0.0",
        summary: "Returns the intersect of multiple sets.",
        complexity: "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
        args: &[Arg::key().multiple()],
        ..Spec::new("sinter", -2, combine::sinter)
    },
    Spec {
        flags: flag::READONLY | flag::MOVABLEKEYS,
        acl: acl::SET,
        keys: Keys::Counted { count: 1, first: 2, step: 1 },
        key_use: "RO access",
        group: "set",
        since: "7.0.0",
        summary: "Returns the number of members of the intersect of multiple sets.",
        complexity: "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
        args: &[
            Arg::integer("numkeys"),
            Arg::key().multiple(),
            Arg::integer("limit").token("LIMIT").optional(),
        ],
        ..Spec::new("sintercard", -3, combine::sintercard)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::SET,
        keys: Keys::ALL,
        key_use: "OW update",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "OW update", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: -1, step: 1 }, key_use: "RO access", notes: "" },
        ],
        group: "set",
        since: "1.0.0",
        summary: "Stores the intersect of multiple sets in a key.",
        complexity: "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
        args: &[Arg::new("destination", ArgKind::Key), Arg::key().key_spec(1).multiple()],
        ..Spec::new("sinterstore", -3, combine::sinterstore)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::SET,
        keys: Keys::ALL,
        key_use: "RO access",
        tips: &["nondeterministic_output_order"],
        group: "set",
        since: "1.0.0",
        summary: "Returns the union of multiple sets.",
        complexity: "O(N) where N is the total number of elements in all given sets.",
        args: &[Arg::key().multiple()],
        ..Spec::new("sunion", -2, combine::sunion)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::SET,
        keys: Keys::ALL,
        key_use: "OW update",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "OW update", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: -1, step: 1 }, key_use: "RO access", notes: "" },
        ],
        group: "set",
        since: "1.0.0",
        summary: "Stores the union of multiple sets in a key.",
        complexity: "O(N) where N is the total number of elements in all given sets.",
        args: &[Arg::new("destination", ArgKind::Key), Arg::key().key_spec(1).multiple()],
        ..Spec::new("sunionstore", -3, combine::sunionstore)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::SET,
        keys: Keys::ALL,
        key_use: "RO access",
        tips: &["nondeterministic_output_order"],
        group: "set",
        since: "1.0.0",
        summary: "Returns the difference of multiple sets.",
        complexity: "O(N) where N is the total number of elements in all given sets.",
        args: &[Arg::key().multiple()],
        ..Spec::new("sdiff", -2, combine::sdiff)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::SET,
        keys: Keys::ALL,
        key_use: "OW update",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "OW update", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: -1, step: 1 }, key_use: "RO access", notes: "" },
        ],
        group: "set",
        since: "1.0.0",
        summary: "Stores the difference of multiple sets in a key.",
        complexity: "O(N) where N is the total number of elements in all given sets.",
        args: &[Arg::new("destination", ArgKind::Key), Arg::key().key_spec(1).multiple()],
        ..Spec::new("sdiffstore", -3, combine::sdiffstore)
    },
];
