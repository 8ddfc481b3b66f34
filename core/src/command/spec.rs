//! One row of the command table: all that is known of a command, defined once.
//!
//! Dispatch, arity, key extraction, ACL categories, COMMAND's replies and the docs read this row; nothing else
//! in the project lists commands.

use super::{Args, Handler};

/// Bits of [`Spec::flags`], named as COMMAND INFO names them.
pub mod flag {
    pub const WRITE: u32 = 1 << 0;
    pub const READONLY: u32 = 1 << 1;
    pub const DENYOOM: u32 = 1 << 2;
    pub const ADMIN: u32 = 1 << 3;
    pub const PUBSUB: u32 = 1 << 4;
    pub const NOSCRIPT: u32 = 1 << 5;
    pub const BLOCKING: u32 = 1 << 6;
    pub const LOADING: u32 = 1 << 7;
    pub const STALE: u32 = 1 << 8;
    pub const SKIP_MONITOR: u32 = 1 << 9;
    pub const SKIP_SLOWLOG: u32 = 1 << 10;
    pub const ASKING: u32 = 1 << 11;
    pub const FAST: u32 = 1 << 12;
    pub const NO_AUTH: u32 = 1 << 13;
    pub const MAY_REPLICATE: u32 = 1 << 14;
    pub const NO_MULTI: u32 = 1 << 15;
    pub const MOVABLEKEYS: u32 = 1 << 16;
    pub const ALLOW_BUSY: u32 = 1 << 17;
    pub const NO_MANDATORY_KEYS: u32 = 1 << 18;
    pub const NO_ASYNC_LOADING: u32 = 1 << 19;

    /// The flags with the names that COMMAND INFO prints, in its order.
    pub const NAMES: &[(u32, &str)] = &[
        (WRITE, "write"),
        (READONLY, "readonly"),
        (DENYOOM, "denyoom"),
        (MOVABLEKEYS, "movablekeys"),
        (ADMIN, "admin"),
        (PUBSUB, "pubsub"),
        (NOSCRIPT, "noscript"),
        (BLOCKING, "blocking"),
        (LOADING, "loading"),
        (STALE, "stale"),
        (SKIP_MONITOR, "skip_monitor"),
        (SKIP_SLOWLOG, "skip_commandlog"),
        (ASKING, "asking"),
        (FAST, "fast"),
        (NO_AUTH, "no_auth"),
        (MAY_REPLICATE, "may_replicate"),
        (NO_MANDATORY_KEYS, "no_mandatory_keys"),
        (NO_ASYNC_LOADING, "no_async_loading"),
        (NO_MULTI, "no_multi"),
        (ALLOW_BUSY, "allow_busy"),
    ];
}

/// Bits of [`Spec::acl`]: the ACL categories a command belongs to, beyond those that its flags imply
/// (`@write`, `@read`, `@admin`, `@dangerous` with admin, `@fast`/`@slow`, `@blocking`, `@pubsub`).
pub mod acl {
    pub const KEYSPACE: u32 = 1 << 0;
    pub const STRING: u32 = 1 << 1;
    pub const BITMAP: u32 = 1 << 2;
    pub const CONNECTION: u32 = 1 << 3;
    pub const DANGEROUS: u32 = 1 << 4;
    pub const TRANSACTION: u32 = 1 << 5;
    pub const SCRIPTING: u32 = 1 << 6;
    pub const LIST: u32 = 1 << 7;
    pub const SET: u32 = 1 << 8;
    pub const SORTED_SET: u32 = 1 << 9;
    pub const HASH: u32 = 1 << 10;
    pub const HYPERLOGLOG: u32 = 1 << 11;
    pub const GEO: u32 = 1 << 12;
    pub const STREAM: u32 = 1 << 13;
    pub const ADMIN: u32 = 1 << 14;
    pub const READ: u32 = 1 << 15;
    pub const WRITE: u32 = 1 << 16;
}

/// Which arguments are keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    None,
    /// `first`, `first + step`, ... up to `last`; a negative `last` counts from the end (-1 is the last argument).
    Range {
        first: usize,
        last: isize,
        step: usize,
    },
    /// The number of keys stands in argument `count`; they follow at `first`, `first + step`, ...
    Counted {
        count: usize,
        first: usize,
        step: usize,
    },
    /// Keys follow `word`, looked for from argument `from` on: one part in `limit` of what is left (XREAD's are
    /// half); with a limit of zero one key, if the word is there at all. Where `from` is counted from the end, the
    /// word is looked for backwards, and all that follows are keys.
    Keyword {
        word: &'static str,
        from: isize,
        limit: usize,
    },
    /// The last argument behind this word, wherever that stands; COMMAND INFO says `unknown`.
    Behind(&'static str),
    /// Keys that do not stand in the command line.
    Unknown,
}

impl Keys {
    /// One key at argument 1.
    pub const ONE: Keys = Keys::Range { first: 1, last: 1, step: 1 };
    /// All arguments from 1 are keys.
    pub const ALL: Keys = Keys::Range { first: 1, last: -1, step: 1 };
}

/// How the command uses its keys, in the words of COMMAND INFO's key specifications (`RW`, `ACCESS`, ...).
/// Space-separated, as Redis prints them, e.g. `"RW ACCESS UPDATE"`.
pub type KeyUse = &'static str;

/// One of several key specifications in COMMAND INFO's form, for commands that use their keys in different ways.
#[derive(Clone, Copy, Debug)]
pub struct KeySpec {
    pub keys: Keys,
    pub key_use: KeyUse,
    pub notes: &'static str,
}

