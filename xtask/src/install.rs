//! `cargo xtask install --prefix DIR`: libcache.so with its SONAME, libcache.a, cache.h and cache.pc.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::process::{self, Outcome, cargo};
use crate::workspace;

/// The C interface's version, as bindings/c/build.rs sets it: grows when a function leaves or changes its meaning.
const SONAME: &str = "libcache.so.0";

#[derive(Args)]
pub struct Options {
    /// Where to install; below it come lib/, include/ and lib/pkgconfig/.
    #[arg(long)]
    pub prefix: PathBuf,
    /// Install the unoptimised build, as the tests do.
    #[arg(long)]
    pub debug: bool,
}

/// Builds and installs.
pub fn run(options: &Options) -> Outcome {
    let mut build = cargo(&["build", "--package", "polycache-c", "--locked", "--quiet"]);
    if !options.debug {
        build.arg("--release");
    }
    process::run(&mut build)?;

    let built = workspace::target().join(if options.debug { "debug" } else { "release" });
    let prefix = std::path::absolute(&options.prefix).map_err(|error| error.to_string())?;
    let (library, include) = (prefix.join("lib"), prefix.join("include"));
    let pkgconfig = library.join("pkgconfig");
    for folder in [&library, &include, &pkgconfig] {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let versioned = format!("libcache.so.{}", workspace::version());
    copy(&built.join("libcache.so"), &library.join(&versioned))?;
    copy(&built.join("libcache.a"), &library.join("libcache.a"))?;
    copy(&workspace::root().join("include/cache.h"), &include.join("cache.h"))?;
    link(&versioned, &library.join(SONAME))?;
    link(SONAME, &library.join("libcache.so"))?;
    let template = workspace::root().join("bindings/c/cache.pc.in");
    let description = fs::read_to_string(&template)
        .map_err(|error| format!("{}: {error}", template.display()))?
        .replace("@PREFIX@", &prefix.display().to_string())
        .replace("@LIBDIR@", "${prefix}/lib")
        .replace("@INCLUDEDIR@", "${prefix}/include")
        .replace("@VERSION@", workspace::version());
    let path = pkgconfig.join("cache.pc");
    fs::write(&path, description).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("installed libcache {} below {}", workspace::version(), prefix.display());
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Outcome {
    // A program may be running from the old file: replace the name, not the contents.
    let _ = fs::remove_file(to);
    fs::copy(from, to).map(drop).map_err(|error| format!("{} -> {}: {error}", from.display(), to.display()))
}

fn link(target: &str, name: &Path) -> Outcome {
    let _ = fs::remove_file(name);
    symlink(target, name).map_err(|error| format!("{}: {error}", name.display()))
}
