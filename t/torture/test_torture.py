"""Crashes and faults under load: what was answered 202 arrives, whatever is killed. The short form belongs to make check; make torture runs the full counts."""
import os
import random
import signal
import sqlite3
import subprocess
import threading

import pytest
from rig.proc import children
from torture.conftest import times
from torture.ledger import UNCOUNTED, Load, Sink, settle

WINDOW = 16
CONNECTIONS = 2
# What a daemon forgets when it dies: messages in flight and outcomes that are not committed are together never more than a window for each connection and one more.
BOUND = WINDOW * (CONNECTIONS + 1)
CALM = 5          # deaths after which httpd is started anew: it waits longer before each next start of a daemon that dies and dies
CONFIG = f"SMTPSendConnections {CONNECTIONS}\nSMTPSendRetry 1s\nSMTPSendHistory 1h\n"
EXPECT = ["ended unexpectedly", "was killed", "status=deferred", "is down at", "AH00", "AH10", "child pid", "messages were still being sent", "reply code to the",
          "cannot be used", "cannot be written", "can be written again", "could not", "answered with 503"]
SEED = int(os.environ.get("SEED", "1"))
DICE = random.Random(SEED)


def report(name, figures):
    with open(os.path.join(os.environ.get("TORTURE_REPORT", "/dev"), "torture.txt" if "TORTURE_REPORT" in os.environ else "null"), "a") as file:
        file.write(f"{name}: {figures}\n")
    print(name, figures)


def wait_a_moment(least, most):
    threading.Event().wait(DICE.uniform(least, most))


def alive(pid):
    return os.path.exists(f"/proc/{pid}")


def test_r2_the_daemon_is_killed(make_httpd):
    kills = times(4, 200)
    with Sink() as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=EXPECT)
        load = Load(httpd.port).start()
        worst = 0
        for kill in range(kills):
            if kill and kill % CALM == 0:
                httpd.stop()
                httpd.start()
            before = sink.duplicates
            pid = httpd.wait(lambda: httpd.status(check=False).get("pid"), 30, "the daemon to answer")
            wait_a_moment(0.05, 0.5)
            os.kill(pid, signal.SIGKILL)
            httpd.wait(lambda: httpd.status(check=False).get("pid", pid) != pid, 30, "the next daemon")
            worst = max(worst, sink.duplicates - before)
        load.stop()
        figures = settle(load, sink)
        figures.update(kills=kills, worst=worst)
        report("R2", figures)
        assert figures["lost"] == 0 and worst <= BOUND, figures


def test_r3_httpd_is_killed(make_httpd):
    kills = times(2, 50)
    with Sink() as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=EXPECT)
        load = Load(httpd.port).start()
        for _ in range(kills):
            daemon = httpd.wait(lambda: httpd.status(check=False).get("pid"), 30, "the daemon to answer")
            wait_a_moment(0.05, 0.5)
            victims = [httpd.process.pid] + [p for p in children(httpd.process.pid) if p != daemon]
            for victim in victims:
                os.kill(victim, signal.SIGKILL)
            httpd.process.wait(10)
            httpd.wait(lambda: not any(alive(v) for v in victims), 10, "the children to end")
            # The daemon sees its lifeline end and leaves by itself.
            httpd.wait(lambda: not alive(daemon), 20, "the daemon to leave")
            httpd.start()
        load.stop()
        figures = settle(load, sink)
        figures["kills"] = kills
        report("R3", figures)
        assert figures["lost"] == 0, figures


def test_r4_graceful_restarts(make_httpd):
    restarts = times(4, 100)
    with Sink() as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=EXPECT)
        load = Load(httpd.port, keeps=False).start()
        httpd.wait(lambda: httpd.status(check=False).get("pid"), 30, "the first daemon to answer")
        for _ in range(restarts):
            httpd.graceful()
            threading.Event().wait(1.0)
        httpd.wait(lambda: httpd.status(check=False).get("pid"), 30, "the last daemon to answer")
        load.stop()
        figures = settle(load, sink)
        figures["restarts"] = restarts
        report("R4", figures)
        assert figures["lost"] == 0 and not figures["refused"] and not figures["broken"], figures
        # A restart settles what is in flight: nothing goes out twice.
        assert figures["duplicates"] == 0, figures


