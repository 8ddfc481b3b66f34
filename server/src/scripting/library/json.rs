//! `cjson`: the library's table, its settings.
//!
//! The settings belong to one table, the same for all scripts of the process; `cjson.new()` makes another with settings of
//! its own.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int};
use std::sync::{Mutex, PoisonError};

use super::json_decode::Decoder;
use super::json_encode::{Encoder, Invalid};
use crate::scripting::lua::{Body, Kind, Raise, Stack};

/// What the functions of one table agree on.
#[derive(Clone, Copy)]
pub struct Settings {
    pub encode_depth_max: usize,
    pub decode_depth_max: usize,
    pub precision: usize,
    pub encode_invalid: Invalid,
    pub decode_invalid: bool,
    /// Whether sparse arrays become objects; how sparse is too sparse; from which length on.
    pub sparse: (bool, usize, usize),
    pub keep_buffer: bool,
}

const DEFAULTS: Settings = Settings {
    encode_depth_max: 1000,
    decode_depth_max: 1000,
    precision: 14,
    encode_invalid: Invalid::Refused,
    decode_invalid: true,
    sparse: (false, 2, 10),
    keep_buffer: true,
};

/// The settings of the scripts' own tables: whichever state a script runs in, it finds what another has set.
static SHARED: Mutex<Settings> = Mutex::new(DEFAULTS);

/// Where the settings of a table are. It lives as long as its state: few are made.
enum Place {
    Shared,
    Own(Cell<Settings>),
}

impl Place {
    /// The settings, after `change`.
    fn with(&self, change: impl FnOnce(&mut Settings)) -> Settings {
        match self {
            Place::Shared => {
                let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
                change(&mut shared);
                *shared
            }
            Place::Own(own) => {
                let mut settings = own.get();
                change(&mut settings);
                own.set(settings);
                settings
            }
        }
    }
}

/// Pushes the table of the scripts.
pub fn open(stack: Stack) {
    push_table(stack, Place::Shared);
}

fn push_table(stack: Stack, place: Place) {
    let functions: [(&str, Body); 10] = [
        ("encode", encode),
        ("decode", decode),
        ("encode_sparse_array", sparse_array),
        ("encode_max_depth", |stack| depth(stack, |settings| &mut settings.encode_depth_max)),
        ("decode_max_depth", |stack| depth(stack, |settings| &mut settings.decode_depth_max)),
        ("encode_number_precision", precision),
        ("encode_keep_buffer", keep_buffer),
        ("encode_invalid_numbers", encode_invalid),
        ("decode_invalid_numbers", decode_invalid),
        ("new", |stack| {
            push_table(stack, Place::Own(Cell::new(DEFAULTS)));
            Ok(1)
        }),
    ];
    stack.new_table(0, 16);
    stack.push_owned(place);
    for (name, body) in functions {
        stack.push_value(-1);
        stack.push_closure(body, 1);
        stack.set_field(-3, name);
    }
    stack.pop(1);
    stack.push_light(0);
    stack.set_field(-2, "null");
    for (name, text) in [("_NAME", "cjson"), ("_VERSION", "2.1.0")] {
        stack.push_bytes(text.as_bytes());
        stack.set_field(-2, name);
    }
}

fn place<'a>(stack: Stack) -> &'a Place {
    stack.owned(Stack::upvalue(1))
}

fn settings(stack: Stack) -> Settings {
    place(stack).with(|_| ())
}

fn one_argument(stack: Stack) -> Result<(), Raise> {
    if stack.top() == 1 { Ok(()) } else { Err(Raise::argument(1, "expected 1 argument")) }
}

fn encode(stack: Stack) -> Result<c_int, Raise> {
    one_argument(stack)?;
    let mut encoder = Encoder { stack, settings: settings(stack), out: Vec::new() };
    encoder.value(0)?;
    stack.push_bytes(&encoder.out);
    Ok(1)
}

fn decode(stack: Stack) -> Result<c_int, Raise> {
    one_argument(stack)?;
    let text = stack.bytes(1).ok_or_else(|| Raise::kind(stack, 1, "string"))?;
    let settings = settings(stack);
    Decoder::new(stack, text, settings.decode_depth_max, settings.decode_invalid).decode()?;
    Ok(1)
}

/// An integer argument between bounds; `None` where there is none.
fn integer(stack: Stack, at: c_int, min: i32, max: i32) -> Result<Option<usize>, Raise> {
    match stack.kind(at) {
        Kind::None | Kind::Nil => Ok(None),
        _ if !stack.is_number(at) => Err(Raise::kind(stack, at, "number")),
        _ => {
            let value = stack.number(at) as i64;
            if (i64::from(min)..=i64::from(max)).contains(&value) {
                Ok(Some(value as usize))
            } else {
                Err(Raise::argument(at, format!("expected integer between {min} and {max}")))
            }
        }
    }
}

fn at_most(stack: Stack, count: c_int) -> Result<(), Raise> {
    if stack.top() <= count { Ok(()) } else { Err(Raise::argument(count + 1, "found too many arguments")) }
}

