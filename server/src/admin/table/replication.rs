//! The rows of replication: a server that has no replicas and follows nobody.

use polycache_core::command::spec::{Arg, Spec, acl, flag};

use crate::admin::{replication, wait};

/// Whom REPLICAOF, by both its names, is to follow.
const LEADER: &[Arg] = &[Arg::one_of(
    "args",
    &[
        Arg::block("host-port", &[Arg::string("host"), Arg::integer("port")]),
        Arg::block("no-one", &[Arg::word("no", "NO"), Arg::word("one", "ONE")]),
    ],
)];

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::BLOCKING,
        acl: acl::CONNECTION,
        tips: &["request_policy:all_shards", "response_policy:agg_min"],
        group: "generic",
        since: "3.0.0",
        summary: "Blocks until the asynchronous replication of all preceding write commands sent by the connection is completed.",
        complexity: "O(1)",
        args: &[Arg::integer("numreplicas"), Arg::integer("timeout")],
        ..Spec::new("wait", 3, wait::wait)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "server",
        since: "5.0.0",
        summary: "Configures a server as replica of another, or promotes it to a primary.",
        complexity: "O(1)",
        args: LEADER,
        ..Spec::new("replicaof", 3, replication::replicaof)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "server",
        since: "1.0.0",
        summary: "Sets a server as a replica of another, or promotes it to being a primary.",
        complexity: "O(1)",
        doc_flags: &["deprecated"],
        deprecated: Some(("5.0.0", "`REPLICAOF`")),
        args: LEADER,
        ..Spec::new("slaveof", 3, replication::replicaof)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::STALE,
        group: "server",
        since: "6.2.0",
        summary: "Starts a coordinated failover from a server to one of its replicas.",
        complexity: "O(1)",
        args: &[
            Arg::block(
                "target",
                &[Arg::string("host"), Arg::integer("port"), Arg::word("force", "FORCE").optional()],
            )
            .token("TO")
            .optional(),
            Arg::word("abort", "ABORT").optional(),
            Arg::integer("milliseconds").token("TIMEOUT").optional(),
        ],
        ..Spec::new("failover", -1, replication::failover)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::ALLOW_BUSY,
        group: "server",
        since: "3.0.0",
        summary: "An internal command for configuring the replication stream.",
        complexity: "O(1)",
        doc_flags: &["syscmd"],
        ..Spec::new("replconf", -1, replication::no_replicas)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::NO_ASYNC_LOADING | flag::NO_MULTI,
        group: "server",
        since: "1.0.0",
        summary: "An internal command used in replication.",
        complexity: "",
        ..Spec::new("sync", 1, replication::no_replicas)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::NO_ASYNC_LOADING | flag::NO_MULTI,
        group: "server",
        since: "2.8.0",
        summary: "An internal command used in replication.",
        args: &[Arg::string("replicationid"), Arg::integer("offset")],
        complexity: "",
        ..Spec::new("psync", -3, replication::no_replicas)
    },
];
