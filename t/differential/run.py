"""Submits random messages by every way in, to a relay with all extensions and to one with none, and compares what arrives with what was sent.

usage: run.py N [SEED [FROM]]: N messages of a seed, the first of which is FROM. A difference names the seed and the message; the files lie in build/differential."""
import concurrent.futures
import os
import random
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from differential import messages, views, ways  # noqa: E402
from rig.both import Both  # noqa: E402
from rig.httpd import BUILD  # noqa: E402

MODULE = f"LoadModule smtp_send_body_module {BUILD}/mod_smtp_send_body.so\n<Location /body>\nSetHandler smtp-send-body\nRequire local\n</Location>\n"
FOLDER = os.path.join(BUILD, "differential")
DOMAINS = {"all": "example.com", "none": "plain.example"}
AT_ONCE = 100       # messages between two comparisons


class Case:
    """One message by one way to one relay."""

    def __init__(self, number, mail, way, relay):
        self.number, self.mail, self.way, self.relay = number, mail, way, relay
        self.sender = f"{number}.{way}@{DOMAINS[relay]}"
        self.refusal = self.arrived = None
        self.is_document = isinstance(mail, dict)

    def problems(self):
        if self.refusal:
            return [f"refused: {self.refusal}"]
        if not self.arrived:
            return ["did not arrive"]
        data = self.arrived.data
        found = [] if self.relay == "all" or data.isascii() else ["octets over 127 went to the relay that has no 8BITMIME"]
        if any(len(line) > 998 for line in data.split(b"\r\n")):
            found.append("a line is longer than 998 octets")
        if self.is_document:
            a, b = views.meant(self.mail), views.composed(data)
            rcpts = re.findall(r"[^\s\"']+@[^\s\"']+", " ".join(p if isinstance(p, str) else p["address"] for f in ("to", "cc", "bcc") for p in people(self.mail.get(f))))
            return found + envelope(rcpts, self.arrived.rcpts) + [w for key in a for w in views.differences(a[key], b[key], key)]
        found += envelope(self.mail.rcpts, self.arrived.rcpts)
        found += views.differences(views.view(self.mail.content), views.view(data))
        if self.relay == "all" and not self.mail.is_raw and not self.mail.is_long and not self.mail.bcc:
            want = ways.canonical(self.mail.content)
            # smtplib takes a text that ends with a bare LF for one without end.
            if data != want + (b"" if want.endswith(b"\r\n") else b"\r\n") and not (self.way == "smtp" and data == want + b"\r\n"):
                found.append("the octets are others, although nothing had to be changed")
        return found


def people(value):
    return value if isinstance(value, list) else [value] if value else []


def envelope(a, b):
    return [] if sorted(map(views.ascii_domain, a)) == sorted(map(views.ascii_domain, b)) else [f"recipients: {sorted(a)}\n    became {sorted(b)}"]


def cases(number, seed):
    mail = messages.Mail(random.Random(f"{seed}-{number}"), number)
    document = messages.document(random.Random(f"{seed}-{number}-document"), number)
    choice = random.Random(f"{seed}-{number}-ways")
    for way in ways.MESSAGES + ways.DOCUMENTS:
        what = document if way in ways.DOCUMENTS else mail
        if way == "urlencoded" and document["attachments"]:
            continue
        yield Case(number, what, way, choice.choice(list(DOMAINS)))


def collect(site, batch):
    """What arrived, by sender: until all is there or the queue is empty."""
    waiting = {case.sender: case for case in batch if not case.refusal}

    def take():
        for relay in site.relays.values():
            with relay.changed:
                fresh, relay.seen[:] = list(relay.seen), []
                relay.transcript.clear()
            for message in fresh:
                case = waiting.pop(message.sender, None)
                if case:
                    case.arrived = message

    def settled():
        is_empty = not site.httpd.status()["queue"]["messages"]
        take()
        return is_empty or not waiting
    site.httpd.wait(settled, 60, "an empty queue")


def report(case, seed, problems, log):
    name = f"{seed}-{case.number}-{case.way}-{case.relay}"
    sent = repr(case.mail).encode() if case.is_document else case.mail.content
    for end, content in (("sent", sent), ("arrived", case.arrived.data if case.arrived else b"")):
        with open(os.path.join(FOLDER, f"{name}.{end}"), "wb") as file:
            file.write(content)
    said = "".join(f"\n    {line[:400]}" for line in log.splitlines() if f"r{case.number}." in line and "status=sent" not in line)[:1500] if "did not arrive" in problems else ""
    print(f"seed {seed} message {case.number} by {case.way} to the relay with {case.relay}:\n  " + "\n  ".join(problems) + said, flush=True)


def main(count, seed, first=0):
    os.makedirs(FOLDER, exist_ok=True)
    print(f"differential: {count} messages, SEED={seed}", flush=True)
    wrong = done = 0
    with Both(MODULE, expect=[r"status=(bounced|deferred)"]) as site, concurrent.futures.ThreadPoolExecutor(6) as pool:
        entry = ways.Ways(site)

        def submit(case):
            try:
                case.refusal = getattr(entry, case.way)(case.mail, case.sender)
            except Exception as error:      # of whatever client
                case.refusal = repr(error)
                ways.local.__dict__.clear()
        for start in range(first, first + count, AT_ONCE):
            batch = [case for number in range(start, min(start + AT_ONCE, first + count)) for case in cases(number, seed)]
            list(pool.map(submit, batch))
            collect(site, batch)
            entry.generation += 1
            for case in batch:
                problems = case.problems()
                done += 1
                if problems:
                    wrong += 1
                    report(case, seed, problems, site.httpd.log())
    print(f"differential: {count} messages in {done} submissions, {wrong} differ")
    return wrong


if __name__ == "__main__":
    arguments = [int(word) for word in sys.argv[1:]]
    sys.exit(1 if main(arguments[0], arguments[1] if len(arguments) > 1 else random.SystemRandom().randrange(10 ** 9), *arguments[2:]) else 0)
