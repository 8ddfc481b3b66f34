//! The scrub: reads through the table and all records of a file, to find damage before somebody needs what is damaged.

use std::fs::File;
use std::time::{Duration, Instant};

use memmap2::{Mmap, MmapOptions, UncheckedAdvice};

use super::format::{AREA_ALIGN, BUCKET_BYTES, Header, Section};
use super::frame::Stored;
use super::mapped::MappedFile;
use super::table::{self, BadTable};
use crate::engine::Engine;
use crate::index::pages::PAGE_CHAINS;
use crate::index::{Damaged, Word};
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Arc, Mutex, lock};

/// Bytes per second that a background scrub reads at most.
const BYTES_PER_SECOND: u64 = 64 << 20;
/// How long a background scrub waits before it begins.
const DELAY: Duration = Duration::from_millis(500);
/// Bytes between two looks at the clock; pages behind are given back.
const PIECE_BYTES: u64 = 4 << 20;

/// How far the scrub of the opened file is.
#[derive(Default)]
pub struct Scrub {
    running: AtomicBool,
    stop: AtomicBool,
    done: AtomicBool,
    checked: AtomicU64,
    damaged: AtomicU64,
}

/// The same at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScrubStatus {
    pub in_progress: bool,
    /// All records were read.
    pub done: bool,
    /// Records read.
    pub checked: u64,
    /// Records, and parts of tables, that failed.
    pub damaged: u64,
}

impl Scrub {
    fn status(&self) -> ScrubStatus {
        ScrubStatus {
            in_progress: self.running.load(Ordering::SeqCst),
            done: self.done.load(Ordering::SeqCst),
            checked: self.checked.load(Ordering::SeqCst),
            damaged: self.damaged.load(Ordering::SeqCst),
        }
    }

    /// Another file was opened: what is known is of the last one.
    pub fn forget(&self) {
        self.done.store(false, Ordering::SeqCst);
        self.checked.store(0, Ordering::SeqCst);
        self.damaged.store(0, Ordering::SeqCst);
    }

    /// Asks a scrub under way to end.
    pub fn stop(&self) {
        // ORDERING: see `run`.
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Reads all records; `rate` in bytes per second.
    fn run(&self, file: &MappedFile, rate: u64) -> std::io::Result<()> {
        let view = View::map(&file.file)?;
        let start = Instant::now();
        let (mut read, mut piece) = (0, 0);
        let going = |offset: u64, found: Found<'_>| {
            self.checked.fetch_add(1, Ordering::SeqCst);
            if found.is_err() {
                self.damaged.fetch_add(1, Ordering::SeqCst);
                file.note_damage(offset);
            }
            piece += found.map_or(0, |stored| stored.bytes.len() as u64);
            if piece >= PIECE_BYTES {
                read += piece;
                piece = 0;
                view.forget();
                let due = Duration::from_secs_f64(read as f64 / rate as f64);
                std::thread::sleep(due.saturating_sub(start.elapsed()));
            }
            // ORDERING: a request; takes effect soon.
            !self.stop.load(Ordering::Relaxed)
        };
        let finished = view.for_each_record(&file.header, going);
        self.done.store(finished == Ok(true), Ordering::SeqCst);
        Ok(())
    }
}

/// What a slot names, read to its end.
type Found<'a> = Result<Stored<'a>, Damaged>;

/// A file seen as it is on the disk.
pub struct View {
    map: Mmap,
}

impl View {
    pub fn map(file: &File) -> std::io::Result<View> {
        // SAFETY: as for `mapped::open`: nobody writes to a snapshot that is in place.
        Ok(View { map: unsafe { MmapOptions::new().map(file) }? })
    }

    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// Gives the pages read so far back: a scrub must not count as memory.
    fn forget(&self) {
        // SAFETY: the mapping is read only and of a file: the pages come back as they were.
        let _ = unsafe { self.map.unchecked_advise(UncheckedAdvice::DontNeed) };
    }

