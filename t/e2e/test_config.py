"""Directives: what is wrong stops configtest with a sentence; what is legal and probably wrong is a warning."""
import os
import re
import socket

import pytest

HEAD = "SMTPSendEngine On\nSMTPSendHost 127.0.0.1\n"

BAD = [
    ("SMTPSendEngine Perhaps", ["SMTPSendEngine", "Perhaps", "On"]),
    ("SMTPSendHost 2001:db8::1", ["SMTPSendHost", "2001:db8::1", "brackets"]),
    ("SMTPSendHost smtp.example.com:99999", ["SMTPSendHost", "65535"]),
    ("SMTPSendHost [::1", ["SMTPSendHost", "[::1"]),
    ("SMTPSendPort 0", ["SMTPSendPort", "0", "65535"]),
    ("SMTPSendPort smtp", ["SMTPSendPort", "smtp"]),
    ("SMTPSendTLS ssl", ["SMTPSendTLS", "ssl", "starttls"]),
    ("SMTPSendTLS tls TLSv1.4", ["SMTPSendTLS", "TLSv1.4", "TLSv1.3"]),
    ("SMTPSendTLS negotiate TLSv1", ["SMTPSendTLS", "negotiate"]),
    ("SMTPSendTLSFingerprint sha256:12", ["SMTPSendTLSFingerprint", "64"]),
    ("SMTPSendTLSFingerprint md5:12", ["SMTPSendTLSFingerprint", "sha256"]),
    ("SMTPSendAuth PLAIN DIGEST", ["SMTPSendAuth", "DIGEST", "SCRAM-SHA-256"]),
    ("SMTPSendAuth auto PLAIN", ["SMTPSendAuth", "auto"]),
    ("SMTPSendTimeout 5 parsecs", ["SMTPSendTimeout", "parsecs", "30s"]),
    ("SMTPSendTimeout 1s 1s 1s 1s 1s 1s", ["SMTPSendTimeout", "five"]),
    ("SMTPSendRetry 0s", ["SMTPSendRetry", "0s", "1s"]),
    ("SMTPSendExpire never", ["SMTPSendExpire", "never"]),
    ("SMTPSendConnections 0", ["SMTPSendConnections", "1000"]),
    ("SMTPSendMaxRecipients x", ["SMTPSendMaxRecipients", "x"]),
    ("SMTPSendOneMessagePerConnection Maybe", ["SMTPSendOneMessagePerConnection", "Maybe", "Auto"]),
    ("SMTPSendRate 5/fortnight", ["SMTPSendRate", "5/fortnight", "/min"]),
    ("SMTPSendUncertain drop", ["SMTPSendUncertain", "drop", "hold"]),
    ("SMTPSendQueue mysql x", ["SMTPSendQueue", "mysql", "sqlite3"]),
    ("SMTPSendQueueLimit none", ["SMTPSendQueueLimit", "none"]),
    ("SMTPSendMaxMessageSize big", ["SMTPSendMaxMessageSize", "big", "25M"]),
    ("SMTPSendSocket run/x.sock 999", ["SMTPSendSocket", "999", "0660"]),
    ("SMTPSendUser no-such-user", ["SMTPSendUser", "no-such-user"]),
    ("SMTPSendUser daemon no-such-group", ["SMTPSendUser", "no-such-group"]),
    ("SMTPSendUser root", ["SMTPSendUser", "root"]),
    ("SMTPSendHistory long", ["SMTPSendHistory", "long"]),
    ("SMTPSendEnvelopeFrom nobody", ["SMTPSendEnvelopeFrom", "nobody"]),
    ("SMTPSendAllowFrom example.com", ["SMTPSendAllowFrom", "example.com", "*@"]),
    ("SMTPSendAddHeader X-A %{NO SUCH", ["SMTPSendAddHeader", "X-A"]),
    ("SMTPSendTLSCipherSuite no-such-cipher", ["SMTPSendTLSCipherSuite", "no-such-cipher", "OpenSSL"]),
    ("SMTPSendTLSCipherSuite no-such-cipher", ["httpd.conf:"]),
    ("SMTPSendTLSGroups no-such-group", ["SMTPSendTLSGroups", "no-such-group", "httpd.conf:"]),
    ("SMTPSendTLS tls\nSMTPSendTLSCACertificateFile /no/such/ca.pem", ["SMTPSendTLSCACertificateFile", "/no/such/ca.pem", "No such file", "httpd.conf:"]),
    ("SMTPSendTLS tls\nSMTPSendTLSCertificateFile /etc/passwd\nSMTPSendTLSCertificateKeyFile /etc/passwd", ["SMTPSendTLSCertificateFile", "/etc/passwd", "httpd.conf:"]),
    ("SMTPSendAddHeader X:A b", ["SMTPSendAddHeader", "X:A"]),
    ("SMTPSendPriority urgent", ["SMTPSendPriority", "urgent", "bulk"]),
    ("<Location /x>\nSMTPSendHost h\n</Location>", ["SMTPSendHost"]),
    ("<VirtualHost *:1>\nSMTPSendQueue sqlite3 x\n</VirtualHost>", ["SMTPSendQueue"]),
]


