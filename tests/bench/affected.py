"""Whether the tests that are selected are those that fail: mutates real projects, runs all their tests, and compares.

    affected.py TOLLGATE --kind python|go|vitest|nextest|junit --project CLONE [--python PYTHON] [--mutants N] [--seed S]
                [--tests FOLDER] [--source FOLDER] [--drop PATH] [--keys KEYS] [--jars FOLDER] [--results FILE]

One mutant changes one operator or constant of one source file. A mutant counts if tests fail with it that pass without
it, and fail in three more runs as well; in Rust and Java one that does not compile doesn't. Of each it is told which of
its failing tests `select = "affected"` would have run. The last line sums up; `--results` appends each mutant as a line
of JSON. `junit` compiles and runs by itself, with the libraries of `--jars` (JUnit's console launcher among them).
"""

import argparse
import ast
import json
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

RERUNS = 3


def run(command, folder, timeout=None):
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=timeout, env=environment
        )
    except subprocess.TimeoutExpired:
        return None


class Python:
    suite = '["pytest", "{python-tests}"]'
    suffixes = (".py",)

    def __init__(self, options):
        self.python, self.tests = options.python, options.tests

    def is_test(self, path):
        name = pathlib.PurePath(path).name
        return path.split("/")[0] in ("tests", "test", "docs") or name.startswith("test_") or name == "conftest.py"

    def failing(self, folder, files, timeout):
        """The failing tests as (file, name), or None if the run did not end."""
        report = pathlib.Path(folder, ".junit.xml")
        report.unlink(missing_ok=True)
        done = run(
            [self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "junit_family=xunit1",
             f"--junitxml={report.name}", *(files or [self.tests])],
            folder, timeout,
        )
        if done is None or not report.exists():
            return None
        failing = set()
        for case in ElementTree.parse(report).iter("testcase"):
            if case.find("failure") is None and case.find("error") is None:
                continue
            # A module that can't be imported has its dotted name and nothing else.
            file = case.get("file") or (case.get("classname") or case.get("name")).replace(".", "/") + ".py"
            failing.add((file, f"{case.get('classname')}::{case.get('name')}"))
        report.unlink()
        return failing

    def runs(self, file, words):
        return file in words

    def sites(self, text):
        """Places with what may stand there instead: (start, end, replacement)."""
        lines, starts = text.split("\n"), [0]
        for line in lines:
            starts.append(starts[-1] + len(line.encode()) + 1)
        swaps = {ast.Lt: ">=", ast.Gt: "<=", ast.LtE: ">", ast.GtE: "<", ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in",
                 ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is", ast.Add: "-", ast.Sub: "+", ast.Mult: "+",
                 ast.And: "or", ast.Or: "and"}
        at = lambda node, end=False: starts[(node.end_lineno if end else node.lineno) - 1] + (
            node.end_col_offset if end else node.col_offset)
        sites = []
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in swaps:
                sites.append((at(node.left, True), at(node.comparators[0]), f" {swaps[type(node.ops[0])]} "))
            elif isinstance(node, ast.BinOp) and type(node.op) in swaps:
                sites.append((at(node.left, True), at(node.right), f" {swaps[type(node.op)]} "))
            elif isinstance(node, ast.BoolOp):
                sites.append((at(node.values[0], True), at(node.values[1]), f" {swaps[type(node.op)]} "))
            elif isinstance(node, ast.Return) and node.value is not None:
                sites.append((at(node.value), at(node.value, True), "None"))
            elif isinstance(node, ast.Constant) and type(node.value) in (bool, int):
                instead = str(not node.value) if type(node.value) is bool else str(node.value + 1)
                sites.append((at(node), at(node, True), instead))
        # What is between two operands must be the operator alone: a parenthesis there belongs to one of them.
        code = text.encode()
        return [site for site in sites if not re.search(rb"[()\n#]", code[site[0]:site[1]]) or site[2] in ("None",)]


