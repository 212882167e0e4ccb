#!/usr/bin/env python3
"""Runs every hygiene check of `tollgate builtin` and of pre-commit-hooks on the same contents and prints differences.

    python3 tests/bench/hygiene_vs_pre_commit_hooks.py TOLLGATE HOOKS_BIN [FOLDER]

TOLLGATE is the binary, HOOKS_BIN the `bin` of a virtual environment with pre-commit-hooks, FOLDER an optional folder of
further files (each is tried with the checks that its extension fits). Compared are: exit 0 or not, and the content after
fixing. Exit 1 if something differs that is not listed below as intended.
"""

import ast
import os
import random
import subprocess
import sys
import tempfile

TEXTS = [
    b"", b"a", b"a\n", b"a \n", b"a\t\r\nb  \r\n", b"  \n\t\n", b"a  \nb   \n", b"a\n\n\n", b"\n", b"\n\n", b"\r\n", b"a\r",
    b"a\r\r", b"a\r\n\r\n", b"a\r\n\n", b"a\n\r", b"a\nb\r\nc\n", b"a\rb\nc\r\n", b"a\nb\r\n", b"a\r\nb\rc\r", b"a\r\r\n",
    b"\xef\xbb\xbfa\n", b"\xef\xbb\xbf", b"a\xef\xbb\xbf\n", b"x \x0b\x0c\n", b"caf\xe9 \n", b"\xc2\xa0\n", b"a\r\nb", b" a",
    b"=======\n", b"======= x\n", b"=======", b"<<<<<<< a\n", b"<<<<<<<\n", b">>>>>>> a\r\n", b"=======\r\n", b" <<<<<<< a\n",
    b"a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\n", b"||||||| x\n",
]
KEYS = [b"-----BEGIN " + name for name in [
    b"RSA PRIVATE KEY-----", b"DSA PRIVATE KEY-----", b"EC PRIVATE KEY-----", b"OPENSSH PRIVATE KEY-----",
    b"PRIVATE KEY-----", b"ENCRYPTED PRIVATE KEY-----", b"SSH2 ENCRYPTED PRIVATE KEY", b"PGP PRIVATE KEY BLOCK-----",
    b"OpenVPN Static key V1-----", b"PUBLIC KEY-----", b"CERTIFICATE-----", b"rsa private key",
]] + [b"PuTTY-User-" + b"Key-File-2: x", b"PuTTY-User-" + b"Key-File-3: x", b"END PRIVATE KEY"]
JSON = [
    b"{}", b"", b" ", b"[1, 2]", b"[1,]", b"{\"a\": 1, \"a\": 2}", b"{\"a\": {\"a\": 1}}", b"nul", b"1", b"\"\\ud800\"",
    b"\"\\u00e9\"", b"\"\t\"", b"\"\xff\"", b"\xef\xbb\xbf{}", b"[NaN]", b"[Infinity]", b"01", b"1.", b"-", b"1e5", b"// c\n{}",
    b"{'a': 1}", b"{} {}", b"[1 2]", b"{\"a\" 1}", b"\"\\x\"", b"[\"a\nb\"]", b"\0", b"{\"a\": 1, \"\\u0061\": 2}", b"[" * 50 + b"]" * 50,
]
YAML = [
    b"", b"a: 1\n", b"a: [1, 2\n", b"a: 1\na: 2\n", b"a: 1\n---\nb: 2\n", b"---\na: 1\n...\n", b"a: !Ref b\n", b"a: !!str b\n",
    b"a: *x\n", b"a: &x 1\nb: *x\n", b"a: b: c\n", b"\ta: 1\n", b"a:\n\t- b\n", b"a: 'x\n", b"a: |\n  x\n", b"a: >-\n  x\n y\n",
    b"{a: 1, a: 2}\n", b"1: a\n'1': b\n", b"? a\n: b\n", b"? [a]\n: b\n", b"- a\n- b\nc: d\n", b"a: {{ x }}\n", b"a: \"{{ x }}\"\n",
    b"%YAML 1.1\n---\na: yes\n", b"a: @x\n", b"a: `x`\n", b"a: %x\n", b"a: \"\\q\"\n", b"a: !!set {x}\n", b"a: !!binary aGk=\n",
    b"a: &x [*x]\n", b"<<: {a: 1}\na: 2\n", b"x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x\n", b"a: 2020-01-01\n", b"a: ! b\n",
    b"a: !foo!bar b\n", b"%TAG !foo! tag:x,2000:\n---\na: !foo!bar b\n", b"a\n", b"a: b\n c: d\n", b"a: 1 # c\n#d\n", b"a:b\n",
    b"- - - a\n", b"a: [\n1,\n2\n]\n", b"key: [a, b]]\n", b"\xef\xbb\xbfa: 1\n", b"a: \xff\n", b"a: \x01\n", b"a: 'it''s'\n",
    b"on: push\njobs:\n  a:\n    steps: [{run: x}]\n", b"a: -\n", b"a: - b\n", b"a: \"b\" c\n", b"'a': 1\na: 2\n", b"a: ?b\n",
    b"!!python/object:os.system x\n", b"~: 1\nnull: 2\n", b"true: 1\nTrue: 2\n", b"--- a\n--- b\n", b"a: b\n---\n",
]
TOML = [
    b"", b"a = 1\n", b"a = 1\na = 2\n", b"[a]\n[a]\n", b"a = \n", b"a = 'x\n", b"a.b = 1\na = 2\n", b"[a]\nb = 1\n[a.c]\n",
    b"a = [1, 'x']\n", b"a = {b = 1}\n", b"a = {b = 1,}\n", b"a = {\n b = 1 }\n", b"a = 1979-05-27\n", b"a = 1979-05-32\n",
    b"a = 01\n", b"a = \"\\e\"\n", b"a = '\xff'\n", b"\xef\xbb\xbfa = 1\n", b"a = 1 b = 2\n", b"[[a]]\n[[a]]\n", b"[a", b"a = 1\r\n",
    b"a = 99999999999999999999\n", b"a = 0x1G\n", b"a = inf\n", b"a = \"\"\"x\ny\"\"\"\n", b"= 1\n", b"a = 12:00\n", b"a = 'x\ty'\n",
]
XML = [
    b"", b"<a/>", b"<a></a>", b"<a>", b"<a></b>", b"<a/><b/>", b"text", b"<a/>text", b"<a b='1' b='2'/>", b"<a b=1/>", b"<a b/>",
    b"<a b='<'/>", b"<a b='&'/>", b"<a b='&lt;'/>", b"<a>&nbsp;</a>", b"<a>&amp;</a>", b"<a>&</a>", b"<a>&#xe9;</a>", b"<a>&#0;</a>",
    b"<a>&#xFFFFFFFF;</a>", b"<!DOCTYPE a><a>&x;</a>", b"<!DOCTYPE a SYSTEM 'a.dtd'><a>&x;</a>",
    b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", b"<?xml version='1.0'?><a/>", b" <?xml version='1.0'?><a/>",
    b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>", b"<a>\xe9</a>", b"<a>\x01</a>", b"<!-- a -- b --><a/>", b"<!-- c --><a/>",
    b"<a><![CDATA[<]]></a>", b"<a>]]></a>", b"<1/>", b"<a 1='x'/>", b"<a><b></a></b>", b"</a>", b"<a", b"<a><!-- </a>", b"<?pi x?><a/>",
    b"\xef\xbb\xbf<a/>", b"<a></a >", b"< a/>", b"<a b='1'c='2'/>", b"<a\nb='1'/>", b"<x:a/>", b"<a>\r\n</a>\n", b"<a/><!-- c -->\n", b"<a/>&amp;",
    b"<?xml?><a/>", b"<?xml version='1.0'?><?xml version='1.0'?><a/>", b"<a b='x' />", b"<a b='&x'/>", b"<a>&;</a>", b"<![CDATA[x]]><a/>",
]

