"""The queue on a real PostgreSQL: one node, the server's death, several nodes, their deaths and their actions on each other's mail."""
import collections
import glob
import json
import os
import signal
import threading

import pytest
from rig.httpd import is_running, select_pause
from rig.postgres import Postgres

from e2e.test_event_log import wait_for_events
from e2e.test_restart import Load, ledger
from e2e.test_webhook import Application, handlers

SLOW = "SMTPSendConnections 1\nSMTPSendRetry 1s\n"
FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
DEATH = ["AH00", "child pid", "ended unexpectedly", "was killed"]


@pytest.fixture(scope="module")
def server():
    with Postgres() as server:
        yield server


@pytest.fixture
def database(server):
    return server.database()


def node(make_httpd, database, relay, config="", **kwargs):
    return make_httpd(f"{database.directive}\n{config}", relay, **kwargs)


def names(database):
    return [row[0] for row in database.sql("SELECT name FROM node ORDER BY name")]


def silence(database, name):
    """The server's clock goes on for a minute, for one node."""
    database.sql(f"UPDATE node SET seen = seen - 60000000 WHERE name = '{name}'")


def name_of(httpd, database):
    """A node's name, by a message that it accepted."""
    ident = httpd.send().json["id"]
    httpd.wait_state(ident, "sent")
    return database.sql(f"SELECT node FROM message WHERE id = '{ident}'")[0][0]


def kill(httpd):
    """The whole machine at once."""
    daemon = httpd.status()["pid"]
    os.killpg(httpd.process.pid, signal.SIGKILL)
    if is_running(daemon):
        os.kill(daemon, signal.SIGKILL)
    httpd.process.wait(20)
    httpd.wait(lambda: not is_running(daemon), 20, "the daemon's end")


# ---- one node ----

def test_a_message_goes_through_and_is_found(make_httpd, relay, database):
    httpd = node(make_httpd, database, relay)
    large = b"Subject: large\r\n\r\n" + b"x" * 76 * 1024 + b"\r\n" + b"0123456789abcdef\r\n" * 40000
    odd = b"Subject: J\xfcrgen's offer\r\n\r\nbody\r\n"
    for content in (large, odd):
        ident = httpd.send(content, to=("bob@example.net", "eve@example.net")).json["id"]
        message = httpd.wait_state(ident, "sent")
        assert [r["address"] for r in message["recipients"]] == ["bob@example.net", "eve@example.net"]
    assert sorted(len(m.data) > 700000 for m in relay.messages) == [False, True]
    assert b"0123456789abcdef\r\n" * 40000 in max((m.data for m in relay.messages), key=len)
    listed = json.loads(httpd.cli("queue", "--json", "--all", "--to", "EVE@*", check=0).stdout)["messages"]
    assert len(listed) == 2
    assert database.sql("SELECT count(*) FROM body") == [["0"]]


def test_ids_may_be_shortened(make_httpd, relay, database):
    httpd = node(make_httpd, database, relay, "SMTPSendPause On\n", expect=["sending is paused"])
    ident = httpd.send().json["id"]
    httpd.send()
    for part in (ident[-8:], ident[1:].upper(), ident[:-1]):
        shown = httpd.cli("show", "--json", part)
        assert shown.returncode == 0 and ident.encode() in shown.stdout, (part, shown)
    assert httpd.cli("show", ident[:6]).returncode == 1 == httpd.cli("show", ident[10:20]).returncode


def test_keys_holds_and_history(make_httpd, relay, database):
    httpd = node(make_httpd, database, relay, "SMTPSendPause On\n", expect=["sending is paused"])
    first = httpd.send(headers={"Idempotency-Key": "k1"})
    again = httpd.send(headers={"Idempotency-Key": "k1"})
    other = httpd.send(b"Subject: other\r\n\r\nx\r\n", headers={"Idempotency-Key": "k1"})
    assert first.status == 202 and again.json["id"] == first.json["id"] and other.status == 422
    ident = first.json["id"]
    httpd.cli("hold", ident, check=0)
    assert httpd.message(ident)["state"] == "held"
    httpd.cli("release", ident, check=0)
    assert httpd.message(ident)["state"] == "queued"
    httpd.cli("cancel", ident, check=0)
    assert httpd.message(ident)["state"] == "cancelled"
    assert database.sql("SELECT what FROM event ORDER BY time") == [["held"], ["released"], ["cancelled"]]
    assert httpd.status()["counts"]["cancelled"] == 1 and httpd.status()["queue"]["messages"] == 0


