#!/usr/bin/env python3
"""Measures tollgate against git and against another hook manager: whole processes with their children, CPU time
(user + system), in pairs within one run, so that the machine's mood hits both alike.

    tests/bench/bench.py commit  --tollgate target/release/tollgate [--prek prek]
    tests/bench/bench.py hygiene --tollgate target/release/tollgate [--prek prek]
    tests/bench/bench.py staged  --tollgate target/release/tollgate
    tests/bench/bench.py unchanged --tollgate target/release/tollgate [--sources FOLDER]
    tests/bench/bench.py few     --tollgate target/release/tollgate
    tests/bench/bench.py scratch --tollgate target/release/tollgate
    tests/bench/bench.py isolated --tollgate target/release/tollgate [--prek prek] [--lefthook lefthook] [--pre-commit pre-commit]
    tests/bench/bench.py order   --tollgate target/release/tollgate
    tests/bench/bench.py tools   --tollgate target/release/tollgate [--prek prek] [--lefthook lefthook]
                                 (with the tools of .ci/tools on PATH)

Figures that were measured stand in FIGURES.md beside this file.
"""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import tempfile
import time

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
    "GIT_EDITOR": ":",
    "LC_ALL": "C.UTF-8",
}
TEN = [
    "trailing-whitespace", "end-of-file-fixer", "mixed-line-ending", "check-merge-conflict", "check-case-conflict",
    "check-added-large-files", "check-json", "check-yaml", "check-toml", "detect-private-key",
]


class Bench:
    def __init__(self, folder, home):
        self.folder = folder
        self.environment = {**ENVIRONMENT, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}

    def git(self, *arguments, **options):
        subprocess.run(["git", *arguments], cwd=self.folder, env=self.environment, check=True, **options)

    def cpu(self, command, codes=(0,)):
        """Milliseconds of CPU of a command and of all the children that it waited for."""
        with open(os.devnull, "wb") as nothing:
            child = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                     stdout=nothing, stderr=nothing)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in codes:
            raise SystemExit(f"{command} ended with {child.returncode}")
        return 1000 * (usage.ru_utime + usage.ru_stime)


def tree(folder, n_files, seed=1):
    """A repository of plausible text files: source, JSON, YAML, TOML, Markdown, about 3 kB each."""
    rng = random.Random(seed)
    words = "alpha beta gamma delta value index result error count total name path file line".split()

    def functions(head, line, end):
        """Functions as people write them: a file that does not parse costs every parser many times as much."""
        def function(number):
            lines = "".join(line.format(rng.choice(words), rng.choice(words), rng.randint(0, 999))
                            for _ in range(rng.randint(2, 12)))
            return head.format(rng.choice(words), number, rng.choice(words)) + lines + end.format(rng.choice(words))
        return "\n".join(function(number) for number in range(rng.randint(3, 20))).rstrip("\n") + "\n"

    def python():
        return functions("def {}_{}({}):\n", "    {} = {}({})\n", "    return {}\n\n")

    def rust():
        return functions("fn {}_{}({}: u32) -> u32 {{\n", "    let {} = {}({});\n", "    {}\n}}\n")

    def prose():
        return "".join(f"{' '.join(rng.choice(words) for _ in range(9))}.\n" for _ in range(rng.randint(20, 90)))

    def pairs(separator, opening="", closing="", comma=""):
        lines = [f"{opening}{rng.choice(words)}_{n}{separator}{rng.randint(0, 999)}" for n in range(rng.randint(5, 60))]
        return (comma + "\n").join(lines) + "\n" + closing

    kinds = [(".py", python), (".rs", rust), (".md", prose), (".yaml", lambda: pairs(": ")),
             (".toml", lambda: pairs(" = ")),
             (".json", lambda: "{\n" + pairs('": ', '  "', "}\n", ","))]
    for n in range(n_files):
        suffix, text = rng.choices(kinds, weights=[5, 5, 2, 1, 1, 1])[0]
        file = folder / f"packages/module-{n % 97}/src/main/component-{n % 13}" / f"{rng.choice(words)}_{rng.choice(words)}_{n}{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text())


