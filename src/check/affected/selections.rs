//! What is selected in small repositories, and what holds of every selection.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{Strategy, prop_assert, proptest};

use crate::check::affected::{Fate, Suite, Tests, Touched, runner, select};
use crate::config::patterns::Patterns;
use crate::model::path::RepoPath;

/// Files written one after the other, each after a line `== path`.
fn tree(text: &str) -> BTreeMap<RepoPath, String> {
    let files = text.split("== ").filter_map(|file| file.trim_start().split_once('\n').or(Some((file.trim(), ""))));
    files
        .filter(|(path, _)| !path.is_empty())
        .map(|(path, text)| (RepoPath::from(path.trim()), text.to_owned()))
        .collect()
}

fn touched(paths: &str) -> Vec<Touched> {
    let paths = paths.split_whitespace().map(|path| match path.strip_prefix('-') {
        Some(path) => Touched { path: RepoPath::from(path), fate: Fate::Gone },
        None => Touched { path: RepoPath::from(path), fate: Fate::There },
    });
    paths.collect()
}

fn selected(placeholder: &str, folder: &str, files: &BTreeMap<RepoPath, String>, changed: &str) -> Tests {
    let tests = Patterns::default();
    let suite = Suite { runner: runner::of(placeholder).unwrap(), folder, tests: &tests, is_for: &|_| true };
    let paths: BTreeSet<RepoPath> = files.keys().cloned().collect();
    select(&suite, &paths, &touched(changed), &|path| files.get(path).cloned())
}

/// The names of what runs with spaces between them, or `all: why`.
#[track_caller]
fn check_in(placeholder: &str, folder: &str, files: &str, cases: &[(&str, &str)]) {
    let files = tree(files);
    for (changed, expected) in cases {
        let said = match selected(placeholder, folder, &files, changed) {
            Tests::All(why) => format!("all: {why}"),
            Tests::Some { names, .. } => names.into_iter().collect::<Vec<_>>().join(" "),
        };
        match expected.strip_prefix("all: ") {
            Some(why) => assert!(said.starts_with("all: ") && said.contains(why), "{changed}: {said}"),
            None => assert_eq!(&said, expected, "{changed}"),
        }
    }
}

#[track_caller]
fn check(placeholder: &str, files: &str, cases: &[(&str, &str)]) {
    check_in(placeholder, "", files, cases);
}

const PYTHON: &str = "\
== pyproject.toml\n[project]\nname = 'p'\n[tool.x]\nversion-file = 'src/p/_version.py'\n
== README.md\nRead me.
== docs/guide.md\nA guide.
== src/p/__init__.py\nfrom ._version import version\n
== src/p/a.py\nimport json, os.path as path\n
== src/p/b.py\nfrom . import a  # (first)\nfrom .sub import (\n    c,  # last)\n    other,\n)\n
== src/p/sub/__init__.py\n
== src/p/sub/c.py\nfrom ..d import *\n
== src/p/d.py\n
== src/p/json.py\n
== src/p/alone.py\n
== tests/conftest.py\nfrom helper import x\n
== tests/helper.py\n
== tests/test_a.py\nimport p.a\n
== tests/test_b.py\nfrom p.b import thing\n
== tests/deep/conftest.py\n
== tests/deep/test_mock.py\ndef test(mocker): mocker.patch('p.a.thing')\n
== tests/test_none.py\nimport requests.sessions\n";

