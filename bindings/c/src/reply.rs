//! Any command by its name, and its reply as a tree.

use std::ffi::{c_char, c_double, c_int};
use std::{ptr, slice};

use polycache_core::command::Value;
use polycache_server::embedded::{Error, ErrorKind};

use crate::handle::{cache_t, open};
use crate::status::{cache_status, call, null};
use crate::value::bytes;

/// What a cache_reply holds.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum cache_reply_type {
    /// Bytes: `str`, `len`.
    CACHE_REPLY_STRING = 1,
    /// Replies: `element`, `elements`.
    CACHE_REPLY_ARRAY = 2,
    /// `integer`.
    CACHE_REPLY_INTEGER = 3,
    /// Nothing.
    CACHE_REPLY_NIL = 4,
    /// A word such as OK: `str`, `len`.
    CACHE_REPLY_STATUS = 5,
    /// An error inside of an array: `str`, `len`.
    CACHE_REPLY_ERROR = 6,
    /// `dval`.
    CACHE_REPLY_DOUBLE = 7,
    /// `integer`, 0 or 1.
    CACHE_REPLY_BOOL = 8,
    /// Keys and values in turn: `element`, `elements` (twice the number of pairs).
    CACHE_REPLY_MAP = 9,
    /// Replies that are all different, in no order: `element`, `elements`.
    CACHE_REPLY_SET = 10,
    /// An integer of any size in decimal digits: `str`, `len`.
    CACHE_REPLY_BIGNUM = 13,
    /// Text with a format: `str`, `len`, `vtype`.
    CACHE_REPLY_VERBATIM = 14,
}

/// A reply, shaped as hiredis' redisReply with RESP3's types.
#[repr(C)]
pub struct cache_reply {
    /// Which of the members below are meant.
    pub r#type: cache_reply_type,
    pub integer: i64,
    pub dval: c_double,
    /// Length of `str` in bytes.
    pub len: usize,
    /// The bytes, with one NUL after them.
    pub str: *mut c_char,
    /// The format of a verbatim text: three letters and a NUL.
    pub vtype: [c_char; 4],
    /// Number of elements.
    pub elements: usize,
    pub element: *mut *mut cache_reply,
}

/// Carries out a command: `argc` arguments, the first of which is its name. `argvlen` holds the length of each, or is
/// NULL where all are C strings. On success `*reply` is the reply, to be freed by cache_reply_free(). An error of the
/// command is CACHE_ERR_COMMAND, with its text in cache_errmsg().
///
/// Every command of the server is available except those that need a connection of their own. One that waits (BLPOP)
/// lets the calling thread wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_command(
    cache: *mut cache_t,
    argc: c_int,
    argv: *const *const c_char,
    argvlen: *const usize,
    reply: *mut *mut cache_reply,
) -> cache_status {
    call(|| {
        if !reply.is_null() {
            // SAFETY: not NULL, and writable by the caller's word.
            unsafe { reply.write(ptr::null_mut()) };
        }
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        let count = usize::try_from(argc).ok().filter(|&count| count > 0);
        let count = count.ok_or_else(|| Error::new(ErrorKind::Misuse, "a command needs its name"))?;
        if argv.is_null() {
            return Err(null("argv"));
        }
        // SAFETY: `argc` elements by the caller's word.
        let argv = unsafe { slice::from_raw_parts(argv, count) };
        let mut args = Vec::with_capacity(count);
        for (index, &arg) in argv.iter().enumerate() {
            if arg.is_null() && argvlen.is_null() {
                return Err(null("an argument"));
            }
            // SAFETY: `argvlen` has `argc` elements, or is NULL and every argument ends with a NUL.
            args.push(unsafe {
                let len = if argvlen.is_null() {
                    std::ffi::CStr::from_ptr(arg).count_bytes()
                } else {
                    argvlen.add(index).read()
                };
                bytes("an argument", arg.cast(), len)?
            });
        }
        let (value, durable) = cache.execute(&args)?;
        durable.wait()?;
        if !reply.is_null() {
            // SAFETY: not NULL, and writable by the caller's word.
            unsafe { reply.write(to_reply(value)) };
        }
        Ok(cache_status::CACHE_OK)
    })
}

/// Frees a reply and all that it holds. NULL is ignored. Only for what cache_command() returned, not for an element.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_reply_free(reply: *mut cache_reply) {
    if reply.is_null() {
        return;
    }
    call(|| {
        // SAFETY: from `to_reply`, and freed once, by the caller's word.
        unsafe { free(reply) };
        Ok(cache_status::CACHE_OK)
    });
}

