//! `cargo xtask header [--check]`: include/cache.h is generated from bindings/c by cbindgen.

use clap::Args;

use crate::process::Outcome;
use crate::workspace;

#[derive(Args, Default)]
pub struct Options {
    /// Do not write; fail when the header differs from what would be written.
    #[arg(long)]
    pub check: bool,
}

/// Writes or checks the header.
pub fn run(options: &Options) -> Outcome {
    let path = workspace::root().join("include/cache.h");
    let generated = generate()?;
    if !options.check {
        std::fs::create_dir_all(path.parent().expect("a file in a folder"))
            .map_err(|error| error.to_string())?;
        std::fs::write(&path, generated).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("wrote {}", path.display());
        return Ok(());
    }
    let present = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    if present == generated {
        println!("include/cache.h is up to date");
        return Ok(());
    }
    let line = present.lines().zip(generated.lines()).take_while(|(have, want)| have == want).count() + 1;
    Err(format!(
        "include/cache.h is not what bindings/c generates (first at line {line}); run `cargo xtask header`"
    ))
}

fn generate() -> Outcome<String> {
    let crate_dir = workspace::root().join("bindings/c");
    let config_path = crate_dir.join("cbindgen.toml");
    let config = cbindgen::Config::from_file(&config_path)
        .map_err(|error| format!("{}: {error}", config_path.display()))?;
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_crate(&crate_dir)
        .generate()
        .map_err(|error| format!("cbindgen: {error}"))?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    String::from_utf8(text).map_err(|error| error.to_string())
}
