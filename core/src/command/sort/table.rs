//! The rows of SORT and SORT_RO.

use super::{sort, sort_ro};
use crate::command::spec::{Arg, ArgKind, KeySpec, Keys, Spec, acl, flag};

const COMPLEXITY: &str = "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number \
of returned elements. When the elements are not sorted, complexity is O(N).";

const SOURCE: KeySpec = KeySpec { keys: Keys::ONE, key_use: "RO access", notes: "" };
const PATTERNS: KeySpec = KeySpec {
    keys: Keys::Unknown,
    key_use: "RO access",
    notes: "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of \
the key we sort",
};
const DESTINATION: KeySpec = KeySpec {
    keys: Keys::Behind("STORE"),
    key_use: "OW update",
    notes: "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the \
argument array",
};

pub const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::MOVABLEKEYS,
        acl: acl::SET | acl::SORTED_SET | acl::LIST | acl::DANGEROUS,
        keys: Keys::ONE,
        key_use: "RO access",
        key_specs: &[SOURCE, PATTERNS, DESTINATION],
        group: "generic",
        since: "1.0.0",
        summary: "Sorts the elements in a list, a set, or a sorted set, optionally storing the result.",
        complexity: COMPLEXITY,
        args: &[
            Arg::key(),
            Arg::new("by-pattern", ArgKind::Pattern).token("BY").display("pattern").optional().key_spec(1),
            Arg::block("limit", &[Arg::integer("offset"), Arg::integer("count")]).token("LIMIT").optional(),
            Arg::new("get-pattern", ArgKind::Pattern)
                .token("GET")
                .display("pattern")
                .optional()
                .multiple_token()
                .key_spec(1),
            Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
            Arg::word("sorting", "ALPHA").optional(),
            Arg::new("destination", ArgKind::Key).token("STORE").optional().key_spec(2),
        ],
        ..Spec::new("sort", -2, sort)
    },
    Spec {
        flags: flag::READONLY | flag::MOVABLEKEYS,
        acl: acl::SET | acl::SORTED_SET | acl::LIST | acl::DANGEROUS,
        keys: Keys::ONE,
        key_use: "RO access",
        key_specs: &[SOURCE, PATTERNS],
        group: "generic",
        since: "7.0.0",
        summary: "Returns the sorted elements of a list, a set, or a sorted set.",
        complexity: COMPLEXITY,
        args: &[
            Arg::key(),
            Arg::new("by-pattern", ArgKind::Pattern).token("BY").display("pattern").optional().key_spec(1),
            Arg::block("limit", &[Arg::integer("offset"), Arg::integer("count")]).token("LIMIT").optional(),
            Arg::new("get-pattern", ArgKind::Pattern)
                .token("GET")
                .display("pattern")
                .optional()
                .multiple_token()
                .key_spec(1),
            Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
            Arg::word("sorting", "ALPHA").optional(),
        ],
        ..Spec::new("sort_ro", -2, sort_ro)
    },
];
