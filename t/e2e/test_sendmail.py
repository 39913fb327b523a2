"""sendmail: byte-exact bodies, envelopes, Bcc, exit codes; the programs that call it."""
import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from rig.httpd import BUILD, CLI, select_pause


RESTARTS = [r"SMTPSend-283", r"SMTPSend-501.*"]
EX_USAGE, EX_DATAERR, EX_TEMPFAIL = 64, 65, 75


class Sendmail:
    """A folder with the link `sendmail`, as an administrator makes it."""

    def __init__(self, folder, httpd):
        os.makedirs(folder, exist_ok=True)
        self.path = os.path.join(folder, "sendmail")
        os.symlink(CLI, self.path)
        self.env = {**os.environ, "SMTP_SEND_SOCKET": httpd.socket, "PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder)}

    def __call__(self, *args, input=b"", check=None, timeout=60):
        result = subprocess.run([self.path, *args], input=input, capture_output=True, env=self.env, timeout=timeout)
        if check is not None:
            assert result.returncode == check, result
        return result

    def run(self, *args, input=None, stdin=None, check=0, **env):
        result = subprocess.run(args, input=input, stdin=stdin, capture_output=True, env={**self.env, **env}, timeout=60)
        assert result.returncode == check, result
        return result


@pytest.fixture
def served(make_httpd, relay, tmp_path):
    httpd = make_httpd("SMTPSendDefaultDomain example.com\nSMTPSendAlias root admin@example.net\n", relay=relay)
    return Sendmail(tmp_path, httpd), relay, httpd


def fields(message):
    import email
    import email.policy
    return email.message_from_bytes(message.data, policy=email.policy.default)


def test_body_is_byte_exact(served):
    sendmail, relay, _ = served
    body = b"".join(bytes([c]) for c in range(32, 127)) + b"\n.\n..\n.hidden\n trailing \t\n\nFrom here\n" + "grün €\n".encode() + b"last line"
    sendmail("-t", "-i", "-f", "app@example.com", input=b"To: bob@example.net\nSubject: exact\n\n" + body, check=0)
    message = relay.wait_for(1)[0]
    assert message.body == body.replace(b"\n", b"\r\n") + b"\r\n"
    assert message.sender == "app@example.com" and message.rcpts == ["bob@example.net"]


def test_lone_dot_ends_only_without_i(served):
    sendmail, relay, _ = served
    text = b"Subject: dots\n\none\n.\ntwo\n"
    sendmail("bob@example.net", input=text, check=0)
    assert relay.wait_for(1)[0].body == b"one\r\n"
    sendmail("-oi", "bob@example.net", input=text, check=0)
    assert relay.wait_for(2)[1].body == b"one\r\n.\r\ntwo\r\n"


def test_a_dot_ends_the_reading_at_once(served):
    sendmail, relay, _ = served
    process = subprocess.Popen([sendmail.path, "bob@example.net"], stdin=subprocess.PIPE, env=sendmail.env)
    process.stdin.write(b"Subject: typed\n\nhello\n.\n")
    process.stdin.flush()
    assert process.wait(20) == 0
    process.stdin.close()
    assert relay.wait_for(1)[0].body == b"hello\r\n"


def test_bcc_goes_and_recipients_of_the_fields_come(served):
    sendmail, relay, _ = served
    sendmail("-t", "carol@example.net", input=b"From: Alice <alice@example.com>\nTo: bob@example.net,\n \"D, E\" <dave@example.net>\nCc: root\n"
             b"Bcc: secret@example.net\nbcc: more@example.net\nSubject: x\n\nhi\n", check=0)
    message = relay.wait_for(1)[0]
    assert sorted(message.rcpts) == ["admin@example.net", "bob@example.net", "carol@example.net", "dave@example.net", "more@example.net", "secret@example.net"]
    assert b"bcc" not in message.headers.lower() and b"secret" not in message.data
    assert fields(message)["Cc"] == "root@example.com"


def test_what_cron_hands_over(served):
    sendmail, relay, _ = served
    text = (b"From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> test -x /usr/sbin/anacron\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
            b"Content-Transfer-Encoding: 8bit\nX-Cron-Env: <SHELL=/bin/sh>\n\n/bin/sh: 1: anacron: not found\n")
    sendmail("-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", "root", input=text, check=0)
    message = relay.wait_for(1)[0]
    assert message.rcpts == ["admin@example.net"] and message.sender == "root@example.com"
    assert "root@example.com" in fields(message)["From"] and message.body.startswith(b"/bin/sh")
    assert b"Message-ID: " in message.headers and b"Date: " in message.headers


def test_the_user_who_runs_it_is_the_sender(served):
    import pwd
    sendmail, relay, _ = served
    sendmail("-F", "The App", "bob@example.net", input=b"plain text, no fields\nat all\n", check=0)
    message = relay.wait_for(1)[0]
    user = pwd.getpwuid(os.getuid()).pw_name
    assert message.sender == f"{user}@example.com"
    assert fields(message)["From"] == f"The App <{user}@example.com>"
    assert message.body == b"plain text, no fields\r\nat all\r\n"


def test_empty_sender_and_senders_with_brackets(served):
    sendmail, relay, _ = served
    for number, (given, seen) in enumerate([("<>", ""), ("", ""), ("<a@example.com>", "a@example.com"), ("A B <a@example.com>", "a@example.com"), ("app", "app@example.com")]):
        sendmail("-f", given, "bob@example.net", input=b"Subject: x\n\nhi\n", check=0)
        assert relay.wait_for(number + 1)[number].sender == seen


def test_reports_wanted_reach_the_relay(served):
    sendmail, relay, _ = served
    sendmail("-N", "success,delay", "-R", "hdrs", "-V", "envelope1", "-f", "app@example.com", "bob@example.net", input=b"Subject: x\n\nhi\n", check=0)
    relay.wait_for(1)
    mail, rcpt = relay.commands("MAIL")[0], relay.commands("RCPT")[0]
    assert "RET=HDRS" in mail and "ENVID=envelope1" in mail
    assert "NOTIFY=" in rcpt and "SUCCESS" in rcpt and "DELAY" in rcpt


def test_huge_recipient_lists(make_httpd, relay, tmp_path):
    """50,000 recipients, on the command line or in the fields; more are refused."""
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=["sending is paused"])
    sendmail = Sendmail(tmp_path, httpd)
    names = [f"user{i}@example.net" for i in range(50000)]
    sendmail("-f", "app@example.com", *names, input=b"Subject: many\n\nhi\n", check=0, timeout=120)
    assert httpd.status()["relays"][0]["counts"]["queued"] == 50000
    result = sendmail("-f", "app@example.com", *names, "one-more@example.net", input=b"Subject: many\n\nhi\n", check=EX_DATAERR, timeout=120)
    assert b"recipients" in result.stderr
    fields = b"To: " + ",\n ".join(names[:25000]).encode() + b"\nBcc: " + ",\n ".join(names[25000:]).encode()
    sendmail("-t", "-f", "app@example.com", input=fields + b"\nSubject: many\n\nhi\n", check=0, timeout=120)
    assert httpd.status()["relays"][0]["counts"]["queued"] == 100000
    result = sendmail("-t", "-f", "app@example.com", input=fields + b",\n one-more@example.net\nSubject: many\n\nhi\n", check=EX_DATAERR, timeout=120)
    assert b"recipients" in result.stderr


