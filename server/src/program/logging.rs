//! Where the program's messages go: standard output, or `logfile`.

use std::fs::OpenOptions;
use std::sync::Mutex;

use tracing_subscriber::filter::LevelFilter;

use crate::config::Settings;
use crate::config::choice::LogLevel;

/// Starts logging for the whole process.
pub fn start(settings: &Settings) -> Result<(), String> {
    let level = match settings.log_level {
        LogLevel::Debug => LevelFilter::TRACE,
        LogLevel::Verbose => LevelFilter::DEBUG,
        LogLevel::Notice => LevelFilter::INFO,
        LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Nothing => LevelFilter::OFF,
    };
    let builder = tracing_subscriber::fmt().with_max_level(level).with_target(false);
    if settings.log_file.is_empty() {
        let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stdout());
        builder.with_ansi(is_terminal).init();
        return Ok(());
    }
    let file = OpenOptions::new().create(true).append(true).open(&settings.log_file);
    let file = file.map_err(|error| format!("cannot open the logfile {}: {error}", settings.log_file))?;
    builder.with_ansi(false).with_writer(Mutex::new(file)).init();
    Ok(())
}
