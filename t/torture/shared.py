"""Nodes, each with a clock of its own and its own way to the queue (several on one PostgreSQL behind a proxy each, or one with its file), their faults, and the ledger that knows
which node delivered what and when.

A message may arrive twice only where its first delivery's outcome was lost: the daemon that delivered it was killed, or lost its lease, before it could commit.
`Ledger.judge` finds that fault for each delivery that was repeated and counts how many each fault explains; what no fault explains was sent by two nodes."""
import collections
import contextlib
import http.client
import os
import random
import signal
import sqlite3
import struct
import tempfile
import threading
import time

from rig.httpd import is_running, select_pause
from rig.pgproxy import PgProxy
from rig.proc import children

from torture.ledger import NUMBER, Sink

LEASE = 60
HEALED = 60     # seconds after the last fault within which all is delivered
# A fault loses outcomes that were not committed: those of the second before it, and while the database was away, those of that time.
REACH = 1.0
LOSING = ("kill", "machine", "stop", "partition")
Fault = collections.namedtuple("Fault", "kind node begin end")


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.next = 0
        self.accepted, self.answers, self.broken = {}, collections.Counter(), 0
        self.when = {}      # number: when it was accepted
        self.arrivals = collections.defaultdict(list)
        self.faults, self.counts = [], collections.Counter()

    def number(self):
        with self.lock:
            self.next += 1
            return self.next

    def accept(self, number, node):
        with self.lock:
            self.accepted[number] = node
            self.when[number] = time.monotonic()

    def arrive(self, number, node):
        with self.changed:
            self.arrivals[number].append((time.monotonic(), node))
            self.changed.notify_all()

    def begin(self, kind, node, name=None):
        """A fault that can lose outcomes, or ("outage") during which none can be committed."""
        with self.lock:
            self.faults.append(Fault(kind, node, time.monotonic(), None))
            self.counts[name or kind] += 1
            return len(self.faults) - 1

    def end(self, fault):
        with self.lock:
            self.faults[fault] = self.faults[fault]._replace(end=time.monotonic())

    def count(self, kind, by=1):
        with self.lock:
            self.counts[kind] += by
            self.faults.append(Fault(kind, None, time.monotonic(), time.monotonic()))

    def around(self, number):
        """What happened when a message was accepted: (seconds after it, fault)."""
        at = self.when[number]
        return [(round(f.begin - at, 1), f.kind if f.end else "", f.node, round((f.end or f.begin) - f.begin, 1)) for f in self.faults if abs(f.begin - at) < 12]

    def missing(self):
        return [n for n in self.accepted if n not in self.arrivals]

    def reach(self, fault):
        """From when on deliveries of its node may have had no outcome in the store when it began."""
        since = fault.begin - REACH
        outages = [f for f in self.faults if f.kind in ("database", "outage") and f.node in (None, fault.node)]
        while True:
            before = [f.begin - REACH for f in outages if f.begin - REACH < since and (f.end or fault.begin) + 5 * REACH >= since]
            if not before:
                return since
            since = min(before)

    def judge(self):
        """Each delivery that was repeated, by the fault that explains it: {fault: count}, [deliveries that none explains]."""
        explained, unexplained = collections.Counter(), []
        losing = {}
        for fault in self.faults:
            if fault.kind in LOSING:
                losing.setdefault(fault.node, []).append((self.reach(fault), fault))
        for number, arrivals in list(self.arrivals.items()):
            for at, node in sorted(arrivals)[:-1]:
                for since, fault in losing.get(node, ()):
                    # The sink notes a message after its answer, which a stopped daemon reads when it goes on.
                    if since <= at <= (fault.end or fault.begin) + REACH:
                        explained[fault] += 1
                        break
                else:
                    unexplained.append((number, sorted(arrivals)))
        return explained, unexplained


class NodeSink(Sink):
    """Slow, so that a window is open on each connection, and for one message in so many it says "later", so that mail is deferred at all times."""

    def __init__(self, ledger, node, slow=0.03, defers=50):
        self.ledger, self.node = ledger, node
        self.slow, self.defers = slow, defers
        self.dice = random.Random(node)
        super().__init__(replies={"END": self.answer})

    def answer(self, *_):
        select_pause(self.dice.uniform(0, self.slow))
        return "451 4.3.0 later" if self.dice.randrange(self.defers) == 0 else None

    def take(self, message):
        found = NUMBER.search(b"\r\n" + message.headers + b"\r\n")
        assert found, message.headers
        self.ledger.arrive(int(found.group(1)), self.node)