def test_options_of_other_servers(served):
    """A value as the next argument is no recipient, and no recipient is taken for a value."""
    sendmail, relay, _ = served
    for number, options in enumerate(("-e m", "-o i", "-oMs x", "-oMa 192.0.2.1 -oMr smtp", "-or 5m", "-d 0.1", "-c", "-B 8BITMIME", "-h 25", "-O MaxHop=3", "-X /dev/null", "-L tag", "-p smtp:host",
                                      "-cGmnUvx", "-Am -C /etc/mail/submit.cf")):
        sendmail(*options.split(), "-f", "app@example.com", "bob@example.net", input=b"Subject: x\n\nhi\n", check=0)
        assert relay.wait_for(number + 1)[number].rcpts == ["bob@example.net"], options
    for args in (("-e", "bob@example.net", "carol@example.net"), ("-B", "bob@example.net", "carol@example.net"), ("-s", "subject", "bob@example.net"), ("--to", "bob@example.net"), ("-t", "-"),
                 ("-q", "bob@example.net"), ("-bi", "bob@example.net")):
        assert sendmail(*args, input=b"To: bob@example.net\n\nhi\n", check=EX_USAGE).stderr, args


def test_newaliases(served):
    sendmail, _, _ = served
    link = os.path.join(os.path.dirname(sendmail.path), "newaliases")
    os.symlink(CLI, link)
    for args in ((link,), (link, "-v"), (sendmail.path, "-bi"), (sendmail.path, "-I"), (CLI, "newaliases")):
        result = sendmail.run(*args)
        assert not result.stdout and not result.stderr
    assert b"SMTPSendAlias" in sendmail.run(link, "--help").stdout


