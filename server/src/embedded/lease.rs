//! Getting a value or making it: of all who miss a key, in this process and on the wire, one loads it.
//!
//! [`Cache::get_or_lease`] gives the value, or the [`Lease`] to make it, or a [`Waiting`] for whoever has that. Threads
//! wait with [`Cache::wait_or_lease`], event loops poll with a waker. The lease is the engine's (`core/src/lease`): a
//! client of memcached that won it by `mg` is waited for like a thread of this process, and the other way round.
//!
//! A lease that is dropped is given back, and the first of those who wait has it then. One that is not given back for
//! [`Load::patience`] is taken over; whoever is first still stores.

use std::sync::{Arc, Weak};
use std::task::{Context, Waker};
use std::time::Duration;

use polycache_core::blocking::{Blocked, Timeout};
use polycache_core::clock::UnixMillis;
use polycache_core::command::{Ctx, Failure, Host, NoHost, NoReply, Session, ValueReply};
use polycache_core::engine::DbIndex;
use polycache_core::lease::{self, Answer, Ask, Held};
use polycache_core::operation::Touch;
use polycache_core::record::{Draft, Effect, Kind, NewValue, Str};
use polycache_core::sync::atomic::{AtomicU64, Ordering};
use polycache_core::transaction::Entry;

use super::direct::{Expire, check_len, deadline};
use super::error::{Error, Result};
use super::fork::Generation;
use super::handle::{Cache, Durable};
use super::shared::Shared;

/// How to get or load a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Load a value anew where less than so many milliseconds are left of its time to live; all others use it meanwhile.
    pub early_ms: Option<u64>,
    /// A value that is marked as out of date is good enough while somebody else loads.
    pub takes_stale: bool,
    /// How long a loader is waited for before its lease is taken over.
    pub patience: Duration,
}

/// What asking came to at once.
pub enum Asked {
    Found(Found),
    /// Somebody else loads.
    Waiting(Waiting),
}

/// The end of asking.
pub enum Found {
    Value(Vec<u8>),
    /// The caller is to load the value, store it, and to give the lease back where that fails.
    Lease(Lease),
}

/// The lease of a key. It holds neither a latch nor the cache.
pub struct Lease {
    of: LeaseOf,
    held: Held,
    is_over: bool,
}

/// Waiting for somebody who loads. Dropping it leaves nothing behind.
pub struct Waiting {
    /// `None` once it has ended.
    blocked: Option<Blocked>,
    seen: Arc<AtomicU64>,
    lease: LeaseOf,
}

/// Of which key a lease is, or will be.
#[derive(Clone)]
struct LeaseOf {
    shared: Weak<Shared>,
    generation: Generation,
    db: DbIndex,
    key: Box<[u8]>,
}

/// Takes the engine's waiter; nothing else is asked of it.
struct Waits(Option<Blocked>);

impl Host for Waits {
    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }

    fn may_block(&self) -> bool {
        true
    }

    fn block(&mut self, blocked: Blocked) {
        self.0 = Some(blocked);
    }
}

impl Default for Load {
    fn default() -> Load {
        Load { early_ms: None, takes_stale: true, patience: Duration::from_secs(10) }
    }
}

impl Load {
    fn ask(&self, over: Option<u64>) -> Ask {
        Ask { early_ms: self.early_ms.filter(|early| *early > 0), takes_stale: self.takes_stale, over }
    }
}

