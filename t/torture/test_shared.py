"""Several nodes on one PostgreSQL under load, as test_torture.py: a node, a daemon, the server itself are killed; what was answered 202 arrives."""
import os
import signal
import threading

import pytest
from rig.httpd import is_running
from rig.postgres import Postgres
from torture.conftest import times
from torture.ledger import Load, Sink, settle
from torture.shared import HEALED, Faults, Ledger, Node, green, play
from torture.test_torture import BOUND, CONFIG, CONNECTIONS, EXPECT, FAULT, SEED, WINDOW, report, wait_a_moment

EXPECT_SHARED = [*EXPECT, "taken over", "given this one up", "sending is paused", "sending stops", "queue answers again"]


@pytest.fixture(scope="module")
def server():
    """It outlives each httpd: a daemon that leaves commits its last outcomes."""
    with Postgres() as server:
        yield server


def node(make_httpd, database, sink, config=CONFIG):
    return make_httpd(f"{database.directive}\n{config}", sink, expect=EXPECT_SHARED)


def kill(httpd):
    """The whole machine at once."""
    daemon = httpd.status()["pid"]
    os.killpg(httpd.process.pid, signal.SIGKILL)
    if is_running(daemon):
        os.kill(daemon, signal.SIGKILL)
    httpd.process.wait(20)


def bury(httpd, database):
    """The server's clock goes on for a minute, for the node that has been silent for three seconds; the other takes what it left."""
    silent = "seen < (extract(epoch from clock_timestamp()) * 1000000)::bigint - 3000000"

    def look():
        database.sql(f"UPDATE node SET seen = seen - 60000000 WHERE token <> '' AND {silent}")
        return len(database.sql("SELECT 1 FROM node")) == 1
    httpd.wait(look, 60, "the dead node's row to go")


class Numbers(Load):
    """Both nodes' loads count in one row, so that a number names one message."""

    def __init__(self, port, row, **kwargs):
        super().__init__(port, **kwargs)
        self.row = row

    def number(self):
        with self.row["lock"]:
            self.row["next"] += 1
            return self.row["next"]


