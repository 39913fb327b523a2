"""Wrong configurations, each checked with configtest: refused, or a warning, always with file and line, what is wrong and what to write instead.

A row: the lines (the one that is blamed begins with "> "; by default the last), what the output says beside file and line. {dir} is a folder with files that are wrong in various ways."""
import os
import stat
import subprocess

import pytest
from rig.certs import Certificates
from rig.httpd import Httpd
from rig.sendd import PROGRAM

RELAY = "SMTPSendEngine On\nSMTPSendHost mail.example.com:587\n"
TLS = RELAY + "SMTPSendTLS starttls\n"
LOGIN = TLS + "SMTPSendUsername me\n"
PAIR = "SMTPSendTLSCertificateFile {dir}/good.pem\nSMTPSendTLSCertificateKeyFile {dir}/good.key\n"
MAIL = RELAY + '<Location "/in">\nSetHandler smtp-send\nRequire local\n'

REFUSED = [
    # the engine and the relay's address
    ("SMTPSendEngine True", "'True' is neither On nor Off"),
    ("SMTPSendEngine yes", "SMTPSendEngine On"),
    ("SMTPSendEngine On Off", "one value"),
    ("> SMTPSendEngine On", "SMTPSendHost"),
    ("> SMTPSendEngine On\nSMTPSendPort 25", "SMTPSendHost smtp.example.com"),
    ("SMTPSendHost smtp://h.example:587", "SMTPSendHost h.example:587", "SMTPSendTLS starttls"),
    ("SMTPSendHost smtps://h.example", "SMTPSendHost h.example:465", "SMTPSendTLS tls"),
    ("SMTPSendHost smtp://h.example/", "SMTPSendHost h.example:587"),
    ("SMTPSendHost smtp://me:geheim@h.example:587", "SMTPSendHost h.example:587", "SMTPSendUsername", "SMTPSendPassword", "!geheim"),
    ("SMTPSendHost me@h.example", "SMTPSendUsername me", "SMTPSendHost h.example"),
    ("SMTPSendHost https://h.example", "SMTPSendHost h.example"),
    ("SMTPSendHost smtp:h.example", "SMTPSendHost h.example"),
    ("SMTPSendHost a.example, b.example", "comma", "SMTPSendHost a.example b.example"),
    ("SMTPSendHost a.example,b.example:25", "comma", "SMTPSendHost a.example b.example:25"),
    ("SMTPSendHost a.example;b.example", "SMTPSendHost a.example b.example"),
    ('SMTPSendHost "a.example b.example"', "SMTPSendHost a.example b.example"),
    ("SMTPSendHost h.example 587", "SMTPSendHost h.example:587"),
    ("SMTPSendHost h.example:smtp", "port", "SMTPSendHost h.example"),
    ("SMTPSendHost h.example:0", "1 to 65535"),
    ("SMTPSendHost h.example:65536", "1 to 65535"),
    ("SMTPSendHost h.example:", "port"),
    ("SMTPSendHost 2001:db8::1", "SMTPSendHost [2001:db8::1]"),
    ("SMTPSendHost 2001:db8::1:587", "brackets", "before the port"),
    ("SMTPSendHost [2001:db8::1", "]"),
    ("SMTPSendHost [smtp.example.com]:587", "SMTPSendHost smtp.example.com:587"),
    ("SMTPSendHost [192.0.2.1]", "SMTPSendHost 192.0.2.1"),
    ("SMTPSendHost [2001:db8::zz]:25", "IPv6"),
    ("SMTPSendHost 192.0.2.256", "192.0.2.256", "address"),
    ("SMTPSendHost 192.0.2", "192.0.2", "address"),
    ("SMTPSendHost *", "host name"),
    ("SMTPSendHost *.example.com", "host name"),
    ("SMTPSendHost -h.example", "host name"),
    ("SMTPSendHost =h.example", "host name"),
    ("SMTPSendHost = h.example", "host name"),
    ("SMTPSendHost h.example/mail", "host name"),
    ("SMTPSendHost h..example", "host name"),
    ('SMTPSendHost ""', "one to 16 hosts"),
    ("SMTPSendHost", "one to 16 hosts"),
    ("SMTPSendHost none", "SMTPSendEngine Off"),
    ("SMTPSendPort 0", "1 to 65535"),
    ("SMTPSendPort 65536", "1 to 65535"),
    ("SMTPSendPort -25", "1 to 65535"),
    ("SMTPSendPort smtp", "SMTPSendPort 25"),
    ("SMTPSendPort 587/tcp", "1 to 65535"),
    ("SMTPSendPort 587,465", "1 to 65535"),
    ("SMTPSendPort 587 465", "one value"),
    ('SMTPSendRelayName ""', "one value"),
    ("SMTPSendRelayName my relay", 'SMTPSendRelayName "my relay"'),
    # TLS
    ("SMTPSendTLS On", "SMTPSendTLS starttls", "negotiate"),
    ("SMTPSendTLS Off", "SMTPSendTLS none"),
    ("SMTPSendTLS yes", "negotiate"),
    ("SMTPSendTLS ssl", "SMTPSendTLS tls"),
    ("SMTPSendTLS SSL/TLS", "SMTPSendTLS tls"),
    ("SMTPSendTLS smtps", "SMTPSendTLS tls"),
    ("SMTPSendTLS implicit", "SMTPSendTLS tls"),
    ("SMTPSendTLS start_tls", "SMTPSendTLS starttls"),
    ("SMTPSendTLS TLSv1.2", "SMTPSendTLS starttls TLSv1.2", "SMTPSendTLS tls TLSv1.2"),
    ("SMTPSendTLS required", "starttls"),
    ("SMTPSendTLS STARTTLS 1.0", "TLSv1"),
    ("SMTPSendTLS starttls 1.2", "TLSv1.2"),
    ("SMTPSendTLS tls SSLv3", "TLSv1"),
    ("SMTPSendTLS tls TLSv1.4", "TLSv1.3"),
    ("SMTPSendTLS tls TLSv1.0", "TLSv1"),
    ("SMTPSendTLS tls TLS1.2", "TLSv1.2"),
    ("SMTPSendTLS tls all -SSLv3", "TLSv1.2"),
    ("SMTPSendTLS tls TLSv1.2,TLSv1.3", "TLSv1.2 TLSv1.3"),
    ("SMTPSendTLS negotiate TLSv1.2", "negotiate", "no versions"),
    ("SMTPSendTLS none TLSv1.2", "none", "no versions"),
    ("SMTPSendTLS", "negotiate"),
    ("SMTPSendTLSVerify optional", "neither On nor Off"),
    ("SMTPSendTLSVerify none", "neither On nor Off"),
    (TLS + "SMTPSendTLSCACertificateFile {dir}/absent.pem", "absent.pem", "No such file"),
    (RELAY + "SMTPSendTLSCACertificateFile {dir}/absent.pem", "absent.pem", "No such file"),
    (TLS + "SMTPSendTLSCACertificateFile {dir}", "folder"),
    (TLS + "SMTPSendTLSCACertificateFile {dir}/empty", "empty"),
    (TLS + "SMTPSendTLSCACertificateFile {dir}/text", "PEM"),
    (TLS + "SMTPSendTLSCACertificateFile {dir}/good.key", "PEM"),
    (TLS + "SMTPSendTLSCACertificateFile relative/absent.pem", "relative/absent.pem", "No such file"),
    (TLS + "SMTPSendTLSName https://h.example", "SMTPSendTLSName h.example"),
    (TLS + "SMTPSendTLSName h.example:465", "SMTPSendTLSName h.example"),
    (TLS + "SMTPSendTLSName *.example.com", "host name"),
    (TLS + "SMTPSendTLSName a.example,b.example", "host name"),
    (TLS + "SMTPSendTLSFingerprint sha1:00112233445566778899aabbccddeeff00112233", "sha256", "openssl x509"),
    (TLS + "SMTPSendTLSFingerprint " + "00" * 32, "sha256:" + "00" * 32),
    (TLS + "SMTPSendTLSFingerprint sha256:1234", "4 hexadecimal digits instead of 64"),
    (TLS + "SMTPSendTLSFingerprint sha256:" + "zz" * 32, "64 hexadecimal digits"),
    (TLS + "> SMTPSendTLSCertificateFile {dir}/good.pem\nSMTPSendPause Off", "SMTPSendTLSCertificateKeyFile"),
    (TLS + "> SMTPSendTLSCertificateKeyFile {dir}/good.key\nSMTPSendPause Off", "SMTPSendTLSCertificateFile"),
    (TLS + "SMTPSendTLSCertificateFile {dir}/good.pem\n> SMTPSendTLSCertificateKeyFile {dir}/other.key", "other.key", "does not belong"),
    (TLS + "> SMTPSendTLSCertificateFile {dir}/absent.pem\nSMTPSendTLSCertificateKeyFile {dir}/good.key", "absent.pem", "No such file"),
    (TLS + "SMTPSendTLSCertificateFile {dir}/good.pem\nSMTPSendTLSCertificateKeyFile {dir}/absent.key", "absent.key", "No such file"),
    (TLS + "SMTPSendTLSCertificateFile {dir}/good.pem\nSMTPSendTLSCertificateKeyFile {dir}/locked.key", "passphrase"),
    (TLS + "> SMTPSendTLSCertificateFile {dir}/text\nSMTPSendTLSCertificateKeyFile {dir}/good.key", "PEM"),
    (TLS + "SMTPSendTLSCertificateFile {dir}/good.pem\nSMTPSendTLSCertificateKeyFile {dir}/good.pem", "PEM"),
    (TLS + "SMTPSendTLSCipherSuite no-such-cipher", "openssl ciphers"),
    (TLS + 'SMTPSendTLSCipherSuite "TLSv1.3 no-such"', "openssl ciphers"),
    (TLS + "SMTPSendTLSGroups no-such-group", "no-such-group", "X25519:P-256"),
    (TLS + "SMTPSendTLSGroups X25519,P-256", "X25519:P-256"),
    (TLS + "SMTPSendTLSGroups X25519 P-256", "X25519:P-256"),
    # the login
    (TLS + "SMTPSendUsername me secret", "SMTPSendPassword", "!secret"),
    (LOGIN + "SMTPSendPassword two words", "quotes", "!words"),
    (LOGIN + "SMTPSendPassword file:", "after the colon", "file:/"),
    (LOGIN + "SMTPSendPassword file: /etc/x", "file:/etc/x"),
    (LOGIN + "SMTPSendPassword env:", "after the colon"),
    (LOGIN + "SMTPSendPassword env:$SECRET", "env:SECRET"),
    (LOGIN + "SMTPSendPassword exec:", "after the colon"),
    (LOGIN + "SMTPSendAuth NTLM", "NTLM", "SCRAM-SHA-256"),
    (LOGIN + "SMTPSendAuth PLAIN,LOGIN", "SMTPSendAuth PLAIN LOGIN"),
    (LOGIN + "SMTPSendAuth PLAIN, LOGIN", "SMTPSendAuth PLAIN LOGIN"),
    (LOGIN + "SMTPSendAuth OAuth2", "XOAUTH2"),
    (LOGIN + "SMTPSendAuth On", "auto"),
    (LOGIN + "SMTPSendAuth auto PLAIN", "auto"),
    (LOGIN + "SMTPSendAuth off PLAIN", "off"),
    (LOGIN + "SMTPSendAuth", "mechanisms"),
    (LOGIN + "SMTPSendAuthInsecure allow", "neither On nor Off"),
    ("SMTPSendHelo my host", "one value"),
    ("SMTPSendHelo http://h.example", "SMTPSendHelo h.example"),
    ("SMTPSendHelo me@h.example", "host name"),
    ("SMTPSendHelo [192.0.2.1", "host name", "[192.0.2.1]"),
    ("SMTPSendSourceAddress eth0", "IPv4 or IPv6"),
    ("SMTPSendSourceAddress [2001:db8::7]", "without brackets"),
    ("SMTPSendSourceAddress 192.0.2.7:25", "IPv4 or IPv6"),
    ("SMTPSendSourceAddress me.example.com", "IPv4 or IPv6"),
    # durations
    ("SMTPSendTimeout 30 60", "30s"),
    ("SMTPSendTimeout 30s 60s 60s 5min 10min 1h", "five"),
    ("SMTPSendTimeout 5 min", "5min"),
    ("SMTPSendTimeout 30000", "30000s"),
    ("SMTPSendTimeout -1s", "duration"),
    ("SMTPSendTimeout 30sec", "30s"),
    ("SMTPSendTimeout 0", "from 1ms"),
    ("SMTPSendTestTimeout 2m", "2min"),
    ("SMTPSendTestTimeout 2h", "from 1s to 1h"),
    ("SMTPSendTestTimeout 30", "30s"),
    ("SMTPSendMaxConnectionAge 300", "300s"),
    ("SMTPSendMaxConnectionAge never", "0"),
    ("SMTPSendIdleTimeout 10", "10s"),
    ("SMTPSendIdleTimeout 1hour", "1h"),
    ("SMTPSendRetry 500ms", "from 1s"),
    ("SMTPSendRetry 0", "from 1s"),
    ("SMTPSendRetry 60 300", "60s"),
    ("SMTPSendRetry 1min,5min", "SMTPSendRetry 1min 5min"),
    ("SMTPSendRetry 1min, 5min", "SMTPSendRetry 1min 5min"),
    ("SMTPSendExpire 3600", "3600s"),
    ("SMTPSendExpire never", "365d"),
    ("SMTPSendExpire 0", "from 1s"),
    ("SMTPSendExpire 400d", "365d"),
    ("SMTPSendExpire 5 days", "5d"),
    ("SMTPSendExpire 5days", "5d"),
    ("SMTPSendExpire 2w", "14d"),
    ("SMTPSendExpire 1.5h", "90min"),
    ("SMTPSendDelayNotice 4", "4s"),
    ("SMTPSendDelayNotice On", "4h"),
    ("SMTPSendDelayNotice never", "off"),
    ("SMTPSendAlertAge 15", "15s"),
    ("SMTPSendAlertAge 0", "from 1s"),
    ("SMTPSendHistory 7", "7s"),
    ("SMTPSendHistory Off", "0"),
    ("SMTPSendHistory 1y", "365d"),
    # numbers, rates and words
    ("SMTPSendPause yes", "SMTPSendPause On"),
    ("SMTPSendOneMessagePerConnection True", "Auto"),
    ("SMTPSendMaxMessagesPerConnection -1", "0 to"),
    ("SMTPSendMaxMessagesPerConnection unlimited", "0"),
    ("SMTPSendMaxRecipients 0", "1 to 1000"),
    ("SMTPSendMaxRecipients 5000", "1 to 1000"),
    ("SMTPSendConnections 0", "1 to 1000"),
    ("SMTPSendConnections 2.5", "1 to 1000"),
    ("SMTPSendPipelining On", "Auto"),
    ("SMTPSendRate 10", "10/s"),
    ("SMTPSendRate 10/sec", "10/s"),
    ("SMTPSendRate 10/m", "10/min"),
    ("SMTPSendRate 100/hour", "100/h"),
    ("SMTPSendRate 10 /s", "10/s"),
    ("SMTPSendRate 10 per minute", "10/min"),
    ("SMTPSendRate 0/s", "10/s"),
    ("SMTPSendRate 10/2s", "10/s"),
    ("SMTPSendRate unlimited", "10/s"),
    ("SMTPSendUncertain drop", "retry, hold"),
    # addresses
    ("SMTPSendBounce On", "SMTPSendBounce sender"),
    ("SMTPSendBounce none", "SMTPSendBounce off"),
    ("SMTPSendBounce postmaster", "name@example.com"),
    ("SMTPSendBounceFrom postmaster", "address"),
    ("SMTPSendBounceFrom <postmaster@example.com>", "SMTPSendBounceFrom postmaster@example.com"),
    ("SMTPSendEnvelopeFrom nobody", "name@example.com"),
    ("SMTPSendEnvelopeFrom <a@example.com>", "SMTPSendEnvelopeFrom a@example.com"),
    ('SMTPSendEnvelopeFrom "Shop <a@example.com>"', "SMTPSendEnvelopeFrom a@example.com"),
    ("SMTPSendEnvelopeFrom a@example.com,b@example.com", "one address"),
    ("SMTPSendEnvelopeFrom a@example.com b@example.com", "one value"),
    ("SMTPSendEnvelopeFrom @example.com", "address"),
    ("SMTPSendEnvelopeFrom a@", "address"),
    ("SMTPSendEnvelopeFrom a@@example.com", "address"),
    ("SMTPSendEnvelopeFrom a@exa_mple..com", "address"),
    ("SMTPSendEnvelopeFrom mailto:a@example.com", "SMTPSendEnvelopeFrom a@example.com"),
    ("SMTPSendEnvelopeFrom off", "keep"),
    ("SMTPSendHeaderFrom *@example.com", "address"),
    ("SMTPSendDefaultDomain @example.com", "SMTPSendDefaultDomain example.com"),
    ("SMTPSendDefaultDomain me@example.com", "SMTPSendDefaultDomain example.com"),
    ("SMTPSendDefaultDomain https://example.com/", "SMTPSendDefaultDomain example.com"),
    ("SMTPSendDefaultDomain .example.com", "domain"),
    ("SMTPSendDefaultDomain example.com,example.net", "domain"),
    ("SMTPSendAlias root", "addresses"),
    ("SMTPSendAlias root: admin@example.com", "SMTPSendAlias root admin@example.com"),
    ("SMTPSendAlias root@example.com admin@example.com", "SMTPSendAlias root"),
    ("SMTPSendAlias root <admin@example.com>", "admin@example.com"),
    ("SMTPSendAlias root /dev/null", "address"),
    ("SMTPSendAlias root |/bin/true", "address"),
    ("SMTPSendRedirect staging", "name@example.com"),
    ("SMTPSendRedirect a@example.com b@example.com", "one value"),
    ("SMTPSendRedirect a@example.com,b@example.com", "one address"),
    # sizes and the queue
    ("SMTPSendMaxMessageSize 25MB", "25M"),
    ("SMTPSendMaxMessageSize 25 M", "25M"),
    ("SMTPSendMaxMessageSize 10", "from 1K"),
    ("SMTPSendMaxMessageSize 0", "from 1K to 2G"),
    ("SMTPSendMaxMessageSize unlimited", "2G"),
    ("SMTPSendMaxMessageSize 25MiB", "25M"),
    (RELAY + "SMTPSendRelayFor *@x.example nosuch", "nosuch", "default"),
    (RELAY + "SMTPSendRelayFor *@x.example DEFAULT", "default"),
    (RELAY + "SMTPSendRelayFor x.example default", "*@x.example"),
    (RELAY + "SMTPSendRelayFor @x.example default", "*@x.example"),
    (RELAY + "SMTPSendRelayFor default", "PATTERN RELAYNAME"),
    (RELAY + "SMTPSendRelayFor *@x.example = default", "PATTERN RELAYNAME"),
    ("SMTPSendQueue sqlite /var/lib/q.db", "sqlite3"),
    ("SMTPSendQueue /var/lib/q.db", "SMTPSendQueue sqlite3 /var/lib/q.db"),
    ("SMTPSendQueue mysql host=db", "sqlite3, pgsql"),
    ("SMTPSendQueue postgresql host=db", "pgsql"),
    ("SMTPSendQueue pgsql host=db dbname=x", "in quotes"),
    ("SMTPSendQueue pgsql", "host="),
    ("SMTPSendQueueLimit 4G", "1 to 1000000000"),
    ("SMTPSendQueueLimit 4G 100000", "1 to 1000000000"),
    ("SMTPSendQueueLimit 100000 4", "4G"),
    ("SMTPSendQueueLimit 0 4G", "from 1"),
    ("SMTPSendQueueLimit unlimited", "1000000000"),
    ("SMTPSendQueueLimit 100000 4GB", "4G"),
    ("SMTPSendUser no-such-user", "no-such-user", "useradd"),
    ("SMTPSendUser daemon no-such-group", "no-such-group", "groupadd"),
    ("SMTPSendUser daemon:daemon", "SMTPSendUser daemon daemon"),
    ("SMTPSendUser root", "root"),
    ("SMTPSendUser #0", "root"),
    ("SMTPSendUser daemon daemon daemon", "a user and"),
    ("SMTPSendSocket /run/" + "x" * 100, "100 characters"),
    ("SMTPSendSocket {dir}/s.sock 999", "0660"),
    ("SMTPSendSocket {dir}/s.sock rw-rw----", "0660"),
    ("SMTPSendSocket {dir}/s.sock www-data 0660", "0660"),
    ("SMTPSendListen 2525", "127.0.0.1:2525"),
    ("SMTPSendListen *:2525", "127.0.0.1:2525"),
    ("SMTPSendListen localhost:2525", "127.0.0.1:2525"),
    ("SMTPSendListen 0.0.0.0:2525", "other machines", "127.0.0.1:2525"),
    ("SMTPSendListen [::]:2525", "other machines"),
    ("SMTPSendListen 127.0.0.1", "127.0.0.1:2525"),
    ("SMTPSendListen 127.0.0.1:99999", "127.0.0.1:2525"),
    ("SMTPSendListen 127.0.0.1 2525", "127.0.0.1:2525"),
    ("SMTPSendListen ::1:2525", "[::1]:2525"),
    # who may submit
    (MAIL + "> SMTPSendAllowFrom example.com\n</Location>", "*@example.com"),
    (MAIL + "> SMTPSendAllowFrom @example.com\n</Location>", "*@example.com"),
    (MAIL + "> SMTPSendAllowFrom a@example.com,b@example.com\n</Location>", "a@example.com b@example.com"),
    (MAIL + "> SMTPSendAllowFrom all\n</Location>", "*"),
    (MAIL + "> SMTPSendAllowTo <a@example.com>\n</Location>", "a@example.com"),
    (MAIL + "> SMTPSendAllowFrom 192.0.2.0/24\n</Location>", "Require ip"),
    (MAIL + "> SMTPSendDefaultFrom www-data\n</Location>", "name@example.com"),
    (MAIL + "> SMTPSendDefaultFrom \"Shop <a@example.com>\"\n</Location>", "SMTPSendDefaultFrom a@example.com"),
    (MAIL + "> SMTPSendAddHeader X-A: b\n</Location>", "SMTPSendAddHeader X-A"),
    (MAIL + "> SMTPSendAddHeader X-A\n</Location>", "NAME VALUE"),
    (MAIL + "> SMTPSendAddHeader X-A b c\n</Location>", "quotes"),
    (MAIL + "> SMTPSendAddHeader X-A %{NO SUCH\n</Location>", "expression"),
    (MAIL + "> SMTPSendAddHeader Bcc boss@example.com\n</Location>", "Bcc"),
    (MAIL + "> SMTPSendAddHeader Content-Type text/html\n</Location>", "Content-Type"),
    (MAIL + "> SMTPSendPriority urgent\n</Location>", "high, normal, bulk"),
    (MAIL + "> SMTPSendPriority 1\n</Location>", "high, normal, bulk"),
    (MAIL + "> SMTPSendSubmitterRate 10/sec\n</Location>", "10/s"),
    (MAIL + "> SMTPSendSubmitterRate 10\n</Location>", "10/s"),
    (MAIL + "> SMTPSendWebhook app.example.com/hook\n</Location>", "https://app.example.com/hook"),
    (MAIL + "> SMTPSendWebhook ftp://app.example.com/hook\n</Location>", "https://"),
    (MAIL + "> SMTPSendWebhook \"|/bin/true\"\n</Location>", "https://"),
    (MAIL + "> SMTPSendWebhook https://\n</Location>", "https://"),
    (MAIL + "> SMTPSendWebhookSecret geheim\n</Location>", "8 to 1000", "!geheim"),
    (MAIL + "> SMTPSendWebhookAllow https://app.example.com/hook\n</Location>", "SMTPSendWebhookAllow app.example.com"),
    (MAIL + "> SMTPSendWebhookEvents delivered\n</Location>", "sent"),
    (MAIL + "> SMTPSendWebhookEvents sent,failed\n</Location>", "SMTPSendWebhookEvents sent failed"),
    (MAIL + "> SMTPSendWebhookEvents all\n</Location>", "sent, failed"),
    (MAIL + "> SMTPSendAllowOrigin www.example.com\n</Location>", "https://www.example.com"),
    (MAIL + "> SMTPSendAllowOrigin https://www.example.com/app\n</Location>", "https://www.example.com"),
    (MAIL + "> SMTPSendStatusBody yes\n</Location>", "SMTPSendStatusBody On"),
    # places and names
    (MAIL + "> SMTPSendHost h.example\n</Location>", "SMTPSendHost"),
    ("<VirtualHost *:1>\n> SMTPSendQueue sqlite3 x\n</VirtualHost>", "SMTPSendQueue"),
    (RELAY + "<VirtualHost *:1>\nServerName a\n> SMTPSendRelayName default\nSMTPSendHost x\n</VirtualHost>", "SMTPSendRelayName", "default"),
    (RELAY + "> <VirtualHost *:1>\nSMTPSendHost x\n</VirtualHost>\n<VirtualHost *:2>\nSMTPSendHost y\n</VirtualHost>", "SMTPSendRelayName"),
]


