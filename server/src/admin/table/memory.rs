//! The rows of MEMORY and SLOWLOG.

use polycache_core::command::spec::{Arg, Keys, Spec, flag};

use crate::admin::{container, memory, slowlog};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        group: "server",
        since: "4.0.0",
        summary: "A container for memory diagnostics commands.",
        complexity: "Depends on subcommand.",
        subcommands: &[
            Spec {
                tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
                group: "server",
                since: "4.0.0",
                summary: "Outputs a memory problems report.",
                complexity: "O(1)",
                ..Spec::new("doctor", 2, memory::doctor)
            },
            Spec {
                flags: flag::LOADING | flag::STALE,
                group: "server",
                since: "4.0.0",
                summary: "Returns helpful text about the different subcommands.",
                complexity: "O(1)",
                ..Spec::new("help", 2, memory::help)
            },
            Spec {
                flags: flag::LOADING,
                tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
                group: "server",
                since: "4.0.0",
                summary: "Returns the allocator statistics.",
                complexity: "Depends on how much memory is allocated, could be slow",
                ..Spec::new("malloc-stats", 2, memory::malloc_stats)
            },
            Spec {
                flags: flag::LOADING,
                tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
                group: "server",
                since: "4.0.0",
                summary: "Asks the allocator to release memory.",
                complexity: "Depends on how much memory is allocated, could be slow",
                ..Spec::new("purge", 2, memory::purge)
            },
            Spec {
                tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
                group: "server",
                since: "4.0.0",
                summary: "Returns details about memory usage.",
                complexity: "O(1)",
                ..Spec::new("stats", 2, memory::stats)
            },
            Spec {
                flags: flag::READONLY,
                keys: Keys::Range { first: 2, last: 2, step: 1 },
                key_use: "RO",
                group: "server",
                since: "4.0.0",
                summary: "Estimates the memory usage of a key.",
                complexity: "O(N) where N is the number of samples.",
                args: &[Arg::key(), Arg::integer("count").token("SAMPLES").optional()],
                ..Spec::new("usage", -3, memory::usage)
            },
        ],
        ..Spec::new("memory", -2, container)
    },
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
                ..Spec::new("get", -2, slowlog::get)
            },
            Spec {
                flags: flag::LOADING | flag::STALE,
                group: "server",
                since: "6.2.0",
                summary: "Shows helpful text about the different subcommands.",
                complexity: "O(1)",
                ..Spec::new("help", 2, slowlog::help)
            },
            Spec {
                flags: flag::ADMIN | flag::LOADING | flag::STALE,
                tips: &["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
                group: "server",
                since: "2.2.12",
                summary: "Returns the number of entries in the slow log.",
                complexity: "O(1)",
                ..Spec::new("len", 2, slowlog::len)
            },
            Spec {
                flags: flag::ADMIN | flag::LOADING | flag::STALE,
                tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
                group: "server",
                since: "2.2.12",
                summary: "Clears all entries from the slow log.",
                complexity: "O(N) where N is the number of entries in the slowlog",
                ..Spec::new("reset", 2, slowlog::reset)
            },
        ],
        ..Spec::new("slowlog", -2, container)
    },
];
