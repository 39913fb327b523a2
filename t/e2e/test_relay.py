"""What happens when the relay is down, refuses, is picky, talks nonsense: nothing is lost, the cause is said, and it goes on by itself."""
import re
import socket

import pytest
from rig.httpd import free_port
from rig.relay import Relay

FLOW = ["status=deferred", "status=bounced", "is down at", "reply code to the", "remembered for a day", "is blocked", "before it carried mail"]


def test_relay_down_waits_uncharged_and_recovers(make_httpd):
    port = free_port()
    httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost 127.0.0.1:{port}\n", expect=FLOW)
    ident = httpd.send().json["id"]
    httpd.wait_log("is down at connect: .*refused")
    state = httpd.status()["relays"][0]
    assert state["state"] == "down" and "refused" in state["cause"].lower() and state["advice"]
    document = httpd.message(ident)
    assert document["recipients"][0]["attempts"] == 0 and document["state"] == "queued"
    assert "refused" in httpd.cli("status").stdout.decode().lower()
    with Relay(port=port) as relay:
        relay.wait_for(1, timeout=32)
        document = httpd.wait_state(ident, "sent")
        assert document["recipients"][0]["attempts"] == 1
    httpd.wait_log("works again")


def test_second_host_carries_the_mail(make_httpd, relay):
    dead = free_port()
    httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost 127.0.0.1:{dead} 127.0.0.1:{relay.port}\n", expect=FLOW)
    httpd.send()
    relay.wait_for(1)


def test_one_mail_per_connection_is_found_out(make_httpd, make_relay):
    relay = make_relay(one_mail=True)
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=FLOW + ["sending is paused"])
    idents = [httpd.send().json["id"] for _ in range(8)]
    httpd.write("")
    httpd.graceful()
    relay.wait_for(8)
    for ident in idents:
        httpd.wait_state(ident, "sent")
    log = httpd.log()
    assert re.search(r"The SMTP host's reply code to the MAIL command was 503 \(\"[^\"]*only one MAIL per message\"\): ", log)
    assert "SMTPSendOneMessagePerConnection On" in log
    assert sorted(m.data for m in relay.messages) and len(relay.messages) == 8
    refused = sum(1 for t in relay.transcript if t[1] == "S:" and t[2].startswith("503"))
    before = relay.connections
    for _ in range(4):
        httpd.send()
    relay.wait_for(12)
    assert sum(1 for t in relay.transcript if t[1] == "S:" and t[2].startswith("503")) == refused and relay.connections == before + 4
    assert len(re.findall("SMTPSend-240", httpd.log())) == 1


def test_one_mail_per_connection_by_directive(make_httpd, make_relay):
    relay = make_relay(one_mail=True)
    httpd = make_httpd("SMTPSendOneMessagePerConnection On\n", relay=relay)
    for _ in range(5):
        httpd.send()
    relay.wait_for(5)
    assert relay.connections == 5 and not any(t[2].startswith("503") for t in relay.transcript)


def test_recipients_have_fates_of_their_own(make_httpd, make_relay):
    def rcpt(session, argument):
        return "550 5.1.1 no such user" if "none@" in argument else "450 4.2.1 try later" if "later@" in argument else None
    relay = make_relay(replies={"RCPT": rcpt})
    httpd = make_httpd(relay=relay, expect=FLOW)
    ident = httpd.send(to=["ok@example.net", "none@example.net", "later@example.net"]).json["id"]
    relay.wait_for(1)
    document = httpd.wait_state(ident, "partial")
    rows = {r["address"]: r for r in document["recipients"]}
    assert rows["ok@example.net"]["state"] == "sent" and rows["none@example.net"]["state"] == "failed" and rows["later@example.net"]["state"] == "deferred"
    assert "no such user" in rows["none@example.net"]["reply"] and rows["later@example.net"]["nextAttempt"] and rows["later@example.net"]["attempts"] == 1
    assert relay.messages[0].rcpts == ["ok@example.net"]
    assert re.search(r"to=<none@example.net>.*dsn=5.1.1, status=bounced \(550 5.1.1 no such user\)", httpd.log())


def test_retry_comes_by_itself(make_httpd, make_relay):
    calls = []

    def end(session, data):
        calls.append(1)
        return "451 4.3.0 not now" if len(calls) == 1 else None
    relay = make_relay(replies={"END": end})
    httpd = make_httpd("SMTPSendRetry 1s\n", relay=relay, expect=FLOW)
    ident = httpd.send().json["id"]
    relay.wait_for(1)
    assert httpd.wait_state(ident, "sent")["recipients"][0]["attempts"] == 2


