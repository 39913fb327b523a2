"""Headers as programs write them: each arrives octet for octet at a relay with all extensions, and with the same meaning, as ASCII, at one with none; or it is refused first, and the reason names the field."""
import email
import email.policy

import pytest

from e2e.test_sendmail import Sendmail

ALL = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 52428800")
PART = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=FC\r\n--b\r\n%s\r\n\r\nx\r\n--b--\r\n"
LONG = "Grüße an alle, die das hier lesen müssen, " * 30


def people(message, field="from"):
    return [(a.display_name, a.addr_spec) for a in message[field].addresses]


def filename(message):
    return list(message.iter_attachments())[0].get_filename()


CASES = {
    "subject": ("Subject: Grüße an Jörg\r\n\r\nx\r\n".encode(), lambda m: m["subject"], "Grüße an Jörg"),
    "Latin-1": ("Subject: Grüße 5 €\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nx\r\n".encode("cp1252"), lambda m: m["subject"], "Grüße 5 €"),
    "name": ("From: Jörg \"Ø\" Müller <app@example.com>\r\n\r\nx\r\n".encode(), people, [("Jörg Ø Müller", "app@example.com")]),
    "comment": ("From: app@example.com (Jörg)\r\n\r\nx\r\n".encode(), people, [("", "app@example.com")]),
    "long": (("Subject: " + LONG.strip() + "\r\n\r\nx\r\n").encode(), lambda m: m["subject"], LONG.strip()),
    "emoji": (("Subject: " + "👩‍👩‍👧" * 60 + "\r\n\r\nx\r\n").encode(), lambda m: m["subject"], "👩‍👩‍👧" * 60),
    "file": (PART % "Content-Disposition: attachment;\r\n\tfilename=ä.txt".encode(), filename, "ä.txt"),
    "sections": (PART % "Content-Disposition: attachment;\r\n filename*0=\"sehr \";\r\n filename*1=\"schön.txt\"".encode(), filename, "sehr schön.txt"),
    "name of a part": (PART % "Content-Type: application/pdf; name=\"grün \\\"1\\\".pdf\"\r\nContent-Disposition: attachment".encode(), filename, 'grün "1".pdf'),
}


@pytest.mark.parametrize("label", CASES)
def test_octets_above_127_in_a_header(make_httpd, make_relay, tmp_path, label):
    content, look, want = CASES[label]
    for extensions in (ALL, ("PIPELINING", "8BITMIME"), ("PIPELINING",)):
        relay = make_relay(extensions=extensions)
        httpd = make_httpd(relay=relay)
        answer = httpd.send(content)
        assert answer.status == 202, answer
        folder = tmp_path / str(len(extensions))
        folder.mkdir()
        Sendmail(folder, httpd)("-i", "-f", "app@example.com", "bob@example.net", input=content.replace(b"\r\n", b"\n"), check=0)
        for message in relay.wait_for(2):
            assert "SMTPUTF8" not in message.params
            assert all(len(line) <= 998 for line in message.data.split(b"\r\n"))
            if extensions == ALL:
                # Nothing is changed but a line that is too long: it is folded.
                unfolded = message.data.replace(b"\r\n ", b" ") if label == "long" else message.data
                assert label == "emoji" or unfolded.endswith(content) or unfolded.startswith(content[:content.index(b"\r\n\r\n")]), message.data
            else:
                assert all(byte < 128 for byte in (message.headers if "8BITMIME" in extensions else message.data))
            if extensions != ALL:
                assert look(email.message_from_bytes(message.data, policy=email.policy.default)) == want, message.data


REFUSED = {
    "Subject": b"Subject: " + b"x" * 1000,
    "Message-ID": "Message-ID: <1@grün.example>".encode(),
    "References": "References: <1@example.com> <ü@example.com>".encode(),
    "X-Long": b"X-Long: " + b"a," * 600,
}


@pytest.mark.parametrize("field", REFUSED)
def test_what_cannot_be_sent_as_it_was_meant_is_refused(make_httpd, relay, tmp_path, field):
    httpd = make_httpd(relay=relay)
    answer = httpd.send(REFUSED[field] + b"\r\n\r\nx\r\n")
    assert answer.status == 400 and field in answer.json["detail"], answer
    result = Sendmail(tmp_path, httpd)("-i", "-f", "app@example.com", "bob@example.net", input=REFUSED[field] + b"\n\nx\n", check=65)
    assert field.encode() in result.stderr
    assert not relay.messages


def test_recipients_are_read_before_a_line_is_folded(make_httpd, relay, tmp_path):
    httpd = make_httpd(relay=relay)
    people = [f"user{i:03}@example.net" for i in range(100)]
    sendmail = Sendmail(tmp_path, httpd)
    for field in ("Bcc", "To"):
        sendmail("-t", "-f", "app@example.com", input=f"{field}: {','.join(people)}\nSubject: x\n\nx\n".encode(), check=0)
    blind, named = sorted(relay.wait_for(2), key=lambda message: b"\nTo: " in message.data)
    assert blind.rcpts == named.rcpts == people
    assert b"Bcc" not in blind.data
    assert [a.addr_spec for a in email.message_from_bytes(named.data, policy=email.policy.default)["to"].addresses] == people
    assert all(len(line) <= 998 for line in named.data.split(b"\r\n"))


def test_an_address_that_needs_smtputf8(make_httpd, make_relay):
    """Of an author it needs SMTPUTF8, and the reason says so; of a recipient it is text for the others, where the relay has none."""
    relay = make_relay(extensions=ALL)
    httpd = make_httpd(relay=relay)
    contents = [f"{field}: Jörg <ü@example.net>\r\nSubject: Grüße\r\n\r\nx\r\n".encode() for field in ("To", "From")]
    for content in contents:
        assert httpd.send(content).status == 202
    for message in relay.wait_for(2):
        assert message.data in contents and "SMTPUTF8" in message.params
    relay = make_relay(extensions=("PIPELINING", "8BITMIME"))
    httpd = make_httpd(relay=relay, expect=["status=bounced"])
    answer = httpd.send(contents[0], to=("ü@example.net", "bob@example.net"))
    message = relay.wait_for(1)[0]
    assert message.rcpts == ["bob@example.net"] and "SMTPUTF8" not in message.params and all(byte < 128 for byte in message.data)
    group = email.message_from_bytes(message.data, policy=email.policy.default)["to"].groups[0]
    assert "".join(group.display_name.split()) == "Jörg<ü@example.net>" and not group.addresses
    httpd.wait_state(answer.json["id"], "partial")
    answer = httpd.send(contents[1])
    failed = httpd.wait_state(answer.json["id"], "failed")
    assert "5.6.7" in str(failed) and "the field From has an address outside ASCII" in str(failed)