impl Cache {
    /// Shows the value of `key` to `visit`, where it is good and nobody is to load it: the way of a hit.
    pub fn get_loaded<R>(
        &self,
        key: &[u8],
        load: &Load,
        visit: impl FnOnce(Str<'_>) -> R,
    ) -> Result<Option<R>> {
        let entered = self.enter()?;
        let op = entered.begin();
        let Some(record) = op.read(self.db(), key, Touch::Access).map_err(Failure::from)? else {
            return Ok(None);
        };
        let value = record.string()?;
        // The clock is read only where it matters.
        let now = if load.early_ms.is_some() { op.now() } else { UnixMillis(0) };
        let ask = load.ask(None);
        let is_good = ask.is_answered(record, now) && !ask.takes_lease(record, now);
        Ok(is_good.then(|| visit(value)))
    }

    /// The value of `key`, or the lease to load it, or a place among those who wait for whoever has that.
    pub fn get_or_lease(&self, key: &[u8], load: &Load) -> Result<Asked> {
        self.ask(key, load, None)
    }

    /// The same; this thread waits while somebody else loads. `None` where `keep_waiting`, which is asked some times a
    /// second, says no.
    pub fn wait_or_lease(
        &self,
        key: &[u8],
        load: &Load,
        keep_waiting: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Found>> {
        let mut asked = self.get_or_lease(key, load)?;
        loop {
            let mut waiting = match asked {
                Asked::Found(found) => return Ok(Some(found)),
                Asked::Waiting(waiting) => waiting,
            };
            let mut goes_on = true;
            let answer = waiting.finish(&mut || {
                goes_on = keep_waiting();
                goes_on
            })?;
            asked = match answer {
                Some(found) => Asked::Found(found),
                None if goes_on => self.take_over(&waiting, load)?,
                None => return Ok(None),
            };
        }
    }

    /// Ends a waiting. Where there is no answer yet its time is over: the lease is taken over, unless another has it by
    /// now, who is waited for in turn.
    pub fn ask_again(&self, mut waiting: Waiting, load: &Load) -> Result<Asked> {
        match waiting.finish(&mut || false)? {
            Some(found) => Ok(Asked::Found(found)),
            None => self.take_over(&waiting, load),
        }
    }

    fn take_over(&self, waiting: &Waiting, load: &Load) -> Result<Asked> {
        // ORDERING: see `lease::ask`.
        let held = waiting.seen.load(Ordering::Relaxed);
        self.ask(&waiting.lease.key, load, Some(held))
    }

    fn ask(&self, key: &[u8], load: &Load, over: Option<u64>) -> Result<Asked> {
        check_len(key)?;
        let shared = self.share()?;
        let lease = LeaseOf {
            shared: Arc::downgrade(&shared),
            generation: self.generation(),
            db: self.db(),
            key: key.into(),
        };
        let op = shared.engine.begin();
        op.see_places();
        shared.engine.admit_write(&op, true)?;
        let (mut host, mut reply, seen) = (Waits(None), ValueReply::new(), Arc::new(AtomicU64::new(0)));
        let mut session = Session { db: self.db(), ..Session::default() };
        let mut ctx = Ctx {
            engine: &shared.engine,
            op: &op,
            session: &mut session,
            reply: &mut reply,
            host: &mut host,
            registry: shared.server.registry,
        };
        lease::ask(&mut ctx, key, load.ask(over), Timeout::after(load.patience), seen.clone())?;
        drop(op);
        if let Some(blocked) = host.0 {
            return Ok(Asked::Waiting(Waiting { blocked: Some(blocked), seen, lease }));
        }
        let answer = Answer::of(reply.finish().unwrap_or(polycache_core::command::Value::Null))?;
        Ok(Asked::Found(lease.found(answer)))
    }

    /// Marks the value of `key` as out of date: the next who gets or loads it loads it anew, while others may use the old
    /// one. Whether there was a value. A loader under way no longer stores.
    pub fn invalidate(&self, key: &[u8]) -> Result<(bool, Durable)> {
        self.write(false, |ctx| {
            let mut entry = ctx.latch(key)?;
            let Some(record) = entry.record() else {
                // Who loads the value that is not there yet loads an old one.
                entry.remove(Effect::Del);
                return Ok(false);
            };
            lease::invalidate(&mut entry, record, record.expire_at(), None)?;
            Ok(true)
        })
    }
}

impl LeaseOf {
    fn found(&self, answer: Answer) -> Found {
        match answer {
            Answer::Value(value) => Found::Value(value),
            Answer::Lease(held) => Found::Lease(Lease { of: self.clone(), held, is_over: false }),
        }
    }

    /// The shared state of the cache, while that is open.
    fn open(&self) -> Result<Arc<Shared>> {
        if !self.generation.is_current() {
            return Err(Error::FORKED);
        }
        open(&self.shared)
    }
}

impl Waiting {
    /// Whether it has ended, so that [`Cache::ask_again`] answers; else `waker` is woken when it has. The waker must not
    /// wait, and must not call the cache.
    pub fn poll(&self, waker: &Waker) -> bool {
        match &self.blocked {
            Some(blocked) => blocked.poll(&Context::from_waker(waker)).is_ready(),
            None => true,
        }
    }

    /// The answer; `None` where the time was over before there was one.
    fn finish(&mut self, keep_waiting: &mut dyn FnMut() -> bool) -> Result<Option<Found>> {
        let ended = self.blocked.take().and_then(|blocked| blocked.wait(keep_waiting));
        let Some(ended) = ended else { return Ok(None) };
        match Answer::of(ended.reply) {
            Ok(answer) => Ok(Some(self.lease.found(answer))),
            Err(_) if open(&self.lease.shared).is_err() => Err(Error::CLOSED),
            Err(failure) => Err(failure.into()),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // A lease that nobody asks for any more is given back.
        drop(self.finish(&mut || false));
    }
}

impl Lease {
    /// The value that is out of date, or will be soon.
    pub fn old(&self) -> Option<&[u8]> {
        self.held.old.as_deref()
    }

    pub fn key(&self) -> &[u8] {
        &self.of.key
    }

    /// Stores the value and ends the lease; all who wait get it. `false` where the key was written, deleted or invalidated
    /// meanwhile: then the value is left out, as it may be older than that.
    pub fn store(mut self, value: &[u8], expire: Expire) -> Result<(bool, Durable)> {
        check_len(value)?;
        let shared = self.of.open()?;
        let (stored, lsn) = {
            let op = shared.engine.begin();
            shared.engine.admit_write(&op, true)?;
            let stored = self.put(&shared, &op, value, expire)?;
            self.is_over = true;
            (stored, op.last_lsn())
        };
        shared.maintain();
        Ok((stored, Durable::new(shared, lsn)))
    }

    fn put(
        &self,
        shared: &Shared,
        op: &polycache_core::operation::Operation<'_>,
        value: &[u8],
        expire: Expire,
    ) -> Result<bool> {
        op.see_places();
        let mut session = Session { db: self.of.db, ..Session::default() };
        let ctx = Ctx {
            engine: &shared.engine,
            op,
            session: &mut session,
            reply: &mut NoReply,
            host: &mut NoHost,
            registry: shared.server.registry,
        };
        let expire_at = deadline(&ctx, expire)?;
        let mut entry = ctx.latch(&self.of.key)?;
        let Some(record) = entry.record().filter(|record| self.held.may_store(*record)) else {
            return Ok(false);
        };
        let expire_at = if expire == Expire::Keep { record.expire_at() } else { expire_at };
        let draft = Draft { value: NewValue::Bytes(value), expire_at, flags: record.flags(), raw: false };
        entry.put(draft, Effect::Set);
        Ok(true)
    }

    /// Ends the lease without a value: the next who asks, or waits already, has it.
    pub fn give_back(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.is_over, true) {
            return Ok(());
        }
        let shared = self.of.open()?;
        let op = shared.engine.begin();
        op.see_places();
        let mut entry = Entry::latch(&op, self.of.db, &self.of.key).map_err(Failure::from)?;
        if let Some(record) = entry.record().filter(|record| record.kind() == Kind::String)
            && self.held.is_holder(record)
        {
            lease::give_back(&mut entry, record)?;
        }
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // With the cache closed there is nothing to give back.
        drop(self.end());
    }
}

/// The shared state of an open cache.
fn open(shared: &Weak<Shared>) -> Result<Arc<Shared>> {
    let is_open = |shared: &Arc<Shared>| shared.handles.load(std::sync::atomic::Ordering::SeqCst) > 0;
    shared.upgrade().filter(is_open).ok_or(Error::CLOSED)
}
