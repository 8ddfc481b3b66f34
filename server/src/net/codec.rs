//! What the connection loop asks of a protocol.

use polycache_core::command::Session;
use polycache_core::log::Lsn;

use crate::admin::LocalWait;
use crate::client::Client;
use crate::config::Settings;
use crate::server::Server;
use crate::stats::Shard;

/// One protocol's state on one connection.
pub trait Codec: Send + 'static {
    /// Carries out the complete commands at the start of `turn.input`, under one operation of the engine, and
    /// appends their replies to `turn.out`. Stops early where [`Turn::spent`] says so.
    ///
    /// Bytes that are not consumed come again, with more behind them.
    fn process(&mut self, turn: &mut Turn<'_>) -> Progress;

    /// Appends what is to be sent although nobody asked just now. The connection is woken for it.
    #[inline]
    fn take_news(&mut self, _out: &mut Vec<u8>) {}

    /// Answers a turn of `commands` commands whose writes did not reach the disk, in place of its replies. `false`
    /// where that cannot be told apart: the connection is closed then.
    fn refuse(&self, commands: usize, reason: &str, out: &mut Vec<u8>) -> bool;
}

/// What a codec works with.
pub struct Turn<'a> {
    pub server: &'a Server,
    pub settings: &'a Settings,
    pub client: &'a mut Client,
    pub session: &'a mut Session,
    /// This thread's counters.
    pub stats: &'a Shard,
    pub input: &'a [u8],
    pub out: &'a mut Vec<u8>,
}

impl Turn<'_> {
    /// Whether the turn should end after `commands` commands, so that other connections get theirs and replies
    /// do not pile up.
    pub fn spent(&self, commands: usize) -> bool {
        commands >= crate::limits::TURN_COMMANDS_MAX || self.out.len() >= crate::limits::TURN_OUTPUT_BYTES
    }
}

/// How far a codec came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Bytes of the input that are done with.
    pub consumed: usize,
    /// How long the input must be (from its first unconsumed byte) before another call makes sense; 0 is unknown.
    pub wanted: usize,
    /// Ended early: there may be complete commands left in the input.
    pub unfinished: bool,
    /// The next command must wait until CLIENT PAUSE is over.
    pub paused: bool,
    /// The last command is answered when this wait is over; nothing more is carried out before.
    pub wait: Option<LocalWait>,
    /// Close the connection once the output is sent.
    pub close: bool,
    /// Commands that were carried out.
    pub commands: usize,
    /// The log position that these commands' writes reached, where they wrote.
    pub lsn: Option<Lsn>,
}
