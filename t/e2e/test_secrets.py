"""The password is in the daemon alone: in no web process's memory, environment of others, command line, log or page."""
import contextlib
import os
import re

import pytest

from rig.httpd import MODULES
from rig.postgres import Postgres
from rig.proc import children

SECRET = "S3cret-of-the-Relay-0815"


def memory_holds(pid, needle):
    """Whether any readable mapping of a process holds the bytes; one that has ended holds nothing."""
    try:
        return search(pid, needle)
    except (FileNotFoundError, ProcessLookupError):
        return None


def search(pid, needle):
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if not match or "[v" in line:
                continue
            start, end = (int(x, 16) for x in match.groups())
            try:
                mem.seek(start)
                if needle in mem.read(end - start):
                    return line.strip()
            except (OSError, OverflowError, ValueError):
                continue
    return None


def check(make_httpd, make_relay, directive, env=None):
    relay = make_relay(auth={"me": SECRET}, mechanisms=["PLAIN"])
    httpd = make_httpd(f"SMTPSendUsername me\nSMTPSendPassword {directive}", relay=relay, level="trace2", env=env)
    assert httpd.get("/mail-test").status == 200
    assert httpd.message(httpd.send().json["id"], wait="20s")["state"] == "sent"
    httpd.get("/mail-status")
    daemon = httpd.status()["pid"]
    web = [pid for pid in children(httpd.process.pid) if pid != daemon]
    assert web
    for pid in web:
        assert memory_holds(pid, SECRET.encode()) is None, (pid, memory_holds(pid, SECRET.encode()))
    for pid in [httpd.process.pid, daemon, *web]:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            assert SECRET.encode() not in file.read()
    assert SECRET not in httpd.log()
    for path in ("/mail-test", "/mail-status", "/mail-test?from=a@example.com&to=b@example.net"):
        assert SECRET not in httpd.get(path, {"Accept": "text/html"}).text


def test_connection_to_a_database(make_httpd, make_relay):
    """Where it is written into SMTPSendQueue; the server lets anybody in, so that what is looked for is the text alone."""
    with Postgres() as server:
        queue = server.database().directive.replace("user=", f"password={SECRET} user=")
        relay = make_relay()
        httpd = make_httpd(queue + "\n", relay=relay, level="trace2")
        httpd.wait_state(httpd.send().json["id"], "sent")
        daemon = httpd.status()["pid"]
        for pid in children(httpd.process.pid):
            assert pid == daemon or memory_holds(pid, SECRET.encode()) is None, (pid, memory_holds(pid, SECRET.encode()))
        assert SECRET not in httpd.log() + httpd.get("/mail-test", {"Accept": "text/html"}).text + httpd.get("/mail-status", {"Accept": "text/html"}).text
        httpd.stop()


def test_key_of_webhooks(make_httpd, make_relay):
    """The daemon signs; a location knows what its key is called."""
    httpd = make_httpd(f'<Location /mail>\nSMTPSendWebhook http://127.0.0.1:9/\nSMTPSendWebhookSecret "{SECRET}"\n</Location>\n', relay=make_relay(), level="trace2", expect=["SMTPSend-215", "SMTPSend-299", "webhook"])
    for _ in range(2):
        httpd.wait_state(httpd.send().json["id"], "sent")
        daemon = httpd.status()["pid"]
        assert memory_holds(daemon, SECRET.encode())
        for pid in children(httpd.process.pid):
            assert pid == daemon or memory_holds(pid, SECRET.encode()) is None, (pid, memory_holds(pid, SECRET.encode()))
        httpd.graceful_wait()
    assert SECRET not in httpd.log() + httpd.get("/mail-test", {"Accept": "text/html"}).text


def test_text(make_httpd, make_relay):
    check(make_httpd, make_relay, SECRET)


def relatives(httpd):
    """Every process that httpd started, and those that these started."""
    found, left = [], [httpd.process.pid]
    while left:
        more = children(left.pop())
        found += more
        left += more
    return found


def test_environment(make_httpd, make_relay):
    check(make_httpd, make_relay, "env:RELAY_PASSWORD", env={"RELAY_PASSWORD": SECRET})


