//! The rows of the commands on the ends of lists.

use crate::command::list::{pop, push, transfer};
use crate::command::spec::{Arg, ArgKind, KeySpec, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RW insert",
        history: &[("2.4.0", "Accepts multiple `element` arguments.")],
        group: "list",
        since: "1.0.0",
        summary: "Prepends one or more elements to a list. Creates the key if it doesn't exist.",
        complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
        args: &[Arg::key(), Arg::string("element").multiple()],
        ..Spec::new("lpush", -3, push::lpush)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RW insert",
        history: &[("2.4.0", "Accepts multiple `element` arguments.")],
        group: "list",
        since: "1.0.0",
        summary: "Appends one or more elements to a list. Creates the key if it doesn't exist.",
        complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
        args: &[Arg::key(), Arg::string("element").multiple()],
        ..Spec::new("rpush", -3, push::rpush)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RW insert",
        history: &[("4.0.0", "Accepts multiple `element` arguments.")],
        group: "list",
        since: "2.2.0",
        summary: "Prepends one or more elements to a list only when the list exists.",
        complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
        args: &[Arg::key(), Arg::string("element").multiple()],
        ..Spec::new("lpushx", -3, push::lpushx)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RW insert",
        history: &[("4.0.0", "Accepts multiple `element` arguments.")],
        group: "list",
        since: "2.2.0",
        summary: "Appends one or more elements to a list only when the list exists.",
        complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
        args: &[Arg::key(), Arg::string("element").multiple()],
        ..Spec::new("rpushx", -3, push::rpushx)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RW access delete",
        history: &[("6.2.0", "Added the `count` argument.")],
        group: "list",
        since: "1.0.0",
        summary: "Returns and removes one or more elements from the beginning of a list. Deletes the list if the last element was popped.",
        complexity: "O(N) where N is the number of elements returned",
        args: &[Arg::key(), Arg::integer("count").optional().since("6.2.0")],
        ..Spec::new("lpop", -2, pop::lpop)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RW access delete",
        history: &[("6.2.0", "Added the `count` argument.")],
        group: "list",
        since: "1.0.0",
        summary: "Returns and removes one or more elements from the end of a list. Deletes the list if the last element was popped.",
        complexity: "O(N) where N is the number of elements returned",
        args: &[Arg::key(), Arg::integer("count").optional().since("6.2.0")],
        ..Spec::new("rpop", -2, pop::rpop)
    },
    Spec {
        flags: flag::WRITE | flag::MOVABLEKEYS,
        acl: acl::LIST,
        keys: Keys::Counted { count: 1, first: 2, step: 1 },
        key_use: "RW access delete",
        group: "list",
        since: "7.0.0",
        summary: "Returns multiple elements from a list after removing them. Deletes the list if the last element was popped.",
        complexity: "O(N+M) where N is the number of provided keys and M is the number of elements returned.",
        args: &[
            Arg::integer("numkeys"),
            Arg::key().multiple(),
            Arg::one_of("where", &[Arg::word("left", "LEFT"), Arg::word("right", "RIGHT")]),
            Arg::integer("count").token("COUNT").optional(),
        ],
        ..Spec::new("lmpop", -4, pop::lmpop)
    },
    Spec {
        flags: flag::WRITE | flag::BLOCKING,
        acl: acl::LIST,
        keys: Keys::Range { first: 1, last: -2, step: 1 },
        key_use: "RW access delete",
        history: &[("6.0.0", "`timeout` is interpreted as a double instead of an integer.")],
        group: "list",
        since: "2.0.0",
        summary: "Removes and returns the first element in a list. Blocks until an element is available otherwise. Deletes the list if the last element was popped.",
        complexity: "O(N) where N is the number of provided keys.",
        args: &[Arg::key().multiple(), Arg::new("timeout", ArgKind::Double)],
        ..Spec::new("blpop", -3, pop::blpop)
    },
    Spec {
        flags: flag::WRITE | flag::BLOCKING,
        acl: acl::LIST,
        keys: Keys::Range { first: 1, last: -2, step: 1 },
        key_use: "RW access delete",
        history: &[("6.0.0", "`timeout` is interpreted as a double instead of an integer.")],
        group: "list",
        since: "2.0.0",
        summary: "Removes and returns the last element in a list. Blocks until an element is available otherwise. Deletes the list if the last element was popped.",
        complexity: "O(N) where N is the number of provided keys.",
        args: &[Arg::key().multiple(), Arg::new("timeout", ArgKind::Double)],
        ..Spec::new("brpop", -3, pop::brpop)
    },
    Spec {
        flags: flag::WRITE | flag::BLOCKING | flag::MOVABLEKEYS,
        acl: acl::LIST,
        keys: Keys::Counted { count: 2, first: 3, step: 1 },
        key_use: "RW access delete",
        group: "list",
        since: "7.0.0",
        summary: "Pops the first element from one of multiple lists. Blocks until an element is available otherwise. Deletes the list if the last element was popped.",
        complexity: "O(N+M) where N is the number of provided keys and M is the number of elements returned.",
        args: &[
            Arg::new("timeout", ArgKind::Double),
            Arg::integer("numkeys"),
            Arg::key().multiple(),
            Arg::one_of("where", &[Arg::word("left", "LEFT"), Arg::word("right", "RIGHT")]),
            Arg::integer("count").token("COUNT").optional(),
        ],
        ..Spec::new("blmpop", -5, pop::blmpop)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::LIST,
        keys: Keys::Range { first: 1, last: 2, step: 1 },
        key_use: "RW access delete",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "RW access delete", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: 2, step: 1 }, key_use: "RW insert", notes: "" },
        ],
        group: "list",
        since: "6.2.0",
        summary: "Returns an element after popping it from one list and pushing it to another. Deletes the list if the last element was moved.",
        args: &[
            Arg::new("source", ArgKind::Key),
            Arg::new("destination", ArgKind::Key).key_spec(1),
            Arg::one_of("wherefrom", &[Arg::word("left", "LEFT"), Arg::word("right", "RIGHT")]),
            Arg::one_of("whereto", &[Arg::word("left", "LEFT"), Arg::word("right", "RIGHT")]),
        ],
        ..Spec::new("lmove", 5, transfer::lmove)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::LIST,
        keys: Keys::Range { first: 1, last: 2, step: 1 },
        key_use: "RW access delete",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "RW access delete", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: 2, step: 1 }, key_use: "RW insert", notes: "" },
        ],
        group: "list",
        since: "1.2.0",
        summary: "Returns the last element of a list after removing and pushing it to another list. Deletes the list if the last element was popped.",
        args: &[Arg::new("source", ArgKind::Key), Arg::new("destination", ArgKind::Key).key_spec(1)],
        ..Spec::new("rpoplpush", 3, transfer::rpoplpush)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::BLOCKING,
        acl: acl::LIST,
        keys: Keys::Range { first: 1, last: 2, step: 1 },
        key_use: "RW access delete",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "RW access delete", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: 2, step: 1 }, key_use: "RW insert", notes: "" },
        ],
        group: "list",
        since: "6.2.0",
        summary: "Pops an element from a list, pushes it to another list and returns it. Blocks until an element is available otherwise. Deletes the list if the last element was moved.",
        args: &[
            Arg::new("source", ArgKind::Key),
            Arg::new("destination", ArgKind::Key).key_spec(1),
            Arg::one_of("wherefrom", &[Arg::word("left", "LEFT"), Arg::word("right", "RIGHT")]),
            Arg::one_of("whereto", &[Arg::word("left", "LEFT"), Arg::word("right", "RIGHT")]),
            Arg::new("timeout", ArgKind::Double),
        ],
        ..Spec::new("blmove", 6, transfer::blmove)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::BLOCKING,
        acl: acl::LIST,
        keys: Keys::Range { first: 1, last: 2, step: 1 },
        key_use: "RW access delete",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "RW access delete", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: 2, step: 1 }, key_use: "RW insert", notes: "" },
        ],
        history: &[("6.0.0", "`timeout` is interpreted as a double instead of an integer.")],
        group: "list",
        since: "2.2.0",
        summary: "Pops an element from a list, pushes it to another list and returns it. Blocks until an element is available otherwise. Deletes the list if the last element was popped.",
        args: &[
            Arg::new("source", ArgKind::Key),
            Arg::new("destination", ArgKind::Key).key_spec(1),
            Arg::new("timeout", ArgKind::Double),
        ],
        ..Spec::new("brpoplpush", 4, transfer::brpoplpush)
    },
];
