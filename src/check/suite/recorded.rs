//! Reports that runners really wrote, in `fixtures/reports`, and what becomes of them when they are damaged.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::{Index, select};

use crate::check::suite::shown::told;
use crate::config::TestFormat;

const RECORDED: [(&str, TestFormat); 15] = [
    ("build-failed.go-test.json", TestFormat::GoTest),
    ("cargo-test.libtest.txt", TestFormat::Libtest),
    ("catch.junit.xml", TestFormat::Junit),
    ("cunit.junit.xml", TestFormat::Junit),
    ("cucumber-js.json", TestFormat::Cucumber),
    ("jest.json", TestFormat::Jest),
    ("jest.junit.xml", TestFormat::Junit),
    ("node.tap", TestFormat::Tap),
    ("nunit.trx", TestFormat::Trx),
    ("nunit2.xml", TestFormat::Nunit),
    ("nunit3.xml", TestFormat::Nunit),
    ("pytest.junit.xml", TestFormat::Junit),
    ("surefire-flaky.junit.xml", TestFormat::Junit),
    ("testng.xml", TestFormat::Testng),
    ("xunit.xml", TestFormat::Xunit),
];

const ALL: [TestFormat; 10] = [
    TestFormat::Jest,
    TestFormat::Junit,
    TestFormat::Trx,
    TestFormat::Nunit,
    TestFormat::Xunit,
    TestFormat::Testng,
    TestFormat::Tap,
    TestFormat::Cucumber,
    TestFormat::GoTest,
    TestFormat::Libtest,
];

/// All of these, with their formats.
fn reports() -> Vec<(Vec<u8>, TestFormat)> {
    RECORDED.into_iter().map(|(file, format)| (recorded(file), format)).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reports")
}

fn recorded(file: &str) -> Vec<u8> {
    fs::read(folder().join(file)).expect("the report is there")
}

#[test]
fn what_runners_write_is_read() {
    for (file, format) in RECORDED {
        let (cases, problem) = told(format, &recorded(file));
        let shown: String = cases.iter().map(|case| format!("{case}\n")).chain(problem).collect();
        let expected = snapbox::Data::read_from(&folder().join(format!("{file}.told")), None);
        snapbox::assert_data_eq!(shown, expected.raw());
    }
}

proptest! {
    #[test]
    fn what_is_broken_off_is_told(case in select(reports()), end in any::<Index>()) {
        let (bytes, format) = case;
        let whole = told(format, &bytes).0;
        let cut = &bytes[..end.index(bytes.trim_ascii_end().len())];
        let (cases, problem) = told(format, cut);
        // A suite in which no test was executed is Broken too. That a whole binary is missing can't be seen.
        let is_part = format == TestFormat::Libtest && cases.iter().all(|case| whole.contains(case));
        prop_assert!(problem.is_some() || cases.is_empty() || is_part || cases == whole, "{format:?} up to {}: {cases:?}", cut.len());
        // All but the one that was being read is there as it is in the whole.
        let n_sure = cases.len().saturating_sub(1);
        if format != TestFormat::Libtest {
            prop_assert_eq!(cases.get(..n_sure), whole.get(..n_sure));
        }
    }

    #[test]
    fn damage_is_no_danger(
        case in select(reports()),
        holes in proptest::collection::vec((any::<Index>(), any::<Index>(), any::<Vec<u8>>()), 1..6),
    ) {
        let (mut bytes, format) = case;
        for (at, to, text) in holes {
            let at = at.index(bytes.len() + 1);
            let to = at + to.index(20.min(bytes.len() - at) + 1);
            bytes.splice(at..to, text.into_iter().take(10));
        }
        told(format, &bytes);
    }

    #[test]
    fn any_bytes_are_no_danger(bytes in any::<Vec<u8>>(), format in select(ALL.to_vec())) {
        told(format, &bytes);
    }
}