PYTHON = [
    b"", b"x = 1\n", b"def f(:\n  pass\n", b"print 'x'\n", b"import pdb\n", b"import os, ipdb as d\n", b"from pdb import x\n", b"from .pdb import x\n",
    b"import a.pdb\n", b"f(breakpoint())\n", b"breakpoint\n", b"x.breakpoint()\n", b"x = list()\n", b"x = dict(a=1)\n", b"x = dict()\n", b"f(int())\n",
    b"x = list(y)\n", b"x = b.list()\n", b"x = tuple(*a)\n", b"x = str(encoding='x')\n", b"import a\n'doc'\n", b"'doc'\nimport a\n", b"'a'\n'b'\n",
    b"# c\n'''a\nb'''\n\nx = 1\n", b"x = (\n'a')\n", b"f'a'\n'doc'\n", b"x = \"a\"\n", b"x = \"it's\"\n", b"x = \"\"\n", b"x = rb\"a\"\n",
    b"x = f\"a\"\n", b"x = \"\"\"a\"\"\"\n", b"x = f\"{a['b']}\"\n", b"x = \"\\n\"\n", b"x = \"\\\"\"\n", b"x = 'a'\n", b"x = \"a\" \"b\"\n", b"x = u\"\xc3\xa9\"\n",
    b"match x:\n    case 1: pass\n", b"async def f():\n    await g()\n", b"x = 1 if y else\n", b"class A(list()): pass\n", b"@dict()\ndef f(): pass\n",
]
LISTS = [
    b"", b"b\na\n", b"a\nb\n", b"b\na", b"b\r\na\r\n", b"a\n\nb\n", b" \n", b"B\na\nb\nA\n", b"a\na\n", b"\xff\na\n", b"a\n\x0b\n", b" b\na\n", b"a \na\n",
]
REQUIREMENTS = LISTS + [
    b"foo\n# c\nbar\n", b"# top\n\nfoo\nbar\n", b"foo\nbar\n# end\n", b"Foo==1\nbar>=2\n", b"a==1\na==1\n", b"a\n# c\na\n", b"pkg-resources==0.0.0\nb\na\n",
    b"b==1 \\\n --hash=x\na\n", b"-e git+x#egg=b\na\n", b"b ; x < '3'\na\n", b"a~=1\na-b\n", b"a[x]==1\na\n", b"# a\n# b\n\n\nz\ny\n", b"\n\nb\na\n", b"b # x\na\n",
    b"foo!=1\nbar===2\n", b"a<2\nA>1\n", b"c\nb\n\na\n", b"a=1\na!b\n", b"b\\\n",
]
SIMPLE_YAML = [
    b"", b"a: 1\n", b"b: 1\n\na: 2\n", b"b: 1\na: 2\n", b"# top\n\nb: 1\n\n# of a\na: 2\n", b"'b': 1\n\n\"a\": 2\n", b"a: 1\n\n\nb: 2\n", b"\n\na: 1\n", b"a: 1  \n",
    b"# x\na: 1\n", b"b: 1\n\n# only\n", b"b: 1\n\na: 2", b"a: 1\n\n", b"b: 1\n\n# x\na: 2\n",
]
LINKS = [b"https://github.com/a/b/blob/" + rest + b"\n" for rest in [
    b"main/c.rs#L1", b"beef/c.rs#L1", b"abc/c.rs#L1", b"v1.2/c.rs#L1", b"main/c.rs", b"main/c d#L1", b"main/c/d.rs#L10-L12", b"main#L1", b"x" * 70 + b"/c#L1", b"a" * 65 + b"/c#L1",
    b"main/a https://github.com/a/b/blob/main/c#L1",
]]
FORMATTED = [
    b"{\n  \"a\": 1\n}\n", b"{\"b\": [1.50, 1e5, -0, -0.0, 1e16, 0.00001], \"a\": {}}", b"\"\xc3\xa9\xf0\x9f\x98\x80\x7f\"", b"[]\n", b"[[]]\r\n", b"\"\\u0000\\/\"",
    b"123456789012345678901234567890", b"1.7976931348623157e308", b"[0.1, 1.0, 5e-324, 123456789.123456789]", b"{\"c\": 1, \"b\": {\"z\": 1, \"a\": 2}, \"a\": []}",
]
SCRIPTS = [b"", b"#!/bin/sh\n", b"x\n", b"#![x]\n", b" #!x\n", b"#!"]

