#!/usr/bin/env python3
"""Reads a folder of JUnit reports with tollgate and with Python's junitparser: CPU time (user + system) of whole
processes, in turns. Both go through all tests and take the messages of those that failed; tollgate also looks for the places where they
did. What tollgate takes for a suite with one report of one test is taken off: it is the price of the run
around it, which the other program does not have. Then one report alone, a process of each program for it, as hooks have it:
whole processes, with nothing taken off.

    tests/bench/suites_vs_junitparser.py CORPUS --tollgate target/release/tollgate --python python3

`python` must have `junitparser`. Figures that were measured stand in FIGURES.md beside this file.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

from bench import Bench

READ = """
import pathlib, sys
from junitparser import JUnitXml
n_read = n_cases = n_failed = 0
def tell(case):
    return any(result._tag in ("failure", "error") and (result.message, result.text) for result in case.result)
for file in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        for suite in JUnitXml.fromfile(str(file)):
            for case in suite if hasattr(suite, "__iter__") else [suite]:
                n_cases += 1
                n_failed += tell(case)
        n_read += 1
    except Exception:
        pass
print(n_read, n_cases, n_failed)
"""
ONE = '<testsuite><testcase name="a"/></testsuite>'


def repository():
    """A repository whose suite moves reports to where they are looked for: from `staged` beside it, all at once."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="tollgate-bench-"))
    (root / "home").mkdir()
    (root / "work").mkdir()
    bench = Bench(root / "work", root / "home")
    bench.git("init", "-q", "-b", "main")
    (bench.folder / ".gitignore").write_text("out/\n")
    policy = '[checks.unit]\nrun = ["mv", "../staged", "out"]\noutput = "junit"\noutput-file = "out/**/*.xml"\n'
    (bench.folder / "tollgate.toml").write_text(policy)
    (bench.folder / "a").write_text("1\n")
    bench.git("add", ".")
    bench.git("commit", "-q", "-m", "start")
    (bench.folder / "a").write_text("2\n")
    bench.git("add", ".")
    return root, bench


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--tollgate", required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    tollgate = os.path.abspath(arguments.tollgate)
    reports = pathlib.Path(tempfile.mkdtemp(prefix="tollgate-bench-"))
    for name in ("many", "one"):
        (reports / name).mkdir()
    for number, file in enumerate(sorted(arguments.corpus.iterdir())):
        shutil.copyfile(file, reports / "many" / f"{number}.xml")
    (reports / "one" / "0.xml").write_text(ONE)
    figures = {"many": [], "one": [], "junitparser": [], "junitparser, one": []}
    repositories = {name: repository() for name in ("many", "one")}
    for _, bench in repositories.values():
        subprocess.run([tollgate, "install"], cwd=bench.folder, env=bench.environment, check=True, capture_output=True)
    for _ in range(arguments.runs):
        for name, (root, bench) in repositories.items():
            shutil.copytree(reports / name, root / "staged")
            shutil.rmtree(bench.folder / "out", ignore_errors=True)
            command = [tollgate, "check", "--staged", "--only", "unit", "--format", "short"]
            figures[name].append(bench.cpu(command, (0, 1, 3)))
        for name, folder in (("junitparser", "many"), ("junitparser, one", "one")):
            command = [arguments.python, "-c", READ, str(reports / folder)]
            figures[name].append(repositories["one"][1].cpu(command))
    middle = {name: statistics.median(values) for name, values in figures.items()}
    net = middle["many"] - middle["one"]
    print(f"{len(list((reports / 'many').iterdir()))} reports, {arguments.runs} runs each, medians in ms CPU")
    print(f"tollgate {middle['many']:.1f}, with one report {middle['one']:.1f}, so the reading {net:.1f}")
    print(f"junitparser {middle['junitparser']:.1f}, x {middle['junitparser'] / net:.1f}")
    alone, theirs = middle["one"], middle["junitparser, one"]
    print(f"one report alone: tollgate {alone:.1f}, junitparser {theirs:.1f}, x {theirs / alone:.1f}")
    for root, _ in repositories.values():
        shutil.rmtree(root)
    shutil.rmtree(reports)


main()
