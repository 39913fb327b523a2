"""A submitter is server + location + user: nobody else sees or cancels its messages, uses its keys, or takes its share."""
import base64
import hashlib
import os
import sqlite3
import tempfile

import pytest

from rig.httpd import free_port

JSON = {"Content-Type": "application/json"}
LOCATION = "<Location \"{}\">\nSetHandler smtp-send\n{}\n</Location>\n"
MESSAGE = b'{"from": "app@example.com", "to": "bob@example.net", "text": "x"}'


def login(name):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:secret".encode()).decode()}


@pytest.fixture
def users():
    """A file of users, each with the password "secret"."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        digest = base64.b64encode(hashlib.sha1(b"secret").digest()).decode()
        with open(f"{folder}/users", "w") as file:
            file.write("".join(f"{name}:{{SHA}}{digest}\n" for name in ("alice", "bob")))
        yield f'AuthType Basic\nAuthName mail\nAuthUserFile "{folder}/users"\nRequire valid-user'


def submit(httpd, path, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpd.request("POST", path, MESSAGE, dict(JSON, **headers))


def test_only_its_submitter_sees_and_cancels_a_message(make_httpd, relay, users):
    port = free_port()
    other = f"Listen 127.0.0.1:{port}\n<VirtualHost 127.0.0.1:{port}>\n{LOCATION.format('/mail', 'Require local')}</VirtualHost>\n"
    places = LOCATION.format("/mail", users) + '<Location "/mail/second">\nAuthType None\nRequire local\n</Location>\n' + LOCATION.format("/also", users) + "<Location />\nOptions None\n</Location>\n"
    status = '<Location "/mail-status">\nSetHandler smtp-send-status\nRequire local\n</Location>\n'
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=["is paused", "SMTPSend-119", "status=cancelled"], handlers=places + other + status)
    accepted = submit(httpd, "/mail", **login("alice"))
    assert accepted.status == 202, accepted
    ident = accepted.json["id"]
    here = httpd.port
    for where, path, headers in ((here, "/mail", login("bob")), (here, "/also", login("alice")), (port, "/mail", {}), (here, "/mail/second", {})):
        httpd.port = where
        for method in ("GET", "DELETE"):
            assert httpd.request(method, f"{path}/{ident}", headers=headers).status == 404, (where, path, headers, method)
    httpd.port = here
    assert httpd.get(f"/mail/{ident}", login("alice")).json["state"] == "queued"
    # However the path is written: it is the location that counts.
    assert httpd.get(f"/mail/x/{ident}", login("alice")).status == 200
    assert httpd.get(f"/mail-status/message/{ident}").json["submitter"].endswith(" /mail alice")
    # Sections that decide nothing about mail change no owner.
    httpd.handlers += '<LocationMatch "mail">\nOptions None\n</LocationMatch>\n'
    httpd.write("SMTPSendPause On\n")
    httpd.graceful_wait()
    assert httpd.request("DELETE", f"/mail/{ident}", headers=login("alice")).status == 200


def test_a_path_makes_no_new_submitter(make_httpd, relay):
    rate = "Require local\nSMTPSendSubmitterRate 2/h"
    pattern = f'<LocationMatch "^/t/[0-9]+/mail(/|$)">\nSetHandler smtp-send\n{rate}\n</LocationMatch>\n'
    httpd = make_httpd(relay=relay, handlers=LOCATION.format("/open", rate) + LOCATION.format("/open/inner", rate) + pattern)
    assert [submit(httpd, path).status for path in ("/open/0", "/open/1", "/open", "//open/2", "/open/%7e")] == [202, 202, 429, 429, 429]
    assert [submit(httpd, path).status for path in ("/open/inner", "/open/inner/x", "/open/inner/y")] == [202, 202, 429]
    assert [submit(httpd, path).status for path in ("/t/1/mail", "/t/2/mail/", "/t/3/mail/x")] == [202, 202, 429]
    key = {"Idempotency_Key": "k"}
    first, second = submit(httpd, "/t/1/mail", **key), submit(httpd, "/open/inner", **key)
    assert first.status == second.status == 429


def test_a_key_belongs_to_its_submitter(make_httpd, relay, users):
    httpd = make_httpd(relay=relay, handlers=LOCATION.format("/a", "Require local") + LOCATION.format("/b", "Require local") + LOCATION.format("/mail", users))
    answers = [submit(httpd, path, Idempotency_Key="k", **headers) for path, headers in
               (("/a", {}), ("/a/x", {}), ("/b", {}), ("/mail", login("alice")), ("/mail", login("bob")), ("/mail", login("alice")))]
    assert [answer.status for answer in answers] == [202, 200, 202, 202, 202, 200]
    idents = [answer.json["id"] for answer in answers]
    assert idents[0] == idents[1] and idents[3] == idents[5] and len(set(idents)) == 4
    assert httpd.get(answers[1].headers["Location"]).json["id"] == idents[0]
    assert httpd.get(f"/b/{idents[0]}").status == 404


def test_folders_and_extensions_are_locations_too(make_httpd, relay):
    """SetHandler in .htaccess, in <Directory> and in <Files>: what exists counts, not what the client appends."""
    rate = "SMTPSendSubmitterRate 2/h"
    httpd = make_httpd(relay=relay, start=False)
    for name in ("a", "b", "c"):
        os.mkdir(f"{httpd.dir}/htdocs/{name}")
    for name in ("a", "b"):
        with open(f"{httpd.dir}/htdocs/{name}/.htaccess", "w") as file:
            file.write("SetHandler smtp-send\n")
    httpd.handlers = (f'<Directory "{httpd.dir}/htdocs">\nAllowOverride FileInfo\nRequire local\n{rate}\n</Directory>\n'
                      f'<Directory "{httpd.dir}/htdocs/c">\nSetHandler smtp-send\nRequire local\n{rate}\n</Directory>\n')
    httpd.write(f'DocumentRoot "{httpd.dir}/htdocs"\n')
    httpd.start()
    for name in ("a", "b", "c"):
        answers = [submit(httpd, f"/{name}/{rest}") for rest in ("1", "2", "3")]
        assert [answer.status for answer in answers] == [202, 202, 429], name
        ident = answers[0].json["id"]
        assert httpd.get(f"/{name}/{ident}").status == 200
        assert all(httpd.get(f"/{other}/{ident}").status == 404 for other in ("a", "b", "c") if other != name)


def test_messages_of_the_former_form_stay_readable(make_httpd, relay, users):
    """A queue of release 0.1 calls a submitter by user or path: the same user, or the same path without login, still reaches them."""
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=["is paused", "status=cancelled"],
                       handlers=LOCATION.format("/mail", users) + LOCATION.format("/open", "Require local"))
    idents = [submit(httpd, "/mail", **login("alice")).json["id"], submit(httpd, "/open").json["id"]]
    httpd.stop()
    with sqlite3.connect(httpd.queue) as queue:
        for ident, former in zip(idents, ("alice", "/open")):
            assert queue.execute("UPDATE message SET submitter = ? WHERE id = ?", (former, ident)).rowcount == 1
    httpd.start()
    assert httpd.get(f"/mail/{idents[0]}", login("bob")).status == 404
    assert httpd.get(f"/mail/{idents[0]}", login("alice")).status == 200
    assert httpd.request("DELETE", f"/mail/{idents[0]}", headers=login("alice")).status == 200
    assert httpd.get(f"/open/{idents[1]}").status == 200
    assert httpd.get(f"/mail/{idents[1]}", login("alice")).status == 404
