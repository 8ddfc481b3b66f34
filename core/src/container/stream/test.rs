//! Streams against plain maps: entries, groups, consumers and what they have not acknowledged, through many edits.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::{Consumer, Group, Id, Pending, Stream, StreamEdit};
use crate::config::EngineConfig;
use crate::engine::Engine;
use crate::record::Effect;
use crate::transaction::Entry;

#[derive(Clone, Default)]
struct ModelGroup {
    last: Id,
    consumers: Vec<Vec<u8>>,
    /// Who has an entry, when it was delivered, how often.
    pending: BTreeMap<Id, (Vec<u8>, u64, u64)>,
}

#[derive(Clone, Default)]
struct Model {
    entries: BTreeMap<Id, Vec<Vec<u8>>>,
    groups: BTreeMap<Vec<u8>, ModelGroup>,
    last: Id,
    max_deleted: Id,
    added: u64,
}

fn id(number: u64) -> Id {
    // Several entries share a time.
    Id { millis: number / 3, sequence: number % 3 }
}

/// The group called `name`, and its consumer, made where it is missing.
fn member(edit: &mut StreamEdit<'_>, model: &mut Model, name: &[u8], consumer: &[u8]) -> (Group, Consumer) {
    let mut group = edit.view().group(name).unwrap().unwrap();
    let (found, is_new) = edit.consumer(name, &mut group, consumer, 1).unwrap();
    let known = &mut model.groups.get_mut(name).unwrap().consumers;
    assert_eq!(is_new, !known.iter().any(|other| other == consumer));
    if is_new {
        known.push(consumer.to_vec());
    }
    (group, found)
}

fn step(edit: &mut StreamEdit<'_>, model: &mut Model, random: &mut Rng, next: &mut u64) {
    let some_id = |random: &mut Rng, next: u64| id(next - random.u64(..next.min(400)));
    let name = [b'g', b'0' + random.u8(..4)];
    let consumer = [b'c', b'0' + random.u8(..5)];
    match random.u8(..100) {
        0..40 => {
            for _ in 0..random.usize(1..30) {
                *next += random.u64(1..4);
                // Some are blobs beside their node.
                let len = if random.u8(..40) == 0 { 5000 } else { random.usize(..60) };
                let strings = vec![b"f".to_vec(), vec![b'v'; len]];
                let slices: Vec<&[u8]> = strings.iter().map(Vec::as_slice).collect();
                edit.add(id(*next), &slices).unwrap();
                model.entries.insert(id(*next), strings);
                model.last = id(*next);
                model.added += 1;
            }
        }
        40..50 => {
            let id = some_id(random, *next);
            let was_there = model.entries.remove(&id).is_some();
            assert_eq!(edit.delete(id).unwrap(), was_there);
            if was_there {
                model.max_deleted = model.max_deleted.max(id);
            }
        }
        50..56 => {
            let count = random.usize(..=model.entries.len());
            let count = if random.bool() { count.min(20) } else { count };
            edit.trim(count as u64).unwrap();
            for _ in 0..count {
                model.entries.pop_first();
            }
        }
        56..62 => {
            let last = some_id(random, *next);
            let is_new = edit.add_group(&name, last, None).unwrap();
            assert_eq!(is_new, !model.groups.contains_key(&name[..]));
            if is_new {
                model.groups.insert(name.to_vec(), ModelGroup { last, ..ModelGroup::default() });
            }
        }
        62..64 if model.groups.remove(&name[..]).is_some() => {
            let group = edit.view().group(&name).unwrap().unwrap();
            edit.remove_group(&name, group).unwrap();
        }
        64..66 if model.groups.contains_key(&name[..]) => {
            let group = edit.view().group(&name).unwrap().unwrap();
            let of_model = model.groups.get_mut(&name[..]).unwrap();
            let Some(found) = edit.view().consumer(group, &consumer).unwrap() else { return };
            let before = of_model.pending.len();
            of_model.pending.retain(|_, (owner, ..)| owner[..] != consumer);
            of_model.consumers.retain(|other| other[..] != consumer);
            let removed = edit.remove_consumer(group, &consumer, found).unwrap();
            assert_eq!(removed as usize, before - of_model.pending.len());
        }
        66..90 if model.groups.contains_key(&name[..]) => {
            let (group, found) = member(edit, model, &name, &consumer);
            let of_model = model.groups.get_mut(&name[..]).unwrap();
            for _ in 0..random.usize(1..40) {
                let (id, delivered, deliveries) = (some_id(random, *next), random.u64(..), random.u64(..9));
                let pending = Pending { id, consumer: found.number, delivered, deliveries };
                edit.set_pending(group, pending).unwrap();
                of_model.pending.insert(id, (consumer.to_vec(), delivered, deliveries));
            }
        }
        _ if model.groups.contains_key(&name[..]) => {
            let group = edit.view().group(&name).unwrap().unwrap();
            let of_model = model.groups.get_mut(&name[..]).unwrap();
            for _ in 0..random.usize(1..60) {
                let id = some_id(random, *next);
                assert_eq!(edit.acknowledge(group, id).unwrap(), of_model.pending.remove(&id).is_some());
            }
        }
        _ => {}
    }
}

