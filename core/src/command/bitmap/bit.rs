//! SETBIT and GETBIT, and the bit offsets that BITFIELD shares.

use crate::command::args::canonical_integer;
use crate::command::string::{new_value, partial, value_or_empty};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::limits::STRING_BYTES_MAX;
use crate::record::{Draft, Str};

const BAD_OFFSET: Failure = Failure::text("ERR bit offset is not an integer or out of range");

/// A bit offset within the longest string.
pub(super) fn bit_offset(text: &[u8]) -> Result<u64, Failure> {
    scaled_offset(text, 1)
}

/// A bit offset counted in fields of `scale` bits.
pub(super) fn scaled_offset(text: &[u8], scale: i64) -> Result<u64, Failure> {
    canonical_integer(text)
        .and_then(|offset| offset.checked_mul(scale))
        .and_then(|offset| u64::try_from(offset).ok())
        .filter(|offset| offset / 8 < STRING_BYTES_MAX as u64)
        .ok_or(BAD_OFFSET)
}

/// The byte of a bit, and the bit's mask in it.
fn locate(offset: u64) -> (usize, u8) {
    ((offset / 8) as usize, 0x80 >> (offset % 8))
}

/// `GETBIT key offset`
pub(super) fn getbit(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (at, mask) = locate(bit_offset(args[2])?);
    let byte = value_or_empty(ctx.read(args[1])?)?.byte(at).unwrap_or(0);
    ctx.reply.integer(i64::from(byte & mask != 0));
    Ok(())
}

/// `SETBIT key offset value`
pub(super) fn setbit(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const BAD_BIT: Failure = Failure::text("ERR bit is not an integer or out of range");
    let (at, mask) = locate(bit_offset(args[2])?);
    let bit = match args[3] {
        b"0" => false,
        b"1" => true,
        _ => return Err(BAD_BIT),
    };
    let mut entry = ctx.latch(args[1])?;
    let old = entry.record();
    let value = value_or_empty(old)?;
    let old_byte = value.byte(at);
    let byte = old_byte.unwrap_or(0);
    let old_bit = byte & mask != 0;
    // A bit that has its value already is no write, unless it makes the string longer.
    if old_byte.is_none() || old_bit != bit {
        let byte = if bit { byte | mask } else { byte & !mask };
        let written = value.write_at(at, &[byte]);
        let command = [Str::Inline(b"SETBIT"), args[1].into(), args[2].into(), args[3].into()];
        let effect = partial(old, written.as_str(), &command);
        entry.put(Draft::changed(old, new_value(&written), true), effect);
    }
    drop(entry);
    ctx.reply.integer(i64::from(old_bit));
    Ok(())
}
