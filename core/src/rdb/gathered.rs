//! Values gathered in memory from events, and told as events again: for tests, and for whoever needs a whole value.

use std::collections::HashSet;

use super::error::Stop;
use super::visitor::{
    Consumer, Fields, FileVisitor, Group, Key, Kind, Pending, Shape, StreamId, StreamMeta, ValueVisitor,
    Visit,
};

/// A value in memory, its elements in the order in which they came.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    String(Vec<u8>),
    List(Vec<Vec<u8>>),
    Set(Vec<Vec<u8>>),
    Hash(Vec<Field>),
    SortedSet(Vec<(Vec<u8>, f64)>),
    Stream(Stream),
}

/// A field of a hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    pub name: Vec<u8>,
    pub value: Vec<u8>,
    pub expire_at: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    pub entries: Vec<(StreamId, Vec<(Vec<u8>, Vec<u8>)>)>,
    pub meta: StreamMeta,
    pub groups: Vec<StreamGroup>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamGroup {
    pub name: Vec<u8>,
    pub last_id: StreamId,
    pub entries_read: Option<u64>,
    pub pending: Vec<Pending>,
    pub consumers: Vec<StreamConsumer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamConsumer {
    pub name: Vec<u8>,
    pub seen_at: i64,
    pub active_at: i64,
    pub owned: Vec<StreamId>,
}

impl Value {
    pub fn kind(&self) -> Kind {
        match self {
            Value::String(_) => Kind::String,
            Value::List(_) => Kind::List,
            Value::Set(_) => Kind::Set,
            Value::Hash(_) => Kind::Hash,
            Value::SortedSet(_) => Kind::SortedSet,
            Value::Stream(_) => Kind::Stream,
        }
    }

    /// Number of elements, or bytes of a string.
    pub fn elements(&self) -> usize {
        match self {
            Value::String(bytes) => bytes.len(),
            Value::List(elements) | Value::Set(elements) => elements.len(),
            Value::Hash(fields) => fields.len(),
            Value::SortedSet(members) => members.len(),
            Value::Stream(stream) => stream.entries.len(),
        }
    }

    /// Whether it is a value that no command leaves behind.
    pub fn is_empty(&self) -> bool {
        self.elements() == 0 && !matches!(self, Value::String(_) | Value::Stream(_))
    }

    /// The same with its elements in the order of their bytes, where order means nothing.
    pub fn sorted(mut self) -> Value {
        match &mut self {
            Value::Set(members) => members.sort(),
            Value::Hash(fields) => fields.sort(),
            Value::SortedSet(members) => members.sort_by(|one, other| one.0.cmp(&other.0)),
            _ => {}
        }
        self
    }

    /// Tells it to a visitor.
    pub fn tell<V: ValueVisitor>(&self, visitor: &mut V) -> Visit {
        let fields_expire =
            matches!(self, Value::Hash(fields) if fields.iter().any(|field| field.expire_at.is_some()));
        visitor.begin_value(Shape { fields_expire, ..Shape::new(self.kind(), self.elements() as u64) })?;
        match self {
            Value::String(bytes) => bytes.chunks(16 * 1024).try_for_each(|piece| visitor.string(piece))?,
            Value::List(list) => list.iter().try_for_each(|element| visitor.list_element(element))?,
            Value::Set(members) => members.iter().try_for_each(|member| visitor.set_member(member))?,
            Value::Hash(fields) => {
                fields.iter().try_for_each(|f| visitor.hash_field(&f.name, &f.value, f.expire_at))?;
            }
            Value::SortedSet(members) => {
                members.iter().try_for_each(|(member, score)| visitor.sorted_set_member(member, *score))?;
            }
            Value::Stream(stream) => stream.tell(visitor)?,
        }
        visitor.end_value()
    }
}

impl Stream {
    fn tell<V: ValueVisitor>(&self, visitor: &mut V) -> Visit {
        for (id, pairs) in &self.entries {
            let (mut bytes, mut ends) = (Vec::new(), Vec::new());
            for piece in pairs.iter().flat_map(|(field, value)| [field, value]) {
                bytes.extend_from_slice(piece);
                ends.push(bytes.len());
            }
            visitor.stream_entry(*id, Fields::new(&bytes, &ends))?;
        }
        visitor.stream_meta(&self.meta)?;
        for group in &self.groups {
            let &StreamGroup { last_id, entries_read, .. } = group;
            let pending = group.pending.len() as u64;
            visitor.stream_group(&Group { name: &group.name, last_id, entries_read, pending })?;
            group.pending.iter().try_for_each(|pending| visitor.stream_pending(pending))?;
            visitor.stream_consumers(group.consumers.len() as u64)?;
            for consumer in &group.consumers {
                let &StreamConsumer { seen_at, active_at, .. } = consumer;
                let pending = consumer.owned.len() as u64;
                visitor.stream_consumer(&Consumer { name: &consumer.name, seen_at, active_at, pending })?;
                consumer.owned.iter().try_for_each(|id| visitor.stream_owned(*id))?;
            }
        }
        Ok(())
    }
}

/// A visitor that keeps what it is told.
#[derive(Default)]
pub struct Gathered {
    /// Keys with their values, in order.
    pub keys: Vec<(Key<'static>, Value)>,
    /// The value that was told last, where it belongs to no key.
    pub value: Option<Value>,
    pub aux: Vec<(Vec<u8>, Vec<u8>)>,
    pub functions: Vec<Vec<u8>>,
    pub skipped: Vec<String>,
    key: Option<Key<'static>>,
    /// Members and fields so far, as none may come twice.
    names: HashSet<Vec<u8>>,
}

impl Gathered {
    /// Notes a name of the value at hand.
    fn once(&mut self, name: &[u8]) -> Visit {
        if self.names.insert(name.to_vec()) { Ok(()) } else { Err(Stop::refused("an element comes twice")) }
    }

    fn stream(&mut self) -> Result<&mut Stream, Stop> {
        match &mut self.value {
            Some(Value::Stream(stream)) => Ok(stream),
            _ => Err(Stop::refused("a part of a stream outside of one")),
        }
    }

    fn group(&mut self) -> Result<&mut StreamGroup, Stop> {
        self.stream()?.groups.last_mut().ok_or_else(|| Stop::refused("a part of a group outside of one"))
    }
}

impl ValueVisitor for Gathered {
    fn begin_value(&mut self, shape: Shape) -> Visit {
        self.names.clear();
        self.value = Some(match shape.kind {
            Kind::String => Value::String(Vec::new()),
            Kind::List => Value::List(Vec::new()),
            Kind::Set => Value::Set(Vec::new()),
            Kind::Hash => Value::Hash(Vec::new()),
            Kind::SortedSet => Value::SortedSet(Vec::new()),
            Kind::Stream => Value::Stream(Stream::default()),
        });
        Ok(())
    }

    fn string(&mut self, piece: &[u8]) -> Visit {
        if let Some(Value::String(bytes)) = &mut self.value {
            bytes.extend_from_slice(piece);
        }
        Ok(())
    }

    fn list_element(&mut self, element: &[u8]) -> Visit {
        if let Some(Value::List(elements)) = &mut self.value {
            elements.push(element.to_vec());
        }
        Ok(())
    }

    fn set_member(&mut self, member: &[u8]) -> Visit {
        self.once(member)?;
        if let Some(Value::Set(members)) = &mut self.value {
            members.push(member.to_vec());
        }
        Ok(())
    }

    fn hash_field(&mut self, field: &[u8], value: &[u8], expire_at: Option<u64>) -> Visit {
        self.once(field)?;
        if let Some(Value::Hash(fields)) = &mut self.value {
            fields.push(Field { name: field.to_vec(), value: value.to_vec(), expire_at });
        }
        Ok(())
    }

    fn sorted_set_member(&mut self, member: &[u8], score: f64) -> Visit {
        self.once(member)?;
        if let Some(Value::SortedSet(members)) = &mut self.value {
            members.push((member.to_vec(), score));
        }
        Ok(())
    }

    fn stream_entry(&mut self, id: StreamId, fields: Fields<'_>) -> Visit {
        let pairs = fields.iter().map(|(field, value)| (field.to_vec(), value.to_vec())).collect();
        self.stream()?.entries.push((id, pairs));
        Ok(())
    }

    fn stream_meta(&mut self, meta: &StreamMeta) -> Visit {
        self.stream()?.meta = *meta;
        Ok(())
    }

    fn stream_group(&mut self, group: &Group<'_>) -> Visit {
        self.once(group.name)?;
        let group = StreamGroup {
            name: group.name.to_vec(),
            last_id: group.last_id,
            entries_read: group.entries_read,
            pending: Vec::new(),
            consumers: Vec::new(),
        };
        self.stream()?.groups.push(group);
        Ok(())
    }

    fn stream_pending(&mut self, pending: &Pending) -> Visit {
        self.group()?.pending.push(*pending);
        Ok(())
    }

    fn stream_consumers(&mut self, _: u64) -> Visit {
        Ok(())
    }

    fn stream_consumer(&mut self, consumer: &Consumer<'_>) -> Visit {
        let group = self.group()?;
        if group.consumers.iter().any(|known| known.name == consumer.name) {
            return Err(Stop::refused("a consumer comes twice"));
        }
        let &Consumer { seen_at, active_at, .. } = consumer;
        group.consumers.push(StreamConsumer {
            name: consumer.name.to_vec(),
            seen_at,
            active_at,
            owned: Vec::new(),
        });
        Ok(())
    }

    fn stream_owned(&mut self, id: StreamId) -> Visit {
        let group = self.group()?;
        if group.pending.binary_search_by_key(&id, |pending| pending.id).is_err() {
            return Err(Stop::refused("a consumer owns an entry that is not pending"));
        }
        if let Some(consumer) = group.consumers.last_mut() {
            consumer.owned.push(id);
        }
        Ok(())
    }

    fn end_value(&mut self) -> Visit {
        match self.key.take() {
            Some(key) => self.keys.extend(self.value.take().map(|value| (key, value))),
            None if self.value.as_ref().is_some_and(Value::is_empty) => {
                return Err(Stop::refused("the value has no elements"));
            }
            None => {}
        }
        Ok(())
    }
}

impl FileVisitor for Gathered {
    fn aux(&mut self, name: &[u8], value: &[u8]) -> Visit {
        self.aux.push((name.to_vec(), value.to_vec()));
        Ok(())
    }

    fn function(&mut self, code: &[u8]) -> Visit {
        self.functions.push(code.to_vec());
        Ok(())
    }

    fn key(&mut self, key: &Key<'_>) -> Visit {
        let name = key.name.to_vec().into();
        self.key = Some(Key { name, ..key.clone() });
        Ok(())
    }

    fn skipped(&mut self, what: &str) {
        self.skipped.push(what.into());
    }
}
