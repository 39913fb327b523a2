"""What a message may cost, as counts that a busy machine does not change: system calls, commits, memory, copies; and that no 202 goes out
before its commit. How fast it is belongs to the bench."""
import os
import re
import signal
import subprocess
import sys

import pytest

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bench"))

import tools  # noqa: E402

MESSAGES = 2000
# Limits are about twice what was measured under strace, which slows the daemon down and so makes batches smaller than they are in life.
LIMITS = {"all": 60, "daemon": 30, "httpd": 40, "commits": 0.5, "memory": 0.3, "files": 0.1}
# Twice what was measured, for messages of 2 KiB.
LIBRARY_LIMITS = {("web processes", "allocations"): 66, ("web processes", "bytes copied"): 11000, ("web processes", "bytes read and written"): 11000,
                  ("daemon", "allocations"): 180, ("daemon", "bytes allocated"): 38000, ("daemon", "bytes copied"): 29000, ("daemon", "bytes read and written"): 80000}
FILES = """
<Directory "/">
  AllowOverride None
</Directory>
"""


class Trace:
    """strace on all threads of some processes, ready when the constructor returns."""

    def __init__(self, path, pids, *options):
        self.path = str(path)
        self.process = subprocess.Popen(["strace", "-f", "-o", self.path, *options] + [word for pid in pids for word in ("-p", str(pid))],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        attached = 0
        while attached < len(pids):
            line = self.process.stderr.readline()
            assert line, f"strace does not trace: exit code {self.process.wait(10)}"
            attached += "attached" in line

    def end(self):
        self.process.send_signal(signal.SIGINT)
        # It tells of each thread it lets go: read, so that it never waits for us.
        self.process.communicate(timeout=30)
        with open(self.path) as file:
            return file.read()

    def counts(self):
        """Name -> calls, of strace -c."""
        found = {}
        for line in self.end().splitlines():
            match = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
            if match and match.group(2) != "total":
                found[match.group(2)] = int(match.group(1))
        assert found, "strace counted nothing"
        return found


@pytest.fixture
def sink():
    with tools.Sink() as server:
        yield server


def submit(httpd, sink, count, connections):
    """All are accepted, all arrive, none twice."""
    first = sink.expect(count)
    loaded = tools.load("http", count, first, "--connections", connections, to=httpd.port)
    assert loaded["accepted"] == count and not loaded["errors"], loaded
    arrived = sink.wait(count, 60)
    assert arrived["unique"] == count and not arrived["duplicates"], arrived


def some(counts, *names):
    return sum(counts.get(name, 0) for name in names)


def test_system_calls_a_message_stay_within_limits(make_httpd, sink, tmp_path):
    httpd = make_httpd(FILES, relay=sink, level="warn")
    httpd.wait(lambda: httpd.status(check=False), 20, "the daemon")
    submit(httpd, sink, 1000, 32)
    daemon = httpd.status()["pid"]
    children = [pid for pid in tools.tree(httpd.process.pid) if pid not in (daemon, httpd.process.pid)]
    traces = {"daemon": Trace(tmp_path / "daemon", [daemon], "-c"), "httpd": Trace(tmp_path / "httpd", children, "-c")}
    submit(httpd, sink, MESSAGES, 32)
    counts = {name: trace.counts() for name, trace in traces.items()}
    both = {name: counts["daemon"].get(name, 0) + counts["httpd"].get(name, 0) for name in {*counts["daemon"], *counts["httpd"]}}
    cost = {
        "daemon": sum(counts["daemon"].values()), "httpd": sum(counts["httpd"].values()), "all": sum(both.values()),
        "commits": some(both, "fsync", "fdatasync"), "memory": some(both, "mmap", "munmap", "brk"), "files": some(both, "open", "openat"),
    }
    print({name: round(value / MESSAGES, 3) for name, value in cost.items()}, both)
    assert cost["commits"] >= 2, "nothing was put on stable storage"
    too_much = {name: (value / MESSAGES, LIMITS[name]) for name, value in cost.items() if value / MESSAGES > LIMITS[name]}
    assert not too_much, f"a message costs more than it may (measured, limit): {too_much}"


def test_memory_and_copies_a_message_stay_within_limits(make_httpd, sink):
    with tools.Counts() as counts:
        httpd = make_httpd(FILES, relay=sink, level="warn", env=counts.env)
        httpd.wait(lambda: httpd.status(check=False), 20, "the daemon")
        submit(httpd, sink, 1000, 32)
        cost = counts.cost(httpd.status()["pid"], MESSAGES, lambda: submit(httpd, sink, MESSAGES, 32))
    print({" ".join(name): round(value, 1) for name, value in cost.items()})
    assert cost["daemon", "bytes read and written"] > 2 * 2048, "a message comes and goes"
    too_much = {name: (cost[name], limit) for name, limit in LIBRARY_LIMITS.items() if cost[name] > limit}
    assert not too_much, f"a message costs more than it may (measured, limit): {too_much}"


def test_no_message_is_accepted_before_its_commit(make_httpd, sink, tmp_path):
    """One client after the other: between two answers "202" of the daemon there is a commit, and one before the first."""
    httpd = make_httpd(relay=sink, level="warn")
    httpd.wait(lambda: httpd.status(check=False), 20, "the daemon")
    submit(httpd, sink, 10, 1)
    trace = Trace(tmp_path / "trace", [httpd.status()["pid"]], "-s", "300", "-e", "trace=fsync,fdatasync,sendto")
    submit(httpd, sink, 30, 1)
    commits, answers = 0, 0
    for line in trace.end().splitlines():
        if re.search(r"\b(fsync|fdatasync)(\(.*| resumed>.*)\)\s+= 0", line):
            commits += 1
        elif "sendto(" in line and '\\"status\\":202' in line:
            answers += 1
            assert commits, f"answer {answers} went out without a commit since the one before: {line}"
            commits = 0
    assert answers == 30
