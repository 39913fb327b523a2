"""A proxy on loopback in front of PostgreSQL that knows where messages end: it makes single statements fail, loses answers, cuts connections, and plays other engines that speak the protocol.

    with PgProxy(server.port) as proxy:
        database = proxy.database(server.database())    # a Database whose directive points to the proxy
        rule = proxy.fail(r"^COMMIT", "40001", chance=0.1)
        rule.wait(20)                                    # until it has acted 20 times
        rule.end()

One thread a connection. libpq sends one request and waits for its answer, so a request is a simple query, or all messages up to a Sync."""
import random
import re
import select
import socket
import struct
import threading

from rig.postgres import Database

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
# What CockroachDB says instead of "could not serialize access".
RESTART = "restart transaction: TransactionRetryWithProtoRefreshError: injected"
WORDS = {"40001": "could not serialize access due to concurrent update", "40P01": "deadlock detected"}


class Cut(Exception):
    """The connection is to be cut."""


class Rule:
    """What happens to the statements that match, where they are seen: at "Q" (simple query), "P" (prepared) or "B" (executed, after it was prepared).
    after: how many of them pass first; most: how often it acts, None: always; chance: how often it acts by lot."""

    def __init__(self, proxy, match, act, at="QB", after=0, most=None, chance=1.0):
        self.proxy, self.match, self.act, self.at = proxy, re.compile(match, re.I), act, at
        self.after, self.most, self.chance = after, most, chance
        self.hits = 0

    def takes(self, text, at):
        """Whether it acts on this statement; counts it."""
        if self.most == 0 or at not in self.at or not self.match.search(text):
            return False
        with self.proxy.changed:
            if self.after:
                self.after -= 1
                return False
            if self.chance < 1 and self.proxy.random.random() >= self.chance:
                return False
            if self.most is not None:
                self.most -= 1
            self.hits += 1
            self.proxy.changed.notify_all()
        return True

    def wait(self, hits=1, timeout=60):
        with self.proxy.changed:
            assert self.proxy.changed.wait_for(lambda: self.hits >= hits, timeout), f"{self.hits} of {hits} times: {self.match.pattern}"

    def end(self):
        self.most = 0


class PgProxy:
    """seed: of what happens by lot. parameters: what the server reports to libpq, replaced ({"server_version": "13.0"})."""

    def __init__(self, server_port, seed=1, parameters=None):
        self.server_port, self.random, self.parameters = server_port, random.Random(seed), parameters or {}
        self.changed = threading.Condition()
        self.rules, self.connections, self.statements = [], [], []
        self.is_down, self.is_closed = False, False
        self.running = threading.Event()
        self.running.set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    # ---- faults; **when: after, most and chance of the rule ----

    def rule(self, match, act, **when):
        """act(connection, text) returns None (nothing), a text (sent instead), ("lose",) or ("fail", SQLSTATE, words), or raises Cut."""
        self.rules.append(Rule(self, match, act, **when))
        return self.rules[-1]

    def fail(self, match, code="40001", words=None, **when):
        """The statement is not executed; its answer is an error, and the transaction is broken, as it would be."""
        words = words or WORDS.get(code, "injected")
        return self.rule(match, lambda *_: ("fail", code, words), **when)

    def refuse(self, match, words="is not supported", code="0A000", **when):
        """A server that does not know the statement: it is not even prepared."""
        return self.rule(match, lambda *_: ("fail", code, words), at="QP", **when)

    def lose(self, match=r"^\s*COMMIT", **when):
        """The statement is executed, its answer is lost and the connection is cut."""
        return self.rule(match, lambda *_: ("lose",), **when)

    def cut(self, match, **when):
        """The connection is cut before the statement reaches the server."""
        def act(*_):
            raise Cut
        return self.rule(match, act, **when)

    def delay(self, match, seconds, **when):
        return self.rule(match, lambda connection, _: connection.closing.wait(seconds) and None, **when)

    def rewrite(self, match, to, **when):
        """The part that matches is replaced, as re.sub does."""
        return self.rule(match, lambda _, text: re.sub(match, to, text, flags=re.I), at="QP", **when)

    def call_itself(self, name):
        """version() answers this name."""
        return self.rewrite(r"\bversion\(\)", f"'{name}'::text")

    def autocommit_ddl(self):
        """Each CREATE, ALTER and DROP is a transaction of its own, even between BEGIN and COMMIT."""
        return self.rule(r"^\s*(CREATE|ALTER|DROP)\b", lambda connection, text: f"COMMIT; BEGIN; {text}; COMMIT; BEGIN" if connection.status == "T" else None, at="Q")

    def cut_all(self):
        for connection in list(self.connections):
            connection.cut()

    def down(self):
        """As a server that is away: connections are cut, new ones are closed at once."""
        self.is_down = True
        self.cut_all()

    def up(self):
        self.is_down = False

    def freeze(self):
        """Nothing gets through, and no connection ends."""
        self.running.clear()

    def thaw(self):
        self.running.set()

    # ---- use ----

    def database(self, database):
        """The same database, through the proxy; sql() still asks the server directly."""
        return Database(database.server, database.name, self.port)

    def close(self):
        self.is_closed = True
        self.running.set()
        # Wakes accept, which a plain close would not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut_all()
        self.thread.join(10)
        for connection in list(self.connections):
            connection.thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def _accept(self):
        while not self.is_closed:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            if self.is_down:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.server_port), 10)
            except OSError:
                client.close()
                continue
            connection = Connection(self, client, server)
            self.connections.append(connection)
            connection.thread.start()


