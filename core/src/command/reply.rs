//! The sink that a command writes its answer to: RESP2, RESP3, a Python object, a C reply tree, or nothing.

use crate::record::Str;

/// The reply dialect of a connection; commands ask for it only where Redis' reply shape differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Resp2,
    Resp3,
}

/// Receives one reply. A command calls one scalar method, or opens an aggregate of `len` elements and then emits
/// exactly that many replies (for `map`: `len` pairs, so `2 * len` replies).
///
/// In the RESP2 dialect a sink turns maps into flat arrays, sets into arrays, doubles into bulk strings,
/// booleans into 0 and 1, and verbatim strings into bulk strings, as Redis does.
pub trait Reply {
    fn protocol(&self) -> Protocol;
    /// Changes the dialect from here on (HELLO); sinks with only one ignore it.
    fn switch(&mut self, _: Protocol) {}
    /// A simple string such as `OK`; never contains CR or LF.
    fn status(&mut self, text: &str);
    /// An error with its code, `ERR no such key`; a sink replaces CR and LF by spaces.
    fn error(&mut self, text: &str);
    /// Errors emitted so far, where the sink counts them.
    fn errors(&self) -> u32 {
        0
    }
    fn integer(&mut self, value: i64);
    fn bulk(&mut self, bytes: &[u8]);
    /// Begins a bulk string of `len` bytes that follow in pieces through [`Reply::bulk_piece`].
    fn bulk_begin(&mut self, len: usize);
    fn bulk_piece(&mut self, bytes: &[u8]);
    /// Ends the bulk string begun with [`Reply::bulk_begin`].
    fn bulk_end(&mut self);
    /// The absent value (`$-1` in RESP2).
    fn null(&mut self);
    /// The absent array (`*-1` in RESP2; the same `_` as [`Reply::null`] in RESP3).
    fn null_array(&mut self);
    fn array(&mut self, len: usize);
    fn map(&mut self, len: usize);
    fn set(&mut self, len: usize);
    /// A message that nobody asked for now: an array where there are no such messages.
    fn push(&mut self, len: usize) {
        self.array(len);
    }
    /// Messages of earlier, in the form of the wire; dropped by sinks that are none.
    fn encoded(&mut self, _: &[u8]) {}
    fn double(&mut self, value: f64);
    fn boolean(&mut self, value: bool);
    /// A string with a three-letter format, `txt` or `mkd`.
    fn verbatim(&mut self, format: &str, bytes: &[u8]);

    /// A double that Redis prints in a way of its own, with that text.
    fn double_as(&mut self, value: f64, text: &[u8]) {
        let _ = text;
        self.double(value);
    }

    /// An integer of any size in decimal digits.
    fn big_number(&mut self, digits: &[u8]) {
        self.bulk(digits);
    }

    /// A bulk string from a value, piece by piece where it is long.
    fn string(&mut self, value: Str<'_>) {
        if let Some(bytes) = value.as_slice() {
            return self.bulk(bytes);
        }
        self.bulk_begin(value.len());
        for piece in value.pieces() {
            self.bulk_piece(piece);
        }
        self.bulk_end();
    }

    /// `+OK`.
    fn ok(&mut self) {
        self.status("OK");
    }
}

/// A sink that forgets: for replaying the log.
pub struct NoReply;

impl Reply for NoReply {
    fn protocol(&self) -> Protocol {
        Protocol::Resp2
    }
    fn status(&mut self, _: &str) {}
    fn error(&mut self, _: &str) {}
    fn integer(&mut self, _: i64) {}
    fn bulk(&mut self, _: &[u8]) {}
    fn bulk_begin(&mut self, _: usize) {}
    fn bulk_piece(&mut self, _: &[u8]) {}
    fn bulk_end(&mut self) {}
    fn null(&mut self) {}
    fn null_array(&mut self) {}
    fn array(&mut self, _: usize) {}
    fn map(&mut self, _: usize) {}
    fn set(&mut self, _: usize) {}
    fn double(&mut self, _: f64) {}
    fn boolean(&mut self, _: bool) {}
    fn verbatim(&mut self, _: &str, _: &[u8]) {}
}

/// A reply as a tree, for callers that want a value: bindings, tests, scripts.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Status(String),
    Error(String),
    Integer(i64),
    Double(f64),
    Boolean(bool),
    /// An integer of any size in decimal digits; only scripts say such, and they may say something else there.
    BigNumber(Vec<u8>),
    Bulk(Vec<u8>),
    Verbatim {
        format: String,
        bytes: Vec<u8>,
    },
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Set(Vec<Value>),
}

