//! Values of the engine as events of the RDB module, and back: what files, bases, DUMP and RESTORE share.
//!
//! Per type there is one function that tells its elements ([`tell`]) and one arm that builds it ([`Builder`]).

mod build;
mod digest;
mod stream;
mod tell;

pub use build::{Builder, Built};
pub use digest::{digest_of_all, digest_of_value};
pub use stream::missing_entries;
pub use tell::{Contents, tell_container, tell_record, tell_string};

use crate::rdb::{self, Options, PayloadWriter, Stop, Version, Visit};
use crate::record::Kind;

/// The refusal of a type whose values cannot be carried yet.
fn unsupported(kind: Kind) -> Stop {
    Stop::refused(format!("values of the type {} cannot be carried in RDB yet", kind.name()))
}

/// The engine's name for a type.
fn kind_of(kind: rdb::Kind) -> Kind {
    match kind {
        rdb::Kind::String => Kind::String,
        rdb::Kind::List => Kind::List,
        rdb::Kind::Set => Kind::Set,
        rdb::Kind::Hash => Kind::Hash,
        rdb::Kind::SortedSet => Kind::SortedSet,
        rdb::Kind::Stream => Kind::Stream,
    }
}

/// The payload of what `tell` tells: in the version of `options`, or in one that has all of it.
pub fn payload(options: Options, tell: impl Fn(&mut PayloadWriter) -> Visit) -> Result<Vec<u8>, Stop> {
    let write = |options| {
        let mut writer = PayloadWriter::payload(options);
        tell(&mut writer)?;
        writer.finish_payload()
    };
    match write(options) {
        Err(_) if !options.version.has_field_expiry() => {
            write(Options { version: Version::Valkey80, ..options })
        }
        written => written,
    }
}
