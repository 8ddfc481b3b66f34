//! The rows of SLOWLOG, COMMANDLOG and LATENCY.

use polycache_core::command::spec::{Arg, Spec, flag};

use crate::admin::{commandlog, container, latency};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        group: "server",
        since: "2.2.12",
        summary: "A container for slow log commands.",
        complexity: "Depends on subcommand.",
        subcommands: &[
            Spec {
                flags: flag::ADMIN | flag::LOADING | flag::STALE,
                tips: &["request_policy:all_nodes", "nondeterministic_output"],
                history: &[("4.0.0", "Added client IP address, port and name to the reply.")],
                group: "server",
                since: "2.2.12",
                summary: "Returns the slow log's entries.",
                complexity: "O(N) where N is the number of entries returned",
                args: &[Arg::integer("count").optional()],
                ..Spec::new("get", -2, commandlog::slowlog_get)
            },
            Spec {
                flags: flag::LOADING | flag::STALE,
                group: "server",
                since: "6.2.0",
                summary: "Shows helpful text about the different subcommands.",
                ..Spec::new("help", 2, commandlog::slowlog_help)
            },
            Spec {
                flags: flag::ADMIN | flag::LOADING | flag::STALE,
                tips: &["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
                group: "server",
                since: "2.2.12",
                summary: "Returns the number of entries in the slow log.",
                ..Spec::new("len", 2, commandlog::slowlog_len)
            },
            Spec {
                flags: flag::ADMIN | flag::LOADING | flag::STALE,
                tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
                group: "server",
                since: "2.2.12",
                summary: "Clears all entries from the slow log.",
                complexity: "O(N) where N is the number of entries in the slowlog",
                ..Spec::new("reset", 2, commandlog::slowlog_reset)
            },
        ],
        ..Spec::new("slowlog", -2, container)
    },
    Spec {
        group: "server",
        since: "8.1.0",
        summary: "A container for command log commands.",
        complexity: "Depends on subcommand.",
        subcommands: &[
            Spec {
                flags: flag::ADMIN | flag::LOADING | flag::STALE,
                tips: &["request_policy:all_nodes", "nondeterministic_output"],
                group: "server",
                since: "8.1.0",
                summary: "Returns the specified command log's entries.",
                complexity: "O(N) where N is the number of entries returned",
                args: &[
                    Arg::integer("count"),
                    Arg::one_of(
                        "type",
                        &[
                            Arg::word("slow", "SLOW"),
                            Arg::word("large-request", "LARGE-REQUEST"),
                            Arg::word("large-reply", "LARGE-REPLY"),
                        ],
                    ),
                ],
                ..Spec::new("get", 4, commandlog::get)
            },
            Spec {
                flags: flag::LOADING | flag::STALE,
                group: "server",
                since: "8.1.0",
                summary: "Shows helpful text about the different subcommands.",
                ..Spec::new("help", 2, commandlog::help)
            },
            Spec {
                flags: flag::ADMIN | flag::LOADING | flag::STALE,
                tips: &["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
                group: "server",
                since: "8.1.0",
                summary: "Returns the number of entries in the specified type of command log.",
                args: &[Arg::one_of(
                    "type",
                    &[
                        Arg::word("slow", "SLOW"),
                        Arg::word("large-request", "LARGE-REQUEST"),
                        Arg::word("large-reply", "LARGE-REPLY"),
                    ],
                )],
                ..Spec::new("len", 3, commandlog::len)
            },
            Spec {
                flags: flag::ADMIN | flag::LOADING | flag::STALE,
                tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
                group: "server",
                since: "8.1.0",
                summary: "Clears all entries from the specified type of command log.",
                complexity: "O(N) where N is the number of entries in the commandlog",
                args: &[Arg::one_of(
                    "type",
                    &[
                        Arg::word("slow", "SLOW"),
                        Arg::word("large-request", "LARGE-REQUEST"),
                        Arg::word("large-reply", "LARGE-REPLY"),
                    ],
                )],
                ..Spec::new("reset", 3, commandlog::reset)
            },
        ],
        ..Spec::new("commandlog", -2, container)
    },
    Spec {
        group: "server",
        since: "2.8.13",
        summary: "A container for latency diagnostics commands.",
        complexity: "Depends on subcommand.",
        subcommands: &[
            Spec {
                flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
                tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
                group: "server",
                since: "2.8.13",
                summary: "Returns a human-readable latency analysis report.",
                ..Spec::new("doctor", 2, latency::doctor)
            },
            Spec {
                flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
                tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
                group: "server",
                since: "2.8.13",
                summary: "Returns a latency graph for an event.",
                args: &[Arg::string("event")],
                ..Spec::new("graph", 3, latency::graph)
            },
            Spec {
                flags: flag::LOADING | flag::STALE,
                group: "server",
                since: "2.8.13",
                summary: "Returns helpful text about the different subcommands.",
                ..Spec::new("help", 2, latency::help)
            },
            Spec {
                flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
                tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
                group: "server",
                since: "7.0.0",
                summary: "Returns the cumulative distribution of latencies of a subset or all commands.",
                complexity: "O(N) where N is the number of commands with latency information being retrieved.",
                args: &[Arg::string("command").optional().multiple()],
                ..Spec::new("histogram", -2, latency::histogram)
            },
            Spec {
                flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
                tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
                group: "server",
                since: "2.8.13",
                summary: "Returns timestamp-latency samples for an event.",
                args: &[Arg::string("event")],
                ..Spec::new("history", 3, latency::history)
            },
            Spec {
                flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
                tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
                group: "server",
                since: "2.8.13",
                summary: "Returns the latest latency samples for all events.",
                ..Spec::new("latest", 2, latency::latest)
            },
            Spec {
                flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
                tips: &["request_policy:all_nodes", "response_policy:agg_sum"],
                group: "server",
                since: "2.8.13",
                summary: "Resets the latency data for one or more events.",
                args: &[Arg::string("event").optional().multiple()],
                ..Spec::new("reset", -2, latency::reset)
            },
        ],
        ..Spec::new("latency", -2, container)
    },
];
