//! Whether the templates miss anything of the command table: a command, a subcommand, or a word of its arguments.

use std::collections::{BTreeMap, BTreeSet};

use polycache_core::command::TABLES;
use polycache_core::command::spec::{Arg, Spec};

use super::commands::TEMPLATES;
use super::families::{GENERIC, HASHES, LISTS, SETS};
use super::scores::{HYPERLOGLOGS, PLACES, SORTED_SETS};
use super::streams::STREAMS;

/// What no random command can have, and where it is tested instead.
const ELSEWHERE: &[(&str, &str)] = &[
    ("delex", "Redis 8.4's, not in Valkey 9.1: core/tests/commands/string.rs"),
    ("digest", "Redis 8.4's, not in Valkey 9.1: core/tests/commands/string.rs"),
    ("xdelex", "Redis 8.2's, not in Valkey 9.1: core/tests/commands/stream.rs"),
    ("xackdel", "Redis 8.2's, not in Valkey 9.1: core/tests/commands/stream.rs"),
    ("dump", "the bytes are a server's own: tests/tests/rdb"),
    ("restore", "payloads of both servers, damaged ones: tests/tests/rdb"),
    ("pfselftest", "takes Valkey seconds: core/tests/commands/scores.rs"),
    ("migrate", "needs a third server: tests/tests/types/migrate.rs"),
];

/// The words of the templates that make a command, by its name.
fn words_by_command() -> BTreeMap<String, Vec<BTreeSet<String>>> {
    let families = [GENERIC, HASHES, LISTS, SETS, SORTED_SETS, PLACES, HYPERLOGLOGS, STREAMS];
    let templates = families.iter().flat_map(|family| family.templates).chain(TEMPLATES);
    let mut found: BTreeMap<String, Vec<BTreeSet<String>>> = BTreeMap::new();
    for (_, template) in templates {
        let words: Vec<String> =
            template.trim_start_matches("! ").split_whitespace().map(str::to_ascii_lowercase).collect();
        let names = match words[0].as_str() {
            "(" => words[1..].iter().take_while(|word| *word != ")").filter(|word| *word != "|").collect(),
            _ => vec![&words[0]],
        };
        for name in names {
            found.entry(name.clone()).or_default().push(words.iter().cloned().collect());
        }
    }
    found
}

/// The literal words of arguments.
fn tokens(args: &[Arg], found: &mut Vec<&'static str>) {
    for arg in args {
        found.extend(arg.token.split_ascii_whitespace());
        tokens(arg.children, found);
    }
}

fn missing(spec: &Spec, name: &str, templates: &[BTreeSet<String>], found: &mut Vec<String>) {
    if templates.is_empty() {
        found.push(name.to_owned());
    }
    let mut words = Vec::new();
    tokens(spec.args, &mut words);
    for word in words {
        let word = word.to_ascii_lowercase();
        if !templates.iter().any(|template| template.contains(&word)) {
            found.push(format!("{name} ... {word}"));
        }
    }
}

#[test]
fn every_row_and_every_word_has_a_template() {
    let by_command = words_by_command();
    let mut found = Vec::new();
    for spec in TABLES.iter().copied().flatten() {
        if ELSEWHERE.iter().any(|(name, _)| *name == spec.name) {
            continue;
        }
        let templates = by_command.get(spec.name).map(Vec::as_slice).unwrap_or_default();
        if spec.subcommands.is_empty() {
            missing(spec, spec.name, templates, &mut found);
        }
        for sub in spec.subcommands {
            let of_sub: Vec<_> =
                templates.iter().filter(|template| template.contains(sub.name)).cloned().collect();
            missing(sub, &format!("{} {}", spec.name, sub.name), &of_sub, &mut found);
        }
    }
    assert!(found.is_empty(), "no template makes these:\n{}", found.join("\n"));
}
