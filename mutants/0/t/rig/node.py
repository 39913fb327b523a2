"""nodemailer's smtp-server, of npm, as a relay: a process of its own. The surface is that of rig.relay: host, port, messages, wait_for, close."""
import base64
import json
import os
import subprocess
import threading

from rig.httpd import BUILD, ROOT


class NodeServer:
    """tls: None, "immediate" or "starttls" with cert (certfile, keyfile); auth: {user: password}; methods: what it offers; refuses: {address: reply}; size: limit in bytes."""

    def __init__(self, tls=None, cert=None, auth=None, methods=None, refuses=None, size=33554432):
        how = dict(tls=tls, cert=cert, auth=auth, methods=methods, refuses=refuses or {}, size=size)
        self.messages, self.logins = [], []
        self.changed = threading.Condition()
        self.process = subprocess.Popen(["node", os.path.join(ROOT, "t", "interop", "smtp_server.js"), json.dumps(how)], stdout=subprocess.PIPE,
                                        env={**os.environ, "NODE_PATH": os.path.join(BUILD, "node", "node_modules")})
        first = self.process.stdout.readline()
        assert first, f"smtp-server ended with {self.process.wait(10)}"
        self.host, self.port = "127.0.0.1", json.loads(first)["port"]
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            said = json.loads(line)
            with self.changed:
                if "login" in said:
                    self.logins.append((said["login"], said["right"]))
                else:
                    self.messages.append((said["sender"], said["rcpts"], base64.b64decode(said["data"])))
                self.changed.notify_all()

    def wait_for(self, count, timeout=60):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.messages) >= count, timeout), f"{len(self.messages)} of {count} messages"
            return list(self.messages)

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.thread.join(10)
        self.process.stdout.close()
