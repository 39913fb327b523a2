"""The systems that are compared: a private Postfix as a null client, and a private httpd with the module as the shipped configuration has it."""
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

import tools
from rig.httpd import BUILD, CLI, ROOT, Httpd, free_port

POSTFIX_MAIN = """
# A null client as its documentation describes it; everything else is Postfix's default.
compatibility_level = 3.6
myhostname = bench.example.com
relayhost = [127.0.0.1]:{relay}
mydestination =
inet_interfaces = 127.0.0.1
mynetworks = 127.0.0.0/8
# Its own places, so that the machine's instance is never touched.
queue_directory = {dir}/queue
data_directory = {dir}/data
daemon_directory = {daemons}
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
alias_maps =
syslog_name = postfix-bench
{extra}
"""


class NullClient:
    """extra: lines of main.cf, only where a row says so. master.cf is the distribution's own with another port and without chroot."""

    name = "Postfix"

    def __init__(self, relay_port, extra=""):
        self.dir = tempfile.mkdtemp(prefix="smtp-send-bench-postfix.")
        os.chmod(self.dir, 0o755)
        self.port = free_port()
        self.conf = os.path.join(self.dir, "conf")
        daemons = next(p for p in ("/usr/lib/postfix/sbin", "/usr/libexec/postfix") if os.path.isdir(p))
        for name in ("conf", "queue", "data"):
            os.mkdir(os.path.join(self.dir, name))
        os.chown(os.path.join(self.dir, "data"), pwd.getpwnam("postfix").pw_uid, -1)
        self.write("main.cf", POSTFIX_MAIN.format(relay=relay_port, dir=self.dir, daemons=daemons, extra=extra))
        self.write("master.cf", self.master())
        self.postfix("start")
        with open(os.path.join(self.dir, "queue", "pid", "master.pid")) as file:
            self.pid = int(file.read())
        self.greet()

    def master(self):
        """The services of the distribution's file, on our port."""
        with open(next(p for p in ("/etc/postfix/master.cf.proto", "/usr/share/postfix/master.cf.dist") if os.path.exists(p))) as file:
            lines = [line for line in file if line.strip() and not line.startswith("#")]
        kept, is_kept = [], False
        for line in lines:
            if not line[0].isspace():
                fields = line.split()
                is_kept = fields[1] != "inet" or fields[0] == "smtp"
                fields[4] = "n"
                fields[0] = f"127.0.0.1:{self.port}" if fields[1] == "inet" else fields[0]
                is_kept = is_kept and fields[7] != "pipe"
                line = " ".join(fields) + "\n"
            if is_kept:
                kept.append(line)
        return "".join(kept)

    def write(self, name, text):
        with open(os.path.join(self.conf, name), "w") as file:
            file.write(text)

    def postfix(self, verb, check=True):
        done = subprocess.run(["postfix", "-c", self.conf, verb], capture_output=True, text=True, timeout=60)
        if check and done.returncode:
            raise RuntimeError(f"postfix {verb}: {done.stdout}{done.stderr}")

    def greet(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as s:
                    if s.recv(4).startswith(b"220"):
                        return
            except OSError:
                pass
            tools.pause(0.05)
        raise RuntimeError("the private Postfix does not answer")

    def cpu(self):
        return tools.cpu(self.pid)

    def sendmail(self):
        """Command and environment of its sendmail."""
        return ["/usr/sbin/sendmail", "-C", self.conf, "-t", "-i", "-f", "bench@sender.example"], dict(os.environ, MAIL_CONFIG=self.conf)

    def close(self):
        pids = tools.tree(self.pid)
        self.postfix("stop", check=False)
        tools.bury(pids)
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


# What distributions' httpd.conf say of the file system: no .htaccess is looked for.
FILES = """
<Directory "/">
  Options FollowSymLinks
  AllowOverride None
  Require all denied
</Directory>
"""


class Module:
    """config: directives besides SMTPSendEngine and SMTPSendHost, only where a row says so. httpd itself runs with its defaults and its event MPM."""

    name = "mod_smtp_send"

    def __init__(self, relay, config="", engine="On", handlers=None, queue=None, host="127.0.0.1", env=None):
        hosts = relay if isinstance(relay, str) else f"{host}:{relay}"
        text = f"{FILES}SMTPSendEngine {engine}\nSMTPSendHost {hosts}\n{config}\n"
        more = {"handlers": handlers} if handlers is not None else {}
        self.httpd = Httpd(text, level="warn", queue=queue, env=env, **more)
        self.dir, self.port = self.httpd.dir, self.httpd.port
        try:
            self.httpd.start()
            self.httpd.wait(lambda: self.httpd.status(check=False), 20, "the delivery daemon")
        except BaseException:
            self.close()
            raise
        self.pid = self.httpd.process.pid

    def cpu(self):
        return tools.cpu(self.pid)

    def daemon(self):
        return self.httpd.status()["pid"]

    def children(self):
        daemon = self.daemon()
        return [pid for pid in tools.tree(self.pid) if pid not in (self.pid, daemon)]

    def sendmail(self):
        return [CLI, "sendmail", "-t", "-i", "-f", "bench@sender.example"], dict(os.environ, SMTP_SEND_SOCKET=self.httpd.socket)

    def close(self):
        # The daemon outlives httpd for a moment and then belongs to this process (tools.adopt).
        pids = tools.tree(self.httpd.process.pid)[1:] if self.httpd.process else []
        self.httpd.stop()
        tools.bury(pids, 15)
        self.httpd.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


EMPTY = """
LoadModule bench_empty_module {build}/bench-empty.so
<Location "/empty">
  SetHandler bench-empty
  Require local
</Location>
"""


def empty_handler():
    return EMPTY.format(build=BUILD)


def versions():
    """What is compared, by name and version."""
    postfix = subprocess.run(["postconf", "-h", "mail_version"], capture_output=True, text=True).stdout.strip()
    httpd = subprocess.run(["apxs", "-q", "HTTPD_VERSION"], capture_output=True, text=True).stdout.strip()
    return f"Postfix {postfix}, httpd {httpd} (event)"


def module_version():
    with open(os.path.join(ROOT, "Makefile")) as file:
        return next(line.split(":=")[1].strip() for line in file if line.startswith("VERSION"))
