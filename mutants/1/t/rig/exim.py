"""A private Exim that takes mail and keeps it in its spool. Its package replaces Postfix's and wants a user of its own: so it is unpacked into a folder,
and runs in a mount namespace whose /etc/passwd and /etc/group have that user. Needs root."""
import glob
import os
import re
import shutil
import subprocess
import tempfile

from rig.httpd import BUILD, free_port, select_pause
from rig.server import end, wait_greeting

CONF = """
exim_user = nobody
exim_group = nogroup
spool_directory = {dir}/spool
log_file_path = {dir}/log/%slog
pid_file_path = {dir}/exim.pid
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
primary_hostname = exim.example.org
host_lookup =
rfc1413_query_timeout = 0s
queue_only
smtp_accept_max = 100
smtp_accept_max_per_connection = 0
message_size_limit = 50M
smtputf8_advertise_hosts = *
chunking_advertise_hosts = *
never_users =
keep_environment =
{extra}
acl_smtp_rcpt = rcpt
acl_smtp_mail = mail

begin acl
mail:
  deny message = not you
       condition = ${{if eq{{$sender_address}}{{bad@example.com}}}}
  accept
rcpt:
  deny message = nobody
       condition = ${{if eq{{$local_part}}{{gone}}}}
{acl}
  accept

begin routers
begin transports

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and {{{{eq{{$auth2}}{{app}}}}{{eq{{$auth3}}{{let-me-in}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${{if and {{{{eq{{$auth1}}{{app}}}}{{eq{{$auth2}}{{let-me-in}}}}}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{app}}{{let-me-in}}fail}}
  server_set_id = $auth1
"""


def unpack():
    """The program, from the distribution's package; fetched once a build."""
    folder = os.path.join(BUILD, "exim")
    binary = os.path.join(folder, "usr", "sbin", "exim4")
    if os.path.exists(binary):
        return binary
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o777)
        subprocess.run(["apt-get", "download", "exim4-daemon-light"], cwd=place, check=True, capture_output=True, timeout=120)
        subprocess.run(["dpkg-deb", "-x", glob.glob(os.path.join(place, "*.deb"))[0], folder], check=True, timeout=60)
    return binary


class Exim:
    """cert: (certfile, keyfile): STARTTLS. login: recipients are taken after a login only."""

    def __init__(self, cert=None, login=False):
        binary = unpack()
        self.dir = tempfile.mkdtemp(prefix="smtp-send-exim.")
        self.host, self.port = "127.0.0.1", free_port()
        os.chmod(self.dir, 0o755)
        for name in ("spool", "log"):
            os.mkdir(os.path.join(self.dir, name))
            os.chmod(os.path.join(self.dir, name), 0o777)
        extra = f"tls_advertise_hosts = *\ntls_certificate = {cert[0]}\ntls_privatekey = {cert[1]}" if cert else "tls_advertise_hosts ="
        acl = "  require message = login first\n       authenticated = *\n" if login else ""
        conf = os.path.join(self.dir, "exim.conf")
        with open(conf, "w") as file:
            file.write(CONF.format(dir=self.dir, port=self.port, extra=extra, acl=acl))
        for name, line in (("passwd", "Debian-exim:x:65534:65534::/:/usr/sbin/nologin\n"), ("group", "Debian-exim:x:65534:\n")):
            shutil.copy(f"/etc/{name}", os.path.join(self.dir, name))
            with open(os.path.join(self.dir, name), "a") as file:
                file.write(line)
        script = (f'mount --make-rprivate / && mount --bind "{self.dir}/passwd" /etc/passwd && mount --bind "{self.dir}/group" /etc/group'
                  f' && exec "{binary}" -C "{conf}" -bdf')
        self.errors = open(os.path.join(self.dir, "stderr"), "w")
        self.process = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], stdout=self.errors, stderr=self.errors)
        wait_greeting(self, "Exim")

    def log(self):
        text = ""
        for path in [os.path.join(self.dir, "stderr"), *glob.glob(os.path.join(self.dir, "log", "*"))]:
            with open(path, errors="replace") as file:
                text += file.read()
        return text

    def contents(self):
        """Of each message in the spool: its header's lines and its body."""
        found = []
        for path in sorted(glob.glob(os.path.join(self.dir, "spool", "input", "**", "*-H"), recursive=True)):
            try:
                with open(path, "rb") as file:
                    header = file.read()
                with open(path[:-1] + "D", "rb") as file:
                    body = file.read().split(b"\n", 1)[1]
            except FileNotFoundError:
                continue
            found.append(b"\n".join(re.findall(rb"(?m)^\d{3,}. (.*)$", header)) + b"\n\n" + body)
        return found

    def wait_for(self, count, timeout=60):
        for _ in range(int(timeout / 0.1)):
            found = self.contents()
            if len(found) >= count:
                return found
            select_pause(0.1)
        raise AssertionError(f"{len(self.contents())} of {count} messages\n{self.log()[-3000:]}")

    def close(self):
        end(self.process)
        self.errors.close()
        shutil.rmtree(self.dir, ignore_errors=True)
