//! Sorted sets in both forms against a plain model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::config::EngineConfig;
use crate::record::{Draft, Effect};
use crate::transaction::Entry;

#[derive(Clone, Debug)]
enum Op {
    Put(Vec<u8>, f64),
    Remove(Vec<u8>),
    RemoveRanks(u64, u64),
    Rebuild,
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => (0u32..400).prop_map(|number| format!("member:{number}").into_bytes()),
        1 => proptest::collection::vec(any::<u8>(), 0..3),
        1 => (0u32..20, 0usize..700).prop_map(|(number, len)| {
            let mut name = vec![b'y'; len / 100 * 100];
            name.extend(number.to_be_bytes());
            name
        }),
    ]
}

fn any_score() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (0i32..4).prop_map(f64::from),
        4 => any::<i16>().prop_map(f64::from),
        1 => any::<f64>().prop_filter("a number", |score| !score.is_nan()),
        1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.0)],
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        16 => (name(), any_score()).prop_map(|(name, score)| Op::Put(name, score)),
        4 => name().prop_map(Op::Remove),
        1 => (any::<u64>(), 0u64..60).prop_map(|(from, len)| Op::RemoveRanks(from, len)),
        1 => Just(Op::Rebuild),
    ]
}

type Model = BTreeMap<Vec<u8>, f64>;

fn ordered(model: &Model) -> Vec<Member<'_>> {
    let mut members: Vec<Member<'_>> = model.iter().map(|(name, &score)| Member { score, name }).collect();
    members.sort_by(|a, b| a.score.partial_cmp(&b.score).unwrap().then(a.name.cmp(b.name)));
    members
}

fn same(left: f64, right: f64, was_packed: bool) -> bool {
    // A listpack does not know minus zero.
    left.to_bits() == right.to_bits() || was_packed && left == right
}

fn check(set: SortedSet<'_>, model: &Model, was_packed: bool) {
    let members = ordered(model);
    assert_eq!(set.len(), members.len() as u64);
    let mut walk = set.walk(0).unwrap();
    for (rank, expected) in members.iter().enumerate() {
        let member = walk.next().unwrap().unwrap();
        assert!(member.name == expected.name && same(member.score, expected.score, was_packed));
        assert_eq!(set.rank(*expected).unwrap(), rank as u64);
        let score = set.score(expected.name).unwrap().unwrap();
        assert!(same(score, expected.score, was_packed), "{score} of {expected:?}");
    }
    assert!(walk.next().unwrap().is_none());
    assert_eq!(set.score(b"not there").unwrap(), None);
    for (min, max) in [(0.0, 2.0), (1.0, 1.0), (f64::NEG_INFINITY, 0.0), (-300.5, f64::INFINITY), (3.0, 1.0)]
    {
        for (min_excluded, max_excluded) in [(false, false), (true, false), (false, true)] {
            let range = ScoreRange {
                min: ScoreBound { score: min, is_excluded: min_excluded },
                max: ScoreBound { score: max, is_excluded: max_excluded },
            };
            let is_in = |member: &&Member<'_>| {
                (if min_excluded { member.score > min } else { member.score >= min })
                    && (if max_excluded { member.score < max } else { member.score <= max })
            };
            let ranks = set.ranks_by_score(range).unwrap();
            assert_eq!(ranks.end - ranks.start, members.iter().filter(is_in).count() as u64);
            if let Some(first) = members.iter().position(|member| is_in(&member)) {
                assert_eq!(ranks.start, first as u64);
            }
        }
    }
    let mut seen: Vec<Vec<u8>> = Vec::new();
    let mut cursor = 0;
    loop {
        cursor = set
            .scan(cursor, 7, |member| {
                assert!(same(member.score, model[member.name], was_packed));
                seen.push(member.name.to_vec());
            })
            .unwrap();
        if cursor == 0 {
            break;
        }
    }
    seen.sort();
    assert!(seen.iter().eq(model.keys()), "a scan visits each member once");
}

