//! The command table as a whole.

use polycache_core::command::spec::{Keys, Spec, flag};
use polycache_core::command::{Registry, TABLES};

fn check(spec: &Spec) {
    assert!(!spec.summary.is_empty() && !spec.since.is_empty() && !spec.group.is_empty(), "{}", spec.name);
    assert_eq!(spec.name, spec.name.to_ascii_lowercase());
    let both = flag::WRITE | flag::READONLY;
    assert_ne!(spec.flags & both, both, "{} reads only and writes", spec.name);
    if spec.keys != Keys::None {
        assert!(!spec.key_use.is_empty(), "{} says how it uses its keys", spec.name);
    }
    if let Some(first) = spec.key_specs.first() {
        assert_eq!(first.key_use, spec.key_use, "{}", spec.name);
    }
    spec.subcommands.iter().for_each(check);
}

#[test]
fn every_row_is_complete() {
    let registry = Registry::new(TABLES);
    registry.iter().for_each(check);

    for name in ["get", "SET", "BitField_RO", "object"] {
        assert!(registry.lookup(name.as_bytes()).is_some(), "{name}");
    }
}
