"""Programs and libraries by which mail is sent: each sends the same message, and two parsers see that it arrives as it was meant, through a relay with all extensions and one with none."""
import base64
import email.message
import email.policy
import json
import os
import subprocess
import sys
from email import headerregistry

import pytest

from rig.both import SENDERS, Both
from rig.httpd import ROOT
from rig.parsers import Mailparser, by_python

CLIENTS = os.path.join(ROOT, "t", "clients")
FILE = bytes(range(256)) * 20
TEXT = "Grüße,\n.\n..\n.hidden\n\nFrom here: " + "ä" * 700 + "\n" + "x" * 1500 + "\n=20 ends\n"
MEANT = {"FROM_NAME": "Müller, Jörg", "TO_NAME": "Ünal Çelik", "CC": "carol@example.net", "BCC": "eve@example.net",
         "SUBJECT": "Grüße aus Köln — die Übersicht der Aufträge, Stand heute, wie besprochen (10 €)", "TEXT": TEXT}


class Site(Both):
    def __init__(self, folder):
        super().__init__()
        self.file = os.path.join(folder, "Übersicht 10 €.bin")
        with open(self.file, "wb") as file:
            file.write(FILE)
        self.number = 0

    def environment(self, program, sender):
        self.number += 1
        values = {**MEANT, **KNOWS.get(program.split()[0], {}), "TO": f"bob{self.number}@example.net", "FROM": sender, "FILE": self.file, "PORT": str(self.smtp), "SENDMAIL": self.sendmail, "URL": f"http://127.0.0.1:{self.httpd.port}/mail"}
        return {**self.env, **{f"MAIL_{name}": value for name, value in values.items()}, "LC_ALL": "C.UTF-8", "NODE_PATH": "/usr/share/nodejs:/usr/lib/nodejs",
                "MAILRC": os.path.join(self.httpd.dir, "mailrc"), "PYTHONPATH": os.path.join(ROOT, "conf", "examples", "clients")}

    def arrived(self, relay, rcpt):
        relay = self.relays[relay]
        relay.wait(lambda: any(rcpt in message.rcpts for message in relay.seen))
        message, = [message for message in relay.messages if rcpt in message.rcpts]
        return message


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Site(tmp_path_factory.mktemp("clients")) as site:
        yield site


@pytest.fixture(scope="module")
def by_mailparser():
    with Mailparser() as parser:
        yield parser


def script(name, way):
    run = {"php": ["php"], "rb": ["ruby"], "pl": ["perl"], "js": ["node"], "py": [sys.executable], "java": ["java", "-XX:TieredStopAtLevel=1", "-cp", "/usr/share/java/javax.mail.jar:/usr/share/java/javax.activation.jar"]}
    return lambda env: ([*run[name.rsplit(".", 1)[1]], os.path.join(CLIENTS, name), way], None)


def php_mail(env):
    return ["php", "-d", f"sendmail_path={env['MAIL_SENDMAIL']} -t -i", os.path.join(CLIENTS, "phpmailer.php"), "mail"], None


def mutt(way):
    def command(env):
        settings = [f'from="{env["MAIL_FROM"]}"', f'realname="{env["MAIL_FROM_NAME"]}"', "use_from", "use_envelope_from", "nocopy", "nossl_force_tls", "charset=utf-8", "send_charset=utf-8"]
        settings.append(f'sendmail="{env["MAIL_SENDMAIL"]} -oem -oi"' if way == "sendmail" else f"smtp_url=smtp://127.0.0.1:{env['MAIL_PORT']}/")
        return ["mutt", "-F", "/dev/null", *(word for setting in settings for word in ("-e", f"set {setting}")), "-s", env["MAIL_SUBJECT"], "-c", env["MAIL_CC"], "-b", env["MAIL_BCC"],
                "-a", env["MAIL_FILE"], "--", f"{env['MAIL_TO_NAME']} <{env['MAIL_TO']}>"], env["MAIL_TEXT"].encode()
    return command


def s_nail(way):
    def command(env):
        mta = env["MAIL_SENDMAIL"] if way == "sendmail" else f"smtp://127.0.0.1:{env['MAIL_PORT']}"
        settings = [f"from={env['MAIL_FROM_NAME']} <{env['MAIL_FROM']}>", "v15-compat", f"mta={mta}", "ttycharset=utf-8", "sendcharsets=utf-8", "smtp-config=-all", "sendwait", "smtp-auth=none", "hostname=client.example.com",
                    "mime-encoding=quoted-printable"]
        return ["s-nail", "-:/", *(["-r", env["MAIL_FROM"]] if way == "sendmail" else []), *(word for setting in settings for word in ("-S", setting)), "-s", env["MAIL_SUBJECT"], "-c", env["MAIL_CC"], "-b", env["MAIL_BCC"], "-a", env["MAIL_FILE"],
                env["MAIL_TO"]], env["MAIL_TEXT"].encode()
    return command


