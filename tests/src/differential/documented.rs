//! Tables of `tests/differences.md` that say which names may be missing or different.

use std::collections::HashSet;

/// The names in backticks of the table's rows under the heading `## title`: of column `column` (from 0), in rows whose
/// first cell is `first` if one is given.
pub fn names(title: &str, column: usize, first: Option<&str>) -> HashSet<String> {
    let document = include_str!("../../differences.md");
    let heading = format!("\n## {title}\n");
    let (_, section) = document.split_once(&heading).unwrap_or_else(|| panic!("differences.md: no {title}"));
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut names = HashSet::new();
    for line in section.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        if first.is_some_and(|first| cells[0] != first) {
            continue;
        }
        let cell = cells.get(column).copied().unwrap_or_default();
        names.extend(cell.split('`').skip(1).step_by(2).map(str::to_owned));
        let reason = cells.last().copied().unwrap_or_default();
        assert!(reason.len() > 10 || !cell.contains('`'), "differences.md: no reason in {line:?}");
    }
    names
}