class Tokens:
    """Mutants of languages that are not parsed here: an operator or constant in a line of code."""

    swaps = {"==": "!=", "!=": "==", "===": "!==", "!==": "===", "<": ">=", ">": "<=", "<=": ">", ">=": "<", "&&": "||",
             "||": "&&", "+": "-", "-": "+", "true": "false", "false": "true", "0": "1", "1": "0"}
    token = re.compile(r"(?<=[ (!])(===|!==|==|!=|<=|>=|&&|\|\||[<>+-]|true|false|0|1)(?=[ );,]|$)")

    def sites(self, text):
        sites, offset = [], 0
        for line in text.split("\n"):
            code = line.split("//")[0]
            if not code.lstrip().startswith(("*", "/*", "import", "package", "`")) and '"' not in code:
                for found in self.token.finditer(code):
                    start = offset + len(line[: found.start()].encode())
                    sites.append((start, start + len(found[0]), self.swaps[found[0]]))
            offset += len(line.encode()) + 1
        return sites

    def runs(self, file, words):
        return file in words


class Go(Tokens):
    suite = '["go", "test", "{go-tests}"]'
    suffixes = (".go",)

    def __init__(self, options):
        pass

    def is_test(self, path):
        return path.endswith("_test.go") or path.startswith(("examples/", "testutils/"))

    def failing(self, folder, files, timeout):
        done = run(["go", "test", "-json", *(files or ["./..."])], folder, timeout)
        if done is None:
            return None
        module = run(["go", "list", "-m"], folder).stdout.strip()
        failing, named = set(), set()
        for line in done.stdout.splitlines():
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("Action") == "fail":
                place = "." + event["Package"].removeprefix(module)
                if "Test" in event:
                    named.add(place)
                failing.add((place, event.get("Test", "")))
        # The package fails along with its tests; it stands alone if it does not compile.
        for line in done.stdout.splitlines() + done.stderr.splitlines():
            if match := re.match(r"FAIL\s+(\S+) \[(?:build|setup) failed\]", line):
                failing.add(("." + match[1].removeprefix(module), ""))
        return {(place, test) for place, test in failing if test or place not in named}

class Vitest(Tokens):
    suite = '["vitest", "run", "{javascript-tests}"]'
    suffixes = (".ts", ".js", ".mts", ".mjs", ".tsx")

    def __init__(self, options):
        self.tests = options.tests

    def is_test(self, path):
        return bool(re.search(r"(^|/)(tests?|__tests__)/|[.-](test|spec|bench|test-d)\.|\.d\.ts$|\.config\.", path))

    def failing(self, folder, files, timeout):
        report = pathlib.Path(folder, ".vitest.json")
        report.unlink(missing_ok=True)
        done = run(["npx", "vitest", "run", "--no-isolate", "--pool=threads", "--reporter=json", f"--outputFile={report.name}", *(files or [])], folder, timeout)
        if done is None or not report.exists():
            return None
        failing = set()
        for suite in json.loads(report.read_text())["testResults"]:
            file = os.path.relpath(suite["name"], folder)
            tests = [test["fullName"] for test in suite["assertionResults"] if test["status"] == "failed"]
            if suite["status"] == "failed" and not tests:
                tests = [""]
            failing.update((file, test) for test in tests)
        report.unlink()
        return failing

class Nextest(Tokens):
    """Of a failing test the file is the binary that it is in: `package`, `package::bin/name`, `package::target`."""

    suite = '["cargo", "nextest", "run", "{nextest-tests}"]'
    suffixes = (".rs",)

    def __init__(self, options):
        pass

    def is_test(self, path):
        return bool(re.search(r"(^|/)(tests?|benches|examples|fuzz)(/|\.rs$)|(^|/)build\.rs$", path))

    def sites(self, text):
        # What is below is most often tests of the file itself.
        return super().sites(text.split("#[cfg(test)]")[0])

    def failing(self, folder, files, timeout):
        which = ["-E", " + ".join(f"binary_id(={file})" for file in files)] if files else []
        os.environ["NEXTEST_EXPERIMENTAL_LIBTEST_JSON"] = "1"
        done = run(["cargo", "nextest", "run", "--workspace", "--no-fail-fast", "--message-format=libtest-json-plus",
                    *which], folder, timeout)
        if done is None or done.returncode not in (0, 100):
            return None
        failing = set()
        for line in done.stdout.splitlines():
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("type") == "test" and event["event"] == "failed":
                file, _, name = event["name"].partition("$")
                # The library of a package is told as `package::package`.
                package, _, target = file.partition("::")
                failing.add((package if target.replace("-", "_") == package.replace("-", "_") else file, name))
        return failing

    def runs(self, file, words):
        wanted = {f"binary_id(={file})", f"package(={file.split('::')[0]})"}
        return any(wanted & set(word.split(" + ")) for word in words)


