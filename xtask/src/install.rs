//! `cargo xtask install --prefix DIR`: libcache.so with its SONAME, libcache.a, cache.h and cache.pc.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::process::{self, Outcome, cargo};
use crate::workspace;

/// The C interface's version: grows when a function leaves or changes its meaning.
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
    let mut build = cargo(&["rustc", "--package", "polycache-c", "--lib", "--locked", "--quiet"]);
    if !options.debug {
        build.arg("--release");
    }
    // rustc's own way to give the shared object a SONAME; the static library ignores it.
    build.args(["--", "-C", &format!("link-arg=-Wl,-soname,{SONAME}")]);
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
    let description = pkgconfig.join("cache.pc");
    fs::write(&description, package_description(&prefix))
        .map_err(|error| format!("{}: {error}", description.display()))?;
    println!("installed libcache {} below {}", workspace::version(), prefix.display());
    Ok(())
}

fn package_description(prefix: &Path) -> String {
    format!(
        "prefix={}\nlibdir=${{prefix}}/lib\nincludedir=${{prefix}}/include\n\nName: cache\n\
         Description: Polycache, an in-memory store linked in-process\nVersion: {}\n\
         Libs: -L${{libdir}} -lcache\nLibs.private: -lpthread -ldl -lm\nCflags: -I${{includedir}}\n",
        prefix.display(),
        workspace::version()
    )
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
