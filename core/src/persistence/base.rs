//! Base files of the AOF: everything as it was at one position of the log.
//!
//! Format: our own snapshot, or RESP commands that Redis loads too: `SET key value [PXAT time]` for every key, marked
//! like an increment ([`crate::log::mark`]) so that damage is noticed, or RDB ([`super::exchange`]).

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use smallvec::{SmallVec, smallvec};

use super::{StorageError, exchange};
use crate::config::BaseFormat;
use crate::container::{self, Field};
use crate::engine::{DbIndex, Engine};
use crate::index::scan::Walked;
use crate::index::{Damaged, Index};
use crate::limits::DATABASES;
use crate::log::Lsn;
use crate::log::entry::{Annotation, encode_command};
use crate::log::mark::{GroupSum, Mark};
use crate::rdb::Options;
use crate::record::{self, Record, Str};
use crate::snapshot::SaveError;
use crate::{double, snapshot, version};

/// How RDB files begin; Redis and Valkey write their bases so by default.
const RDB_MAGICS: [&[u8]; 2] = [b"REDIS", b"VALKEY"];
/// Bytes between two marks.
const GROUP_BYTES: usize = 1024 * 1024;
/// Elements of a container that one command adds, as in Redis.
const ELEMENTS_PER_COMMAND: usize = 64;

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
    let mut out =
        Writer::new(file, engine.config().rdb_options()).map_err(StorageError::file("writing", path))?;
    for (db, index) in cut.indexes.iter().enumerate() {
        out.select(db as DbIndex, index.is_empty());
        for chain in 0..index.chains() {
            if engine.snapshots().is_cancelled() {
                return Err(SaveError::Cancelled.into());
            }
            let pin = crossbeam_epoch::pin();
            let mut damaged = false;
            index.walk_chain(chain, &pin, &mut |walked| match walked {
                Walked::Memory { record, .. } => damaged |= out.record(record).is_err(),
                Walked::Mapped(word) => {
                    let backing = index.backing().expect("mapped words exist only over a backing");
                    match backing.load(word.address()) {
                        Ok(record) => damaged |= out.record(record.as_record()).is_err(),
                        Err(_) => damaged = true,
                    }
                }
            });
            if damaged {
                return Err(damaged_record(path));
            }
            // Outside the walk's callbacks, but under the pin: a group is small.
            out.flush_group().map_err(StorageError::file("writing", path))?;
        }
    }
    drop(cut);
    out.finish().map_err(StorageError::file("writing", path))?;
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
    alone: Option<crate::transaction::gate::Closed<'a>>,
}

