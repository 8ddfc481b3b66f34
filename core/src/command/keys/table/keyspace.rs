//! The rows of the commands on whole databases.

use crate::command::keys::{iterate, keyspace};
use crate::command::spec::{Arg, ArgKind, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::READONLY,
        acl: acl::KEYSPACE | acl::DANGEROUS,
        tips: &["request_policy:all_shards", "nondeterministic_output_order"],
        group: "generic",
        since: "1.0.0",
        summary: "Returns all key names that match a pattern.",
        complexity: "O(N) with N being the number of keys in the database, under the assumption that \
the key names in the database and the given pattern have limited length.",
        args: &[Arg::new("pattern", ArgKind::Pattern)],
        ..Spec::new("keys", 2, iterate::keys)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::KEYSPACE,
        tips: &["nondeterministic_output", "request_policy:special", "response_policy:special"],
        history: &[("6.0.0", "Added the `TYPE` subcommand.")],
        group: "generic",
        since: "2.8.0",
        summary: "Iterates over the key names in the database.",
        complexity: "O(1) for every call. O(N) for a complete iteration, including enough command \
calls for the cursor to return back to 0. N is the number of elements inside the \
collection.",
        args: &[
            Arg::integer("cursor"),
            Arg::new("pattern", ArgKind::Pattern).token("MATCH").optional(),
            Arg::integer("count").token("COUNT").optional(),
            Arg::string("type").token("TYPE").optional().since("6.0.0"),
        ],
        ..Spec::new("scan", -2, iterate::scan)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::KEYSPACE,
        tips: &["request_policy:all_shards", "response_policy:special", "nondeterministic_output"],
        group: "generic",
        since: "1.0.0",
        summary: "Returns a random key name from the database.",
        ..Spec::new("randomkey", 1, iterate::randomkey)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::KEYSPACE,
        tips: &["request_policy:all_shards", "response_policy:agg_sum"],
        group: "server",
        since: "1.0.0",
        summary: "Returns the number of keys in the database.",
        ..Spec::new("dbsize", 1, iterate::dbsize)
    },
    Spec {
        flags: flag::WRITE,
        acl: acl::KEYSPACE | acl::DANGEROUS,
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        history: &[
            ("4.0.0", "Added the `ASYNC` flushing mode modifier."),
            ("6.2.0", "Added the `SYNC` flushing mode modifier."),
        ],
        group: "server",
        since: "1.0.0",
        summary: "Removes all keys from the current database.",
        complexity: "O(N) where N is the number of keys in the selected database",
        args: &[Arg::one_of(
            "flush-type",
            &[Arg::word("async", "ASYNC").since("4.0.0"), Arg::word("sync", "SYNC").since("6.2.0")],
        )
        .optional()],
        ..Spec::new("flushdb", -1, keyspace::flushdb)
    },
    Spec {
        flags: flag::WRITE,
        acl: acl::KEYSPACE | acl::DANGEROUS,
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        history: &[
            ("4.0.0", "Added the `ASYNC` flushing mode modifier."),
            ("6.2.0", "Added the `SYNC` flushing mode modifier."),
        ],
        group: "server",
        since: "1.0.0",
        summary: "Removes all keys from all databases.",
        complexity: "O(N) where N is the total number of keys in all databases",
        args: &[Arg::one_of(
            "flush-type",
            &[Arg::word("async", "ASYNC").since("4.0.0"), Arg::word("sync", "SYNC").since("6.2.0")],
        )
        .optional()],
        ..Spec::new("flushall", -1, keyspace::flushall)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::KEYSPACE | acl::DANGEROUS,
        group: "server",
        since: "4.0.0",
        summary: "Swaps two databases.",
        complexity: "O(N) where N is the count of clients watching or blocking on keys from both \
databases.",
        args: &[Arg::integer("index1"), Arg::integer("index2")],
        ..Spec::new("swapdb", 3, keyspace::swapdb)
    },
];