# check -> (program of pre-commit-hooks, option sets, contents by file name)
RUNS = {
    "trailing-whitespace": ("trailing-whitespace-fixer", [[], ["--markdown-linebreak-ext=md"], ["--markdown-linebreak-ext=*"], ["--chars= "]], {"a.txt": TEXTS, "a.md": TEXTS}),
    "end-of-file-fixer": ("end-of-file-fixer", [[]], {"a.txt": TEXTS}),
    "mixed-line-ending": ("mixed-line-ending", [[], ["--fix=no"], ["--fix=lf"], ["-fcrlf"], ["--fix", "cr"]], {"a.txt": TEXTS}),
    "fix-byte-order-marker": ("fix-byte-order-marker", [[]], {"a.txt": TEXTS}),
    "check-merge-conflict": ("check-merge-conflict", [[], ["--assume-in-merge"]], {"a.txt": TEXTS}),
    "detect-private-key": ("detect-private-key", [[]], {"a.txt": KEYS}),
    "check-json": ("check-json", [[]], {"a.json": JSON}),
    "check-yaml": ("check-yaml", [[], ["-m"], ["--unsafe"]], {"a.yaml": YAML}),
    "check-toml": ("check-toml", [[]], {"a.toml": TOML}),
    "check-xml": ("check-xml", [[]], {"a.xml": XML}),
    "check-ast": ("check-ast", [[]], {"a.py": PYTHON}),
    "debug-statements": ("debug-statement-hook", [[]], {"a.py": PYTHON}),
    "check-builtin-literals": ("check-builtin-literals", [[], ["--ignore=list,dict"], ["--no-allow-dict-kwargs"]], {"a.py": PYTHON}),
    "check-docstring-first": ("check-docstring-first", [[]], {"a.py": PYTHON}),
    "double-quote-string-fixer": ("double-quote-string-fixer", [[]], {"a.py": PYTHON}),
    "file-contents-sorter": ("file-contents-sorter", [[], ["--ignore-case"], ["--unique"]], {"a": LISTS}),
    "requirements-txt-fixer": ("requirements-txt-fixer", [[]], {"requirements.txt": REQUIREMENTS}),
    "sort-simple-yaml": ("sort-simple-yaml", [[]], {"a.yaml": SIMPLE_YAML}),
    "pretty-format-json": ("pretty-format-json", [[], ["--autofix"], ["--autofix", "--indent=4", "--no-sort-keys"], ["--autofix", "--indent=\t", "--no-ensure-ascii", "--top-keys=b,a"]], {"a.json": JSON + FORMATTED}),
    "check-vcs-permalinks": ("check-vcs-permalinks", [[]], {"a.md": LINKS}),
    "name-tests-test": ("name-tests-test", [[], ["--pytest-test-first"], ["--django"], ["--unittest"]], {"a_test.py": [b""], "test_a.py": [b""], "tests.py": [b""], "conftest.py": [b""]}),
    "check-executables-have-shebangs": ("check-executables-have-shebangs", [[]], {"a": SCRIPTS}),
    "check-added-large-files": ("check-added-large-files", [["--enforce-all", "--maxkb=1"], ["--enforce-all"]], {"a.bin": [b"", b"x" * 1024, b"x" * 1025, b"x" * 600_000]}),
}

