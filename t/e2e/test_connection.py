"""The connection test: passes with every SMTPSendTLS value, fails at the right step with the right advice, shows no secret, is live, sends nothing."""
import http.client
import json
import os
import re
import ssl
import subprocess
import threading

import pytest
from rig.httpd import free_port

V = ssl.TLSVersion
QUIET = ["SMTPSendTLSVerify Off", "SMTPSendTLS", "without TLS", "is down at", "is blocked", "reply code to the AUTH command was 535"]
SECRET = "s3cret-Pa55-word"


def run(httpd, query="probe=0"):
    """The report as (status, JSON document, text)."""
    text = httpd.get("/mail-test?" + query)
    document = httpd.get("/mail-test?" + query, {"Accept": "application/json"})
    assert text.headers["Content-Type"].startswith("text/plain") and document.headers["Content-Type"].startswith("application/json"), (text, document)
    assert text.status == document.status, (text, document)
    return text.status, document.json, text.text


def passed(httpd, query="probe=0"):
    status, document, text = run(httpd, query)
    assert status == 200 and document["result"] == "passed" and document["failedStep"] is None, text
    assert text.startswith("Connection Test Results: PASSED\n"), text
    return document, text


def failed(httpd, steps, advice, statuses=(502,), query="probe=0"):
    status, document, text = run(httpd, query)
    assert document["result"] == "failed" and document["failedStep"] in steps, text
    assert text.startswith(f"Connection Test Results: FAILED at {document['failedStep']}\n"), text
    assert status in statuses, (status, text)
    assert {row["code"] for row in document["advice"]} & set(advice), (document["advice"], text)
    assert "What to do:" in text and "[FAIL] " + document["failedStep"] in text, text
    return document, text


# ---- what passes ----

TLS = [("tls TLSv1", "immediate", (V.TLSv1, V.TLSv1), "TLSv1"), ("tls TLSv1.1", "immediate", (V.TLSv1_1, V.TLSv1_1), "TLSv1.1"),
       ("tls TLSv1.2", "immediate", (V.TLSv1_2, V.TLSv1_3), "TLSv1.2"), ("tls TLSv1.3", "immediate", (V.TLSv1_2, V.TLSv1_3), "TLSv1.3"),
       ("tls", "immediate", (V.TLSv1_2, V.TLSv1_3), "TLSv1.3"),
       ("starttls TLSv1", "starttls", (V.TLSv1, V.TLSv1), "TLSv1"), ("starttls TLSv1.1", "starttls", (V.TLSv1_1, V.TLSv1_1), "TLSv1.1"),
       ("starttls TLSv1.2", "starttls", (V.TLSv1_2, V.TLSv1_2), "TLSv1.2"), ("starttls TLSv1.3", "starttls", (V.TLSv1_3, V.TLSv1_3), "TLSv1.3"),
       ("starttls", "starttls", (V.TLSv1_2, V.TLSv1_3), "TLSv1.3"),
       ("starttls TLSv1 TLSv1.2", "starttls", (V.TLSv1, V.TLSv1_2), "TLSv1.2"), ("tls TLSv1.1 TLSv1.3", "immediate", (V.TLSv1, V.TLSv1_3), "TLSv1.3"),
       ("negotiate", "starttls", (V.TLSv1_2, V.TLSv1_3), "TLSv1.3"), ("negotiate", "immediate", (V.TLSv1_2, V.TLSv1_3), "TLSv1.3"),
       ("opportunistic", "starttls", (V.TLSv1_2, V.TLSv1_3), "TLSv1.3")]


@pytest.mark.parametrize("mode, tls, versions, want", TLS, ids=[f"{t[0]} with a server of {t[1]}" for t in TLS])
def test_each_tls_mode_passes_and_is_what_the_server_saw(make_httpd, make_relay, certificates, mode, tls, versions, want):
    relay = make_relay(tls=tls, cert=certificates.issue("good"), versions=versions)
    httpd = make_httpd(f"SMTPSendTLS {mode}\nSMTPSendTLSCACertificateFile {certificates.ca}\n", relay=relay, expect=QUIET)
    document, text = passed(httpd)
    assert set(relay.tls_versions) == {want}
    step = next(s for s in document["steps"] if s["step"] in ("tls", "starttls") and want in s["detail"])
    assert step["result"] in ("ok", "warn")
    httpd.send()
    relay.wait_for(1)
    assert relay.tls_versions[-1] == want


