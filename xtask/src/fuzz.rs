//! `cargo xtask fuzz`: builds the targets of tests/fuzz and runs each for a bounded time.
//!
//! The crate is a workspace of its own, because all of it must be compiled with coverage instrumentation. libFuzzer
//! needs nothing but compiler flags, so cargo-fuzz does not have to be installed; `RUSTC_BOOTSTRAP=1` lets the
//! stable compiler take the one unstable flag, the address sanitizer.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clap::Args;

use crate::process::{self, Outcome, cargo, command};
use crate::workspace;

const TRIPLE: &str = "x86_64-unknown-linux-gnu";

#[derive(Args)]
pub struct Options {
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    pub seconds: u64,
    /// Only the targets whose name contains this word.
    #[arg(long)]
    pub only: Option<String>,
}

/// Runs the targets, as many at a time as there are cores; an error names all that crashed.
pub fn run(options: &Options) -> Outcome {
    let wanted = |target: &String| options.only.as_ref().is_none_or(|word| target.contains(word.as_str()));
    let targets: Vec<String> = targets()?.into_iter().filter(wanted).collect();
    build()?;
    let failures: Vec<String> =
        run_targets(&targets, options.seconds).into_iter().filter_map(Result::err).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
}

/// Runs targets side by side on the cores that there are; the outcome of each.
pub fn run_targets(targets: &[String], seconds: u64) -> Vec<Outcome> {
    let lanes = thread::available_parallelism().map_or(1, usize::from).min(targets.len().max(1));
    let next = AtomicUsize::new(0);
    let lane = || {
        let mut done = Vec::new();
        while let Some(target) = targets.get(next.fetch_add(1, Ordering::SeqCst)) {
            done.push(run_target(target, seconds));
        }
        done
    };
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        lanes.into_iter().flat_map(|lane| lane.join().expect("running a program does not panic")).collect()
    })
}

fn folder() -> PathBuf {
    workspace::root().join("tests/fuzz")
}

/// Names of the targets: one file each.
pub fn targets() -> Outcome<Vec<String>> {
    let found: Vec<String> = workspace::files(&folder().join("targets"), &["rs"])
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    if found.is_empty() { Err("no fuzz targets in tests/fuzz/targets".into()) } else { Ok(found) }
}

/// Builds all targets with coverage and the address sanitizer.
pub fn build() -> Outcome {
    let flags = [
        "-Cpasses=sancov-module",
        "-Cllvm-args=-sanitizer-coverage-level=4",
        "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
        "-Cllvm-args=-sanitizer-coverage-pc-table",
        "-Cllvm-args=-sanitizer-coverage-trace-compares",
        "-Zsanitizer=address",
        "-Ccodegen-units=1",
        "-Cdebug-assertions=on",
        "--cfg=fuzzing",
    ];
    process::run(
        cargo(&["build", "--release", "--quiet", "--target", TRIPLE])
            .current_dir(folder())
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", workspace::target().join("fuzz"))
            .env("RUSTFLAGS", flags.join(" ")),
    )
}

/// Runs one target from its seeds; what it finds new stays below target/.
fn run_target(name: &str, seconds: u64) -> Outcome {
    let state = workspace::target().join("fuzz/state").join(name);
    let (corpus, crashes) = (state.join("corpus"), state.join("crashes"));
    for folder in [&corpus, &crashes] {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut fuzz = command(workspace::target().join("fuzz").join(TRIPLE).join("release").join(name));
    // Neither here nor at exit.
    fuzz.env("ASAN_OPTIONS", "detect_leaks=0");
    fuzz.arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        // Leaks are not looked for: records hang on tagged words, which the leak checker does not follow.
        .args([
            "-detect_leaks=0",
            "-print_final_stats=1",
            "-rss_limit_mb=2048",
            "-timeout=10",
            "-verbosity=0",
        ])
        .arg(&corpus);
    let seeds = folder().join("seeds").join(name);
    if seeds.is_dir() {
        fuzz.arg(seeds);
    }
    process::run(&mut fuzz)
        .map_err(|error| format!("fuzz target {name}: {error}; input in {}", crashes.display()))
}
