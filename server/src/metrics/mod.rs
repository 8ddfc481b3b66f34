//! What a monitoring system reads over HTTP: `/metrics` in Prometheus' text format, `/health`, `/ready`.
//!
//! The endpoint is up before the data is loaded, so that an orchestrator can tell a process that loads from one that
//! hangs. It has a thread of its own: a scrape never delays a client.
//!
//! *Limits:* see `http.rs`; `metrics-bind` is the loopback interface unless somebody says otherwise.

mod exposition;
mod families;
mod fields;
mod http;
mod table;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock, Weak};
use std::thread::JoinHandle;

use tokio::sync::Notify;

use crate::config::Settings;
use crate::net::listen;
use crate::server::{Server, StartError};

/// A running endpoint; dropping it ends it.
pub struct Endpoint {
    addresses: Vec<SocketAddr>,
    subject: Subject,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

/// The server that is told of, once there is one.
#[derive(Clone, Default)]
struct Subject(Arc<OnceLock<Weak<Server>>>);

impl Subject {
    fn server(&self) -> Option<Arc<Server>> {
        self.0.get().and_then(Weak::upgrade)
    }
}

impl Endpoint {
    /// Listens where the settings say; `None` where `metrics-port` is 0.
    pub fn start(settings: &Settings) -> Result<Option<Endpoint>, StartError> {
        if settings.metrics_port == 0 {
            return Ok(None);
        }
        let listeners = listen::plain(&settings.metrics_bind, settings.metrics_port)?;
        Endpoint::serve(listeners).map(Some).map_err(StartError::Thread)
    }

    fn serve(listeners: Vec<std::net::TcpListener>) -> std::io::Result<Endpoint> {
        let addresses = listeners.iter().map(std::net::TcpListener::local_addr).collect::<Result<_, _>>()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (subject, stop) = (Subject::default(), Arc::new(Notify::new()));
        let (told, stopped) = (subject.clone(), stop.clone());
        let thread = std::thread::Builder::new().name("polycache-metrics".into()).spawn(move || {
            runtime.block_on(async {
                for listener in listeners {
                    match tokio::net::TcpListener::from_std(listener) {
                        Ok(listener) => drop(tokio::spawn(http::accept(listener, told.clone()))),
                        Err(error) => tracing::error!("the metrics cannot be served: {error}"),
                    }
                }
                stopped.notified().await;
            });
        })?;
        Ok(Endpoint { addresses, subject, stop, thread: Some(thread) })
    }

    /// From now on `server` is told of.
    pub fn attach(&self, server: &Arc<Server>) {
        // Only the first one counts.
        let _ = self.subject.0.set(Arc::downgrade(server));
    }

    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What `/metrics` says of a server.
pub fn text(server: &Server) -> String {
    let mut exposition = exposition::Exposition::default();
    families::build(&mut exposition);
    fields::write(&mut exposition, server);
    families::write(&mut exposition, server);
    exposition.finish()
}

/// Why a server should get no traffic; `None`: it is ready.
pub fn unreadiness(server: &Server) -> Option<String> {
    if server.stops() {
        return Some("shutting down".into());
    }
    if let Some(failure) = server.engine.log().refusal() {
        return Some(failure.0.into_owned());
    }
    let tuning = server.engine.tuning();
    (tuning.saves_failing() && tuning.stop_writes_on_save_error())
        .then(|| "the last save failed, and writes are refused (stop-writes-on-bgsave-error)".into())
}