#[test]
fn python_is_followed_from_module_to_module() {
    check(
        "{python-tests}",
        PYTHON,
        &[
            ("src/p/a.py", "tests/deep/test_mock.py tests/test_a.py tests/test_b.py"),
            ("src/p/b.py", "tests/test_b.py"),
            ("src/p/d.py", "tests/test_b.py"),
            ("src/p/sub/__init__.py", "tests/test_b.py"),
            // A package runs before its modules.
            ("src/p/__init__.py", "tests/deep/test_mock.py tests/test_a.py tests/test_b.py"),
            ("tests/test_a.py", "tests/test_a.py"),
            ("tests/test_a.py src/p/sub/c.py", "tests/test_a.py tests/test_b.py"),
            // Before a test run its folder's and those above.
            ("tests/deep/conftest.py", "tests/deep/test_mock.py"),
            ("tests/helper.py", "tests/deep/test_mock.py tests/test_a.py tests/test_b.py tests/test_none.py"),
            ("README.md", ""),
            ("docs/guide.md", ""),
            ("src/p/alone.py", "all: no test imports src/p/alone.py"),
            ("src/p/json.py", "all: no test imports"),
            ("pyproject.toml", "all: pyproject.toml says how things are built"),
            ("uv.lock src/p/b.py", "all: uv.lock"),
            ("-src/p/old.py src/p/b.py", "all: src/p/old.py is gone"),
            ("tests/data.json", "all: tests/data.json is no source of Python"),
        ],
    );
}

#[test]
fn what_python_does_that_imports_do_not_show_is_a_reason_for_more() {
    let with = |more: &str| format!("{PYTHON}{more}");
    let check =
        |more: &str, changed: &str, expected: &str| check("{python-tests}", &with(more), &[(changed, expected)]);
    // What is loaded by a name that only the run knows.
    check("== tests/test_dyn.py\nimportlib.import_module(name)\n", "src/p/b.py", "tests/test_b.py tests/test_dyn.py");
    check("== tests/test_dyn.py\nimportlib.import_module('p.b')\n", "src/p/d.py", "tests/test_b.py tests/test_dyn.py");
    check("== tests/test_rel.py\nimport_module('.d', 'p')\n", "src/p/d.py", "tests/test_b.py tests/test_rel.py");
    check("== tests/test_run.py\nimport subprocess\n", "src/p/b.py", "tests/test_b.py tests/test_run.py");
    check("== tests/test_gone.py\nfrom p.gone import x\n", "src/p/b.py", "tests/test_b.py tests/test_gone.py");
    check("== tests/test_star.py\nfrom p.sub import *\n", "src/p/sub/c.py", "tests/test_b.py tests/test_star.py");
    check("== tests/test_text.py\nexec('import p.d')\n", "src/p/d.py", "tests/test_b.py tests/test_text.py");
    check("== tests/test_file.py\nrun('src/p/d.py')\n", "src/p/d.py", "tests/test_b.py tests/test_file.py");
    check("== tests/test_long.py\nimport os, \\\n  p.d\n", "src/p/d.py", "tests/test_b.py tests/test_long.py");
    check("== pytest.ini\n[pytest]\npython_files = check_*.py\n", "src/p/b.py", "all: say them with `tests`");
    check("== tox.ini\ncommands = pytest --doctest-modules\n", "src/p/b.py", "all: lets doctests run");
    check("== pytest.ini\n[pytest]\naddopts = -p p.d\n", "src/p/b.py", "all: names the plugin `p.d`");
    check("== pytest.ini\n[pytest]\naddopts = -p no:cacheprovider\n", "src/p/b.py", "tests/test_b.py");
    check("== pytest.ini\n[pytest]\ntestpaths = tests/deep\n", "src/p/a.py", "tests/deep/test_mock.py");
    check(
        "== src/p/x.py\n== src/p/e.py\nfrom p import x as b\n== tests/test_e.py\nimport p.e\n",
        "src/p/x.py",
        "tests/test_e.py",
    );
    // A source that names the guide may well read it.
    check("== src/p/f.py\nopen('guide.md')\n", "docs/guide.md", "all: docs/guide.md");
}

#[test]
fn a_suite_in_a_folder_names_its_tests_from_there() {
    let files = "== api/p/a.py\n== api/tests/test_a.py\nimport p.a\n== web/test_w.py\nimport p.a\n";
    check_in("{python-tests}", "api", files, &[("api/p/a.py", "tests/test_a.py")]);
}

