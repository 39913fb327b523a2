"""S4, S5, S10, S14: a process a message, latency, a large message, what the kernel is asked for."""
import base64
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import time
import types

import dma
import flow
import tools
from report import Row
from rows_flow import HANDLERS, empty_handler, figures, ratio, rounds
from rig.httpd import free_port
from rig.proc import growth, memory
from systems import Module, NullClient


def sendmail(bench):
    row = Row("S4", "sendmail -t -i, a process each, 8 at once")
    with tools.Sink() as sink, NullClient(sink.port) as postfix, Module(sink.port) as module:
        def contestant(system, **kwargs):
            count = flow.size(system, sink, "exec", connections=8, seconds=4)
            return lambda: flow.run(system, sink, count, "exec", connections=8, **kwargs)
        contestants = {"Postfix": contestant(postfix), "mod_smtp_send": contestant(module)}
        other, why = dma.prepare(sink.port)
        if other:
            contestants["dma"] = contestant(other)
        try:
            runs = rounds(bench, row, contestants)
        finally:
            if other:
                other.close()
    figures(row, runs)
    row.verdict("times Postfix", ratio(runs, "mod_smtp_send", "Postfix"), 5)
    row.verdict("Postfix's CPU divided by ours", ratio(runs, "Postfix", "mod_smtp_send", "cpu"), 5)
    if other:
        row.verdict("times dma", ratio(runs, "mod_smtp_send", "dma"), 2)
        row.verdict("dma's CPU divided by ours", ratio(runs, "dma", "mod_smtp_send", "cpu"), 2)
    else:
        row.unmeasured(f"dma ({why})")
    return row


def idle_times(system, sink, way, count, interval=40):
    """Milliseconds from the beginning of a message's submission to its arrival, each message alone."""
    first = sink.expect(count)
    args, kwargs = flow.endpoint(system, way, 1)
    with tempfile.NamedTemporaryFile("r") as times:
        loaded = tools.load(args[0], count, first, "--interval", interval, "--times", times.name, **kwargs)
        begun = [int(line) for line in times]
    taken = sink.wait(loaded["accepted"], 20)
    if taken["unique"] < count:
        raise RuntimeError(f"{system.name}: {count - taken['unique']} of {count} single messages did not arrive {loaded['trouble']}")
    return [(arrived - start) / 1e6 for start, arrived in zip(begun, sink.times(first, count))]


def commit_time(folder, pages=5, size=8192):
    """Milliseconds, median of 50: what a lone message's transaction writes to SQLite's log (counted with strace), into a file that has room."""
    taken = []
    with open(os.path.join(folder, "commit"), "wb+") as file:
        file.write(bytes(50 * pages * size))
        os.fsync(file.fileno())
        for number in range(50):
            tools.pause(0.02)
            begun = time.monotonic()
            for page in range(pages):
                os.pwrite(file.fileno(), b"x" * size, (number * pages + page) * size)
            os.fdatasync(file.fileno())
            taken.append(1e3 * (time.monotonic() - begun))
    return statistics.median(taken)


def latency(bench):
    row = Row("S5", "idle: first byte submitted to message at the sink, median of 50")
    endpoints = (("Postfix", "smtp"), ("mod_smtp_send", "http"), ("Postfix", "exec"), ("mod_smtp_send", "exec"))
    label = {"smtp": "SMTP listener", "http": "HTTP", "exec": "sendmail"}
    found = {key: [] for key in endpoints}
    with tools.Sink() as sink, NullClient(sink.port) as postfix, Module(sink.port, handlers=HANDLERS + empty_handler()) as module:
        systems = {"Postfix": postfix, "mod_smtp_send": module}
        for name, way in endpoints:
            idle_times(systems[name], sink, way, 5)
        for number in range(bench.rounds):
            for name, way in endpoints if number % 2 == 0 else reversed(endpoints):
                found[name, way].append(statistics.median(idle_times(systems[name], sink, way, 50)))
                bench.say(f"S5 round {number + 1} {name} {label[way]}: {found[name, way][-1]:.2f} ms")
        floor = [commit_time(module.dir), tools.load("http", 50, 1, "--connections", 1, "--interval", 40, "--path", "/empty", to=module.port)["p50"] / 1e3,
                 tools.load("smtp", 50, sink.expect(50), "--connections", 1, "--interval", 40, to=sink.port)["p50"] / 1e3]
    for (name, way), values in found.items():
        row.line(f"{name}, {label[way]}", tools.Figures("ms")).values = values
    for name, value in zip(("a commit: pages written and fdatasync", "httpd with an empty handler", "the sink, asked directly"), floor):
        row.line(name, tools.Figures("ms")).add(value)
    row.note(f"Commit, httpd and sink alone take {sum(floor):.2f} ms on this machine, one after the other as a message needs them.")
    row.verdict("Postfix's SMTP listener divided by our HTTP", statistics.median(a / b for a, b in zip(found["Postfix", "smtp"], found["mod_smtp_send", "http"])), 3)
    row.verdict("Postfix's sendmail divided by ours", statistics.median(a / b for a, b in zip(found["Postfix", "exec"], found["mod_smtp_send", "exec"])), 4)
    row.note("The client of the HTTP and SMTP endpoints is resident; a sendmail is by its nature a process a message, started with posix_spawn.")
    return row


