"""The Debian package in a folder of its own: what it holds, what its scripts do, that it enables nothing, and what removal and purging leave."""
import os
import re
import subprocess
import sys

import pytest

from rig import chroot
from rig.httpd import BUILD, ROOT


def run(*command, **env):
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, env={**os.environ, **env})
    assert result.returncode == 0, (command, result.stdout, result.stderr)
    return result.stdout


@pytest.fixture(scope="module")
def package():
    return os.path.join(ROOT, run("make", "-s", "deb", f"B={os.path.relpath(BUILD, ROOT)}").split()[-1])


@pytest.fixture(scope="module")
def older(package, tmp_path_factory):
    """The same package under an older version."""
    folder = tmp_path_factory.mktemp("older")
    run("dpkg-deb", "-R", package, str(folder / "root"))
    control = folder / "root/DEBIAN/control"
    control.write_text(re.sub("^Version: .*", "Version: 0.0.9", control.read_text(), flags=re.M))
    run("dpkg-deb", "--root-owner-group", "-b", str(folder / "root"), str(folder / "older.deb"))
    return str(folder / "older.deb")


@pytest.fixture
def installed(package, tmp_path):
    root = tmp_path / "root"
    run("dpkg-deb", "-x", package, str(root))
    run("dpkg-deb", "-e", package, str(tmp_path / "control"))
    return root, tmp_path / "control"


def state_of(control):
    line = next(line for line in (control / "postrm").read_text().splitlines() if "rm -rf" in line)
    return line.split("$DPKG_ROOT")[1].split('"')[0].lstrip("/")


def test_it_holds_everything_and_enables_nothing(installed):
    root, control = installed
    for name in ("usr/lib/apache2/modules/mod_smtp_send.so", "usr/bin/smtp-send", "usr/sbin/smtp-sendd", "usr/share/man/man8/smtp-sendd.8.gz", "usr/include/apache2/smtp_send.h", "usr/share/pkgconfig/smtp_send.pc",
                 "etc/apache2/mods-available/smtp_send.load", "etc/apache2/mods-available/smtp_send.conf", "usr/share/doc/libapache2-mod-smtp-send/examples/openapi.yaml"):
        assert (root / name).exists(), name
    assert not (root / "etc/apache2/mods-enabled").exists() and not (root / "usr/sbin/sendmail").exists()
    load = (root / "etc/apache2/mods-available/smtp_send.load").read_text()
    assert load == "LoadModule smtp_send_module /usr/lib/apache2/modules/mod_smtp_send.so\n"
    assert "\n    SMTPSendUser smtp-send\n" in (root / "etc/apache2/mods-available/smtp_send.conf").read_text()
    assert "\n    SMTPSendEngine Off\n" in (root / "etc/apache2/mods-available/smtp_send.conf").read_text()
    text = (control / "control").read_text()
    for word in ("Package: libapache2-mod-smtp-send", "apache2-api-", "libgsasl", "libjansson", "libcurl", "libaprutil1-dbd-sqlite3"):
        assert word in text, text
    assert "mail-transport-agent" not in text
    assert os.access(root / "usr/bin/smtp-send", os.X_OK) and state_of(control).startswith("var/lib/") and state_of(control).endswith("/smtp_send")


