"""Random messages that can be delivered as they are meant, each from a seed of its own: written as octets (Mail), and as what an application means (document)."""
import base64
import email.header
import email.utils
import urllib.parse

WORDS = ["a", "report", "Grüße", "Übersicht", "naïve", "Łódź", "Привет", "мир", "日本語", "テスト", "שלום", "مرحبا", "中文标题", "한국어", "🚀", "€", "—", "x" * 30, "e\u0301", "10%", "_", "=?", "?=",
         "a=b", "Re:", "[list]", "(part)", "\"q\"", "it's", "<b>", "1,5", "a;b", "back\\slash", "ß" * 40]
PLAIN = [word for word in WORDS if word.isascii() and not set(word) & set('()<>[]",;:\\=?')]
CHARSETS = ["utf-8", "utf-8", "iso-8859-1", "windows-1252", "koi8-r", "shift_jis", "iso-2022-jp", "gb18030", "us-ascii"]
LINES = [".", "..", ".hidden", "", "", "From here", ">From there", "trailing ", "\ttab", "--", "--x", "-- ", "=3D", "=", "a" * 76, "b" * 77, "c" * 990, "Subject: none", "end"]
DOMAINS = ["example.net", "sub.example.org", "EXAMPLE.com", "xn--mnchen-3ya.example"]
IDN = ["münchen.example", "例え.example"]


def text_in(random, charset, count):
    """Words that the character set has."""
    chosen = []
    while len(chosen) < count:
        word = random.choice(WORDS)
        try:
            if word.encode(charset).decode(charset) == word:
                chosen.append(word)
        except UnicodeError:
            pass
    return " ".join(chosen)


def some_text(random, most=8):
    return text_in(random, "utf-8", random.randint(1, most))


def lines(random, charset, most=12):
    """A text: its last line may lack its end."""
    out = [random.choice(LINES) if random.random() < 0.6 else text_in(random, charset, random.randint(1, 8)) for _ in range(random.randint(0, most))]
    return "\n".join(out) + random.choice(["\n", "\n", ""])


