//! The events of commands, in Valkey's words.

use super::class::{EVICTED, EXPIRED, GENERIC, HASH, LIST, SET, SORTED_SET, STREAM, STRING};
use super::{EVICTING, EXPIRING, EXPIRING_FIELDS, KEEPING, QUIET};

/// What a change by some command is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A new value is this event; a removal is `del`.
    Whole(u32, &'static str),
    /// A change of elements is this event; if it empties the key, `del` follows.
    Elements(u32, &'static str),
    /// A removal is this event.
    Removal(u32, &'static str),
    /// The handler announces everything itself.
    Quiet,
    /// As the effect in the log says.
    ByEffect,
}

/// The rule for a command, or for one of the words for what is no command.
pub(crate) fn rule(command: &str) -> Rule {
    use Rule::{ByEffect, Elements, Quiet, Removal, Whole};
    match command {
        "set" | "setnx" | "mset" | "msetnx" | "msetex" | "getset" | "setex" | "psetex" => {
            Whole(STRING, "set")
        }
        KEEPING => Whole(STRING, "set"),
        "append" => Whole(STRING, "append"),
        "setrange" => Whole(STRING, "setrange"),
        "incr" | "decr" | "incrby" | "decrby" => Whole(STRING, "incrby"),
        "incrbyfloat" => Whole(STRING, "incrbyfloat"),
        "setbit" | "bitfield" => Whole(STRING, "setbit"),
        "bitop" => Whole(STRING, "set"),
        "pfadd" | "pfmerge" => Whole(STRING, "pfadd"),
        "lpush" | "lpushx" => Whole(LIST, "lpush"),
        "rpush" | "rpushx" => Whole(LIST, "rpush"),
        "linsert" => Whole(LIST, "linsert"),
        "lset" => Whole(LIST, "lset"),
        "ltrim" => Elements(LIST, "ltrim"),
        "lrem" => Elements(LIST, "lrem"),
        "sort" => Whole(LIST, "sortstore"),
        "sadd" => Whole(SET, "sadd"),
        "srem" => Elements(SET, "srem"),
        "spop" => Elements(SET, "spop"),
        "sinterstore" => Whole(SET, "sinterstore"),
        "sunionstore" => Whole(SET, "sunionstore"),
        "sdiffstore" => Whole(SET, "sdiffstore"),
        "hset" | "hmset" | "hsetnx" | "hsetex" => Whole(HASH, "hset"),
        "hincrby" => Whole(HASH, "hincrby"),
        "hincrbyfloat" => Whole(HASH, "hincrbyfloat"),
        "hdel" | "hgetdel" => Elements(HASH, "hdel"),
        "hexpire" | "hpexpire" | "hexpireat" | "hpexpireat" => Whole(HASH, "hexpire"),
        "hpersist" => Whole(HASH, "hpersist"),
        EXPIRING_FIELDS => Elements(HASH, "hexpired"),
        "zadd" | "geoadd" => Whole(SORTED_SET, "zadd"),
        "zincrby" => Whole(SORTED_SET, "zincr"),
        "zrem" => Elements(SORTED_SET, "zrem"),
        "zremrangebyrank" => Elements(SORTED_SET, "zremrangebyrank"),
        "zremrangebyscore" => Elements(SORTED_SET, "zremrangebyscore"),
        "zremrangebylex" => Elements(SORTED_SET, "zremrangebylex"),
        "zpopmin" => Elements(SORTED_SET, "zpopmin"),
        "zpopmax" => Elements(SORTED_SET, "zpopmax"),
        "zunionstore" => Whole(SORTED_SET, "zunionstore"),
        "zinterstore" => Whole(SORTED_SET, "zinterstore"),
        "zdiffstore" => Whole(SORTED_SET, "zdiffstore"),
        "zrangestore" => Whole(SORTED_SET, "zrangestore"),
        "geosearchstore" => Whole(SORTED_SET, "geosearchstore"),
        "georadius" | "georadiusbymember" => Whole(SORTED_SET, "georadiusstore"),
        "xadd" => Whole(STREAM, "xadd"),
        "xtrim" => Whole(STREAM, "xtrim"),
        "xdel" | "xdelex" | "xackdel" => Whole(STREAM, "xdel"),
        "xsetid" => Whole(STREAM, "xsetid"),
        "create" => Whole(STREAM, "xgroup-create"),
        "setid" => Whole(STREAM, "xgroup-setid"),
        "destroy" => Whole(STREAM, "xgroup-destroy"),
        "createconsumer" => Whole(STREAM, "xgroup-createconsumer"),
        "delconsumer" => Whole(STREAM, "xgroup-delconsumer"),
        "copy" => Whole(GENERIC, "copy_to"),
        "restore" | "restore-asking" => Whole(GENERIC, "restore"),
        EVICTING => Removal(EVICTED, "evicted"),
        EXPIRING => Removal(EXPIRED, "expired"),
        // Pops and moves say what they did to which end; renaming is told of both keys at once.
        QUIET | "lpop" | "rpop" | "lmpop" | "blpop" | "brpop" | "blmpop" | "lmove" | "rpoplpush"
        | "blmove" | "brpoplpush" | "zmpop" | "bzpopmin" | "bzpopmax" | "bzmpop" | "smove" | "rename"
        | "renamenx" | "move" | "xreadgroup" | "xclaim" | "xautoclaim" | "xack" | "pfcount" => Quiet,
        _ => ByEffect,
    }
}

/// The rule that the first word of an effect means.
pub(crate) fn rule_of_effect(word: &[u8]) -> Rule {
    match word {
        b"PEXPIREAT" => Rule::Whole(GENERIC, "expire"),
        b"PERSIST" => Rule::Whole(GENERIC, "persist"),
        b"HPEXPIREAT" => Rule::Whole(HASH, "hexpire"),
        b"HPERSIST" => Rule::Whole(HASH, "hpersist"),
        _ => match std::str::from_utf8(word).map(|word| rule(&word.to_ascii_lowercase())) {
            Ok(rule) if rule != Rule::ByEffect => rule,
            _ => Rule::Whole(STRING, "set"),
        },
    }
}