def test_misuse_is_reported(served):
    sendmail, relay, httpd = served
    for args, text, code in [
        ((), b"no recipients", EX_USAGE), (("-f",), b"needs a value", EX_USAGE), (("-Z", "a@b.c"), b"unknown option -Z", EX_USAGE),
        (("-bs", "-t"), b"-t is only", EX_USAGE), (("-bd",), b"not supported", EX_USAGE), (("-N", "sometimes", "a@b.c"), b"success, failure and delay", EX_USAGE),
        (("bob@@example.net",), b"is not an address", EX_DATAERR), (("-f", "a b c", "bob@example.net"), b"sender", EX_DATAERR),
        (("-t",), b"no recipient", EX_DATAERR),
    ]:
        result = sendmail(*args, input=b"Subject: x\n\nhi\n")
        assert result.returncode == code and text in result.stderr, (args, result)
    assert sendmail("-t", input=b"To: <>broken<\n\nhi\n").returncode == EX_DATAERR
    assert not relay.messages


def test_header_injection_by_arguments(served):
    sendmail, relay, _ = served
    for args in (("-f", "a@example.com>\r\nRCPT TO:<evil@example.net", "bob@example.net"), ("bob@example.net>\r\nDATA",), ("-V", "x\r\ny", "bob@example.net")):
        assert sendmail(*args, input=b"Subject: x\n\nhi\n").returncode in (EX_USAGE, EX_DATAERR)
    sendmail("-F", "Eve\r\nBcc: evil@example.net", "bob@example.net", input=b"Subject: x\n\nhi\n", check=0)
    message = relay.wait_for(1)[0]
    assert message.rcpts == ["bob@example.net"] and fields(message)["Bcc"] is None


def test_too_large(make_httpd, relay, tmp_path):
    httpd = make_httpd("SMTPSendMaxMessageSize 1M\n", relay=relay)
    result = Sendmail(tmp_path, httpd)("bob@example.net", input=b"Subject: x\n\n" + b"x" * 70 * 20000 + b"\n", check=EX_DATAERR)
    assert b"SMTPSendMaxMessageSize" in result.stderr


def test_a_dry_run_stores_nothing(served):
    """It says what a submission would: the same refusals, the same exit codes."""
    sendmail, relay, httpd = served
    dry = sendmail("--dry-run", "-t", "bob@example.net", input=b"To: carol@example.net\nCc: root\nSubject: x\n\nhi\n", check=0)
    assert dry.stdout == b"The message would be accepted for 3 recipients; nothing was stored\n" and not dry.stderr
    assert sendmail("-i", "--dry-run", "bob@example.net", input=b"", check=0).stdout.count(b"1 recipient;") == 1
    for args, text in ((("bob@@example.net",), b"hi\n"), (("-t",), b"To: Doe, Jane <jane@example.net>\n\nhi\n"), (("bob@example.net",), b"From: a\x00b\n\nhi\n")):
        real, dry = (sendmail(*more, *args, input=text) for more in ((), ("--dry-run",)))
        assert (real.returncode, real.stderr) == (dry.returncode, dry.stderr) and real.returncode == EX_DATAERR, (real, dry)
    assert b"--dry-run is only for submitting" in sendmail("--dry-run", "-bp", check=EX_USAGE).stderr and b"--dry-run checks" in sendmail("-bv", "bob@example.net", check=EX_USAGE).stderr
    sendmail("last@example.net", input=b"hi\n", check=0)
    assert [m.rcpts for m in relay.wait_for(1)] == [["last@example.net"]]
    assert httpd.cli("queue", "--all", "--json", check=0).stdout.count(b'"subject"') == 1