class Mail:
    """content: octets whose lines end with LF; rcpts: who gets it, of which those in bcc stand in no field but Bcc; is_raw: header with octets over 127; is_long: lines over 998 octets."""

    def __init__(self, random, number):
        self.random, self.number, self.is_raw, self.is_long = random, number, False, False
        self.is_latin = random.random() < 0.25
        self.rcpts, self.bcc = [], []
        header, body = self.part(random.choice([0, 0, 1, 2, 3]))
        fields = self.fields() + [("MIME-Version", b"1.0")] * bool(header) + header
        random.shuffle(fields)
        self.content = b"".join(name.encode() + b":" + random.choice([b" ", b" ", b" ", b"", b"  "]) + value + b"\n" for name, value in fields) + b"\n" + body
        self.is_long = any(len(line) > 998 for line in self.content.split(b"\n"))

    # ---- fields ----
    def address(self):
        name = f"r{self.number}.{len(self.rcpts)}"
        local = self.random.choice([name, name, name, name + "+tag", f'"{name} b"', f"{name}-" + "v" * 50, name + "=verp.example"])
        self.rcpts.append(f"{local}@{self.random.choice(DOMAINS)}")
        return self.rcpts[-1]

    def shown(self, address):
        """As it stands in a field: a domain outside ASCII may be written as such."""
        local, domain = address.rsplit("@", 1)
        if domain.startswith("xn--") and not self.is_latin and self.random.random() < 0.3:
            self.is_raw = True
            return f"{local}@münchen.example"
        return address

    def raw(self, text):
        """8-bit text as it is: in UTF-8, or in one message in four in Latin-1."""
        if self.is_latin:
            text = text.encode("iso-8859-1", "ignore").decode("iso-8859-1")
        self.is_raw = self.is_raw or not text.isascii()
        return text.encode("iso-8859-1" if self.is_latin else "utf-8")

    def words(self, text):
        """Encoded words; the first line leaves room for the field's name."""
        charset = self.random.choice(["utf-8", "utf-8", "iso-8859-1", "koi8-r", "iso-2022-jp"])
        try:
            text.encode(charset)
        except UnicodeError:
            charset = "utf-8"
        return email.header.Header(text, charset, header_name="X-Some-Name", maxlinelen=self.random.choice([50, 76])).encode().encode()

    def folded(self, value):
        """The same value on several lines."""
        out, length = [], 0
        for word in value.split(b" "):
            if out and word and length + len(word) > self.random.choice([40, 78, 200]) and out[-1].strip():
                out.append(b"\n" + self.random.choice([b" ", b" ", b"\t"]) + word)
                length = len(word)
            else:
                out.append((b" " if out else b"") + word)
                length += len(word) + 1
        return b"".join(out)

    def unstructured(self):
        random = self.random
        text = some_text(random, 14).replace("=?", "=!").replace("?=", "!=")
        plain = " ".join(random.choices(PLAIN, k=9))
        return random.choices([
            lambda: self.folded(self.raw(text)), lambda: self.words(text), lambda: self.folded(plain.encode()),
            # What some programs send: a line end behind the colon, octets in an encoded word, one word as long as the line, lines that must be folded.
            lambda: b"\n " + self.words(text), lambda: (b"=?iso-8859-1?q?" if self.is_latin else b"=?utf-8?q?") + self.raw("Grüße_") + b"=3D?= " + plain.encode(), lambda: self.raw("übung" * random.choice([20, 190])),
            lambda: b"y" * random.choice([75, 200, 900]), lambda: " ".join(random.choices(PLAIN, k=300)).encode(), lambda: self.raw(" ".join(random.choices(WORDS, k=300)).replace("=?", "").replace("?=", ""))],
            [6, 6, 6, 2, 1, 1, 1, 1, 1])[0]()

    def mailbox(self, address):
        address = self.shown(address)
        random, name = self.random, some_text(self.random, 3).replace("=?", "=!").replace("?=", "!=")
        quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        plain = " ".join(random.choices(PLAIN, k=random.randint(1, 3)))
        return random.choice([lambda: address.encode(), lambda: f"<{address}>".encode(), lambda: f"{plain} <{address}>".encode(), lambda: self.raw(quoted) + f" <{address}>".encode(),
                              lambda: self.words(name) + f" <{address}>".encode(), lambda: self.words(name) + f"\n <{address}>".encode(), lambda: f"{address} ({plain})".encode(),
                              lambda: f'"{plain}, {plain}" <{address}>'.encode()])()

    def mailboxes(self, count):
        out, random = [], self.random
        for _ in range(count):
            out.append(self.mailbox(self.address()))
        if count > 1 and random.random() < 0.1:
            return b"Team: " + b", ".join(out) + b";"
        if count > 40:
            return b",".join(out)
        return random.choice([b", ", b", ", b",", b",\n ", b",\n\t", b" ,\n   "]).join(out)

    def fields(self):
        random = self.random
        fields = [("From", self.mailbox("author@example.com")), ("To", self.mailboxes(random.choice([1, 1, 1, 2, 2, 2, 3, 3, 12, 60]))), ("Subject", self.unstructured()),
                  ("Date", email.utils.formatdate(random.randrange(2 ** 31)).encode()), ("Message-ID", f"<{self.number}.{random.getrandbits(40):x}@example.com>".encode())]
        if random.random() < 0.4:
            fields.append((random.choice(["Cc", "CC"]), self.mailboxes(random.randint(1, 4))))
        if random.random() < 0.3:
            before = len(self.rcpts)
            fields.append(("Bcc", self.mailboxes(random.randint(1, 3))))
            self.bcc = self.rcpts[before:]
        for name, value in [("Reply-To", self.mailbox), ("Sender", self.mailbox)]:
            if random.random() < 0.15:
                fields.append((name, value("other@example.com")))
        for name in ("X-Custom", "Comments", "x-lower", "Organization", "List-Id"):
            if random.random() < 0.15:
                fields.append((name, self.unstructured()))
        if random.random() < 0.15:
            fields.append(("References", b"\n ".join(f"<{i}.{random.getrandbits(60):x}@example.com>".encode() for i in range(random.randint(1, 20)))))
        if random.random() < 0.05:
            fields.append(("X-Empty", b""))
        return fields

    # ---- parts ----
    def parameter(self, name, text):
        random = self.random
        quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        extended = urllib.parse.quote(text, safe="")
        if text.isascii():
            return f"; {name}={quoted}".encode()

        def continued():
            pieces = [urllib.parse.quote(text[i:i + 10], safe="") for i in range(0, len(text), 10)]
            return b"".join(f";\n {name}*{i}*={'utf-8' + chr(39) * 2 if not i else ''}{piece}".encode() for i, piece in enumerate(pieces))

        def words():
            # What many programs write, although RFC 2047 forbids it.
            return f"; {name}=\"".encode() + b"=?utf-8?B?" + base64.b64encode(text[:10].encode()) + b'?="' if len(text) <= 10 else continued()
        return random.choice([lambda: f"; {name}*=utf-8''{extended}".encode() if len(extended) < 600 else continued(), continued, words,
                              lambda: random.choice([b"; ", b";\n ", b";\n\t"]) + name.encode() + b"=" + self.raw(quoted)])()

    def leaf_text(self):
        # A header without a character set has that of the text, where it is no UTF-8.
        random, charset = self.random, self.random.choice(["utf-8", "iso-8859-1", "us-ascii"] if self.is_latin else CHARSETS)
        kind = random.choice(["plain", "plain", "html", "csv", "x-log"])
        text = lines(random, charset).encode(charset)
        if random.random() < 0.03:
            text += b"long " * 400 + b"\n"
        if random.random() < 0.02:
            return self.leaf("text/plain", b"; charset=utf-16", ("\ufeff" + some_text(random)).encode("utf-16-le"), "base64")
        encodings = ["base64", "quoted-printable"] + (["7bit", None] if text.isascii() else ["8bit", "8bit"])
        return self.leaf(f"text/{kind}", b"; charset=" + random.choice([charset.encode(), f'"{charset}"'.encode()]), text, random.choice(encodings))

    def leaf(self, kind, parameters, content, encoding):
        random = self.random
        header = [("Content-Type", kind.encode() + parameters)] if kind != "text/plain" or encoding or random.random() < 0.8 or not content.isascii() else []
        if encoding:
            header.append((random.choice(["Content-Transfer-Encoding", "Content-transfer-encoding"]), (encoding.upper() if random.random() < 0.2 else encoding).encode()))
        if random.random() < 0.1:
            header.append(("Content-ID", f"<{random.getrandbits(40):x}@example.com>".encode()))
        if random.random() < 0.1:
            header.append(("Content-Description", self.unstructured()))
        if encoding == "base64":
            content = content.replace(b"\n", b"\r\n") if kind.startswith("text/") and b"utf-16" not in parameters else content
            content = random.choices([base64.encodebytes, lambda c: base64.b64encode(c) + b"\n", lambda c: b"\n".join(base64.b64encode(c[i:i + 54]) for i in range(0, len(c), 54)) + b"\n\n"], [8, 1, 1])[0](content)
        elif encoding == "quoted-printable":
            content = quoted_printable(content)
            if random.random() < 0.05:
                content = content.replace(b"=\n", b"")        # one long line
            if random.random() < 0.05 and b"iso-8859-1" in parameters:
                content += "rohe Übung\n".encode("iso-8859-1")
        return header, content

    def leaf_file(self):
        random = self.random
        name = (some_text(random, 4).replace("/", "-").replace("=?", "=!").replace("?=", "!=") + random.choice([".pdf", ".txt", ""]))
        header, content = self.leaf(random.choice(["application/octet-stream", "application/pdf", "image/png"]), self.parameter("name", name) if random.random() < 0.4 else b"",
                                    random.randbytes(random.choice([0, 1, 56, 57, 58, 3000])), "base64")
        header.append(("Content-Disposition", random.choice([b"attachment", b"attachment", b"inline"]) + self.parameter("filename", name)))
        return header, content

    def leaf_message(self):
        inner, body = self.part(self.random.choice([0, 1]))
        fields = [("From", self.mailbox("inner@example.com")), ("Subject", self.unstructured()), ("Date", b"Thu, 1 Jan 2015 00:00:00 +0000")] + inner
        return [("Content-Type", b"message/rfc822")], b"".join(name.encode() + b": " + value + b"\n" for name, value in fields) + b"\n" + body

    def part(self, depth):
        random = self.random
        if not depth:
            return random.choices([self.leaf_text, self.leaf_file, self.leaf_message], [8, 3, 0 if self.number % 3 else 1])[0]()
        kind = random.choice(["mixed", "mixed", "alternative", "related", "digest", "report", "parallel"])
        parts = []
        for _ in range(random.choice([1, 2, 2, 3, 5])):
            header, body = self.leaf_message() if kind == "digest" else self.part(random.randrange(depth))
            if kind == "digest" and random.random() < 0.7:
                header = []         # the default type of its parts
            parts.append(b"".join(name.encode() + b": " + value + b"\n" for name, value in header) + b"\n" + body)
        if kind == "parallel" and all(part.isascii() and max(map(len, part.split(b"\n"))) < 990 for part in parts):
            kind = "signed"
        boundary = random.choice([f"b{depth}", f"=_{random.getrandbits(60):x}", f"----=_Part {depth}.{random.getrandbits(30)}", f"b{depth}{random.getrandbits(20)}'()+_,-./:=?"])
        while any(f"--{boundary}".encode() in part for part in parts):
            boundary += "x"
        body = random.choice([b"", b"", b"This is a message with several parts.\n"])
        body += b"".join(b"--" + boundary.encode() + b"\n" + part + b"\n" for part in parts) + f"--{boundary}--".encode() + random.choice([b"\n", b"\n", b"", b"\n\nepilogue\n"])
        return [("Content-Type", f'multipart/{kind};'.encode() + random.choice([b" ", b"\n ", b"\n\t"]) + f'boundary="{boundary}"'.encode())] + [("Content-Transfer-Encoding", b"8bit")] * (random.random() < 0.1 and kind != "signed"), body


