//! The context a command handler works in.

use std::any::Any;

use smallvec::SmallVec;

use super::{Args, Failure, Registry, Reply, Spec};
use crate::blocking::Blocked;
use crate::clock::UnixMillis;
use crate::engine::{DbIndex, Engine};
use crate::index::{Damaged, Stamp};
use crate::operation::{Operation, Touch};
use crate::patience::{self, Overdue};
use crate::record::Record;
use crate::transaction::{Entry, Latches};

/// Optimistic attempts of a read of several keys before it latches them.
const READ_ATTEMPTS: usize = 8;

/// What a connection (or handle) carries from command to command, as far as the engine's commands care.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The selected database.
    pub db: DbIndex,
    /// CLIENT NO-TOUCH: reads leave access times alone.
    pub no_touch: bool,
}

/// The face that a command came through; server commands downcast to their connection.
pub trait Host {
    fn as_any(&mut self) -> &mut dyn Any;

    /// Whether a command may let the client wait.
    fn may_block(&self) -> bool {
        false
    }

    /// A command is about to run; only called where [`Operation::tell_reads`] asks for it.
    fn will_run(&mut self, _: &Spec, _: Args<'_>) {}

    /// The command has emitted nothing and waits. Only called where [`Host::may_block`] says yes.
    fn block(&mut self, blocked: Blocked) {
        drop(blocked);
    }
}

/// No face at all: for replaying the log, and for tests of the engine's own commands.
pub struct NoHost;

impl Host for NoHost {
    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// Everything a handler needs.
pub struct Ctx<'a> {
    pub engine: &'a Engine,
    pub op: &'a Operation<'a>,
    pub session: &'a mut Session,
    pub reply: &'a mut dyn Reply,
    pub host: &'a mut dyn Host,
    pub registry: &'a Registry,
}

impl<'a> Ctx<'a> {
    pub fn now(&self) -> UnixMillis {
        self.op.now()
    }

    /// The live record of `key`; counts a hit or a miss and touches its access bits.
    #[inline]
    pub fn read(&self, key: &[u8]) -> Result<Option<Record<'a>>, Failure> {
        let touch = if self.session.no_touch { Touch::Count } else { Touch::Access };
        Ok(self.op.read(self.session.db, key, touch)?)
    }

    /// The live record of `key`; counts a hit or a miss, and leaves its access bits alone: EXISTS is no use of a key.
    pub fn look(&self, key: &[u8]) -> Result<Option<Record<'a>>, Failure> {
        Ok(self.op.read(self.session.db, key, Touch::Count)?)
    }

    /// The live record of `key`, leaving statistics and access bits alone.
    pub fn peek(&self, key: &[u8]) -> Result<Option<Record<'a>>, Failure> {
        Ok(self.op.read(self.session.db, key, Touch::Quiet)?)
    }

    /// The live records of `keys` as they stood at one instant.
    ///
    /// Reads all, then looks whether any slot has changed meanwhile: addresses are unique while pinned, so unchanged
    /// slots held these records at the moment between the two looks. Of a key that is absent both times, the stamp of
    /// its chain tells whether it was there in between.
    pub fn read_many(&self, keys: &[&[u8]]) -> Result<SmallVec<[Option<Record<'a>>; 8]>, Failure> {
        let touch = if self.session.no_touch { Touch::Count } else { Touch::Access };
        let index = self.op.index(self.session.db);
        let hashes: SmallVec<[u64; 8]> = keys.iter().map(|key| index.hash(key)).collect();
        index.look_ahead_hashed(&hashes, self.op.pin());
        for _ in 0..READ_ATTEMPTS {
            let mut found: SmallVec<[(Stamp, Option<Record<'a>>); 8]> = SmallVec::with_capacity(keys.len());
            for (key, &hash) in keys.iter().zip(&hashes) {
                let stamp = index.stamp(hash);
                found.push((stamp, self.op.find_any(index, hash, key)?));
            }
            let mut unchanged = true;
            for ((key, &hash), (stamp, record)) in keys.iter().zip(&hashes).zip(&found) {
                let again = self.op.find_any(index, hash, key)?;
                unchanged &= again.map(|record| record.as_ptr()) == record.map(|record| record.as_ptr());
                unchanged &= record.is_some() || index.stamp(hash) == *stamp;
            }
            if unchanged {
                let noted = keys.iter().zip(found).map(|(key, (_, record))| {
                    let record = self.op.noted(record, touch);
                    if record.is_none() {
                        self.op.note_miss(self.session.db, key);
                    }
                    record
                });
                return Ok(noted.collect());
            }
        }
        let keys: SmallVec<[(DbIndex, &[u8]); 8]> = keys.iter().map(|&key| (self.session.db, key)).collect();
        let mut latches = Latches::latch(self.op, &keys)?;
        Ok((0..keys.len())
            .map(|position| {
                let record = latches.entry(position).record()?;
                // SAFETY: the record is retired through the epoch at the earliest, pinned by the operation for 'a.
                Some(unsafe { Record::from_raw(record.as_ptr()) })
            })
            .collect())
    }

    /// Write access to `key` in the session's database. Read nothing else while it is held.
    #[inline]
    pub fn latch<'k>(&self, key: &'k [u8]) -> Result<Entry<'k>, Failure>
    where
        'a: 'k,
    {
        Ok(Entry::latch(self.op, self.session.db, key)?)
    }

    /// Write access to several keys at once; nobody sees some of the writes without the others.
    pub fn latch_many<'k>(&self, keys: &[(DbIndex, &'k [u8])]) -> Result<Latches<'k>, Failure>
    where
        'a: 'k,
    {
        Ok(Latches::latch(self.op, keys)?)
    }
}

impl From<Damaged> for Failure {
    fn from(_: Damaged) -> Failure {
        if patience::take_given_up() { Failure::BUSY } else { Failure::DAMAGED }
    }
}

impl From<Overdue> for Failure {
    fn from(overdue: Overdue) -> Failure {
        Damaged::from(overdue).into()
    }
}
