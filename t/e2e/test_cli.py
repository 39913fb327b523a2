"""The commands of smtp-send, with a real httpd."""
import fcntl
import grp
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

import pytest

from rig.httpd import BUILD, CLI, ROOT, free_port

PAUSED = ["sending is paused"]
STEP_CODES = {"config": 10, "resolve": 11, "connect": 12, "tls": 13, "greeting": 14, "hello": 15, "starttls": 16, "auth": 17, "mail": 18, "rcpt": 19, "quit": 20}


def local(*args, code=None, env=None, input=None):
    """A command that needs no daemon."""
    result = subprocess.run([CLI, *args], capture_output=True, text=True, timeout=60, env={**os.environ, "SMTP_SEND_SOCKET": "/nonexistent/sock", **(env or {})}, input=input)
    if code is not None:
        assert result.returncode == code, result
    return result


def out(httpd, *args, check=0):
    return httpd.cli(*args, check=check).stdout.decode()


def waiting(httpd, count, **kwargs):
    return [httpd.send(f"Subject: message {i}\r\n\r\nhi\r\n".encode(), to=(f"user{i}@example.net",), **kwargs).json["id"] for i in range(count)]


@pytest.fixture
def paused(make_httpd, relay):
    return make_httpd("SMTPSendPause On\n", relay=relay, expect=PAUSED)


# ---- queue, show ----

def test_queue_lists_what_waits_and_show_tells_all(paused):
    assert out(paused, "queue") == "Mail queue is empty\n"
    first, second = waiting(paused, 2, sender="alice@example.com")
    lines = out(paused, "queue").splitlines()
    assert lines[0].split() == ["ID", "STATE", "AGE", "FROM", "->", "TO"]
    assert lines[1].startswith(second) and lines[2] == "    alice@example.com -> user1@example.net" and lines[3].startswith("    message 1 (") and lines[4].startswith(first)
    assert out(paused, "queue", "--to", "user0@*").count("@example.net") == 1
    assert out(paused, "queue", "--state", "held") == "No message matches\n"
    document = json.loads(out(paused, "queue", "--json", "--limit", "1"))
    assert [m["id"] for m in document["messages"]] == [second] and document["more"] == second
    assert [m["id"] for m in json.loads(out(paused, "queue", "--json", "--after", second))["messages"]] == [first]
    shown = out(paused, "show", first)
    for text in (first, "alice@example.com", "user0@example.net", "message 0", "queued", "sending is paused"):
        assert text in shown
    assert json.loads(out(paused, "show", "--json", first))["id"] == first
    assert [m["id"] for m in json.loads(out(paused, "show", "--json", first, second))] == [first, second]
    assert paused.cli("show", first[:-1] + ("0" if first[-1] != "0" else "1")).returncode == 1


def test_pages_of_the_list_are_joined(paused):
    messages = waiting(paused, 30)
    assert len(json.loads(out(paused, "queue", "--json", "--limit", "0"))["messages"]) == 30
    listed = out(paused, "mailq", "-v").splitlines()
    assert sum(line.endswith("@example.net") for line in listed) == len(messages)
    # Scripts read the ids at the begin of lines, and the last line.
    assert {line.split()[0] for line in listed if re.match("[0-9a-f]", line)} == set(messages) and re.fullmatch(r"-- 1 Kbytes in 30 Requests\.", listed[-1])


def test_hostile_text_does_not_reach_the_terminal(paused):
    paused.send("Subject: =?utf-8?q?=1b]0;owned=07=c2=9b31m?=\r\n\r\nhi\r\n".encode(), to=("bob@example.net",))
    for command in (("queue",), ("show", json.loads(out(paused, "queue", "--json"))["messages"][0]["id"])):
        assert "\x1b" not in out(paused, *command) and "\x9b" not in out(paused, *command) and "\x07" not in out(paused, *command)


# ---- actions ----

