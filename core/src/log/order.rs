//! The order of the log: who writes where in the stream, and how much of the stream is complete.
//!
//! One atomic word, the tail, holds the stream's length and the database that the last entry selected. An append
//! moves it by compare-and-swap, so positions have no gaps, the entry knows whether it must begin with a SELECT, and a
//! log position *is* the byte offset in the stream. The bytes then go straight into the shared ring.
//!
//! Concurrency: any thread appends; one thread, the sequencer, asks for the complete prefix. Before its CAS a thread
//! publishes a lower bound of what it is about to reserve in a slot, and frees the slot when its bytes are in the ring.
//! So whoever sees a tail sees a slot (or the finished bytes) for every range below it, and
//! `min(tail, all slots)` is a prefix without holes.
//!
//! An entry that finds the ring full copies piecewise and moves its slot on; the prefix then ends inside the entry,
//! and [`Prefix::boundary`] tells the last place between two entries.
//!
//! Limits: entries of any size; at most [`SLOTS`] appends in flight, more wait their turn.

use crossbeam_utils::CachePadded;

use super::{Lsn, ring::Ring};
use crate::engine::DbIndex;
use crate::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Condvar, Mutex, hint, lock, thread};

/// Appends that can be in flight at once. Far more than threads run; the sequencer scans them all.
#[cfg(not(shuttle))]
const SLOTS: usize = 64;
#[cfg(shuttle)]
const SLOTS: usize = 2;

/// A slot that nobody holds.
const FREE: u64 = u64::MAX;
/// The tail's database when the next entry must begin with a SELECT whatever it is.
const NO_DB: u8 = u8::MAX;
const DB_BITS: u32 = 8;

/// The log's tail, slots and ring.
pub struct Order {
    /// Offset in the stream above, selected database in the low [`DB_BITS`].
    tail: CachePadded<AtomicU64>,
    /// Everything below is out of the ring: its place may be overwritten.
    released: CachePadded<AtomicU64>,
    slots: Box<[CachePadded<Slot>]>,
    ring: Ring,
    /// A thread gave up half an entry (a panic while copying): the stream is no longer whole.
    torn: AtomicBool,
    waiting_for_room: AtomicUsize,
    room: (Mutex<()>, Condvar),
}

/// One append in flight.
struct Slot {
    /// [`FREE`], or the position below which the holder's bytes are complete, times two, plus one inside an entry.
    position: AtomicU64,
    /// Where the entry starts; valid while `position` is inside one.
    start: AtomicU64,
}

/// What the sequencer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// All bytes below are in the ring.
    pub end: Lsn,
    /// The greatest known place at or below `end` that lies between two entries.
    pub boundary: Option<Lsn>,
}

impl Order {
    /// An order whose next entry begins at `start`, over a ring of `capacity` bytes.
    pub fn new(start: Lsn, capacity: usize) -> Order {
        let slot = || CachePadded::new(Slot { position: AtomicU64::new(FREE), start: AtomicU64::new(0) });
        Order {
            tail: CachePadded::new(AtomicU64::new(start.0 << DB_BITS | NO_DB as u64)),
            released: CachePadded::new(AtomicU64::new(start.0)),
            slots: (0..SLOTS).map(|_| slot()).collect(),
            ring: Ring::new(capacity),
            torn: AtomicBool::new(false),
            waiting_for_room: AtomicUsize::new(0),
            room: (Mutex::new(()), Condvar::new()),
        }
    }

    /// The end of the stream, reservations in flight included.
    pub fn tail(&self) -> Lsn {
        Lsn(self.tail.load(Ordering::SeqCst) >> DB_BITS)
    }

    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Whether an append was abandoned half-way.
    pub fn is_torn(&self) -> bool {
        self.torn.load(Ordering::SeqCst)
    }

