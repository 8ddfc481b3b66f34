//! The rows of the connection commands.

use polycache_core::command::Spec;
use polycache_core::command::spec::{Arg, ArgKind, acl, flag};

use super::{filter, hello, help, kill, line, settings};
use crate::tracking;

/// The flags that most of them share.
const ANYTIME: u32 = flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::ALLOW_BUSY;
const MANAGES: u32 = flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE;
const HANDSHAKE: u32 = ANYTIME | flag::FAST | flag::NO_AUTH;
const EVERY_NODE: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];

const BASE: Spec = Spec {
    group: "connection",
    acl: acl::CONNECTION,
    flags: ANYTIME,
    since: "6.2.0",
    ..Spec::new("", 2, line::info)
};

const ON: Arg = Arg::word("on", "ON");
const OFF: Arg = Arg::word("off", "OFF");
const ON_OFF: &[Arg] = &[Arg::one_of("enabled", &[ON, OFF])];

/// All connection commands.
pub static COMMANDS: &[Spec] = &[
    Spec {
        name: "auth",
        arity: -2,
        flags: HANDSHAKE,
        since: "1.0.0",
        summary: "Authenticates the connection.",
        complexity: "O(N) where N is the number of passwords defined for the user",
        history: &[("6.0.0", "Added ACL style (username and password).")],
        args: &[Arg::string("username").optional().since("6.0.0"), Arg::string("password")],
        handler: hello::auth,
        ..BASE
    },
    Spec {
        name: "client",
        arity: -2,
        flags: 0,
        acl: 0,
        since: "2.4.0",
        summary: "A container for client connection commands.",
        complexity: "Depends on subcommand.",
        subcommands: SUBCOMMANDS,
        handler: help::help,
        ..BASE
    },
    Spec {
        name: "echo",
        flags: flag::LOADING | flag::STALE | flag::FAST,
        since: "1.0.0",
        summary: "Returns the given string.",
        args: &[Arg::string("message")],
        handler: hello::echo,
        ..BASE
    },
    Spec {
        name: "hello",
        arity: -1,
        flags: HANDSHAKE,
        since: "6.0.0",
        summary: "Handshakes with the server.",
        history: &[(
            "6.2.0",
            "`protover` made optional; when called without arguments the command reports the current connection's context.",
        )],
        args: &[Arg::block(
            "arguments",
            &[
                Arg::integer("protover"),
                Arg::block("auth", &[Arg::string("username"), Arg::string("password")])
                    .token("AUTH")
                    .optional(),
                Arg::string("clientname").token("SETNAME").optional(),
            ],
        )
        .optional()],
        handler: hello::hello,
        ..BASE
    },
    Spec {
        name: "ping",
        arity: -1,
        flags: flag::FAST,
        since: "1.0.0",
        summary: "Returns the server's liveliness response.",
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        args: &[Arg::string("message").optional()],
        handler: crate::pubsub::ping,
        ..BASE
    },
    Spec {
        name: "quit",
        arity: -1,
        flags: HANDSHAKE,
        since: "1.0.0",
        summary: "Closes the connection.",
        handler: hello::quit,
        ..BASE
    },
    Spec {
        name: "reset",
        arity: 1,
        flags: HANDSHAKE,
        summary: "Resets the connection.",
        handler: hello::reset,
        ..BASE
    },
    Spec {
        name: "select",
        flags: flag::LOADING | flag::STALE | flag::FAST | flag::ALLOW_BUSY,
        since: "1.0.0",
        summary: "Changes the selected database.",
        args: &[Arg::integer("index")],
        handler: hello::select,
        ..BASE
    },
];

const CLIENT_TYPES: &[Arg] = &[
    Arg::word("normal", "NORMAL"),
    Arg::word("master", "MASTER"),
    Arg::word("replica", "REPLICA"),
    Arg::word("pubsub", "PUBSUB"),
];

/// A filter of CLIENT LIST and CLIENT KILL that takes one word.
const fn filter(name: &'static str, token: &'static str, since: &'static str) -> Arg {
    Arg::string(name).token(token).optional().since(since)
}

