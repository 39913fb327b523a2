"""Documents against the code, in both directions."""
import os
import re
import shutil
import subprocess

import provider_tables
import tree

NUMBER = re.compile(r"SMTPSend-(\d{3}): |(?:SS_LOG_[A-Z]+|->doubt),\s*([1-9]\d\d),")
ADVICE = "src/smtp/advice_log.c"


def log_numbers(report):
    """Each number of a log line stands at one place, and the knowledge base explains it."""
    places = {}
    for path in tree.files("mod_smtp_send.c", "src/**/*.c"):
        content = tree.read(path)
        for match in NUMBER.finditer(content):
            report.examined += 1
            places.setdefault(match.group(1) or match.group(2), []).append(f"{path}:{tree.line_of(content, match.start())}")
    explained = re.findall(r'^    \{ "SMTPSend-(\d{3})"', tree.read(ADVICE), re.M)
    for number, where in sorted(places.items()):
        if len(where) > 1:
            report.find(f"log number {number} stands at several places: {' '.join(where)}")
        if number not in explained:
            report.find(f"{ADVICE} does not explain SMTPSend-{number}")
    for number in explained:
        if number not in places:
            report.find(f"{ADVICE} explains SMTPSend-{number}, which nothing logs")
        if explained.count(number) > 1:
            report.find(f"{ADVICE} explains SMTPSend-{number} twice")


def directives(report):
    """docs/directives.md is what `make docs` writes of the option table and docs/directives.in, where each directive has its section."""
    program = os.path.join(os.environ.get("SMTP_SEND_BUILD", "build"), "manual")
    done = subprocess.run([program, "directives.md", "docs/directives.in"], capture_output=True, text=True)
    for line in done.stderr.splitlines():
        report.find(line)
    names = re.findall(r"^### (\w+)$", done.stdout, re.M)
    report.examined = len(names)
    if done.stdout != tree.read("docs/directives.md"):
        report.find("docs/directives.md is not what the option table and docs/directives.in say (make docs)")
    for path in tree.files("README.md", "docs/**/*.md"):
        for name in sorted(set(re.findall(r"\b(SMTPSend[A-Z]\w+)\b", tree.read(path))) - set(names)):
            report.find(f"{path} names {name}, which is no directive")


def provider_fields(report):
    """The fields of the providers' APIs in docs/provider-apis.md are those of the tables in src/web/api."""
    report.examined = sum(len(rows) for name in provider_tables.NAMES for _, rows in provider_tables.tables(name))
    if provider_tables.stale():
        report.find("docs/provider-apis.md is not what the tables in src/web/api say (make docs)")


def manuals(report):
    """Man pages without findings of mandoc, no line of them wider than 80 columns."""
    build = os.environ.get("SMTP_SEND_BUILD", "build")
    pages = [os.path.join(build, name) for name in sorted(os.listdir(build)) if re.search(r"^[\w-]+\.[158]$", name)]
    pages += tree.files("packaging/debian/*.[158]")
    if not shutil.which("mandoc"):
        return report.find("mandoc is not installed (make deps)")
    for page in pages:
        report.examined += 1
        done = subprocess.run(["mandoc", "-Tlint", "-Wall", page], capture_output=True, text=True)
        for line in done.stdout.splitlines():
            report.find(line)
        done = subprocess.run(["mandoc", "-Tutf8", "-Owidth=80", page], capture_output=True, text=True)
        for line in re.sub(".\b", "", done.stdout).splitlines():
            if len(line) > 80:
                report.find(f"{page}: {len(line)} columns: {line.strip()}")


def commands(report):
    table = re.search(r"^const ss_\w+ ss_\w*commands\[\] = \{(.*?)^\};", tree.read("src/cli/cli_commands.c"), re.M | re.S)
    found = re.findall(r'^    \{\s*"([a-z]+)",', table.group(1), re.M) if table else []
    report.examined = len(found)
    for command in found:
        if f"smtp-send {command}" not in tree.read("docs/commands.md"):
            report.find(f"docs/commands.md does not show smtp-send {command}")


