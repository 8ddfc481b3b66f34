//! The rows of the commands on the members of one set.

use crate::command::set::{member, random, scan};
use crate::command::spec::{Arg, ArgKind, KeySpec, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::SET,
        keys: Keys::ONE,
        key_use: "RW insert",
        history: &[("2.4.0", "Accepts multiple `member` arguments.")],
        group: "set",
        since: "1.0.0",
        summary: "Adds one or more members to a set. Creates the key if it doesn't exist.",
        complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
        args: &[Arg::key(), Arg::string("member").multiple()],
        ..Spec::new("sadd", -3, member::sadd)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::SET,
        keys: Keys::ONE,
        key_use: "RW delete",
        history: &[("2.4.0", "Accepts multiple `member` arguments.")],
        group: "set",
        since: "1.0.0",
        summary: "Removes one or more members from a set. Deletes the set if the last member was removed.",
        complexity: "O(N) where N is the number of members to be removed.",
        args: &[Arg::key(), Arg::string("member").multiple()],
        ..Spec::new("srem", -3, member::srem)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::SET,
        keys: Keys::Range { first: 1, last: 2, step: 1 },
        key_use: "RW access delete",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "RW access delete", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: 2, step: 1 }, key_use: "RW insert", notes: "" },
        ],
        group: "set",
        since: "1.0.0",
        summary: "Moves a member from one set to another.",
        args: &[
            Arg::new("source", ArgKind::Key),
            Arg::new("destination", ArgKind::Key).key_spec(1),
            Arg::string("member"),
        ],
        ..Spec::new("smove", 4, member::smove)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::SET,
        keys: Keys::ONE,
        key_use: "RO",
        group: "set",
        since: "1.0.0",
        summary: "Determines whether a member belongs to a set.",
        args: &[Arg::key(), Arg::string("member")],
        ..Spec::new("sismember", 3, member::sismember)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::SET,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "set",
        since: "6.2.0",
        summary: "Determines whether multiple members belong to a set.",
        complexity: "O(N) where N is the number of elements being checked for membership",
        args: &[Arg::key(), Arg::string("member").multiple()],
        ..Spec::new("smismember", -3, member::smismember)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::SET,
        keys: Keys::ONE,
        key_use: "RO",
        group: "set",
        since: "1.0.0",
        summary: "Returns the number of members in a set.",
        args: &[Arg::key()],
        ..Spec::new("scard", 2, member::scard)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::SET,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output_order"],
        group: "set",
        since: "1.0.0",
        summary: "Returns all members of a set.",
        complexity: "O(N) where N is the set cardinality.",
        args: &[Arg::key()],
        ..Spec::new("smembers", 2, member::smembers)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::SET,
        keys: Keys::ONE,
        key_use: "RW access delete",
        tips: &["nondeterministic_output"],
        history: &[("3.2.0", "Added the `count` argument.")],
        group: "set",
        since: "1.0.0",
        summary: "Returns one or more random members from a set after removing them. Deletes the set if the last member was popped.",
        complexity: "Without the count argument O(1), otherwise O(N) where N is the value of the passed count.",
        args: &[Arg::key(), Arg::integer("count").optional().since("3.2.0")],
        ..Spec::new("spop", -2, random::spop)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::SET,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output"],
        history: &[("2.6.0", "Added the optional `count` argument.")],
        group: "set",
        since: "1.0.0",
        summary: "Gets one or multiple random members from a set.",
        complexity: "Without the count argument O(1), otherwise O(N) where N is the absolute value of the passed count.",
        args: &[Arg::key(), Arg::integer("count").optional().since("2.6.0")],
        ..Spec::new("srandmember", -2, random::srandmember)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::SET,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output"],
        group: "set",
        since: "2.8.0",
        summary: "Iterates over members of a set.",
        complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.",
        args: &[
            Arg::key(),
            Arg::integer("cursor"),
            Arg::new("pattern", ArgKind::Pattern).token("MATCH").optional(),
            Arg::integer("count").token("COUNT").optional(),
        ],
        ..Spec::new("sscan", -3, scan::sscan)
    },
];
