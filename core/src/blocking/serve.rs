//! Serving those who wait for a key, by whoever changed it and still holds its latch.

use std::cell::{Cell, OnceCell, RefCell};

use smallvec::SmallVec;

use super::registry::Next;
use super::{Serving, Waiter};
use crate::command::{Reply, Value};
use crate::engine::DbIndex;
use crate::event::QUIET;
use crate::limits::DATABASES;
use crate::operation::Operation;
use crate::patience;
use crate::sync::Arc;
use crate::transaction::{Entry, Latches};

/// How deep moves from list to list may follow each other while all their latches are held; the rest comes after the
/// release.
const DEPTH_MAX: usize = 8;

/// What an operation still owes to blocked clients.
#[derive(Default)]
pub(crate) struct Pending {
    any: Cell<bool>,
    /// Somebody further up works off what was postponed.
    is_working: Cell<bool>,
    /// Apart, and made when there is something: most operations owe nothing.
    owed: OnceCell<Box<Owed>>,
}

#[derive(Default)]
struct Owed {
    /// Replies to give once the effects are in the log.
    served: RefCell<Vec<(Arc<Waiter>, Value)>>,
    /// Keys whose first waiter needs another key that could not be latched.
    postponed: RefCell<Vec<(DbIndex, Box<[u8]>)>>,
}

impl Pending {
    #[inline]
    pub(crate) fn is_any(&self) -> bool {
        self.any.get()
    }

    fn owed(&self) -> &Owed {
        self.owed.get_or_init(Box::default)
    }

    fn postpone(&self, db: DbIndex, key: &[u8]) {
        self.any.set(true);
        self.owed().postponed.borrow_mut().push((db, key.into()));
    }

    fn owe(&self, waiter: Arc<Waiter>, reply: Value) {
        self.any.set(true);
        self.owed().served.borrow_mut().push((waiter, reply));
    }
}

/// Serves those who wait for any of the changed keys among `held`.
#[cold]
pub(crate) fn serve<'a>(op: &Operation<'_>, held: &mut [Entry<'a>]) {
    serve_at_depth(op, held, 0);
}

fn serve_at_depth(op: &Operation<'_>, held: &mut [Entry<'_>], depth: usize) {
    // A move into another held key makes that one changed.
    while let Some(at) = held.iter_mut().position(Entry::take_changed) {
        serve_key(op, held, at, depth);
    }
}

/// Serves those who wait for one key, in order of arrival.
fn serve_key(op: &Operation<'_>, held: &mut [Entry<'_>], at: usize, depth: usize) {
    let blocking = op.engine().blocking();
    let (db, key) = (held[at].db(), held[at].key());
    let mut order = 0;
    loop {
        let record = held[at].present();
        let Some(next) = blocking.next(db, key, order, record.is_none()) else { return };
        let (waiter, position) = (&next.0, next.1);
        order = waiter.order + 1;
        if !waiter.demand.is_ready(position, record) {
            continue;
        }
        // Its command's own order of keys decides where several are ready at once.
        let at = sooner(held, waiter, db, position).unwrap_or((at, position));
        let (next, at) = ((waiter.clone(), at.1), at.0);
        let (waiter, key) = (&next.0, held[at].key());
        let beside = waiter.demand.destination().filter(|destination| *destination != key);
        let Some(destination) = beside else {
            carry_out(op, &next, &mut held[at], None);
            continue;
        };
        if let Some(to) = held.iter().position(|entry| entry.db() == db && entry.key() == destination) {
            if let Ok([source, destination]) = held.get_disjoint_mut([at, to]) {
                carry_out(op, &next, source, Some(destination));
            }
            continue;
        }
        // Within a block the log learns of it all only later: a latch that ends before would let others overtake.
        let may_try = depth < DEPTH_MAX && op.block.borrow().is_none();
        let latched = if may_try { Entry::try_latch_fenced(op, db, destination) } else { Ok(None) };
        match latched {
            Ok(Some(mut entry)) => {
                carry_out(op, &next, &mut held[at], Some(&mut entry));
                serve_at_depth(op, std::slice::from_mut(&mut entry), depth + 1);
            }
            Ok(None) => return op.pending.postpone(db, key),
            Err(damaged) => {
                waiter.refuse(&damaged.into());
            }
        }
    }
}

/// The held key that comes first in the waiter's command and is ready, where that is not the one at `position`.
fn sooner(held: &[Entry<'_>], waiter: &Waiter, db: DbIndex, position: usize) -> Option<(usize, usize)> {
    if held.len() == 1 || waiter.keys.len() == 1 {
        return None;
    }
    let keys = waiter.keys.iter().filter(|(_, other)| *other < position);
    let ready = keys.filter_map(|(key, other)| {
        let at = held.iter().position(|entry| entry.db() == db && entry.key() == &**key)?;
        waiter.demand.is_ready(*other, held[at].present()).then_some((at, *other))
    });
    ready.min_by_key(|(_, other)| *other)
}

/// Carries out one waiter's command, unless its waiting has ended meanwhile.
fn carry_out<'b>(op: &Operation<'_>, next: &Next, source: &mut Entry<'_>, to: Option<&mut Entry<'b>>) {
    let (waiter, position) = (&next.0, next.1);
    if !waiter.claim() {
        return;
    }
    let mut reply = waiter.recorder();
    // What it does is told as its own doing.
    let command = op.act_as(QUIET);
    let outcome = waiter.demand.serve(&mut Serving { op, position, source, destination: to }, &mut reply);
    op.act_as(command);
    if let Err(failure) = outcome {
        reply = waiter.recorder();
        reply.error(&failure.0);
    }
    op.engine().blocking().forget(waiter);
    op.pending.owe(waiter.clone(), reply.finish().unwrap_or(Value::Null));
}

/// Gives the replies that are owed, and serves what was postponed. No latch is held.
#[cold]
pub(crate) fn finish(op: &Operation<'_>) {
    op.pending.any.set(false);
    for (waiter, reply) in op.pending.owed().served.take() {
        waiter.complete(reply, op.last_lsn());
    }
    if op.pending.is_working.replace(true) {
        return;
    }
    loop {
        let Some((db, key)) = op.pending.owed().postponed.borrow_mut().pop() else { break };
        let first = op.engine().blocking().next(db, &key, 0, false);
        let Some((waiter, _)) = first else { continue };
        let mut keys: SmallVec<[(DbIndex, &[u8]); 8]> = SmallVec::from_slice(&[(db, &*key)]);
        keys.extend(waiter.demand.destination().map(|destination| (db, destination)));
        serve_latched(op, &keys);
    }
    op.pending.is_working.set(false);
}

/// Serves those who wait for the first of `keys`, with all of them latched.
pub(crate) fn serve_latched(op: &Operation<'_>, keys: &[(DbIndex, &[u8])]) {
    // Nobody else would serve them.
    match patience::endless(|| Latches::latch(op, keys)) {
        Ok(mut latches) => latches.entry(0).mark_changed(),
        Err(_) => tracing::error!("a damaged record in the snapshot keeps clients waiting"),
    }
}

/// Serves those who wait for keys of a database (or of all) that was replaced as a whole.
pub(crate) fn serve_database(op: &Operation<'_>, db: Option<DbIndex>) {
    let blocking = op.engine().blocking();
    if !blocking.is_anyone_waiting() {
        return;
    }
    let dbs = db.map_or(0..DATABASES as DbIndex, |db| db..db + 1);
    for db in dbs {
        for key in blocking.keys_of(db) {
            serve_latched(op, &[(db, &key)]);
        }
    }
}
