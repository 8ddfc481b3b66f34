//! The rows of scripts and functions.

use polycache_core::command::spec::{Arg, KeySpec, Keys, Spec, acl, flag};

use super::function::command as function;
use super::{eval, script_command as script};
use crate::admin::container;

/// The keys of scripts, whatever these do with them.
const UNKNOWN_USE: &[KeySpec] = &[KeySpec {
    keys: Keys::Counted { count: 2, first: 3, step: 1 },
    key_use: "RW access update",
    notes: "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE",
}];

const UNKNOWN_READS: &[KeySpec] = &[KeySpec {
    keys: Keys::Counted { count: 2, first: 3, step: 1 },
    key_use: "RO access",
    notes: "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS",
}];

pub static COMMANDS: &[Spec] = &[
    Spec {
        flags: flag::NOSCRIPT
            | flag::STALE
            | flag::SKIP_MONITOR
            | flag::NO_MANDATORY_KEYS
            | flag::MOVABLEKEYS,
        acl: acl::SCRIPTING,
        keys: Keys::Counted { count: 2, first: 3, step: 1 },
        key_use: "RW access update",
        key_specs: UNKNOWN_USE,
        group: "scripting",
        since: "2.6.0",
        summary: "Executes a server-side Lua script.",
        complexity: "Depends on the script that is executed.",
        args: &[
            Arg::string("script"),
            Arg::integer("numkeys"),
            Arg::key().optional().multiple(),
            Arg::string("arg").optional().multiple(),
        ],
        ..Spec::new("eval", -3, eval::eval)
    },
    Spec {
        flags: flag::READONLY
            | flag::NOSCRIPT
            | flag::STALE
            | flag::SKIP_MONITOR
            | flag::NO_MANDATORY_KEYS
            | flag::MOVABLEKEYS,
        acl: acl::SCRIPTING,
        keys: Keys::Counted { count: 2, first: 3, step: 1 },
        key_use: "RO access",
        key_specs: UNKNOWN_READS,
        group: "scripting",
        since: "7.0.0",
        summary: "Executes a read-only server-side Lua script.",
        complexity: "Depends on the script that is executed.",
        args: &[
            Arg::string("script"),
            Arg::integer("numkeys"),
            Arg::key().optional().multiple(),
            Arg::string("arg").optional().multiple(),
        ],
        ..Spec::new("eval_ro", -3, eval::eval_ro)
    },
    Spec {
        flags: flag::NOSCRIPT
            | flag::STALE
            | flag::SKIP_MONITOR
            | flag::NO_MANDATORY_KEYS
            | flag::MOVABLEKEYS,
        acl: acl::SCRIPTING,
        keys: Keys::Counted { count: 2, first: 3, step: 1 },
        key_use: "RW access update",
        group: "scripting",
        since: "2.6.0",
        summary: "Executes a server-side Lua script by SHA1 digest.",
        complexity: "Depends on the script that is executed.",
        args: &[
            Arg::string("sha1"),
            Arg::integer("numkeys"),
            Arg::key().optional().multiple(),
            Arg::string("arg").optional().multiple(),
        ],
        ..Spec::new("evalsha", -3, eval::evalsha)
    },
    Spec {
        flags: flag::READONLY
            | flag::NOSCRIPT
            | flag::STALE
            | flag::SKIP_MONITOR
            | flag::NO_MANDATORY_KEYS
            | flag::MOVABLEKEYS,
        acl: acl::SCRIPTING,
        keys: Keys::Counted { count: 2, first: 3, step: 1 },
        key_use: "RO access",
        group: "scripting",
        since: "7.0.0",
        summary: "Executes a read-only server-side Lua script by SHA1 digest.",
        complexity: "Depends on the script that is executed.",
        args: &[
            Arg::string("sha1"),
            Arg::integer("numkeys"),
            Arg::key().optional().multiple(),
            Arg::string("arg").optional().multiple(),
        ],
        ..Spec::new("evalsha_ro", -3, eval::evalsha_ro)
    },
    Spec {
        flags: flag::NOSCRIPT
            | flag::STALE
            | flag::SKIP_MONITOR
            | flag::NO_MANDATORY_KEYS
            | flag::MOVABLEKEYS,
        acl: acl::SCRIPTING,
        keys: Keys::Counted { count: 2, first: 3, step: 1 },
        key_use: "RW access update",
        key_specs: UNKNOWN_USE,
        group: "scripting",
        since: "7.0.0",
        summary: "Invokes a function.",
        complexity: "Depends on the function that is executed.",
        args: &[
            Arg::string("function"),
            Arg::integer("numkeys"),
            Arg::key().optional().multiple(),
            Arg::string("arg").optional().multiple(),
        ],
        ..Spec::new("fcall", -3, function::fcall)
    },
    Spec {
        flags: flag::READONLY
            | flag::NOSCRIPT
            | flag::STALE
            | flag::SKIP_MONITOR
            | flag::NO_MANDATORY_KEYS
            | flag::MOVABLEKEYS,
        acl: acl::SCRIPTING,
        keys: Keys::Counted { count: 2, first: 3, step: 1 },
        key_use: "RO access",
        key_specs: UNKNOWN_READS,
        group: "scripting",
        since: "7.0.0",
        summary: "Invokes a read-only function.",
        complexity: "Depends on the function that is executed.",
        args: &[
            Arg::string("function"),
            Arg::integer("numkeys"),
            Arg::key().optional().multiple(),
            Arg::string("arg").optional().multiple(),
        ],
        ..Spec::new("fcall_ro", -3, function::fcall_ro)
    },
    Spec {
        group: "scripting",
        since: "7.0.0",
        summary: "A container for function commands.",
        complexity: "Depends on subcommand.",
        subcommands: FUNCTION,
        ..Spec::new("function", -2, container)
    },
    Spec {
        group: "scripting",
        since: "2.6.0",
        summary: "A container for Lua scripts management commands.",
        complexity: "Depends on subcommand.",
        subcommands: SCRIPT,
        ..Spec::new("script", -2, container)
    },
];