fn to_reply(value: Value) -> *mut cache_reply {
    let mut reply = cache_reply {
        r#type: cache_reply_type::CACHE_REPLY_NIL,
        integer: 0,
        dval: 0.0,
        len: 0,
        str: ptr::null_mut(),
        vtype: [0; 4],
        elements: 0,
        element: ptr::null_mut(),
    };
    match value {
        Value::Null => {}
        Value::Integer(integer) => {
            reply.r#type = cache_reply_type::CACHE_REPLY_INTEGER;
            reply.integer = integer;
        }
        Value::Boolean(truth) => {
            reply.r#type = cache_reply_type::CACHE_REPLY_BOOL;
            reply.integer = truth.into();
        }
        Value::Double(double) => {
            reply.r#type = cache_reply_type::CACHE_REPLY_DOUBLE;
            reply.dval = double;
        }
        Value::BigNumber(digits) => reply.fill(cache_reply_type::CACHE_REPLY_BIGNUM, digits),
        Value::Status(text) => reply.fill(cache_reply_type::CACHE_REPLY_STATUS, text.into_bytes()),
        Value::Error(text) => reply.fill(cache_reply_type::CACHE_REPLY_ERROR, text.into_bytes()),
        Value::Bulk(bytes) => reply.fill(cache_reply_type::CACHE_REPLY_STRING, bytes),
        Value::Verbatim { format, bytes } => {
            for (to, from) in reply.vtype[..3].iter_mut().zip(format.bytes()) {
                *to = from as c_char;
            }
            reply.fill(cache_reply_type::CACHE_REPLY_VERBATIM, bytes);
        }
        Value::Array(values) => reply.adopt(cache_reply_type::CACHE_REPLY_ARRAY, values),
        Value::Set(values) => reply.adopt(cache_reply_type::CACHE_REPLY_SET, values),
        Value::Map(pairs) => {
            let flat = pairs.into_iter().flat_map(|(key, value)| [key, value]).collect();
            reply.adopt(cache_reply_type::CACHE_REPLY_MAP, flat);
        }
    }
    Box::into_raw(Box::new(reply))
}

impl cache_reply {
    fn fill(&mut self, kind: cache_reply_type, mut bytes: Vec<u8>) {
        self.r#type = kind;
        self.len = bytes.len();
        bytes.push(0);
        self.str = Box::into_raw(bytes.into_boxed_slice()).cast();
    }

    fn adopt(&mut self, kind: cache_reply_type, values: Vec<Value>) {
        self.r#type = kind;
        self.elements = values.len();
        let elements: Box<[*mut cache_reply]> = values.into_iter().map(to_reply).collect();
        self.element = Box::into_raw(elements).cast();
    }
}

/// # Safety
/// `reply` came from `to_reply` and was not freed yet.
unsafe fn free(reply: *mut cache_reply) {
    // SAFETY: a box of `to_reply`.
    let reply = unsafe { Box::from_raw(reply) };
    if !reply.str.is_null() {
        // SAFETY: a boxed slice of `fill`, one byte longer than `len`.
        drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(reply.str.cast::<u8>(), reply.len + 1)) });
    }
    if !reply.element.is_null() {
        // SAFETY: a boxed slice of `adopt`, of `elements` elements.
        let elements = unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(reply.element, reply.elements)) };
        for &element in &elements {
            // SAFETY: each came from `to_reply` and belongs to this reply alone.
            unsafe { free(element) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_made_and_freed() {
        let value = Value::Array(vec![
            Value::Bulk(b"a\0b".to_vec()),
            Value::Map(vec![(Value::Integer(1), Value::Double(0.5))]),
            Value::Array(vec![]),
            Value::Verbatim { format: "txt".into(), bytes: b"x".to_vec() },
            Value::BigNumber(b"12345678901234567890".to_vec()),
        ]);
        let reply = to_reply(value);
        // SAFETY: just made, and freed once.
        unsafe {
            assert_eq!((*reply).elements, 5);
            let first = &**(*reply).element;
            assert_eq!(slice::from_raw_parts(first.str.cast::<u8>(), first.len + 1), b"a\0b\0");
            let map = &**(*reply).element.add(1);
            assert_eq!((map.r#type, map.elements), (cache_reply_type::CACHE_REPLY_MAP, 2));
            let big = &**(*reply).element.add(4);
            assert_eq!((big.r#type, big.len), (cache_reply_type::CACHE_REPLY_BIGNUM, 20));
            cache_reply_free(reply);
        }
    }
}
