//! Listening: from the settings' addresses to bound sockets.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use tokio::net::TcpSocket;

use super::socket;
use crate::config::Settings;
use crate::server::{Addresses, StartError};

/// What is spoken on a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Resp,
    Memcached,
}

/// A TCP address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// A name or number; `*` is any IPv4 address, `::*` any IPv6 address.
    pub host: String,
    /// 0: any free one.
    pub port: u16,
    /// No error where the machine does not have the address.
    pub optional: bool,
}

/// Where to listen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listen {
    pub resp: Vec<Bind>,
    pub memcached: Vec<Bind>,
    pub unixsocket: Option<String>,
    /// Mode of the Unix socket; 0 leaves the umask's.
    pub unixsocketperm: u32,
    /// The same for the memcached protocol.
    pub memcached_unixsocket: Option<String>,
    pub memcached_unixsocketperm: u32,
    pub memcached_udp: Vec<Bind>,
    /// Whether datagrams may come from other machines.
    pub udp_remote: bool,
    pub backlog: u32,
}

impl Listen {
    /// What the settings say; ports that are 0 are off.
    pub fn from_settings(settings: &Settings) -> Listen {
        let memcached_hosts =
            if settings.memcached_bind.is_empty() { &settings.bind } else { &settings.memcached_bind };
        Listen {
            resp: binds(&settings.bind, settings.port),
            memcached: binds(memcached_hosts, settings.memcached_port),
            unixsocket: settings.unixsocket.clone(),
            unixsocketperm: settings.unixsocketperm,
            memcached_unixsocket: settings.memcached_unixsocket.clone(),
            memcached_unixsocketperm: settings.memcached_unixsocketperm,
            memcached_udp: binds(memcached_hosts, settings.memcached_udp_port),
            udp_remote: settings.memcached_udp_remote,
            backlog: settings.tcp_backlog,
        }
    }

    /// Binds everything, or nothing.
    pub fn bind(&self) -> Result<(Vec<Bound>, Addresses), StartError> {
        let (mut bound, mut addresses) = (Vec::new(), Addresses::default());
        for (binds, protocol) in [(&self.resp, Protocol::Resp), (&self.memcached, Protocol::Memcached)] {
            let before = bound.len();
            for bind in binds {
                bind.listen(protocol, self.backlog, &mut bound, &mut addresses)?;
            }
            if bound.len() == before && !binds.is_empty() {
                let hosts: Vec<&str> = binds.iter().map(|bind| bind.host.as_str()).collect();
                return Err(StartError::Listen {
                    address: hosts.join(" "),
                    error: io::Error::new(
                        io::ErrorKind::AddrNotAvailable,
                        "this machine has none of the addresses",
                    ),
                });
            }
        }
        for (path, mode, protocol) in [
            (&self.unixsocket, self.unixsocketperm, Protocol::Resp),
            (&self.memcached_unixsocket, self.memcached_unixsocketperm, Protocol::Memcached),
        ] {
            let Some(path) = path else { continue };
            let listener =
                unix(path, mode).map_err(|error| StartError::Listen { address: path.clone(), error });
            bound.push(Bound::Unix { listener: listener?, path: path.clone(), protocol });
            match protocol {
                Protocol::Resp => addresses.unixsocket = Some(path.clone()),
                Protocol::Memcached => addresses.memcached_unixsocket = Some(path.clone()),
            }
        }
        for bind in &self.memcached_udp {
            bind.listen_udp(self.udp_remote, &mut bound, &mut addresses)?;
        }
        Ok((bound, addresses))
    }
}

fn unix(path: &str, mode: u32) -> io::Result<UnixListener> {
    remove_dead_socket(Path::new(path))?;
    let listener = UnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    if mode != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    }
    Ok(listener)
}

/// A listening socket.
pub enum Bound {
    Tcp {
        listener: TcpListener,
        protocol: Protocol,
    },
    Unix {
        listener: UnixListener,
        path: String,
        protocol: Protocol,
    },
    /// Datagrams of the memcached protocol.
    Udp {
        socket: UdpSocket,
        remote: bool,
    },
}

