//! The rows of the blocking pops.

use crate::command::sorted_set::block;
use crate::command::spec::{Arg, ArgKind, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::BLOCKING | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::Range { first: 1, last: -2, step: 1 },
        key_use: "RW access delete",
        history: &[("6.0.0", "`timeout` is interpreted as a double instead of an integer.")],
        group: "sorted-set",
        since: "5.0.0",
        summary: "Removes and returns the member with the lowest score from one or more sorted sets. \
Blocks until a member is available otherwise. Deletes the sorted set if the last element \
was popped.",
        complexity: "O(log(N)) with N being the number of elements in the sorted set.",
        args: &[Arg::key().multiple(), Arg::new("timeout", ArgKind::Double)],
        ..Spec::new("bzpopmin", -3, block::bzpopmin)
    },
    Spec {
        flags: flag::WRITE | flag::BLOCKING | flag::FAST,
        acl: acl::SORTED_SET,
        keys: Keys::Range { first: 1, last: -2, step: 1 },
        key_use: "RW access delete",
        history: &[("6.0.0", "`timeout` is interpreted as a double instead of an integer.")],
        group: "sorted-set",
        since: "5.0.0",
        summary: "Removes and returns the member with the highest score from one or more sorted sets. \
Blocks until a member is available otherwise. Deletes the sorted set if the last element \
was popped.",
        complexity: "O(log(N)) with N being the number of elements in the sorted set.",
        args: &[Arg::key().multiple(), Arg::new("timeout", ArgKind::Double)],
        ..Spec::new("bzpopmax", -3, block::bzpopmax)
    },
    Spec {
        flags: flag::WRITE | flag::BLOCKING | flag::MOVABLEKEYS,
        acl: acl::SORTED_SET,
        keys: Keys::Counted { count: 2, first: 3, step: 1 },
        key_use: "RW access delete",
        group: "sorted-set",
        since: "7.0.0",
        summary: "Removes and returns a member by score from one or more sorted sets. Blocks until a \
member is available otherwise. Deletes the sorted set if the last element was popped.",
        complexity: "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of \
elements in the sorted set, and M being the number of elements popped.",
        args: &[
            Arg::new("timeout", ArgKind::Double),
            Arg::integer("numkeys"),
            Arg::key().multiple(),
            Arg::one_of("where", &[Arg::word("min", "MIN"), Arg::word("max", "MAX")]),
            Arg::integer("count").token("COUNT").optional(),
        ],
        ..Spec::new("bzmpop", -5, block::bzmpop)
    },
];
