"""The queue on a server that is not a plain PostgreSQL: one that rolls transactions back, loses answers, refuses statements, or stands behind a pool of connections. A proxy plays it."""
import pytest
from rig.pgbouncer import PgBouncer
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


@pytest.fixture
def make_pool(server):
    made = []

    def make(mode):
        made.append(PgBouncer(server, mode))
        return made[-1]
    yield make
    for pool in made:
        pool.close()


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
    """Of all statements one in twenty, also while it connects: nobody notices. Known by the SQLSTATE or by the words."""
    httpd = node(make_httpd, database, relay)
    begin(httpd)
    rule = proxy.fail(".", code, words, chance=0.05)
    load = Load(httpd, threads=3, most=100000)
    rule.wait(12)
    proxy.cut_all()
    rule.wait(24)
    load.end()
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
    httpd = node(make_httpd, database, relay, expect=["cannot be written", "can be written again", "could not be read", "nothing is sent", "mail is sent again"])
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


# ---- the tables ----

def create_statements(proxy):
    return [text for text in proxy.statements if text.startswith("CREATE")]


def works(httpd):
    answer = httpd.send()
    assert answer.status == 202, answer
    httpd.wait_state(answer.json["id"], "sent")


def test_tables_that_a_crash_left_in_part_are_completed(server, proxy, make_httpd, relay):
    """After each kind of statement, on a server that cannot create tables in a transaction."""
    rule = proxy.cut(r"^CREATE", after=4, most=1)
    proxy.autocommit_ddl()
    first = proxy.database(server.database())
    httpd = node(make_httpd, first, relay, start=False, expect=["cannot be used", "answered with 503"])
    httpd.start(wait=False)
    rule.wait()
    httpd.wait(lambda: "cannot be used" in httpd.log(), 10, "the failure")
    assert first.sql("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") == [["4"]]
    httpd.stop()
    httpd.start()
    works(httpd)
    statements = create_statements(proxy)[5:]
    assert len(statements) == len(set(statements)) == 14
    for made in (1, 8, len(statements)):
        database = proxy.database(server.database())
        database.sql(";".join(statements[:made]))
        works(node(make_httpd, database, relay))
        assert database.sql("SELECT number FROM version") == [["3"]]


def test_tables_of_others_are_not_completed(server, proxy, make_httpd, relay):
    for tables in ("version (number BIGINT); CREATE TABLE customer (id INT)", "message (id TEXT)"):
        database = proxy.database(server.database())
        database.sql("CREATE TABLE " + tables)
        httpd = node(make_httpd, database, relay, expect=["another program", "answered with 503"])
        assert "another program" in httpd.send().text
        assert not create_statements(proxy)


def test_nodes_that_create_the_tables_at_once_without_transactions(server, proxy, make_httpd, relay):
    proxy.autocommit_ddl()
    for _ in range(2):
        database = proxy.database(server.database())
        nodes = [node(make_httpd, database, relay, start=False) for _ in range(3)]
        for httpd in nodes:
            httpd.start(wait=False)
        for httpd in nodes:
            httpd.wait(httpd.answers, 20, "httpd to answer")
            works(httpd)
            httpd.stop()


# ---- what the server reports itself to be ----

def collation(database):
    return database.sql("SELECT collation_name FROM information_schema.columns WHERE table_name = 'message' AND column_name = 'id'")[0][0]


def no_ddl_in_transactions(proxy):
    proxy.rule(r"^CREATE", lambda connection, _: ("fail", "0A000", "multiple ddl statements are not supported in a transaction") if connection.status == "T" else None, at="Q")


def test_cockroachdb(server, proxy, database, make_httpd, relay):
    proxy.call_itself("CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu, built 2025/06/01, go1.23)")
    proxy.refuse("COLLATE", 'invalid locale C: language: tag is not well-formed', "22023")
    proxy.rewrite(r"pg_backend_pid\(\)", "-1")
    proxy.refuse("enable_seqscan|lock_timeout", "unrecognized configuration parameter", "42704")
    no_ddl_in_transactions(proxy)
    works(node(make_httpd, database, relay))
    assert collation(database) == ""


