//! A snapshot file mapped into memory, and the indexes over it.
//!
//! The mapping is private: the table of each database is used where it lies, and pages of it are copied as they are
//! written. Records are never written; they are checked and copied to the heap when somebody touches them, as pages of
//! the table are checked when somebody looks at one of their chains.
//!
//! # Limits
//! The file must stay as it is while it is mapped. Saving keeps to that: it renames a new file into place, and the old
//! one lives on, without a name, until it is unmapped. Who overwrites or truncates the file in place makes the process
//! fail as if its memory had failed.

use std::collections::HashSet;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;

use memmap2::{MmapMut, MmapOptions};

use super::error::{OpenError, Problem};
use super::format::{BUCKET_BYTES, HEADER_BYTES, Header, Section, TRAILER_BYTES, room_bytes};
use super::frame::Stored;
use super::table::{self, BadTable, Page};
use crate::engine::DbIndex;
use crate::index::pages::PAGE_CHAINS;
use crate::index::{Backing, Damaged, Index};
use crate::memory::Memory;
use crate::record::OwnedRecord;
use crate::stats::{Counter, Stats};
use crate::sync::{Arc, Mutex, lock};
use crate::tree::mapped::{Registration, register};

/// Damaged records that are told apart; beyond, they are errors without being logged.
const DAMAGED_TOLD_MAX: usize = 10_000;

/// A file that was opened, with an index for each of its databases.
pub struct Opened {
    pub file: Arc<MappedFile>,
    pub databases: Vec<(DbIndex, Index)>,
}

/// See the module's documentation.
pub struct MappedFile {
    /// Not touched through this handle any more: the indexes write to parts of it.
    _map: MmapMut,
    base: NonNull<u8>,
    /// For scrubbing: a view of the file that no index writes to.
    pub file: File,
    pub path: PathBuf,
    pub header: Header,
    stats: Arc<Stats>,
    told: Mutex<HashSet<u64>>,
}

// SAFETY: the mapping may be read from any thread; what is written of it is written through the indexes' atomics.
unsafe impl Send for MappedFile {}
// SAFETY: as above.
unsafe impl Sync for MappedFile {}

/// Maps the snapshot at `path`, checks what frames tables and records, and builds its indexes.
pub fn open(path: &Path, memory: &Arc<Memory>, stats: &Arc<Stats>) -> Result<Opened, OpenError> {
    let (file, header) = read_header(path)?;
    let io = |error| OpenError::io(path, error);
    // SAFETY: private, so nobody sees our writes; that nobody changes the file is the promise asked for above.
    let mut map = unsafe { MmapOptions::new().no_reserve_swap().map_copy(&file) }.map_err(io)?;
    if map.len() as u64 != header.file_bytes {
        let found = map.len() as u64;
        return Err(OpenError::damaged(path, Problem::Length { expected: header.file_bytes, found }));
    }
    for section in &header.sections {
        if table::sums(&map, section).is_err() {
            return Err(OpenError::damaged(path, Problem::Table(section.db)));
        }
    }
    let base = NonNull::from(&mut map[..]).cast::<u8>();
    let mapped = Arc::new(MappedFile {
        _map: map,
        base,
        file,
        path: path.to_path_buf(),
        header,
        stats: stats.clone(),
        told: Mutex::default(),
    });
    let mut databases = Vec::new();
    for section in &mapped.header.sections {
        mapped.clear_room(section).map_err(io)?;
        databases.push((section.db, mapped.index(section, memory)));
    }
    Ok(Opened { file: mapped, databases })
}

/// Opens a file and reads what frames it.
pub fn read_header(path: &Path) -> Result<(File, Header), OpenError> {
    let io = |error| OpenError::io(path, error);
    let file = File::open(path).map_err(io)?;
    let found = file.metadata().map_err(io)?.len();
    let mut start = vec![0; found.min(HEADER_BYTES) as usize];
    file.read_exact_at(&mut start, 0).map_err(io)?;
    let header = Header::decode(&start, found).map_err(|problem| OpenError::damaged(path, problem))?;
    let mut trailer = vec![0; TRAILER_BYTES as usize];
    file.read_exact_at(&mut trailer, found - TRAILER_BYTES).map_err(io)?;
    header.check_trailer(&trailer).map_err(|problem| OpenError::damaged(path, problem))?;
    Ok((file, header))
}

impl MappedFile {
    /// Makes the buckets zero that the table will grow into, whatever the file holds there.
    fn clear_room(&self, section: &Section) -> std::io::Result<()> {
        let from = (section.table_offset + section.table_bytes()) as usize;
        let to = (section.table_offset + room_bytes(section.chains)) as usize;
        // SAFETY: a plain question to the system.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        let first_page = from.next_multiple_of(page).min(to);
        let last_page = (to / page * page).max(first_page);
        // SAFETY: inside the mapping, before any index uses it.
        unsafe {
            self.base.add(from).write_bytes(0, first_page - from);
            self.base.add(last_page).write_bytes(0, to - last_page);
        }
        if first_page < last_page {
            // Fresh zero pages take the file's place: they cost nothing until they are used.
            let protection = libc::PROT_READ | libc::PROT_WRITE;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
            // SAFETY: whole pages inside our own mapping, which is unmapped as one when the file is dropped.
            let mapped = unsafe {
                let start = self.base.add(first_page).as_ptr().cast();
                libc::mmap(start, last_page - first_page, protection, flags, -1, 0)
            };
            if mapped == libc::MAP_FAILED {
                return Err(std::io::Error::last_os_error());
            }
        }
        Ok(())
    }

