//! The rows of MODULE.

use polycache_core::command::spec::{Arg, Spec, flag};

use crate::admin::{container, module};

pub(super) const TABLE: &[Spec] = &[Spec {
    group: "server",
    since: "4.0.0",
    summary: "A container for module commands.",
    complexity: "Depends on subcommand.",
    subcommands: MODULE,
    ..Spec::new("module", -2, container)
}];

const MODULE: &[Spec] = &[
    Spec {
        flags: flag::LOADING | flag::STALE,
        group: "server",
        since: "5.0.0",
        summary: "Returns helpful text about the different subcommands.",
        complexity: "O(1)",
        ..Spec::new("help", 2, module::help)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT,
        tips: &["nondeterministic_output_order"],
        group: "server",
        since: "4.0.0",
        summary: "Returns all loaded modules.",
        complexity: "O(N) where N is the number of loaded modules.",
        ..Spec::new("list", 2, module::list)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::NO_ASYNC_LOADING,
        group: "server",
        since: "4.0.0",
        summary: "Loads a module.",
        complexity: "O(1)",
        args: &[Arg::string("path"), Arg::string("arg").multiple().optional()],
        ..Spec::new("load", -3, module::refuse)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::NO_ASYNC_LOADING,
        group: "server",
        since: "7.0.0",
        summary: "Loads a module using extended parameters.",
        complexity: "O(1)",
        args: &[
            Arg::string("path"),
            Arg::block("configs", &[Arg::string("name"), Arg::string("value")])
                .token("CONFIG")
                .multiple()
                .multiple_token()
                .optional(),
            Arg::string("args").token("ARGS").multiple().optional(),
        ],
        ..Spec::new("loadex", -3, module::refuse)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::NO_ASYNC_LOADING,
        group: "server",
        since: "4.0.0",
        summary: "Unloads a module.",
        complexity: "O(1)",
        args: &[Arg::string("name")],
        ..Spec::new("unload", 3, module::refuse)
    },
];
