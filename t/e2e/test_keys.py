"""AuthType smtp-send-key: who has a key submits as its name, with the key's own limits; smtp-send key makes the file."""
import base64
import json
import os
import pathlib
import re
import subprocess
import tempfile

import pytest

from e2e.test_submit import problem
from rig.httpd import CLI

LOCATION = """<Location /mail>
SetHandler smtp-send
AuthType smtp-send-key
AuthName "mail"
SMTPSendKeyFile {file}
Require {require}
{lines}
</Location>
<Location /mail-status>
SetHandler smtp-send-status
Require local
</Location>"""
MESSAGE = {"from": "app@example.com", "to": "bob@example.net", "subject": "x", "text": "x"}


@pytest.fixture
def keys():
    """smtp-send key with a file in a folder that httpd's user may look into; its path is in .path."""
    folder = tempfile.TemporaryDirectory(prefix="smtp-send-keys.")
    os.chmod(folder.name, 0o755)
    path = pathlib.Path(folder.name) / "keys"

    def run(*args, code=0):
        done = subprocess.run([CLI, "key", *args, "--file", str(path)], capture_output=True, text=True, timeout=30)
        assert done.returncode == code, done.stderr
        return done.stdout.strip() if not code else done.stderr
    run.path = path
    yield run
    folder.cleanup()


def site(make_httpd, relay, keys, require="valid-user", lines="", **kwargs):
    return make_httpd(kwargs.pop("config", ""), relay=relay, handlers=LOCATION.format(file=keys.path, require=require, lines=lines), **kwargs)


def post(httpd, headers, message=None, path="/mail"):
    return httpd.request("POST", path, json.dumps({**MESSAGE, **(message or {})}).encode(), {"Content-Type": "application/json", **headers})


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def basic(user, key):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()}


def test_a_key_is_taken_wherever_clients_put_it(make_httpd, relay, keys):
    key = keys("add", "shop")
    httpd = site(make_httpd, relay, keys)
    for headers in (bearer(key), basic("api", key), basic("", key), {"X-Postmark-Server-Token": key}):
        assert post(httpd, headers).status == 202, headers
    found = httpd.status()
    assert len(relay.wait_for(4)) == 4 and found


def test_a_key_is_printed_once_and_kept_as_a_hash(keys):
    key = keys("add", "shop", "--from", "*@example.com,*@shop.example", "--rate", "10/s,1000/h", "--priority", "bulk")
    text = keys.path.read_text()
    assert re.fullmatch(r"ss_[\w-]{43}", key) and key not in text
    assert re.fullmatch(r"shop sha256:[0-9a-f]{64} from=\*@example\.com,\*@shop\.example rate=10/s,1000/h priority=bulk\n", text)
    assert keys.path.stat().st_mode & 0o777 == 0o644
    assert key != keys("add", "other") and "shop" in keys("list") and "other" in keys("list")


def test_what_is_wrong_with_a_key_is_said(keys):
    keys("add", "shop")
    assert "already" in keys("add", "shop", code=1)
    assert "letters" in keys("add", "two words", code=64)
    for option, value in (("--rate", "ten"), ("--priority", "urgent"), ("--from", "a b@c d")):
        assert value.split()[0] in keys("add", "x", option, value, code=64)
    assert "usage" in keys("frobnicate", code=64) and "no key" in keys("remove", "y", code=1)
    assert keys.path.read_text().count("\n") == 1


def test_a_removed_key_ends_at_once_and_the_file_keeps_the_rest(make_httpd, relay, keys):
    first, second = keys("add", "first"), keys("add", "second")
    keys.path.write_text("# comment\n\n" + keys.path.read_text())
    keys.path.chmod(0o640)
    keys.path.chmod(0o644)
    httpd = site(make_httpd, relay, keys, expect=["SMTPSend-505"])
    assert post(httpd, bearer(first)).status == 202
    keys("remove", "first")
    assert keys.path.read_text().startswith("# comment\n\nsecond sha256:")
    assert post(httpd, bearer(first)).status == 401 and post(httpd, bearer(second)).status == 202


