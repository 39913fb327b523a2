"""SMTPSendUser: the daemon, the queue and the secrets belong to a user of their own; httpd's User submits and sees, and reads no content. Needs root."""
import json
import os
import re
import pwd
import subprocess

import pytest

from rig.httpd import CLI, HTTPD, is_running

USER = "daemon"     # of every Debian
PAUSED = "SMTPSendPause On\n"
OWN = f"SMTPSendUser {USER}\n"
EXPECT = ["sending is paused"]
HTML = {"Accept": "text/html"}
TEXT = b"Subject: a secret\r\n\r\nsecret words in a line\r\n"


def account(name):
    return pwd.getpwnam(name)


def owners(folder):
    names = [folder, *(os.path.join(folder, name) for name in os.listdir(folder))]
    return {os.lstat(name).st_uid for name in names}


def uids(pid):
    with open(f"/proc/{pid}/status") as file:
        rows = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    return set(rows["Uid"].split()), set(rows["Gid"].split()), set(rows["Groups"].split())


def as_user(httpd, name, *args, input=b""):
    user = account(name)
    return subprocess.run([CLI, "--socket", httpd.socket, *args], capture_output=True, input=input, timeout=60, user=user.pw_uid, group=user.pw_gid, extra_groups=[])


def state(httpd):
    return os.path.dirname(httpd.queue)


def test_an_existing_queue_changes_hands(make_httpd, relay):
    """Under load of nothing but a graceful restart: what waited is sent by the new user, from files that are the new user's; and the way back names the command."""
    httpd = make_httpd(PAUSED, relay=relay, expect=EXPECT + ["SMTPSend-275"])
    waiting = [httpd.send(TEXT).json["id"] for _ in range(3)]
    pid = httpd.status()["pid"]
    assert owners(state(httpd)) == {account(httpd.user).pw_uid}
    httpd.write(OWN)
    httpd.graceful_wait()
    for ident in waiting:
        httpd.wait_state(ident, "sent")
    assert httpd.log().count("SMTPSend-275") == 1
    new = httpd.status()["pid"]
    user = account(USER)
    assert new != pid and uids(new) == ({str(user.pw_uid)}, {str(user.pw_gid)}, {str(user.pw_gid)})
    assert owners(state(httpd)) == {user.pw_uid}
    info = os.stat(httpd.socket)
    assert (info.st_uid, info.st_gid, info.st_mode & 0o777) == (account(httpd.user).pw_uid, user.pw_gid, 0o660)
    httpd.graceful_wait()
    httpd.wait_state(httpd.send().json["id"], "sent")
    assert httpd.log().count("SMTPSend-275") == 1
    httpd.expect("SMTPSend-201")
    former = httpd.status()["pid"]
    httpd.write()
    httpd.graceful()
    line = httpd.wait_log("SMTPSend-201: (.*)").group(1)
    command = line.split("run as root: ")[1].split(";")[0]
    assert command == f'cd "{state(httpd)}" && chown {httpd.user} . queue.db*'
    httpd.wait(lambda: not is_running(former), what="the former daemon to leave")
    subprocess.run(["sh", "-c", command], check=True)
    httpd.wait(lambda: httpd.status(check=False), 30, "the daemon")
    ident = httpd.wait(lambda: httpd.send().json.get("id"), 30, "the queue")
    httpd.wait_state(ident, "sent")


def test_with_a_group(make_httpd, relay):
    httpd = make_httpd(f"SMTPSendUser {USER} mail\n", relay=relay)
    httpd.wait_state(httpd.send().json["id"], "sent")
    import grp
    assert uids(httpd.status()["pid"])[1] == {str(grp.getgrnam("mail").gr_gid)}


def test_a_folder_with_other_files_is_not_given(make_httpd, relay, tmp_path):
    """Nor is what a link in it points to, nor what has another owner or another name."""
    httpd = make_httpd(PAUSED, relay=relay, expect=EXPECT + ["SMTPSend-208", "SMTPSend-501.*cannot start", "SMTPSend-275"])
    httpd.send(TEXT)
    web = account(httpd.user).pw_uid
    other = os.path.join(state(httpd), "application.db")
    with open(other, "w") as file:
        file.write("mine")
    os.chown(other, web, web)
    httpd.write(PAUSED + OWN)
    httpd.graceful()
    line = httpd.wait_log(r"SMTPSend-208: (.*)").group(1)
    assert "holds other files" in line and f'run as root: cd "{state(httpd)}/" && chown {USER} . queue.db*' in line, line
    assert owners(state(httpd)) == {web}
    os.unlink(other)
    outside = tmp_path / "outside"
    outside.write_text("not the queue's")
    os.chown(outside, web, web)
    os.symlink(outside, httpd.queue + "-journal")
    os.link(outside, httpd.queue + "-other")
    httpd.wait_log("SMTPSend-275")
    httpd.wait(lambda: httpd.send().status == 202, 30, "the queue")
    assert os.stat(outside).st_uid == web
    assert {os.lstat(httpd.queue + end).st_uid for end in ("", "-wal", "-shm", ".lock")} == {account(USER).pw_uid}


