//! Counting what the test runners report.

use std::process::Command;

use crate::process::{self, Outcome, describe};

/// Tests that passed and failed in one stage.
#[derive(Default)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    /// A line for each failing command, for the summary.
    pub reasons: Vec<String>,
}

/// Whose output is being counted.
#[derive(Clone, Copy)]
pub enum Runner {
    Cargo,
    Pytest,
    Node,
    /// A program that is one test: its exit code is the result.
    Program,
}

impl Tally {
    /// One failure that no runner counted.
    pub fn fail(&mut self, reason: String) {
        self.failed += 1;
        self.reasons.push(reason);
    }

    /// Runs a test command and adds what it reports. A runner that fails without naming a failed test (it did not
    /// compile, it crashed) or that ran no test at all counts as one failure.
    pub fn run(&mut self, runner: Runner, command: &mut Command) -> Outcome {
        let (mut passed, mut failed) = (0, 0);
        let mut broken = Vec::new();
        let succeeded = process::run_seen(command, |line| {
            let (line_passed, line_failed) = count(runner, line);
            passed += line_passed;
            failed += line_failed;
            if is_failure(runner, line) {
                broken.push(line.trim().to_owned());
            }
        })?;
        if matches!(runner, Runner::Program) {
            passed += u64::from(succeeded);
        }
        self.passed += passed;
        self.failed += failed;
        if !succeeded && failed == 0 {
            self.fail(format!("`{}` failed", describe(command)));
        } else if failed > 0 {
            self.reasons.push(format!("`{}`: {failed} failed: {}", describe(command), broken.join("; ")));
        } else if passed == 0 {
            self.fail(format!("`{}` ran no test", describe(command)));
        }
        Ok(())
    }
}

/// Passed and failed tests that a line of a runner's summary names.
fn count(runner: Runner, line: &str) -> (u64, u64) {
    match runner {
        Runner::Cargo if line.starts_with("test result:") => {
            (before(line, " passed"), before(line, " failed"))
        }
        // `=== 3 failed, 12 passed, 1 error in 0.5s ===`
        Runner::Pytest if line.starts_with('=') && line.contains(" in ") => {
            let errors = before(line, " error");
            (before(line, " passed"), before(line, " failed") + errors)
        }
        Runner::Node => match line.strip_prefix("# ") {
            Some(rest) => (after(rest, "pass "), after(rest, "fail ")),
            None => (0, 0),
        },
        _ => (0, 0),
    }
}

/// Whether a line names one failed test.
fn is_failure(runner: Runner, line: &str) -> bool {
    match runner {
        Runner::Cargo => {
            line.starts_with("test ") && line.ends_with("FAILED") && !line.starts_with("test result")
        }
        Runner::Pytest => line.starts_with("FAILED ") || line.starts_with("ERROR "),
        Runner::Node => line.trim_start().starts_with("not ok "),
        Runner::Program => false,
    }
}

/// The number directly before a word: `12` in `ok. 12 passed;`.
fn before(line: &str, word: &str) -> u64 {
    let Some(end) = line.find(word) else { return 0 };
    let digits = line[..end].rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
    digits.parse().unwrap_or(0)
}

fn after(line: &str, word: &str) -> u64 {
    line.strip_prefix(word).and_then(|rest| rest.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_counted() {
        let cargo = "test result: FAILED. 7 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(count(Runner::Cargo, cargo), (7, 2));
        assert_eq!(count(Runner::Pytest, "===== 1 failed, 10 passed, 1 error in 3.20s ====="), (10, 2));
        assert_eq!(count(Runner::Node, "# pass 4"), (4, 0));
        assert_eq!(count(Runner::Node, "# fail 1"), (0, 1));
        assert_eq!(count(Runner::Cargo, "12 passed"), (0, 0));
    }
}
