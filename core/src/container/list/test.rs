//! Lists against a vector, in both forms and across the limit.

use proptest::prelude::*;

use super::*;
use crate::config::EngineConfig;
use crate::engine::Engine;

#[derive(Clone, Debug)]
enum Step {
    Push(bool, Vec<Vec<u8>>),
    Pop(bool, u64),
    Insert(usize, Vec<u8>),
    Set(usize, Vec<u8>),
    Remove(usize, usize),
    RemoveEvery(usize),
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (0u32..30).prop_map(|number| number.to_string().into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..40),
        (0usize..3000).prop_map(|len| vec![b'x'; len]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<bool>(), proptest::collection::vec(value(), 1..40)).prop_map(|(l, v)| Step::Push(l, v)),
        3 => (any::<bool>(), 1u64..30).prop_map(|(left, count)| Step::Pop(left, count)),
        2 => (any::<usize>(), value()).prop_map(|(at, value)| Step::Insert(at, value)),
        2 => (any::<usize>(), value()).prop_map(|(at, value)| Step::Set(at, value)),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(from, to)| Step::Remove(from, to)),
        1 => (2usize..12).prop_map(Step::RemoveEvery),
    ]
}

fn apply(engine: &Engine, model: &mut Vec<Vec<u8>>, step: &Step) {
    let op = engine.begin();
    let mut entry = Entry::latch(&op, 0, b"list").unwrap();
    let list = List::of(&entry, engine.tuning()).unwrap();
    assert_eq!(list.len(), model.len() as u64);
    let changed = match step {
        Step::Push(left, values) => {
            let end = if *left { End::Left } else { End::Right };
            let slices: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
            for value in values {
                let at = if *left { 0 } else { model.len() };
                model.insert(at, value.clone());
            }
            list.push(&entry, end, &slices)
        }
        Step::Pop(left, count) => {
            let end = if *left { End::Left } else { End::Right };
            let ranks = ranks_at(end, *count, list.len());
            model.drain(ranks.start as usize..ranks.end as usize);
            list.remove(&entry, ranks)
        }
        Step::Insert(at, value) => {
            let at = at % (model.len() + 1);
            model.insert(at, value.clone());
            list.insert(&entry, at as u64, &[value])
        }
        _ if model.is_empty() => return,
        Step::Set(at, value) => {
            let at = at % model.len();
            model[at].clone_from(value);
            list.set(&entry, at as u64, value)
        }
        Step::Remove(from, to) => {
            let from = from % model.len();
            let to = from + to % (model.len() - from + 1);
            model.drain(from..to);
            list.remove(&entry, from as u64..to as u64)
        }
        Step::RemoveEvery(every) => {
            let ranks: Vec<u64> = (0..model.len() as u64).filter(|rank| rank % *every as u64 == 0).collect();
            let mut at = 0;
            model.retain(|_| {
                at += 1;
                (at - 1) % every != 0
            });
            list.remove_ranks(&entry, &ranks)
        }
    };
    changed.unwrap().save(&mut entry, Effect::Silent);
    drop(entry);
    drop(op);
    check(engine, model);
}

fn check(engine: &Engine, model: &[Vec<u8>]) {
    let op = engine.begin();
    let entry = Entry::latch(&op, 0, b"list").unwrap();
    let list = List::of(&entry, engine.tuning()).unwrap();
    let mut found = Vec::new();
    list.elements().for_each(|item| found.push(item.value.to_vec())).unwrap();
    assert_eq!(found, model);
    assert_eq!(entry.record().is_none(), model.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn is_a_vector(
        setting in prop_oneof![Just(-1i64), Just(-5), Just(3), Just(0), Just(20)],
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let engine = Engine::in_memory(EngineConfig::default());
        engine.tuning().set_list_max_listpack_size(setting);
        let mut model = Vec::new();
        for step in &steps {
            apply(&engine, &mut model, step);
        }
    }
}

#[test]
fn leaves_the_packed_form_at_the_limit_and_comes_back_at_half() {
    let engine = Engine::in_memory(EngineConfig::default());
    engine.tuning().set_list_max_listpack_size(8);
    let mut model = Vec::new();
    let is_packed = || {
        let op = engine.begin();
        let entry = Entry::latch(&op, 0, b"list").unwrap();
        matches!(List::of(&entry, engine.tuning()).unwrap().elements(), Elements::Packed(_))
    };
    for number in 0..8u8 {
        apply(&engine, &mut model, &Step::Push(false, vec![vec![number]]));
        assert!(is_packed());
    }
    apply(&engine, &mut model, &Step::Push(true, vec![vec![9]]));
    assert!(!is_packed());
    for _ in 0..4 {
        apply(&engine, &mut model, &Step::Pop(true, 1));
        assert!(!is_packed());
    }
    apply(&engine, &mut model, &Step::Pop(false, 1));
    assert!(is_packed());
}
