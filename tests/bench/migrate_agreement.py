#!/usr/bin/env python3
"""Judges a faulty commit by another hook manager, migrates, judges it again by tollgate, and compares who complained.

    python3 tests/bench/migrate_agreement.py TOLLGATE

TOLLGATE is the binary; `pre-commit`, `prek` and `lefthook` (all on PyPI) must be on PATH, those that are not are left out.
Nothing is fetched: the samples have built-in and local hooks alone. Compared are: whether `git commit` goes through, which
hooks complain, and of which files. Exit 1 if something differs.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

FAULTY = {
    "a.py": "a = 2 \n",
    "b.json": '{"a": 1,}',
    "c.yaml": "a: [1\n",
    "d.txt": "no end of line",
    "e.py": "# TODO\n",
    "f.draft": "x\n",
    "src/g.c": "int tab;\n",
    "vendor/h.py": "a = 1 \n",
    "docs/i.md": "fine\n",
    "web/j.js": "debugger;\n",
}
CLEAN = {
    "a.py": "a = 1\n",
    "src/g.c": "int blank;\n",
    "web/j.js": "run();\n",
    "tools/no-todo.sh": '#!/bin/sh\n! grep -n TODO "$@"\n',
    "tools/no-debugger.sh": '#!/bin/sh\nfor file in "$@"; do grep -Hn debugger "$file" && exit 1; done; exit 0\n',
}
LOCAL = r"""
- repo: local
  hooks:
  - id: no-todo
    name: no-todo
    entry: tools/no-todo.sh
    language: script
    types_or: [python, shell]
    exclude: ^tools/
  - id: no-drafts
    name: no-drafts
    language: fail
    entry: drafts stay out
    files: \.draft$
  - id: format
    name: format
    entry: sed -i s/tab/blank/
    language: system
    files: ^src/.*\.c$
  - id: no-debugger
    name: no-debugger
    entry: debugger
    language: pygrep
    files: (?i)\.js$
"""
BUILT_IN = """
- repo: builtin
  hooks:
  - id: trailing-whitespace
  - id: end-of-file-fixer
  - id: check-json
  - id: check-yaml
"""
LEFTHOOK = r"""
pre-commit:
  parallel: true
  commands:
    no-todo:
      glob: "*.{py,sh}"
      exclude: ["tools/*", "vendor/*"]
      run: sh tools/no-todo.sh {staged_files}
    no-debugger:
      glob: "*.js"
      root: web/
      run: sh ../tools/no-debugger.sh {staged_files}
    no-drafts:
      glob: "*.draft"
      run: |
        for file in {staged_files}; do
          echo "drafts stay out: $file"
        done
        exit 1
    all-c:
      glob: "*.c"
      run: "! grep -Hn tab {all_files}"
  jobs:
    - name: notes
      glob: "docs/*.md"
      run: test -n {staged_files}