def repository(n_files):
    root = pathlib.Path(tempfile.mkdtemp(prefix="tollgate-bench-"))
    (root / "home").mkdir()
    (root / "work").mkdir()
    bench = Bench(root / "work", root / "home")
    bench.git("init", "-q", "-b", "main")
    bench.git("config", "gc.auto", "0")
    tree(bench.folder, n_files)
    bench.git("add", ".")
    bench.git("commit", "-q", "--allow-empty", "-m", "start")
    bench.git("gc", "-q")
    return root, bench


def row(name, figures, against=None):
    middle = statistics.median(figures)
    text = f"{name:42} min {min(figures):7.1f}  median {middle:7.1f}  max {max(figures):7.1f} ms CPU"
    if against is not None:
        other = statistics.median(against)
        text += f"   {middle - other:+6.1f} ms, x {middle / other:.2f}"
    print(text, flush=True)


def prek_configuration(bench, checks):
    hooks = "".join(f"      - id: {check}\n" for check in checks)
    (bench.folder / ".pre-commit-config.yaml").write_text(f"repos:\n  - repo: builtin\n    hooks:\n{hooks}")


def commits(arguments, bench, variants, file):
    """One file committed again and again with each folder of hooks in turn; the first round is not counted."""
    figures = {name: [] for name, _ in variants}
    for turn in range(arguments.runs + 1):
        for name, hooks in variants:
            file.write_text(file.read_text() + f"turn = {turn}\n")
            bench.git("add", str(file))
            bench.git("config", "core.hooksPath", str(hooks))
            spent = bench.cpu(["git", "commit", "-q", "-m", f"turn {turn}"])
            if turn:
                figures[name].append(spent)
    for name, _ in variants:
        row(name, figures[name], figures["plain git commit"] if name != "plain git commit" else None)


def commit(arguments):
    """`git commit` of one staged file: plain, with tollgate's hooks, with the other hook manager's."""
    for n_dirty in (0, 200):
        root, bench = repository(5053)
        plain = root / "none"
        plain.mkdir()
        subprocess.run([arguments.tollgate, "install"], cwd=bench.folder, env=bench.environment, check=True,
                       stdout=subprocess.DEVNULL)
        ours = bench.folder / ".git" / "hooks"
        variants = [("plain git commit", plain), ("with tollgate", ours)]
        if arguments.prek:
            theirs = root / "prek"
            theirs.mkdir()
            prek_configuration(bench, TEN)
            bench.git("add", ".")
            bench.git("commit", "-q", "--no-verify", "-m", "configuration")
            prek = shutil.which(arguments.prek)
            hook = theirs / "pre-commit"
            hook.write_text(f'#!/bin/sh\nexec "{prek}" hook-impl --hook-type=pre-commit --hook-dir "{theirs}" -- "$@"\n')
            hook.chmod(0o755)
            variants.append(("with prek", theirs))
        files = sorted(bench.folder.glob("packages/*/src/main/*/*.py"))
        for file in files[1:1 + n_dirty]:
            file.write_text(file.read_text() + "dirty = True\n")
        print(f"\n{n_dirty} dirty files, 5053 files, {arguments.runs} runs each")
        commits(arguments, bench, variants, files[0])
        shutil.rmtree(root)


def hygiene(arguments):
    """The ten hygiene checks over a whole tree."""
    root, bench = repository(5053)
    variants = [("tollgate", [arguments.tollgate, "check", "--all", "--only", ",".join(TEN)])]
    if arguments.prek:
        prek_configuration(bench, TEN)
        bench.git("add", ".")
        bench.git("commit", "-q", "-m", "configuration")
        variants.append(("prek", [shutil.which(arguments.prek), "run", "--all-files"]))
    figures = {name: [] for name, _ in variants}
    for turn in range(arguments.runs + 1):
        for name, command in variants:
            spent = bench.cpu(command)
            if turn:
                figures[name].append(spent)
    print(f"\nten hygiene checks, 5053 files, {arguments.runs} runs each")
    for name, _ in variants:
        row(name, figures[name], figures["prek"] if name != "prek" and arguments.prek else None)
    shutil.rmtree(root)