impl<'a> Cut<'a> {
    pub fn begin(engine: &'a Engine) -> Cut<'a> {
        let alone = engine.gate().close();
        let version = version::cut();
        let indexes: Vec<_> = (0..DATABASES).map(|db| engine.share_index(db as DbIndex)).collect();
        indexes.iter().for_each(|index| index.begin_cut(version));
        Cut { indexes, alone: Some(alone) }
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

/// Writes marked groups of commands.
struct Writer {
    out: BufWriter<File>,
    group: Vec<u8>,
    position: Lsn,
    options: Options,
}

impl Writer {
    fn new(file: File, options: Options) -> std::io::Result<Writer> {
        let mut out = BufWriter::new(file);
        out.write_all(&Mark::header(Lsn(0)).encode())?;
        Ok(Writer { out, group: Vec::new(), position: Lsn(0), options })
    }

    fn select(&mut self, db: DbIndex, empty: bool) {
        if !empty {
            let mut number = itoa::Buffer::new();
            let number = number.format(db).as_bytes();
            encode_command(&mut self.group, &[b"select".into(), number.into()]);
        }
    }

    fn record(&mut self, record: Record<'_>) -> Result<(), Damaged> {
        match record.kind() {
            record::Kind::Set => {
                let mut members = container::set::members_of(record)?;
                self.container(record, b"SADD", || {
                    Ok(members.next()?.map(|member| smallvec![member.into()]))
                })?;
            }
            record::Kind::Hash => {
                let mut fields = container::hash::fields_of(record)?;
                let mut volatile = Vec::new();
                self.container(record, b"HSET", || {
                    while let Some(field) = fields.next()? {
                        match field.expire_at {
                            None => return Ok(Some(smallvec![field.name.into(), field.value.into()])),
                            Some(_) => volatile.push(field),
                        }
                    }
                    Ok(None)
                })?;
                volatile.iter().for_each(|field| self.volatile_field(record, field));
            }
            record::Kind::List => {
                let mut walk = container::Elements::of(record.body(), 0).walk(0)?;
                self.container(record, b"RPUSH", || {
                    Ok(walk.next()?.map(|item| smallvec![item.value.into()]))
                })?;
            }
            record::Kind::SortedSet => self.sorted_set(record)?,
            // These carry their expiry themselves.
            record::Kind::String => {
                self.string(record);
                return Ok(());
            }
            _ => return self.payload(record),
        }
        self.expiry(record);
        Ok(())
    }

    fn sorted_set(&mut self, record: Record<'_>) -> Result<(), Damaged> {
        let mut members = container::sorted_set::members_of(record)?;
        loop {
            let mut part: Vec<(double::Text, &[u8])> = Vec::with_capacity(ELEMENTS_PER_COMMAND);
            while part.len() < ELEMENTS_PER_COMMAND
                && let Some(member) = members.next()?
            {
                part.push((double::text(member.score), member.name));
            }
            if part.is_empty() {
                return Ok(());
            }
            let mut words: Vec<Str<'_>> = vec![b"ZADD".into(), record.key().into()];
            words.extend(
                part.iter().flat_map(|(score, name)| [Str::from(score.as_slice()), Str::from(*name)]),
            );
            encode_command(&mut self.group, &words);
        }
    }

    /// A container as commands of some elements each; `next` gives the words of an element.
    fn container<'e>(
        &mut self,
        record: Record<'e>,
        command: &'static [u8],
        mut next: impl FnMut() -> Result<Option<SmallVec<[Str<'e>; 2]>>, Damaged>,
    ) -> Result<(), Damaged> {
        let mut words: Vec<Str<'e>> = vec![command.into(), record.key().into()];
        let mut elements = 0;
        while let Some(element) = next()? {
            words.extend(element);
            elements += 1;
            if elements == ELEMENTS_PER_COMMAND {
                encode_command(&mut self.group, &words);
                words.truncate(2);
                elements = 0;
            }
        }
        if elements > 0 {
            encode_command(&mut self.group, &words);
        }
        Ok(())
    }

    /// The expiry of a container's key.
    fn expiry(&mut self, record: Record<'_>) {
        if let Some(at) = record.expire_at() {
            let mut number = itoa::Buffer::new();
            let at = number.format(at.0).as_bytes();
            encode_command(&mut self.group, &[b"PEXPIREAT".into(), record.key().into(), at.into()]);
        }
    }

    /// `RESTORE key time payload ABSTTL`: any type that has no command of its own here.
    fn payload(&mut self, record: Record<'_>) -> Result<(), Damaged> {
        let told =
            crate::exchange::payload(self.options, |writer| crate::exchange::tell_record(record, writer));
        // Memory takes every write, and what is held can be told: damage is all that is left.
        let payload = told.map_err(|_| Damaged)?;
        let mut number = itoa::Buffer::new();
        let at = number.format(record.expire_at().map_or(0, |at| at.0)).as_bytes();
        let key = record.key().into();
        let args: [Str<'_>; 5] =
            [b"RESTORE".into(), key, at.into(), payload.as_slice().into(), b"ABSTTL".into()];
        encode_command(&mut self.group, &args);
        Ok(())
    }

    /// A field of a hash that has an expiry of its own.
    fn volatile_field(&mut self, record: Record<'_>, field: &Field<'_>) {
        let mut number = itoa::Buffer::new();
        let at = number.format(field.expire_at.map_or(0, |at| at.0)).as_bytes();
        let head: [Str<'_>; 4] = [b"HSETEX".into(), record.key().into(), b"PXAT".into(), at.into()];
        let tail: [Str<'_>; 4] = [b"FIELDS".into(), b"1".into(), field.name.into(), field.value.into()];
        encode_command(&mut self.group, &[head, tail].concat());
    }

    fn string(&mut self, record: Record<'_>) {
        let mut number = itoa::Buffer::new();
        let time = record.expire_at().map_or("", |at| number.format(at.0));
        let args: [Str<'_>; 5] =
            [b"SET".into(), record.key().into(), record.value(), b"PXAT".into(), time.as_bytes().into()];
        Annotation::of(record.flags(), record.marks()).encode(&mut self.group);
        encode_command(&mut self.group, if time.is_empty() { &args[..3] } else { &args });
    }

    fn flush_group(&mut self) -> std::io::Result<()> {
        if self.group.len() >= GROUP_BYTES { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> std::io::Result<()> {
        if self.group.is_empty() {
            return Ok(());
        }
        let mut sum = GroupSum::default();
        sum.update(&self.group);
        let mark = sum.mark(self.position, self.group.len() as u64);
        self.out.write_all(&self.group)?;
        self.out.write_all(&mark.encode())?;
        self.position = mark.end();
        self.group.clear();
        Ok(())
    }

    fn finish(mut self) -> std::io::Result<()> {
        self.write_group()?;
        self.out.into_inner().map_err(|error| error.into_error())?.sync_all()
    }
}