def test_a_version_in_the_gap_of_the_list_is_refused(make_httpd, make_relay, certificates):
    relay = make_relay(tls="starttls", cert=certificates.issue("good"), versions=(V.TLSv1_1, V.TLSv1_1))
    httpd = make_httpd(f"SMTPSendTLS starttls TLSv1 TLSv1.2\nSMTPSendTLSCACertificateFile {certificates.ca}\n", relay=relay, expect=QUIET)
    document, text = failed(httpd, ["starttls", "tls"], ["tls-version"])
    assert "TLSv1.1, which SMTPSendTLS does not allow" in text, text


@pytest.mark.parametrize("mode", ["none", "opportunistic"])
def test_plain_passes(make_httpd, relay, mode):
    httpd = make_httpd(f"SMTPSendTLS {mode}\n", relay=relay)
    document, text = passed(httpd)
    assert [s["step"] for s in document["steps"]][:3] == ["config", "resolve", "connect"]
    assert re.search(r"^\[ ok \] connect .* ms ", text, re.M)
    assert "C: EHLO" in text and "S: 220 relay.test" in text and "PIPELINING" in text
    assert not relay.messages


def test_pinned_certificate(make_httpd, make_relay, certificates):
    cert = certificates.self_signed("pinned")
    digest = subprocess.run(["openssl", "x509", "-in", cert[0], "-noout", "-fingerprint", "-sha256"], check=True, capture_output=True, text=True).stdout
    digest = digest.split("=")[1].strip().replace(":", "").lower()
    relay = make_relay(tls="immediate", cert=cert)
    httpd = make_httpd(f"SMTPSendTLS tls\nSMTPSendTLSFingerprint sha256:{digest}\n", relay=relay, expect=QUIET)
    passed(httpd)
    httpd.write(f"SMTPSendTLS tls\nSMTPSendTLSFingerprint sha256:{'0' * 64}\n")
    httpd.graceful_wait()
    failed(httpd, ["tls"], ["cert-fingerprint"])


def test_client_certificate(make_httpd, make_relay, certificates):
    relay = make_relay(tls="immediate", cert=certificates.issue("good"), client_ca=certificates.ca)
    cert, key = certificates.issue("client", hosts=("DNS:client.example.com",))
    ca = f"SMTPSendTLS tls TLSv1.2\nSMTPSendTLSCACertificateFile {certificates.ca}\n"
    httpd = make_httpd(ca + f"SMTPSendTLSCertificateFile {cert}\nSMTPSendTLSCertificateKeyFile {key}\n", relay=relay, expect=QUIET)
    passed(httpd)
    httpd.write(ca)
    httpd.graceful_wait()
    failed(httpd, ["tls", "greeting"], ["tls-client-cert", "tls-handshake", "greeting-lost"])


def test_settings_are_shown_with_their_place(make_httpd, relay):
    httpd = make_httpd(f"SMTPSendUsername me\nSMTPSendPassword {SECRET}\nSMTPSendHelo me.example.com\n", relay=relay)
    document, text = run(httpd)[1:]
    settings = {row["name"]: row for row in document["settings"]}
    assert settings["SMTPSendHelo"]["value"] == "me.example.com" and re.search(r"httpd\.conf:\d+$", settings["SMTPSendHelo"]["source"])
    assert settings["SMTPSendTLS"]["source"] == "default"
    assert settings["SMTPSendPassword"]["value"].startswith("set")
    assert re.search(r"SMTPSendHelo +me\.example\.com +\(.*httpd\.conf:\d+\)", text)


# ---- what fails ----

def test_closed_port(make_httpd):
    httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost 127.0.0.1:{free_port()}\n", expect=QUIET)
    failed(httpd, ["connect"], ["connect-refused"])


def test_unknown_host(make_httpd):
    httpd = make_httpd("SMTPSendEngine On\nSMTPSendHost no-such-host.invalid\nSMTPSendTestTimeout 8s\n", expect=QUIET)
    failed(httpd, ["resolve"], ["resolve-unknown", "resolve-none", "resolve-again"], statuses=(502, 504))


def test_silent_server_is_a_timeout(make_httpd, make_relay):
    httpd = make_httpd("SMTPSendTestTimeout 2s\n", relay=make_relay(silent=True), expect=QUIET)
    failed(httpd, ["greeting"], ["greeting-silent", "greeting-timeout", "tls-silent", "test-timeout"], statuses=(504,))