impl Value {
    /// Says the same to another sink.
    pub fn emit(&self, reply: &mut dyn Reply) {
        match self {
            Value::Null => reply.null(),
            Value::Status(text) => reply.status(text),
            Value::Error(text) => reply.error(text),
            Value::Integer(value) => reply.integer(*value),
            Value::Double(value) => reply.double(*value),
            Value::Boolean(value) => reply.boolean(*value),
            Value::BigNumber(digits) => reply.big_number(digits),
            Value::Bulk(bytes) => reply.bulk(bytes),
            Value::Verbatim { format, bytes } => reply.verbatim(format, bytes),
            Value::Array(elements) => {
                reply.array(elements.len());
                elements.iter().for_each(|element| element.emit(reply));
            }
            Value::Map(pairs) => {
                reply.map(pairs.len());
                for (key, value) in pairs {
                    key.emit(reply);
                    value.emit(reply);
                }
            }
            Value::Set(elements) => {
                reply.set(elements.len());
                elements.iter().for_each(|element| element.emit(reply));
            }
        }
    }
}

/// A sink that builds a [`Value`] with RESP3's types.
#[derive(Default)]
pub struct ValueReply {
    /// The value is for somebody who speaks RESP2: commands may shape it otherwise.
    is_for_resp2: bool,
    open: Vec<Open>,
    done: Option<Value>,
    piece: Vec<u8>,
}

/// An aggregate that still waits for elements.
struct Open {
    kind: Aggregate,
    missing: usize,
    elements: Vec<Value>,
}

#[derive(Clone, Copy)]
enum Aggregate {
    Array,
    Map,
    Set,
}

impl ValueReply {
    pub fn new() -> Self {
        Self::default()
    }

    /// A sink for somebody who speaks `protocol`.
    pub fn speaking(protocol: Protocol) -> Self {
        ValueReply { is_for_resp2: protocol == Protocol::Resp2, ..Self::default() }
    }

    /// The finished reply; `None` where the command emitted none (or not all of it).
    pub fn finish(self) -> Option<Value> {
        self.done
    }

    /// The text of the reply if it is an error.
    pub fn error_text(&self) -> Option<&str> {
        match &self.done {
            Some(Value::Error(text)) => Some(text),
            _ => None,
        }
    }

    fn emit(&mut self, mut value: Value) {
        while let Some(open) = self.open.last_mut() {
            open.elements.push(value);
            open.missing -= 1;
            if open.missing > 0 {
                return;
            }
            let open = self.open.pop().expect("looked at above");
            value = close(open.kind, open.elements);
        }
        self.done = Some(value);
    }

    fn begin(&mut self, kind: Aggregate, elements: usize) {
        if elements == 0 {
            self.emit(close(kind, Vec::new()));
        } else {
            // A bound on what is reserved ahead: `elements` may be large and the rest never come.
            self.open.push(Open {
                kind,
                missing: elements,
                elements: Vec::with_capacity(elements.min(1024)),
            });
        }
    }
}

fn close(kind: Aggregate, elements: Vec<Value>) -> Value {
    match kind {
        Aggregate::Array => Value::Array(elements),
        Aggregate::Set => Value::Set(elements),
        Aggregate::Map => {
            let mut pairs = Vec::with_capacity(elements.len() / 2);
            let mut elements = elements.into_iter();
            while let (Some(key), Some(value)) = (elements.next(), elements.next()) {
                pairs.push((key, value));
            }
            Value::Map(pairs)
        }
    }
}

impl Reply for ValueReply {
    fn protocol(&self) -> Protocol {
        if self.is_for_resp2 { Protocol::Resp2 } else { Protocol::Resp3 }
    }
    fn status(&mut self, text: &str) {
        self.emit(Value::Status(text.to_owned()));
    }
    fn error(&mut self, text: &str) {
        self.emit(Value::Error(text.to_owned()));
    }
    fn integer(&mut self, value: i64) {
        self.emit(Value::Integer(value));
    }
    fn bulk(&mut self, bytes: &[u8]) {
        self.emit(Value::Bulk(bytes.to_vec()));
    }
    fn bulk_begin(&mut self, len: usize) {
        self.piece = Vec::with_capacity(len);
    }
    fn bulk_piece(&mut self, bytes: &[u8]) {
        self.piece.extend_from_slice(bytes);
    }
    fn bulk_end(&mut self) {
        let bytes = std::mem::take(&mut self.piece);
        self.emit(Value::Bulk(bytes));
    }
    fn null(&mut self) {
        self.emit(Value::Null);
    }
    fn null_array(&mut self) {
        self.emit(Value::Null);
    }
    fn array(&mut self, len: usize) {
        self.begin(Aggregate::Array, len);
    }
    fn map(&mut self, len: usize) {
        self.begin(Aggregate::Map, len * 2);
    }
    fn set(&mut self, len: usize) {
        self.begin(Aggregate::Set, len);
    }
    fn double(&mut self, value: f64) {
        self.emit(Value::Double(value));
    }
    fn boolean(&mut self, value: bool) {
        self.emit(Value::Boolean(value));
    }
    fn big_number(&mut self, digits: &[u8]) {
        self.emit(Value::BigNumber(digits.to_vec()));
    }
    fn verbatim(&mut self, format: &str, bytes: &[u8]) {
        self.emit(Value::Verbatim { format: format.to_owned(), bytes: bytes.to_vec() });
    }
}
