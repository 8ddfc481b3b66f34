//! The npm package from the repository and from its packed tarball, and ioredis against the server.

use std::path::Path;
use std::process::Command;

use super::rust::build_server;
use super::stage::{Runner, Tally};
use crate::packages;
use crate::process::{self, Outcome, command};
use crate::workspace;

/// Runs the three parts.
pub fn run(tally: &mut Tally) -> Outcome {
    build_server()?;
    let package = workspace::root().join("bindings/node");
    packages::npm_install(&package)?;
    tally.run(
        Runner::Node,
        &mut node_tests(&package, &workspace::files(&package.join("test"), &["js", "mjs"]))?,
    )?;
    tarball(&package, tally)?;

    let clients = workspace::root().join("tests/clients/node");
    packages::npm_install(&clients)?;
    tally.run(
        Runner::Node,
        node_tests(&clients, &workspace::files(&clients, &["js", "mjs"]))?
            .env("POLYCACHE_SERVER", workspace::target().join("debug/polycache-server")),
    )
}

fn node_tests(folder: &Path, files: &[std::path::PathBuf]) -> Outcome<Command> {
    let tests: Vec<_> = files.iter().filter(|path| path.to_string_lossy().contains(".test.")).collect();
    if tests.is_empty() {
        return Err(format!("no *.test.js below {}", folder.display()));
    }
    let mut node = command("node");
    node.current_dir(folder).args(["--test", "--test-reporter=tap"]).args(tests);
    Ok(node)
}

/// Packs the package, installs the tarball into an empty project and uses it there.
fn tarball(package: &Path, tally: &mut Tally) -> Outcome {
    let project = workspace::target().join("npm-tarball");
    let _ = std::fs::remove_dir_all(&project);
    std::fs::create_dir_all(&project).map_err(|error| error.to_string())?;
    let listing = process::run_quietly(
        command("npm").current_dir(package).args(["pack", "--silent", "--pack-destination"]).arg(&project),
    )?;
    let name = listing.trim().lines().last().unwrap_or_default().to_owned();
    std::fs::write(project.join("package.json"), "{\"name\":\"user\",\"private\":true}\n")
        .map_err(|error| error.to_string())?;
    process::run(
        command("npm").current_dir(&project).args(["install", "--no-audit", "--no-fund"]).arg(&name),
    )?;
    let program = "const c = require('polycache').open(); c.set('k', 'v'); \
                   if (String(c.get('k')) !== 'v') throw new Error('wrong value'); c.close();";
    tally.run(Runner::Program, command("node").current_dir(&project).args(["-e", program]))
}
