"""packaging/Containerfile: its steps, and what it makes, as a container would run it."""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request

import pytest

from rig.container import Container, image, settings
from rig.httpd import free_port
from rig.service import wait

MAIL = b"From: app@example.com\nTo: bob@example.net\nSubject: hello\n\nhello\n"


@pytest.fixture(scope="module")
def root():
    return image()


@pytest.fixture
def run(root, tmp_path):
    """Starts a container with these variables, on the same volume each time."""
    made = []
    volume = tmp_path / "volume"
    volume.mkdir()
    shutil.chown(volume, *map(int, settings()["USER"].split(":")))
    port = str(free_port())

    def start(*arguments, **env):
        variables = {"SMTP_SEND_HTTP_PORT": port, **{f"SMTP_SEND_{name}": str(value) for name, value in env.items()}}
        made.append(Container(root, str(volume), {name: value for name, value in variables.items() if value != "None"}, arguments))
        made[-1].url = f"http://127.0.0.1:{port}"
        return made[-1]
    yield start
    for container in made:
        container.kill()


def ask(container, path, body=None, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(container.url + path, body, headers), timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def ready(container):
    def answers():
        assert container.process.poll() is None, container.said()
        return ask(container, "/health/ready")[0] == 200
    wait(answers, "the container to be ready")


def submit(container):
    status, body = ask(container, "/mail?to=bob@example.net", MAIL, **{"Content-Type": "message/rfc822"})
    assert status == 202, body
    return json.loads(body)["id"]


def stop(container, number):
    os.kill(container.first(), number)
    container.process.wait(10)      # a container's engine kills after 10 s


def test_it_delivers_and_ends_in_order(run, relay):
    container = run(HOST=f"{relay.host}:{relay.port}", SERVER_NAME="host.example.com")
    ready(container)
    for _ in range(3):
        submit(container)
    assert len(relay.wait_for(3)) == 3
    with open(f"/proc/{container.first()}/status") as file:
        status = dict(re.findall(r"^(\w+):\t(.*)$", file.read(), re.M))
    assert status["Uid"].split() == ["10025"] * 4 and int(status["CapEff"], 16) == 0
    assert container.execute("touch", "/etc/x").returncode and container.execute("touch", "/tmp/x").returncode
    # A message whose content goes to a temporary file.
    assert ask(container, "/mail?to=bob@example.net", MAIL + b"x" * 70 + b"\n" * (1 << 20), **{"Content-Type": "message/rfc822"})[0] == 202
    relay.wait_for(4)
    assert container.execute("smtp-send", "sendmail", "-t", input=MAIL).returncode == 0
    relay.wait_for(5)
    assert "status=sent" in container.said()
    assert container.execute("smtp-send", "status").returncode == 0
    assert ask(container, "/health/live")[0] == 200 and ask(container, "/mail-status/health/ready")[0] == 200
    health = settings()["HEALTHCHECK"].split(" CMD ")[1].replace("${SMTP_SEND_HTTP_PORT:-8025}", container.url.rsplit(":")[-1])
    assert container.execute("sh", "-c", health).returncode == 0
    stop(container, getattr(signal, settings()["STOPSIGNAL"]))
    assert container.process.returncode == 0, container.said()
    assert not re.search(r":(error|crit|alert|emerg)\]", container.said()), container.said()


@pytest.mark.parametrize("number", [signal.SIGWINCH, signal.SIGTERM, signal.SIGKILL])
def test_what_waits_outlives_it(run, relay, number):
    container = run(HOST=f"{relay.host}:{relay.port}", PAUSE="On")
    ready(container)
    ident = submit(container)
    stop(container, number)
    container = run(HOST=f"{relay.host}:{relay.port}")
    ready(container)
    relay.wait_for(1)
    wait(lambda: json.loads(ask(container, f"/mail/{ident}")[1])["state"] == "sent", "the message to be sent")


def test_secrets(run, make_relay, tmp_path):
    relay = make_relay(auth={"me": 'p w"$HOME\\'}, mechanisms=["PLAIN"])
    secret = tmp_path / "volume" / "secret"
    secret.write_text('p w"$HOME\\\n')
    secret.chmod(0o644)
    for variables in ({"PASSWORD": 'p w"$HOME\\'}, {"PASSWORD_FILE": "/var/lib/smtp-send/secret"}):
        container = run(HOST=f"{relay.host}:{relay.port}", USERNAME="me", **variables)
        ready(container)
        submit(container)
        relay.wait_for(1)
        relay.messages.clear()
        assert "p w" not in container.said()
        assert b"p w" not in container.execute("sh", "-c", "cat /var/lib/smtp-send/run/*.conf /var/lib/smtp-send/run/relay/*").stdout
        stop(container, signal.SIGTERM)


def test_clients_are_this_host_unless_named(run, relay):
    """The port of a sidecar is reached by the programs beside it."""
    container = run(HOST=f"{relay.host}:{relay.port}", HTTP_CLIENTS="192.0.2.0/24", TLS_VERIFY="Off", ONE_MESSAGE_PER_CONNECTION="On", RETRY="1s 5s")
    ready(container)
    submit(container)
    text = ask(container, "/mail-test")[1].decode()
    for line in (r"SMTPSendTLSVerify +Off", r"SMTPSendOneMessagePerConnection +On", r"SMTPSendRetry +1s 5s", r"SMTP_SEND_RETRY\.conf"):
        assert re.search(line, text), text


@pytest.mark.parametrize("variables, words", [
    ({"HOST": "None"}, "SMTP_SEND_HOST is not set"),
    ({"HOST": ""}, "SMTP_SEND_HOST is not set"),
    ({"PORT": "none"}, "SMTP_SEND_PORT: SMTPSendPort: 'none'"),
    ({"PORTS": "25"}, "SMTP_SEND_PORTS: Invalid command 'SMTPSendPorts'"),
    ({"PORT": "tcp://10.0.0.1:8025"}, "enableServiceLinks"),
    ({"TLS": "yes"}, "SMTP_SEND_TLS: SMTPSendTLS"),
    ({"HELO": "a\nSMTPSendPause On"}, "SMTP_SEND_HELO has more than one line"),
    ({"PASSWORD_FILE": "/nonexistent"}, "SMTP_SEND_PASSWORD_FILE: /nonexistent cannot be read"),
    ({"PASSWORD_FILE": "/etc/passwd", "PASSWORD": "x"}, "are both set"),
    ({"HTTP_PORT": "x"}, "SMTP_SEND_HTTP_PORT"),
    ({"HTTP_CLIENTS": "10.0.0.0/99"}, "SMTP_SEND_HTTP_CLIENTS: ip address '10.0.0.0/99'"),
    ({"host": "x"}, "SMTP_SEND_host"),
])
def test_a_wrong_variable_is_named(run, variables, words):
    container = run("check", **{"HOST": "smtp.example.com", **variables})
    assert container.process.wait(20) == 78
    assert words in container.said(), container.said()
    assert "/var/lib" not in container.said()


def test_every_client_can_be_let_in(run):
    assert run("check", HOST="smtp.example.com", HTTP_CLIENTS="all").process.wait(20) == 0


def test_check_finds_a_good_one_good(run):
    container = run("check", HOST="smtp.example.com", TLS="starttls", PORT=587)
    assert container.process.wait(20) == 0, container.said()
    assert container.said() == "The configuration can be used.\n"
