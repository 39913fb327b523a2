"""The local socket as any program of this machine may use it, byte by byte."""
import concurrent.futures
import json
import os
import resource
import socket
import subprocess
import struct

import pytest

HEAD = struct.Struct(">3sBBBHIIQ")


def frame(header, content=b"", kind=1, flags=1):
    text = json.dumps(header).encode() if header is not None else b""
    return HEAD.pack(b"SsS", 1, kind, flags, 0, len(text), len(content), 0) + text + content


class Peer:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def answer(self):
        head = self.file.read(HEAD.size)
        assert len(head) == HEAD.size, "the daemon closed the connection"
        _, _, kind, _, _, header, content, _ = HEAD.unpack(head)
        text = self.file.read(header)
        self.file.read(content)
        return kind, json.loads(text) if text else None

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.file.close()
        self.socket.close()


def test_a_request_may_begin_before_the_last_one_was_answered(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    httpd.wait(lambda: httpd.status(check=False), what="the daemon")
    first = frame({"do": "submit", "from": "a@example.com", "to": ["bob@example.net"]}, b"Subject: 1\r\n\r\n1\r\n")
    second = frame({"do": "submit", "from": "b@example.com", "to": ["bob@example.net"]}, b"Subject: 2\r\n\r\n2\r\n")
    for cut in (1, HEAD.size, HEAD.size + 5, len(second) - 1):
        with Peer(httpd.socket) as peer:
            peer.socket.sendall(first + second[:cut])
            assert peer.answer()[1]["status"] == 202
            peer.socket.sendall(second[cut:])
            kind, answer = peer.answer()
            assert kind == 3 and answer["status"] == 202
    relay.wait_for(8)
    httpd.wait(lambda: httpd.status()["queue"]["messages"] == 0, what="an empty queue")


def test_a_client_that_speaks_something_else_is_let_go(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=["SMTPSend-210"])
    httpd.wait(lambda: httpd.status(check=False), what="the daemon")
    with Peer(httpd.socket) as peer:
        peer.socket.sendall(b"GET / HTTP/1.0\r\n\r\n" + b"x" * 100)
        assert peer.file.read() == b""


def test_idle_connections_make_room_when_descriptors_run_short(make_httpd, relay):
    """Web workers keep a connection each, and there may be more of them than the daemon may have files open: a reserve stays for the queue and the relay, and mail flows."""
    httpd = make_httpd(relay=relay, expect=["SMTPSend-293"])
    resource.prlimit(httpd.process.pid, resource.RLIMIT_NOFILE, (128, 128))
    httpd.graceful_wait()
    pid = httpd.status()["pid"]
    # The connection that this request leaves behind is one of the idle ones.
    httpd.wait_state(httpd.send().json["id"], "sent")
    idle = []
    try:
        for _ in range(300):
            idle.append(Peer(httpd.socket))
            assert len(os.listdir(f"/proc/{pid}/fd")) <= 128 - 32 + 8
        # The last one was not answered and is served like any other; the first one was let go.
        idle[-1].socket.sendall(frame({"do": "status"}))
        assert idle[-1].answer()[1]["status"] == 200
        assert idle[0].answer()[0] == 5 and idle[0].file.read() == b""
        # A burst: each worker of httpd finds its connection gone, or has none yet.
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: httpd.send(), range(64)))
        assert {answer.status for answer in answers} == {202}, answers
        for answer in answers:
            httpd.wait_state(answer.json["id"], "sent")
        assert httpd.status()["pid"] == pid
    finally:
        for peer in idle:
            peer.__exit__()
    assert httpd.log().count("SMTPSend-293") == 1


def files_allowed(pid):
    with open(f"/proc/{pid}/limits") as file:
        return int(next(line for line in file if line.startswith("Max open files")).split()[3])


def limit(httpd, pid, files):
    """The soft limit of a process of httpd's User, whom alone the system lets change it."""
    as_user = {"user": httpd.user, "group": httpd.user, "extra_groups": []} if httpd.user else {}
    subprocess.run(["prlimit", f"--pid={pid}", f"--nofile={files}:"], check=True, **as_user)


def test_a_relay_that_gets_no_descriptor_is_not_down(make_httpd, relay):
    """The reserve is for the relay, too; should all files be open nevertheless, mail waits and is sent when one is free."""
    httpd = make_httpd("SMTPSendIdleTimeout 1s\n", relay=relay, expect=["SMTPSend-291", "SMTPSend-293"])
    httpd.wait_state(httpd.send().json["id"], "sent")
    relay.wait(lambda: not relay.open, 20, lambda: "the idle connection to be closed")
    pid = httpd.status()["pid"]
    before = files_allowed(pid)
    # Its next descriptor is beyond the limit; clients keep those that they have.
    with Peer(httpd.socket) as peer:
        peer.socket.sendall(frame({"do": "status"}))
        peer.answer()
        used = 1 + max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
        limit(httpd, pid, used)
        peer.socket.sendall(frame({"do": "submit", "from": "a@example.com", "to": ["bob@example.net"]}, b"Subject: 1\r\n\r\n1\r\n"))
        ident = peer.answer()[1]["id"]
        httpd.wait_log("SMTPSend-291: .*Too many open files")
        limit(httpd, pid, before)
    httpd.wait_state(ident, "sent", path="/mail-status/message")
    assert "is down" not in httpd.log()


@pytest.mark.parametrize("more", [{}, {"asIs": True}])
def test_what_a_client_submits_is_made_safe_for_any_relay(make_httpd, relay, more):
    """Bare CR and LF, zero bytes and lines of 2,000 octets; httpd's own mark does not help another client, and root's content is refused with it."""
    httpd = make_httpd("SMTPSendHeaderFrom relay@example.org\n", relay=relay)
    httpd.wait(lambda: httpd.status(check=False), what="the daemon")
    content = b"From: a@example.com\nX: 1\rRCPT TO:<evil@example.net>\n\nhello\r.\rQUIT\r\0" + b"x" * 2000 + b"\n.\n"
    with Peer(httpd.socket) as peer:
        peer.socket.sendall(frame({"do": "submit", "from": "a@example.com", "to": ["bob@example.net"], **more}, content))
        status = peer.answer()[1]["status"]
    if more and os.geteuid() == 0:
        assert status == 400
        return
    assert status == 202
    data = relay.wait_for(1)[0].data
    assert b"\0" not in data and b"\r" not in data.replace(b"\r\n", b"") and b"\n" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 998 and b"From: relay@example.org" in data and len(relay.messages) == 1
