//! The protocol without a socket: any bytes, in any portions. For fuzzers, and for comparing with memcached.

use std::sync::Arc;

use polycache_core::command::Session;

use super::Codec;
use crate::Client;
use crate::client::Face;
use crate::net::codec::{Codec as _, Turn};
use crate::server::Server;

/// Feeds `input` to a new connection; its first byte chooses how the rest is portioned.
pub fn fuzz(server: &Arc<Server>, input: &[u8]) -> Vec<u8> {
    let Some((first, input)) = input.split_first() else { return Vec::new() };
    converse(server, input.chunks(usize::from(*first).max(1)))
}

/// Feeds `portions` to a new connection of `server` as its loop would, and checks what the loop relies on: that the
/// codec consumes no more than it was given, and that it always goes on, waits for more, or closes. Returns the
/// replies; a connection that was closed takes no more.
pub fn converse<'a>(server: &Arc<Server>, portions: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let settings = server.settings.load();
    let entry = server.clients.register(Face::Memcached, String::new(), String::new());
    let mut client = Client::new(server.clone(), entry);
    let mut session = Session::default();
    let mut codec = Codec::default();
    let mut replies = Vec::new();
    let mut pending: Vec<u8> = Vec::new();
    let mut wanted = 0;
    for portion in portions {
        pending.extend_from_slice(portion);
        while !pending.is_empty() && pending.len() >= wanted {
            let mut out = Vec::new();
            let progress = codec.process(&mut Turn {
                server,
                settings: &settings,
                client: &mut client,
                session: &mut session,
                stats: server.stats.shared(),
                input: &pending,
                out: &mut out,
            });
            assert!(progress.consumed <= pending.len(), "consumed more than there was");
            assert!(!progress.unfinished || progress.consumed > 0, "unfinished without progress");
            pending.drain(..progress.consumed);
            assert!(progress.wanted == 0 || progress.wanted > pending.len(), "wants what is there");
            wanted = progress.wanted;
            replies.append(&mut out);
            if progress.close {
                return replies;
            }
            if !progress.unfinished {
                break;
            }
        }
    }
    replies
}
