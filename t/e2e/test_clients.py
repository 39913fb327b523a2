"""The examples of conf/examples: each configuration passes configtest, each client sends a mail that arrives as it was meant."""
import email
import email.policy
import glob
import os
import subprocess
import sys

import pytest

from e2e.test_forms import parsed
from rig.httpd import CLI, HANDLERS, ROOT

EXAMPLES = os.path.join(ROOT, "conf", "examples")
CLIENTS = os.path.join(EXAMPLES, "clients")
NODE = {"NODE_PATH": "/usr/share/nodejs:/usr/lib/nodejs:/usr/local/lib/node_modules"}


@pytest.mark.parametrize("path", sorted(path for path in glob.glob(f"{EXAMPLES}/*.conf") if not path.endswith("/nginx.conf")), ids=os.path.basename)
def test_configuration_passes_configtest(make_httpd, tmp_path, path):
    with open(path) as file:
        text = file.read()
    password = tmp_path / "password"
    password.write_text("secret\n")
    # The files that an example names exist on its administrator's machine.
    for name in ("/etc/apache2/smtp_send.password", "/etc/apache2/gmail.password"):
        text = text.replace(name, str(password))
    httpd = make_httpd(text, start=False)
    result = httpd.configtest()
    assert result.returncode == 0, result.stderr
    assert "has no Require" not in result.stderr + httpd.log()


def attempt(httpd, command, *args, env=None):
    return subprocess.run([*command, *args], capture_output=True, text=True, timeout=60, cwd=CLIENTS, env={**os.environ, "SMTP_SEND_SOCKET": httpd.socket, **(env or {})})


def run(httpd, command, *args, env=None):
    result = attempt(httpd, command, *args, env=env)
    assert result.returncode == 0, (command, result.stdout, result.stderr)
    return result.stdout


@pytest.fixture
def sendmail(tmp_path):
    """The program under the name by which clients know it."""
    os.chmod(tmp_path, 0o755)
    path = tmp_path / "sendmail"
    path.symlink_to(CLI)
    return str(path)


def url(httpd):
    return f"http://127.0.0.1:{httpd.port}/mail"


WHO = ("app@example.com", "bob@example.net")


def arrived(relay):
    message = relay.wait_for(1)[0]
    assert message.sender == WHO[0] and message.rcpts == [WHO[1]]
    return parsed(message)


def test_curl(make_httpd, relay, tmp_path):
    (tmp_path / "a.bin").write_bytes(b"\x00\xff")
    httpd = make_httpd(relay=relay)
    out = run(httpd, ["sh", f"{CLIENTS}/curl.sh"], url(httpd), *WHO, str(tmp_path / "a.bin"))
    assert '"state":"sent"' in out
    message = arrived(relay)
    assert [p.get_filename() for p in message.iter_attachments()] == ["a.bin"] and list(message.iter_attachments())[0].get_content() == b"\x00\xff"


