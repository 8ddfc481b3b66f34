//! Checking a file that nobody has open, and rescuing what is whole in one that is damaged.

use std::fmt;
use std::path::Path;

use super::error::{OpenError, Problem, SaveError};
use super::format::{Header, Section};
use super::frame::{Stored, is_tombstone};
use super::mapped::read_header;
use super::scrub::{View, read_whole};
use super::table::whole_pages;
use super::temporary::Temporary;
use super::trees::{Failed, Large};
use super::writer::{FileWriter, Slots};
use crate::clock::UnixMillis;
use crate::index::slot::TTL;
use crate::index::table::bucket_of;
use crate::index::{Word, hasher};
use crate::log::Lsn;
use crate::persistence::StorageError;
use crate::record::header::ALIGN;
use crate::tree::mapped::register;

/// Damaged records that a report names.
const NAMED_MAX: usize = 16;
/// A heap may hold more records than its table names, but no more than this often; beyond, the file is not ours.
const RECORDS_PER_SLOT_MAX: u64 = 2;

/// What a check found.
#[derive(Clone, Debug)]
pub struct Report {
    pub created: UnixMillis,
    pub lsn: Lsn,
    pub file_bytes: u64,
    pub databases: Vec<DatabaseReport>,
    /// Offsets of the first damaged records.
    pub damaged_at: Vec<u64>,
}

/// The same for one database.
#[derive(Clone, Debug, Default)]
pub struct DatabaseReport {
    pub db: u8,
    pub keys: u64,
    pub expires: u64,
    /// The table is wrong: keys are errors, or the file cannot be opened, until it is repaired.
    pub is_table_damaged: bool,
    /// Records that are whole.
    pub whole: u64,
    pub damaged: u64,
    /// Of those, records, and chains, that were damaged before the file was written.
    pub tombstones: u64,
}

impl Report {
    /// Whether the file is as it was written, with no records missing.
    pub fn is_whole(&self) -> bool {
        self.databases.iter().all(|database| database.damaged == 0 && !database.is_table_damaged)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "snapshot of {} bytes, made at {} ms, log position {}",
            self.file_bytes, self.created.0, self.lsn.0
        )?;
        for database in &self.databases {
            let DatabaseReport { db, keys, expires, whole, damaged, tombstones, .. } = database;
            if database.is_table_damaged {
                writeln!(f, "db{db}: the table is damaged; the heap has {whole} whole records")?;
            } else {
                writeln!(f, "db{db}: keys={keys},expires={expires},whole={whole},damaged={damaged}")?;
            }
            if *tombstones > 0 {
                writeln!(f, "db{db}: {tombstones} of the damaged were damaged before this file was written")?;
            }
        }
        if !self.damaged_at.is_empty() {
            writeln!(f, "damaged records at offsets {:?}", self.damaged_at)?;
        }
        Ok(())
    }
}

/// Reads all of a file. An error where it is not a snapshot, or not enough of one to be repaired.
pub fn check(path: &Path) -> Result<Report, OpenError> {
    let (file, header) = read_header(path)?;
    let view = View::map(&file).map_err(|error| OpenError::io(path, error))?;
    Ok(check_bytes(view.bytes(), &header))
}

/// [`check`] for a file whose header has been read.
pub(super) fn check_bytes(file: &[u8], header: &Header) -> Report {
    let mut report = Report {
        created: header.created,
        lsn: header.lsn,
        file_bytes: header.file_bytes,
        databases: Vec::new(),
        damaged_at: Vec::new(),
    };
    for section in &header.sections {
        let Section { db, keys, expires, .. } = *section;
        let mut found = DatabaseReport { db, keys, expires, ..DatabaseReport::default() };
        let heap = &file[section.heap_offset as usize..section.heap_end as usize];
        let Ok(pages) = whole_pages(file, section) else {
            found.is_table_damaged = true;
            found.whole = search(file, section, header.version_max).len() as u64;
            report.databases.push(found);
            continue;
        };
        for page in pages {
            found.damaged += page.lossy_chains();
            found.tombstones += page.lossy_chains();
            page.for_each_slot(|_, word| {
                if read_whole(file, section, header.version_max, word).is_ok() {
                    found.whole += 1;
                    return;
                }
                found.damaged += 1;
                if is_tombstone(heap, (word.address() - section.heap_offset) as usize) {
                    found.tombstones += 1;
                } else if report.damaged_at.len() < NAMED_MAX {
                    report.damaged_at.push(word.address());
                }
            });
        }
        report.databases.push(found);
    }
    report
}