class Connection:
    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        for one in (client, server):
            one.setblocking(True)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = {client: b"", server: b""}
        self.prepared = {}   # name: text
        self.status = "I"    # of the last ReadyForQuery: I idle, T transaction, E failed transaction
        self.is_started, self.is_losing = False, False
        self.request = []    # messages of the request that is not complete yet
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def cut(self):
        self.closing.set()
        for one in (self.client, self.server):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _run(self):
        try:
            while not self.closing.is_set():
                for one in select.select([self.client, self.server], [], [])[0]:
                    self.proxy.running.wait()
                    data = one.recv(262144)
                    if not data:
                        raise Cut
                    self.pending[one] += data
                    (self._from_client if one is self.client else self._from_server)()
        except (Cut, OSError, ValueError):
            pass
        self.cut()
        self.client.close()
        self.server.close()
        self.proxy.connections.remove(self)

    def _take(self, one, header):
        """The next whole message of this side with `header` bytes before its length, or None."""
        data = self.pending[one]
        if len(data) < header + 4:
            return None
        end = header + struct.unpack_from("!i", data, header)[0]
        if len(data) < end:
            return None
        self.pending[one] = data[end:]
        return data[:end]

    # ---- from the server ----

    def _from_server(self):
        out = b""
        while self.is_started and (message := self._take(self.server, 1)) is not None:
            kind = message[:1]
            if kind == b"S":
                key, value = message[5:].split(b"\0")[:2]
                new = self.proxy.parameters.get(key.decode())
                if new is not None:
                    value = new.encode()
                    message = b"S" + struct.pack("!i", 4 + len(key) + len(value) + 2) + key + b"\0" + value + b"\0"
            if kind == b"Z":
                self.status = message[5:6].decode()
                if self.is_losing:
                    raise Cut
            out += message
        if out and not self.is_losing:
            self.client.sendall(out)

    # ---- from the client ----

    def _from_client(self):
        while not self.is_started:
            message = self._take(self.client, 0)
            if message is None:
                return
            code = struct.unpack_from("!i", message, 4)[0]
            if code in (SSL_REQUEST, GSS_REQUEST):
                self.client.sendall(b"N")
                continue
            self.is_started = code != CANCEL_REQUEST
            self.server.sendall(message)
        while (message := self._take(self.client, 1)) is not None:
            self.request.append(message)
            # Simple query, Sync, Terminate, password
            if message[:1] in b"QSXp":
                request, self.request = self.request, []
                self._send(request)

    def _send(self, request):
        """Acts on a whole request: a rule replaces its text, or the request by one that fails in the wanted way."""
        out = b""
        for message in request:
            kind, body = message[:1], message[5:]
            if kind == b"Q":
                text = self._act(body[:-1].decode(), "Q")
                if text is None:
                    return
                message = simple(text)
            elif kind == b"P":
                name, rest = body.split(b"\0", 1)
                text, types = rest.split(b"\0", 1)
                new = self._act(text.decode(), "P")
                if new is None:
                    return
                self.prepared[name] = new
                message = b"P" + struct.pack("!i", 4 + len(name) + len(new.encode()) + len(types) + 2) + name + b"\0" + new.encode() + b"\0" + types
            elif kind == b"B" and self._act(self.prepared.get(body.split(b"\0")[1], ""), "B") is None:
                return
            out += message
        self.server.sendall(out)

    def _act(self, text, at):
        """The text to be sent; None: another request was sent instead."""
        if at != "P":
            self.proxy.statements.append(text)
        for rule in list(self.proxy.rules):
            done = rule.act(self, text) if rule.takes(text, at) else None
            if isinstance(done, str):
                text = done
            elif done and done[0] == "lose":
                self.is_losing = True
            elif done:
                self._fail(text, *done[1:])
                return None
        return text

    def _fail(self, text, code, words):
        """The server itself is made to raise the error: so the transaction has the state that it would have. A failed COMMIT ends it."""
        quoted = words.replace("'", "''").replace("%", "%%")
        end = "ROLLBACK; " if text.lstrip().upper().startswith("COMMIT") else ""
        self.server.sendall(simple(f"{end}DO $inject$ BEGIN RAISE EXCEPTION '{quoted}' USING ERRCODE = '{code}'; END $inject$"))


def simple(text):
    body = text.encode() + b"\0"
    return b"Q" + struct.pack("!i", 4 + len(body)) + body
