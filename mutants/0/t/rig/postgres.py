"""A private PostgreSQL: its own folder, a free port on loopback, its own process, ended by its pid."""
import os
import pwd
import shutil
import subprocess
import tempfile

from rig.httpd import free_port

VERSIONS = "/usr/lib/postgresql"


class Database:
    """One database of the server. port: the server's, or that of a proxy before it."""

    def __init__(self, server, name, port=None):
        self.server, self.name, self.port = server, name, port or server.port

    @property
    def directive(self):
        return f'SMTPSendQueue pgsql "host=127.0.0.1 port={self.port} user=smtp_send dbname={self.name}"'

    def sql(self, text):
        return self.server.sql(text, database=self.name)


class Postgres:
    """settings: lines for postgresql.conf. The superuser is called smtp_send and needs no password from loopback."""

    def __init__(self, settings=()):
        self.dir = tempfile.mkdtemp(prefix="smtp-send-postgres.")
        self.port, self.data = free_port(), os.path.join(self.dir, "data")
        # The server refuses to run as root.
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self.user:
            os.chown(self.dir, self.user.pw_uid, self.user.pw_gid)
        os.chmod(self.dir, 0o755)
        self.bin = os.path.join(VERSIONS, sorted(os.listdir(VERSIONS), key=float)[-1], "bin")
        self.pid, self.made = None, 0
        self.run("initdb", "-D", self.data, "-A", "trust", "-U", "smtp_send", "-E", "UTF8", "--locale", "C", "--no-instructions")
        with open(os.path.join(self.data, "postgresql.conf"), "a") as file:
            file.write("\n".join(settings) + "\n")
        self.start()

    def run(self, command, *args, check=True, text=None):
        as_user = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        done = subprocess.run([os.path.join(self.bin, command), *args], cwd=self.dir, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, **as_user)
        if check and done.returncode:
            raise RuntimeError(f"{command}: {done.stderr}")
        return done.stdout

    def start(self):
        # pg_ctl's own output would keep our pipe open: the server inherits it.
        as_user = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        subprocess.run([os.path.join(self.bin, "pg_ctl"), "-D", self.data, "-w", "-t", "60", "-l", os.path.join(self.dir, "log"), "-o",
                        f"-p {self.port} -k {self.dir} -c listen_addresses=127.0.0.1", "start"],
                       cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=90, **as_user)
        with open(os.path.join(self.data, "postmaster.pid")) as file:
            self.pid = int(file.readline())

    def kill(self):
        """As a machine that loses its power: nothing is said to anybody."""
        self.stop("immediate")

    def stop(self, mode="fast"):
        if self.pid:
            self.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop", check=False)
        self.pid = None

    def database(self, how=""):
        """A new one. how: what stands behind CREATE DATABASE."""
        self.made += 1
        self.sql(f"CREATE DATABASE queue{self.made} {how}")
        return Database(self, f"queue{self.made}")

    def sql(self, text, database="postgres"):
        """Rows as lists of texts."""
        out = self.run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "smtp_send", "-d", database, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-", text=text)
        return [line.split("|") for line in out.splitlines()]

    def close(self):
        self.stop("immediate")
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
