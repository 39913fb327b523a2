"""Webhooks report the result of each message: signed, in time, again after a failure and after a restart, and never where they must not."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import socket
import subprocess
import threading
import time

from e2e.test_forms import answers_of, send_lines
from e2e.test_submit import problem

import pytest

from rig.httpd import BUILD, CLI

SECRET = "a secret of the application"
WHSEC = "whsec_" + base64.b64encode(b"the octets of a key, thirty-two!").decode()
VERIFY = """const { Webhook } = require("standardwebhooks");
const { secret, headers, body } = JSON.parse(require("fs").readFileSync(0));
const webhook = secret.startsWith("whsec_") ? new Webhook(secret) : new Webhook(Buffer.from(secret), { format: "raw" });
console.log(JSON.stringify(webhook.verify(body, headers)));"""


class Application:
    """An application on a free port: keeps what it receives; answers with the statuses it was given, then 204."""

    def __init__(self, *statuses):
        received, left, changed = [], list(statuses), threading.Condition()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with changed:
                    status = left.pop(0) if left else 204
                    received.append((status, self.path, self.headers, body))
                    changed.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass
        self.received, self.changed = received, changed
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/received"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, count, timeout=30):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.received) >= count, timeout), self.received
            return [json.loads(body) for _, _, _, body in self.received]

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.server.shutdown()
        self.server.server_close()


def verified(secret, headers, body):
    """What the library of Standard Webhooks makes of a notification; it throws at a wrong signature."""
    done = subprocess.run(["node", "-e", VERIFY], input=json.dumps({"secret": secret, "headers": dict(headers), "body": body.decode()}), capture_output=True, text=True, timeout=60,
                          env={**os.environ, "NODE_PATH": os.path.join(BUILD, "sdk", "node_modules")})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def handlers(lines):
    return f"""<Location "/mail">
SetHandler smtp-send
Require local
{lines}
</Location>
<Location "/mail-status">
SetHandler smtp-send-status
Require local
</Location>"""


def test_the_final_result_is_sent_and_signed(make_httpd, relay):
    with Application() as application:
        httpd = make_httpd(relay=relay, handlers=handlers(f'SMTPSendWebhook {application.url}\nSMTPSendWebhookSecret "{SECRET}"'))
        answer = httpd.send_json({"from": "app@example.com", "to": "bob@example.net", "subject": "Grüße", "text": "x", "metadata": {"order": 7}})
        received = application.wait_for(1)[0]
        assert received["event"] == "sent" and received["id"] == answer.json["id"] and received["metadata"] == {"order": 7} and received["subject"] == "Grüße"
        assert received["recipient"]["address"] == "bob@example.net" and received["recipient"]["state"] == "sent" and "queued as" in received["recipient"]["reply"]
        status, path, headers, body = application.received[0]
        assert path == "/received" and headers["Content-Type"] == "application/json" and headers["SMTP-Send-Event"].startswith(answer.json["id"])
        expected = hmac.new(SECRET.encode(), headers["SMTP-Send-Time"].encode() + b"." + body, hashlib.sha256).hexdigest()
        assert headers["SMTP-Send-Signature"] == "sha256=" + expected


def test_only_wanted_events_and_failures_are_sent(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": "550 5.1.1 no such user"})
    with Application() as application:
        httpd = make_httpd(relay=relay, expect=["status=bounced", "reply code to the RCPT", "SMTPSend-253"],
                           handlers=handlers(f"SMTPSendWebhook {application.url}\nSMTPSendWebhookEvents failed cancelled"))
        failed = httpd.send().json["id"]
        assert application.wait_for(1)[0]["event"] == "failed"
        assert application.received[0][3] and json.loads(application.received[0][3])["recipient"]["dsn"] == "5.1.1"
        httpd.request("POST", "/mail-status", b"action=pause", {"Content-Type": "application/x-www-form-urlencoded"})
        httpd.expect("sending is paused", "status=cancelled")
        waiting = httpd.send().json["id"]
        assert httpd.request("DELETE", f"/mail/{waiting}").status == 200
        second = application.wait_for(2)[1]
        assert second["event"] == "cancelled" and second["id"] == waiting and failed != waiting


def test_it_is_sent_again_after_a_failure_and_after_a_restart(make_httpd, relay):
    with Application(500) as application:
        httpd = make_httpd(relay=relay, handlers=handlers(f"SMTPSendWebhook {application.url}"))
        httpd.send()
        application.wait_for(1)
        httpd.wait_log("webhook notification to .* failed: HTTP status 500")
        httpd.graceful_wait()
        first, second = application.wait_for(2)[:2]
        assert first == second and application.received[0][2]["SMTP-Send-Event"] == application.received[1][2]["SMTP-Send-Event"]


def test_a_submission_may_name_only_what_is_allowed(make_httpd, relay):
    with Application() as application:
        message = {"from": "app@example.com", "to": "bob@example.net", "text": "x", "webhook": application.url}
        httpd = make_httpd(relay=relay)
        assert problem(httpd.send_json(message), 403, "SMTPSendWebhookAllow")["field"] == "webhook"
        httpd = make_httpd(relay=relay, handlers=handlers("SMTPSendWebhookAllow 127.0.0.1"))
        answers = answers_of(send_lines(httpd, [message, dict(message, webhook="ftp://127.0.0.1/"), dict(message, webhook="http://u:p@127.0.0.1/"), dict(message, webhook="x")]))
        assert [a["status"] for a in answers] == [202, 400, 400, 400]
        assert application.wait_for(1)[0]["id"] == answers[0]["id"]


def test_a_private_address_needs_its_name(make_httpd, relay):
    with Application() as application:
        httpd = make_httpd(relay=relay, handlers=handlers("SMTPSendWebhookAllow *"))
        httpd.send_json({"from": "app@example.com", "to": "bob@example.net", "text": "x", "webhook": application.url})
        httpd.send_json({"from": "app@example.com", "to": "bob@example.net", "text": "x", "webhook": application.url.replace("127.0.0.1", "localhost")})
        httpd.wait(lambda: httpd.log().count("its address is private") == 2, 20, "both refusals")
        assert not application.received


def test_one_that_hangs_delays_nobody_else(make_httpd, relay):
    """More results than there are requests at once wait for an application that never answers; another submitter's arrives at once."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as silent, Application() as application:
        places = handlers(f"SMTPSendWebhook http://127.0.0.1:{silent.getsockname()[1]}/") + "\n" + (
            f'<Location "/other">\nSetHandler smtp-send\nRequire local\nSMTPSendWebhook {application.url}\n</Location>\n')
        httpd = make_httpd(relay=relay, handlers=places, expect=["webhook notification to .* failed"])
        message = {"from": "app@example.com", "to": "bob@example.net", "text": "x"}
        send_lines(httpd, [message] * 40)
        relay.wait_for(40)
        silent.accept()
        begin = time.monotonic()
        answer = httpd.request("POST", "/other", json.dumps(message).encode(), {"Content-Type": "application/json"})
        assert application.wait_for(1)[0]["id"] == answer.json["id"]
        assert time.monotonic() - begin < 10, "before the first request to the silent one has timed out"


