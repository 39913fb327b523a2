"""The C API: a module that was built with the public header alone submits, follows and hears of final results."""
import os
import re

from rig.httpd import BUILD, HANDLERS

EXAMPLE = f"LoadModule smtp_send_example_module {BUILD}/mod_smtp_send_example.so\nSMTPSendExampleTo ops@example.net\nErrorDocument 404 /report\n"
REPORT = '<Location "/report">\nSetHandler smtp-send-example\nRequire local\n{}</Location>\n'


def test_a_module_submits_follows_and_hears_of_the_end(make_httpd, relay):
    assert os.path.exists(f"{BUILD}/mod_smtp_send_example.so"), "make builds it"
    httpd = make_httpd(EXAMPLE, relay=relay, handlers=HANDLERS + REPORT.format(""))
    answer = httpd.get("/report")
    assert answer.status == 200 and answer.text.startswith("reported 202 "), answer
    ident = answer.text.split()[2]
    assert '"state":"sent"' in answer.text
    arrived = relay.wait_for(1)[0]
    assert arrived.rcpts == ["ops@example.net"] and arrived.sender == "server@example.com" and b"GET /report" in arrived.data
    httpd.wait_log(re.escape(f"finished {ident} to ops@example.net: sent"))
    again = [httpd.get("/report?key").text.split()[1:3] for _ in range(2)]
    assert again[0][0] == "202" and again[1][0] == "200" and again[0][1] == again[1][1]


def test_an_error_document_reports(make_httpd, relay):
    httpd = make_httpd(EXAMPLE, relay=relay, handlers=HANDLERS + REPORT.format(""))
    answer = httpd.get("/missing")
    assert answer.status == 404 and answer.text.startswith("reported 202 "), answer
    assert b"GET /missing" in relay.wait_for(1)[0].data


def test_the_location_s_rules_hold_for_modules(make_httpd, relay):
    httpd = make_httpd(EXAMPLE, relay=relay, handlers=HANDLERS + REPORT.format("SMTPSendAllowTo *@example.org\n"))
    answer = httpd.get("/report")
    assert answer.text.startswith("refused 403 to ") and "SMTPSendAllowTo" in answer.text, answer
    assert not relay.messages


def test_a_client_s_id_is_known_only_where_it_was_submitted(make_httpd, relay):
    httpd = make_httpd(EXAMPLE, relay=relay, handlers=HANDLERS + REPORT.format("") + REPORT.format("").replace("/report", "/other"))
    own = httpd.get("/report").text.split()[2]
    foreign = httpd.send().json["id"]
    assert own in httpd.get(f"/report?show={own}").text
    for path, ident in (("/report", foreign), ("/other", own), ("/report", "nonsense"), ("/report", "")):
        assert httpd.get(f"{path}?show={ident}").text == "unknown", (path, ident)


def test_the_trace_of_the_request_is_the_message_s(make_httpd, relay):
    httpd = make_httpd(EXAMPLE, relay=relay, handlers=HANDLERS + REPORT.format(""))
    value = f"00-{1:032x}-{1:016x}-01"
    assert f'"traceparent":"{value}"' in httpd.get("/report", {"traceparent": value}).text