def test_what_waits_survives_restarts(make_httpd, relay, database):
    httpd = node(make_httpd, database, relay)
    httpd.cli("pause", "--reason", "test", check=0)
    httpd.expect("sending is paused")
    ids = [httpd.send().json["id"] for _ in range(5)]
    httpd.graceful_wait()
    assert httpd.status()["queue"]["messages"] == 5 and httpd.status()["paused"]
    httpd.stop()
    httpd.start()
    assert httpd.status()["queue"]["messages"] == 5 and not relay.messages
    httpd.cli("resume", check=0)
    for ident in ids:
        httpd.wait_state(ident, "sent")
    assert len(relay.messages) == 5 and len(names(database)) == 1


def test_the_server_is_killed_and_started_again(make_httpd, relay, server):
    """The promise holds: what was answered 202 arrives; submissions meanwhile get 503 with the reason, and it heals by itself."""
    with Postgres() as own:
        database = own.database()
        httpd = node(make_httpd, database, relay, expect=["cannot be written", "can be written again", "could not", "answered with 503", "AH01"])
        load = Load(httpd, threads=2, most=100000)
        load.wait_for(100)
        own.kill()
        httpd.wait(lambda: load.refused, 20, "a refusal")
        status, text = load.refused[0][1:]
        assert status == 503 and "PostgreSQL 127.0.0.1" in text, text
        assert not httpd.status()["healthy"]
        refused = len(load.refused)
        httpd.wait(lambda: len(load.refused) > refused + 20, 30, "further refusals")
        accepted = len(load.accepted)
        own.start()
        load.wait_for(accepted + 100)
        load.end()
        assert not load.broken
        httpd.wait(lambda: len(load.accepted - set(ledger(relay))) == 0, 30, "all that was accepted to arrive")
        httpd.wait(lambda: httpd.status()["queue"]["messages"] == 0, 20, "an empty queue")
        assert max(ledger(relay).values()) == 1, "an outcome that was known is never forgotten"
        httpd.wait(lambda: httpd.status()["healthy"], 20, "health")


def test_a_commit_whose_answer_is_lost_is_looked_for(make_httpd, relay, server):
    """The server dies between two commits many times over: no message is accepted twice, none that was accepted is lost."""
    with Postgres() as own:
        database = own.database()
        httpd = node(make_httpd, database, relay, expect=["cannot be written", "can be written again", "could not", "answered with 503", "AH01"])
        load = Load(httpd, threads=3, most=100000)
        for _ in range(4):
            load.wait_for(len(load.accepted) + 60)
            # Connections break where they are; the server itself stays.
            own.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mod_smtp_send'")
        load.wait_for(len(load.accepted) + 60)
        load.end()
        httpd.wait(lambda: len(load.accepted - set(ledger(relay))) == 0, 30, "all that was accepted to arrive")
        arrived = ledger(relay)
        assert max(arrived.values()) == 1
        # A broken connection is no reason to refuse anybody: it is made again within the same request.
        assert not load.refused and not load.broken


# ---- what can be wrong with the database ----