def test_expiry(make_httpd, make_relay):
    relay = make_relay(replies={"END": "451 4.3.0 never"})
    httpd = make_httpd("SMTPSendRetry 1s\nSMTPSendExpire 2s\n", relay=relay, expect=FLOW + ["status=expired"])
    ident = httpd.send().json["id"]
    document = httpd.wait_state(ident, "expired")
    assert "451" in document["recipients"][0]["reply"]


def test_login_required_blocks_the_relay_and_charges_nobody(make_httpd, make_relay):
    relay = make_relay(auth={"me": "secret"})
    httpd = make_httpd(relay=relay, expect=FLOW)
    ident = httpd.send().json["id"]
    httpd.wait_log("is blocked")
    state = httpd.status()["relays"][0]
    assert state["state"] == "blocked" and state["advice"]
    assert httpd.message(ident)["recipients"][0]["attempts"] == 0
    httpd.write('SMTPSendUsername me\nSMTPSendPassword secret\nSMTPSendAuth PLAIN\n')
    httpd.graceful()
    relay.wait_for(1)
    httpd.wait_state(ident, "sent")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_mechanisms(make_httpd, make_relay, mechanism):
    relay = make_relay(auth={"me": "pass word"}, mechanisms=[mechanism])
    httpd = make_httpd('SMTPSendUsername me\nSMTPSendPassword "pass word"\n', relay=relay)
    httpd.send()
    relay.wait_for(1)
    assert relay.logins == [(mechanism, "me")]
    assert "pass word" not in httpd.log()


def test_password_from_file_env_and_program(make_httpd, make_relay, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("from-file\n")
    secret.chmod(0o600)
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho \"$1\"\n")
    program.chmod(0o755)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    for config, password in ((f"SMTPSendPassword file:{secret}", "from-file"), ("SMTPSendPassword env:RIG_SECRET", "from-env"),
                             (f"SMTPSendPassword exec:{program} from-program", "from-program")):
        relay = make_relay(auth={"me": password})
        httpd = make_httpd(f"SMTPSendUsername me\n{config}\n", relay=relay, env={"RIG_SECRET": "from-env"})
        httpd.send()
        relay.wait_for(1)


def test_max_recipients_splits(make_httpd, make_relay):
    relay = make_relay()
    httpd = make_httpd("SMTPSendMaxRecipients 3\n", relay=relay)
    httpd.send(to=[f"u{i}@example.net" for i in range(10)])
    relay.wait(lambda: sum(len(m.rcpts) for m in relay.messages) == 10)
    assert max(len(m.rcpts) for m in relay.messages) == 3


def test_max_messages_per_connection(make_httpd, relay):
    httpd = make_httpd("SMTPSendMaxMessagesPerConnection 2\nSMTPSendConnections 1\n", relay=relay)
    for _ in range(6):
        httpd.send()
    relay.wait_for(6)
    assert all(count <= 2 for count in relay.transactions.values())


@pytest.mark.parametrize("fault", ["close", "reset", "garbage", "421"])
@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END"])
def test_fault_once_at_each_step_loses_nothing(make_httpd, make_relay, step, fault):
    relay = make_relay(faults={step: fault}, fault_count=1)
    httpd = make_httpd("SMTPSendRetry 1s\n", relay=relay, expect=FLOW)
    ident = httpd.send().json["id"]
    relay.wait_for(1)
    httpd.wait_state(ident, "sent")
    assert len(relay.messages) == 1 or (step == "END" and len(relay.messages) <= 2)


def test_hanging_server_is_given_up(make_httpd, make_relay):
    relay = make_relay(faults={"MAIL": "hang"}, fault_count=1)
    httpd = make_httpd("SMTPSendTimeout 5s 1s 1s 1s 1s\nSMTPSendRetry 1s\n", relay=relay, expect=FLOW)
    ident = httpd.send().json["id"]
    relay.wait_for(1)
    httpd.wait_state(ident, "sent")


@pytest.mark.parametrize("wrong, right", [("SMTPSendHost 127.0.0.1:{dead}", "SMTPSendHost 127.0.0.1:{port}"),
                                          ("SMTPSendHost no-such-host.invalid:{port}", "SMTPSendHost 127.0.0.1:{port}")])
def test_corrected_settings_take_what_waited(make_httpd, relay, wrong, right):
    dead = free_port()
    httpd = make_httpd("SMTPSendEngine On\n" + wrong.format(dead=dead, port=relay.port) + "\n", expect=FLOW)
    ident = httpd.send().json["id"]
    httpd.wait_log("is down at")
    httpd.write("SMTPSendEngine On\n" + right.format(dead=dead, port=relay.port) + "\n")
    httpd.graceful()
    relay.wait_for(1)
    httpd.wait_state(ident, "sent")