@pytest.mark.parametrize("line, words", BAD, ids=[line.replace("\n", " ") for line, _ in BAD])
def test_bad_value_stops_configtest(make_httpd, line, words):
    httpd = make_httpd(HEAD + line + "\n", start=False)
    result = httpd.configtest()
    assert result.returncode != 0
    for word in words:
        assert word in result.stderr, result.stderr


def test_engine_without_host_stops_configtest(make_httpd):
    result = make_httpd("SMTPSendEngine On\n", start=False).configtest()
    assert result.returncode != 0 and "SMTPSendHost" in result.stderr


def test_two_relays_of_one_name(make_httpd):
    config = HEAD + "<VirtualHost *:1>\nServerName a\nSMTPSendHost x\nSMTPSendRelayName default\n</VirtualHost>\n"
    result = make_httpd(config, start=False).configtest()
    assert result.returncode != 0 and "SMTPSendRelayName" in result.stderr


WARN = [
    ("SMTPSendTLS starttls\nSMTPSendPort 465", "465"),
    ("SMTPSendTLS tls\nSMTPSendPort 587", "587"),
    ("SMTPSendTLS tls\nSMTPSendTLSVerify Off", "SMTPSendTLSVerify Off"),
    ("SMTPSendHost mail.example.com\nSMTPSendUsername me\nSMTPSendPassword x", "without TLS"),
    ("SMTPSendUsername me", "SMTPSendPassword"),
    ("SMTPSendPassword file:/no/such/file\nSMTPSendUsername me", "/no/such/file"),
    ("<Location /open>\nSetHandler smtp-send\n</Location>", "Require"),
]


def test_a_folder_that_the_daemon_cannot_use_is_a_warning(make_httpd):
    """What only smtp-sendd as its own user can know; the web server starts nevertheless."""
    httpd = make_httpd(HEAD, start=False)
    httpd.queue = f"{httpd.dir}/nowhere/queue.db"
    httpd.write(HEAD)
    result = httpd.configtest()
    assert result.returncode == 0 and "SMTPSend-294" in result.stderr and "httpd.conf:" in result.stderr and "nowhere" in result.stderr, result.stderr
    httpd.queue = f"{httpd.dir}/state/queue.db"
    httpd.write(HEAD)
    assert "SMTPSend-294" not in httpd.configtest().stderr
    if httpd.user:
        os.chown(f"{httpd.dir}/state", 0, 0)
        result = httpd.configtest()
        assert result.returncode == 0 and "Permission denied" in result.stderr and httpd.user in result.stderr, result.stderr


@pytest.mark.parametrize("lines, word", WARN, ids=[lines.replace("\n", " ") for lines, _ in WARN])
def test_probably_wrong_is_a_warning(make_httpd, lines, word):
    result = make_httpd(HEAD + lines + "\n", start=False).configtest()
    assert result.returncode == 0 and word in result.stderr, result.stderr


def test_every_directive_is_taken(make_httpd, tmp_path):
    everything = """
SMTPSendRelayName main
SMTPSendPort 2525
SMTPSendTLS starttls TLSv1 TLSv1.1 TLSv1.2 TLSv1.3
SMTPSendTLSVerify On
SMTPSendTLSName mail.example.com
SMTPSendTLSFingerprint sha256:0000000000000000000000000000000000000000000000000000000000000000
SMTPSendTLSCipherSuite HIGH
SMTPSendUsername me
SMTPSendPassword env:HOME
SMTPSendAuth SCRAM-SHA-256 PLAIN
SMTPSendAuthInsecure Off
SMTPSendHelo me.example.com
SMTPSendSourceAddress 127.0.0.1
SMTPSendTimeout 1s 2s 3s
SMTPSendTestTimeout 10s
SMTPSendPause Off
SMTPSendOneMessagePerConnection Auto
SMTPSendMaxMessagesPerConnection 10
SMTPSendMaxRecipients 50
SMTPSendMaxConnectionAge 1min
SMTPSendConnections 3
SMTPSendIdleTimeout 5s
SMTPSendPipelining Off
SMTPSendRate 10/s 100/min
SMTPSendRetry 1min 5min
SMTPSendExpire 2d
SMTPSendUncertain hold
SMTPSendBounce off
SMTPSendBounceFrom <>
SMTPSendDelayNotice 4h
SMTPSendEnvelopeFrom a@example.com
SMTPSendHeaderFrom keep
SMTPSendDefaultDomain example.com
SMTPSendAlias root admin@example.com
SMTPSendRelayFor *@example.com main
SMTPSendQueueLimit 1000 1G
SMTPSendMaxMessageSize 10M
SMTPSendHistory 1d
SMTPSendAlertAge 10min
SMTPSendListen 127.0.0.1:2525
SMTPSendUser daemon nogroup
<Location /x>
Require local
SetHandler smtp-send
SMTPSendAllowFrom *@example.com
SMTPSendAllowTo *@example.net *@example.org
SMTPSendRedirect test@example.com
SMTPSendDefaultFrom a@example.com
SMTPSendAddHeader X-User %{REMOTE_USER}
SMTPSendAllowRelay main
SMTPSendPriority high
SMTPSendSubmitterRate 10/s
SMTPSendWebhook https://example.com/hook
SMTPSendWebhookSecret 12345678
SMTPSendWebhookAllow example.com
SMTPSendWebhookEvents sent failed
SMTPSendStatusBody Off
SMTPSendMaxMessageSize 1M
</Location>
"""
    result = make_httpd(HEAD + everything, start=False).configtest()
    assert result.returncode == 0, result.stderr