# Checks of names: check -> (tracked, newly staged, named); `a -> b` is a link.
NAMES = [
    ("check-case-conflict", [], ["a"], ["a"]), ("check-case-conflict", ["A"], ["a"], ["a"]), ("check-case-conflict", [], ["a", "A"], ["a", "A"]),
    ("check-case-conflict", ["a", "A"], [], ["a"]), ("check-case-conflict", ["D/x"], ["d/y"], []), ("check-case-conflict", ["a", "A", "b"], [], ["b"]),
    ("check-case-conflict", ["x/a"], ["X"], ["X"]), ("check-case-conflict", ["d/\u00e9"], ["d/\u00c9"], []),
    ("check-symlinks", [], ["l -> a", "a"], ["l"]), ("check-symlinks", [], ["l -> b"], ["l"]), ("check-symlinks", [], ["a"], ["a"]),
    ("check-symlinks", [], ["l -> d", "d/x"], ["l"]), ("check-symlinks", [], ["l -> ."], ["l"]), ("check-symlinks", [], ["l -> m", "m -> l"], ["l"]),
    ("check-added-large-files --maxkb=0", ["a"], ["b"], ["a", "b"]), ("check-added-large-files --maxkb=0 --enforce-all", ["a"], ["b"], ["a", "b"]),
]

