//! The rows of MEMORY.

use polycache_core::command::spec::{Arg, Keys, Spec, flag};

use crate::admin::{container, memory};

pub(super) const TABLE: &[Spec] = &[Spec {
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
}];