class Client(threading.Thread):
    """Submits one message after the other, each with an Idempotency-Key, and repeats at any node what was not answered with 202, some times."""

    def __init__(self, ledger, nodes, node, pause=0.03, tries=6, timeout=20):
        super().__init__(daemon=True)
        self.ledger, self.nodes, self.node, self.pause, self.tries, self.timeout = ledger, nodes, node, pause, tries, timeout
        self.stopping = threading.Event()
        self.dice = random.Random(node.index)

    def run(self):
        while not self.stopping.is_set():
            number = self.ledger.number()
            node = self.node
            for _ in range(self.tries):
                if self.submit(number, node) or self.stopping.wait(self.dice.uniform(0.1, 1)):
                    break
                node = self.dice.choice(self.nodes)
            self.stopping.wait(self.pause)

    def submit(self, number, node):
        connection = http.client.HTTPConnection("127.0.0.1", node.httpd.port, timeout=self.timeout)
        try:
            connection.request("POST", "/mail?from=app%40example.com&to=x%40example.net", f"Subject: {number}\r\nX-Ledger: {number}\r\n\r\n{'x' * 200}\r\n",
                               {"Content-Type": "message/rfc822", "Connection": "close", "Idempotency-Key": f"ledger-{number}"})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            with self.ledger.lock:
                self.ledger.broken += 1
            return False
        finally:
            connection.close()
        with self.ledger.lock:
            self.ledger.answers[answer.status] += 1
        if answer.status not in (200, 202):
            return False
        self.ledger.accept(number, node.index)
        return True


class Node:
    """httpd with its daemon, the proxy in front of its database (server None: its queue is a file), its relay and its clock. make: make_httpd of the fixtures."""

    def __init__(self, index, make, server, database, ledger, config, fault_so):
        self.index, self.ledger = index, ledger
        self.sink = NodeSink(ledger, index)
        self.proxy = PgProxy(server.port, seed=index) if server else None
        handle, self.clock = tempfile.mkstemp(prefix="smtp-send-clock.")
        os.close(handle)
        os.chmod(self.clock, 0o644)
        self.set_clock(0)
        self.disk = self.clock + ".disk"
        # Held while the queue's file is gone, and while httpd is: what only an open file has would be lost.
        self.intact = threading.Lock()
        directive = self.proxy.database(database).directive if server else ""
        self.httpd = make(f"{directive}\n{config}", self.sink, expect=["."], env={"LD_PRELOAD": fault_so, "SMTP_SEND_CLOCK": self.clock, "SMTP_SEND_FAULT": self.disk})

    def set_clock(self, seconds):
        with open(self.clock, "r+b") as file:
            file.write(struct.pack("q", int(seconds * 1e6)))

    def daemons(self):
        """Its daemons' pids, the newest last."""
        found = []
        for pid in children(self.httpd.process.pid):
            try:
                with open(f"/proc/{pid}/comm") as file:
                    if file.read().strip() == "smtp-sendd":
                        found.append(pid)
            except OSError:
                pass
        return sorted(found)

    def signal(self, number):
        for pid in self.daemons():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill_machine(self):
        daemons = self.daemons()
        os.killpg(self.httpd.process.pid, signal.SIGKILL)
        for pid in daemons:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.httpd.process.wait(20)
        self.httpd.wait(lambda: not any(is_running(pid) for pid in daemons), 20, "the daemons to end")

    def heal(self):
        self.set_clock(0)
        if self.proxy:
            self.proxy.thaw()
            self.proxy.up()
        self.signal(signal.SIGCONT)

    def close(self):
        if self.proxy:
            self.proxy.close()
        self.sink.close()
        os.unlink(self.clock)


