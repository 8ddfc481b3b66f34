//! Builds values from events.

use super::{kind_of, unsupported};
use crate::clock::UnixMillis;
use crate::container::Finished;
use crate::container::gathered::GatheredFields;
use crate::container::list;
use crate::container::sorted_set::Gathered;
use crate::engine::Engine;
use crate::index::Damaged;
use crate::limits::INLINE_BYTES_MAX;
use crate::rdb::{Shape, Stop, ValueVisitor, Visit};
use crate::record::{Draft, Kind, NewValue, Rope};

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

impl<'a> Builder<'a> {
    pub fn new(engine: &'a Engine) -> Builder<'a> {
        Builder { engine, state: State::Idle, built: None }
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