static FUNCTION: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::NOSCRIPT,
        acl: acl::SCRIPTING,
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        group: "scripting",
        since: "7.0.0",
        summary: "Deletes a library and its functions.",
        args: &[Arg::string("library-name")],
        ..Spec::new("delete", 3, function::delete)
    },
    Spec {
        flags: flag::NOSCRIPT,
        acl: acl::SCRIPTING,
        group: "scripting",
        since: "7.0.0",
        summary: "Dumps all libraries into a serialized binary payload.",
        complexity: "O(N) where N is the number of functions",
        ..Spec::new("dump", 2, function::dump)
    },
    Spec {
        flags: flag::WRITE | flag::NOSCRIPT,
        acl: acl::SCRIPTING,
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        group: "scripting",
        since: "7.0.0",
        summary: "Deletes all libraries and functions.",
        complexity: "O(N) where N is the number of functions deleted",
        args: &[
            Arg::one_of("flush-type", &[Arg::word("async", "ASYNC"), Arg::word("sync", "SYNC")]).optional()
        ],
        ..Spec::new("flush", -2, function::flush)
    },
    Spec {
        flags: flag::LOADING | flag::STALE,
        acl: acl::SCRIPTING,
        group: "scripting",
        since: "7.0.0",
        summary: "Returns helpful text about the different subcommands.",
        ..Spec::new("help", 2, function::help)
    },
    Spec {
        flags: flag::NOSCRIPT | flag::ALLOW_BUSY,
        acl: acl::SCRIPTING,
        tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
        group: "scripting",
        since: "7.0.0",
        summary: "Terminates a function during execution.",
        ..Spec::new("kill", 2, function::kill)
    },
    Spec {
        flags: flag::NOSCRIPT,
        acl: acl::SCRIPTING,
        tips: &["nondeterministic_output_order"],
        group: "scripting",
        since: "7.0.0",
        summary: "Returns information about all libraries.",
        complexity: "O(N) where N is the number of functions",
        args: &[
            Arg::string("library-name-pattern").token("LIBRARYNAME").optional(),
            Arg::word("withcode", "WITHCODE").optional(),
        ],
        ..Spec::new("list", -2, function::list)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::NOSCRIPT,
        acl: acl::SCRIPTING,
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        group: "scripting",
        since: "7.0.0",
        summary: "Creates a library.",
        complexity: "O(1) (considering compilation time is redundant)",
        args: &[Arg::word("replace", "REPLACE").optional(), Arg::string("function-code")],
        ..Spec::new("load", -3, function::load)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::NOSCRIPT,
        acl: acl::SCRIPTING,
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        group: "scripting",
        since: "7.0.0",
        summary: "Restores all libraries from a payload.",
        complexity: "O(N) where N is the number of functions on the payload",
        args: &[
            Arg::string("serialized-value"),
            Arg::one_of(
                "policy",
                &[
                    Arg::word("flush", "FLUSH"),
                    Arg::word("append", "APPEND"),
                    Arg::word("replace", "REPLACE"),
                ],
            )
            .optional(),
        ],
        ..Spec::new("restore", -3, function::restore)
    },
    Spec {
        flags: flag::NOSCRIPT | flag::ALLOW_BUSY,
        acl: acl::SCRIPTING,
        tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        group: "scripting",
        since: "7.0.0",
        summary: "Returns information about a function during execution.",
        ..Spec::new("stats", 2, function::stats)
    },
];

