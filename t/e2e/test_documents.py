"""Every configuration in README.md and docs/ is one that httpd takes."""
import glob
import os
import re

import pytest

from rig.httpd import ROOT

PAGES = ["README.md", *sorted(os.path.relpath(path, ROOT) for path in glob.glob(f"{ROOT}/docs/*.md"))]
IS_DIRECTIVE = re.compile(r"^\s*(SMTPSend\w+ |<(Location|Directory|VirtualHost|If)|LogLevel |ErrorLog |LoadModule |Include|SetHandler |Require |Define |Header |Remote|Proxy)")


def read(page):
    with open(os.path.join(ROOT, page)) as file:
        return file.read()


def blocks(text):
    """The blocks of code of a page: indented behind an empty line, or fenced."""
    found, block, is_fenced, before = [], [], False, ""
    for line in [*text.splitlines(), ""]:
        is_fence = line.lstrip().startswith("```")
        is_in = is_fenced and not is_fence or (line.startswith("    ") and (block or not before.strip()))
        if is_in or (block and not line.strip() and not is_fence):
            block.append(line)
        elif block:
            found.append("\n".join(block).rstrip())
            block = []
        is_fenced ^= is_fence
        before = line
    return [*found, "\n".join(block).rstrip()] if block and "".join(block).strip() else found


def configurations(page):
    """Each with the context that it needs."""
    text = read(page)
    for block in blocks(text):
        lines = [line for line in block.splitlines() if line.strip()]
        if not lines or not IS_DIRECTIVE.match(lines[0]):
            continue
        context = re.search(r"^- Context: (.*)$", text[:text.index(block)].rpartition("\n### ")[2], re.M)
        yield f'<Location "/example">\n{block}\n</Location>' if context and context.group(1).startswith("directory") else block


def with_files(text, certificates, tmp_path):
    """The files and accounts that an example names exist on its administrator's machine."""
    password = tmp_path / "password"
    password.write_text("secret\n")
    key, certificate = certificates.path("ca.key"), certificates.ca
    text = re.sub(r"/etc/ssl/private/\S+", key, text)
    text = re.sub(r"/etc/ssl/certs/\S+", certificate, text)
    text = re.sub(r"/etc/apache2/[\w.-]+", str(password), text)
    text = text.replace("/var/log/apache2/", f"{tmp_path}/")
    text = text.replace("|/usr/bin/rotatelogs", "|/bin/true")
    text = text.replace("exec:/usr/bin/smtp-send", "exec:/bin/true").replace("SMTPSendUser smtp-send", "SMTPSendUser nobody")
    return re.sub(r"sqlite3 /var/lib/apache2/smtp_send/queue.db", f"sqlite3 {tmp_path}/queue.db", text)


@pytest.mark.parametrize("page", PAGES)
def test_examples_pass_configtest(make_httpd, certificates, tmp_path, page):
    examples = list(configurations(page))
    if page in ("README.md", "docs/directives.md", "docs/installation.md", "docs/providers.md"):
        assert examples
    for example in examples:
        httpd = make_httpd(with_files(example, certificates, tmp_path), start=False)
        result = httpd.configtest()
        assert result.returncode == 0 and "no effect" not in result.stderr, (example, result.stderr)


def test_every_directive_has_an_example_that_was_tested():
    text = "\n".join(configurations("docs/directives.md"))
    names = re.findall(r"^### (\w+)$", read("docs/directives.md"), re.M)
    assert len(names) > 60
    assert [name for name in names if not re.search(rf"^    {name} ", text, re.M)] == []


def test_addresses_with_a_question_mark_are_quoted():
    """zsh takes an unquoted ? for a pattern, and refuses the command."""
    for page in [*PAGES, *(os.path.relpath(path, ROOT) for path in glob.glob(f"{ROOT}/conf/**/*", recursive=True) if os.path.isfile(path))]:
        for line in read(page).splitlines():
            assert not re.search(r"\bcurl\b[^'\"]*\s[^'\"\s]*://[^'\"\s]*[?&*\[]", line), (page, line)
