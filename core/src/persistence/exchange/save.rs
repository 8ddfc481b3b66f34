//! From the engine to an RDB file, as of one instant.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::clock::UnixMillis;
use crate::engine::Engine;
use crate::exchange::{self, Contents};
use crate::index::scan::Walked;
use crate::log::Lsn;
use crate::log::entry::Annotation;
use crate::persistence::StorageError;
use crate::persistence::base::{Cut, damaged_record};
use crate::rdb::visitor::Key;
use crate::rdb::{FileVisitor, Options, Visit, Writer};
use crate::record::{Kind, NewTrees, OwnedRecord, Record, Rope, Str};
use crate::snapshot::SaveError;

use super::{ITEM_AUX, stopped};

/// Bytes that are gathered before they go to the file.
const GROUP_BYTES: usize = 256 * 1024;

/// What the file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The base of an AOF.
    Base,
    /// To be carried elsewhere.
    Export,
}

/// Writes all keys to `path` and syncs the file. `on_cut` runs while nobody writes: the file holds exactly what was
/// before.
pub fn save<T>(
    engine: &Engine,
    path: &Path,
    options: Options,
    purpose: Purpose,
    on_cut: impl FnOnce() -> (Lsn, T),
) -> Result<T, StorageError> {
    let file = File::create(path).map_err(StorageError::file("creating", path))?;
    let failed = |stop| stopped(path, stop);
    let cut = Cut::begin(engine);
    let (_, result) = on_cut();
    let cut = cut.open();
    let receiver = Receiver { file, gathered: Vec::new(), within_walk: true };
    let mut writer = Writer::file(receiver, options).map_err(failed)?;
    head(&mut writer, purpose).map_err(failed)?;
    for (db, index) in cut.indexes.iter().enumerate() {
        let db = db as u64;
        if !index.is_empty() {
            writer.sizes(db, index.len(), index.expires()).map_err(failed)?;
        }
        for chain in 0..index.chains() {
            if purpose == Purpose::Base && engine.snapshots().is_cancelled() {
                return Err(SaveError::Cancelled.into());
            }
            let pin = crossbeam_epoch::pin();
            let (mut damaged, mut outcome, mut long) = (false, Ok(()), Vec::new());
            index.walk_chain(chain, &pin, &mut |walked| {
                if outcome.is_err() {
                    return;
                }
                match walked {
                    Walked::Memory { record, trees, .. } => {
                        outcome = tell(&mut writer, db, record, trees, &mut long);
                    }
                    Walked::Mapped(word) => {
                        let backing = index.backing().expect("mapped words exist only over a backing");
                        match backing.load(word.address()) {
                            Ok(record) => outcome = tell_mapped(&mut writer, db, record, &mut long),
                            Err(_) => damaged = true,
                        }
                    }
                }
            });
            drop(pin);
            if damaged {
                return Err(damaged_record(path));
            }
            outcome.map_err(failed)?;
            // Outside of the walk, whose callbacks must be short.
            writer.receiver().within_walk = false;
            for long in &long {
                long.tell(&mut writer, db).map_err(failed)?;
            }
            writer.receiver().within_walk = true;
            writer.receiver().drain(GROUP_BYTES).map_err(StorageError::file("writing", path))?;
        }
    }
    drop(cut);
    let mut receiver = writer.finish().map_err(failed)?;
    receiver.drain(0).and_then(|()| receiver.file.sync_all()).map_err(StorageError::file("writing", path))?;
    Ok(result)
}

/// The remarks that a file begins with.
fn head(writer: &mut Writer<Receiver>, purpose: Purpose) -> Visit {
    let seconds = (UnixMillis::now().0 / 1000).to_string();
    writer.aux(b"polycache-ver", env!("CARGO_PKG_VERSION").as_bytes())?;
    writer.aux(b"redis-bits", b"64")?;
    writer.aux(b"ctime", seconds.as_bytes())?;
    writer.aux(b"aof-base", if purpose == Purpose::Base { b"1" } else { b"0" })
}

/// Where the file's bytes go. Within the walk nothing waits for the disk.
struct Receiver {
    file: File,
    gathered: Vec<u8>,
    within_walk: bool,
}

impl Receiver {
    /// Hands over what has been gathered, once it is enough.
    fn drain(&mut self, enough: usize) -> io::Result<()> {
        if self.gathered.len() >= enough {
            self.file.write_all(&self.gathered)?;
            self.gathered.clear();
        }
        Ok(())
    }
}

impl Write for Receiver {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if !self.within_walk {
            self.drain(GROUP_BYTES)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A key whose value is too long to be written within the walk.
struct Long {
    key: Key<'static>,
    item: Annotation,
    value: LongValue,
}

enum LongValue {
    Rope(Rope),
    Trees(Kind, Box<NewTrees>),
    /// A record of the snapshot that the engine was opened from, taken out of its file.
    Loaded(OwnedRecord),
}

impl Long {
    fn tell(&self, writer: &mut Writer<Receiver>, db: u64) -> Visit {
        begin(writer, Key { db, ..self.key.clone() }, self.item)?;
        match &self.value {
            LongValue::Rope(rope) => exchange::tell_string(Str::Rope(rope), writer),
            LongValue::Trees(kind, trees) => {
                exchange::tell_container(*kind, &Contents::shared(trees), writer)
            }
            LongValue::Loaded(record) => exchange::tell_record(record.as_record(), writer),
        }
    }
}

fn begin(writer: &mut Writer<Receiver>, key: Key<'_>, item: Annotation) -> Visit {
    let mut line = Vec::new();
    item.encode(&mut line);
    if let Some(line) = line.strip_suffix(b"\r\n") {
        writer.aux(ITEM_AUX, line)?;
    }
    writer.key(&key)
}

fn key_of(record: Record<'_>, db: u64) -> Key<'_> {
    Key { expire_at: record.expire_at().map(|at| at.0), ..Key::new(db, record.key()) }
}

fn owned(key: Key<'_>) -> Key<'static> {
    let name = key.name.to_vec().into();
    Key { name, ..key }
}

/// Writes a record, or puts its value aside for later; `trees` are a share of a large container's.
fn tell(
    writer: &mut Writer<Receiver>,
    db: u64,
    record: Record<'_>,
    trees: Option<Box<NewTrees>>,
    long: &mut Vec<Long>,
) -> Visit {
    let item = Annotation::of(record.flags(), record.marks());
    let key = key_of(record, db);
    let value = match (trees, record.value()) {
        (Some(trees), _) => LongValue::Trees(record.kind(), trees),
        (None, Str::Rope(rope)) => LongValue::Rope(rope.clone()),
        (None, Str::Inline(_)) => {
            begin(writer, key, item)?;
            return exchange::tell_record(record, writer);
        }
    };
    long.push(Long { key: owned(key), item, value });
    Ok(())
}

/// The same for a record that lies in the snapshot's file.
fn tell_mapped(writer: &mut Writer<Receiver>, db: u64, record: OwnedRecord, long: &mut Vec<Long>) -> Visit {
    let view = record.as_record();
    if view.trees().is_none() && matches!(view.value(), Str::Inline(_)) {
        return tell(writer, db, view, None, long);
    }
    let (key, item) = (owned(key_of(view, db)), Annotation::of(view.flags(), view.marks()));
    long.push(Long { key, item, value: LongValue::Loaded(record) });
    Ok(())
}
