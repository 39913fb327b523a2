"""The delivery daemon is a program of its own: httpd starts it with nothing of httpd's, and it runs without httpd."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from rig.httpd import BUILD, MODULES, ROOT, is_running
from rig.proc import children, smaps
from rig.sendd import PROGRAM, Sendd
from e2e.test_secrets import memory_holds

MAIL = b"From: app@example.com\nTo: bob@example.net\nSubject: hello\n\nhello\n"


# ---- as httpd's daemon ----

def descriptors(pid):
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
    return found


def test_it_is_a_program_with_its_own_name_and_descriptors(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    assert httpd.message(httpd.send().json["id"], wait="20s")["state"] == "sent"
    pid = httpd.status()["pid"]
    with open(f"/proc/{pid}/comm") as file:
        assert file.read().strip() == "smtp-sendd"
    assert os.readlink(f"/proc/{pid}/exe") == os.path.realpath(PROGRAM)
    theirs, own = descriptors(httpd.process.pid), descriptors(pid)
    inodes = {path for path in theirs.values() if path.startswith("socket:")}
    # Of httpd's sockets the local one alone, under its own number; the error log; nothing else of httpd's.
    assert [fd for fd, path in own.items() if path in inodes] == [4], (own, theirs)
    assert own[2] == f"{httpd.dir}/error.log" and own[0] == "/dev/null" and "memfd" not in " ".join(own.values()), own
    if httpd.user:
        with open(f"/proc/{pid}/status") as file:
            ids = dict(line.split(":", 1) for line in file.read().splitlines())
        assert "0" not in ids["Uid"].split() and int(ids["CapEff"], 16) == 0, ids


def test_its_lines_look_like_httpd_s(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    ident = httpd.send().json["id"]
    line = httpd.wait_log(rf".*{ident}: to=<bob.*status=sent.*").group(0)
    assert re.match(r"\[\w{3} \w{3} \d\d \d\d:\d\d:\d\d\.\d{6} \d{4}\] \[smtp_send:info\] \[pid \d+:tid \d+\] ", line), line
    assert f"[pid {httpd.status()['pid']}:" in line


def test_a_piped_error_log_gets_its_lines(make_httpd, relay):
    httpd = make_httpd(relay=relay, start=False)
    httpd.write("")
    with open(httpd.conf) as file:
        text = file.read()
    with open(httpd.conf, "w") as file:
        file.write(text.replace(f'ErrorLog "{httpd.dir}/error.log"', f'ErrorLog "|/bin/sh -c \'exec cat >> {httpd.dir}/error.log\'"'))
    httpd.start()
    ident = httpd.send().json["id"]
    httpd.wait_log(rf"{ident}: to=<bob.*status=sent")


def private_parts(key):
    """A prime of an RSA key, as memory has it: in either order of its bytes."""
    text = subprocess.run(["openssl", "rsa", "-in", key, "-noout", "-text"], check=True, capture_output=True, text=True).stdout
    prime = bytes.fromhex(re.sub(r"[\s:]", "", re.search(r"prime1:([\s0-9a-f:]+)prime2", text).group(1))).lstrip(b"\0")
    return [prime, prime[::-1]]


def test_nothing_of_httpd_s_memory_is_in_it(make_httpd, relay, certificates):
    """The key of the web site's certificate, which every process of httpd holds."""
    pem, key = certificates.issue("site")
    tls = f"LoadModule socache_shmcb_module {MODULES}/mod_socache_shmcb.so\nLoadModule ssl_module {MODULES}/mod_ssl.so\nSSLCertificateFile {pem}\nSSLCertificateKeyFile {key}\n"
    httpd = make_httpd(tls + "<VirtualHost *:1>\nSSLEngine On\n</VirtualHost>\n", relay=relay, expect=[r"\[ssl:warn\]"])
    assert httpd.message(httpd.send().json["id"], wait="20s")["state"] == "sent"
    parts = private_parts(key)
    assert any(memory_holds(httpd.process.pid, part) for part in parts), "the test looks for the wrong bytes"
    assert not any(memory_holds(httpd.status()["pid"], part) for part in parts)


