//! The Redis protocol on a connection without a socket ([`crate::net::converse`]).

use std::sync::Arc;

use super::codec::Codec;
use crate::client::Face;
use crate::net::converse;
use crate::server::Server;

/// Feeds `input` to a new connection of `server`; its first byte says in portions of how many bytes the rest comes.
pub fn fuzz(server: &Arc<Server>, input: &[u8]) -> Vec<u8> {
    converse::fuzz(server, Face::Embedded, Codec::default(), input)
}

/// Feeds `portions` to a new connection of `server` and returns its replies.
pub fn converse<'a>(server: &Arc<Server>, portions: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    converse::converse(server, Face::Embedded, Codec::default(), portions)
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
