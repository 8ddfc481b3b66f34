//! Several generations of saving and opening against a plain map: records go from memory to the file, from file to
//! file, from the file to memory, and keys come and go over a mapped table that grows and shrinks.

use proptest::prelude::*;

use crate::support::*;

#[derive(Clone, Debug)]
enum Step {
    Set(u16, u16, u8),
    Remove(u16),
    Get(u16),
    Save,
    Reopen,
    /// Many keys at once, so that the table changes its size.
    Fill(u16, u16),
    Clear(u16, u16),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..600u16;
    prop_oneof![
        8 => (key.clone(), 0..600u16, any::<u8>()).prop_map(|(k, len, byte)| Step::Set(k, len, byte)),
        1 => (key.clone(), 4000..40_000u16, any::<u8>()).prop_map(|(k, len, byte)| Step::Set(k, len, byte)),
        6 => key.clone().prop_map(Step::Remove),
        6 => key.clone().prop_map(Step::Get),
        1 => Just(Step::Save),
        2 => Just(Step::Reopen),
        1 => (key.clone(), 0..400u16).prop_map(|(start, count)| Step::Fill(start, count)),
        1 => (key, 0..600u16).prop_map(|(start, count)| Step::Clear(start, count)),
    ]
}

fn value(len: u16, byte: u8) -> Vec<u8> {
    // Half of the values can be compressed.
    (0..u32::from(len))
        .map(|i| if byte & 1 == 0 { byte } else { (i.wrapping_mul(2_654_435_761) >> 24) as u8 ^ byte })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn behave_like_a_map(steps in proptest::collection::vec(step(), 1..200)) {
        let dir = tempfile::tempdir().unwrap();
        let mut engine = engine(dir.path());
        let mut model = Contents::new();
        let name = |key: u16| format!("key:{key}").into_bytes();
        for step in steps {
            match step {
                Step::Set(key, len, byte) => {
                    set(&engine, &name(key), &value(len, byte));
                    model.insert(name(key), value(len, byte));
                }
                Step::Remove(key) => {
                    prop_assert_eq!(remove(&engine, &name(key)), model.remove(&name(key)).is_some());
                }
                Step::Get(key) => prop_assert_eq!(get(&engine, &name(key)), model.get(&name(key)).cloned()),
                Step::Save => {
                    let saved = save_to(&engine, dir.path());
                    prop_assert_eq!(saved.header.keys(), model.len() as u64);
                }
                Step::Reopen => {
                    save_to(&engine, dir.path());
                    engine = reopened(dir.path());
                }
                Step::Fill(start, count) => {
                    for key in start..start + count {
                        set(&engine, &name(key), b"filled");
                        model.insert(name(key), b"filled".to_vec());
                    }
                }
                Step::Clear(start, count) => {
                    for key in start..start + count {
                        prop_assert_eq!(remove(&engine, &name(key)), model.remove(&name(key)).is_some());
                    }
                }
            }
            prop_assert_eq!(engine.len(0), model.len() as u64);
        }
        save_to(&engine, dir.path());
        let last = reopened(dir.path());
        prop_assert_eq!(&all(&last, 0), &model);
        prop_assert_eq!(all(&engine, 0), model);
        let scrubbed = last.scrub();
        prop_assert!(scrubbed.done && scrubbed.damaged == 0);
    }
}