    fn index(self: &Arc<Self>, section: &Section, memory: &Arc<Memory>) -> Index {
        // SAFETY: all lie inside the mapping, as the header's check has it; heap and sums are never written.
        let (buckets, heap, sums) = unsafe {
            (
                self.base.add(section.table_offset as usize).cast(),
                self.bytes(section.heap_offset..section.heap_end),
                self.bytes(section.sums_offset..section.sums_end()),
            )
        };
        // SAFETY: the heap is never written; the backing unregisters it when the index dies, and copies of its containers
        // in other databases keep `Snapshots::opened` for that.
        let registration = unsafe { register(heap) };
        let backing =
            SectionBacking { file: self.clone(), section: *section, heap, sums, _registration: registration };
        // SAFETY: the room up to the next power of two lies in the mapping and is zero behind `chains`; the backing checks
        // slots and links before they are followed, and keeps the mapping alive.
        unsafe {
            Index::mapped(
                buckets,
                section.chains,
                section.seed,
                memory.clone(),
                Box::new(backing),
                section.keys,
                section.expires,
            )
        }
    }

    /// Bytes of the file as they are mapped.
    ///
    /// # Safety
    /// They are inside the mapping, nobody writes to them while they are used, and `self` lives as long.
    unsafe fn bytes(&self, range: Range<u64>) -> &'static [u8] {
        // SAFETY: the caller's promise.
        unsafe {
            let start = self.base.add(range.start as usize);
            std::slice::from_raw_parts(start.as_ptr(), (range.end - range.start) as usize)
        }
    }

    /// Counts a damaged record or page of a table, and tells of it the first time.
    pub fn note_damage(&self, offset: u64) {
        let mut told = lock(&self.told);
        if told.len() >= DAMAGED_TOLD_MAX || !told.insert(offset) {
            return;
        }
        self.stats.add(Counter::DamagedRecords, 1);
        let path = self.path.display();
        let is_record = self
            .header
            .sections
            .iter()
            .any(|section| (section.heap_offset..section.heap_end).contains(&offset));
        if is_record {
            tracing::error!(
                %path,
                offset,
                "a record of the snapshot is damaged: its key is an error until 'polycache-server check --repair'"
            );
        } else {
            tracing::error!(
                %path,
                offset,
                "a part of the snapshot's table is damaged: its keys are errors until 'polycache-server check --repair'"
            );
        }
    }
}

/// One database.
struct SectionBacking {
    file: Arc<MappedFile>,
    section: Section,
    /// Parts of the mapping that `file` keeps alive.
    heap: &'static [u8],
    sums: &'static [u8],
    _registration: Registration,
}

impl SectionBacking {
    fn read(&self, offset: u64) -> Result<Stored<'_>, Damaged> {
        let at = offset.checked_sub(self.section.heap_offset).ok_or(Damaged)?;
        Stored::read(self.heap, at as usize, self.file.header.version_max)
    }

    fn noted<T>(&self, offset: u64, result: Result<T, Damaged>) -> Result<T, Damaged> {
        if result.is_err() {
            self.file.note_damage(offset);
        }
        result
    }
}

impl Backing for SectionBacking {
    fn base(&self) -> usize {
        self.file.base.as_ptr().expose_provenance()
    }

    fn check_page(&self, page: u64) -> Result<(), Damaged> {
        // SAFETY: pages lie inside the mapping, and nobody writes to one that is not checked yet.
        let checked = Page::check(&self.section, self.sums, page, |range| unsafe { self.file.bytes(range) });
        let offset = self.section.table_offset + page * PAGE_CHAINS * BUCKET_BYTES;
        self.noted(offset, checked.map(|_| ()).map_err(|BadTable| Damaged))
    }

    fn key(&self, offset: u64) -> Result<&[u8], Damaged> {
        self.noted(offset, self.read(offset).map(|stored| stored.key))
    }

    fn stored(&self, offset: u64) -> Result<&[u8], Damaged> {
        let stored = self.read(offset).and_then(|stored| stored.check_value().map(|()| stored.bytes));
        self.noted(offset, stored)
    }

    fn is_large(&self, offset: u64) -> bool {
        self.read(offset).is_ok_and(|stored| stored.is_large())
    }

    fn load(&self, offset: u64) -> Result<OwnedRecord, Damaged> {
        self.noted(offset, self.read(offset).and_then(|stored| stored.load()))
    }
}

const _: () = assert!(size_of::<crate::index::bucket::Bucket>() as u64 == BUCKET_BYTES || cfg!(shuttle));
