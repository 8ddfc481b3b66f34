//! The rows of unions, intersections and differences.

use crate::command::sorted_set::combine;
use crate::command::spec::{Arg, ArgKind, KeySpec, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::READONLY | flag::MOVABLEKEYS,
        acl: acl::SORTED_SET,
        keys: Keys::Counted { count: 1, first: 2, step: 1 },
        key_use: "RO access",
        group: "sorted-set",
        since: "6.2.0",
        summary: "Returns the union of multiple sorted sets.",
        complexity: "O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being \
the number of elements in the resulting sorted set.",
        args: &[
            Arg::integer("numkeys"),
            Arg::key().multiple(),
            Arg::integer("weight").token("WEIGHTS").optional().multiple(),
            Arg::one_of(
                "aggregate",
                &[Arg::word("sum", "SUM"), Arg::word("min", "MIN"), Arg::word("max", "MAX")],
            )
            .token("AGGREGATE")
            .optional(),
            Arg::word("withscores", "WITHSCORES").optional(),
        ],
        ..Spec::new("zunion", -3, combine::zunion)
    },
    Spec {
        flags: flag::READONLY | flag::MOVABLEKEYS,
        acl: acl::SORTED_SET,
        keys: Keys::Counted { count: 1, first: 2, step: 1 },
        key_use: "RO access",
        group: "sorted-set",
        since: "6.2.0",
        summary: "Returns the intersect of multiple sorted sets.",
        complexity: "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the \
number of input sorted sets and M being the number of elements in the resulting sorted \
set.",
        args: &[
            Arg::integer("numkeys"),
            Arg::key().multiple(),
            Arg::integer("weight").token("WEIGHTS").optional().multiple(),
            Arg::one_of(
                "aggregate",
                &[Arg::word("sum", "SUM"), Arg::word("min", "MIN"), Arg::word("max", "MAX")],
            )
            .token("AGGREGATE")
            .optional(),
            Arg::word("withscores", "WITHSCORES").optional(),
        ],
        ..Spec::new("zinter", -3, combine::zinter)
    },
    Spec {
        flags: flag::READONLY | flag::MOVABLEKEYS,
        acl: acl::SORTED_SET,
        keys: Keys::Counted { count: 1, first: 2, step: 1 },
        key_use: "RO access",
        group: "sorted-set",
        since: "6.2.0",
        summary: "Returns the difference between multiple sorted sets.",
        complexity: "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N \
is the size of the first set, and K is the size of the result set.",
        args: &[
            Arg::integer("numkeys"),
            Arg::key().multiple(),
            Arg::word("withscores", "WITHSCORES").optional(),
        ],
        ..Spec::new("zdiff", -3, combine::zdiff)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::MOVABLEKEYS,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "OW update",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "OW update", notes: "" },
            KeySpec { keys: Keys::Counted { count: 2, first: 3, step: 1 }, key_use: "RO access", notes: "" },
        ],
        group: "sorted-set",
        since: "2.0.0",
        summary: "Stores the union of multiple sorted sets in a key.",
        complexity: "O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being \
the number of elements in the resulting sorted set.",
        args: &[
            Arg::new("destination", ArgKind::Key),
            Arg::integer("numkeys"),
            Arg::key().multiple().key_spec(1),
            Arg::integer("weight").token("WEIGHTS").optional().multiple(),
            Arg::one_of(
                "aggregate",
                &[Arg::word("sum", "SUM"), Arg::word("min", "MIN"), Arg::word("max", "MAX")],
            )
            .token("AGGREGATE")
            .optional(),
        ],
        ..Spec::new("zunionstore", -4, combine::zunionstore)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::MOVABLEKEYS,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "OW update",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "OW update", notes: "" },
            KeySpec { keys: Keys::Counted { count: 2, first: 3, step: 1 }, key_use: "RO access", notes: "" },
        ],
        group: "sorted-set",
        since: "2.0.0",
        summary: "Stores the intersect of multiple sorted sets in a key.",
        complexity: "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the \
number of input sorted sets and M being the number of elements in the resulting sorted \
set.",
        args: &[
            Arg::new("destination", ArgKind::Key),
            Arg::integer("numkeys"),
            Arg::key().multiple().key_spec(1),
            Arg::integer("weight").token("WEIGHTS").optional().multiple(),
            Arg::one_of(
                "aggregate",
                &[Arg::word("sum", "SUM"), Arg::word("min", "MIN"), Arg::word("max", "MAX")],
            )
            .token("AGGREGATE")
            .optional(),
        ],
        ..Spec::new("zinterstore", -4, combine::zinterstore)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::MOVABLEKEYS,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "OW update",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "OW update", notes: "" },
            KeySpec { keys: Keys::Counted { count: 2, first: 3, step: 1 }, key_use: "RO access", notes: "" },
        ],
        group: "sorted-set",
        since: "6.2.0",
        summary: "Stores the difference of multiple sorted sets in a key.",
        complexity: "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N \
is the size of the first set, and K is the size of the result set.",
        args: &[
            Arg::new("destination", ArgKind::Key),
            Arg::integer("numkeys"),
            Arg::key().multiple().key_spec(1),
        ],
        ..Spec::new("zdiffstore", -4, combine::zdiffstore)
    },
    Spec {
        flags: flag::READONLY | flag::MOVABLEKEYS,
        acl: acl::SORTED_SET,
        keys: Keys::Counted { count: 1, first: 2, step: 1 },
        key_use: "RO access",
        group: "sorted-set",
        since: "7.0.0",
        summary: "Returns the number of members of the intersect of multiple sorted sets.",
        complexity: "O(N*K) worst case with N being the smallest input sorted set, K being the number of \
input sorted sets.",
        args: &[
            Arg::integer("numkeys"),
            Arg::key().multiple(),
            Arg::integer("limit").token("LIMIT").optional(),
        ],
        ..Spec::new("zintercard", -3, combine::zintercard)
    },
];
