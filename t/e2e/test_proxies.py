"""nginx and Caddy before the private httpd of conf/service.conf, with the examples as they are but for addresses and ports."""
import contextlib
import http.client
import json
import os
import subprocess
import time

import pytest

from rig.httpd import BUILD, ROOT, free_port
from rig.service import ALLOWED, OTHER, STRANGER, behind, caddy, nginx, started

MAIL = b"From: app@example.com\nTo: bob@example.net\nSubject: hello\n\nhello\n"


def ask(port, method="GET", path="/", body=None, client=ALLOWED, **headers):
    """The answer's status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(client, 0))
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def submit(port, body=MAIL, client=ALLOWED, **headers):
    return ask(port, "POST", "/mail?to=bob@example.net", body, client, **{"Content-Type": "message/rfc822", **headers})


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
def proxied(request, relay):
    port = free_port()
    with started(relay) as service, behind(request.param, service, port):
        yield service, port, relay


def test_mail_goes_through(proxied):
    service, port, relay = proxied
    status, body = submit(port)
    assert status == 202, body
    ident = json.loads(body)["id"]
    assert json.loads(ask(port, path=f"/mail/{ident}?wait=20s")[1])["state"] == "sent"
    relay.wait_for(1)
    large = MAIL + b"x" * 70 + b"\n" + (b"y" * 70 + b"\n") * 40000      # more than nginx's own limit
    assert submit(port, large)[0] == 202
    assert len(relay.wait_for(2)[1].data) > len(large)


def test_too_much_is_413(proxied):
    service, port, relay = proxied
    with contextlib.suppress(OSError):      # a server may close before it has read everything
        assert submit(port, MAIL + b"x\n" * (14 << 20))[0] == 413
    assert submit(port)[0] == 202


def test_pages_and_probes(proxied):
    service, port, relay = proxied
    status, page = ask(port, Accept="text/html")
    assert status == 200 and b"</html>" in page
    for path in ("/mail-status", "/mail-status/health", "/health", "/health/ready", "/metrics"):
        assert ask(port, path=path)[0] == 200, path
    assert ask(port, path="/nope")[0] == 404
    status, text = ask(port, path="/mail-test")
    assert status == 200 and b"Results: PASSED" in text
    # A browser's own form, whose page has the proxy's address.
    status, body = ask(port, "POST", "/mail-status", "action=pause&reason=x", **{"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{port}"})
    assert status in (200, 303, 403), body
    assert b"origin" not in body


def test_the_client_s_address_is_known(proxied):
    service, port, relay = proxied
    assert submit(port, client=OTHER)[0] == 403
    assert submit(port, client=OTHER, **{"X-Forwarded-For": ALLOWED})[0] == 403
    assert f"[client {OTHER}:" in service.log.read_text()
    assert ask(port, path="/health/live", client=OTHER)[0] == 200
    assert ask(port, "POST", "/mail-status", "action=pause&reason=x", **{"Content-Type": "application/x-www-form-urlencoded"})[0] == 200
    assert f"client {ALLOWED}" in service.log.read_text()


def test_the_proxy_keeps_strangers_out(proxied):
    """Also those that httpd would let in."""
    service, port, relay = proxied
    assert submit(port, client=STRANGER)[0] == 403
    assert f"[client {STRANGER}" not in service.log.read_text()


def test_steps_are_shown_as_they_happen(proxied):
    service, port, relay = proxied
    relay.silent = True
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(ALLOWED, 0))
    with contextlib.closing(connection):
        connection.request("GET", "/mail-test?stream=1")
        answer = connection.getresponse()
        began = time.monotonic()
        first = answer.read1()
        assert first and b"Results:" not in first, first
        shown = time.monotonic() - began
        rest = answer.read()
        assert b"Results: FAILED" in rest and time.monotonic() - began > shown + 1


def test_the_demo_delivers():
    done = subprocess.run(["make", "-s", "service-demo", "DEMO=once", f"B={os.path.relpath(BUILD, ROOT)}"], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stdout.endswith("service-demo: delivered\n"), done
    for name in ("httpd", "nginx", "caddy"):
        assert f"through {name}:" in done.stdout
    assert done.stdout.count("It arrived") == 3
