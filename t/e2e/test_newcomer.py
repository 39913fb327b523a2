"""README.md as a newcomer follows it: each command as it stands, on a copy of this system that is thrown away."""
import os
import re
import subprocess
import sys
import textwrap

from e2e.test_documents import blocks, read
from e2e.test_package import apache2  # noqa: F401
from rig import chroot
from rig.httpd import ROOT

# What stands for the newcomer's own: the relay, with its name and certificate; an editor that writes what README.md says; a system without another mail server.
SURROUNDINGS = r"""
set -eu
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
command -v a2enmod > /dev/null || dpkg -i "$APACHE2"/*.deb > /dev/null
rm -rf /var/lib/apache2/smtp_send /etc/apache2/mods-enabled/smtp_send.* /etc/apache2/mods-available/smtp_send.*
rm -f /etc/apache2/mods-enabled/mpm_*; a2enmod -q mpm_event
for program in /usr/sbin/sendmail /usr/lib/sendmail /usr/bin/mailq /usr/bin/newaliases /usr/share/man/man1/sendmail.1 /usr/share/man/man1/mailq.1 /usr/share/man/man1/newaliases.1; do rm -f "$program"; done
echo '127.0.0.1 localhost smtp.example.com' > /etc/hosts
cp "$CERTIFICATES/ca.pem" "/etc/ssl/certs/$(openssl x509 -hash -noout -in "$CERTIFICATES/ca.pem").0"
cat > /usr/local/bin/editor <<'END'
#!/bin/sh
case $1 in *.password) echo secret > "$1" ;; *) sed -i -e '/SMTPSendEngine Off/r /tmp/configuration' -e '/SMTPSendEngine Off/d' "$1" ;; esac
END
chmod 755 /usr/local/bin/editor
mkdir /srv/newcomer && cd /srv/newcomer
(cd "$SOURCES" && tar -c --exclude=./.git .) | tar -x
mkfifo /tmp/arrived
/usr/bin/python3 - <<'END' &
import sys
sys.path.insert(0, "t")
from rig.relay import Relay
relay = Relay(tls="starttls", cert=("CERTIFICATES/relay.pem", "CERTIFICATES/relay.key"), auth={"mailer@example.com": "secret"}, auth_needs_tls=True, port=587)
for number in 1, 2:
    message = relay.wait_for(number)[-1]
    with open("/tmp/arrived", "wb") as file:
        file.write(f"{message.sender} {message.rcpts}\n".encode() + message.data)
END
"""


def section(name):
    return re.search(rf"^## {name}\n(.*?)(?=^## )", read("README.md"), re.M | re.S).group(1)


def steps():
    """The commands of the five steps, and the message."""
    return [textwrap.dedent(block) for block in (*blocks(section("Install")), *blocks(section("Configuration"))) if not re.match(r"\s*(SMTPSend|<)", block)]


def test_commands_of_readme_as_they_stand(certificates, tmp_path, apache2):  # noqa: F811
    certificates.issue("relay", ["DNS:smtp.example.com"])
    configuration = next(textwrap.dedent(block) for block in blocks(section("Configuration")) if "SMTPSendHost" in block)
    script = SURROUNDINGS.replace("CERTIFICATES/relay", f"{certificates.folder}/relay")
    script += f"cat > /tmp/configuration <<'END'\n{configuration}\nEND\n"
    for step in steps():
        script += f"echo '== {step.splitlines()[0][:60].replace(chr(39), '')}'\n{step}\n"
        if "http://localhost/mail " in step:
            script += "cat /tmp/arrived; echo\n"
    script += "printf 'To: <alice@example.net>\\nSubject: by sendmail\\n\\nhello\\n' | sendmail -f app@example.com -t\ncat /tmp/arrived\n"
    script += "echo '== done'\n"
    result = subprocess.run([sys.executable, os.path.abspath(chroot.__file__), "sh", "-c", script], capture_output=True, text=True, timeout=900,
                            env={**os.environ, "SOURCES": ROOT, "CERTIFICATES": certificates.folder, "APACHE2": apache2, "DEBIAN_FRONTEND": "noninteractive", "MAKEFLAGS": ""})
    out = result.stdout
    assert result.returncode == 0 and "== done" in out, (out[-3000:], result.stderr[-3000:])
    assert "Connection Test Results: PASSED" in out and "SMTPSend-135" not in result.stderr, (out, result.stderr)
    assert '"state"' in out and "app@example.com ['bob@example.net']" in out and "It works." in out
    assert "app@example.com ['alice@example.net']" in out
