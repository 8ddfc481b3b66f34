//! The Python package, built and installed as a user would, and the Python clients against the server.

use super::rust::build_server;
use super::stage::{Runner, Tally};
use crate::packages;
use crate::process::{self, Outcome, command};
use crate::workspace;

/// Installs the package into the environment and runs both test suites.
pub fn run(tally: &mut Tally) -> Outcome {
    packages::debian()?;
    packages::python_for_tests()?;
    build_server()?;
    install_package()?;
    let python = packages::python();
    for suite in ["bindings/python/tests", "tests/clients/python"] {
        tally.run(
            Runner::Pytest,
            command(&python)
                .args([
                    "-m",
                    "pytest",
                    "-q",
                    "-ra",
                    "--timeout=120",
                    "-p",
                    "no:cacheprovider",
                    "--verbosity=0",
                ])
                .arg(suite)
                .env("POLYCACHE_SERVER", workspace::target().join("debug/polycache-server"))
                .env("PYTHONDONTWRITEBYTECODE", "1"),
        )?;
    }
    Ok(())
}

/// Builds the package as `pip install ./bindings/python` does, into the environment below target/.
pub fn install_package() -> Outcome {
    process::run(
        command(packages::python())
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "./bindings/python"])
            // One target directory: the crates are not compiled again for pip.
            .env("CARGO_TARGET_DIR", workspace::target()),
    )
}
