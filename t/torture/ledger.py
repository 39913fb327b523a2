"""A ledger of what was accepted and what arrived: submitters that write a number into each message and remember which got a 202, and a sink that counts arrivals
by number. What was accepted and never arrived is lost; what arrived twice is a duplicate."""
import http.client
import re
import threading

from rig.relay import Relay

UNCOUNTED = 99999999    # the number of messages outside the ledger
NUMBER = re.compile(rb"\r?\nX-Ledger: (\d+)\r\n", re.I)


class Sink(Relay):
    """Counts, and keeps nothing else."""

    def __init__(self, **kwargs):
        self.arrived = {}
        self.duplicates = 0
        super().__init__(extensions=("PIPELINING", "CHUNKING", "8BITMIME", "ENHANCEDSTATUSCODES", "SIZE 52428800"), keep=False, **kwargs)

    def note(self, number, who, text):
        pass

    def take(self, message):
        found = NUMBER.search(b"\r\n" + message.headers + b"\r\n")
        assert found, message.headers
        with self.changed:
            number = int(found.group(1))
            self.duplicates += number in self.arrived and number != UNCOUNTED
            self.arrived[number] = self.arrived.get(number, 0) + 1
            self.changed.notify_all()


class Load:
    """Threads that submit one message after the other until they are stopped. keeps: connections stay open
    between requests; an httpd that restarts closes idle ones, and whoever writes at that moment cannot know. What is not answered by 202 is not accepted: its number is given up."""

    def __init__(self, port, threads=4, pause=0.002, keeps=True):
        self.port, self.pause, self.keeps = port, pause, keeps
        self.lock = threading.Lock()
        self.next = 0
        self.accepted, self.refused, self.broken = set(), {}, 0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a submission hangs"

    def again(self):
        """The same load, going on after it was stopped."""
        other = Load(self.port, len(self.threads), self.pause, self.keeps)
        other.next, other.accepted, other.refused, other.broken = self.next, self.accepted, self.refused, self.broken
        return other.start()

    def number(self):
        with self.lock:
            self.next += 1
            return self.next

    def _run(self):
        connection = None
        while not self.stopping.is_set():
            number = self.number()
            try:
                if not connection:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=50)
                connection.request("POST", "/mail?from=app%40example.com&to=x%40example.net", f"Subject: {number}\r\nX-Ledger: {number}\r\n\r\n{'x' * 200}\r\n",
                                   {"Content-Type": "message/rfc822", "Connection": "keep-alive" if self.keeps else "close"})
                answer = connection.getresponse()
                answer.read()
                with self.lock:
                    if answer.status == 202:
                        self.accepted.add(number)
                    else:
                        self.refused[answer.status] = self.refused.get(answer.status, 0) + 1
                if not self.keeps or answer.getheader("Connection", "").lower() == "close":
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException):
                with self.lock:
                    self.broken += 1
                if connection:
                    connection.close()
                connection = None
                self.stopping.wait(0.01)
            self.stopping.wait(self.pause)


def settle(load, sink, timeout=120):
    """Waits until all that was accepted has arrived; returns the figures."""
    try:
        sink.wait(lambda: all(n in sink.arrived for n in load.accepted), timeout)
    except AssertionError:
        pass
    lost = sorted(n for n in load.accepted if n not in sink.arrived)
    return {"accepted": len(load.accepted), "arrived": len(sink.arrived), "lost": len(lost), "duplicates": sink.duplicates, "refused": load.refused,
            "broken": load.broken, "which": lost[:10]}
