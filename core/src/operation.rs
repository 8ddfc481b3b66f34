//! A stretch of work on the engine by one thread: pins the epoch, fixes the time, gathers what it did.

use std::cell::{Cell, RefCell};

use crossbeam_epoch::Guard;

use crate::blocking::{self, Pending};
use crate::clock::{UnixMillis, coarse_seconds};
use crate::engine::{DbIndex, Engine};
use crate::event::{Gathered, class};
use crate::eviction;
use crate::index::{Found, Index};
use crate::libraries::Sources;
use crate::log::Lsn;
use crate::log::entry::Annotation;
use crate::patience::Overdue;
use crate::record::{Record, Str};
use crate::stats::Counter;
use crate::transaction::block::Block;
use crate::transaction::scope;

/// One operation, or one batch of pipelined commands. Keep it short: garbage of the whole process waits for it.
pub struct Operation<'a> {
    engine: &'a Engine,
    pin: Pin<'a>,
    /// Zero until somebody asks.
    now: Cell<u64>,
    /// The coarse clock's seconds, zero until somebody asks.
    seconds: Cell<u64>,
    lsn: Cell<Option<Lsn>>,
    hits: Cell<u64>,
    misses: Cell<u64>,
    changes: Cell<u64>,
    /// Whether places for values that somebody makes are seen as keys.
    sees_places: Cell<bool>,
    /// Whether a latch is held: taking another, or reading, could then wait for ourselves.
    pub(crate) latched: Cell<bool>,
    /// The effects of a multi-key write, logged as one block when its latches are released.
    pub(crate) block: RefCell<Option<Block>>,
    /// The scope that its commands run in.
    pub(crate) scope: scope::State,
    /// The database whose index was asked for last.
    db: Cell<DbIndex>,
    /// What blocked clients are still owed.
    pub(crate) pending: Pending,
    /// What others are to be told.
    pub(crate) gathered: Gathered,
}

