//! Configuration: one table of settings ([`table`]) that drives files in redis.conf syntax, the command line,
//! `--print-config`, and CONFIG GET, SET and REWRITE.
//!
//! The way of a value: words of a file or the command line become a [`file::Directive`]; the setting's row parses it
//! into a [`value::Value`] or refuses it with a reason; it ends in a field of [`Settings`]. A running server reads
//! [`Settings`] through [`Live`], which CONFIG SET changes.

pub mod choice;
pub mod command_line;
mod engine;
mod error;
pub mod file;
mod inert;
mod live;
mod load;
mod print;
mod rewrite;
pub mod table;
pub mod value;
pub mod words;

pub use engine::apply;
pub use error::{ConfigError, Origin};
pub use live::{Cached, Live, Refusal};
pub use load::Source;
pub use rewrite::rewrite_file;
pub use table::Settings;
pub use value::{OutputLimit, OutputLimits, SavePoint};