def test_r5_the_database_is_locked_by_another(make_httpd):
    with Sink() as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=EXPECT)
        load = Load(httpd.port).start()
        sink.wait(lambda: len(sink.arrived) > 20)
        other = sqlite3.connect(httpd.queue, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answer = httpd.wait(lambda: (lambda a: a if a.status == 503 else None)(httpd.send(b"Subject: x\r\nX-Ledger: %d\r\n\r\nx\r\n" % UNCOUNTED)), 60, "a refusal")
        assert "locked" in answer.text and int(answer.headers["Retry-After"]) > 0
        wait_a_moment(times(1, 60), times(1, 60))
        other.execute("ROLLBACK")
        other.close()
        before = len(load.accepted)
        httpd.wait(lambda: len(load.accepted) > before + 50, 30, "submissions to be taken again")
        load.stop()
        figures = settle(load, sink)
        report("R5 locked", figures)
        assert figures["lost"] == 0, figures


def refused_with(httpd, words, size=100):
    body = b"Subject: x\r\nX-Ledger: %d\r\n\r\n" % UNCOUNTED + b"x" * 70 + b"\r\n" * (size // 2) + b"\r\n"

    def ask():
        answer = httpd.send(body)
        return answer if answer.status == 503 and words in answer.text else None
    return httpd.wait(ask, 60, f"a refusal with {words!r}")


def goes_on(httpd, load, sink, name):
    before = len(load.accepted)
    httpd.wait(lambda: len(load.accepted) > before + 50, 40, "submissions to be taken again")
    load.stop()
    figures = settle(load, sink)
    report(name, figures)
    assert figures["lost"] == 0, figures
    httpd.stop()


def test_r5_the_disk_is_full(make_httpd, disk):
    with Sink() as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=EXPECT, queue=os.path.join(disk, "queue.db"))
        load = Load(httpd.port).start()
        sink.wait(lambda: len(sink.arrived) > 20)
        with open(os.path.join(disk, "ballast"), "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 4096)
            except OSError:
                pass
        answer = refused_with(httpd, "full", 200000)
        assert int(answer.headers["Retry-After"]) > 0
        os.unlink(os.path.join(disk, "ballast"))
        goes_on(httpd, load, sink, "R5 full")


def test_r5_the_disk_is_read_only(make_httpd, disk):
    with Sink() as sink:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        httpd = make_httpd(CONFIG, relay=sink, expect=EXPECT, queue=os.path.join(disk, "queue.db"))
        answer = refused_with(httpd, "read-only")
        assert int(answer.headers["Retry-After"]) > 0
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        goes_on(httpd, Load(httpd.port).start(), sink, "R5 read-only")


FAULT = os.path.join(os.environ["SMTP_SEND_BUILD"], "fault.so")


@pytest.mark.parametrize("fault, words", [("sync", "returns I/O errors"), ("write", "full")])
def test_r5_the_disk_breaks_in_a_commit(make_httpd, public, fault, words):
    """EIO from fdatasync, ENOSPC from some writes of a transaction and not from others: the transaction did not happen, and what did stays."""
    switch = public / "fault"
    with Sink() as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=EXPECT, env={"LD_PRELOAD": FAULT, "SMTP_SEND_FAULT": str(switch)})
        load = Load(httpd.port).start()
        sink.wait(lambda: len(sink.arrived) > 20)
        for _ in range(times(2, 20)):
            switch.write_text(fault)
            answer = refused_with(httpd, words)
            assert int(answer.headers["Retry-After"]) > 0
            assert httpd.get("/mail-status/health").status == 503
            switch.unlink()
            before = len(load.accepted)
            httpd.wait(lambda: len(load.accepted) > before + 50, 40, "submissions to be taken again")
        goes_on(httpd, load, sink, f"R5 {'EIO from fdatasync' if fault == 'sync' else 'ENOSPC in a commit'}")


@pytest.mark.parametrize("end", ["graceful", "kill"])
def test_outcomes_that_cannot_be_stored_are_few_and_survive_restarts(make_httpd, public, end):
    """The file system becomes read-only while a backlog is sent; then graceful restarts, or the daemon is killed."""
    switch = public / "fault"
    with Sink() as sink:
        httpd = make_httpd(CONFIG + "SMTPSendRate 200/s\n", relay=sink, expect=EXPECT + ["nothing is sent", "until the outcomes"],
                           env={"LD_PRELOAD": FAULT, "SMTP_SEND_FAULT": str(switch)})
        load = Load(httpd.port).start()
        httpd.wait(lambda: len(load.accepted) > 1000, 30, "a backlog")
        load.stop()
        switch.write_text("ro")
        httpd.wait_log("SMTPSend-255", 30)
        arrived = len(sink.arrived)
        assert arrived < len(load.accepted) - BOUND
        for _ in range(3):
            if end == "kill":
                pid = httpd.wait(lambda: httpd.status(check=False).get("pid"), 30, "the daemon to answer")
                os.kill(pid, signal.SIGKILL)
                httpd.wait(lambda: not alive(pid), 10, "its end")
            else:
                httpd.graceful()
                wait_a_moment(0.5, 1.5)
        if end == "graceful":
            httpd.wait_log("until the outcomes", 30)
        assert len(sink.arrived) - arrived <= BOUND and sink.duplicates == 0
        switch.unlink()
        httpd.wait(lambda: httpd.status(check=False).get("queue", {}).get("messages") == 0, 90, "an empty queue")
        figures = settle(load, sink)
        report(f"read-only, {end}", figures)
        assert figures["lost"] == 0 and figures["duplicates"] <= (BOUND if end == "kill" else 0), figures