def test_python(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    run(httpd, [sys.executable, f"{CLIENTS}/http_client.py"], url(httpd), *WHO)
    message = arrived(relay)
    assert message["subject"] == "Grüße" and [p.get_content() for p in message.iter_attachments()] == [b"\x00\x01"]


def test_django(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    run(httpd, *django(httpd), env={"PYTHONPATH": CLIENTS})
    message = arrived(relay)
    assert message["subject"] == "Grüße" and message.get_content_type() == "multipart/alternative"


def django(httpd):
    script = ("import django.conf; django.conf.settings.configure(EMAIL_BACKEND='django_backend.EmailBackend', SMTP_SEND_URL=%r, DEFAULT_CHARSET='utf-8', USE_TZ=True);"
              "from django.core.mail import EmailMultiAlternatives as M; m = M('Grüße', 'It works.', %r, [%r]); m.attach_alternative('<b>It works.</b>', 'text/html');"
              "assert m.send() == 1" % (url(httpd), *WHO))
    return [sys.executable, "-c", script],


@pytest.mark.parametrize("way", ["http", "sendmail"])
def test_nodemailer(make_httpd, relay, sendmail, way):
    httpd = make_httpd(relay=relay)
    run(httpd, ["node", f"{CLIENTS}/nodemailer.js"], url(httpd) if way == "http" else sendmail, *WHO, env=NODE)
    message = arrived(relay)
    assert message["subject"] == "Grüße" and [p.get_filename() for p in message.iter_attachments()] == ["ä.txt"]
    assert message.get_body(("plain",)).get_content().rstrip() == "It works."


def test_php_over_http(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    run(httpd, ["php", f"{CLIENTS}/http_client.php"], url(httpd), *WHO)
    message = arrived(relay)
    assert message["subject"] == "Grüße" and [p.get_content() for p in message.iter_attachments()] == ["hello"]


def test_php_mail(make_httpd, relay, sendmail):
    httpd = make_httpd(relay=relay)
    run(httpd, ["php", "-d", f"sendmail_path={sendmail} -t -i", f"{CLIENTS}/mail.php"], *WHO)
    # PHP puts a line end of its own behind the text.
    assert arrived(relay).get_content().replace("\r\n", "\n").rstrip() == "hello\n.\nend"


def test_rails_like(make_httpd, relay, sendmail):
    httpd = make_httpd(relay=relay)
    run(httpd, ["ruby", f"{CLIENTS}/rails_like.rb"], sendmail, *WHO)
    message = arrived(relay)
    assert message["subject"] == "Grüße" and message.get_content().replace("\r\n", "\n").rstrip() == "It works.\n.\nend"


@pytest.mark.parametrize("client", ["curl.sh", "http_client.py", "django_backend.py", "nodemailer.js http", "nodemailer.js sendmail", "http_client.php", "mail.php", "rails_like.rb"])
def test_a_refusal_is_a_failure(make_httpd, sendmail, client):
    """Each client fails, and says why, where the submission is refused."""
    httpd = make_httpd("SMTPSendEngine Off\n")
    path = f"{CLIENTS}/{client.split()[0]}"
    command, env = {"curl.sh": (["sh", path, url(httpd), *WHO], None), "http_client.py": ([sys.executable, path, url(httpd), *WHO], None),
                    "django_backend.py": (django(httpd)[0], {"PYTHONPATH": CLIENTS}), "nodemailer.js http": (["node", path, url(httpd), *WHO], NODE),
                    "nodemailer.js sendmail": (["node", path, sendmail, *WHO], NODE), "http_client.php": (["php", path, url(httpd), *WHO], None),
                    "mail.php": (["php", "-d", f"sendmail_path={sendmail} -t -i", path, *WHO], None), "rails_like.rb": (["ruby", path, sendmail, *WHO], None)}[client]
    result = attempt(httpd, command, env=env)
    # nodemailer tells of sendmail only the exit code.
    assert result.returncode and ("SMTPSendEngine" in result.stdout + result.stderr or client == "nodemailer.js sendmail"), result


def test_mod_lua(make_httpd, relay):
    from rig.httpd import MODULES
    httpd = make_httpd(relay=relay, start=False)
    os.symlink(CLI, f"{httpd.dir}/sendmail")
    httpd.write(f"LoadModule lua_module {MODULES}/mod_lua.so\nLuaMapHandler /report {CLIENTS}/report.lua\nSetEnv SENDMAIL {httpd.dir}/sendmail\nSetEnv MAIL_TO {WHO[1]}\n")
    httpd.env["SMTP_SEND_SOCKET"] = httpd.socket
    httpd.start()
    answer = httpd.request("POST", "/report", b"text=It+is+broken", {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 200 and answer.text == "sent\n", answer
    message = relay.wait_for(1)[0]
    assert message.rcpts == [WHO[1]] and b"It is broken" in message.data
    os.unlink(f"{httpd.dir}/sendmail")
    os.symlink("/bin/false", f"{httpd.dir}/sendmail")
    answer = httpd.request("POST", "/report", b"text=It+is+broken", {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 503 and answer.text == "not sent\n", answer
