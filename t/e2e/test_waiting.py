"""Requests that wait occupy at most half of httpd's workers: the rest answers."""
import concurrent.futures
import os
import signal
import socket
import subprocess
import time

import pytest

WAIT = 30
EVENT = "ServerLimit 1\nStartServers 1\nMinSpareThreads 1\nMaxSpareThreads 8\nThreadsPerChild 8\nMaxRequestWorkers 8"
PREFORK = "ServerLimit 8\nStartServers 8\nMinSpareServers 4\nMaxSpareServers 8\nMaxRequestWorkers 8"
MPMS = [("event", EVENT), ("worker", EVENT), ("prefork", PREFORK)]


def children(httpd):
    daemon = httpd.status()["pid"]
    pids = subprocess.run(["pgrep", "-P", str(httpd.process.pid)], capture_output=True, text=True).stdout.split()
    return [int(pid) for pid in pids if int(pid) != daemon]


def ask(httpd, path, method="GET", body=None, headers=None):
    begun = time.monotonic()
    try:
        answer = httpd.request(method, path, body, headers or {})
    except OSError:
        return None, time.monotonic() - begun
    return answer, time.monotonic() - begun


def crowd(pool, httpd, ident):
    """16 requests that want to wait, of which those are done that got no place."""
    waiting = [pool.submit(ask, httpd, f"/mail/{ident}?wait={WAIT}s") for _ in range(16)]
    httpd.wait(lambda: sum(request.done() for request in waiting) >= 12, 20, "those without a place")
    return waiting


@pytest.mark.parametrize("mpm, settings", MPMS, ids=[mpm for mpm, _ in MPMS])
def test_half_of_the_workers_wait(make_httpd, relay, mpm, settings):
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, mpm=mpm, mpm_settings=settings, expect=["paused", "exit signal Killed", "SMTPSend-501"])
    ident = httpd.send().json["id"]
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        waiting = crowd(pool, httpd, ident)
        early = [request.result()[0] for request in waiting if request.done()]
        assert len(early) == 12 and all(answer.status == 200 and answer.json["state"] == "queued" and answer.headers["Retry-After"] for answer in early)
        for path in ("/mail-status/health", "/mail-status/health", "/mail-status?auto"):
            answer, took = ask(httpd, path)
            assert answer.status in (200, 503) and took < 5
        answer, took = ask(httpd, "/mail?wait=20s", "POST", b'{"from":"a@example.com","to":"b@example.net"}', {"Content-Type": "application/json"})
        assert answer.status == 202 and answer.json["state"] == "queued" and took < 5
        answer, took = ask(httpd, "/mail-test")
        assert answer.status == 503 and answer.headers["Retry-After"] and "half" in answer.text and took < 5
        # The places of processes that are killed are free again.
        for pid in children(httpd):
            os.kill(pid, signal.SIGKILL)
        concurrent.futures.wait(waiting, 20)
        httpd.wait(lambda: ask(httpd, "/mail-status/health")[0], 20, "new web processes")
        waiting = crowd(pool, httpd, ident)
        assert sum(request.done() for request in waiting) == 12
        httpd.request("DELETE", f"/mail/{ident}")
        assert all(request.result()[0].json["state"] in ("queued", "cancelled") for request in waiting)


def test_who_leaves_waits_no_longer(make_httpd, relay):
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, mpm_settings=EVENT, expect=["paused"])
    ident = httpd.send().json["id"]
    clients = [socket.create_connection(("127.0.0.1", httpd.port)) for _ in range(4)]
    for client in clients:
        client.sendall(f"GET /mail/{ident}?wait=60s HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    httpd.wait(lambda: "Retry-After" in ask(httpd, f"/mail/{ident}?wait=10ms")[0].headers, 20, "all places to be taken")
    # One sends nothing more, but reads: it is answered.
    clients[0].shutdown(socket.SHUT_WR)
    assert b"200 OK" in clients[0].recv(4096)
    for client in clients:
        client.close()
    httpd.wait(lambda: "Retry-After" not in ask(httpd, f"/mail/{ident}?wait=10ms")[0].headers, 20, "a free place")