const FILTERS: &[Arg] = &[
    Arg::one_of("client-type", CLIENT_TYPES).token("TYPE").optional().since("5.0.0"),
    Arg::integer("client-id").token("ID").optional().multiple().since("6.2.0"),
    filter("username", "USER", "8.1.0"),
    filter("addr", "ADDR", "8.1.0"),
    filter("laddr", "LADDR", "8.1.0"),
    Arg::one_of("skipme", &[Arg::word("yes", "YES"), Arg::word("no", "NO")])
        .token("SKIPME")
        .optional()
        .since("8.1.0"),
    Arg::integer("maxage").token("MAXAGE").optional().since("8.1.0"),
    filter("name", "NAME", "9.0.0"),
    Arg::integer("idle").token("IDLE").optional().since("9.0.0"),
    filter("flags", "FLAGS", "9.0.0"),
    filter("lib-name", "LIB-NAME", "9.0.0"),
    filter("lib-ver", "LIB-VER", "9.0.0"),
    Arg::integer("db").token("DB").optional().since("9.0.0"),
    filter("capa", "CAPA", "9.0.0"),
    filter("ip", "IP", "9.0.0"),
    Arg::one_of("not-client-type", CLIENT_TYPES).token("NOT-TYPE").optional().since("9.0.0"),
    Arg::integer("not-client-id").token("NOT-ID").optional().multiple().since("9.0.0"),
    filter("not-username", "NOT-USER", "9.0.0"),
    filter("not-addr", "NOT-ADDR", "9.0.0"),
    filter("not-laddr", "NOT-LADDR", "9.0.0"),
    filter("not-name", "NOT-NAME", "9.0.0"),
    filter("not-flags", "NOT-FLAGS", "9.0.0"),
    filter("not-lib-name", "NOT-LIB-NAME", "9.0.0"),
    filter("not-lib-ver", "NOT-LIB-VER", "9.0.0"),
    Arg::integer("not-db").token("NOT-DB").optional().since("9.0.0"),
    filter("not-capa", "NOT-CAPA", "9.0.0"),
    filter("not-ip", "NOT-IP", "9.0.0"),
];

const FILTERS_HISTORY: (&str, &str) =
    ("9.0.0", "Added filters NAME, IDLE, FLAGS, LIB-NAME, LIB-VER, DB, CAPA, and IP, and negative filters.");

