//! Saving: a cut through all databases, walked and written while everybody goes on.
//!
//! # Concurrency
//! Under the closed gate (an instant) the cut's version is drawn, the log's position read, and a cut begun on every
//! index that has keys; the indexes are shared, so FLUSHALL and SWAPDB may exchange them meanwhile. Then the walker
//! visits the chains in order. It pins the epoch for some tens of KiB at a time, never while it writes, and holds no
//! latch while it copies. Writers hand over what the walker still needs (`index/cut.rs`).
//!
//! # Memory
//! Buffers of some MiB, and what writers replace ahead of the walker.

use std::path::Path;
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use super::encode::{Encoder, Long};
use super::error::SaveError;
use super::format::Header;
use super::permit::Permit;
use super::temporary::Temporary;
use super::trees::{Failed, Large};
use super::writer::{FileWriter, SectionWriter, Slots};
use crate::clock::UnixMillis;
use crate::delays::Delay;
use crate::engine::{DbIndex, Engine};
use crate::index::scan::Walked;
use crate::index::{Index, Word};
use crate::limits::DATABASES;
use crate::log::Lsn;
use crate::sync::Arc;
use crate::version;

/// Bytes copied under one epoch pin.
const BYTES_PER_PIN: u64 = 64 << 10;
/// Chains walked under one epoch pin, where they hold little.
const CHAINS_PER_PIN: usize = 512;
/// How many chains ahead records are fetched.
const PREFETCH_CHAINS: u64 = 4;
/// Records of a mapped file that are longer than this are copied without a pin.
const COPY_BYTES_MAX: usize = 32 << 10;

/// A snapshot that was written.
#[derive(Clone, Debug)]
pub struct Saved {
    pub header: Header,
    pub duration: Duration,
}

/// Writes a snapshot to `path`, replacing what is there when it is whole and on the disk. `at_cut` runs while the gate
/// is closed and returns the position of the log that the snapshot stands for: an AOF rewrite begins its increment
/// there. What else it returns is handed back.
///
/// # Errors
/// With any error the file at `path` is untouched.
pub fn save<T>(
    engine: &Engine,
    path: &Path,
    at_cut: impl FnOnce() -> (Lsn, T),
) -> Result<(Saved, T), SaveError> {
    let permit = engine.snapshots().permit()?;
    let start = Instant::now();
    let io = |error| SaveError::io(path, error);
    let temporary = Temporary::create(path).map_err(io)?;
    let (cut, handed_back) = Cut::begin(engine, at_cut);
    let mut file = FileWriter::new(&temporary.file, engine.element_seed());
    // Copied keys may lie in a file whose database is gone.
    let _opened = engine.opened_file();
    let mut encoder = Encoder::new(engine.config().snapshot_compress_min_bytes);
    for part in &cut.parts {
        let section = file.section(part.db, part.index.seed(), part.index.chains(), part.keys);
        let mut walk = Walk {
            index: &part.index,
            section,
            encoder: &mut encoder,
            slots: Slots::new(),
            is_lossy: false,
            pending: SmallVec::new(),
        };
        match walk.run(&permit) {
            Ok(()) => file.add(walk.section.finish().map_err(io)?),
            Err(Stop::Io(error)) => return Err(io(error)),
            Err(Stop::Cancelled) => return Err(SaveError::Cancelled),
            Err(Stop::TooDamaged) => return Err(SaveError::TooDamaged),
        }
    }
    let header = file.finish(cut.now, cut.lsn, cut.version - 1, &cut.libraries).map_err(io)?;
    // Writers need not wait for the disk.
    drop(cut);
    temporary.place().map_err(io)?;
    let damaged: u64 = header.sections.iter().map(|section| section.damaged).sum();
    if damaged > 0 {
        tracing::error!(damaged, path = %path.display(), "saved without records that are damaged in the older file");
    }
    Ok((Saved { header, duration: start.elapsed() }, handed_back))
}

/// The cut of all databases; ends on drop.
struct Cut {
    parts: Vec<Part>,
    version: u64,
    lsn: Lsn,
    now: UnixMillis,
    /// A payload of FUNCTION DUMP, or nothing.
    libraries: Vec<u8>,
}

struct Part {
    db: DbIndex,
    index: Arc<Index>,
    keys: u64,
}

impl Cut {
    fn begin<T>(engine: &Engine, at_cut: impl FnOnce() -> (Lsn, T)) -> (Cut, T) {
        let began = Instant::now();
        let _alone = engine.gate().close();
        let (lsn, handed_back) = at_cut();
        let version = version::cut();
        let libraries = engine.libraries().payload();
        let mut cut = Cut { parts: Vec::new(), version, lsn, now: UnixMillis::now(), libraries };
        for db in 0..DATABASES as DbIndex {
            let index = engine.share_index(db);
            let keys = index.len();
            if keys > 0 {
                index.begin_cut(version);
                cut.parts.push(Part { db, index, keys });
            }
        }
        engine.delays().note(Delay::SnapshotCut, began.elapsed());
        (cut, handed_back)
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        for part in &self.parts {
            part.index.end_cut(&crossbeam_epoch::pin());
        }
    }
}

