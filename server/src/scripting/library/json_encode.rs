//! `cjson.encode`: from values to JSON.

use super::json::{Settings, general};
use crate::limits::JSON_DEPTH_MAX;
use crate::scripting::lua::{Kind, Raise, Stack};

/// Writes one value.
pub struct Encoder {
    pub stack: Stack,
    pub settings: Settings,
    pub out: Vec<u8>,
}

/// Places that a level of nesting takes.
const PLACES: i32 = 6;

impl Encoder {
    /// Writes the value on top, which stays.
    pub fn value(&mut self, depth: usize) -> Result<(), Raise> {
        let stack = self.stack;
        match stack.kind(-1) {
            Kind::String => self.string(stack.bytes(-1).unwrap_or_default()),
            Kind::Number => self.number(stack.number(-1))?,
            Kind::Boolean if stack.boolean(-1) => self.out.extend_from_slice(b"true"),
            Kind::Boolean => self.out.extend_from_slice(b"false"),
            Kind::Table => {
                let depth = depth + 1;
                if depth > self.settings.encode_depth_max.min(JSON_DEPTH_MAX) || !stack.reserve(PLACES) {
                    return Err(Raise::text(format!("Cannot serialise, excessive nesting ({depth})")));
                }
                match self.elements()? {
                    Some(elements) => self.array(depth, elements)?,
                    None => self.object(depth)?,
                }
            }
            Kind::Nil => self.out.extend_from_slice(b"null"),
            Kind::LightUserdata if stack.pointer(-1).is_null() => self.out.extend_from_slice(b"null"),
            _ => return Err(self.refuse("type not supported")),
        }
        Ok(())
    }

    fn refuse(&self, reason: &str) -> Raise {
        Raise::text(format!("Cannot serialise {}: {reason}", self.stack.kind_name(-1)))
    }

    /// The length of the table on top as an array; `None` where it is an object.
    fn elements(&self) -> Result<Option<usize>, Raise> {
        let (stack, settings) = (self.stack, self.settings);
        let (mut max, mut count) = (0usize, 0usize);
        stack.push_nil();
        while stack.next(-2) {
            let key = stack.number(-2);
            if stack.kind(-2) == Kind::Number
                && key >= 1.0
                && key == key.floor()
                && key <= f64::from(i32::MAX)
            {
                max = max.max(key as usize);
                count += 1;
                stack.pop(1);
                continue;
            }
            stack.pop(2);
            return Ok(None);
        }
        let (convert, ratio, safe) = settings.sparse;
        if ratio > 0 && max > count.saturating_mul(ratio) && max > safe {
            if !convert {
                return Err(self.refuse("excessively sparse array"));
            }
            return Ok(None);
        }
        Ok((max > 0).then_some(max))
    }

    fn array(&mut self, depth: usize, elements: usize) -> Result<(), Raise> {
        self.out.push(b'[');
        for index in 1..=elements {
            if index > 1 {
                self.out.push(b',');
            }
            self.stack.get_index(-1, index as i32);
            self.value(depth)?;
            self.stack.pop(1);
        }
        self.out.push(b']');
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Raise> {
        let stack = self.stack;
        self.out.push(b'{');
        let mut is_first = true;
        stack.push_nil();
        while stack.next(-2) {
            if !is_first {
                self.out.push(b',');
            }
            is_first = false;
            match stack.kind(-2) {
                Kind::Number => {
                    self.out.push(b'"');
                    self.number(stack.number(-2))?;
                    self.out.extend_from_slice(b"\":");
                }
                Kind::String => {
                    self.string(stack.bytes(-2).unwrap_or_default());
                    self.out.push(b':');
                }
                _ => {
                    stack.pop(1);
                    return Err(self.refuse("table key must be a number or string"));
                }
            }
            self.value(depth)?;
            stack.pop(1);
        }
        self.out.push(b'}');
        Ok(())
    }

    fn number(&mut self, value: f64) -> Result<(), Raise> {
        if !value.is_finite() {
            match self.settings.encode_invalid {
                Invalid::Refused => {
                    return Err(Raise::text("Cannot serialise number: must not be NaN or Inf"));
                }
                Invalid::Null => {
                    self.out.extend_from_slice(b"null");
                    return Ok(());
                }
                Invalid::Written if value.is_nan() => {
                    self.out.extend_from_slice(b"nan");
                    return Ok(());
                }
                Invalid::Written => {}
            }
        }
        self.out.extend_from_slice(&general(value, self.settings.precision));
        Ok(())
    }

    fn string(&mut self, bytes: &[u8]) {
        self.out.reserve(bytes.len() + 2);
        self.out.push(b'"');
        for &byte in bytes {
            match byte {
                b'"' => self.out.extend_from_slice(b"\\\""),
                b'\\' => self.out.extend_from_slice(b"\\\\"),
                b'/' => self.out.extend_from_slice(b"\\/"),
                8 => self.out.extend_from_slice(b"\\b"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                12 => self.out.extend_from_slice(b"\\f"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                0..32 | 127 => {
                    const DIGITS: &[u8; 16] = b"0123456789abcdef";
                    self.out.extend_from_slice(b"\\u00");
                    self.out.push(DIGITS[usize::from(byte >> 4)]);
                    self.out.push(DIGITS[usize::from(byte & 15)]);
                }
                _ => self.out.push(byte),
            }
        }
        self.out.push(b'"');
    }
}

/// What becomes of NaN and infinities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    Refused,
    Null,
    Written,
}