def test_a_node_is_killed_in_the_middle(server, make_httpd):
    """All is delivered; twice at most a window a connection of the dead node's, and the outcomes of the commit that it was in."""
    total = times(2000, 20000)
    database = server.database()
    row = {"lock": threading.Lock(), "next": 0}
    with Sink() as sink:
        nodes = [node(make_httpd, database, sink) for _ in range(2)]
        loads = [Numbers(n.port, row, pause=0.001).start() for n in nodes]
        sink.wait(lambda: len(sink.arrived) >= total // 2, 240)
        # Mail waits at the node that dies.
        nodes[1].cli("pause", "--reason", "torture", check=0)
        nodes[0].wait(lambda: nodes[0].status()["paused"], 2, "the pause at the other node, within two seconds")
        before = len(loads[0].accepted)
        nodes[0].wait(lambda: len(loads[0].accepted) > before + total // 20, 60, "mail to wait")
        nodes[1].cli("resume", check=0)
        kill(nodes[0])
        loads[0].stop()
        bury(nodes[1], database)
        sink.wait(lambda: len(loads[0].accepted) + len(loads[1].accepted) >= total, 240)
        loads[1].stop()
        loads[1].accepted |= loads[0].accepted
        figures = settle(loads[1], sink)
        report("two nodes, one killed", figures)
        assert figures["lost"] == 0 and figures["duplicates"] <= BOUND, figures


def test_r2_a_node_s_daemon_is_killed(server, make_httpd):
    """It comes back under its own name and finds its mail at once."""
    kills = times(3, 50)
    with Sink() as sink:
        httpd = node(make_httpd, server.database(), sink)
        load = Load(httpd.port).start()
        for kill_number in range(kills):
            if kill_number and kill_number % 5 == 0:
                httpd.stop()
                httpd.start()
            pid = httpd.wait(lambda: httpd.status(check=False).get("pid"), 30, "the daemon to answer")
            wait_a_moment(0.05, 0.5)
            os.kill(pid, signal.SIGKILL)
            httpd.wait(lambda: httpd.status(check=False).get("pid", pid) != pid, 30, "the next daemon")
        load.stop()
        figures = settle(load, sink)
        report("R2 PostgreSQL", figures)
        assert figures["lost"] == 0 and figures["duplicates"] <= BOUND * kills, figures


def test_r5_the_server_is_killed_and_started(server, make_httpd):
    kills = times(2, 20)
    with Sink() as sink:
        httpd = node(make_httpd, server.database(), sink)
        load = Load(httpd.port).start()
        for _ in range(kills):
            before = len(load.accepted)
            httpd.wait(lambda: len(load.accepted) > before + 50, 40, "submissions to be taken")
            refused = load.refused.get(503, 0)
            server.kill()
            httpd.wait(lambda: load.refused.get(503, 0) > refused, 20, "503")
            server.start()
        before = len(load.accepted)
        httpd.wait(lambda: len(load.accepted) > before + 50, 40, "submissions to be taken")
        load.stop()
        figures = settle(load, sink)
        report("R5 PostgreSQL killed", figures)
        # What was delivered while the server was away is remembered until it is back: nothing comes twice. What a lost commit held was refused or found.
        assert figures["lost"] == 0 and figures["duplicates"] <= WINDOW * CONNECTIONS, figures


# How often each fault: of a node, and of the way to its database. What takes longer than the lease is for the long run.
OF_NODE = {"kill": 10, "machine": 3, "hold": 8, "graceful": 4, "restart": 2, "clock": 8, "clock_years": 1}
OF_NODE_LONG = {"stop": 1, "machine_long": 0.5}
OF_WAY = {"cut": 10, "away": 3, "freeze": 3, "conflict": 8, "lose": 6}
OF_WAY_LONG = {"partition": 0.5}


@pytest.mark.parametrize("count", [2, 3])
def test_r12_nodes_under_faults(server, make_httpd, count):
    """Jepsen's two rules: nothing accepted is lost, no message is claimed by two nodes; what comes twice was in flight at a node that a fault hit, a window a connection at most."""
    seconds = 60 * float(os.environ.get("MINUTES", times(0.15, 22)))
    ledger = Ledger()
    rare = threading.Semaphore(count - 1)
    database = server.database()
    only = os.environ.get("FAULTS", "").split()
    of_node, of_way, of_database = [{k: v for k, v in some.items() if not only or k in only} for some in
                                    ({**OF_NODE, **times({}, OF_NODE_LONG)}, {**OF_WAY, **times({}, OF_WAY_LONG)}, {"database": 1})]
    nodes, faults = [], [Faults(ledger, None, server, f"{SEED} database", times((4, 8), (10, 30)), of_database, rare)]
    try:
        for i in range(count):
            nodes.append(Node(i, make_httpd, server, database, ledger, CONFIG, FAULT))
            faults.append(Faults(ledger, nodes[i], server, f"{SEED} node {i}", times((0.5, 3), (0.7, 4)), of_node, rare))
            faults.append(Faults(ledger, nodes[i], server, f"{SEED} way {i}", (0.5, 3), of_way, rare))
        figures = {**play(ledger, nodes, faults, seconds), "seed": SEED}
        report("R12", figures)
        for number in figures["which"][0]:
            print("lost", number, "accepted by node", ledger.accepted[number], database.sql(f"SELECT id, node, due, finished, attempts, now() FROM message WHERE idem_key LIKE '%ledger-{number}'"))
        assert not figures["lost"] and not figures["unexplained"] and figures["worst"] <= WINDOW * (CONNECTIONS + 1), figures
        for node in nodes:
            green(node.httpd)
            assert "exit signal" not in node.httpd.log()
        nodes[0].httpd.wait(lambda: not database.sql("SELECT 1 FROM message WHERE finished = 0"), HEALED, "what nobody waits for to be sent, too")
        assert not database.sql("SELECT id, node FROM message WHERE node NOT IN (SELECT name FROM node)"), "messages of no node"
    finally:
        for node in nodes:
            node.httpd.stop()
            node.close()
