//! An open engine on the network.

use std::io::ErrorKind as ErrorKindOfIo;
use std::net::{IpAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{Error, ErrorKind, Result};
use super::handle::Cache;
use crate::config::Settings;
use crate::server::{Running, StartError};

/// How often another free port is looked for.
const FREE_PORT_ATTEMPTS: u32 = 8;

/// Where to serve: `127.0.0.1:6379` (port 0 is any free one), `[::1]:0`, or `unix:/path`.
#[derive(Clone, Debug, Default)]
pub struct Serve {
    pub resp: Option<String>,
    pub memcached: Option<String>,
    /// What Redis clients must authenticate with; needed to listen beyond this machine.
    pub password: Option<String>,
}

/// An engine that is being served. Dropping it goes on serving, until the cache is closed.
pub struct Served {
    resp: Option<String>,
    memcached: Option<String>,
    listening: Arc<Listening>,
}

/// The running server; empty once stopped.
pub(super) struct Listening(Mutex<Option<Running>>);

impl Listening {
    fn is_running(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(super) fn stop(&self) {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            running.stop();
        }
    }
}

/// One parsed address.
enum Address {
    Tcp { host: String, port: u16 },
    Unix(String),
}

impl Cache {
    /// Puts the engine on the network, on threads of its own, until [`Served::stop`] or until the cache is closed.
    pub fn serve(&self, serve: &Serve) -> Result<Served> {
        let shared = self.share()?;
        // Held to the end: whoever closes the cache meanwhile waits, and then stops this server too.
        let mut listening = shared.listening.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_closed() {
            return Err(Error::CLOSED);
        }
        listening.retain(|server| server.is_running());
        let password = serve.password.clone().unwrap_or_default();
        if !listening.is_empty() && shared.server.settings.load().requirepass != password {
            return Err(config("the cache is served with another password already"));
        }
        let mut attempt = 0;
        let running = loop {
            let mut settings = (*shared.server.settings.load()).clone();
            settings.requirepass = password.clone();
            shared.server.acl.set_default_password(password.as_bytes());
            place(&mut settings, serve)?;
            shared.server.settings.replace(settings);
            match shared.server.clone().listen() {
                Err(StartError::Listen { error, .. })
                    if error.kind() == ErrorKindOfIo::AddrInUse
                        && attempt < FREE_PORT_ATTEMPTS
                        && serve.any_port() =>
                {
                    attempt += 1;
                }
                outcome => break outcome?,
            }
        };
        let addresses = running.addresses();
        let resp = match &addresses.unixsocket {
            Some(path) => Some(format!("unix:{path}")),
            None => addresses.resp.first().map(ToString::to_string),
        };
        let memcached = match &addresses.memcached_unixsocket {
            Some(path) => Some(format!("unix:{path}")),
            None => addresses.memcached.first().map(ToString::to_string),
        };
        let server = Arc::new(Listening(Mutex::new(Some(running))));
        listening.push(server.clone());
        Ok(Served { resp, memcached, listening: server })
    }
}

impl Serve {
    /// Whether a port was left to us.
    fn any_port(&self) -> bool {
        [&self.resp, &self.memcached].into_iter().flatten().any(|address| address.ends_with(":0"))
    }
}

/// Writes the addresses into the settings that `listen` goes by.
fn place(settings: &mut Settings, serve: &Serve) -> Result<()> {
    settings.port = 0;
    settings.memcached_port = 0;
    settings.unixsocket = None;
    settings.memcached_unixsocket = None;
    settings.memcached_udp_port = 0;
    settings.bind.clear();
    let mut hosts = Vec::new();
    if let Some(resp) = &serve.resp {
        match parse(resp)? {
            Address::Unix(path) => settings.unixsocket = Some(path),
            Address::Tcp { host, port } => {
                settings.port = if port == 0 { free_port(&host)? } else { port };
                hosts.push(host);
            }
        }
    }
    if let Some(memcached) = &serve.memcached {
        match parse(memcached)? {
            Address::Unix(path) => settings.memcached_unixsocket = Some(path),
            Address::Tcp { host, port } => {
                settings.memcached_port = if port == 0 { free_port(&host)? } else { port };
                hosts.push(host);
            }
        }
    }
    hosts.dedup();
    match hosts.as_slice() {
        [] if settings.unixsocket.is_none() && settings.memcached_unixsocket.is_none() => {
            return Err(config("serve needs an address for resp, for memcached, or for both"));
        }
        [] | [_] => {}
        _ => return Err(config("resp and memcached listen on one host: give both the same")),
    }
    if settings.requirepass.is_empty()
        && let Some(host) = hosts.iter().find(|host| !is_of_this_machine(host))
    {
        return Err(config(format!("{host} is open to other machines: give a password")));
    }
    settings.bind = hosts;
    Ok(())
}

fn is_of_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A port that is free now. Somebody may take it before we listen; then another is tried.
fn free_port(host: &str) -> Result<u16> {
    let probe = TcpListener::bind((host, 0)).and_then(|listener| listener.local_addr());
    probe.map(|address| address.port()).map_err(|error| Error::new(ErrorKind::Io, format!("{host}: {error}")))
}

impl Served {
    /// Where Redis clients connect: `127.0.0.1:40123`, or `unix:/path`.
    pub fn resp(&self) -> Option<&str> {
        self.resp.as_deref()
    }

    /// Where memcached clients connect.
    pub fn memcached(&self) -> Option<&str> {
        self.memcached.as_deref()
    }

    /// Closes the listeners and their connections; the cache stays open.
    pub fn stop(&self) {
        self.listening.stop();
    }
}

fn parse(text: &str) -> Result<Address> {
    if let Some(path) = text.strip_prefix("unix:") {
        return match path {
            "" => Err(config("an address unix: needs the path of its socket")),
            path => Ok(Address::Unix(path.to_owned())),
        };
    }
    let parsed = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    match parsed {
        Some((host, port)) if !host.is_empty() => {
            let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            Ok(Address::Tcp { host: host.to_owned(), port })
        }
        _ => Err(config(format!("\"{text}\" is not an address like 127.0.0.1:6379 or unix:/run/app.sock"))),
    }
}

fn config(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, text)
}