# Checks of what is staged: check with options -> (before, then staged, named). `a -> b` is a link, `a +x` is executable,
# `a = text` has that text, `a => b` is a submodule, `@branch` is checked out.
STAGED = [
    ("check-shebang-scripts-are-executable", [], ["a = #!/bin/sh"], ["a"]), ("check-shebang-scripts-are-executable", [], ["a +x = #!/bin/sh"], ["a"]),
    ("check-shebang-scripts-are-executable", [], ["a = x"], ["a"]), ("check-shebang-scripts-are-executable", [], ["a = #!"], ["a"]),
    ("check-shebang-scripts-are-executable", [], ["a ="], ["a"]), ("check-shebang-scripts-are-executable", ["a = #!x"], ["b = #!y"], ["b"]),
    ("destroyed-symlinks", ["l -> a"], ["l = a"], ["l"]), ("destroyed-symlinks", ["l -> a"], ["l = a\n"], ["l"]),
    ("destroyed-symlinks", ["l -> a"], ["l = b"], ["l"]), ("destroyed-symlinks", ["l -> a"], ["l = a longer text"], ["l"]),
    ("destroyed-symlinks", ["l -> a"], ["l -> b"], ["l"]), ("destroyed-symlinks", ["a = a"], ["a = b"], ["a"]),
    ("destroyed-symlinks", ["l -> a", "m -> b"], ["l = a", "m = c"], ["l", "m"]), ("destroyed-symlinks", ["l -> a"], ["l +x = a"], ["l"]),
    ("forbid-new-submodules", [], ["s => x"], ["s"]), ("forbid-new-submodules", [], ["s => x"], []), ("forbid-new-submodules", ["s => x"], ["s => x"], ["s"]),
    ("forbid-new-submodules", ["a"], ["b"], ["b"]),
    ("no-commit-to-branch", [], ["@main", "a"], []), ("no-commit-to-branch", [], ["@topic", "a"], []), ("no-commit-to-branch", [], ["@master", "a"], []),
    ("no-commit-to-branch --branch topic", [], ["@topic", "a"], []), ("no-commit-to-branch --branch topic", [], ["@main", "a"], []),
    ("no-commit-to-branch -b a -b b", [], ["@b", "a"], []), ("no-commit-to-branch -p re.*", [], ["@release", "a"], []),
    ("no-commit-to-branch -p elease", [], ["@release", "a"], []), ("no-commit-to-branch --pattern=x/.*", [], ["@x/y", "a"], []),
]

# The texts of a file with credentials, made up, and of files that may hold one.
CREDENTIALS = [
    "[default]\naws_secret_access_key = made-up-1\naws_session_token=made-up-2\n", "[a]\nAWS_SECURITY_TOKEN: made-up-1\n[b]\naws_secret_access_key = made-up-2 \n",
    "aws_secret_access_key = made-up-1\n", "# a\n[a]\naws_access_key_id = made-up-1\n;aws_session_token = made-up-2\n", "[a]\naws_secret_access_key =\n", "", None,
]
HOLDERS = [b"", b"made-up", b"x = made-up-1\n", b"made-up-2\nmade-up-2\n", b"made-up-1made-up-2", b"\xff made-up-2"]

# What differs on purpose: check -> how to recognise it from (content, our exit, their exit).
INTENDED = {
    "check-ast": [("the grammar is that of Python 2 and 3 together", lambda c: b"print '" in c)],
    "debug-statements": [
        ("a module of the package itself is no debugger", lambda c: b"from ." in c),
        ("the grammar is that of Python 2 and 3 together", lambda c: b"print '" in c),
    ],
    "check-builtin-literals": [("a file that does not parse is for check-ast", lambda c: not parses(c))],
    "check-docstring-first": [("a file that does not parse is for check-ast", lambda c: not parses(c))],
    "double-quote-string-fixer": [
        ("the parts of an f-string are read as Python does since 3.12", lambda c: b"f\"" in c),
        ("a file that does not parse is for check-ast", lambda c: not parses(c)),
    ],
    "sort-simple-yaml": [],
    "requirements-txt-fixer": [
        ("an entry that begins with a blank has a name", lambda c: any(line[:1] in b" \t;" and line.strip() for line in c.splitlines())),
        ("a file that ends within an entry is left alone", lambda c: c.rstrip(b"\r\n").endswith(b"\\")),
    ],
    "pretty-format-json": [
        ("NaN and Infinity are not JSON", lambda c: b"NaN" in c or b"Infinity" in c),
        ("half of a surrogate pair is not Unicode", lambda c: b"\\ud8" in c),
        ("a key that stands twice is for check-json", lambda c: c.count(b"\"a\": ") > 1 or b"\\u0061" in c),
        ("a byte-order mark is skipped", lambda c: c.startswith(b"\xef\xbb\xbf")),
        ("line ends stay", lambda c: b"\r\n" in c),
    ],
    "trailing-whitespace": [("a CR at the very end of the text is a line end", lambda c: c.endswith(b"\r"))],
    "end-of-file-fixer": [("the added line end is of the file's kind", lambda c: b"\r\n" in c)],
    "mixed-line-ending": [("a last line without a line end gets none", lambda c: not c.endswith((b"\n", b"\r")))],
    "check-json": [
        ("NaN and Infinity are not JSON", lambda c: b"NaN" in c or b"Infinity" in c),
    ],
    "check-yaml": [
        ("what a tag stands for is not decoded", lambda c: b"!!binary" in c),
        ("a tab before the first key is let through", lambda c: c.startswith(b"\t")),
    ],
    "check-toml": [
        ("TOML 1.1", lambda c: b"\\e" in c or b"{\n" in c or b",}" in c or b"12:00" in c),
        ("a byte-order mark is skipped", lambda c: c.startswith(b"\xef\xbb\xbf")),
    ],
}


