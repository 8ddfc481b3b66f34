//! The log entry of a write that touches several keys: all or nothing, in the log as in memory.

use crate::engine::DbIndex;
use crate::log::entry::{Annotation, encode_command};
use crate::record::Str;

/// Effects gathered while several keys are latched; appended to the log as one piece.
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
        match self.db {
            None => self.first_db = db,
            Some(selected) if selected != db => self.select(db),
            Some(_) => {}
        }
        self.db = Some(db);
        annotation.encode(&mut self.bytes);
        encode_command(&mut self.bytes, args);
        self.effects += 1;
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
        if self.effects > 1 {
            let mut wrapped = Vec::with_capacity(self.bytes.len() + 32);
            encode_command(&mut wrapped, &[b"MULTI".into()]);
            wrapped.append(&mut self.bytes);
            encode_command(&mut wrapped, &[b"EXEC".into()]);
            self.bytes = wrapped;
        }
        Some((self.first_db, self.bytes))
    }
}
