//! The row of MIGRATE.

use polycache_core::command::spec::{Arg, KeySpec, Keys, Spec, acl, flag};

use super::migrate;

pub const TABLE: &[Spec] = &[Spec {
    flags: flag::WRITE | flag::MOVABLEKEYS,
    acl: acl::KEYSPACE | acl::DANGEROUS,
    keys: Keys::Range { first: 3, last: 3, step: 1 },
    key_use: "RW access delete",
    key_specs: &[
        KeySpec { keys: Keys::Range { first: 3, last: 3, step: 1 }, key_use: "RW access delete", notes: "" },
        KeySpec {
            keys: Keys::Keyword { word: "KEYS", from: -2, limit: 0 },
            key_use: "RW access delete incomplete",
            notes: "",
        },
    ],
    tips: &["nondeterministic_output"],
    history: &[
        ("3.0.0", "Added the `COPY` and `REPLACE` options."),
        ("3.0.6", "Added the `KEYS` option."),
        ("4.0.7", "Added the `AUTH` option."),
        ("6.0.0", "Added the `AUTH2` option."),
    ],
    group: "generic",
    since: "2.6.0",
    summary: "Atomically transfers a key from one instance to another.",
    complexity: "This command actually executes a DUMP+DEL in the source instance, and a RESTORE in the target \
instance. See the pages of these commands for time complexity. Also an O(N) data transfer between the two instances is \
performed.",
    args: &[
        Arg::string("host"),
        Arg::integer("port"),
        Arg::one_of("key-selector", &[Arg::key(), Arg::word("empty-string", "")]),
        Arg::integer("destination-db"),
        Arg::integer("timeout"),
        Arg::word("copy", "COPY").optional().since("3.0.0"),
        Arg::word("replace", "REPLACE").optional().since("3.0.0"),
        Arg::one_of(
            "authentication",
            &[
                Arg { token: "AUTH", ..Arg::string("auth").display("password").since("4.0.7") },
                Arg {
                    token: "AUTH2",
                    ..Arg::block("auth2", &[Arg::string("username"), Arg::string("password")]).since("6.0.0")
                },
            ],
        )
        .optional(),
        Arg { name: "keys", display: "key", ..Arg::key() }
            .token("KEYS")
            .optional()
            .multiple()
            .key_spec(1)
            .since("3.0.6"),
    ],
    ..Spec::new("migrate", -6, migrate)
}];
