//! The rows of XINFO.

use crate::command::spec::{Arg, Keys, Spec, acl, flag};
use crate::command::stream::{help, info};

pub(super) const TABLE: &[Spec] = &[Spec {
    group: "stream",
    since: "5.0.0",
    summary: "A container for stream introspection commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[
        Spec {
            flags: flag::READONLY,
            acl: acl::STREAM,
            keys: Keys::Range { first: 2, last: 2, step: 1 },
            key_use: "RO access",
            tips: &["nondeterministic_output"],
            history: &[("7.2.0", "Added the `inactive` field, and changed the meaning of `idle`.")],
            group: "stream",
            since: "5.0.0",
            summary: "Returns a list of the consumers in a consumer group.",
            complexity: "O(1)",
            args: &[Arg::key(), Arg::string("group")],
            ..Spec::new("consumers", 4, info::consumers)
        },
        Spec {
            flags: flag::READONLY,
            acl: acl::STREAM,
            keys: Keys::Range { first: 2, last: 2, step: 1 },
            key_use: "RO access",
            history: &[("7.0.0", "Added the `entries-read` and `lag` fields")],
            group: "stream",
            since: "5.0.0",
            summary: "Returns a list of the consumer groups of a stream.",
            complexity: "O(1)",
            args: &[Arg::key()],
            ..Spec::new("groups", 3, info::groups)
        },
        Spec {
            flags: flag::LOADING | flag::STALE,
            acl: acl::STREAM,
            group: "stream",
            since: "5.0.0",
            summary: "Returns helpful text about the different subcommands.",
            complexity: "O(1)",
            ..Spec::new("help", 2, help::xinfo)
        },
        Spec {
            flags: flag::READONLY,
            acl: acl::STREAM,
            keys: Keys::Range { first: 2, last: 2, step: 1 },
            key_use: "RO access",
            history: &[
                ("6.0.0", "Added the `FULL` modifier."),
                (
                    "7.0.0",
                    "Added the `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag` fields",
                ),
                ("7.2.0", "Added the `active-time` field, and changed the meaning of `seen-time`."),
            ],
            group: "stream",
            since: "5.0.0",
            summary: "Returns information about a stream.",
            complexity: "O(1)",
            args: &[
                Arg::key(),
                Arg::block(
                    "full-block",
                    &[Arg::word("full", "FULL"), Arg::integer("count").token("COUNT").optional()],
                )
                .optional(),
            ],
            ..Spec::new("stream", -3, info::stream)
        },
    ],
    ..Spec::new("xinfo", -2, help::xinfo)
}];
