//! Amendments: readers of every published tree see that tree, whatever has been written since, by whichever thread.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_epoch::Guard;
use proptest::prelude::*;

use super::*;

/// Publishes an edit in the place of `parts`, as a record's replacement does.
fn publish(parts: &mut [u64; 3], edit: Edit<'_>, pin: &Guard) {
    let (tree, garbage) = edit.finish();
    let taken = !garbage.taken.is_empty();
    let old = std::mem::replace(parts, tree.into_parts());
    if !taken {
        // SAFETY: unlinked just now, and retired once.
        unsafe { pin.defer_unchecked(move || release_parts(old)) };
    }
    garbage.retire(pin);
}

/// The tree of published parts.
fn view<'g>(parts: [u64; 3], _pin: &'g Guard) -> TreeRef<'g> {
    // SAFETY: published while the pin was held, so the epoch keeps it.
    unsafe { TreeRef::from_parts(parts) }
}

fn check(tree: TreeRef<'_>, model: &BTreeMap<Vec<u8>, Vec<u8>>) {
    assert_eq!(tree.len(), model.len() as u64);
    let mut cursor = tree.cursor(0).unwrap();
    for (key, value) in model {
        let item = cursor.next().unwrap().expect("as many as in the model");
        assert_eq!((item.key, item.value), (&key[..], &value[..]));
    }
    assert!(cursor.next().unwrap().is_none());
    for (rank, (key, value)) in model.iter().enumerate().step_by(3) {
        assert_eq!(tree.get(key).unwrap().map(|item| item.value), Some(&value[..]));
        assert_eq!(tree.place(key).unwrap().rank, rank as u64);
        assert_eq!(tree.at(rank as u64).unwrap().map(|item| item.key), Some(&key[..]));
        assert_eq!(tree.cursor_at(key).unwrap().next().unwrap().map(|item| item.key), Some(&key[..]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn every_published_tree_stays_what_it_was(
        ops in proptest::collection::vec((0u32..1200, 0u8..12, 0usize..40), 200..2500),
        shares in proptest::collection::vec(any::<proptest::sample::Index>(), 0..4),
    ) {
        let pin = crossbeam_epoch::pin();
        let mut parts = Tree::EMPTY.into_parts();
        let mut model = BTreeMap::new();
        let mut older = Vec::new();
        let mut shared = Vec::new();
        let shares: Vec<usize> = shares.iter().map(|index| index.index(ops.len())).collect();
        for (number, (key, what, len)) in ops.into_iter().enumerate() {
            // Some at the end, of which `append` is made.
            let key = format!("{:08}", if what == 0 { 2000 + number as u32 } else { key }).into_bytes();
            if shares.contains(&number) {
                shared.push((view(parts, &pin).share(), model.clone()));
            }
            let mut edit = Edit::new(view(parts, &pin), false);
            match what {
                0 | 1 => {
                    let value = vec![number as u8; len];
                    edit.append(&key, &value).unwrap();
                    model.insert(key, value);
                }
                2..=5 => {
                    let value = vec![number as u8; len];
                    prop_assert_eq!(edit.put(&key, &value).unwrap(), model.insert(key, value).is_some());
                }
                6..=8 => prop_assert_eq!(edit.remove(&key).unwrap(), model.remove(&key).is_some()),
                9 | 10 => {
                    // Another key not far away.
                    let from = model.range(key.clone()..).next().map(|(from, _)| from.clone());
                    let mut to = key.clone();
                    to.push(number as u8);
                    if let Some(from) = from.filter(|_| !model.contains_key(&to))
                        && edit.rekey(&from, &to)
                    {
                        model.remove(&from);
                        model.insert(to, Vec::new());
                    }
                }
                _ => {
                    let rank = if model.is_empty() { 0 } else { number % model.len() };
                    edit.remove_range(rank as u64..rank as u64 + 1).unwrap();
                    if let Some(key) = model.keys().nth(rank).cloned() {
                        model.remove(&key);
                    }
                }
            }
            publish(&mut parts, edit, &pin);
            prop_assert_eq!(view(parts, &pin).len(), model.len() as u64);
            if number % 60 == 0 {
                older.push((parts, model.clone()));
            }
        }
        check(view(parts, &pin), &model);
        for (parts, model) in older {
            check(view(parts, &pin), &model);
        }
        for (tree, model) in &shared {
            check(tree.as_ref(), model);
        }
        // SAFETY: the last use of the last tree.
        unsafe { release_parts(parts) };
    }

    #[test]
    fn lists_change_at_both_ends(ops in proptest::collection::vec((0u8..6, 0usize..60), 300..3000)) {
        let pin = crossbeam_epoch::pin();
        let mut parts = Tree::EMPTY.into_parts();
        let mut model = std::collections::VecDeque::new();
        let mut older = Vec::new();
        for (number, (what, len)) in ops.into_iter().enumerate() {
            let value = vec![number as u8; len];
            let count = model.len() as u64;
            let mut edit = Edit::new(view(parts, &pin), false);
            match what {
                0 | 1 => { edit.insert(0, &[&value]).unwrap(); model.push_front(value); }
                2 | 3 => { edit.insert(count, &[&value]).unwrap(); model.push_back(value); }
                4 => { edit.remove_range(0..1).unwrap(); model.pop_front(); }
                _ => {
                    edit.remove_range(count.saturating_sub(1)..count).unwrap();
                    model.pop_back();
                }
            }
            publish(&mut parts, edit, &pin);
            if number % 100 == 0 {
                older.push((parts, model.clone()));
            }
        }
        older.push((parts, model));
        for (parts, model) in older {
            let mut got = std::collections::VecDeque::new();
            view(parts, &pin).for_each(|item| got.push_back(item.value.to_vec())).unwrap();
            prop_assert_eq!(got, model);
        }
        // SAFETY: the last use of the last tree.
        unsafe { release_parts(parts) };
    }
}

/// Every state has one element for each number up to some limit, with the number of the write that made it: so a reader
/// can tell whether what it sees is one state.
#[test]
fn readers_beside_a_writer_see_one_state() {
    const KEYS: u32 = 700;
    const WRITES: u32 = if cfg!(miri) { 300 } else { 20_000 };
    let published = Mutex::new(Tree::EMPTY.into_parts());
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                // ORDERING: pairs with the writer's end; the trees themselves are handed over by the mutex.
                while !is_over.load(Ordering::Acquire) {
                    let pin = crossbeam_epoch::pin();
                    let parts = *published.lock().unwrap();
                    let tree = view(parts, &pin);
                    let (mut count, mut newest) = (0, 0);
                    tree.for_each(|item| {
                        count += 1;
                        newest = newest.max(u32::from_be_bytes(item.value.try_into().unwrap()));
                    })
                    .unwrap();
                    assert_eq!(count, tree.len());
                    for rank in (0..tree.len()).step_by(97) {
                        let item = tree.at(rank).unwrap().unwrap();
                        assert_eq!(tree.place(item.key).unwrap().rank, rank);
                        assert!(u32::from_be_bytes(item.value.try_into().unwrap()) <= newest);
                    }
                }
            });
        }
        let mut parts = Tree::EMPTY.into_parts();
        for write in 0..WRITES {
            let pin = crossbeam_epoch::pin();
            let key = (write.wrapping_mul(2_654_435_761) % KEYS).to_be_bytes();
            let mut edit = Edit::new(view(parts, &pin), false);
            if write % 5 == 4 {
                edit.remove(&key).unwrap();
            } else {
                edit.put(&key, &write.to_be_bytes()).unwrap();
            }
            let (tree, garbage) = edit.finish();
            let taken = !garbage.taken.is_empty();
            let old = std::mem::replace(&mut parts, tree.into_parts());
            *published.lock().unwrap() = parts;
            if !taken {
                // SAFETY: unlinked just now, and retired once.
                unsafe { pin.defer_unchecked(move || release_parts(old)) };
            }
            garbage.retire(&pin);
        }
        // ORDERING: as above.
        is_over.store(true, Ordering::Release);
        // SAFETY: unlinked by the end of the test, when the epoch has passed for the readers.
        crossbeam_epoch::pin().defer(move || unsafe { release_parts(parts) });
    });
}
