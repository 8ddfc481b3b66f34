//! Judges an AOF file before anything of it is applied: how much is whole, and what is wrong with the rest.
//!
//! A file that begins with a mark is *marked*: every group in it is followed by a mark with its checksum
//! ([`crate::log::mark`]), so what has no mark behind it was being written when the process ended, was promised to
//! nobody, and is cut off. A mark that does not fit, or an intact mark behind bytes that make no sense, means damage,
//! and that is never skipped in silence.
//!
//! A file of Redis has no marks: it is whole up to its last complete command, MULTI to EXEC being one.
//!
//! A Redis may have loaded our file and appended to it. Its tail selects a database with `SELECT`, ours with `select`,
//! so such a tail is known and judged as Redis would.

use super::parse::{self, Item, Trouble};
use crate::log::Lsn;
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
                        return Ending::Damaged { at: self.sealed.0, reason };
                    }
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
        let group = &self.bytes[self.sealed.0..at];
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
        Ok(())
    }

    /// The bytes end behind a complete item.
    fn at_end(&self) -> Ending {
        let whole = self.bytes.len();
        match self.open_block {
            Some(at) if !self.marked || self.foreign => {
                Ending::Torn { at, reason: "a MULTI without its EXEC".into() }
            }
            _ if self.marked && !self.foreign && self.sealed.0 < whole => {
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
        if own_tail && self.later_mark(at).is_some() {
            return Ending::Damaged { at: place, reason: reason.into() };
        }
        match trouble {
            _ if own_tail => {
                Ending::Torn { at: self.sealed.0, reason: "the last group was not written whole".into() }
            }
            Trouble::Malformed(..) if !unwritten => Ending::Damaged { at: place, reason: reason.into() },
            _ => Ending::Torn { at: self.complete.0, reason: reason.into() },
        }
    }

    /// The offset of an intact mark behind `from`, which proves that the bytes before it were once whole.
    fn later_mark(&self, from: usize) -> Option<usize> {
        let expected = self.end;
        memchr::memmem::find_iter(&self.bytes[from..], MARK_PREFIX).map(|offset| from + offset).find(|at| {
            let line = &self.bytes[*at..];
            let Some(end) = memchr::memmem::find(&line[..line.len().min(64)], b"\r\n") else { return false };
            let Some(mark) = Mark::parse(&line[..end]) else { return false };
            let Some(start) = at.checked_sub(mark.len as usize) else { return false };
            // Either the mark of the very group that makes no sense, or a sound group behind it.
            start == self.sealed.0 && expected.is_none_or(|expected| expected == mark.start)
                || mark.len > 0 && mark.fits(&self.bytes[start..*at])
        })
    }
}

#[cfg(test)]
#[path = "scan_test.rs"]
mod test;
