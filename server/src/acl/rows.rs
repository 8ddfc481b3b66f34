//! The command table as access rules see it: each row, subcommands too, with a number and its categories.

use std::collections::HashMap;

use polycache_core::command::{Registry, Spec};

use crate::admin::command::{categories, key_specs};

/// All categories in the order of ACL CAT.
pub const CATEGORIES: [&str; 21] = [
    "keyspace",
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "pubsub",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
];

/// The bits of the categories whose commands look into a database whether they name keys or not.
const OF_DATA: u32 = 0b111;

/// One row of the command table.
pub struct Row {
    pub spec: &'static Spec,
    /// The container's number, for a subcommand.
    pub container: Option<usize>,
    /// `get`, or `config|get`.
    pub name: String,
    /// One bit for each of [`CATEGORIES`].
    pub categories: u32,
    /// It works on the selected database.
    pub uses_database: bool,
    /// Numbers of its subcommands.
    pub subcommands: std::ops::Range<usize>,
}

/// All rows, numbered; the subcommands of a container follow it.
pub struct Rows {
    registry: &'static Registry,
    rows: Vec<Row>,
    by_address: HashMap<usize, usize>,
}

impl Rows {
    pub fn new(registry: &'static Registry) -> Rows {
        let mut rows = Rows { registry, rows: Vec::new(), by_address: HashMap::new() };
        for spec in registry.iter() {
            let number = rows.rows.len();
            rows.push(spec, None, spec.name.to_owned());
            for sub in spec.subcommands {
                rows.push(sub, Some(number), format!("{}|{}", spec.name, sub.name));
            }
            rows.rows[number].subcommands = number + 1..rows.rows.len();
        }
        rows
    }

    fn push(&mut self, spec: &'static Spec, container: Option<usize>, name: String) {
        let own = categories(spec);
        let bits = CATEGORIES.iter().enumerate().filter(|(_, name)| own.contains(name));
        let categories = bits.fold(0, |bits, (place, _)| bits | 1 << place);
        let has_keys = key_specs(spec).iter().any(|key_spec| !key_spec.key_use.contains("not_key"));
        let uses_database = categories & OF_DATA != 0 || has_keys;
        self.by_address.insert(std::ptr::from_ref(spec).addr(), self.rows.len());
        self.rows.push(Row { spec, container, name, categories, uses_database, subcommands: 0..0 });
    }

    pub fn count(&self) -> usize {
        self.rows.len()
    }

    pub fn row(&self, number: usize) -> &Row {
        &self.rows[number]
    }

    pub fn iter(&self) -> impl Iterator<Item = (usize, &Row)> {
        self.rows.iter().enumerate()
    }

    /// The number of a row of the registry; `None` for a row of another.
    pub fn number(&self, spec: &'static Spec) -> Option<usize> {
        self.by_address.get(&std::ptr::from_ref(spec).addr()).copied()
    }

    /// The row called `get` or `config|get`, in any case.
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        let mut parts = name.splitn(2, |byte| *byte == b'|');
        let spec = self.registry.lookup(parts.next()?)?;
        match parts.next() {
            None => self.number(spec),
            Some(sub) => self.number(Registry::subcommand(spec, sub)?),
        }
    }

    /// The bit of the category called `name`, in any case.
    pub fn category(name: &[u8]) -> Option<u32> {
        let place = CATEGORIES.iter().position(|own| name.eq_ignore_ascii_case(own.as_bytes()))?;
        Some(1 << place)
    }
}
