//! Values on their way out: what has been announced, what is held back, what has been written.

use std::io::Write;

use super::super::error::Stop;
use super::super::format::{Version, kind};
use super::super::visitor::{
    Consumer, Fields, Group, Kind, Pending, Shape, StreamId, StreamMeta, ValueVisitor, Visit,
};
use super::output::COMPRESS_BYTES_MAX;
use super::stream::entries_per_node;
use super::{Writer, held};
use crate::limits::RDB_PACKED_BYTES_MAX;

/// Where a value is.
#[derive(Clone, Copy, Debug)]
pub enum State {
    Idle,
    /// Pieces are gathered, as the whole may be a number or compressible.
    HeldString {
        left: u64,
    },
    /// Length and pieces go straight out.
    String {
        left: u64,
    },
    /// Elements are gathered: the value may go out packed.
    Held {
        kind: Kind,
        elements: u64,
        left: u64,
    },
    /// Type and count are out, elements follow; `form` is how hash fields have their expiry.
    Plain {
        kind: Kind,
        left: u64,
        form: HashForm,
    },
    /// Entries of a stream.
    Entries {
        left: u64,
        per_node: u64,
    },
    /// What follows them, as long as counts announce it.
    Groups,
}

/// How the fields of a plain hash are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashForm {
    /// Without expiry.
    Pairs,
    /// Redis 7.4: expiry before the field.
    ExpiryBefore,
    /// Valkey 9: expiry behind the value.
    ExpiryBehind,
}

fn misuse() -> Stop {
    Stop::refused("the value has another number or kind of elements than was announced")
}

/// Counts one off.
fn take(left: &mut u64) -> Visit {
    *left = left.checked_sub(1).ok_or_else(misuse)?;
    Ok(())
}

impl<W: Write> Writer<W> {
    /// Writes the type, and the key's name where there is one.
    fn open(&mut self, code: u8) -> Visit {
        self.out.byte(code)?;
        if let Some(name) = self.name.take() {
            self.out.string(&name)?;
            self.name = Some(name);
        }
        Ok(())
    }

    fn has_set_listpacks(&self) -> bool {
        self.options.version >= Version::Redis11
    }

    fn hash_form(&self, shape: &Shape) -> HashForm {
        match self.options.version {
            _ if !shape.fields_expire => HashForm::Pairs,
            Version::Redis10 | Version::Redis11 => HashForm::Pairs,
            Version::Redis12 => HashForm::ExpiryBefore,
            Version::Valkey80 => HashForm::ExpiryBehind,
        }
    }

    /// Writes type and count of a plain value.
    fn open_plain(&mut self, kind: Kind, elements: u64, form: HashForm) -> Visit {
        let code = match (kind, form) {
            (Kind::List, _) => kind::LIST,
            (Kind::Set, _) => kind::SET,
            (Kind::SortedSet, _) => kind::ZSET_2,
            (_, HashForm::Pairs) => kind::HASH,
            (_, HashForm::ExpiryBefore) => kind::REDIS_HASH_METADATA,
            (_, HashForm::ExpiryBehind) => kind::VALKEY_HASH_2,
        };
        self.open(code)?;
        if form == HashForm::ExpiryBefore {
            // The least expiry: relative to one, every expiry stands for itself.
            self.out.bytes(&1_i64.to_le_bytes())?;
        }
        self.out.length(elements)?;
        self.state = State::Plain { kind, left: elements, form };
        Ok(())
    }

    /// The value is too large for a packed form: writes what was held.
    fn spill(&mut self, kind: Kind, elements: u64) -> Visit {
        self.open_plain(kind, elements, HashForm::Pairs)?;
        let State::Plain { left, .. } = &mut self.state else { return Err(misuse()) };
        let pieces = self.held.len();
        *left -= (if kind == Kind::Hash { pieces / 2 } else { pieces }) as u64;
        for index in 0..pieces {
            self.out.string(self.held.piece(index))?;
            if kind == Kind::SortedSet {
                self.out.bytes(&self.held.score(index).to_le_bytes())?;
            }
        }
        Ok(())
    }

