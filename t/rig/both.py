"""One httpd with every way in, before two relays: one with all extensions, one with none. The sender's domain says which relay carries the mail."""
import os

from rig.httpd import CLI, Httpd, free_port
from rig.relay import Relay

EVERYTHING = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "CHUNKING", "BINARYMIME", "SIZE 52428800")
SENDERS = {"all": "app@example.com", "none": "app@plain.example"}


class Both:
    """relays: {"all", "none"}; smtp: port of the listener; sendmail: the program under the name by which clients know it; env: what they need to find the daemon."""

    def __init__(self, config="", expect=()):
        self.relays = {"all": Relay(extensions=EVERYTHING), "none": Relay(extensions=())}
        self.smtp = free_port()
        plain = self.relays["none"]
        self.httpd = Httpd(f"SMTPSendListen 127.0.0.1:{self.smtp}\nSMTPSendRelayFor *@plain.example plain\n{config}\n"
                           f"<VirtualHost 127.0.0.1:9>\nServerName plain.example\nSMTPSendRelayName plain\nSMTPSendHost {plain.host}:{plain.port}\n</VirtualHost>\n", self.relays["all"])
        self.httpd.expect(*expect)
        self.sendmail = os.path.join(self.httpd.dir, "sendmail")
        os.symlink(CLI, self.sendmail)
        self.env = {**os.environ, "SMTP_SEND_SOCKET": self.httpd.socket, "PATH": f"{self.httpd.dir}:{os.environ['PATH']}", "HOME": self.httpd.dir}

    def __enter__(self):
        self.httpd.start()
        self.httpd.wait_log("SMTPSend-212")      # httpd answers a moment before its daemon does
        return self

    def __exit__(self, kind, *rest):
        unexpected = self.httpd.unexpected()
        self.httpd.__exit__(kind, *rest)
        for relay in self.relays.values():
            relay.close()
        assert kind or not unexpected, "log lines that were not announced:\n" + "\n".join(unexpected)