static SCRIPT: &[Spec] = &[
    Spec {
        flags: flag::NOSCRIPT,
        acl: acl::SCRIPTING,
        group: "scripting",
        since: "3.2.0",
        summary: "Sets the debug mode of server-side Lua scripts.",
        args: &[
            Arg::one_of("mode", &[Arg::word("yes", "YES"), Arg::word("sync", "SYNC"), Arg::word("no", "NO")]),
            Arg::string("engine").optional().since("9.1.0"),
        ],
        ..Spec::new("debug", -3, script::debug)
    },
    Spec {
        flags: flag::NOSCRIPT | flag::STALE,
        acl: acl::SCRIPTING,
        tips: &["request_policy:all_shards", "response_policy:agg_logical_and"],
        group: "scripting",
        since: "2.6.0",
        summary: "Determines whether server-side Lua scripts exist in the script cache.",
        complexity: "O(N) with N being the number of scripts to check (so checking a single script is an O(1) operation).",
        args: &[Arg::string("sha1").multiple()],
        ..Spec::new("exists", -3, script::exists)
    },
    Spec {
        flags: flag::NOSCRIPT | flag::STALE,
        acl: acl::SCRIPTING,
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        history: &[("6.2.0", "Added the `ASYNC` and `SYNC` flushing mode modifiers.")],
        group: "scripting",
        since: "2.6.0",
        summary: "Removes all server-side Lua scripts from the script cache.",
        complexity: "O(N) with N being the number of scripts in cache",
        args: &[Arg::one_of("flush-type", &[Arg::word("async", "ASYNC"), Arg::word("sync", "SYNC")])
            .optional()
            .since("6.2.0")],
        ..Spec::new("flush", -2, script::flush)
    },
    Spec {
        flags: flag::LOADING | flag::STALE,
        acl: acl::SCRIPTING,
        group: "scripting",
        since: "5.0.0",
        summary: "Returns helpful text about the different subcommands.",
        ..Spec::new("help", 2, script::help)
    },
    Spec {
        flags: flag::NOSCRIPT | flag::ALLOW_BUSY,
        acl: acl::SCRIPTING,
        tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
        group: "scripting",
        since: "2.6.0",
        summary: "Terminates a server-side Lua script during execution.",
        ..Spec::new("kill", 2, script::kill)
    },
    Spec {
        flags: flag::NOSCRIPT | flag::STALE,
        acl: acl::SCRIPTING,
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        group: "scripting",
        since: "2.6.0",
        summary: "Loads a server-side Lua script to the script cache.",
        complexity: "O(N) with N being the length in bytes of the script body.",
        args: &[Arg::string("script")],
        ..Spec::new("load", 3, script::load)
    },
    Spec {
        flags: flag::NOSCRIPT | flag::STALE,
        acl: acl::SCRIPTING,
        group: "scripting",
        since: "8.0.0",
        summary: "Show server-side Lua script in the script cache.",
        complexity: "O(1).",
        args: &[Arg::string("sha1")],
        ..Spec::new("show", 3, script::show)
    },
];