    /// Counts an element of `kind`; whether it may be held together with the rest.
    fn admit(&mut self, wanted: Kind, pieces: &[&[u8]]) -> Result<bool, Stop> {
        match &mut self.state {
            State::Plain { kind, left, .. } if *kind == wanted => {
                take(left)?;
                Ok(false)
            }
            State::Held { kind, elements, left } if *kind == wanted => {
                let elements = *elements;
                let has_set_listpacks = self.options.version >= Version::Redis11;
                if pieces.iter().all(|piece| self.held.fits(wanted, elements, has_set_listpacks, piece)) {
                    take(left)?;
                    return Ok(true);
                }
                self.spill(wanted, elements)?;
                self.admit(wanted, pieces)
            }
            _ => Err(misuse()),
        }
    }

    /// Writes an element, or holds it.
    fn element(&mut self, kind: Kind, element: &[u8]) -> Visit {
        if self.admit(kind, &[element])? {
            self.held.push(element);
            return Ok(());
        }
        Ok(self.out.string(element)?)
    }

    /// Writes what was held, packed.
    fn close_held(&mut self, kind: Kind) -> Visit {
        match kind {
            Kind::Set if self.held.all_numbers() => {
                self.open(kind::SET_INTSET)?;
                let intset = self.held.intset();
                self.out.string(&intset)?;
            }
            Kind::Set => {
                self.open(kind::SET_LISTPACK)?;
                self.out.string(self.held.listpack())?;
            }
            Kind::Hash => {
                self.open(kind::HASH_LISTPACK)?;
                self.out.string(self.held.listpack())?;
            }
            Kind::SortedSet => {
                self.open(kind::ZSET_LISTPACK)?;
                self.out.string(self.held.scored_listpack())?;
            }
            _ => {
                self.open(kind::LIST_QUICKLIST_2)?;
                self.out.length(1)?;
                self.out.length(super::super::format::node::PACKED)?;
                self.out.string(self.held.listpack())?;
            }
        }
        Ok(())
    }

    fn write_node(&mut self) -> Visit {
        let (id, listpack) = self.node.finish();
        self.out.string(&id)?;
        self.out.string(listpack)?;
        self.node.clear();
        Ok(())
    }

    fn stream_id(&mut self, id: StreamId) -> Visit {
        self.out.length(id.ms)?;
        Ok(self.out.length(id.seq)?)
    }

    /// In the part of a stream behind its entries.
    fn in_groups(&self) -> Visit {
        if matches!(self.state, State::Groups) { Ok(()) } else { Err(misuse()) }
    }
}

impl<W: Write> ValueVisitor for Writer<W> {
    fn begin_value(&mut self, shape: Shape) -> Visit {
        if !matches!(self.state, State::Idle) {
            return Err(misuse());
        }
        let elements = shape.elements.ok_or_else(misuse)?;
        self.held.clear();
        match shape.kind {
            Kind::String if elements <= COMPRESS_BYTES_MAX => {
                self.state = State::HeldString { left: elements };
            }
            Kind::String => {
                self.open(kind::STRING)?;
                self.out.length(elements)?;
                self.state = State::String { left: elements };
            }
            Kind::Stream => {
                let has_active_times = self.options.version >= Version::Redis11;
                self.open(if has_active_times {
                    kind::STREAM_LISTPACKS_3
                } else {
                    kind::STREAM_LISTPACKS_2
                })?;
                let per_node = entries_per_node(elements, shape.bytes);
                self.out.length(elements.div_ceil(per_node))?;
                self.node.clear();
                self.state = State::Entries { left: elements, per_node };
            }
            kind => {
                let form = self.hash_form(&shape);
                if form == HashForm::Pairs && held::may_fit(kind, elements, self.has_set_listpacks()) {
                    self.state = State::Held { kind, elements, left: elements };
                } else {
                    self.open_plain(kind, elements, form)?;
                }
            }
        }
        Ok(())
    }

    fn string(&mut self, piece: &[u8]) -> Visit {
        let (State::HeldString { left } | State::String { left }) = &mut self.state else {
            return Err(misuse());
        };
        *left = left.checked_sub(piece.len() as u64).ok_or_else(misuse)?;
        if matches!(self.state, State::String { .. }) {
            self.out.bytes(piece)?;
        } else {
            self.held.push(piece);
        }
        Ok(())
    }

    fn list_element(&mut self, element: &[u8]) -> Visit {
        self.element(Kind::List, element)
    }

    fn set_member(&mut self, member: &[u8]) -> Visit {
        self.element(Kind::Set, member)
    }