def test_no_daemon_is_a_temporary_failure(tmp_path):
    class Nowhere:
        socket = str(tmp_path / "nothing.sock")
    import time
    began = time.monotonic()
    result = Sendmail(tmp_path, Nowhere)("bob@example.net", input=b"Subject: x\n\nhi\n", check=EX_TEMPFAIL)
    assert b"nothing.sock" in result.stderr and time.monotonic() - began >= 9


def test_engine_off_is_a_temporary_failure(make_httpd, tmp_path):
    httpd = make_httpd("SMTPSendEngine Off\n")
    result = Sendmail(tmp_path, httpd)("bob@example.net", input=b"Subject: x\n\nhi\n", check=EX_TEMPFAIL)
    assert b"SMTPSendEngine" in result.stderr


def test_restarts_are_waited_for(make_httpd, relay, tmp_path):
    """The daemon is killed while processes submit: each waits, all succeed, nothing is stored twice."""
    httpd = make_httpd(relay=relay, expect=RESTARTS)
    sendmail = Sendmail(tmp_path, httpd)
    failures, count = [], 40

    def submit(number):
        result = sendmail("-f", "app@example.com", f"user{number}@example.net", input=b"Subject: %d\n\nhi\n" % number)
        if result.returncode:
            failures.append(result)
    threads = [threading.Thread(target=submit, args=(i,)) for i in range(count)]
    for number, thread in enumerate(threads):
        thread.start()
        if number in (10, 25):
            os.kill(httpd.wait(lambda: httpd.status(check=False).get("pid"), 20, "the daemon"), signal.SIGKILL)
        select_pause(0.01)
    for thread in threads:
        thread.join(60)
    assert not failures, failures
    relay.wait(lambda: len({tuple(m.rcpts) for m in relay.messages}) == count)


def test_q_and_bp(make_httpd, relay, tmp_path):
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=["sending is paused"])
    sendmail = Sendmail(tmp_path, httpd)
    sendmail("bob@example.net", input=b"Subject: waits\n\nhi\n", check=0)
    link = os.path.join(os.path.dirname(sendmail.path), "mailq")
    os.symlink(CLI, link)
    listed = sendmail("-bp", check=0).stdout
    assert b"bob@example.net" in listed and sendmail.run(link).stdout == listed and sendmail.run(link, "-v").stdout == listed
    assert b"paused" in sendmail("-q", check=0).stdout and b"paused" in sendmail("-q30m", check=0).stdout
    assert b"retry: 1 message" in sendmail("-qI" + json.loads(httpd.cli("queue", "--json").stdout)["messages"][0]["id"], check=0).stdout


# ---- sendmail -bs ----

