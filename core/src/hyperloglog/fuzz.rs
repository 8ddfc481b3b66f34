//! Entry for fuzzing: any bytes as a sketch, read and changed in every way.

use super::{Encoding, HEAD_BYTES, REGISTERS, Sketch};

/// Must return, whatever the bytes.
pub fn read(bytes: &[u8]) {
    let Ok(sketch) = Sketch::parse(bytes.to_vec()) else { return };
    let registers = sketch.registers();
    // A last run without its second byte is read as Valkey reads it, and loses a byte of its neighbour as there.
    let is_whole = sketch
        .runs()
        .is_none_or(|runs| runs.iter().map(|run| run.bytes).sum::<usize>() == bytes.len() - HEAD_BYTES);
    let _ = (sketch.cached(), sketch.runs(), sketch.clone().count(), sketch.clone().make_dense());
    for (register, count) in [(0, 1), (REGISTERS - 1, 32), (63, 2), (64, 33), (8191, 1), (16320, 5)] {
        for room in [0, bytes.len() as u64, 3000] {
            let mut changed = sketch.clone();
            let raised = changed.raise(register, count, room);
            let (Ok(before), Ok(is_changed), true) = (&registers, raised, is_whole) else { continue };
            // A valid sketch stays one.
            let after = changed.registers().expect("still valid");
            assert_eq!(is_changed, before[register] < count);
            assert_eq!(after[register], before[register].max(count));
            assert!(changed.encoding() == Encoding::Sparse || changed.bytes().len() == super::DENSE_BYTES);
        }
    }
}
