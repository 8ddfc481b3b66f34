//! Judges an AOF file before anything of it is applied: how much is whole, and what is wrong with the rest.
//!
//! A file that begins with a mark is *marked*: every group in it is followed by a mark with its checksum
//! ([`crate::log::mark`]), so what has no mark behind it was being written when the process ended, was promised to
//! nobody, and is cut off. A mark that does not fit, or an intact mark behind bytes that make no sense, means damage,
//! and that is never skipped in silence.
//!
//! A file that was written under `always` may hold filler behind its last group ([`crate::log::filler`]): that is no
//! data. Some groups were in flight at once there and land in any order, block by block: where a block was never
//! written over and no more groups stand behind it than can have been in flight with it, the tail is torn. More groups,
//! or no such block, mean damage.
//!
//! A file of Redis has no marks: it is whole up to its last complete command, MULTI to EXEC being one.
//!
//! A Redis may have loaded our file and appended to it. Its tail selects a database with `SELECT`, ours with `select`,
//! so such a tail is known and judged as Redis would.

use super::parse::{self, Item, Trouble};
use crate::log::Lsn;
use crate::log::backend::BLOCKS_IN_FLIGHT_MAX;
use crate::log::filler::{BLOCK_BYTES, has_unwritten_block, is_filler_line};
use crate::log::mark::{MARK_PREFIX, Mark};

/// How a file ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All of it is whole.
    Complete,
    /// From `at` on it was still being written.
    Torn { at: usize, reason: String },
    /// What was once whole no longer is.
    Damaged { at: usize, reason: String },
}

/// The judgement on a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Everything below may be applied.
    pub whole_bytes: usize,
    /// Commands in the whole part.
    pub commands: u64,
    pub marked: bool,
    /// Another writer, a Redis, appended to the file.
    pub foreign_tail: bool,
    /// The log position after the last mark.
    pub end: Option<Lsn>,
    pub ending: Ending,
}

impl Scan {
    /// The same for bytes that lie behind `preamble` others in their file.
    pub fn behind(mut self, preamble: usize) -> Scan {
        self.whole_bytes += preamble;
        if let Ending::Torn { at, .. } | Ending::Damaged { at, .. } = &mut self.ending {
            *at += preamble;
        }
        self
    }
}

/// Judges the bytes of a file.
pub fn scan(bytes: &[u8]) -> Scan {
    let mut scanner = Scanner { bytes, ..Scanner::default() };
    let ending = scanner.run();
    let foreign = scanner.foreign && !matches!(ending, Ending::Damaged { .. });
    let (whole, commands) = if !scanner.marked || foreign { scanner.complete } else { scanner.sealed };
    Scan {
        whole_bytes: whole,
        commands,
        marked: scanner.marked,
        foreign_tail: foreign && whole > scanner.sealed.0,
        end: scanner.end,
        ending,
    }
}

#[derive(Default)]
struct Scanner<'a> {
    bytes: &'a [u8],
    marked: bool,
    foreign: bool,
    /// Offset after the last mark, and the commands before it.
    sealed: (usize, u64),
    /// Where the next group begins: behind the last mark and what filler follows it.
    group: usize,
    /// Offset after the last complete command outside MULTI, and the commands before it.
    complete: (usize, u64),
    end: Option<Lsn>,
    /// Where a MULTI without EXEC stands.
    open_block: Option<usize>,
}

