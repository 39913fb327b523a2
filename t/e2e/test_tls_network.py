"""Servers and networks that take TLS only in a certain way: a large first packet is lost, the greeting comes late."""
import socket
import threading
import time

import pytest
from rig.relay import Relay


class Gate:
    """Listens, looks at how a connection begins, and hands it on to a relay or drops it."""

    def __init__(self, relay, judge):
        self.relay, self.judge = relay, judge
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.count = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client:
            client.settimeout(30)
            try:
                if not self.judge(client):
                    return
                with socket.create_connection(("127.0.0.1", self.relay.port)) as server:
                    threading.Thread(target=pump, args=(server, client), daemon=True).start()
                    pump(client, server)
            except OSError:
                pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def hello_of(client):
    """The size of the ClientHello, which stays in the socket."""
    first = client.recv(5, socket.MSG_PEEK | socket.MSG_WAITALL)
    return 5 + int.from_bytes(first[3:5], "big")


def test_a_large_hello_that_is_never_answered(make_httpd, make_relay, certificates):
    relay = make_relay(tls="immediate", cert=certificates.issue("good"))
    gate = Gate(relay, lambda client: hello_of(client) <= 500)
    try:
        httpd = make_httpd("SMTPSendEngine On\n"
                           f"SMTPSendHost localhost:{gate.port}\nSMTPSendTLS tls\nSMTPSendTLSCACertificateFile {certificates.ca}\nSMTPSendTLSGroups ffdhe8192:X25519\n")
        httpd.expect("SMTPSend-249")
        httpd.send()
        relay.wait_for(1)
        assert gate.count == 2, "one dropped, one with a small hello"
        httpd.wait_log("SMTPSend-249.*SMTPSendTLSGroups X25519:P-256")
        answer = httpd.get("/mail-test?probe=0")
        assert answer.status == 200 and "SMTPSendTLSGroups X25519:P-256" in answer.text, answer.text
        assert "key exchange x25519" in answer.text, answer.text
    finally:
        gate.close()


HANDSHAKE = "SMTPSendEngine On\nSMTPSendTLS tls\nSMTPSendTLSVerify Off\n"


@pytest.mark.parametrize("groups", ["", "SMTPSendTLSGroups ffdhe8192:X25519\n"], ids=["small", "large"])
def test_a_handshake_that_is_swallowed_on_one_address(make_httpd, make_relay, certificates, groups):
    """It cost the 30 s of SMTPSendTimeout; a large hello is followed by a small one first."""
    sick = make_relay(host="::1", silent=True)
    with Relay(port=sick.port, tls="immediate", cert=certificates.issue("good")) as relay:
        httpd = make_httpd(f"{HANDSHAKE}{groups}SMTPSendHost two.example:{sick.port}\n", start=False, expect=["is down at tls", "SMTPSendTLSVerify Off"])
        httpd.with_hosts("::1 two.example\n127.0.0.1 two.example\n").start()
        started = time.monotonic()
        httpd.send()
        relay.wait_for(1, timeout=15)
        assert 4 < time.monotonic() - started < 11 and sick.connections == (2 if groups else 1)


def test_a_handshake_that_the_first_host_swallows(make_httpd, make_relay, certificates):
    sick, relay = make_relay(silent=True), make_relay(tls="immediate", cert=certificates.issue("good"))
    httpd = make_httpd(f"{HANDSHAKE}SMTPSendHost 127.0.0.1:{sick.port} 127.0.0.1:{relay.port}\n", expect=["is down at tls", "SMTPSendTLSVerify Off"])
    started = time.monotonic()
    httpd.send()
    relay.wait_for(1, timeout=15)
    assert 4 < time.monotonic() - started < 12


def test_a_late_greeting_and_a_server_that_drops_who_speaks_first(make_httpd, make_relay, certificates):
    relay = make_relay(tls="starttls", cert=certificates.issue("good"))

    def judge(client):
        client.settimeout(4)
        try:
            return client.recv(1, socket.MSG_PEEK) and False
        except TimeoutError:
            client.settimeout(30)
            return True
    gate = Gate(relay, judge)
    try:
        httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost localhost:{gate.port}\nSMTPSendTLS negotiate\nSMTPSendTLSCACertificateFile {certificates.ca}\n")
        httpd.send()
        relay.wait_for(1)
        assert gate.count == 2, "one dropped, one that waited"
    finally:
        gate.close()