const JAVASCRIPT: &str = "\
== package.json\n{ \"name\": \"root\", \"devDependencies\": { \"vitest\": \"1\" }, \"imports\": { \"#up\": \"./src/up.ts\" } }
== tsconfig.json\n{ // short names\n \"compilerOptions\": { \"paths\": { \"@/*\": [\"./src/*\"] }, } }
== vitest.config.ts\nexport default { test: { setupFiles: './test/setup.ts' } }
== test/setup.ts\n
== src/a.ts\nimport { x } from './b.js';\nexport * from \"./dir\";
== src/b.ts\n
== src/dir/index.ts\nimport fs from 'node:fs';\nconst c = require('../c');
== src/c.cjs\n
== src/up.ts\n
== src/view.vue\n<script>import d from '@/d'</script>
== src/d.ts\n
== packages/lib/package.json\n{ \"name\": \"@me/lib\" }
== packages/lib/src/deep.ts\n
== test/a.test.ts\nimport { test } from 'vitest';\nimport { x } from '../src/a';
== test/alias.spec.tsx\nimport x from '@/view.vue';\nimport y from '#up';
== test/lazy.test.ts\nconst x = await import(/* chunk: 'x' */ '../src/d');
== test/lib.test.js\nimport { deep } from '@me/lib/deep';
== test/mock.test.ts\nvi.mock('../src/b');\n";

#[test]
fn javascript_is_followed_through_paths_packages_and_short_names() {
    let all = "test/a.test.ts test/alias.spec.tsx test/lazy.test.ts test/lib.test.js test/mock.test.ts";
    check(
        "{javascript-tests}",
        JAVASCRIPT,
        &[
            ("src/b.ts", "test/a.test.ts test/mock.test.ts"),
            ("src/c.cjs", "test/a.test.ts"),
            ("src/d.ts", "test/alias.spec.tsx test/lazy.test.ts"),
            ("src/up.ts", "test/alias.spec.tsx"),
            ("packages/lib/src/deep.ts", "test/lib.test.js"),
            ("test/setup.ts", all),
            ("test/__snapshots__/a.snap", "all: no source of JavaScript"),
            ("pnpm-lock.yaml", "all: says how things are built"),
            ("src/__mocks__/b.ts", "all: is in __mocks__"),
        ],
    );
}

#[test]
fn what_javascript_does_that_imports_do_not_show_is_a_reason_for_more() {
    let check = |more: &str, changed: &str, expected: &str| {
        check("{jest-tests}", &format!("{JAVASCRIPT}{more}"), &[(changed, expected)])
    };
    let usual = "test/a.test.ts test/mock.test.ts";
    check("== test/z.test.ts\nawait import(name)\n", "src/b.ts", &format!("{usual} test/z.test.ts"));
    check("== test/z.test.ts\nrequire(`./${name}`)\n", "src/b.ts", &format!("{usual} test/z.test.ts"));
    check("== test/z.test.ts\nimport.meta.glob('./*.ts')\n", "src/b.ts", &format!("{usual} test/z.test.ts"));
    check("== test/z.test.ts\nimport x from 'unknown-package'\n", "src/b.ts", &format!("{usual} test/z.test.ts"));
    check("== test/z.test.ts\nimport { exec } from 'child_process'\n", "src/b.ts", &format!("{usual} test/z.test.ts"));
    check("== test/z.test.ts\nimport cp from 'vitest/config'\n", "src/b.ts", usual);
    check("== jest.config.js\nmodule.exports = { testMatch: [] }\n", "src/b.ts", "all: say them with `tests`");
}

const GO: &str = "\
== go.mod\nmodule example.org/m // it\n
== a/a.go\npackage a\nimport \"fmt\"\n
== a/a_test.go\npackage a\nimport \"example.org/m/testing\"\n
== a/extra_test.go\npackage a_test\n
== b/b.go\npackage b\nimport (\n\tx \"example.org/m/a\"\n)\n
== b/b_test.go\npackage b\n
== c/c_test.go\npackage c\nimport _ `example.org/m/b`\n
== testing/t.go\npackage testing\n
== cmd/tool/main.go\npackage main\n
== root_test.go\npackage m\n
== sub/go.mod\nmodule example.org/m/sub\n
== sub/s.go\npackage sub\n
== sub/s_test.go\npackage sub\nimport \"example.org/m/b\"\n";

#[test]
fn go_is_followed_from_package_to_package() {
    check(
        "{go-tests}",
        GO,
        &[
            ("a/a.go", "./a ./b ./c ./sub"),
            ("b/b.go", "./b ./c ./sub"),
            ("a/a_test.go", "./a"),
            ("testing/t.go", "./a"),
            ("root_test.go", "."),
            // Nobody imports it, and in Go that is certain.
            ("cmd/tool/main.go", ""),
            ("a/testdata/x.json", "all: a/testdata/x.json"),
            ("go.sum a/a.go", "all: go.sum"),
        ],
    );
    check("{go-tests}", &format!("{GO}== d/d_test.go\nimport \"os/exec\"\n"), &[("cmd/tool/main.go", "./d")]);
    check("{go-tests}", &format!("{GO}== d/d_test.go\nimport \"example.org/m/made\"\n"), &[("b/b_test.go", "./b ./d")]);
    check("{go-tests}", "== a/a.go\n== a/a_test.go\n", &[("a/a.go", "all: there is no go.mod")]);
}

const RUST: &str = "\
== Cargo.toml\n[workspace]\nmembers = ['a', 'b', 'c']\n[workspace.dependencies]\naa = { package = 'a', path = 'a' }\n[package]\nname = 'top'\n
== src/lib.rs\nmod x;\n
== src/x.rs\n
== a/Cargo.toml\n[package]\nname = 'a'\n
== a/src/lib.rs\n
== a/tests/one.rs\nmod shared;\n
== a/tests/two/main.rs\nmod part;\n
== a/tests/two/part.rs\n
== a/tests/shared/mod.rs\n
== a/tests/lost.txt.rs.d/odd.rs\n
== b/Cargo.toml\n[package]\nname = 'b'\n[target.'cfg(unix)'.dev-dependencies]\nother = { path = '../a', package = 'a' }\n
== b/src/main.rs\n#[path = \"../../joint/s.rs\"]\nmod s;\n
== c/Cargo.toml\n[package]\nname = 'c'\n[dependencies]\naa = { workspace = true }\n
== c/src/lib.rs\n
== joint/s.rs\n
== c/tests/it.rs\n";

#[test]
fn rust_is_followed_from_package_to_package_and_to_integration_tests() {
    check(
        "{nextest-tests}",
        RUST,
        &[
            ("src/x.rs", "top"),
            ("a/src/lib.rs", "a a::one a::two b c c::it"),
            ("a/tests/two/part.rs", "a::two"),
            ("a/tests/shared/mod.rs", "a::one"),
            ("c/tests/it.rs", "c::it"),
            ("joint/s.rs", "b top"),
            // No target seems to have it: all of its package may.
            ("a/tests/lost.txt.rs.d/odd.rs", "a a::one a::two b c c::it"),
            ("a/Cargo.toml", "all: a/Cargo.toml"),
            ("a/tests/data.txt", "all: a/tests/data.txt"),
        ],
    );
}

const JAVA: &str = "\
== pom.xml
== src/main/java/a/One.java\npackage a;\npublic class One { Two two; }
== src/main/java/a/Two.java\npackage a;\nclass Two {} class Hidden {}
== src/main/java/b/Three.java\npackage b;\nimport a.*;\nclass Three { One one; }
== src/main/kotlin/b/Four.kt\npackage b\nfun four(x: Three) = x
== src/main/java/b/Alone.java\npackage b;
== src/test/java/a/OneTest.java\npackage a;\nclass OneTest { One one; }
== src/test/java/a/HiddenTest.java\npackage a;\nclass HiddenTest { Hidden x; }
== src/test/java/b/FourTest.java\npackage b;\nclass FourTest { void t() { four(null); } }
== src/test/java/b/Base.java\npackage b;\nclass Base {}
== src/main/java/c/List.java\npackage c;\n/** A class of nodes. */ class List { class Node {} }
== src/main/java/c/Tree.java\npackage c;\n/** See List. */ class Tree { class Node {} }
== src/test/java/c/ListTest.java\npackage c;\nclass ListTest { List list; List.Node node; }
== src/test/java/c/TreeTest.java\npackage c;\nclass TreeTest { Tree tree; }\n";

#[test]
fn java_is_followed_by_the_names_of_classes() {
    check(
        "{maven-tests}",
        JAVA,
        &[
            ("src/main/java/a/One.java", "a.OneTest b.FourTest"),
            ("src/main/java/a/Two.java", "a.HiddenTest a.OneTest b.FourTest"),
            ("src/main/java/b/Three.java", "b.FourTest"),
            ("src/test/java/a/OneTest.java", "a.OneTest"),
            ("src/main/java/b/Alone.java", "all: no test imports"),
            // What is declared within classes has its own name in each, and comments need nothing.
            ("src/main/java/c/List.java", "c.ListTest"),
            ("src/main/java/c/Tree.java", "c.TreeTest"),
            ("src/main/resources/x.xml", "all: is no source of Java"),
            ("pom.xml", "all: pom.xml"),
        ],
    );
    let wild = "== src/test/java/b/WildTest.java\npackage b;\nclass WildTest { { Class.forName(\"a.\" + x); } }\n";
    check("{gradle-tests}", &format!("{JAVA}{wild}"), &[("src/main/java/b/Three.java", "b.FourTest b.WildTest")]);
}

/// A repository of ten modules and tests in Python with these imports, each from the file of the first number.
fn modules(imports: &[(usize, usize)]) -> BTreeMap<RepoPath, String> {
    let name = |n: usize| if n < 5 { format!("m{n}") } else { format!("test_{n}") };
    let text =
        |n| imports.iter().filter(|(from, _)| *from == n).map(|(_, to)| format!("import {}\n", name(*to))).collect();
    (0..10).map(|n| (RepoPath::from(format!("{}.py", name(n)).as_str()), text(n))).collect()
}

fn pairs() -> impl Strategy<Value = Vec<(usize, usize)>> {
    proptest::collection::vec((0..10_usize, 0..10_usize), 0..20)
}

proptest! {
    /// More imports select more tests: of a file that some test imports, never fewer.
    #[test]
    fn an_import_more_never_selects_a_test_less(imports in pairs(), more in pairs(), changed in 0..5_usize) {
        let changed = format!("m{changed}.py");
        let few = selected("{python-tests}", "", &modules(&imports), &changed);
        let many = selected("{python-tests}", "", &modules(&[imports, more].concat()), &changed);
        match (few, many) {
            // What no test imports runs all, and an import that shows who needs it may well do with fewer.
            (Tests::All(_), _) | (_, Tests::All(_)) => {}
            (Tests::Some { names: few, .. }, Tests::Some { names: many, .. }) => prop_assert!(few.is_subset(&many)),
        }
    }
}

proptest! {
    /// No text of a file is a danger.
    #[test]
    fn any_text_is_no_danger(text in "[\\PC\\n\"'`(){}./ ]{0,200}", placeholder in 0..8_usize) {
        let placeholder = crate::config::select::PLACEHOLDERS[placeholder];
        let names = ["a.py", "test_a.py", "a.test.ts", "tsconfig.json", "package.json", "go.mod", "a_test.go", "Cargo.toml", "a.rs", "src/test/ATest.java"];
        let files = names.iter().map(|name| (RepoPath::from(*name), text.clone())).collect();
        selected(placeholder, "", &files, "a.py test_a.py a.test.ts a_test.go a.rs src/test/ATest.java");
    }
}
