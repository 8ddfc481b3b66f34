//! The rows of COMMAND and its subcommands.

use polycache_core::command::spec::{Arg, ArgKind, Spec, acl, flag};

use crate::admin::command;

pub(super) const TABLE: &[Spec] = &[Spec {
    flags: flag::LOADING | flag::STALE,
    acl: acl::CONNECTION,
    tips: &["nondeterministic_output_order"],
    group: "server",
    since: "2.8.13",
    summary: "Returns detailed information about all commands.",
    complexity: "O(N) where N is the total number of commands",
    subcommands: &[
        Spec {
            flags: flag::LOADING | flag::STALE,
            acl: acl::CONNECTION,
            group: "server",
            since: "2.8.13",
            summary: "Returns a count of commands.",
            complexity: "O(1)",
            ..Spec::new("count", 2, command::count)
        },
        Spec {
            flags: flag::LOADING | flag::STALE,
            acl: acl::CONNECTION,
            tips: &["nondeterministic_output_order"],
            group: "server",
            since: "7.0.0",
            summary: "Returns documentary information about one, multiple or all commands.",
            complexity: "O(N) where N is the number of commands to look up",
            args: &[Arg::string("command-name").optional().multiple()],
            ..Spec::new("docs", -2, command::docs)
        },
        Spec {
            flags: flag::LOADING | flag::STALE,
            acl: acl::CONNECTION,
            group: "server",
            since: "2.8.13",
            summary: "Extracts the key names from an arbitrary command.",
            complexity: "O(N) where N is the number of arguments to the command",
            args: &[Arg::string("command"), Arg::string("arg").optional().multiple()],
            ..Spec::new("getkeys", -3, command::getkeys)
        },
        Spec {
            flags: flag::LOADING | flag::STALE,
            acl: acl::CONNECTION,
            group: "server",
            since: "7.0.0",
            summary: "Extracts the key names and access flags for an arbitrary command.",
            complexity: "O(N) where N is the number of arguments to the command",
            args: &[Arg::string("command"), Arg::string("arg").optional().multiple()],
            ..Spec::new("getkeysandflags", -3, command::getkeysandflags)
        },
        Spec {
            flags: flag::LOADING | flag::STALE,
            acl: acl::CONNECTION,
            group: "server",
            since: "5.0.0",
            summary: "Returns helpful text about the different subcommands.",
            complexity: "O(1)",
            ..Spec::new("help", 2, command::help)
        },
        Spec {
            flags: flag::LOADING | flag::STALE,
            acl: acl::CONNECTION,
            tips: &["nondeterministic_output_order"],
            history: &[("7.0.0", "Allowed to be called with no argument to get info on all commands.")],
            group: "server",
            since: "2.8.13",
            summary: "Returns information about one, multiple or all commands.",
            complexity: "O(N) where N is the number of commands to look up",
            args: &[Arg::string("command-name").optional().multiple()],
            ..Spec::new("info", -2, command::info)
        },
        Spec {
            flags: flag::LOADING | flag::STALE,
            acl: acl::CONNECTION,
            tips: &["nondeterministic_output_order"],
            group: "server",
            since: "7.0.0",
            summary: "Returns a list of command names.",
            complexity: "O(N) where N is the total number of commands",
            args: &[Arg::one_of(
                "filterby",
                &[
                    Arg::string("module-name").token("MODULE"),
                    Arg::string("category").token("ACLCAT"),
                    Arg::new("pattern", ArgKind::Pattern).token("PATTERN"),
                ],
            )
            .token("FILTERBY")
            .optional()],
            ..Spec::new("list", -2, command::list)
        },
    ],
    ..Spec::new("command", -1, command::all)
}];
