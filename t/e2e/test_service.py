"""For hosts without Apache in front: the services of systemd, under a systemd of their own on a throw-away copy of this system; nginx and Caddy before the private httpd."""
import os
import re
import shutil
import subprocess
import sys

import pytest

from rig import chroot
from rig.httpd import BUILD, ROOT
from e2e.test_package import package    # noqa: F401 (a fixture)

# A relay with a login, whose password a program gives; what arrives becomes a file. Prints its port.
RELAY = f"""
import sys, time
sys.path.insert(0, "{ROOT}/t")
from rig.relay import Relay
relay = Relay(auth={{"me": "pw"}}, mechanisms=["PLAIN"])
open("/run/relay.port.new", "w").write(str(relay.port))
import os; os.rename("/run/relay.port.new", "/run/relay.port")
while True:
    relay.wait_for(len(os.listdir("/run/mail")) + 1, 1000)
    for number, message in enumerate(relay.messages):
        open(f"/run/mail/{{number}}", "wb").write(message.data)
"""

COMMON = r"""
set -eu
package=$1 relay=$2
say() { echo "-- $*"; }
wait_for() { for i in $(seq 100); do "$@" > /dev/null 2>&1 && return; sleep 0.1; done; "$@"; }
arrived() { grep -q "Subject: $1" /run/mail/*; }
mail() { printf 'From: app@example.com\nTo: bob@example.net\nSubject: %s\n\nhello\n' "$1"; }
status_of() { sed -n "s/^$2:[[:space:]]*//p" /proc/$1/status; }
echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/fast; echo man-db man-db/auto-update boolean false | debconf-set-selections
rm -f /usr/sbin/policy-rc.d
rm -rf /var/lib/smtp-send /var/lib/apache2/smtp_send
mkdir /run/mail
python3 -c "$relay" & helper=$!
dpkg -i "$package" > /dev/null
for unit in smtp-sendd smtp-send; do
    ! systemctl --quiet is-enabled $unit
    ! systemctl --quiet is-active $unit
    mkdir -p /etc/systemd/system/$unit.service.d
    printf '[Service]\nStandardOutput=append:/run/%s.log\nStandardError=append:/run/%s.log\n' $unit $unit > /etc/systemd/system/$unit.service.d/log.conf
done
wait_for test -s /run/relay.port
printf '#!/usr/bin/python3\nimport socket, sys\nprint("pw")\n' > /etc/smtp-send/token; chmod 755 /etc/smtp-send/token
for file in smtp-sendd service; do
    sed -i "s|^ *SMTPSendEngine Off|SMTPSendEngine On\nSMTPSendHost 127.0.0.1:$(cat /run/relay.port)\nSMTPSendUsername me\nSMTPSendPassword exec:/etc/smtp-send/token\nServerName host.example.com|" /etc/smtp-send/$file.conf
done
sed -i 's|^#SMTPSendListen .*|SMTPSendListen 127.0.0.1:25|' /etc/smtp-send/smtp-sendd.conf
systemctl daemon-reload
trap 'code=$?; [ $code = 0 ] || tail -n 30 /run/*.log; systemctl --no-pager status smtp-sendd smtp-send 2>&1 | head -40; kill $helper; exit $code' EXIT
"""

SENDD = COMMON + r"""
say start
systemctl start smtp-sendd
pid=$(systemctl show -p MainPID --value smtp-sendd)
say confined
test "$(status_of $pid Uid | cut -f1)" = "$(id -u smtp-send)"
test "$(status_of $pid NoNewPrivs)" = 1
test "$(status_of $pid Seccomp)" = 2
test "$((0x$(status_of $pid CapEff)))" = 1024
! touch /proc/$pid/root/etc/smtp-send/x 2> /dev/null
test "$(stat -c '%U %a' /var/lib/smtp-send/queue.db)" = "smtp-send 600"
say submit
mail one | setpriv --reuid nobody --regid nogroup --clear-groups -- smtp-send sendmail -t -i
python3 -c 'import smtplib; s = smtplib.SMTP("127.0.0.1", 25); s.sendmail("app@example.com", ["bob@example.net"], b"Subject: two\r\n\r\nhello\r\n"); s.quit()'
wait_for arrived one
wait_for arrived two
smtp-send status
say restart on upgrade
dpkg -i "$package" > /dev/null
test "$(systemctl show -p MainPID --value smtp-sendd)" != $pid
systemctl --quiet is-active smtp-sendd
! systemctl --quiet is-active smtp-send
say a wrong configuration
cp /etc/smtp-send/smtp-sendd.conf /run/good
echo 'SMTPSendPort 0' >> /etc/smtp-send/smtp-sendd.conf
! systemctl restart smtp-sendd 2> /dev/null
grep -q "smtp-sendd.conf: SMTPSendPort: '0'" /run/smtp-sendd.log
cp /run/good /etc/smtp-send/smtp-sendd.conf
say stop
systemctl restart smtp-sendd
systemctl stop smtp-sendd
test "$(systemctl show -p Result --value smtp-sendd)" = success
say done
"""

