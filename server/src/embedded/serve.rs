//! An open engine on the network.

use std::sync::{Arc, Mutex, PoisonError};

use super::error::{Error, ErrorKind, Result};
use super::handle::Cache;
use crate::server::{Running, StartError};

/// Where to serve: `127.0.0.1:6379` (port 0 is any free one), `[::1]:0`, or `unix:/path` for RESP.
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
        let resp = serve.resp.as_deref().map(parse).transpose()?;
        let memcached = serve.memcached.as_deref().map(parse).transpose()?;
        if resp.is_none() && memcached.is_none() {
            return Err(config("serve needs an address for resp, for memcached, or for both"));
        }
        let mut settings = (*shared.server.settings.load()).clone();
        settings.port = 0;
        settings.memcached_port = 0;
        settings.unixsocket = None;
        settings.requirepass = serve.password.clone().unwrap_or_default();
        let _ = (resp, memcached, settings);
        todo!()
    }
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
