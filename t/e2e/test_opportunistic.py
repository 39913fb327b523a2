"""SMTPSendTLS opportunistic never verifies the server: no password goes to one that is not on this machine. In a network namespace with an address that is not loopback's; needs root."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from rig.httpd import Httpd  # noqa: E402
from rig.relay import Relay  # noqa: E402

FAR = "192.0.2.9"
SECRET = "S3cret-of-the-Relay-0815"
LOGIN = f'SMTPSendTLS opportunistic\nSMTPSendUsername me\nSMTPSendPassword "{SECRET}"\n'


def secret_went(relay, config):
    """Whether the relay got the password when the connection was tested."""
    with Httpd(LOGIN + config, relay) as httpd:
        httpd.expect("SMTPSend-121", "SMTPSend-114")
        httpd.start()
        httpd.wait(lambda: httpd.status(check=False), what="the daemon")
        answer = httpd.get("/mail-test?probe=0")
        assert re.search(r'SMTPSend-121: .*relay "default": a login with SMTPSendTLS opportunistic', httpd.log()), httpd.log()
        assert not httpd.unexpected(), httpd.unexpected()
    if relay.logins:
        assert answer.status == 200, answer
        relay.logins.clear()
        return True
    assert answer.status == 502 and "[FAIL] auth" in answer.text and "opportunistic" in answer.text + httpd.log(), answer
    assert not any(line.startswith("AUTH") for _, _, line in relay.transcript), relay.transcript
    return False


def inside(certificate, key):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "addr", "add", f"{FAR}/32", "dev", "lo"], check=True)
    far = {"auth": {"me": SECRET}, "mechanisms": ["PLAIN", "LOGIN"], "tls": "starttls", "cert": (certificate, key)}
    assert not secret_went(Relay(host=FAR, **far), "")
    assert secret_went(Relay(host=FAR, **far), "SMTPSendAuthInsecure On\n")
    assert secret_went(Relay(host="127.0.0.1", **far), "")


def test_a_password_stays_here(certificates):
    result = subprocess.run(["unshare", "--net", sys.executable, os.path.abspath(__file__), *certificates.issue("good")], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr


if __name__ == "__main__":
    inside(*sys.argv[1:])
