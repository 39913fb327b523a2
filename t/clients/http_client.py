"""usage: http_client.py json|form, by httpx"""
import base64
import os
import sys

import httpx

mail = {name.lower(): os.environ[f"MAIL_{name}"] for name in ("CC", "BCC", "SUBJECT", "TEXT")}
people = {field: (os.environ[f"MAIL_{field.upper()}_NAME"], os.environ[f"MAIL_{field.upper()}"]) for field in ("from", "to")}
path = os.environ["MAIL_FILE"]
with open(path, "rb") as file:
    content = file.read()
if sys.argv[1] == "json":
    mail.update({field: {"name": name, "address": address} for field, (name, address) in people.items()})
    mail["attachments"] = [{"filename": os.path.basename(path), "content": base64.b64encode(content).decode()}]
    answer = httpx.post(os.environ["MAIL_URL"], json=mail)
else:
    mail.update({field: f'"{name}" <{address}>' for field, (name, address) in people.items()})
    answer = httpx.post(os.environ["MAIL_URL"], data=mail, files={"attachments": (os.path.basename(path), content, "application/octet-stream")})
assert answer.status_code == 202, answer.text