def test_a_web_process_carries_little(make_httpd, relay):
    """1.0 MB of its own with shared pages divided by who shares them; 1.9 before the daemon's libraries left."""
    with_module, without = make_httpd(relay=relay), make_httpd(start=False)
    with open(without.conf) as file:
        lines = file.read().replace("LoadModule smtp_send_module", "#").replace(" smtp_send:info", "").splitlines()
    with open(without.conf, "w") as file:
        file.write("\n".join(line for line in lines if not line.startswith("SMTPSend") and "SetHandler smtp" not in line) + "\n")
    without.start()
    assert with_module.get("/").status and without.get("/").status
    daemon = with_module.status()["pid"]
    have = [smaps(pid) for pid in children(with_module.process.pid) if pid != daemon]
    had = [smaps(pid) for pid in children(without.process.pid)]
    assert min(have) - min(had) < 2.5, (have, had)


def test_a_missing_program_is_named(make_httpd, relay):
    """Beside a copy of the module is no such program, and it is not installed where make install would put it."""
    if os.path.exists("/usr/sbin/smtp-sendd"):
        return
    httpd = make_httpd(relay=relay, start=False, expect=["SMTPSend-284", "SMTPSend-501"])
    shutil.copy(os.path.join(os.path.dirname(PROGRAM), "mod_smtp_send.so"), httpd.dir)
    with open(httpd.conf) as file:
        text = file.read()
    with open(httpd.conf, "w") as file:
        file.write(text.replace(f"{os.path.dirname(PROGRAM)}/mod_smtp_send.so", f"{httpd.dir}/mod_smtp_send.so"))
    httpd.start()
    httpd.wait_log(r"SMTPSend-284: the delivery daemon cannot be started: .*smtp-sendd: No such file")
    httpd.wait(lambda: "smtp-sendd" in httpd.send().text, what="the reason in an answer")
    began = time.monotonic()
    answer = httpd.send()
    assert answer.status == 503 and "Retry-After" in answer.headers and "cannot be started" in answer.text and time.monotonic() - began < 2, answer
    shutil.copy(PROGRAM, httpd.dir)
    httpd.wait(lambda: httpd.send().status == 202, 30, "mail to be accepted once the program is there")


# ---- without httpd ----

def submit(daemon):
    daemon.wait(lambda: daemon.cli("sendmail", "-t", "-i", input=MAIL).returncode == 0, what="mail to be accepted")


def test_its_file_includes_others(relay):
    with Sendd("Include part*.conf\nSMTPSendHost 127.0.0.1:${RELAY}\n") as daemon:
        with open(f"{daemon.dir}/part1.conf", "w") as file:
            file.write(f"Define RELAY {relay.port}\nSMTPSendEngine On\n")
        daemon.start()
        submit(daemon)
        assert b"Subject: hello" in relay.wait_for(1)[0].data
        with open(f"{daemon.dir}/part2.conf", "w") as file:
            file.write("\nSMTPSendNothing x\n")
        found = daemon.check()
        assert found.returncode == 78 and f"line 2 of {daemon.dir}/part2.conf: Invalid command" in found.stderr, found
        daemon.stop()


def test_it_runs_without_httpd(relay):
    with Sendd(relay=relay).start() as daemon:
        submit(daemon)
        assert b"Subject: hello" in relay.wait_for(1)[0].data
        daemon.wait(lambda: "status=sent" in daemon.log(), what="the line in the log")
        assert daemon.cli("status").returncode == 0
        if os.geteuid() == 0:
            assert os.stat(daemon.queue).st_uid != 0 and os.stat(f"/proc/{daemon.process.pid}").st_uid != 0
        assert daemon.stop() == 0, daemon.log()