CERTIFICATES = [("self-signed", lambda c: c.self_signed(), ["cert-self-signed"]),
                ("expired", lambda c: c.issue("expired", end="20210101000000Z"), ["cert-expired"]),
                ("not yet valid", lambda c: c.issue("early", start="20480101000000Z"), ["cert-not-yet"]),
                ("other name", lambda c: c.issue("other", hosts=("DNS:other.example.com",)), ["cert-name"])]


@pytest.mark.parametrize("mode, tls", [("tls", "immediate"), ("starttls", "starttls")])
@pytest.mark.parametrize("label, make, advice", CERTIFICATES, ids=[row[0] for row in CERTIFICATES])
def test_bad_certificates(make_httpd, make_relay, certificates, mode, tls, label, make, advice):
    relay = make_relay(tls=tls, cert=make(certificates))
    ca = f"SMTPSendTLS {mode}\nSMTPSendTLSCACertificateFile {certificates.ca}\n"
    httpd = make_httpd(ca, relay=relay, expect=QUIET)
    failed(httpd, ["tls", "starttls"], advice)
    ident = httpd.send().json["id"]
    httpd.wait_log("is (down|blocked)")
    assert not relay.messages and httpd.message(ident)["recipients"][0]["attempts"] == 0
    httpd.write(ca + "SMTPSendTLSVerify Off\n")
    httpd.graceful_wait()
    passed(httpd)
    relay.wait_for(1)


def test_missing_intermediate(make_httpd, make_relay, certificates):
    certificates.issue("intermediate", is_ca=True)
    relay = make_relay(tls="immediate", cert=certificates.issue("leaf", issuer="intermediate", with_chain=False))
    httpd = make_httpd(f"SMTPSendTLS tls\nSMTPSendTLSCACertificateFile {certificates.ca}\n", relay=relay, expect=QUIET)
    failed(httpd, ["tls"], ["cert-incomplete"])


def test_server_too_old(make_httpd, make_relay, certificates):
    relay = make_relay(tls="immediate", cert=certificates.issue("good"), versions=(V.TLSv1, V.TLSv1))
    httpd = make_httpd(f"SMTPSendTLS tls\nSMTPSendTLSCACertificateFile {certificates.ca}\n", relay=relay, expect=QUIET)
    failed(httpd, ["tls"], ["tls-old-server", "tls-version"])


def nowhere(httpd, text, extra=""):
    """The secret in no form anywhere that a person or a program could look."""
    import base64
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    for form in (SECRET, base64.b64encode(SECRET.encode()).decode(), SECRET.encode().hex(), base64.b64encode(b"\0me\0" + SECRET.encode()).decode()):
        for place in (text, httpd.log(), processes, extra):
            assert form.lower() not in place.lower()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"])
def test_wrong_password_and_no_trace_of_it(make_httpd, make_relay, mechanism):
    relay = make_relay(auth={"me": "another"}, mechanisms=[mechanism])
    httpd = make_httpd(f'SMTPSendUsername me\nSMTPSendPassword "{SECRET}"\n', relay=relay, expect=QUIET, level="debug")
    document, text = failed(httpd, ["auth"], ["auth-rejected"])
    httpd.send()
    httpd.wait_log("is blocked")
    html = httpd.get("/mail-test?probe=0", {"Accept": "text/html"}).text
    status = httpd.get("/mail-status").text + httpd.get("/mail-status", {"Accept": "text/html"}).text + httpd.cli("queue", "--json").stdout.decode()
    nowhere(httpd, text + json.dumps(document) + html, status)


def test_right_password_leaves_no_trace_either(make_httpd, make_relay):
    relay = make_relay(auth={"me": SECRET}, mechanisms=["PLAIN"])
    httpd = make_httpd(f'SMTPSendUsername me\nSMTPSendPassword "{SECRET}"\n', relay=relay, level="debug")
    document, text = passed(httpd)
    assert relay.logins and re.search(r"C: AUTH PLAIN \W*(redacted|\.\.\.|\*+|\[)", text), text
    nowhere(httpd, text + json.dumps(document))


def test_echoed_secret_is_blanked(make_httpd, make_relay):
    relay = make_relay(auth={"me": SECRET}, mechanisms=["PLAIN"], replies={"AUTH": f"535 5.7.8 no such password: {SECRET}"})
    httpd = make_httpd(f'SMTPSendUsername me\nSMTPSendPassword "{SECRET}"\n', relay=relay, expect=QUIET)
    document, text = failed(httpd, ["auth"], ["auth-rejected"])
    nowhere(httpd, text + json.dumps(document))