    /// Reserves room for an entry of `body` bytes in database `db`; a SELECT that is needed is counted and written
    /// before it. `wake` is called when the ring is full and the sequencer has to run.
    pub fn reserve<'a>(&'a self, db: DbIndex, body: usize, wake: &'a dyn Fn()) -> Reservation<'a> {
        let slot = self.claim();
        // ORDERING: Relaxed, as the CAS below validates the word.
        let mut word = self.tail.load(Ordering::Relaxed);
        let mut select = [0; SELECT_BYTES_MAX];
        loop {
            let (offset, selected) = (word >> DB_BITS, word as u8);
            // ORDERING: Relaxed; the CAS below releases it: whoever sees the moved tail sees this bound.
            slot.position.store(offset << 1, Ordering::Relaxed);
            let select_len = if selected == db { 0 } else { encode_select(db, &mut select) };
            let end = offset + (select_len + body) as u64;
            let moved = end << DB_BITS | db as u64;
            // ORDERING: SeqCst on success pairs with the bell: the sequencer goes to sleep, then looks at the tail.
            match self.tail.compare_exchange_weak(word, moved, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => {
                    let mut reservation = Reservation {
                        order: self,
                        slot,
                        start: offset,
                        position: offset,
                        end,
                        room: offset,
                        wake,
                    };
                    reservation.write(&select[..select_len]);
                    return reservation;
                }
                Err(now) => word = now,
            }
        }
    }

    /// Takes a free slot and publishes a bound that is low enough for whatever is reserved next.
    fn claim(&self) -> &Slot {
        let first = thread_number();
        let mut tries = 0;
        loop {
            for step in 0..SLOTS {
                let slot = &self.slots[(first + step) % SLOTS];
                // ORDERING: Relaxed: an older tail is a lower bound, which is on the safe side.
                let bound = self.tail.load(Ordering::Relaxed) >> DB_BITS << 1;
                // ORDERING: Acquire pairs with the release of the slot by its former holder.
                if slot.position.compare_exchange(FREE, bound, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                    return slot;
                }
            }
            tries += 1;
            if tries < 8 { hint::spin_loop() } else { thread::yield_now() }
        }
    }

    /// Makes the next entry begin with a SELECT: it opens a new file. No append may be in flight.
    pub fn forget_db(&self) {
        let word = self.tail.load(Ordering::SeqCst);
        self.tail.store(word | NO_DB as u64, Ordering::SeqCst);
    }

    /// The complete prefix; never below `emitted`, which the caller has taken before.
    pub fn prefix(&self, emitted: Lsn) -> Prefix {
        // ORDERING: Acquire pairs with the appends' CAS: every reservation below this tail has published its slot.
        let tail = self.tail.load(Ordering::Acquire) >> DB_BITS;
        let (mut end, mut boundary) = (tail, tail);
        for slot in self.slots.iter() {
            // ORDERING: Acquire pairs with the release of the slot (or of its progress): the bytes are visible.
            let word = slot.position.load(Ordering::Acquire);
            if word == FREE || word >> 1 >= end {
                continue;
            }
            end = word >> 1;
            // ORDERING: Relaxed: the acquire above covers it. A start that was replaced meanwhile belongs to a
            // later entry, lies above `end`, and is dropped below.
            boundary = if word & 1 == 0 { end } else { slot.start.load(Ordering::Relaxed) };
        }
        if end < emitted.0 {
            // A claim that has not reserved yet still shows an older tail.
            return Prefix { end: emitted, boundary: None };
        }
        Prefix { end: Lsn(end), boundary: (boundary <= end).then_some(Lsn(boundary)) }
    }

    /// Gives the ring's room below `upto` back to appends.
    pub fn release(&self, upto: Lsn) {
        self.released.store(upto.0, Ordering::SeqCst);
        if self.waiting_for_room.load(Ordering::SeqCst) > 0 {
            drop(lock(&self.room.0));
            self.room.1.notify_all();
        }
    }

    /// Whether an append waits for room.
    pub fn is_short_of_room(&self) -> bool {
        self.waiting_for_room.load(Ordering::SeqCst) > 0
    }