def test_submitter_rate(make_httpd, relay):
    httpd = make_httpd(relay=relay, handlers=handlers("SMTPSendSubmitterRate 3/h"))
    assert [httpd.send().status for _ in range(3)] == [202] * 3
    refused = httpd.send()
    problem(refused, 429, "SMTPSendSubmitterRate")
    assert 1000 < int(refused.headers["Retry-After"]) <= 1201
    message = {"from": "app@example.com", "to": "bob@example.net", "text": "x"}
    assert [a["status"] for a in answers_of(send_lines(httpd, [message]))] == [429]


@pytest.mark.parametrize("secret", [SECRET, WHSEC])
def test_the_library_of_standard_webhooks_accepts_the_signature(make_httpd, relay, secret):
    with Application() as application:
        httpd = make_httpd(relay=relay, handlers=handlers(f'SMTPSendWebhook {application.url}\nSMTPSendWebhookSecret "{secret}"'))
        answer = httpd.send_json({"from": "app@example.com", "to": "bob@example.net", "subject": "x", "text": "x"})
        application.wait_for(1)
        _, _, headers, body = application.received[0]
        assert verified(secret, headers, body)["id"] == answer.json["id"]
        assert headers["webhook-id"] == headers["SMTP-Send-Event"] and headers["webhook-timestamp"] == headers["SMTP-Send-Time"]
        with pytest.raises(AssertionError):
            verified(secret, headers, body.replace(b"bob", b"eve"))


def webhook_test(*args):
    return subprocess.run([CLI, "webhook", "test", *args], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("secret", [SECRET, WHSEC])
def test_a_sample_is_sent_from_the_shell(tmp_path, secret):
    (tmp_path / "secret").write_text(secret + "\n")
    with Application() as application:
        done = webhook_test(application.url, "--secret-file", str(tmp_path / "secret"))
        assert done.returncode == 0 and "answered 204" in done.stdout and "signed" in done.stdout
        body = application.wait_for(1)[0]
        assert body["test"] is True and body["event"] == "sent" and body["recipient"]["state"] == "sent"
        assert verified(secret, *application.received[0][2:]) == body


def test_the_sample_says_what_went_wrong(tmp_path):
    with Application(500, 410) as application:
        done = webhook_test(application.url)
        assert done.returncode == 1 and "answered 500" in done.stderr and "repeated" in done.stderr
        assert webhook_test(application.url).returncode == 1
        done = webhook_test(application.url)
        assert done.returncode == 0 and "not signed" in done.stdout
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        done = webhook_test(f"http://127.0.0.1:{closed.getsockname()[1]}/")
        assert done.returncode == 69 and "no answer" in done.stderr
    assert webhook_test("ftp://example.com/").returncode == 64
    assert webhook_test("http://127.0.0.1/", "--secret-file", str(tmp_path / "missing")).returncode == 66