def test_actions_by_id(paused):
    one, two = waiting(paused, 2)
    assert out(paused, "hold", one) == "hold: 1 message\n"
    assert paused.message(one)["state"] == "held"
    assert out(paused, "queue", "--state", "held").count(one) == 1
    out(paused, "release", one)
    assert paused.message(one)["state"] == "queued"
    out(paused, "cancel", one, two)
    assert {paused.message(m)["state"] for m in (one, two)} == {"cancelled"}
    again = paused.cli("cancel", one)
    assert again.returncode == 1 and b"cancelled" in again.stderr
    assert json.loads(httpd_json(paused, "retry", waiting(paused, 1)[0]))["done"] == 1


def httpd_json(httpd, *args):
    return out(httpd, *args, "--json")


def test_bounce_reports_to_the_sender(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": lambda session, argument: "451 4.7.1 later" if "bob" in argument else None})
    httpd = make_httpd("SMTPSendRetry 1h\n", relay=relay, expect=["status=(deferred|bounced)", "reply code to the RCPT command"])
    ident = httpd.send(sender="alice@example.com", to=("bob@example.net",)).json["id"]
    httpd.wait_state(ident, "deferred")
    out(httpd, "bounce", ident)
    assert httpd.message(ident)["state"] == "failed"
    relay.wait(lambda: any(m.rcpts == ["alice@example.com"] and m.sender == "" for m in relay.messages))


def test_filters_need_the_right_number(paused):
    idents = waiting(paused, 3)
    first = paused.cli("cancel", "--to", "user*@example.net")
    assert first.returncode == 1 and b"3 messages match; nothing was done" in first.stdout and b"--confirm 3" in first.stdout
    assert paused.cli("cancel", "--to", "user*@example.net", "--confirm", "2").returncode == 1
    assert {paused.message(m)["state"] for m in idents} == {"queued"}
    assert out(paused, "cancel", "--to", "user*@example.net", "--confirm", "3") == "cancel: 3 messages\n"
    assert {paused.message(m)["state"] for m in idents} == {"cancelled"}
    assert b"No message matches" in paused.cli("hold", "--state", "deferred", check=1).stdout


def test_a_person_at_a_terminal_is_asked(paused):
    ident, = waiting(paused, 1)
    main, child = pty.openpty()
    process = subprocess.Popen([CLI, "cancel", "--from", "app@*"], stdin=child, stdout=child, env={**os.environ, "SMTP_SEND_SOCKET": paused.socket, "TERM": "dumb"})
    read_until(main, b"cancel 1 message? [y/N]")
    os.write(main, b"y\n")
    assert process.wait(20) == 0
    os.close(child)
    os.close(main)
    assert paused.message(ident)["state"] == "cancelled"


def read_until(fd, text, timeout=20):
    got, deadline = b"", time.monotonic() + timeout
    while text not in got:
        assert select.select([fd], [], [], max(0, deadline - time.monotonic()))[0], f"waited for {text}: {got}"
        got += os.read(fd, 65536)
    return got


# ---- status, pause ----

def test_status_and_its_exit_codes(make_httpd, make_relay):
    relay = make_relay()
    httpd = make_httpd("SMTPSendAlertAge 1s\n", relay=relay, expect=PAUSED + ["SMTPSend-220"])
    assert out(httpd, "status").startswith("Mail flows\n")
    out(httpd, "pause", "--reason", "maintenance", "--for", "1h")
    shown = out(httpd, "status", check=1)
    assert "paused" in shown and "maintenance" in shown and "until" in shown
    assert "sending" in out(httpd, "resume")
    assert json.loads(out(httpd, "status", "--json"))["healthy"] is True
    relay.close()
    httpd.send()
    httpd.wait(lambda: httpd.status()["relays"][0]["state"] == "down", 20, "the relay to be down")
    httpd.wait(lambda: httpd.cli("status").returncode == 2, 20, "the oldest message to be older than SMTPSendAlertAge")
    shown = out(httpd, "status", check=2)
    assert shown.startswith("Mail does not flow\n") and "down" in shown and "What to do: " in shown
    unknown = httpd.cli("status", "--relay", "nobody")
    assert unknown.returncode == 3 and b'no relay "nobody"' in unknown.stderr


def test_status_without_a_daemon_is_unknown():
    result = local("status", code=3)
    assert "/nonexistent/sock" in result.stderr
    assert local("status", "--watch").returncode == 3 and local("status", "--json").returncode == 3
    assert local("status", "--nonsense").returncode == 64 and local("status", "--watch", "--every", "1ms").returncode == 64


def test_status_of_an_engine_that_is_off(make_httpd, relay):
    """An engine that is off is a fault only if mail waits."""
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=PAUSED)
    httpd.cli("status", check=1)
    httpd.send()
    httpd.stop()
    httpd.write(f"SMTPSendEngine Off\nSMTPSendHost {relay.host}:{relay.port}\n", relay=None)
    httpd.start()
    httpd.wait(lambda: httpd.cli("status").returncode == 2, what="the message to be counted")
    assert "SMTPSendEngine is Off, and 1 message waits" in out(httpd, "status", check=2)
    out(httpd, "cancel", "--from", "*", "--confirm", "1")
    assert out(httpd, "status", check=0).startswith("Mail flows")


