#!/usr/bin/env python3
"""Submits any email.message.EmailMessage over HTTP. usage: http_client.py URL FROM TO"""
import email.message
import json
import sys
import urllib.error
import urllib.parse
import urllib.request


def send(url, message, sender=None, to=()):
    query = urllib.parse.urlencode([("from", sender)] * bool(sender) + [("to", address) for address in to])
    request = urllib.request.Request(f"{url}?{query}", message.as_bytes(), {"Content-Type": "message/rfc822"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["id"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{url}: {error}: {json.load(error).get('detail')}") from error


if __name__ == "__main__":
    url, sender, to = sys.argv[1:]
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, "Grüße"
    message.set_content("It works.\n")
    message.add_attachment(b"\x00\x01", maintype="application", subtype="octet-stream", filename="a.bin")
    print(send(url, message))