class Session:
    """sendmail -bs, a process; standard error stays empty."""

    def __init__(self, sendmail, *options, env=None):
        self.process = subprocess.Popen([sendmail.path, "-bs", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, env={**sendmail.env, **(env or {})})
        self.greeting = self.reply()

    def reply(self):
        lines = []
        while not lines or lines[-1][3:4] == b"-":
            lines.append(self.process.stdout.readline())
        return b"".join(lines).decode()

    def __call__(self, line, count=1):
        self.process.stdin.write(line.encode() if isinstance(line, str) else line)
        replies = [self.reply() for _ in range(count)]
        return replies[0] if count == 1 else replies

    def end(self, code=0):
        self.process.stdin.close()
        rest, error = self.process.stdout.read(), self.process.stderr.read()
        assert self.process.wait(30) == code and not error, (self.process.returncode, error)
        return rest.decode()


def test_bs(served):
    """Two messages in a session: pipelined with DATA, and by BDAT; envelope, parameters, refusals of each recipient, RSET."""
    sendmail, relay, httpd = served
    session = Session(sendmail, "-i")
    host = session.greeting.split()[1]
    assert session.greeting == f"220 {host} ESMTP\r\n"
    hello = session("EHLO app.example.com\r\n").split("\r\n")
    assert hello[0] == f"250-{host}"
    assert sorted(line[4:] for line in hello[1:-1] if not line[4:].startswith("SIZE ")) == ["8BITMIME", "BINARYMIME", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES", "PIPELINING", "SMTPUTF8"]
    assert session("MAIL FROM:<gone@example.com>\r\nRCPT TO:<gone@example.net>\r\nRSET\r\n", 3)[2].startswith("250")
    replies = session("MAIL FROM:<app@example.com> RET=HDRS ENVID=e1\r\nRCPT TO:<bob@example.net> NOTIFY=SUCCESS ORCPT=rfc822;b@example.net\r\nRCPT TO:<a..b@-x->\r\nRCPT TO:<root>\r\nDATA\r\n", 5)
    assert [r[:4] for r in replies] == ["250 ", "250 ", "501 ", "250 ", "354 "] and "<a..b@-x->" in replies[2]
    accepted = session("From: app@example.com\r\nTo: bob@example.net\r\nBcc: carol@example.net\r\nSubject: one\r\n\r\n..dot\r\n.\r\n")
    ident = accepted.split()[-1]
    assert accepted.startswith("250 2.0.0 Ok: queued as ") and httpd.cli("show", ident, check=0)
    message = relay.wait_for(1)[0]
    assert message.sender == "app@example.com" and sorted(message.rcpts) == ["admin@example.net", "bob@example.net"] and message.body == b".dot\r\n"
    assert "RET=HDRS" in relay.commands("MAIL")[0] and "ENVID=e1" in relay.commands("MAIL")[0] and b"Bcc" not in message.headers
    assert any("NOTIFY=SUCCESS" in rcpt and "ORCPT=rfc822;b@example.net" in rcpt for rcpt in relay.commands("RCPT"))
    content = "Subject: grün\n\nhi\n".encode()
    replies = session(b"MAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\nBDAT %d LAST\r\n" % len(content) + content + b"QUIT\r\n", 4)
    assert [r[:3] for r in replies] == ["250", "250", "250", "221"]
    assert not session.end()
    message = relay.wait_for(2)[1]
    assert message.sender == "" and message.body == b"hi\r\n" and fields(message)["Subject"] == "grün"


def test_bs_byte_by_byte(served):
    sendmail, relay, _ = served
    session = Session(sendmail)
    for byte in b"HELO x\r\nMAIL FROM:<app@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\nSubject: x\r\n\r\n.\n.\r\r\n..\r\n.\r\nQUIT\r\n":
        session.process.stdin.write(bytes([byte]))
    assert [line[:3] for line in session.end().splitlines()] == ["250", "250", "250", "354", "250", "221"]
    assert len(relay.wait_for(1)) == 1


def test_bs_that_ends_early(served):
    sendmail, relay, _ = served
    for text, code, last in ((b"", 0, "220"), (b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\nSubject: x\r\n", EX_DATAERR, "421"),
                             (b"To: bob@example.net\nSubject: x\n\nmail without SMTP\n", EX_DATAERR, "421"), (b"GET / HTTP/1.0\r\n\r\n", EX_DATAERR, "421")):
        result = sendmail("-bs", input=text, check=code)
        assert result.stdout.decode().splitlines()[-1].startswith(last) and not result.stderr
    # Without standard input or output, nothing of the daemon's socket is taken for it.
    for closed in ("<&-", ">&-"):
        assert sendmail.run("sh", "-c", f'"$0" -bs {closed}', sendmail.path, check=74)
    assert not relay.messages


def test_bs_without_a_daemon(make_httpd, relay, tmp_path):
    class Nowhere:
        socket = str(tmp_path / "nothing.sock")
    result = Sendmail(tmp_path, Nowhere)("-bs", input=b"EHLO x\r\nQUIT\r\n", check=EX_TEMPFAIL)
    assert result.stdout.startswith(b"421 4.3.2 ") and b"nothing.sock" in result.stdout and not result.stderr
    httpd = make_httpd("SMTPSendEngine Off\n")
    session = Session(Sendmail(tmp_path / "off", httpd))
    session("EHLO x\r\n")
    reply = session("MAIL FROM:<a@example.com>\r\n")
    assert reply.startswith("451 4.3.0 ") and "SMTPSendEngine" in reply
    session("QUIT\r\n")
    session.end()


def test_bs_waits_for_a_restart(make_httpd, relay, tmp_path):
    """The daemon is killed in the middle of sessions: they go on, and each message is stored once."""
    httpd = make_httpd(relay=relay, expect=RESTARTS)
    sendmail = Sendmail(tmp_path, httpd)
    session = Session(sendmail)
    session("EHLO x\r\n")
    for number, before in enumerate(("MAIL", "RCPT", "DATA", ".")):
        for command, line in (("MAIL", "MAIL FROM:<app@example.com>"), ("RCPT", f"RCPT TO:<user{number}@example.net>"), ("DATA", "DATA"), (".", "Subject: x\r\n\r\nhi\r\n.")):
            if command == before:
                os.kill(httpd.wait(lambda: httpd.status(check=False).get("pid"), 20, "the daemon"), signal.SIGKILL)
            assert session(line + "\r\n")[0] in "23"
    session("QUIT\r\n")
    session.end()
    # One that a daemon had sent, and could not note, is sent twice.
    relay.wait(lambda: {m.rcpts[0] for m in relay.messages} == {f"user{i}@example.net" for i in range(4)})
    assert httpd.cli("queue", "--all", "--json", check=0).stdout.count(b'"subject"') == 4


def test_bs_large(make_httpd, relay, tmp_path):
    httpd = make_httpd("SMTPSendMaxMessageSize 4M\n", relay=relay)
    session = Session(Sendmail(tmp_path, httpd))
    assert "250-SIZE 4194304\r\n" in session("EHLO x\r\n")
    assert session("MAIL FROM:<app@example.com> SIZE=5000000\r\n").startswith("552 5.3.4")
    for size, code in ((5000000, "552"), (3000000, "250")):
        session("MAIL FROM:<app@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n", 3)
        assert session("Subject: x\r\n\r\n" + ("x" * 70 + "\r\n") * (size // 72) + ".\r\n").startswith(code)
    session("QUIT\r\n")
    session.end()
    assert len(relay.wait_for(1)[0].body) == 3000000 // 72 * 72


def test_bs_by_hand(served):
    """On a terminal, lines end with LF."""
    import pty
    sendmail, relay, _ = served
    master, slave = pty.openpty()
    process = subprocess.Popen([sendmail.path, "-bs"], stdin=slave, stdout=subprocess.PIPE, env=sendmail.env)
    os.close(slave)
    os.write(master, b"EHLO me\nMAIL FROM:<app@example.com>\nRCPT TO:<bob@example.net>\nDATA\nSubject: x\n\nhi\n.\nQUIT\n")
    assert process.communicate(timeout=30)[0].splitlines()[-1].startswith(b"221") and process.returncode == 0
    os.close(master)
    assert relay.wait_for(1)[0].body == b"hi\r\n"


# ---- programs ----

def test_php(served):
    sendmail, relay, _ = served
    code = r'''exit(mail("bob@example.net", "Grüße", "line one\n.\nline two\n", "From: app@example.com\r\nCc: carol@example.net\r\nX-A: b", "-fbounce@example.com") ? 0 : 1);'''
    sendmail.run("php", "-d", f"sendmail_path={sendmail.path} -t -i", "-r", code)
    message = relay.wait_for(1)[0]
    assert message.sender == "bounce@example.com" and sorted(message.rcpts) == ["bob@example.net", "carol@example.net"]
    assert message.body.startswith(b"line one\r\n.\r\nline two\r\n") and fields(message)["X-A"] == "b"


def test_php_sees_a_failure(served):
    sendmail, relay, _ = served
    sendmail.run("php", "-d", f"sendmail_path={sendmail.path} -t -i", "-r", 'exit(@mail("not an address", "x", "y") ? 0 : 1);', check=1)
    assert not relay.messages


def test_mailx(served):
    sendmail, relay, _ = served
    rc = os.path.join(os.path.dirname(sendmail.path), "mailrc")
    with open(rc, "w") as file:
        file.write(f"set sendmail={sendmail.path}\n")
    sendmail.run("bsd-mailx", "-s", "by mailx", "-c", "carol@example.net", "-b", "dave@example.net", "bob@example.net", input=b"hello\n", MAILRC=rc)
    message = relay.wait_for(1)[0]
    assert sorted(message.rcpts) == ["bob@example.net", "carol@example.net", "dave@example.net"]
    assert fields(message)["Subject"] == "by mailx" and message.body == b"hello\r\n" and b"dave" not in message.data


def test_git_send_email(served, tmp_path):
    sendmail, relay, _ = served
    repository = str(tmp_path / "repository")

    def git(*args):
        return sendmail.run("git", "-C", repository, "-c", "user.name=Alice", "-c", "user.email=alice@example.com", *args)
    os.mkdir(repository)
    git("init", "-q")
    with open(os.path.join(repository, "file"), "w") as file:
        file.write(".\nFrom here\n")
    git("add", "file")
    git("commit", "-q", "-m", "A change")
    git("format-patch", "-q", "-1", "--root", "-o", str(tmp_path / "patches"))
    patch = str(tmp_path / "patches" / "0001-A-change.patch")
    git("send-email", f"--smtp-server={sendmail.path}", "--to=list@example.net", "--cc=bob@example.net", "--from=Alice <alice@example.com>", "--confirm=never",
        "--suppress-cc=all", "--quiet", patch)
    message = relay.wait_for(1)[0]
    assert "list@example.net" in message.rcpts and fields(message)["Subject"] == "[PATCH] A change"
    assert b"\r\n+.\r\n+From here\r\n" in message.body


def test_perl(served):
    sendmail, relay, _ = served
    code = r'''open(my $m, "|-", "sendmail", "-t", "-oi") or die; print $m "From: app\@example.com\nTo: bob\@example.net\nSubject: by perl\n\nhi\n.\nho\n"; close($m) or exit 1;'''
    sendmail.run("perl", "-e", code)
    message = relay.wait_for(1)[0]
    assert message.rcpts == ["bob@example.net"] and message.body == b"hi\r\n.\r\nho\r\n"


def test_python(served):
    """The way that Python's own documentation of the email package shows."""
    sendmail, relay, _ = served
    code = ("import subprocess, sys\nfrom email.message import EmailMessage\nm = EmailMessage()\nm['From'] = 'app@example.com'\nm['To'] = 'Bob Grün <bob@example.net>'\n"
            "m['Subject'] = 'by Python €'\nm.set_content('grün\\n.\\n')\nm.add_attachment(bytes(range(256)), maintype='application', subtype='octet-stream', filename='a.bin')\n"
            "sys.exit(subprocess.run(['sendmail', '-t', '-oi'], input=m.as_bytes()).returncode)")
    sendmail.run(sys.executable, "-c", code)
    message = fields(relay.wait_for(1)[0])
    assert message["Subject"] == "by Python €" and next(message.iter_attachments()).get_content() == bytes(range(256))


def test_what_it_loads(served):
    """A process for each message: only the C library, and APR where there is no archive of it."""
    sendmail, _, _ = served
    libraries = {line.split()[0].split("/")[-1].split(".so")[0] for line in subprocess.run(["ldd", CLI], check=True, capture_output=True, text=True).stdout.splitlines()}
    assert libraries <= {"linux-vdso", "libc", "ld-linux-x86-64", "ld-linux-aarch64", "libapr-1", "libuuid", "libcrypt"}, libraries
    assert os.path.exists(os.path.join(BUILD, "smtp-send-commands"))
