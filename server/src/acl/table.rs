//! The rows of ACL and its subcommands.

use polycache_core::command::Spec;
use polycache_core::command::spec::{Arg, flag};

use super::{commands, show};

/// ACL.
pub static TABLE: &[Spec] = &[Spec {
    group: "server",
    since: "6.0.0",
    summary: "A container for Access List Control commands.",
    complexity: "Depends on subcommand.",
    subcommands: SUBCOMMANDS,
    ..Spec::new("acl", -2, crate::admin::container)
}];

static SUBCOMMANDS: &[Spec] = &[
    Spec {
        flags: flag::NOSCRIPT | flag::LOADING | flag::STALE,
        group: "server",
        since: "6.0.0",
        summary: "Lists the ACL categories, or the commands inside a category.",
        complexity: "O(1) since the categories and commands are a fixed set.",
        args: &[Arg::string("category").optional()],
        ..Spec::new("cat", -2, commands::cat)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        group: "server",
        since: "6.0.0",
        summary: "Deletes ACL users, and terminates their connections.",
        complexity: "O(1) amortized time considering the typical user.",
        args: &[Arg::string("username").multiple()],
        ..Spec::new("deluser", -3, commands::deluser)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        group: "server",
        since: "7.0.0",
        summary: "Simulates the execution of a command by a user, without executing the command.",
        complexity: "O(1).",
        args: &[Arg::string("username"), Arg::string("command"), Arg::string("arg").optional().multiple()],
        ..Spec::new("dryrun", -4, commands::dryrun)
    },
    Spec {
        flags: flag::NOSCRIPT | flag::LOADING | flag::STALE,
        group: "server",
        since: "6.0.0",
        summary: "Generates a pseudorandom, secure password that can be used to identify ACL users.",
        args: &[Arg::integer("bits").optional()],
        ..Spec::new("genpass", -2, commands::genpass)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        history: &[
            ("6.2.0", "Added Pub/Sub channel patterns."),
            (
                "7.0.0",
                "Added selectors and changed the format of key and channel patterns from a list to their rule representation.",
            ),
            ("9.1.0", "Added database permission rules."),
        ],
        group: "server",
        since: "6.0.0",
        summary: "Lists the ACL rules of a user.",
        complexity: "O(N). Where N is the number of password, command and pattern rules that the user has.",
        args: &[Arg::string("username")],
        ..Spec::new("getuser", 3, show::getuser)
    },
    Spec {
        flags: flag::LOADING | flag::STALE,
        group: "server",
        since: "6.0.0",
        summary: "Returns helpful text about the different subcommands.",
        ..Spec::new("help", 2, show::help)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        group: "server",
        since: "6.0.0",
        summary: "Dumps the effective rules in ACL file format.",
        complexity: "O(N). Where N is the number of configured users.",
        ..Spec::new("list", 2, show::list)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        group: "server",
        since: "6.0.0",
        summary: "Reloads the rules from the configured ACL file.",
        complexity: "O(N). Where N is the number of configured users.",
        ..Spec::new("load", 2, commands::load)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        history: &[("7.2.0", "Added entry ID, timestamp created, and timestamp last updated.")],
        group: "server",
        since: "6.0.0",
        summary: "Lists recent security events generated due to ACL rules.",
        complexity: "O(N) with N being the number of entries shown.",
        args: &[Arg::one_of("operation", &[Arg::integer("count"), Arg::word("reset", "RESET")]).optional()],
        ..Spec::new("log", -2, commands::log)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        group: "server",
        since: "6.0.0",
        summary: "Saves the effective ACL rules in the configured ACL file.",
        complexity: "O(N). Where N is the number of configured users.",
        ..Spec::new("save", 2, commands::save)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        history: &[
            ("6.2.0", "Added Pub/Sub channel patterns."),
            ("7.0.0", "Added selectors and key based permissions."),
            ("9.1.0", "Added database permission rules."),
        ],
        group: "server",
        since: "6.0.0",
        summary: "Creates and modifies an ACL user and its rules.",
        complexity: "O(N). Where N is the number of rules provided.",
        args: &[Arg::string("username"), Arg::string("rule").optional().multiple()],
        ..Spec::new("setuser", -3, commands::setuser)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        group: "server",
        since: "6.0.0",
        summary: "Lists all ACL users.",
        complexity: "O(N). Where N is the number of configured users.",
        ..Spec::new("users", 2, show::users)
    },
    Spec {
        flags: flag::NOSCRIPT | flag::LOADING | flag::STALE,
        group: "server",
        since: "6.0.0",
        summary: "Returns the authenticated username of the current connection.",
        ..Spec::new("whoami", 2, commands::whoami)
    },
];
