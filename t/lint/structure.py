"""Who includes whom, and what is called how."""
import os
import re

import tree

# Folder, then the folders that it may include besides itself: the rings of docs/architecture.md.
PROTOCOL = ["base", "config", "mail", "smtp"]
SERVICES = [*PROTOCOL, "queue", "net", "wire"]
RINGS = {
    "base": [],
    "config": ["base"],
    "mail": ["base", "config"],
    "smtp": ["base", "config"],
    "queue": PROTOCOL,
    "net": PROTOCOL,
    "wire": PROTOCOL,
    "delivery": [*PROTOCOL, "queue"],
    "record": [*SERVICES, "delivery"],
    "intake": [*SERVICES, "delivery", "record"],
    "operator": [*SERVICES, "delivery", "record"],
    "web": ["base", "config", "mail", "wire"],
    "cli": SERVICES,
    "daemon": [*SERVICES, "delivery", "record", "intake", "operator"],
}
# The front ends of src/web share web/shared and know nothing of each other.
FRONT_ENDS = ("submit", "test", "status", "api")
# ... but for the APIs of providers, which become submissions.
BUILDS_ON = {"api": "submit"}


def is_allowed(path, name):
    """Whether the file may include that header, "folder/name.h"."""
    folder, other = tree.folder(path), name.split("/")[0]
    if folder == other == "web" and path.count("/") == 3:
        own, there = path.split("/")[2], name.split("/")[1]
        return there not in FRONT_ENDS or there in (own, BUILDS_ON.get(own))
    return other in (folder, "assets") or other in RINGS[folder]


def rings(report):
    """Each file includes only its own folder and rings further in."""
    for path in tree.sources():
        folder = tree.folder(path)
        if not folder:
            continue
        if folder not in RINGS:
            report.find(f"{path}: the folder {folder} is not in the table of t/lint/structure.py")
            continue
        for line, name in tree.includes(path):
            report.examined += 1
            if "/" not in name:
                if not os.path.exists(os.path.join(os.path.dirname(path), name)) and name != "smtp_send.h":
                    report.find(f"{path}:{line}: {name} is not in the file's own folder")
            elif not is_allowed(path, name):
                report.find(f"{path}:{line}: src/{folder} may not include {name}")


# src/delivery gets connections, threads and clocks through its ports (delivery/ports.h).
OUTSIDE = re.compile(r"#\s*include\s*[<\"](sys/|netinet/|arpa/|netdb\.h|poll\.h|pthread\.h|time\.h|unistd\.h|apr_thread|apr_network|apr_poll|base/clock\.h)"
                     r"|\b(apr_time_now|clock_gettime|gettimeofday|time|ss_clock_\w+|socket|connect|send|recv|fork|pthread_\w+|apr_thread_\w+|rand|random)\s*\(")


def ports(report):
    """src/delivery opens no socket, starts no thread and reads no clock."""
    for path in tree.files("src/delivery/*.[ch]"):
        report.examined += 1
        for number, line in enumerate(tree.code(path).splitlines(), 1):
            match = OUTSIDE.search(re.sub(r"(->|\.)\w+\s*\(", "(", line)) if not line.startswith("#") else None
            if match:
                report.find(f"{path}:{number}: {match.group().strip()}")
        for number, line in enumerate(tree.read(path).splitlines(), 1):
            if line.startswith("#") and OUTSIDE.search(line):
                report.find(f"{path}:{number}: {line}")


# Headers of libraries, then the files that may use them, then the library's name.
LIBRARIES = [
    (r"httpd\.h|http_[a-z]+\.h|ap_[a-z_]+\.h|util_[a-z]+\.h|unixd\.h|mpm_common\.h|scoreboard\.h|mod_[a-z]+\.h",
     r"src/web/|src/config/(module|setters|config_build|config_sections)\.|src/daemon/(supervise|launch|final_states_hook)\.|mod_smtp_send\.c", "httpd"),
    (r"gmime/|glib", r"src/mail/(compose|address)\.|src/web/submit/idempotency|src/web/shared/key\.", "GMime"),
    (r"gsasl", r"src/smtp/auth", "libgsasl"),
    (r"openssl/", r"src/net/(tls|stream_tls|link_open|probe)|src/cli/|src/net/webhook_call|src/record/event_privacy", "OpenSSL"),
    (r"curl/", r"src/net/webhook_call|src/cli/token_ask", "libcurl"),
    (r"apr_dbd|sqlite3", r"src/queue/", "databases"),
]


