"""smtp-send token, against a local token server: client credentials, signed assertions checked by openssl, the cache."""
import base64
import hashlib
import json
import os
import stat
import subprocess
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from rig.httpd import CLI, free_port


class TokenServer:
    def __init__(self):
        self.forms, self.answer, self.status = [], None, 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                outer.forms.append(form)
                body = json.dumps(outer.answer or {"access_token": f"token-{len(outer.forms)}", "expires_in": 3600, "token_type": "Bearer"}).encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def service():
    server = TokenServer()
    yield server
    server.close()


@pytest.fixture
def token(service, tmp_path):
    (tmp_path / "secret").write_text("the secret & more\n")

    def run(*args, code=0, url=None):
        result = subprocess.run([CLI, "token", "--url", url or service.url, *args], capture_output=True, text=True, timeout=60,
                                env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "http_proxy": ""})
        assert result.returncode == code, result
        return result
    run.microsoft = ["--microsoft", "--client-id", "app", "--secret-file", str(tmp_path / "secret")]
    run.folder = tmp_path
    return run


def make_key(folder):
    key, cert = str(folder / "key.pem"), str(folder / "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=app", "-days", "2"], check=True, capture_output=True)
    return key, cert


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verified(assertion, cert, folder):
    """Header and claims of a JWT whose signature openssl accepts."""
    header, claims, signature = assertion.split(".")
    (folder / "signature").write_bytes(decode(signature))
    (folder / "text").write_text(f"{header}.{claims}")
    public = subprocess.run(["openssl", "x509", "-in", cert, "-pubkey", "-noout"], check=True, capture_output=True).stdout
    (folder / "public").write_bytes(public)
    subprocess.run(["openssl", "dgst", "-sha256", "-verify", str(folder / "public"), "-signature", str(folder / "signature"), str(folder / "text")], check=True, capture_output=True)
    return json.loads(decode(header)), json.loads(decode(claims))


def test_client_credentials_and_the_cache(token, service):
    assert token(*token.microsoft).stdout == "token-1\n"
    assert service.forms[0] == {"grant_type": "client_credentials", "client_id": "app", "client_secret": "the secret & more", "scope": "https://outlook.office365.com/.default"}
    assert token(*token.microsoft).stdout == "token-1\n" and len(service.forms) == 1
    cached = list((token.folder / ".cache" / "smtp-send").iterdir())
    assert len(cached) == 1 and stat.S_IMODE(cached[0].stat().st_mode) == 0o600
    assert token(*token.microsoft, "--force").stdout == "token-2\n"
    # Another question is another token, and a file that others may write is not believed.
    assert token(*token.microsoft, "--scope", "other").stdout == "token-3\n"
    cached[0].chmod(0o666)
    assert token(*token.microsoft).stdout == "token-4\n"
    assert json.loads(token(*token.microsoft, "--json").stdout)["token"] == "token-4"


def test_a_token_that_ends_soon_is_not_kept_in_use(token, service):
    service.answer = {"access_token": "short", "expires_in": "60"}
    token(*token.microsoft)
    token(*token.microsoft)
    assert len(service.forms) == 2


def test_signed_assertion_for_microsoft(token, service):
    key, cert = make_key(token.folder)
    assert token("--microsoft", "--client-id", "app", "--key-file", key, "--cert-file", cert).stdout == "token-1\n"
    form = service.forms[0]
    assert form["client_assertion_type"].endswith("jwt-bearer") and "client_secret" not in form
    header, claims = verified(form["client_assertion"], cert, token.folder)
    der = subprocess.run(["openssl", "x509", "-in", cert, "-outform", "DER"], check=True, capture_output=True).stdout
    assert header["alg"] == "RS256" and decode(header["x5t#S256"]) == hashlib.sha256(der).digest()
    assert claims["iss"] == claims["sub"] == "app" and claims["aud"] == service.url and abs(claims["exp"] - time.time() - 600) < 60 and claims["jti"]


def test_service_account_of_google(token, service):
    key, cert = make_key(token.folder)
    account = token.folder / "account.json"
    with open(key) as file:
        account.write_text(json.dumps({"type": "service_account", "client_email": "robot@project.example", "private_key": file.read(), "private_key_id": "k1"}))
    assert token("--google", "--key-file", str(account), "--user", "mailer@example.com").stdout == "token-1\n"
    form = service.forms[0]
    header, claims = verified(form["assertion"], cert, token.folder)
    assert form["grant_type"].endswith("jwt-bearer") and header == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert claims["iss"] == "robot@project.example" and claims["sub"] == "mailer@example.com" and claims["scope"] == "https://mail.google.com/"


def test_refusals_are_reported(token, service):
    service.status, service.answer = 401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret\x1b[31m"}
    result = token(*token.microsoft, code=69)
    assert "invalid_client" in result.stderr and "AADSTS7000215" in result.stderr and "\x1b" not in result.stderr and not result.stdout
    service.status, service.answer = 503, {}
    token(*token.microsoft, code=75)
    service.status, service.answer = 200, {"token_type": "Bearer"}
    token(*token.microsoft, code=69)
    token(*token.microsoft, url=f"http://127.0.0.1:{free_port()}/token", code=75)


def test_misuse(token, service):
    assert "https" in token(*token.microsoft, url="http://login.example.com/token", code=64).stderr
    assert "--secret-file" in token("--microsoft", "--client-id", "app", code=64).stderr
    assert "--key-file" in token("--google", code=64).stderr
    assert "either --microsoft or --google" in token("--google", "--microsoft", code=64).stderr
    assert "no-such" in token("--microsoft", "--client-id", "app", "--secret-file", "/no-such", code=66).stderr
    (token.folder / "bad.json").write_text("{}")
    assert "service account" in token("--google", "--key-file", str(token.folder / "bad.json"), code=66).stderr
    assert "certificate" in token("--microsoft", "--client-id", "app", "--key-file", str(token.folder / "bad.json"), "--cert-file", str(token.folder / "bad.json"), code=66).stderr
    assert not service.forms


def test_the_daemon_logs_in_with_it(service, token, make_httpd, make_relay, certificates):
    """The two lines of configuration: the relay gets the token as XOAUTH2."""
    relay = make_relay(tls="starttls", cert=certificates.issue("token"), auth={"mailer@example.com": "token-1"}, mechanisms=["XOAUTH2"])
    token.folder.chmod(0o755)
    cache = token.folder / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    command = " ".join([CLI, "token", "--url", service.url, *token.microsoft, "--cache", str(cache / "t")])
    secret = token.folder / "secret"
    secret.chmod(0o644)
    for folder in token.folder.parents:
        if str(folder).startswith("/tmp/") and os.stat(folder).st_uid == os.geteuid():
            folder.chmod(0o755)
    httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost localhost:{relay.port}\nSMTPSendTLS starttls\nSMTPSendTLSVerify Off\n"
                       f"SMTPSendUsername mailer@example.com\nSMTPSendAuth XOAUTH2\nSMTPSendPassword exec:{command}\n", expect=["SMTPSend-114"])
    ident = httpd.send().json["id"]
    relay.wait_for(1)
    httpd.wait_state(ident, "sent")
    assert len(service.forms) == 1 and "token-1" not in httpd.log()