fn run(engine: &Engine, batches: Vec<Vec<Op>>) {
    let may_be_packed = engine.tuning().zset_max_listpack_entries() > 0;
    let mut model = Model::new();
    for batch in batches {
        let op = engine.begin();
        let mut entry = Entry::latch(&op, 0, b"key").unwrap();
        let mut edit = SortedSetEdit::of(&entry).unwrap();
        let mut rebuilt = None;
        for op in batch {
            match op {
                Op::Put(name, score) => {
                    let old = edit.view().score(&name).unwrap();
                    assert_eq!(old, model.get(&name).copied());
                    if old != Some(score) {
                        edit.put(&name, old, score).unwrap();
                        model.insert(name, score);
                    }
                }
                Op::Remove(name) => {
                    if let Some(score) = model.remove(&name) {
                        edit.remove(Member { score, name: &name }).unwrap();
                    }
                }
                Op::RemoveRanks(from, len) => {
                    let from = from % (model.len() as u64 + 1);
                    let to = (from + len).min(model.len() as u64);
                    edit.remove_ranks(from..to).unwrap();
                    let gone: Vec<Vec<u8>> = ordered(&model)[from as usize..to as usize]
                        .iter()
                        .map(|member| member.name.to_vec())
                        .collect();
                    model.retain(|name, _| !gone.contains(name));
                }
                Op::Rebuild => rebuilt = Some(model.clone()),
            }
        }
        check(edit.view(), &model, may_be_packed);
        let record = entry.record();
        if model.is_empty() {
            let mut finished = edit.finish();
            entry.put(Draft::changed(record, finished.value(), false), Effect::Silent);
            entry.remove(Effect::Silent);
            continue;
        }
        let mut finished = edit.finish();
        entry.put(Draft::changed(record, finished.value(), false), Effect::Silent);
        if let Some(whole) = rebuilt.filter(|whole| *whole == model) {
            let members = whole.iter().map(|(name, &score)| Member { score, name }).collect();
            let mut finished = Combined::new(members).finish(engine);
            entry.put(Draft::changed(entry.record(), finished.value(), false), Effect::Silent);
        }
        check(SortedSet::of(engine, entry.record().unwrap()).unwrap(), &model, may_be_packed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn both_forms_behave_like_plain_maps(
        batches in proptest::collection::vec(proptest::collection::vec(op(), 1..150), 1..8),
        entries in prop_oneof![Just(0u64), Just(20), Just(10_000)],
    ) {
        let engine = Engine::in_memory(EngineConfig::default());
        engine.tuning().set_zset_max_listpack_entries(entries);
        engine.tuning().set_zset_max_listpack_value(if entries > 100 { 10_000 } else { 64 });
        run(&engine, batches);
    }
}

#[test]
fn runs_of_one_score_are_scanned_in_steps() {
    let engine = Engine::in_memory(EngineConfig::default());
    let puts = |count: u32| (0..count).map(|n| Op::Put(n.to_string().into_bytes(), 0.0)).collect::<Vec<_>>();
    let removes = |from: u32, to: u32| (from..to).map(|n| Op::Remove(n.to_string().into_bytes()));
    let mut batch = puts(600);
    batch.push(Op::Put(Vec::new(), 0.0));
    // Down below the run that is looked through, and up again.
    batch.extend(removes(20, 600));
    run(&engine, vec![batch, puts(500), removes(0, 490).collect(), puts(40)]);
}

#[test]
fn ranges_of_names() {
    let engine = Engine::in_memory(EngineConfig::default());
    for entries in [0, 128] {
        engine.tuning().set_zset_max_listpack_entries(entries);
        let op = engine.begin();
        let entry = Entry::latch(&op, 0, b"names").unwrap();
        let mut edit = SortedSetEdit::of(&entry).unwrap();
        for name in ["a", "b", "c", "d", "e"] {
            edit.put(name.as_bytes(), None, 1.0).unwrap();
        }
        use LexBound::{Excluding, Greatest, Including, Least};
        for (min, max, ranks) in [
            (Least, Greatest, 0..5),
            (Greatest, Least, 0..0),
            (Including(b"b".as_slice()), Including(b"d".as_slice()), 1..4),
            (Excluding(b"b"), Excluding(b"d"), 2..3),
            (Including(b"bb"), Greatest, 2..5),
            (Including(b"d"), Including(b"b"), 0..0),
            (Least, Excluding(b"a"), 0..0),
        ] {
            for reversed in [false, true] {
                let got = edit.view().ranks_by_name(LexRange { min, max }, reversed).unwrap();
                assert!(got == ranks || got.is_empty() && ranks.is_empty(), "{min:?} {max:?}: {got:?}");
            }
        }
        let mut entry = entry;
        let mut finished = edit.finish();
        entry.put(Draft::changed(None, finished.value(), false), Effect::Silent);
    }
}