HTTPD = COMMON + r"""
sed -i '/SERVICE_LOG syslog/s|syslog:mail|/var/lib/smtp-send/error.log|' /etc/smtp-send/service.conf
url=http://127.0.0.1:8025
say the other service holds the queue
systemctl start smtp-sendd
smtp-send pause > /dev/null
mail one | smtp-send sendmail -t -i
say start
systemctl start smtp-send
! systemctl --quiet is-active smtp-sendd
wait_for curl -fs $url/health/ready
pid=$(systemctl show -p MainPID --value smtp-send)
daemon=$(pgrep -x smtp-sendd)
say confined
for each in $pid $daemon; do
    test "$(status_of $each Uid | cut -f1)" = "$(id -u smtp-send)"
    test "$(status_of $each NoNewPrivs)" = 1
    test "$(status_of $each Seccomp)" = 2
done
! touch /proc/$pid/root/etc/smtp-send/x 2> /dev/null
test "$(ss -Hltn | wc -l)" = 2 # the relay and port 8025
test "$(grep -o 'modules/mod_[a-z_]*' /proc/$pid/maps | sort -u | tr '\n' ' ')" = "modules/mod_authz_core modules/mod_authz_host modules/mod_mpm_event modules/mod_remoteip modules/mod_smtp_send "
say the same queue
smtp-send resume > /dev/null
wait_for arrived one
say submit
mail two | curl -fs -H 'Content-Type: message/rfc822' --data-binary @- "$url/mail?to=bob@example.net" | grep '"id"'
mail three | setpriv --reuid nobody --regid nogroup --clear-groups -- smtp-send sendmail -t -i
wait_for arrived two
wait_for arrived three
say pages
curl -fs -H 'Accept: text/html' $url/ | grep -q '</html>'
test "$(curl -s -o /dev/null -w '%{http_code}' $url/nope)" = 404
curl -fs $url/health | grep true
curl -fs $url/mail-status/health/live
curl -fs $url/metrics | grep -q smtp_send_healthy
curl -fs $url/mail-test | grep 'Results: PASSED'
say reload
systemctl reload smtp-send
changed() { test "$(pgrep -x smtp-sendd)" && test "$(pgrep -x smtp-sendd)" != "$daemon"; }
wait_for changed
test "$(systemctl show -p MainPID --value smtp-send)" = $pid
curl -fs $url/health/live
say stop
systemctl stop smtp-send
test "$(systemctl show -p Result --value smtp-send)" = success
! grep -E ':(error|crit|alert|emerg)\]' /var/lib/smtp-send/error.log
say done
"""


@pytest.mark.parametrize("script", [SENDD, HTTPD], ids=["smtp-sendd", "smtp-send"])
def test_the_unit_under_systemd(package, script):   # noqa: F811
    result = subprocess.run([sys.executable, os.path.abspath(chroot.__file__), "--systemd", "sh", "-c", script, "sh", package, RELAY], capture_output=True, text=True, timeout=250)
    assert result.returncode == 0 and "\n-- done\n" in result.stdout, (result.stdout, result.stderr)


@pytest.mark.parametrize("unit", ["smtp-sendd", "smtp-send"])
def test_the_unit_is_valid_and_confined(unit):
    path = os.path.join(ROOT, f"conf/examples/{unit}.service")
    done = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True)
    # Neither the program nor its man page has to be installed here.
    assert all("not executable" in line or "Command 'man " in line for line in done.stderr.splitlines()), done.stderr
    assert subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", path], capture_output=True).returncode == 0
