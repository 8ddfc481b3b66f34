//! The memcached protocol.

use crate::net::codec::{self, Progress, Turn};

/// The state of one memcached connection.
#[derive(Default)]
pub struct Codec {}

impl codec::Codec for Codec {
    fn process(&mut self, turn: &mut Turn<'_>) -> Progress {
        turn.out.extend_from_slice(b"ERROR\r\n");
        Progress { consumed: turn.input.len(), close: true, ..Progress::default() }
    }
}