@pytest.mark.parametrize("headers", [{}, bearer("ss_wrong"), bearer(""), basic("KEY", "wrong"), {"Authorization": "Basic !!!"}, {"Authorization": "Digest x"}, bearer("x" * 600)])
def test_others_get_401_and_no_log_has_the_key(make_httpd, relay, keys, headers):
    """A key as the user of Basic is not taken, since access logs have the user."""
    key = keys("add", "shop")
    headers = {name: value.replace(basic("KEY", "wrong")["Authorization"], basic(key, "wrong")["Authorization"]) for name, value in headers.items()}
    httpd = site(make_httpd, relay, keys, expect=["SMTPSend-505"])
    answer = post(httpd, headers)
    assert answer.status == 401 and "Bearer" in str(answer.headers)
    assert key not in httpd.log()


def test_require_decides(make_httpd, relay, keys):
    shop, other = keys("add", "shop"), keys("add", "other")
    httpd = site(make_httpd, relay, keys, require="user shop", expect=["AH01631", "AH01630"])
    assert post(httpd, bearer(shop)).status == 202
    assert post(httpd, bearer(other)).status in (401, 403)


def test_a_key_has_senders_of_its_own(make_httpd, relay, keys):
    key = keys("add", "shop", "--from", "*@shop.example.com")
    httpd = site(make_httpd, relay, keys, lines="SMTPSendAllowFrom *@shop.example.com *@example.com")
    problem(post(httpd, bearer(key)), 403, "from")
    assert post(httpd, bearer(key), {"from": "a@shop.example.com"}).status == 202
    # Both must allow it, the location and the key.
    wide = keys("add", "wide", "--from", "*")
    problem(post(httpd, bearer(wide), {"from": "x@elsewhere.example"}), 403, "from")


def test_a_key_has_a_rate_and_a_priority_of_its_own(make_httpd, relay, keys):
    slow, fast = keys("add", "slow", "--rate", "2/h", "--priority", "bulk"), keys("add", "fast")
    httpd = site(make_httpd, relay, keys)
    assert [post(httpd, bearer(slow)).status for _ in range(3)] == [202, 202, 429]
    assert post(httpd, bearer(fast)).status == 202
    # A submission may not raise what its key has.
    answer = post(httpd, bearer(fast), {"priority": "high"})
    assert answer.status == 202


def test_a_key_has_a_relay_of_its_own(make_httpd, make_relay, keys):
    main, second = make_relay(), make_relay()
    key, other = keys("add", "news", "--relay", "news.example.com"), keys("add", "other")
    handlers = LOCATION.format(file=keys.path, require="valid-user", lines="") + f"""
<VirtualHost *:1>
ServerName news.example.com
SMTPSendEngine On
SMTPSendHost {second.host}:{second.port}
</VirtualHost>"""
    httpd = make_httpd(relay=main, handlers=handlers)
    assert post(httpd, bearer(key), {"subject": "by key"}).status == 202
    assert post(httpd, bearer(other), {"subject": "by default"}).status == 202
    problem(post(httpd, bearer(other), {"relay": "news.example.com"}), 403, "relay")
    assert b"by key" in second.wait_for(1)[0].data and b"by default" in main.wait_for(1)[0].data


def test_keys_are_submitters_of_their_own(make_httpd, relay, keys):
    first, second = keys("add", "first"), keys("add", "second")
    httpd = site(make_httpd, relay, keys)
    answer = post(httpd, bearer(first))
    path = answer.headers["Location"]
    assert httpd.request("GET", path, headers=bearer(first)).status == 200
    assert httpd.request("GET", path, headers=bearer(second)).status == 404


def test_a_missing_file_is_named(make_httpd, relay, keys):
    keys("add", "shop")
    httpd = site(make_httpd, relay, keys, expect=["SMTPSend-503"])
    keys.path.unlink()
    assert post(httpd, bearer("x")).status == 500
    assert "SMTPSend-503" in httpd.log() and str(keys.path) in httpd.log()


def test_a_section_without_a_file_is_named(make_httpd, relay):
    httpd = make_httpd(relay=relay, handlers="<Location /mail>\nSetHandler smtp-send\nAuthType smtp-send-key\nAuthName x\nRequire valid-user\n</Location>", expect=["SMTPSend-504"])
    assert post(httpd, bearer("x")).status == 500
    assert "SMTPSend-504" in httpd.log()