def post_file(module, kind, size):
    """A file of so many octets in a document, delivered."""
    content = random.Random(1).randbytes(size)
    fields = {"from": "bench@sender.example", "to": "file@sink.example", "text": "t"}
    if kind == "JSON":
        body, kind = json.dumps({**fields, "attachments": [{"filename": "f", "content": base64.b64encode(content).decode()}]}).encode(), "application/json"
    else:
        parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
        parts.append(b'Content-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: application/pdf\r\n\r\n' + content)
        body, kind = b"".join(b"--bench-7MA4YWxk\r\n" + part + b"\r\n" for part in parts) + b"--bench-7MA4YWxk--\r\n", "multipart/form-data; boundary=bench-7MA4YWxk"
    answer = module.httpd.request("POST", "/mail", body, {"Content-Type": kind})
    if answer.status != 202:
        raise RuntimeError(f"a file of {size} octets: {answer}")
    module.httpd.wait_state(answer.json["id"], "sent", timeout=60)


LARGE = 25 * 1024 * 1024 - 64 * 1024      # with its header and what is added it stays within SMTPSendMaxMessageSize's default
LARGE_FILE = LARGE // 78 * 57 - 4096      # in base64 nearly as large


def large_endpoints(module, smtp_port, sink, row):
    """How a message of 25 MiB comes in by each endpoint."""
    endpoint = types.SimpleNamespace(port=smtp_port, pid=module.pid, cpu=module.cpu)

    def load(system, way):
        row.faults(f"large message, {way}", flow.run(system, sink, 1, way, connections=1, extra=("--size", LARGE)))
    return {"a finished message": lambda: load(module, "http"), "a file in JSON": lambda: post_file(module, "JSON", LARGE_FILE), "a file in a form": lambda: post_file(module, "form", LARGE_FILE),
            "sendmail": lambda: load(module, "exec"), "the SMTP listener": lambda: load(endpoint, "smtp")}


def peaks_of(bench, sink, row, name, peaks):
    """One endpoint on a server of its own: memory above what it has after small messages."""
    smtp_port = free_port()
    with Module(sink.port, f"SMTPSendListen 127.0.0.1:{smtp_port}\n") as module:
        row.faults("small messages", flow.run(module, sink, 200, "http"))
        for kind in ("JSON", "form"):        # the libraries that a kind needs are loaded
            post_file(module, kind, 1000)
        daemon, children = module.daemon(), module.children()
        idle = {pid: memory(pid) for pid in [daemon, *children]}
        send = large_endpoints(module, smtp_port, sink, row)[name]
        for _ in range(bench.rounds):
            with growth(idle) as grown:
                send()
            peaks["daemon"].add(grown[daemon])
            peaks["httpd's child"].add(max(grown[pid] for pid in children))


def large(bench):
    row = Row("S10", "a message of 25 MiB: memory above idle")
    with tools.Sink() as sink:
        for name in large_endpoints(types.SimpleNamespace(pid=0, cpu=None), 0, sink, row):
            peaks = {"httpd's child": tools.Figures("MiB"), "daemon": tools.Figures("MiB")}
            peaks_of(bench, sink, row, name, peaks)
            for process, values in peaks.items():
                row.line(f"{name}: {process}", values)
                row.verdict(f"{name}: {process} above idle", max(values.values), 2, is_most=True, unit=" MiB")
    return row


# ---- what the kernel and the C library are asked for ----

COUNTED = 10000

EVENTS = ["raw_syscalls:sys_enter", "syscalls:sys_enter_fsync", "syscalls:sys_enter_fdatasync", "context-switches", "sched:sched_waking"]