    fn hash_field(&mut self, field: &[u8], value: &[u8], expire_at: Option<u64>) -> Visit {
        if self.admit(Kind::Hash, &[field, value])? {
            if expire_at.is_none() {
                self.held.push(field);
                self.held.push(value);
                return Ok(());
            }
            return Err(self.no_field_expiry());
        }
        let State::Plain { form, .. } = self.state else { return Err(misuse()) };
        match form {
            // Zero is taken: it says "none".
            HashForm::ExpiryBefore => self.out.length(expire_at.map_or(0, |at| at.max(1)))?,
            HashForm::Pairs if expire_at.is_some() => return Err(self.no_field_expiry()),
            _ => {}
        }
        self.out.string(field)?;
        self.out.string(value)?;
        if form == HashForm::ExpiryBehind {
            let at = expire_at.map_or(-1, |at| i64::try_from(at).unwrap_or(i64::MAX));
            self.out.bytes(&at.to_le_bytes())?;
        }
        Ok(())
    }

    fn sorted_set_member(&mut self, member: &[u8], score: f64) -> Visit {
        if self.admit(Kind::SortedSet, &[member])? {
            self.held.push_scored(member, score);
            return Ok(());
        }
        self.out.string(member)?;
        Ok(self.out.bytes(&score.to_le_bytes())?)
    }

    fn stream_entry(&mut self, id: StreamId, fields: Fields<'_>) -> Visit {
        let State::Entries { left, per_node } = &mut self.state else { return Err(misuse()) };
        take(left)?;
        let per_node = *per_node;
        self.node.push(id, fields);
        if self.node.len() as u64 > RDB_PACKED_BYTES_MAX {
            return Err(Stop::refused("the entries of a stream are too large for the format"));
        }
        if self.node.count() == per_node { self.write_node() } else { Ok(()) }
    }

    fn stream_meta(&mut self, meta: &StreamMeta) -> Visit {
        if !matches!(self.state, State::Entries { left: 0, .. }) {
            return Err(misuse());
        }
        if self.node.count() > 0 {
            self.write_node()?;
        }
        self.state = State::Groups;
        self.out.length(meta.length)?;
        self.stream_id(meta.last_id)?;
        self.stream_id(meta.first_id)?;
        self.stream_id(meta.max_deleted_id)?;
        self.out.length(meta.entries_added)?;
        Ok(self.out.length(meta.groups)?)
    }

    fn stream_group(&mut self, group: &Group<'_>) -> Visit {
        self.in_groups()?;
        self.out.string(group.name)?;
        self.stream_id(group.last_id)?;
        self.out.length(group.entries_read.unwrap_or(u64::MAX))?;
        Ok(self.out.length(group.pending)?)
    }

    fn stream_pending(&mut self, pending: &Pending) -> Visit {
        self.in_groups()?;
        self.out.bytes(&pending.id.to_bytes())?;
        self.out.bytes(&pending.delivered_at.to_le_bytes())?;
        Ok(self.out.length(pending.deliveries)?)
    }

    fn stream_consumers(&mut self, count: u64) -> Visit {
        self.in_groups()?;
        Ok(self.out.length(count)?)
    }

    fn stream_consumer(&mut self, consumer: &Consumer<'_>) -> Visit {
        self.in_groups()?;
        self.out.string(consumer.name)?;
        self.out.bytes(&consumer.seen_at.to_le_bytes())?;
        if self.options.version >= Version::Redis11 {
            self.out.bytes(&consumer.active_at.to_le_bytes())?;
        }
        Ok(self.out.length(consumer.pending)?)
    }

    fn stream_owned(&mut self, id: StreamId) -> Visit {
        self.in_groups()?;
        Ok(self.out.bytes(&id.to_bytes())?)
    }

    fn end_value(&mut self) -> Visit {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::HeldString { left: 0 } => {
                self.open(kind::STRING)?;
                self.out.string(self.held.whole())?;
            }
            State::Held { kind, left: 0, .. } => self.close_held(kind)?,
            State::String { left: 0 } | State::Plain { left: 0, .. } | State::Groups => {}
            _ => return Err(misuse()),
        }
        Ok(())
    }
}

impl<W: Write> Writer<W> {
    fn no_field_expiry(&self) -> Stop {
        Stop::refused(format!(
            "version {} of the format has no expiry of hash fields: write for Valkey 9 or Redis 7.4",
            self.options.version.number()
        ))
    }
}
