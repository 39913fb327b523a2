"""A private httpd: its own folder, a free port, the module from build/. Waits are for events with a deadline; it is ended by its own pid."""
import contextlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("SMTP_SEND_BUILD", os.path.join(ROOT, "build"))
CLI = os.path.join(BUILD, "smtp-send")
HTTPD = next((p for p in ("/usr/sbin/apache2", "/usr/sbin/httpd") if os.path.exists(p)), "httpd")


def query(what):
    return subprocess.run(["apxs", "-q", what], check=True, capture_output=True, text=True).stdout.strip()


MODULES = query("LIBEXECDIR")
STATE = "/var/lib/apache2"      # src/config/config_build.c

BASE = """
ServerRoot "{dir}"
ServerName rig.example.com
Listen 127.0.0.1:{port}
PidFile "{dir}/httpd.pid"
DefaultRuntimeDir "{dir}/run"
Mutex file:{dir}/run
ErrorLog "{dir}/error.log"
LogLevel warn smtp_send:{level}
{user}
LoadModule mpm_{mpm}_module {modules}/mod_mpm_{mpm}.so
{builtin}
LoadModule smtp_send_module {build}/mod_smtp_send.so
DocumentRoot "{dir}/htdocs"
GracefulShutdownTimeout 5
{mpm_settings}
SMTPSendSocket "{dir}/run/smtp_send.sock"
"""

HANDLERS = """
<Location "/mail">
  SetHandler smtp-send
  Require local
</Location>
<Location "/mail-test">
  SetHandler smtp-send-test
  Require local
</Location>
<Location "/mail-status">
  SetHandler smtp-send-status
  Require local
</Location>
"""

ANNOUNCED = [r"AH00\d+:.*(resuming normal operations|Command line|configured -- |caught SIG|Graceful restart|SIGUSR1|seems busy|did not exit)",
             r"AH00558", r"AH00489",
             # A connection that ends in the moment in which httpd is stopped: its pollset is closed already.
             r"AH03092.*Bad file descriptor|Bad file descriptor.*AH03092", r"AH00491|AH00492|AH00493|AH00494|AH00052|AH02818|AH03490|AH00046|AH00045", r"AH10159"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.text[:500]}>"


class Httpd:
    """config: directives besides the rig's own; by default an engine that is On with the relay's port. expected: patterns of log lines that may be there."""

    def __init__(self, config="", relay=None, handlers=HANDLERS, level="info", mpm="event", queue=None, mpm_settings="StartServers 1\nMinSpareThreads 4\nMaxSpareThreads 96\nThreadsPerChild 32\nMaxRequestWorkers 128", env=None):
        self.dir = tempfile.mkdtemp(prefix="smtp-send-rig.")
        self.port = free_port()
        self.level, self.mpm, self.handlers, self.mpm_settings = level, mpm, handlers, mpm_settings
        self.queue = queue or os.path.join(self.dir, "state", "queue.db")
        self.expected = list(ANNOUNCED)
        self.process = None
        self.prefix = []
        self.env = dict(os.environ, **(env or {}))
        self.log_from = 0
        for name in ("run", "state", "htdocs"):
            os.mkdir(os.path.join(self.dir, name))
        self.user = "www-data" if os.geteuid() == 0 else None
        if self.user:
            os.chmod(self.dir, 0o755)
            account = pwd.getpwnam(self.user)
            os.chown(os.path.join(self.dir, "state"), account.pw_uid, account.pw_gid)
        self.relay = relay
        self.write(config)

    def write(self, config="", relay=None):
        relay = relay or self.relay
        builtin = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in
                            ("authn_core", "authz_core", "authz_host", "authz_user", "authn_file", "auth_basic", "unixd", "env", "setenvif", "status", "alias", "dir")
                            if os.path.exists(f"{MODULES}/mod_{name}.so"))
        text = BASE.format(dir=self.dir, port=self.port, level=self.level, mpm=self.mpm, modules=MODULES, build=BUILD, builtin=builtin,
                           user=f"User {self.user}\nGroup {self.user}" if self.user else "", mpm_settings=self.mpm_settings)
        text += f'SMTPSendQueue sqlite3 "{self.queue}"\n' if "SMTPSendQueue " not in config else ""
        if relay and "SMTPSendEngine" not in config:
            text += f"SMTPSendEngine On\nSMTPSendHost {relay.host}:{relay.port}\n"
        with open(self.conf, "w") as file:
            file.write(text + config + "\n" + self.handlers)

    @property
    def conf(self):
        return os.path.join(self.dir, "httpd.conf")

    @property
    def node_file(self):
        """Where a node of a shared queue keeps its name: outside our folder, since httpd 2.4 has one state folder a machine."""
        return STATE + "/smtp_send/node" + self.socket.replace("/", "-")

    @property
    def socket(self):
        return os.path.join(self.dir, "run", "smtp_send.sock")

    def configtest(self):
        return subprocess.run([HTTPD, "-t", "-d", self.dir, "-f", self.conf], capture_output=True, text=True, env=self.env, timeout=30)

    def with_hosts(self, lines):
        """It finds these lines in /etc/hosts, and nobody else does. Needs root (unshare)."""
        path = os.path.join(self.dir, "hosts")
        with open(path, "w") as file:
            file.write("127.0.0.1 localhost\n" + lines)
        os.chmod(path, 0o644)
        self.prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', path]
        return self

    def with_syslog(self):
        """It finds a /dev of its own, whose log is the socket that this returns. Needs root (unshare)."""
        path = os.path.join(self.dir, "dev")
        os.mkdir(path)
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        log.bind(os.path.join(path, "log"))
        os.chmod(os.path.join(path, "log"), 0o666)
        log.settimeout(20)
        self.prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c", """
