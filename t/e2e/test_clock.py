"""The wall clock is set while mail waits, in both directions, by minutes and by years: mail goes on within seconds, and nothing expires."""
import os

import pytest
from rig.postgres import Postgres

from e2e.test_pgsql import FAKETIME, name_of, names, node


class Clock:
    """The wall clock of the processes with this environment."""

    def __init__(self, folder):
        # The delivery daemon reads it as httpd's User.
        for place in (folder, folder.parent, folder.parent.parent):
            os.chmod(place, 0o755)
        self.path = folder / "clock"
        self.set("+0")
        self.env = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(self.path), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def set(self, offset):
        """In one step: nobody reads half of it."""
        new = self.path.with_suffix(".new")
        new.write_text(offset + "\n")
        os.rename(new, self.path)


@pytest.fixture(scope="module")
def server():
    with Postgres() as server:
        yield server


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


@pytest.mark.parametrize("offset, words", [("-1h", "set back by 0 days 01:00:00"), ("-10y", "set back by 3650 days"), ("+1h", "set forward by 0 days 01:00:00"), ("+10y", "set forward by 3650 days")])
def test_deferred_mail_goes_on(make_httpd, make_relay, clock, offset, words):
    """Deferred mail is tried again when its time has passed, however the clock was set meanwhile, and after a restart with that clock."""
    answers = {"RCPT": "451 4.7.1 later"}
    relay = make_relay(replies={"RCPT": lambda session, argument: answers.get("RCPT")})
    httpd = make_httpd("SMTPSendRetry 2s\n", relay, env=clock.env, expect=["the clock was set", "451", "more within a minute"])
    ids = [httpd.send().json["id"] for _ in range(3)]
    for ident in ids:
        httpd.wait_state(ident, "deferred")
    clock.set(offset)
    tried = len(relay.commands("RCPT"))
    relay.wait(lambda: len(relay.commands("RCPT")) >= tried + 6, 20, lambda: "two more attempts of each")
    httpd.wait_log(words, 20)
    assert all(httpd.message(ident)["state"] == "deferred" for ident in ids)
    httpd.stop()
    clock.set("+0")
    answers.clear()
    httpd.start()
    for ident in ids:
        httpd.wait_state(ident, "sent")
    assert httpd.log().count("the clock was set") == 2, "once each time"


def test_a_node_whose_clock_is_set_keeps_its_mail(make_httpd, relay, clock, server):
    """Its heartbeat goes on: nobody takes its mail over, and it sends on."""
    database = server.database()
    a = node(make_httpd, database, relay, env=clock.env, expect=["the clock was set"])
    b = node(make_httpd, database, relay)
    first, second = name_of(a, database), name_of(b, database)
    for offset in ("-20m", "+20m", "-10y"):
        clock.set(offset)
        seen = int(database.sql(f"SELECT seen FROM node WHERE name = '{first}'")[0][0])
        a.wait(lambda seen=seen: int(database.sql(f"SELECT seen FROM node WHERE name = '{first}'")[0][0]) >= seen + 2000000, 10, "two more heartbeats")
        a.wait_state(a.send().json["id"], "sent")
        assert names(database) == sorted([first, second])
    assert len(relay.messages) == 5 and not [n for n in b.status()["nodes"] if n["silent"]]
    assert a.log().count("the clock was set") == 3
