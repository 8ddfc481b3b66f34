//! The classic text protocol (memcached's `doc/protocol.txt`), and the way of a line to the meta commands.
//!
//! # Limits
//! - an unfinished line: [`LINE_BYTES_MAX`], except for retrievals, whose keys are answered as they come;
//! - a data block: `memcached-max-item-size` (memcached's `-I`), key and item overhead included; longer ones
//!   are read and dropped without being buffered.

pub mod admin;
pub mod ahead;
mod auth;
pub mod emit;
pub mod parse;
mod retrieve;

use super::crawl::Crawl;
use super::item::{Counted, Counting, Direction, Removed, Stored, counter, remove, retime, size, store};
use super::watch::Queue;
use super::work::Work;
use super::{Step, control, meta};
use crate::client::Held;
use parse::{Command, LINE_BYTES_MAX, Retrieval};
use retrieve::Outcome;
use std::sync::Arc;

/// A long retrieval may begin with so many spaces, as in memcached.
const LEADING_SPACES_MAX: usize = 100;

/// The state of a connection that speaks text.
#[derive(Default)]
pub struct Text {
    state: State,
}

/// What the next byte of the input is part of.
#[derive(Default)]
enum State {
    /// A request line. A storage command stays unconsumed until its data block is whole, and is parsed again then.
    #[default]
    Line,
    /// The keys of a retrieval whose line is handled in stretches.
    Keys(Retrieval),
    /// A data block that was too large, or that a bad line announced: so many bytes are left of it.
    Swallow(usize),
    /// The rest of a line that was answered already.
    Skip,
    /// A walk over all items, begun by the line whose last byte comes next.
    Crawl(Box<Crawl>),
    /// The connection is told what others do, and asks for nothing more.
    Watch(Arc<Queue>),
}

impl Text {
    /// Handles the start of `input`, which is not empty.
    #[inline]
    pub fn step(&mut self, work: &mut Work<'_>, input: &[u8]) -> Step {
        match &mut self.state {
            State::Line => self.line(work, input),
            _ => self.rest(work, input),
        }
    }

    /// What others did, for a connection that watches.
    #[inline]
    pub fn take_news(&self, out: &mut Vec<u8>) {
        if let State::Watch(queue) = &self.state {
            queue.take(out);
        }
    }

    /// Goes on with what a line left.
    fn rest(&mut self, work: &mut Work<'_>, input: &[u8]) -> Step {
        match &mut self.state {
            State::Line => self.line(work, input),
            State::Keys(retrieval) => {
                let retrieval = *retrieval;
                let outcome = retrieve::retrieve(work, retrieval, input);
                self.retrieved(work, retrieval, outcome, input)
            }
            State::Swallow(left) => {
                let dropped = (*left).min(input.len());
                *left -= dropped;
                if *left == 0 {
                    self.state = State::Line;
                }
                Step::Done(dropped)
            }
            State::Skip => match memchr::memchr(b'\n', input) {
                Some(newline) => {
                    self.state = State::Line;
                    Step::Done(newline + 1)
                }
                None => Step::Done(input.len()),
            },
            State::Crawl(crawl) => {
                if !crawl.step(work) {
                    return Step::Again;
                }
                self.state = State::Line;
                Step::Done(1)
            }
            // As in memcached, which does not read from those who watch.
            State::Watch(_) => Step::Done(input.len()),
        }
    }

