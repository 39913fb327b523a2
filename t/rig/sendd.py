"""smtp-sendd without httpd: a file of directives in a folder of its own, ended by its own pid."""
import os
import pwd
import shutil
import signal
import subprocess
import tempfile

from rig.httpd import BUILD, Httpd

PROGRAM = os.path.join(BUILD, "smtp-sendd")


class Sendd:
    """config: directives besides the rig's own. As a daemon of root's it becomes www-data, as in httpd."""

    def __init__(self, config="", relay=None):
        self.dir = tempfile.mkdtemp(prefix="smtp-sendd-rig.")
        self.process, self.env = None, dict(os.environ)
        os.mkdir(f"{self.dir}/state")
        os.chmod(self.dir, 0o755)
        user = ""
        if os.geteuid() == 0:
            account = pwd.getpwnam("www-data")
            os.chown(f"{self.dir}/state", account.pw_uid, account.pw_gid)
            user = "User www-data\nGroup www-data\n"
        self.path, self.socket, self.queue = f"{self.dir}/smtp-sendd.conf", f"{self.dir}/smtp_send.sock", f"{self.dir}/state/queue.db"
        self.head = f'ServerRoot "{self.dir}"\nServerName rig.example.com\n{user}SMTPSendSocket smtp_send.sock\nSMTPSendQueue sqlite3 state/queue.db\n'
        self.write(config, relay)

    def write(self, config="", relay=None):
        with open(self.path, "w") as file:
            file.write(self.head + (f"SMTPSendEngine On\nSMTPSendHost {relay.host}:{relay.port}\n" if relay else "") + config)

    def check(self):
        return subprocess.run([PROGRAM, "--config", self.path, "--check"], capture_output=True, text=True, timeout=30)

    def start(self, env=None):
        with open(f"{self.dir}/error.log", "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "--config", self.path], stderr=log, stdout=log, env={**self.env, **(env or {})})
        return self

    def stop(self, number=signal.SIGTERM):
        """Its exit code."""
        self.process.send_signal(number)
        return self.process.wait(25)

    def log(self):
        with open(f"{self.dir}/error.log", errors="replace") as file:
            return file.read()

    def cli(self, *args, **kwargs):
        return Httpd.cli(self, *args, **kwargs)

    def wait(self, condition, timeout=20, what="it"):
        return Httpd.wait(self, condition, timeout, what)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(5)
        shutil.rmtree(self.dir, ignore_errors=True)