@pytest.mark.parametrize("conninfo, words", [
    ("host=127.0.0.1 port=1 user=x password=s3cret dbname=x", ["PostgreSQL 127.0.0.1:1/x", "refused"]),
    ("host=127.0.0.1 port={port} user=nobody password=s3cret dbname=postgres", ["nobody"]),
    ("host=127.0.0.1 port={port} user=smtp_send password=s3cret dbname=nowhere", ["nowhere"]),
    ("postgresql://smtp_send:s3cret@127.0.0.1:{port}/nowhere", ["nowhere"]),
])
def test_a_server_that_cannot_be_used(make_httpd, relay, server, conninfo, words):
    httpd = make_httpd(f'SMTPSendQueue pgsql "{conninfo.format(port=server.port)}"\n', relay, expect=["cannot be used", "answered with 503"])
    answer = httpd.send()
    assert answer.status == 503, answer
    for word in words:
        assert word in answer.text and word in httpd.log(), (word, answer.text)
    assert "s3cret" not in httpd.log() + answer.text


def test_databases_that_are_no_queue(make_httpd, relay, server):
    foreign = server.database()
    foreign.sql("CREATE TABLE customer (id INT)")
    newer = server.database()
    newer.sql("CREATE TABLE version (number BIGINT); INSERT INTO version VALUES (99)")
    latin = server.database("ENCODING 'LATIN1' TEMPLATE template0")
    for database, word in ((foreign, "another program"), (newer, "newer module"), (latin, "UTF8")):
        httpd = node(make_httpd, database, relay, expect=["cannot be used", "answered with 503"])
        answer = httpd.send()
        assert answer.status == 503 and word in answer.text, answer
    assert foreign.sql("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") == [["1"]]
    assert newer.sql("SELECT number FROM version") == [["99"]]


def test_a_role_with_the_documented_rights_is_enough(make_httpd, relay, server):
    """One role makes the tables once, another works with them; without the grants the error says which are missing."""
    database = server.database()
    httpd = node(make_httpd, database, relay)
    name_of(httpd, database)
    httpd.stop()
    database.sql("DROP ROLE IF EXISTS mailer; CREATE ROLE mailer LOGIN")
    config = database.directive.replace("user=smtp_send", "user=mailer") + "\n"
    refused = make_httpd(config, relay, expect=["cannot be used", "answered with 503"])
    answer = refused.send()
    assert answer.status == 503 and "SELECT, INSERT, UPDATE and DELETE" in answer.text, answer
    refused.stop()
    database.sql("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO mailer")
    httpd.write(config)
    httpd.start()
    httpd.wait_state(httpd.send().json["id"], "sent")


# ---- several nodes ----

def test_a_pause_at_one_node_stops_all(make_httpd, relay, database):
    a, b = (node(make_httpd, database, relay, expect=["sending is paused"]) for _ in range(2))
    name_of(b, database)
    a.cli("pause", "--reason", "relay is moved", check=0)
    b.wait(lambda: b.status()["paused"], 2, "the pause at the other node")
    assert b.status()["relays"][0]["pause"]["reason"] == "relay is moved"
    before = len(relay.messages)
    ids = [b.send().json["id"] for _ in range(3)]
    # The other node counts what this one holds.
    a.wait(lambda: a.status()["queue"]["messages"] == 3, 5, "the other node's count")
    assert len(relay.messages) == before
    assert {n["silent"] for n in a.status()["nodes"]} == {False}
    page = a.get("/mail-status", {"Accept": "text/html"}).text
    assert f"Other nodes: {a.status()['nodes'][0]['name']}." in page
    b.cli("resume", check=0)
    a.wait(lambda: not a.status()["paused"], 2, "the resume at the other node")
    for ident in ids:
        b.wait_state(ident, "sent")
    assert len(names(database)) == 2


