//! `cargo xtask bench`: builds the server and the races in release and runs them against the real peers.

use clap::Args;

use crate::install;
use crate::packages;
use crate::process::{self, Outcome, cargo, command};
use crate::test::python;
use crate::workspace;

#[derive(Args)]
pub struct Options {
    /// Only the rows whose name contains this word; may be given several times.
    #[arg(long)]
    pub only: Vec<String>,
    /// List the rows.
    #[arg(long)]
    pub list: bool,
    /// Rounds of each side, interleaved; the median counts.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Also the rows that need 10 million keys.
    #[arg(long)]
    pub large: bool,
    /// Write the table to this file too.
    #[arg(long)]
    pub output: Option<std::path::PathBuf>,
}

/// Builds, sets up and runs the races.
pub fn run(options: &Options) -> Outcome {
    process::run(&mut cargo(&[
        "build",
        "--release",
        "--locked",
        "--quiet",
        "--package",
        "polycache-server",
    ]))?;
    process::run(&mut cargo(&[
        "build",
        "--release",
        "--locked",
        "--quiet",
        "--package",
        "polycache-benches",
    ]))?;
    if !options.list {
        packages::debian()?;
        packages::python_for_tests()?;
        packages::python_for_races()?;
    }
    let wants = |name: &str| {
        !options.list && (options.only.is_empty() || options.only.iter().any(|w| name.contains(w.as_str())))
    };
    if wants("in-process-c") {
        install::run(&install::Options { prefix: workspace::target().join("race/prefix"), debug: false })?;
    }
    if wants("in-process-python") {
        python::install_package()?;
    }
    let mut race = command(workspace::target().join("release/race"));
    race.env("POLYCACHE_ROOT", workspace::root());
    race.args(["--rounds", &options.rounds.to_string()]);
    for word in &options.only {
        race.args(["--only", word]);
    }
    if options.list {
        race.arg("--list");
    }
    if options.large {
        race.arg("--large");
    }
    if let Some(path) = &options.output {
        race.arg("--output").arg(std::path::absolute(path).map_err(|error| error.to_string())?);
    }
    process::run(&mut race)
}
