#!/usr/bin/env python3
"""Compares the coverage of real changes with diff-cover's: the same lines, and the CPU time of whole processes.

    python3 tests/bench/coverage_vs_diff_cover.py TOLLGATE DIFF_COVER [COMMITS] REPOSITORY...

TOLLGATE and DIFF_COVER are programs (`pip install diff-cover`), each REPOSITORY is a clone with its history, of which the
last COMMITS that write source files are taken. The reports are made up, because most of these projects can't be built at
each of their commits: of each source file most lines can be run, and most of those were. diff-cover asks git for its
differences, so it is asked twice: with git's own algorithm and with `histogram`, which tollgate uses. Lines that only moved
are told apart by tollgate and put back before comparing.
"""

import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

SOURCES = (".py", ".go", ".rs", ".ts", ".js", ".java", ".c", ".rb")
MAX_FILES = 400


def git(folder, *args):
    return subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True).stdout.decode("utf-8", "replace")


def commits(folder, n_commits):
    found = []
    for commit in git(folder, "rev-list", "--no-merges", "-n", "600", "HEAD").split():
        names = git(folder, "diff-tree", "-r", "--no-commit-id", "--name-only", "--diff-filter=AMR", commit).splitlines()
        if any(name.endswith(SOURCES) for name in names):
            found.append(commit)
        if len(found) == n_commits:
            break
    return found


def lines(path, text):
    """Line numbers with a count for about four of five lines that hold something."""
    told = []
    for number, line in enumerate(text.split("\n"), 1):
        byte = hashlib.md5(f"{path}:{line}".encode()).digest()[0]
        if line.strip() and byte % 5:
            told.append((number, byte % 4))
    return told


def reports(tree, folder):
    files = [name for name in git(tree, "ls-files").splitlines() if name.endswith(SOURCES)][:MAX_FILES]
    changed = git(tree, "diff", "--name-only", "HEAD^", "HEAD").splitlines()
    files = sorted({*files, *(name for name in changed if name.endswith(SOURCES))})
    lcov, xml = [], ["<coverage><sources/><packages><package><classes>"]
    for name in files:
        try:
            with open(os.path.join(tree, name), encoding="utf-8", newline="") as file:
                told = lines(name, file.read())
        except (OSError, UnicodeDecodeError):
            continue
        lcov.append(f"SF:{name}\n" + "".join(f"DA:{line},{hits}\n" for line, hits in told) + "end_of_record\n")
        rows = "".join(f'<line number="{line}" hits="{hits}"/>' for line, hits in told)
        xml.append(f'<class filename="{name}"><methods/><lines>{rows}</lines></class>')
    xml.append("</classes></package></packages></coverage>")
    names = {"lcov": os.path.join(folder, "lcov.info"), "cobertura": os.path.join(folder, "coverage.xml")}
    for format, text in [("lcov", "".join(lcov)), ("cobertura", "\n".join(xml))]:
        with open(names[format], "w", encoding="utf-8") as file:
            file.write(text)
    return names


def run(command, tree, env):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=tree, env={**os.environ, **env}, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done, cpu


def ours(tollgate, tree, format, report, env):
    command = [tollgate, "check", "--base", "HEAD^", "--only", "coverage", "--format", "json", f"--coverage={format}={report}"]
    done, cpu = run(command, tree, env)
    if done.returncode not in (0, 1):
        sys.exit(f"{tree}: {done.stdout.decode()[:2000]}{done.stderr.decode()}")
    coverage = json.loads(done.stdout)["coverage"]
    found = {}
    for file in coverage["files"]:
        run_lines = {*file["covered"], *file["partly"]}
        found[file["path"]] = (run_lines, set(file["uncovered"]), set(file["moved"]))
    return found, cpu


def theirs(diff_cover, tree, report, folder, env):
    out = os.path.join(folder, "diff-cover.json")
    command = [diff_cover, report, "--compare-branch=HEAD^", "--diff-range-notation=..", f"--format=json:{out}", "-q"]
    done, cpu = run(command, tree, env)
    if done.returncode != 0:
        sys.exit(f"{tree}: {done.stderr.decode()}")
    with open(out, encoding="utf-8") as file:
        stats = json.load(file)["src_stats"]
    found = {}
    for path, file in stats.items():
        covered, missed = set(file["covered_lines"]), set(file["violation_lines"])
        if covered or missed:
            found[path] = (covered, missed)
    return found, cpu


def agrees(our, their):
    """Whether both have the same lines; what moved is on the side that it is on there."""
    if {path for path, sets in our.items() if any(sets)} != set(their):
        return False
    for path, (covered, missed) in their.items():
        run_lines, uncovered, moved = our[path]
        if run_lines | uncovered | moved != covered | missed or uncovered != missed - moved:
            return False
    return True


def main():
    tollgate, diff_cover, *rest = sys.argv[1:]
    tollgate, diff_cover = os.path.abspath(tollgate), os.path.abspath(diff_cover)
    n_commits = int(rest.pop(0)) if rest and rest[0].isdigit() else 20
    cpus, counts = [], {}
    with tempfile.TemporaryDirectory() as folder:
        env = {"XDG_CACHE_HOME": os.path.join(folder, "cache"), "GIT_CONFIG_GLOBAL": "/dev/null"}
        histogram = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "diff.algorithm", "GIT_CONFIG_VALUE_0": "histogram"}
        for source in rest:
            name = os.path.basename(source.rstrip("/"))
            tree = os.path.join(folder, name)
            subprocess.run(["git", "clone", "-q", "-s", "-n", os.path.abspath(source), tree], check=True)
            same = dict.fromkeys(["all", "lines", "moved", "histogram", "default"], 0)
            for commit in commits(tree, n_commits):
                git(tree, "checkout", "-q", "-f", "--detach", commit)
                for format, report in reports(tree, folder).items():
                    our, cpu = ours(tollgate, tree, format, report, env)
                    by_default, their_cpu = theirs(diff_cover, tree, report, folder, env)
                    their, _ = theirs(diff_cover, tree, report, folder, {**env, **histogram})
                    cpus.append((cpu, their_cpu))
                    same["all"] += 1
                    same["lines"] += sum(len(part) for sets in their.values() for part in sets)
                    same["moved"] += sum(len(moved) for _, _, moved in our.values())
                    same["histogram"] += agrees(our, their)
                    same["default"] += agrees(our, by_default)
                    if not agrees(our, their):
                        print(f"  {name} {commit[:10]} as {format}: {differences(our, their)}")
            counts[name] = same
            print(f"{name:14} {same}")
    our, their = (statistics.median(pair[side] for pair in cpus) for side in (0, 1))
    ratio = statistics.median(their / our for our, their in cpus)
    print(f"CPU: tollgate {our * 1e3:.1f} ms, diff-cover {their * 1e3:.1f} ms, ratio {ratio:.1f}")


def differences(our, their):
    told = []
    for path in sorted({*our, *their}):
        covered, missed = their.get(path, (set(), set()))
        run_lines, uncovered, moved = our.get(path, (set(), set(), set()))
        more, less = (run_lines | uncovered | moved) - (covered | missed), (covered | missed) - (run_lines | uncovered | moved)
        if more or less:
            told.append(f"{path} +{sorted(more)[:5]} -{sorted(less)[:5]}")
    return "; ".join(told[:3])


main()
