//! The rows of SAVE and its kin, SHUTDOWN, WAITAOF and DEBUG.

use polycache_core::command::spec::{Arg, Spec, acl, flag};

use crate::admin::{debug, persistence, shutdown, wait};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::NO_MULTI | flag::NO_ASYNC_LOADING,
        group: "server",
        since: "1.0.0",
        summary: "Synchronously saves the database(s) to disk.",
        complexity: "O(N) where N is the total number of keys in all databases",
        ..Spec::new("save", 1, persistence::save)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::NO_ASYNC_LOADING,
        history: &[("3.2.2", "Added the `SCHEDULE` option."), ("8.1.0", "Added the `CANCEL` option.")],
        group: "server",
        since: "1.0.0",
        summary: "Asynchronously saves the database(s) to disk.",
        complexity: "O(1)",
        args: &[Arg::one_of(
            "operation",
            &[Arg::word("schedule", "SCHEDULE").since("3.2.2"), Arg::word("cancel", "CANCEL").since("8.1.0")],
        )
        .optional()],
        ..Spec::new("bgsave", -1, persistence::bgsave)
    },
    Spec {
        flags: flag::LOADING | flag::STALE | flag::FAST,
        acl: acl::ADMIN | acl::DANGEROUS,
        tips: &["nondeterministic_output"],
        group: "server",
        since: "1.0.0",
        summary: "Returns the Unix timestamp of the last successful save to disk.",
        complexity: "O(1)",
        ..Spec::new("lastsave", 1, persistence::lastsave)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::NO_ASYNC_LOADING,
        group: "server",
        since: "1.0.0",
        summary: "Asynchronously rewrites the append-only file to disk.",
        complexity: "O(1)",
        ..Spec::new("bgrewriteaof", 1, persistence::bgrewriteaof)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::NO_MULTI | flag::ALLOW_BUSY,
        history: &[
            ("7.0.0", "Added the `NOW`, `FORCE` and `ABORT` modifiers."),
            ("9.0.0", "Added the `SAFE` and `FAILOVER` modifiers."),
        ],
        group: "server",
        since: "1.0.0",
        summary: "Synchronously saves the database(s) to disk and shuts down the server.",
        complexity: "O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)",
        args: &[Arg::one_of(
            "abort-selector",
            &[
                Arg::block(
                    "save-selector-block",
                    &[
                        Arg::one_of(
                            "save-selector",
                            &[Arg::word("nosave", "NOSAVE"), Arg::word("save", "SAVE")],
                        )
                        .optional(),
                        Arg::word("now", "NOW").optional().since("7.0.0"),
                        Arg::word("force", "FORCE").optional().since("7.0.0"),
                        Arg::word("safe", "SAFE").optional().since("9.0.0"),
                        Arg::word("failover", "FAILOVER").optional().since("9.0.0"),
                    ],
                ),
                Arg::word("abort", "ABORT").since("7.0.0"),
            ],
        )
        .optional()],
        ..Spec::new("shutdown", -1, shutdown::shutdown)
    },
    Spec {
        flags: flag::BLOCKING,
        acl: acl::CONNECTION,
        tips: &["request_policy:all_shards", "response_policy:agg_min"],
        group: "generic",
        since: "7.2.0",
        summary: "Blocks until all of the preceding write commands sent by the connection are written to the append-only file of the primary and/or replicas.",
        complexity: "O(1)",
        args: &[Arg::integer("numlocal"), Arg::integer("numreplicas"), Arg::integer("timeout")],
        ..Spec::new("waitaof", 4, wait::waitaof)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        group: "server",
        since: "1.0.0",
        summary: "A container for debugging commands.",
        complexity: "Depends on subcommand.",
        doc_flags: &["syscmd"],
        ..Spec::new("debug", -2, debug::debug)
    },
];
