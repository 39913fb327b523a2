"""What a reader sees in a message, in a form that two messages can be compared in: fields decoded, parts with their types, names and contents."""
import base64
import email
import email.message
import email.utils
import quopri
import re

WORD = re.compile(r"=\?([^?\s*]+)(?:\*[^?]*)?\?([bqBQ])\?([^?\s]*)\?=")
WORD_OCTETS = re.compile(rb"=\?[^?\s]+\?[qQ]\?[^?\s]*\?=")
ADDED = {"received", "bcc", "mime-version", "content-transfer-encoding", "content-type", "content-disposition", "content-id", "content-description"}
PEOPLE = {"from", "to", "cc", "reply-to", "sender"}


def unicode(value):
    """A value as the parser has it: octets over 127 are UTF-8 where they can be, Latin-1 otherwise."""
    octets = WORD_OCTETS.sub(lambda word: b"".join(b"=%02X" % c if c > 127 else bytes([c]) for c in word[0]), value.encode("utf-8", "surrogateescape"))
    try:
        text = octets.decode()
    except UnicodeError:
        text = octets.decode("windows-1252", "replace")
    return re.sub(r"\r?\n", "", text)


def decoded(text):
    """Without encoded words: neighbours' octets of one character set belong together."""
    out, last, pending = [], 0, []

    def flush():
        if pending:
            out.append(b"".join(octets for _, octets in pending).decode(pending[0][0], "replace"))
            pending.clear()
    for word in WORD.finditer(text):
        between = text[last:word.start()]
        if not (pending and not between.strip()):
            flush()
            out.append(between)
        charset, octets = word[1].lower(), base64.b64decode(word[3] + "==") if word[2] in "bB" else quopri.decodestring(word[3].replace("_", " ").encode(), header=False)
        if pending and (pending[0][0] != charset or charset == "iso-2022-jp"):
            flush()
        pending.append((charset, octets))
        last = word.end()
    flush()
    return "".join(out) + text[last:]


def ascii_domain(address):
    """With A-labels and in small letters."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode().lower()}" if local else address


def people(value):
    return [(decoded(name), ascii_domain(address)) for name, address in email.utils.getaddresses([value])]


def parameters(part, field):
    """The value and its parameters, decoded."""
    value = next((unicode(v) for name, v in part.raw_items() if name.lower() == field), None)
    if value is None:
        return None
    holder = email.message.Message()
    holder["Content-Type"] = value
    found = holder.get_params(header="Content-Type", unquote=False) or []

    def text(value):
        if isinstance(value, tuple):
            return email.utils.collapse_rfc2231_value((*value[:2], bare(value[2])))
        return bare(value)
    return found[0][0].lower(), {name.lower(): decoded(text(value)) for name, value in found[1:] if name.lower() != "boundary"}


def bare(value):
    """Without its quotes; email.utils.unquote takes angle brackets for such, too."""
    return value[1:-1].replace("\\\\", "\\").replace('\\"', '"') if len(value) > 1 and value[0] == value[-1] == '"' else value


def fields(part):
    out = []
    for name, value in part.raw_items():
        name, value = name.lower(), unicode(value)
        if name not in ADDED:
            out.append((name, people(value) if name in PEOPLE else decoded(value).strip()))
    return out


def seen(part, default="text/plain"):
    kind = parameters(part, "content-type") or (default, {})
    if kind[0].startswith("text/"):
        kind[1].setdefault("charset", "us-ascii")
    described = [decoded(unicode(v)).strip() for name, v in part.raw_items() if name.lower() in ("content-id", "content-description")]
    head = (kind, parameters(part, "content-disposition"), described)
    if part.is_multipart():
        if kind[0].startswith("message/"):
            inner = part.get_payload(0)
            return head, fields(inner), seen(inner)
        return head, [seen(child, "message/rfc822" if kind[0] == "multipart/digest" else "text/plain") for child in part.get_payload()]
    content = part.get_payload(decode=True) or b""
    if kind[0].startswith("text/"):
        content = content.replace(b"\r\n", b"\n").rstrip(b"\n")
    return head, content


def view(data):
    message = email.message_from_bytes(data)
    return fields(message), seen(message)


def differences(a, b, path="message"):
    """Where two views differ, in words."""
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)) and len(a) == len(b):
        return [found for i, (x, y) in enumerate(zip(a, b)) for found in differences(x, y, f"{path}.{i}")]
    return [] if a == b else [f"{path}: {a!r:.700}\n    became {b!r:.700}"]


def composed(data):
    """A message that was composed from a document, in the document's own members."""
    message = email.message_from_bytes(data)
    head = dict(fields(message))
    out = {"from": head.get("from"), "to": head.get("to"), "cc": head.get("cc"), "replyTo": head.get("reply-to"), "subject": head.get("subject"), "X-Custom": head.get("x-custom"),
           "text": None, "html": None, "attachments": []}
    for part in message.walk():
        if part.is_multipart():
            continue
        kind, place = parameters(part, "content-type"), parameters(part, "content-disposition")
        content = part.get_payload(decode=True)
        if place:
            out["attachments"].append((place[1].get("filename"), kind[0], content))
        else:
            out["text" if kind[0] == "text/plain" else "html"] = content.decode().replace("\r\n", "\n").rstrip("\n")
    return out


def meant(mail):
    def one(person):
        name, address = ("", person) if isinstance(person, str) else (person.get("name", ""), person["address"])
        return name, ascii_domain(address)

    def several(value):
        return [one(p) for p in (value if isinstance(value, list) else [value])] if value else None
    return {**{field: several(mail.get(field)) for field in ("from", "to", "cc", "replyTo")}, "subject": mail["subject"], "X-Custom": mail.get("headers", {}).get("X-Custom"),
            **{kind: mail[kind].rstrip("\n") if kind in mail else None for kind in ("text", "html")},
            "attachments": [(a["filename"], a["contentType"].split(";")[0], base64.b64decode(a["content"])) for a in mail["attachments"]]}
