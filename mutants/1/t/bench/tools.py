"""The bench's instruments: the sink, the delaying proxy, the loader, a system's CPU and memory as /proc shows them."""
import ctypes
import json
import os
import resource
import selectors
import statistics
import struct
import subprocess
import tempfile
import time

from rig.httpd import BUILD, select_pause

TICK = os.sysconf("SC_CLK_TCK")


def program(name):
    return os.path.join(BUILD, f"bench-{name}")


class Helper:
    """A program of ours that prints {"port":N} first and ends with its standard input."""

    def __init__(self, name, *args):
        self.process = subprocess.Popen([program(name), *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = self.read()["port"]
        self.host = "127.0.0.1"

    def read(self, seconds=10):
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            if not ready.select(seconds):
                raise TimeoutError("a program of the bench does not answer")
        line = self.process.stdout.readline()
        if not line:
            raise EOFError(f"a program of the bench ended with {self.process.wait()}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


class Sink(Helper):
    ids = 1     # numbers are never used twice in one bench, so that a late duplicate is known as one

    def __init__(self, *args):
        super().__init__("sink", *args)

    def ask(self, line, seconds=10):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.read(seconds)

    def expect(self, count):
        first = Sink.ids
        Sink.ids += count
        self.ask(f"expect {first} {count}")
        return first

    def stats(self):
        return self.ask("stats")

    def wait(self, count, seconds):
        return self.ask(f"wait {count} {int(seconds)}", seconds + 10)

    def times(self, first, count):
        return self.ask(f"times {first} {count}", 30)


class Delay(Helper):
    def __init__(self, to, milliseconds):
        super().__init__("delay", "--to", f"127.0.0.1:{to}", "--rtt", str(int(milliseconds * 1000)))


def load_start(way, count, first, *args, to=None, command=(), env=None, prefix=()):
    where = ["--to", f"127.0.0.1:{to}"] if to else []
    line = [*prefix, program("load"), way, *where, "--count", str(count), "--first", str(first), *map(str, args), *(["--", *command] if command else [])]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def load_end(process, seconds=200):
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    if process.returncode:
        raise RuntimeError(f"the loader: {err.strip()[-500:]}")
    return json.loads(out)


def load(*args, **kwargs):
    return load_end(load_start(*args, **kwargs))


def pause(seconds):
    """For intervals that are part of a measurement; events are waited for by their own means."""
    select_pause(seconds)


# ---- processes ----

def stat(pid):
    """Parent and CPU ticks, those of waited-for children included, or None."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[1]), sum(map(int, fields[11:15]))


def tree(root):
    """The pids of a process and all its descendants."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            found = stat(int(name))
            if found:
                parents.setdefault(found[0], []).append(int(name))
    pids, todo = [], [root]
    while todo:
        pid = todo.pop()
        pids.append(pid)
        todo += parents.get(pid, [])
    return pids


def adopt():
    """Orphans of what is started here come to this process, so that nothing stays behind where process 1 buries nobody."""
    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def bury(pids, seconds=5):
    """Waits for adopted processes that are ending; those of other parents are left alone."""
    deadline = time.monotonic() + seconds
    left = set(pids)
    while left and time.monotonic() < deadline:
        for pid in list(left):
            try:
                if os.waitpid(pid, os.WNOHANG)[0]:
                    left.discard(pid)
            except ChildProcessError:
                left.discard(pid)
        if left:
            pause(0.02)


def cpu(root):
    return sum(found[1] for found in map(stat, tree(root)) if found) / TICK


def thread_cpu(pid):
    """Seconds of each thread of a process, by its number."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat") as file:
            found[int(task)] = sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13])) / TICK
    return found


class Shares:
    """Who used how much CPU while it was entered: web processes, the daemon's two threads, the sink, the loader."""

    def __init__(self, module, sink):
        self.module, self.sink = module, sink

    def look(self):
        daemon = self.module.daemon()
        threads = thread_cpu(daemon)
        loader = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {"web processes": sum(stat(pid)[1] for pid in self.module.children()) / TICK, "daemon, loop": threads.pop(daemon), "daemon, store": sum(threads.values()),
                "sink": stat(self.sink.process.pid)[1] / TICK, "loader": loader.ru_utime + loader.ru_stime}

    def __enter__(self):
        self.before = self.look()
        return self

    def __exit__(self, *unused):
        after = self.look()
        self.used = {name: after[name] - value for name, value in self.before.items()}

    def add_to(self, shares, what, count):
        for name, value in self.used.items():
            shares.setdefault(f"{what}: {name}", []).append(1e6 * value / count)


def settle(root, seconds=10):
    """Waits until a system has nothing left to do: its CPU time stands still."""
    deadline, before, still = time.monotonic() + seconds, cpu(root), 0
    while time.monotonic() < deadline and still < 4:
        pause(0.1)
        now = cpu(root)
        still = still + 1 if now - before <= 1.5 / TICK else 0
        before = now


class Counts:
    """What the processes started with env ask of the C library (count.c)."""

    FIELDS = ("allocations", "bytes allocated", "copies", "bytes copied", "bytes read and written")

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile("rb", buffering=0)
        self.env = {"LD_PRELOAD": program("count.so"), "BENCH_COUNT": self.file.name}

    def look(self, daemon):
        """Figures since their beginning: of the daemon, and of all others together."""
        self.file.seek(0)
        sums = {"daemon": dict.fromkeys(self.FIELDS, 0), "web processes": dict.fromkeys(self.FIELDS, 0)}
        for pid, *values in struct.iter_unpack("=6Q", self.file.read()):
            for name, value in zip(self.FIELDS, values):
                sums["daemon" if pid == daemon else "web processes"][name] += value
        if not all(figures["allocations"] for figures in sums.values()):
            raise RuntimeError("nothing is counted")
        return sums

    def cost(self, daemon, count, run):
        """What run() costs for each of the count messages it sends: (who, what) -> figure."""
        before = self.look(daemon)
        run()
        return {(who, what): (value - before[who][what]) / count for who, figures in self.look(daemon).items() for what, value in figures.items()}

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.file.close()


# ---- figures ----

class Figures:
    """The runs of one thing."""

    def __init__(self, unit="", digits=None):
        self.unit, self.digits, self.values = unit, digits, []

    def add(self, value):
        self.values.append(value)
        return value

    @property
    def median(self):
        return statistics.median(self.values)

    def show(self, value):
        if self.digits is not None:
            return f"{value:,.{self.digits}f}"
        size = abs(value)
        return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"

    def __str__(self):
        if not self.values:
            return "not measured"
        low, middle, high = min(self.values), self.median, max(self.values)
        text = self.show(middle) if len(self.values) == 1 else f"{self.show(low)} / {self.show(middle)} / {self.show(high)}"
        return f"{text} {self.unit}".strip()


