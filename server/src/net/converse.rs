//! A connection without a socket: any bytes, in any portions. For fuzzers, and for comparing with other servers.

use std::sync::Arc;

use polycache_core::command::Session;

use super::codec::{Codec, Turn};
use crate::admin::answer;
use crate::client::{Client, Face};
use crate::resp::emit::Emitter;
use crate::server::Server;

/// Feeds `portions` to a new connection of `server` as its loop would, and checks what the loop relies on: that the
/// codec consumes no more than it was given, and that it always goes on, waits for more, or closes. Returns the
/// replies; a connection that was closed, or that waits for keys or for the end of a pause, takes no more.
pub fn converse<'a>(
    server: &Arc<Server>,
    face: Face,
    mut codec: impl Codec,
    portions: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<u8> {
    let settings = server.settings.load();
    let entry = server.clients.register(face, String::new(), String::new());
    let mut client = Client::new(server.clone(), entry);
    let mut session = Session::default();
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
            // Only over RESP can a client ask for the pause that then holds it.
            let paused = progress.paused && face != Face::Memcached;
            assert!(progress.consumed <= pending.len(), "consumed more than there was");
            assert!(
                !progress.unfinished || progress.consumed > 0 || !out.is_empty() || paused,
                "unfinished without progress"
            );
            pending.drain(..progress.consumed);
            assert!(progress.wanted == 0 || progress.wanted > pending.len(), "wants what is there");
            wanted = progress.wanted;
            replies.append(&mut out);
            if let Some(wait) = progress.wait {
                let waited = server.engine.log().watermark().wait_blocking(wait.lsn, wait.timeout);
                if !wait.is_muted {
                    answer(&mut Emitter::new(&mut replies, client.protocol), waited.is_ok());
                }
            }
            if progress.close || paused || client.blocked.is_some() {
                return replies;
            }
            if !progress.unfinished {
                break;
            }
        }
    }
    replies
}

/// Fuzzes a codec: the first byte of `input` says in portions of how many bytes the rest comes.
pub fn fuzz(server: &Arc<Server>, face: Face, codec: impl Codec, input: &[u8]) -> Vec<u8> {
    let Some((first, input)) = input.split_first() else { return Vec::new() };
    converse(server, face, codec, input.chunks(usize::from(*first).max(1)))
}