REFUSED = [("login required", dict(auth={"me": "x"}), "?from=a@example.com&to=b@example.net", ["mail"], ["auth-required"]),
           ("greeting refused", dict(greeting="554 5.7.1 no SMTP service for you"), "", ["greeting"], ["greeting-refused", "client-refused", "address-listed", "policy", "service-unavailable"]),
           ("sender refused", dict(replies={"MAIL": "550 5.7.60 client does not have permissions to send as this sender"}), "?from=a@example.com&to=b@example.net", ["mail"], ["sender-refused"]),
           ("relaying denied", dict(replies={"RCPT": "554 5.7.1 <b@example.net>: Relay access denied"}), "?from=a@example.com&to=b@example.net", ["rcpt"], ["relay-denied"]),
           ("app password", dict(auth={"me": "x"}, replies={"AUTH": "534 5.7.9 Application-specific password required"}), "", ["auth"], ["auth-app-password"])]


@pytest.mark.parametrize("label, behaviour, query, steps, advice", REFUSED, ids=[row[0] for row in REFUSED])
def test_refusals(make_httpd, make_relay, label, behaviour, query, steps, advice):
    login = "SMTPSendUsername me\nSMTPSendPassword x\n" if label == "app password" else ""
    httpd = make_httpd(login, relay=make_relay(**behaviour), expect=QUIET)
    failed(httpd, steps, advice, query=(query + "&" if query else "?")[1:] + "probe=0")


def test_no_starttls_offered(make_httpd, relay):
    httpd = make_httpd("SMTPSendTLS starttls\n", relay=relay, expect=QUIET)
    failed(httpd, ["starttls"], ["starttls-not-offered", "starttls-stripped"])


def test_starttls_on_a_tls_only_port(make_httpd, make_relay, certificates):
    relay = make_relay(tls="immediate", cert=certificates.issue("good"))
    httpd = make_httpd("SMTPSendTLS starttls\nSMTPSendTestTimeout 4s\n", relay=relay, expect=QUIET)
    failed(httpd, ["greeting"], ["greeting-tls", "greeting-silent", "tls-silent", "greeting-timeout"], statuses=(502, 504))


def test_tls_on_a_plain_port_and_what_would_work(make_httpd, make_relay, certificates):
    relay = make_relay(tls="starttls", cert=certificates.issue("good"))
    config = f"SMTPSendTLSCACertificateFile {certificates.ca}\n"
    httpd = make_httpd(config + "SMTPSendTLS tls\n", relay=relay, expect=QUIET)
    document, text = failed(httpd, ["tls"], ["tls-plain-port"], query="probe=1")
    works = re.search(r"^Works: (.*)$", text, re.M)
    assert works and "SMTPSendTLS starttls" in works.group(1), text
    httpd.write(config + "\n".join(part.strip() for part in works.group(1).split(",") if "SMTPSendPort" not in part) + "\n")
    httpd.graceful_wait()
    passed(httpd)


OTHER = f"127.57.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"   # its ports 2525 and 2587 are this run's


@pytest.mark.parametrize("port", [2525, 2587])
@pytest.mark.parametrize("step, behaviour, mode", [("connect", None, "starttls"), ("greeting", dict(faults={"GREETING": "close"}), "starttls"), ("tls", dict(faults={"GREETING": "close"}), "tls"),
                                                   ("starttls", dict(), "starttls"), ("hello", dict(replies={"EHLO": "550 no"}), "starttls")], ids=["connect", "greeting", "tls", "starttls", "hello"])
def test_the_other_ports_are_tried(make_httpd, make_relay, certificates, port, step, behaviour, mode):
    """What is found, copied into the configuration, passes."""
    make_relay(tls="starttls", cert=certificates.issue("other", hosts=[f"IP:{OTHER}"]), host=OTHER, port=port)
    own = make_relay(host=OTHER, **behaviour).port if behaviour is not None else free_port()
    config = f"SMTPSendEngine On\nSMTPSendHost {OTHER}\nSMTPSendTLSCACertificateFile {certificates.ca}\nSMTPSendTestTimeout 8s\n"
    httpd = make_httpd(config + f"SMTPSendPort {own}\nSMTPSendTLS {mode}\n", expect=QUIET)
    status, document, text = run(httpd, "probe=1")
    assert document["failedStep"] == step, text
    works = re.findall(r"^Works: (.*)$", text, re.M)
    assert works == [f"SMTPSendTLS starttls, SMTPSendPort {port}"], text
    httpd.write(config + works[0].replace(", ", "\n") + "\n")
    httpd.graceful_wait()
    passed(httpd, "probe=0")