fn depth(stack: Stack, which: fn(&mut Settings) -> &mut usize) -> Result<c_int, Raise> {
    at_most(stack, 1)?;
    let wanted = integer(stack, 1, 1, i32::MAX)?;
    let mut settings = place(stack).with(|settings| {
        if let Some(depth) = wanted {
            *which(settings) = depth;
        }
    });
    stack.push_number(*which(&mut settings) as f64);
    Ok(1)
}

fn precision(stack: Stack) -> Result<c_int, Raise> {
    at_most(stack, 1)?;
    let wanted = integer(stack, 1, 1, 14)?;
    let settings = place(stack).with(|settings| settings.precision = wanted.unwrap_or(settings.precision));
    stack.push_number(settings.precision as f64);
    Ok(1)
}

/// A word or a boolean argument: its place among `words`, whose first two are `off` and `on`.
fn choice(stack: Stack, at: c_int, words: &[&str]) -> Result<Option<usize>, Raise> {
    match stack.kind(at) {
        Kind::None | Kind::Nil => Ok(None),
        Kind::Boolean => Ok(Some(usize::from(stack.boolean(at)))),
        Kind::String | Kind::Number => {
            let word = stack.bytes(at).unwrap_or_default();
            words.iter().position(|known| known.as_bytes() == word).map(Some).ok_or_else(|| {
                Raise::argument(at, format!("invalid option '{}'", String::from_utf8_lossy(word)))
            })
        }
        _ => Err(Raise::kind(stack, at, "string")),
    }
}

fn keep_buffer(stack: Stack) -> Result<c_int, Raise> {
    at_most(stack, 1)?;
    let keep = choice(stack, 1, &["off", "on"])?.map(|place| place == 1);
    let settings = place(stack).with(|settings| settings.keep_buffer = keep.unwrap_or(settings.keep_buffer));
    stack.push_boolean(settings.keep_buffer);
    Ok(1)
}

fn encode_invalid(stack: Stack) -> Result<c_int, Raise> {
    at_most(stack, 1)?;
    let choice = choice(stack, 1, &["off", "on", "null"])?;
    let wanted = choice.map(|place| [Invalid::Refused, Invalid::Written, Invalid::Null][place]);
    let settings =
        place(stack).with(|settings| settings.encode_invalid = wanted.unwrap_or(settings.encode_invalid));
    match settings.encode_invalid {
        Invalid::Refused => stack.push_boolean(false),
        Invalid::Written => stack.push_boolean(true),
        Invalid::Null => stack.push_bytes(b"null"),
    }
    Ok(1)
}

fn decode_invalid(stack: Stack) -> Result<c_int, Raise> {
    at_most(stack, 1)?;
    let allowed = choice(stack, 1, &["off", "on"])?.map(|place| place == 1);
    let settings =
        place(stack).with(|settings| settings.decode_invalid = allowed.unwrap_or(settings.decode_invalid));
    stack.push_boolean(settings.decode_invalid);
    Ok(1)
}

fn sparse_array(stack: Stack) -> Result<c_int, Raise> {
    at_most(stack, 3)?;
    let wanted = (
        choice(stack, 1, &["off", "on"])?.map(|place| place == 1),
        integer(stack, 2, 0, i32::MAX)?,
        integer(stack, 3, 0, i32::MAX)?,
    );
    let settings = place(stack).with(|settings| {
        let (convert, ratio, safe) = settings.sparse;
        settings.sparse = (wanted.0.unwrap_or(convert), wanted.1.unwrap_or(ratio), wanted.2.unwrap_or(safe));
    });
    let (convert, ratio, safe) = settings.sparse;
    stack.push_boolean(convert);
    stack.push_number(ratio as f64);
    stack.push_number(safe as f64);
    Ok(3)
}

/// `%.{precision}g`
pub fn general(value: f64, precision: usize) -> Vec<u8> {
    let mut buffer = [0u8; 64];
    // SAFETY: the buffer's length is told; the format takes an int and a double.
    let written = unsafe {
        libc::snprintf(
            buffer.as_mut_ptr().cast::<c_char>(),
            buffer.len(),
            c"%.*g".as_ptr(),
            precision as c_int,
            value,
        )
    };
    buffer[..usize::try_from(written).unwrap_or(0).min(buffer.len() - 1)].to_vec()
}

/// The number that `text` begins with, as `strtod` reads it, and how long it is.
pub fn leading_number(text: &[u8]) -> Option<(f64, usize)> {
    /// No number that means something is longer.
    const DIGITS_MAX: usize = 1024;
    let mut copy = Vec::with_capacity(text.len().min(DIGITS_MAX) + 1);
    copy.extend(text.iter().take(DIGITS_MAX).take_while(|byte| is_of_number(**byte)));
    copy.push(0);
    let text = CStr::from_bytes_until_nul(&copy).ok()?;
    let mut end = std::ptr::null_mut();
    // SAFETY: the text ends with a zero; `end` comes to point into it.
    let value = unsafe { libc::strtod(text.as_ptr(), &mut end) };
    let bytes = end.addr() - text.as_ptr().addr();
    (bytes > 0).then_some((value, bytes))
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}
