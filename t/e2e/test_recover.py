"""A damaged queue: refused with the file's name and what to do; what can be read of it is saved by the command."""
import contextlib
import os
import random
import re
import shutil
import sqlite3
import subprocess

import pytest
from rig.httpd import CLI

PAUSED = ["sending is paused"]


def recover(*arguments):
    return subprocess.run([CLI, "queue", "--recover", *arguments], capture_output=True, text=True, timeout=60)


def waiting(make_httpd, relay, count, **kwargs):
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=PAUSED, **kwargs)
    for number in range(count):
        assert httpd.send(b"Subject: %d\r\n\r\n%s\r\n" % (number, b"x" * 1500), to=[f"u{number}@example.net"]).status == 202
    return httpd


def stop(httpd):
    """Until the daemon has let go of the queue, too: SQLite removes the log beside the file then."""
    httpd.stop()
    httpd.wait(lambda: not os.path.exists(httpd.queue + "-wal"), 20, "the daemon to leave")


def pages_of(path, table):
    with contextlib.closing(sqlite3.connect(path)) as db:
        size = db.execute("PRAGMA page_size").fetchone()[0]
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
        return size, root


def test_what_can_be_read_is_saved_and_delivered(make_httpd, relay):
    httpd = waiting(make_httpd, relay, 300)
    large = b"Subject: large\r\n\r\n" + (b"y" * 70 + b"\r\n") * 20000
    httpd.send(large)
    stop(httpd)
    queue = httpd.queue
    size, root = pages_of(queue, "message")
    # Pages in the middle of the file are overwritten, as a failing disk does; the first ones hold the schema and the roots of the tables.
    rng = random.Random(7)
    count = os.path.getsize(queue) // size
    with open(queue, "r+b") as file:
        for page in rng.sample(range(40, count // 4), 6):
            file.seek(page * size)
            file.write(rng.randbytes(size))
    before = open(queue, "rb").read()
    done = recover(queue)
    assert done.returncode in (0, 65), done
    saved = int(re.match(r"(\d+) unfinished messages to \d+ recipients were saved in ", done.stdout).group(1))
    assert 200 <= saved <= 301 and (saved == 301 or "could not be read" in done.stdout or "cannot be read" in done.stdout), done
    assert open(queue, "rb").read() == before
    again = recover(queue)
    assert again.returncode == 73 and "is not overwritten" in again.stderr
    # As the command says.
    os.replace(queue, queue + ".damaged")
    owner = os.stat(queue + ".damaged")
    os.replace(queue + ".recovered", queue)
    os.chown(queue, owner.st_uid, owner.st_gid)
    for end in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.remove(queue + end)
    httpd.write("")
    httpd.start()
    relay.wait_for(saved, timeout=60)
    httpd.wait(lambda: not httpd.status()["queue"]["messages"], 20, "an empty queue")
    subjects = [re.search(rb"Subject: (\w+)", message.data).group(1) for message in relay.messages]
    assert len(subjects) == len(set(subjects)) == saved
    for message in relay.messages:
        assert b"Subject: large" not in message.data or message.data.endswith((b"y" * 70 + b"\r\n") * 20000)


def test_a_sound_queue_comes_whole_with_its_pauses(make_httpd, relay, tmp_path):
    httpd = waiting(make_httpd, relay, 20)
    httpd.cli("pause", "--reason", "moving", check=0)
    held = httpd.send(headers={"Idempotency-Key": "once"}).json["id"]
    httpd.cli("hold", held, check=0)
    stop(httpd)
    into = str(tmp_path / "new.db")
    done = recover(httpd.queue, "--into", into, "--json")
    assert done.returncode == 0 and '"messages": 21' in done.stdout and '"settings": true' in done.stdout, done
    with contextlib.closing(sqlite3.connect(httpd.queue)) as old, contextlib.closing(sqlite3.connect(into)) as new:
        for statement in ("SELECT id, relay, sender, size, created, subject, idem_key, content_hash, n_queued, n_held, due FROM message ORDER BY id", "SELECT * FROM recipient ORDER BY message, number",
                          "SELECT key, value FROM setting WHERE key LIKE 'pause/%'"):
            assert old.execute(statement).fetchall() == new.execute(statement).fetchall()


def test_misuse(make_httpd, relay, tmp_path):
    missing = recover(str(tmp_path / "none.db"))
    assert missing.returncode == 66 and "does not exist" in missing.stderr
    httpd = make_httpd(relay=relay)
    httpd.wait(lambda: httpd.status(check=False), 20, "the daemon")
    busy = recover(httpd.queue)
    assert busy.returncode == 65 and "stop" in busy.stderr.lower(), busy
    other = tmp_path / "other.db"
    other.write_bytes(b"no database at all" * 1000)
    bad = recover(str(other))
    assert bad.returncode == 65 and str(other) in bad.stderr, bad
    assert recover().returncode == 64


def test_a_damaged_file_is_refused_with_its_name_and_the_way_out(make_httpd, relay):
    httpd = waiting(make_httpd, relay, 10)
    stop(httpd)
    size, root = pages_of(httpd.queue, "version")
    with open(httpd.queue, "r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    shutil.copy(httpd.queue, httpd.queue + ".kept")
    httpd.expect("SMTPSend-201", "SMTPSend-501")
    httpd.start()
    answer = httpd.send()
    assert answer.status == 503 and httpd.queue in answer.text and "--recover" in answer.text, answer
    httpd.wait_log("SMTPSend-201.*" + re.escape(httpd.queue) + ".*--recover")
    assert httpd.get("/mail-status/health").status == 503
    assert open(httpd.queue, "rb").read() == open(httpd.queue + ".kept", "rb").read()
    stop(httpd)
    assert recover(httpd.queue).returncode == 0


def overwrite(path, at, data):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(data)


def test_one_unreadable_message_affects_no_other(make_httpd, relay):
    httpd = waiting(make_httpd, relay, 5)
    # Its content is on pages of its own, each of which points to the next one.
    content = b"".join(b"line %d\r\n" % number for number in range(8000))
    ident = httpd.send(b"Subject: large\r\n\r\n" + content).json["id"]
    stop(httpd)
    size, root = pages_of(httpd.queue, "message")
    with open(httpd.queue, "rb") as file:
        page = file.read().index(b"line 5000\r\n") // size
    overwrite(httpd.queue, page * size, b"\xff" * 4)
    httpd.expect("SMTPSend-234", "SMTPSend-501")
    httpd.write("")
    httpd.start()
    relay.wait_for(5, timeout=30)
    httpd.wait_state(ident, "held")
    assert httpd.send().status == 202
    relay.wait_for(6, timeout=30)
    row, = httpd.message(ident)["recipients"]
    assert row["heldBecause"] == "unreadable" and "--recover" in row["reply"], row
    answer = httpd.get("/mail-status/health")
    assert answer.status == 503 and [reason["reason"] for reason in answer.json["reasons"]] == ["queue"], answer
    assert "cannot be read" in answer.json["reasons"][0]["detail"]
    pid = httpd.status()["pid"]
    before = cpu(pid)
    httpd.message(httpd.send().json["id"], wait="10s")
    httpd.cli("release", ident, check=0)
    httpd.wait(lambda: len(re.findall(f"SMTPSend-234: {ident}", httpd.log())) == 2, 10, "it to be on hold again")
    assert cpu(pid) - before < 1
    httpd.cli("cancel", ident, check=0)
    httpd.wait(lambda: httpd.get("/mail-status/health").status == 200, 10, "health to be green")


def test_a_large_message_that_ends_in_the_middle_is_put_on_hold(make_httpd, relay):
    """It is read from the queue while it is sent: the damage is met in the middle of the transaction."""
    httpd = waiting(make_httpd, relay, 1)
    content = b"".join(b"line %d %s\r\n" % (number, b"z" * 60) for number in range(80000))
    ident = httpd.send(b"Subject: large\r\n\r\n" + content).json["id"]
    stop(httpd)
    size, root = pages_of(httpd.queue, "message")
    with open(httpd.queue, "rb") as file:
        page = file.read().index(b"line 70000 ") // size
    overwrite(httpd.queue, page * size, b"\xff" * 4)
    httpd.expect("SMTPSend-234", "SMTPSend-501", "status=deferred", "The (SMTP host|connection|content)")
    httpd.write("")
    httpd.start()
    httpd.wait_state(ident, "held", timeout=30)
    row, = httpd.message(ident)["recipients"]
    assert row["heldBecause"] == "unreadable" and "--recover" in row["reply"], row
    assert httpd.send().status == 202
    relay.wait_for(2, timeout=30)
    assert all(b"Subject: large" not in message.data for message in relay.messages)


def cpu(pid):
    """Seconds."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("table", ["message_due", "message", "recipient"])
def test_a_file_that_was_damaged_meanwhile_takes_nothing_new(make_httpd, relay, table):
    httpd = waiting(make_httpd, relay, 5)
    stop(httpd)
    size, root = pages_of(httpd.queue, table)
    overwrite(httpd.queue, (root - 1) * size, b"\xff" * size)
    httpd.expect("SMTPSend-2[03]\\d", "SMTPSend-30[19]", "SMTPSend-501")
    httpd.start()
    httpd.wait_log("SMTPSend-309.*--recover")
    answer = httpd.send()
    assert answer.status == 503 and httpd.queue in answer.text and "--recover" in answer.text, answer
    answer = httpd.get("/mail-status/health")
    assert answer.status == 503 and "queue" in [reason["reason"] for reason in answer.json["reasons"]], answer
    stop(httpd)
    assert recover(httpd.queue).returncode == (0 if table == "message_due" else 65)


def test_misuse_is_reported(tmp_path):
    for args, words in [((str(tmp_path / "q"), "--all"), "only --into"), ((str(tmp_path / "q"), "--state", "held"), "only --into"), ((str(tmp_path / "q"), "--watch"), "only --into")]:
        result = recover(*args)
        assert result.returncode == 64 and words in result.stderr, (args, result)
    result = subprocess.run([CLI, "queue", "--into", "x"], capture_output=True, text=True, timeout=60)
    assert result.returncode == 64 and "needs --recover" in result.stderr, result
    # In any order.
    result = subprocess.run([CLI, "queue", "--json", "--into", str(tmp_path / "new"), "--recover", str(tmp_path / "missing")], capture_output=True, text=True, timeout=60)
    assert result.returncode == 66, result


def test_a_message_whose_recipients_are_all_final_is_history(make_httpd, relay):
    """A page of the messages may be older than that of their recipients: nothing is left to be sent, so nothing is saved and counted."""
    httpd = waiting(make_httpd, relay, 3)
    stop(httpd)
    with contextlib.closing(sqlite3.connect(httpd.queue)) as db:
        db.execute("UPDATE recipient SET state = 4 WHERE address IN ('u0@example.net', 'u1@example.net')")
        db.commit()
    done = recover(httpd.queue)
    assert done.returncode in (0, 65) and done.stdout.startswith("1 unfinished message"), done
    with contextlib.closing(sqlite3.connect(httpd.queue + ".recovered")) as db:
        assert db.execute("SELECT r.address FROM message m JOIN recipient r ON r.message = m.id WHERE m.finished = 0").fetchall() == [("u2@example.net",)]
