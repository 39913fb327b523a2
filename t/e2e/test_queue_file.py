"""The file of the queue, or its log, disappears while httpd runs: nothing that was accepted is lost, nothing is accepted into a file that
nobody finds again, and mail flows again by itself once the file is there."""
import glob
import os
import re
import shutil
import sqlite3
import subprocess
import threading

from rig.httpd import CLI

GONE = ["SMTPSend-255", "SMTPSend-301", "SMTPSend-304", "SMTPSend-305", "SMTPSend-306", "SMTPSend-501"]


def health(httpd):
    answer = httpd.get("/mail-status/health")
    return answer.status, [row["detail"] for row in answer.json["reasons"]]


def waiting(make_httpd, make_relay, count=3):
    """A queue with messages that a relay refuses for now."""
    relay = make_relay(replies={"RCPT": "450 4.2.1 try later"})
    httpd = make_httpd("SMTPSendRetry 1min\n", relay=relay, expect=[*GONE, "status=deferred", "The SMTP host's reply code", "SMTPSend-283", "SMTPSend-299"])
    for ident in [httpd.send(to=[f"u{number}@example.net"]).json["id"] for number in range(count)]:
        httpd.wait_state(ident, "deferred")
    return httpd, relay


def kill_and_start(httpd):
    """What the files say is all that is left."""
    pid = httpd.status()["pid"]
    os.kill(pid, 9)
    httpd.wait(lambda: (httpd.status(check=False) or {}).get("pid", pid) != pid, 20, "another daemon")


def flows(httpd, relay, count):
    """Nothing was lost: each message is delivered once it is tried again."""
    relay.replies = {}
    httpd.cli("flush", check=0)
    relay.wait_for(count, timeout=30)
    httpd.wait(lambda: not httpd.status()["queue"]["messages"], 20, "an empty queue")


def harm(httpd, relay, ends, count=3):
    for end in ends:
        os.remove(httpd.queue + end)
    # Nobody asks: the daemon notices by itself.
    httpd.wait(lambda: all(os.path.exists(httpd.queue + end) for end in ends), 5, "the files to be there again")
    assert httpd.send().status == 202
    kill_and_start(httpd)
    flows(httpd, relay, count + 1)


def test_a_deleted_queue_is_written_again(make_httpd, make_relay):
    httpd, relay = waiting(make_httpd, make_relay)
    harm(httpd, relay, [""])
    assert re.search(r"SMTPSend-305.*" + re.escape(httpd.queue) + ".*nothing is lost", httpd.log())


def test_a_deleted_log_is_made_again(make_httpd, make_relay):
    httpd, relay = waiting(make_httpd, make_relay)
    harm(httpd, relay, ["-wal", "-shm"])
    assert re.search(r"SMTPSend-304.*" + re.escape(httpd.queue) + "-wal.*nothing is lost", httpd.log())


