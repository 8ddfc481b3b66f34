//! The rows of DUMP and RESTORE.

use crate::command::keys::restore;
use crate::command::spec::{Arg, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::READONLY,
        acl: acl::KEYSPACE,
        keys: Keys::ONE,
        key_use: "RO access",
        tips: &["nondeterministic_output"],
        group: "generic",
        since: "2.6.0",
        summary: "Returns a serialized representation of the value stored at a key.",
        complexity: "O(1) to access the key and additional O(N*M) to serialize it, where N is the \
number of objects composing the value and M their average size. For small string values the time complexity is \
thus O(1)+O(1*M) where M is small, so simply O(1).",
        args: &[Arg::key()],
        ..Spec::new("dump", 2, restore::dump)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::KEYSPACE | acl::DANGEROUS,
        keys: Keys::ONE,
        key_use: "OW update",
        history: &[
            ("3.0.0", "Added the `REPLACE` modifier."),
            ("5.0.0", "Added the `ABSTTL` modifier."),
            ("5.0.0", "Added the `IDLETIME` and `FREQ` options."),
        ],
        group: "generic",
        since: "2.6.0",
        summary: "Creates a key from the serialized representation of a value.",
        complexity: "O(1) to create the new key and additional O(N*M) to reconstruct the serialized \
value, where N is the number of objects composing the value and M their average size. For small string values the \
time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity \
is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)).",
        args: &[
            Arg::key(),
            Arg::integer("ttl"),
            Arg::string("serialized-value"),
            Arg::word("replace", "REPLACE").optional().since("3.0.0"),
            Arg::word("absttl", "ABSTTL").optional().since("5.0.0"),
            Arg::integer("seconds").token("IDLETIME").optional().since("5.0.0"),
            Arg::integer("frequency").token("FREQ").optional().since("5.0.0"),
        ],
        ..Spec::new("restore", -4, restore::restore)
    },
];
