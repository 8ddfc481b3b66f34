//! The rows of the counters and of the commands on parts of a value.

use crate::command::spec::{Arg, ArgKind, Keys, Spec, acl, flag};
use crate::command::string::{counter, get, range};

/// One key and nothing else.
const KEY: &[Arg] = &[Arg::key()];

/// An inclusive range of a value.
const RANGE: &[Arg] = &[Arg::key(), Arg::integer("start"), Arg::integer("end")];

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RW access update",
        group: "string",
        since: "1.0.0",
        summary: "Increments the integer value of a key by one. Uses 0 as initial value if the \
key doesn't exist.",
        args: KEY,
        ..Spec::new("incr", 2, counter::incr)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RW access update",
        group: "string",
        since: "1.0.0",
        summary: "Decrements the integer value of a key by one. Uses 0 as initial value if the \
key doesn't exist.",
        args: KEY,
        ..Spec::new("decr", 2, counter::decr)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RW access update",
        group: "string",
        since: "1.0.0",
        summary: "Increments the integer value of a key by a number. Uses 0 as initial value if \
the key doesn't exist.",
        args: &[Arg::key(), Arg::integer("increment")],
        ..Spec::new("incrby", 3, counter::incrby)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RW access update",
        group: "string",
        since: "1.0.0",
        summary: "Decrements the integer value of a key by a number. Uses 0 as initial value if \
the key doesn't exist.",
        args: &[Arg::key(), Arg::integer("decrement")],
        ..Spec::new("decrby", 3, counter::decrby)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RW access update",
        group: "string",
        since: "2.6.0",
        summary: "Increments the floating point value of a key by a number. Uses 0 as initial \
value if the key doesn't exist.",
        args: &[Arg::key(), Arg::new("increment", ArgKind::Double)],
        ..Spec::new("incrbyfloat", 3, counter::incrbyfloat)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RW insert",
        group: "string",
        since: "2.0.0",
        summary: "Appends a string to the value of a key. Creates the key if it doesn't exist.",
        complexity: "O(1). The amortized time complexity is O(1) assuming the appended value is \
small and the already present value is of any size, since the dynamic string \
library used by the server will double the free space available on every \
reallocation.",
        args: &[Arg::key(), Arg::string("value")],
        ..Spec::new("append", 3, range::append)
    },
    Spec {
        flags: flag::READONLY | flag::FAST,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RO",
        group: "string",
        since: "2.2.0",
        summary: "Returns the length of a string value.",
        args: KEY,
        ..Spec::new("strlen", 2, get::strlen)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "string",
        since: "2.4.0",
        summary: "Returns a substring of the string stored at a key.",
        complexity: "O(N) where N is the length of the returned string. The complexity is ultimately \
determined by the returned length, but because creating a substring from an \
existing string is very cheap, it can be considered O(1) for small strings.",
        args: RANGE,
        ..Spec::new("getrange", 4, get::getrange)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "string",
        since: "1.0.0",
        summary: "Returns a substring from a string value.",
        complexity: "O(N) where N is the length of the returned string. The complexity is ultimately \
determined by the returned length, but because creating a substring from an \
existing string is very cheap, it can be considered O(1) for small strings.",
        args: RANGE,
        ..Spec::new("substr", 4, get::getrange)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::STRING,
        keys: Keys::ONE,
        key_use: "RW update",
        group: "string",
        since: "2.2.0",
        summary: "Overwrites a part of a string value with another by an offset. Creates the key \
if it doesn't exist.",
        complexity: "O(1), not counting the time taken to copy the new string in place. Usually, \
this string is very small so the amortized complexity is O(1). Otherwise, \
complexity is O(M) with M being the length of the value argument.",
        args: &[Arg::key(), Arg::integer("offset"), Arg::string("value")],
        ..Spec::new("setrange", 4, range::setrange)
    },
];
