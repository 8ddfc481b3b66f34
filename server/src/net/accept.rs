//! Accepting connections, and refusing those that may not come in.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};

use super::dispatch::{Dispatcher, Newcomer};
use super::listen::{Bound, Protocol};
use super::refuse::{self, Refusal};
use super::stream::{Accepted, Stream};
use super::worker::count_refused;
use crate::server::Server;
use crate::stats::Counter;

/// Rest after a failed accept: descriptors may be short, and trying again at once would spin.
const REST: Duration = Duration::from_millis(50);

/// Starts accepting on every listener, on the current runtime.
pub fn spawn(server: &Arc<Server>, listeners: Vec<Bound>, dispatcher: &Dispatcher) {
    for bound in listeners {
        if let Bound::Udp { socket, remote } = &bound {
            match socket.try_clone() {
                Ok(socket) => dispatcher.dispatch(Newcomer::Datagrams { socket, remote: *remote }),
                Err(error) => tracing::error!("a socket for UDP failed: {error}"),
            }
            continue;
        }
        let gate = Gate { server: server.clone(), dispatcher: dispatcher.clone() };
        tokio::spawn(async move {
            if let Err(error) = gate.accept(bound).await {
                tracing::error!("a listener failed: {error}");
            }
        });
    }
}

/// Lets connections in.
struct Gate {
    server: Arc<Server>,
    dispatcher: Dispatcher,
}

impl Gate {
    async fn accept(&self, bound: Bound) -> io::Result<()> {
        match &bound {
            Bound::Tcp { listener, protocol } => {
                let listener = TcpListener::from_std(listener.try_clone()?)?;
                loop {
                    match listener.accept().await {
                        Ok((stream, peer)) => self.admit(Stream::Tcp(stream), Some(peer), "", *protocol),
                        Err(error) => rest(error).await,
                    }
                }
            }
            Bound::Unix { listener, path, protocol } => {
                let listener = UnixListener::from_std(listener.try_clone()?)?;
                loop {
                    match listener.accept().await {
                        Ok((stream, _)) => self.admit(Stream::Unix(stream), None, path, *protocol),
                        Err(error) => rest(error).await,
                    }
                }
            }
            // Served by a worker.
            Bound::Udp { .. } => Ok(()),
        }
    }

    /// Refuses a connection, or gives it to a worker.
    fn admit(&self, stream: Stream, peer: Option<SocketAddr>, path: &str, protocol: Protocol) {
        self.server.stats.shared().add(Counter::ConnectionsReceived, 1);
        if let Some(refusal) = self.refusal(peer, protocol) {
            count_refused(&self.server);
            refuse::send(&stream, refusal, protocol);
            return;
        }
        let local = if let Stream::Tcp(stream) = &stream { stream.local_addr().ok() } else { None };
        let name = |address: Option<SocketAddr>| match address {
            Some(address) => address.to_string(),
            None => format!("{path}:0"),
        };
        let (addr, laddr) = (name(peer), name(local));
        let accepted = match stream {
            Stream::Tcp(stream) => stream.into_std().map(Accepted::Tcp),
            Stream::Unix(stream) => stream.into_std().map(Accepted::Unix),
        };
        if let Ok(stream) = accepted {
            self.dispatcher.dispatch(Newcomer::Connection { stream, protocol, addr, laddr });
        }
    }

    fn refusal(&self, peer: Option<SocketAddr>, protocol: Protocol) -> Option<Refusal> {
        let settings = self.server.settings.load();
        if self.server.clients.connected() >= settings.maxclients as usize {
            return Some(Refusal::TooManyClients);
        }
        let has_password = match protocol {
            Protocol::Resp => !self.server.acl.default_user().needs_no_password,
            Protocol::Memcached => crate::memcached::users::are_wanted(&self.server, &settings),
        };
        let open = settings.protected_mode && !has_password;
        (open && peer.is_some_and(|peer| !is_loopback(peer.ip()))).then_some(Refusal::ProtectedMode)
    }
}

async fn rest(error: io::Error) {
    tracing::warn!("accepting a connection failed: {error}");
    tokio::time::sleep(REST).await;
}

pub(super) fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|mapped| mapped.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_in_every_notation() {
        for address in ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"] {
            assert!(is_loopback(address.parse().unwrap()), "{address}");
        }
        for address in ["10.0.0.1", "0.0.0.0", "::", "::ffff:10.0.0.1", "fe80::1"] {
            assert!(!is_loopback(address.parse().unwrap()), "{address}");
        }
    }
}
