"""Restarts and deaths: what was accepted is delivered, and a graceful restart refuses nobody."""
import concurrent.futures
import contextlib
import json
import os
import re
import resource
import signal
import socket
import sqlite3
import threading
import time

from rig.httpd import is_running
from rig.proc import children


def ledger(relay):
    """How often each message arrived, by its own id."""
    found = {}
    for message in relay.messages:
        ident = re.search(rb"X-Test-Id: (\S+)", message.data).group(1).decode()
        found[ident] = found.get(ident, 0) + 1
    return found


class Load:
    """Submits messages with ids of their own from several threads until stopped; what was answered 202 is in .accepted."""

    def __init__(self, httpd, threads=4, most=4000):
        self.httpd, self.most = httpd, most
        self.accepted, self.refused, self.broken = set(), [], []
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.number = 0
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.ended.is_set():
            with self.lock:
                if self.number >= self.most:
                    return
                self.number += 1
                ident = f"m{self.number}"
            try:
                answer = self.httpd.send(f"X-Test-Id: {ident}\r\nSubject: x\r\n\r\nbody\r\n".encode())
            except OSError as error:
                self.broken.append((ident, repr(error)))
                continue
            with self.lock:
                if answer.status == 202:
                    self.accepted.add(ident)
                else:
                    self.refused.append((ident, answer.status, answer.text))

    def wait_for(self, count):
        self.httpd.wait(lambda: len(self.accepted) >= count, 30, f"{count} accepted messages, got {len(self.accepted)}; {self.refused[:3]} {self.broken[:3]}")

    def end(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()


def test_graceful_restarts_under_load_refuse_nobody_and_lose_nothing(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    load = Load(httpd)
    for turn in range(4):
        load.wait_for((turn + 1) * 40)
        httpd.graceful_wait()
    load.wait_for(250)
    load.end()
    assert not load.refused and not load.broken, (load.refused[:5], load.broken[:5])
    relay.wait(lambda: load.accepted <= set(ledger(relay)), 30, lambda: f"{len(load.accepted - set(ledger(relay)))} messages more")
    twice = [k for k, n in ledger(relay).items() if n > 1]
    assert not twice, twice


def test_new_settings_are_in_force_after_a_graceful_restart(make_httpd, relay, make_relay):
    httpd = make_httpd(relay=relay)
    httpd.send()
    relay.wait_for(1)
    other = make_relay()
    httpd.write(relay=other)
    httpd.graceful_wait()
    httpd.send()
    other.wait_for(1)
    assert len(relay.messages) == 1


def test_killed_daemon_is_started_again_and_nothing_is_lost(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=[r"SMTPSend-283", r"SMTPSend-501.*ended before it answered"])
    load = Load(httpd)
    for turn in range(3):
        load.wait_for((turn + 1) * 60)
        pid = httpd.status()["pid"]
        os.kill(pid, signal.SIGKILL)
        httpd.wait(lambda: httpd.status(check=False).get("pid", pid) != pid, 20, "a new daemon")
    load.end()
    for _, status, text in load.refused:
        assert status == 503 and "Retry-After" is not None, (status, text)
    relay.wait(lambda: load.accepted <= set(ledger(relay)), 30, lambda: f"{len(load.accepted - set(ledger(relay)))} messages more")


def test_a_daemon_that_hangs_is_said_at_once(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=["SMTPSend-501.*(does not react|ended before it answered)", "SMTPSend-283"])
    pid = httpd.status()["pid"]
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    answer = httpd.send()
    assert answer.status == 503 and "does not react" in answer.text and time.monotonic() - began < 5, answer
    os.kill(pid, signal.SIGKILL)
    httpd.wait(lambda: httpd.send().status == 202, 20, "mail to be accepted by another daemon")


def test_a_daemon_that_hangs_is_distinguished_from_a_missing_one(make_httpd, relay):
    """Within two seconds, on every page and for every request; and however much one request asks for."""
    httpd = make_httpd("<Location /server-status>\nSetHandler server-status\n</Location>\n", relay=relay, expect=["SMTPSend-50[12].*(does not react|ended before it answered)", "SMTPSend-283"])
    ident = httpd.send().json["id"]
    httpd.message(ident, wait="10s")
    pid = httpd.status()["pid"]
    message = {"from": "a@example.com", "to": "b@example.net", "text": "x"}
    html, form = {"Accept": "text/html"}, {"Content-Type": "application/x-www-form-urlencoded"}
    requests = [("GET", path, None, headers) for path in ("/mail-status", "/mail-status?auto", "/mail-status/queue", f"/mail-status/message/{ident}", "/mail-status/health", "/mail-status/health/ready",
                                                          "/mail-test", f"/mail/{ident}", f"/mail/{ident}?wait=20s") for headers in ({}, html)]
    requests += [("GET", "/mail-test", None, {"Accept": "application/json"}), ("DELETE", f"/mail/{ident}", None, {}), ("POST", "/mail-status", b"action=flush", form),
                 ("POST", "/mail-test", b"to=b@example.net", form), ("POST", "/mail", json.dumps(message).encode(), {"Content-Type": "application/json"}),
                 ("POST", "/mail", json.dumps({**message, "to": [f"b{i}@example.net" for i in range(1000)], "individually": True}).encode(), {"Content-Type": "application/json"}),
                 ("POST", "/mail?from=a@example.com&to=b@example.net", b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 100000, {"Content-Type": "message/rfc822"}),
                 ("POST", "/mail", json.dumps(message).encode() + b"\n", {"Content-Type": "application/x-ndjson"})]

    def ask(request):
        method, path, body, headers = request
        began = time.monotonic()
        answer = httpd.request(method, path, body, headers)
        took = time.monotonic() - began
        assert "does not react" in answer.text and "daemon is down" not in answer.text and took < 4, (method, path, took, answer)
        assert answer.status == (200 if "ndjson" in headers.get("Content-Type", "") else 503), (method, path, answer)

    os.kill(pid, signal.SIGSTOP)
    try:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(ask, requests))
        assert "Daemon: hung\n" in httpd.get("/mail-status?auto").text and "SMTPSendDaemon: hung\n" in httpd.get("/server-status?auto").text
        for accept in ("*/*", "text/html"):
            assert "smtp_send_up 0" in httpd.get("/mail-status/metrics", {"Accept": accept}).text
        began = time.monotonic()
        lines = httpd.request("POST", "/mail", (json.dumps(message) + "\n").encode() * 5000, {"Content-Type": "application/x-ndjson"}).text
        assert lines.count("does not react") == 5000 and time.monotonic() - began < 8
    finally:
        os.kill(pid, signal.SIGKILL)
    httpd.wait(lambda: httpd.send().status == 202, 20, "mail to be accepted by another daemon")


def test_a_daemon_that_crashes_at_each_start_is_said_at_once(make_httpd, relay):
    """From the back-off of some seconds on nobody waits for the next start; as soon as one succeeds, mail is accepted."""
    httpd = make_httpd(relay=relay, expect=["SMTPSend-283", "SMTPSend-501"])
    httpd.send()
    relay.wait_for(1)
    seen = {0}
    for _ in range(7):
        httpd.wait(lambda: set(daemons(httpd)) - seen, 20, "another daemon")
        seen.update(daemons(httpd))
        for pid in daemons(httpd):
            os.kill(pid, signal.SIGKILL)
        httpd.wait(lambda: not set(daemons(httpd)) & seen, 20, "its end")
    answer = httpd.send()
    assert answer.status == 503 and "ends soon after each start: 7 times in a row" in answer.text, answer
    httpd.wait(lambda: httpd.send().status == 202, 30, "mail to be accepted")


def daemons(httpd):
    found = []
    for pid in children(httpd.process.pid):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/comm") as file:
            if file.read().strip() == "smtp-sendd":
                found.append(pid)
    return found


def is_listening(path):
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(path)
            return True
        except (ConnectionRefusedError, FileNotFoundError):
            return False


def test_killed_server_delivers_after_its_start(make_httpd, make_relay):
    relay = make_relay(faults={"MAIL": "hang"})
    httpd = make_httpd(relay=relay, expect=["AH00098"])
    idents = set()
    for i in range(20):
        assert httpd.send(f"X-Test-Id: k{i}\r\nSubject: x\r\n\r\nbody\r\n".encode()).status == 202
        idents.add(f"k{i}")
    daemon = httpd.status()["pid"]
    for pid in [httpd.process.pid, *children(httpd.process.pid)]:
        os.kill(pid, signal.SIGKILL)
    httpd.process.wait(10)
    httpd.wait(lambda: not is_running(daemon), 20, "the daemon to be gone with its parent")
    # A killed process holds its sockets until its last thread has ended.
    httpd.wait(lambda: not is_listening(httpd.socket), 20, "the socket to be closed")
    relay.faults.clear()
    httpd.start()
    relay.wait(lambda: idents <= set(ledger(relay)), 40, lambda: "the mail of before")


def test_stop_settles_what_is_in_flight(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    idents = set()
    for i in range(30):
        assert httpd.send(f"X-Test-Id: s{i}\r\nSubject: x\r\n\r\nbody\r\n".encode()).status == 202
        idents.add(f"s{i}")
    httpd.stop()
    httpd.start()
    relay.wait(lambda: idents <= set(ledger(relay)), 30, lambda: "all of them")
    assert all(n == 1 for n in ledger(relay).values())


def counts_of(httpd):
    status = httpd.status()
    return status["counts"], status["queue"]["messages"], status["queue"]["bytes"]


def setting(httpd, statement, *values):
    """On the queue's file, while httpd is down or does not mind."""
    with contextlib.closing(sqlite3.connect(httpd.queue, timeout=10)) as db, db:
        return db.execute(statement, values).fetchall()


def test_numbers_of_a_large_queue_are_handed_over_and_counted_after_a_crash(make_httpd, relay):
    """Counting a million messages at each start would hold up the first delivery: a daemon that leaves in order writes its numbers down, for one use."""
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=["sending is paused", "the queue holds", "delivery daemon", "killed by signal 9"], level="warn")
    line = json.dumps({"from": "app@example.com", "to": [f"user{i}@example.net" for i in range(1000)], "subject": "x", "text": "y"}).encode() + b"\n"
    assert httpd.request("POST", "/mail", line * 51, {"Content-Type": "application/x-ndjson"}).status == 200
    httpd.send()
    before = counts_of(httpd)
    assert before[0]["queued"] == 51001 and before[1] == 52
    httpd.graceful_wait()
    assert counts_of(httpd) == before
    assert not setting(httpd, "SELECT value FROM setting WHERE key = 'tally'"), "the numbers were left for a second use"
    # The numbers that were written down are what the next daemon says; one that was killed writes none, and its successor counts.
    httpd.stop()
    # The daemon leaves a moment after httpd.
    httpd.wait(lambda: setting(httpd, "SELECT value FROM setting WHERE key = 'tally'"), 10, "the numbers")
    (text,), = setting(httpd, "SELECT value FROM setting WHERE key = 'tally'")
    rows = json.loads(text)
    rows[0][2] += 7
    setting(httpd, "UPDATE setting SET value = ? WHERE key = 'tally'", json.dumps(rows))
    httpd.start()
    assert counts_of(httpd)[0]["queued"] == 51008
    pid = httpd.status()["pid"]
    os.kill(pid, signal.SIGKILL)
    httpd.wait(lambda: httpd.status(check=False).get("pid", pid) != pid, 20, "another daemon")
    assert counts_of(httpd) == before


def test_a_daemon_that_the_system_refuses_to_start_comes_when_it_can(make_httpd, relay):
    """No descriptors in the parent: no pipe to a new daemon. Nothing but time mends that, so the parent tries again."""
    httpd = make_httpd(relay=relay, expect=["SMTPSend-283", "SMTPSend-28[56]", "SMTPSend-501", "Too many open files", "errno"])
    httpd.wait_state(httpd.send().json["id"], "sent")
    parent, daemon = httpd.process.pid, httpd.status()["pid"]
    before = resource.prlimit(parent, resource.RLIMIT_NOFILE)
    resource.prlimit(parent, resource.RLIMIT_NOFILE, (3, before[1]))
    os.kill(daemon, signal.SIGKILL)
    httpd.wait(lambda: "SMTPSend-285" in httpd.log(), 20, "the refused start")
    resource.prlimit(parent, resource.RLIMIT_NOFILE, before)
    httpd.wait(lambda: httpd.status(check=False).get("pid", daemon) != daemon, 40, "a new daemon")
    httpd.wait_state(httpd.send().json["id"], "sent")
    assert httpd.log().count("SMTPSend-285") == 1


def test_a_slow_resume_stays_slow_over_a_restart(make_httpd, relay):
    httpd = make_httpd("SMTPSendPause Off\n", relay=relay, expect=["sending is paused"])
    httpd.cli("pause", check=0)
    for _ in range(8):
        httpd.send()
    httpd.cli("resume", "--rate", "2/min", check=0)
    httpd.graceful_wait()
    relay.wait_for(1)
    httpd.graceful_wait()
    # Two a minute, and one at once after the resume and after each start: the others would have gone in a moment.
    status = httpd.status()
    assert status["queue"]["messages"] >= 5 and status["counts"]["queued"] >= 5
    assert setting(httpd, "SELECT value FROM setting WHERE key = 'ramp/default'") == [("30000000",)]
    httpd.cli("resume", check=0)
    relay.wait_for(8)
    httpd.wait(lambda: not setting(httpd, "SELECT value FROM setting WHERE key = 'ramp/default'"), 10, "the bound to be forgotten")


def test_a_start_right_after_a_graceful_stop_comes_when_the_old_server_has_ended(make_httpd, relay):
    """The old server finishes its requests and keeps its socket meanwhile: the new one waits for it, and mail flows by itself."""
    httpd = make_httpd(relay=relay, expect=["SMTPSend-281", "SMTPSend-201", "SMTPSend-501"])
    httpd.wait_state(httpd.send().json["id"], "sent")
    old = httpd.process
    with socket.create_connection(("127.0.0.1", httpd.port)) as slow:
        # A request that is not complete keeps a worker of the old server busy.
        slow.sendall(b"POST /mail?from=a@example.com&to=b@example.net HTTP/1.1\r\nHost: x\r\nContent-Type: message/rfc822\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
        assert slow.recv(100).startswith(b"HTTP/1.1 100")
        old.send_signal(signal.SIGWINCH)
        httpd.wait(lambda: refused(httpd.port), 10, "the old server to stop listening")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(httpd.dir, "httpd.pid"))
        httpd.start()
        httpd.wait_log("SMTPSend-281")
        assert httpd.process.pid != old.pid and old.poll() is None
    old.wait(20)
    httpd.wait_log("SMTPSend-288", 40)
    ident = httpd.wait(lambda: accepted(httpd), 30, "mail to be accepted")
    httpd.wait_state(ident, "sent", 30)
    assert httpd.log().count("SMTPSend-281") == 1


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return True
    return False


def accepted(httpd):
    answer = httpd.send()
    return answer.json["id"] if answer.status == 202 else None


def test_a_socket_that_was_removed_is_made_again(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=["SMTPSend-286", "SMTPSend-282", "SMTPSend-501"])
    httpd.wait_state(httpd.send().json["id"], "sent")
    pid = httpd.status()["pid"]
    os.unlink(httpd.socket)
    httpd.wait_log("SMTPSend-286", 30)
    httpd.wait(lambda: httpd.status(check=False).get("pid", pid) != pid, 30, "a new daemon")
    httpd.cli("status", check=0)
    httpd.wait_state(httpd.send().json["id"], "sent")
    assert httpd.status()["restarts"] == 0
    # Its whole folder is away for a while: the reason is what clients read, and then all is well by itself.
    away = os.path.join(httpd.dir, "away")
    os.rename(os.path.dirname(httpd.socket), away)
    httpd.wait_log("SMTPSend-282", 30)
    # Workers with a connection to the daemon go on; the others say why they have none.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: httpd.send(), range(8)))
    refusals = [answer.text for answer in answers if answer.status == 503]
    assert refusals and all("SMTPSendSocket" in text and "No such file or directory" in text for text in refusals), answers
    os.rename(away, os.path.dirname(httpd.socket))
    httpd.wait(lambda: accepted(httpd), 60, "mail to be accepted")
