"""Reports on failed, late and passed-on mail: who gets one, what is in it, and that none is ever reported on."""
import email
import email.policy

import pytest

EXPECT = [r"status=bounced", r"status=deferred", r"status=expired", r"The SMTP host's reply code"]


def refuse_bob(session, argument):
    return "550 5.1.1 <bob@example.net>: no such mailbox" if "bob@" in argument else None


def report_of(relay, count=1):
    """The report that arrived last, parsed."""
    relay.wait_for(count)
    return relay.messages[-1], email.message_from_bytes(relay.messages[-1].data, policy=email.policy.default)


def test_a_failure_is_reported_to_the_sender(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": refuse_bob})
    httpd = make_httpd(relay=relay, expect=EXPECT)
    ident = httpd.send(b"From: app@example.com\r\nSubject: invoice 7\r\nMessage-ID: <m7@example.com>\r\n\r\nhello\r\n", extra="&envid=order-7").json["id"]
    message, report = report_of(relay)
    assert message.sender == "" and message.rcpts == ["app@example.com"]
    assert report.get_content_type() == "multipart/report" and report.get_param("report-type") == "delivery-status"
    assert report["Auto-Submitted"] == "auto-replied" and report["In-Reply-To"] == "<m7@example.com>"
    people, programs, header = report.iter_parts()
    text = people.get_content()
    assert "550 5.1.1 <bob@example.net>: no such mailbox" in text and "What it means:" in text and "invoice 7" in text and ident in text
    assert programs.get_content_type() == "message/delivery-status"
    whole, recipient = programs.iter_parts()
    assert whole["Original-Envelope-Id"] == "order-7" and whole["Reporting-MTA"] == "dns; rig.example.com"
    assert recipient["Action"] == "failed" and recipient["Status"] == "5.1.1" and recipient["Final-Recipient"] == "rfc822; bob@example.net"
    assert recipient["Diagnostic-Code"].startswith("smtp; 550 5.1.1")
    assert header.get_content_type() == "text/rfc822-headers" and "Subject: invoice 7" in header.get_content() and "hello" not in header.get_content()
    assert httpd.wait_state(ident, "failed")
    httpd.wait_log(f"{ident}: bounce ")


def test_ret_full_brings_the_message_back(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": refuse_bob})
    httpd = make_httpd(relay=relay, expect=EXPECT)
    httpd.send(b"Subject: x\r\n\r\nthe body\r\n", extra="&ret=full")
    _, report = report_of(relay)
    returned = list(report.iter_parts())[2]
    assert returned.get_content_type() == "message/rfc822" and "the body" in returned.get_content().get_content()


def test_only_the_failed_recipient_is_reported(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": refuse_bob})
    httpd = make_httpd(relay=relay, expect=EXPECT)
    httpd.send(to=("bob@example.net", "eve@example.net"))
    relay.wait_for(2)
    assert sorted(m.sender for m in relay.messages) == ["", "app@example.com"]
    report = next(m for m in relay.messages if not m.sender)
    assert b"bob@example.net" in report.data and b"eve@example.net" not in report.data


@pytest.mark.parametrize("config, extra, sender", [
    ("SMTPSendBounce off\n", "", "app@example.com"),
    ("", "&notify=never", "app@example.com"),
    ("", "&notify=success", "app@example.com"),
    ("", "", "<>"),
])
def test_nobody_is_notified(make_httpd, make_relay, config, extra, sender):
    relay = make_relay(replies={"RCPT": refuse_bob})
    httpd = make_httpd(config, relay=relay, expect=EXPECT)
    ident = httpd.send(sender=sender, extra=extra).json["id"]
    httpd.wait_state(ident, "failed")
    # A report would have been accepted together with the failure: the next message goes out behind it.
    httpd.send(to=("eve@example.net",))
    relay.wait_for(1)
    assert relay.messages[0].rcpts == ["eve@example.net"] and httpd.status()["counts"]["queued"] == 0


def test_reports_go_to_an_address_from_an_address(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": refuse_bob})
    httpd = make_httpd("SMTPSendBounce post@example.org\nSMTPSendBounceFrom reports@example.org\n", relay=relay, expect=EXPECT)
    httpd.send()
    message, report = report_of(relay)
    assert message.sender == "reports@example.org" and message.rcpts == ["post@example.org"]
    assert "reports@example.org" in report["From"]


def test_a_report_that_fails_is_not_reported(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": "550 5.1.1 nobody here"})
    httpd = make_httpd("SMTPSendBounceFrom reports@example.org\n", relay=relay, expect=EXPECT + ["a report on message .* no further report is sent"])
    ident = httpd.send().json["id"]
    httpd.wait_log(f"a report on message {ident} could not be delivered to <app@example.com>.*no further report is sent")
    assert not relay.messages and httpd.status()["counts"]["queued"] == 0


def test_answers_by_machines_are_not_reported(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": refuse_bob})
    httpd = make_httpd(relay=relay, expect=EXPECT + ["no report is sent"])
    ident = httpd.send(b"Subject: away\r\nAuto-Submitted: auto-replied\r\n\r\nx\r\n").json["id"]
    httpd.wait_log(f"{ident}: an automatic answer")
    # What a program wrote by itself, as most applications' mail is, is.
    httpd.send(b"Subject: cron\r\nAuto-Submitted: auto-generated\r\n\r\nx\r\n")
    message, _ = report_of(relay)
    assert b"cron" in message.data and len(relay.messages) == 1


def test_a_delay_is_reported_once(make_httpd, make_relay):
    busy = {"count": 0}

    def later(session, argument):
        if "bob@" not in argument:
            return None
        busy["count"] += 1
        return "451 4.3.0 busy" if busy["count"] < 5 else None
    relay = make_relay(replies={"RCPT": later})
    httpd = make_httpd("SMTPSendDelayNotice 2s\nSMTPSendRetry 1s\n", relay=relay, expect=EXPECT)
    ident = httpd.send().json["id"]
    httpd.wait_state(ident, "sent", 30)
    reports = [m for m in relay.messages if not m.sender]
    assert len(reports) == 1
    report = email.message_from_bytes(reports[0].data, policy=email.policy.default)
    recipient = list(list(report.iter_parts())[1].iter_parts())[1]
    assert recipient["Action"] == "delayed" and recipient["Status"].startswith("4.") and recipient["Will-Retry-Until"]


def test_success_is_reported_where_the_relay_reports_nothing(make_httpd, make_relay):
    relay = make_relay(extensions=("PIPELINING", "8BITMIME"))
    httpd = make_httpd(relay=relay)
    httpd.send(extra="&notify=success")
    message, report = report_of(relay, 2)
    recipient = list(list(report.iter_parts())[1].iter_parts())[1]
    assert recipient["Action"] == "relayed" and recipient["Status"].startswith("2.")


def test_success_is_left_to_a_relay_that_reports_itself(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    ident = httpd.send(extra="&notify=success").json["id"]
    httpd.wait_state(ident, "sent")
    assert any("NOTIFY=SUCCESS" in c for c in relay.commands("RCPT")) and httpd.status()["queue"]["messages"] == 0 and len(relay.messages) == 1


def test_what_expired_is_reported(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": lambda session, argument: "451 4.2.2 mailbox full" if "bob@" in argument else None})
    httpd = make_httpd("SMTPSendExpire 2s\nSMTPSendRetry 1s\n", relay=relay, expect=EXPECT)
    httpd.send()
    _, report = report_of(relay)
    recipient = list(list(report.iter_parts())[1].iter_parts())[1]
    assert recipient["Action"] == "failed" and recipient["Status"].startswith("5.") and "mailbox full" in recipient["Diagnostic-Code"]