/// One argument in COMMAND DOCS' form.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    pub name: &'static str,
    pub kind: ArgKind,
    /// The literal word that introduces the argument (`EX` in `EX seconds`), or `""`.
    pub token: &'static str,
    pub optional: bool,
    pub multiple: bool,
    /// The word is repeated with every value (`GET type offset GET type offset`).
    pub multiple_token: bool,
    /// The version that added the argument, or `""` for the command's own.
    pub since: &'static str,
    pub summary: &'static str,
    /// What help texts call it; empty: as its name.
    pub display: &'static str,
    /// Since when nobody should use it; empty: one may.
    pub deprecated_since: &'static str,
    /// Which of the command's key specifications a key argument belongs to; of others only where one is named.
    pub key_spec: Option<usize>,
    /// The members of a `OneOf` or `Block`.
    pub children: &'static [Arg],
}

/// The types of arguments that COMMAND DOCS knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    Key,
    String,
    Integer,
    Double,
    Pattern,
    UnixTime,
    PureToken,
    OneOf,
    Block,
}

impl Arg {
    pub const fn new(name: &'static str, kind: ArgKind) -> Arg {
        Arg {
            name,
            kind,
            token: "",
            optional: false,
            multiple: false,
            multiple_token: false,
            since: "",
            summary: "",
            display: "",
            deprecated_since: "",
            key_spec: None,
            children: &[],
        }
    }
    pub const fn key() -> Arg {
        Arg::new("key", ArgKind::Key)
    }
    pub const fn string(name: &'static str) -> Arg {
        Arg::new(name, ArgKind::String)
    }
    pub const fn integer(name: &'static str) -> Arg {
        Arg::new(name, ArgKind::Integer)
    }
    /// A bare word such as `NX`.
    pub const fn word(name: &'static str, token: &'static str) -> Arg {
        Arg { token, ..Arg::new(name, ArgKind::PureToken) }
    }
    pub const fn one_of(name: &'static str, children: &'static [Arg]) -> Arg {
        Arg { children, ..Arg::new(name, ArgKind::OneOf) }
    }
    pub const fn block(name: &'static str, children: &'static [Arg]) -> Arg {
        Arg { children, ..Arg::new(name, ArgKind::Block) }
    }
    pub const fn token(self, token: &'static str) -> Arg {
        Arg { token, ..self }
    }
    pub const fn optional(self) -> Arg {
        Arg { optional: true, ..self }
    }
    pub const fn multiple(self) -> Arg {
        Arg { multiple: true, ..self }
    }
    pub const fn multiple_token(self) -> Arg {
        Arg { multiple: true, multiple_token: true, ..self }
    }
    pub const fn since(self, since: &'static str) -> Arg {
        Arg { since, ..self }
    }
    pub const fn display(self, display: &'static str) -> Arg {
        Arg { display, ..self }
    }
    pub const fn deprecated_since(self, deprecated_since: &'static str) -> Arg {
        Arg { deprecated_since, ..self }
    }
    pub const fn summary(self, summary: &'static str) -> Arg {
        Arg { summary, ..self }
    }
    pub const fn key_spec(self, key_spec: usize) -> Arg {
        Arg { key_spec: Some(key_spec), ..self }
    }
}

/// One command, or one subcommand of a container.
pub struct Spec {
    /// In lower case.
    pub name: &'static str,
    /// Number of arguments with the name; negative: at least that many.
    pub arity: i32,
    /// Bits of [`flag`].
    pub flags: u32,
    /// Bits of [`acl`].
    pub acl: u32,
    pub keys: Keys,
    pub key_use: KeyUse,
    /// Where `keys` and `key_use` are not the whole story; empty where they are.
    pub key_specs: &'static [KeySpec],
    /// The use that a given command line makes of its keys, where it depends on the words.
    pub key_use_of: Option<fn(Args<'_>) -> KeyUse>,
    /// Hints to clients and proxies, `request_policy:all_shards`.
    pub tips: &'static [&'static str],
    /// COMMAND DOCS' history: version and change.
    pub history: &'static [(&'static str, &'static str)],
    /// COMMAND DOCS' group: `string`, `bitmap`, `generic`, `connection`, `server`, ...
    pub group: &'static str,
    pub since: &'static str,
    pub summary: &'static str,
    pub complexity: &'static str,
    /// COMMAND DOCS' flags.
    pub doc_flags: &'static [&'static str],
    /// The version that deprecated it, and what took its place.
    pub deprecated: Option<(&'static str, &'static str)>,
    pub args: &'static [Arg],
    /// Subcommands of a container such as CLIENT; their arity counts from the container's name.
    pub subcommands: &'static [Spec],
    pub handler: Handler,
}

impl Spec {
    /// A row with nothing but a name and a handler, to be filled with struct update syntax in a `static` table.
    pub const fn new(name: &'static str, arity: i32, handler: Handler) -> Spec {
        Spec {
            name,
            arity,
            flags: 0,
            acl: 0,
            keys: Keys::None,
            key_use: "",
            key_specs: &[],
            key_use_of: None,
            tips: &[],
            history: &[],
            group: "generic",
            since: "1.0.0",
            summary: "",
            complexity: "O(1)",
            doc_flags: &[],
            deprecated: None,
            args: &[],
            subcommands: &[],
            handler,
        }
    }

    pub const fn is_write(&self) -> bool {
        self.flags & flag::WRITE != 0
    }

    /// Whether `argc` arguments (with the name) suit the arity.
    pub const fn arity_fits(&self, argc: usize) -> bool {
        if self.arity >= 0 { argc == self.arity as usize } else { argc >= (-self.arity) as usize }
    }
}
