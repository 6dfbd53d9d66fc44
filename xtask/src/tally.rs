//! Reading how many tests passed and failed from what test runners print.

use std::ops::AddAssign;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Adds up the `test result: ok. 3 passed; 0 failed; …` lines of Rust's test
/// harness and of wasm-bindgen's, which prints the same.
pub(crate) fn of_rust(output: &str) -> Tally {
    let mut total = Tally::default();
    for line in output.lines() {
        let Some((_, counts)) = line.split_once("test result: ") else {
            continue;
        };
        for part in counts.split([';', '.']) {
            match part.trim().split_once(' ') {
                Some((number, "passed")) => total.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => total.failed += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
    total
}

/// Reads the summary of `node --test`: lines like `ℹ pass 3` (its `spec`
/// reporter) or `# pass 3` (`tap`). A test that was cancelled has failed.
pub(crate) fn of_node(output: &str) -> Tally {
    let mut total = Tally::default();
    for line in output.lines() {
        let mut words = line.split_whitespace();
        let (Some("ℹ" | "#"), Some(what), Some(number), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        let number = number.parse().unwrap_or(0);
        match what {
            "pass" => total.passed += number,
            "fail" | "cancelled" => total.failed += number,
            _ => {}
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_several_rust_test_programs_are_added_up() {
        let output = "\
running 2 tests
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

test result: FAILED. 10 passed; 3 failed; 0 ignored; 0 filtered out; finished in 1.20s
";
        assert_eq!(
            of_rust(output),
            Tally {
                passed: 12,
                failed: 3
            }
        );
    }

    #[test]
    fn node_is_understood_in_both_of_its_reporters() {
        let spec = "ℹ tests 7\nℹ suites 0\nℹ pass 4\nℹ fail 2\nℹ cancelled 1\nℹ duration_ms 51.3\n";
        assert_eq!(
            of_node(spec),
            Tally {
                passed: 4,
                failed: 3
            }
        );
        assert_eq!(
            of_node("# tests 1\n# pass 1\n# fail 0\n"),
            Tally {
                passed: 1,
                failed: 0
            }
        );
    }

    #[test]
    fn talk_about_passing_is_not_counted() {
        let nothing = Tally::default();
        assert_eq!(
            of_node("# pass 3 of these\nwe pass 3\n# Subtest: pass\n"),
            nothing
        );
        assert_eq!(of_rust("5 passed; 1 failed\n"), nothing);
    }
}