class JUnit(Tokens):
    """Of a failing test the file is its class."""

    suite = '["gradle", "test", "{gradle-tests}"]'
    suffixes = (".java",)

    def __init__(self, options):
        self.jars = [str(jar) for jar in pathlib.Path(options.jars).glob("*.jar")]

    def is_test(self, path):
        return "/test/" in path or path.endswith(("package-info.java", "module-info.java"))

    def failing(self, folder, files, timeout):
        out, reports = pathlib.Path(folder, ".classes"), pathlib.Path(folder, ".reports")
        for there in (out, reports):
            shutil.rmtree(there, ignore_errors=True)
        sources = [str(file) for part in ("main", "test") for file in pathlib.Path(folder).glob(f"**/src/{part}/java/**/*.java")
                   if file.name != "module-info.java"]
        done = run(["javac", "-proc:none", "-nowarn", "-encoding", "UTF-8", "-d", str(out), "-cp", ":".join(self.jars),
                    *sources], folder, timeout)
        if done is None or done.returncode != 0:
            return None
        which = [word for file in files or () for word in ("-c", file)] or [f"--scan-classpath={out}"]
        places = [str(path) for path in pathlib.Path(folder).glob("**/src/*/resources")]
        command = ["java", "-cp", ":".join([str(out), *places, *self.jars]), "org.junit.platform.console.ConsoleLauncher",
                   "--details=none", "--disable-banner", f"--reports-dir={reports}", *which]
        if run(command, folder, timeout) is None or not reports.exists():
            return None
        failing = set()
        for report in reports.glob("*.xml"):
            for case in ElementTree.parse(report).iter("testcase"):
                if case.find("failure") is not None or case.find("error") is not None:
                    failing.add((case.get("classname").split("$")[0], case.get("name")))
        return failing


KINDS = {"python": Python, "go": Go, "vitest": Vitest, "nextest": Nextest, "junit": JUnit}


def prepared(options, kind, folder):
    """A copy of the project with a policy, trusted."""
    subprocess.run(["git", "clone", "-q", options.project, folder], check=True)
    for name in ("node_modules",):
        if (there := pathlib.Path(options.project, name)).exists():
            os.symlink(there, pathlib.Path(folder, name))
    for name in options.drop:
        there = pathlib.Path(folder, name)
        shutil.rmtree(there) if there.is_dir() else there.unlink()
    policy = f'[checks.unit]\nrun = {kind.suite}\nselect = "affected"\noutput = "junit"\n{options.keys}\n'
    pathlib.Path(folder, "tollgate.toml").write_text(policy)
    with open(pathlib.Path(folder, ".git/info/exclude"), "a") as exclude:
        exclude.write("node_modules\n.classes\n.reports\ntarget\n.junit.xml\n.vitest.json\n__pycache__\n*.egg-info\n")
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "core.hooksPath=/dev/null"]
    subprocess.run([*git, "add", "-A"], cwd=folder, check=True)
    subprocess.run([*git, "commit", "-qm", "policy"], cwd=folder, check=True)
    subprocess.run([options.tollgate, "install"], cwd=folder, check=True, capture_output=True)


def selected(options, folder):
    """The tests that would run, or None for all, and how that is told."""
    started = time.monotonic()
    done = run([options.tollgate, "check", "--worktree", "--only", "unit", "--stage", "manual", "--plan", "--format", "json"], folder)
    seconds = time.monotonic() - started
    plan = json.loads(done.stdout)
    if not plan["checks"]:
        return set(), str(plan["left_out"]), seconds
    told = plan["checks"][0]["tests"]
    words = set(plan["checks"][0]["commands"][0][1:])
    return (None if told.startswith("all tests run") else words), told, seconds


