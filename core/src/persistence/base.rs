//! Base files of the AOF: everything as it was at one position of the log.
//!
//! Format: our own snapshot, or RESP commands that Redis loads too ([`super::commands`]), marked like an increment
//! ([`crate::log::mark`]) so that damage is noticed, or RDB ([`super::exchange`]).

use std::fs::File;
use std::path::Path;

use super::commands::CommandWriter;
use super::{StorageError, exchange};
use crate::config::BaseFormat;
use crate::engine::{DbIndex, Engine};
use crate::index::Index;
use crate::libraries::Sources;
use crate::limits::DATABASES;
use crate::log::Lsn;
use crate::{snapshot, version};

/// How RDB files begin; Redis and Valkey write their bases so by default.
const RDB_MAGICS: [&[u8]; 2] = [b"REDIS", b"VALKEY"];
/// What a base file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Snapshot,
    Rdb,
    Resp,
}

impl Kind {
    /// What the file at `path` that holds `bytes` is, or was before it was cut short.
    pub fn of(path: &Path, bytes: &[u8]) -> Kind {
        if RDB_MAGICS.iter().any(|magic| bytes.starts_with(magic)) {
            Kind::Rdb
        } else if snapshot::is_snapshot(bytes) || path.extension().is_some_and(|extension| extension == "pcs")
        {
            Kind::Snapshot
        } else {
            Kind::Resp
        }
    }
}

/// Writes a base to `path` and syncs it. `on_cut` runs while nobody writes: the base holds exactly what was before.
pub fn write<T>(
    engine: &Engine,
    path: &Path,
    format: BaseFormat,
    on_cut: impl FnOnce() -> (Lsn, T),
) -> Result<T, StorageError> {
    match format {
        BaseFormat::Resp => write_resp(engine, path, on_cut),
        BaseFormat::Snapshot => Ok(snapshot::save(engine, path, on_cut)?.1),
        BaseFormat::Rdb => {
            exchange::save(engine, path, engine.config().rdb_options(), exchange::Purpose::Base, on_cut)
        }
    }
}

fn write_resp<T>(engine: &Engine, path: &Path, on_cut: impl FnOnce() -> (Lsn, T)) -> Result<T, StorageError> {
    let file = File::create(path).map_err(StorageError::file("creating", path))?;
    let cut = Cut::begin(engine);
    let (_, result) = on_cut();
    let cut = cut.open();
    let mut writer = CommandWriter::new(file).map_err(StorageError::file("writing", path))?;
    exchange::write_keys(engine, path, cut, true, &mut writer)?;
    writer.finish().map_err(StorageError::file("writing", path))?;
    Ok(result)
}

pub fn damaged_record(path: &Path) -> StorageError {
    StorageError::Io {
        doing: format!("writing {}", path.display()),
        error: std::io::Error::other(
            "a record of the loaded snapshot is damaged; see polycache-server check",
        ),
    }
}

/// A cut through all databases; the gate is closed until [`Cut::open`].
pub struct Cut<'a> {
    pub indexes: Vec<crate::sync::Arc<Index>>,
    pub libraries: Sources,
    alone: Option<crate::transaction::gate::Closed<'a>>,
}

impl<'a> Cut<'a> {
    pub fn begin(engine: &'a Engine) -> Cut<'a> {
        let alone = engine.gate().close();
        let version = version::cut();
        let indexes: Vec<_> = (0..DATABASES).map(|db| engine.share_index(db as DbIndex)).collect();
        indexes.iter().for_each(|index| index.begin_cut(version));
        let libraries = engine.libraries().sources().0;
        Cut { indexes, libraries, alone: Some(alone) }
    }

    pub fn open(mut self) -> Cut<'a> {
        self.alone = None;
        self
    }
}

impl Drop for Cut<'_> {
    fn drop(&mut self) {
        let pin = crossbeam_epoch::pin();
        self.indexes.iter().for_each(|index| index.end_cut(&pin));
    }
}