def test_aurora_dsql(server, proxy, database, make_httpd, relay):
    """Its limits, as documented; ASYNC is what PostgreSQL does not know."""
    proxy.call_itself("PostgreSQL 16 (Aurora DSQL)")
    proxy.refuse(r"COLLATE|INDEX (?!ASYNC)|INDEX.* (WHERE|ASC|DESC)\b|SKIP LOCKED|READ COMMITTED")
    proxy.rewrite("INDEX ASYNC", "INDEX")
    no_ddl_in_transactions(proxy)
    works(node(make_httpd, database, relay))
    indexes = dict(database.sql("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"))
    assert "(finished, id)" in indexes["message_open"] and "(finished, node, relay, due, id)" in indexes["message_due"]


def test_yugabytedb(server, proxy, database, make_httpd, relay):
    """The first column of a key would be hashed: those that are read in their order are ASC."""
    proxy.call_itself("PostgreSQL 15.2-YB-2.25.1.0-b0 on x86_64-pc-linux-gnu, compiled by clang, 64-bit")
    ordered = proxy.rewrite(r"PRIMARY KEY \(id ASC\)", "PRIMARY KEY (id)")
    no_ddl_in_transactions(proxy)
    works(node(make_httpd, database, relay))
    assert ordered.hits == 1 and collation(database) == "C"
    assert len([text for text in create_statements(proxy) if "(id ASC)" in text]) == 3


def test_a_server_that_refuses_the_collation(server, proxy, database, make_httpd, relay):
    """Whatever it reports itself to be: it goes without, if its own order is that of bytes."""
    proxy.refuse("COLLATE")
    works(node(make_httpd, database, relay))
    assert collation(database) == ""
    sorted_ = proxy.database(server.database("LOCALE_PROVIDER icu ICU_LOCALE 'en' TEMPLATE template0"))
    httpd = node(make_httpd, sorted_, relay, expect=["cannot be used", "answered with 503"])
    assert "LC_COLLATE 'C'" in httpd.send().text


def test_a_database_that_is_serializable_by_default(server, proxy, database, make_httpd, relay):
    database.sql(f"ALTER DATABASE {database.name} SET default_transaction_isolation = 'serializable'")
    nodes = [node(make_httpd, database, relay) for _ in range(2)]
    for httpd in nodes:
        begin(httpd)
    loads = [Load(httpd, threads=2, most=40) for httpd in nodes]
    for load in loads:
        load.wait_for(40)
        load.end()
        assert not load.refused and not load.broken
    nodes[0].wait(lambda: len(relay.messages) == 82, 30, "all messages")


# ---- PgBouncer ----

def test_a_pool_of_sessions(server, make_pool, make_httpd, relay):
    database = make_pool("session").database(server.database())
    nodes = [node(make_httpd, database, relay) for _ in range(2)]
    for httpd in nodes:
        works(httpd)
        httpd.graceful_wait()
        works(httpd)


def test_a_pool_of_transactions(server, make_pool, make_httpd, relay):
    """Statements that one connection has prepared are unknown to the next: the reason and its remedy are everywhere. It heals when the pool is set right."""
    pool = make_pool("transaction")
    database = pool.database(server.database())
    nodes = [node(make_httpd, database, relay, expect=["pool_mode = session", "answered with 503", "cannot be opened", "can be written again", "could not"]) for _ in range(2)]
    for httpd in nodes[1], nodes[0]:
        def refused(httpd=httpd):
            answer = httpd.send()
            return answer.status == 503 and "set pool_mode = session for it in PgBouncer" in answer.text
        httpd.wait(refused, 20, "a refusal with the reason")
        assert "set pool_mode = session for it in PgBouncer" in httpd.log()
        assert b"pool_mode" in httpd.cli("status", check=None).stdout and not httpd.status()["healthy"]
    pool.stop()
    pool.start("session")
    for httpd in nodes:
        httpd.wait(lambda httpd=httpd: httpd.send().status == 202, 30, "the queue to be used again")
        works(httpd)
