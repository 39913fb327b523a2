"""SMTPSendEventLog: a JSON line for each event, to a file or a program; what cannot be written is lost and never holds up mail."""
import hashlib
import json
import os
import re
import signal
import subprocess

from rig.sendd import Sendd

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MESSAGE = {"from": "Ann <ann@example.com>", "to": ["bob@example.net", "carl@example.org"], "subject": "private", "text": "secret words", "metadata": {"order": 7, "user": "bob@example.net"}}


def lines_of(path):
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.split("\n")[:-1]]


def wait_for_events(httpd, path, count, event=None):
    def look():
        found = [line for line in lines_of(path) if not event or line["event"] == event]
        return found if len(found) >= count else None
    return httpd.wait(look, 20, f"{count} events {event or ''} in {path}")


def folder_of(httpd, name="events", mode=0o755):
    path = os.path.join(httpd.dir, name)
    os.mkdir(path, mode)
    return path


def test_accepted_attempt_and_final_in_a_file_that_only_root_may_make(make_httpd, relay):
    httpd = make_httpd("SMTPSendEventLog events/log.jsonl", relay=relay, start=False)
    path = os.path.join(folder_of(httpd), "log.jsonl")
    httpd.start()
    answer = httpd.send_json(MESSAGE)
    wait_for_events(httpd, path, 2, "final")
    events = lines_of(path)
    assert [e["event"] for e in events] in (["accepted", "attempt", "attempt", "final", "final"], ["accepted", "attempt", "final", "attempt", "final"])
    accepted, attempt, final = events[0], events[1], events[-1]
    assert {e["id"] for e in events} == {answer.json["id"]} and {e["relay"] for e in events} == {"default"} and {e["from"] for e in events} == {"ann@example.com"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", e["time"]) for e in events)
    assert accepted["to"] == MESSAGE["to"] and accepted["recipients"] == 2 and accepted["door"] == "http" and accepted["submitter"].startswith("web:") and accepted["metadata"] == MESSAGE["metadata"]
    assert {e["to"] for e in events if e["event"] == "final"} == set(MESSAGE["to"])
    for event in (attempt, final):
        assert event["state"] == "sent" and event["code"] == 250 and "queued as" in event["reply"] and event["attempts"] == 1 and event["delay"] >= 0 and str(relay.port) in event["host"], event
    assert set(attempt["delays"]) == {"store", "queue", "connect", "transfer"} and accepted["size"] == final["size"] > 0 and "@" in accepted["messageId"]
    with open(path) as file:
        text = file.read()
    assert "private" not in text and "secret" not in text
    assert os.stat(path).st_mode & 0o777 == 0o640
    assert "smtp_send_event_log_dropped_total 0" in httpd.request("GET", "/mail-status/metrics").text


def test_what_failed_and_what_operators_did(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": "550 5.1.1 <BOB@Example.NET>: no such user"})
    httpd = make_httpd("SMTPSendEventLog state/log", relay=relay, expect=["status=bounced", "reply code to the RCPT", "SMTPSend-253", "sending is paused", "status=cancelled"])
    path = os.path.join(httpd.dir, "state", "log")
    httpd.send_json(dict(MESSAGE, to="bob@example.net"))
    failed = wait_for_events(httpd, path, 1, "final")[0]
    assert failed["state"] == "failed" and failed["code"] == 550 and failed["dsn"] == "5.1.1" and failed["reply"].endswith("no such user")
    report = wait_for_events(httpd, path, 2, "accepted")[1]
    assert report["createdBy"] == failed["id"] and report["to"] == ["ann@example.com"] and report["from"] == ""
    wait_for_events(httpd, path, 2, "final")
    httpd.request("POST", "/mail-status", b"action=pause&relay=default&reason=the+night&for=1h", FORM)
    pause = wait_for_events(httpd, path, 1, "action")[0]
    assert pause["action"] == "pause" and pause["relay"] == "default" and pause["reason"] == "the night" and pause["who"] and pause["until"] > pause["time"] and "id" not in pause
    held, cancelled = (httpd.send_json(dict(MESSAGE, to="bob@example.net")).json["id"] for _ in range(2))
    httpd.request("POST", "/mail-status", f"action=hold&id={held}".encode(), FORM)
    hold = wait_for_events(httpd, path, 2, "action")[1]
    assert hold["action"] == "hold" and hold["id"] == held and "count" not in hold
    httpd.request("POST", "/mail-status", b"action=cancel&state=queued&to=b*&confirm=1", FORM)
    of_message, of_all = wait_for_events(httpd, path, 4, "action")[2:]
    assert of_message["action"] == "cancel" and of_message["id"] == cancelled
    assert of_all["action"] == "cancel" and of_all["count"] == 1 and of_all["filter"] == {"state": "queued", "to": "b*"} and "id" not in of_all
    final = wait_for_events(httpd, path, 3, "final")[2]
    assert final["id"] == cancelled and final["state"] == "cancelled" and final["to"] == "bob@example.net"


def test_a_program_gets_the_lines_and_is_started_again(make_httpd, relay):
    httpd = make_httpd(relay=relay, start=False)
    program, path = os.path.join(httpd.dir, "program"), os.path.join(folder_of(httpd), "log")
    with open(program, "w") as file:
        file.write('#!/bin/sh\necho $$ >> "$2"\nexec cat >> "$1"\n')
    os.chmod(program, 0o755)
    httpd.write(f'SMTPSendEventLog "|program {path} {path}.pids"')
    httpd.expect("SMTPSend-245")
    httpd.start()
    httpd.send()
    wait_for_events(httpd, path, 3)
    os.kill(int(httpd.read_file("events/log.pids").split()[0]), signal.SIGKILL)
    httpd.wait_log("SMTPSend-245")
    httpd.send()
    wait_for_events(httpd, path, 6)
    httpd.graceful_wait()
    httpd.send()
    assert [e["event"] for e in wait_for_events(httpd, path, 9)] == ["accepted", "attempt", "final"] * 3
    pids = [int(pid) for pid in httpd.read_file("events/log.pids").split()]
    httpd.stop()
    httpd.wait(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 20, "the programs to end")
    assert len(pids) == 3


def test_rotation_by_name(make_httpd, relay):
    """Renamed in a folder of the daemon's user, it is made again; in root's folder after a graceful restart, as httpd's own logs."""
    httpd = make_httpd("SMTPSendEventLog state/log", relay=relay)
    path = os.path.join(httpd.dir, "state", "log")
    httpd.send()
    wait_for_events(httpd, path, 3)
    os.rename(path, path + ".1")
    httpd.wait(lambda: httpd.send() and lines_of(path), 20, "a new file")
    httpd = make_httpd("SMTPSendEventLog events/log", relay=relay, start=False, expect=["SMTPSend-241"])
    path = os.path.join(folder_of(httpd), "log")
    httpd.start()
    httpd.send()
    wait_for_events(httpd, path, 3)
    os.rename(path, path + ".1")
    if os.geteuid() == 0:
        httpd.wait(lambda: httpd.send() and "SMTPSend-241" in httpd.log(), 20, "the line that says it")
        assert not os.path.exists(path)
        httpd.graceful_wait()
        httpd.send()
        wait_for_events(httpd, path, 3)


def test_a_full_disk_and_a_program_that_hangs_hold_up_nothing(make_httpd, relay):
    httpd = make_httpd("SMTPSendEventLog /dev/full", relay=relay, expect=["SMTPSend-237", "SMTPSend-239"])
    for _ in range(3):
        assert httpd.send().status == 202
    relay.wait_for(3)
    httpd.wait_log("SMTPSend-237: SMTPSendEventLog /dev/full cannot be written: No space left on device")
    httpd.graceful_wait()
    httpd.wait_log(r"SMTPSend-239: SMTPSendEventLog /dev/full: 9 events are lost")


def test_a_program_that_does_not_read_loses_what_exceeds_the_memory(make_httpd, relay):
    httpd = make_httpd(relay=relay, start=False, expect=["SMTPSend-237", "SMTPSend-239"])
    program = f"/bin/sleep {100000 + httpd.port}"
    httpd.write(f'SMTPSendEventLog "|{program}"')
    httpd.start()
    message = json.dumps(dict(MESSAGE, to="bob@example.net", metadata={"pad": "x" * 1900}))
    for count in range(3):
        assert httpd.request("POST", "/mail", (message + "\n").encode() * 300, {"Content-Type": "application/x-ndjson"}).status == 200
    relay.wait_for(900)
    metrics = httpd.request("GET", "/mail-status/metrics").text
    lost = int(re.search(r"smtp_send_event_log_dropped_total (\d+)", metrics).group(1))
    assert 0 < lost < 2700
    httpd.wait_log("SMTPSend-239: SMTPSendEventLog .*events are lost")
    httpd.stop()
    httpd.wait(lambda: not subprocess.run(["pgrep", "-f", program], capture_output=True, text=True).stdout, 30, "the program and its keeper to end")


def test_configtest(make_httpd, relay):
    httpd = make_httpd(relay=relay, start=False)
    for value, words in (("nowhere/log", r"its folder .*/nowhere/: No such file"), ('"|/nope/program x"', "/nope/program: No such file"), ('"| "', "names no program"),
                         ("state/", "not a file's name"), ('"|$no-matter what"', None), ('"||/bin/cat"', None), ("run", "is a folder"), ("log", None)):
        httpd.write(f"SMTPSendEventLog {value}")
        result = httpd.configtest()
        if words:
            assert result.returncode and re.search(words, result.stderr) and re.search(r"httpd\.conf(:| of|.*line )", result.stderr) and "SMTPSendEventLog" in result.stderr, result
        else:
            assert not result.returncode, result


def test_a_cancelled_message_has_its_line_even_where_nothing_is_kept(make_httpd, relay):
    httpd = make_httpd("SMTPSendEventLog state/log\nSMTPSendHistory 0\nSMTPSendPause On", relay=relay, expect=["sending is paused"])
    identity = httpd.send_json(MESSAGE).json["id"]
    assert httpd.request("DELETE", f"/mail/{identity}").status == 200
    finals = wait_for_events(httpd, os.path.join(httpd.dir, "state", "log"), 2, "final")
    assert [e["state"] for e in finals] == ["cancelled"] * 2 and {e["to"] for e in finals} == set(MESSAGE["to"])


def test_hashes_stay_and_tell_nobody(make_httpd, make_relay):
    """The same after a restart; whatever form the relay gives the address."""
    relay = make_relay(replies={"RCPT": "450 4.2.1 BOB@example.net: bob's mailbox at Example.net is full"})
    httpd = make_httpd("SMTPSendEventLog state/log\nSMTPSendEventLogAddresses hashed\nSMTPSendRetry 1h", relay=relay, expect=["status=deferred", "reply code to the RCPT"])
    path = os.path.join(httpd.dir, "state", "log")
    httpd.send_json(dict(MESSAGE, to="bob@example.net"))
    wait_for_events(httpd, path, 1, "attempt")
    httpd.graceful_wait()
    httpd.send_json(dict(MESSAGE, to='"bob"@EXAMPLE.net', messageId="<bob@example.net>"))
    first, second = wait_for_events(httpd, path, 2, "attempt")
    assert first["to"] == second["to"] and re.fullmatch(r"hmac:[0-9a-f]{32}", first["to"]) and first["from"] == second["from"] != first["to"]
    assert first["reply"].count(first["to"]) == 2 and first["reply"].startswith("450 4.2.1 ")
    with open(path) as file:
        text = file.read().lower()
    assert not [word for word in ("bob", "ann@", "example.net", hashlib.sha256(b"bob@example.net").hexdigest()[:32]) if word in text], text


def test_masked(make_httpd, relay):
    httpd = make_httpd("SMTPSendEventLog state/log\nSMTPSendEventLogAddresses masked", relay=relay)
    path = os.path.join(httpd.dir, "state", "log")
    httpd.send_json(dict(MESSAGE, to="bob@example.net"))
    final = wait_for_events(httpd, path, 1, "final")[0]
    assert final["from"] == "a***@e***.com" and final["to"] == "b***@e***.net" and final["metadata"] == {"order": 7, "user": "b***@e***.net"}
    with open(path) as file:
        assert "bob" not in file.read()


def test_without_httpd(relay):
    with Sendd("SMTPSendEventLog events.jsonl\n", relay) as daemon:
        assert not daemon.check().returncode
        daemon.start()
        daemon.wait(lambda: os.path.exists(daemon.socket), 20, "the socket")
        assert not daemon.cli("sendmail", "-f", "app@example.com", "bob@example.net", input=b"Subject: x\n\nx\n").returncode
        wait_for_events(daemon, os.path.join(daemon.dir, "events.jsonl"), 3)
        daemon.stop()
        daemon.write("SMTPSendEventLog nowhere/log\n", relay)
        result = daemon.check()
        assert result.returncode and re.search(r"smtp-sendd\.conf:\d+: SMTPSendEventLog: its folder .*No such file", result.stderr + result.stdout), result


def test_each_recipient_has_one_end_over_restarts(make_httpd, relay):
    """Also those that are sent while one daemon follows another; each has a program of its own then."""
    httpd = make_httpd(relay=relay, start=False)
    path = os.path.join(folder_of(httpd), "log")
    httpd.write(f"SMTPSendEventLog \"|$exec cat >> '{path}'\"")
    httpd.start()
    ids = []
    for _ in range(3):
        answer = httpd.request("POST", "/mail", (json.dumps(dict(MESSAGE, to="bob@example.net")) + "\n").encode() * 200, {"Content-Type": "application/x-ndjson"})
        ids += [json.loads(line)["id"] for line in answer.text.splitlines()]
        httpd.graceful_wait()
    relay.wait_for(600)
    wait_for_events(httpd, path, 600, "final")
    events = lines_of(path)
    for event in ("accepted", "final"):
        assert sorted(e["id"] for e in events if e["event"] == event) == sorted(ids)
    assert len(events) == 1800