fn check(stream: Stream<'_>, model: &Model, random: &mut Rng) {
    assert_eq!(stream.len(), model.entries.len() as u64);
    let meta = stream.meta;
    assert_eq!((meta.last, meta.max_deleted, meta.added), (model.last, model.max_deleted, model.added));
    let mut walk = stream.entries().walk(0).unwrap();
    for (id, strings) in &model.entries {
        let entry = walk.next().unwrap().unwrap();
        assert!(entry.id == *id && entry.fields.eq(strings.iter().map(Vec::as_slice)));
    }
    assert!(walk.next().unwrap().is_none());
    // Back again, from somewhere.
    let from = random.usize(..=model.entries.len());
    let mut walk = stream.entries().walk(from as u64).unwrap();
    for id in model.entries.keys().take(from).rev() {
        assert_eq!(walk.previous().unwrap().unwrap().id, *id);
    }
    assert_eq!(stream.entries().first().unwrap().map(|entry| entry.id), model.entries.keys().next().copied());
    assert_eq!(stream.entries().last().unwrap().map(|entry| entry.id), model.entries.keys().last().copied());
    for _ in 0..20 {
        let some = Id { millis: random.u64(..=model.last.millis + 1), sequence: random.u64(..4) };
        let before = model.entries.range(..some).count() as u64;
        let is_there = model.entries.contains_key(&some);
        assert_eq!(stream.entries().before(some).unwrap(), before);
        assert_eq!(stream.entries().through(some).unwrap(), before + u64::from(is_there));
        assert_eq!(stream.entries().get(some).unwrap().is_some(), is_there);
    }
    let groups = stream.groups().unwrap();
    assert!(groups.iter().map(|(name, _)| *name).eq(model.groups.keys().map(Vec::as_slice)));
    for ((_, group), of_model) in groups.into_iter().zip(model.groups.values()) {
        check_group(stream, group, of_model);
    }
}

fn check_group(stream: Stream<'_>, group: Group, model: &ModelGroup) {
    assert_eq!(group.last, model.last);
    let consumers = stream.consumers(group).unwrap();
    let mut names = model.consumers.clone();
    names.sort();
    assert!(consumers.iter().map(|(name, _)| *name).eq(names.iter().map(Vec::as_slice)));
    let number = |name: &[u8]| stream.consumer(group, name).unwrap().unwrap().number;
    let mut found = Vec::new();
    stream
        .for_pending(group, Id::MIN, |pending| {
            found.push(pending);
            true
        })
        .unwrap();
    let expected = model.pending.iter().map(|(id, (owner, delivered, deliveries))| Pending {
        id: *id,
        consumer: number(owner),
        delivered: *delivered,
        deliveries: *deliveries,
    });
    assert!(found.iter().copied().eq(expected));
    assert_eq!(stream.pending_len(group, Id::MIN, Id::MAX).unwrap(), model.pending.len() as u64);
    assert_eq!(stream.last_pending(group).unwrap(), model.pending.keys().last().copied());
    for (name, consumer) in consumers {
        let mut owned = Vec::new();
        stream
            .for_owned(group, consumer, Id::MIN, |pending| {
                owned.push(pending.id);
                true
            })
            .unwrap();
        let expected = model.pending.iter().filter(|(_, (owner, ..))| owner == name).map(|(id, _)| *id);
        assert!(owned.iter().copied().eq(expected));
        assert_eq!(stream.owned_len(group, consumer).unwrap(), owned.len() as u64);
    }
}

#[test]
fn streams_behave_like_plain_maps() {
    for seed in 0..12 {
        let mut random = Rng::with_seed(seed);
        let engine = Engine::in_memory(EngineConfig::default());
        let (mut model, mut next) = (Model::default(), 1);
        for _ in 0..60 {
            let op = engine.begin();
            let mut entry = Entry::latch(&op, 0, b"stream").unwrap();
            let mut edit = StreamEdit::of(&entry, entry.record()).unwrap();
            let before = entry.record().map(|record| (Stream::of(record).unwrap(), model.clone()));
            for _ in 0..random.usize(1..12) {
                step(&mut edit, &mut model, &mut random, &mut next);
            }
            check(edit.view(), &model, &mut random);
            edit.put(&mut entry, Effect::Silent);
            check(Stream::of(entry.record().unwrap()).unwrap(), &model, &mut random);
            // Whoever read the old one still sees all of it.
            if let Some((stream, model)) = before {
                check(stream, &model, &mut random);
            }
        }
        assert!(model.added > 500, "seed {seed} has done something: {}", model.added);
    }
}
