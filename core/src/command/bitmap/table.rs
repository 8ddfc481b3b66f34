//! The rows of the bitmap commands.

use super::{bit, combine, count, field, position};
use crate::command::spec::{Arg, ArgKind, KeySpec, Keys, Spec, acl, flag};

/// The family's rows.
pub const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::BITMAP,
        keys: Keys::ONE,
        key_use: "RW access update",
        group: "bitmap",
        since: "2.2.0",
        summary: "Sets or clears the bit at offset of the string value. Creates the key if it \
doesn't exist.",
        args: &[Arg::key(), Arg::integer("offset"), Arg::integer("value")],
        ..Spec::new("setbit", 4, bit::setbit)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::BITMAP,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "bitmap",
        since: "2.2.0",
        summary: "Returns a bit value by offset.",
        args: &[Arg::key(), Arg::integer("offset")],
        ..Spec::new("getbit", 3, bit::getbit)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::BITMAP,
        keys: Keys::ONE,
        key_use: "RO access",
        history: &[
            ("7.0.0", "Added the `BYTE|BIT` option."),
            (
                "8.0.0",
                "`end` made optional; when called without argument the command reports the last \
BYTE.",
            ),
        ],
        group: "bitmap",
        since: "2.6.0",
        summary: "Counts the number of set bits (population counting) in a string.",
        complexity: "O(N)",
        args: &[
            Arg::key(),
            Arg::block(
                "range",
                &[
                    Arg::integer("start"),
                    Arg::block(
                        "end-unit-block",
                        &[
                            Arg::integer("end"),
                            Arg::one_of("unit", &[Arg::word("byte", "BYTE"), Arg::word("bit", "BIT")])
                                .optional()
                                .since("7.0.0"),
                        ],
                    )
                    .optional(),
                ],
            )
            .optional(),
        ],
        ..Spec::new("bitcount", -2, count::bitcount)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::BITMAP,
        keys: Keys::ONE,
        key_use: "RO access",
        history: &[("7.0.0", "Added the `BYTE|BIT` option.")],
        group: "bitmap",
        since: "2.8.7",
        summary: "Finds the first set (1) or clear (0) bit in a string.",
        complexity: "O(N)",
        args: &[
            Arg::key(),
            Arg::integer("bit"),
            Arg::block(
                "range",
                &[
                    Arg::integer("start"),
                    Arg::block(
                        "end-unit-block",
                        &[
                            Arg::integer("end"),
                            Arg::one_of("unit", &[Arg::word("byte", "BYTE"), Arg::word("bit", "BIT")])
                                .optional()
                                .since("7.0.0"),
                        ],
                    )
                    .optional(),
                ],
            )
            .optional(),
        ],
        ..Spec::new("bitpos", -3, position::bitpos)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::BITMAP,
        keys: Keys::Range { first: 2, last: -1, step: 1 },
        key_use: "OW update",
        key_specs: &[
            KeySpec { keys: Keys::Range { first: 2, last: 2, step: 1 }, key_use: "OW update", notes: "" },
            KeySpec { keys: Keys::Range { first: 3, last: -1, step: 1 }, key_use: "RO access", notes: "" },
        ],
        group: "bitmap",
        since: "2.6.0",
        summary: "Performs bitwise operations on multiple strings, and stores the result.",
        complexity: "O(N)",
        args: &[
            Arg::one_of(
                "operation",
                &[
                    Arg::word("and", "AND"),
                    Arg::word("or", "OR"),
                    Arg::word("xor", "XOR"),
                    Arg::word("not", "NOT"),
                ],
            ),
            Arg::new("destkey", ArgKind::Key),
            Arg::key().key_spec(1).multiple(),
        ],
        ..Spec::new("bitop", -4, combine::bitop)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::BITMAP,
        keys: Keys::ONE,
        key_use: "RW access update variable_flags",
        key_use_of: Some(field::key_use),
        key_specs: &[KeySpec {
            keys: Keys::ONE,
            key_use: "RW access update variable_flags",
            notes: "This command allows both access and modification of the key",
        }],
        group: "bitmap",
        since: "3.2.0",
        summary: "Performs arbitrary bitfield integer operations on strings.",
        complexity: "O(1) for each subcommand specified",
        args: &[
            Arg::key(),
            Arg::one_of(
                "operation",
                &[
                    Arg::block("get-block", &[Arg::string("encoding"), Arg::integer("offset")]).token("GET"),
                    Arg::block(
                        "write",
                        &[
                            Arg::one_of(
                                "overflow-block",
                                &[
                                    Arg::word("wrap", "WRAP"),
                                    Arg::word("sat", "SAT"),
                                    Arg::word("fail", "FAIL"),
                                ],
                            )
                            .token("OVERFLOW")
                            .optional(),
                            Arg::one_of(
                                "write-operation",
                                &[
                                    Arg::block(
                                        "set-block",
                                        &[
                                            Arg::string("encoding"),
                                            Arg::integer("offset"),
                                            Arg::integer("value"),
                                        ],
                                    )
                                    .token("SET"),
                                    Arg::block(
                                        "incrby-block",
                                        &[
                                            Arg::string("encoding"),
                                            Arg::integer("offset"),
                                            Arg::integer("increment"),
                                        ],
                                    )
                                    .token("INCRBY"),
                                ],
                            ),
                        ],
                    ),
                ],
            )
            .optional()
            .multiple(),
        ],
        ..Spec::new("bitfield", -2, field::bitfield)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::BITMAP,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "bitmap",
        since: "6.0.0",
        summary: "Performs arbitrary read-only bitfield integer operations on strings.",
        complexity: "O(1) for each subcommand specified",
        args: &[
            Arg::key(),
            Arg::block("get-block", &[Arg::string("encoding"), Arg::integer("offset")])
                .token("GET")
                .optional()
                .multiple_token(),
        ],
        ..Spec::new("bitfield_ro", -2, field::bitfield_ro)
    },
];