    /// Visits the records of all databases, each with its offset, until `visit` says no; whether it saw all. What is
    /// damaged of a table, or was lost with an earlier one, is visited in place of its records.
    pub fn for_each_record(
        &self,
        header: &Header,
        mut visit: impl FnMut(u64, Found<'_>) -> bool,
    ) -> Result<bool, BadTable> {
        for section in &header.sections {
            let mut going = true;
            for (number, page) in (0..).zip(table::pages(&self.map, section)?) {
                let offset = section.table_offset + number * PAGE_CHAINS * BUCKET_BYTES;
                if !page.is_ok_and(|page| page.lossy_chains() == 0) {
                    going = visit(offset, Err(Damaged));
                }
                let Ok(page) = page else { continue };
                page.for_each_slot(|_, word| {
                    if going {
                        let stored = read_whole(&self.map, section, header.version_max, word);
                        going = visit(word.address(), stored);
                    }
                });
                if !going {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// The record that a slot of `section` names, read to its end.
pub fn read_whole<'a>(file: &'a [u8], section: &Section, version_max: u64, word: Word) -> Found<'a> {
    let heap = &file[section.heap_offset as usize..section.heap_end as usize];
    let at = word.address() - section.heap_offset;
    let stored = Stored::read(heap, at as usize, version_max)?;
    stored.check_trees(heap, at as usize)?;
    stored.load().map(|_| stored)
}

impl Engine {
    /// Begins to read through the snapshot that the engine was opened from, on a thread of its own, at a modest rate.
    /// `false`: there is none, or it has been begun before.
    pub fn scrub_in_background(&self) -> bool {
        let Some(file) = self.opened_file() else { return false };
        let scrub = self.snapshots().scrub.clone();
        if scrub.done.load(Ordering::SeqCst) || scrub.running.swap(true, Ordering::SeqCst) {
            return false;
        }
        let thread = std::thread::Builder::new().name("polycache-scrub".into());
        let begun = thread.spawn(move || {
            // The first clients come first.
            let start = Instant::now();
            // ORDERING: a request; takes effect soon.
            while start.elapsed() < DELAY && !scrub.stop.load(Ordering::Relaxed) {
                std::thread::sleep(DELAY / 10);
            }
            run_logged(&scrub, &file, BYTES_PER_SECOND);
        });
        if let Err(error) = begun {
            tracing::warn!(%error, "no thread to scrub the snapshot");
            self.snapshots().scrub.running.store(false, Ordering::SeqCst);
            return false;
        }
        true
    }

    /// Reads through the snapshot that the engine was opened from, as fast as it goes.
    pub fn scrub(&self) -> ScrubStatus {
        let scrub = &self.snapshots().scrub;
        if let Some(file) = self.opened_file()
            && !scrub.running.swap(true, Ordering::SeqCst)
        {
            run_logged(scrub, &file, u64::MAX);
        }
        self.scrub_status()
    }

    pub fn scrub_status(&self) -> ScrubStatus {
        self.snapshots().scrub.status()
    }

    pub(super) fn opened_file(&self) -> Option<Arc<MappedFile>> {
        let opened: &Mutex<_> = &self.snapshots().opened;
        lock(opened).clone()
    }
}

fn run_logged(scrub: &Scrub, file: &MappedFile, rate: u64) {
    let result = scrub.run(file, rate);
    scrub.running.store(false, Ordering::SeqCst);
    let status = scrub.status();
    let path = file.path.display();
    match result {
        Err(error) => tracing::warn!(%path, %error, "cannot scrub the snapshot"),
        Ok(()) if status.damaged > 0 => {
            tracing::error!(%path, status.checked, status.damaged, "the snapshot has damaged records");
        }
        Ok(()) => tracing::info!(%path, status.checked, "the snapshot's records are whole"),
    }
}

const _: () = assert!(PIECE_BYTES.is_multiple_of(AREA_ALIGN));
