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
    face_with(name, &[], tally)
}

/// The differential tests, for so many minutes where that is asked for.
pub fn differential(minutes: Option<u64>, tally: &mut Tally) -> Outcome {
    let minutes = minutes.map(|minutes| ("POLYCACHE_DIFFERENTIAL_MINUTES", minutes.to_string()));
    face_with("differential", minutes.as_slice(), tally)
}

fn face_with(name: &str, environment: &[(&str, String)], tally: &mut Tally) -> Outcome {
    packages::debian()?;
    packages::python_for_tests()?;
    build_server()?;
    let mut command =
        cargo(&["test", "--package", "polycache-tests", "--locked", "--no-fail-fast", "--test", name]);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    tally.run(Runner::Cargo, &mut command)
}
