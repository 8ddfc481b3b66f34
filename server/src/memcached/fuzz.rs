//! The memcached protocol on a connection without a socket ([`crate::net::converse`]).

use std::sync::Arc;

use super::Codec;
use crate::client::Face;
use crate::net::converse;
use crate::server::Server;

/// Feeds `input` to a new connection of `server`; its first byte says in portions of how many bytes the rest comes.
pub fn fuzz(server: &Arc<Server>, input: &[u8]) -> Vec<u8> {
    converse::fuzz(server, Face::Memcached, Codec::default(), input)
}

/// Feeds `portions` to a new connection of `server` and returns its replies.
pub fn converse<'a>(server: &Arc<Server>, portions: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    converse::converse(server, Face::Memcached, Codec::default(), portions)
}
