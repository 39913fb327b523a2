#!/usr/bin/env python3
"""The tables of docs/provider-apis.md from those of src/web/api. Without arguments: writes the document; --check: 1 if it would change."""
import re
import sys

DOCUMENT = "docs/provider-apis.md"
TITLES = {"own_rows": "In an element of `personalizations`:"}
NAMES = ("resend", "postmark", "sendgrid", "mailgun")
ROW = re.compile(r'\{ ("(?:[^"])*"), (NULL|"[^"]*"), (\w+),\s*((?:NULL|NO_\w+|(?:"[^"]*"\s*)+)) \}')


def text_of(value, source):
    if value.strip() == "NULL":
        return ""
    if value.startswith("NO_"):
        value = re.search(rf"#define {value.strip()} (.*)", source).group(1)
    return "".join(re.findall(r'"([^"]*)"', value))


def tables(name):
    """The tables of an API: the name of each, and its rows: field, what becomes of it, remark."""
    with open(f"src/web/api/provider_{name}.c", encoding="utf-8") as file:
        source = file.read()
    for title, body in re.findall(r"static const ss_provider_row_t (\w+)\[\] = \{(.*?)\n\};", source, re.S):
        yield title, [row_of(match, source) for match in ROW.finditer(body)]


def row_of(match, source):
    theirs, ours, take, note = (match.group(1)[1:-1], text_of(match.group(2), source), match.group(3), text_of(match.group(4), source))
    if take == "ss_provider_attachments":
        note = ", ".join(f"{a} is {b}" if b else f"{a} is ignored" for a, b in (word.split(">") for word in note.split()) if a != b)
    return theirs, "refused" if take == "ss_provider_off" else ours or ("ignored" if take == "ss_provider_ignore" else "understood"), note


def document():
    with open(DOCUMENT, encoding="utf-8") as file:
        head = file.read().split("## Fields of ")[0].rstrip("\n")
    parts = [head]
    for name in NAMES:
        lines = [f"## Fields of {name}"]
        for title, rows in tables(name):
            lines += ["", *([TITLES[title], ""] if title in TITLES else []), "| field | here | |", "|---|---|---|"]
            lines += [f"| `{theirs}` | {effect} | {note} |" for theirs, effect, note in rows]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def stale():
    with open(DOCUMENT, encoding="utf-8") as file:
        return file.read() != document()


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(stale())
    text = document()
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(text)
