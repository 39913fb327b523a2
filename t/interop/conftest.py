"""Fixtures: those of t/e2e, and other people's servers."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from e2e.conftest import certificates, make_httpd, make_relay, relay  # noqa: E402,F401
from rig.dovecot import Dovecot  # noqa: E402
from rig.exim import Exim  # noqa: E402
from rig.opensmtpd import OpenSMTPD  # noqa: E402
from rig.postfix import Postfix  # noqa: E402


@pytest.fixture
def make_postfix():
    made = []

    def make(extra="", **kwargs):
        made.append(Postfix(extra, **kwargs))
        return made[-1]
    yield make
    for server in made:
        print(f"--- Postfix's log\n{server.log()[-4000:]}")
        server.close()


@pytest.fixture
def make_dovecot(make_relay):
    """Asks for make_relay so that its relay outlives it."""
    made = []

    def make(relay, cert=None):
        made.append(Dovecot(relay, cert))
        return made[-1]
    yield make
    for server in made:
        print(f"--- Dovecot's log\n{server.log()[-4000:]}")
        server.close()


@pytest.fixture
def make_exim():
    made = []

    def make(*args, **kwargs):
        made.append(Exim(*args, **kwargs))
        return made[-1]
    yield make
    for server in made:
        print(f"--- Exim's log\n{server.log()[-4000:]}")
        server.close()


@pytest.fixture
def make_opensmtpd(make_relay):
    """Asks for make_relay so that its relay outlives it."""
    made = []

    def make(relay):
        made.append(OpenSMTPD(relay))
        return made[-1]
    yield make
    for server in made:
        print(f"--- OpenSMTPD's log\n{server.log()[-4000:]}")
        server.close()
