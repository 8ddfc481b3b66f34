//! `cargo xtask lint`: formatting, and clippy with warnings denied.

use crate::process::{self, Outcome, cargo};

/// Runs both; the first that complains ends it.
pub fn run() -> Outcome {
    process::run(&mut cargo(&["fmt", "--all", "--", "--check"]))?;
    process::run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))
}
