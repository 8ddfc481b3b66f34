//! The core's tests in other builds: shuttle's scheduler, AddressSanitizer, ThreadSanitizer.
//!
//! Each has a target directory of its own, so that the ordinary build stays warm.

use super::stage::{Runner, Tally};
use crate::process::{Outcome, cargo};
use crate::workspace;

const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// Model tests: tests named `model` run under shuttle, which explores schedules of their threads.
pub fn model(tally: &mut Tally) -> Outcome {
    tally.run(
        Runner::Cargo,
        cargo(&[
            "test",
            "--package",
            "polycache-core",
            "--locked",
            "--no-fail-fast",
            "--release",
            "--lib",
            "model",
        ])
        .env("RUSTFLAGS", "--cfg shuttle")
        .env("CARGO_TARGET_DIR", workspace::target().join("model")),
    )
}

/// All of the core's unit tests under AddressSanitizer. Epoch garbage is alive at exit by design, so leaks are not
/// looked for here.
pub fn address(tally: &mut Tally) -> Outcome {
    let options = "detect_leaks=0:detect_stack_use_after_return=1";
    sanitized("address", Runner::Cargo, tally, &["test", "--no-fail-fast", "--lib"], &[], |command| {
        command.env("ASAN_OPTIONS", options);
    })
}

/// The core's race program under ThreadSanitizer. Fences are not understood by the sanitizer: crossbeam has a cfg that
/// replaces them.
pub fn thread(tally: &mut Tally) -> Outcome {
    let suppressions = workspace::root().join("tests/thread-sanitizer.txt");
    let options = format!("halt_on_error=1:suppressions={}", suppressions.display());
    let flags = ["--cfg=crossbeam_sanitize_thread", "-Cunsafe-allow-abi-mismatch=sanitizer"];
    sanitized("thread", Runner::Program, tally, &["run", "--example", "race"], &flags, |command| {
        command.env("TSAN_OPTIONS", &options);
    })
}

fn sanitized(
    name: &str,
    runner: Runner,
    tally: &mut Tally,
    what: &[&str],
    flags: &[&str],
    configure: impl FnOnce(&mut std::process::Command),
) -> Outcome {
    let mut command = cargo(what);
    command
        .args(["--package", "polycache-core", "--locked", "--target", TRIPLE])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", format!("-Zsanitizer={name} -Copt-level=1 --cfg=sanitizer {}", flags.join(" ")))
        .env("CARGO_TARGET_DIR", workspace::target().join("sanitizer").join(name));
    configure(&mut command);
    tally.run(runner, &mut command)
}
