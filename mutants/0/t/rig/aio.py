"""aiosmtpd as a relay: another implementation, with TLS, logins and international addresses. The surface is that of rig.relay: host, port, messages, wait_for, close."""
import socket
import ssl
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from rig.httpd import free_port


class Aio:
    """tls: None, "immediate" or "starttls" with cert (certfile, keyfile); auth: {user: password}; refuses: {recipient: reply}; size: limit in bytes."""

    def __init__(self, tls=None, cert=None, auth=None, refuses=None, size=33554432):
        self.auth, self.refuses = auth, dict(refuses or {})
        self.messages, self.logins = [], []
        self.changed = threading.Condition()
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*cert)
        options = dict(enable_SMTPUTF8=True, data_size_limit=size, ident="aio.test")
        if tls == "starttls":
            options.update(tls_context=context, require_starttls=True)
        if auth is not None:
            options.update(authenticator=self._login, auth_required=True, auth_require_tls=bool(tls == "starttls"))
        self.host, self.port = "127.0.0.1", free_port()
        self.controller = Controller(self, hostname=self.host, port=self.port, ssl_context=context if tls == "immediate" else None, **options)
        # The controller connects to its own port to see that it listens; with the server's TLS context it could not, and a bare connection does.
        self.controller._trigger_server = lambda: socket.create_connection((self.host, self.port), 10).close()
        self.controller.start()

    def _login(self, server, session, envelope, mechanism, data):
        assert isinstance(data, LoginPassword)
        user, password = data.login.decode(), data.password.decode()
        is_right = self.auth.get(user) == password
        with self.changed:
            self.logins.append((mechanism, user, is_right))
        return AuthResult(success=is_right, handled=is_right)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        with self.changed:
            self.messages.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content))
            self.changed.notify_all()
        return "250 2.0.0 taken"

    def wait_for(self, count, timeout=60):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.messages) >= count, timeout), f"{len(self.messages)} of {count} messages"
            return list(self.messages)

    def close(self):
        self.controller.stop()
