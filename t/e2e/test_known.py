"""The waiting messages are always known: a start that cannot read the database, a commit whose answer is lost, nodes without a row."""
import pytest
from rig.pgproxy import PgProxy
from rig.postgres import Postgres

from e2e.test_pgsql import DEATH, kill, name_of, names, node, silence

COUNTING = r"ORDER BY relay, due, id LIMIT 1 OFFSET"
SETTINGS = r"SELECT key, value FROM setting WHERE key >"
SUBJECT = b"Subject: test\r\n\r\nhello\r\n"


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


def stop_with_mail(httpd):
    """A node that waits with five messages."""
    httpd.cli("pause", "--reason", "test", check=0)
    ids = [httpd.send().json["id"] for _ in range(5)]
    httpd.stop()
    return ids


def test_mail_is_sent_while_it_cannot_be_counted(proxy, database, make_httpd, relay):
    httpd = node(make_httpd, database, relay, expect=["sending is paused", "could not be counted"])
    ids = stop_with_mail(httpd)
    rule = proxy.fail(COUNTING, "XX000")
    httpd.start()
    assert httpd.status()["queue"]["counted"] is False and b"not counted yet" in httpd.cli("status").stdout
    httpd.cli("resume", check=0)
    for ident in ids:
        httpd.wait_state(ident, "sent")
    rule.wait(3)
    assert httpd.status()["queue"]["counted"] is False
    rule.end()
    httpd.wait(lambda: httpd.status()["queue"]["counted"], 40, "the count")
    httpd.wait(lambda: httpd.status()["counts"]["sent"] == 5 and httpd.status()["queue"]["messages"] == 0, 40, "the right count")


def test_a_pause_that_cannot_be_read_holds(proxy, database, make_httpd, relay):
    httpd = node(make_httpd, database, relay, expect=["sending is paused", "what was paused could not be read", "answered with 503", "AH01"])
    ids = stop_with_mail(httpd)
    rule = proxy.fail(SETTINGS, "XX000")
    httpd.start(wait=False)
    rule.wait(3)
    httpd.wait(lambda: [r["reason"] for r in httpd.status(check=False).get("reasons", []) if "what was paused" in r["detail"]] == ["queue"], 20, "health to name the reason")
    refused = httpd.send()
    assert refused.status == 503 and "the queue is being opened" in refused.text
    rule.end()
    httpd.wait(lambda: httpd.status(check=False).get("paused"), 40, "the pause")
    httpd.wait(lambda: httpd.status()["queue"]["messages"] == 5, 20, "the messages to be counted")
    assert not relay.messages
    httpd.cli("resume", check=0)
    for ident in ids:
        httpd.wait_state(ident, "sent")


def test_a_commit_whose_answer_never_came(proxy, database, make_httpd, relay):
    """The client gets 503 although the message is stored: it is sent once the database is back, and the repeated submission finds it."""
    httpd = node(make_httpd, database, relay, expect=["cannot be written", "can be written again", "nothing is sent", "mail is sent again", "could not be read", "could not be counted", "answered with 503", "AH01", "sending stops", "queue answers again"])
    httpd.wait_state(httpd.send().json["id"], "sent")

    def goes_away(*_):
        proxy.is_down = True
        return ("lose",)

    def accepts(*_):
        proxy.rule(r"^COMMIT", goes_away, most=1)
    proxy.rule(r"^INSERT INTO message", accepts, most=1)
    key = {"Idempotency-Key": "once"}
    assert httpd.send(headers=key).status == 503
    assert len(database.sql("SELECT id FROM message")) == 2
    proxy.up()
    relay.wait_for(2, 60)
    again = httpd.send(headers=key)
    assert again.status == 200
    httpd.wait_state(again.json["id"], "sent")
    httpd.wait(lambda: httpd.status()["counts"]["sent"] == 2 and httpd.status()["queue"]["messages"] == 0, 60, "the right count")
    assert len(relay.messages) == 2


def test_nodes_without_a_row(database, make_httpd, relay):
    """A node that lives makes its row again, and sends its mail; the mail of one that does not is taken over."""
    a = node(make_httpd, database, relay, expect=["sending is paused", "given this one up", *DEATH])
    first = name_of(a, database)
    a.cli("pause", "--reason", "test", check=0)
    waiting = a.send().json["id"]
    database.sql("DELETE FROM node")
    a.wait(lambda: names(database) == [first], 10, "the row")
    a.cli("resume", check=0)
    a.wait_state(waiting, "sent")
    a.cli("pause", "--reason", "test", check=0)
    left = a.send().json["id"]
    kill(a)
    database.sql("DELETE FROM node")
    b = node(make_httpd, database, relay, expect=["taken over", "sending is paused"])
    b.wait(lambda: first in names(database), 10, "a row for the mail that nobody has")
    silence(database, first)
    b.cli("resume", check=0)
    b.wait_state(left, "sent", 40)
    assert len(relay.messages) == 3