for name in null zero random urandom; do touch "$0/$name" && mount --bind "/dev/$name" "$0/$name" || exit; done
mkdir "$0/shm" && ln -s /proc/self/fd "$0/fd" && mount --bind /dev/shm "$0/shm" && mount --rbind "$0" /dev && exec "$@" """, path]
        return log

    def start(self, wait=True):
        self.stderr = open(os.path.join(self.dir, "stderr"), "ab")
        self.process = subprocess.Popen([*self.prefix, HTTPD, "-DFOREGROUND", "-d", self.dir, "-f", self.conf], stderr=self.stderr, stdout=self.stderr, env=self.env,
                                        start_new_session=True)
        if wait:
            self.wait(self.answers, 20, "httpd to answer")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"httpd ended with {self.process.returncode}:\n{self.read_file('stderr')}\n{self.log()}")
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False

    def wait(self, condition, timeout=20, what="it"):
        """Polls a condition of another process: the only kind of event that cannot be waited for otherwise."""
        deadline = time.monotonic() + timeout
        pause = 0.002
        while time.monotonic() < deadline:
            value = condition()
            if value:
                return value
            select_pause(pause)
            pause = min(pause * 1.5, 0.1)
        raise AssertionError(f"waited {timeout} s for {what}\n--- error log\n{self.log()[-6000:]}")

    def wait_log(self, pattern, timeout=20):
        return self.wait(lambda: re.search(pattern, self.log()), timeout, f"log line {pattern!r}")

    def read_file(self, name):
        try:
            with open(os.path.join(self.dir, name), errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def log(self):
        return self.read_file("error.log")

    def expect(self, *patterns):
        """Announces warnings and errors that the test provokes."""
        self.expected += patterns

    def unexpected(self):
        lines = []
        for line in self.log().splitlines():
            if not re.search(r"\[(?:[\w_]+:)?(warn|error|crit|alert|emerg)\]", line):
                continue
            if not any(re.search(pattern, line) for pattern in self.expected):
                lines.append(line)
        return lines

    def graceful(self):
        self.process.send_signal(signal.SIGUSR1)

    def graceful_wait(self, timeout=20):
        """A graceful restart that is over when the new daemon answers."""
        before = self.status()["generation"]
        self.graceful()
        self.wait(lambda: self.status(check=False).get("generation", 0) > before, timeout, "the new generation's daemon")

    def stop(self, timeout=25):
        if not self.process or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)

    def close(self):
        daemon = None
        if self.process and self.process.poll() is None:
            daemon = self.status(check=False).get("pid")
        self.stop()
        if daemon:
            self.wait(lambda: not is_running(daemon), 20, "the daemon to leave")
        if self.process:
            self.stderr.close()
        for end in ("", ".lock"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.node_file + end)
        shutil.rmtree(self.dir, ignore_errors=True)

    # ---- as a client ----
    def request(self, method, path, body=None, headers=None, timeout=60):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def get(self, path, headers=None, **kwargs):
        return self.request("GET", path, headers=headers, **kwargs)

    def send(self, text=b"Subject: test\r\n\r\nhello\r\n", sender="app@example.com", to=("bob@example.net",), extra="", headers=None):
        """Submits message/rfc822."""
        query = "&".join([f"from={quote(sender)}"] + [f"to={quote(t)}" for t in to]) + extra
        return self.request("POST", f"/mail?{query}", text, {"Content-Type": "message/rfc822", **(headers or {})})

    def send_json(self, document, headers=None):
        return self.request("POST", "/mail", json.dumps(document).encode(), {"Content-Type": "application/json", **(headers or {})})

    def message(self, ident, wait=None, path="/mail"):
        """path: /mail-status/message for what was not submitted through /mail."""
        answer = self.get(f"{path}/{ident}" + (f"?wait={wait}" if wait else ""))
        assert answer.status == 200, answer
        return answer.json

    def wait_state(self, ident, state, timeout=20, path="/mail"):
        def look():
            document = self.message(ident, path=path)
            return document if document["state"] == state else None
        return self.wait(look, timeout, f"message {ident} to be {state}")

    def status(self, check=True):
        try:
            answer = self.get("/mail-status", {"Accept": "application/json"}, timeout=20)
        except OSError:
            if check:
                raise
            return {}
        if answer.status != 200:
            assert not check, answer
            return {}
        return answer.json

    def cli(self, *args, input=None, check=None, env=None):
        result = subprocess.run([CLI, *args], capture_output=True, input=input, timeout=60, env={**self.env, "SMTP_SEND_SOCKET": self.socket, **(env or {})})
        if check is not None:
            assert result.returncode == check, (result.returncode, result.stdout, result.stderr)
        return result

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            print(f"--- error log\n{self.log()[-8000:]}\n--- stderr\n{self.read_file('stderr')[-2000:]}")
        self.close()


def is_running(pid):
    """Whether a process runs; one that ended and that nobody has asked for yet does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def quote(text):
    return urllib.request.quote(text, safe="")


def select_pause(seconds):
    import select
    select.select([], [], [], seconds)
