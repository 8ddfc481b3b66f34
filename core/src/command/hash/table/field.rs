//! The rows of the commands on the fields of a hash.

use crate::command::hash::{counter, field, random, scan, whole};
use crate::command::spec::{Arg, ArgKind, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW update",
        history: &[("4.0.0", "Accepts multiple `field` and `value` arguments.")],
        group: "hash",
        since: "2.0.0",
        summary: "Creates or modifies the value of a field in a hash.",
        complexity: "O(1) for each field/value pair added, so O(N) to add N field/value pairs when the command is called with multiple field/value pairs.",
        args: &[Arg::key(), Arg::block("data", &[Arg::string("field"), Arg::string("value")]).multiple()],
        ..Spec::new("hset", -4, field::hset)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW update",
        group: "hash",
        since: "2.0.0",
        summary: "Sets the values of multiple fields.",
        complexity: "O(N) where N is the number of fields being set.",
        args: &[Arg::key(), Arg::block("data", &[Arg::string("field"), Arg::string("value")]).multiple()],
        ..Spec::new("hmset", -4, field::hmset)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW insert",
        group: "hash",
        since: "2.0.0",
        summary: "Sets the value of a field in a hash only when the field doesn't exist.",
        args: &[Arg::key(), Arg::string("field"), Arg::string("value")],
        ..Spec::new("hsetnx", 4, field::hsetnx)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "hash",
        since: "2.0.0",
        summary: "Returns the value of a field in a hash.",
        args: &[Arg::key(), Arg::string("field")],
        ..Spec::new("hget", 3, field::hget)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "hash",
        since: "2.0.0",
        summary: "Returns the values of all fields in a hash.",
        complexity: "O(N) where N is the number of fields being requested.",
        args: &[Arg::key(), Arg::string("field").multiple()],
        ..Spec::new("hmget", -3, field::hmget)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW delete",
        history: &[("2.4.0", "Accepts multiple `field` arguments.")],
        group: "hash",
        since: "2.0.0",
        summary: "Deletes one or more fields and their values from a hash. Deletes the hash if no fields remain.",
        complexity: "O(N) where N is the number of fields to be removed.",
        args: &[Arg::key(), Arg::string("field").multiple()],
        ..Spec::new("hdel", -3, field::hdel)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO",
        group: "hash",
        since: "2.0.0",
        summary: "Determines whether a field exists in a hash.",
        args: &[Arg::key(), Arg::string("field")],
        ..Spec::new("hexists", 3, field::hexists)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO",
        group: "hash",
        since: "3.2.0",
        summary: "Returns the length of the value of a field.",
        args: &[Arg::key(), Arg::string("field")],
        ..Spec::new("hstrlen", 3, field::hstrlen)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO",
        group: "hash",
        since: "2.0.0",
        summary: "Returns the number of fields in a hash.",
        args: &[Arg::key()],
        ..Spec::new("hlen", 2, whole::hlen)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output_order"],
        group: "hash",
        since: "2.0.0",
        summary: "Returns all fields and values in a hash.",
        complexity: "O(N) where N is the size of the hash.",
        args: &[Arg::key()],
        ..Spec::new("hgetall", 2, whole::hgetall)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output_order"],
        group: "hash",
        since: "2.0.0",
        summary: "Returns all fields in a hash.",
        complexity: "O(N) where N is the size of the hash.",
        args: &[Arg::key()],
        ..Spec::new("hkeys", 2, whole::hkeys)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output_order"],
        group: "hash",
        since: "2.0.0",
        summary: "Returns all values in a hash.",
        complexity: "O(N) where N is the size of the hash.",
        args: &[Arg::key()],
        ..Spec::new("hvals", 2, whole::hvals)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW access update",
        group: "hash",
        since: "2.0.0",
        summary: "Increments the integer value of a field in a hash by a number. Uses 0 as initial value if the field doesn't exist.",
        args: &[Arg::key(), Arg::string("field"), Arg::integer("increment")],
        ..Spec::new("hincrby", 4, counter::hincrby)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW access update",
        group: "hash",
        since: "2.6.0",
        summary: "Increments the floating point value of a field by a number. Uses 0 as initial value if the field doesn't exist.",
        args: &[Arg::key(), Arg::string("field"), Arg::new("increment", ArgKind::Double)],
        ..Spec::new("hincrbyfloat", 4, counter::hincrbyfloat)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output"],
        group: "hash",
        since: "6.2.0",
        summary: "Returns one or more random fields from a hash.",
        complexity: "O(N) where N is the number of fields returned",
        args: &[
            Arg::key(),
            Arg::block("options", &[Arg::integer("count"), Arg::word("withvalues", "WITHVALUES").optional()])
                .optional(),
        ],
        ..Spec::new("hrandfield", -2, random::hrandfield)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output"],
        group: "hash",
        since: "2.8.0",
        summary: "Iterates over fields and values of a hash.",
        complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.",
        args: &[
            Arg::key(),
            Arg::integer("cursor"),
            Arg::new("pattern", ArgKind::Pattern).token("MATCH").optional(),
            Arg::integer("count").token("COUNT").optional(),
            Arg::word("novalues", "NOVALUES").optional(),
        ],
        ..Spec::new("hscan", -3, scan::hscan)
    },
];