def test_environment_of_everything_that_httpd_starts(make_httpd, make_relay, tmp_path):
    """Web processes, programs that print a secret, piped logs, CGI's daemon: also after a restart, and what /proc shows. The variable next to it stays."""
    for folder in tmp_path.parents:
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    tmp_path.chmod(0o777)
    program, shown = tmp_path / "token", tmp_path / "shown"
    program.write_text(f"#!/bin/sh\ncat /proc/self/environ /proc/$PPID/environ >> {shown}\necho other\n")
    program.chmod(0o755)
    relay = make_relay(auth={"me": SECRET, "you": "other"}, mechanisms=["PLAIN"])
    httpd = make_httpd(relay=relay, start=False, level="trace2", expect=["AH00488"], env={"RELAY_PASSWORD": SECRET, "RELAY_PLACE": "here"})
    more = "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n" for name in ("cgid", "log_config") if os.path.exists(f"{MODULES}/mod_{name}.so"))
    httpd.write(f"""SMTPSendEngine On
SMTPSendHost {relay.host}:{relay.port}
SMTPSendUsername me
SMTPSendPassword env:RELAY_PASSWORD
{more}ScriptSock "{httpd.dir}/run/cgid"
CustomLog "|/bin/cat" "%h"
<VirtualHost 127.0.0.2>
ServerName other.example.com
SMTPSendEngine On
SMTPSendHost {relay.host}:{relay.port}
SMTPSendUsername you
SMTPSendPassword exec:{program}
</VirtualHost>
""")
    httpd.start()
    for _ in range(2):
        httpd.wait_state(httpd.send().json["id"], "sent")
        assert relay.logins[-1] == ("PLAIN", "me")
        assert httpd.cli("test", "--relay", "other.example.com").returncode == 0
        names = []
        for pid in [httpd.process.pid, *relatives(httpd)]:
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    environment = file.read()
                with open(f"/proc/{pid}/comm") as file:
                    names.append(file.read().strip())
            except (FileNotFoundError, ProcessLookupError):
                continue
            assert pid in (httpd.process.pid, httpd.status()["pid"]) or memory_holds(pid, SECRET.encode()) is None, (pid, names)
            assert SECRET.encode() not in environment and b"RELAY_PLACE=here" in environment, (pid, names)
        assert "cat" in names and len(names) >= 5, names
        assert SECRET.encode() not in shown.read_bytes() and b"RELAY_PLACE=here" in shown.read_bytes()
        httpd.graceful_wait()


def test_file_that_only_root_reads(make_httpd, make_relay, tmp_path):
    path = tmp_path / "password"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    check(make_httpd, make_relay, f"file:{path}")


@pytest.mark.parametrize("kind", ["text", "file"])
def test_what_httpd_forks_besides_its_children(make_httpd, make_relay, tmp_path, kind):
    """CGI's daemon is forked once the configuration is read, a piped log before or after; neither holds a secret, nor does a new one after restarts."""
    path = tmp_path / "password"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    relay = make_relay(auth={"me": SECRET}, mechanisms=["PLAIN"])
    httpd = make_httpd(relay=relay, start=False, level="trace2", expect=["AH00488", "SMTPSend-215", "SMTPSend-299", "webhook"])
    more = "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n" for name in ("cgid", "log_config") if os.path.exists(f"{MODULES}/mod_{name}.so"))
    httpd.write(f"""SMTPSendEngine On
SMTPSendHost {relay.host}:{relay.port}
SMTPSendUsername me
SMTPSendPassword {SECRET if kind == "text" else f"file:{path}"}
{more}ScriptSock "{httpd.dir}/run/cgid"
CustomLog "|/bin/cat" "%h"
<Location /hooked>
SetHandler smtp-send
Require local
SMTPSendWebhook http://127.0.0.1:9/
SMTPSendWebhookSecret "{SECRET}-of-webhooks"
</Location>
""")
    httpd.start()
    for _ in range(3):
        httpd.wait_state(httpd.send().json["id"], "sent")
        daemon = httpd.status()["pid"]
        assert memory_holds(daemon, SECRET.encode())
        names = []
        for pid in relatives(httpd):
            if pid == daemon:
                continue
            with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{pid}/comm") as file:
                names.append((pid, file.read().strip()))
                # A child that was forked this moment wipes its copy first of all.
                httpd.wait(lambda pid=pid: memory_holds(pid, SECRET.encode()) is None, 10, f"the secret to leave {names[-1]}")
        assert len(names) >= 3, names
        httpd.graceful_wait()


def test_program(make_httpd, make_relay, tmp_path):
    path = tmp_path / "token"
    path.write_text(f"#!/bin/sh\necho {SECRET}\n")
    path.chmod(0o755)
    for folder in tmp_path.parents:
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    tmp_path.chmod(0o755)
    check(make_httpd, make_relay, f"exec:{path}")