def perf_works():
    """A count that is known: true opens at least one file."""
    if not shutil.which("perf"):
        return False
    done = subprocess.run(["perf", "stat", "-x", ";", "-e", ",".join(EVENTS), "true"], capture_output=True, text=True)
    found = re.search(r"^(\d+);;raw_syscalls:sys_enter", done.stderr, re.M)
    return done.returncode == 0 and bool(found) and int(found.group(1)) > 10


class Counter:
    """Counts what a process tree asks the kernel for while it runs: perf's tracepoints, or strace without perf (it slows the system down)."""

    def __init__(self, root):
        self.file = tempfile.NamedTemporaryFile("r")
        pids = tools.tree(root)
        self.is_perf = perf_works()
        if self.is_perf:
            line = ["perf", "stat", "-x", ";", "-o", self.file.name, "-e", ",".join(EVENTS), "-p", ",".join(map(str, pids))]
        else:
            line = ["strace", "-c", "-f", "-q", "-S", "name", "-U", "calls,name", "-o", self.file.name] + [word for pid in pids for word in ("-p", str(pid))]
        self.process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        tools.pause(0.5)

    def end(self):
        """calls, fsyncs, context switches, wake-ups of others (None where unknown)."""
        self.process.send_signal(2)
        self.process.wait(20)
        text = self.file.read()
        self.file.close()
        counts = {}
        for line in text.splitlines():
            found = re.match(r"(\d+);;([^;]+);", line) if self.is_perf else re.match(r"\s*(\d+)\s+(\w+)$", line)
            if found:
                counts[found.group(2)] = int(found.group(1))
        if self.is_perf:
            return counts.get(EVENTS[0], 0), counts.get(EVENTS[1], 0) + counts.get(EVENTS[2], 0), counts.get(EVENTS[3]), counts.get(EVENTS[4])
        syncs = counts.get("fsync", 0) + counts.get("fdatasync", 0)
        return sum(n for name, n in counts.items() if name != "total"), syncs, None, None


def memory_and_copies(bench, row):
    """Runs of their own, since counting costs time. The peer starts its processes without what counts, so ours alone."""
    figures = {}
    with tools.Sink() as sink, tools.Counts() as counts, Module(sink.port, env=counts.env) as module:
        flow.run(module, sink, 1000, "http", connections=32)
        for number in range(bench.rounds):
            cost = counts.cost(module.daemon(), COUNTED, lambda: row.faults("while allocations are counted", flow.run(module, sink, COUNTED, "http", connections=32)))
            for (who, what), value in cost.items():
                figures.setdefault(f"{who}, {what}", tools.Figures("a message")).add(value)
            bench.say(f"S14 round {number + 1} daemon: {cost['daemon', 'allocations']:.1f} allocations, {cost['daemon', 'bytes copied']:.0f} bytes copied a message")
    for label, values in figures.items():
        row.line(label, values)
    row.note("Allocations are calls of malloc and its kin; copies memcpy and memmove by call (t/bench/count.c), of a message of 2 KiB.")


def calls(bench):
    row = Row("S14", "system calls, fsyncs, switches, wake-ups, allocations and copies a message under S1's load")
    kinds = {"system calls": {}, "fsyncs": {}, "context switches": {}, "wake-ups": {}}
    with tools.Sink() as sink, NullClient(sink.port) as postfix, Module(sink.port) as module:
        for number in range(bench.rounds):
            for system, way, connections, count in ((postfix, "smtp", 20, 1000), (module, "http", 32, 10000)):
                flow.run(system, sink, 200, way, connections=connections)
                counter = Counter(system.pid)
                try:
                    found = flow.run(system, sink, count, way, connections=connections)
                finally:
                    values = counter.end()
                row.faults(system.name, found)
                for kind, value in zip(kinds, values):
                    if value is not None:
                        kinds[kind].setdefault(system.name, tools.Figures("a message")).add(value / count)
                bench.say(f"S14 round {number + 1} {system.name}: {values[0] / count:.1f} system calls, {values[1] / count:.3f} fsyncs a message")
    for kind, systems in kinds.items():
        for name, values in systems.items():
            row.line(f"{name}, {kind}", values)
    memory_and_copies(bench, row)
    row.verdict("system calls a message", kinds["system calls"]["mod_smtp_send"].median, 30, is_most=True)
    syncs = kinds["fsyncs"]["mod_smtp_send"].median
    row.verdict("fsyncs a message (at least one commit, one a batch: far below 1)", syncs, 0.25, is_most=True)
    row.verdict("fsyncs there are", syncs * 10000, 10)
    row.note(f"Counted by {'perf stat' if perf_works() else 'strace -c -f'}, attached to all processes and threads of the system.")
    return row