    #[inline]
    fn line(&mut self, work: &mut Work<'_>, input: &[u8]) -> Step {
        if !work.authenticated {
            return auth::authenticate(work, input);
        }
        let Some((line, after)) = end_of_line(input) else { return self.unfinished_line(input) };
        if let Some(command) = meta::command(line) {
            return self.meta(work, command, line, input, after);
        }
        let request = parse::parse(line);
        let noreply = request.noreply;
        if let Some(held) = work.server.clients.pause.held()
            && (held == Held::Everything || request.command.writes())
        {
            return Step::Held;
        }
        match request.command {
            Command::Retrieve(retrieval, keys) => {
                let outcome = retrieve::retrieve(work, retrieval, &input[keys..after]);
                return match self.retrieved(work, retrieval, outcome, &input[keys..after]) {
                    Step::Done(len) => Step::Done(keys + len),
                    step => step,
                };
            }
            Command::Store(storage) => {
                let limit = work.settings.memcached_max_item_size;
                if size::is_too_large(storage.key, storage.flags, storage.len, limit) {
                    // Answered at once: the client may be waiting for it with a block of gigabytes in its hand.
                    store::refuse_too_large(work, storage.key, storage.verb == super::item::Verb::Set);
                    if work.is_observed {
                        work.observe_store(&storage, super::watch::Outcome::TooLarge);
                    }
                    work.reply(noreply, emit::TOO_LARGE);
                    work.commands += 1;
                    self.state = State::Swallow(storage.len + 2);
                    return Step::Done(after);
                }
                let whole = after + storage.len + 2;
                let Some(block) = input.get(after..whole) else { return Step::Wait(whole) };
                match block.strip_suffix(b"\r\n") {
                    Some(data) => {
                        let result = store::store(work, &storage, data).map(stored_line);
                        work.answer(noreply, result, emit::OUT_OF_MEMORY_STORING);
                    }
                    // memcached has read as many bytes as were announced, and takes what follows as the next line.
                    None => {
                        work.stats.add(crate::stats::Counter::MemcachedSets, 1);
                        work.reply(noreply, emit::BAD_DATA_CHUNK);
                    }
                }
                work.commands += 1;
                return Step::Done(whole);
            }
            Command::Arithmetic { direction, key, delta } => arithmetic(work, direction, key, delta, noreply),
            Command::Delete { key } => {
                let result = remove::remove(work, key, None).map(|removed| match removed {
                    Removed::Done => emit::DELETED,
                    _ => emit::NOT_FOUND,
                });
                work.answer(noreply, result, emit::OUT_OF_MEMORY);
            }
            Command::Touch { key, exptime } => {
                let result = retime::touch(work, key, exptime);
                let result = result.map(|found| if found { emit::TOUCHED } else { emit::NOT_FOUND });
                work.answer(noreply, result, emit::OUT_OF_MEMORY);
            }
            Command::FlushAll { delay } => {
                let result = control::flush_all(work, delay).map(|()| emit::OK);
                work.answer(noreply, result, emit::OUT_OF_MEMORY);
            }
            Command::MemoryLimit(megabytes) => control::memory_limit(work, megabytes, noreply),
            Command::Administer(name, words) => {
                work.commands += 1;
                return match admin::administer(work, name, words, input, after) {
                    admin::Next::Line(len) => Step::Done(len),
                    admin::Next::Wait(len) => Step::Wait(len),
                    admin::Next::Close => Step::Close,
                    admin::Next::Crawl(walk) => {
                        self.state = State::Crawl(Box::new(Crawl::new(walk)));
                        Step::Done(after - 1)
                    }
                    admin::Next::Watch(queue) => {
                        self.state = State::Watch(queue);
                        Step::Done(after)
                    }
                    admin::Next::Swallow(left) => {
                        self.state = State::Swallow(left);
                        Step::Done(after)
                    }
                };
            }
            Command::Version => control::version(work),
            Command::Verbosity => work.reply(noreply, emit::OK),
            Command::Refuse(refusal) => work.reply(noreply, refusal),
            Command::Quit | Command::Hang => return Step::Close,
        }
        work.commands += 1;
        Step::Done(after)
    }