impl Scanner<'_> {
    fn run(&mut self) -> Ending {
        let mut args = Vec::new();
        let (mut at, mut commands) = (0, 0);
        loop {
            let (item, next) = match parse::next(self.bytes, at, &mut args) {
                Ok(Some(found)) => found,
                Ok(None) => return self.at_end(),
                Err(trouble) => return self.in_trouble(at, trouble),
            };
            match item {
                Item::Annotation(line) if line.starts_with(MARK_PREFIX) => {
                    if let Err(reason) = self.seal(line, at, next, commands) {
                        return self.broken_by(next, reason);
                    }
                }
                Item::Annotation(line) if is_filler_line(line) && self.marked && at == self.group => {
                    self.group = next;
                }
                Item::Annotation(_) => {}
                Item::Command => {
                    commands += 1;
                    match args[0].to_ascii_uppercase().as_slice() {
                        b"MULTI" if args.len() == 1 => self.open_block = self.open_block.or(Some(at)),
                        b"EXEC" if args.len() == 1 => self.open_block = None,
                        b"SELECT" if self.marked && args[0] == b"SELECT" => self.foreign = true,
                        _ => {}
                    }
                }
            }
            if self.open_block.is_none() {
                self.complete = (next, commands);
            }
            at = next;
        }
    }

    /// A mark was found at `at`.
    fn seal(&mut self, line: &[u8], at: usize, next: usize, commands: u64) -> Result<(), String> {
        let group = &self.bytes[self.group..at];
        let Some(mark) = Mark::parse(line) else { return Err(format!("the mark at offset {at} is damaged")) };
        if at > 0 && !self.marked {
            self.marked = true;
            return Err("the file's first mark is damaged".into());
        }
        if mark.len != group.len() as u64 || !mark.fits(group) {
            return Err(format!("the checksum of the {} bytes from here does not fit", group.len()));
        }
        if self.open_block.is_some() {
            return Err("a MULTI without its EXEC".into());
        }
        if mark.len > 0 {
            if self.end.is_some_and(|end| end != mark.start) {
                return Err("bytes are missing before this group".into());
            }
            self.end = Some(mark.end());
        }
        self.marked = true;
        self.foreign = false;
        self.sealed = (next, commands);
        self.group = next;
        Ok(())
    }

    /// The bytes end behind a complete item.
    fn at_end(&self) -> Ending {
        let whole = self.bytes.len();
        match self.open_block {
            Some(at) if !self.marked || self.foreign => {
                Ending::Torn { at, reason: "a MULTI without its EXEC".into() }
            }
            _ if self.marked && !self.foreign && self.group < whole => {
                Ending::Torn { at: self.sealed.0, reason: "the last group was not written whole".into() }
            }
            _ => Ending::Complete,
        }
    }

    /// No item could be parsed at `at`.
    fn in_trouble(&self, at: usize, trouble: Trouble) -> Ending {
        let (place, reason) = match trouble {
            Trouble::Incomplete => (at, "the file ends within a command"),
            Trouble::Malformed(place, reason) => (place, reason),
        };
        // Blocks that were allocated but never written read as zeroes after a crash of the machine.
        let unwritten = self.bytes[at..].iter().all(|byte| *byte == 0);
        let own_tail = self.marked && !self.foreign;
        if own_tail && at == self.group && self.bytes[at..].iter().all(|byte| *byte == b'#') {
            return Ending::Complete;
        }
        match trouble {
            _ if own_tail => match self.behind(self.group) {
                Some(behind) if !self.is_hole(&behind) => {
                    Ending::Damaged { at: place, reason: reason.into() }
                }
                _ => self.torn_group(),
            },
            Trouble::Malformed(..) if !unwritten => Ending::Damaged { at: place, reason: reason.into() },
            _ => Ending::Torn { at: self.complete.0, reason: reason.into() },
        }
    }

    fn torn_group(&self) -> Ending {
        Ending::Torn { at: self.sealed.0, reason: "the last group was not written whole".into() }
    }

    /// The mark whose line ends at `next` does not fit what is before it.
    fn broken_by(&self, next: usize, reason: String) -> Ending {
        let mut behind = self.behind(self.group).unwrap_or_default();
        if behind.groups == 0 || behind.begin > next {
            // The line may have been cut short by a block that was not written.
            behind.begin = next.next_multiple_of(BLOCK_BYTES);
        }
        if self.end.is_some() && self.is_hole(&behind) {
            self.torn_group()
        } else {
            Ending::Damaged { at: self.sealed.0, reason }
        }
    }

    /// Whether writes in flight left a hole behind the last mark: see the module.
    fn is_hole(&self, behind: &Behind) -> bool {
        behind.groups < BLOCKS_IN_FLIGHT_MAX && has_unwritten_block(self.bytes, self.sealed.0, behind.begin)
    }

    /// The marks behind `from`, which prove that the bytes before them were written.
    fn behind(&self, from: usize) -> Option<Behind> {
        let mut found: Option<Behind> = None;
        for at in memchr::memmem::find_iter(&self.bytes[from..], MARK_PREFIX).map(|offset| from + offset) {
            let line = &self.bytes[at..];
            let Some(end) = memchr::memmem::find(&line[..line.len().min(64)], b"\r\n") else { continue };
            let Some(mark) = Mark::parse(&line[..end]) else { continue };
            let Some(start) = at.checked_sub(mark.len as usize) else { continue };
            // Either the mark of the very group that makes no sense, or a sound group behind it.
            let is_own = start == self.group && self.end.is_none_or(|expected| expected == mark.start);
            let is_sound = mark.len > 0 && mark.fits(&self.bytes[start..at]);
            if is_own && !is_sound && found.is_none() {
                found = Some(Behind { begin: (at + end).next_multiple_of(BLOCK_BYTES), groups: 0 });
            } else if is_sound {
                found.get_or_insert(Behind { begin: start, groups: 0 }).groups += 1;
            }
        }
        found
    }
}

/// What stands behind bytes that make no sense.
#[derive(Default)]
struct Behind {
    /// The end of the group that makes no sense, or the begin of the first sound one.
    begin: usize,
    /// How many sound groups follow.
    groups: usize,
}

#[cfg(test)]
#[path = "scan_test.rs"]
mod test;
