//! Trees against plain vectors and maps.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Put(Vec<u8>, usize),
    Remove(Vec<u8>),
    RemoveRange(u64, u64),
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (0u32..5000).prop_map(|number| number.to_be_bytes().to_vec()),
        1 => proptest::collection::vec(0u8..3, 0..6),
        // Long common begins: shortened separators, and blobs.
        1 => (0usize..900, 0u32..300).prop_map(|(len, number)| {
            let mut key = vec![b'x'; len / 100 * 100];
            key.extend(number.to_be_bytes());
            key
        }),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (key(), prop_oneof![5 => 0usize..60, 1 => 0usize..3000]).prop_map(|(key, len)| Op::Put(key, len)),
        3 => key().prop_map(Op::Remove),
        1 => (any::<u64>(), 0u64..400).prop_map(|(from, len)| Op::RemoveRange(from, len)),
    ]
}

/// Edits published in a chain, each retired as a record would.
struct Chain {
    tree: Option<[u64; 3]>,
}

impl Chain {
    fn view(&self) -> TreeRef<'_> {
        // SAFETY: the parts are ours until `publish` or `drop`.
        self.tree.map_or(TreeRef::EMPTY, |parts| unsafe { TreeRef::from_parts(parts) })
    }

    fn publish(&mut self, (tree, garbage): (Tree, Garbage)) {
        let taken = !garbage.taken.is_empty();
        let old = self.tree.replace(tree.into_parts()).filter(|_| !taken);
        let pin = crossbeam_epoch::pin();
        garbage.retire(&pin);
        if let Some(old) = old {
            // SAFETY: no reader in this test outlives the edit.
            unsafe { release_parts(old) };
        }
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        if let Some(parts) = self.tree {
            // SAFETY: the last use.
            unsafe { release_parts(parts) };
        }
    }
}

