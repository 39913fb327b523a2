"""Fixtures: an httpd a test, whose error log is checked afterwards: every warning or error a test did not announce fails it."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from rig.certs import Certificates  # noqa: E402
from rig.httpd import Httpd  # noqa: E402
from rig.relay import Relay  # noqa: E402


@pytest.fixture
def make_relay():
    made = []

    def make(**behaviour):
        made.append(Relay(**behaviour))
        return made[-1]
    yield make
    for server in made:
        server.close()


@pytest.fixture
def relay(make_relay):
    return make_relay()


@pytest.fixture
def make_httpd(make_relay):
    """Asks for make_relay so that relays outlive the httpd that talks to them."""
    made = []

    def make(config="", relay=None, start=True, expect=(), **kwargs):
        server = Httpd(config, relay, **kwargs)
        made.append(server)
        server.expect(*expect)
        return server.start() if start else server
    yield make
    problems = []
    for server in made:
        log = server.log()
        problems += server.unexpected()
        print(f"--- error log\n{log[-8000:]}\n--- stderr\n{server.read_file('stderr')[-2000:]}")
        server.close()
    assert not problems, "log lines that the test did not announce:\n" + "\n".join(problems)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    # The delivery daemon reads them as httpd's User.
    for place in (folder, folder.parent, folder.parent.parent):
        os.chmod(place, 0o755)
    return Certificates(folder)