impl From<StartError> for Error {
    fn from(error: StartError) -> Error {
        Error::new(ErrorKind::Io, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(resp: Option<&str>, memcached: Option<&str>, password: &str) -> Result<Settings> {
        let serve =
            Serve { resp: resp.map(str::to_owned), memcached: memcached.map(str::to_owned), password: None };
        let mut settings = Settings { requirepass: password.to_owned(), ..Settings::default() };
        place(&mut settings, &serve).map(|()| settings)
    }

    #[test]
    fn addresses() {
        let settings = placed(Some("[::1]:7001"), Some("[::1]:7002"), "").unwrap();
        assert_eq!(
            (settings.bind, settings.port, settings.memcached_port),
            (vec!["::1".to_owned()], 7001, 7002)
        );
        let settings = placed(Some("unix:/run/a.sock"), None, "").unwrap();
        assert_eq!(
            (settings.bind.len(), settings.port, settings.unixsocket.as_deref()),
            (0, 0, Some("/run/a.sock"))
        );
        assert_ne!(placed(Some("127.0.0.1:0"), None, "").unwrap().port, 0);
        for bad in ["", "6379", "unix:", "127.0.0.1:70000", ":1"] {
            assert!(placed(Some(bad), None, "").is_err(), "{bad}");
        }
        assert!(placed(None, None, "").is_err());
        assert!(placed(Some("127.0.0.1:1"), Some("127.0.0.2:1"), "").is_err());
    }

    #[test]
    fn other_machines_need_a_password() {
        assert!(placed(Some("0.0.0.0:7001"), None, "").is_err());
        assert!(placed(Some("0.0.0.0:7001"), None, "secret").is_ok());
    }
}