fn check(tree: TreeRef<'_>, model: &BTreeMap<Vec<u8>, Vec<u8>>) {
    assert_eq!(tree.len(), model.len() as u64);
    let mut cursor = tree.cursor(0).unwrap();
    for (key, value) in model {
        let item = cursor.next().unwrap().expect("as many as in the model");
        assert_eq!((item.key, item.value), (&key[..], &value[..]));
    }
    assert!(cursor.next().unwrap().is_none());
    for (key, value) in model.iter().rev() {
        let item = cursor.previous().unwrap().unwrap();
        assert_eq!((item.key, item.value), (&key[..], &value[..]));
    }
    assert!(cursor.previous().unwrap().is_none());
    for (rank, (key, value)) in model.iter().enumerate().step_by(7) {
        assert_eq!(tree.get(key).unwrap().map(|item| item.value), Some(&value[..]));
        assert_eq!(tree.place(key).unwrap().rank, rank as u64);
        assert_eq!(tree.at(rank as u64).unwrap().map(|item| item.key), Some(&key[..]));
        assert_eq!(tree.cursor_at(key).unwrap().next().unwrap().map(|item| item.key), Some(&key[..]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn keyed_trees_behave_like_maps(
        batches in proptest::collection::vec((proptest::collection::vec(op(), 1..120), any::<bool>()), 1..14),
    ) {
        let mut model = BTreeMap::new();
        let mut chain = Chain { tree: None };
        let mut kept: Vec<(Tree, BTreeMap<Vec<u8>, Vec<u8>>)> = Vec::new();
        for (ops, keep) in batches {
            if keep {
                kept.push((chain.view().share(), model.clone()));
            }
            let mut edit = Edit::new(chain.view(), false);
            for (number, op) in ops.into_iter().enumerate() {
                match op {
                    Op::Put(key, len) => {
                        let value = vec![number as u8; len];
                        let was_there = edit.put(&key, &value).unwrap();
                        prop_assert_eq!(was_there, model.insert(key, value).is_some());
                    }
                    Op::Remove(key) => {
                        prop_assert_eq!(edit.remove(&key).unwrap(), model.remove(&key).is_some());
                    }
                    Op::RemoveRange(from, len) => {
                        let from = if model.is_empty() { 0 } else { from % model.len() as u64 };
                        edit.remove_range(from..from + len).unwrap();
                        let gone: Vec<_> =
                            model.keys().skip(from as usize).take(len as usize).cloned().collect();
                        gone.iter().for_each(|key| { model.remove(key); });
                    }
                }
            }
            let edited = edit.finish();
            chain.publish(edited);
            check(chain.view(), &model);
        }
        for (tree, model) in &kept {
            check(tree.as_ref(), model);
        }
    }

    #[test]
    fn lists_behave_like_vectors(
        edits in proptest::collection::vec((any::<u64>(), 0u8..4, 1usize..200, 0usize..700), 1..60),
    ) {
        let mut model: Vec<Vec<u8>> = Vec::new();
        let mut chain = Chain { tree: None };
        for (at, what, count, len) in edits {
            let at = at % (model.len() as u64 + 1);
            let values: Vec<Vec<u8>> = (0..count).map(|number| vec![number as u8; len]).collect();
            let borrowed: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
            let mut edit = Edit::new(chain.view(), false);
            match what {
                0 => {
                    edit.insert(at, &borrowed).unwrap();
                    model.splice(at as usize..at as usize, values);
                }
                1 => {
                    edit.insert(model.len() as u64, &borrowed).unwrap();
                    model.extend(values);
                }
                2 => {
                    let end = (at as usize + count).min(model.len());
                    edit.remove_range(at..end as u64).unwrap();
                    model.drain(at as usize..end);
                }
                _ => {
                    edit.set(at, &values[0]).unwrap();
                    if let Some(value) = model.get_mut(at as usize) {
                        value.clone_from(&values[0]);
                    }
                }
            }
            let edited = edit.finish();
            chain.publish(edited);
            let mut got = Vec::new();
            chain.view().for_each(|item| got.push(item.value.to_vec())).unwrap();
            prop_assert_eq!(&got, &model);
            prop_assert_eq!(chain.view().len(), model.len() as u64);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn built_trees_are_like_edited_ones(
        elements in proptest::collection::btree_map(key(), (0usize..60, 0usize..3000, 0u8..20), 0..600),
        ops in proptest::collection::vec(op(), 0..100),
        repeat in 1usize..4,
    ) {
        let mut model = BTreeMap::new();
        for (number, (key, (short, long, choice))) in elements.into_iter().enumerate() {
            for copy in 0..repeat {
                let mut key = key.clone();
                key.extend([copy as u8]);
                model.insert(key, vec![number as u8; if choice == 0 { long } else { short }]);
            }
        }
        let mut builder = Builder::new();
        model.iter().for_each(|(key, value)| builder.push(key, value));
        let mut chain = Chain { tree: None };
        chain.publish(builder.finish().finish());
        check(chain.view(), &model);
        // What was built can be changed like anything else.
        let mut edit = Edit::new(chain.view(), false);
        for op in ops {
            match op {
                Op::Put(key, len) => {
                    let value = vec![7; len];
                    prop_assert_eq!(edit.put(&key, &value).unwrap(), model.insert(key, value).is_some());
                }
                Op::Remove(key) => {
                    prop_assert_eq!(edit.remove(&key).unwrap(), model.remove(&key).is_some());
                }
                Op::RemoveRange(from, len) => {
                    let from = from % (model.len() as u64 + 1);
                    edit.remove_range(from..from + len).unwrap();
                    let gone: Vec<_> =
                        model.keys().skip(from as usize).take(len as usize).cloned().collect();
                    gone.iter().for_each(|key| { model.remove(key); });
                }
            }
        }
        let edited = edit.finish();
        chain.publish(edited);
        check(chain.view(), &model);
    }

    #[test]
    fn a_builder_given_up_leaves_nothing(count in 0u32..500) {
        let mut builder = Builder::new();
        (0..count).for_each(|number| builder.push(&number.to_be_bytes(), &[1; 700]));
    }
}

#[test]
fn built_trees_are_dense() {
    let mut builder = Builder::new();
    (0..100_000u32).for_each(|number| builder.push(&number.to_be_bytes(), b"12345678"));
    let mut chain = Chain { tree: None };
    chain.publish(builder.finish().finish());
    let tree = chain.view();
    assert_eq!(tree.len(), 100_000);
    let each = tree.bytes() as f64 / tree.len() as f64;
    assert!(each < 18.0, "{each} bytes for each element");
    let mut list = Builder::new();
    (0..100_000u32).for_each(|number| list.push(b"", &number.to_be_bytes()));
    let mut chain = Chain { tree: None };
    chain.publish(list.finish().finish());
    assert_eq!(chain.view().at(77_777).unwrap().map(|item| item.value), Some(&77_777u32.to_be_bytes()[..]));
}

#[test]
fn sequential_growth_fills_nodes() {
    let mut chain = Chain { tree: None };
    for number in 0..20_000u32 {
        let mut edit = Edit::new(chain.view(), false);
        edit.put(&number.to_be_bytes(), b"12345678").unwrap();
        let edited = edit.finish();
        chain.publish(edited);
    }
    let tree = chain.view();
    assert_eq!(tree.len(), 20_000);
    let each = tree.bytes() as f64 / tree.len() as f64;
    // 4 bytes of key, 8 of value, 3 of the entry; the rest is what nodes cost.
    assert!(each < 18.0, "{each} bytes for each element");
}
