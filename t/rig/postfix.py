"""A private Postfix as a relay: its own configuration, queue and mailboxes in a folder, on a free port; what it takes lies in Maildirs.
With postscreen in front if asked for."""
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile

from rig.httpd import free_port, select_pause

MAIN = """
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = example.net
virtual_mailbox_base = {dir}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_mailbox_limit = 0
message_size_limit = 52428800
maillog_file = {dir}/log
maillog_file_prefixes = {dir}
maillog_file_permissions = 0644
smtputf8_enable = yes
{extra}
"""

DIRECT = "127.0.0.1:{port} inet n - n - 100 smtpd"
SCREENED = """127.0.0.1:{port} inet n - n - 1 postscreen
smtpd pass - - n - 100 smtpd
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy"""
MASTER = """
{listener}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """extra: lines of main.cf; screened: postscreen looks at the clients first. Needs root, as Postfix does."""

    def __init__(self, extra="", screened=False):
        self.dir = tempfile.mkdtemp(prefix="smtp-send-postfix.")
        os.chmod(self.dir, 0o755)
        self.host, self.port = "127.0.0.1", free_port()
        self.mail = os.path.join(self.dir, "mail")
        account = pwd.getpwnam("nobody")
        daemons = next(p for p in ("/usr/lib/postfix/sbin", "/usr/libexec/postfix") if os.path.isdir(p))
        for name in ("conf", "queue", "data", "mail"):
            os.mkdir(os.path.join(self.dir, name))
        os.chown(os.path.join(self.dir, "data"), pwd.getpwnam("postfix").pw_uid, -1)
        os.chown(self.mail, account.pw_uid, account.pw_gid)
        with open(os.path.join(self.dir, "conf", "main.cf"), "w") as file:
            file.write(MAIN.format(dir=self.dir, daemons=daemons, uid=account.pw_uid, gid=account.pw_gid, extra=extra))
        with open(os.path.join(self.dir, "conf", "master.cf"), "w") as file:
            file.write(MASTER.format(listener=(SCREENED if screened else DIRECT).format(port=self.port)))
        self._postfix("start")
        self.wait(self.answers, 30, "Postfix to answer")

    def _postfix(self, verb, check=True):
        done = subprocess.run(["postfix", "-c", os.path.join(self.dir, "conf"), verb], capture_output=True, text=True, timeout=60)
        assert not check or done.returncode == 0, (done.stdout, done.stderr, self.log())

    def set(self, lines):
        """Lines of main.cf that replace those before them."""
        with open(os.path.join(self.dir, "conf", "main.cf"), "a") as file:
            file.write(lines + "\n")
        self._postfix("reload")

    def answers(self):
        try:
            with socket.create_connection((self.host, self.port), 1) as s:
                return s.recv(4).startswith((b"220", b"521"))
        except OSError:
            return False

    def wait(self, condition, timeout, what):
        pause, waited = 0.005, 0.0
        while waited < timeout:
            value = condition()
            if value:
                return value
            select_pause(pause)
            waited += pause
            pause = min(pause * 1.5, 0.2)
        raise AssertionError(f"waited {timeout} s for {what}\n{self.log()[-4000:]}")

    def log(self):
        try:
            with open(os.path.join(self.dir, "log"), errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def files(self):
        return glob.glob(os.path.join(self.mail, "all", "new", "*"))

    def contents(self):
        found = []
        for path in self.files():
            with open(path, "rb") as file:
                found.append(file.read())
        return found

    def wait_for(self, count, timeout=60):
        self.wait(lambda: len(self.files()) >= count, timeout, f"{count} messages")
        return self.contents()

    def close(self):
        self._postfix("stop", check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
