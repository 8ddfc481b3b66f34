//! The commands on streams.

mod add;
mod claim;
mod delete;
mod group;
mod help;
mod info;
mod pending;
mod range;
mod read;
mod read_group;
mod references;
mod table;
mod trim;

pub use table::TABLES;

use super::{Ctx, Failure, Reply};
use crate::container::stream::{Fields, Group, Id, Stream, StreamEntry};
use crate::record::Record;

/// The stream in a record that may be missing.
fn stream_of<'a>(record: Option<Record<'a>>) -> Result<Option<Stream<'a>>, Failure> {
    record.map(Stream::of).transpose()
}

/// An ID as text.
fn text_of(id: Id) -> String {
    let mut text = String::with_capacity(Id::TEXT_BYTES_MAX);
    text.push_str(itoa::Buffer::new().format(id.millis));
    text.push('-');
    text.push_str(itoa::Buffer::new().format(id.sequence));
    text
}

fn reply_id(reply: &mut dyn Reply, id: Id) {
    reply.bulk(text_of(id).as_bytes());
}

/// An entry as `[id, [field, value, ...]]`.
fn reply_entry(reply: &mut dyn Reply, entry: StreamEntry<'_>) {
    reply.array(2);
    reply_id(reply, entry.id);
    reply_fields(reply, entry.fields);
}

fn reply_fields(reply: &mut dyn Reply, fields: Fields<'_>) {
    reply.array(fields.len());
    fields.for_each(|string| reply.bulk(string));
}

/// The group `name` of the stream at `key`, or the error that both are missing from.
fn group_of<'a>(stream: Option<Stream<'a>>, key: &[u8], name: &[u8]) -> Result<(Stream<'a>, Group), Failure> {
    let found = match stream {
        Some(stream) => stream.group(name)?.map(|group| (stream, group)),
        None => None,
    };
    found.ok_or_else(|| no_group(key, name, ""))
}

fn no_group(key: &[u8], name: &[u8], within: &str) -> Failure {
    let (key, name) = (super::args::echoed(key), super::args::echoed(name));
    Failure::new(format!("NOGROUP No such key '{key}' or consumer group '{name}'{within}"))
}

/// What is said where the stream is there and the group is not.
fn no_group_of(key: &[u8], name: &[u8]) -> Failure {
    let (key, name) = (super::args::echoed(key), super::args::echoed(name));
    Failure::new(format!("NOGROUP No such consumer group '{name}' for key name '{key}'"))
}

/// The stream at `key`, touched as a read.
fn read_stream<'a>(ctx: &Ctx<'a>, key: &[u8]) -> Result<Option<Stream<'a>>, Failure> {
    stream_of(ctx.read(key)?)
}