def staged(arguments):
    """Finding 50 staged files in a large tree and reading them, against git's own list of their names."""
    root, bench = repository(56000)
    for file in sorted(bench.folder.glob("packages/*/src/main/*/*.md"))[:50]:
        file.write_text(file.read_text() + "more\n")
        bench.git("add", str(file))
    variants = [
        ("git diff --cached --name-only", ["git", "diff", "--cached", "--name-only"]),
        ("tollgate, one check on 50 files", [arguments.tollgate, "check", "--staged", "--only", "detect-private-key"]),
        ("tollgate, all that runs by default", [arguments.tollgate, "check", "--staged"]),
    ]
    figures = {name: [] for name, _ in variants}
    for turn in range(arguments.runs + 1):
        for name, command in variants:
            spent = bench.cpu(command)
            if turn:
                figures[name].append(spent)
    print(f"\n50 staged files of 56,000, {arguments.runs} runs each")
    for name, _ in variants:
        row(name, figures[name], figures["git diff --cached --name-only"] if "tollgate" in name else None)
    shutil.rmtree(root)


def copied(folder, sources, n_files):
    """The first files of another folder that are source code."""
    wanted = {".py", ".rs", ".js", ".ts", ".json", ".toml", ".md", ".yaml", ".yml"}
    files = (file for file in sorted(pathlib.Path(sources).rglob("*")) if file.suffix in wanted and file.is_file())
    for n, file in zip(range(n_files), (file for file in files if file.stat().st_size < 1 << 20)):
        target = folder / file.relative_to(sources)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def unchanged(arguments):
    """`check --all` over 5,000 files: with nothing known, with everything known, and without the cache."""
    root, bench = repository(0 if arguments.sources else 5000)
    if arguments.sources:
        copied(bench.folder, arguments.sources, 5000)
        bench.git("add", "--force", ".")
        bench.git("commit", "-q", "-m", "sources")
    # Later than the index: else git has to read what it can't tell from a change.
    time.sleep(1.1)
    bench.git("update-index", "-q", "--refresh")
    check = [arguments.tollgate, "check", "--all", "--format", "short"]
    first, second, without, git = [], [], [], []
    for turn in range(arguments.runs + 1):
        shutil.rmtree(root / "home" / ".cache", ignore_errors=True)
        figures = [bench.cpu([*check, "--no-cache"], (0, 1)), bench.cpu(check, (0, 1)), bench.cpu(check, (0, 1)),
                   bench.cpu(["sh", "-c", "git ls-files --stage -v -z; git diff-files --raw -z"])]
        if turn:
            for figure, into in zip(figures, (without, first, second, git)):
                into.append(figure)
    print(f"\n5000 files, {arguments.runs} runs each")
    row("without the cache", without)
    row("first run", first)
    row("second run", second, first)
    row("git ls-files and diff-files alone", git)
    print(f"first / second: x {statistics.median(first) / statistics.median(second):.1f}")
    shutil.rmtree(root)


def few(arguments):
    """The commit hook on a few staged files with everything known, and without the cache: from how many on it pays."""
    for n_files in (1, 3, 8, 16, 32, 64, 128):
        root, bench = repository(0)
        if arguments.sources:
            copied(bench.folder, arguments.sources, n_files)
        else:
            tree(bench.folder, n_files)
        bench.git("add", "--force", ".")
        hook = [arguments.tollgate, "hook", "pre-commit"]
        without = [*hook[:2], "--no-cache", *hook[2:]]
        new, known, plain = [], [], []
        for turn in range(arguments.runs + 1):
            (root / "home" / ".cache" / "tollgate" / "results.sqlite").unlink(missing_ok=True)
            spent = [bench.cpu(command, (0, 1)) for command in (hook, hook, without)]
            if turn:
                for figure, into in zip(spent, (new, known, plain)):
                    into.append(figure)
        row(f"{n_files} staged files, new", new, plain)
        row(f"{n_files} staged files, known", known, plain)
        shutil.rmtree(root)


