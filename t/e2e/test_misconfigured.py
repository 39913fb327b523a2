"""Misconfigurations, each against a real listening counterpart: the connection test names the step, the cause in words, and what to do; where it finds what would work, that,
copied into the configuration, passes. What test_connection.py has is not here again."""
import os
import re
import socket
import ssl
import subprocess
import sys

import pytest

from rig import dns
from rig.httpd import CLI

QUIET = ["SMTPSendTLSVerify Off", "SMTPSendTLS", "without TLS", "is down at", "is blocked", "cannot be read", "SMTPSendPassword", "SMTPSendUsername", "reply code to"]
V = ssl.TLSVersion
TO = "from=a@example.com&to=b@example.net&"
LOGIN = "SMTPSendUsername me\nSMTPSendPassword x\n"


def report(httpd, query=""):
    answer = httpd.get("/mail-test?" + query + ("" if "probe" in query else "probe=0"))
    return answer.status, answer.text


def check(httpd, step, words, advice, query="", result="FAILED"):
    """step fails with words in it, and the advice has its words; nobody has to know an id."""
    status, text = report(httpd, query)
    if result == "FAILED":
        assert status in (502, 503, 504), text
        assert text.startswith(f"Connection Test Results: FAILED at {step}\n"), text
        line = re.search(rf"^\[FAIL\] {step} .*(?:\n {{5,}}.*)*", text, re.M).group(0)
    else:
        assert status == 200 and text.startswith("Connection Test Results: PASSED\n"), text
        line = re.search(rf"^\[warn\] {step} .*(?:\n {{5,}}.*)*", text, re.M).group(0)
    for word in words:
        assert word.lower() in line.lower(), (word, line, text)
    todo = " ".join(text.split("What to do:", 1)[1].split("Dialogue:", 1)[0].split())
    for word in advice:
        assert word.lower() in todo.lower(), (word, todo)
    return text


def works(text):
    found = re.search(r"^Works: (.*)$", text, re.M)
    assert found, text
    return [part.strip() for part in found.group(1).split(",")]