impl<'a> Operation<'a> {
    #[inline]
    pub(crate) fn new(engine: &'a Engine, pin: Pin<'a>) -> Operation<'a> {
        Operation {
            engine,
            pin,
            now: Cell::new(0),
            seconds: Cell::new(0),
            lsn: Cell::new(None),
            hits: Cell::new(0),
            misses: Cell::new(0),
            changes: Cell::new(0),
            sees_places: Cell::new(false),
            latched: Cell::new(false),
            block: RefCell::new(None),
            scope: scope::State::default(),
            db: Cell::new(0),
            pending: Pending::default(),
            gathered: Gathered::default(),
        }
    }

    #[inline]
    pub fn engine(&self) -> &'a Engine {
        self.engine
    }

    /// The pin that keeps what this operation sees alive.
    #[inline]
    pub fn pin(&self) -> &Guard {
        match &self.pin {
            Pin::Own(pin) => pin,
            Pin::Lent(pin) => pin,
        }
    }

    /// The time of the operation, the same for all of it.
    #[inline]
    pub fn now(&self) -> UnixMillis {
        if self.now.get() == 0 {
            self.now.set(UnixMillis::now().0);
        }
        UnixMillis(self.now.get())
    }

    /// The time of day, for what is noted rather than compared: as [`Operation::now`], but the clock's while the log is
    /// replayed.
    pub fn time_of_day(&self) -> UnixMillis {
        match self.now() {
            UnixMillis(0..=1) => UnixMillis::now(),
            now => now,
        }
    }

    /// From now on keys that have no value yet, only a lease (see [`crate::lease`]), are there: for those who know leases.
    pub fn see_places(&self) {
        self.sees_places.set(true);
    }

    /// Whether a record that is no longer valid, or not yet, is as good as none for this operation.
    #[inline]
    pub(crate) fn is_absent(&self, record: &Record<'_>) -> bool {
        record.may_be_absent() && (record.is_expired(self.now()) || self.is_hidden(record))
    }

    /// Whether a record is a place that this operation does not see.
    #[inline]
    pub(crate) fn is_hidden(&self, record: &Record<'_>) -> bool {
        record.is_place() && !self.sees_places.get()
    }

    /// Makes this operation believe that it is `time`: while the log is replayed, nothing is over yet; and simulations
    /// have a time of their own.
    pub fn stop_time(&self, time: UnixMillis) {
        self.now.set(time.0);
        self.seconds.set(0);
    }

    /// Reads the clock anew at the next [`Operation::now`]: a long batch is not one instant.
    pub fn forget_time(&self) {
        // A scope is one instant.
        if !self.scope.is_active() {
            self.now.set(0);
            self.seconds.set(0);
        }
    }

    /// Whether commands run in a [`crate::transaction::Scope`].
    pub fn is_in_scope(&self) -> bool {
        self.scope.is_active()
    }

    /// Whether this operation is in an exclusive scope.
    pub fn is_in_exclusive_scope(&self) -> bool {
        self.scope.is_active() && !self.scope.is_keyed()
    }

    /// Seconds for access times: exact where the clock has been read, else from the coarse clock.
    #[inline]
    pub(crate) fn access_seconds(&self) -> u64 {
        if self.seconds.get() == 0 {
            self.seconds.set(if self.now.get() > 1000 { self.now.get() / 1000 } else { coarse_seconds() });
        }
        self.seconds.get()
    }

    /// The log position that this operation's last write reached: durability waits for it.
    pub fn last_lsn(&self) -> Option<Lsn> {
        self.lsn.get()
    }

    /// Changes of data made by this operation so far.
    pub fn changes(&self) -> u64 {
        self.changes.get()
    }

    /// The index of a database.
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "an index of keys, not an operator")]
    pub fn index(&self, db: DbIndex) -> &Index {
        self.db.set(db);
        self.engine.index(db, self.pin())
    }

    /// The slot of a key in an open gate. Whoever has to wait for that looks into the index that the database has by
    /// then: it may be another.
    #[inline]
    fn find_open<'g>(
        &'g self,
        index: &'g Index,
        hash: u64,
        key: &[u8],
    ) -> Result<Option<Found<'g>>, crate::index::Damaged> {
        if self.scope.is_keyed() {
            return self.scope.find(self, index, hash, key);
        }
        if !self.engine.gate().is_open() {
            return self.find_later(key);
        }
        index.find(hash, key, self.pin())
    }

    #[cold]
    fn find_later(&self, key: &[u8]) -> Result<Option<Found<'_>>, crate::index::Damaged> {
        self.engine.gate().wait_open()?;
        let index = self.engine.index(self.db.get(), self.pin());
        index.find(index.hash(key), key, self.pin())
    }

    /// Asks the processor for what coming work on `keys` will read: worth it from two keys on.
    #[inline]
    pub fn look_ahead(&self, db: DbIndex, keys: &[&[u8]]) {
        self.index(db).look_ahead(keys, self.pin());
    }

    /// The live record of `key`: expired ones are absent. Counts a hit or miss and touches the record unless `quiet`.
    #[inline]
    pub fn read(
        &self,
        db: DbIndex,
        key: &[u8],
        touch: Touch,
    ) -> Result<Option<Record<'_>>, crate::index::Damaged> {
        let index = self.index(db);
        let record = self.read_hashed(index, index.hash(key), key, touch)?;
        if record.is_none() && touch != Touch::Quiet {
            self.note_miss(db, key);
        }
        Ok(record)
    }

    #[inline]
    pub(crate) fn read_hashed<'g>(
        &'g self,
        index: &'g Index,
        hash: u64,
        key: &[u8],
        touch: Touch,
    ) -> Result<Option<Record<'g>>, crate::index::Damaged> {
        let found = self.find(index, hash, key)?;
        let record = found.map(|found| found.record);
        self.note_read(record, touch);
        Ok(record)
    }

    /// Tells that a key was read that is not there, if somebody wants to know.
    #[inline]
    pub(crate) fn note_miss(&self, db: DbIndex, key: &[u8]) {
        let events = self.engine.events();
        if events.interest() & class::MISS != 0
            && let Some(observer) = events.observer()
        {
            observer.event(class::MISS, "keymiss", db, key);
        }
    }

    fn note_flush(&self) {
        if self.engine.events().interest() & class::CHANGES != 0 {
            self.gathered.flush();
        }
    }

    /// Has [`crate::command::Host::will_run`] called for each command from now on.
    pub fn tell_reads(&self, tells: bool) {
        self.gathered.set_tells_reads(tells);
    }

    /// The client on whose behalf this operation works, for those who are told of its changes.
    pub fn set_client(&self, client: u64) {
        self.gathered.set_client(client);
    }

    /// Has changes told as those of `command`; what they were told as before.
    #[inline]
    pub(crate) fn act_as(&self, command: &'static str) -> &'static str {
        self.gathered.act_as(command)
    }

    #[inline]
    fn note_read(&self, record: Option<Record<'_>>, touch: Touch) {
        if touch != Touch::Quiet {
            let counter = if record.is_some() { &self.hits } else { &self.misses };
            counter.set(counter.get() + 1);
        }
        if let Some(record) = record
            && touch == Touch::Access
        {
            eviction::touch(record, self);
            record.mark_fetched();
        }
    }

    /// The record of `key`, even one whose time is over; the key may be waited for, where it is fenced.
    pub(crate) fn find_any<'g>(
        &'g self,
        index: &'g Index,
        hash: u64,
        key: &[u8],
    ) -> Result<Option<Record<'g>>, crate::index::Damaged> {
        debug_assert!(!self.latched.get(), "reading while a latch is held: use latch_many");
        Ok(self.find_open(index, hash, key)?.map(|found| found.record))
    }

    /// A record as a command sees it: not one whose time is over. Counts and touches as [`Operation::read`] does.
    pub(crate) fn noted<'g>(&'g self, record: Option<Record<'g>>, touch: Touch) -> Option<Record<'g>> {
        let record = record.filter(|record| !self.is_absent(record));
        self.note_read(record, touch);
        record
    }

    /// The slot of a live record.
    #[inline]
    pub(crate) fn find<'g>(
        &'g self,
        index: &'g Index,
        hash: u64,
        key: &[u8],
    ) -> Result<Option<Found<'g>>, crate::index::Damaged> {
        debug_assert!(!self.latched.get(), "reading while a latch is held: use latch_many");
        let found = self.find_open(index, hash, key)?;
        Ok(found.filter(|found| !found.word.has(crate::index::slot::TTL) || !self.is_absent(&found.record)))
    }

    /// Counts a change of data.
    #[inline]
    pub(crate) fn note_change(&self) {
        self.changes.set(self.changes.get() + 1);
    }

    /// Appends an effect to the log, or to the block of the multi-key write under way.
    pub(crate) fn log(&self, db: DbIndex, annotation: Annotation, args: &[Str<'_>]) {
        self.note_change();
        let log = self.engine.log();
        if !log.is_on() {
            return;
        }
        if let Some(block) = self.block.borrow_mut().as_mut() {
            block.push(db, annotation, args);
            return;
        }
        self.reached(log.append(db, annotation, args));
    }

    /// Appends effects on a key of `db` as one, as [`Operation::log`] does with a single one.
    pub(crate) fn log_block(&self, db: DbIndex, effects: &Block) {
        self.changes.set(self.changes.get() + effects.effects() as u64);
        let log = self.engine.log();
        if !log.is_on() || effects.effects() == 0 {
            return;
        }
        if let Some(block) = self.block.borrow_mut().as_mut() {
            return block.join(effects);
        }
        self.reached(log.append_block(db, &effects.whole()));
    }

    /// Empties a database, or all.
    pub fn flush(&self, db: Option<DbIndex>) -> Result<(), Overdue> {
        if self.scope.is_active() {
            self.engine.empty(db);
            let name: &[u8] = if db.is_some() { b"FLUSHDB" } else { b"FLUSHALL" };
            self.log(db.unwrap_or(0), Annotation::default(), &[name.into()]);
            let all = 0..crate::limits::DATABASES as DbIndex;
            all.filter(|each| db.is_none_or(|db| db == *each))
                .for_each(|db| self.scope.note_changed(db, None));
            self.note_flush();
            return Ok(());
        }
        let alone = self.engine.gate().close_for_client()?;
        let lsn = self.engine.flush(db);
        drop(alone);
        self.note_whole(lsn);
        self.note_flush();
        if self.gathered.is_any() {
            self.gathered.deliver_changes(self.engine.events());
        }
        blocking::serve_database(self, db);
        Ok(())
    }

    /// Exchanges two databases.
    pub fn swap(&self, first: DbIndex, second: DbIndex) -> Result<(), Overdue> {
        if self.scope.is_active() {
            self.engine.exchange(first, second);
            let (mut one, mut two) = (itoa::Buffer::new(), itoa::Buffer::new());
            let (one, two) = (one.format(first).as_bytes(), two.format(second).as_bytes());
            self.log(0, Annotation::default(), &[b"SWAPDB".into(), one.into(), two.into()]);
            self.scope.note_changed(first, None);
            self.scope.note_changed(second, None);
            return Ok(());
        }
        let alone = self.engine.gate().close_for_client()?;
        let lsn = self.engine.swap(first, second);
        drop(alone);
        self.note_whole(lsn);
        blocking::serve_database(self, Some(first));
        blocking::serve_database(self, Some(second));
        Ok(())
    }

    /// Changes libraries of functions: see [`Engine::change_libraries`].
    pub fn change_libraries(
        &self,
        change: impl FnOnce(&mut Sources),
        effects: &[&[&[u8]]],
    ) -> Result<(), Overdue> {
        if self.scope.is_active() {
            self.engine.libraries().set(change);
            for effect in effects {
                let args: Vec<Str<'_>> = effect.iter().map(|&arg| arg.into()).collect();
                self.log(0, Annotation::default(), &args);
            }
            return Ok(());
        }
        let alone = self.engine.gate().close_for_client()?;
        let lsn = self.engine.change_libraries(change, effects);
        drop(alone);
        self.note_whole(lsn);
        Ok(())
    }

    /// Notes a change of whole databases.
    fn note_whole(&self, lsn: Option<Lsn>) {
        self.note_change();
        if let Some(lsn) = lsn {
            self.reached(lsn);
        }
    }

    /// Notes the log position of a write.
    pub(crate) fn reached(&self, lsn: Lsn) {
        self.lsn.set(Some(lsn));
    }
}

impl Drop for Operation<'_> {
    #[inline]
    fn drop(&mut self) {
        let counts = [
            (Counter::KeyspaceHits, self.hits.get()),
            (Counter::KeyspaceMisses, self.misses.get()),
            (Counter::Changes, self.changes.get()),
        ];
        for (counter, count) in counts {
            if count != 0 {
                self.engine.stats().add(counter, count);
            }
        }
    }
}

/// What keeps alive what an operation sees: pinned for it, or by its caller.
pub(crate) enum Pin<'a> {
    Own(Guard),
    Lent(&'a Guard),
}

/// What reading a key leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// A hit or miss, and a new access time.
    Access,
    /// A hit or miss.
    Count,
    /// Nothing.
    Quiet,
}