def test_a_daemon_that_hangs(make_httpd, relay, tmp_path):
    """The error text is not that of a missing one; the caller of sendmail keeps the mail, and nothing is stored when the daemon wakes up."""
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=PAUSED)
    pid = httpd.status()["pid"]
    env = {**os.environ, "SMTP_SEND_SOCKET": httpd.socket}
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        processes = [subprocess.Popen([CLI, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
                     for args in (("status",), ("queue",), ("sendmail", "bob@example.net"), ("pause",))]
        processes[2].stdin.write(b"Subject: x\n\nhi\n")
        for process in processes:
            process.stdin.close()
            process.stdin = None
        for process, code, most in zip(processes, (3, 75, 75, 75), (10, 30, 30, 30)):
            _, error = process.communicate(timeout=60)
            assert process.returncode == code and b"does not react: it hangs or was stopped" in error and time.monotonic() - began < most, (process.args, process.returncode, error)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert out(httpd, "queue") == "Mail queue is empty\n"
    assert httpd.cli("sendmail", "bob@example.net", input=b"hi\n").returncode == 0 and out(httpd, "queue").count("bob@example.net") == 1


def test_without_permission_to_open_the_socket(make_httpd, relay):
    """The error text says how to get it; the caller of sendmail keeps the mail."""
    if os.geteuid() != 0:
        pytest.fail("this test changes its user: it needs root, as CI has")
    httpd = make_httpd(relay=relay, start=False)
    httpd.write(f'SMTPSendSocket "{httpd.dir}/run/closed.sock" 0660\n')
    httpd.start()
    path = os.path.join(httpd.dir, "run", "closed.sock")
    httpd.wait(lambda: os.path.exists(path), what="the socket")
    group = grp.getgrgid(os.stat(path).st_gid).gr_name

    def nobody(*args, input=b""):
        return subprocess.run([CLI, "--socket", path, *args], capture_output=True, input=input, user=65534, group=65534, extra_groups=[], timeout=60)
    os.chmod(os.path.join(httpd.dir, "run"), 0o755)
    for args, code in ((("sendmail", "bob@example.net"), 75), (("mailq",), 75), (("status",), 3), (("status", "--relay", "default"), 3)):
        refused = nobody(*args, input=b"hi\n")
        words = f"{path}: Permission denied: nobody may not open it; add the user to the group {group} (usermod -aG {group} nobody"
        assert refused.returncode == code and (words.encode() in refused.stderr or group == "root"), (args, refused)
    os.chmod(path, 0o600)
    assert b"SMTPSendSocket sets who may" in nobody("mailq").stderr
    os.chmod(os.path.join(httpd.dir, "run"), 0o700)
    assert b"nobody may not enter a folder of this path" in nobody("mailq").stderr


def test_pauses_of_one_relay(make_httpd, relay):
    httpd = make_httpd("<VirtualHost *:*>\nServerName other.example.com\nSMTPSendEngine On\nSMTPSendHost %s:%d\nSMTPSendRelayName other\n</VirtualHost>\n" % (relay.host, relay.port)
                       + "SMTPSendEngine On\nSMTPSendHost %s:%d\n" % (relay.host, relay.port), relay=None, expect=PAUSED)
    assert out(httpd, "pause", "--relay", "other") == "other: paused\n"
    assert out(httpd, "status", "--relay", "default", check=0)
    out(httpd, "status", "--relay", "other", check=1)
    assert b"no relay is called" in httpd.cli("pause", "--relay", "nobody", check=1).stderr
    assert "other: paused; sending is paused" in out(httpd, "flush", "--relay", "other")
    out(httpd, "resume", "--relay", "other")


def test_resume_begins_slowly(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=PAUSED)
    out(httpd, "pause")
    waiting(httpd, 12)
    began = time.monotonic()
    out(httpd, "resume", "--rate", "5/s")
    relay.wait_for(12)
    took = time.monotonic() - began
    assert took >= 1.8, f"12 messages at 5/s in {took:.2f} s"
    httpd.wait_log("slow start with 5 messages in 1s")
    # Without a rate the bound is gone.
    out(httpd, "pause")
    waiting(httpd, 12)
    out(httpd, "resume")
    relay.wait_for(24, timeout=1.8)


# ---- live ----

def test_watching_a_backlog_drain(make_httpd, relay):
    httpd = make_httpd("SMTPSendRate 10/s\n", relay=relay, expect=PAUSED)
    out(httpd, "pause")
    waiting(httpd, 30)
    env = {**os.environ, "SMTP_SEND_SOCKET": httpd.socket}
    process = subprocess.Popen([CLI, "queue", "--watch", "--every", "200ms"], stdout=subprocess.PIPE, text=True, env=env)
    try:
        assert process.stdout.readline() == "30 waiting\n"
        out(httpd, "resume")
        seen = []
        while not seen or not seen[-1].startswith("0 waiting"):
            seen.append(process.stdout.readline().strip())
            assert seen[-1], seen
        assert any(re.fullmatch(r"\d+ waiting, [\d.]+/s out, \S+ left", line) for line in seen), seen
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def test_watching_on_a_terminal(paused):
    waiting(paused, 1)
    for command in ("queue", "status"):
        main, child = pty.openpty()
        process = subprocess.Popen([CLI, command, "--watch"], stdin=child, stdout=child, env={**os.environ, "SMTP_SEND_SOCKET": paused.socket, "TERM": "xterm"})
        try:
            text = read_until(main, b"user0@" if command == "queue" else b"1 queued")
            assert b"\x1b[H\x1b[2J" in text and b"1 waiting" in text
        finally:
            process.terminate()
            process.wait(10)
            os.close(child)
            os.close(main)


def width(line):
    """Columns of a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def on_terminal(httpd, *args, columns=80, code=0, env=None):
    """What the command prints on a terminal of so many columns; nothing is wider."""
    main, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    process = subprocess.Popen([CLI, *args], stdin=subprocess.DEVNULL, stdout=child, env={**os.environ, "SMTP_SEND_SOCKET": httpd.socket, "TERM": "dumb", "LC_ALL": "C.UTF-8", **(env or {})})
    os.close(child)
    text = b""
    try:
        while True:
            text += os.read(main, 65536)
    except OSError:     # the other end is closed
        pass
    assert process.wait(20) == code
    os.close(main)
    text = text.decode().replace("\r\n", "\n")
    assert all(width(re.sub("\033\\[[0-9]*m", "", line)) <= columns for line in text.splitlines()), text
    return text


GREYLISTED = "<grey@example.net>: Recipient address rejected: Greylisted, see https://postgrey.example.com/help/for/people/who/are/curious/and/like/long/paths/in/addresses.html"


def test_output_fits_the_terminal(make_httpd, make_relay):
    """At night, at 80 columns: who, to whom, what, and why it waits; nothing of it is cut but a long subject."""
    relay = make_relay(replies={"RCPT": lambda session, argument: f"450 4.2.0 {GREYLISTED}" if "grey" in argument else None})
    httpd = make_httpd("SMTPSendRetry 1h\n", relay=relay, expect=PAUSED + ["status=deferred", "reply code to the RCPT command"])
    deferred = httpd.send("Subject: Monatsbericht 表題 e\u0301\r\n\r\nhi\r\n".encode(), to=("grey@example.net",)).json["id"]
    httpd.wait_state(deferred, "deferred")
    out(httpd, "pause", "--reason", "the relay moves to another machine, which takes longer than anybody had expected of it")
    long_names = httpd.send(b"Subject: " + b"long " * 60 + b"\r\n\r\nhi\r\n", to=("a-very-long-recipient-name-indeed@a-very-long-domain.example.net",)).json["id"]
    for columns in (80, 100, 140):
        listed = on_terminal(httpd, "queue", columns=columns)
        for text in ("grey@example.net", "app@example.com", "Monatsbericht 表題 e\u0301", "Recipient address rejected", "1 attempt, next in ", deferred[-8:], "deferred"):
            assert text in " ".join(listed.split()), (columns, text, listed)
        assert deferred not in listed and (columns >= 118 or "a-very-long-recipient-name-indeed@a-very-long-domain.example.net" in listed)
    for args in (("status",), ("show", deferred), ("show", long_names), ("queue", "--all"), ("mailq",), ("flush",), ("hold", "--to", "*"), ("explain",), ("explain", "550"), ("pause",)):
        on_terminal(httpd, *args, code=1 if args[0] in ("status", "hold") else 0)
    for args in (("test",), ("test", "--host", f"{relay.host}:{relay.port}", "--to", "grey@example.net", "--from", "a@example.com")):
        assert "Connection Test Results" in on_terminal(httpd, *args, code=19 if "--to" in args else 0)
    assert on_terminal(httpd, "queue", env={"COLUMNS": "60"}, columns=200).count("\n") > 6      # COLUMNS decides
    piped = httpd.cli("queue").stdout.decode()
    assert deferred in piped and max(map(width, piped.splitlines())) <= 80


def test_no_colour_where_none_is_wanted(paused):
    assert "\033[" in on_terminal(paused, "status", code=1, env={"TERM": "xterm", "NO_COLOR": ""})
    for env in ({"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\033[" not in on_terminal(paused, "status", code=1, env=env)
    assert b"\033[" not in paused.cli("status").stdout


# ---- short ids ----

def test_ids_may_be_shortened(paused):
    one, two = waiting(paused, 2)
    for part in (one, one[-8:], one[-4:], one[:-1], one[1:], one[:13], one[-8:].upper()):
        shown = paused.cli("show", "--json", part)
        if two.startswith(part) or two.endswith(part):
            continue        # by chance
        assert shown.returncode == 0 and json.loads(shown.stdout)["id"] == one, (part, shown)
    for command, state in (("hold", "held"), ("release", "queued"), ("retry", "queued"), ("cancel", "cancelled")):
        out(paused, command, one[-10:])
        assert paused.message(one)["state"] == state
    assert [m["id"] for m in json.loads(out(paused, "queue", "--all", "--json", "--after", two[-10:]))["messages"]] == [one]
    both = paused.cli("cancel", one[:6])
    assert both.returncode == 1 and one.encode() in both.stderr and two.encode() in both.stderr and b"several messages" in both.stderr
    assert paused.message(two)["state"] == "queued"
    for part, code, words in (("ffffffff", 1, b"no message"), ("abc", 64, b"too short"), ("zzzzzz", 64, b"not a message id"), (one[10:20], 1, b"no message"), (one + "0", 64, b"not a message id"), ("", 64, b"too short")):
        refused = paused.cli("cancel", part)
        assert refused.returncode == code and words in refused.stderr, (part, refused)
    # Nothing is done unless all are known.
    assert paused.cli("cancel", two, "ffffffff").returncode == 1 and paused.message(two)["state"] == "queued"
    out(paused, "sendmail", f"-qI{two[-8:]}")


# ---- the connection test ----

def test_connection_test_by_the_daemon(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": "550 5.1.1 no such user"})
    httpd = make_httpd(relay=relay)
    passed = out(httpd, "test")
    assert passed.startswith("Connection Test Results: PASSED") and "[ ok ]" in passed
    failed = out(httpd, "test", "--from", "a@example.com", "--to", "b@example.net", check=STEP_CODES["rcpt"])
    assert failed.startswith("Connection Test Results: FAILED at rcpt")
    document = json.loads(out(httpd, "test", "--json"))
    assert document["result"] == "passed"
    assert httpd.cli("test", "--relay", "nobody").returncode == 1


def test_connection_test_from_here(make_relay, certificates, tmp_path):
    good = make_relay(tls="starttls", cert=certificates.issue("cli"), auth={"me": "secret word"})
    secret = tmp_path / "secret"
    secret.write_text("secret word\n")
    base = ["test", "--host", "localhost", "--port", str(good.port), "--tls", "starttls", "--ca-file", certificates.ca]
    result = local(*base, "--user", "me", "--password-file", str(secret), code=0)
    assert result.stdout.startswith("Connection Test Results: PASSED") and "secret word" not in result.stdout and "(--port)" in result.stdout
    assert local(*base, "--user", "me", "--password-env", "PW", env={"PW": "wrong"}).returncode == STEP_CODES["auth"]
    assert local(*base[:-2]).returncode == STEP_CODES["starttls"] or local(*base[:-2]).returncode == STEP_CODES["tls"]
    local("test", "--host", "127.0.0.1", "--port", str(free_port()), "--no-probe", code=STEP_CODES["connect"])
    local("test", "--host", "no-such-host.invalid", "--no-probe", code=STEP_CODES["resolve"])
    assert json.loads(local(*base, "--json", code=0).stdout)["result"] == "passed"
    text = local("test", "--host", "127.0.0.1", "--port", str(good.port), "--tls", "none", code=0).stdout
    # What EHLO says where this machine has no full name is known with the connection.
    assert "127.0.0.1" in text and not re.search(r"SMTPSendHelo +\[127", text)


@pytest.mark.parametrize("args,words", [
    (("--port", "25"), "--host"), (("--host", "h", "--relay", "r"), "not both"), (("--host", "h", "--tls", "maybe"), "--tls"), (("--host", "h", "--port", "0"), "--port"),
    (("--host", "h", "--password-env", "X"), "--user"), (("--host", "h", "--from", "a b"), "--from"), (("--host", "h", "extra"), "extra"), (("--hots", "h"), "--hots"), (("--host",), "--host")])
def test_misuse_of_test(args, words):
    result = local("test", *args, code=64)
    assert words in result.stderr and not result.stdout


def test_unreadable_password_file():
    assert "no-such-file" in local("test", "--host", "127.0.0.1", "--user", "u", "--password-file", "/no-such-file").stderr


# ---- the rest ----

def test_explain():
    assert "password" in local("explain", "535", code=0).stdout.lower()
    assert "What to do" in local("explain", "5.7.1", code=0).stdout
    assert local("explain", "The SMTP host's reply code to the MAIL command was 503", code=0).stdout
    found = json.loads(local("explain", "--json", "550", code=0).stdout)
    assert found and {"id", "title", "meaning", "remedy"} <= set(found[0])
    assert "auth" in local("explain", code=0).stdout
    local("explain", "xyzzy plugh", code=1)


@pytest.mark.parametrize("args,words", [
    (("frobnicate",), "frobnicate"), ((), "Usage"), (("queue", "--nonsense"), "--nonsense"), (("queue", "extra"), "extra"), (("queue", "--limit", "many"), "--limit"), (("show",), "which message"),
    (("cancel",), "which messages"), (("cancel", "no-id"), "no-id"), (("cancel", "--confirm", "1"), "filter"), (("cancel", "--to", "x", "--confirm", "0"), "--confirm"),
    (("pause", "--for", "soon"), "--for"), (("resume", "--rate", "fast"), "--rate"), (("flush", "--rate", "1/s"), "--rate"), (("status", "--watch", "--every", "1ms"), "--every"),
    (("token",), "--microsoft"), (("--nonsense",), "--nonsense")])
def test_misuse_is_reported(args, words):
    result = local(*args, code=64)
    assert words in result.stderr


def test_help_for_every_command():
    commands = re.findall(r"^  ([a-z]+) ", local("--help", code=0).stdout, re.M)
    assert {"sendmail", "queue", "mailq", "show", "pause", "resume", "flush", "retry", "hold", "release", "cancel", "bounce", "status", "test", "explain", "token"} <= set(commands)
    for command in commands:
        text = local(command, "--help", code=0).stdout
        assert text.startswith("Usage: ") and local("help", command, code=0).stdout == text
        usage, summary, *_ = text.split("\n\n")
        assert summary[0].isupper() and summary.endswith(".") and "\nExit codes: 0" in text and re.search(rf"\nExample:\n  (smtp-send )?{command}\b", text), text
    assert re.match(r"smtp-send \d+\.\d+", local("--version", code=0).stdout)


def test_help_fits_80_columns(tmp_path):
    """Of every command and name, however wide the terminal is; a narrow one gets narrower lines."""
    daemon = os.path.join(BUILD, "smtp-sendd")
    calls = [[CLI, "--help"], [daemon, "--help"]] + [[CLI, command, "--help"] for command in re.findall(r"^  ([a-z]+) ", local("--help", code=0).stdout, re.M)]
    for name in ("sendmail", "mailq", "newaliases"):
        (tmp_path / name).symlink_to(CLI)
        calls.append([str(tmp_path / name), "--help"])
    for call in calls:
        for columns, widest in (("", 80), ("200", 80), ("60", 60)):
            result = subprocess.run(call, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": columns})
            if columns == "60" and call[-2] in (CLI, daemon):
                continue        # laid out by hand
            assert not result.stderr and result.stdout and max(map(width, result.stdout.splitlines())) <= widest, (call, columns, result.stdout)


def test_man_pages_name_everything():
    manual = {name: subprocess.run(["man", "--warnings", "-l", os.path.join(BUILD, name)], check=True, capture_output=True, text=True, env={**os.environ, "MANWIDTH": "200", "LC_ALL": "C.UTF-8"})
              for name in ("smtp-send.1", "mod_smtp_send.5")}
    for name, result in manual.items():
        assert not result.stderr, (name, result.stderr)
    for command in re.findall(r"^  ([a-z]+) ", local("--help", code=0).stdout, re.M):
        assert re.search(rf"^   {command}$", manual["smtp-send.1"].stdout, re.M), command
    with open(os.path.join(ROOT, "src/config/option_table.c")) as file:
        options = re.findall(r'"(SMTPSend[A-Za-z]+)", (?:SS_KIND_)?[A-Z]', file.read())
    assert len(options) > 50 and all(re.search(rf"^\s+{option}$|^\s+{option}\s", manual["mod_smtp_send.5"].stdout, re.M) for option in options)


def test_json_everywhere(paused):
    ident, = waiting(paused, 1)
    for command in (("queue",), ("mailq",), ("show", ident), ("status",), ("pause",), ("resume",), ("flush",), ("hold", ident), ("retry", "--state", "held"), ("explain", "421"), ("test",)):
        json.loads(paused.cli(*command, "--json").stdout)


def test_other_users_see_their_own_and_control_nothing(make_httpd, relay):
    """The socket opened to all: another uid submits, lists and cancels its own, and nothing else."""
    if os.geteuid() != 0:
        pytest.fail("this test changes its user: it needs root, as CI has")
    httpd = make_httpd(f'SMTPSendPause On\nSMTPSendSocket "{{dir}}/run/open.sock" 0666\n', relay=relay, start=False, expect=PAUSED)
    httpd.write(f'SMTPSendPause On\nSMTPSendSocket "{httpd.dir}/run/open.sock" 0666\n')
    httpd.start()
    os.chmod(os.path.join(httpd.dir, "run"), 0o755)
    path = os.path.join(httpd.dir, "run", "open.sock")
    foreign = waiting(httpd, 1)[0]

    def nobody(*args, input=b""):
        return subprocess.run([CLI, "--socket", path, *args], capture_output=True, input=input, user=65534, group=65534, extra_groups=[], timeout=60)
    assert nobody("sendmail", "carol@example.net", input=b"Subject: mine\n\nhi\n").returncode == 0
    listed = json.loads(nobody("queue", "--json").stdout)["messages"]
    assert [m["subject"] for m in listed] == ["mine"]
    assert nobody("show", foreign).returncode == 1 and nobody("cancel", foreign).returncode == 1
    assert nobody("pause").returncode == 77 and nobody("test").returncode == 77
    assert nobody("cancel", listed[0]["id"]).returncode == 0
