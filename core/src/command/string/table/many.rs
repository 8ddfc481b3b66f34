//! The rows of the commands on several keys at once.

use crate::command::spec::{Arg, ArgKind, Keys, Spec, acl, flag};
use crate::command::string::{common_subsequence, many};

/// A key and its value.
const DATA: &[Arg] = &[Arg::key(), Arg::string("value")];

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ALL,
        key_use: "RO access",
        tips: &["request_policy:multi_shard"],
        group: "string",
        since: "1.0.0",
        summary: "Atomically returns the string values of one or more keys.",
        complexity: "O(N) where N is the number of keys to retrieve.",
        args: &[Arg::key().multiple()],
        ..Spec::new("mget", -2, many::mget)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::STRING,
        keys: Keys::Range { first: 1, last: -1, step: 2 },
        key_use: "OW update",
        tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
        group: "string",
        since: "1.0.1",
        summary: "Atomically creates or modifies the string values of one or more keys.",
        complexity: "O(N) where N is the number of keys to set.",
        args: &[Arg::block("data", DATA).multiple()],
        ..Spec::new("mset", -3, many::mset)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::STRING,
        keys: Keys::Range { first: 1, last: -1, step: 2 },
        key_use: "OW insert",
        group: "string",
        since: "1.0.1",
        summary: "Atomically modifies the string values of one or more keys only when all keys \
don't exist.",
        complexity: "O(N) where N is the number of keys to set.",
        args: &[Arg::block("data", DATA).multiple()],
        ..Spec::new("msetnx", -3, many::msetnx)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::MOVABLEKEYS,
        acl: acl::STRING,
        keys: Keys::Counted { count: 1, first: 2, step: 2 },
        key_use: "OW update",
        tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
        group: "string",
        since: "9.1.0",
        summary: "Atomically creates or modifies the string values of one or more keys, and \
optionally set their expiration.",
        complexity: "O(N) where N is the number of keys to set.",
        args: &[
            Arg::integer("numkeys"),
            Arg::block("data", DATA).multiple(),
            Arg::one_of("condition", &[Arg::word("nx", "NX"), Arg::word("xx", "XX")]).optional(),
            Arg::one_of(
                "expiration",
                &[
                    Arg::integer("seconds").token("EX"),
                    Arg::integer("milliseconds").token("PX"),
                    Arg::new("unix-time-seconds", ArgKind::UnixTime).token("EXAT"),
                    Arg::new("unix-time-milliseconds", ArgKind::UnixTime).token("PXAT"),
                    Arg::word("keepttl", "KEEPTTL"),
                ],
            )
            .optional(),
        ],
        ..Spec::new("msetex", -4, many::msetex)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::STRING,
        keys: Keys::Range { first: 1, last: 2, step: 1 },
        key_use: "RO access",
        group: "string",
        since: "7.0.0",
        summary: "Finds the longest common substring.",
        complexity: "O(N*M) where N and M are the lengths of s1 and s2, respectively",
        args: &[
            Arg::new("key1", ArgKind::Key),
            Arg::new("key2", ArgKind::Key),
            Arg::word("len", "LEN").optional(),
            Arg::word("idx", "IDX").optional(),
            Arg::integer("min-match-len").token("MINMATCHLEN").optional(),
            Arg::word("withmatchlen", "WITHMATCHLEN").optional(),
        ],
        ..Spec::new("lcs", -3, common_subsequence::lcs)
    },
];
