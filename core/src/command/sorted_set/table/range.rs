//! The rows of the ranges.

use crate::command::sorted_set::{range, read, remove};
use crate::command::spec::{Arg, ArgKind, KeySpec, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "sorted-set",
        since: "2.0.0",
        summary: "Returns the count of members in a sorted set that have scores within a range.",
        complexity: "O(log(N)) with N being the number of elements in the sorted set.",
        args: &[Arg::key(), Arg::new("min", ArgKind::Double), Arg::new("max", ArgKind::Double)],
        ..Spec::new("zcount", 4, read::zcount)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "sorted-set",
        since: "2.8.9",
        summary: "Returns the number of members in a sorted set within a lexicographical range.",
        complexity: "O(log(N)) with N being the number of elements in the sorted set.",
        args: &[Arg::key(), Arg::string("min"), Arg::string("max")],
        ..Spec::new("zlexcount", 4, read::zlexcount)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        history: &[("6.2.0", "Added the `REV`, `BYSCORE`, `BYLEX` and `LIMIT` options.")],
        group: "sorted-set",
        since: "1.2.0",
        summary: "Returns members in a sorted set within a range of indexes.",
        complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of \
elements returned.",
        args: &[
            Arg::key(),
            Arg::string("start"),
            Arg::string("stop"),
            Arg::one_of("sortby", &[Arg::word("byscore", "BYSCORE"), Arg::word("bylex", "BYLEX")])
                .optional()
                .since("6.2.0"),
            Arg::word("rev", "REV").optional().since("6.2.0"),
            Arg::block("limit", &[Arg::integer("offset"), Arg::integer("count")])
                .token("LIMIT")
                .optional()
                .since("6.2.0"),
            Arg::word("withscores", "WITHSCORES").optional(),
        ],
        ..Spec::new("zrange", -4, range::zrange)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "sorted-set",
        since: "1.2.0",
        summary: "Returns members in a sorted set within a range of indexes in reverse order.",
        complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of \
elements returned.",
        args: &[
            Arg::key(),
            Arg::integer("start"),
            Arg::integer("stop"),
            Arg::word("withscores", "WITHSCORES").optional(),
        ],
        ..Spec::new("zrevrange", -4, range::zrevrange)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        history: &[("2.0.0", "Added the `WITHSCORES` modifier.")],
        group: "sorted-set",
        since: "1.0.5",
        summary: "Returns members in a sorted set within a range of scores.",
        complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of \
elements being returned. If M is constant (e.g. always asking for the first 10 elements \
with LIMIT), you can consider it O(log(N)).",
        args: &[
            Arg::key(),
            Arg::new("min", ArgKind::Double),
            Arg::new("max", ArgKind::Double),
            Arg::word("withscores", "WITHSCORES").optional().since("2.0.0"),
            Arg::block("limit", &[Arg::integer("offset"), Arg::integer("count")]).token("LIMIT").optional(),
        ],
        ..Spec::new("zrangebyscore", -4, range::zrangebyscore)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        history: &[("2.1.6", "`min` and `max` can be exclusive.")],
        group: "sorted-set",
        since: "2.2.0",
        summary: "Returns members in a sorted set within a range of scores in reverse order.",
        complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of \
elements being returned. If M is constant (e.g. always asking for the first 10 elements \
with LIMIT), you can consider it O(log(N)).",
        args: &[
            Arg::key(),
            Arg::new("max", ArgKind::Double),
            Arg::new("min", ArgKind::Double),
            Arg::word("withscores", "WITHSCORES").optional(),
            Arg::block("limit", &[Arg::integer("offset"), Arg::integer("count")]).token("LIMIT").optional(),
        ],
        ..Spec::new("zrevrangebyscore", -4, range::zrevrangebyscore)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "sorted-set",
        since: "2.8.9",
        summary: "Returns members in a sorted set within a lexicographical range.",
        complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of \
elements being returned. If M is constant (e.g. always asking for the first 10 elements \
with LIMIT), you can consider it O(log(N)).",
        args: &[
            Arg::key(),
            Arg::string("min"),
            Arg::string("max"),
            Arg::block("limit", &[Arg::integer("offset"), Arg::integer("count")]).token("LIMIT").optional(),
        ],
        ..Spec::new("zrangebylex", -4, range::zrangebylex)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "sorted-set",
        since: "2.8.9",
        summary: "Returns members in a sorted set within a lexicographical range in reverse order.",
        complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of \
elements being returned. If M is constant (e.g. always asking for the first 10 elements \
with LIMIT), you can consider it O(log(N)).",
        args: &[
            Arg::key(),
            Arg::string("max"),
            Arg::string("min"),
            Arg::block("limit", &[Arg::integer("offset"), Arg::integer("count")]).token("LIMIT").optional(),
        ],
        ..Spec::new("zrevrangebylex", -4, range::zrevrangebylex)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::SORTED_SET,
        keys: Keys::Range { first: 1, last: 2, step: 1 },
        key_use: "OW update",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "OW update", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: 2, step: 1 }, key_use: "RO access", notes: "" },
        ],
        group: "sorted-set",
        since: "6.2.0",
        summary: "Stores a range of members from sorted set in a key.",
        complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of \
elements stored into the destination key.",
        args: &[
            Arg::new("dst", ArgKind::Key),
            Arg::new("src", ArgKind::Key).key_spec(1),
            Arg::string("min"),
            Arg::string("max"),
            Arg::one_of("sortby", &[Arg::word("byscore", "BYSCORE"), Arg::word("bylex", "BYLEX")]).optional(),
            Arg::word("rev", "REV").optional(),
            Arg::block("limit", &[Arg::integer("offset"), Arg::integer("count")]).token("LIMIT").optional(),
        ],
        ..Spec::new("zrangestore", -5, range::zrangestore)
    },
    Spec {
        flags: flag::WRITE,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RW delete",
        group: "sorted-set",
        since: "2.0.0",
        summary: "Removes members in a sorted set within a range of indexes. Deletes the sorted set if all \
members were removed.",
        complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of \
elements removed by the operation.",
        args: &[Arg::key(), Arg::integer("start"), Arg::integer("stop")],
        ..Spec::new("zremrangebyrank", 4, remove::zremrangebyrank)
    },
    Spec {
        flags: flag::WRITE,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RW delete",
        group: "sorted-set",
        since: "1.2.0",
        summary: "Removes members in a sorted set within a range of scores. Deletes the sorted set if all \
members were removed.",
        complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of \
elements removed by the operation.",
        args: &[Arg::key(), Arg::new("min", ArgKind::Double), Arg::new("max", ArgKind::Double)],
        ..Spec::new("zremrangebyscore", 4, remove::zremrangebyscore)
    },
    Spec {
        flags: flag::WRITE,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RW delete",
        group: "sorted-set",
        since: "2.8.9",
        summary: "Removes members in a sorted set within a lexicographical range. Deletes the sorted set \
if all members were removed.",
        complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of \
elements removed by the operation.",
        args: &[Arg::key(), Arg::string("min"), Arg::string("max")],
        ..Spec::new("zremrangebylex", 4, remove::zremrangebylex)
    },
];
