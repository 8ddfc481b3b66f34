//! Makes a failing script small by deleting commands, as long as it still fails.

/// The smallest script found: halves, quarters and so on are deleted, down to single commands.
pub fn shrink<T: Clone>(script: &[T], mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut smallest = script.to_vec();
    let mut chunk = smallest.len().div_ceil(2);
    while chunk > 0 {
        let mut start = 0;
        while start < smallest.len() {
            let mut candidate = smallest.clone();
            candidate.drain(start..(start + chunk).min(smallest.len()));
            if !candidate.is_empty() && fails(&candidate) {
                smallest = candidate;
            } else {
                start += chunk;
            }
        }
        chunk /= 2;
    }
    smallest
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_does_not_matter_goes() {
        let script: Vec<u32> = (0..100).collect();
        let smallest = super::shrink(&script, |s| s.contains(&13) && s.contains(&77));
        assert_eq!(smallest, [13, 77]);
    }
}