def test_source_address_and_helo(make_httpd, relay):
    seen = []
    relay.replies["EHLO"] = lambda session, argument: seen.append((argument, session.socket.getpeername()[0]))
    httpd = make_httpd("SMTPSendSourceAddress 127.0.0.9\nSMTPSendHelo mail.rig.example.com\n", relay=relay)
    httpd.send()
    relay.wait_for(1)
    assert seen[0] == ("mail.rig.example.com", "127.0.0.9")


@pytest.mark.parametrize("host, want", [("127.0.0.1", "[127.0.0.9]"), ("::1", "[IPv6:::1]")])
def test_a_server_without_a_name_says_its_address(make_httpd, make_relay, host, want):
    """RFC 5321 4.1.3 and 4.1.4: a literal of the connection's own end where there is no domain name."""
    relay = make_relay(host=host)
    address = f"[{host}]" if ":" in host else host
    httpd = make_httpd(f"ServerName localhost\nSMTPSendEngine On\nSMTPSendHost {address}:{relay.port}\nSMTPSendSourceAddress 127.0.0.9\n" if host != "::1" else
                       f"ServerName localhost\nSMTPSendEngine On\nSMTPSendHost {address}:{relay.port}\n", relay=relay)
    httpd.send()
    relay.wait_for(1)
    assert relay.commands("EHLO")[0] == f"EHLO {want}"


def test_ipv6_host(make_httpd, make_relay):
    try:
        relay = make_relay(host="::1")
    except OSError as error:
        pytest.fail(f"this machine has no IPv6 loopback: {error}")
    httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost [::1]:{relay.port}\n")
    httpd.send()
    relay.wait_for(1)


def test_virtual_hosts_have_relays_of_their_own(make_httpd, relay, make_relay):
    other = make_relay()
    port = free_port()
    handlers = f"""Listen 127.0.0.1:{port}
<Location "/mail">
SetHandler smtp-send
Require local
</Location>
<Location "/mail-status">
SetHandler smtp-send-status
Require local
</Location>
<VirtualHost 127.0.0.1:{port}>
ServerName other.example.com
SMTPSendHost 127.0.0.1:{other.port}
</VirtualHost>"""
    httpd = make_httpd(relay=relay, handlers=handlers)
    httpd.send()
    relay.wait_for(1)
    main, httpd.port = httpd.port, port
    httpd.send()
    other.wait_for(1)
    httpd.port = main
    assert [r["name"] for r in httpd.status()["relays"]] == ["default", "other.example.com"] and len(relay.messages) == 1


def test_no_listener_is_inherited_by_the_daemon(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    daemon = httpd.status()["pid"]
    import os
    names = {os.readlink(f"/proc/{daemon}/fd/{fd}") for fd in os.listdir(f"/proc/{daemon}/fd")}
    port_inodes = set()
    for line in open("/proc/net/tcp").read().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(":%04X" % httpd.port) and fields[3] == "0A":
            port_inodes.add(f"socket:[{fields[9]}]")
    assert port_inodes and not (names & port_inodes)
    assert socket.AF_UNIX


@pytest.mark.parametrize("chunking", [False, True])
def test_a_server_that_dies_of_commands_behind_content_is_found_out(make_httpd, make_relay, chunking):
    """As Dovecot 2.3's submission service does. Two losses of this kind are proof; what they leave uncertain is the bound on duplicates."""
    extensions = ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SIZE 52428800"] + (["CHUNKING"] if chunking else [])
    relay = make_relay(dies_behind_content=True, extensions=extensions)
    httpd = make_httpd("SMTPSendPause On\nSMTPSendConnections 1\nSMTPSendRetry 1s\nSMTPSendUncertain retry\n", relay=relay,
                       expect=["sending is paused", "SMTPSend-240", "SMTPSend-220", "status=deferred", "uncertain"])
    idents = [httpd.send(b"Subject: %d\r\n\r\nx\r\n" % number).json["id"] for number in range(12)]
    httpd.write("SMTPSendConnections 1\nSMTPSendRetry 1s\nSMTPSendUncertain retry\n")
    httpd.graceful_wait()
    for ident in idents:
        httpd.wait_state(ident, "sent", timeout=40)
    arrived = [re.search(rb"Subject: (\d+)", message.data).group(1) for message in relay.messages]
    assert len(set(arrived)) == 12 and len(arrived) <= 12 + 2 * 2, arrived
    assert len(re.findall("SMTPSend-240: .*commands stand behind a message's content.*SMTPSendPipelining Off makes it permanent", httpd.log())) == 1
    assert httpd.status()["relays"][0]["learned"][0]["what"] == "no-streaming"
    lost, before = relay.connections, len(relay.messages)
    more = [httpd.send().json["id"] for _ in range(5)]
    for ident in more:
        httpd.wait_state(ident, "sent")
    assert len(relay.messages) == before + 5 and relay.connections <= lost + 1
