//! Groups under `always`: whole blocks over filler ([`super::super::filler`]), durable when they complete, several in
//! flight.
//!
//! A group is copied out of the ring, with its mark and padding behind it, so the ring has room again at once. The
//! watermark passes a group when it and all before it are durable. Where one fails the log is poisoned, and when none
//! is in flight any more the file is cut back to what lies before it.

use std::collections::VecDeque;
use std::io;
use std::time::Instant;

use super::Writer;
use crate::config::FsyncPolicy;
use crate::log::Lsn;
use crate::log::backend::BLOCKS_IN_FLIGHT_MAX;
use crate::log::filler::{BLOCK_BYTES, Buffer, pad};
use crate::log::health::error_text;
use crate::log::mark::{GroupSum, MARK_BYTES_MAX};
use crate::log::order::Order;
use crate::sync::atomic::Ordering;

/// The largest group that goes in blocks; what is larger goes by plain writes.
const GROUP_BYTES_MAX: u64 = 1024 * 1024;
/// A buffer that has grown above this is not kept.
const IDLE_BUFFER_BYTES_MAX: usize = 128 * 1024;

/// The groups in flight, oldest first.
#[derive(Default)]
pub struct Flights {
    flights: VecDeque<Flight>,
    buffers: [Option<Buffer>; BLOCKS_IN_FLIGHT_MAX],
    /// A group failed: this is where the file ends when all are back.
    cut: Option<u64>,
}

struct Flight {
    number: usize,
    start: Lsn,
    end: Lsn,
    /// Where in the file it begins and what comes behind it.
    file_start: u64,
    file_end: u64,
    began: Instant,
    outcome: Option<io::Result<()>>,
}

impl Flights {
    pub fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.flights.len() == BLOCKS_IN_FLIGHT_MAX
    }

    /// A number that is not in flight; there is one unless all are.
    fn free_number(&self) -> usize {
        (0..BLOCKS_IN_FLIGHT_MAX)
            .find(|number| self.flights.iter().all(|flight| flight.number != *number))
            .expect("fewer are in flight than may be")
    }
}

impl Writer {
    /// Whether another group may start now.
    pub(super) fn may_start_group(&self, order: &Order) -> bool {
        if self.flight.is_some() || self.blocks.is_full() {
            return false;
        }
        // A hole is recognised by the positions around it: a file's first group goes alone.
        let has_begun = self.shared.watermark.durable() > self.file_start;
        self.blocks.is_empty() || self.broken || has_begun && self.pending(order) >= self.enough(order)
    }

    pub(super) fn pending(&self, order: &Order) -> u64 {
        order.tail().0 - self.taken().0
    }

    /// How many pending bytes are worth a group beside another.
    fn enough(&self, order: &Order) -> u64 {
        // A ring that is half full must not wait for more.
        self.gather.enough().min(order.ring().capacity() as u64 / 2)
    }

    /// Waits for a completion; with room for another group, also for enough to fill it.
    pub(super) fn await_completion(&mut self, order: &Order) {
        let shared = self.shared.clone();
        let has_begun = shared.watermark.durable() > self.file_start;
        let beside = has_begun && !self.blocks.is_empty() && !self.blocks.is_full();
        if beside && self.policy() == FsyncPolicy::Always && !self.broken {
            shared.wait_for_poke(Lsn(self.taken().0 + self.enough(order)));
            let completion = if self.may_start_group(order) { None } else { self.backend.reap(true) };
            shared.end_wait_for_poke();
            if let Some(completion) = completion {
                self.complete(completion, order);
            }
        } else if let Some(completion) = self.backend.reap(true) {
            self.complete(completion, order);
        }
    }