def test_port_2525_without_tls_where_none_is_configured(make_httpd, make_relay):
    make_relay(host=OTHER, port=2525)
    httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost {OTHER}\nSMTPSendPort {free_port()}\nSMTPSendTLS none\n", expect=QUIET)
    text = run(httpd, "probe=1")[2]
    assert re.findall(r"^Works: (.*)$", text, re.M) == ["SMTPSendTLS none, SMTPSendPort 2525"], text


def test_where_the_settings_work_nothing_else_is_tried(make_httpd, make_relay, certificates):
    other = make_relay(host=OTHER, port=2525)
    httpd = make_httpd(relay=make_relay(host=OTHER), expect=QUIET)
    document, text = passed(httpd, "probe=1")
    assert "Works:" not in text and other.connections == 0


# ---- how it is shown ----

def test_mail_and_rcpt_are_tried_and_nothing_is_sent(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    document, text = passed(httpd, "from=a@example.com&to=b@example.net&probe=0")
    verbs = [c.split(" ")[0].split(":")[0].upper() for c in relay.commands()]
    assert verbs.count("DATA") == 0 and verbs.count("BDAT") == 0 and not relay.messages
    first = verbs[:verbs.index("QUIT")]
    assert [v for v in first if v != "EHLO"] == ["MAIL", "RCPT", "RSET", "MAIL", "RSET", "MAIL", "RSET"], first
    assert [s["step"] for s in document["steps"]][-3:] == ["mail", "rcpt", "quit"]


def test_one_mail_per_connection_is_named(make_httpd, make_relay):
    httpd = make_httpd(relay=make_relay(one_mail=True))
    text = run(httpd, "from=a@example.com&to=b@example.net&probe=0")[2]
    assert "SMTPSendOneMessagePerConnection" in text and "[warn]" in text, text


def test_steps_are_live(make_httpd, make_relay):
    go = threading.Event()
    relay = make_relay(replies={"GREETING": lambda session, argument: (go.wait(20), None)[1]})
    httpd = make_httpd(relay=relay)
    for accept, query, mark in (("*/*", "?stream=1", b"[ ok ] connect"), ("text/html", "", b"data-step='connect'"), ("application/json", "?stream=1", b'"connect"')):
        go.clear()
        connection = http.client.HTTPConnection("127.0.0.1", httpd.port, timeout=20)
        connection.request("GET", "/mail-test" + query, headers={"Accept": accept})
        answer = connection.getresponse()
        assert answer.status == 200
        seen = b""
        while mark not in seen:
            piece = answer.read1(65536)
            assert piece, seen
            seen += piece
        assert b"PASSED" not in seen and b'"passed"' not in seen
        go.set()
        seen += answer.read()
        assert b"PASSED" in seen or b'"passed"' in seen
        connection.close()


def test_page_is_whole_without_a_script(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    answer = httpd.get("/mail-test", {"Accept": "text/html,*/*;q=0.8"})
    page = answer.text
    assert answer.status == 200 and "Connection Test Results: PASSED" in page and "Run again" in page and "<form" in page and "id='results'" in page
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"] and "<style" not in page and not re.search(r"<script(?! src=)", page)
    for name in re.findall(r"(?:href|src)='([^']*asset=[^']*)'", page):
        assert httpd.get(name).status == 200
    download = httpd.get("/mail-test?download=1")
    assert "attachment" in download.headers["Content-Disposition"] and download.text.startswith("Connection Test Results: PASSED")


def test_masked_report_names_nobody(make_httpd, relay):
    httpd = make_httpd("SMTPSendHelo secret-host.corp.example.com\n", relay=relay)
    text = run(httpd, "from=alice.wonder@corp.example.com&to=bob.builder@corp.example.net&mask=1&probe=0")[2]
    for name in ("alice.wonder", "bob.builder", "secret-host"):
        assert name not in text, text


def test_at_most_four_at_once(make_httpd, make_relay):
    relay = make_relay(silent=True)
    httpd = make_httpd("SMTPSendTestTimeout 60s\n", relay=relay)
    connections = [http.client.HTTPConnection("127.0.0.1", httpd.port, timeout=60) for _ in range(4)]
    for connection in connections:
        connection.request("GET", "/mail-test?probe=0")
    relay.wait(lambda: relay.connections >= 4)
    answer = httpd.get("/mail-test?probe=0", {"Accept": "application/json"})
    assert answer.status == 429 and answer.headers["Retry-After"], answer
    for connection in connections:
        connection.close()
    # The test of a client that left ends long before its deadline.
    httpd.wait(lambda: httpd.get("/mail-test?probe=0&to=nobody").status == 400, 10, "a place for another test")


def test_bad_parameters(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    assert httpd.get("/mail-test?to=no-address").status == 400
    assert httpd.get("/mail-test?colour=red").status == 400
    answer = httpd.request("PUT", "/mail-test", b"")
    assert answer.status == 405 and "POST" in answer.headers["Allow"]


def test_runs_with_the_engine_off(make_httpd, relay):
    httpd = make_httpd(f"SMTPSendEngine Off\nSMTPSendHost 127.0.0.1:{relay.port}\n")
    passed(httpd)


def test_test_message_is_followed_to_its_end(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": lambda session, argument: "550 5.1.1 no such user" if "none@" in argument else None})
    httpd = make_httpd("SMTPSendBounce off\n", relay=relay, expect=["status=bounced", "reply code to the"])
    answer = httpd.request("POST", "/mail-test", b"to=bob%40example.net&from=app%40example.com", {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 200 and answer.text.startswith("Test Message Results: SENT") and "queued as R000001" in answer.text, answer
    message = relay.wait_for(1)[0]
    assert message.sender == "app@example.com" and message.rcpts == ["bob@example.net"] and b"Subject: " in message.data
    answer = httpd.request("POST", "/mail-test?to=none@example.net", b"")
    assert answer.status == 502 and "no such user" in answer.text, answer
    assert httpd.request("POST", "/mail-test", b"").status == 400
    assert httpd.request("POST", "/mail-test", b"to=bob@example.net", {"Origin": "http://evil.example"}).status == 403
    assert len(relay.messages) == 1


def test_a_mechanism_that_is_offered_and_unknown(make_httpd, make_relay):
    """504 (RFC 4954 4): the next one of those that the settings allow, on the same connection; and none that they do not."""
    relay = make_relay(auth={"me": SECRET}, mechanisms=["PLAIN", "LOGIN", "CRAM-MD5"],
                       replies={"AUTH": lambda session, argument: None if argument.upper().startswith("LOGIN") else "504 5.5.4 Unrecognized authentication type"})
    httpd = make_httpd(f'SMTPSendUsername me\nSMTPSendPassword "{SECRET}"\nSMTPSendAuthInsecure On\n', relay=relay, expect=["SMTPSend-1", "SMTPSend-220", "SMTPSend-219", "reply code to the AUTH", "SMTPSend-299"])
    status, _, text = run(httpd, "probe=0")
    assert status == 200 and "AUTH LOGIN" in text and relay.connections == 2, text
    httpd.wait_state(httpd.send().json["id"], "sent")
    httpd.write(f'SMTPSendUsername me\nSMTPSendPassword "{SECRET}"\nSMTPSendAuthInsecure On\nSMTPSendAuth CRAM-MD5 PLAIN\n')
    httpd.graceful_wait()
    status, _, text = run(httpd, "probe=0")
    assert status == 502 and "[FAIL] auth" in text and "504" in text and "AUTH LOGIN" not in text.split("Dialogue")[1], text
    assert "the server offers PLAIN LOGIN CRAM-MD5" in " ".join(text.split()), text


@pytest.mark.parametrize("reply", ["535 5.7.8 Error: authentication failed", "501 5.5.2 cannot decode", "454 4.7.0 Temporary authentication failure"])
def test_a_mechanism_that_is_offered_and_refused(make_httpd, make_relay, reply):
    """The next one works: the mail is sent, log and test name the mechanism and the directive."""
    relay = make_relay(auth={"me": SECRET}, mechanisms=["CRAM-MD5", "PLAIN", "LOGIN"],
                       replies={"AUTH": lambda session, argument: reply if argument.upper().startswith("CRAM") else None})
    httpd = make_httpd(f'SMTPSendUsername me\nSMTPSendPassword "{SECRET}"\nSMTPSendAuthInsecure On\n', relay=relay, expect=["SMTPSend-1", "SMTPSend-219", "reply code to the AUTH", "SMTPSend-299"])
    httpd.wait_state(httpd.send().json["id"], "sent")
    httpd.wait_log("SMTPSend-219.*CRAM-MD5 and takes PLAIN.*SMTPSendAuth PLAIN")
    status, _, text = run(httpd, "probe=0")
    assert status == 200 and "[warn] auth" in text and "CRAM-MD5: refused" in text and "SMTPSendAuth PLAIN" in text, text
