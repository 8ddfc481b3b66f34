//! What a connection is told that may not come in.

use super::listen::Protocol;
use super::stream::Stream;

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    TooManyClients,
    ProtectedMode,
}

const PROTECTED: &str = "-DENIED Polycache is running in protected mode: no password is set for the default user, so \
only clients on the loopback interface are served. To connect from other computers do one of these: 1) set a \
password with the 'requirepass' setting, or with CONFIG SET requirepass from the loopback interface; 2) if the \
server cannot be reached from the internet, switch the mode off with CONFIG SET protected-mode no, with \
'protected-mode no' in the configuration file, or with '--protected-mode no' on the command line.\r\n";

impl Refusal {
    fn text(self, protocol: Protocol) -> &'static str {
        match (self, protocol) {
            (Refusal::TooManyClients, Protocol::Resp) => "-ERR max number of clients reached\r\n",
            (Refusal::TooManyClients, Protocol::Memcached) => "ERROR Too many open connections\r\n",
            (Refusal::ProtectedMode, Protocol::Resp) => PROTECTED,
            (Refusal::ProtectedMode, Protocol::Memcached) => {
                "ERROR protected mode: set requirepass, or protected-mode no\r\n"
            }
        }
    }
}

/// Says so, as far as the socket takes it at once.
pub fn send(stream: &Stream, refusal: Refusal, protocol: Protocol) {
    let text = refusal.text(protocol).as_bytes();
    let _ = match stream {
        Stream::Tcp(stream) => stream.try_write(text),
        Stream::Unix(stream) => stream.try_write(text),
    };
}
