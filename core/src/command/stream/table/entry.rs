//! The rows of the commands on entries.

use crate::command::spec::{Arg, KeySpec, Keys, Spec, acl, flag};
use crate::command::stream::{add, delete, range, read, trim};

/// Redis' choice of what becomes of references to entries.
pub(super) const REFERENCES: Arg = Arg::one_of(
    "condition",
    &[Arg::word("keepref", "KEEPREF"), Arg::word("delref", "DELREF"), Arg::word("acked", "ACKED")],
)
.optional()
.since("8.2.0");

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::STREAM,
        keys: Keys::ONE,
        key_use: "RW update",
        key_specs: &[KeySpec {
            keys: Keys::ONE,
            key_use: "RW update",
            notes: "UPDATE instead of INSERT because of the optional trimming feature",
        }],
        tips: &["nondeterministic_output"],
        history: &[
            ("6.2.0", "Added the `NOMKSTREAM` option, `MINID` trimming strategy and the `LIMIT` option."),
            ("7.0.0", "Added support for the `<ms>-*` explicit ID form."),
        ],
        group: "stream",
        since: "5.0.0",
        summary: "Appends a new message to a stream. Creates the key if it doesn't exist.",
        complexity: "O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.",
        args: &[
            Arg::key(),
            Arg::word("nomkstream", "NOMKSTREAM").optional().since("6.2.0"),
            Arg::block(
                "trim",
                &[
                    Arg::one_of(
                        "strategy",
                        &[Arg::word("maxlen", "MAXLEN"), Arg::word("minid", "MINID").since("6.2.0")],
                    ),
                    Arg::one_of("operator", &[Arg::word("equal", "="), Arg::word("approximately", "~")])
                        .optional(),
                    Arg::string("threshold"),
                    Arg::integer("count").token("LIMIT").optional().since("6.2.0"),
                ],
            )
            .optional(),
            Arg::one_of("id-selector", &[Arg::word("auto-id", "*"), Arg::string("id")]),
            Arg::block("data", &[Arg::string("field"), Arg::string("value")]).multiple(),
        ],
        ..Spec::new("xadd", -5, add::xadd)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::STREAM,
        keys: Keys::ONE,
        key_use: "RW delete",
        group: "stream",
        since: "5.0.0",
        summary: "Returns the number of messages after removing them from a stream.",
        complexity: "O(1) for each single item to delete in the stream, regardless of the stream size.",
        args: &[Arg::key(), Arg::string("id").multiple()],
        ..Spec::new("xdel", -3, delete::xdel)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::STREAM,
        keys: Keys::ONE,
        key_use: "RW delete",
        group: "stream",
        since: "8.2.0",
        summary: "Deletes messages from a stream, with a choice of what becomes of the references that consumer groups have.",
        complexity: "O(1) for each ID and group.",
        args: &[
            Arg::key(),
            REFERENCES,
            Arg::block("ids", &[Arg::integer("numids"), Arg::string("id").multiple()]).token("IDS"),
        ],
        ..Spec::new("xdelex", -5, delete::xdelex)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::STREAM,
        keys: Keys::ONE,
        key_use: "RO",
        group: "stream",
        since: "5.0.0",
        summary: "Returns the number of messages in a stream.",
        complexity: "O(1)",
        args: &[Arg::key()],
        ..Spec::new("xlen", 2, add::xlen)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::STREAM,
        keys: Keys::ONE,
        key_use: "RO access",
        history: &[("6.2.0", "Added exclusive ranges.")],
        group: "stream",
        since: "5.0.0",
        summary: "Returns the messages from a stream within a range of IDs.",
        complexity: "O(N) with N being the number of elements being returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).",
        args: &[
            Arg::key(),
            Arg::string("start"),
            Arg::string("end"),
            Arg::integer("count").token("COUNT").optional(),
        ],
        ..Spec::new("xrange", -4, range::xrange)
    },
    Spec {
        flags: flag::READONLY | flag::BLOCKING | flag::MOVABLEKEYS,
        acl: acl::STREAM,
        keys: Keys::Keyword { word: "STREAMS", from: 1, limit: 2 },
        key_use: "RO access",
        group: "stream",
        since: "5.0.0",
        summary: "Returns messages from multiple streams with IDs greater than the ones requested. Blocks until a message is available otherwise.",
        complexity: "",
        args: &[
            Arg::integer("count").token("COUNT").optional(),
            Arg::integer("milliseconds").token("BLOCK").optional(),
            Arg::block("streams", &[Arg::key().multiple(), Arg::string("id").multiple()]).token("STREAMS"),
        ],
        ..Spec::new("xread", -4, read::xread)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::STREAM,
        keys: Keys::ONE,
        key_use: "RO access",
        history: &[("6.2.0", "Added exclusive ranges.")],
        group: "stream",
        since: "5.0.0",
        summary: "Returns the messages from a stream within a range of IDs in reverse order.",
        complexity: "O(N) with N being the number of elements returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).",
        args: &[
            Arg::key(),
            Arg::string("end"),
            Arg::string("start"),
            Arg::integer("count").token("COUNT").optional(),
        ],
        ..Spec::new("xrevrange", -4, range::xrevrange)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::STREAM,
        keys: Keys::ONE,
        key_use: "RW update",
        history: &[("7.0.0", "Added the `entries_added` and `max_deleted_entry_id` arguments.")],
        group: "stream",
        since: "5.0.0",
        summary: "An internal command for replicating stream values.",
        complexity: "O(1)",
        args: &[
            Arg::key(),
            Arg::string("last-id"),
            Arg::integer("entries-added").token("ENTRIESADDED").optional().since("7.0.0"),
            Arg::string("max-deleted-id").token("MAXDELETEDID").optional().since("7.0.0"),
        ],
        ..Spec::new("xsetid", -3, add::xsetid)
    },
    Spec {
        flags: flag::WRITE,
        acl: acl::STREAM,
        keys: Keys::ONE,
        key_use: "RW delete",
        tips: &["nondeterministic_output"],
        history: &[("6.2.0", "Added the `MINID` trimming strategy and the `LIMIT` option.")],
        group: "stream",
        since: "5.0.0",
        summary: "Deletes messages from the beginning of a stream.",
        complexity: "O(N), with N being the number of evicted entries. Constant times are very small however, since entries are organized in macro nodes containing multiple entries that can be released with a single deallocation.",
        args: &[
            Arg::key(),
            Arg::block(
                "trim",
                &[
                    Arg::one_of(
                        "strategy",
                        &[Arg::word("maxlen", "MAXLEN"), Arg::word("minid", "MINID").since("6.2.0")],
                    ),
                    Arg::one_of("operator", &[Arg::word("equal", "="), Arg::word("approximately", "~")])
                        .optional(),
                    Arg::string("threshold"),
                    Arg::integer("count").token("LIMIT").optional().since("6.2.0"),
                ],
            ),
        ],
        ..Spec::new("xtrim", -4, trim::xtrim)
    },
];
