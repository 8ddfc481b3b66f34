//! Builds values from events.

use super::{kind_of, unsupported};
use crate::clock::UnixMillis;
use crate::container::Finished;
use crate::container::gathered::GatheredFields;
use crate::container::list;
use crate::container::sorted_set::Gathered;
use crate::container::stream::{self, Id, Misfit};
use crate::engine::Engine;
use crate::index::Damaged;
use crate::limits::INLINE_BYTES_MAX;
use crate::rdb::visitor::{Consumer, Fields, Group, Pending, StreamId, StreamMeta};
use crate::rdb::{Shape, Stop, ValueVisitor, Visit};
use crate::record::{Draft, Kind, NewValue, Rope};
use smallvec::SmallVec;

/// Receives one value after another.
pub struct Builder<'a> {
    engine: &'a Engine,
    state: State,
    built: Option<Built>,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Small(Vec<u8>),
    Long(Rope),
    List(Box<list::Builder>),
    Set(GatheredFields),
    Hash(GatheredFields),
    SortedSet(Gathered),
    Stream(Box<stream::Builder>),
}

/// A finished value.
pub enum Built {
    Small(Vec<u8>),
    Long(Rope),
    /// The second is [`Draft::raw`].
    Container(Finished, bool),
}

impl Built {
    /// To be put, once.
    pub fn draft(&mut self, expire_at: Option<UnixMillis>, flags: u32) -> Draft<'_> {
        let (value, raw) = match self {
            Built::Small(bytes) => (NewValue::Bytes(bytes), false),
            Built::Long(rope) => (NewValue::Rope(rope.clone()), false),
            Built::Container(finished, raw) => (finished.value(), *raw),
        };
        Draft { value, expire_at, flags, raw }
    }
}

/// What a visitor out of order hears.
fn out_of_order() -> Stop {
    Stop::refused("an element outside of its value")
}

fn twice() -> Stop {
    Stop::refused("an element comes twice")
}

fn damaged(_: Damaged) -> Stop {
    Stop::refused("a value is damaged in memory")
}

fn misfit(misfit: Misfit) -> Stop {
    match misfit {
        Misfit::Twice => twice(),
        Misfit::Outside => out_of_order(),
        Misfit::NotPending => Stop::refused("a consumer has an entry that is not pending, or another's"),
        Misfit::Ownerless => Stop::refused("a pending entry is no consumer's"),
        Misfit::Damaged => damaged(Damaged),
    }
}

fn id_of(id: StreamId) -> Id {
    Id { millis: id.ms, sequence: id.seq }
}

impl<'a> Builder<'a> {
    pub fn new(engine: &'a Engine) -> Builder<'a> {
        Builder { engine, state: State::Idle, built: None }
    }

    fn stream(&mut self) -> Result<&mut stream::Builder, Stop> {
        match &mut self.state {
            State::Stream(stream) => Ok(stream),
            _ => Err(out_of_order()),
        }
    }

    /// The value that was finished last.
    pub fn take(&mut self) -> Option<Built> {
        self.built.take()
    }
}

impl ValueVisitor for Builder<'_> {
    fn begin_value(&mut self, shape: Shape) -> Visit {
        self.built = None;
        self.state = match kind_of(shape.kind) {
            Kind::String => State::Small(Vec::new()),
            Kind::List => State::List(Box::new(list::Builder::new(self.engine.tuning()))),
            Kind::Set => State::Set(GatheredFields::default()),
            // Fields whose time is over are taken too: whoever reads passes over them.
            Kind::Hash => State::Hash(GatheredFields::default()),
            Kind::SortedSet => State::SortedSet(Gathered::default()),
            Kind::Stream => State::Stream(Box::default()),
            other => return Err(unsupported(other)),
        };
        Ok(())
    }

    fn string(&mut self, piece: &[u8]) -> Visit {
        match &mut self.state {
            State::Small(bytes) if bytes.len() + piece.len() <= INLINE_BYTES_MAX => {
                bytes.extend_from_slice(piece);
            }
            State::Small(bytes) => self.state = State::Long(Rope::from_pieces([bytes.as_slice(), piece])),
            State::Long(rope) => *rope = rope.append(piece),
            _ => return Err(out_of_order()),
        }
        Ok(())
    }