# label, relay's behaviour, configuration, query, step, words of the step, words of the advice
REFUSALS = [
    ("STARTTLS answered 454", dict(tls="starttls", replies={"STARTTLS": "454 4.7.0 TLS not available due to local problem"}), "SMTPSendTLS starttls\n", "", "starttls", ["454"], ["port 465", "administrator"]),
    ("login only after TLS, 538", dict(auth={"me": "x"}, replies={"AUTH": "538 5.7.11 Encryption required for requested authentication mechanism"}), LOGIN, "", "auth", ["538"], ["SMTPSendTLS"]),
    ("AUTH not advertised before STARTTLS", dict(tls="starttls", auth={"me": "x"}, auth_needs_tls=True), LOGIN, "", "auth", ["STARTTLS"], ["SMTPSendTLS"]),
    ("sender refused, 553", dict(replies={"MAIL": "553 5.7.1 <a@example.com>: Sender address rejected: not owned by user me"}), "", TO, "mail", ["553", "not owned"], ["SMTPSendEnvelopeFrom"]),
    ("sender refused, 550 5.7.60", dict(replies={"MAIL": "550 5.7.60 SMTP; Client does not have permissions to send as this sender"}), "", TO, "mail", ["5.7.60"], ["SMTPSendEnvelopeFrom"]),
    ("login required, Microsoft", dict(replies={"MAIL": "530 5.7.57 Client not authenticated to send mail"}), "", TO, "mail", ["5.7.57"], ["SMTPSendUsername"]),
    ("basic authentication is off", dict(auth={"me": "x"}, replies={"AUTH": "535 5.7.139 Authentication unsuccessful, basic authentication is disabled."}), LOGIN, "", "auth", ["5.7.139"], ["XOAUTH2"]),
    ("too many logins", dict(auth={"me": "x"}, replies={"AUTH": "454 4.7.0 Too many login attempts, please try again later."}), LOGIN, "", "auth", ["454"], ["wait"]),
    ("no mechanism in common", dict(auth={"me": "x"}, mechanisms=["GSSAPI", "NTLM"]), LOGIN, "", "auth", ["GSSAPI", "NTLM"], ["SMTPSendAuth"]),
    ("login where none is offered", dict(), LOGIN, "", "auth", ["no AUTH"], ["SMTPSendUsername", "587"]),
    ("quota in login's clothes", dict(auth={"me": "x"}, replies={"AUTH": "451 Authentication failed: Maximum credits exceeded"}), LOGIN, "", "auth", ["credits"], ["quota"]),
    ("EHLO refused", dict(replies={"EHLO": "550 5.7.1 not you"}), "", "", "hello", ["550"], []),
    ("name in EHLO refused", dict(replies={"EHLO": "501 5.5.4 Syntactically invalid EHLO argument(s)"}), "", "", "hello", ["501"], ["SMTPSendHelo"]),
    ("name in EHLO refused at RCPT", dict(replies={"RCPT": "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname"}), "", TO, "rcpt", ["504"], ["SMTPSendHelo"]),
    ("greeting 421, too many connections", dict(greeting="421 4.3.2 Too many concurrent SMTP connections from this IP address"), "", "", "greeting", ["421"], ["SMTPSendConnections"]),
    ("greeting 554, listed", dict(greeting="554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"), "", "", "greeting", ["spamhaus"], ["list"]),
    ("a POP3 server", dict(greeting="+OK POP3 ready"), "", "", "greeting", ["POP3"], ["port"]),
    ("an IMAP server", dict(greeting="* OK [CAPABILITY IMAP4rev1] ready"), "", "", "greeting", ["IMAP"], ["port"]),
    ("an SSH server", dict(greeting="SSH-2.0-OpenSSH_9.2"), "", "", "greeting", ["SSH"], ["port"]),
    ("a greeting without an end", dict(greeting="220 " + "a" * 6000), "", "", "greeting", [], ["SMTP"]),
    ("closed before the greeting", dict(faults={"GREETING": "close"}), "", "", "greeting", ["closed"], ["SMTPSendTLS"]),
    ("relaying denied, temporarily coded", dict(replies={"RCPT": "454 4.7.1 <b@example.net>: Relay access denied"}), "", TO, "rcpt", ["Relay access denied"], ["SMTPSendUsername"]),
    ("recipient refused", dict(replies={"RCPT": "550 5.1.1 <b@example.net>: Recipient address rejected: User unknown"}), "", TO, "rcpt", ["User unknown"], ["address"]),
    ("mailbox full", dict(replies={"RCPT": "552 5.2.2 mailbox is full"}), "", TO, "rcpt", ["full"], ["recipient"]),
    ("server out of space", dict(replies={"MAIL": "452 4.3.1 Insufficient system storage"}), "", TO, "mail", ["452"], ["administrator"]),
    ("daily quota", dict(replies={"MAIL": "550 5.4.5 Daily user sending limit exceeded"}), "", TO, "mail", ["limit"], ["quota"]),
    ("TLS wanted first", dict(replies={"MAIL": "530 5.7.0 Must issue a STARTTLS command first"}), "", TO, "mail", ["STARTTLS"], ["SMTPSendTLS starttls"]),
    ("our TLS is too old for it", dict(replies={"MAIL": "421 4.7.66 TLS 1.0 and 1.1 are not supported."}), "", TO, "mail", ["TLS 1.0"], ["SMTPSendTLS"]),
    ("keywords written over", dict(extensions=["XXXXXXXA", "SIZE 1000"]), "SMTPSendTLS starttls\n", "", "starttls", ["XXXX"], ["inspection"]),
    ("account in a sandbox", dict(replies={"RCPT": "554 5.7.1 Sandbox subdomains are for test purposes only. Please add the address to authorized recipients"}), "", TO, "rcpt", ["Sandbox"], ["production access"]),
]


@pytest.mark.parametrize("label, behaviour, config, query, step, words, advice", REFUSALS, ids=[row[0] for row in REFUSALS])
def test_what_the_server_says(make_httpd, make_relay, certificates, label, behaviour, config, query, step, words, advice):
    if behaviour.get("tls"):
        behaviour = dict(behaviour, cert=certificates.issue("good"))
        config += f"SMTPSendTLSCACertificateFile {certificates.ca}\n"
    httpd = make_httpd(config, relay=make_relay(**behaviour), expect=QUIET)
    check(httpd, step, words, advice, query)


def test_a_greeting_of_asterisks_is_a_warning(make_httpd, make_relay):
    httpd = make_httpd("", relay=make_relay(greeting="220 " + "*" * 40), expect=QUIET)
    status, text = report(httpd)
    assert status == 200 and re.search(r"^\[warn\] greeting ", text, re.M) and "firewall" in text, text


