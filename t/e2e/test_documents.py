"""Every configuration in README.md and docs/ is one that httpd takes."""
import glob
import os
import re
import subprocess
import textwrap
import time

import pytest

from rig.httpd import CLI, ROOT
from rig.sendd import PROGRAM

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
        # What an example of one directive presupposes.
        context = "SMTPSendTLS starttls\n" * bool(re.search(r"^ *SMTPSendTLS\w", example, re.M) and not re.search(r"^ *SMTPSendTLS ", example, re.M))
        context += "SMTPSendUsername me\n" * bool("SMTPSendAuth " in example and "SMTPSendUsername" not in example)
        httpd = make_httpd(context + with_files(example, certificates, tmp_path), start=False)
        result = httpd.configtest()
        # An example of a directive is its line alone.
        assert result.returncode == 0 and ("no effect" not in result.stderr or page == "docs/directives.md"), (example, result.stderr)


SHIPPED = sorted(os.path.relpath(path, ROOT) for path in glob.glob(f"{ROOT}/conf/smtp_send.conf") + glob.glob(f"{ROOT}/conf/examples/*.conf"))


def filled_in(text):
    """Each proposal is taken."""
    return re.sub(r"^( *)#(?=SMTPSend|ServerName)", r"\1", text, flags=re.M).replace("SMTPSendEngine Off", "SMTPSendEngine On")


@pytest.mark.parametrize("is_filled_in", [0, 1])
@pytest.mark.parametrize("name", [name for name in SHIPPED if not name.endswith(("nginx.conf", "smtp-sendd.conf"))])
def test_shipped_configurations_have_no_warnings(make_httpd, certificates, tmp_path, name, is_filled_in):
    text = with_files(filled_in(read(name)) if is_filled_in else read(name), certificates, tmp_path)
    (tmp_path / "password").chmod(0o600)
    httpd = make_httpd(text, handlers="", start=False)
    result = httpd.configtest()
    assert (result.returncode, result.stderr) == (0, "Syntax OK\n"), result.stderr


def test_the_shipped_configuration_of_smtp_sendd_has_no_warnings(tmp_path):
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    tmp_path.chmod(0o777)
    for place in tmp_path.parents[:2]:
        place.chmod(0o755)
    text = filled_in(read("conf/examples/smtp-sendd.conf")).replace("/etc/smtp-send/password", f"{tmp_path}/password")
    (tmp_path / "x.conf").write_text(text.replace("/var/lib/smtp-send/", f"{tmp_path}/"))
    result = subprocess.run([PROGRAM, "--config", tmp_path / "x.conf", "--check"], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "Syntax OK\n", ""), result


def test_the_shipped_configuration_logs_deliveries():
    """Debian's apache2.conf has LogLevel warn above it."""
    assert re.search(r"^    LogLevel smtp_send:info$", read("conf/smtp_send.conf"), re.M)


def test_every_directive_has_an_example_that_was_tested():
    text = "\n".join(configurations("docs/directives.md"))
    names = re.findall(r"^### (\w+)$", read("docs/directives.md"), re.M)
    assert len(names) > 60
    assert [name for name in names if not re.search(rf"^    {name} ", text, re.M)] == []


def test_commands_are_those_of_zsh_too():
    """zsh takes an unquoted ? for a pattern, and # behind a typed command for a word of it."""
    for page in [*PAGES, *(os.path.relpath(path, ROOT) for path in glob.glob(f"{ROOT}/conf/**/*", recursive=True) if os.path.isfile(path))]:
        for line in read(page).splitlines():
            assert not re.search(r"\bcurl\b[^'\"]*\s[^'\"\s]*://[^'\"\s]*[?&*\[]", line), (page, line)
    for page in PAGES:
        if page != "docs/contributing.md":
            for block in blocks(read(page)):
                assert not re.search(r"^\s*(?!SMTPSend|#)\S.*\s# ", block, re.M), (page, block)


def commands(page, program):
    """The commands of a page, with the lines that continue them."""
    for block in blocks(read(page)):
        text = re.sub(r"\\\n\s*", "", textwrap.dedent(block))
        # What is quoted goes over lines.
        for command in re.findall(rf"^{program} (?:[^'\n]|'[^']*')*", text, re.M):
            yield command


def waiting(httpd):
    """The id of a message that is not sent before next year."""
    at = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 365 * 86400))
    return httpd.send_json({"from": "app@example.com", "to": "bob@example.net", "text": "x", "at": at}).json["id"]


def test_curl_commands_work_as_they_stand(make_httpd, relay, tmp_path):
    """Each gets 200 or 202, those of one message with its id."""
    httpd = make_httpd(relay=relay, expect=["is paused", "status=cancelled"])
    (tmp_path / "message.eml").write_text("From: app@example.com\nTo: bob@example.net\nSubject: Hello\n\nIt works.\n")
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.4\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "curl").write_text('#!/bin/sh\nexec /usr/bin/curl -sS -o /dev/null -w "%{http_code} %{method}\\n" "$@"\n')
    (tmp_path / "bin" / "curl").chmod(0o755)
    ran = 0
    for page in "README.md", "docs/http-api.md", "docs/operations.md", "docs/providers.md", "docs/installation.md", "docs/migration.md":
        for command in commands(page, "curl"):
            ident = waiting(httpd)
            there = command.replace("http://localhost/", f"http://127.0.0.1:{httpd.port}/").replace("/ID", f"/{ident}").replace("id=ID", f"id={ident}").replace("wait=10s", "wait=1s")
            done = subprocess.run(["sh", "-c", there], cwd=tmp_path, capture_output=True, text=True, timeout=60, env={**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"})
            assert done.stdout[:3] in ("200", "202"), (page, command, done.stdout, done.stderr)
            ran += 1
    assert ran > 20


def test_smtp_send_commands_work_as_they_stand(make_httpd, relay, tmp_path):
    httpd = make_httpd(relay=relay, expect=["is paused", "status=cancelled", "status=bounced"])
    ran = 0
    for page in "README.md", "docs/commands.md", "docs/operations.md", "docs/migration.md":
        for command in commands(page, "smtp-send"):
            if re.search("--recover|token|--host|webhook", command):
                continue
            ident = waiting(httpd)
            if "release" in command:
                httpd.cli("hold", ident, check=0)
            done = subprocess.run(["sh", "-c", command.replace("ID", ident).split(";")[0]], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                                  env={**os.environ, "PATH": f"{os.path.dirname(CLI)}:{os.environ['PATH']}", "SMTP_SEND_SOCKET": httpd.socket})
            assert done.returncode in ((0, 1, 2) if re.search(" status|--(state|from) ", command) else (0,)), (page, command, done)
            ran += 1
    assert ran > 10
