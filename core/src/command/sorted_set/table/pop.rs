//! The rows of the pops.

use crate::command::sorted_set::pop;
use crate::command::spec::{Arg, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RW access delete",
        group: "sorted-set",
        since: "5.0.0",
        summary: "Returns the lowest-scoring members from a sorted set after removing them. Deletes the \
sorted set if the last member was popped.",
        complexity: "O(log(N)*M) with N being the number of elements in the sorted set, and M being the \
number of elements popped.",
        args: &[Arg::key(), Arg::integer("count").optional()],
        ..Spec::new("zpopmin", -2, pop::zpopmin)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::ONE,
        key_use: "RW access delete",
        group: "sorted-set",
        since: "5.0.0",
        summary: "Returns the highest-scoring members from a sorted set after removing them. Deletes the \
sorted set if the last member was popped.",
        complexity: "O(log(N)*M) with N being the number of elements in the sorted set, and M being the \
number of elements popped.",
        args: &[Arg::key(), Arg::integer("count").optional()],
        ..Spec::new("zpopmax", -2, pop::zpopmax)
    },
    Spec {
        flags: flag::WRITE | flag::MOVABLEKEYS,
        acl: acl::SORTED_SET,
        keys: Keys::Counted { count: 1, first: 2, step: 1 },
        key_use: "RW access delete",
        group: "sorted-set",
        since: "7.0.0",
        summary: "Returns the highest- or lowest-scoring members from one or more sorted sets after \
removing them. Deletes the sorted set if the last member was popped.",
        complexity: "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of \
elements in the sorted set, and M being the number of elements popped.",
        args: &[
            Arg::integer("numkeys"),
            Arg::key().multiple(),
            Arg::one_of("where", &[Arg::word("min", "MIN"), Arg::word("max", "MAX")]),
            Arg::integer("count").token("COUNT").optional(),
        ],
        ..Spec::new("zmpop", -4, pop::zmpop)
    },
];