/// A record that is whole, and where it belongs.
struct Rescued {
    chain: u64,
    word: Word,
}

/// Writes what is whole in the file at `path` to `target` (which may be `path`), and says what it found. Keys of damaged
/// records are absent from the new file.
///
/// A database whose table is damaged gets a new one, from what its heap holds.
pub fn repair(path: &Path, target: &Path) -> Result<Report, StorageError> {
    let (file, header) = read_header(path)?;
    let io = |error| SaveError::io(target, error);
    let view = View::map(&file).map_err(|error| OpenError::io(path, error))?;
    let report = check_bytes(view.bytes(), &header);
    let temporary = Temporary::create(target).map_err(io)?;
    let mut out = FileWriter::new(&temporary.file, header.element_seed);
    for (section, found) in header.sections.iter().zip(&report.databases) {
        let heap = &view.bytes()[section.heap_offset as usize..section.heap_end as usize];
        // SAFETY: the view lives longer than this, and whoever writes to a file under repair breaks more than it.
        let _readable = unsafe { register(heap) };
        let rescued = if found.is_table_damaged {
            search(view.bytes(), section, header.version_max)
        } else {
            named(view.bytes(), section, header.version_max)
        };
        let mut writer = out.section(section.db, section.seed, section.chains, rescued.len() as u64);
        let mut rest = rescued.iter().peekable();
        for chain in 0..section.chains {
            let mut slots = Slots::new();
            while let Some(record) = rest.next_if(|record| record.chain == chain) {
                let stored = read_whole(view.bytes(), section, header.version_max, record.word);
                let stored = stored.map_err(|_| changed(path, section))?;
                let slot = if stored.is_large() {
                    let owned = stored.load().map_err(|_| changed(path, section))?;
                    let large = Large::of(record.word, owned.as_record());
                    large.write(&mut writer).map_err(|failed| match failed {
                        Failed::Io(error) => StorageError::from(io(error)),
                        Failed::Damaged => changed(path, section).into(),
                    })?
                } else {
                    writer.copy_long(record.word, stored.bytes).map_err(io)?
                };
                slots.push(slot);
            }
            if !writer.chain(&slots, false) {
                return Err(SaveError::TooDamaged.into());
            }
            writer.relieve().map_err(io)?;
        }
        out.add(writer.finish().map_err(io)?);
    }
    // Libraries that are damaged are left out, like records.
    let libraries = header.read_libraries(&file).unwrap_or_default();
    out.finish(header.created, header.lsn, header.version_max, &libraries).map_err(io)?;
    temporary.place().map_err(io)?;
    Ok(report)
}

fn changed(path: &Path, section: &Section) -> OpenError {
    OpenError::damaged(path, Problem::Table(section.db))
}

/// The whole records that the table names.
fn named(file: &[u8], section: &Section, version_max: u64) -> Vec<Rescued> {
    let mut records = Vec::new();
    for page in whole_pages(file, section).unwrap_or_default() {
        page.for_each_slot(|chain, word| {
            if read_whole(file, section, version_max, word).is_ok() {
                records.push(Rescued { chain, word });
            }
        });
    }
    records
}

/// The whole records of the heap, found without the table: frame after frame, and where one is damaged by looking for
/// the next. Chains ascend in the heap, which tells records from bytes of a value that look like one.
fn search(file: &[u8], section: &Section, version_max: u64) -> Vec<Rescued> {
    let heap = &file[section.heap_offset as usize..section.heap_end as usize];
    let hash = hasher(section.seed);
    let records_max = (section.chains + section.overflow_buckets) * 7 * RECORDS_PER_SLOT_MAX;
    let mut records: Vec<Rescued> = Vec::new();
    let mut at = 0;
    while at < heap.len() && (records.len() as u64) < records_max {
        let stored = Stored::read(heap, at, version_max).and_then(|stored| {
            stored.check_trees(heap, at)?;
            stored.load().map(|_| stored)
        });
        let Ok(stored) = stored else {
            at += ALIGN;
            continue;
        };
        let hash = hash(stored.key);
        let chain = bucket_of(hash, section.chains);
        if records.last().is_some_and(|last| last.chain > chain) {
            at += ALIGN;
            continue;
        }
        let word = Word::mapped(hash, section.heap_offset + at as u64, stored.expires());
        debug_assert!(stored.expires() == word.has(TTL));
        records.push(Rescued { chain, word });
        at += stored.bytes.len();
    }
    records
}
