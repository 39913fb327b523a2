"""The ways in: each submits one message and says whether it was taken, None or the reason of the refusal."""
import http.client
import json
import os
import socket
import smtplib
import subprocess
import threading
import urllib.parse
import uuid

from e2e.test_socket import Peer, frame

local = threading.local()


def canonical(content):
    return content.replace(b"\n", b"\r\n")


class Ways:
    def __init__(self, site):
        self.site = site
        self.generation = 0     # of the connections: httpd closes those that were idle

    def post(self, path, body, kind, headers=None):
        if getattr(local, "generation", None) != self.generation or not hasattr(local, "http"):
            local.generation = self.generation
            local.http = http.client.HTTPConnection("127.0.0.1", self.site.httpd.port, timeout=60)
        local.http.request("POST", path, body, {"Content-Type": kind, **(headers or {})})
        answer = local.http.getresponse()
        text = answer.read().decode()
        return answer.status, text

    def taken(self, status, text):
        return None if status == 202 or status == 200 and text.startswith("202 ") else f"{status} {text}"

    # ---- messages ----
    def http(self, mail, sender):
        query = urllib.parse.urlencode([("from", sender)] + [("to", rcpt) for rcpt in mail.rcpts])
        return self.taken(*self.post(f"/mail?{query}", mail.content, "message/rfc822"))

    def http_fields(self, mail, sender):
        """The recipients are those of To, Cc and Bcc."""
        return self.taken(*self.post("/mail?" + urllib.parse.urlencode([("from", sender)]), canonical(mail.content), "message/rfc822"))

    def sendmail(self, mail, sender, *rcpts):
        result = subprocess.run([self.site.sendmail, "-i", "-f", sender, *(rcpts or ["-t"])], input=mail.content, capture_output=True, env=self.site.env, timeout=60)
        return None if result.returncode == 0 else f"exit {result.returncode} {result.stderr.decode()}"

    def sendmail_arguments(self, mail, sender):
        return self.sendmail(mail, sender, "--", *mail.rcpts)

    def smtp_envelope(self, mail, sender):
        if not hasattr(local, "smtp"):
            local.smtp = smtplib.SMTP("127.0.0.1", self.site.smtp, local_hostname="client.example.com", timeout=60)
            local.smtp.ehlo()
        smtp = local.smtp
        smtp.mail(sender, ["BODY=8BITMIME"] if not mail.content.isascii() else [])
        for rcpt in mail.rcpts:
            code, text = smtp.docmd("RCPT", f"TO:<{rcpt}>")
            if code != 250:
                smtp.rset()
                return f"{code} {text.decode()}"
        return None

    def smtp(self, mail, sender):
        refused = self.smtp_envelope(mail, sender)
        if refused:
            return refused
        # The library doubles the dots of octets and leaves their line ends alone.
        code, text = local.smtp.data(mail.content if mail.number % 2 else canonical(mail.content))
        return None if code == 250 else f"{code} {text.decode()}"

    def bdat(self, mail, sender):
        refused = self.smtp_envelope(mail, sender)
        if refused:
            return refused
        content = canonical(mail.content)
        half = len(content) // 2
        local.smtp.send(b"BDAT %d\r\n" % half + content[:half] + b"BDAT %d LAST\r\n" % (len(content) - half) + content[half:])
        code, text = local.smtp.getreply()
        if code == 250:
            code, text = local.smtp.getreply()
        return None if code == 250 else f"{code} {text.decode()}"

    def sendmail_bs(self, mail, sender):
        dots = canonical(mail.content if mail.content.endswith(b"\n") else mail.content + b"\n").replace(b"\n.", b"\n..")
        rcpts = "".join(f"RCPT TO:<{rcpt}>\r\n" for rcpt in mail.rcpts)
        said = f"EHLO client.example.com\r\nMAIL FROM:<{sender}>\r\n{rcpts}DATA\r\n".encode() + dots + b".\r\nQUIT\r\n"
        result = subprocess.run([self.site.sendmail, "-bs"], input=said, capture_output=True, env=self.site.env, timeout=60)
        replies = [line for line in result.stdout.decode().splitlines() if line[3:4] == " "]
        return None if len(replies) == len(mail.rcpts) + 6 and replies[-2].startswith("250 ") else f"{replies}"

    def local_socket(self, mail, sender):
        with Peer(self.site.httpd.socket) as peer:
            peer.socket.sendall(frame({"do": "submit", "from": sender, "to": mail.rcpts}, mail.content))
            answer = peer.answer()[1]
        return None if answer["status"] == 202 else json.dumps(answer)

    def c_api(self, mail, sender):
        """Of a module that submits the bodies of requests; without recipients, those of the fields count."""
        return self.taken(*self.post("/body", mail.content, "message/rfc822", {"X-From": sender}))

    # ---- documents ----
    def json(self, mail, sender):
        return self.taken(*self.post("/mail", json.dumps({**mail, "envelope": {"from": sender}}), "application/json"))

    def ndjson(self, mail, sender):
        status, text = self.post("/mail", json.dumps({**mail, "envelope": {"from": sender}}, ensure_ascii=False).encode() + b"\n", "application/x-ndjson")
        return None if status == 200 and '"id"' in text else f"{status} {text}"

    def c_api_json(self, mail, sender):
        return self.taken(*self.post("/body", json.dumps({**mail, "envelope": {"from": sender}}), "application/json"))

    def form(self, mail, sender):
        boundary = uuid.UUID(int=hash(sender) & (1 << 128) - 1).hex
        out = b""
        for name, value in pairs(mail, sender):
            out += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for file in mail["attachments"]:
            # As browsers do it: WHATWG escapes quotes and line ends.
            name = file["filename"].replace('"', "%22")
            out += f'--{boundary}\r\nContent-Disposition: form-data; name="attachments"; filename="{name}"\r\nContent-Type: {file["contentType"]}\r\n\r\n'.encode() + decode(file) + b"\r\n"
        return self.taken(*self.post("/mail", out + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"))

    def urlencoded(self, mail, sender):
        return self.taken(*self.post("/mail", urllib.parse.urlencode(list(pairs(mail, sender))), "application/x-www-form-urlencoded"))


def decode(file):
    import base64
    return base64.b64decode(file["content"])


def mailbox(person):
    if isinstance(person, str) or not person.get("name"):
        return person if isinstance(person, str) else person["address"]
    name = person["name"].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}" <{person["address"]}>'


def pairs(mail, sender):
    for field in ("from", "to", "cc", "bcc", "replyTo"):
        value = mail.get(field) or []
        for person in value if isinstance(value, list) else [value]:
            yield field, mailbox(person)
    for field in ("subject", "text", "html"):
        if field in mail:
            yield field, mail[field]
    for name, value in mail.get("headers", {}).items():
        yield f"headers.{name}", value
    yield "envelope.from", sender


MESSAGES = ["http", "http_fields", "sendmail", "sendmail_arguments", "smtp", "bdat", "sendmail_bs", "local_socket", "c_api"]
DOCUMENTS = ["json", "ndjson", "form", "urlencoded", "c_api_json"]