def libraries(report):
    for path in tree.sources():
        for number, line in enumerate(tree.read(path).splitlines(), 1):
            match = re.match(r"\s*#\s*include\s*<([^>]+)>", line)
            if not match:
                continue
            report.examined += 1
            for header, allowed, name in LIBRARIES:
                if re.match(header, match.group(1)) and not re.match(allowed, path):
                    report.find(f"{path}:{number}: {name} is not used here")


def graph():
    """Base name with folder -> the names that its .c or .h includes."""
    edges = {}
    for path in tree.sources():
        node = os.path.splitext(path)[0]
        targets = edges.setdefault(node, {})
        for line, name in tree.includes(path):
            for candidate in (os.path.join("src", name), os.path.join(os.path.dirname(path), name)):
                if os.path.exists(candidate):
                    target = os.path.splitext(os.path.normpath(candidate))[0]
                    if target != node:
                        targets.setdefault(target, f"{path}:{line}")
                    break
    return edges


def components(edges):
    """Strongly connected components of more than one node (Tarjan)."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in edges.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = []
            while component[-1:] != [node]:
                component.append(stack.pop())
                on_stack.discard(component[-1])
            if len(component) > 1:
                found.append(sorted(component))

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found


def cycles(report):
    edges = graph()
    report.examined = sum(len(targets) for targets in edges.values())
    for component in components(edges):
        report.find(f"{len(component)} files include each other: " + " ".join(name[4:] for name in component))
        for node in component:
            for target, where in sorted(edges[node].items()):
                if target in component:
                    report.find(f"  {where}: {target[4:]}.h")


def files(report):
    """File names are unique, so that a name alone says where a file is."""
    seen = {}
    for path in tree.sources():
        report.examined += 1
        seen.setdefault(os.path.basename(path), []).append(path)
        stem = os.path.splitext(path)[0]
        seen.setdefault(os.path.basename(stem) + " (without extension)", [])
        if stem not in seen[os.path.basename(stem) + " (without extension)"]:
            seen[os.path.basename(stem) + " (without extension)"].append(stem)
    for name, places in sorted(seen.items()):
        if len(places) > 1:
            report.find(f"{name}: {' '.join(places)}")


TYPES = re.compile(r"^\}\s*(ss_\w+_t);|^typedef\b[^;{}]*\(\*(ss_\w+)\)|^struct (ss_\w+_t) \{|^typedef (?!struct|enum|union)[^;{}()]*\b(ss_\w+_t);", re.M)


def noun_of(name, path):
    """The longest leading part of the file's name that the name carries; "" when it carries none."""
    words, file_words = name.split("_")[1:], tree.tokens(path)
    count = 0
    while count < min(len(words), len(file_words)) and words[count] == file_words[count]:
        count += 1
    return "_".join(file_words[:count])


def names(report):
    """ss_a_b_... or ss_a_... in the file a_b, and each such noun in one folder only."""
    folders = {}
    for path in tree.sources():
        found = []
        if path.endswith(".c"):
            found = [(line, name) for line, name in tree.public_functions(path) if name.startswith("ss_")]
        content = tree.code(path)
        if path.endswith(".h"):
            for match in TYPES.finditer(content):
                name = next(group for group in match.groups() if group)
                found.append((tree.line_of(content, match.start()), re.sub(r"_(t|fn|cb)$", "", name)))
        for line, name in found:
            report.examined += 1
            noun = noun_of(name, path)
            if not noun:
                report.find(f"{path}:{line}: {name} does not begin with ss_ and the file's noun")
            else:
                folders.setdefault(noun, {}).setdefault(tree.folder(path), f"{path}:{line}")
    for noun, where in sorted(folders.items()):
        if len(where) > 1:
            report.find(f"the noun {noun} has several folders: " + " ".join(where.values()))


def headers(report):
    """A function that a file gives to others stands in the header of its name, or of a leading part of it."""
    declared = {}
    for path in tree.files("src/**/*.h", "include/**/*.h"):
        for match in re.finditer(r"\b(ss_\w+)\(", tree.code(path)):
            declared.setdefault(match.group(1), set()).add(path)
    for path in tree.files("src/**/*.c"):
        words = tree.tokens(path)
        for line, name in tree.public_functions(path):
            report.examined += 1
            if name == "main":
                continue
            for header in declared.get(name, ()):
                stem = [word for word in tree.tokens(header) if word not in ("impl", "inside")]
                if words[:len(stem)] == stem or header == "include/smtp_send.h":
                    break
            else:
                report.find(f"{path}:{line}: {name} is declared in {' '.join(sorted(declared.get(name, ()))) or 'no header'}")


CHECKS = [rings, ports, libraries, cycles, files, names, headers]