def scratch(arguments):
    """Bringing the scratch tree up to date for 20 changed files of 50,000: a run with a command that sees nothing but
    them, against the same run in the work tree as it is; and the parts that git has in it."""
    root, bench = repository(50000)
    policy = bench.folder / "tollgate.toml"

    def check(isolate):
        return f'[checks.tool]\nrun = ["true"]\nisolate = "{isolate}"\n'

    subprocess.run([arguments.tollgate, "install"], cwd=bench.folder, env=bench.environment, check=True,
                   stdout=subprocess.DEVNULL)
    files = sorted(bench.folder.glob("packages/*/src/main/*/*.py"))[:20]
    figures = {"in the scratch tree": [], "in the work tree": [], "git ls-files --modified (is it needed?)": [],
               "git ls-files --modified --others (afterwards)": []}
    for turn in range(arguments.runs + 1):
        spent = {}
        for name, isolate in (("in the scratch tree", "auto"), ("in the work tree", "none")):
            policy.write_text(check(isolate))
            for file in files:
                file.write_text(file.read_text() + f"turn = {turn}\n")
            bench.git("add", "--all")
            files[0].write_text(files[0].read_text() + "dirty = True\n")
            spent[name] = bench.cpu([arguments.tollgate, "check", "--staged", "--only", "tool"])
        spent["git ls-files --modified (is it needed?)"] = (
            bench.cpu(["git", "ls-files", "--modified", "-z"]) + bench.cpu(["git", "ls-files", "-v", "-z"]))
        spent["git ls-files --modified --others (afterwards)"] = bench.cpu(
            ["git", "ls-files", "--modified", "--others", "--exclude-standard", "-z"])
        for name in figures:
            if turn:
                figures[name].append(spent[name])
    print(f"\n20 changed files of 50,000, {arguments.runs} runs each")
    for name in figures:
        row(name, figures[name], figures["in the work tree"] if name == "in the scratch tree" else None)
    parts = [statistics.median(figures[name]) for name in figures]
    print(f"brought up to date: {parts[0] - sum(parts[1:]):.1f} ms")
    shutil.rmtree(root)


def managers(arguments, root, bench):
    """The hooks of each hook manager for one tool that takes files."""
    found = []

    def hooks(name, script):
        folder = root / name
        folder.mkdir()
        hook = folder / "pre-commit"
        hook.write_text(f"#!/bin/sh\n{script}\n")
        hook.chmod(0o755)
        found.append((f"with {name}", folder))

    for name in ("prek", "pre-commit"):
        program = getattr(arguments, name.replace("-", "_"))
        if program:
            (bench.folder / ".pre-commit-config.yaml").write_text(
                "repos:\n  - repo: local\n    hooks:\n      - id: tool\n        name: tool\n        entry: 'true'\n"
                "        language: system\n        files: \\.py$\n")
            folder = root / name
            hooks(name, f'exec "{shutil.which(program)}" hook-impl --hook-type=pre-commit --hook-dir "{folder}" '
                        + ("" if name == "prek" else "--config .pre-commit-config.yaml ") + '-- "$@"')
    if arguments.lefthook:
        (bench.folder / "lefthook.yml").write_text(
            "pre-commit:\n  commands:\n    tool:\n      glob: '*.py'\n      run: true {staged_files}\n")
        hooks("lefthook", f'exec "{shutil.which(arguments.lefthook)}" run pre-commit --no-auto-install "$@"')
    return found


def isolated(arguments):
    """`git commit` of one staged file in a dirty tree, with one tool that must see nothing but what is staged."""
    root, bench = repository(5053)
    plain = root / "none"
    plain.mkdir()
    (bench.folder / "tollgate.toml").write_text(
        'builtin = false\n[stages.pre-commit]\nchecks = ["tool"]\n'
        '[checks.tool]\nrun = ["true", "{files}"]\nfiles = ["*.py"]\n')
    subprocess.run([arguments.tollgate, "install"], cwd=bench.folder, env=bench.environment, check=True,
                   stdout=subprocess.DEVNULL)
    variants = [("plain git commit", plain), ("with tollgate", bench.folder / ".git" / "hooks")]
    variants += managers(arguments, root, bench)
    bench.git("add", ".")
    bench.git("commit", "-q", "--no-verify", "-m", "configuration")
    files = sorted(bench.folder.glob("packages/*/src/main/*/*.py"))
    for n_dirty in (1, 200):
        for file in files[1:1 + n_dirty]:
            file.write_text(file.read_text() + "dirty = True\n")
        print(f"\none tool that needs isolation, {n_dirty} dirty files of 5053, {arguments.runs} runs each")
        commits(arguments, bench, variants, files[0])
    shutil.rmtree(root)


