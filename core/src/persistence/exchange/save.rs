//! From the engine to an RDB file, as of one instant.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::clock::UnixMillis;
use crate::engine::Engine;
use crate::index::Index;
use crate::log::Lsn;
use crate::log::entry::Annotation;
use crate::persistence::StorageError;
use crate::persistence::base::Cut;
use crate::rdb::visitor::Key;
use crate::rdb::{FileVisitor, Options, Version, Visit, Writer};

use super::keys::{KeyWriter, write_keys};
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
    // A base must be written, so it takes a version that has all there is.
    let any_field_expires = cut.indexes.iter().any(|index| index.volatile_hashes() > 0);
    let version = match purpose {
        Purpose::Base if any_field_expires && !options.version.has_field_expiry() => Version::Valkey80,
        _ => options.version,
    };
    let options = Options { version, ..options };
    let (_, result) = on_cut();
    let cut = cut.open();
    let receiver = Receiver { file, gathered: Vec::new(), may_wait: true };
    let mut writer = Writer::file(receiver, options).map_err(failed)?;
    head(&mut writer, purpose).map_err(failed)?;
    write_keys(engine, path, cut, purpose == Purpose::Base, &mut writer)?;
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

impl KeyWriter for Writer<Receiver> {
    fn library(&mut self, code: &[u8]) -> Visit {
        self.function(code)
    }

    fn database(&mut self, db: u64, index: &Index) -> Visit {
        self.sizes(db, index.len(), index.expires())
    }

    fn begin(&mut self, key: &Key<'_>, item: Annotation) -> Visit {
        let mut line = Vec::new();
        item.encode(&mut line);
        if let Some(line) = line.strip_suffix(b"\r\n") {
            self.aux(ITEM_AUX, line)?;
        }
        self.key(key)
    }

    fn may_wait(&mut self, may: bool) {
        self.receiver().may_wait = may;
    }

    fn drain(&mut self) -> Visit {
        Ok(self.receiver().drain(GROUP_BYTES)?)
    }
}

/// Where the file's bytes go.
struct Receiver {
    file: File,
    gathered: Vec<u8>,
    may_wait: bool,
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
        if self.may_wait {
            self.drain(GROUP_BYTES)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
