"""A relay for tests and the demo: an SMTP server with a thread a connection whose every answer a test can set.

Relay(...) listens on a free loopback port at once. What it received is in .messages; wait_for(n) waits for an event, never for a time.
As a program, `relay.py --catch DIR`, it is the demo's mail catcher: it writes what arrives into DIR and its port into DIR/port."""
import argparse
import base64
import hashlib
import hmac
import os
import select
import socket
import ssl
import struct
import sys
import threading
import time

MAX_LINE = 65536


class Message:
    def __init__(self, sender, rcpts, data, connection, params):
        self.sender, self.rcpts, self.data, self.connection, self.params = sender, rcpts, data, connection, params

    @property
    def headers(self):
        return self.data.split(b"\r\n\r\n", 1)[0]

    @property
    def body(self):
        return self.data.split(b"\r\n\r\n", 1)[1] if b"\r\n\r\n" in self.data else b""


class Drop(Exception):
    """Ends a connection: as TCP close, or with a reset."""

    def __init__(self, reset=False):
        self.reset = reset


class Relay:
    """Behaviour, all optional:
    tls: None, "immediate" or "starttls"; cert: (certfile, keyfile); versions: (ssl.TLSVersion min, max); client_ca: asks for a client certificate
    auth: {user: password}; mechanisms: ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"]; auth_needs_tls
    extensions: EHLO keywords; greeting: whole line; silent: never greets; ehlo: False refuses EHLO
    one_mail: the second MAIL of a connection is answered 503; dies_behind_content: takes a message and closes unanswered where commands stand behind it; max_rcpts: more are answered 452 4.5.3
    groups: what becomes of commands that come in one packet: "close", "drop", "part" (only the first is answered), or one reply to all
    most_connections: more are closed without a word
    replies: {"MAIL": "550 no" or a function(session, argument) -> reply, None for the usual one}; "END" is the answer to a message
    faults: {"MAIL": "close" | "reset" | "hang" | "garbage" | "421"} at a command, once each if fault_count is set"""

    def __init__(self, tls=None, cert=None, versions=None, client_ca=None, auth=None, mechanisms=("PLAIN", "LOGIN"), auth_needs_tls=False,
                 extensions=("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "SIZE 52428800"), greeting=None, silent=False, ehlo=True,
                 one_mail=False, dies_behind_content=False, max_rcpts=None, groups=None, most_connections=None, replies=None, faults=None, fault_count=None, host="127.0.0.1", port=0, keep=True):
        self.__dict__.update(tls=tls, cert=cert, versions=versions, client_ca=client_ca, auth=auth, mechanisms=list(mechanisms), auth_needs_tls=auth_needs_tls,
                             extensions=list(extensions), greeting=greeting, silent=silent, ehlo=ehlo, one_mail=one_mail, dies_behind_content=dies_behind_content, max_rcpts=max_rcpts, groups=groups, most_connections=most_connections,
                             replies=dict(replies or {}), faults=dict(faults or {}), fault_count=fault_count, keep=keep)
        self.seen, self.transcript, self.tls_versions, self.logins = [], [], [], []
        self.answering = 0      # messages between their answer and their place in seen
        self.connections = self.taken = 0
        self.transactions = {}
        self.changed = threading.Condition()
        self.stopping = False
        self.open = set()
        self.context = self._context() if tls else None
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((host, port))
        self.listener.listen(128)
        self.host, self.port = host, self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.cert)
        if self.versions:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version, context.maximum_version = self.versions
        if self.client_ca:
            context.load_verify_locations(self.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _accept(self):
        while not self.stopping:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.changed:
                self.connections += 1
                number = self.connections
                self.open.add(connection)
                self.changed.notify_all()
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection, number):
        session = Session(self, connection, number)
        try:
            # Replies to a pipelined group leave one by one: without this each waits for the client's delayed acknowledgement of the one before.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session.run()
        except Drop as drop:
            if drop.reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except (OSError, ssl.SSLError, EOFError) as error:
            self.note(number, "--", repr(error))
        finally:
            with self.changed:
                self.open.discard(connection)
                self.changed.notify_all()
            for part in (session.socket, connection):
                try:
                    part.close()
                except OSError:
                    pass

    def note(self, number, who, text):
        with self.changed:
            self.transcript.append((number, who, text))

    def next_number(self):
        with self.changed:
            self.taken += 1
            return self.taken

    @property
    def messages(self):
        """What was answered: a client that knows of its answer finds its message here."""
        with self.changed:
            self.changed.wait_for(lambda: not self.answering, 5)
            return self.seen

    def begin_answer(self):
        with self.changed:
            self.answering += 1

    def end_answer(self):
        with self.changed:
            self.answering -= 1
            self.changed.notify_all()

    def take(self, message):
        with self.changed:
            self.transactions[message.connection] = self.transactions.get(message.connection, 0) + 1
            if self.keep:
                self.seen.append(message)
            self.changed.notify_all()

    def wait_for(self, count, timeout=20):
        """Waits until so many messages arrived; returns them; AssertionError with the dialogue otherwise."""
        return self.wait(lambda: len(self.seen) >= count, timeout, lambda: f"{len(self.seen)} of {count} messages") and self.seen

    def wait(self, condition, timeout=20, what=lambda: "the condition"):
        with self.changed:
            if not self.changed.wait_for(condition, timeout):
                tail = "\n".join(f"{n} {w} {t}" for n, w, t in self.transcript[-40:])
                raise AssertionError(f"the relay did not see it in {timeout} s: {what()}\n{tail}")
        return True

    def commands(self, verb=None):
        with self.changed:
            return [t for _, w, t in self.transcript if w == "C:" and (verb is None or t.upper().startswith(verb))]

    def close(self):
        self.stopping = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        with self.changed:
            left = list(self.open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.thread.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


class Session:
    def __init__(self, relay, connection, number):
        self.relay, self.socket, self.number = relay, connection, number
        self.buffer, self.out = bytearray(), b""
        self.is_tls = False
        self.user = None
        self.mails = 0
        self.clear()

    def clear(self):
        self.sender, self.rcpts, self.params, self.chunks = None, [], {}, b""

    # ---- bytes ----
    def fill(self):
        self.flush()
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("client closed")
        self.buffer += data

    def line(self):
        while b"\r\n" not in self.buffer:
            if len(self.buffer) > MAX_LINE:
                raise Drop()
            self.fill()
        end = self.buffer.find(b"\r\n")
        line = bytes(self.buffer[:end])
        del self.buffer[:end + 2]
        return line

    def exactly(self, count):
        while len(self.buffer) < count:
            self.fill()
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def content(self):
        if self.buffer.startswith(b".\r\n"):
            del self.buffer[:3]
            return b""
        at = 0
        while True:
            end = self.buffer.find(b"\r\n.\r\n", at)
            if end >= 0:
                break
            at = max(0, len(self.buffer) - 4)
            self.fill()
        data = bytes(self.buffer[:end + 2])
        del self.buffer[:end + 5]
        return (b"\r\n" + data).replace(b"\r\n..", b"\r\n.")[2:]

    def say(self, text):
        self.relay.note(self.number, "S:", text)
        self.out += text.replace("\n", "\r\n").encode("utf-8", "surrogateescape") + b"\r\n"

    def flush(self):
        data, self.out = self.out, b""
        if data:
            self.socket.sendall(data)

    # ---- dialogue ----
    def start_tls(self):
        self.flush()
        self.socket = self.relay.context.wrap_socket(self.socket, server_side=True)
        self.is_tls = True
        with self.relay.changed:
            self.relay.tls_versions.append(self.socket.version())
            self.relay.changed.notify_all()

    def fault(self, verb):
        relay = self.relay
        with relay.changed:
            kind = relay.faults.get(verb)
            if kind and relay.fault_count is not None:
                if relay.fault_count <= 0:
                    return False
                relay.fault_count -= 1
        if not kind:
            return False
        if kind == "close":
            self.flush()
            raise Drop()
        if kind == "reset":
            raise Drop(reset=True)
        if kind == "hang":
            self.flush()
            with relay.changed:
                relay.changed.wait_for(lambda: relay.stopping, 120)
            raise Drop()
        if kind == "garbage":
            self.out += b"\x00\xff\x80 this is no reply\r\n\x15\x03\r\n"
            self.flush()
            return True
        if kind == "421":
            self.say("421 4.3.2 closing")
            self.flush()
            raise Drop()
        raise ValueError(kind)

    def run(self):
        relay = self.relay
        if relay.most_connections and len(relay.open) > relay.most_connections:
            return
        if relay.tls == "immediate":
            self.start_tls()
        if relay.silent:
            with relay.changed:
                relay.changed.wait_for(lambda: relay.stopping, 120)
            return
        if not self.fault("GREETING"):
            greeting = relay.replies.get("GREETING", relay.greeting)
            self.say((greeting(self, "") if callable(greeting) else greeting) or "220 relay.test ESMTP rig")
        for _ in range(10_000_000):
            line = self.line()
            text = line.decode("utf-8", "replace")
            relay.note(self.number, "C:", text)
            verb = text.split(" ", 1)[0].split(":")[0].upper()
            argument = text[len(verb):].strip()
            if relay.groups and b"\r\n" in self.buffer and not self.bears_group():
                continue
            if self.fault(verb):
                continue
            custom = relay.replies.get(verb)
            if callable(custom):
                custom = custom(self, argument)
            if not getattr(self, "do_" + verb, self.unknown)(argument, custom):
                break
        self.flush()

    def bears_group(self):
        """Several commands came in one packet. True: the first of them is answered."""
        groups = self.relay.groups
        self.buffer.clear()
        if groups == "close":
            raise Drop()
        if groups not in ("drop", "part"):
            self.say(groups)
        return groups == "part"

    def unknown(self, argument, custom):
        self.say(custom or "500 5.5.1 command not recognised")
        return True

    def do_EHLO(self, argument, custom):
        relay = self.relay
        if custom or not relay.ehlo:
            self.say(custom or "502 5.5.1 EHLO not implemented")
            return True
        lines = ["relay.test"] + relay.extensions
        if relay.tls == "starttls" and not self.is_tls:
            lines.append("STARTTLS")
        if relay.auth is not None and (self.is_tls or not relay.auth_needs_tls):
            lines.append("AUTH " + " ".join(relay.mechanisms))
        self.say("\n".join(f"250{'-' if i < len(lines) - 1 else ' '}{line}" for i, line in enumerate(lines)))
        self.clear()
        return True

    def do_HELO(self, argument, custom):
        self.say(custom or "250 relay.test")
        return True

    def do_STARTTLS(self, argument, custom):
        if custom or self.relay.tls != "starttls" or self.is_tls:
            self.say(custom or "502 5.5.1 no TLS here")
            return True
        self.say("220 2.0.0 go ahead")
        self.buffer = bytearray()
        self.start_tls()
        return True

    def do_AUTH(self, argument, custom):
        if custom:
            self.say(custom)
            return True
        words = argument.split(" ")
        mechanism = words[0].upper()
        initial = base64.b64decode(words[1]) if len(words) > 1 and words[1] != "=" else None
        if mechanism not in self.relay.mechanisms or self.relay.auth is None:
            self.say("504 5.5.4 unrecognized authentication type")
            return True
        user = getattr(self, "auth_" + mechanism.replace("-", "_"))(initial)
        with self.relay.changed:
            self.relay.logins.append((mechanism, user))
        self.user = user
        self.say("235 2.7.0 accepted" if user else "535 5.7.8 Error: authentication failed")
        return True

    def challenge(self, data=b""):
        self.say("334 " + base64.b64encode(data).decode())
        line = self.line()
        self.relay.note(self.number, "C:", "(response)")
        return base64.b64decode(line) if line != b"*" else b""

    def check(self, user, password):
        return user if self.relay.auth.get(user) == password else None

    def auth_PLAIN(self, initial):
        parts = (initial if initial is not None else self.challenge()).split(b"\0")
        return self.check(parts[1].decode(), parts[2].decode()) if len(parts) == 3 else None

    def auth_LOGIN(self, initial):
        user = initial if initial is not None else self.challenge(b"Username:")
        return self.check(user.decode(), self.challenge(b"Password:").decode())

    def auth_CRAM_MD5(self, initial):
        challenge = b"<1896.697170952@relay.test>"
        user, _, digest = self.challenge(challenge).decode().rpartition(" ")
        password = self.relay.auth.get(user)
        want = hmac.new((password or "").encode(), challenge, hashlib.md5).hexdigest()
        return user if password is not None and hmac.compare_digest(want, digest) else None

    def scram(self, initial, algorithm):
        first = initial if initial is not None else self.challenge()
        bare = first.split(b",", 2)[2]
        fields = dict(part.split("=", 1) for part in bare.decode().split(","))
        password = self.relay.auth.get(fields["n"], "\0none")
        salt, rounds, nonce = b"salt-of-the-rig", 4096, fields["r"] + "rig"
        server_first = f"r={nonce},s={base64.b64encode(salt).decode()},i={rounds}"
        final = self.challenge(server_first.encode()).decode()
        without, _, proof = final.rpartition(",p=")
        salted = hashlib.pbkdf2_hmac(algorithm, password.encode(), salt, rounds)
        client_key = hmac.new(salted, b"Client Key", algorithm).digest()
        message = f"{bare.decode()},{server_first},{without}".encode()
        signature = hmac.new(hashlib.new(algorithm, client_key).digest(), message, algorithm).digest()
        if not proof or bytes(a ^ b for a, b in zip(client_key, signature)) != base64.b64decode(proof):
            return None
        server_key = hmac.new(salted, b"Server Key", algorithm).digest()
        self.challenge(b"v=" + base64.b64encode(hmac.new(server_key, message, algorithm).digest()))
        return fields["n"]

    def auth_SCRAM_SHA_256(self, initial):
        return self.scram(initial, "sha256")

    def auth_SCRAM_SHA_1(self, initial):
        return self.scram(initial, "sha1")

    def auth_EXTERNAL(self, initial):
        return "external" if self.is_tls and self.socket.getpeercert() else None

    def bearer(self, data):
        text = (data or self.challenge()).decode()
        token = text.split("Bearer ", 1)[1].split("\x01")[0] if "Bearer " in text else None
        for user, password in self.relay.auth.items():
            if token == password:
                return user
        self.challenge(b'{"status":"401","schemes":"bearer","scope":"mail"}')
        return None

    auth_XOAUTH2 = auth_OAUTHBEARER = bearer

    def do_MAIL(self, argument, custom):
        relay = self.relay
        self.mails += 1
        if relay.one_mail and self.mails > 1:
            self.say("503 5.5.1 only one MAIL per message")
            return True
        if custom:
            self.say(custom)
            return True
        if relay.auth is not None and not self.user:
            self.say("530 5.7.0 Authentication required")
            return True
        if self.sender is not None:
            self.say("503 5.5.1 nested MAIL")
            return True
        body = argument.split(":", 1)[1].strip()
        self.sender = body[1:body.index(">")]
        self.params = dict((word.split("=", 1) + [""])[:2] for word in body[body.index(">") + 1:].split())
        self.say("250 2.1.0 sender ok")
        return True

    def do_RCPT(self, argument, custom):
        address = argument.split("<", 1)[1].rsplit(">", 1)[0]
        if custom:
            self.say(custom)
        elif self.sender is None:
            self.say("503 5.5.1 need MAIL first")
        elif self.relay.max_rcpts is not None and len(self.rcpts) >= self.relay.max_rcpts:
            self.say("452 4.5.3 too many recipients")
        else:
            self.rcpts.append(address)
            self.say("250 2.1.5 recipient ok")
        return True

    def has_more(self):
        """Whether the client said something behind what was read."""
        return bool(self.buffer) or bool(select.select([self.socket], [], [], 0.05)[0])

    def finish(self, data):
        custom = self.relay.replies.get("END")
        if callable(custom):
            custom = custom(self, data)
        message = Message(self.sender, self.rcpts, data, self.number, self.params)
        self.clear()
        if self.fault("END"):
            return True
        if self.relay.dies_behind_content and self.has_more():
            self.relay.take(message)
            raise Drop()
        if custom and custom[0] != "2":
            self.say(custom)
            return True
        # Answered first, seen by the test then: a test that ends at once leaves no question open.
        self.relay.begin_answer()
        try:
            self.say(custom or f"250 2.0.0 Ok: queued as R{self.relay.next_number():06d}")
            self.flush()
            self.relay.take(message)
        finally:
            self.relay.end_answer()
        return True

    def do_DATA(self, argument, custom):
        if custom:
            self.say(custom)
            return True
        if not self.rcpts:
            self.say("554 5.5.1 no valid recipients" if self.sender is not None else "503 5.5.1 need MAIL first")
            return True
        self.say("354 go ahead")
        return self.finish(self.content())

    def do_BDAT(self, argument, custom):
        words = argument.split()
        data = self.exactly(int(words[0]))
        if custom or "CHUNKING" not in self.relay.extensions:
            self.say(custom or "502 5.5.1 BDAT not implemented")
        elif not self.rcpts:
            self.say("503 5.5.1 no valid recipients")
        elif len(words) > 1 and words[1].upper() == "LAST":
            return self.finish(self.chunks + data)
        else:
            self.chunks += data
            self.say(f"250 2.0.0 {len(data)} octets received")
        return True

    def do_RSET(self, argument, custom):
        self.clear()
        self.say(custom or "250 2.0.0 reset")
        return True

    def do_NOOP(self, argument, custom):
        self.say(custom or "250 2.0.0 ok")
        return True

    def do_QUIT(self, argument, custom):
        self.say(custom or "221 2.0.0 bye")
        self.flush()
        return False


def catch(folder):
    """The demo's catcher: each message becomes a file, shown as it came."""
    relay = Relay(extensions=("PIPELINING", "CHUNKING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "SIZE 52428800"))
    with open(os.path.join(folder, "port.new"), "w") as file:
        file.write(str(relay.port))
    os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
    shown = 0
    while True:
        with relay.changed:
            relay.changed.wait_for(lambda: len(relay.messages) > shown, 3600)
            fresh = relay.messages[shown:]
            shown = len(relay.messages)
        for message in fresh:
            name = os.path.join(folder, f"{time.time_ns()}.eml")
            with open(name + ".new", "wb") as file:
                file.write(f"X-Envelope-From: <{message.sender}>\r\nX-Envelope-To: {', '.join('<%s>' % r for r in message.rcpts)}\r\n".encode() + message.data)
            os.rename(name + ".new", name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catch", metavar="DIR", required=True)
    try:
        catch(parser.parse_args().catch)
    except KeyboardInterrupt:
        sys.exit(0)
