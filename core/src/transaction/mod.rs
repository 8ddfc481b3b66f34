//! Write access: latches on keys.

use crate::record::{Draft, Effect, Record};

/// Write access to one key; the latch is released on drop.
pub struct Entry<'a> {
    _stub: &'a (),
}

impl<'a> Entry<'a> {
    /// The live record.
    pub fn record(&self) -> Option<Record<'a>> {
        todo!()
    }
    /// Replaces or inserts the record.
    pub fn put(&mut self, _draft: Draft<'_>, _effect: Effect<'_>) {
        todo!()
    }
    /// Removes the record; whether there was one.
    pub fn remove(&mut self, _effect: Effect<'_>) -> bool {
        todo!()
    }
}

/// Write access to several keys.
pub struct Latches<'a> {
    _stub: &'a (),
}

impl<'a> Latches<'a> {
    /// The entry of the `position`-th key that was asked for.
    pub fn entry(&mut self, _position: usize) -> &mut Entry<'a> {
        todo!()
    }
}