enum Stop {
    Io(std::io::Error),
    Cancelled,
    TooDamaged,
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Stop {
        Stop::Io(error)
    }
}

/// Work that is done without a pin, for a slot of the chain at hand.
enum Pending<'a> {
    Long(Long),
    Large(Box<Large>),
    Copy(Word, &'a [u8]),
}

/// The walk through one database.
struct Walk<'a, 'f> {
    index: &'a Index,
    section: SectionWriter<'f>,
    encoder: &'a mut Encoder,
    slots: Slots,
    /// The chain at hand had keys that nobody knows.
    is_lossy: bool,
    /// With the position in `slots` that each is for.
    pending: SmallVec<[(usize, Pending<'a>); 2]>,
}

impl Walk<'_, '_> {
    fn run(&mut self, permit: &Permit<'_>) -> Result<(), Stop> {
        let chains = self.index.chains();
        let mut chain = 0;
        while chain < chains {
            if permit.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            chain = self.walk_pinned(chain, chains)?;
            if !self.pending.is_empty() {
                self.write_pending()?;
                self.end_chain()?;
            }
            self.section.relieve()?;
        }
        Ok(())
    }

    /// Walks chains under one pin, until there is something to do without it; returns the next chain.
    fn walk_pinned(&mut self, mut chain: u64, chains: u64) -> Result<u64, Stop> {
        let pin = crossbeam_epoch::pin();
        let enough = self.section.heap.offset() + BYTES_PER_PIN;
        for _ in 0..CHAINS_PER_PIN {
            if chain == chains || self.section.heap.offset() >= enough {
                break;
            }
            let index = self.index;
            index.prefetch_chain(chain + PREFETCH_CHAINS, &pin);
            self.slots.clear();
            index.walk_chain(chain, &pin, &mut |walked| self.put(walked));
            self.is_lossy = index.is_lossy(chain);
            chain += 1;
            if !self.pending.is_empty() {
                break;
            }
            self.end_chain()?;
        }
        Ok(chain)
    }

    fn put(&mut self, walked: Walked<'_>) {
        let slot = match walked {
            // Expired ones too: whoever wrote them after the cut may have seen them alive, by an older look at the clock.
            Walked::Memory { word, record, trees: Some(trees) } => {
                self.postpone(Pending::Large(Box::new(Large::new(word, record, trees))))
            }
            Walked::Memory { word, record, trees: None } => {
                match self.encoder.put(&mut self.section, word, record) {
                    Ok(slot) => slot,
                    Err(long) => self.postpone(Pending::Long(long)),
                }
            }
            Walked::Mapped(word) => {
                let backing = self.index.backing().expect("mapped words exist only over a backing");
                match backing.stored(word.address()) {
                    Ok(_) if backing.is_large(word.address()) => self.postpone_mapped(word),
                    Ok(stored) if stored.len() > COPY_BYTES_MAX => self.postpone(Pending::Copy(word, stored)),
                    Ok(stored) => self.section.copy(word, stored),
                    // Its key stays an error in the new file: dropping it would turn damage into a silent loss.
                    Err(_) => self.section.bury(word),
                }
            }
        };
        self.slots.push(slot);
    }

    fn end_chain(&mut self) -> Result<(), Stop> {
        if self.section.chain(&self.slots, self.is_lossy) { Ok(()) } else { Err(Stop::TooDamaged) }
    }

    fn write_pending(&mut self) -> Result<(), Stop> {
        for (position, pending) in std::mem::take(&mut self.pending) {
            self.slots[position] = match pending {
                Pending::Long(long) => self.encoder.put_long(&mut self.section, &long)?,
                Pending::Copy(word, stored) => self.section.copy_long(word, stored)?,
                Pending::Large(large) => match large.write(&mut self.section) {
                    Ok(slot) => slot,
                    Err(Failed::Io(error)) => return Err(Stop::Io(error)),
                    Err(Failed::Damaged) => self.section.bury(large.word),
                },
            };
        }
        Ok(())
    }
}

impl<'a> Walk<'a, '_> {
    /// Leaves a record for later; what stands in its slot until then does not matter.
    fn postpone(&mut self, pending: Pending<'a>) -> u64 {
        self.pending.push((self.slots.len(), pending));
        0
    }

    /// The same for a container that nobody has touched since the file was opened.
    fn postpone_mapped(&mut self, word: Word) -> u64 {
        let backing = self.index.backing().expect("mapped words exist only over a backing");
        let Ok(owned) = backing.load(word.address()) else { return self.section.bury(word) };
        self.postpone(Pending::Large(Box::new(Large::of(word, owned.as_record()))))
    }
}
