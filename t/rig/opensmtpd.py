"""A private OpenSMTPD with its defaults, which hands all mail on to a relay. It wants users and folders of its own: so its package is unpacked into a folder, and it
runs in a mount namespace that has them. Needs root."""
import glob
import os
import shutil
import subprocess
import tempfile

from rig.httpd import BUILD, free_port
from rig.server import end, wait_greeting

CONF = """listen on 127.0.0.1 port {port}
action "out" relay host smtp://127.0.0.1:{relay}
match from any for any action "out"
"""
USERS = {"passwd": "opensmtpd:x:990:990::/:/usr/sbin/nologin\nopensmtpq:x:991:991::/:/usr/sbin/nologin\n", "group": "opensmtpd:x:990:\nopensmtpq:x:991:\n"}


def unpack():
    """The program, from the distribution's package; fetched once a build."""
    folder = os.path.join(BUILD, "opensmtpd")
    binary = os.path.join(folder, "usr", "sbin", "smtpd")
    if os.path.exists(binary):
        return binary
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o777)
        subprocess.run(["apt-get", "download", "opensmtpd"], cwd=place, check=True, capture_output=True, timeout=120)
        subprocess.run(["dpkg-deb", "-x", glob.glob(os.path.join(place, "*.deb"))[0], folder], check=True, timeout=60)
    return binary


class OpenSMTPD:
    def __init__(self, relay):
        binary = unpack()
        self.dir = tempfile.mkdtemp(prefix="smtp-send-opensmtpd.")
        self.host, self.port = "127.0.0.1", free_port()
        os.chmod(self.dir, 0o755)
        conf = os.path.join(self.dir, "smtpd.conf")
        with open(conf, "w") as file:
            file.write(CONF.format(port=self.port, relay=relay.port))
        mounts = ["mount --make-rprivate /"]
        for name, lines in USERS.items():
            shutil.copy(f"/etc/{name}", os.path.join(self.dir, name))
            with open(os.path.join(self.dir, name), "a") as file:
                file.write(lines)
            mounts.append(f'mount --bind "{self.dir}/{name}" /etc/{name}')
        for place, folder, mode in (("/var/spool", "smtpd", "711"), ("/run", "opensmtpd", "755"), ("/var/lib", "opensmtpd/empty", "755")):
            mounts.append(f"mount -t tmpfs tmpfs {place} && mkdir -p {place}/{folder} && chmod {mode} {place}/{folder}")
        script = " && ".join(mounts) + f' && exec "{binary}" -d -f "{conf}"'
        self.errors = open(os.path.join(self.dir, "stderr"), "w")
        self.process = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], stdout=self.errors, stderr=self.errors)
        wait_greeting(self, "OpenSMTPD")

    def log(self):
        with open(os.path.join(self.dir, "stderr"), errors="replace") as file:
            return file.read()

    def taken(self):
        """Messages that it took responsibility for."""
        return self.log().count(" smtp message ")

    def close(self):
        end(self.process)
        self.errors.close()
        shutil.rmtree(self.dir, ignore_errors=True)
