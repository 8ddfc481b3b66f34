//! The rows of INFO, TIME, ROLE, LOLWUT and MONITOR.

use polycache_core::command::spec::{Arg, Spec, acl, flag};

use crate::admin::{identity, info, lolwut, monitor};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::LOADING | flag::STALE,
        acl: acl::DANGEROUS,
        tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        history: &[("7.0.0", "Added support for taking multiple section arguments.")],
        group: "server",
        since: "1.0.0",
        summary: "Returns information and statistics about the server.",
        complexity: "O(1)",
        args: &[Arg::string("section").optional().multiple()],
        ..Spec::new("info", -1, info::info)
    },
    Spec {
        flags: flag::LOADING | flag::STALE | flag::FAST,
        tips: &["nondeterministic_output"],
        group: "server",
        since: "2.6.0",
        summary: "Returns the server time.",
        complexity: "O(1)",
        ..Spec::new("time", 1, identity::time)
    },
    Spec {
        flags: flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::FAST,
        acl: acl::ADMIN | acl::DANGEROUS,
        group: "server",
        since: "2.8.12",
        summary: "Returns the replication role.",
        complexity: "O(1)",
        ..Spec::new("role", 1, identity::role)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        group: "server",
        since: "5.0.0",
        summary: "Displays computer art and the server version.",
        args: &[Arg::integer("version").token("VERSION").optional()],
        complexity: "",
        ..Spec::new("lolwut", -1, lolwut::lolwut)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        group: "server",
        since: "1.0.0",
        summary: "Listens for all requests received by the server in real-time.",
        complexity: "",
        ..Spec::new("monitor", 1, monitor::monitor)
    },
];