    /// Starts to write the group up to `end`, which lies between two entries, in blocks; `false` where it has to go
    /// by a plain write.
    pub(super) fn start_blocks(&mut self, order: &Order, end: Lsn) -> bool {
        let len = end.0 - self.emitted.0;
        let is_first = self.blocks.is_empty();
        // What a plain write left unsynced needs a whole fsync first.
        let behind = is_first && self.shared.watermark.durable() < self.emitted;
        if behind || len > GROUP_BYTES_MAX || !self.spill.is_empty() || self.group_start != self.emitted {
            return false;
        }
        let most = len as usize + MARK_BYTES_MAX + 2 * BLOCK_BYTES;
        let Some(file) = self.file.blocks(most as u64) else { return false };
        let number = self.blocks.free_number();
        let slot = &mut self.blocks.buffers[number];
        if slot.as_ref().is_none_or(|buffer| buffer.capacity() < most) {
            *slot = Some(Buffer::with_capacity(most));
        }
        let buffer = slot.as_mut().expect("it was just put there");
        buffer.clear();
        // SAFETY: a complete prefix that is not released yet.
        let (first, second) = unsafe { order.ring().slices(self.emitted.0, end.0) };
        let mut sum = GroupSum::default();
        for piece in [first, second] {
            sum.update(piece);
            buffer.extend(piece);
        }
        buffer.extend(&sum.mark(self.emitted, len).encode());
        let file_start = self.file.size;
        pad(buffer, file_start + buffer.bytes().len() as u64);
        self.file.size += buffer.bytes().len() as u64;
        let flight = Flight {
            number,
            start: self.emitted,
            end,
            file_start,
            file_end: self.file.size,
            began: Instant::now(),
            outcome: None,
        };
        self.blocks.flights.push_back(flight);
        self.emitted = end;
        self.group_start = end;
        order.release(end);
        // SAFETY: the buffer stays as it is until its number is free again, which is after the completion; its memory
        // does not move with it.
        unsafe { self.backend.start_blocks(number, &file, file_start, buffer.bytes()) };
        true
    }

    /// The write of blocks of this number is done.
    pub(super) fn blocks_written(&mut self, number: usize, result: io::Result<()>, order: &Order) {
        if let Some(flight) = self.blocks.flights.iter_mut().find(|flight| flight.number == number) {
            flight.outcome = Some(result);
        }
        while let Some(flight) = self.blocks.flights.pop_front_if(|flight| flight.outcome.is_some()) {
            self.landed(flight, order);
        }
        if self.blocks.is_empty()
            && let Some(size) = self.blocks.cut.take()
        {
            self.file.size = size;
            self.cut_filler();
        }
    }

    /// A group is done, and so are all before it.
    fn landed(&mut self, flight: Flight, order: &Order) {
        let buffer = &mut self.blocks.buffers[flight.number];
        if buffer.as_ref().is_some_and(|buffer| buffer.capacity() > IDLE_BUFFER_BYTES_MAX) {
            *buffer = None;
        }
        let shared = &self.shared;
        match flight.outcome {
            // Behind a group that failed, nothing counts.
            _ if self.blocks.cut.is_some() => {}
            Some(Err(error)) => {
                self.blocks.cut = Some(flight.file_start);
                self.poison(error_text(&error));
            }
            _ => {
                shared.groups.fetch_add(1, Ordering::SeqCst);
                shared.syncs.fetch_add(1, Ordering::SeqCst);
                shared.file_bytes.store(flight.file_end, Ordering::SeqCst);
                if shared.watermark.error().is_none() {
                    // All that goes round: just answered, in flight, and pending.
                    self.gather.answered(order.tail().0 - flight.start.0, flight.began.elapsed());
                    shared.watermark.advance_written(flight.end);
                    shared.watermark.advance_durable(flight.end);
                }
            }
        }
    }

    /// Cuts filler off, so that plain writes can follow; poisons the log where that fails.
    pub(super) fn cut_filler(&mut self) {
        if let Err(error) = self.file.trim() {
            let reason = format!("cutting the file failed: {}", error_text(&error));
            if self.broken {
                tracing::error!("{}: {reason}", self.file.path.display());
            } else {
                self.poison(reason);
            }
        }
    }
}
