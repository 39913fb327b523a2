"""The fixtures of t/e2e, and how often: TORTURE=full for the counts of a long run, else the short form of make check."""
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from e2e.conftest import certificates, make_httpd, make_relay, relay  # noqa: E402,F401

FULL = os.environ.get("TORTURE") == "full"


def times(short, full):
    return full if FULL else short


@pytest.fixture
def disk():
    """A file system of its own in memory, which can be filled up and made read-only."""
    folder = tempfile.mkdtemp(prefix="smtp-send-disk.")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0777", "none", folder], check=True)
    os.chmod(folder, 0o777)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
    os.rmdir(folder)


@pytest.fixture
def public():
    """A folder that httpd's user may look into."""
    with tempfile.TemporaryDirectory(prefix="smtp-send-fault.") as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(folder)
