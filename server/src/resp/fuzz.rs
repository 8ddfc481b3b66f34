//! A connection without a socket, for fuzzing and tests.

use std::sync::Arc;

use polycache_core::command::Session;

use super::codec::Codec;
use crate::client::{Client, Face};
use crate::net::codec::{Codec as _, Turn};
use crate::server::Server;

/// Feeds `input` to a new connection of `server`; its first byte says in portions of how many bytes the rest comes.
pub fn fuzz(server: &Arc<Server>, input: &[u8]) -> Vec<u8> {
    let Some((first, input)) = input.split_first() else { return Vec::new() };
    converse(server, input.chunks(usize::from(*first).max(1)))
}

/// Feeds `portions` to a new connection as its loop would, and checks what the loop relies on: that the codec consumes
/// no more than it was given, and that it always goes on, waits for more, or closes. Returns the replies; a connection
/// that was closed takes no more.
pub fn converse<'a>(server: &Arc<Server>, portions: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let settings = server.settings.load();
    let entry = server.clients.register(Face::Embedded, String::new(), String::new());
    let mut client = Client::new(server.clone(), entry);
    client.authenticated = settings.requirepass.is_empty();
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
            assert!(
                !progress.unfinished || progress.consumed > 0 || progress.paused,
                "unfinished without progress"
            );
            pending.drain(..progress.consumed);
            assert!(progress.wanted == 0 || progress.wanted > pending.len(), "wants what is there");
            wanted = progress.wanted;
            replies.append(&mut out);
            if progress.close || progress.paused {
                return replies;
            }
            if !progress.unfinished {
                break;
            }
        }
    }
    replies
}

#[cfg(test)]
mod tests {
    use polycache_core::config::EngineConfig;
    use polycache_core::engine::Engine;
    use proptest::prelude::*;

    use super::*;
    use crate::config::Settings;

    fn server() -> Arc<Server> {
        Server::new(Engine::in_memory(EngineConfig::default()), Settings::default())
    }

    #[test]
    fn portions_do_not_matter() {
        let requests = b"SET k v\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n\r\nHELLO 3\r\nGET nothing\r\n*1\r\n$4\r\nPING\r\nRESET\r\nGET k\r\n\
            NOSUCH\r\nCLIENT REPLY SKIP\r\nPING\r\nECHO done\r\nQUIT\r\nPING\r\n";
        let whole = converse(&server(), [&requests[..]]);
        assert!(whole.ends_with(b"$4\r\ndone\r\n+OK\r\n"), "{}", whole.escape_ascii());
        for bytes in 1..requests.len() {
            let portions = converse(&server(), requests.chunks(bytes));
            // The connection's number differs not: each server is new.
            assert_eq!(portions.escape_ascii().to_string(), whole.escape_ascii().to_string(), "{bytes}");
        }
    }

    proptest! {
        #[test]
        fn anything_may_come(
            words in prop::collection::vec(
                prop::sample::select(&[
                    "*1\r\n", "*2\r\n", "*3\r\n", "$3\r\nGET\r\n", "$3\r\nSET\r\n", "$1\r\nk\r\n", "$0\r\n\r\n", "$-1\r\n",
                    "PING\r\n", "QUIT\r\n", "\r\n", "\"", "*0\r\n", "$4\r\nab", "CLIENT REPLY OFF\r\n", "SELECT 3\r\n", "*",
                ][..]),
                0..30,
            ),
            portion in 0u8..20,
        ) {
            let input = [&[portion][..], words.concat().as_bytes()].concat();
            fuzz(&server(), &input);
        }
    }
}
