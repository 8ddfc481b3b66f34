//! Reads the source tree: file lengths, headers, SAFETY and ORDERING notes, names. (That the generated C header is up
//! to date is a stage of its own, `cargo xtask header --check`.)

use std::fs;
use std::path::{Path, PathBuf};

use polycache_tests::support::programs::root;

/// A file longer than this holds more than one concept.
const LINES_MAX: usize = 500;

/// Names that say nothing about what is inside.
const BANNED_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "misc", "common", "stuff"];

struct Source {
    path: String,
    text: String,
}

/// Every Rust file of ours.
fn sources() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    for folder in ["core", "server", "bindings", "tests", "benches", "xtask"] {
        collect(&root.join(folder), &mut found);
    }
    assert!(found.len() > 20, "only {} files below {}", found.len(), root.display());
    found
        .into_iter()
        .map(|path| Source {
            text: fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
            path: path.strip_prefix(&root).expect("below the root").display().to_string(),
        })
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && !["target", "node_modules", ".venv"].iter().any(|skipped| name == *skipped) {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn report(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn files_are_short() {
    let long: Vec<String> = sources()
        .iter()
        .map(|source| (source, source.text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(source, lines)| format!("{}: {lines} lines", source.path))
        .collect();
    report(&format!("files longer than {LINES_MAX} lines"), &long);
}

#[test]
fn files_say_what_they_are_for() {
    let silent: Vec<String> =
        sources().iter().filter(|s| !s.text.starts_with("//!")).map(|s| s.path.clone()).collect();
    report("files without a `//!` header", &silent);
}

#[test]
fn names_say_something() {
    let banned: Vec<String> = sources()
        .iter()
        .filter(|s| s.path.trim_end_matches(".rs").split('/').any(|part| BANNED_NAMES.contains(&part)))
        .map(|s| s.path.clone())
        .collect();
    report("names that say nothing", &banned);
}

/// Whether a note stands on the line, or in the comment and the statement's lines directly above it.
fn has_note(lines: &[&str], at: usize, note: &str, reach: usize) -> bool {
    lines[at.saturating_sub(reach)..=at].iter().any(|line| line.contains(note))
}

#[test]
fn unsafe_blocks_say_why_they_are_sound() {
    let mut bare = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let is_block = code.contains("unsafe {") || code.contains("unsafe impl");
            if is_block && !code.contains('"') && !has_note(&lines, at, "SAFETY:", 8) {
                bare.push(format!("{}:{}", source.path, at + 1));
            }
        }
    }
    report("unsafe without `// SAFETY:`", &bare);
}

#[test]
fn weak_orderings_name_their_partner() {
    let weak = ["Ordering::Relaxed", "Ordering::Acquire", "Ordering::Release", "Ordering::AcqRel"];
    let mut bare = Vec::new();
    for source in sources().iter().filter(|s| s.path.starts_with("core/src")) {
        let lines: Vec<&str> = source.text.lines().collect();
        // One header may speak for a file: an `ORDERING:` paragraph in its `//!`.
        let is_explained = lines.iter().any(|line| line.starts_with("//!") && line.contains("ORDERING:"));
        for (at, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            // Unit tests at the bottom of a file need no notes.
            if code.contains("#[cfg(test)]") || code.contains("#[cfg(all(test") {
                break;
            }
            let is_weak = weak.iter().any(|ordering| code.contains(ordering));
            if is_weak && !is_explained && !has_note(&lines, at, "ORDERING:", 12) {
                bare.push(format!("{}:{}", source.path, at + 1));
            }
        }
    }
    report("weak orderings without `// ORDERING:`", &bare);
}

/// What no stage runs is never run.
#[test]
fn every_test_binary_is_a_stage() {
    let stages = fs::read_to_string(root().join("xtask/src/test/mod.rs")).expect("the stages");
    let mut forgotten = Vec::new();
    for entry in fs::read_dir(root().join("tests/tests")).expect("the tests").flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            if !stages.contains(&format!("name: {name:?}")) {
                forgotten.push(name);
            }
        }
    }
    report("these are no stages of `cargo xtask test`", &forgotten);
}