def test_nothing_is_lost_while_mail_flows(make_httpd, relay):
    """Files disappear again and again below a daemon that accepts and sends; each accepted message arrives once."""
    httpd = make_httpd("SMTPSendConnections 4\n", relay=relay, level="notice", expect=["SMTPSend-255", "SMTPSend-304", "SMTPSend-305"])
    accepted, ended = [], threading.Event()

    def submit(name):
        number = 0
        while not ended.is_set():
            number += 1
            if httpd.send(b"Subject: %s-%d\r\n\r\nx\r\n" % (name, number)).status == 202:
                accepted.append(b"%s-%d" % (name, number))
    threads = [threading.Thread(target=submit, args=(name,)) for name in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for number, ends in enumerate([[""], ["-wal"], ["-shm"], ["", "-wal", "-shm"], ["-wal", "-shm"], [""]] * 3):
        httpd.wait(lambda: len(accepted) >= 20 * (number + 1), 20, "more messages")
        for end in ends:
            os.remove(httpd.queue + end)
        httpd.wait(lambda: all(os.path.exists(httpd.queue + end) for end in ("", "-wal", "-shm")), 10, "the files to be there again")
    ended.set()
    for thread in threads:
        thread.join(60)
    relay.wait_for(len(accepted), timeout=60)
    httpd.wait(lambda: not httpd.status()["queue"]["messages"], 20, "an empty queue")
    subjects = [re.search(rb"Subject: (\S+)", message.data).group(1) for message in relay.messages]
    assert sorted(subjects) == sorted(accepted)


def test_a_moved_folder_is_waited_for(make_httpd, make_relay):
    httpd, relay = waiting(make_httpd, make_relay)
    folder = os.path.dirname(httpd.queue)
    os.rename(httpd.queue, httpd.queue + ".moved")
    httpd.wait_log("SMTPSend-301.*is not in its place any more", 5)
    answer = httpd.send()
    assert answer.status == 503 and "is not in its place any more" in answer.text and httpd.queue + ".moved" in answer.text, answer
    status, details = health(httpd)
    assert status == 503 and any("is not in its place" in text for text in details), details
    assert b"is not in its place" in httpd.cli("status").stdout
    assert os.path.exists(folder)
    os.rename(httpd.queue + ".moved", httpd.queue)
    httpd.wait(lambda: health(httpd)[0] == 200, 10, "health to be green")
    assert httpd.send().status == 202
    flows(httpd, relay, 4)


def test_an_unmounted_folder_is_waited_for(make_httpd, make_relay):
    """What is mounted again is the same file system, as a disk is. Where mounting is not allowed, folders are renamed."""
    relay = make_relay()
    httpd = make_httpd(relay=relay, start=False, expect=GONE)
    folder = os.path.dirname(httpd.queue)
    disk = folder + ".disk"
    os.mkdir(disk)
    if not os.geteuid():
        shutil.chown(disk, os.stat(folder).st_uid, os.stat(folder).st_gid)
    can_mount = subprocess.run(["mount", "--bind", disk, folder], capture_output=True).returncode == 0

    def unmount():
        if can_mount:
            subprocess.run(["umount", "-l", folder], check=False)
        else:
            os.rename(folder, disk + ".away")
            os.mkdir(folder)

    def mount():
        if can_mount:
            subprocess.run(["mount", "--bind", disk, folder], check=True)
        else:
            os.rmdir(folder)
            os.rename(disk + ".away", folder)
    try:
        httpd.start()
        httpd.message(httpd.send().json["id"], wait="10s")
        unmount()
        answer = httpd.send()
        assert answer.status == 503 and "unmounted" in answer.text, answer
        assert health(httpd)[0] == 503
        mount()
        httpd.wait(lambda: health(httpd)[0] == 200, 10, "health to be green")
        httpd.message(httpd.send().json["id"], wait="10s")
        assert len(relay.messages) == 2
        httpd.stop()
        httpd.wait(lambda: not os.path.exists(httpd.queue + "-wal"), 20, "the daemon to leave")
    finally:
        if can_mount:
            unmount()


def test_another_file_is_opened_and_the_former_one_kept(make_httpd, make_relay):
    httpd, relay = waiting(make_httpd, make_relay)
    pid = httpd.status()["pid"]
    empty = httpd.queue + ".empty"
    with open(empty, "w"):
        shutil.chown(empty, *[os.stat(httpd.queue).st_uid, os.stat(httpd.queue).st_gid])
    os.rename(empty, httpd.queue)
    httpd.wait_log("SMTPSend-306", 5)
    httpd.wait(lambda: (httpd.status(check=False) or {}).get("pid", pid) != pid, 30, "another daemon")
    httpd.wait(lambda: health(httpd)[0] == 200, 20, "health to be green")
    assert httpd.status()["queue"]["messages"] == 0
    relay.replies = {}
    httpd.message(httpd.send().json["id"], wait="20s")
    assert len(relay.messages) == 1
    # As the log says.
    saved, = glob.glob(httpd.queue + ".rescued-*")
    assert saved in httpd.log() and "SMTPSend-283" not in httpd.log(), "nothing unexpected happened"
    httpd.stop()
    httpd.wait(lambda: not os.path.exists(httpd.queue + "-wal"), 20, "the daemon to leave")
    os.rename(saved, httpd.queue)
    httpd.start()
    flows(httpd, relay, 4)


def test_a_second_server_finds_the_file_in_use(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    assert httpd.send().status == 202
    folder = os.path.dirname(httpd.queue)
    symbolic, hard = os.path.join(folder, "symbolic.db"), os.path.join(folder, "hard.db")
    os.symlink(httpd.queue, symbolic)
    os.link(httpd.queue, hard)
    for path in (symbolic, hard):
        done = subprocess.run([CLI, "queue", "--recover", path], capture_output=True, text=True, timeout=60)
        assert done.returncode == 65 and "in use" in done.stderr, done
    other = make_httpd(relay=relay, queue=symbolic, expect=["SMTPSend-201", "SMTPSend-501"])
    answer = other.send()
    assert answer.status == 503 and "used by another delivery daemon" in answer.text, answer
    assert httpd.send().status == 202


def test_a_log_that_grows_is_reported_with_who_reads(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=["SMTPSend-307"])
    assert httpd.send().status == 202
    # This process reads.
    with sqlite3.connect(httpd.queue, isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM message").fetchone()
        assert httpd.send().status == 202
        # As if 300 MB had been written: what is behind the last commit does not count.
        os.truncate(httpd.queue + "-wal", 300 << 20)
        assert httpd.send().status == 202
        httpd.wait_log(f"SMTPSend-307.*300 MB.*end process {os.getpid()}", 10)
        reader.execute("ROLLBACK")
    reader.close()
    for _ in range(3):
        httpd.message(httpd.send().json["id"], wait="10s")
    assert len(re.findall("SMTPSend-307", httpd.log())) == 1
