"""The queue on a server that is not a plain PostgreSQL: one that rolls transactions back, loses answers, refuses statements, or stands behind a pool of connections. A proxy plays it."""
import pytest
from rig.pgproxy import RESTART, PgProxy
from rig.postgres import Postgres

from e2e.test_pgsql import node
from e2e.test_restart import Load, ledger


@pytest.fixture(scope="module")
def server():
    with Postgres() as server:
        yield server


@pytest.fixture
def proxy(server):
    with PgProxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def database(server, proxy):
    return proxy.database(server.database())


def begin(httpd):
    """The tables are there."""
    httpd.wait_state(httpd.send(b"X-Test-Id: first\r\n\r\nbody\r\n").json["id"], "sent")


def all_arrived_once(httpd, load, relay):
    httpd.wait(lambda: not load.accepted - set(ledger(relay)), 30, "all that was accepted to arrive")
    assert max(ledger(relay).values()) == 1
    httpd.wait(lambda: httpd.status()["queue"]["messages"] == 0, 20, "an empty queue")


# ---- transactions that end badly ----

@pytest.mark.parametrize("code, words", [("40001", "x"), ("XX000", RESTART)])
def test_what_the_server_rolls_back_is_done_again(proxy, database, make_httpd, relay, code, words):
    """Every tenth statement, at the end of a transaction or in the middle: nobody notices. Known by the SQLSTATE or by the words."""
    httpd = node(make_httpd, database, relay)
    begin(httpd)
    rules = [proxy.fail(match, code, words, chance=0.1) for match in (r"^COMMIT", r"^(INSERT INTO|UPDATE) (message|recipient|node)\b")]
    load = Load(httpd, threads=3, most=100000)
    for rule in rules:
        rule.wait(4)
    load.end()
    for rule in rules:
        rule.end()
    assert not load.refused and not load.broken
    all_arrived_once(httpd, load, relay)


def test_a_client_waits_while_transactions_collide(proxy, database, make_httpd, relay):
    """For seconds, not three times at once; the log says why, and health too, until it is over."""
    httpd = node(make_httpd, database, relay, expect=["other transactions used the same rows", "can be written again"])
    begin(httpd)
    rule = proxy.fail(r"^COMMIT")
    load = Load(httpd, threads=1, most=1)
    rule.wait(1)
    httpd.wait(lambda: "other transactions used the same rows" in httpd.log(), 20, "the reason in the log")
    assert 8 < rule.hits < 30 and not load.refused
    rule.end()
    load.wait_for(1)
    load.end()
    all_arrived_once(httpd, load, relay)
    httpd.wait(lambda: "can be written again" in httpd.log(), 10, "the end of it in the log")


def test_commits_whose_answers_are_lost(proxy, database, make_httpd, relay):
    """Some of them took effect, some did not: what is in the queue is looked up, the rest is done again."""
    httpd = node(make_httpd, database, relay, expect=["cannot be written", "can be written again"])
    begin(httpd)
    rules = [proxy.lose(chance=0.1), proxy.cut(r"^COMMIT", chance=0.1)]
    load = Load(httpd, threads=3, most=100000)
    for rule in rules:
        rule.wait(5)
    load.end()
    for rule in rules:
        rule.end()
    assert not load.broken
    all_arrived_once(httpd, load, relay)