impl Drop for Bound {
    fn drop(&mut self) {
        if let Bound::Unix { path, .. } = self {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Bind {
    /// The addresses that the host's name means.
    fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let host = match self.host.as_str() {
            "*" => "0.0.0.0",
            "::*" => "::",
            host => host,
        };
        Ok((host, self.port).to_socket_addrs()?.collect())
    }

    /// Binds for datagrams; where those of other machines are not wanted, only to the loopback interface.
    fn listen_udp(
        &self,
        remote: bool,
        bound: &mut Vec<Bound>,
        addresses: &mut Addresses,
    ) -> Result<(), StartError> {
        let failed = |address: String, error| StartError::Listen { address: address + " for UDP", error };
        for address in self.resolve().map_err(|error| failed(self.host.clone(), error))? {
            if !remote && !super::accept::is_loopback(address.ip()) {
                let reason = "not a loopback address: anybody could have replies sent to anybody; see memcached-udp-remote";
                let error = io::Error::new(io::ErrorKind::InvalidInput, reason);
                return Err(failed(address.to_string(), error));
            }
            let socket = UdpSocket::bind(address).and_then(|socket| {
                socket.set_nonblocking(true)?;
                Ok(socket)
            });
            match socket {
                Ok(socket) => {
                    addresses.memcached_udp.push(socket.local_addr().unwrap_or(address));
                    bound.push(Bound::Udp { socket, remote });
                }
                Err(error) if self.optional && is_missing(&error) => {}
                Err(error) => return Err(failed(address.to_string(), error)),
            }
        }
        Ok(())
    }

    fn listen(
        &self,
        protocol: Protocol,
        backlog: u32,
        bound: &mut Vec<Bound>,
        addresses: &mut Addresses,
    ) -> Result<(), StartError> {
        let shown = |address: &str| match protocol {
            Protocol::Resp => format!("{address} for the Redis protocol"),
            Protocol::Memcached => format!("{address} for the memcached protocol"),
        };
        let resolved = self.resolve();
        let resolved = resolved.map_err(|error| StartError::Listen {
            address: shown(&format!("{}:{}", self.host, self.port)),
            error,
        });
        for address in resolved? {
            match listen(address, backlog) {
                Ok(listener) => {
                    let local = listener.local_addr().unwrap_or(address);
                    match protocol {
                        Protocol::Resp => addresses.resp.push(local),
                        Protocol::Memcached => addresses.memcached.push(local),
                    }
                    bound.push(Bound::Tcp { listener, protocol });
                }
                Err(error) if self.optional && is_missing(&error) => {
                    tracing::debug!("not listening on {address}: {error}");
                }
                Err(error) => {
                    return Err(StartError::Listen { address: shown(&address.to_string()), error });
                }
            }
        }
        Ok(())
    }
}

/// One port on several hosts; none where the port is off.
fn binds(hosts: &[String], port: u16) -> Vec<Bind> {
    if port == 0 {
        return Vec::new();
    }
    let bind = |host: &String| match host.strip_prefix('-') {
        Some(host) => Bind { host: host.to_owned(), port, optional: true },
        None => Bind { host: host.clone(), port, optional: false },
    };
    hosts.iter().map(bind).collect()
}

/// Sockets for something that is no protocol of clients.
pub fn plain(hosts: &[String], port: u16) -> Result<Vec<TcpListener>, StartError> {
    const BACKLOG: u32 = 64;
    let mut listeners = Vec::new();
    for bind in binds(hosts, port) {
        let failed =
            |error| StartError::Listen { address: format!("{}:{port} for the metrics", bind.host), error };
        for address in bind.resolve().map_err(failed)? {
            match listen(address, BACKLOG) {
                Ok(listener) => {
                    listener.set_nonblocking(true).map_err(failed)?;
                    listeners.push(listener);
                }
                Err(error) if bind.optional && is_missing(&error) => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }
    Ok(listeners)
}

/// Whether the machine lacks the address or its whole family.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EADDRNOTAVAIL | libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT | libc::ENOPROTOOPT)
    )
}

fn listen(address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    if address.is_ipv6() {
        socket::only_ipv6(socket.as_raw_fd())?;
    }
    socket.bind(address)?;
    socket::listen(socket.as_raw_fd(), backlog)?;
    // SAFETY: the descriptor was just given up by its only owner.
    let owned = unsafe { OwnedFd::from_raw_fd(socket.into_raw_fd()) };
    Ok(TcpListener::from(owned))
}

/// Removes the socket file that a killed server left; refuses where somebody answers or it is something else.
fn remove_dead_socket(path: &Path) -> io::Result<()> {
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if !metadata.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the path exists and is not a socket"));
    }
    if UnixStream::connect(path).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there"));
    }
    std::fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_settings() {
        let hosts = ["127.0.0.1".to_owned(), "-::1".to_owned()];
        let binds = binds(&hosts, 7);
        assert_eq!(binds[0], Bind { host: "127.0.0.1".into(), port: 7, optional: false });
        assert_eq!(binds[1], Bind { host: "::1".into(), port: 7, optional: true });
        assert!(super::binds(&hosts, 0).is_empty());
    }

    #[test]
    fn a_port_in_use_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let bind = Bind { host: "127.0.0.1".into(), port, optional: true };
        let listen = Listen { resp: vec![bind], backlog: 10, ..Listen::default() };
        let Err(error) = listen.bind() else { panic!("the port is taken") };
        assert!(error.to_string().contains(&port.to_string()), "{error}");
        assert!(error.to_string().contains("in use"), "{error}");
    }

    #[test]
    fn dead_sockets_go_and_other_files_stay() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let path_text = path.to_str().unwrap().to_owned();
        drop(UnixListener::bind(&path).unwrap());
        let listen =
            Listen { unixsocket: Some(path_text.clone()), unixsocketperm: 0o600, ..Listen::default() };
        let (bound, addresses) = listen.bind().unwrap();
        assert_eq!(addresses.unixsocket, Some(path_text));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(listen.bind().is_err(), "somebody listens");
        drop(bound);
        assert!(!path.exists());
        std::fs::write(&path, "precious").unwrap();
        assert!(listen.bind().is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    }
}