def quoted_printable(content):
    out = []
    for line in content.split(b"\n"):
        coded = "".join(chr(c) if 33 <= c <= 126 and c != 61 or c in (9, 32) and i + 1 < len(line) else f"={c:02X}" for i, c in enumerate(line))
        while len(coded) > 76:
            cut = coded.find("=", 73, 75) if "=" in coded[73:75] else 75
            out.append(coded[:cut] + "=")
            coded = coded[cut:]
        out.append(coded)
    return "\n".join(out).encode()


def document(random, number):
    """A JSON document; its recipients begin with r<number>."""
    def person(index):
        address = f"r{number}.{index}@{random.choice(DOMAINS + IDN)}"
        return random.choice([address, {"address": address}, {"name": some_text(random, 3), "address": address}])
    mail = {"from": {"name": some_text(random, 3), "address": "author@example.com"}, "to": [person(i) for i in range(random.choice([1, 1, 2, 9]))], "subject": some_text(random, 20)}
    if random.random() < 0.3:
        mail["cc"] = person(100)
    if random.random() < 0.3:
        mail["bcc"] = [person(200), person(201)]
    if random.random() < 0.2:
        mail["replyTo"] = {"name": some_text(random, 4), "address": "help@example.com"}
    kinds = random.choice([["text"], ["html"], ["text", "html"], ["text"]])
    for kind in kinds:
        mail[kind] = lines(random, "utf-8") + ("long " * 300 + "\n" if random.random() < 0.1 else "") + ("ä" * 1200 + "\n" if random.random() < 0.1 else "") or "x"
    if random.random() < 0.3:
        mail["headers"] = {"X-Custom": some_text(random, 12)}
    mail["attachments"] = []
    for _ in range(random.choice([0, 0, 1, 2, 4])):
        name = some_text(random, 5).replace("/", "-").replace("\\", "-") + random.choice([".pdf", ".txt", ""])
        mail["attachments"].append({"filename": name, "contentType": random.choice(["application/octet-stream", "application/pdf", "text/csv; charset=utf-8"]),
                                    "content": base64.b64encode(random.choice([b"", random.randbytes(2000), lines(random, "utf-8").encode()])).decode()})
    return mail
