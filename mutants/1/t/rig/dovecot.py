"""A private Dovecot submission service: it logs clients in and passes what they say on to a relay of ours. Needs root, as Dovecot does."""
import os
import shutil
import subprocess
import tempfile

from rig.httpd import free_port
from rig.server import end, wait_greeting

CONF = """
base_dir = {dir}/run
state_dir = {dir}/run
log_path = {dir}/log
protocols = submission
listen = 127.0.0.1
hostname = submission.example.org
mail_location = maildir:{dir}/mail
first_valid_uid = 1
auth_mechanisms = plain login cram-md5 scram-sha-256
disable_plaintext_auth = {secure}
ssl = {ssl}
{certificate}
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
submission_relay_trusted = no
submission_max_mail_size = 52428800
submission_timeout = 60 secs
passdb {{
  driver = static
  args = password={{PLAIN}}{password}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={dir}/mail
}}
service auth {{
  unix_listener {dir}/auth {{
    mode = 0666
  }}
}}
service submission-login {{
  inet_listener submission {{
    port = {port}
  }}
}}
"""


class Dovecot:
    """cert: (certfile, keyfile): STARTTLS is offered, and logins in plain text are refused before it."""

    password = "let-me-in"

    def __init__(self, relay, cert=None):
        self.dir = tempfile.mkdtemp(prefix="smtp-send-dovecot.")
        os.chmod(self.dir, 0o755)
        self.host, self.port = "127.0.0.1", free_port()
        os.mkdir(os.path.join(self.dir, "mail"), 0o777)
        os.chmod(os.path.join(self.dir, "mail"), 0o777)
        conf = os.path.join(self.dir, "dovecot.conf")
        certificate = f"ssl_cert = <{cert[0]}\nssl_key = <{cert[1]}" if cert else ""
        with open(conf, "w") as file:
            file.write(CONF.format(dir=self.dir, relay=relay.port, port=self.port, password=self.password, ssl="required" if cert else "no",
                                   secure="yes" if cert else "no", certificate=certificate))
        self.process = subprocess.Popen(["dovecot", "-F", "-c", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_greeting(self, "Dovecot")

    def log(self):
        try:
            with open(os.path.join(self.dir, "log"), errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def close(self):
        end(self.process)
        shutil.rmtree(self.dir, ignore_errors=True)
