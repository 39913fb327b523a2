"""The store, the disk, the clock or the socket fails while mail is sent, and httpd is restarted or the daemon killed meanwhile: nothing is lost, what comes twice
is within the bound, and mail flows again by itself within a minute after the fault is gone."""
import contextlib
import os
import random
import signal
import sqlite3
import struct
import subprocess

import pytest
from rig.httpd import is_running
from rig.proc import children, memory

from torture.conftest import FULL, times
from torture.ledger import Load, Sink, settle
from torture.shared import HEALED, Faults, Ledger, Node, green, play, reasons
from torture.test_torture import CONFIG, CONNECTIONS, EXPECT, FAULT, SEED, WINDOW, refused_with, report, wait_a_moment

BOUND = WINDOW * (CONNECTIONS + 1)
EXPECT_FAULTS = [*EXPECT, "sending stops", "nothing is sent", "another process", "clock", "damaged", "malformed", "not a database", "is made again"]


@contextlib.contextmanager
def full(queue):
    """No byte is left beside the queue; a reader keeps what is in its log from being used again."""
    ballast = os.path.join(os.path.dirname(queue), "ballast")
    reader = sqlite3.connect(queue, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM message").fetchall()
    try:
        with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        yield
    finally:
        reader.close()
        os.unlink(ballast)


@contextlib.contextmanager
def locked(queue):
    """Another process writes into the queue and does not come to an end."""
    other = sqlite3.connect(queue, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def flows(httpd, load, sink, name, bound=BOUND, lost=0):
    """Submissions are taken, and all is delivered, within a minute; health is green then."""
    before = len(load.accepted)
    httpd.wait(lambda: len(load.accepted) > before + 20, HEALED, "submissions to be taken again")
    load.stop()
    figures = settle(load, sink, HEALED)
    report(f"H {name}", figures)
    assert figures["lost"] <= lost and figures["duplicates"] <= bound, figures
    green(httpd)


def kill_daemon(httpd):
    for pid in children(httpd.process.pid):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/comm") as file:
                if file.read().strip() == "smtp-sendd":
                    os.kill(pid, signal.SIGKILL)


def red(httpd):
    """Health names the queue."""
    return "queue" in reasons(httpd)


@pytest.mark.parametrize("then", ["graceful", "kill"])
def test_locked(make_httpd, then):
    """FINDINGS: 512 of 512 twice after a graceful restart."""
    seconds = times(4, 45)
    with Sink() as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=EXPECT_FAULTS)
        load = Load(httpd.port, keeps=False).start()
        sink.wait(lambda: len(sink.arrived) > 100)
        with locked(httpd.queue):
            httpd.wait(lambda: red(httpd), 30, "health to name the queue")
            if then == "graceful":
                httpd.graceful()
            else:
                kill_daemon(httpd)
            wait_a_moment(seconds, seconds)
        flows(httpd, load, sink, f"locked, {then}", 0 if then == "graceful" else BOUND)


@pytest.mark.parametrize("then", ["graceful", "kill"])
def test_full(make_httpd, disk, then):
    """619 of 1,519 twice after three graceful restarts."""
    with Sink() as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=EXPECT_FAULTS, queue=os.path.join(disk, "queue.db"))
        load = Load(httpd.port, keeps=False).start()
        sink.wait(lambda: len(sink.arrived) > 100)
        with full(httpd.queue):
            httpd.wait(lambda: red(httpd), 30, "health to name the queue")
            for _ in range(3):
                if then == "graceful":
                    httpd.graceful()
                else:
                    kill_daemon(httpd)
                wait_a_moment(2, times(2, 10))
        flows(httpd, load, sink, f"full, {then}", 0 if then == "graceful" else 3 * BOUND)
        httpd.stop()


@pytest.mark.parametrize("then", ["graceful", "kill"])
def test_read_only(make_httpd, disk, then):
    """721 of 721 twice after a kill."""
    with Sink() as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=EXPECT_FAULTS, queue=os.path.join(disk, "queue.db"), env={"LD_PRELOAD": FAULT, "SMTP_SEND_FAULT": os.path.join(disk, "..", os.path.basename(disk) + ".fault")})
        switch = httpd.env["SMTP_SEND_FAULT"]
        load = Load(httpd.port, keeps=False).start()
        sink.wait(lambda: len(sink.arrived) > 100)
        try:
            with open(switch, "w") as file:
                file.write("ro")
            os.chmod(switch, 0o644)
            refused_with(httpd, "", 200)
            if then == "graceful":
                httpd.graceful()
            else:
                kill_daemon(httpd)
            wait_a_moment(3, times(3, 20))
        finally:
            os.unlink(switch)
        flows(httpd, load, sink, f"read-only, {then}", 0 if then == "graceful" else BOUND)
        httpd.stop()


