"""What two parsers that have nothing in common, Python's email and npm's mailparser, see in a message, in one form."""
import base64
import email
import email.policy
import json
import os
import subprocess

from rig.httpd import BUILD, ROOT


class Mailparser:
    """A process that parses message after message."""

    def __init__(self):
        self.process = subprocess.Popen(["node", os.path.join(ROOT, "t", "rig", "parse.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "NODE_PATH": os.path.join(BUILD, "node", "node_modules")})

    def __call__(self, data):
        self.process.stdin.write(base64.b64encode(data) + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"mailparser ended with {self.process.wait(10)}"
        return json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def by_python(data):
    message = email.message_from_bytes(data, policy=email.policy.default)

    def people(name):
        # Raw UTF-8 in a name is no text to it.
        return [[a.display_name.encode("utf-8", "surrogateescape").decode(), a.addr_spec] for a in message[name].addresses] if message[name] else []

    def content(part):
        return base64.b64encode(part.get_payload(decode=True)).decode()
    bodies = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    files = [p for p in message.walk() if p.get_content_disposition() and not p.is_multipart()]
    return {"subject": message["subject"], "from": people("from"), "to": people("to"), "cc": people("cc"), "bcc": people("bcc"), "replyTo": people("reply-to"),
            "messageId": message["message-id"], "text": bodies["plain"] and bodies["plain"].get_content(), "html": bodies["html"] and bodies["html"].get_content(),
            "header": message["x-a"],
            "attachments": [[p.get_filename(), p.get_content_type(), p["content-id"], p.get_content_disposition(), content(p)] for p in files]}
