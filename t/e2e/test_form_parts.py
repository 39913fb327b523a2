"""What the parts of a document or form become: files that are messages, calendars, encodings and character sets of form parts."""
import base64
import email.policy

from e2e.test_forms import PNG, multipart, parsed
from e2e.test_submit import problem

BASE = {"from": "app@example.com", "to": "bob@example.net", "subject": "s", "text": "t"}
INNER = "From: Bob <bob@example.org>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nHällo\n.\n".encode()
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Zürich\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def test_messages_and_calendars_in_a_document(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    files = [{"contentType": "message/rfc822", "filename": "a.eml", "content": base64.b64encode(INNER).decode()},
             {"contentType": "text/calendar; method=REQUEST", "filename": "i.ics", "content": base64.b64encode(CALENDAR.encode()).decode()}, {"contentType": "image/png", "cid": "x@y", "content": base64.b64encode(PNG).decode()}]
    assert httpd.send_json({**BASE, "calendar": CALENDAR, "attachments": files}).status == 202
    message = parsed(relay.wait_for(1)[0])
    body, inner, calendar, picture = message.iter_parts()
    assert [p.get_content_type() for p in body.iter_parts()] == ["text/plain", "text/calendar"]
    assert list(body.iter_parts())[1].get_param("method") == "REQUEST" and list(body.iter_parts())[1].get_content().replace("\r\n", "\n") == CALENDAR.replace("\r\n", "\n")
    assert inner.get_content_type() == "message/rfc822" and inner["content-transfer-encoding"] in ("7bit", "8bit", "binary") and inner.get_filename() == "a.eml"
    assert inner.get_content()["subject"] == "Grüße" and inner.get_content().get_content().replace("\r\n", "\n") == "Hällo\n.\n"
    assert calendar.get_content_type() == "text/calendar" and calendar.get_param("method") == "REQUEST" and calendar.get_content_disposition() == "attachment"
    assert calendar.get_payload(decode=True) == CALENDAR.encode()
    assert picture.get_content_disposition() == "attachment" and picture.get_content() == PNG


def test_a_plus_sign_in_a_query_is_explained(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    for query in ("to=c+x@d.test", "to=bob@example.net&from=c+x@d.test"):
        document = problem(httpd.request("POST", f"/mail?{query}", b"From: a@b.test\r\n\r\nx\r\n", {"Content-Type": "message/rfc822"}), 400, "%2B")
        assert document["code"] == "address_invalid", document
    assert httpd.request("POST", "/mail?to=c%2Bx@d.test", b"From: a@b.test\r\n\r\nx\r\n", {"Content-Type": "message/rfc822"}).status == 202
    assert relay.wait_for(1)[0].rcpts == ["c+x@d.test"]
