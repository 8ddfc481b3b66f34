//! The rows of CONFIG.

use polycache_core::command::spec::{Arg, Spec, flag};

use crate::admin::{config, container};

pub(super) const TABLE: &[Spec] = &[Spec {
    group: "server",
    since: "2.0.0",
    summary: "A container for server configuration commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[
        Spec {
            flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
            history: &[("7.0.0", "Added the ability to pass multiple pattern parameters in one call")],
            group: "server",
            since: "2.0.0",
            summary: "Returns the effective values of configuration parameters.",
            complexity: "O(N) when N is the number of configuration parameters provided",
            args: &[Arg::string("parameter").multiple()],
            ..Spec::new("get", -3, config::get)
        },
        Spec {
            flags: flag::LOADING | flag::STALE,
            group: "server",
            since: "5.0.0",
            summary: "Returns helpful text about the different subcommands.",
            complexity: "O(1)",
            ..Spec::new("help", 2, config::help)
        },
        Spec {
            flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            group: "server",
            since: "2.0.0",
            summary: "Resets the server's statistics.",
            complexity: "O(1)",
            ..Spec::new("resetstat", 2, config::resetstat)
        },
        Spec {
            flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            group: "server",
            since: "2.8.0",
            summary: "Persists the effective configuration to file.",
            complexity: "O(1)",
            ..Spec::new("rewrite", 2, config::rewrite)
        },
        Spec {
            flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            history: &[("7.0.0", "Added the ability to set multiple parameters in one call.")],
            group: "server",
            since: "2.0.0",
            summary: "Sets configuration parameters in-flight.",
            complexity: "O(N) when N is the number of configuration parameters provided",
            args: &[Arg::block("data", &[Arg::string("parameter"), Arg::string("value")]).multiple()],
            ..Spec::new("set", -4, config::set)
        },
    ],
    ..Spec::new("config", -2, container)
}];