def metrics(report):
    families = re.findall(r'\b(?:family|by_relay|histogram)\(\s*&?\w+,\s*"([a-z_]+)"', tree.read("src/record/exposition.c"))
    report.examined = len(families)
    known = {f"smtp_send_{name}" for name in families}
    ending = re.compile(r"_(total|bucket|sum|count)$")
    page = "docs/operations.md"
    listed = {ending.sub("", name) for name in re.findall(r"`(smtp_send_[a-z_]+)`", tree.read(page))}
    for name in sorted(known):
        if ending.sub("", name) not in listed:
            report.find(f"{page} does not name the metric {name}")
    for path in (page, *tree.files("conf/examples/*.json", "conf/examples/*.yml")):
        for name in sorted(set(re.findall(r"`(smtp_send_[a-z_]+)`" if path == page else r"\b(smtp_send_[a-z_]+)", tree.read(path)))):
            if ending.sub("", name) not in {ending.sub("", family) for family in known}:
                report.find(f"{path} names {name}, which is no metric")


def problems(report):
    """docs/problems.md and conf/openapi.yaml list the kinds of refusals, with their statuses."""
    kinds = re.findall(r'^    X\(\w+, (\d{3}), \d+, "(\w+)"', tree.read("src/base/problem_kind.h"), re.M)
    listed = [(status, code) for code, status in re.findall(r"^\| `(\w+)` \| (\d{3}) \|", tree.read("docs/problems.md"), re.M)]
    schema = re.search(r"code: \{ enum: \[([^]]*)\]", tree.read("conf/openapi.yaml"))
    report.examined = len(kinds)
    if listed != kinds:
        report.find(f"docs/problems.md does not list the kinds of src/base/problem_kind.h, in their order: {sorted(set(listed) ^ set(kinds))}")
    if not schema or sorted(schema.group(1).split(", ")) != sorted(code for _, code in kinds):
        report.find("conf/openapi.yaml does not list the codes of src/base/problem_kind.h")


def readmes(report):
    """Each folder of the source explains itself."""
    for folder in sorted({os.path.dirname(path) for path in tree.files("src/*/*")}):
        report.examined += 1
        path = os.path.join(folder, "README.md")
        if not os.path.exists(path) or not tree.read(path).strip():
            report.find(f"{folder} has no README.md")


def is_in_tree(name, names):
    """A path from the root must be a file; any other name must be some file's."""
    if re.match(r"(src|t|docs|conf|include|packaging)/", name):
        return os.path.exists(name)
    return os.path.basename(name) in names


def citations(report):
    """Documents and comments name no file that is not in the tree."""
    names = {os.path.basename(path) for path in tree.files("*", "src/**/*", "t/**/*", "conf/**/*", "include/*", "packaging/**/*", "docs/**/*")}
    names.add("bench.md")  # written by make bench
    cited = [(path, name) for path in tree.files("README.md", "src/**/README.md", "t/**/README.md", "docs/**/*.md")
             for name in re.findall(r"(?<![\w./<-])((?:[\w-]+/)*[\w-]+\.(?:[ch]|py|md))\b", tree.read(path))]
    cited += [(path, name) for path in tree.sources()
              for name in re.findall(r"\b([A-Z_]{4,}\.md|(?:src|t|docs)/[\w/-]+\.\w+)", "\n".join(tree.comments(path)))]
    for path, name in cited:
        report.examined += 1
        if not is_in_tree(name, names):
            report.find(f"{path} names {name}, which is not in the tree")


def links(report):
    """Links of documents lead to files of the tree; pictures are small."""
    for path in tree.files("README.md", "docs/**/*.md"):
        for name in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", tree.read(path)):
            report.examined += 1
            target = os.path.join(os.path.dirname(path), name)
            if not os.path.exists(target):
                report.find(f"{path} links to {name}, which is not in the tree")
            elif target.endswith(".png") and os.path.getsize(target) > 200 * 1024:
                report.find(f"{target} has more than 200 KB")


def attacks(report):
    """The table of attacks names tests that exist."""
    for path, names in re.findall(r"`(t/[\w/]+\.(?:py|c))(?:: ([\w ]+))?`", tree.read("docs/attacks.md")):
        if not os.path.exists(path):
            report.find(f"docs/attacks.md names {path}, which is not in the tree")
            continue
        report.examined += 1
        for name in names.split():
            report.examined += 1
            if not re.search(rf"\b{name}\b", tree.read(path)):
                report.find(f"docs/attacks.md names {name}, which is not in {path}")


CHECKS = [attacks, log_numbers, directives, provider_fields, manuals, commands, metrics, problems, readmes, citations, links]
