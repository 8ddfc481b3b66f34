//! PFADD and PFMERGE.

use smallvec::{SmallVec, smallvec};

use super::{sketch, sketch_or_empty};
use crate::command::{Args, Ctx, Outcome};
use crate::engine::DbIndex;
use crate::hyperloglog::{Encoding, Invalid, REGISTERS};
use crate::record::{Draft, Effect, NewValue, Str};

/// `PFADD key [element ...]`
pub(super) fn pfadd(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let room = ctx.engine.tuning().hll_sparse_max_bytes();
    let mut entry = ctx.latch(args[1])?;
    let old = entry.record();
    let mut sketch = sketch_or_empty(old)?;
    let mut effect: SmallVec<[Str<'_>; 8]> = smallvec![b"PFADD".into(), args[1].into()];
    // What was added before a corrupt run was met stays, as in Valkey.
    let done: Result<(), Invalid> = args[2..].iter().try_for_each(|&element| {
        if sketch.add(element, room)? {
            effect.push(element.into());
        }
        Ok(())
    });
    let is_changed = old.is_none() || effect.len() > 2;
    if is_changed {
        if old.is_none() {
            sketch.forget_count();
        }
        let draft = Draft::changed(old, NewValue::Bytes(sketch.bytes()), true);
        // A new key is told whole: the log must not assume what a replay finds in an expired key's place.
        entry.put(draft, if old.is_none() { Effect::Set } else { Effect::Command(&effect) });
    }
    drop(entry);
    done?;
    ctx.reply.integer(i64::from(is_changed));
    Ok(())
}

/// `PFMERGE destination [source ...]`
pub(super) fn pfmerge(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let room = ctx.engine.tuning().hll_sparse_max_bytes();
    let keys: SmallVec<[(DbIndex, &[u8]); 8]> = args[1..].iter().map(|&key| (ctx.session.db, key)).collect();
    let mut latches = ctx.latch_many(&keys)?;
    let mut registers = Box::new([0; REGISTERS]);
    let mut is_dense = false;
    for position in 0..keys.len() {
        if let Some(record) = latches.entry(position).record() {
            let source = sketch(record)?;
            is_dense |= source.encoding() == Encoding::Dense;
            source.merge_into(&mut registers)?;
        }
    }
    let entry = latches.entry(0);
    entry.announce_miss();
    let old = entry.record();
    let mut merged = sketch_or_empty(old)?;
    if is_dense {
        merged.set_registers(&registers);
    } else {
        for (register, &count) in registers.iter().enumerate().filter(|(_, count)| **count > 0) {
            merged.raise(register, count, room)?;
        }
    }
    merged.forget_count();
    entry.put(Draft::changed(old, NewValue::Bytes(merged.bytes()), true), Effect::Set);
    drop(latches);
    ctx.reply.ok();
    Ok(())
}