def test_nothing_answers_at_all(make_httpd):
    """Filtered: a listener whose queue is full answers no further connection, as a firewall that drops."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port = listener.getsockname()[1]
    fill = []
    for _ in range(8):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
        fill.append(one)
    try:
        httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost 127.0.0.1:{port}\nSMTPSendTestTimeout 4s\n", expect=QUIET)
        check(httpd, "connect", [], ["firewall", "587"])
    finally:
        for one in fill + [listener]:
            one.close()


def test_plain_text_on_a_port_for_tls(make_httpd, make_relay, certificates):
    relay = make_relay(tls="immediate", cert=certificates.issue("good"))
    config = f"SMTPSendTLSCACertificateFile {certificates.ca}\nSMTPSendTestTimeout 20s\n"
    httpd = make_httpd(config, relay=relay, expect=QUIET)
    text = check(httpd, "greeting", [], ["SMTPSendTLS tls"], "probe=1")
    httpd.write(config + "\n".join(part for part in works(text) if "Port" not in part and "Host" not in part) + "\n")
    httpd.graceful_wait()
    assert report(httpd)[0] == 200


def test_a_self_signed_certificate_is_pinned_as_suggested(make_httpd, make_relay, certificates):
    relay = make_relay(tls="immediate", cert=certificates.self_signed("lonely"))
    httpd = make_httpd("SMTPSendTLS tls\n", relay=relay, expect=QUIET)
    text = check(httpd, "tls", ["self"], ["SMTPSendTLSFingerprint"], "probe=1")
    assert re.search(r"^Works: .*, only after you have checked it", text, re.M), text
    httpd.write("SMTPSendTLS tls\n" + next(part for part in works(text) if "Fingerprint" in part) + "\n")
    httpd.graceful_wait()
    assert report(httpd)[0] == 200


def test_an_expired_certificate_is_pinned_as_suggested(make_httpd, make_relay, certificates):
    relay = make_relay(tls="immediate", cert=certificates.issue("expired", end="20210101000000Z"))
    config = f"SMTPSendTLS tls\nSMTPSendTLSCACertificateFile {certificates.ca}\n"
    httpd = make_httpd(config, relay=relay, expect=QUIET)
    text = check(httpd, "tls", ["expired"], ["renewed"], "probe=1")
    assert "only after you have checked it" in text
    httpd.write(config + next(part for part in works(text) if "Fingerprint" in part) + "\n")
    httpd.graceful_wait()
    assert report(httpd)[0] == 200


def test_another_name_is_named_as_suggested(make_httpd, make_relay, certificates):
    relay = make_relay(tls="immediate", cert=certificates.issue("elsewhere", hosts=("DNS:mail.elsewhere.example",)))
    config = f"SMTPSendTLS tls\nSMTPSendTLSCACertificateFile {certificates.ca}\n"
    httpd = make_httpd(config, relay=relay, expect=QUIET)
    text = check(httpd, "tls", ["mail.elsewhere.example"], ["SMTPSendTLSName"], "probe=1")
    assert re.search(r"^Works: SMTPSendTLSName .*, only after you have checked it", text, re.M), text
    httpd.write(config + next(part for part in works(text) if "TLSName" in part) + "\n")
    httpd.graceful_wait()
    assert report(httpd)[0] == 200


def test_a_wrong_ca_file(make_httpd, make_relay, certificates, tmp_path_factory):
    other = certificates.self_signed("othersca")[0]
    httpd = make_httpd(f"SMTPSendTLS tls\nSMTPSendTLSCACertificateFile {other}\n", relay=make_relay(tls="immediate", cert=certificates.issue("good")), expect=QUIET)
    check(httpd, "tls", [], ["SMTPSendTLSCACertificateFile"])


def test_a_key_that_does_not_belong_to_the_certificate(make_httpd, make_relay, certificates):
    cert, key = certificates.issue("mine"), certificates.issue("others")
    config = f"SMTPSendTLS tls\nSMTPSendTLSCertificateFile {cert[0]}\nSMTPSendTLSCertificateKeyFile {key[1]}\n"
    httpd = make_httpd(config, relay=make_relay(tls="immediate", cert=certificates.issue("good")), expect=QUIET + ["TLS settings cannot work"])
    check(httpd, "config", ["SMTPSendTLSCertificateKeyFile"], ["certificate match"])


def test_a_wrong_tls_name(make_httpd, make_relay, certificates):
    config = f"SMTPSendTLS tls\nSMTPSendTLSCACertificateFile {certificates.ca}\nSMTPSendTLSName smtp.example.org\n"
    httpd = make_httpd(config, relay=make_relay(tls="immediate", cert=certificates.issue("good")), expect=QUIET)
    check(httpd, "tls", ["smtp.example.org"], ["SMTPSendTLSName"])


def test_only_ciphers_that_we_do_not_have(make_httpd, make_relay, certificates):
    config = f"SMTPSendTLS tls TLSv1.2\nSMTPSendTLSCipherSuite ECDHE-ECDSA-AES256-GCM-SHA384\nSMTPSendTLSCACertificateFile {certificates.ca}\n"
    httpd = make_httpd(config, relay=make_relay(tls="immediate", cert=certificates.issue("good")), expect=QUIET)
    check(httpd, "tls", ["cipher"], ["SMTPSendTLSCipherSuite"])


def test_a_password_file_that_is_missing(make_httpd, make_relay, tmp_path):
    path = tmp_path / "secret"
    httpd = make_httpd(f"SMTPSendUsername me\nSMTPSendPassword file:{path}\n", relay=make_relay(auth={"me": "x"}), expect=QUIET)
    status, text = report(httpd)
    assert status != 200 and "SMTPSendPassword" in text.split("What to do:", 1)[1] and str(path) in text, text


def test_a_password_file_that_is_empty(make_httpd, make_relay, tmp_path):
    path = tmp_path / "secret"
    path.write_text("\n")
    httpd = make_httpd(f"SMTPSendUsername me\nSMTPSendPassword file:{path}\n", relay=make_relay(auth={"me": "x"}), expect=QUIET)
    check(httpd, "auth", ["empty"], ["SMTPSendPassword"])


def test_a_password_without_a_user_name(make_httpd, make_relay):
    httpd = make_httpd("SMTPSendPassword x\n", relay=make_relay(auth={"me": "x"}), expect=QUIET)
    text = check(httpd, "mail", ["530"], ["SMTPSendUsername"], TO)
    assert re.search(r"^\[warn\] config .*(\n {5,}.*)*SMTPSendUsername is not", text, re.M), text


def test_a_network_that_redirects(make_httpd, make_relay, certificates):
    """localhost is asked, somebody else greets and shows a certificate."""
    relay = make_relay(tls="starttls", cert=certificates.issue("box", hosts=("DNS:smtp-box.hoster.example",)), greeting="220 smtp-box.hoster.example ESMTP")
    httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost localhost:{relay.port}\nSMTPSendTLS starttls\nSMTPSendTLSCACertificateFile {certificates.ca}\n", expect=QUIET)
    check(httpd, "tls", ["smtp-box.hoster.example", "calls itself"], ["redirect"])


def test_a_dot_at_the_end_of_the_host_does_no_harm(make_httpd, make_relay, certificates):
    relay = make_relay(tls="immediate", cert=certificates.issue("good"))
    httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost localhost.:{relay.port}\nSMTPSendTLS tls\nSMTPSendTLSCACertificateFile {certificates.ca}\n", expect=QUIET)
    assert report(httpd)[0] == 200


def test_ipv6_that_does_not_answer_is_a_warning(make_httpd, make_relay):
    """localhost has both; the relay listens on IPv4 alone."""
    relay = make_relay()
    addresses = {info[4][0] for info in socket.getaddrinfo("localhost", relay.port, proto=socket.IPPROTO_TCP)}
    httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost localhost:{relay.port}\n", expect=QUIET)
    status, text = report(httpd)
    assert status == 200, text
    assert ("IPv6" in text.split("What to do:", 1)[-1] and re.search(r"^\[warn\] connect ", text, re.M)) if "::1" in addresses else "127.0.0.1" in text, text


@pytest.mark.parametrize("name, words, advice", [
    ("nodata", ["exists but has no address"], ["name of the mail server", "SMTPSendHost"]),
    ("nowhere", ["does not exist"], ["Check the spelling of SMTPSendHost"]),
    ("broken", ["the name server did not answer"], ["/etc/resolv.conf", "SMTPSendTLSName"]),
    ("silent", ["the name server did not answer"], ["/etc/resolv.conf", "SMTPSendTLSName"]),
])
def test_what_the_name_service_says(name, words, advice):
    """Asked of a real name server, in a network of its own: a name without addresses is distinguished from an unknown one, and from a server that gives no answer."""
    result = subprocess.run([sys.executable, os.path.abspath(dns.__file__), CLI, "test", "--host", f"{name}.example.com", "--tls", "none"], capture_output=True, text=True, timeout=120)
    assert result.returncode == 11 and result.stdout.startswith("Connection Test Results: FAILED at resolve\n"), result
    line = re.search(r"^\[FAIL\] resolve .*(?:\n {5,}.*)*", result.stdout, re.M).group(0)
    todo = " ".join(result.stdout.split("What to do:", 1)[1].split("Dialogue:", 1)[0].split())
    assert all(word in line for word in words) and all(word in todo for word in advice), result.stdout


def test_a_name_that_the_same_server_knows():
    """What the tests above say is the names' doing."""
    result = subprocess.run([sys.executable, os.path.abspath(dns.__file__), CLI, "test", "--host", "here.example.com", "--tls", "none", "--no-probe"], capture_output=True, text=True, timeout=120)
    assert result.returncode == 12 and "FAILED at connect" in result.stdout and "[ ok ] resolve" in result.stdout, result