    /// Handles a line of the meta protocol.
    #[inline]
    fn meta(
        &mut self,
        work: &mut Work<'_>,
        command: meta::Command,
        line: &[u8],
        input: &[u8],
        after: usize,
    ) -> Step {
        if let Some(held) = work.server.clients.pause.held()
            && (held == Held::Everything || command.writes())
        {
            return Step::Held;
        }
        let done = match meta::handle(work, command, line, input, after) {
            meta::Handled::Whole => Step::Done(after),
            meta::Handled::WithBlock(len) => Step::Done(len),
            meta::Handled::Wait(len) => return Step::Wait(len),
            meta::Handled::Swallow(left) => {
                self.state = State::Swallow(left);
                Step::Done(after)
            }
        };
        work.commands += 1;
        done
    }

    /// Goes on after some of a retrieval's line; `input` is the part that was given to it.
    #[inline]
    fn retrieved(
        &mut self,
        work: &mut Work<'_>,
        retrieval: Retrieval,
        outcome: Outcome,
        input: &[u8],
    ) -> Step {
        self.state = match outcome {
            Outcome::Finished(_) => State::Line,
            Outcome::Abandoned(_) => State::Skip,
            Outcome::Suspended(_) => State::Keys(retrieval),
        };
        match outcome {
            Outcome::Finished(len) | Outcome::Abandoned(len) => {
                work.commands += 1;
                Step::Done(len)
            }
            // Nothing can be taken from the input before more of it is there.
            Outcome::Suspended(0) if !input.is_empty() => Step::Wait(input.len() + 1),
            Outcome::Suspended(len) => Step::Done(len),
        }
    }

    /// A line whose end has not arrived: wait for it, begin with the keys of a long retrieval, or give up.
    #[cold]
    fn unfinished_line(&mut self, input: &[u8]) -> Step {
        if input.len() <= LINE_BYTES_MAX {
            return Step::Wait(0);
        }
        let mut words = parse::Words::new(&input[..LINE_BYTES_MAX]);
        if input[LEADING_SPACES_MAX] == b' ' && input[..LEADING_SPACES_MAX].trim_ascii_start().is_empty()
            || !matches!(words.next(), Some(b"get" | b"gets" | b"gat" | b"gats"))
        {
            return Step::Close;
        }
        match parse::retrieval(input) {
            // Keys behind the end of the input: the word before them may go on.
            Ok((retrieval, keys)) if keys < input.len() => {
                self.state = State::Keys(retrieval);
                Step::Done(keys)
            }
            _ => Step::Close,
        }
    }
}

/// incr and decr.
fn arithmetic(work: &mut Work<'_>, direction: Direction, key: &[u8], delta: u64, noreply: bool) {
    let counting = Counting { key, direction, delta, unique: 0, vivify: None, exptime: None, cas: None };
    let line = match counter::count(work, &counting) {
        Ok(Counted::Number { value, .. }) => {
            if !noreply {
                emit::number(work.out, value);
                work.out.extend_from_slice(b"\r\n");
            }
            return;
        }
        Ok(Counted::NotFound | Counted::Exists) => Ok(emit::NOT_FOUND),
        Ok(Counted::NotNumeric) => Ok(emit::NOT_NUMERIC),
        Err(failure) => Err(failure),
    };
    work.answer(noreply, line, emit::OUT_OF_MEMORY);
}

/// The line of a storage command's outcome.
#[inline]
fn stored_line(stored: Stored) -> emit::Line {
    match stored {
        Stored::Done(_) => emit::STORED,
        Stored::Refused => emit::NOT_STORED,
        Stored::Exists => emit::EXISTS,
        Stored::NotFound => emit::NOT_FOUND,
    }
}

/// The first line of `input` without its end, and the offset behind it.
#[inline]
pub(super) fn end_of_line(input: &[u8]) -> Option<(&[u8], usize)> {
    let newline = memchr::memchr(b'\n', input)?;
    let line = &input[..newline];
    // A line that is nothing but `\r` is not an empty line; so it is in memcached.
    match line {
        [_, .., b'\r'] => Some((&line[..newline - 1], newline + 1)),
        _ => Some((line, newline + 1)),
    }
}
