"""S9 and S11: a million messages that wait; a shared queue on PostgreSQL."""
import os
import shutil
import time

import flow
import tools
from report import Row
from rig.postgres import Postgres
from rig.proc import memory
from rows_flow import figures, ratio, rounds
from systems import Module, NullClient

BACKLOG = 1000000
FILL_SECONDS = 240      # how long filling may take; what is there by then is what is measured, and the row says so


def fill(bench, module, sink):
    """Submits while paused; how many were accepted."""
    module.httpd.request("POST", "/mail-status", b"action=pause&reason=bench", {"Content-Type": "application/x-www-form-urlencoded"})
    first = sink.expect(BACKLOG)
    loaded = tools.load("http", BACKLOG, first, "--connections", 8, "--batch", 100, "--seconds", FILL_SECONDS, to=module.port)
    bench.say(f"S9: {loaded['accepted']:,} messages wait after {(loaded['endedAt'] - loaded['startedAt']) / 1e9:.0f} s {loaded['trouble']}")
    return loaded["accepted"]


def drain(module, sink, seconds=15):
    """Seconds from resume to the first delivery, and messages a second afterwards."""
    before = sink.stats()["unique"]
    resumed = time.clock_gettime(time.CLOCK_MONOTONIC)
    module.httpd.request("POST", "/mail-status", b"action=resume", {"Content-Type": "application/x-www-form-urlencoded"})
    first = sink.wait(before + 1, 60)
    sink.wait(BACKLOG, seconds)
    after = sink.stats()
    return first["firstAt"] / 1e9 - resumed, (after["unique"] - before - 1) / ((after["lastAt"] - first["firstAt"]) / 1e9)


def backlog(bench):
    row = Row("S9", f"{BACKLOG:,} messages wait")
    with tools.Sink() as sink, Module(sink.port, f"SMTPSendQueueLimit {2 * BACKLOG} 16G") as module:
        baseline = flow.run(module, sink, flow.size(module, sink, "http"), "http")
        row.faults("S1's run before", baseline)
        waiting = fill(bench, module, sink)
        if waiting < BACKLOG:
            row.unmeasured(f"only {waiting:,} messages could be queued in {FILL_SECONDS} s")
        if not waiting:
            return row
        filled = memory(module.daemon())
        began = time.monotonic()
        module.httpd.graceful_wait(60)
        restart = time.monotonic() - began
        restarted = memory(module.daemon())
        began = time.monotonic()
        first, rate = drain(module, sink)
        draining = memory(module.daemon())
        stats = sink.stats()
        shutil.rmtree(os.path.join(module.dir, "state"), ignore_errors=True)
    for label, value, unit in (("messages waiting", waiting, ""), ("daemon's memory, filled", filled, "MiB"), ("daemon's memory, after a graceful restart", restarted, "MiB"),
                               ("daemon's memory, draining", draining, "MiB"), ("graceful restart, until the new daemon answers", restart, "s"),
                               ("resume to first delivery", first, "s"), ("draining", rate, "msg/s"), ("S1 before", baseline.rate, "msg/s")):
        row.line(label, tools.Figures(unit)).add(value)
    row.verdict("daemon's memory", max(filled, restarted, draining), 150, is_most=True, unit=" MiB")
    row.verdict("restart to first delivery after resume", restart + first, 1, is_most=True, unit=" s")
    row.verdict("of S1's rate while draining", rate / baseline.rate, 0.8)
    row.verdict("duplicates", float(stats["duplicates"]), 0, is_most=True)
    row.note(f"Besides host and engine: SMTPSendQueueLimit {2 * BACKLOG} 16G, since the default holds 100,000. One run.")
    return row


class Nodes:
    """Two web servers on one queue as one system: the loader goes to both."""

    name = "two nodes"

    def __init__(self, nodes):
        self.nodes = nodes

    def run(self, sink, count):
        first = sink.expect(count)
        before = sum(node.cpu() for node in self.nodes)
        half = count // 2
        started = [tools.load_start("http", half, first + i * half, "--connections", 16, to=node.port) for i, node in enumerate(self.nodes)]
        loaded = [tools.load_end(process) for process in started]
        both = dict(loaded[0])
        for key in ("asked", "accepted", "refused", "errors", "childrenCpu"):
            both[key] += loaded[1][key]
        both["startedAt"], both["endedAt"] = min(x["startedAt"] for x in loaded), max(x["endedAt"] for x in loaded)
        both["trouble"] += loaded[1]["trouble"]
        sink.wait(both["accepted"], 60)
        for node in self.nodes:
            tools.settle(node.pid)
        return flow.Run(count, first, both, sink.stats(), sum(node.cpu() for node in self.nodes) - before)


def shared(bench):
    row = Row("S11", "PostgreSQL as the queue, one node and two, as S1")
    with tools.Sink() as sink, NullClient(sink.port) as postfix, Postgres() as server:
        queue = server.database()
        with Module(sink.port, queue.directive) as one:
            fault = one.httpd.status()["queue"].get("error")
            if fault:
                row.unmeasured(fault)
                return row
            count = flow.size(one, sink, "http")
            posts = flow.size(postfix, sink, "smtp", connections=20)
            runs = rounds(bench, row, {"Postfix": lambda: flow.run(postfix, sink, posts, "smtp", connections=20), "one node": lambda: flow.run(one, sink, count, "http")})
            with Module(sink.port, queue.directive) as two:
                pair = Nodes([one, two])
                pair.run(sink, 400)
                runs.update(rounds(bench, row, {"two nodes": lambda: pair.run(sink, count - count % 2)}))
    figures(row, runs)
    row.verdict("one node: times Postfix", ratio(runs, "one node", "Postfix"), 4)
    row.verdict("two nodes: times one", ratio(runs, "two nodes", "one node"), 1.0)
    row.note("The database's own CPU is not in the figures.")
    return row
