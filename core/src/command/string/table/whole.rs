//! The rows of the commands that read and write whole values of one key.

use crate::command::spec::{Arg, ArgKind, KeySpec, Keys, Spec, acl, flag};
use crate::command::string::{compare, get, set};

/// One key and nothing else.
const KEY: &[Arg] = &[Arg::key()];

/// A key and its value.
const DATA: &[Arg] = &[Arg::key(), Arg::string("value")];

/// What DELEX asks of the value.
const COMPARISON: Arg = Arg::one_of(
    "condition",
    &[
        Arg::string("ifeq-value").token("IFEQ"),
        Arg::string("ifne-value").token("IFNE"),
        Arg::string("ifdeq-digest").token("IFDEQ"),
        Arg::string("ifdne-digest").token("IFDNE"),
    ],
)
.optional();

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "string",
        since: "1.0.0",
        summary: "Returns the string value of a key.",
        args: KEY,
        ..Spec::new("get", 2, get::get)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RW access update",
        key_specs: &[KeySpec {
            keys: Keys::ONE,
            key_use: "RW access update",
            notes: "RW and UPDATE because it changes the TTL",
        }],
        group: "string",
        since: "6.2.0",
        summary: "Returns the string value of a key after setting its expiration time.",
        args: &[
            Arg::key(),
            Arg::one_of(
                "expiration",
                &[
                    Arg::integer("seconds").token("EX"),
                    Arg::integer("milliseconds").token("PX"),
                    Arg::new("unix-time-seconds", ArgKind::UnixTime).token("EXAT"),
                    Arg::new("unix-time-milliseconds", ArgKind::UnixTime).token("PXAT"),
                    Arg::word("persist", "PERSIST"),
                ],
            )
            .optional(),
        ],
        ..Spec::new("getex", -2, get::getex)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RW access delete",
        group: "string",
        since: "6.2.0",
        summary: "Returns the string value of a key after deleting the key.",
        args: KEY,
        ..Spec::new("getdel", 2, get::getdel)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RW access update",
        group: "string",
        since: "1.0.0",
        summary: "Returns the previous string value of a key after setting it to a new value.",
        args: DATA,
        ..Spec::new("getset", 3, get::getset)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RW access update variable_flags",
        key_use_of: Some(set::key_use),
        key_specs: &[KeySpec {
            keys: Keys::ONE,
            key_use: "RW access update variable_flags",
            notes: "RW and ACCESS due to the optional `GET` argument",
        }],
        history: &[
            ("2.6.12", "Added the `EX`, `PX`, `NX` and `XX` options."),
            ("6.0.0", "Added the `KEEPTTL` option."),
            ("6.2.0", "Added the `GET`, `EXAT` and `PXAT` option."),
            ("7.0.0", "Allowed the `NX` and `GET` options to be used together."),
            ("8.1.0", "Added the `IFEQ` option."),
        ],
        group: "string",
        since: "1.0.0",
        summary: "Sets the string value of a key, ignoring its type. The key is created if it \
doesn't exist.",
        args: &[
            Arg::key(),
            Arg::string("value"),
            Arg::one_of(
                "condition",
                &[
                    Arg::word("nx", "NX").since("2.6.12"),
                    Arg::word("xx", "XX").since("2.6.12"),
                    Arg::string("comparison-value").token("IFEQ").since("8.1.0").summary(
                        "Sets the key's value only if the current value matches the specified comparison \
value.",
                    ),
                ],
            )
            .optional(),
            Arg::word("get", "GET").optional().since("6.2.0"),
            Arg::one_of(
                "expiration",
                &[
                    Arg::integer("seconds").token("EX").since("2.6.12"),
                    Arg::integer("milliseconds").token("PX").since("2.6.12"),
                    Arg::new("unix-time-seconds", ArgKind::UnixTime).token("EXAT").since("6.2.0"),
                    Arg::new("unix-time-milliseconds", ArgKind::UnixTime).token("PXAT").since("6.2.0"),
                    Arg::word("keepttl", "KEEPTTL").since("6.0.0"),
                ],
            )
            .optional(),
        ],
        ..Spec::new("set", -3, set::set)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "OW insert",
        group: "string",
        since: "1.0.0",
        summary: "Sets the string value of a key only when the key doesn't exist.",
        args: DATA,
        ..Spec::new("setnx", 3, set::setnx)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "OW update",
        group: "string",
        since: "2.0.0",
        summary: "Sets the string value and expiration time of a key. Creates the key if it \
doesn't exist.",
        args: &[Arg::key(), Arg::integer("seconds"), Arg::string("value")],
        ..Spec::new("setex", 4, set::setex)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "OW update",
        group: "string",
        since: "2.6.0",
        summary: "Sets both string value and expiration time in milliseconds of a key. The key is \
created if it doesn't exist.",
        args: &[Arg::key(), Arg::integer("milliseconds"), Arg::string("value")],
        ..Spec::new("psetex", 4, set::psetex)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RM delete",
        group: "string",
        since: "9.0.0",
        summary: "Delete key if value matches string.",
        args: DATA,
        ..Spec::new("delifeq", 3, compare::delifeq)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RW delete variable_flags",
        group: "string",
        since: "8.4.0",
        summary: "Conditionally removes the specified key based on value or digest comparison.",
        complexity: "O(1) for IFEQ/IFNE, O(N) for IFDEQ/IFDNE where N is the length of the string value.",
        args: &[Arg::key(), COMPARISON],
        ..Spec::new("delex", -2, compare::delex)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "string",
        since: "8.4.0",
        summary: "Returns the XXH3 hash of a string value.",
        complexity: "O(N) where N is the length of the string value.",
        args: KEY,
        ..Spec::new("digest", 2, compare::digest)
    },
];
