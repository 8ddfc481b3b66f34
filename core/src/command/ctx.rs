//! The context a command handler works in.

use std::any::Any;

use smallvec::SmallVec;

use super::{Failure, Registry, Reply};
use crate::clock::UnixMillis;
use crate::engine::{DbIndex, Engine, Operation};
use crate::record::Record;
use crate::transaction::{Entry, Latches};

/// What a connection (or handle) carries from command to command, as far as the engine's commands care.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The selected database.
    pub db: DbIndex,
    /// CLIENT NO-TOUCH: reads leave access times alone.
    pub no_touch: bool,
}

/// The face that a command came through; server commands downcast to their connection.
pub trait Host {
    fn as_any(&mut self) -> &mut dyn Any;
}

/// Everything a handler needs.
pub struct Ctx<'a> {
    pub engine: &'a Engine,
    pub op: &'a Operation<'a>,
    pub session: &'a mut Session,
    pub reply: &'a mut dyn Reply,
    pub host: &'a mut dyn Host,
    pub registry: &'a Registry,
}

impl<'a> Ctx<'a> {
    pub fn now(&self) -> UnixMillis {
        self.op.now()
    }
    /// The live record of `key`; counts a hit or a miss and touches its access bits.
    pub fn read(&self, _key: &[u8]) -> Result<Option<Record<'a>>, Failure> {
        todo!()
    }
    /// The live record of `key`, leaving statistics and access bits alone.
    pub fn peek(&self, _key: &[u8]) -> Result<Option<Record<'a>>, Failure> {
        todo!()
    }
    /// The live records of `keys` as they stood at one instant.
    pub fn read_many(&self, _keys: &[&[u8]]) -> Result<SmallVec<[Option<Record<'a>>; 8]>, Failure> {
        todo!()
    }
    /// Write access to `key` in the session's database.
    pub fn latch(&self, _key: &[u8]) -> Result<Entry<'a>, Failure> {
        todo!()
    }
    /// Write access to several keys at once; nobody sees some of the writes without the others.
    pub fn latch_many(&self, _keys: &[(DbIndex, &[u8])]) -> Result<Latches<'a>, Failure> {
        todo!()
    }
}