def test_later_while_nothing_can_be_stored(make_httpd):
    """84,720 attempts, and 385 MB, in 40 s."""
    tried = []
    with Sink(replies={"END": lambda *_: tried.append(1) or "450 4.2.2 mailbox full"}) as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=EXPECT_FAULTS)
        load = Load(httpd.port, keeps=False).start()
        httpd.wait(lambda: len(load.accepted) > 200, 30, "mail")
        pid = httpd.status()["pid"]
        with locked(httpd.queue):
            httpd.wait(lambda: red(httpd), 30, "health to name the queue")
            before = memory(pid)
            del tried[:]
            wait_a_moment(times(5, 40), times(5, 40))
            grown, attempts = memory(pid) - before, len(tried)
        assert grown < 8 and attempts <= BOUND, (grown, attempts)
        sink.replies.clear()
        flows(httpd, load, sink, f"451 while locked: {grown:.1f} MiB, {attempts} attempts", 0)


def test_damaged_while_running(make_httpd):
    """880 of 1,507 twice, once --recover had saved what it could."""
    with Sink(replies={"END": "450 4.2.2 mailbox full"}) as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=["."])
        daemon = httpd.status()["pid"]
        load = Load(httpd.port, keeps=False).start()
        httpd.wait(lambda: len(load.accepted) > 1000, 60, "mail to wait")
        with contextlib.closing(sqlite3.connect(httpd.queue)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        dice, size = random.Random(7), 4096
        with open(httpd.queue, "r+b") as file:
            for page in range(40, os.path.getsize(httpd.queue) // size, 20):
                file.seek(page * size)
                file.write(dice.randbytes(size))
        sink.replies.clear()
        httpd.wait(lambda: red(httpd), 60, "health to name the queue")
        refused_with(httpd, "damaged")
        load.stop()
        httpd.stop()
        # It waits for outcomes that cannot be stored, and gives up after a minute.
        if not FULL:
            os.kill(daemon, signal.SIGKILL)
        httpd.wait(lambda: not is_running(daemon), 120, "the daemon to leave")
        done = subprocess.run([os.path.join(os.environ["SMTP_SEND_BUILD"], "smtp-send"), "queue", "--recover", httpd.queue], capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 65), done
        owner = os.stat(httpd.queue)
        os.replace(httpd.queue + ".recovered", httpd.queue)
        os.chown(httpd.queue, owner.st_uid, owner.st_gid)
        for end in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(httpd.queue + end)
        httpd.start()
        httpd.wait(lambda: reasons(httpd) == {} and not httpd.status()["queue"]["messages"], HEALED, "an empty queue")
        report("H damaged, recovered", {"accepted": len(load.accepted), "arrived": len(sink.arrived), "duplicates": sink.duplicates})
        assert sink.duplicates <= BOUND + WINDOW, sink.duplicates


JUMPS = {"-1h": -3600, "+10y": 10 * 365 * 86400, "+1h": 3600, "-10y": -10 * 365 * 86400}


THEN = [("-1h", None), ("+10y", "kill"), *times([], [(jump, then) for jump in JUMPS for then in (None, "kill", "restart")])]


@pytest.mark.parametrize("jump, then", dict.fromkeys(THEN))
def test_the_clock_is_set_while_the_relay_is_down(make_httpd, public, jump, then):
    """0 of 1,202 sent 78 s after the relay was back, with -1h; all expired at once, with +10y."""
    clock = public / "clock"
    clock.write_bytes(struct.pack("q", 0))
    clock.chmod(0o644)
    with Sink() as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=EXPECT_FAULTS, env={"LD_PRELOAD": FAULT, "SMTP_SEND_CLOCK": str(clock)})
        load = Load(httpd.port, keeps=False).start()
        sink.wait(lambda: len(sink.arrived) > 100)
        sink.close()
        before = len(load.accepted)
        httpd.wait(lambda: len(load.accepted) > before + 100, 30, "mail to wait")
        httpd.wait_log("is down at")
        if then == "restart":
            load.stop()
            httpd.stop()
        with open(clock, "r+b") as file:
            file.write(struct.pack("q", JUMPS[jump] * 1000000))
        if then == "restart":
            httpd.start()
            load = load.again()
        elif then == "kill":
            kill_daemon(httpd)
        before = len(load.accepted)
        httpd.wait(lambda: len(load.accepted) > before + 50, 30, "mail to be taken")
        wait_a_moment(3, times(3, 30))
        with Sink(port=sink.port, host=sink.host) as again:
            again.arrived, again.duplicates = dict(sink.arrived), sink.duplicates
            flows(httpd, load, again, f"clock {jump}, {then}", BOUND)


def test_the_socket_is_removed(make_httpd):
    """503 until a graceful restart."""
    with Sink() as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=EXPECT_FAULTS)
        load = Load(httpd.port, keeps=False).start()
        sink.wait(lambda: len(sink.arrived) > 100)
        for _ in range(times(1, 5)):
            os.unlink(httpd.socket)
            httpd.wait(lambda: os.path.exists(httpd.socket), HEALED, "the socket to be made again")
            before = len(load.accepted)
            httpd.wait(lambda: len(load.accepted) > before + 20, HEALED, "submissions to be taken again")
        flows(httpd, load, sink, "socket removed", 0)


