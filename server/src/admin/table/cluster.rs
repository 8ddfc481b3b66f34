//! The rows of CLUSTER and its kin: what Valkey tells of them with its cluster mode off, which is what nearly all
//! of them answer.

use polycache_core::command::spec::{Arg, Spec, acl, flag};

use crate::admin::{container, replication};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        group: "cluster",
        since: "3.0.0",
        summary: "A container for Cluster commands.",
        complexity: "Depends on subcommand.",
        subcommands: CLUSTER,
        ..Spec::new("cluster", -2, container)
    },
    Spec {
        flags: flag::LOADING | flag::STALE | flag::FAST,
        acl: acl::CONNECTION,
        group: "cluster",
        since: "3.0.0",
        summary: "Enables read-only queries for a connection to a Valkey replica node.",
        complexity: "O(1)",
        ..Spec::new("readonly", 1, replication::acknowledge)
    },
    Spec {
        flags: flag::LOADING | flag::STALE | flag::FAST,
        acl: acl::CONNECTION,
        group: "cluster",
        since: "3.0.0",
        summary: "Enables read-write queries for a connection to a Valkey replica node.",
        complexity: "O(1)",
        ..Spec::new("readwrite", 1, replication::acknowledge)
    },
    Spec {
        flags: flag::FAST,
        acl: acl::CONNECTION,
        group: "cluster",
        since: "3.0.0",
        summary: "Signals that a cluster client is following an -ASK redirect.",
        complexity: "O(1)",
        ..Spec::new("asking", 1, replication::cluster_is_off)
    },
];

