//! Tests that cargo runs: the crates themselves, and the whole faces in the `tests` crate.

use super::stage::{Runner, Tally};
use crate::packages;
use crate::process::{self, Outcome, cargo};

/// Unit and integration tests of every crate that links without Python's or Node's symbols.
pub fn crates(tally: &mut Tally) -> Outcome {
    tally.run(
        Runner::Cargo,
        &mut cargo(&[
            "test",
            "--workspace",
            "--locked",
            "--no-fail-fast",
            "--exclude",
            "polycache-python",
            "--exclude",
            "polycache-node",
            "--exclude",
            "polycache-tests",
        ]),
    )?;
    // The faces' tests are stages of their own; what they stand on is tested here.
    tally.run(Runner::Cargo, &mut cargo(&["test", "--package", "polycache-tests", "--locked", "--lib"]))
}

/// The server that the faces' tests start.
pub fn build_server() -> Outcome {
    process::run(&mut cargo(&["build", "--locked", "--quiet", "--package", "polycache-server"]))
}

/// One test binary of the `tests` crate, with the peers that it compares against.
pub fn face(name: &str, tally: &mut Tally) -> Outcome {
    packages::debian()?;
    packages::python_for_tests()?;
    build_server()?;
    tally.run(
        Runner::Cargo,
        &mut cargo(&["test", "--package", "polycache-tests", "--locked", "--no-fail-fast", "--test", name]),
    )
}