def mutants(kind, folder, source, seed):
    """Mutated files without end: (path, text before, text after, what was done)."""
    listed = subprocess.run(["git", "ls-files", "-z", "--", source], cwd=folder, check=True, capture_output=True, text=True)
    chance, files, known = random.Random(seed), [], set()
    for path in listed.stdout.split("\0"):
        if path.endswith(kind.suffixes) and not kind.is_test(path):
            text = pathlib.Path(folder, path).read_text()
            if sites := kind.sites(text):
                files.append((path, text, sites))
    while True:
        path, text, sites = chance.choice(files)
        start, end, instead = chance.choice(sites)
        code = text.encode()
        line = code[:start].count(b"\n") + 1
        if (path, start, instead) in known:
            continue
        known.add((path, start, instead))
        yield path, code, code[:start] + instead.encode() + code[end:], f"{path}:{line}: `{code[start:end].decode()}` to `{instead}`"


def confirmed(kind, folder, known, timeout):
    """The tests that fail in every one of several runs, beside those that always do; None if a run did not end."""
    failing = kind.failing(folder, None, timeout)
    if not failing or not (failing := failing - known):
        return failing
    for _ in range(RERUNS):
        again = kind.failing(folder, sorted({file for file, _ in failing}), timeout)
        failing = failing & again if again is not None else set()
    return failing


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tollgate")
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--project", required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--mutants", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", default="tests")
    parser.add_argument("--source", default=".")
    parser.add_argument("--drop", action="append", default=[])
    parser.add_argument("--keys", default="", help="more keys of the check")
    parser.add_argument("--jars")
    parser.add_argument("--results")
    options = parser.parse_args()
    options.tollgate = os.path.abspath(options.tollgate)
    kind = KINDS[options.kind](options)
    folder = os.path.join(tempfile.mkdtemp(prefix="affected-"), "project")
    prepared(options, kind, folder)
    started = time.monotonic()
    known = kind.failing(folder, None, 900)
    if known is None:
        sys.exit("the tests do not run")
    timeout = 30 + 5 * (time.monotonic() - started)
    name = os.path.basename(options.project.rstrip("/"))
    print(f"{name}: {len(known)} tests fail unchanged, {time.monotonic() - started:.0f} s", flush=True)
    results = []
    for path, before, after, what in mutants(kind, folder, options.source, options.seed):
        if len(results) == options.mutants:
            break
        file = pathlib.Path(folder, path)
        file.write_bytes(after)
        try:
            failing = confirmed(kind, folder, known, timeout)
            if not failing:
                continue
            chosen, told, seconds = selected(options, folder)
        finally:
            file.write_bytes(before)
        missed = sorted(f"{file} {test}" for file, test in failing if chosen is not None and not kind.runs(file, chosen))
        found = re.match(r"(\d+) of (\d+)", told)
        share = int(found[1]) / int(found[2]) if found else 1.0
        results.append({"project": name, "mutant": what, "failing": len(failing), "missed": missed, "told": told,
                        "share": share, "seconds": seconds})
        print(f"{what}: {len(failing)} fail, {len(missed)} not selected; {told}", flush=True)
        if options.results:
            with open(options.results, "a") as out:
                out.write(json.dumps(results[-1]) + "\n")
    shutil.rmtree(os.path.dirname(folder))
    n_failing = sum(result["failing"] for result in results)
    n_missed = sum(len(result["missed"]) for result in results)
    n_lost = sum(len(result["missed"]) == result["failing"] for result in results)
    print(f"{name}: {len(results)} mutants, {n_lost} lost; {n_failing} failing tests, {n_missed} not selected; "
          f"run: median {statistics.median(result['share'] for result in results):.0%} of the test files, all for "
          f"{sum(result['told'].startswith('all') for result in results)}; plan "
          f"{statistics.median(result['seconds'] for result in results):.2f} s")


if __name__ == "__main__":
    main()
