//! Keys of every type, small and large, through everything that works on keys of any type.

#[path = "types/data.rs"]
mod data;
#[path = "types/files.rs"]
mod files;
#[path = "types/keys.rs"]
mod keys;
#[path = "types/migrate.rs"]
mod migrate;