def test_one_key_at_two_nodes_at_once_is_one_message(make_httpd, relay, database):
    nodes = [node(make_httpd, database, relay) for _ in range(2)]
    for turn in range(10):
        answers = []
        threads = [threading.Thread(target=lambda n=n: answers.append(n.send(headers={"Idempotency-Key": f"key-{turn}"}))) for n in nodes for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert {a.status for a in answers} <= {200, 202, 409} and len({a.json["id"] for a in answers if a.status != 409}) == 1, answers
    nodes[0].wait(lambda: len(relay.messages) == 10, 20, "ten messages")


def test_actions_on_another_nodes_mail(make_httpd, make_relay, database):
    gone = make_relay()
    gone.close()
    down = ["is down at", "status=deferred", "Connection refused"]
    a, b = (node(make_httpd, database, gone, expect=down) for _ in range(2))
    held, cancelled, bounced, retried = (a.send(f"Subject: {i}\r\n\r\nx\r\n".encode()).json["id"] for i in range(4))
    b.cli("hold", held, check=0)
    b.cli("cancel", cancelled, check=0)
    b.cli("bounce", bounced, check=0)
    a.expect("bounced by", "status=bounced")
    a.wait(lambda: a.message(bounced)["state"] == "failed", 5, "the bounce by its own node")
    assert a.message(held)["state"] == "held" and a.message(cancelled)["state"] == "cancelled"

    def counts(httpd):
        found = httpd.status()["counts"]
        return found["held"], found["cancelled"], found["failed"]
    for httpd in (a, b):
        httpd.wait(lambda: counts(httpd) == (1, 1, 1), 5, f"counts, now {counts(httpd)}")
    assert b.status()["queue"]["messages"] == a.status()["queue"]["messages"] > 0
    assert database.sql("SELECT count(*) FROM handed") == [["0"]]
    b.cli("release", held, check=0)
    a.wait(lambda: counts(a)[0] == 0, 5, "the release")
    assert a.message(retried)["state"] in ("queued", "deferred")


def slowly(session, argument):
    """A relay that takes fifty messages a second on a connection, so that some wait when a node dies."""
    select_pause(0.02)


def test_a_node_dies_and_the_other_delivers(make_httpd, make_relay, database):
    """Each message arrives; at most a window a connection of the dead node's twice."""
    relay = make_relay(replies={"END": slowly})
    config = "SMTPSendConnections 2\n"
    a = node(make_httpd, database, relay, config, expect=DEATH)
    b = node(make_httpd, database, relay, config, expect=["taken over"])
    first = name_of(a, database)
    loads = [Load(n, threads=2, most=400) for n in (a, b)]
    loads[0].wait_for(300)
    loads[0].end()
    kill(a)
    silence(database, first)
    loads[1].wait_for(400)
    loads[1].end()
    accepted = loads[0].accepted, loads[1].accepted
    total = len(accepted[0]) + len(accepted[1])
    b.wait(lambda: b.status()["queue"]["messages"] == 0 and len(relay.messages) > total, 60, lambda: f"{total} messages, {len(relay.messages)} arrived, {b.status()['queue']}")
    arrived = collections.Counter(m.data.split(b"X-Test-Id: ")[1].split(b"\r")[0] for m in relay.messages if b"X-Test-Id" in m.data)
    # Both loads number from one: each id arrives once for each.
    expected = collections.Counter(i.encode() for part in accepted for i in part)
    assert not expected - arrived, "lost"
    assert sum((arrived - expected).values()) <= 2 * 16
    b.wait(lambda: names(database) != [] and first not in names(database), 20, "the dead node's row to go")


@pytest.mark.parametrize("ahead", ["+20m", "-20m"])
def test_clocks_that_differ(make_httpd, relay, database, ahead):
    """The database server's clock decides who lives: nobody's mail is taken while it lives; and a dead node's is not late by what its clock was ahead."""
    wrong = {"LD_PRELOAD": FAKETIME, "FAKETIME": ahead, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    a = node(make_httpd, database, relay, env=wrong, expect=[*DEATH, "sending is paused"])
    b = node(make_httpd, database, relay, expect=["sending is paused", "taken over"])
    first, second = name_of(a, database), name_of(b, database)
    a.cli("pause", "--reason", "test", check=0)
    b.wait(lambda: b.status()["paused"], 2, "the pause at the other node")
    ids = [httpd.send().json["id"] for httpd in (a, b) for _ in range(3)]
    created = [int(row[0]) for row in database.sql("SELECT created FROM message WHERE finished = 0 ORDER BY created")]
    assert 1100e6 < created[-1] - created[0] < 1300e6, "the clocks differ"
    for httpd, other in ((a, second), (b, first)):
        httpd.wait(lambda httpd=httpd: httpd.status()["queue"]["messages"] == 6, 5, "the other node's count")
        assert [(n["name"], n["silent"]) for n in httpd.status()["nodes"]] == [(other, False)]
    assert sorted(database.sql("SELECT node, count(*) FROM message WHERE finished = 0 GROUP BY node")) == sorted([[first, "3"], [second, "3"]])
    kill(a)
    silence(database, first)
    b.cli("resume", check=0)
    for ident in ids:
        b.wait_state(ident, "sent")
    assert len(relay.messages) == 2 + 6
    b.wait(lambda: first not in names(database), 20, "the dead node's row to go")


def test_a_node_that_was_away_forgets_what_was_taken_from_it(make_httpd, make_relay, database):
    """Its daemon stands still for a minute of the server's clock, and goes on: nothing is sent twice, since nothing was under way."""
    relay = make_relay()
    a = node(make_httpd, database, relay, expect=["given this one up", "sending is paused", "given no sign", "sending stops", "queue answers again"])
    b = node(make_httpd, database, relay, expect=["taken over", "sending is paused"])
    first = name_of(a, database)
    a.cli("pause", "--reason", "x", check=0)
    b.wait(lambda: b.status()["paused"], 5, "the pause")
    ids = [a.send(f"X-Test-Id: w{i}\r\nSubject: x\r\n\r\nx\r\n".encode()).json["id"] for i in range(20)]
    daemon = a.status()["pid"]
    os.kill(daemon, signal.SIGSTOP)
    try:
        silence(database, first)
        b.wait(lambda: database.sql(f"SELECT count(*) FROM message WHERE finished = 0 AND node <> '{first}'") == [["20"]], 40, "the take-over")
        b.cli("resume", check=0)
        for ident in ids:
            b.wait_state(ident, "sent")
    finally:
        os.kill(daemon, signal.SIGCONT)
    a.wait_log("given this one up", 20)
    a.wait(lambda: not a.status()["paused"] and a.status()["queue"]["messages"] == 0, 20, "the node to know")
    ident = a.send().json["id"]
    a.wait_state(ident, "sent")
    assert set(ledger_of(relay).values()) == {1}


def ledger_of(relay):
    return collections.Counter(m.data.split(b"X-Test-Id: ")[1].split(b"\r")[0] for m in relay.messages if b"X-Test-Id" in m.data)


def test_results_that_a_dead_node_had_to_send_are_sent(make_httpd, relay, database):
    """The application could not take the result when the node died; the other node tells it."""
    with Application(500) as application:
        nodes = [node(make_httpd, database, relay, handlers=handlers(f"SMTPSendWebhook {application.url}"), expect=[*DEATH, "taken over", "answered 500", "does not take"])
                 for _ in range(2)]
        ident = nodes[0].send().json["id"]
        application.wait_for(1)
        nodes[0].wait(lambda: database.sql("SELECT count(*) FROM setting WHERE left(key, 8) = 'webhook/'") == [["1"]], 10, "the result to be kept")
        first = database.sql("SELECT DISTINCT node FROM message")[0][0]
        kill(nodes[0])
        silence(database, first)
        assert [received["id"] for received in application.wait_for(2, 60)] == [ident, ident]
        nodes[1].wait(lambda: database.sql("SELECT count(*) FROM setting WHERE left(key, 8) = 'webhook/'") == [["0"]], 10, "the result to be crossed out")
        nodes[1].wait(lambda: nodes[1].status()["nodes"] == [], 10, "the dead node to be forgotten")


def test_nodes_that_start_at_once_on_an_empty_database(make_httpd, relay, server):
    """One of them makes the tables; nobody takes them for another program's."""
    for _ in range(3):
        database = server.database()
        nodes = [node(make_httpd, database, relay, start=False) for _ in range(3)]
        for httpd in nodes:
            httpd.start(wait=False)
        for httpd in nodes:
            httpd.wait(httpd.answers, 20, "httpd to answer")
            httpd.wait_state(httpd.send().json["id"], "sent")
            httpd.stop()


def test_tables_of_the_version_before_are_brought_up_to_date(make_httpd, relay, server):
    database = server.database()
    httpd = node(make_httpd, database, relay, "SMTPSendPause On", expect=["sending is paused", "SMTPSend-303"])
    identity = httpd.send().json["id"]
    httpd.stop()
    database.sql("ALTER TABLE message DROP COLUMN traceparent; UPDATE version SET number = 2")
    httpd.write(f"{database.directive}\n")
    httpd.start()
    relay.wait_for(1)
    assert httpd.wait_state(identity, "sent")
    value = f"00-{1:032x}-{1:016x}-01"
    traced = httpd.send(headers={"traceparent": value}).json["id"]
    assert httpd.message(traced)["traceparent"] == value and database.sql("SELECT number FROM version") == [["3"]]


REFUSED = "554 5.7.1 <x@other.example>: Relay access denied"


@pytest.mark.parametrize("bad_first", [True, False], ids=["the-refused-first", "mixed"])
def test_a_relay_that_refuses_some_is_blocked_by_neither_node(make_httpd, make_relay, database, bad_first):
    """In words that may be about the nodes themselves: the good mail flows at once, and each refused message fails once."""
    tried = collections.Counter()

    def at_rcpt(session, argument):
        if "bad" not in argument:
            return None
        tried[argument.partition(">")[0].partition("<")[2]] += 1
        return REFUSED
    relay = make_relay(replies={"RCPT": at_rcpt})
    quiet = ["status=bounced", "reply code to the RCPT", "may be about this server", "is blocked", "works again", "sending is paused"]
    nodes = [node(make_httpd, database, relay, "SMTPSendBounce off\nSMTPSendPause On\n", expect=quiet) for _ in range(2)]
    bad, good = {}, []
    for i in range(40):
        httpd = nodes[i % 2]
        if i < 12 if bad_first else i % 5 < 2:
            bad[f"bad{i}@other.example"] = httpd.send(to=(f"bad{i}@other.example",)).json["id"]
        else:
            good.append(httpd.send(f"X-Test-Id: m{i}\r\nSubject: x\r\n\r\nx\r\n".encode(), to=(f"user{i}@example.net",)).json["id"])
    for httpd in nodes:
        httpd.write(f"{database.directive}\nSMTPSendBounce off\n")
        httpd.graceful()
    relay.wait_for(len(good), timeout=10)
    for ident in bad.values():
        recipient = nodes[0].wait_state(ident, "failed", timeout=10)["recipients"][0]
        assert "Relay access denied" in recipient["reply"] and recipient["attempts"] == 1, recipient
    for ident in good:
        nodes[1].wait_state(ident, "sent", timeout=10)
    assert sorted(m.headers for m in relay.messages) == sorted(set(m.headers for m in relay.messages)) and len(relay.messages) == len(good)
    # Once to find out whom it is about, perhaps once more when that is known.
    assert set(tried) == set(bad) and max(tried.values()) <= 3, tried
    assert database.sql("SELECT count(*) FROM event WHERE what = 'failed'") == [[str(len(bad))]]
    for httpd in nodes:
        assert httpd.status()["relays"][0]["state"] == "up" and httpd.get("/mail-status/health").status == 200


def test_hashed_addresses_are_the_same_on_all_nodes(make_httpd, relay, database):
    made = []
    for _ in range(2):
        httpd = node(make_httpd, database, relay, "SMTPSendEventLog state/log\nSMTPSendEventLogAddresses hashed")
        httpd.send()
        made.append(wait_for_events(httpd, os.path.join(httpd.dir, "state", "log"), 1, "final")[0])
    assert made[0]["to"] == made[1]["to"] and made[0]["from"] == made[1]["from"] != made[0]["to"]
