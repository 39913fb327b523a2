"""SMTPSendListen: programs of this machine submit by SMTP. What is taken is queued, what is not is refused so that the client keeps its mail."""
import collections
import email.message
import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import threading

import pytest

from rig.httpd import free_port

MESSAGE = b"From: app@example.com\r\nTo: bob@example.net\r\nSubject: listener\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n\r\nhello\r\n"


class SmtpListener:
    """An httpd with SMTPSendListen on a free port."""

    def __init__(self, make_httpd, config="", address="127.0.0.1", stays=0, **kwargs):
        self.stays = stays      # messages that the queue keeps
        self.port = free_port()
        self.host = address.strip("[]")
        self.listen = f"SMTPSendListen {address}:{self.port}\n"
        self.httpd = make_httpd(self.listen + config, **kwargs)
        self.httpd.wait_log("SMTPSend-212")      # httpd answers a moment before its daemon does

    def empty(self):
        self.httpd.wait(lambda: self.httpd.status()["queue"]["messages"] == self.stays, what="an empty queue")

    def client(self):
        return Client(self.host, self.port)

    def smtp(self, name="client.example.com"):
        return smtplib.SMTP(self.host, self.port, local_hostname=name, timeout=60)


class Client:
    """A socket that speaks raw bytes and reads whole replies."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), 30)
        self.file = self.socket.makefile("rb")
        self.greeting = self.reply()

    def send(self, data):
        self.socket.sendall(data)

    def reply(self):
        """One reply, its last line; b"" at the end."""
        while True:
            line = self.file.readline()
            if not line or line[3:4] != b"-":
                return line

    def replies(self, count):
        return [self.reply() for _ in range(count)]

    def say(self, data):
        self.send(data)
        return self.reply()

    def codes(self, count):
        return [int(r[:3]) for r in self.replies(count)]

    def envelope(self, rcpt=b"bob@example.net"):
        self.send(b"EHLO c\r\nMAIL FROM:<app@example.com>\r\nRCPT TO:<" + rcpt + b">\r\n")
        assert self.codes(3) == [250, 250, 250]
        return self

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.close()


@pytest.fixture
def make_listener(make_httpd, make_relay):
    """Endpoints whose queues are empty before their relays go."""
    made = []

    def make(config="", **kwargs):
        made.append(SmtpListener(make_httpd, config, **kwargs))
        return made[-1]
    yield make
    for listener in made:
        listener.empty()


def test_a_program_sends_through_it(make_listener, relay):
    listener = make_listener(relay=relay)
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "App <app@example.com>", "bob@example.net", "Grüße"
    message.set_content("Hällo\n.\n..\nend\n")
    raw = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
    with listener.smtp() as smtp:
        smtp.ehlo()
        for word in ("pipelining", "size", "8bitmime", "smtputf8", "dsn", "chunking", "binarymime", "enhancedstatuscodes"):
            assert smtp.has_extn(word), word
        assert smtp.esmtp_features["size"] == str(25 * 1024 * 1024)
        code, text = smtp.mail("app@example.com") and smtp.rcpt("bob@example.net") and smtp.data(b"Bcc: eve@example.net\r\n" + raw)
        assert code == 250 and text.startswith(b"2.0.0 Ok: queued as "), text
        smtp.send_message(message)
    arrived = relay.wait_for(2)
    ident = text.split()[-1].decode()
    assert listener.httpd.wait_state(ident, "sent", path="/mail-status/message")["subject"] == "Grüße"
    for one in arrived:
        assert one.sender == "app@example.com" and one.rcpts == ["bob@example.net"] and one.body == raw.split(b"\r\n\r\n", 1)[1]
        assert b"eve" not in one.data and b"\r\nDate: " in one.data and b"\r\nMessage-ID: " in one.data


def test_by_ipv6_and_helo(make_listener, relay):
    listener = make_listener(relay=relay, address="[::1]")
    with listener.client() as client:
        client.send(b"HELO c\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n")
        assert client.codes(4) == [250, 250, 250, 354]
        assert client.say(MESSAGE + b".\r\n").startswith(b"250 2.0.0 Ok: queued as ")
        assert client.say(b"QUIT\r\n").startswith(b"221 ") and client.reply() == b""
    arrived = relay.wait_for(1)[0]
    assert arrived.sender == "" and arrived.data == MESSAGE


def test_plain_text_without_a_header_becomes_a_message(make_listener, relay):
    listener = make_listener(relay=relay)
    with listener.smtp() as smtp:
        smtp.sendmail("app@example.com", ["bob@example.net"], "only text, no header\r\n")
    arrived = relay.wait_for(1)[0]
    assert arrived.body == b"only text, no header\r\n" and b"From: app@example.com\r\n" in arrived.data


EVIL = b"MAIL FROM:<evil@example.com>\r\nRCPT TO:<evil@example.org>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n"


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n.\r", b"\r\n\x00.\r\n", b"\r\n.\x00\r\n"], ids=repr)
def test_only_crlf_dot_crlf_ends_a_message(make_listener, make_relay, end):
    relay = make_relay(extensions=("PIPELINING", "8BITMIME"))    # by DATA: dots are stuffed on the way out
    listener = make_listener(relay=relay)
    with listener.client().envelope() as client:
        assert client.say(b"DATA\r\n").startswith(b"354 ")
        client.send(MESSAGE + b"first" + end + EVIL + b".\r\nNOOP\r\n")
        assert client.codes(2) == [250, 250]
        assert client.say(b"QUIT\r\n").startswith(b"221 ")
    arrived = relay.wait_for(1)
    listener.empty()
    assert len(arrived) == 1 and arrived[0].rcpts == ["bob@example.net"]
    # All of it is content, and in the form that no relay can read differently.
    data = arrived[0].data
    assert b"Subject: smuggled" in data and not re.search(rb"\r(?!\n)|(?<!\r)\n", data)


def test_commands_end_with_crlf_alone(make_listener, relay):
    listener = make_listener(relay=relay)
    with listener.client() as client:
        client.send(b"EHLO c\nMAIL FROM:<evil@example.com>\r\nEHLO c\r\nMAIL FROM:<a@x>\rRCPT TO:<b@y>\r\nMAIL FROM:<a@example.com>\r\n")
        assert client.codes(5) == [500, 503, 250, 500, 250]


def test_a_web_page_cannot_talk_to_it(make_listener, relay):
    listener = make_listener(relay=relay)
    with listener.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\nEHLO c\r\n" + EVIL + b".\r\n")
        assert client.reply().startswith(b"421 4.7.0 ") and client.reply() == b""
    assert not relay.connections


def test_a_pipelined_group_and_chunks(make_listener, relay):
    listener = make_listener(relay=relay)
    with listener.client() as client:
        group = b"".join(b"MAIL FROM:<app%d@example.com>\r\nRCPT TO:<bob@example.net>\r\nBDAT 10\r\nSubject: xBDAT %d LAST\r\n\r\n\r\n.\r\nBDAT%d\r\n"
                         % (i, 13 + len(str(i)), i) for i in range(200))
        client.send(b"EHLO c\r\n" + group + b"QUIT\r\n")
        assert client.codes(1) == [250]
        for _ in range(200):
            assert client.codes(4) == [250, 250, 250, 250]
        assert client.codes(1) == [221]
    arrived = {m.sender: m.data for m in relay.wait_for(200)}
    assert len(arrived) == 200
    for i in range(200):
        assert arrived[f"app{i}@example.com"].endswith(b"\r\n\r\n.\r\nBDAT%d\r\n" % i)


def test_what_a_client_does_not_declare_is_taken(make_listener, relay):
    listener = make_listener(relay=relay)
    with listener.client() as client:
        client.send("HELO c\r\nMAIL FROM:<äpp@example.com>\r\nRCPT TO:<böb@example.net>\r\nDATA\r\n".encode())
        assert client.codes(4) == [250, 250, 250, 354]
        assert client.say("Subject: Grüße\r\n\r\nHällo\r\n.\r\n".encode()).startswith(b"250 ")
    arrived = relay.wait_for(1)[0]
    mail = relay.commands("MAIL")[0]
    assert "<äpp@example.com>" in mail and "SMTPUTF8" in mail and "BODY=8BITMIME" in mail and arrived.rcpts == ["böb@example.net"] and arrived.body == "Hällo\r\n".encode()


def test_envelope_options_reach_the_relay(make_listener, relay):
    listener = make_listener(relay=relay)
    with listener.client() as client:
        client.send("EHLO c\r\nMAIL FROM:<äpp@example.com> SMTPUTF8 BODY=8BITMIME RET=HDRS ENVID=a+2Bb SIZE=20\r\n"
                    "RCPT TO:<bob@example.net> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;bo+2Bb@example.net\r\nDATA\r\n".encode())
        assert client.codes(4) == [250, 250, 250, 354]
        assert client.say("Subject: Grüße\r\n\r\nHällo\r\n.\r\n".encode()).startswith(b"250 ")
    relay.wait_for(1)
    mail, rcpt = relay.commands("MAIL")[0], relay.commands("RCPT")[0]
    assert "äpp@example.com" in mail and "SMTPUTF8" in mail and "BODY=8BITMIME" in mail and "RET=HDRS" in mail and "ENVID=a+2Bb" in mail
    assert "NOTIFY=SUCCESS,DELAY" in rcpt and "ORCPT=rfc822;bo+2Bb@example.net" in rcpt


def test_the_rules_of_the_other_endpoints(make_listener, make_relay):
    relay, second = make_relay(), make_relay()
    listener = make_listener("SMTPSendAlias root admin@example.net\nSMTPSendDefaultDomain example.com\nSMTPSendHeaderFrom noreply@example.com\n"
                f"SMTPSendRelayFor *@second.example second\n<VirtualHost *>\nServerName second.example\nSMTPSendRelayName second\nSMTPSendHost {second.host}:{second.port}\n"
                "</VirtualHost>\n", relay=relay)
    with listener.smtp() as smtp:
        smtp.sendmail("cron", ["root", "carol@example.net"], MESSAGE)
        smtp.sendmail("app@second.example", ["bob@example.net"], MESSAGE)
    arrived = relay.wait_for(1)[0]
    assert arrived.sender == "cron@example.com" and sorted(arrived.rcpts) == ["admin@example.net", "carol@example.net"]
    assert b"From: noreply@example.com\r\n" in arrived.data and b"Reply-To: app@example.com\r\n" in arrived.data
    assert second.wait_for(1)[0].sender == "app@second.example" and len(relay.messages) == 1


def test_bounds(make_listener, relay):
    listener = make_listener("SMTPSendMaxMessageSize 2K\n", relay=relay)
    with listener.client().envelope() as client:
        assert client.say(b"RSET\r\n").startswith(b"250 ")
        assert client.say(b"MAIL FROM:<a@example.com> SIZE=2049\r\n").startswith(b"552 5.3.4 ")
        assert client.say(b"NOOP " + b"x" * 10000 + b"\r\n").startswith(b"500 5.5.2 ")
        client.send(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<bad address>\r\nRCPT TO:<b@c..example.net>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n")
        assert client.codes(5) == [250, 501, 501, 250, 354]
        assert client.say(MESSAGE + b"x" * 2000 + b"\r\n.\r\n").startswith(b"552 5.3.4 ")
        client.send(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n")
        assert client.codes(3) == [250, 250, 354]
        assert client.say(b".\r\n").startswith(b"554 5.6.0 ")
        client.send(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<bob@example.net>\r\nBDAT 3000 LAST\r\n" + b"x" * 3000 + b"NOOP\r\n")
        assert client.codes(4) == [250, 250, 552, 250]
    assert not relay.messages


def test_many_bytes_and_large_messages(make_listener, relay):
    listener = make_listener(relay=relay)
    body = b"".join(b"%08d .%s\r\n" % (i, b"y" * 60) for i in range(100000))
    with listener.smtp() as smtp:
        smtp.sendmail("app@example.com", ["bob@example.net"], MESSAGE + body)
        smtp.sendmail("app@example.com", ["bob@example.net"], MESSAGE)
    arrived = relay.wait_for(2, 60)
    assert sorted(len(m.data) for m in arrived) == [len(MESSAGE), len(MESSAGE + body)] and MESSAGE + body in [m.data for m in arrived]


def test_one_connection_too_many_is_answered_421(make_listener, relay):
    listener = make_listener(relay=relay, expect=["SMTPSend-265"])
    clients = []
    try:
        for _ in range(512):
            clients.append(listener.client())
        assert all(c.greeting.startswith(b"220 ") for c in clients)
        with listener.client() as client:
            assert client.greeting.startswith(b"421 4.7.0 ")
        clients.pop().close()
        listener.httpd.wait(lambda: try_greeting(listener) == b"220", what="a free place")
    finally:
        for client in clients:
            client.close()


OCCUPIES = r'''
import select, socket, sys
clients = []
for i in range(512):
    clients.append(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20))
    clients[-1].recv(1000)
    if i % 2:   # half of them stay in the middle of a transaction
        clients[-1].sendall(b"EHLO x\r\nMAIL FROM:<a@example.com>\r\n")
        while b"2.1.0" not in clients[-1].recv(1000):
            pass
print("ready", flush=True)
sys.stdin.read()
print(sum(1 for c in clients if not select.select([c], [], [], 0)[0]), flush=True)
'''


def test_one_user_does_not_occupy_it(make_listener, relay):
    listener = make_listener(relay=relay, expect=["SMTPSend-265"])
    process = subprocess.Popen([sys.executable, "-c", OCCUPIES, str(listener.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               user=65534, group=65534, extra_groups=[])
    clients = []
    try:
        assert process.stdout.readline() == b"ready\n"
        for _ in range(20):
            clients.append(listener.client().envelope())
        listener.smtp().sendmail("app@example.com", ["bob@example.net"], MESSAGE)
        relay.wait_for(1)
        assert "of uid 65534" in listener.httpd.log()
        assert process.communicate(timeout=20)[0] == b"491\n"      # one for each that came
        assert all(c.say(b"NOOP\r\n").startswith(b"250 ") for c in clients)
    finally:
        process.kill()
        process.wait(20)
        for client in clients:
            client.close()


FILLS = r'''
import socket, sys
clients = [socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20) for i in range(250)]
for client in clients:
    client.sendall(b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n")
    while b"354" not in client.recv(1000):
        pass
for client in clients:
    client.sendall((b"X-Header: " + b"y" * 60 + b"\r\n") * 5000)    # its header never ends
print("ready", flush=True)
sys.stdin.read()
'''


def test_content_of_one_user_that_never_ends_delays_nobody_else(make_listener, relay):
    listener = make_listener(relay=relay)
    process = subprocess.Popen([sys.executable, "-c", FILLS, str(listener.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               user=65534, group=65534, extra_groups=[])
    try:
        assert process.stdout.readline() == b"ready\n"
        for _ in range(3):
            listener.smtp().sendmail("app@example.com", ["bob@example.net"], MESSAGE)
        relay.wait_for(3)
    finally:
        process.kill()
        process.wait(20)


def try_greeting(listener):
    with listener.client() as client:
        return client.greeting[:3]


def test_a_full_queue_and_an_engine_that_is_off(make_listener, relay):
    listener = make_listener("SMTPSendPause On\nSMTPSendQueueLimit 1 1G\n", relay=relay, stays=1, expect=["sending is paused"])
    with listener.client().envelope() as client:
        client.send(b"DATA\r\n")
        assert client.codes(1) == [354]
        assert client.say(MESSAGE + b".\r\n").startswith(b"250 ")
        assert client.say(b"MAIL FROM:<a@example.com>\r\n").startswith(b"452 4.3.1 the queue is full")
    listener.httpd.write(f"{listener.listen}SMTPSendEngine Off\nSMTPSendHost {relay.host}:{relay.port}\n")
    listener.httpd.graceful_wait()
    with listener.client() as client:
        client.send(b"EHLO c\r\nMAIL FROM:<a@example.com>\r\n")
        assert client.codes(1) == [250] and client.reply().startswith(b"451 4.3.2 SMTPSendEngine is Off")


def test_a_client_that_leaves_has_sent_nothing(make_listener, relay):
    listener = make_listener(relay=relay)
    for rest in (b"", b"DATA\r\n", b"DATA\r\n" + MESSAGE, b"BDAT 5000 LAST\r\nabc"):
        with listener.client().envelope() as client:
            client.send(rest)
    with listener.smtp() as smtp:
        smtp.sendmail("last@example.com", ["bob@example.net"], MESSAGE)
    relay.wait_for(1)
    assert [m.sender for m in relay.messages] == ["last@example.com"]


@pytest.mark.parametrize("address, word", [("0.0.0.0:2525", "can be reached from other machines"), ("[::]:25", "can be reached"), ("localhost:25", "127.0.0.1:2525"), ("25", "address and a port")])
def test_only_loopback_addresses(make_httpd, relay, address, word):
    httpd = make_httpd(f"SMTPSendListen {address}\n", relay=relay, start=False)
    result = httpd.configtest()
    assert result.returncode != 0 and word in result.stderr and "SMTPSendListen" in result.stderr, result.stderr


def test_a_port_that_is_taken_leaves_the_other_endpoints_open_and_is_tried_again(make_httpd, relay):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        httpd = make_httpd(f"SMTPSendListen 127.0.0.1:{port}\n", relay=relay, expect=["SMTPSend-287"])
        httpd.wait_log("SMTPSend-287: .*Address already in use")
        httpd.wait_state(httpd.send().json["id"], "sent")
    httpd.wait_log("SMTPSend-288", 40)
    httpd.wait(lambda: not is_refused(port), 20, "the listener")
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as smtp:
        smtp.sendmail("app@example.com", ["bob@example.net"], MESSAGE)
    relay.wait_for(2)


def test_the_address_changes_with_a_graceful_restart(make_listener, relay):
    listener = make_listener(relay=relay)
    first, second = listener.port, free_port()
    listener.httpd.write(f"SMTPSendListen 127.0.0.1:{second}\n")
    listener.httpd.graceful_wait()
    listener.port = second
    with listener.smtp() as smtp:
        smtp.sendmail("app@example.com", ["bob@example.net"], MESSAGE)
    relay.wait_for(1)
    listener.httpd.wait(lambda: is_refused(first), what="the old port to be closed")


def is_refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_restart_finds_a_transaction_under_way(make_listener, relay):
    listener = make_listener(relay=relay)
    with listener.client() as idle, listener.client().envelope() as client, listener.client().envelope() as slow:
        generation = listener.httpd.status()["generation"]
        listener.httpd.graceful()
        assert idle.reply().startswith(b"421 4.3.2 ") and idle.reply() == b""
        # What was begun may end within the grace ...
        client.send(b"DATA\r\n")
        assert client.codes(1) == [354]
        assert client.say(MESSAGE + b".\r\n").startswith(b"250 ")
        assert client.reply().startswith(b"421 4.3.2 ") and client.reply() == b""
        # ... and is dismissed after it.
        assert slow.reply().startswith(b"421 4.3.2 ") and slow.reply() == b""
        listener.httpd.wait(lambda: listener.httpd.status(check=False).get("generation", 0) > generation, what="the new daemon")
    relay.wait_for(1)


def test_a_daemon_that_was_killed_is_replaced(make_listener, relay):
    listener = make_listener(relay=relay, expect=["SMTPSend-283"])
    with listener.client() as client:
        os.kill(listener.httpd.status()["pid"], signal.SIGKILL)
        assert client.reply() == b""
    with listener.smtp() as smtp:      # waits in the listening socket, which the parent holds
        smtp.sendmail("app@example.com", ["bob@example.net"], MESSAGE)
    relay.wait_for(1)


def send_until(listener, name, stop, results):
    """Sends message after message, each by a new connection; an attempt that was not accepted counts by what it met."""
    number = 0
    while not stop.is_set():
        sender = f"{name}-{number}@example.com"
        number += 1
        try:
            with listener.smtp() as smtp:
                smtp.sendmail(sender, ["bob@example.net"], MESSAGE)
            results.append((sender, "accepted"))
        except smtplib.SMTPServerDisconnected:
            results.append((sender, "lost"))
        except smtplib.SMTPResponseException as error:
            results.append((sender, error.smtp_code))
        except ConnectionRefusedError:
            results.append((sender, "refused"))
        except OSError:
            results.append((sender, "lost"))


def test_restarts_under_load(make_listener, relay):
    listener = make_listener(relay=relay)
    stop, results = threading.Event(), []
    threads = [threading.Thread(target=send_until, args=(listener, f"t{i}", stop, results)) for i in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        before = len(results)
        listener.httpd.wait(lambda: len(results) > before + 20, what="mail between restarts")
        listener.httpd.graceful_wait()
    stop.set()
    for thread in threads:
        thread.join(60)
    outcomes = collections.Counter(outcome for _, outcome in results)
    assert outcomes["accepted"] > 100 and set(outcomes) <= {"accepted", "lost", 421}, outcomes
    accepted = {sender for sender, outcome in results if outcome == "accepted"}
    relay.wait(lambda: accepted <= {m.sender for m in relay.messages}, 30, lambda: "all that was accepted")
    counts = collections.Counter(m.sender for m in relay.messages)
    assert max(counts.values()) == 1
    # A connection that was lost had its answer outstanding, or was none: at most one at a time of each thread and restart.
    assert outcomes["lost"] <= 20, outcomes


def test_a_thousand_messages_of_smtp_source(make_listener, relay):
    listener = make_listener(relay=relay)
    result = subprocess.run(["smtp-source", "-m", "1000", "-s", "20", "-l", "2048", "-f", "app@example.com", "-t", "bob@example.net", f"127.0.0.1:{listener.port}"],
                            capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    relay.wait_for(1000, 60)
    assert len(relay.messages) == 1000
