//! INFO persistence.

use polycache_core::stats::Counter;

use super::{Text, bit};
use crate::server::Server;

pub(super) fn write(text: &mut Text, server: &Server) {
    text.section("Persistence");
    text.line("loading", 0);
    text.line("async_loading", 0);
    text.line("current_cow_peak", 0);
    text.line("current_cow_size", 0);
    text.line("current_cow_size_age", 0);
    text.line("current_fork_perc", "0.00");
    text.line("current_save_keys_processed", 0);
    text.line("current_save_keys_total", 0);
    let Some(persistence) = server.engine.persistence() else {
        text.line("persistence", "none");
        text.line("aof_enabled", 0);
        return;
    };
    let status = persistence.status(&server.engine);
    let ok = |ok: bool| if ok { "ok" } else { "err" };
    // Redis writes -1 for what never was.
    let seconds = |seconds: Option<u64>| seconds.map_or(-1, |seconds| seconds as i64);
    let current = |running: bool| if running { seconds(status.current_job_seconds) } else { -1 };
    text.line("rdb_changes_since_last_save", status.changes_since_last_save);
    text.line("rdb_bgsave_in_progress", bit(status.save_in_progress));
    text.line("rdb_last_save_time", status.last_save_time);
    text.line("rdb_last_bgsave_status", ok(status.saves.ok));
    text.line("rdb_last_bgsave_time_sec", seconds(status.saves.last_seconds));
    text.line("rdb_current_bgsave_time_sec", current(status.save_in_progress));
    text.line("rdb_saves", status.saves.runs);
    text.line("rdb_last_cow_size", 0);
    text.line("rdb_last_load_keys_expired", 0);
    text.line("rdb_last_load_keys_loaded", server.loaded_keys);
    text.line("aof_enabled", bit(status.aof_enabled));
    text.line("aof_rewrite_in_progress", bit(status.rewrite_in_progress));
    text.line("aof_rewrite_scheduled", bit(status.rewrite_scheduled));
    text.line("aof_last_rewrite_time_sec", seconds(status.rewrites.last_seconds));
    text.line("aof_current_rewrite_time_sec", current(status.rewrite_in_progress));
    text.line("aof_last_bgrewrite_status", ok(status.rewrites.ok));
    text.line("aof_rewrites", status.rewrites.runs);
    text.line("aof_rewrites_consecutive_failures", status.rewrites.consecutive_failures);
    text.line("aof_last_write_status", status.last_write_status());
    text.line("aof_last_cow_size", 0);
    text.line("module_fork_in_progress", 0);
    text.line("module_fork_last_cow_size", 0);
    text.line("slot_migration_fork_in_progress", 0);
    text.line("snapshot_file", persistence.snapshot_path().display());
    let scrub = server.engine.scrub_status();
    text.line("snapshot_scrub_in_progress", bit(scrub.in_progress));
    text.line("snapshot_scrub_records_checked", scrub.checked);
    text.line("snapshot_damaged_records", server.engine.stats().get(Counter::DamagedRecords));
    if status.aof_enabled {
        let log = server.engine.log();
        text.line("aof_current_size", status.aof_current_size);
        text.line("aof_base_size", status.aof_base_size);
        text.line("aof_pending_rewrite", 0);
        text.line("aof_buffer_length", status.aof_buffer_length());
        // A rewrite needs no buffer of its own.
        text.line("aof_rewrite_buffer_length", 0);
        text.line("aof_pending_bio_fsync", bit(status.log.sync_in_flight));
        text.line("aof_delayed_fsync", status.log.delayed_syncs);
        text.line("aof_io_backend", status.backend().name);
        text.line("aof_io_fallback_reason", status.backend().fallback_reason.as_deref().unwrap_or(""));
        text.line("aof_groups", status.log.groups);
        text.line("aof_syncs", status.log.syncs);
        text.line("aof_offset_appended", log.tail().0);
        text.line("aof_offset_written", log.watermark().written().0);
        text.line("aof_offset_durable", log.watermark().durable().0);
    }
}
