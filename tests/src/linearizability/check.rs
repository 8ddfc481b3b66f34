//! The search: Wing and Gong's algorithm as Lowe improved it ("Testing for linearizability", 2017).
//!
//! Calls and returns stand in a list in the order of their times. A call may be taken next if no operation returned
//! before it; when the model agrees with its answer, call and return leave the list. At a return whose call is still
//! in the list the search has to go back. A configuration (which operations are taken, and the state) that was seen
//! before is not searched again.

use std::collections::HashSet;

use super::{Event, Model};

/// What the search found.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Linearizable,
    /// No order explains the answers. The numbers are those of the operations that were pending when the search got
    /// furthest: one of them got a wrong answer.
    Violated(Vec<usize>),
}

/// Searches for an order of the operations that the model agrees with.
pub fn check<M: Model>(model: &M, history: &[Event]) -> Verdict {
    let mut search = Search::new(history);
    let mut state = model.initial();
    let mut seen = HashSet::new();
    let mut path: Vec<(usize, M::State)> = Vec::new();
    let mut taken = Taken::new(history.len());
    let mut furthest = (0, Vec::new());
    let mut entry = search.first();
    while search.first() != END {
        if search.is_call(entry) {
            let operation = search.operation(entry);
            let event = &history[operation];
            if let Some(next) = model.apply(&state, &event.request, &event.answer) {
                taken.flip(operation);
                if seen.insert((taken.clone(), next.clone())) {
                    path.push((operation, std::mem::replace(&mut state, next)));
                    search.lift(operation);
                    entry = search.first();
                    continue;
                }
                taken.flip(operation);
            }
            entry = search.after(entry);
            continue;
        }
        // A return: its operation must have been taken by now, and was not.
        if path.len() >= furthest.0 {
            furthest = (path.len(), search.pending(entry));
        }
        let Some((operation, before)) = path.pop() else { return Verdict::Violated(furthest.1) };
        state = before;
        taken.flip(operation);
        search.unlift(operation);
        entry = search.after(search.call(operation));
    }
    Verdict::Linearizable
}

/// A set of operations.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Taken(Vec<u64>);

impl Taken {
    fn new(operations: usize) -> Taken {
        Taken(vec![0; operations.div_ceil(64)])
    }

    fn flip(&mut self, operation: usize) {
        self.0[operation / 64] ^= 1 << (operation % 64);
    }
}

/// The head of the list, before its first entry; and what comes after its last.
const HEAD: usize = 0;
const END: usize = usize::MAX;

/// A doubly linked list of calls and returns; entries leave it and come back in opposite order ("dancing links").
struct Search {
    next: Vec<usize>,
    previous: Vec<usize>,
    /// By entry: the operation, and whether it is its call.
    entries: Vec<(usize, bool)>,
    /// By operation.
    calls: Vec<usize>,
    returns: Vec<usize>,
}

impl Search {
    fn new(history: &[Event]) -> Search {
        let mut times: Vec<(u64, bool, usize)> = Vec::with_capacity(2 * history.len());
        for (operation, event) in history.iter().enumerate() {
            assert!(event.called <= event.returned, "an operation returns after its call");
            // At equal times calls come first: operations that touch may overlap.
            times.push((event.called, false, operation));
            times.push((event.returned, true, operation));
        }
        times.sort_unstable();
        let count = times.len();
        let mut search = Search {
            next: (1..=count).chain([END]).collect(),
            previous: (0..=count).map(|entry| entry.saturating_sub(1)).collect(),
            entries: vec![(usize::MAX, false)],
            calls: vec![0; history.len()],
            returns: vec![0; history.len()],
        };
        for (at, (_, is_return, operation)) in times.into_iter().enumerate() {
            search.entries.push((operation, !is_return));
            let place = if is_return { &mut search.returns } else { &mut search.calls };
            place[operation] = at + 1;
        }
        search
    }

    fn first(&self) -> usize {
        self.next[HEAD]
    }

    fn after(&self, entry: usize) -> usize {
        self.next[entry]
    }

    fn is_call(&self, entry: usize) -> bool {
        self.entries[entry].1
    }

    fn operation(&self, entry: usize) -> usize {
        self.entries[entry].0
    }

    fn call(&self, operation: usize) -> usize {
        self.calls[operation]
    }

    fn lift(&mut self, operation: usize) {
        for entry in [self.calls[operation], self.returns[operation]] {
            let (previous, next) = (self.previous[entry], self.next[entry]);
            self.next[previous] = next;
            if next != END {
                self.previous[next] = previous;
            }
        }
    }

    fn unlift(&mut self, operation: usize) {
        for entry in [self.returns[operation], self.calls[operation]] {
            let (previous, next) = (self.previous[entry], self.next[entry]);
            self.next[previous] = entry;
            if next != END {
                self.previous[next] = entry;
            }
        }
    }

    /// The operations called before this return that are not taken.
    fn pending(&self, until: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut entry = self.first();
        while entry != END {
            if self.is_call(entry) {
                found.push(self.operation(entry));
            }
            if entry == until {
                break;
            }
            entry = self.after(entry);
        }
        found
    }
}
