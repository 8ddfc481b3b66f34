//! The rows of the commands on given keys.

use crate::command::keys::{exist, object, rename};
use crate::command::spec::{Arg, ArgKind, KeySpec, Keys, Spec, acl, flag};

/// One key and nothing else.
const KEY: &[Arg] = &[Arg::key()];

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE,
        acl: acl::KEYSPACE,
        keys: Keys::ALL,
        key_use: "RM delete",
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        group: "generic",
        since: "1.0.0",
        summary: "Deletes one or more keys.",
        complexity: "O(N) where N is the number of keys that will be removed. When a key to remove \
holds a value other than a string, the individual complexity for this key is \
O(M) where M is the number of elements in the list, set, sorted set or hash. \
Removing a single key that holds a string value is O(1).",
        args: &[Arg::key().multiple()],
        ..Spec::new("del", -2, exist::del)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ALL,
        key_use: "RM delete",
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        group: "generic",
        since: "4.0.0",
        summary: "Asynchronously deletes one or more keys.",
        complexity: "O(1) for each key removed regardless of its size. Then the command does O(N) \
work in a different thread in order to reclaim memory, where N is the number of \
allocations the deleted objects where composed of.",
        args: &[Arg::key().multiple()],
        ..Spec::new("unlink", -2, exist::unlink)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ALL,
        key_use: "RO",
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        history: &[("3.0.3", "Accepts multiple `key` arguments.")],
        group: "generic",
        since: "1.0.0",
        summary: "Determines whether one or more keys exist.",
        complexity: "O(N) where N is the number of keys to check.",
        args: &[Arg::key().multiple()],
        ..Spec::new("exists", -2, exist::exists)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ALL,
        key_use: "RO",
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        group: "generic",
        since: "3.2.1",
        summary: "Returns the number of existing keys out of those specified after updating the \
time they were last accessed.",
        complexity: "O(N) where N is the number of keys that will be touched.",
        args: &[Arg::key().multiple()],
        ..Spec::new("touch", -2, exist::touch)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ONE,
        key_use: "RO",
        group: "generic",
        since: "1.0.0",
        summary: "Determines the type of value stored at a key.",
        args: KEY,
        ..Spec::new("type", 2, exist::type_of)
    },
    Spec {
        flags: flag::WRITE,
        acl: acl::KEYSPACE,
        keys: Keys::Range { first: 1, last: 2, step: 1 },
        key_use: "RW access delete",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "RW access delete", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: 2, step: 1 }, key_use: "OW update", notes: "" },
        ],
        group: "generic",
        since: "1.0.0",
        summary: "Renames a key and overwrites the destination.",
        args: &[Arg::key(), Arg::new("newkey", ArgKind::Key).key_spec(1)],
        ..Spec::new("rename", 3, rename::rename)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::Range { first: 1, last: 2, step: 1 },
        key_use: "RW access delete",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "RW access delete", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: 2, step: 1 }, key_use: "OW insert", notes: "" },
        ],
        history: &[(
            "3.2.0",
            "The command no longer returns an error when source and destination names are \
the same.",
        )],
        group: "generic",
        since: "1.0.0",
        summary: "Renames a key only when the target key name doesn't exist.",
        args: &[Arg::key(), Arg::new("newkey", ArgKind::Key).key_spec(1)],
        ..Spec::new("renamenx", 3, rename::renamenx)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::KEYSPACE,
        keys: Keys::Range { first: 1, last: 2, step: 1 },
        key_use: "RO access",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "RO access", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: 2, step: 1 }, key_use: "OW update", notes: "" },
        ],
        group: "generic",
        since: "6.2.0",
        summary: "Copies the value of a key to a new key.",
        complexity: "O(N) worst case for collections, where N is the number of nested items. O(1) \
for string values.",
        args: &[
            Arg::new("source", ArgKind::Key),
            Arg::new("destination", ArgKind::Key).key_spec(1),
            Arg::integer("destination-db").token("DB").optional(),
            Arg::word("replace", "REPLACE").optional(),
        ],
        ..Spec::new("copy", -3, rename::copy)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::KEYSPACE,
        keys: Keys::ONE,
        key_use: "RW access update",
        group: "generic",
        since: "1.0.0",
        summary: "Moves a key to another database.",
        args: &[Arg::key(), Arg::integer("db")],
        ..Spec::new("move", 3, rename::move_key)
    },
    Spec {
        group: "generic",
        since: "2.2.3",
        summary: "A container for object introspection commands.",
        complexity: "Depends on subcommand.",
        subcommands: &[
            Spec {
                flags: flag::READONLY,
                acl: acl::KEYSPACE,
                keys: Keys::Range { first: 2, last: 2, step: 1 },
                key_use: "RO",
                tips: &["nondeterministic_output"],
                group: "generic",
                since: "2.2.3",
                summary: "Returns the internal encoding of an object.",
                args: KEY,
                ..Spec::new("encoding", 3, object::encoding)
            },
            Spec {
                flags: flag::READONLY,
                acl: acl::KEYSPACE,
                keys: Keys::Range { first: 2, last: 2, step: 1 },
                key_use: "RO",
                tips: &["nondeterministic_output"],
                group: "generic",
                since: "4.0.0",
                summary: "Returns the logarithmic access frequency counter of an object.",
                args: KEY,
                ..Spec::new("freq", 3, object::freq)
            },
            Spec {
                flags: flag::LOADING | flag::STALE,
                acl: acl::KEYSPACE,
                group: "generic",
                since: "6.2.0",
                summary: "Returns helpful text about the different subcommands.",
                ..Spec::new("help", 2, object::help)
            },
            Spec {
                flags: flag::READONLY,
                acl: acl::KEYSPACE,
                keys: Keys::Range { first: 2, last: 2, step: 1 },
                key_use: "RO",
                tips: &["nondeterministic_output"],
                group: "generic",
                since: "2.2.3",
                summary: "Returns the time since the last access to an object.",
                args: KEY,
                ..Spec::new("idletime", 3, object::idletime)
            },
            Spec {
                flags: flag::READONLY,
                acl: acl::KEYSPACE,
                keys: Keys::Range { first: 2, last: 2, step: 1 },
                key_use: "RO",
                tips: &["nondeterministic_output"],
                group: "generic",
                since: "2.2.3",
                summary: "Returns the reference count of a value of a key.",
                args: KEY,
                ..Spec::new("refcount", 3, object::refcount)
            },
        ],
        ..Spec::new("object", -2, object::help)
    },
];
