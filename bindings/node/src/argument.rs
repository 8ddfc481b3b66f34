//! Keys and values as JavaScript has them, as bytes.

use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{Status, ValueType, sys};
use smallvec::SmallVec;

/// Text up to this many bytes of UTF-8 is taken over in one call, without a look at its length before.
const SHORT_BYTES: usize = 256;

/// The bytes of a string (as UTF-8) or of a `Uint8Array`.
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is the usual one, and lives on the stack of one call"
)]
pub enum Bytes {
    Copied(SmallVec<[u8; SHORT_BYTES]>),
    /// Of a typed array: valid until JavaScript runs again.
    Viewed(*const u8, usize),
}

impl Bytes {
    /// The bytes; not to be kept beyond the running callback.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Copied(bytes) => bytes,
            // SAFETY: a typed array's memory, which lives as long as its handle, and that as long as the callback.
            Bytes::Viewed(data, len) => unsafe { std::slice::from_raw_parts(*data, *len) },
        }
    }
}

/// The writable memory of a `Uint8Array`.
pub struct Target(*mut u8, usize);

impl Target {
    /// Copies as much of the pieces as fits.
    pub fn fill<'a>(&self, pieces: impl Iterator<Item = &'a [u8]>) {
        let mut room = self.1;
        let mut to = self.0;
        for piece in pieces {
            let len = piece.len().min(room);
            // SAFETY: `to` has `room` writable bytes, of which `len` are used now.
            unsafe {
                ptr::copy_nonoverlapping(piece.as_ptr(), to, len);
                to = to.add(len);
            }
            room -= len;
            if room == 0 {
                return;
            }
        }
    }

    pub fn capacity(&self) -> usize {
        self.1
    }
}

/// Data and length of a `Uint8Array` (a `Buffer` is one).
fn view(env: sys::napi_env, value: sys::napi_value) -> Option<(*mut u8, usize)> {
    let (mut kind, mut len, mut data) = (0, 0, ptr::null_mut());
    // SAFETY: the values come from the running callback; the places outlive the call.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env,
            value,
            &mut kind,
            &mut len,
            &mut data,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    let is_bytes =
        kind == sys::TypedarrayType::uint8_array || kind == sys::TypedarrayType::uint8_clamped_array;
    if status != sys::Status::napi_ok || !is_bytes {
        return None;
    }
    // The memory of an empty array may be null.
    let data = if data.is_null() { ptr::NonNull::dangling().as_ptr() } else { data.cast() };
    Some((data, len))
}

fn text(env: sys::napi_env, value: sys::napi_value) -> Option<SmallVec<[u8; SHORT_BYTES]>> {
    let mut bytes: SmallVec<[u8; SHORT_BYTES]> = SmallVec::new();
    let mut len = 0;
    // SAFETY: the buffer has SHORT_BYTES bytes; Node writes at most that many, with a NUL at the end.
    let status = unsafe {
        sys::napi_get_value_string_utf8(env, value, bytes.as_mut_ptr().cast(), SHORT_BYTES, &mut len)
    };
    if status != sys::Status::napi_ok {
        return None;
    }
    // A character has up to four bytes: with less room left than that, the text may have been cut.
    if len + 4 < SHORT_BYTES {
        // SAFETY: Node wrote `len` bytes.
        unsafe { bytes.set_len(len) };
        return Some(bytes);
    }
    // SAFETY: with a null buffer Node tells the length in bytes.
    unsafe { sys::napi_get_value_string_utf8(env, value, ptr::null_mut(), 0, &mut len) };
    bytes.reserve(len + 1);
    // SAFETY: the buffer has `len + 1` bytes, and Node writes at most that many, with a NUL at the end.
    unsafe {
        sys::napi_get_value_string_utf8(env, value, bytes.as_mut_ptr().cast(), len + 1, &mut len);
        bytes.set_len(len);
    }
    Some(bytes)
}

impl TypeName for Bytes {
    fn type_name() -> &'static str {
        "string | Uint8Array"
    }

    fn value_type() -> ValueType {
        ValueType::Unknown
    }
}

impl ValidateNapiValue for Bytes {}

impl FromNapiValue for Bytes {
    #[inline]
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Bytes> {
        if let Some(bytes) = text(env, value) {
            return Ok(Bytes::Copied(bytes));
        }
        if let Some((data, len)) = view(env, value) {
            return Ok(Bytes::Viewed(data, len));
        }
        Err(napi::Error::new(Status::InvalidArg, "keys and values are strings or Uint8Arrays"))
    }
}

impl TypeName for Target {
    fn type_name() -> &'static str {
        "Uint8Array"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Target {}

impl FromNapiValue for Target {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Target> {
        match view(env, value) {
            Some((data, len)) => Ok(Target(data, len)),
            None => Err(napi::Error::new(Status::InvalidArg, "the target is a Uint8Array")),
        }
    }
}
