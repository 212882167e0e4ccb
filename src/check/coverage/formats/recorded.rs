//! Reports as tools really write them, whole and damaged; `fixtures/coverage/README.md` tells how they were made.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::{any, prop, proptest};

use crate::check::coverage::formats::read;
use crate::check::coverage::gathered::{Gathered, Ran, Report, Site};
use crate::model::coverage::CoverageFormat;
use crate::model::path::RepoPath;

/// Where the files are that the reports are of.
const TOP: &str = "/srv/project";

/// Each report with its format, the file that it is of, and what is told of its lines: `+` run, `~` run in part, `-` not.
const RECORDED: [(&str, CoverageFormat, &str, &str); 16] = [
    ("coverage-py.json", CoverageFormat::CoveragePy, "shop.py", PYTHON),
    ("coverage-py.info", CoverageFormat::Lcov, "shop.py", PYTHON),
    ("coverage-py.xml", CoverageFormat::Cobertura, "shop.py", PYTHON),
    ("lcov.info", CoverageFormat::Lcov, "shop.c", "+1 ~3 +4 -5 -6 -7 -10 -12"),
    ("gcovr.xml", CoverageFormat::Cobertura, "shop.c", "+1 ~3 +4 -5 -6 -7 -10 -12"),
    ("gcovr-clover.xml", CoverageFormat::Clover, "shop.c", "+1 +3 +4 -5 -6 -7 -10 -12"),
    ("c8.info", CoverageFormat::Lcov, "lib/shop.js", "+1 +2 +3 +4 ~5 +6 +7 +8 -9 -10 +11 +12 +13"),
    ("c8.xml", CoverageFormat::Cobertura, "lib/shop.js", "+1 +2 +3 +4 ~5 +6 +7 +8 -9 -10 +11 +12 +13"),
    ("c8-clover.xml", CoverageFormat::Clover, "lib/shop.js", "+1 +2 +3 +4 ~5 +6 +7 +8 -9 -10 +11 +12 +13"),
    ("nyc.json", CoverageFormat::Istanbul, "lib/shop.js", "+2 +3 ~5 +8 -9 -10 +13"),
    ("nyc-clover.xml", CoverageFormat::Clover, "lib/shop.js", "+2 +3 ~5 +8 -9 -10 +13"),
    ("go.out", CoverageFormat::Go, "cart/cart.go", GO),
    ("simplecov.json", CoverageFormat::Simplecov, "shop.rb", "+1 +2 +3 +4 -6 +9 -10 -11"),
    ("jacoco.xml", CoverageFormat::Jacoco, "src/main/java/org/example/Shop.java", "+3 +5 +6 ~8 -12"),
    ("llvm-cov.json", CoverageFormat::LlvmCov, "shop.rs", RUST),
    ("llvm-cov.info", CoverageFormat::Lcov, "shop.rs", RUST),
];

const PYTHON: &str = "+4 +6 +7 ~8 -9 +10 +13 -14 -15 +18 +19 ~21 +23 -24 -25 -26";
const RUST: &str = "+1 +2 +3 -4 -5 +6 -8 -9 -10 +12 +13 +14 -15 +16 +17";
const GO: &str = "+4 +5 +6 +7 -8 -9 -10 -13 -17 -18 -19 -20 -21";

fn recorded(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/coverage").join(name);
    std::fs::read(path).expect(name)
}

/// What a report tells of these changed files; `there` are other files of the repository.
pub(crate) fn told(
    format: CoverageFormat,
    mut bytes: &[u8],
    changed: &[&str],
    there: &[&str],
) -> Result<Report, String> {
    let changed: BTreeSet<RepoPath> = changed.iter().map(|&path| RepoPath::from(path)).collect();
    let is_there = |path: &RepoPath| there.iter().any(|there| there.as_bytes() == path.as_bytes());
    let site = Site { top: Path::new(TOP), folder: &RepoPath::from(""), is_there: &is_there };
    let mut gathered = Gathered::new(&changed, site);
    read(format, &mut bytes, &mut gathered)?;
    Ok(gathered.end())
}

/// The files with their lines.
pub(crate) fn shown(report: &Report) -> Vec<String> {
    let line = |(line, ran): (&u32, &Ran)| match ran {
        Ran::Covered => format!("+{line}"),
        Ran::Partly => format!("~{line}"),
        Ran::Not => format!("-{line}"),
    };
    let file = |(path, told): (&RepoPath, &crate::check::coverage::gathered::Told)| {
        format!("{path} {}", told.lines.iter().map(line).collect::<Vec<_>>().join(" "))
    };
    report.files.iter().map(file).collect()
}

#[test]
fn what_tools_write_is_read() {
    for (name, format, path, expected) in RECORDED {
        let report = told(format, &recorded(name), &[path], &[]).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(shown(&report), [format!("{path} {expected}")], "{name}");
    }
}

/// A report that ends too early is never one that tells less.
#[test]
fn what_is_broken_off_is_told() {
    for (name, format, path, _) in RECORDED {
        let bytes = recorded(name);
        let bytes = bytes.trim_ascii_end();
        let n_whole = shown(&told(format, bytes, &[path], &[]).unwrap_or_default());
        for cut in (0..bytes.len()).step_by(1 + bytes.len() / 300) {
            let Ok(report) = told(format, &bytes[..cut], &[path], &[]) else { continue };
            // A record of lcov and a line of Go that are whole look like the last.
            let is_of_records = matches!(format, CoverageFormat::Lcov | CoverageFormat::Go);
            assert!(is_of_records || shown(&report) == n_whole, "{name} cut at {cut}: {report:?}");
        }
    }
}

#[test]
fn another_format_is_refused() {
    for (name, format, path, _) in RECORDED {
        for (_, other) in CoverageFormat::NAMES {
            let refused = told(other, &recorded(name), &[path], &[]).is_err();
            assert_eq!(refused, other != format, "{name} as {}", other.name());
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_no_danger(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for (_, format) in CoverageFormat::NAMES {
            let _ = told(format, &bytes, &["shop.py"], &[]);
        }
    }

    #[test]
    fn damage_is_no_danger(which in 0..RECORDED.len(), at in any::<prop::sample::Index>(), byte in any::<u8>(), n_gone in 0_usize..20) {
        let (name, format, path, _) = RECORDED[which];
        let mut bytes = recorded(name);
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + n_gone);
        bytes.splice(at..end, [byte]);
        let _ = told(format, &bytes, &[path], &[]);
    }
}
