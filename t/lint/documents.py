"""Documents against the code, in both directions."""
import os
import re

import tree

NUMBER = re.compile(r"SMTPSend-(\d{3}): |SS_LOG_[A-Z]+,\s*([1-9]\d\d),")
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


OPTION = re.compile(r'"(SMTPSend[A-Za-z]+)",\s*(?:SS_KIND_)?[A-Z_]+,(?:\s*SS_PLACE_BOTH,)?(?:\s*(?:[SGD]\(\w+\)|\w+),)+?\s*(?:NULL|"([^"]*)")')


def directives(report):
    """docs/directives.md has a section for each directive, in the order of the table: context, default, values, an example, what goes wrong without it."""
    initial = dict(OPTION.findall(tree.read("src/config/option_table.c")))
    report.examined = len(initial)
    page = re.split(r"^### (\w+)\n", tree.read("docs/directives.md"), flags=re.M)[1:]
    names, sections = page[::2], dict(zip(page[::2], page[1::2]))
    if names != list(initial):
        report.find(f"docs/directives.md does not have the directives of src/config/option_table.c, in their order: {sorted(set(initial) ^ set(names))}")
    for name, section in sections.items():
        head = re.search(r"^Context: [^.]+\. Default: (.+?)\. Values: .+\.$", section, re.M)
        if not head or not re.search(rf"^    {name} \S", section, re.M) or not re.search(r"^Without it: .+\.$", section, re.M):
            report.find(f"docs/directives.md: {name} lacks context, default, values, an example or what goes wrong without it")
        elif initial.get(name) and initial[name] not in re.split(r"`|; ", head.group(1)):
            report.find(f"docs/directives.md gives {head.group(1)} as the default of {name}, the code {initial[name]}")
    for path in tree.files("README.md", "docs/**/*.md"):
        for name in sorted(set(re.findall(r"`(SMTPSend[A-Za-z]+)[` ]", tree.read(path))) - set(initial)):
            report.find(f"{path} names {name}, which is no directive")


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
    names = {os.path.basename(path) for path in tree.files("*", "src/**/*", "t/**/*", "conf/**/*", "include/*", "packaging/*", "docs/**/*")}
    names.add("bench.md")  # written by make bench
    cited = [(path, name) for path in tree.files("README.md", "src/**/README.md", "t/**/README.md", "docs/**/*.md")
             for name in re.findall(r"(?<![\w./<-])((?:[\w-]+/)*[\w-]+\.(?:[ch]|py|md))\b", tree.read(path))]
    cited += [(path, name) for path in tree.sources()
              for name in re.findall(r"\b([A-Z_]{4,}\.md|(?:src|t|docs)/[\w/-]+\.\w+)", "\n".join(tree.comments(path)))]
    for path, name in cited:
        report.examined += 1
        if not is_in_tree(name, names):
            report.find(f"{path} names {name}, which is not in the tree")


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


CHECKS = [attacks, log_numbers, directives, commands, metrics, problems, readmes, citations]