def swaks(way):
    """Its header is raw UTF-8."""
    def command(env):
        where = ["--server", "127.0.0.1", "--port", env["MAIL_PORT"]] if way == "smtp" else ["--pipe", f"{env['MAIL_SENDMAIL']} -bs"]
        return ["swaks", *where, "--silent", "2", "--from", env["MAIL_FROM"], "--to", ",".join(env[f"MAIL_{field}"] for field in ("TO", "CC", "BCC")),
                "--header", f"From: \"{env['MAIL_FROM_NAME']}\" <{env['MAIL_FROM']}>", "--header", f"To: {env['MAIL_TO_NAME']} <{env['MAIL_TO']}>", "--header", f"Cc: {env['MAIL_CC']}",
                "--header", f"Subject: {env['MAIL_SUBJECT']}", "--attach-type", "text/plain; charset=utf-8", "--attach-body", env["MAIL_TEXT"],
                "--attach-type", "application/octet-stream", "--attach-name", os.path.basename(env["MAIL_FILE"]), "--attach", "@" + env["MAIL_FILE"]], None
    return command


def composed(env):
    """What Python's email makes of it."""
    mail = email.message.EmailMessage(policy=email.policy.default.clone(cte_type="8bit"))
    for field in ("From", "To"):
        mail[field] = headerregistry.Address(env[f"MAIL_{field.upper()}_NAME"], addr_spec=env[f"MAIL_{field.upper()}"])
    mail["Cc"], mail["Bcc"], mail["Subject"] = env["MAIL_CC"], env["MAIL_BCC"], env["MAIL_SUBJECT"]
    mail.set_content(env["MAIL_TEXT"])
    mail.add_attachment(FILE, maintype="application", subtype="octet-stream", filename=os.path.basename(env["MAIL_FILE"]))
    return mail.as_bytes()


def msmtp(env):
    return ["msmtp", "--host=127.0.0.1", f"--port={env['MAIL_PORT']}", f"--from={env['MAIL_FROM']}", "-t"], composed(env)


def curl_smtp(env):
    rcpts = [word for field in ("TO", "CC", "BCC") for word in ("--mail-rcpt", env[f"MAIL_{field}"])]
    return ["curl", "-sS", "--crlf", f"smtp://127.0.0.1:{env['MAIL_PORT']}/client.example.com", "--mail-from", env["MAIL_FROM"], *rcpts, "-T", "-"], composed(env).replace(b"Bcc: eve@example.net\n", b"")


def curl_form(env):
    fields = {"from": f"\"{env['MAIL_FROM_NAME']}\" <{env['MAIL_FROM']}>", "to": f"{env['MAIL_TO_NAME']} <{env['MAIL_TO']}>", "cc": env["MAIL_CC"], "bcc": env["MAIL_BCC"],
              "subject": env["MAIL_SUBJECT"], "text": env["MAIL_TEXT"]}
    return ["curl", "-sS", "--fail-with-body", env["MAIL_URL"], *(word for pair in fields.items() for word in ("--form-string", "=".join(pair))), "-F", f"file=@{env['MAIL_FILE']}"], None


def wget(way):
    def command(env):
        document = {"from": {"name": env["MAIL_FROM_NAME"], "address": env["MAIL_FROM"]}, "to": {"name": env["MAIL_TO_NAME"], "address": env["MAIL_TO"]}, "cc": env["MAIL_CC"],
                    "bcc": env["MAIL_BCC"], "subject": env["MAIL_SUBJECT"], "text": env["MAIL_TEXT"],
                    "attachments": [{"filename": os.path.basename(env["MAIL_FILE"]), "content": base64.b64encode(FILE).decode()}]}
        kind, content = ("application/json", json.dumps(document).encode()) if way == "json" else ("message/rfc822", composed(env))
        posted = os.path.join(env["HOME"], "posted")
        with open(posted, "wb") as file:
            file.write(content)
        return ["wget", "-nv", "-O-", "--content-on-error", f"--header=Content-Type: {kind}", "--post-file=" + posted, env["MAIL_URL"]], None
    return command


def mailx(env):
    """Its subject is raw UTF-8, and it knows of no display names."""
    with open(env["MAILRC"], "w") as file:
        file.write(f"set sendmail={env['MAIL_SENDMAIL']}\n")
    return ["bsd-mailx", "-s", env["MAIL_SUBJECT"], "-c", env["MAIL_CC"], "-b", env["MAIL_BCC"], "-r", env["MAIL_FROM"], env["MAIL_TO"]], env["MAIL_TEXT"].encode()


def smtplib_bytes(env):
    code = "import os, smtplib, sys; smtplib.SMTP('127.0.0.1', int(os.environ['MAIL_PORT'])).sendmail(os.environ['MAIL_FROM'], [os.environ['MAIL_' + n] for n in ('TO', 'CC', 'BCC')], sys.stdin.buffer.read())"
    return [sys.executable, "-c", code], composed(env).replace(b"Bcc: eve@example.net\n", b"")