def parses(content):
    """Whether Python reads it."""
    try:
        ast.parse(content)
        return True
    except (SyntaxError, ValueError):
        return False


def run(program, arguments, name, content):
    """Exit and content after the run; both programs start in an empty repository of their own."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "-q", folder], check=True)
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
        done = subprocess.run(program + arguments + [name], cwd=folder, capture_output=True)
        with open(os.path.join(folder, name), "rb") as file:
            return done.returncode, file.read(), done.stdout + done.stderr


def git(folder, *arguments):
    settings = ["-c", "user.name=x", "-c", "user.email=x", "-c", "core.quotepath=off", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", folder, *settings, *arguments], check=True, capture_output=True)


def run_names(program, arguments, tracked, staged, named):
    """Exit and sorted lines of a check of names in a repository with such files."""
    with tempfile.TemporaryDirectory() as folder:
        git(folder, "init", "-q")
        git(folder, "config", "core.quotepath", "off")
        for names, is_commit in ((tracked, True), (staged, False)):
            for name in names:
                name, _, target = name.partition(" -> ")
                path = os.path.join(folder, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                if target:
                    os.symlink(target, path)
                else:
                    with open(path, "w") as file:
                        file.write("content")
            git(folder, "add", "-A")
            if is_commit:
                git(folder, "commit", "-q", "--allow-empty", "-m", "before")
        done = subprocess.run(program + arguments + named, cwd=folder, capture_output=True)
        return done.returncode, sorted(done.stdout.decode().splitlines()), done.stderr.decode()


def stage(folder, entry):
    """Makes what an entry of `STAGED` says."""
    if entry.startswith("@"):
        return git(folder, "checkout", "-q", "-B", entry[1:])
    if " => " in entry:
        name = entry.partition(" => ")[0]
        commit = subprocess.run(["git", "-C", folder, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        return git(folder, "update-index", "--add", "--cacheinfo", f"160000,{commit},{name}")
    head, _, text = entry.partition(" =")
    head, _, target = head.partition(" -> ")
    name = head.removesuffix(" +x")
    path = os.path.join(folder, name)
    if os.path.lexists(path):
        os.remove(path)
    if target:
        os.symlink(target, path)
    else:
        with open(path, "w") as file:
            file.write(text.removeprefix(" "))
        os.chmod(path, 0o755 if head != name else 0o644)
    return git(folder, "add", name)


def run_staged(program, arguments, before, staged, named):
    """Exit and output of a check of what is staged."""
    with tempfile.TemporaryDirectory() as folder:
        git(folder, "init", "-q", "-b", "other")
        git(folder, "commit", "-q", "--allow-empty", "-m", "start")
        for entry in before:
            stage(folder, entry)
        git(folder, "commit", "-q", "--allow-empty", "-m", "before")
        for entry in staged:
            stage(folder, entry)
        done = subprocess.run(program + arguments + named, cwd=folder, capture_output=True)
        return done.returncode, done.stdout.decode() + done.stderr.decode()


def run_credentials(program, arguments, credentials, variables, content):
    """Exit and output of the check for credentials on a machine that has these."""
    with tempfile.TemporaryDirectory() as folder:
        if credentials is not None:
            with open(os.path.join(folder, "credentials"), "w") as file:
                file.write(credentials)
        with open(os.path.join(folder, "a"), "wb") as file:
            file.write(content)
        own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BOTO_"))}
        done = subprocess.run(program + arguments + ["a"], cwd=folder, capture_output=True, env={**own, "HOME": folder, **variables})
        lines = done.stdout.decode(errors="replace").splitlines()
        return done.returncode, sorted(set(lines)) if done.returncode == 1 else []


def compare_further(tollgate, hooks, is_asked):
    """Compares the checks of what is staged, and that of credentials: how many cases, how many differ."""
    n_cases = n_different = 0
    for check, before, staged, named in STAGED:
        check, *options = check.split()
        if not is_asked(check):
            continue
        n_cases += 1
        ours = run_staged([tollgate, "builtin", check], options, before, staged, named)
        theirs = run_staged([os.path.join(hooks, check)], options, before, staged, named)
        if ours[0] != theirs[0]:
            n_different += 1
            print(f"{check} {options} {before} {staged} {named}\n  ours   {ours}\n  theirs {theirs}")
    check = "detect-aws-credentials"
    files = [["--credentials-file=credentials"], ["--credentials-file=credentials", "--allow-missing-credentials"], []]
    machines = [({}, options) for options in files] + [({"AWS_SESSION_TOKEN": "made-up-2"}, []), ({"AWS_CONFIG_FILE": "credentials"}, [])]
    for credentials in CREDENTIALS if is_asked(check) else []:
        for variables, options in machines:
            for content in HOLDERS:
                n_cases += 1
                ours = run_credentials([tollgate, "builtin", check], options, credentials, variables, content)
                theirs = run_credentials([os.path.join(hooks, check)], options, credentials, variables, content)
                if ours != theirs:
                    n_different += 1
                    print(f"{check} {options} {credentials!r} {variables} {content}\n  ours   {ours}\n  theirs {theirs}")
    return n_cases, n_different


def mutated(contents, n, seed):
    """The contents and n more, made of their pieces."""
    chance = random.Random(seed)
    more = []
    for _ in range(n):
        a, b = chance.choice(contents), chance.choice(contents)
        more.append(a[: chance.randint(0, len(a))] + b[chance.randint(0, len(b)) :])
    return contents + more


def main():
    tollgate, hooks = sys.argv[1], sys.argv[2]
    further = {}
    for folder, _, names in os.walk(sys.argv[3]) if len(sys.argv) > 3 else []:
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                further.setdefault(os.path.splitext(name)[1], []).append(file.read())
    n_cases = n_intended = n_different = 0
    only = os.environ.get("ONLY", "").split(",")
    for check, (program, option_sets, files) in RUNS.items():
        if only != [""] and check not in only:
            continue
        for options in option_sets:
            for name, contents in files.items():
                extension = os.path.splitext(name)[1]
                for content in mutated(contents, int(os.environ.get("MORE", "0")), check) + further.get(extension, []):
                    n_cases += 1
                    ours = run([tollgate, "builtin", check], options, name, content)
                    theirs = run([os.path.join(hooks, program)], options, name, content)
                    if (ours[0] == 0, ours[1]) == (theirs[0] == 0, theirs[1]) and ours[0] < 2:
                        continue
                    reason = next((why for why, fits in INTENDED.get(check, []) if fits(content)), None)
                    if reason:
                        n_intended += 1
                        continue
                    n_different += 1
                    print(f"{check} {' '.join(options)} {content[:200]!r}\n  ours   {ours}\n  theirs {theirs[0], theirs[1], theirs[2][-300:]}")
    for check, tracked, staged, named in NAMES:
        check, *options = check.split()
        if only != [""] and check not in only:
            continue
        n_cases += 1
        ours = run_names([tollgate, "builtin", check], options, tracked, staged, named)
        theirs = run_names([os.path.join(hooks, check)], options, tracked, staged, named)
        if ours[:2] != theirs[:2]:
            n_different += 1
            print(f"{check} {options} {tracked} {staged} {named}\n  ours   {ours}\n  theirs {theirs}")
    further = compare_further(tollgate, hooks, lambda check: only == [""] or check in only)
    n_cases, n_different = n_cases + further[0], n_different + further[1]
    print(f"{n_cases} cases, {n_different} differ, {n_intended} differ on purpose")
    return 1 if n_different else 0


if __name__ == "__main__":
    sys.exit(main())
