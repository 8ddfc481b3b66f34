//! The one list of this repository's commands: `cargo xtask <test|lint|bench|fuzz|header|install>`.
//!
//! Each command does its own set-up below `target/` and fails, saying what is missing, where it cannot: nothing is
//! skipped silently.

mod bench;
mod fuzz;
mod header;
mod install;
mod lint;
mod packages;
mod process;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The commands of the Polycache repository")]
struct CommandLine {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every test of every face, with its set-up.
    Test(test::Options),
    /// Check formatting, and clippy with warnings denied.
    Lint,
    /// Race against the real peers and print the table of figures.
    Bench(bench::Options),
    /// Build the fuzz targets and run each for a while.
    Fuzz(fuzz::Options),
    /// Write include/cache.h from bindings/c, or check that it is up to date.
    Header(header::Options),
    /// Install the C library, its header and its pkg-config file.
    Install(install::Options),
}

fn main() -> ExitCode {
    let outcome = match CommandLine::parse().command {
        Task::Test(options) => test::run(&options),
        Task::Lint => lint::run(),
        Task::Bench(options) => bench::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Header(options) => header::run(&options),
        Task::Install(options) => install::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
