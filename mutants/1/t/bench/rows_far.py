"""S6, S7 and the plots: a relay that is a round trip away, and how throughput follows distance and concurrency."""
import flow
import plot
import tools
from report import Row
from rows_flow import figures, ratio, rounds
from systems import Module, NullClient

RTT = 20      # milliseconds
ONE = "smtp_destination_concurrency_limit = 1\nsmtp_initial_destination_concurrency = 1"


def sized(system, sink, way, seconds, **kwargs):
    """Far away the first messages are slow (connections, windows): a small run would size the real one too small."""
    count = flow.size(system, sink, way, seconds=seconds, **kwargs)
    return lambda: flow.run(system, sink, count, way, seconds=90, **kwargs)


def one_connection(bench):
    row = Row("S6", f"relay {RTT} ms away, 1 connection")
    with tools.Sink("--chunking", "0") as plain, tools.Sink() as chunking, tools.Delay(plain.port, RTT) as far_plain, tools.Delay(chunking.port, RTT) as far_chunking:
        with NullClient(far_plain.port, ONE) as postfix, Module(far_plain.port, "SMTPSendConnections 1") as pipelining, Module(far_chunking.port, "SMTPSendConnections 1") as chunks:
            runs = rounds(bench, row, {
                "Postfix": sized(postfix, plain, "smtp", 5, connections=20),
                "PIPELINING": sized(pipelining, plain, "http", 5),
                "CHUNKING": sized(chunks, chunking, "http", 5)})
    figures(row, runs, ("rate",))
    for name in runs:
        trips = row.line(f"{name}, round trips a message", tools.Figures())
        trips.values = [1000 / RTT / run.rate for run in runs[name] if run.rate]
    row.verdict("PIPELINING only: times Postfix", ratio(runs, "PIPELINING", "Postfix"), 3)
    row.verdict("CHUNKING: times Postfix", ratio(runs, "CHUNKING", "Postfix"), 30)
    row.note("Besides host and engine: SMTPSendConnections 1, and Postfix's smtp_destination_concurrency_limit 1.")
    return row


def ten_connections(bench):
    row = Row("S7", f"relay {RTT} ms away, our 10 connections with CHUNKING, Postfix's 20")
    with tools.Sink() as sink, tools.Delay(sink.port, RTT) as far, NullClient(far.port) as postfix, Module(far.port) as module:
        runs = rounds(bench, row, {"Postfix": sized(postfix, sink, "smtp", 5, connections=20), "mod_smtp_send": sized(module, sink, "http", 5)})
    figures(row, runs)
    row.verdict("times Postfix", ratio(runs, "mod_smtp_send", "Postfix"), 20)
    return row


# ---- plots ----

DISTANCES = (0, 1, 5, 20, 50)
CLIENTS = (1, 2, 4, 8, 16, 32, 64)


def plots(bench):
    row = Row("plot", "throughput against round-trip time and against concurrency (build/bench-rtt.svg, build/bench-concurrency.svg)")
    by_distance = {"Postfix": [], "mod_smtp_send": []}
    for distance in DISTANCES:
        with tools.Sink() as sink, tools.Delay(sink.port, distance) as far, NullClient(far.port) as postfix, Module(far.port) as module:
            for system, way, connections in ((postfix, "smtp", 20), (module, "http", 32)):
                found = sized(system, sink, way, 2, connections=connections)()
                row.faults(f"{system.name}, {distance} ms", found)
                by_distance[system.name].append((distance, found.rate))
    by_clients = {"Postfix": [], "mod_smtp_send": []}
    with tools.Sink() as sink, NullClient(sink.port) as postfix, Module(sink.port) as module:
        for clients in CLIENTS:
            for system, way in ((postfix, "smtp"), (module, "http")):
                found = flow.run(system, sink, flow.size(system, sink, way, seconds=2, connections=clients), way, connections=clients)
                row.faults(f"{system.name}, {clients} clients", found)
                by_clients[system.name].append((clients, found.rate))
    for name in by_distance:
        row.line(f"{name} by round-trip time", ", ".join(f"{x} ms: {y:,.0f}" for x, y in by_distance[name]) + " msg/s")
        row.line(f"{name} by clients", ", ".join(f"{x}: {y:,.0f}" for x, y in by_clients[name]) + " msg/s")
    plot.write(bench.path("bench-rtt.svg"), "Throughput and the relay's distance", "round trip to the relay (ms)", by_distance, bench.when, is_log_x=False)
    plot.write(bench.path("bench-concurrency.svg"), "Throughput and the number of clients", "clients that submit at once", by_clients, bench.when, is_log_x=True)
    far = dict(by_distance["mod_smtp_send"])
    row.verdict("faster than Postfix at every distance: least ratio", min(a[1] / b[1] if b[1] else 0 for a, b in zip(by_distance["mod_smtp_send"], by_distance["Postfix"])), 1)
    row.note(f"One run a point, of about 2 s; at {DISTANCES[-1]} ms ours keeps {100 * far[DISTANCES[-1]] / far[0]:.0f} % of its rate without distance." if far[0] else "")
    return row