def test_what_waits_outlives_it(relay):
    with Sendd("SMTPSendPause On\n", relay).start() as daemon:
        submit(daemon)
        assert daemon.stop(signal.SIGINT) == 0
        daemon.write("", relay)
        daemon.start()
        assert b"Subject: hello" in relay.wait_for(1)[0].data
        # A daemon that is killed loses nothing either.
        daemon.stop(signal.SIGKILL)
        daemon.start()
        submit(daemon)
        relay.wait_for(2)


@pytest.mark.parametrize("fault", ["close", "reset", "421"])
@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_a_session_that_breaks_is_tried_again(make_relay, command, fault):
    relay = make_relay(faults={command: fault}, fault_count=1)
    with Sendd("SMTPSendRetry 1s\n", relay).start() as daemon:
        submit(daemon)
        assert b"Subject: hello" in relay.wait_for(1, 30)[0].data
        daemon.wait(lambda: "status=sent" in daemon.log(), what="the line in the log")
        assert daemon.stop() == 0 and len(relay.messages) == 1


def test_systemd_is_notified(relay):
    with Sendd(relay=relay) as daemon, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(f"{daemon.dir}/notify")
        os.chmod(f"{daemon.dir}/notify", 0o777)
        notify.settimeout(20)
        daemon.start({"NOTIFY_SOCKET": f"{daemon.dir}/notify"})
        assert notify.recv(100) == b"READY=1"
        assert daemon.cli("sendmail", "-t", "-i", input=MAIL).returncode == 0, "READY means that mail is accepted"
        daemon.process.terminate()
        assert notify.recv(100) == b"STOPPING=1"
        assert daemon.process.wait(20) == 0


def test_httpd_s_systemd_is_not_notified(make_httpd, relay):
    """httpd's own module speaks for httpd."""
    httpd = make_httpd(relay=relay, start=False)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(f"{httpd.dir}/notify")
        os.chmod(f"{httpd.dir}/notify", 0o777)
        notify.setblocking(False)
        httpd.env["NOTIFY_SOCKET"] = f"{httpd.dir}/notify"
        httpd.start()
        assert httpd.message(httpd.send().json["id"], wait="20s")["state"] == "sent"
        with pytest.raises(BlockingIOError):
            notify.recv(100)


def test_sections_are_relays(make_relay):
    one, other = make_relay(), make_relay()
    config = f"SMTPSendRelayFor *@shop.example.com shop\n<VirtualHost shop>\nServerName shop\nSMTPSendHost {other.host}:{other.port}\n</VirtualHost>\n"
    with Sendd(config, one).start() as daemon:
        submit(daemon)
        daemon.cli("sendmail", "-i", "-f", "a@shop.example.com", "bob@example.net", input=b"Subject: shop\n\n", check=0)
        assert b"hello" in one.wait_for(1)[0].data and b"Subject: shop" in other.wait_for(1)[0].data


