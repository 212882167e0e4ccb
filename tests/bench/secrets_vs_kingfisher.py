#!/usr/bin/env python3
"""Compares the search for secrets with kingfisher's: whole processes, user + system CPU, medians of pairs within one run.

    python3 tests/bench/secrets_vs_kingfisher.py TOLLGATE KINGFISHER FOLDER [PAIRS]

TOLLGATE and KINGFISHER are binaries (`pip install kingfisher-bin`), FOLDER is a tree of files outside of any repository; it
is copied. Kingfisher asks no provider, looks for no update and reads no history.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def measured(command, folder):
    """CPU and wall seconds of a command with its children."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - start
    if done.returncode not in (0, 1, 200, 205):
        sys.exit(f"{command[0]} ended with {done.returncode}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def pairs(name, ours, theirs, folder, n_pairs):
    results = [(measured(ours, folder), measured(theirs, folder)) for _ in range(n_pairs)]
    for index, kind in enumerate(["CPU", "wall"]):
        our, their = (statistics.median(pair[side][index] for pair in results) for side in (0, 1))
        ratio = statistics.median(pair[0][index] / pair[1][index] for pair in results)
        print(f"{name:12} {kind:5} tollgate {our * 1e3:8.1f} ms   kingfisher {their * 1e3:8.1f} ms   ratio {ratio:.2f}")


def main():
    tollgate, kingfisher, source = (os.path.abspath(path) for path in sys.argv[1:4])
    n_pairs = int(sys.argv[4]) if len(sys.argv) > 4 else 7
    scan = [kingfisher, "scan", "--no-validate", "--no-update-check", "--git-history", "none", "--format", "json"]
    check = [tollgate, "check", "--only", "secrets", "--no-cache", "--format", "json"]
    with tempfile.TemporaryDirectory() as top:
        tree = os.path.join(top, "tree")
        shutil.copytree(source, tree, ignore=shutil.ignore_patterns(".git"))
        subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
        subprocess.run(["git", "add", "-A", "-f"], cwd=tree, check=True, stderr=subprocess.DEVNULL)
        files = [os.path.join(root, name) for root, _, names in os.walk(tree) for name in names if ".git" not in root]
        one = min(files, key=lambda path: abs(os.path.getsize(path) - 100_000))
        print(f"{len(files)} files, {sum(map(os.path.getsize, files)) >> 20} MiB; the one file has {os.path.getsize(one)} bytes")
        pairs("one file", [*check, os.path.relpath(one, tree)], [*scan, one], tree, n_pairs)
        pairs("tree", [*check, "--all"], [*scan, tree], tree, n_pairs)


main()
