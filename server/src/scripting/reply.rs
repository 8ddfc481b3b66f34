//! Replies of commands, as values on a script's stack: pushed as the command says them.
//!
//! The conversions are Redis': an absent value is `false` (in RESP3 `nil`), a status `{ok = ...}`, an error
//! `{err = ...}`, a double `{double = ...}`, a map `{map = {...}}`, a set `{set = {...}}`.

use polycache_core::command::{Protocol, Reply};
use polycache_core::double;
use smallvec::SmallVec;

use super::lua::{Kind, Stack};

/// A sink that leaves one value on the stack.
pub struct LuaReply {
    stack: Stack,
    protocol: Protocol,
    open: SmallVec<[Open; 4]>,
    piece: Vec<u8>,
    is_error: bool,
    values: usize,
}

/// An aggregate that waits for elements; its table is on the stack.
struct Open {
    kind: Aggregate,
    missing: usize,
    index: i32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    Array,
    /// Keys and values in turn, inside of `{map = ...}`.
    Map,
    Set,
}

/// Places that a nested value takes.
const PLACES: i32 = 6;

impl LuaReply {
    pub fn new(stack: Stack, protocol: Protocol) -> LuaReply {
        LuaReply { stack, protocol, open: SmallVec::new(), piece: Vec::new(), is_error: false, values: 0 }
    }

    /// Whether the reply is an error.
    pub fn is_error(&self) -> bool {
        self.is_error
    }

    /// Makes sure of exactly one value on the stack.
    pub fn finish(&mut self) {
        if self.values == 0 {
            self.stack.push_nil();
        }
    }

    fn is_resp3(&self) -> bool {
        self.protocol == Protocol::Resp3
    }

    /// Takes the value on top to where it belongs.
    fn emitted(&mut self) {
        while let Some(open) = self.open.last_mut() {
            match open.kind {
                Aggregate::Array => {
                    open.index += 1;
                    self.stack.set_index(-2, open.index);
                }
                // A key waits for its value.
                Aggregate::Map if open.missing.is_multiple_of(2) => {}
                Aggregate::Map => self.set_pair(),
                Aggregate::Set => {
                    self.stack.push_boolean(true);
                    self.set_pair();
                }
            }
            let open = self.open.last_mut().expect("looked at above");
            open.missing -= 1;
            if open.missing > 0 {
                return;
            }
            self.close();
        }
        self.values += 1;
    }

    /// Sets key and value on top in the table below; a key that no table takes is left out.
    fn set_pair(&self) {
        let stack = self.stack;
        let is_key = match stack.kind(-2) {
            Kind::Nil => false,
            Kind::Number => !stack.number(-2).is_nan(),
            _ => true,
        };
        if is_key { stack.set(-3) } else { stack.pop(2) }
    }

    fn close(&mut self) {
        if let Some(Open { kind: Aggregate::Map | Aggregate::Set, .. }) = self.open.pop() {
            // The table inside of `{map = ...}`.
            self.stack.pop(1);
        }
    }

    fn begin(&mut self, kind: Aggregate, elements: usize) {
        // `redis.call` has made sure of room for any reply that a command gives.
        assert!(self.stack.reserve(PLACES), "a reply is nested too deeply");
        let stack = self.stack;
        // A bound on what is reserved ahead.
        let ahead = elements.min(1 << 16);
        match kind {
            Aggregate::Array => stack.new_table(ahead, 0),
            Aggregate::Map | Aggregate::Set => {
                let name = if kind == Aggregate::Map { "map" } else { "set" };
                stack.new_table(0, 1);
                stack.new_table(0, ahead);
                stack.push_value(-1);
                stack.set_field(-3, name);
            }
        }
        self.open.push(Open { kind, missing: elements, index: 0 });
        if elements == 0 {
            self.close();
            self.emitted();
        }
    }

    fn wrapped(&mut self, name: &str, push: impl FnOnce(Stack)) {
        self.stack.new_table(0, 1);
        push(self.stack);
        self.stack.set_field(-2, name);
        self.emitted();
    }
}

impl Reply for LuaReply {
    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn status(&mut self, text: &str) {
        self.wrapped("ok", |stack| stack.push_bytes(text.as_bytes()));
    }

    fn error(&mut self, text: &str) {
        self.is_error |= self.open.is_empty();
        self.stack.new_table(0, 4);
        self.stack.push_bytes(text.as_bytes());
        self.stack.set_field(-2, "err");
        self.stack.push_boolean(true);
        self.stack.set_field(-2, "ignore_error_stats_update");
        self.emitted();
    }

    fn integer(&mut self, value: i64) {
        self.stack.push_number(value as f64);
        self.emitted();
    }

    fn bulk(&mut self, bytes: &[u8]) {
        self.stack.push_bytes(bytes);
        self.emitted();
    }

    fn bulk_begin(&mut self, len: usize) {
        self.piece = Vec::with_capacity(len);
    }

    fn bulk_piece(&mut self, bytes: &[u8]) {
        self.piece.extend_from_slice(bytes);
    }

    fn bulk_end(&mut self) {
        let bytes = std::mem::take(&mut self.piece);
        self.bulk(&bytes);
    }

    fn null(&mut self) {
        if self.is_resp3() {
            self.stack.push_nil()
        } else {
            self.stack.push_boolean(false)
        }
        self.emitted();
    }

    fn null_array(&mut self) {
        self.null();
    }

    fn array(&mut self, len: usize) {
        self.begin(Aggregate::Array, len);
    }

    fn map(&mut self, len: usize) {
        if self.is_resp3() { self.begin(Aggregate::Map, 2 * len) } else { self.array(2 * len) }
    }

    fn set(&mut self, len: usize) {
        self.begin(if self.is_resp3() { Aggregate::Set } else { Aggregate::Array }, len);
    }

    fn double(&mut self, value: f64) {
        if self.is_resp3() {
            self.wrapped("double", |stack| stack.push_number(value));
        } else {
            self.bulk(&double::text(value));
        }
    }

    fn double_as(&mut self, value: f64, text: &[u8]) {
        if self.is_resp3() { self.double(value) } else { self.bulk(text) }
    }

    fn boolean(&mut self, value: bool) {
        if self.is_resp3() {
            self.stack.push_boolean(value);
            self.emitted();
        } else {
            self.integer(i64::from(value));
        }
    }

    fn verbatim(&mut self, format: &str, bytes: &[u8]) {
        if !self.is_resp3() {
            return self.bulk(bytes);
        }
        self.wrapped("verbatim_string", |stack| {
            stack.new_table(0, 2);
            stack.push_bytes(format.as_bytes());
            stack.set_field(-2, "format");
            stack.push_bytes(bytes);
            stack.set_field(-2, "string");
        });
    }
}
