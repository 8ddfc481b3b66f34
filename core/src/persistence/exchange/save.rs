//! From the engine to an RDB file, as of one instant.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use crate::clock::UnixMillis;
use crate::engine::Engine;
use crate::index::scan::Walked;
use crate::log::Lsn;
use crate::log::entry::Annotation;
use crate::persistence::StorageError;
use crate::persistence::base::{Cut, damaged_record};
use crate::rdb::visitor::Key;
use crate::rdb::{FileVisitor, Kind, Options, Shape, Stop, ValueVisitor, Visit, Writer};
use crate::record::{Record, Rope, Str};

use super::ITEM_AUX;

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
    let mut file = File::create(path).map_err(StorageError::file("creating", path))?;
    let failed = |stop: Stop| match stop {
        Stop::Io(error) => StorageError::Io { doing: format!("writing {}", path.display()), error },
        Stop::Refused(reason) => {
            StorageError::Unsupported { file: path.to_owned(), reason: reason.into_owned() }
        }
    };
    let cut = Cut::begin(engine);
    let (_, result) = on_cut();
    let cut = cut.open();
    let mut writer = Writer::file(Vec::new(), options).map_err(failed)?;
    head(&mut writer, purpose).map_err(failed)?;
    for (db, index) in cut.indexes.iter().enumerate() {
        let db = db as u64;
        if !index.is_empty() {
            writer.sizes(db, index.len(), index.expires()).map_err(failed)?;
        }
        for chain in 0..index.chains() {
            let pin = crossbeam_epoch::pin();
            let (mut damaged, mut outcome, mut long) = (false, Ok(()), Vec::new());
            index.walk_chain(chain, &pin, &mut |walked| {
                if outcome.is_err() {
                    return;
                }
                match walked {
                    Walked::Memory { record, .. } => outcome = tell(&mut writer, db, record, &mut long),
                    Walked::Mapped(word) => {
                        let backing = index.backing().expect("mapped words exist only over a backing");
                        match backing.load(word.address()) {
                            Ok(record) => outcome = tell(&mut writer, db, record.as_record(), &mut long),
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
            for long in &long {
                long.tell(&mut writer, db, &mut file).map_err(failed)?;
            }
            flush(&mut writer, &mut file, GROUP_BYTES).map_err(failed)?;
        }
    }
    drop(cut);
    let rest = writer.finish().map_err(failed)?;
    file.write_all(&rest).and_then(|()| file.sync_all()).map_err(StorageError::file("writing", path))?;
    Ok(result)
}

/// The remarks that a file begins with.
fn head(writer: &mut Writer<Vec<u8>>, purpose: Purpose) -> Visit {
    let seconds = (UnixMillis::now().0 / 1000).to_string();
    writer.aux(b"polycache-ver", env!("CARGO_PKG_VERSION").as_bytes())?;
    writer.aux(b"redis-bits", b"64")?;
    writer.aux(b"ctime", seconds.as_bytes())?;
    writer.aux(b"aof-base", if purpose == Purpose::Base { b"1" } else { b"0" })
}

/// Hands over what has been gathered, once it is enough.
fn flush(writer: &mut Writer<Vec<u8>>, file: &mut File, enough: usize) -> Visit {
    let gathered = writer.receiver();
    if gathered.len() >= enough {
        file.write_all(gathered)?;
        gathered.clear();
    }
    Ok(())
}

/// A value that is too long to be written within the walk.
struct Long {
    key: Key<'static>,
    item: Annotation,
    value: Rope,
}

impl Long {
    fn tell(&self, writer: &mut Writer<Vec<u8>>, db: u64, file: &mut File) -> Visit {
        begin(writer, Key { db, ..self.key.clone() }, self.item)?;
        writer.begin_value(Shape::new(Kind::String, self.value.len() as u64))?;
        for piece in self.value.range(0, usize::MAX) {
            writer.string(piece)?;
            flush(writer, file, GROUP_BYTES)?;
        }
        writer.end_value()
    }
}

fn begin(writer: &mut Writer<Vec<u8>>, key: Key<'_>, item: Annotation) -> Visit {
    let mut line = Vec::new();
    item.encode(&mut line);
    if let Some(line) = line.strip_suffix(b"\r\n") {
        writer.aux(ITEM_AUX, line)?;
    }
    writer.key(&key)
}

/// Writes a record, or puts its value aside for later.
fn tell(writer: &mut Writer<Vec<u8>>, db: u64, record: Record<'_>, long: &mut Vec<Long>) -> Visit {
    let key = Key { expire_at: record.expire_at().map(|at| at.0), ..Key::new(db, record.key()) };
    let item = Annotation::of(record.flags(), record.marks());
    match record.value() {
        Str::Inline(bytes) => {
            begin(writer, key, item)?;
            writer.begin_value(Shape::new(Kind::String, bytes.len() as u64))?;
            writer.string(bytes)?;
            writer.end_value()
        }
        Str::Rope(rope) => {
            let key = Key { name: record.key().to_vec().into(), ..key };
            long.push(Long { key, item, value: rope.clone() });
            Ok(())
        }
    }
}