def test_lintian_finds_nothing(package):
    done = subprocess.run(["lintian", "--fail-on", "error,warning", package], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and not done.stdout, done


def test_the_program_s_symbols_are_a_package_of_their_own(package, installed):
    root, _ = installed
    assert os.path.exists(package.replace("smtp-send_", "smtp-send-dbgsym_"))
    assert ".debug_info" not in run("readelf", "-S", str(root / "usr/sbin/smtp-sendd"))


def test_the_changelog_has_the_version_that_is_built():
    with open(os.path.join(ROOT, "packaging/debian/changelog")) as changelog, open(os.path.join(ROOT, "Makefile")) as makefile:
        assert re.match(r"mod-smtp-send \((.*?)\)", changelog.read()).group(1) == re.search(r"^VERSION *:= (.*)", makefile.read(), re.M).group(1)


def test_scripts_make_keep_and_drop_the_state(installed):
    root, control = installed
    state = root / state_of(control)
    enabled = root / "etc/apache2/mods-enabled"
    run("sh", str(control / "postinst"), "configure", "", DPKG_ROOT=str(root))
    assert state.is_dir() and state.stat().st_mode & 0o777 == 0o750
    os.chmod(state, 0o700)      # what is there already stays as it is
    enabled.mkdir()
    for name in ("smtp_send.load", "smtp_send.conf"):
        os.symlink(f"../mods-available/{name}", enabled / name)
    (state / "queue.db").write_bytes(b"mail that waits")
    run("sh", str(control / "postinst"), "configure", "0.0.9", DPKG_ROOT=str(root))
    assert state.stat().st_mode & 0o777 == 0o700
    assert (state / "queue.db").read_bytes() == b"mail that waits" and len(list(enabled.iterdir())) == 2
    run("sh", str(control / "prerm"), "remove", DPKG_ROOT=str(root))
    run("sh", str(control / "postrm"), "remove", DPKG_ROOT=str(root))
    assert not list(enabled.iterdir()) and (state / "queue.db").exists()
    run("sh", str(control / "postrm"), "purge", DPKG_ROOT=str(root))
    assert not state.exists()


def test_the_packaged_module_runs(installed, make_httpd, relay):
    root, _ = installed
    httpd = make_httpd(relay=relay, start=False)
    with open(httpd.conf) as file:
        text = file.read()
    os.chmod(root.parent, 0o755)
    with open(httpd.conf, "w") as file:
        file.write(text.replace(f"{BUILD}/mod_smtp_send.so", str(root / "usr/lib/apache2/modules/mod_smtp_send.so")))
    httpd.start()
    assert httpd.send().status == 202
    relay.wait_for(1)


@pytest.fixture(scope="module")
def apache2():
    """Debian's apache2 itself, which the tests else need nothing of: fetched once, installed in the throw-away copy alone."""
    cache = os.path.join(os.path.abspath(BUILD), "apache2")
    os.makedirs(os.path.join(cache, "partial"), exist_ok=True)
    if not [name for name in os.listdir(cache) if name.endswith(".deb")] and not os.path.exists("/usr/sbin/a2enmod"):
        run("apt-get", "install", "-y", "--no-install-recommends", "--download-only", "-o", f"Dir::Cache::archives={cache}", "apache2")
    return cache


INSTALLATION = r"""
set -eu
say() { echo "-- $*"; }
package=$1 older=$2 apache2=$3
state=/var/lib/apache2/smtp_send
enabled=/etc/apache2/mods-enabled
mail() { printf 'To: bob@example.net\nSubject: hello\n\nhello\n'; }
as() { setpriv --reuid "$1" --regid "$1" --init-groups -- "$2" -t -i -f app@example.com; }
wait_for() { for i in $(seq 30); do "$@" > /dev/null 2>&1 && return; sleep 0.3; done; "$@"; }
# What ended stays a zombie: nobody is init here.
running() { pgrep -x -r D,R,S smtp-sendd; }
stopped() { ! running && ! pgrep -x -r D,R,S apache2; }
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/fast; echo man-db man-db/auto-update boolean false | debconf-set-selections
command -v a2enmod > /dev/null || dpkg -i "$apache2"/*.deb
# What this system has of other tests and mail servers.
rm -rf $state /var/lib/smtp-send /usr/sbin/sendmail /usr/lib/sendmail /usr/bin/mailq /usr/bin/newaliases
say install
dpkg -i "$older"
test "$(stat -c '%U:%G %a' $state)" = "smtp-send:smtp-send 750"
getent passwd smtp-send | grep -q nologin
say off by default
test ! -e $enabled/smtp_send.load
apache2ctl configtest
say enable
a2enmod -q smtp_send
test -e $enabled/smtp_send.load
apache2ctl configtest
apache2ctl -M 2>/dev/null | grep smtp_send_module
say run
rm -f $enabled/mpm_*; a2enmod -q mpm_event
echo 'Listen 127.0.0.1:8099' > /etc/apache2/ports.conf
rm -f /etc/apache2/sites-enabled/*
sed -i 's/SMTPSendEngine Off/SMTPSendEngine On\n    SMTPSendHost 127.0.0.1:1/' /etc/apache2/mods-available/smtp_send.conf
# An older version's queue is httpd's User's.
chown www-data $state
apache2ctl start
wait_for smtp-send queue
test "$(stat -c '%U' $state)" = smtp-send
test "$(stat -c '%U %a' $state/queue.db)" = "smtp-send 600"
ps -o user:20= -C smtp-sendd | grep -qx 'smtp-send *'
say alternatives
test ! -e /usr/sbin/sendmail
touch /usr/bin/mailq
! smtp-send-alternatives install 2> /tmp/said
grep -q '/usr/bin/mailq belongs to' /tmp/said
rm /usr/bin/mailq
! smtp-send-alternatives status
smtp-send-alternatives install > /dev/null
smtp-send-alternatives status
say group
useradd alice; useradd bob; adduser --quiet alice smtp-send
mail | as alice /usr/sbin/sendmail
mail | as www-data /usr/lib/sendmail
! mail | as bob /usr/sbin/sendmail 2> /tmp/said
grep -q denied /tmp/said
mailq | grep -q bob@example.net
newaliases
say upgrade
before=$(running)
dpkg -i "$package"
changed() { test "$(running)" && test "$(running)" != "$before"; }
wait_for changed
mail | as alice /usr/sbin/sendmail
test "$(smtp-send queue --json | grep -o '"id"' | wc -l)" = 3
grep -q 'SMTPSendHost 127.0.0.1:1' /etc/apache2/mods-available/smtp_send.conf
smtp-send-alternatives status
apache2ctl stop
wait_for stopped
say remove
dpkg -r libapache2-mod-smtp-send
stopped
test ! -e $enabled/smtp_send.load
test -s $state/queue.db
test ! -e /usr/sbin/sendmail && test ! -L /usr/sbin/sendmail && test ! -L /usr/bin/mailq
apache2ctl configtest
say install again
dpkg -i "$package"
a2enmod -q smtp_send
apache2ctl start
wait_for smtp-send queue
test "$(smtp-send queue --json | grep -o '"id"' | wc -l)" = 3
apache2ctl stop
wait_for stopped
say purge
dpkg -P libapache2-mod-smtp-send
test ! -e $state && test ! -e /var/lib/smtp-send
! find /etc/apache2 /etc/smtp-send /usr/lib/apache2 /usr/bin /usr/sbin /usr/include /usr/share /lib/systemd -name '*smtp[_-]send*' 2> /dev/null | grep .
! dpkg -s libapache2-mod-smtp-send 2>/dev/null
say done
"""


def test_installed_upgraded_removed_and_purged_in_a_chroot(package, older, apache2):
    """By dpkg, a2enmod and apache2ctl themselves, on a copy of this system that is thrown away."""
    result = subprocess.run([sys.executable, os.path.abspath(chroot.__file__), "sh", "-c", INSTALLATION, "sh", package, older, apache2], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0 and result.stdout.endswith("-- done\n"), (result.stdout, result.stderr)
