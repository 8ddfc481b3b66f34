//! The program `polycache-server`: from the command line to a served engine, and its orderly end.

mod banner;
mod files;
mod lifecycle;
mod logging;
mod signals;

use std::process::ExitCode;

use crate::config::command_line::{self, Request, Start};
use crate::config::{Settings, Source};
use crate::metrics::Endpoint;
use crate::server::Server;

/// Runs the program with the arguments after its name.
pub fn run(args: &[String]) -> ExitCode {
    let outcome = match command_line::parse(args) {
        Ok(Request::Help) => {
            print!("{}", command_line::usage());
            Ok(())
        }
        Ok(Request::Version) => {
            println!("Polycache server v={} (Redis {})", crate::VERSION, crate::REDIS_VERSION);
            Ok(())
        }
        Ok(Request::PrintConfig(start)) => start
            .settings()
            .map(|settings| print!("{}", settings.to_file()))
            .map_err(|error| error.to_string()),
        Ok(Request::Check { repair, paths }) => return lifecycle::check(repair, &paths),
        Ok(Request::Import { file, start }) => lifecycle::import(&file, &start),
        Ok(Request::Export { file, start }) => lifecycle::export(&file, &start),
        Ok(Request::Start(start)) => serve(&start),
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("polycache-server: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until somebody stops the program.
fn serve(start: &Start) -> Result<(), String> {
    let settings = start.settings().map_err(|error| error.to_string())?;
    logging::start(&settings)?;
    for name in settings.ineffective() {
        tracing::warn!("the setting '{name}' is accepted but has no effect here");
    }
    let outcome = serve_with(start, settings);
    if let Err(reason) = &outcome {
        tracing::error!("{reason}");
    }
    outcome
}

fn serve_with(start: &Start, settings: Settings) -> Result<(), String> {
    files::raise_descriptor_limit(&settings);
    let metrics = Endpoint::start(&settings).map_err(|error| error.to_string())?;
    let began = std::time::Instant::now();
    let engine = lifecycle::open(&settings)?;
    let opened_ms = began.elapsed().as_millis();
    let server = Server::new(engine, settings.clone());
    if let Source::File(path) = &start.source {
        server.settings.set_file(path);
    }
    if let Some(metrics) = &metrics {
        metrics.attach(&server);
    }
    let running = server.clone().listen().map_err(|error| error.to_string())?;
    let pid_file = files::PidFile::write(&settings.pid_file)?;
    let metrics_at = metrics.as_ref().map_or(&[][..], Endpoint::addresses);
    banner::show(&settings, &server, running.addresses(), metrics_at, opened_ms);
    signals::wait(&server)?;
    tracing::info!("closing connections");
    running.stop();
    drop(metrics);
    drop(pid_file);
    let closed = lifecycle::close(&server);
    // The process ends here and its memory goes as a whole: freeing every record would take seconds, and would read a
    // mapped snapshot from end to end.
    std::mem::forget(server);
    tracing::info!("bye");
    closed
}