class Faults(threading.Thread):
    """Faults of one node (or, node None, of the database), one after the other, until stopped. rare: a semaphore; who has it may be away beyond the lease."""

    def __init__(self, ledger, node, server, seed, pause, weights, rare):
        super().__init__(daemon=True)
        self.ledger, self.node, self.server, self.pause, self.weights, self.rare = ledger, node, server, pause, weights, rare
        self.dice = random.Random(seed)
        self.stopping = threading.Event()
        self.failed = None

    def run(self):
        kinds, weights = zip(*self.weights.items())
        try:
            while not self.stopping.wait(self.dice.uniform(*self.pause)):
                getattr(self, self.dice.choices(kinds, weights)[0])()
        except Exception as error:      # noqa: BLE001  reported by the test
            self.failed = error

    def sleep(self, least, most):
        self.stopping.wait(self.dice.uniform(least, most))

    # ---- of a node ----

    def kill(self):
        with self.node.intact:
            fault = self.ledger.begin("kill", self.node.index)
            self.node.signal(signal.SIGKILL)
            self.ledger.end(fault)

    def machine(self, away=(0, 3)):
        with self.node.intact:
            fault = self.ledger.begin("machine", self.node.index)
            self.node.kill_machine()
            self.ledger.end(fault)
            self.sleep(*away)
            self.node.httpd.start()

    def machine_long(self):
        with self.rare:
            self.ledger.count("machine_long")
            self.machine((LEASE + 2, LEASE + 15))

    def hold(self):
        """Stopped for less than the lease: nobody takes its mail, and it goes on."""
        self.ledger.count("hold")
        self.node.signal(signal.SIGSTOP)
        self.sleep(0.1, 5)
        self.node.signal(signal.SIGCONT)

    def stop(self):
        with self.rare:
            fault = self.ledger.begin("stop", self.node.index)
            self.node.signal(signal.SIGSTOP)
            self.sleep(LEASE + 3, LEASE + 12)
            self.node.signal(signal.SIGCONT)
            self.ledger.end(fault)

    def graceful(self):
        self.ledger.count("graceful")
        self.node.httpd.graceful()

    def restart(self):
        with self.node.intact:
            self.ledger.count("restart")
            self.node.httpd.stop()
            self.node.httpd.start()

    def clock(self):
        self.ledger.count("clock")
        self.node.set_clock(self.dice.choice([0, -300, 300, -3600, 3600, -86400, 86400, 0]))

    def clock_years(self):
        self.ledger.count("clock_years")
        self.node.set_clock(self.dice.choice([-10, 10]) * 365 * 86400)

    # ---- of its connection to the database ----

    def cut(self):
        fault = self.ledger.begin("outage", self.node.index, "cut")
        self.node.proxy.cut_all()
        self.ledger.end(fault)

    def away(self):
        fault = self.ledger.begin("outage", self.node.index, "away")
        self.node.proxy.down()
        self.sleep(0.1, 8)
        self.node.proxy.up()
        self.ledger.end(fault)

    def freeze(self):
        fault = self.ledger.begin("outage", self.node.index, "freeze")
        self.node.proxy.freeze()
        self.sleep(0.1, 8)
        self.node.proxy.thaw()
        self.ledger.end(fault)

    def partition(self):
        with self.rare:
            fault = self.ledger.begin("partition", self.node.index)
            outage = self.ledger.begin("outage", self.node.index, "silence")
            self.node.proxy.freeze()
            self.sleep(LEASE + 3, LEASE + 12)
            self.node.proxy.thaw()
            self.ledger.end(outage)
            self.ledger.end(fault)

    def conflict(self):
        """Some of the statements, or of the COMMITs, of some seconds."""
        fault = self.ledger.begin("outage", self.node.index, "conflict")
        match, chance = self.dice.choice([(r"^\s*COMMIT", 0.5), (r"^\s*(INSERT|UPDATE|DELETE|SELECT|WITH)", 0.1)])
        code, words = self.dice.choice([("40001", None), ("40P01", None), ("40001", "restart transaction: injected")])
        rule = self.node.proxy.fail(match, code, words, chance=chance)
        self.sleep(0.5, 4)
        rule.end()
        self.node.proxy.rules.remove(rule)
        self.ledger.end(fault)
        self.ledger.count("refused statements", rule.hits)

    def lose(self):
        fault = self.ledger.begin("outage", self.node.index, "lose")
        rule = self.node.proxy.lose(chance=0.5, most=3)
        self.sleep(0.5, 3)
        rule.end()
        self.node.proxy.rules.remove(rule)
        self.ledger.end(fault)
        self.ledger.count("lost answers", rule.hits)

    # ---- of the queue's file ----

    def lock(self):
        """By another process that writes."""
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(f"file:{self.node.httpd.queue}?mode=rw", uri=True, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            fault = self.ledger.begin("outage", self.node.index, "lock")
            self.sleep(0.1, 8)
            self.ledger.end(fault)

    def disk(self):
        """It breaks at each sync, fills up in the middle of commits, or is read-only."""
        fault = self.ledger.begin("outage", self.node.index, "disk")
        with open(self.node.disk, "w") as file:
            os.chmod(self.node.disk, 0o644)
            file.write(self.dice.choice(["sync", "write", "ro"]))
        self.sleep(0.1, 8)
        os.unlink(self.node.disk)
        self.ledger.end(fault)

    def vanish(self):
        """The file or its log is deleted, or the folder is away for some time."""
        queue = self.node.httpd.queue
        folder = os.path.dirname(queue)
        with self.node.intact:
            # A file that nobody has open cannot be saved.
            green(self.node.httpd, "before its queue is deleted", {"queue", "daemon"})
            ends = self.dice.choice([("",), ("-wal",), ("", "-wal", "-shm"), None])
            fault = self.ledger.begin("outage", self.node.index, "vanish")
            self.ledger.count("folder away" if ends is None else f"deleted {len(ends)} {ends[0]}")
            if ends is None:
                os.rename(folder, folder + ".away")
                self.sleep(0.1, 6)
                os.rename(folder + ".away", folder)
            for end in ends or ():
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(queue + end)
            # It is noticed within five seconds.
            select_pause(5)
            green(self.node.httpd, f"after {ends}", {"queue", "daemon"})
            self.ledger.end(fault)

    def socket(self):
        self.ledger.count("socket")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.node.httpd.socket)

    # ---- of the database ----

    def database(self, mode=None):
        fault = self.ledger.begin("database", None)
        self.server.stop(mode or self.dice.choice(["fast", "immediate"]))
        self.sleep(0, 3)
        self.server.start()
        self.ledger.end(fault)


