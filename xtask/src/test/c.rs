//! C programs, compiled as a user would: against an installed prefix, found by pkg-config.

use std::path::{Path, PathBuf};

use super::rust::build_server;
use super::stage::{Runner, Tally};
use crate::install;
use crate::packages;
use crate::process::{self, Outcome, command};
use crate::workspace;

/// Installs the debug library below target/, then compiles and runs each program.
pub fn run(tally: &mut Tally) -> Outcome {
    packages::debian()?;
    build_server()?;
    let prefix = workspace::target().join("prefix");
    install::run(&install::Options { prefix: prefix.clone(), debug: true })?;

    let root = workspace::root();
    let folders = ["bindings/c/tests", "bindings/c/examples", "tests/clients/c"];
    let sources: Vec<PathBuf> =
        folders.iter().flat_map(|folder| workspace::files(&root.join(folder), &["c"])).collect();
    if sources.is_empty() {
        return Err(format!("no C programs in {}", folders.join(", ")));
    }
    let programs = workspace::target().join("c-tests");
    std::fs::create_dir_all(&programs).map_err(|error| error.to_string())?;
    for source in sources {
        if let Err(message) = one(&source, &prefix, &programs, tally) {
            tally.fail(message);
        }
    }
    Ok(())
}

fn one(source: &Path, prefix: &Path, programs: &Path, tally: &mut Tally) -> Outcome {
    let name = source.file_stem().expect("a file").to_string_lossy();
    let text = std::fs::read_to_string(source).map_err(|error| error.to_string())?;
    let mut packages = vec!["cache"];
    if text.contains("<hiredis/") {
        packages.push("hiredis");
    }
    let flags = process::run_quietly(
        command("pkg-config")
            .env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"))
            .args(["--cflags", "--libs"])
            .args(packages),
    )?;
    let program = programs.join(&*name);
    process::run(
        command("gcc")
            .args(["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-g", "-pthread"])
            .arg(source)
            .arg("-o")
            .arg(&program)
            .args(flags.split_whitespace())
            .arg(format!("-Wl,-rpath,{}", prefix.join("lib").display())),
    )?;
    tally.run(
        Runner::Program,
        command("timeout")
            .arg("120")
            .arg(&program)
            .current_dir(programs)
            .env("POLYCACHE_SERVER", workspace::target().join("debug/polycache-server")),
    )
}
