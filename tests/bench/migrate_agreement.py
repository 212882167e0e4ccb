#!/usr/bin/env python3
"""Judges a faulty commit by another hook manager, migrates, judges it again by tollgate, and compares who complained.

    python3 tests/bench/migrate_agreement.py TOLLGATE [--real FOLDER CLONES]

With `--real` real configurations, one in each folder of FOLDER, instead of the samples: those of pre-commit with prek, on
clones of the repositories of their hooks in CLONES (`OWNER+NAME/repo`), those of lefthook with programs that only say how they
were called. TOLLGATE is the binary; `pre-commit`, `prek` and `lefthook` (all on PyPI) must be on PATH, those that are not are left out.
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


# Says how it was called and on which of the faulty files, and fails if there are any.
RECORDER = """#!/bin/sh
found=0
for word; do case $word in *.py|*.json|*.yaml|*.txt|*.draft|*.c|*.md|*.js) [ -f "$word" ] && found=1;; esac; done
echo "$(basename "$0") $*" >> "$RECORDED"
exit $found
"""


class Repo:
    def __init__(self, top, more=None):
        self.top = top
        os.makedirs(top)
        home = os.path.join(top, "..", "home")
        os.makedirs(home, exist_ok=True)
        self.env = {"PATH": os.environ["PATH"], "HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        self.env |= more or {}
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

        said, checks = migrated(repo, tollgate)
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


def real_hooks(name, config, tollgate, mirrors, cache):
    """A real configuration of pre-commit, run by prek on clones that are there: the hooks that fail before and after."""
    with tempfile.TemporaryDirectory() as folder:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        repo = Repo(os.path.join(folder, "work"), kept | {"HOME": os.path.join(folder, "home"), "PREK_HOME": cache})
        clones = {clone.lower(): os.path.join(mirrors, clone, "repo") for clone in os.listdir(mirrors)}
        with open(os.path.join(folder, "home", ".gitconfig"), "w") as file:
            for url in set(re.findall(r"repo:\s*['\"]?(https?://[^\s'\"]+)", config)):
                path = clones.get(re.sub(r"^https?://[^/]+/|(\.git)?/?$", "", url).replace("/", "+").lower())
                if path is None:
                    return f"{name}: no clone of {url}"
                file.write(f'[url "{path}"]\ninsteadOf = {url}\n')
        repo.stage(CLEAN | {".pre-commit-config.yaml": config})
        repo.run("git", "commit", "-q", "--no-verify", "-m", "start")
        repo.stage(FAULTY)
        _, output = repo.run("prek", "run")
        missing = set(re.findall(r"Failed to run hook `([\w-]+)`", output))
        if not missing and not re.search(r"- hook id:|Passed|Skipped", output):
            return f"{name}: prek does not run: {output.strip().splitlines()[-1][:150]}"
        failed, named = complaints(output, "prek")
        repo.reset()
        said, checks = migrated(repo, tollgate)
        repo.run("git", "add", "tollgate.toml")
        repo.run("git", "commit", "-q", "--no-verify", "-m", "tollgate")
        repo.run(tollgate, "install")
        repo.stage(FAULTY)
        code, output_after = repo.run(tollgate, "check", "--staged", "--format", "json")
        hooks = {check: hook for hook, check in checks.items()}
        after, broken = set(), set()
        report = json.loads(output_after[output_after.index("{"):output_after.rindex("}") + 1])
        for finding in report["findings"]:
            rule = finding["rule"].split("/")[0]
            after.add(hooks.get(rule, rule))
        broken = {hooks.get(check["id"], check["id"]) for check in report["checks"] if "broken" in check["outcome"]}
        counts = re.search(r"\d+ translated.*", said)[0]
        if "-v" in sys.argv:
            print(output, said, output_after, sep="\n-----\n")
        # A program that is not there ends prek's run; what it had not come to by then is not held against anyone.
        failed, after = failed | missing, after | broken
        lists = [f"{label} {' '.join(sorted(ids))}" for label, ids in (
            ("fail in both:", failed & after), ("only before:", failed - after), ("only after:", after - failed)) if ids]
        return f"{name}: {counts}; {'; '.join(lists) or 'nothing fails'}"


def real_commands(name, file, config, tollgate):
    """A real configuration of lefthook: the command lines of programs that only say how they were called."""
    with tempfile.TemporaryDirectory() as folder:
        tools = os.path.join(folder, "tools")
        os.makedirs(tools)
        for program in ("yarn", "pnpm", "npm", "npx", "bun", "bunx", "cargo", "make", "go", "taplo", "golangci-lint", "biome",
                        "eslint", "prettier", "tsc", "typos", "mix", "dart", "flutter", "deno", "turbo", "commitlint"):
            with open(os.path.join(tools, program), "w") as out:
                out.write(RECORDER)
            os.chmod(os.path.join(tools, program), 0o755)
        record = os.path.join(folder, "record")
        more = {"PATH": f"{tools}:{os.environ['PATH']}", "RECORDED": record}
        repo = Repo(os.path.join(folder, "work"), more)
        more_files = {"web/k.ts": "let a = 1\n", "web/l.tsx": "let b = 1\n", "src/m.rs": "fn main() {}\n", "n.ex": "1\n"}
        repo.stage(CLEAN | {file: config})
        repo.run("git", "commit", "-q", "--no-verify", "-m", "start")

        def ran(*words):
            open(record, "w").close()
            repo.stage(FAULTY | more_files)
            code, output = repo.run(*words)
            lines = sorted(set(open(record).read().splitlines()))
            # Where names are in another order, or quoted, it is the same call.
            return code, {" ".join(sorted(line.split())) for line in lines}, output

        code_before, before, output = ran("lefthook", "run", "pre-commit")
        repo.reset()
        said, _ = migrated(repo, tollgate)
        repo.run("git", "add", "tollgate.toml")
        repo.run("git", "commit", "-q", "--no-verify", "-m", "tollgate")
        repo.run(tollgate, "install")
        code_after, after, output_after = ran(tollgate, "check", "--staged")
        counts = re.search(r"\d+ translated.*", said)[0]
        if "-v" in sys.argv:
            print(output, said, output_after, before, after, sep="\n-----\n")
        verdict = "the same" if before == after else f"only before: {sorted(before - after)}; only after: {sorted(after - before)}"
        return (f"{name}: {counts}; {'blocked' if code_before else 'passed'} before, {'blocked' if code_after else 'passed'} "
                f"after; {len(before & after)} calls in both; {verdict}")


def migrated(repo, tollgate):
    _, said = repo.run(tollgate, "migrate")
    found = re.findall(r"^  (?:translated|wrapped)\s+(?:pre-commit: )?([\w-]+)[^\n]*? -> ([\w-]+)", said, re.M)
    return said, dict(found)


def real(tollgate, folder, mirrors):
    with tempfile.TemporaryDirectory() as cache:
        for name in sorted(os.listdir(folder)):
            for file in sorted(os.listdir(os.path.join(folder, name))):
                config = open(os.path.join(folder, name, file)).read() if "." in file else ""
                if file == ".pre-commit-config.yaml":
                    print(real_hooks(name, config, tollgate, mirrors, cache), flush=True)
                elif re.fullmatch(r"\.?lefthook\.(yml|yaml|toml)", file):
                    print(real_commands(name, file, config, tollgate), flush=True)


def main():
    tollgate = os.path.abspath(sys.argv[1])
    if "--real" in sys.argv:
        at = sys.argv.index("--real")
        return real(tollgate, sys.argv[at + 1], sys.argv[at + 2])
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