"""
MUTE = {"format"}
SAMPLES = [
    ("pre-commit", ".pre-commit-config.yaml", "exclude: ^vendor/\nrepos:" + LOCAL),
    ("prek", ".pre-commit-config.yaml", "exclude: ^vendor/\nrepos:" + BUILT_IN + LOCAL),
    ("lefthook", "lefthook.yml", LEFTHOOK),
]


class Repo:
    def __init__(self, top):
        self.top = top
        os.makedirs(top)
        home = os.path.join(top, "..", "home")
        os.makedirs(home, exist_ok=True)
        self.env = {"PATH": os.environ["PATH"], "HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        for who in ("AUTHOR", "COMMITTER"):
            self.env |= {f"GIT_{who}_NAME": "Ann", f"GIT_{who}_EMAIL": "ann@example.org"}
        self.run("git", "init", "-q", "-b", "main")

    def run(self, *words):
        ran = subprocess.run(words, cwd=self.top, env=self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return ran.returncode, ran.stdout

    def stage(self, files):
        for path, text in files.items():
            path = os.path.join(self.top, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
            if path.endswith(".sh"):
                os.chmod(path, 0o755)
        self.run("git", "add", "-A")

    def reset(self):
        self.run("git", "reset", "-q", "--hard")
        self.run("git", "clean", "-fdq")


def mentioned(text):
    """The faulty files that a text names."""
    return {path for path in FAULTY if re.search(rf"(?<![\w.]){re.escape(os.path.basename(path))}\b", text)}


def complaints(output, manager):
    """The hooks that failed with the files that their part of the output names."""
    if manager == "lefthook":
        failed = set(re.findall(r"^✗ ([\w-]+)", output, re.M))
        parts = re.split(r"^┃\s+([\w-]+) ❯", output.split("summary:")[0], flags=re.M)
    else:
        failed = set(re.findall(r"^- hook id: ([\w-]+)", output, re.M))
        parts = re.split(r"^- hook id: ([\w-]+)", re.sub(r"^.*\.{3,}.*$", "", output, flags=re.M), flags=re.M)
    sections = zip(parts[1::2], parts[2::2])
    return failed, {(name, path) for name, text in sections if name in failed for path in mentioned(text)}


def compare(manager, file, config, tollgate):
    with tempfile.TemporaryDirectory() as folder:
        repo = Repo(os.path.join(folder, "work"))
        repo.stage(CLEAN | {file: config})
        repo.run("git", "commit", "-q", "-m", "start")
        repo.run(manager, "install")
        repo.stage(FAULTY)
        code_before, output = repo.run("git", "commit", "-m", "faulty")
        failed, named = complaints(output, manager)
        repo.reset()

        _, said = repo.run(tollgate, "migrate")
        checks = dict(re.findall(r"^  (?:translated|wrapped)\s+(?:pre-commit: )?([\w-]+)[^\n]*? -> ([\w-]+)", said, re.M))
        repo.run(manager, "uninstall")
        repo.run("git", "add", "tollgate.toml")
        repo.run("git", "commit", "-q", "--no-verify", "-m", "tollgate")
        repo.run(tollgate, "install")
        repo.stage(FAULTY)
        code_after, output_after = repo.run("git", "commit", "-m", "faulty")
        _, text = repo.run(tollgate, "last", "--format", "json")
        report = json.loads(text)
        hooks = {check: hook for hook, check in checks.items()}
        after, places = set(), set()
        for finding in report["findings"]:
            hook = hooks.get(finding["rule"], finding["rule"])
            place = finding["place"]
            path = next(iter(place.values()))["path"] if isinstance(place, dict) else None
            after.add(hook)
            # A command that only has an exit code is quoted, as its manager quotes it.
            places |= {(hook, path)} if path else {(hook, named) for named in mentioned(finding["message"])}

        print(f"{manager}: commit {'blocked' if code_before else 'passed'} before, {'blocked' if code_after else 'passed'} after")
        print(re.search(r"^.*\d+ translated.*$", said, re.M).group())
        for hook in sorted(failed | after):
            files = sorted(path for name, path in named | places if name == hook)
            # What mends without a word names no file.
            if hook in MUTE:
                named |= {(hook, path) for path in files}
            mark = lambda known: "x" if known else "-"
            print(f"  {hook:22} before {mark(hook in failed)}  after {mark(hook in after)}")
            for path in files:
                print(f"    {path:20} before {mark((hook, path) in named)}  after {mark((hook, path) in places)}")
        is_same = bool(code_before) == bool(code_after) and failed == after and named == places
        if not is_same and "-v" in sys.argv:
            print(output, said, output_after, text, sep="\n-----\n")
        return is_same


def main():
    tollgate = os.path.abspath(sys.argv[1])
    results = []
    for manager, file, config in SAMPLES:
        if shutil.which(manager) is None:
            print(f"{manager}: not on PATH, left out")
            continue
        results.append(compare(manager, file, config, tollgate))
    print("the same" if all(results) and results else "NOT the same")
    return 0 if all(results) and results else 1


if __name__ == "__main__":
    sys.exit(main())