def write_files(path, certificates):
    certificates.issue("good")
    certificates.self_signed("other")
    certificates.issue("old", start="20200101000000Z", end="20210101000000Z")
    subprocess.run(["openssl", "pkcs8", "-topk8", "-in", path / "good.key", "-out", path / "locked.key", "-passout", "pass:x"], check=True)
    for name, text, mode in (("empty", "", 0o600), ("newline", "\n", 0o600), ("two-lines", "one\ntwo\n", 0o600), ("world", "geheim\n", 0o644), ("secret", "geheim\n", 0o600),
                             ("huge", "x" * 70000, 0o600), ("text", "Just a text.\n", 0o644), ("run", "#!/bin/sh\necho geheim\n", 0o755)):
        (path / name).write_text(text)
        (path / name).chmod(mode)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("wrong")
    for place in (path, path.parent, path.parent.parent):
        place.chmod(0o755)
    write_files(path, Certificates(path))
    return path


@pytest.fixture(scope="module")
def httpd():
    server = Httpd(handlers="")
    yield server
    server.close()


def check(httpd, folder, lines, words, is_refused):
    lines = lines.replace("{dir}", str(folder)).split("\n")
    blamed = next((line for line in lines if line.startswith("> ")), lines[-1])
    httpd.write("\n".join(line.removeprefix("> ") for line in lines))
    with open(httpd.conf) as file:
        number = file.read().split("\n").index(blamed.removeprefix("> ")) + 1
    result = httpd.configtest()
    text = result.stderr
    assert (result.returncode != 0) == is_refused, text
    found = [line for line in text.split("\n") if f"line {number} of {httpd.conf}:" in line or f"{httpd.conf}:{number}" in line]
    # httpd puts the sentence on a line of its own.
    said = "\n".join(found) + (text.split("\n", 1)[1] if found and found[0].endswith(f"{httpd.conf}:") else "")
    assert found, f"no line {number}: {text}"
    for word in words:
        word = word.replace("{dir}", str(folder))
        assert (word[1:] not in text) if word.startswith("!") else word in said, (word, text)


@pytest.mark.parametrize("row", REFUSED, ids=[row[0].replace("\n", " ") for row in REFUSED])
def test_refused(httpd, folder, row):
    check(httpd, folder, row[0], row[1:], True)
