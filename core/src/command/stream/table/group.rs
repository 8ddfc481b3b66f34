//! The rows of the commands on consumer groups.

use super::entry::REFERENCES;
use crate::command::spec::{Arg, ArgKind, Keys, Spec, acl, flag};
use crate::command::stream::{claim, delete, group, help, pending, read_group};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::STREAM,
        keys: Keys::ONE,
        key_use: "RW update",
        group: "stream",
        since: "5.0.0",
        summary: "Returns the number of messages that were successfully acknowledged by the consumer group member of a stream.",
        complexity: "O(1) for each message ID processed.",
        args: &[Arg::key(), Arg::string("group"), Arg::string("id").multiple()],
        ..Spec::new("xack", -4, pending::xack)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::STREAM,
        keys: Keys::ONE,
        key_use: "RW update delete",
        group: "stream",
        since: "8.2.0",
        summary: "Acknowledges messages for a consumer group and deletes them from the stream, with a choice of what becomes of the references that other groups have.",
        complexity: "O(1) for each ID and group.",
        args: &[
            Arg::key(),
            Arg::string("group"),
            REFERENCES,
            Arg::block("ids", &[Arg::integer("numids"), Arg::string("id").multiple()]).token("IDS"),
        ],
        ..Spec::new("xackdel", -6, delete::xackdel)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::STREAM,
        keys: Keys::ONE,
        key_use: "RW delete",
        tips: &["nondeterministic_output"],
        history: &[(
            "7.0.0",
            "Added an element to the reply array, containing deleted entries the command cleared from the PEL",
        )],
        group: "stream",
        since: "6.2.0",
        summary: "Changes, or acquires, ownership of messages in a consumer group, as if the messages were delivered to a consumer group member.",
        complexity: "O(1) if COUNT is small.",
        args: &[
            Arg::key(),
            Arg::string("group"),
            Arg::string("consumer"),
            Arg::string("min-idle-time"),
            Arg::string("start"),
            Arg::integer("count").token("COUNT").optional(),
            Arg::word("justid", "JUSTID").optional(),
        ],
        ..Spec::new("xautoclaim", -6, claim::xautoclaim)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::STREAM,
        keys: Keys::ONE,
        key_use: "RW update",
        tips: &["nondeterministic_output"],
        group: "stream",
        since: "5.0.0",
        summary: "Changes, or acquires, ownership of a message in a consumer group, as if the message was delivered to a consumer group member.",
        complexity: "O(log N) with N being the number of messages in the PEL of the consumer group.",
        args: &[
            Arg::key(),
            Arg::string("group"),
            Arg::string("consumer"),
            Arg::string("min-idle-time"),
            Arg::string("id").multiple(),
            Arg::integer("ms").token("IDLE").optional(),
            Arg::new("unix-time-milliseconds", ArgKind::UnixTime).token("TIME").optional(),
            Arg::integer("count").token("RETRYCOUNT").optional(),
            Arg::word("force", "FORCE").optional(),
            Arg::word("justid", "JUSTID").optional(),
            Arg::string("lastid").token("LASTID").optional(),
        ],
        ..Spec::new("xclaim", -6, claim::xclaim)
    },
    Spec {
        group: "stream",
        since: "5.0.0",
        summary: "A container for consumer groups commands.",
        complexity: "Depends on subcommand.",
        subcommands: &[
            Spec {
                flags: flag::WRITE | flag::DENYOOM,
                acl: acl::STREAM,
                keys: Keys::Range { first: 2, last: 2, step: 1 },
                key_use: "RW insert",
                history: &[("7.0.0", "Added the `entries_read` named argument.")],
                group: "stream",
                since: "5.0.0",
                summary: "Creates a consumer group.",
                complexity: "O(1)",
                args: &[
                    Arg::key(),
                    Arg::string("group"),
                    Arg::one_of("id-selector", &[Arg::string("id"), Arg::word("new-id", "$")]),
                    Arg::word("mkstream", "MKSTREAM").optional(),
                    Arg::integer("entriesread").display("entries-read").token("ENTRIESREAD").optional(),
                ],
                ..Spec::new("create", -5, group::create)
            },
            Spec {
                flags: flag::WRITE | flag::DENYOOM,
                acl: acl::STREAM,
                keys: Keys::Range { first: 2, last: 2, step: 1 },
                key_use: "RW insert",
                group: "stream",
                since: "6.2.0",
                summary: "Creates a consumer in a consumer group.",
                complexity: "O(1)",
                args: &[Arg::key(), Arg::string("group"), Arg::string("consumer")],
                ..Spec::new("createconsumer", 5, group::createconsumer)
            },
            Spec {
                flags: flag::WRITE,
                acl: acl::STREAM,
                keys: Keys::Range { first: 2, last: 2, step: 1 },
                key_use: "RW delete",
                group: "stream",
                since: "5.0.0",
                summary: "Deletes a consumer from a consumer group.",
                complexity: "O(1)",
                args: &[Arg::key(), Arg::string("group"), Arg::string("consumer")],
                ..Spec::new("delconsumer", 5, group::delconsumer)
            },
            Spec {
                flags: flag::WRITE,
                acl: acl::STREAM,
                keys: Keys::Range { first: 2, last: 2, step: 1 },
                key_use: "RW delete",
                group: "stream",
                since: "5.0.0",
                summary: "Destroys a consumer group.",
                complexity: "O(N) where N is the number of entries in the group's pending entries list (PEL).",
                args: &[Arg::key(), Arg::string("group")],
                ..Spec::new("destroy", 4, group::destroy)
            },
            Spec {
                flags: flag::LOADING | flag::STALE,
                acl: acl::STREAM,
                group: "stream",
                since: "5.0.0",
                summary: "Returns helpful text about the different subcommands.",
                complexity: "O(1)",
                ..Spec::new("help", 2, help::xgroup)
            },
            Spec {
                flags: flag::WRITE,
                acl: acl::STREAM,
                keys: Keys::Range { first: 2, last: 2, step: 1 },
                key_use: "RW update",
                history: &[("7.0.0", "Added the optional `entries_read` argument.")],
                group: "stream",
                since: "5.0.0",
                summary: "Sets the last-delivered ID of a consumer group.",
                complexity: "O(1)",
                args: &[
                    Arg::key(),
                    Arg::string("group"),
                    Arg::one_of("id-selector", &[Arg::string("id"), Arg::word("new-id", "$")]),
                    Arg::integer("entriesread").display("entries-read").token("ENTRIESREAD").optional(),
                ],
                ..Spec::new("setid", -5, group::setid)
            },
        ],
        ..Spec::new("xgroup", -2, help::xgroup)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::STREAM,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output"],
        history: &[("6.2.0", "Added the `IDLE` option and exclusive range intervals.")],
        group: "stream",
        since: "5.0.0",
        summary: "Returns the information and entries from a stream consumer group's pending entries list.",
        complexity: "O(N) with N being the number of elements returned, so asking for a small fixed number of entries per call is O(1). O(M), where M is the total number of entries scanned when used with the IDLE filter. When the command returns just the summary and the list of consumers is small, it runs in O(1) time; otherwise, an additional O(N) time for iterating every consumer.",
        args: &[
            Arg::key(),
            Arg::string("group"),
            Arg::block(
                "filters",
                &[
                    Arg::integer("min-idle-time").token("IDLE").optional().since("6.2.0"),
                    Arg::string("start"),
                    Arg::string("end"),
                    Arg::integer("count"),
                    Arg::string("consumer").optional(),
                ],
            )
            .optional(),
        ],
        ..Spec::new("xpending", -3, pending::xpending)
    },
    Spec {
        flags: flag::WRITE | flag::BLOCKING | flag::MOVABLEKEYS,
        acl: acl::STREAM,
        keys: Keys::Keyword { word: "STREAMS", from: 4, limit: 2 },
        key_use: "RO access",
        group: "stream",
        since: "5.0.0",
        summary: "Returns new or historical messages from a stream for a consumer in a group. Blocks until a message is available otherwise.",
        complexity: "For each stream mentioned: O(M) with M being the number of elements returned. If M is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1). On the other side when XREADGROUP blocks, XADD will pay the O(N) time in order to serve the N clients blocked on the stream getting new data.",
        args: &[
            Arg::block("group-block", &[Arg::string("group"), Arg::string("consumer")]).token("GROUP"),
            Arg::integer("count").token("COUNT").optional(),
            Arg::integer("milliseconds").token("BLOCK").optional(),
            Arg::word("noack", "NOACK").optional(),
            Arg::block("streams", &[Arg::key().multiple(), Arg::string("id").multiple()]).token("STREAMS"),
        ],
        ..Spec::new("xreadgroup", -7, read_group::xreadgroup)
    },
];