def reasons(httpd):
    """Why health is red: {reason: detail}; None: no answer."""
    try:
        return {row["reason"]: row["detail"] for row in httpd.get("/mail-status/health").json["reasons"]}
    except (OSError, ValueError, KeyError):
        return None


def green(httpd, why=None, only=None):
    """Waits until health is green (only: until none of these reasons is left)."""
    found = {}

    def look():
        now = found["now"] = reasons(httpd)
        return now is not None and not (set(now) & only if only else now)
    try:
        httpd.wait(look, HEALED)
    except AssertionError as error:
        raise AssertionError(f"health is red, {why}: {found}, queue file there: {os.path.exists(httpd.queue)}") from error


def play(ledger, nodes, faults, seconds, clients=4):
    """Load and faults for so long; then the faults' end, and HEALED seconds for what is left. Returns the figures."""
    faults = [thread for thread in faults if thread.weights]
    clients = [Client(ledger, nodes, node) for node in nodes for _ in range(clients)]
    try:
        for thread in clients + faults:
            thread.start()
        select_pause(seconds)
    finally:
        for thread in faults:
            thread.stopping.set()
        for thread in faults:
            thread.join(150)
        for node in nodes:
            node.heal()
    since = time.monotonic()
    assert not any(thread.is_alive() for thread in faults), "a fault hangs"
    failed = [thread.failed for thread in faults if thread.failed]
    assert not failed, failed
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(150)
        assert not client.is_alive(), "a submission hangs"
    with ledger.changed:
        ledger.changed.wait_for(lambda: not ledger.missing(), HEALED)
    since = time.monotonic() - since
    explained, unexplained = ledger.judge()
    counts = dict(ledger.counts)
    return {"nodes": len(nodes), "faults": sum(counts.values()) - counts.get("refused statements", 0) - counts.get("lost answers", 0) - counts.get("vanish", 0), "accepted": len(ledger.accepted),
            "arrived": len(ledger.arrivals), "lost": len(ledger.missing()), "twice": sum(explained.values()), "worst": max(explained.values(), default=0), "unexplained": len(unexplained),
            "healed in": round(since, 1), "answers": dict(ledger.answers), "broken": ledger.broken, "kinds": counts, "which": (sorted(ledger.missing())[:10], unexplained[:10])}
