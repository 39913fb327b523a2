"""What the parts of a document or form become: files that are messages, calendars, encodings and character sets of form parts."""
import base64
import gzip
import json

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


def test_parts_of_a_form_are_decoded(make_httpd, relay):
    """Ansible's uri sends base64; email libraries send quoted-printable and filename*; old forms are not UTF-8."""
    httpd = make_httpd(relay=relay)
    blob = bytes(range(256)) * 400
    body, headers = multipart([('name="from"', "", b"app@example.com"), ('name="to"', "Content-Transfer-Encoding: 8bit\r\n", b"bob@example.net"),
                               ('name="subject"', "Content-Type: text/plain; charset=iso-8859-1\r\n", "Grüße".encode("latin-1")),
                               ('name="text"', "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n", b"H=C3=A4llo =\r\nworld"),
                               ('name="html"', "Content-Transfer-Encoding: base64\r\n", base64.b64encode("<p>ü".encode())),
                               ('name="f"; filename="a.bin"', "Content-Type: application/x-a\r\nContent-Transfer-Encoding: base64\r\n", base64.encodebytes(blob)),
                               ('name="f"; filename="small.bin"', "Content-Transfer-Encoding: BASE64\r\n", base64.encodebytes(blob[:100])),
                               ('name="g"; filename*=utf-8\'\'%e2%82%ac.txt', "Content-Transfer-Encoding: quoted-printable\r\n", b"a=3Db=\r\nc\r\n" * 20000),
                               ('name="h"; filename="raw.bin"', "Content-Transfer-Encoding: binary\r\n", blob)])
    assert httpd.request("POST", "/mail", body, headers).status == 202
    message = parsed(relay.wait_for(1)[0])
    files = {part.get_filename(): part.get_payload(decode=True) for part in message.walk() if part.get_filename()}
    assert files == {"a.bin": blob, "small.bin": blob[:100], "€.txt": b"a=bc\r\n" * 20000, "raw.bin": blob}
    assert message["subject"] == "Grüße" and message.get_body(("plain",)).get_content().strip() == "Hällo world" and message.get_body(("html",)).get_content().strip() == "<p>ü"


