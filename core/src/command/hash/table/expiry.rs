//! The rows of the commands on fields that expire.

use crate::command::hash::{expire, extended};
use crate::command::spec::{Arg, ArgKind, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW insert",
        group: "hash",
        since: "9.0.0",
        summary: "Sets the value of one or more fields of a given hash key, and optionally sets their expiration time.",
        complexity: "O(N) where N is the number of specified fields.",
        args: &[
            Arg::key(),
            Arg::one_of("key-condition", &[Arg::word("nx", "NX"), Arg::word("xx", "XX")]).optional(),
            Arg::one_of("fields-condition", &[Arg::word("fnx", "FNX"), Arg::word("fxx", "FXX")]).optional(),
            Arg::one_of(
                "expiration",
                &[
                    Arg::integer("seconds").token("EX"),
                    Arg::integer("milliseconds").token("PX"),
                    Arg::new("unix-time-seconds", ArgKind::UnixTime).token("EXAT"),
                    Arg::new("unix-time-milliseconds", ArgKind::UnixTime).token("PXAT"),
                    Arg::word("keepttl", "KEEPTTL"),
                ],
            )
            .optional(),
            Arg::block(
                "fields",
                &[
                    Arg::integer("numfields").key_spec(0),
                    Arg::block("data", &[Arg::string("field"), Arg::string("value")]).multiple(),
                ],
            )
            .token("FIELDS"),
        ],
        ..Spec::new("hsetex", -6, extended::hsetex)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW access update",
        group: "hash",
        since: "9.0.0",
        summary: "Gets the value of one or more fields of a given hash key, and optionally sets their expiration time or time-to-live (TTL).",
        complexity: "O(N) where N is the number of specified fields.",
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
            Arg::block("fields", &[Arg::integer("numfields").key_spec(0), Arg::string("field").multiple()])
                .token("FIELDS"),
        ],
        ..Spec::new("hgetex", -5, extended::hgetex)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW access delete",
        group: "hash",
        since: "9.1.0",
        summary: "Returns the values of one or more fields and deletes them from a hash.",
        complexity: "O(N) where N is the number of fields to be retrieved and deleted.",
        args: &[
            Arg::key(),
            Arg::block("fields", &[Arg::integer("numfields").key_spec(0), Arg::string("field").multiple()])
                .token("FIELDS"),
        ],
        ..Spec::new("hgetdel", -5, extended::hgetdel)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW update",
        group: "hash",
        since: "9.0.0",
        summary: "Sets expiry time on hash fields.",
        complexity: "O(N) where N is the number of specified fields.",
        args: &[
            Arg::key(),
            Arg::integer("seconds"),
            Arg::one_of(
                "condition",
                &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
            )
            .optional(),
            Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()])
                .token("FIELDS"),
        ],
        ..Spec::new("hexpire", -6, expire::hexpire)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW update",
        group: "hash",
        since: "9.0.0",
        summary: "Sets expiry time on hash object.",
        complexity: "O(N) where N is the number of specified fields.",
        args: &[
            Arg::key(),
            Arg::integer("milliseconds"),
            Arg::one_of(
                "condition",
                &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
            )
            .optional()
            .since("9.0.0"),
            Arg::block("fields", &[Arg::integer("numfields").key_spec(0), Arg::string("field").multiple()])
                .token("FIELDS"),
        ],
        ..Spec::new("hpexpire", -6, expire::hpexpire)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW update",
        group: "hash",
        since: "9.0.0",
        summary: "Sets expiry time on hash fields.",
        complexity: "O(N) where N is the number of specified fields.",
        args: &[
            Arg::key(),
            Arg::integer("unix-time-seconds"),
            Arg::one_of(
                "condition",
                &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
            )
            .optional()
            .since("9.0.0"),
            Arg::block("fields", &[Arg::integer("numfields").key_spec(0), Arg::string("field").multiple()])
                .token("FIELDS"),
        ],
        ..Spec::new("hexpireat", -6, expire::hexpireat)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW update",
        group: "hash",
        since: "9.0.0",
        summary: "Sets expiration time on hash field.",
        complexity: "O(N) where N is the number of specified fields.",
        args: &[
            Arg::key(),
            Arg::integer("unix-time-milliseconds"),
            Arg::one_of(
                "condition",
                &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
            )
            .optional()
            .since("9.0.0"),
            Arg::block("fields", &[Arg::integer("numfields").key_spec(0), Arg::string("field").multiple()])
                .token("FIELDS"),
        ],
        ..Spec::new("hpexpireat", -6, expire::hpexpireat)
    },
    Spec {
        flags: flag::WRITE | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RW update",
        group: "hash",
        since: "9.0.0",
        summary: "Remove the existing expiration on a hash key's field(s).",
        complexity: "O(N) where N is the number of specified fields.",
        args: &[
            Arg::key(),
            Arg::block("fields", &[Arg::integer("numfields").key_spec(0), Arg::string("field").multiple()])
                .token("FIELDS"),
        ],
        ..Spec::new("hpersist", -5, expire::hpersist)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "hash",
        since: "9.0.0",
        summary: "Returns the remaining time to live (in seconds) of a hash key's field(s) that have an associated expiration.",
        complexity: "O(N) where N is the number of specified fields.",
        args: &[
            Arg::key(),
            Arg::block("fields", &[Arg::integer("numfields").key_spec(0), Arg::string("field").multiple()])
                .token("FIELDS"),
        ],
        ..Spec::new("httl", -5, expire::httl)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "hash",
        since: "9.0.0",
        summary: "Returns the remaining time to live in milliseconds of a hash key's field(s) that have an associated expiration.",
        complexity: "O(N) where N is the number of specified fields.",
        args: &[
            Arg::key(),
            Arg::block("fields", &[Arg::integer("numfields").key_spec(0), Arg::string("field").multiple()])
                .token("FIELDS"),
        ],
        ..Spec::new("hpttl", -5, expire::hpttl)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "hash",
        since: "9.0.0",
        summary: "Returns Unix timestamps in seconds since the epoch at which the given key's field(s) will expire.",
        complexity: "O(N) where N is the number of specified fields.",
        args: &[
            Arg::key(),
            Arg::block("fields", &[Arg::integer("numfields").key_spec(0), Arg::string("field").multiple()])
                .token("FIELDS"),
        ],
        ..Spec::new("hexpiretime", -5, expire::hexpiretime)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::HASH,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "hash",
        since: "9.0.0",
        summary: "Returns the Unix timestamp in milliseconds since Unix epoch at which the given key's field(s) will expire.",
        complexity: "O(N) where N is the number of specified fields.",
        args: &[
            Arg::key(),
            Arg::block("fields", &[Arg::integer("numfields").key_spec(0), Arg::string("field").multiple()])
                .token("FIELDS"),
        ],
        ..Spec::new("hpexpiretime", -5, expire::hpexpiretime)
    },
];