# Eight known tools with the ends of the files that they look at, and how they are called by hand.
EIGHT = {
    "bandit": (".py", "bandit --quiet"),
    "black": (".py", "black --quiet --diff"),
    "codespell": ("", "codespell --quiet-level=3"),
    "mypy": (".py", "mypy --follow-imports=silent"),
    "oxlint": (".js", "oxlint"),
    "ruff": (".py", "ruff check --no-fix"),
    "shellcheck": (".sh", "shellcheck"),
    "yamllint": (".yaml", "yamllint --format=parsable"),
}


def shop(folder):
    """Clean files for the eight tools: 20 Python modules, 10 YAML files, 10 shell scripts, 10 modules of JavaScript."""
    for n in range(20):
        (folder / f"shop{n}.py").write_text(f'"""Shop {n}."""\n' + "".join(
            f"\n\ndef total{m}(prices: list[int], rate: float) -> float:\n"
            f'    """Sums up."""\n    return sum(price * rate for price in prices) + {m}\n' for m in range(20)))
    for n in range(10):
        (folder / f"shop{n}.yaml").write_text("---\n" + "".join(f"key{m}: [{m}, {n}]\n" for m in range(60)))
        (folder / f"shop{n}.sh").write_text("#!/bin/sh\n" + "".join(f'echo "$1" {m}\n' for m in range(40)))
        (folder / f"shop{n}.js").write_text("".join(
            f"export function total{m}(prices) {{\n  return prices.length + {m};\n}}\n" for m in range(20)))


def wall(bench, command):
    """Milliseconds until a command has ended, those of CPU of it and its children, and those that it took itself (in
    steps of the system's clock)."""
    with open(os.devnull, "wb") as nothing:
        begin = time.monotonic()
        child = subprocess.Popen(command, cwd=bench.folder, env=bench.environment, stdin=subprocess.DEVNULL,
                                 stdout=nothing, stderr=nothing)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        spent = time.monotonic() - begin
        fields = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{command} ended with {child.returncode}")
    cpu = 1000 * (usage.ru_utime + usage.ru_stime)
    return 1000 * spent, cpu, 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def best_schedule(spans, n_places):
    """The shortest time in which commands of these lengths can be through, so many at once."""
    ends = {(0.0,) * n_places}
    for span in sorted(spans, reverse=True):
        ends = {tuple(sorted(end + span * (at == place) for at, end in enumerate(before)))
                for before in ends for place in range(n_places)}
    return min(max(end) for end in ends)


