//! What the settings mean for the engine.

use std::path::PathBuf;

use polycache_core::config::{EngineConfig, FormLimits};
use polycache_core::engine::Engine;
use polycache_core::persistence::StorageError;

use super::live::Refusal;
use super::table::Settings;

/// Values from this many bytes are compressed in snapshots when `rdbcompression` is on.
const COMPRESS_MIN_BYTES: usize = 4096;

impl Settings {
    /// How to open the engine.
    pub fn to_engine_config(&self) -> EngineConfig {
        EngineConfig {
            dir: Some(PathBuf::from(&self.dir)),
            databases: usize::from(self.databases),
            append_only: self.append_only,
            fsync: self.append_fsync,
            aof_io: self.aof_io,
            aof_base_format: self.aof_base_format,
            append_filename: self.append_filename.clone(),
            append_dirname: self.append_dirname.clone(),
            aof_load_truncated: self.aof_load_truncated,
            stop_writes_on_save_error: self.stop_writes_on_bgsave_error,
            aof_rewrite_percentage: self.auto_aof_rewrite_percentage,
            aof_rewrite_min_bytes: self.auto_aof_rewrite_min_size,
            rdb_version: self.rdb_version,
            snapshot_filename: self.db_filename.clone(),
            snapshot_compress_min_bytes: if self.rdb_compression { COMPRESS_MIN_BYTES } else { 0 },
            save_points: save_points(self),
            maxmemory: self.maxmemory,
            policy: self.maxmemory_policy,
            samples: self.maxmemory_samples,
            lfu_log_factor: self.lfu_log_factor,
            lfu_decay_time: self.lfu_decay_time,
            forms: forms(self),
            ..EngineConfig::default()
        }
    }
}

/// Applies changed settings to a running engine; a hook of [`super::Live`].
pub fn apply(engine: &Engine, old: &Settings, new: &Settings) -> Result<(), Refusal> {
    // What may be refused comes first, so that little needs to be undone.
    if old.save != new.save
        && let Some(persistence) = engine.persistence()
    {
        let refuse = |error: StorageError| Refusal { setting: "save", reason: error.to_string() };
        persistence.set_save_points(engine, save_points(new)).map_err(refuse)?;
    }
    if old.append_only != new.append_only {
        let refuse = |reason: String| Refusal { setting: "appendonly", reason };
        let Some(persistence) = engine.persistence() else {
            return Err(refuse("this instance is in memory only: it has no directory for a log".to_owned()));
        };
        if let Err(error) = persistence.set_append_only(engine, new.append_only) {
            let _ = persistence.set_save_points(engine, save_points(old));
            return Err(refuse(error.to_string()));
        }
    }
    let tuning = engine.tuning();
    tuning.set_stop_writes_on_save_error(new.stop_writes_on_bgsave_error);
    tuning.set_forms(&forms(new));
    tuning.set_maxmemory(new.maxmemory);
    tuning.set_policy(new.maxmemory_policy);
    tuning.set_samples(new.maxmemory_samples);
    tuning.set_lfu_log_factor(new.lfu_log_factor);
    tuning.set_lfu_decay_time(new.lfu_decay_time);
    if old.append_fsync != new.append_fsync {
        engine.log().set_fsync_policy(new.append_fsync);
    }
    if let Some(persistence) = engine.persistence() {
        persistence.set_auto_rewrite(new.auto_aof_rewrite_percentage, new.auto_aof_rewrite_min_size);
    }
    Ok(())
}

fn save_points(settings: &Settings) -> Vec<(u64, u64)> {
    settings.save.iter().map(|point| (point.seconds, point.changes)).collect()
}

fn forms(settings: &Settings) -> FormLimits {
    FormLimits {
        list_max_listpack_size: settings.list_max_listpack_size,
        set_max_intset_entries: settings.set_max_intset_entries,
        set_max_listpack_entries: settings.set_max_listpack_entries,
        set_max_listpack_value: settings.set_max_listpack_value,
        hash_max_listpack_entries: settings.hash_max_listpack_entries,
        hash_max_listpack_value: settings.hash_max_listpack_value,
        zset_max_listpack_entries: settings.zset_max_listpack_entries,
        zset_max_listpack_value: settings.zset_max_listpack_value,
        hll_sparse_max_bytes: settings.hll_sparse_max_bytes,
        stream_node_max_bytes: settings.stream_node_max_bytes,
        stream_node_max_entries: settings.stream_node_max_entries,
    }
}
