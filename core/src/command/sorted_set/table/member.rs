//! The rows of the commands on single members.

use crate::command::sorted_set::{add, random, read, remove};
use crate::command::spec::{Arg, ArgKind, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RW update",
        history: &[
            ("2.4.0", "Accepts multiple elements."),
            ("3.0.2", "Added the `XX`, `NX`, `CH` and `INCR` options."),
            ("6.2.0", "Added the `GT` and `LT` options."),
        ],
        group: "sorted-set",
        since: "1.2.0",
        summary: "Adds one or more members to a sorted set, or updates their scores. Creates the key if it \
doesn't exist.",
        complexity: "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
        args: &[
            Arg::key(),
            Arg::one_of("condition", &[Arg::word("nx", "NX"), Arg::word("xx", "XX")])
                .optional()
                .since("3.0.2"),
            Arg::one_of("comparison", &[Arg::word("gt", "GT"), Arg::word("lt", "LT")])
                .optional()
                .since("6.2.0"),
            Arg::word("change", "CH").optional().since("3.0.2"),
            Arg::word("increment", "INCR").optional().since("3.0.2"),
            Arg::block("data", &[Arg::new("score", ArgKind::Double), Arg::string("member")]).multiple(),
        ],
        ..Spec::new("zadd", -4, add::zadd)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RW access update",
        group: "sorted-set",
        since: "1.2.0",
        summary: "Increments the score of a member in a sorted set.",
        complexity: "O(log(N)) where N is the number of elements in the sorted set.",
        args: &[Arg::key(), Arg::integer("increment"), Arg::string("member")],
        ..Spec::new("zincrby", 4, add::zincrby)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RW delete",
        history: &[("2.4.0", "Accepts multiple elements.")],
        group: "sorted-set",
        since: "1.2.0",
        summary: "Removes one or more members from a sorted set. Deletes the sorted set if all members \
were removed.",
        complexity: "O(M*log(N)) with N being the number of elements in the sorted set and M the number of \
elements to be removed.",
        args: &[Arg::key(), Arg::string("member").multiple()],
        ..Spec::new("zrem", -3, remove::zrem)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO",
        group: "sorted-set",
        since: "1.2.0",
        summary: "Returns the number of members in a sorted set.",
        args: &[Arg::key()],
        ..Spec::new("zcard", 2, read::zcard)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "sorted-set",
        since: "1.2.0",
        summary: "Returns the score of a member in a sorted set.",
        args: &[Arg::key(), Arg::string("member")],
        ..Spec::new("zscore", 3, read::zscore)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "sorted-set",
        since: "6.2.0",
        summary: "Returns the score of one or more members in a sorted set.",
        complexity: "O(N) where N is the number of members being requested.",
        args: &[Arg::key(), Arg::string("member").multiple()],
        ..Spec::new("zmscore", -3, read::zmscore)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        history: &[("7.2.0", "Added the optional `WITHSCORE` argument.")],
        group: "sorted-set",
        since: "2.0.0",
        summary: "Returns the index of a member in a sorted set ordered by ascending scores.",
        complexity: "O(log(N))",
        args: &[Arg::key(), Arg::string("member"), Arg::word("withscore", "WITHSCORE").optional()],
        ..Spec::new("zrank", -3, read::zrank)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        history: &[("7.2.0", "Added the optional `WITHSCORE` argument.")],
        group: "sorted-set",
        since: "2.0.0",
        summary: "Returns the index of a member in a sorted set ordered by descending scores.",
        complexity: "O(log(N))",
        args: &[Arg::key(), Arg::string("member"), Arg::word("withscore", "WITHSCORE").optional()],
        ..Spec::new("zrevrank", -3, read::zrevrank)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output"],
        group: "sorted-set",
        since: "6.2.0",
        summary: "Returns one or more random members from a sorted set.",
        complexity: "O(N) where N is the number of members returned",
        args: &[
            Arg::key(),
            Arg::block("options", &[Arg::integer("count"), Arg::word("withscores", "WITHSCORES").optional()])
                .optional(),
        ],
        ..Spec::new("zrandmember", -2, random::zrandmember)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output"],
        history: &[("8.0.0", "Added noscores option.")],
        group: "sorted-set",
        since: "2.8.0",
        summary: "Iterates over members and scores of a sorted set.",
        complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for \
the cursor to return back to 0. N is the number of elements inside the collection.",
        args: &[
            Arg::key(),
            Arg::integer("cursor"),
            Arg::new("pattern", ArgKind::Pattern).token("MATCH").optional(),
            Arg::integer("count").token("COUNT").optional(),
            Arg::word("noscores", "NOSCORES").optional(),
        ],
        ..Spec::new("zscan", -3, read::zscan)
    },
];