def test_who_may_do_what(make_httpd, relay):
    httpd = make_httpd(PAUSED + OWN, relay=relay, expect=EXPECT)
    httpd.wait(lambda: httpd.status(check=False), what="the daemon")
    ident = httpd.send(TEXT).json["id"]
    # What pages need, httpd's User may ask; a web application that was broken into does, too.
    web = httpd.user
    for args in (("queue", "--json"), ("show", ident), ("status",), ("pause",), ("flush",)):
        assert as_user(httpd, web, *args).returncode in (0, 1), args
    assert json.loads(as_user(httpd, web, "show", "--json", ident).stdout)["subject"] == "a secret"
    assert as_user(httpd, web, "sendmail", "carol@example.net", input=TEXT).returncode == 0
    export = as_user(httpd, web, "export")
    assert export.returncode == 77 and b"secret words" not in export.stdout and b"delivery daemon's user" in export.stderr, export
    exported = httpd.cli("export").stdout
    assert b"a secret" in exported
    other = exported.replace(ident.encode(), ident[:-1].encode() + (b"0" if ident[-1] != "0" else b"1"))
    refused = as_user(httpd, web, "import", input=other)
    assert refused.returncode and b"may import" in refused.stderr, refused
    # No file of the queue can be opened.
    for end in ("", "-wal", "-shm", ".lock"):
        assert subprocess.run(["cat", httpd.queue + end], capture_output=True, user=account(web).pw_uid, group=account(web).pw_gid, extra_groups=[]).returncode
    # The daemon's own user may everything.
    assert as_user(httpd, USER, "export").stdout == exported or b"a secret" in as_user(httpd, USER, "export").stdout
    # The page, by its own connection as httpd's User.
    assert "secret words" not in httpd.get(f"/mail-status/message/{ident}", HTML).text
    assert httpd.get(f"/mail-status/message/{ident}?source=1").status == 403
    httpd.write(PAUSED + OWN + "<Location /mail-status>\nSMTPSendStatusBody On\n</Location>\n")
    httpd.graceful_wait()
    assert "secret words" in httpd.get(f"/mail-status/message/{ident}", HTML).text
    assert httpd.get(f"/mail-status/message/{ident}?source=1").status == 200
    httpd.write(OWN)
    httpd.graceful_wait()
    assert as_user(httpd, web, "export").returncode == 77
    httpd.cli("resume")
    httpd.wait_state(ident, "sent")


def test_secrets_are_the_daemons(make_httpd, make_relay, tmp_path):
    """file: is read as root at the start, and when it changed as the daemon's user; exec: runs as that user."""
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/"):
            os.chmod(folder, 0o755)
    path = tmp_path / "password"
    path.write_text("first\n")
    path.chmod(0o600)
    relay = make_relay(auth={"me": "first"}, mechanisms=["PLAIN"])
    httpd = make_httpd(OWN + f"SMTPSendUsername me\nSMTPSendPassword file:{path}\n", relay=relay, expect=["SMTPSend-", "reply code to the"])
    httpd.wait_state(httpd.send().json["id"], "sent")
    relay.auth = {"me": "second"}
    path.write_text("second\n")
    os.chown(path, account(USER).pw_uid, 0)
    httpd.cli("flush")
    relay.disconnect() if hasattr(relay, "disconnect") else None
    httpd.wait_state(httpd.send().json["id"], "sent", 60)
    assert subprocess.run(["cat", path], capture_output=True, user=account(httpd.user).pw_uid, group=account(httpd.user).pw_gid, extra_groups=[]).returncode
    program = tmp_path / "token"
    program.write_text(f"#!/bin/sh\nid -un > {tmp_path}/who\necho second\n")
    program.chmod(0o755)
    (tmp_path / "who").write_text("")
    os.chmod(tmp_path / "who", 0o666)
    httpd.write(OWN + f"SMTPSendUsername me\nSMTPSendPassword exec:{program}\n")
    httpd.graceful_wait()
    httpd.wait_state(httpd.send().json["id"], "sent")
    assert (tmp_path / "who").read_text() == USER + "\n"


def test_without_root_it_has_no_effect(make_httpd):
    httpd = make_httpd(OWN, start=False)
    nobody = account("nobody")
    result = subprocess.run([HTTPD, "-t", "-d", httpd.dir, "-f", httpd.conf], capture_output=True, text=True, timeout=30, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    assert re.search(rf"SMTPSend-126: \S+:\d+: SMTPSendUser {USER} has no effect", result.stderr), result
    assert "SMTPSend-126" not in httpd.configtest().stderr


@pytest.mark.parametrize("value", ["no-such-user", "root", f"{USER} no-such-group"])
def test_a_user_that_is_none_stops_configtest(make_httpd, value):
    result = make_httpd(f"SMTPSendUser {value}\n", start=False).configtest()
    assert result.returncode and "SMTPSendUser" in result.stderr and value.split()[-1] in result.stderr