def delete(queue, *ends):
    for end in ends:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(queue + end)


def move_away(queue):
    folder = os.path.dirname(queue)
    os.rename(folder, folder + ".away")
    wait_a_moment(1, 6)
    os.rename(folder + ".away", folder)


DISAPPEARS = {"log": lambda queue: delete(queue, "-wal"), "all": lambda queue: delete(queue, "", "-wal", "-shm"), "file": lambda queue: delete(queue, ""), "folder": move_away}


@pytest.mark.parametrize("what", list(DISAPPEARS)[:times(2, 4)])
def test_the_queue_disappears(make_httpd, what):
    """358 messages were accepted and lost; 58 of 530 without the log. The daemon is killed afterwards, so that only what is on the disk counts."""
    dice = random.Random(7)
    count = times(1, 20)
    with Sink(replies={"END": lambda *_: "451 4.3.0 later" if dice.randrange(4) == 0 else None}) as sink:
        httpd = make_httpd(CONFIG, relay=sink, expect=["."])
        load = Load(httpd.port, keeps=False).start()
        for _ in range(count):
            before = len(load.accepted)
            httpd.wait(lambda: len(load.accepted) > before + 100, HEALED, "submissions to be taken")
            DISAPPEARS[what](httpd.queue)
            # It is noticed within five seconds.
            wait_a_moment(5, 5)
            httpd.wait(lambda: reasons(httpd) == {} and os.path.exists(httpd.queue), HEALED, "the queue to be back")
            pid = httpd.status()["pid"]
            kill_daemon(httpd)
            httpd.wait(lambda: httpd.status(check=False).get("pid", pid) != pid, 30, "the next daemon")
        flows(httpd, load, sink, f"the queue disappears, {what}", count * BOUND)


def test_all_of_it(make_httpd):
    """One server under parallel faults, with the rules of R12 (shared.py): nothing lost, and what comes twice was in flight when the daemon was killed."""
    seconds = 60 * float(os.environ.get("MINUTES", times(0.2, 10)))
    ledger = Ledger()
    node = Node(0, make_httpd, None, None, ledger, CONFIG, FAULT)
    try:
        of_process = {"kill": 10, "machine": 3, "hold": 6, "graceful": 8, "restart": 2, "clock": 6, "clock_years": 1, "socket": 1}
        of_file = {"lock": 4, "disk": 6, "vanish": 2}
        faults = [Faults(ledger, node, None, f"{SEED} {i}", (0.5, 4), weights, None) for i, weights in enumerate((of_process, of_file))]
        figures = {**play(ledger, [node], faults, seconds), "seed": SEED}
        report("H all", figures)
        for number in figures["which"][0]:
            with contextlib.closing(sqlite3.connect(f"file:{node.httpd.queue}?mode=ro", uri=True)) as db:
                print("lost", number, db.execute("SELECT id, due, finished, attempts, held FROM message WHERE idem_key LIKE ?", (f"%ledger-{number}",)).fetchall(), ledger.around(number))
        assert not figures["lost"] and not figures["unexplained"] and figures["worst"] <= BOUND, figures
        green(node.httpd)
        node.httpd.wait(lambda: not node.httpd.status()["queue"]["messages"], HEALED, "what nobody waits for to be sent, too")
        assert "exit signal" not in node.httpd.log()
    finally:
        node.httpd.stop()
        node.close()
