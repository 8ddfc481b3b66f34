//! The protocol for a fuzzer: any bytes, in any portions.

use polycache_core::command::Session;

use super::Codec;
use crate::Client;
use crate::client::Face;
use crate::net::codec::{Codec as _, Turn};
use crate::server::Server;

use std::sync::Arc;

/// Feeds `input` to a new connection of `server` as its loop would, and checks what the loop relies on: that the
/// codec consumes no more than it was given, and that it always either goes on, waits for more, or closes.
/// The first byte chooses how the rest is portioned. Returns the replies.
pub fn fuzz(server: &Arc<Server>, input: &[u8]) -> Vec<u8> {
    let Some((first, input)) = input.split_first() else { return Vec::new() };
    converse(server, input, usize::from(*first).max(1))
}

/// Feeds `input` in portions of `portion` bytes, and returns the replies.
pub(super) fn converse(server: &Arc<Server>, input: &[u8], portion: usize) -> Vec<u8> {
    let settings = server.settings.load();
    let entry = server.clients.register(Face::Memcached, String::new(), String::new());
    let mut client = Client::new(server.clone(), entry);
    let mut session = Session::default();
    let mut codec = Codec::default();
    let mut replies = Vec::new();
    let mut pending: Vec<u8> = Vec::new();
    let mut wanted = 0;
    for portion in input.chunks(portion) {
        pending.extend_from_slice(portion);
        if pending.len() < wanted {
            continue;
        }
        loop {
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
            assert!(
                !progress.unfinished || progress.consumed > 0 || !out.is_empty(),
                "unfinished without progress"
            );
            pending.drain(..progress.consumed);
            replies.extend_from_slice(&out);
            wanted = progress.wanted;
            assert!(wanted == 0 || wanted > pending.len(), "wants what is there");
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