QUEUE = [
    ("{dir}/nowhere/queue.db", "nowhere"),
    ("/proc/queue.db", "/proc"),
]


@pytest.mark.parametrize("path, word", QUEUE)
def test_unusable_queue_is_said_in_log_and_answer(make_httpd, relay, path, word):
    httpd = make_httpd(relay=relay, start=False, expect=["SMTPSend-201"])
    httpd.queue = path.format(dir=httpd.dir)
    httpd.write("")
    httpd.start()
    answer = httpd.send()
    assert answer.status == 503 and word in answer.json["detail"] and answer.headers["Retry-After"], answer
    assert word in httpd.wait_log("SMTPSend-201.*").group(0)


def test_newer_queue_is_refused_untouched(make_httpd, relay):
    import sqlite3
    httpd = make_httpd(relay=relay, expect=["SMTPSend-201"])
    httpd.message(httpd.send().json["id"], wait="10s")
    httpd.stop()
    with sqlite3.connect(httpd.queue) as db:
        tables = [row[0] for row in db.execute("select name from sqlite_master where type = 'table'")]
        assert "setting" in tables
        rows = db.execute("update version set number = 999").rowcount
        assert rows == 1
    httpd.start()
    answer = httpd.send()
    assert answer.status == 503 and "newer" in answer.json["detail"].lower(), answer
    with sqlite3.connect(httpd.queue) as db:
        assert db.execute("select number from version").fetchone()[0] == 999


def test_without_server_name_the_hosts_own_name_is_used(make_httpd, relay, tmp_path):
    """EHLO, sender and Message-ID; the log says once what is used and how to set another."""
    httpd = make_httpd("SMTPSendAlias root admin@example.net\n", relay=relay, start=False)
    with open(httpd.conf) as file:
        text = file.read().replace("ServerName rig.example.com\n", "")
    with open(httpd.conf, "w") as file:
        file.write(text)
    httpd.with_hosts(f"127.0.1.1 web1.example.com {socket.gethostname()}\n").start()
    httpd.cli("sendmail", "-t", input=b"To: root\nSubject: cron\n\nhello\n", check=0)
    httpd.send(b"From: shop@example.org\r\nTo: bob@example.net\r\nSubject: s\r\n\r\nhello\r\n")
    cron, shop = sorted(relay.wait_for(2), key=lambda message: message.sender, reverse=True)
    assert cron.sender == "root@web1.example.com" and b"@web1.example.com>\r\n" in cron.data and cron.rcpts == ["admin@example.net"], cron
    assert [line for line in cron.data.split(b"\r\n") if line.startswith(b"Message-ID: ")][0].endswith(b"@web1.example.com>")
    said = re.findall(r"SMTPSend-136: (.*)", httpd.log())
    assert len(said) == 1 and "web1.example.com" in said[0] and "write ServerName web1.example.com" in said[0], said
    assert "EHLO web1.example.com" in "\n".join(relay.commands()), relay.commands()


def test_a_message_id_has_the_authors_domain(make_httpd, relay):
    httpd = make_httpd("SMTPSendHelo mx.example.net\n", relay=relay)
    httpd.cli("sendmail", "-t", input=b"From: shop@example.org\nTo: bob@example.net\nSubject: s\n\nhello\n", check=0)
    httpd.send_json({"from": "Shop <news@example.com>", "to": "bob@example.net", "subject": "s", "text": "t"})
    ids = [line for message in relay.wait_for(2) for line in message.data.split(b"\r\n") if line.lower().startswith(b"message-id: ")]
    assert sorted(one.rpartition(b"@")[2] for one in ids) == [b"example.com>", b"example.org>"], ids
