"""Postfix with postscreen in front, which tests clients before it lets them talk to Postfix."""
import re

import pytest
from interop.traffic import all_of, idents, submit

SCREEN = ("postscreen_access_list =\npostscreen_greet_banner = relay.example.org please wait\npostscreen_greet_wait = 2s\npostscreen_greet_action = enforce\n"
          "postscreen_cache_map = btree:$data_directory/screen\n")
DEEP = SCREEN + ("postscreen_pipelining_enable = yes\npostscreen_pipelining_action = enforce\npostscreen_non_smtp_command_enable = yes\n"
                 "postscreen_bare_newline_enable = yes\npostscreen_bare_newline_action = enforce\n")


def faults(postfix):
    """What postscreen saw the client do wrong; the rig's own look, whether the port is open, is the first HANGUP."""
    return re.findall(r"postscreen\[\d+\]: ((?:PREGREET|HANGUP|COMMAND|NON-SMTP|BARE).*)", postfix.log())[1:]


def test_a_greeting_in_two_parts_two_seconds_apart(make_postfix, make_httpd):
    postfix = make_postfix(SCREEN, screened=True)
    httpd = make_httpd(relay=postfix)
    submit(httpd, 20)
    assert idents(postfix.wait_for(20, timeout=10)) == all_of(20)
    assert faults(postfix) == []


def test_the_first_session_is_put_off_whatever_it_asks(make_postfix, make_httpd):
    """After the deep tests, each recipient of the first session gets 450 4.3.2; the next session talks to Postfix."""
    postfix = make_postfix(DEEP, screened=True)
    httpd = make_httpd(relay=postfix, expect=["reply code to the", "ended at rcpt", "carried no mail"])
    submit(httpd, 20)
    assert idents(postfix.wait_for(20, timeout=12)) == all_of(20)
    assert faults(postfix) == []
    assert "PASS NEW" in postfix.log()


def test_one_message_alone_is_sent_in_the_second_session(make_postfix, make_httpd):
    postfix = make_postfix(DEEP, screened=True)
    httpd = make_httpd(relay=postfix, expect=["reply code to the", "ended at rcpt", "carried no mail"])
    ident = httpd.send().json["id"]
    assert httpd.wait_state(ident, "sent", timeout=10)["recipients"][0]["attempts"] == 1


@pytest.mark.parametrize("action,where,words", [("drop", "greeting", "521 5.3.2 Service currently unavailable"), ("enforce", "rcpt", "550 5.3.2 Service currently unavailable")])
def test_a_client_on_its_list_waits_until_it_is_let_in(make_postfix, make_httpd, action, where, words):
    postfix = make_postfix(SCREEN.replace("access_list =", "access_list = cidr:{{127.0.0.1/32 reject}}") + f"postscreen_denylist_action = {action}\n", screened=True)
    httpd = make_httpd(relay=postfix, expect=["reply code to the", "is blocked", "may be about this server", "works again"])
    submit(httpd, 5)
    httpd.wait_log("is blocked")
    test = httpd.get("/mail-test?from=app@example.com&to=bob@example.net&probe=0")
    assert f"[FAIL] {where}" in test.text and words in test.text, test.text
    assert words in httpd.status()["relays"][0]["cause"]
    postfix.set("postscreen_access_list = permit_mynetworks")
    assert httpd.cli("flush").returncode == 0
    assert idents(postfix.wait_for(5, timeout=10)) == all_of(5)