const CLUSTER: &[Spec] = &[
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "cluster",
        since: "3.0.0",
        summary: "Assigns new hash slots to a node.",
        complexity: "O(N) where N is the total number of hash slot arguments",
        args: &[Arg::integer("slot").multiple()],
        ..Spec::new("addslots", -3, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "cluster",
        since: "7.0.0",
        summary: "Assigns new hash slot ranges to a node.",
        complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
        args: &[Arg::block("range", &[Arg::integer("start-slot"), Arg::integer("end-slot")]).multiple()],
        ..Spec::new("addslotsrange", -4, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        tips: &["nondeterministic_output"],
        group: "cluster",
        since: "3.0.0",
        summary: "Advances the cluster config epoch.",
        complexity: "O(1)",
        ..Spec::new("bumpepoch", 2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "cluster",
        since: "9.0.0",
        summary: "Cancel all current ongoing slot migration operations.",
        complexity: "O(N), where N is the number of slot migration operations being cancelled.",
        ..Spec::new("cancelslotmigrations", 2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE,
        tips: &["nondeterministic_output"],
        history: &[(
            "9.0.0",
            "Ignore additional failure reports for a node which has been marked as failed.",
        )],
        group: "cluster",
        since: "3.0.0",
        summary: "Returns the number of active failure reports for a node. No new reports are created once the node is marked as failed.",
        complexity: "O(N) where N is the number of failure reports",
        args: &[Arg::string("node-id")],
        ..Spec::new("count-failure-reports", 3, replication::cluster_is_off)
    },
    Spec {
        flags: flag::STALE,
        group: "cluster",
        since: "3.0.0",
        summary: "Returns the number of keys in a hash slot.",
        complexity: "O(1)",
        args: &[Arg::integer("slot")],
        ..Spec::new("countkeysinslot", 3, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "cluster",
        since: "3.0.0",
        summary: "Sets hash slots as unbound for a node.",
        complexity: "O(N) where N is the total number of hash slot arguments",
        args: &[Arg::integer("slot").multiple()],
        ..Spec::new("delslots", -3, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "cluster",
        since: "7.0.0",
        summary: "Sets hash slot ranges as unbound for a node.",
        complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
        args: &[Arg::block("range", &[Arg::integer("start-slot"), Arg::integer("end-slot")]).multiple()],
        ..Spec::new("delslotsrange", -4, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "cluster",
        since: "3.0.0",
        summary: "Forces a replica to perform a manual failover of its primary.",
        complexity: "O(1)",
        args: &[Arg::one_of("options", &[Arg::word("force", "FORCE"), Arg::word("takeover", "TAKEOVER")])
            .optional()],
        ..Spec::new("failover", -2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::WRITE | flag::ADMIN | flag::NO_ASYNC_LOADING,
        acl: acl::KEYSPACE,
        group: "cluster",
        since: "9.0.0",
        summary: "Removes all keys from the target slot.",
        complexity: "O(N) where N is the number of keys in the target slot",
        args: &[
            Arg::integer("slot"),
            Arg::one_of("flush-type", &[Arg::word("async", "ASYNC"), Arg::word("sync", "SYNC")]).optional(),
        ],
        ..Spec::new("flushslot", -3, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "cluster",
        since: "3.0.0",
        summary: "Deletes all slots information from a node.",
        complexity: "O(1)",
        ..Spec::new("flushslots", 2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "cluster",
        since: "3.0.0",
        summary: "Removes a node from the nodes table.",
        complexity: "O(1)",
        args: &[Arg::string("node-id")],
        ..Spec::new("forget", 3, replication::cluster_is_off)
    },
    Spec {
        flags: flag::STALE,
        tips: &["nondeterministic_output"],
        group: "cluster",
        since: "3.0.0",
        summary: "Returns the key names in a hash slot.",
        complexity: "O(N) where N is the number of requested keys",
        args: &[Arg::integer("slot"), Arg::integer("count")],
        ..Spec::new("getkeysinslot", 4, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "cluster",
        since: "9.0.0",
        summary: "Gets the status of ongoing and recently finished slot import and export operations.",
        complexity: "O(N), where N is the number of active slot import and export jobs.",
        ..Spec::new("getslotmigrations", 2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::LOADING | flag::STALE,
        group: "cluster",
        since: "5.0.0",
        summary: "Returns helpful text about the different subcommands.",
        complexity: "O(1)",
        ..Spec::new("help", 2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::LOADING | flag::STALE,
        tips: &["nondeterministic_output"],
        group: "cluster",
        since: "3.0.0",
        summary: "Returns information about the state of a node.",
        complexity: "O(1)",
        ..Spec::new("info", 2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::STALE,
        group: "cluster",
        since: "3.0.0",
        summary: "Returns the hash slot for a key.",
        complexity: "O(N) where N is the number of bytes in the key",
        args: &[Arg::string("key")],
        ..Spec::new("keyslot", 3, replication::keyslot)
    },
    Spec {
        flags: flag::STALE,
        tips: &["nondeterministic_output"],
        group: "cluster",
        since: "7.0.0",
        summary: "Returns a list of all TCP links to and from peer nodes.",
        complexity: "O(N) where N is the total number of Cluster nodes",
        ..Spec::new("links", 2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        history: &[("4.0.0", "Added the optional `cluster_bus_port` argument.")],
        group: "cluster",
        since: "3.0.0",
        summary: "Forces a node to handshake with another node.",
        complexity: "O(1)",
        args: &[
            Arg::string("ip"),
            Arg::integer("port"),
            Arg::integer("cluster-bus-port").optional().since("4.0.0"),
        ],
        ..Spec::new("meet", -4, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "cluster",
        since: "9.0.0",
        summary: "Migrate the given slots from this node to the specified nodes.",
        complexity: "O(N) where N is the total number of the slots between all start slot and end slot arguments.",
        args: &[Arg::block(
            "migration-group",
            &[
                Arg::word("slotsrange-token", "SLOTSRANGE"),
                Arg::block("range", &[Arg::integer("start-slot"), Arg::integer("end-slot")]).multiple(),
                Arg::word("node-token", "NODE"),
                Arg::string("node-id"),
            ],
        )
        .multiple()],
        ..Spec::new("migrateslots", -4, replication::cluster_is_off)
    },
    Spec {
        flags: flag::LOADING | flag::STALE,
        group: "cluster",
        since: "3.0.0",
        summary: "Returns the ID of a node.",
        complexity: "O(1)",
        ..Spec::new("myid", 2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::LOADING | flag::STALE,
        tips: &["nondeterministic_output"],
        group: "cluster",
        since: "7.2.0",
        summary: "Returns the shard ID of a node.",
        complexity: "O(1)",
        ..Spec::new("myshardid", 2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::LOADING | flag::STALE,
        tips: &["nondeterministic_output"],
        group: "cluster",
        since: "3.0.0",
        summary: "Returns the cluster configuration for a node.",
        complexity: "O(N) where N is the total number of Cluster nodes",
        ..Spec::new("nodes", 2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE,
        tips: &["nondeterministic_output"],
        group: "cluster",
        since: "5.0.0",
        summary: "Lists the replica nodes of a primary node.",
        complexity: "O(N) where N is the number of replicas.",
        args: &[Arg::string("node-id")],
        ..Spec::new("replicas", 3, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        history: &[(
            "9.0.0",
            "Added support of 'NO ONE' arg instead of <node-id> resulting into detaching replica from primary node.",
        )],
        group: "cluster",
        since: "3.0.0",
        summary: "Configures a node as replica of a primary node or detaches a replica from its primary.",
        complexity: "O(1)",
        args: &[Arg::one_of(
            "args",
            &[
                Arg::string("node-id"),
                Arg::block("no-one", &[Arg::word("no", "NO"), Arg::word("one", "ONE")]).since("9.0.0"),
            ],
        )],
        ..Spec::new("replicate", -3, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::NOSCRIPT | flag::STALE,
        group: "cluster",
        since: "3.0.0",
        summary: "Resets a node.",
        complexity: "O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect.",
        args: &[Arg::one_of("reset-type", &[Arg::word("hard", "HARD"), Arg::word("soft", "SOFT")]).optional()],
        ..Spec::new("reset", -2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "cluster",
        since: "3.0.0",
        summary: "Forces a node to save the cluster configuration to disk.",
        complexity: "O(1)",
        ..Spec::new("saveconfig", 2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "cluster",
        since: "3.0.0",
        summary: "Sets the configuration epoch for a new node.",
        complexity: "O(1)",
        args: &[Arg::integer("config-epoch")],
        ..Spec::new("set-config-epoch", 3, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        history: &[("8.0.0", "Added the `TIMEOUT` option.")],
        group: "cluster",
        since: "3.0.0",
        summary: "Binds a hash slot to a node.",
        complexity: "O(1)",
        args: &[
            Arg::integer("slot"),
            Arg::one_of(
                "subcommand",
                &[
                    Arg::string("importing").token("IMPORTING").display("node-id"),
                    Arg::string("migrating").token("MIGRATING").display("node-id"),
                    Arg::string("node").token("NODE").display("node-id"),
                    Arg::word("stable", "STABLE"),
                ],
            ),
            Arg::integer("timeout").token("TIMEOUT").optional().since("8.0.0"),
        ],
        ..Spec::new("setslot", -4, replication::cluster_is_off)
    },
    Spec {
        flags: flag::LOADING | flag::STALE,
        tips: &["nondeterministic_output"],
        history: &[("9.1.0", "Added shard level `id` field and node level `availability-zone` field.")],
        group: "cluster",
        since: "7.0.0",
        summary: "Returns the mapping of cluster slots to shards.",
        complexity: "O(N) where N is the total number of cluster nodes",
        ..Spec::new("shards", 2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE,
        tips: &["nondeterministic_output"],
        group: "cluster",
        since: "3.0.0",
        summary: "Lists the replica nodes of a primary node.",
        complexity: "O(N) where N is the number of replicas.",
        doc_flags: &["deprecated"],
        deprecated: Some(("5.0.0", "`CLUSTER REPLICAS`")),
        args: &[Arg::string("node-id")],
        ..Spec::new("slaves", 3, replication::cluster_is_off)
    },
    Spec {
        flags: flag::LOADING | flag::STALE,
        tips: &["nondeterministic_output", "request_policy:all_shards"],
        group: "cluster",
        since: "8.0.0",
        summary: "Return an array of slot usage statistics for slots assigned to the current node.",
        complexity: "O(N) where N is the total number of slots based on arguments. O(N*log(N)) with ORDERBY subcommand.",
        args: &[Arg::one_of(
            "filter",
            &[
                Arg::block("slotsrange", &[Arg::integer("start-slot"), Arg::integer("end-slot")])
                    .token("SLOTSRANGE"),
                Arg::block(
                    "orderby",
                    &[
                        Arg::string("metric"),
                        Arg::integer("limit").token("LIMIT").optional(),
                        Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")])
                            .optional(),
                    ],
                )
                .token("ORDERBY"),
            ],
        )],
        ..Spec::new("slot-stats", -4, replication::cluster_is_off)
    },
    Spec {
        flags: flag::LOADING | flag::STALE,
        tips: &["nondeterministic_output"],
        history: &[
            ("4.0.0", "Added node IDs."),
            ("7.0.0", "Added additional networking metadata field."),
            ("9.1.0", "Added `availability-zone` field inside the networking metadata."),
        ],
        group: "cluster",
        since: "3.0.0",
        summary: "Returns the mapping of cluster slots to nodes.",
        complexity: "O(N) where N is the total number of Cluster nodes",
        ..Spec::new("slots", 2, replication::cluster_is_off)
    },
    Spec {
        flags: flag::ADMIN | flag::STALE | flag::NO_ASYNC_LOADING,
        group: "cluster",
        since: "9.0.0",
        summary: "A container for internal slot migration commands.",
        complexity: "Depends on subcommand.",
        doc_flags: &["syscmd"],
        ..Spec::new("syncslots", -3, replication::cluster_is_off)
    },
];
