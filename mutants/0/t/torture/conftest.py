"""The fixtures of t/e2e, and how often: TORTURE=full for the counts of a long run, else the short form of make check."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from e2e.conftest import certificates, make_httpd, make_relay, relay  # noqa: E402,F401

FULL = os.environ.get("TORTURE") == "full"


def times(short, full):
    return full if FULL else short
