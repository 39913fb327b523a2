"""S1, S2, S3, S8, S12, S13: messages through the front end as fast as it goes."""
import os
import statistics
import tempfile
import time

import flow
import tools
from report import Row
from rig.certs import Certificates
from systems import Module, NullClient, empty_handler
from rig.httpd import HANDLERS


def rounds(bench, row, contestants):
    """contestants: name -> function that does one run. They take turns; the order alternates too. Returns name -> list of runs, one a round."""
    runs = {name: [] for name in contestants}
    for number in range(bench.rounds):
        order = list(contestants) if number % 2 == 0 else list(reversed(contestants))
        for name in order:
            found = contestants[name]()
            runs[name].append(found)
            row.faults(name, found)
            bench.say(f"{row.name} round {number + 1} {name}: {found.rate:,.0f} msg/s, {found.cpu:.2f} CPU s per 1,000")
    return runs


def figures(row, runs, what=("rate", "cpu")):
    for name, found in runs.items():
        if "rate" in what:
            rate = row.line(f"{name}", tools.Figures("msg/s"))
            for run in found:
                rate.add(run.rate)
        if "cpu" in what:
            cost = row.line(f"{name}, CPU", tools.Figures("s per 1,000"))
            for run in found:
                cost.add(run.cpu)


def ratio(runs, above, below, what="rate"):
    """The median of the rounds' ratios; None where something delivered nothing."""
    pairs = [(getattr(a, what), getattr(b, what)) for a, b in zip(runs[above], runs[below])]
    return statistics.median(a / b for a, b in pairs) if all(b for _, b in pairs) else None


def front(bench, wanted):
    """S1, S2 and S3 share their runs with Postfix."""
    rows = {"S1": Row("S1", "end to end, HTTP, one message a request"), "S2": Row("S2", "CPU as S1"), "S3": Row("S3", "end to end, NDJSON, 100 messages a request")}
    with tools.Sink() as sink, NullClient(sink.port) as postfix, Module(sink.port) as module:
        def contestant(system, way, **kwargs):
            count = flow.size(system, sink, way, **kwargs)
            return lambda: flow.run(system, sink, count, way, **kwargs)
        contestants = {"Postfix": contestant(postfix, "smtp", connections=20), "HTTP": contestant(module, "http")}
        if "S3" in wanted:
            contestants["NDJSON"] = contestant(module, "http", connections=8, batch=100)
        runs = rounds(bench, rows["S1"], contestants)
    s1, s2, s3 = rows["S1"], rows["S2"], rows["S3"]
    plain = {name: runs[name] for name in ("Postfix", "HTTP")}
    figures(s1, plain, ("rate",))
    latency = s1.line("HTTP, answer's median", tools.Figures("ms"))
    for run in runs["HTTP"]:
        latency.add(run.loaded["p50"] / 1000)
    s1.verdict("times Postfix", ratio(runs, "HTTP", "Postfix"), 10)
    figures(s2, plain, ("cpu",))
    s2.verdict("Postfix's CPU divided by ours", ratio(runs, "Postfix", "HTTP", "cpu"), 10)
    if "S3" in wanted:
        figures(s3, {name: runs[name] for name in ("Postfix", "NDJSON")})
        s3.verdict("times Postfix", ratio(runs, "NDJSON", "Postfix"), 20)
        s3.verdicts += [v for v in s1.verdicts if v[0].startswith("NDJSON:")]
        s1.verdicts = [v for v in s1.verdicts if not v[0].startswith("NDJSON:")]
    return [rows[name] for name in ("S1", "S2", "S3") if name in wanted]