def test_character_sets_of_forms(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    base = b"from=app@example.com&to=bob@example.net&text=x&subject="
    kind = "application/x-www-form-urlencoded"
    assert httpd.request("POST", "/mail", base + b"%fc%80", {"Content-Type": kind + "; charset=ISO-8859-1"}).status == 202
    assert httpd.request("POST", "/mail", base + b"%fc%80&_charset_=windows-1252", {"Content-Type": kind}).status == 202
    assert httpd.request("POST", "/mail", base + b"%83%65&_charset_=Shift_JIS", {"Content-Type": kind}).status == 202
    body, headers = multipart([('name="_charset_"', "", b"iso-8859-1"), ('name="from"', "", b"app@example.com"), ('name="to"', "", b"bob@example.net"), ('name="subject"', "", b"\xfc"), ('name="f"; filename="\xfc.txt"', "", b"x")])
    assert httpd.request("POST", "/mail", body.replace(b"\xc3\xbc", b"\xfc"), headers).status == 202
    arrived = [parsed(m) for m in relay.wait_for(4)]
    assert sorted(m["subject"] for m in arrived) == sorted(["ü€", "ü€", "テ", "ü"])
    assert [p.get_filename() for m in arrived for p in m.walk() if p.get_filename()] == ["ü.txt"]


def test_forms_that_cannot_be_decoded(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    envelope = [('name="from"', "", b"app@example.com"), ('name="to"', "", b"bob@example.net")]
    for part, status, code in (
            (('name="f"; filename="a"', "Content-Transfer-Encoding: uuencode\r\n", b"x"), 415, "encoding_unsupported"),
            (('name="f"; filename="a"', "Content-Transfer-Encoding: base64\r\n", b"***"), 400, "member_invalid"),
            (('name="f"; filename="a"', "Content-Transfer-Encoding: base64\r\n", b"*" * 400000), 400, "member_invalid"),
            (('name="text"', "Content-Type: text/plain; charset=x-klingon\r\n", b"x"), 415, "encoding_unsupported"),
            (('name="text"', "Content-Type: text/plain; charset=utf-8//IGNORE\r\n", b"x"), 415, "encoding_unsupported"),
            (('name="text"', "Content-Type: text/plain; charset=shift_jis\r\n", b"x\x83"), 400, "member_invalid"),
            (('name="text"', "Content-Type: text/plain; charset=utf-16\r\n", b"\xff\xfe\x00\x00"), 400, "member_invalid"),
            (('name="text"', "", b"\xfc"), 400, "member_invalid")):
        body, headers = multipart([*envelope, part])
        assert problem(httpd.request("POST", "/mail", body, headers), status)["code"] == code, part[:2]
    answer = httpd.request("POST", "/mail", b"from=a@example.com&to=c+x@d.test&text=x", {"Content-Type": "application/x-www-form-urlencoded"})
    assert problem(answer, 400, "%2B")["code"] == "address_invalid"
    assert not relay.messages


GZIP = """
LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so
<Location /mail>
    SetInputFilter DEFLATE
    SMTPSendMaxMessageSize 1M
</Location>
"""


def test_compressed_bodies(make_httpd, relay):
    httpd = make_httpd(GZIP, relay=relay, expect=["AH02649", "AH02619", "AH02481", "AH01387"])
    kinds = {"json": (json.dumps(BASE).encode(), "application/json"), "lines": (json.dumps(BASE).encode() + b"\n" + json.dumps(BASE).encode(), "application/x-ndjson"),
             "form": (b"from=a@example.com&to=b@example.net&subject=s&text=t", "application/x-www-form-urlencoded"), "message": (b"From: a@example.com\r\nTo: b@example.net\r\nSubject: s\r\n\r\nt\r\n", "message/rfc822")}
    for body, kind in kinds.values():
        assert httpd.request("POST", "/mail", gzip.compress(body), {"Content-Type": kind, "Content-Encoding": "gzip"}).status in (200, 202)
    assert all(parsed(m)["subject"] == "s" for m in relay.wait_for(5))
    # What is inflated counts, and a bomb costs nothing.
    rows = b"".join(b"line %d %d\r\n" % (i, i * 7919 % 10007) for i in range(200000))
    large = b"From: a@example.com\r\nTo: b@example.net\r\n\r\n" + rows
    assert problem(httpd.request("POST", "/mail", gzip.compress(large), {"Content-Type": "message/rfc822", "Content-Encoding": "gzip"}), 413, "1M")["code"] == "too_large"
    bomb = gzip.compress(b"From: a@example.com\r\nTo: b@example.net\r\n\r\n" + b"x" * 78 * 1000000)
    assert httpd.request("POST", "/mail", bomb, {"Content-Type": "message/rfc822", "Content-Encoding": "gzip"}).status in (400, 413)
    for data in (b"x", gzip.compress(kinds["json"][0])[:-12], kinds["json"][0]):
        answer = httpd.request("POST", "/mail", data, {"Content-Type": "application/json", "Content-Encoding": "gzip"})
        assert problem(answer, 400)["code"] == "body_malformed", answer
    for other in ("br", "gzip, gzip", "deflate", "zstd"):
        answer = httpd.request("POST", "/mail", b"x", {"Content-Type": "application/json", "Content-Encoding": other})
        assert problem(answer, 415, other)["code"] == "encoding_unsupported" and answer.headers["Accept-Encoding"] == "gzip"
    assert len(relay.messages) == 5


def test_compression_without_mod_deflate_is_refused(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    for path, kind in (("/mail", "application/json"), ("/mail", "application/x-ndjson"), ("/mail", "message/rfc822")):
        answer = httpd.request("POST", path, gzip.compress(b"{}"), {"Content-Type": kind, "Content-Encoding": "gzip"})
        assert problem(answer, 415, "SetInputFilter")["code"] == "encoding_unsupported" and answer.headers["Accept-Encoding"] == "identity"
    assert httpd.request("POST", "/mail", json.dumps(BASE).encode(), {"Content-Type": "application/json", "Content-Encoding": "identity"}).status == 202
    relay.wait_for(1)