def tools(arguments):
    """A stage with eight tools: as long as the best schedule of what each of them takes by itself? Beside it, the same
    tools as the hooks of others."""
    root, bench = repository(0)
    n_places = os.cpu_count()
    (bench.folder / "tollgate.toml").write_text(
        "builtin = false\n" + "".join(
            f'[checks.{name}]\ntool = "{name}"\n' + ('fix = "off"\n' if name == "black" else "") for name in EIGHT))
    (bench.folder / ".pre-commit-config.yaml").write_text("repos:\n  - repo: local\n    hooks:\n" + "".join(
        f"      - {{id: {name}, name: {name}, entry: {line}, language: system, files: '\\{end}$', priority: 0, "
        "require_serial: true}\n" if end else
        f"      - {{id: {name}, name: {name}, entry: {line}, language: system, priority: 0, require_serial: true}}\n"
        for name, (end, line) in EIGHT.items()))
    (bench.folder / "lefthook.yml").write_text("pre-commit:\n  parallel: true\n  commands:\n" + "".join(
        f"    {name}: {{glob: '*{end}', run: '{line} {{staged_files}}'}}\n" for name, (end, line) in EIGHT.items()))
    bench.git("add", ".")
    bench.git("commit", "-q", "-m", "configuration")
    subprocess.run([arguments.tollgate, "install"], cwd=bench.folder, env=bench.environment, check=True,
                   stdout=subprocess.DEVNULL)
    shop(bench.folder)
    bench.git("add", ".")
    variants = {"tollgate": [arguments.tollgate, "check", "--staged", "--only", "tools"]}
    if arguments.prek:
        variants["prek"] = [arguments.prek, "run"]
    if arguments.lefthook:
        variants["lefthook"] = [arguments.lefthook, "run", "pre-commit"]
    alone, walls = {name: [] for name in EIGHT}, {name: [] for name in variants}
    for turn in range(arguments.runs + 1):
        for name, (end, line) in EIGHT.items():
            files = sorted(file.name for file in bench.folder.iterdir() if file.is_file() and file.name.startswith("shop")
                           and file.name.endswith(end))
            alone[name].append(wall(bench, [*line.split(), *files]))
        for name, command in variants.items():
            walls[name].append(wall(bench, command))

    def middle(figures, which):
        return statistics.median(figure[which] for figure in figures[1:])

    best = best_schedule([middle(figures, 0) for figures in alone.values()], n_places)
    print(f"\neight tools on 50 staged files, {n_places} cores, {arguments.runs} runs each; alone: "
          + ", ".join(f"{name} {middle(figures, 0):.0f}" for name, figures in alone.items()) + " ms")
    spent = sum(middle(figures, 1) for figures in alone.values())
    print(f"{'these one by one, best schedule':34} {best:7.0f} ms {spent:7.0f} ms CPU")
    for name, figures in walls.items():
        print(f"{name:34} {middle(figures, 0):7.0f} ms {middle(figures, 1):7.0f} ms CPU, of which its own "
              f"{statistics.mean(figure[2] for figure in figures[1:]):.1f} ms")
    shutil.rmtree(root)


def order(arguments):
    """Eight commands that wait for known times, in an order that does worst: the first run knows nothing of them, the
    others start the longest first. What others do on the machine hardly matters to it."""
    root, bench = repository(0)
    spans = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.9]
    (bench.folder / "tollgate.toml").write_text("builtin = false\n[stages.pre-commit]\nchecks = [\"*\"]\njobs = 2\n" + "".join(
        f'[checks.c{n}]\nrun = ["sleep", "{span}"]\n' for n, span in enumerate(spans)))
    bench.git("add", ".")
    subprocess.run([arguments.tollgate, "install"], cwd=bench.folder, env=bench.environment, check=True,
                   stdout=subprocess.DEVNULL)
    walls = [wall(bench, [arguments.tollgate, "check", "--staged"]) for _ in range(arguments.runs + 1)]
    best = 1000 * best_schedule(spans, 2)
    print(f"\neight commands that wait for {', '.join(map(str, spans))} s, two at once, {arguments.runs} runs")
    print(f"best schedule {best:.0f} ms; the first run, in the order of the policy, {walls[0][0]:.0f} ms")
    middle = statistics.median(figure[0] for figure in walls[1:])
    print(f"those after it {middle:.0f} ms (x {middle / best:.3f}); its own CPU "
          f"{statistics.mean(figure[2] for figure in walls[1:]):.1f} ms")
    shutil.rmtree(root)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", choices=["commit", "hygiene", "staged", "unchanged", "few", "scratch", "isolated",
                                          "order", "tools"])
    parser.add_argument("--tollgate", required=True)
    parser.add_argument("--prek")
    parser.add_argument("--lefthook")
    parser.add_argument("--pre-commit")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--sources", help="a folder with real source code, instead of a generated tree")
    arguments = parser.parse_args()
    arguments.tollgate = os.path.abspath(arguments.tollgate)
    benches = {"commit": commit, "hygiene": hygiene, "staged": staged, "unchanged": unchanged, "few": few, "scratch": scratch,
               "isolated": isolated, "order": order, "tools": tools}
    benches[arguments.bench](arguments)


if __name__ == "__main__":
    main()
