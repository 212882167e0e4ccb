#!/usr/bin/env python3
"""Measures the rule engine: against parsing alone, against ast-grep and semgrep with the same rules, and by itself.

    cargo bench --no-run --bench parse          (prints where the program is)
    tests/bench/engine.py rules --tollgate T --tree python=FOLDER --tree go=FOLDER [--parse PARSE] [--ast-grep A] [--semgrep S]
    tests/bench/engine.py file  --tollgate T --tree python=FOLDER
    tests/bench/engine.py many  --tollgate T --tree python=FOLDER
    tests/bench/engine.py cores --tollgate T --tree python=FOLDER

A tree is a folder with real source code, of which a few megabytes are taken at random, always the same ones. `rules`
runs 50 rules: the built-in ones of the language as files of the project, filled up with rules of the form `NAME($$$)` for
names that one to three in a hundred of the files call. semgrep has a language of its own: it gets ten of the latter, and
so does tollgate beside it. Figures that were measured stand in FIGURES.md.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import time

import bench as base

RULES = pathlib.Path(__file__).parents[2] / "rules"
#: Name for rules, folders with built-in rules, endings of files.
LANGUAGES = {
    "rust": ("Rust", ["rust"], {".rs"}),
    "python": ("Python", ["python", "sql"], {".py"}),
    "javascript": ("JavaScript", ["javascript", "sql"], {".js"}),
    "typescript": ("TypeScript", ["javascript", "typescript", "sql"], {".ts"}),
    "go": ("Go", ["go", "sql"], {".go"}),
    "java": ("Java", ["java", "sql"], {".java"}),
    "cpp": ("Cpp", ["cpp", "c"], {".cc", ".cpp", ".hpp"}),
}
N_RULES = 50
SEED = 7


def taken(folder, endings, n_bytes):
    """Files of a folder at random, of so many bytes together."""
    files = [path for path in pathlib.Path(folder).rglob("*")
             if path.suffix in endings and path.is_file() and not path.is_symlink() and ".git" not in path.parts]
    files = [path for path in sorted(files) if 0 < path.stat().st_size < 300_000 and ".min." not in path.name]
    random.Random(SEED).shuffle(files)
    chosen = []
    for path in files:
        try:
            path.read_text()
        except ValueError:
            continue
        chosen.append(path)
        n_bytes -= path.stat().st_size
        if n_bytes <= 0:
            break
    return chosen


def built_in(language):
    """The built-in rules for a language, as rule files of a project: without examples and under names of their own."""
    name, folders, _ = LANGUAGES[language]
    found = []
    for path in sorted(path for folder in folders for path in (RULES / folder).glob("*.yml")):
        text = path.read_text()
        its = re.search(r"^language: (\w+)", text, re.M).group(1)
        also = re.search(r"^  also: \[(.*)\]", text, re.M)
        if name not in [its, *(also.group(1).split(", ") if also else [])] or "\n  query:" in text:
            continue
        literals = re.search(r"^  literals: .*\n", text, re.M)
        kept = f"metadata:\n{literals.group()}" if literals else ""
        text = re.sub(r"^metadata:\n(?:(?: .*)?\n)*", lambda _: kept, text, flags=re.M)
        text = re.sub(r"^language: .*", f"language: {name}", text, flags=re.M)
        found.append(re.sub(r"^id: ", "id: bench-", text, count=1, flags=re.M))
    return found


def called(files):
    """Names that one to three in a hundred of the files call, the most frequent ones first."""
    counts = collections.Counter()
    for path in files:
        counts.update(set(re.findall(r"(?<![\w.:>\\])([a-z]\w{3,})\(", path.read_text())))
    words = {"while", "switch", "catch", "return", "sizeof", "match", "with", "assert", "super", "function", "print", "range",
             "require", "await", "elif", "yield", "typeof", "defined", "async", "class", "lambda", "func", "import",
             "raise", "throw", "else", "make", "exec", "this", "void", "int", "char", "new", "delete", "alignof", "decltype",
             "noexcept", "static_assert", "operator", "synchronized", "macro_rules"}
    low, high = len(files) / 100, len(files) * 3 / 100
    names = [name for name, count in counts.most_common() if low <= count <= high and name not in words]
    # Ids of rules tell no capitals apart.
    return list({name.lower(): name for name in reversed(names)}.values())[::-1]


def call_rule(name, language):
    return (f"id: bench-call-{name.lower().replace('_', '-')}\nlanguage: {LANGUAGES[language][0]}\nseverity: warning\n"
            f"message: calls {name}\nrule: {{pattern: '{name}($$$)'}}\n")


def semgrep_rules(names, language):
    rules = "".join(f"  - id: call-{name}\n    languages: [{language}]\n    severity: WARNING\n    message: calls {name}\n"
                    f"    pattern: {name}(...)\n" for name in names)
    return f"rules:\n{rules}"


class Ground(base.Bench):
    """A repository with files of one language."""

    def __init__(self, language, folder, n_bytes):
        root = pathlib.Path(base.tempfile.mkdtemp(prefix="tollgate-bench-"))
        (root / "home").mkdir()
        (root / "work" / "src").mkdir(parents=True)
        super().__init__(root / "work", root / "home")
        self.root, self.language = root, language
        self.files = []
        for n, path in enumerate(taken(folder, LANGUAGES[language][2], n_bytes)):
            target = self.folder / "src" / f"{n}_{path.name}"
            shutil.copyfile(path, target)
            self.files.append(target)
        self.n_bytes = sum(path.stat().st_size for path in self.files)
        (root / "list").write_text("".join(f"{path}\n" for path in self.files))
        self.git("init", "-q", "-b", "main")
        self.git("add", "src")
        self.git("commit", "-q", "-m", "sources")

    def with_rules(self, rules):
        """A policy with these rules and no others, for tollgate and for ast-grep."""
        folder = self.folder / "project-rules"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for n, rule in enumerate(rules):
            (folder / f"{n}.yml").write_text(rule)
        (self.folder / "tollgate.toml").write_text('builtin = false\n[rules]\npaths = ["project-rules/*.yml"]\n')
        (self.folder / "sgconfig.yml").write_text("ruleDirs: [project-rules]\n")
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", "rules")

    def done(self):
        shutil.rmtree(self.root)

    def output(self, command):
        ran = subprocess.run(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True)
        return ran.stdout


def pairs(ground, variants, runs):
    figures = {name: [] for name in variants}
    for turn in range(runs + 1):
        for name, command in variants.items():
            spent = ground.cpu(command, (0, 1))
            if turn:
                figures[name].append(spent)
    return figures


def check(arguments, *more):
    return [arguments.tollgate, "check", "--all", "--only", "rules", "--no-cache", "--format", "short", *more]


def rules(arguments):
    """50 rules against parsing alone, ast-grep and semgrep; one thread each, CPU time of whole processes."""
    for language, folder in arguments.tree:
        ground = Ground(language, folder, arguments.bytes)
        names = called(ground.files)
        its = built_in(language)[:N_RULES]
        n_built_in = len(its)
        its += [call_rule(name, language) for name in names[:N_RULES - n_built_in]]
        ground.with_rules(its)
        print(f"\n{language}: {len(ground.files)} files, {ground.n_bytes / 1e6:.1f} MB, {len(its)} rules "
              f"({n_built_in} of them built in), {arguments.runs} runs each")
        ours = check(arguments, "--jobs", "1")
        # `--jobs` is about commands; files are looked at by the threads of rayon.
        ground.environment["RAYON_NUM_THREADS"] = "1"
        variants = {"50 rules": ours}
        if arguments.parse:
            variants["parse alone"] = [arguments.parse, str(ground.root / "list")]
        if arguments.ast_grep:
            variants["ast-grep"] = [arguments.ast_grep, "scan", "--threads", "1", "--report-style", "short", "--color", "never"]
            hits = json.loads(ground.output([arguments.ast_grep, "scan", "--json=compact", "--max-results", "65535"]) or "[]")
            n_ours = len([line for line in ground.output(ours).splitlines() if b"[bench-" in line])
            print(f"ast-grep finds {len(hits)}, tollgate {n_ours}")
        figures = pairs(ground, variants, arguments.runs)
        for name in variants:
            base.row(name, figures[name])
        for name in list(variants)[1:]:
            quotients = [ours / other for ours, other in zip(figures["50 rules"], figures[name])]
            print(f"50 rules / {name}: x {statistics.median(quotients):.2f}", flush=True)
        if arguments.semgrep:
            semgrep(arguments, ground, names[:10])
        ground.done()


def semgrep(arguments, ground, names):
    """Ten rules against semgrep."""
    ground.with_rules([call_rule(name, ground.language) for name in names])
    configuration = ground.root / "semgrep.yml"
    configuration.write_text(semgrep_rules(names, ground.language))
    command = [arguments.semgrep, "scan", "--metrics=off", "--disable-version-check", "-j", "1", "--quiet", "--config",
               str(configuration), "src"]
    found = json.loads(ground.output([*command, "--json"]))
    ours = check(arguments, "--jobs", "1")
    n_ours = len([line for line in ground.output(ours).splitlines() if b"[bench-" in line])
    print(f"ten rules: semgrep finds {len(found['results'])} ({len(found['errors'])} errors), tollgate {n_ours}")
    figures = pairs(ground, {"ten rules": ours, "semgrep": command}, min(3, arguments.runs))
    for name, spent in figures.items():
        base.row(name, spent)
    quotients = [other / ours for ours, other in zip(*figures.values())]
    print(f"semgrep / ten rules: x {statistics.median(quotients):.0f}", flush=True)


def usage(ground, command):
    """Seconds by the clock, and the largest resident size in MB, which counts the mapped pages of the program, too."""
    with open(os.devnull, "wb") as nothing:
        started = time.perf_counter()
        child = subprocess.Popen(command, cwd=ground.folder, env=ground.environment, stdin=subprocess.DEVNULL,
                                 stdout=nothing, stderr=nothing)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise SystemExit(f"{command} ended with {child.returncode}")
    return time.perf_counter() - started, used.ru_maxrss / 1000


def file(arguments):
    """One file of about 100 KB: the whole process by the clock, all that runs by default."""
    for language, folder in arguments.tree:
        ground = Ground(language, folder, 20_000_000)
        path = min(ground.files, key=lambda path: abs(path.stat().st_size - 100_000))
        command = [arguments.tollgate, "check", "--no-cache", str(path.relative_to(ground.folder))]
        spent = [usage(ground, command)[0] * 1000 for _ in range(arguments.runs + 1)][1:]
        print(f"{language}: {path.name}, {path.stat().st_size / 1000:.0f} KB: min {min(spent):.1f}, "
              f"median {statistics.median(spent):.1f} ms", flush=True)
        ground.done()


def many(arguments):
    """1,000 files, all that runs by default: the largest resident size."""
    for language, folder in arguments.tree:
        ground = Ground(language, folder, 10**9)
        for path in ground.files[1000:]:
            path.unlink()
        ground.git("add", "--all")
        ground.git("commit", "-q", "-m", "1,000 files")
        n_bytes = sum(path.stat().st_size for path in ground.files[:1000])
        empty = usage(ground, [arguments.tollgate, "--version"])[1]
        for jobs in ("1", "2"):
            ground.environment["RAYON_NUM_THREADS"] = jobs
            command = [arguments.tollgate, "check", "--all", "--no-cache", "--format", "short"]
            sizes = [usage(ground, command)[1] for _ in range(3)]
            print(f"{language}: {min(1000, len(ground.files))} files, {n_bytes / 1e6:.1f} MB, {jobs} threads: "
                  f"{min(sizes):.1f} to {max(sizes):.1f} MB resident (`--version` alone: {empty:.1f})", flush=True)
        ground.done()


def cores(arguments):
    """One thread against two, by the clock: the best of several pairs, as the machine is not ours alone."""
    for language, folder in arguments.tree:
        ground = Ground(language, folder, arguments.bytes)
        times = {jobs: [] for jobs in ("1", "2")}
        for _ in range(arguments.runs):
            for jobs, spent in times.items():
                ground.environment["RAYON_NUM_THREADS"] = jobs
                spent.append(usage(ground, check(arguments))[0])
        one, two = min(times["1"]), min(times["2"])
        print(f"{language}: {ground.n_bytes / 1e6:.1f} MB: one {one:.3f} s, two {two:.3f} s: x {one / two:.2f}", flush=True)
        ground.done()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", choices=["rules", "file", "many", "cores"])
    parser.add_argument("--tollgate", required=True)
    parser.add_argument("--tree", required=True, action="append", type=lambda text: tuple(text.split("=", 1)))
    parser.add_argument("--parse")
    parser.add_argument("--ast-grep")
    parser.add_argument("--semgrep")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--bytes", type=int, default=5_000_000)
    arguments = parser.parse_args()
    for program in ("tollgate", "parse", "ast_grep", "semgrep"):
        given = getattr(arguments, program)
        setattr(arguments, program, given and os.path.abspath(shutil.which(given) or given))
    {"rules": rules, "file": file, "many": many, "cores": cores}[arguments.bench](arguments)


if __name__ == "__main__":
    main()
