//! The rows of the commands that read lists, and change them within.

use crate::command::list::{change, position, read};
use crate::command::spec::{Arg, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RO",
        group: "list",
        since: "1.0.0",
        summary: "Returns the length of a list.",
        args: &[Arg::key()],
        ..Spec::new("llen", 2, read::llen)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "list",
        since: "1.0.0",
        summary: "Returns a range of elements from a list.",
        complexity: "O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end (HEAD or TAIL) for large lists; and N is the number of elements in the specified range.",
        args: &[Arg::key(), Arg::integer("start"), Arg::integer("stop")],
        ..Spec::new("lrange", 4, read::lrange)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "list",
        since: "1.0.0",
        summary: "Returns an element from a list by its index.",
        complexity: "O(N) where N is the number of elements to traverse to get to the element at index. This makes asking for the first or the last element of the list O(1).",
        args: &[Arg::key(), Arg::integer("index")],
        ..Spec::new("lindex", 3, read::lindex)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "list",
        since: "6.0.6",
        summary: "Returns the index of matching elements in a list.",
        complexity: "O(N) where N is the number of elements in the list, for the average case. When searching for elements near the head or the tail of the list, or when the MAXLEN option is provided, the command may run in constant time.",
        args: &[
            Arg::key(),
            Arg::string("element"),
            Arg::integer("rank").token("RANK").optional(),
            Arg::integer("num-matches").token("COUNT").optional(),
            Arg::integer("len").token("MAXLEN").optional(),
        ],
        ..Spec::new("lpos", -3, position::lpos)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RW update",
        group: "list",
        since: "1.0.0",
        summary: "Sets the value of an element in a list by its index.",
        complexity: "O(N) where N is the length of the list. Setting either the first or the last element of the list is O(1).",
        args: &[Arg::key(), Arg::integer("index"), Arg::string("element")],
        ..Spec::new("lset", 4, change::lset)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RW insert",
        group: "list",
        since: "2.2.0",
        summary: "Inserts an element before or after another element in a list.",
        complexity: "O(N) where N is the number of elements to traverse before seeing the value pivot. This means that inserting somewhere on the left end on the list (head) can be considered O(1) and inserting somewhere on the right end (tail) is O(N).",
        args: &[
            Arg::key(),
            Arg::one_of("where", &[Arg::word("before", "BEFORE"), Arg::word("after", "AFTER")]),
            Arg::string("pivot"),
            Arg::string("element"),
        ],
        ..Spec::new("linsert", 5, change::linsert)
    },
    Spec {
        flags: flag::WRITE,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RW delete",
        group: "list",
        since: "1.0.0",
        summary: "Removes elements from a list. Deletes the list if the last element was removed.",
        complexity: "O(N+M) where N is the length of the list and M is the number of elements removed.",
        args: &[Arg::key(), Arg::integer("count"), Arg::string("element")],
        ..Spec::new("lrem", 4, change::lrem)
    },
    Spec {
        flags: flag::WRITE,
        acl: acl::LIST,
        keys: Keys::ONE,
        key_use: "RW delete",
        group: "list",
        since: "1.0.0",
        summary: "Removes elements from both ends of a list. Deletes the list if all elements were trimmed.",
        complexity: "O(N) where N is the number of elements to be removed by the operation.",
        args: &[Arg::key(), Arg::integer("start"), Arg::integer("stop")],
        ..Spec::new("ltrim", 4, change::ltrim)
    },
];
