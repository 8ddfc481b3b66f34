//! Choosing elements by chance.

use std::collections::HashSet;

/// `count` different numbers below `len` (all, if there are fewer), ascending. Costs O(`count`).
pub fn distinct_ranks(len: u64, count: u64) -> Vec<u64> {
    let count = count.min(len);
    let mut ranks: Vec<u64> = Vec::with_capacity(count as usize);
    if count > len / 2 {
        // Each rank is taken with the chance that keeps all subsets equally likely.
        for rank in 0..len {
            let wanted = count - ranks.len() as u64;
            if fastrand::u64(..len - rank) < wanted {
                ranks.push(rank);
            }
        }
        return ranks;
    }
    // Floyd's sampling: a number met before stands for the newest candidate.
    let mut seen: HashSet<u64, rapidhash::fast::RandomState> = HashSet::default();
    for candidate in len - count..len {
        let rank = fastrand::u64(..=candidate);
        let rank = if seen.insert(rank) { rank } else { candidate };
        seen.insert(rank);
        ranks.push(rank);
    }
    ranks.sort_unstable();
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_distinct_and_all_come_up() {
        for (len, count) in [(0, 3), (1, 1), (10, 3), (10, 5), (10, 6), (10, 10), (10, 99), (1000, 10)] {
            let mut hits = vec![0; len as usize];
            for _ in 0..300 {
                let ranks = distinct_ranks(len, count);
                assert_eq!(ranks.len() as u64, count.min(len));
                assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]));
                ranks.iter().for_each(|&rank| hits[rank as usize] += 1);
            }
            assert!(len > 10 || hits.iter().all(|&hits| hits > 0), "{len} {count}: {hits:?}");
        }
    }
}
