//! What the fields of INFO are called as metrics, with their units in Prometheus' base units (seconds, bytes).

use super::exposition::Kind;
use super::exposition::Kind::{Counter, Gauge};

/// A field of INFO and its metric.
pub(super) struct Row {
    pub field: &'static str,
    /// Without the prefix.
    pub metric: &'static str,
    pub kind: Kind,
    /// The field's number times this is in the metric's unit.
    pub scale: f64,
    pub help: &'static str,
}

const MILLI: f64 = 1e-3;
const MICRO: f64 = 1e-6;

/// Fields that tell what others tell, or that are no figures.
pub(super) const OMITTED: &[&str] = &[
    "redis_version",
    "redis_git_sha1",
    "redis_git_dirty",
    "redis_build_id",
    "polycache_version",
    "valkey_version",
    "run_id",
    "master_replid",
    "master_replid2",
    "tcp_port",
    "memcached_port",
    "uptime_in_days",
    "availability_zone",
];

const fn row(field: &'static str, metric: &'static str, kind: Kind, scale: f64, help: &'static str) -> Row {
    Row { field, metric, kind, scale, help }
}

#[rustfmt::skip] // A table: one line each.
pub(super) const ROWS: &[Row] = &[
    row("server_time_usec", "time_seconds", Gauge, MICRO, "The server's clock, as Unix time."),
    row("uptime_in_seconds", "uptime_seconds", Gauge, 1.0, "Time since the start."),
    row("connected_clients", "connected_clients", Gauge, 1.0, "Connections of clients."),
    row("maxclients", "max_clients", Gauge, 1.0, "The most connections at a time."),
    row("client_recent_max_input_buffer", "client_input_buffer_max_bytes", Gauge, 1.0, "The largest input buffer of a client."),
    row("client_recent_max_output_buffer", "client_output_buffer_max_bytes", Gauge, 1.0, "The largest output buffer of a client."),
    row("blocked_clients", "blocked_clients", Gauge, 1.0, "Clients that wait for keys."),
    row("tracking_clients", "tracking_clients", Gauge, 1.0, "Clients that keep a cache of their own (CLIENT TRACKING)."),
    row("pubsub_clients", "pubsub_clients", Gauge, 1.0, "Clients with subscriptions."),
    row("watching_clients", "watching_clients", Gauge, 1.0, "Clients that WATCH keys."),
    row("clients_in_timeout_table", "clients_blocked_with_timeout", Gauge, 1.0, "Blocked clients whose wait has an end."),
    row("total_watched_keys", "watched_keys", Gauge, 1.0, "Keys that clients WATCH."),
    row("total_blocking_keys", "blocking_keys", Gauge, 1.0, "Keys that blocked clients wait for."),
    row("total_blocking_keys_on_nokey", "blocking_keys_on_absence", Gauge, 1.0, "Keys whose blocked clients also want to hear of their end."),
    row("paused_timeout_milliseconds", "clients_paused_seconds", Gauge, MILLI, "How long CLIENT PAUSE still holds."),
    row("used_memory", "memory_used_bytes", Gauge, 1.0, "Memory for data, buffers and the program."),
    row("used_memory_rss", "memory_resident_bytes", Gauge, 1.0, "Memory that the process holds."),
    row("used_memory_peak", "memory_used_peak_bytes", Gauge, 1.0, "The most memory used so far."),
    row("used_memory_overhead", "memory_overhead_bytes", Gauge, 1.0, "Memory used for anything but data."),
    row("used_memory_startup", "memory_startup_bytes", Gauge, 1.0, "Memory that the program took before it had data."),
    row("used_memory_dataset", "memory_dataset_bytes", Gauge, 1.0, "Memory for data; maxmemory is about this."),
    row("allocator_allocated", "allocator_allocated_bytes", Gauge, 1.0, "What was asked of the allocator."),
    row("allocator_active", "allocator_active_bytes", Gauge, 1.0, "Pages that the allocator uses."),
    row("allocator_resident", "allocator_resident_bytes", Gauge, 1.0, "Pages that the allocator holds."),
    row("allocator_muzzy", "allocator_muzzy_bytes", Gauge, 1.0, "Pages that the allocator has offered back."),
    row("allocator_frag_bytes", "allocator_fragmentation_bytes", Gauge, 1.0, "Active but not allocated."),
    row("allocator_frag_ratio", "allocator_fragmentation_ratio", Gauge, 1.0, "Active over allocated."),
    row("allocator_rss_bytes", "allocator_resident_excess_bytes", Gauge, 1.0, "Resident but not active."),
    row("allocator_rss_ratio", "allocator_resident_ratio", Gauge, 1.0, "Resident over active."),
    row("total_system_memory", "machine_memory_bytes", Gauge, 1.0, "Memory of the machine."),
    row("used_memory_lua", "memory_lua_bytes", Gauge, 1.0, "Memory of the interpreters of EVAL."),
    row("used_memory_vm_eval", "memory_vm_eval_bytes", Gauge, 1.0, "Memory of the interpreters of EVAL, as Valkey calls it."),
    row("used_memory_vm_functions", "memory_vm_functions_bytes", Gauge, 1.0, "Memory of the interpreters of functions."),
    row("used_memory_vm_total", "memory_vm_bytes", Gauge, 1.0, "Memory of all interpreters."),
    row("used_memory_scripts_eval", "memory_scripts_eval_bytes", Gauge, 1.0, "Memory of cached scripts."),
    row("used_memory_functions", "memory_functions_bytes", Gauge, 1.0, "Memory of function libraries."),
    row("used_memory_scripts", "memory_scripts_bytes", Gauge, 1.0, "Memory of cached scripts and function libraries."),
    row("number_of_cached_scripts", "cached_scripts", Gauge, 1.0, "Scripts that EVALSHA finds."),
    row("number_of_functions", "functions", Gauge, 1.0, "Functions of all libraries."),
    row("number_of_libraries", "function_libraries", Gauge, 1.0, "Function libraries."),
    row("maxmemory", "memory_max_bytes", Gauge, 1.0, "The limit of memory for data; 0 is none."),
    row("mem_fragmentation_ratio", "memory_fragmentation_ratio", Gauge, 1.0, "Resident over used memory."),
    row("mem_fragmentation_bytes", "memory_fragmentation_bytes", Gauge, 1.0, "Resident less used memory."),
    row("mem_not_counted_for_evict", "memory_not_counted_for_eviction_bytes", Gauge, 1.0, "Used memory that maxmemory does not count."),
    row("mem_clients_normal", "memory_clients_bytes", Gauge, 1.0, "Input and output buffers of clients."),
    row("mem_aof_buffer", "memory_log_buffer_bytes", Gauge, 1.0, "The log's buffer."),
    row("mem_replication_backlog", "memory_replication_backlog_bytes", Gauge, 1.0, "The replication backlog."),
    row("mem_total_replication_buffers", "memory_replication_buffers_bytes", Gauge, 1.0, "All buffers of replication."),
    row("loading", "loading", Gauge, 1.0, "1 while data is loaded."),
    row("rdb_changes_since_last_save", "changes_since_last_save", Gauge, 1.0, "Changes that a save would write."),
    row("rdb_bgsave_in_progress", "save_in_progress", Gauge, 1.0, "1 while a snapshot is written in the background."),
    row("rdb_last_save_time", "last_save_timestamp_seconds", Gauge, 1.0, "When the last snapshot was complete, as Unix time."),
    row("rdb_last_bgsave_status", "last_save_ok", Gauge, 1.0, "1 unless the last save failed."),
    row("rdb_last_bgsave_time_sec", "last_save_duration_seconds", Gauge, 1.0, "How long the last save took; -1: there was none."),
    row("rdb_current_bgsave_time_sec", "current_save_duration_seconds", Gauge, 1.0, "How long the running save has taken; -1: none runs."),
    row("rdb_saves", "saves_total", Counter, 1.0, "Snapshots written."),
    row("aof_enabled", "log_enabled", Gauge, 1.0, "1 with appendonly."),
    row("aof_rewrite_in_progress", "log_rewrite_in_progress", Gauge, 1.0, "1 while the log is rewritten."),
    row("aof_rewrite_scheduled", "log_rewrite_scheduled", Gauge, 1.0, "1 when a rewrite follows the running save."),
    row("aof_last_rewrite_time_sec", "log_last_rewrite_duration_seconds", Gauge, 1.0, "How long the last rewrite took; -1: there was none."),
    row("aof_current_rewrite_time_sec", "log_current_rewrite_duration_seconds", Gauge, 1.0, "How long the running rewrite has taken; -1: none runs."),
    row("aof_last_bgrewrite_status", "log_last_rewrite_ok", Gauge, 1.0, "1 unless the last rewrite failed."),
    row("aof_rewrites", "log_rewrites_total", Counter, 1.0, "Rewrites of the log."),
    row("aof_rewrites_consecutive_failures", "log_rewrite_failures", Gauge, 1.0, "Rewrites that failed since the last that did not."),
    row("aof_last_write_status", "log_last_write_ok", Gauge, 1.0, "1 unless the log cannot be written."),
    row("aof_current_size", "log_size_bytes", Gauge, 1.0, "Bytes of the log's files."),
    row("aof_base_size", "log_base_size_bytes", Gauge, 1.0, "Bytes of the log at the last rewrite."),
    row("aof_buffer_length", "log_unwritten_bytes", Gauge, 1.0, "Bytes appended to the log and not written to its file."),
    row("aof_pending_bio_fsync", "log_sync_in_flight", Gauge, 1.0, "1 while the log is forced to the disk."),
    row("aof_delayed_fsync", "log_syncs_delayed_total", Counter, 1.0, "Times that a sync of the log began late."),
    row("aof_groups", "log_groups_total", Counter, 1.0, "Writes of the log's writer, each of all that waited."),
    row("aof_syncs", "log_syncs_total", Counter, 1.0, "Times that the log was forced to the disk."),
    row("aof_offset_appended", "log_appended_bytes_total", Counter, 1.0, "Bytes that commands appended to the log."),
    row("aof_offset_written", "log_written_bytes_total", Counter, 1.0, "Of these, bytes in the file."),
    row("aof_offset_durable", "log_durable_bytes_total", Counter, 1.0, "Of these, bytes on the disk."),
    row("snapshot_scrub_in_progress", "snapshot_scrub_in_progress", Gauge, 1.0, "1 while the records of a loaded snapshot are verified."),
    row("snapshot_scrub_records_checked", "snapshot_scrub_records_checked", Gauge, 1.0, "Records that the scrub has verified."),
    row("snapshot_damaged_records", "snapshot_damaged_records", Gauge, 1.0, "Records of the snapshot that failed their check."),
    row("total_connections_received", "connections_received_total", Counter, 1.0, "Connections accepted."),
    row("total_commands_processed", "commands_processed_total", Counter, 1.0, "Commands of all clients."),
    row("instantaneous_ops_per_sec", "commands_per_second", Gauge, 1.0, "Commands a second over the last moments."),
    row("total_net_input_bytes", "net_input_bytes_total", Counter, 1.0, "Bytes received."),
    row("total_net_output_bytes", "net_output_bytes_total", Counter, 1.0, "Bytes sent."),
    row("instantaneous_input_kbps", "net_input_bytes_per_second", Gauge, 1024.0, "Bytes received a second over the last moments."),
    row("instantaneous_output_kbps", "net_output_bytes_per_second", Gauge, 1024.0, "Bytes sent a second over the last moments."),
    row("rejected_connections", "connections_rejected_total", Counter, 1.0, "Connections beyond maxclients."),
    row("expired_keys", "expired_keys_total", Counter, 1.0, "Keys removed because their time was over."),
    row("expired_fields", "expired_fields_total", Counter, 1.0, "Fields of hashes removed because their time was over."),
    row("expire_cycle_cpu_milliseconds", "expire_cycle_cpu_seconds_total", Counter, MILLI, "Time spent looking for expired keys."),
    row("evicted_keys", "evicted_keys_total", Counter, 1.0, "Keys removed because memory was full."),
    row("evicted_clients", "evicted_clients_total", Counter, 1.0, "Clients closed because their buffers were too many."),
    row("evicted_scripts", "evicted_scripts_total", Counter, 1.0, "Cached scripts that went for others."),
    row("keyspace_hits", "keyspace_hits_total", Counter, 1.0, "Reads that found their key."),
    row("keyspace_misses", "keyspace_misses_total", Counter, 1.0, "Reads that did not."),
    row("keyspace_changes", "keyspace_changes_total", Counter, 1.0, "Changes of data."),
    row("pubsub_channels", "pubsub_channels", Gauge, 1.0, "Channels with subscribers."),
    row("pubsub_patterns", "pubsub_patterns", Gauge, 1.0, "Patterns with subscribers."),
    row("pubsubshard_channels", "pubsub_shard_channels", Gauge, 1.0, "Shard channels with subscribers."),
    row("tracking_total_keys", "tracking_keys", Gauge, 1.0, "Keys that are tracked for clients."),
    row("tracking_total_items", "tracking_items", Gauge, 1.0, "Pairs of a tracked key and a client."),
    row("tracking_total_prefixes", "tracking_prefixes", Gauge, 1.0, "Prefixes of broadcasting clients."),
    row("total_error_replies", "error_replies_total", Counter, 1.0, "Replies that were errors."),
    row("unexpected_error_replies", "unexpected_error_replies_total", Counter, 1.0, "Errors sent where none should be."),
    row("total_reads_processed", "net_reads_total", Counter, 1.0, "Reads from sockets."),
    row("total_writes_processed", "net_writes_total", Counter, 1.0, "Writes to sockets."),
    row("protocol_errors", "protocol_errors_total", Counter, 1.0, "Requests that broke the protocol."),
    row("client_query_buffer_limit_disconnections", "client_input_limit_disconnections_total", Counter, 1.0, "Clients closed because of client-query-buffer-limit."),
    row("client_output_buffer_limit_disconnections", "client_output_limit_disconnections_total", Counter, 1.0, "Clients closed because of client-output-buffer-limit."),
    row("acl_access_denied_auth", "access_denied_auth_total", Counter, 1.0, "Failed authentications."),
    row("acl_access_denied_cmd", "access_denied_command_total", Counter, 1.0, "Commands refused by access rules."),
    row("acl_access_denied_key", "access_denied_key_total", Counter, 1.0, "Keys refused by access rules."),
    row("acl_access_denied_channel", "access_denied_channel_total", Counter, 1.0, "Channels refused by access rules."),
    row("connected_slaves", "connected_replicas", Gauge, 1.0, "Replicas."),
    row("master_repl_offset", "replication_offset_bytes", Gauge, 1.0, "Where replication stands: the log's end."),
    row("used_cpu_sys", "cpu_system_seconds_total", Counter, 1.0, "Processor time of the process in the kernel."),
    row("used_cpu_user", "cpu_user_seconds_total", Counter, 1.0, "Processor time of the process outside of it."),
    row("used_cpu_sys_children", "cpu_children_system_seconds_total", Counter, 1.0, "Processor time of ended children in the kernel."),
    row("used_cpu_user_children", "cpu_children_user_seconds_total", Counter, 1.0, "Processor time of ended children outside of it."),
    row("used_cpu_sys_main_thread", "cpu_main_thread_system_seconds_total", Counter, 1.0, "Processor time of the main thread in the kernel."),
    row("used_cpu_user_main_thread", "cpu_main_thread_user_seconds_total", Counter, 1.0, "Processor time of the main thread outside of it."),
    row("memcached_connections", "memcached_connections", Gauge, 1.0, "Connections of memcached clients."),
    row("memcached_max_item_size", "memcached_item_max_bytes", Gauge, 1.0, "The largest item that memcached clients may store."),
    row("worker_threads", "worker_threads", Gauge, 1.0, "Threads that serve connections."),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_well_formed() {
        let (mut fields, mut metrics) = (HashSet::new(), HashSet::new());
        for row in ROWS {
            assert!(fields.insert(row.field) && metrics.insert(row.metric), "{}", row.field);
            assert!(
                row.metric.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{}",
                row.metric
            );
            assert_eq!(row.metric.ends_with("_total"), row.kind == Counter, "{}", row.metric);
            assert!(row.help.ends_with('.'), "{}", row.metric);
        }
    }
}