def tls(bench):
    row = Row("S8", "TLS to the relay, as S1")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        certificates = Certificates(folder)
        cert, key = certificates.issue("server")
        settings = f'SMTPSendTLS starttls\nSMTPSendTLSCACertificateFile "{certificates.ca}"'
        with tools.Sink() as plain_sink, tools.Sink("--tls", "starttls", "--cert", cert, "--key", key) as tls_sink:
            with Module(plain_sink.port) as plain, Module(tls_sink.port, settings) as secure:
                count = flow.size(plain, plain_sink, "http")
                flow.size(secure, tls_sink, "http", seconds=1)
                runs = rounds(bench, row, {"plain text": lambda: flow.run(plain, plain_sink, count, "http"), "STARTTLS": lambda: flow.run(secure, tls_sink, count, "http")})
    figures(row, runs)
    row.verdict("of S1's rate", ratio(runs, "STARTTLS", "plain text"), 0.85)
    return row


def page(bench):
    row = Row("S12", "the status page while S1 runs")
    page_time = tools.Figures("ms")

    def look(module):
        def during(process):
            while process.poll() is None:
                started = time.monotonic()
                answer = module.httpd.get("/mail-status", {"Accept": "text/html"})
                page_time.add((time.monotonic() - started) * 1000)
                if answer.status != 200:
                    raise RuntimeError(f"the status page answers {answer.status}")
                tools.pause(1)
        return during
    with tools.Sink() as sink, Module(sink.port) as module:
        count = flow.size(module, sink, "http")
        runs = rounds(bench, row, {"unwatched": lambda: flow.run(module, sink, count, "http"), "watched": lambda: flow.run(module, sink, count, "http", during=look(module))})
        idle = tools.Figures("ms")
        for _ in range(10):
            started = time.monotonic()
            module.httpd.get("/mail-status", {"Accept": "text/html"})
            idle.add((time.monotonic() - started) * 1000)
        stored = module.httpd.status()["counts"]
    figures(row, runs, ("rate",))
    row.line("the page under load", page_time)
    row.line(f"the page afterwards, {sum(stored.values()):,} messages counted", idle)
    share = ratio(runs, "watched", "unwatched")
    row.verdict("slowdown in percent", None if share is None else max(0.0, 100 * (1 - share)), 3, is_most=True)
    row.verdict("median of the page's time in ms", page_time.median, 50, is_most=True)
    row.note("One page a second, read by one client.")
    return row


def empty(bench):
    row = Row("S13", "S1 divided by httpd's own rate with an empty handler")
    runs = {"empty handler": [], "HTTP": []}
    shares = {}
    with tools.Sink() as sink, Module(sink.port, handlers=HANDLERS + empty_handler()) as module:
        count = flow.size(module, sink, "http")
        for number in range(bench.rounds):
            with tools.Shares(module, sink) as share:
                found = flow.run(module, sink, count, "http")
            share.add_to(shares, "a message", count)
            row.faults("HTTP", found)
            with tools.Shares(module, sink) as share:
                loaded = tools.load("http", 60000, 1, "--connections", 32, "--path", "/empty", to=module.port)
            share.add_to(shares, "an empty request", 60000)
            runs["HTTP"].append(found.rate)
            runs["empty handler"].append(loaded["accepted"] / (loaded["endedAt"] - loaded["startedAt"]) * 1e9)
            bench.say(f"S13 round {number + 1}: {runs['HTTP'][-1]:,.0f} msg/s, empty handler {runs['empty handler'][-1]:,.0f}/s")
    for name, values in runs.items():
        found = row.line(name, tools.Figures("msg/s" if name == "HTTP" else "requests/s"))
        found.values = values
    for name in sorted(shares):
        row.line(name, tools.Figures("us of CPU")).values = shares[name]
    whole = sum(statistics.median(values) for name, values in shares.items() if name.startswith("a message"))
    row.note(f"Loader, sink, httpd and daemon together use {whole:.0f} us of CPU a message: {os.cpu_count()} cores that did nothing else could carry {os.cpu_count() * 1e6 / whole:,.0f} a "
             f"second, {os.cpu_count() * 1e6 / whole / statistics.median(runs['empty handler']):.2f} of the empty handler's rate. What is missing to that is waiting for commits.")
    row.verdict("of httpd's own rate", statistics.median(a / b for a, b in zip(runs["HTTP"], runs["empty handler"])), 0.33)
    return row
