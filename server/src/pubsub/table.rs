//! The rows of publishing and subscribing.

use polycache_core::command::Spec;
use polycache_core::command::spec::{Arg, ArgKind, Keys, flag};

use super::command;

/// All of them.
pub static TABLE: &[Spec] = &[
    Spec {
        flags: flag::PUBSUB | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        group: "pubsub",
        since: "2.0.0",
        summary: "Listens for messages published to channels that match one or more patterns.",
        complexity: "O(N) where N is the number of patterns to subscribe to.",
        args: &[Arg::new("pattern", ArgKind::Pattern).multiple()],
        ..Spec::new("psubscribe", -2, command::psubscribe)
    },
    Spec {
        flags: flag::PUBSUB | flag::LOADING | flag::STALE | flag::FAST,
        group: "pubsub",
        since: "2.0.0",
        summary: "Posts a message to a channel.",
        complexity: "O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client).",
        args: &[Arg::string("channel"), Arg::string("message")],
        ..Spec::new("publish", 3, command::publish)
    },
    Spec {
        flags: flag::PUBSUB | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        group: "pubsub",
        since: "2.0.0",
        summary: "Stops listening to messages published to channels that match one or more patterns.",
        complexity: "O(N) where N is the number of patterns to unsubscribe.",
        args: &[Arg::new("pattern", ArgKind::Pattern).optional().multiple()],
        ..Spec::new("punsubscribe", -1, command::punsubscribe)
    },
    Spec {
        group: "pubsub",
        since: "2.8.0",
        summary: "A container for Pub/Sub commands.",
        complexity: "Depends on subcommand.",
        subcommands: SUBCOMMANDS,
        ..Spec::new("pubsub", -2, command::help)
    },
    Spec {
        flags: flag::PUBSUB | flag::LOADING | flag::STALE | flag::FAST,
        keys: Keys::ONE,
        key_use: "not_key",
        group: "pubsub",
        since: "7.0.0",
        summary: "Posts a message to a shard channel.",
        complexity: "O(N) where N is the number of clients subscribed to the receiving shard channel.",
        args: &[Arg::string("shardchannel"), Arg::string("message")],
        ..Spec::new("spublish", 3, command::spublish)
    },
    Spec {
        flags: flag::PUBSUB | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        keys: Keys::ALL,
        key_use: "not_key",
        group: "pubsub",
        since: "7.0.0",
        summary: "Listens for messages published to shard channels.",
        complexity: "O(N) where N is the number of shard channels to subscribe to.",
        args: &[Arg::string("shardchannel").multiple()],
        ..Spec::new("ssubscribe", -2, command::ssubscribe)
    },
    Spec {
        flags: flag::PUBSUB | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        group: "pubsub",
        since: "2.0.0",
        summary: "Listens for messages published to channels.",
        complexity: "O(N) where N is the number of channels to subscribe to.",
        args: &[Arg::string("channel").multiple()],
        ..Spec::new("subscribe", -2, command::subscribe)
    },
    Spec {
        flags: flag::PUBSUB | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        keys: Keys::ALL,
        key_use: "not_key",
        group: "pubsub",
        since: "7.0.0",
        summary: "Stops listening to messages posted to shard channels.",
        complexity: "O(N) where N is the number of shard channels to unsubscribe.",
        args: &[Arg::string("shardchannel").optional().multiple()],
        ..Spec::new("sunsubscribe", -1, command::sunsubscribe)
    },
    Spec {
        flags: flag::PUBSUB | flag::NOSCRIPT | flag::LOADING | flag::STALE,
        group: "pubsub",
        since: "2.0.0",
        summary: "Stops listening to messages posted to channels.",
        complexity: "O(N) where N is the number of channels to unsubscribe.",
        args: &[Arg::string("channel").optional().multiple()],
        ..Spec::new("unsubscribe", -1, command::unsubscribe)
    },
];

static SUBCOMMANDS: &[Spec] = &[
    Spec {
        flags: flag::PUBSUB | flag::LOADING | flag::STALE,
        group: "pubsub",
        since: "2.8.0",
        summary: "Returns the active channels.",
        complexity: "O(N) where N is the number of active channels, and assuming constant time pattern matching (relatively short channels and patterns)",
        args: &[Arg::new("pattern", ArgKind::Pattern).optional()],
        ..Spec::new("channels", -2, command::channels)
    },
    Spec {
        flags: flag::LOADING | flag::STALE,
        group: "pubsub",
        since: "6.2.0",
        summary: "Returns helpful text about the different subcommands.",
        ..Spec::new("help", 2, command::help)
    },
    Spec {
        flags: flag::PUBSUB | flag::LOADING | flag::STALE,
        group: "pubsub",
        since: "2.8.0",
        summary: "Returns a count of unique pattern subscriptions.",
        ..Spec::new("numpat", 2, command::numpat)
    },
    Spec {
        flags: flag::PUBSUB | flag::LOADING | flag::STALE,
        group: "pubsub",
        since: "2.8.0",
        summary: "Returns a count of subscribers to channels.",
        complexity: "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
        args: &[Arg::string("channel").optional().multiple()],
        ..Spec::new("numsub", -2, command::numsub)
    },
    Spec {
        flags: flag::PUBSUB | flag::LOADING | flag::STALE,
        group: "pubsub",
        since: "7.0.0",
        summary: "Returns the active shard channels.",
        complexity: "O(N) where N is the number of active shard channels, and assuming constant time pattern matching (relatively short shard channels).",
        args: &[Arg::new("pattern", ArgKind::Pattern).optional()],
        ..Spec::new("shardchannels", -2, command::shardchannels)
    },
    Spec {
        flags: flag::PUBSUB | flag::LOADING | flag::STALE,
        group: "pubsub",
        since: "7.0.0",
        summary: "Returns the count of subscribers of shard channels.",
        complexity: "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
        args: &[Arg::string("shardchannel").optional().multiple()],
        ..Spec::new("shardnumsub", -2, command::shardnumsub)
    },
];
