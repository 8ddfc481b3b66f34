//! Tells streams.

use std::collections::BTreeMap;

use super::Contents;
use super::tell::damaged;
use crate::container::stream::{Consumer, Group, Id, Stream};
use crate::rdb::visitor::{self, Fields, StreamId, StreamMeta};
use crate::rdb::{self, Shape, Stop, ValueVisitor, Visit};

fn id_of(id: Id) -> StreamId {
    StreamId { ms: id.millis, seq: id.sequence }
}

fn time_of(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

pub(super) fn tell<V: ValueVisitor>(stream: &Stream<'_>, visitor: &mut V) -> Visit {
    let shape = Shape::new(rdb::Kind::Stream, stream.len());
    visitor.begin_value(Shape { bytes: Some(stream.entry_bytes()), ..shape })?;
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    let mut walk = stream.entries().walk(0).map_err(damaged)?;
    while let Some(entry) = walk.next().map_err(damaged)? {
        bytes.clear();
        ends.clear();
        for string in entry.fields {
            bytes.extend_from_slice(string);
            ends.push(bytes.len());
        }
        visitor.stream_entry(id_of(entry.id), Fields::new(&bytes, &ends))?;
    }
    let first = stream.entries().first().map_err(damaged)?;
    let groups = stream.groups().map_err(damaged)?;
    visitor.stream_meta(&StreamMeta {
        length: stream.len(),
        last_id: id_of(stream.meta.last),
        first_id: first.map_or(StreamId::MIN, |entry| id_of(entry.id)),
        max_deleted_id: id_of(stream.meta.max_deleted),
        entries_added: stream.meta.added,
        groups: groups.len() as u64,
    })?;
    groups.iter().try_for_each(|(name, group)| tell_group(stream, name, *group, visitor))?;
    visitor.end_value()
}

fn tell_group<V: ValueVisitor>(stream: &Stream<'_>, name: &[u8], group: Group, visitor: &mut V) -> Visit {
    let consumers = stream.consumers(group).map_err(damaged)?;
    let pending = stream.pending_len(group, Id::MIN, Id::MAX).map_err(damaged)?;
    let (last_id, entries_read) = (id_of(group.last), group.read);
    visitor.stream_group(&visitor::Group { name, last_id, entries_read, pending })?;
    let mut outcome = Ok(());
    stream
        .for_pending(group, Id::MIN, |pending| {
            let id = id_of(pending.id);
            let (delivered_at, deliveries) = (time_of(pending.delivered), pending.deliveries);
            outcome = visitor.stream_pending(&visitor::Pending { id, delivered_at, deliveries });
            outcome.is_ok()
        })
        .map_err(damaged)?;
    outcome?;
    visitor.stream_consumers(consumers.len() as u64)?;
    consumers.iter().try_for_each(|(name, consumer)| tell_consumer(stream, group, name, *consumer, visitor))
}

fn tell_consumer<V: ValueVisitor>(
    stream: &Stream<'_>,
    group: Group,
    name: &[u8],
    consumer: Consumer,
    visitor: &mut V,
) -> Visit {
    let pending = stream.owned_len(group, consumer).map_err(damaged)?;
    let (seen_at, active_at) = (time_of(consumer.seen), consumer.active.map_or(-1, time_of));
    visitor.stream_consumer(&visitor::Consumer { name, seen_at, active_at, pending })?;
    let mut outcome = Ok(());
    stream
        .for_owned(group, consumer, Id::MIN, |pending| {
            outcome = visitor.stream_owned(id_of(pending.id));
            outcome.is_ok()
        })
        .map_err(damaged)?;
    outcome
}

/// Entries that consumers have, and that are gone from the stream, with whether the place is in front of its entries.
pub fn missing_entries(contents: &Contents<'_>) -> Result<BTreeMap<Id, bool>, Stop> {
    let stream = contents.stream()?;
    let first = stream.entries().first().map_err(damaged)?.map(|entry| entry.id);
    let mut missing = BTreeMap::new();
    for (_, group) in stream.groups().map_err(damaged)? {
        let mut outcome = Ok(());
        stream
            .for_pending(group, Id::MIN, |pending| {
                match stream.entries().get(pending.id) {
                    Ok(Some(_)) => {}
                    Ok(None) => {
                        let is_in_front = first.is_none_or(|first| pending.id < first);
                        missing.insert(pending.id, is_in_front);
                    }
                    Err(found) => outcome = Err(damaged(found)),
                }
                outcome.is_ok()
            })
            .map_err(damaged)?;
        outcome?;
    }
    Ok(missing)
}