    fn list_element(&mut self, element: &[u8]) -> Visit {
        let State::List(list) = &mut self.state else { return Err(out_of_order()) };
        list.push(element).map_err(damaged)
    }

    fn set_member(&mut self, member: &[u8]) -> Visit {
        let State::Set(set) = &mut self.state else { return Err(out_of_order()) };
        set.push(member, b"", None);
        Ok(())
    }

    fn hash_field(&mut self, field: &[u8], value: &[u8], expire_at: Option<u64>) -> Visit {
        let State::Hash(hash) = &mut self.state else { return Err(out_of_order()) };
        hash.push(field, value, expire_at.map(UnixMillis));
        Ok(())
    }

    fn sorted_set_member(&mut self, member: &[u8], score: f64) -> Visit {
        let State::SortedSet(members) = &mut self.state else { return Err(out_of_order()) };
        members.push(member, score);
        Ok(())
    }

    fn stream_entry(&mut self, id: StreamId, fields: Fields<'_>) -> Visit {
        let State::Stream(stream) = &mut self.state else { return Err(out_of_order()) };
        let strings: SmallVec<[&[u8]; 16]> =
            fields.iter().flat_map(|(field, value)| [field, value]).collect();
        stream.entry(id_of(id), &strings);
        Ok(())
    }

    fn stream_meta(&mut self, meta: &StreamMeta) -> Visit {
        let stream = self.stream()?;
        stream.meta.last = id_of(meta.last_id);
        stream.meta.max_deleted = id_of(meta.max_deleted_id);
        stream.meta.added = meta.entries_added;
        Ok(())
    }

    fn stream_group(&mut self, group: &Group<'_>) -> Visit {
        self.stream()?.group(group.name, id_of(group.last_id), group.entries_read).map_err(misfit)
    }

    fn stream_pending(&mut self, pending: &Pending) -> Visit {
        let delivered = pending.delivered_at.max(0) as u64;
        self.stream()?.pending(id_of(pending.id), delivered, pending.deliveries).map_err(misfit)
    }

    fn stream_consumers(&mut self, _: u64) -> Visit {
        self.stream().map(|_| ())
    }

    fn stream_consumer(&mut self, consumer: &Consumer<'_>) -> Visit {
        let active = u64::try_from(consumer.active_at).ok();
        self.stream()?.consumer(consumer.name, consumer.seen_at.max(0) as u64, active).map_err(misfit)
    }

    fn stream_owned(&mut self, id: StreamId) -> Visit {
        self.stream()?.owned(id_of(id)).map_err(misfit)
    }

    fn end_value(&mut self) -> Visit {
        self.built = match std::mem::take(&mut self.state) {
            State::Idle => return Err(out_of_order()),
            State::Small(bytes) => Some(Built::Small(bytes)),
            State::Long(rope) => Some(Built::Long(rope)),
            State::SortedSet(members) if members.is_empty() => None,
            State::SortedSet(members) => {
                Some(Built::Container(members.finish(self.engine).ok_or_else(twice)?, false))
            }
            // An empty container does not exist.
            State::List(list) => list.finish().map_err(damaged)?.map(|list| Built::Container(list, false)),
            // An empty stream does.
            State::Stream(stream) => Some(Built::Container(stream.finish().map_err(misfit)?, false)),
            State::Set(set) if set.is_empty() => None,
            State::Hash(hash) if hash.is_empty() => None,
            State::Hash(hash) => {
                let hash = hash.into_hash(self.engine).map_err(damaged)?.ok_or_else(twice)?;
                Some(Built::Container(hash, false))
            }
            State::Set(set) => {
                let (finished, raw) = set.into_set(self.engine).map_err(damaged)?.ok_or_else(twice)?;
                Some(Built::Container(finished, raw))
            }
        };
        Ok(())
    }
}
