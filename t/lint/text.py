"""How code and documents are written."""
import os
import re
import shutil
import subprocess

import tree

DOCUMENTS = ("README.md", "CHANGES", "SECURITY.md", "src/**/README.md", "t/**/README.md", "conf/**/README.md", "docs/**/*.md")


def formatting(report):
    """What make format would change."""
    if not shutil.which("clang-format"):
        return report.find("clang-format is not installed (make deps)")
    paths = tree.c_files()
    done = subprocess.run(["clang-format", "--dry-run", *paths], capture_output=True, text=True)
    report.examined = len(paths)
    for line in done.stderr.splitlines():
        match = re.match(r"(\S+:\d+):\d+: warning: code should be clang-formatted", line)
        if match:
            report.find(f"{match.group(1)}: not as clang-format writes it (make format)")
    if done.returncode:
        report.find(done.stderr[-500:])


BANNED = re.compile(r"(?<![\w.>])(sprintf|vsprintf|strcpy|strcat|strncpy|strncat|atoi|atol|strtok|setjmp|longjmp|alloca|gets)\s*\(")


def calls(report):
    """Calls that overflow, truncate in silence or keep no error."""
    for path in tree.c_files():
        report.examined += 1
        content = tree.code(path)
        for match in BANNED.finditer(content):
            report.find(f"{path}:{tree.line_of(content, match.start())}: {match.group(1)} is not used here")


def leftovers(report):
    for path in (*tree.c_files(), *tree.files(*DOCUMENTS)):
        report.examined += 1
        for number, line in enumerate(tree.read(path).splitlines(), 1):
            if re.search(r"\b(XXX|FIXME|HACK)\b", line) or re.search(r"\bTODO\b(?! #\d)", line):
                report.find(f"{path}:{number}: {line.strip()}")


def tests(report):
    """Tests that skip, sleep or pass without looking."""
    for path in tree.files("t/**/*.py", "t/**/*.[ch]"):
        if path.startswith("t/lint/"):
            continue
        report.examined += 1
        for number, line in enumerate(tree.read(path).splitlines(), 1):
            if re.search(r"pytest\.(mark\.)?(skip|xfail)|time\.sleep\(|CU_PASS", line):
                report.find(f"{path}:{number}: {line.strip()}")


def word_rules():
    """The lines of t/lint/words: pattern, tab, what is written instead, tab, files that may (a pattern; optional)."""
    for line in tree.read("t/lint/words").splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, instead, *allowed = line.split("\t")
            yield re.compile(r"(?<![A-Za-z])(?:%s)(?![A-Za-z])" % pattern, re.I), instead, re.compile(allowed[0]) if allowed else None


def words(report):
    """Private words for what the field has a word for (t/lint/words)."""
    rules = list(word_rules())
    everything = re.compile("|".join(f"(?:{pattern.pattern})" for pattern, _, _ in rules), re.I)
    for path in tree.files("mod_smtp_send.c", "src/**/*", "include/**/*", "conf/**/*", "packaging/**/*", "docs/**/*", "t/**/*.[ch]", "t/**/*.py",
                           "t/**/*.md", "t/**/*.mk", "t/rig/*", "README.md", "CHANGES", "Makefile", "LICENSE"):
        if path.startswith("t/lint/") or path.endswith((".pyc", ".svg", ".png")) or "/corpus/" in path:
            continue
        report.examined += 1
        content = tree.read(path)
        if not everything.search(content):
            continue
        for number, line in enumerate(content.splitlines(), 1):
            for pattern, instead, allowed in rules:
                match = pattern.search(line)
                if match and not (allowed and allowed.search(f"{path}: {line}")):
                    report.find(f'{path}:{number}: "{match.group()}": {instead}')


PLACES = re.compile(r"(?<![\w.])/(home|root|work)/[a-z]")


def places(report):
    """Paths of the machine that something was written on."""
    for path in tree.files("README.md", "CHANGES", "Makefile", "mod_smtp_send.c", "src/**/*", "t/**/*", "conf/**/*", "include/**/*", "packaging/**/*", "docs/**/*"):
        if path.endswith((".pyc", ".png")) or path.startswith("t/lint/") or "/corpus/" in path:
            continue
        report.examined += 1
        for number, line in enumerate(tree.read(path).splitlines(), 1):
            if PLACES.search(line):
                report.find(f"{path}:{number}: {line.strip()}")


WIDE = ("docs/architecture.md", "docs/attacks.md", "docs/contributing.md", "docs/problems.md", "docs/policies/")


def width(report):
    """Pages for users can be read in a terminal: README.md has at most 150 lines, and README is a link to it."""
    if os.path.islink("README") and os.readlink("README") == "README.md":
        report.examined += 1
    else:
        report.find("README is not a link to README.md")
    if len(tree.read("README.md").splitlines()) > 150:
        report.find("README.md has more than 150 lines")
    for path in tree.files("README.md", "docs/**/*.md"):
        if path.startswith(WIDE):
            continue
        report.examined += 1
        for number, line in enumerate(tree.read(path).splitlines(), 1):
            if len(line) > (100 if path == "README.md" or not line.startswith("|") else 200):
                report.find(f"{path}:{number}: {len(line)} characters; at most 100 (a row of a table in docs: 200)")


CHECKS = [width, formatting, calls, leftovers, tests, words, places]
