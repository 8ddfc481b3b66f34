//! The log entry of a write that touches several keys, or has several effects on one: all or nothing, in the log as in
//! memory.

use std::borrow::Cow;

use crate::engine::DbIndex;
use crate::log::entry::{Annotation, encode_command};
use crate::record::Str;

/// Effects gathered while keys are latched; appended to the log as one piece.
#[derive(Default)]
pub struct Block {
    /// The database that the next effect is for, as the log stands.
    db: Option<DbIndex>,
    first_db: DbIndex,
    bytes: Vec<u8>,
    effects: usize,
}

impl Block {
    pub fn push(&mut self, db: DbIndex, annotation: Annotation, args: &[Str<'_>]) {
        self.turn_to(db);
        annotation.encode(&mut self.bytes);
        encode_command(&mut self.bytes, args);
        self.effects += 1;
    }

    /// Counts an effect that no log wants.
    pub fn count(&mut self) {
        self.effects += 1;
    }

    /// Effects so far.
    pub fn effects(&self) -> usize {
        self.effects
    }

    /// Adds the effects of a block that is all about one database.
    pub fn join(&mut self, other: &Block) {
        if let Some(db) = other.db {
            self.turn_to(db);
            self.bytes.extend_from_slice(&other.bytes);
            self.effects += other.effects;
        }
    }

    fn turn_to(&mut self, db: DbIndex) {
        match self.db {
            None => self.first_db = db,
            Some(selected) if selected != db => self.select(db),
            Some(_) => {}
        }
        self.db = Some(db);
    }

    /// In lower case, as the log writes it: replay knows by that who wrote a tail.
    fn select(&mut self, db: DbIndex) {
        let mut number = itoa::Buffer::new();
        let number = number.format(db).as_bytes();
        encode_command(&mut self.bytes, &[b"select".into(), number.into()]);
    }

    /// The database and the bytes of the log entry; `None` if nothing happened. The entry ends in the database that it
    /// began in. Several effects are wrapped in MULTI and EXEC.
    pub fn finish(mut self) -> Option<(DbIndex, Vec<u8>)> {
        let last = self.db?;
        if last != self.first_db {
            self.select(self.first_db);
        }
        if let Cow::Owned(wrapped) = self.whole() {
            self.bytes = wrapped;
        }
        Some((self.first_db, self.bytes))
    }

    /// The bytes, several effects wrapped in MULTI and EXEC.
    pub fn whole(&self) -> Cow<'_, [u8]> {
        if self.effects < 2 {
            return Cow::Borrowed(&self.bytes);
        }
        let mut wrapped = Vec::with_capacity(self.bytes.len() + 32);
        encode_command(&mut wrapped, &[b"MULTI".into()]);
        wrapped.extend_from_slice(&self.bytes);
        encode_command(&mut wrapped, &[b"EXEC".into()]);
        Cow::Owned(wrapped)
    }
}