PROGRAMS = {
    **{f"{name} {way}": script(f"{name}.{end}", way) for name, end, ways in (
        ("symfony", "php", ["smtp", "bs", "t"]), ("swift", "php", ["smtp", "bs", "t"]), ("phpmailer", "php", ["smtp", "sendmail"]), ("mail", "rb", ["smtp", "sendmail"]),
        ("email_sender", "pl", ["smtp", "sendmail"]), ("mime_lite", "pl", ["smtp", "sendmail"]), ("mail_sendmail", "pl", ["smtp"]), ("JavaMail", "java", ["smtp"]),
        ("nodemailer", "js", ["smtp", "sendmail"]), ("undici", "js", ["json", "form"]), ("http_client", "py", ["json", "form"]), ("django_client", "py", ["smtp", "http"])) for way in ways},
    "phpmailer mail": php_mail, "mutt sendmail": mutt("sendmail"), "mutt smtp": mutt("smtp"), "s-nail sendmail": s_nail("sendmail"), "s-nail smtp": s_nail("smtp"),
    "swaks smtp": swaks("smtp"), "swaks bs": swaks("bs"), "msmtp": msmtp, "curl smtp": curl_smtp, "curl form": curl_form, "wget json": wget("json"), "wget rfc822": wget("rfc822"), "bsd-mailx": mailx,
    "smtplib bytes": smtplib_bytes,
}
NO_FILE = {"mail_sendmail smtp", "bsd-mailx"}
# s-nail encodes a sender of several words wrongly and leaves the names of recipients out; bsd-mailx knows of no names.
KNOWS = {"s-nail": {"FROM_NAME": "Jörg", "TO_NAME": ""}, "bsd-mailx": {"FROM_NAME": "", "TO_NAME": ""}}


def lines(text):
    return (text or "").replace("\r\n", "\n").rstrip("\n")


def check(seen, program, env):
    assert seen["subject"].strip() == MEANT["SUBJECT"]
    assert seen["from"] == [[env["MAIL_FROM_NAME"], env["MAIL_FROM"]]] and seen["to"] == [[env["MAIL_TO_NAME"], env["MAIL_TO"]]] and seen["cc"] == [["", MEANT["CC"]]] and not seen["bcc"]
    assert lines(seen["text"]) == lines(TEXT)
    if program not in NO_FILE:
        assert [(name, base64.b64decode(content)) for name, _, _, _, content in seen["attachments"] if name] == [("Übersicht 10 €.bin", FILE)]


@pytest.mark.parametrize("relay", SENDERS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_its_message_arrives_as_it_was_meant(site, by_mailparser, program, relay):
    env = site.environment(program, SENDERS[relay])
    command, text = PROGRAMS[program](env)
    result = subprocess.run(command, input=text if text is not None else b"", capture_output=True, env=env, timeout=60)
    assert result.returncode == 0, (result.stdout, result.stderr)
    message = site.arrived(relay, env["MAIL_TO"])
    assert message.sender == SENDERS[relay] and sorted(message.rcpts) == [env["MAIL_TO"], "carol@example.net", "eve@example.net"]
    assert relay == "all" or message.data.isascii()
    assert b"eve@" not in message.data and "SMTPUTF8" not in message.params
    check(by_python(message.data), program, env)
    check(by_mailparser(message.data), program, env)


@pytest.mark.parametrize("relay", SENDERS)
@pytest.mark.parametrize("way", ["sendmail", "smtp"])
def test_git_send_email(site, by_mailparser, tmp_path, way, relay):
    env = site.environment("git", SENDERS[relay])
    folder = str(tmp_path)

    def git(*args):
        done = subprocess.run(["git", "-C", folder, "-c", "user.name=Jörg Müller", "-c", f"user.email={SENDERS[relay]}", *args], capture_output=True, env=env, timeout=60)
        assert done.returncode == 0, done
    git("init", "-q")
    with open(os.path.join(folder, "file"), "w") as file:
        file.write(TEXT)
    git("add", "file")
    git("commit", "-q", "-m", "Grüße")
    git("format-patch", "-q", "-1", "--root")
    server = ["--smtp-server=" + site.sendmail] if way == "sendmail" else ["--smtp-server=127.0.0.1", f"--smtp-server-port={site.smtp}"]
    git("send-email", *server, f"--to=Ünal Çelik <{env['MAIL_TO']}>", "--cc=carol@example.net", "--bcc=eve@example.net", f"--envelope-sender={env['MAIL_FROM']}", "--confirm=never", "--suppress-cc=all", "--quiet",
        os.path.join(folder, "0001-Gr-e.patch"))
    message = site.arrived(relay, env["MAIL_TO"])
    assert message.sender == SENDERS[relay] and len(message.rcpts) == 3 and (relay == "all" or message.data.isascii())
    for seen in (by_python(message.data), by_mailparser(message.data)):
        assert seen["subject"] == "[PATCH] Grüße" and seen["from"] == [["Jörg Müller", SENDERS[relay]]] and seen["to"] == [["Ünal Çelik", env["MAIL_TO"]]]
        assert all(f"\n+{line}\n" in lines(seen["text"]) for line in TEXT.splitlines())
