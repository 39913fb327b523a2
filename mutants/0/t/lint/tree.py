"""The files of the tree, and C code without its comments and strings."""
import functools
import glob
import os
import re

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


@functools.lru_cache(None)
def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


@functools.lru_cache(None)
def files(*patterns):
    found = set()
    for pattern in patterns:
        found.update(path for path in glob.glob(pattern, recursive=True) if os.path.isfile(path))
    return sorted(found)


def c_files():
    return files("mod_smtp_send.c", "src/**/*.[ch]", "t/**/*.[ch]", "include/**/*.h")


def sources():
    return files("mod_smtp_send.c", "src/**/*.[ch]")


@functools.lru_cache(None)
def code(path):
    """The text with comments and strings blanked out; lines stay where they are."""
    return TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), read(path))


def comments(path):
    return [token for token in TOKEN.findall(read(path)) if token.startswith("/")]


def line_of(content, offset):
    return content.count("\n", 0, offset) + 1


def includes(path):
    """(line, name) of each #include with quotes."""
    for number, line in enumerate(read(path).splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if match:
            yield number, match.group(1)


def folder(path):
    """The folder of src that the file is in ("web" for src/web/submit/api.c); "" for mod_smtp_send.c."""
    parts = path.split("/")
    return parts[1] if parts[0] == "src" else ""


def tokens(path):
    return os.path.splitext(os.path.basename(path))[0].split("_")


FUNCTION = re.compile(r"^(?!static\b|typedef\b|#)((?:[A-Za-z_]\w*[ \t\n*]+)+)\**(\w+)\(([^;{}]*)\)\n\{", re.M)


@functools.lru_cache(None)
def public_functions(path):
    """(line, name) of each function that the .c file gives to others."""
    content = code(path)
    return [(line_of(content, m.start(2)), m.group(2)) for m in FUNCTION.finditer(content) if "static" not in m.group(1).split()]