@pytest.mark.parametrize("config, words", [
    ("SMTPSendPort 0\n", ["Syntax error on line LINE of ", "smtp-sendd.conf: SMTPSendPort: '0'"]),
    ("SMTPSendTLSCipherSuite no-such\n", ["smtp-sendd.conf:LINE: ", "no-such", "OpenSSL"]),
    ("SMTPSendAllowFrom *@x\n", ["line LINE", "belongs to a location"]),
    ("Listen 80\n", ["line LINE", "Invalid command 'Listen'"]),
    ("SMTPSendNothing\n", ["line LINE", "Invalid command 'SMTPSendNothing'"]),
    ("SMTPSendHots mail.example.com\n", ["line LINE", "Invalid command 'SMTPSendHots'", "did you mean SMTPSendHost?"]),
    ("SMTPSendTLSVerfy\n", ["line LINE", "did you mean SMTPSendTLSVerify?"]),
    ("SeverName a.example.com\n", ["line LINE", "did you mean ServerName?"]),
    ("ErrorLog\n", ["line LINE", "ErrorLog takes a value"]),
    ("SMTPSendEngine yes\n", ["line LINE", "write SMTPSendEngine On"]),
    ("SMTPSendRelayFor *@x nosuch\n", ["smtp-sendd.conf:LINE: ", "no relay \"nosuch\""]),
    ("SMTPSendTLS starttls\nSMTPSendTLSCertificateFile /etc/x.pem\n", ["smtp-sendd.conf:NEXT: ", "SMTPSendTLSCertificateKeyFile"]),
])
def test_errors_have_file_and_line(relay, config, words):
    with Sendd(config, relay) as daemon:
        words = [word.replace("LINE", str(daemon.head.count("\n") + 3)).replace("NEXT", str(daemon.head.count("\n") + 4)) for word in words]
        done = daemon.check()
        assert done.returncode == 78 and all(word in done.stderr for word in words), done
        if "Cipher" not in config:
            assert daemon.start().process.wait(20) == 78 and words[-1] in daemon.log()


def test_a_good_file_is_called_so(relay):
    with Sendd(relay=relay) as daemon:
        done = daemon.check()
        assert done.returncode == 0 and "Syntax OK" in done.stdout and not done.stderr, done
        assert not os.path.exists(daemon.queue)


def test_it_does_not_run_as_root(relay):
    with Sendd(relay=relay) as daemon:
        for line in ("", "User root\n", "User #0\n", "User #x\n") if os.geteuid() == 0 else ():
            daemon.head = re.sub("User .*\n", "", daemon.head) + line
            daemon.write("", relay)
            assert daemon.start().process.wait(20) == 78 and not os.path.exists(daemon.queue)


def test_the_connection_test_reads_the_same_file(make_relay):
    relay = make_relay(auth={"me": "pw"}, mechanisms=["PLAIN"])
    with Sendd("SMTPSendUsername me\nSMTPSendPassword pw\n", relay) as daemon:
        done = daemon.cli("test", "--config", daemon.path)
        assert done.returncode == 0 and b"PASSED" in done.stdout and f"{daemon.path}:".encode() in done.stdout, done
        assert relay.logins
        assert daemon.cli("test", "--config", daemon.path, "--relay", "nowhere").returncode == 64
        assert daemon.cli("test", "--config", f"{daemon.dir}/missing").returncode == 66


def test_usage():
    assert "--config FILE" in subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    assert subprocess.run([PROGRAM], capture_output=True).returncode == 64
    assert subprocess.run([PROGRAM, "--conf", "x"], capture_output=True).returncode == 64


def test_a_module_s_function_that_blocks_delays_nothing(make_httpd, relay):
    """The hook runs in a process of its own, which ends with the daemon."""
    httpd = make_httpd(f"LoadModule smtp_send_example_module {BUILD}/mod_smtp_send_example.so\n", relay=relay)
    ident = httpd.send().json["id"]
    httpd.wait_log(re.escape(f"finished {ident} to bob@example.net: sent"))
    hooks = [pid for pid in children(httpd.process.pid) if open(f"/proc/{pid}/comm").read().strip() == "smtp-send-hook"]
    assert len(hooks) == 1
    os.kill(hooks[0], signal.SIGSTOP)
    assert httpd.message(httpd.send().json["id"], wait="20s")["state"] == "sent"
    os.kill(hooks[0], signal.SIGCONT)
    httpd.graceful_wait()
    httpd.wait(lambda: not is_running(hooks[0]), what="the old process to end")
    ident = httpd.send().json["id"]
    httpd.wait_log(re.escape(f"finished {ident} to bob@example.net: sent"))


def test_the_example_is_valid():
    done = subprocess.run([PROGRAM, "--config", f"{ROOT}/conf/examples/smtp-sendd.conf", "--check"], capture_output=True, text=True)
    assert done.returncode == 0 and "Syntax OK" in done.stdout, done
