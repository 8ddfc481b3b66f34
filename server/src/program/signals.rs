//! The program's end: SIGTERM, SIGINT or SHUTDOWN.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use crate::server::Server;

/// Returns when the program should end and its data is safe. A second SIGINT ends it at once.
pub fn wait(server: &Arc<Server>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot wait for signals: {error}"))?;
    runtime.block_on(listen(server)).map_err(|error| format!("cannot wait for signals: {error}"))
}

async fn listen(server: &Arc<Server>) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    loop {
        let (name, words) = tokio::select! {
            () = server.stop_requested() => return Ok(()),
            _ = terminate.recv() => ("SIGTERM", server.settings.load().shutdown_on_sigterm.clone()),
            _ = interrupt.recv() => ("SIGINT", server.settings.load().shutdown_on_sigint.clone()),
            // A terminal that goes away does not end a server.
            _ = hang_up.recv() => continue,
        };
        tracing::info!("received {name}, shutting down");
        let saving = server.clone();
        let shutdown =
            tokio::task::spawn_blocking(move || super::lifecycle::shutdown_on_signal(&saving, &words));
        let outcome = tokio::select! {
            outcome = shutdown => outcome.unwrap_or_else(|error| Err(error.to_string())),
            _ = interrupt.recv() => {
                tracing::warn!("received SIGINT again, ending without saving");
                std::process::exit(1);
            }
        };
        match outcome {
            Ok(()) => return Ok(()),
            Err(reason) => tracing::error!("not shutting down: {reason}"),
        }
    }
}
