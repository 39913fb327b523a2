"""traceparent (W3C Trace Context): kept with a message by whatever way it came, and shown wherever its result is."""
import json
import os
import smtplib

from rig.httpd import free_port
from e2e.test_event_log import wait_for_events
from e2e.test_forms import answers_of, send_lines
from e2e.test_webhook import Application, handlers

MESSAGE = {"from": "app@example.com", "to": "bob@example.net", "subject": "hello", "text": "x"}
RFC822 = b"From: app@example.com\r\nTo: bob@example.net\r\nSubject: hello\r\n"


def trace(number, flags="01"):
    return f"00-{number:032x}-{number:016x}-{flags}"


def kept(httpd, identity):
    return httpd.message(identity)["traceparent"]


def test_each_way_over_http(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    header = {"traceparent": trace(1)}

    def send(body, kind, query="", more=header):
        return kept(httpd, httpd.request("POST", "/mail" + query, body, {"Content-Type": kind, **more}).json["id"])
    assert send(json.dumps(MESSAGE).encode(), "application/json") == trace(1)
    assert send(json.dumps(dict(MESSAGE, traceparent=trace(2))).encode(), "application/json") == trace(2), "the message's own goes first"
    assert send(json.dumps(dict(MESSAGE, traceparent="nonsense")).encode(), "application/json") == trace(1)
    assert send(b"from=app@example.com&to=bob@example.net&text=x", "application/x-www-form-urlencoded") == trace(1)
    assert send(f"from=app@example.com&to=bob@example.net&text=x&traceparent={trace(3)}".encode(), "application/x-www-form-urlencoded", more={}) == trace(3)
    multipart = b'--b\r\nContent-Disposition: form-data; name="to"\r\n\r\nbob@example.net\r\n--b\r\nContent-Disposition: form-data; name="from"\r\n\r\na@example.com\r\n--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nx\r\n--b--\r\n'
    assert send(multipart, "multipart/form-data; boundary=b") == trace(1)
    assert send(RFC822 + b"\r\nx\r\n", "message/rfc822") == trace(1)
    assert send(RFC822 + b"\r\nx\r\n", "message/rfc822", f"?traceparent={trace(4)}") == trace(4)
    own = RFC822 + b"Traceparent: " + trace(5).encode() + b"\r\n\r\nx\r\n"
    assert send(own, "message/rfc822", more={}) == trace(5) and send(own, "message/rfc822") == trace(1), "the request's goes before the content's"
    assert send(RFC822 + b"\r\nx\r\n", "message/rfc822", more={}) is None
    for wrong in ("", "x", trace(1)[:-1], trace(1).replace("00-", "ff-", 1), trace(0), trace(10).upper(), trace(1) + "-x", "x" * 7000):
        assert send(json.dumps(MESSAGE).encode(), "application/json", more={"traceparent": wrong}) is None, wrong
    assert send(json.dumps(MESSAGE).encode(), "application/json", more={"traceparent": trace(1).replace("00-", "42-", 1) + "-more"}) == trace(1), "of a later version, what is known"


def test_lines_have_their_own_or_the_request_s(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    answers = answers_of(send_lines(httpd, [dict(MESSAGE, traceparent=trace(7)), MESSAGE, dict(MESSAGE, traceparent="00-x")], {"traceparent": trace(8)}))
    assert [kept(httpd, a["id"]) for a in answers] == [trace(7), trace(8), trace(8)]


def test_local_ways(make_httpd, relay):
    port = free_port()
    httpd = make_httpd(f"SMTPSendListen 127.0.0.1:{port}", relay=relay)

    def newest():
        return json.loads(httpd.cli("queue", "--json", check=0).stdout.splitlines()[0])
    httpd.cli("sendmail", "-t", input=b"To: bob@example.net\n\nx\n", env={"TRACEPARENT": trace(1)}, check=0)
    httpd.cli("sendmail", "-t", input=b"To: bob@example.net\nTraceparent: " + trace(2).encode() + b"\n\nx\n", check=0)
    httpd.cli("sendmail", "-t", input=b"To: bob@example.net\n\nx\n", env={"TRACEPARENT": "y" * 5000}, check=0)
    httpd.cli("sendmail", "-bs", input=b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n\r\nx\r\n.\r\nQUIT\r\n", env={"TRACEPARENT": trace(3)}, check=0)
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("a@example.com", "bob@example.net", b"Traceparent: " + trace(4).encode() + b"\r\n\r\nx\r\n")
    relay.wait_for(5)
    for number in (1, 2, 3, 4):
        httpd.wait_log(rf"status=sent \(.*\), traceparent={trace(number)}")
    assert httpd.log().count("traceparent=") == 4


def test_wherever_a_result_is(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": "550 5.1.1 no such user"})
    with Application() as application:
        httpd = make_httpd("SMTPSendEventLog state/log", relay=relay, expect=["status=bounced", "reply code to the RCPT", "SMTPSend-253"],
                           handlers=handlers(f"SMTPSendWebhook {application.url}\n"))
        identity = httpd.send_json(MESSAGE, headers={"traceparent": trace(9)}).json["id"]
        assert application.wait_for(1)[0]["traceparent"] == trace(9) and application.received[0][2]["traceparent"] == trace(9)
        httpd.wait_log(rf"{identity}: .*status=bounced \(550 5.1.1 no such user\), traceparent={trace(9)}")
        events = wait_for_events(httpd, os.path.join(httpd.dir, "state", "log"), 4)
        assert {e["traceparent"] for e in events} == {trace(9)}, "of the report, too"
        assert json.loads(httpd.cli("show", identity, "--json", check=0).stdout)["traceparent"] == trace(9)
        assert trace(9) in httpd.request("GET", f"/mail-status/message/{identity}", headers={"Accept": "text/html"}).text


def test_it_moves_with_the_message(make_httpd, relay):
    httpd = make_httpd("SMTPSendPause On", relay=relay, expect=["sending is paused"])
    identity = httpd.send_json(MESSAGE, headers={"traceparent": trace(9)}).json["id"]
    exported = httpd.cli("export", check=0).stdout
    other = make_httpd("SMTPSendPause On", relay=relay, expect=["sending is paused"])
    other.cli("import", input=exported, check=0)
    assert kept(other, identity) == trace(9)
