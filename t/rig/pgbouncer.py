"""PgBouncer in front of a private PostgreSQL: its own folder, a free port on loopback, its own process, ended by its pid."""
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

from rig.httpd import free_port, select_pause
from rig.postgres import Database


class PgBouncer:
    """mode: pool_mode; size: how many connections to the server a pool has."""

    def __init__(self, server, mode, size=20):
        self.port, self.process = free_port(), None
        self.dir = tempfile.mkdtemp(prefix="smtp-send-pgbouncer.")
        self.config = os.path.join(self.dir, "pgbouncer.ini")
        self.server, self.size = server, size
        # It refuses to run as root.
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self.user:
            os.chown(self.dir, self.user.pw_uid, self.user.pw_gid)
        self.start(mode)

    def start(self, mode):
        with open(self.config, "w") as file:
            file.write(f"[databases]\n* = host=127.0.0.1 port={self.server.port} user=smtp_send\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\n"
                       f"unix_socket_dir =\nauth_type = any\npool_mode = {mode}\ndefault_pool_size = {self.size}\nlogfile = {self.dir}/log\n")
        os.chmod(self.config, 0o644)
        as_user = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        self.process = subprocess.Popen(["pgbouncer", "-q", self.config], cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}, **as_user)
        until = time.monotonic() + 20
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert self.process.poll() is None and time.monotonic() < until, "pgbouncer does not start"
                select_pause(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)

    def database(self, database):
        """The same database, through the pool."""
        return Database(database.server, database.name, self.port)

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