    /// Where room ends: positions below may be written.
    fn room_end(&self) -> u64 {
        // ORDERING: Acquire pairs with `release`: the sequencer's reads of the old bytes are over.
        self.released.load(Ordering::Acquire) + self.ring.capacity() as u64
    }
}

/// A range of the stream that the holder must fill from start to end.
pub struct Reservation<'a> {
    order: &'a Order,
    slot: &'a Slot,
    start: u64,
    position: u64,
    end: u64,
    /// Below this the ring is known to have room.
    room: u64,
    wake: &'a dyn Fn(),
}

impl Reservation<'_> {
    /// The next bytes of the entry.
    pub fn write(&mut self, mut bytes: &[u8]) {
        assert!(bytes.len() as u64 <= self.end - self.position, "an entry outgrows its reservation");
        while !bytes.is_empty() {
            if self.position == self.room {
                self.find_room();
            }
            let take = bytes.len().min((self.room - self.position) as usize);
            // SAFETY: the range is ours (reserved by the CAS) and lies below `room`, so within the ring's capacity
            // of what is released: nobody reads or writes it.
            unsafe { self.order.ring.copy_in(self.position, &bytes[..take]) };
            self.position += take as u64;
            bytes = &bytes[take..];
        }
    }

    /// Ends the entry; the position after it.
    pub fn finish(self) -> Lsn {
        assert_eq!(self.position, self.end, "an entry is shorter than its reservation");
        Lsn(self.end)
    }

    /// Sets `room` above `position`, waiting for the sequencer if need be.
    fn find_room(&mut self) {
        self.room = self.order.room_end().min(self.end);
        if self.room > self.position {
            return;
        }
        // The ring is full, perhaps of this very entry: let the sequencer take what is there.
        // ORDERING: Relaxed, released by the next store.
        self.slot.start.store(self.start, Ordering::Relaxed);
        let inside = (self.position > self.start) as u64;
        // ORDERING: Release pairs with the sequencer's acquire: it sees the bytes below.
        self.slot.position.store(self.position << 1 | inside, Ordering::Release);
        (self.wake)();
        self.order.waiting_for_room.fetch_add(1, Ordering::SeqCst);
        let mut guard = lock(&self.order.room.0);
        while self.order.room_end() <= self.position {
            guard = self.order.room.1.wait(guard).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        drop(guard);
        self.order.waiting_for_room.fetch_sub(1, Ordering::SeqCst);
        self.room = self.order.room_end().min(self.end);
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if self.position != self.end {
            self.order.torn.store(true, Ordering::SeqCst);
        }
        // ORDERING: Release pairs with the sequencer's acquire: the entry's bytes are in the ring.
        self.slot.position.store(FREE, Ordering::Release);
    }
}

/// The longest SELECT entry: `*2\r\n$6\r\nselect\r\n$3\r\n254\r\n`.
const SELECT_BYTES_MAX: usize = 32;

/// Encodes the SELECT of `db`. In lower case, unlike Redis' own: so replay knows a tail that a Redis appended.
fn encode_select(db: DbIndex, out: &mut [u8; SELECT_BYTES_MAX]) -> usize {
    let mut number = itoa::Buffer::new();
    let digits = number.format(db);
    let parts: [&[u8]; 5] =
        [b"*2\r\n$6\r\nselect\r\n$", &[b'0' + digits.len() as u8], b"\r\n", digits.as_bytes(), b"\r\n"];
    let mut len = 0;
    for part in parts {
        out[len..len + part.len()].copy_from_slice(part);
        len += part.len();
    }
    len
}

/// A small number of the calling thread: where it looks for a slot first.
fn thread_number() -> usize {
    #[cfg(shuttle)]
    return 0;
    #[cfg(not(shuttle))]
    {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            // ORDERING: Relaxed: only distinctness matters.
            static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed);
        }
        NUMBER.with(|number| *number)
    }
}

#[cfg(test)]
#[path = "order_test.rs"]
mod test;