/// CLIENT's subcommands.
static SUBCOMMANDS: &[Spec] = &[
    Spec {
        name: "caching",
        arity: 3,
        since: "6.0.0",
        summary: "Instructs the server whether to track the keys in the next request.",
        args: &[Arg::one_of("mode", &[Arg::word("yes", "YES"), Arg::word("no", "NO")])],
        handler: tracking::caching,
        ..BASE
    },
    Spec {
        name: "capa",
        arity: -3,
        since: "8.0.0",
        summary: "A client claims its capability.",
        args: &[Arg::string("capability").multiple()],
        handler: settings::capa,
        ..BASE
    },
    Spec {
        name: "getname",
        since: "2.6.9",
        summary: "Returns the name of the connection.",
        handler: settings::getname,
        ..BASE
    },
    Spec {
        name: "getredir",
        since: "6.0.0",
        summary: "Returns the client ID to which the connection's tracking notifications are redirected.",
        handler: tracking::getredir,
        ..BASE
    },
    Spec {
        name: "help",
        flags: flag::LOADING | flag::STALE,
        since: "5.0.0",
        summary: "Returns helpful text about the different subcommands.",
        handler: help::help,
        ..BASE
    },
    Spec {
        name: "id",
        since: "5.0.0",
        summary: "Returns the unique client ID of the connection.",
        handler: settings::id,
        ..BASE
    },
    Spec {
        name: "import-source",
        arity: 3,
        flags: flag::NOSCRIPT | flag::LOADING | flag::STALE,
        since: "8.1.0",
        summary: "Marks this client as an import source when the server is in import mode.",
        args: ON_OFF,
        handler: settings::import_source,
        ..BASE
    },
    Spec {
        name: "info",
        flags: flag::NOSCRIPT | flag::LOADING | flag::STALE,
        summary: "Returns information about the connection.",
        tips: &["nondeterministic_output"],
        handler: line::info,
        ..BASE
    },
    Spec {
        name: "kill",
        arity: -3,
        flags: MANAGES,
        since: "2.4.0",
        summary: "Terminates open connections.",
        complexity: "O(N) where N is the number of client connections",
        history: &[("2.8.12", "Added new filter format."), FILTERS_HISTORY],
        args: &[Arg::one_of(
            "filter",
            &[Arg::string("old-format"), Arg::one_of("new-format", FILTERS).multiple()],
        )],
        handler: kill::kill,
        ..BASE
    },
    Spec {
        name: "list",
        arity: -2,
        flags: MANAGES,
        since: "2.4.0",
        summary: "Lists open connections.",
        complexity: "O(N) where N is the number of client connections",
        tips: &["nondeterministic_output"],
        history: &[("5.0.0", "Added optional `TYPE` filter."), FILTERS_HISTORY],
        args: FILTERS,
        handler: filter::list,
        ..BASE
    },
    Spec {
        name: "no-evict",
        arity: 3,
        flags: MANAGES | flag::ALLOW_BUSY,
        since: "7.0.0",
        summary: "Sets the client eviction mode of the connection.",
        args: ON_OFF,
        handler: settings::no_evict,
        ..BASE
    },
    Spec {
        name: "no-touch",
        arity: 3,
        since: "7.2.0",
        summary: "Controls whether commands sent by the client affect the LRU/LFU of accessed keys.",
        args: ON_OFF,
        handler: settings::no_touch,
        ..BASE
    },
    Spec {
        name: "pause",
        arity: -3,
        flags: MANAGES,
        since: "3.0.0",
        summary: "Suspends commands processing.",
        history: &[("6.2.0", "`CLIENT PAUSE WRITE` mode added along with the `mode` option.")],
        args: &[
            Arg::integer("timeout"),
            Arg::one_of("mode", &[Arg::word("write", "WRITE"), Arg::word("all", "ALL")])
                .optional()
                .since("6.2.0"),
        ],
        handler: settings::pause,
        ..BASE
    },
    Spec {
        name: "reply",
        arity: 3,
        flags: ANYTIME | flag::NO_MULTI,
        since: "3.2.0",
        summary: "Instructs the server whether to reply to commands.",
        args: &[Arg::one_of("action", &[ON, OFF, Arg::word("skip", "SKIP")])],
        handler: settings::reply,
        ..BASE
    },
    Spec {
        name: "setinfo",
        arity: 4,
        since: "7.2.0",
        summary: "Sets information specific to the client or connection.",
        tips: EVERY_NODE,
        args: &[Arg::one_of(
            "attr",
            &[
                Arg::new("libname", ArgKind::String).token("LIB-NAME"),
                Arg::new("libver", ArgKind::String).token("LIB-VER"),
            ],
        )],
        handler: settings::setinfo,
        ..BASE
    },
    Spec {
        name: "setname",
        arity: 3,
        since: "2.6.9",
        summary: "Sets the connection name.",
        tips: EVERY_NODE,
        args: &[Arg::string("connection-name")],
        handler: settings::setname,
        ..BASE
    },
    Spec {
        name: "tracking",
        arity: -3,
        flags: flag::NOSCRIPT | flag::LOADING | flag::STALE,
        since: "6.0.0",
        summary: "Controls server-assisted client-side caching for the connection.",
        complexity: "O(1). Some options may introduce additional complexity.",
        args: &[
            Arg::one_of("status", &[ON, OFF]),
            Arg::integer("client-id").token("REDIRECT").optional(),
            Arg::string("prefix").token("PREFIX").optional().multiple_token(),
            Arg::word("bcast", "BCAST").optional(),
            Arg::word("optin", "OPTIN").optional(),
            Arg::word("optout", "OPTOUT").optional(),
            Arg::word("noloop", "NOLOOP").optional(),
        ],
        handler: tracking::tracking,
        ..BASE
    },
    Spec {
        name: "trackinginfo",
        flags: flag::NOSCRIPT | flag::LOADING | flag::STALE,
        summary: "Returns information about server-assisted client-side caching for the connection.",
        handler: tracking::trackinginfo,
        ..BASE
    },
    Spec {
        name: "unblock",
        arity: -3,
        flags: MANAGES,
        since: "5.0.0",
        summary: "Unblocks a client blocked by a blocking command from a different connection.",
        complexity: "O(log N) where N is the number of client connections",
        args: &[
            Arg::integer("client-id"),
            Arg::one_of("unblock-type", &[Arg::word("timeout", "TIMEOUT"), Arg::word("error", "ERROR")])
                .optional(),
        ],
        handler: kill::unblock,
        ..BASE
    },
    Spec {
        name: "unpause",
        flags: MANAGES,
        summary: "Resumes processing commands from paused clients.",
        complexity: "O(N) Where N is the number of paused clients",
        handler: settings::unpause,
        ..BASE
    },
];
