"""The picture of the status page in README.md: made by `make picture`; each run of the browser tests makes it in build/."""
import json
import math
import os
import sqlite3
import time

from browser.test_pages import find, url, wait
from conftest import BUILD

PICTURE = os.environ.get("SMTP_SEND_PICTURE") or os.path.join(BUILD, "status.png")
WIDTH, HEIGHT = 1240, 1140
MOST = 200 * 1024      # of README.md's picture
HOSTS = "127.0.0.2 smtp.example.com\n127.0.0.3 news.example.com\n"
CONFIG = """
SMTPSendEngine On
SMTPSendHost smtp.example.com:{port}
SMTPSendAllowRelay newsletter
SMTPSendRetry 5min
<VirtualHost 127.0.0.1:1>
ServerName news.example.com
SMTPSendRelayName newsletter
SMTPSendHost news.example.com:{port}
</VirtualHost>
<Location "/mail">
SMTPSendAllowRelay newsletter
</Location>
"""
UNKNOWN, FULL = "550 5.1.1 <nobody@example.net>: Recipient address rejected: User unknown", "452 4.2.2 The mailbox is full"


def kept(path):
    """What the daemon, when it ended, kept of its plots: key and JSON."""
    with sqlite3.connect(path) as queue:
        return queue.execute("SELECT key, value FROM setting WHERE key LIKE 'chronicle/%'").fetchone()


def busy_days(path, key, value):
    """The plots of a server that has been used for a while, in a queue that no daemon uses at the moment."""
    now = int(time.time())
    spans = {}
    for name, step, count in ("hour", 60, 60), ("day", 900, 96), ("week", 3600, 168):
        busy = [1.3 + math.sin((i + 20) / count * 9) + (i * 37 % 11) / 30 for i in range(count)]
        spans[name] = {"start": now - now % step - (count - 1) * step, "step": step, "sent": [round(30 * b) for b in busy],
                       "failed": [1 if i % 11 == 4 else 0 for i in range(count)], "waiting": [round(25 * b) for b in busy]}
    with sqlite3.connect(path) as queue:
        queue.execute("UPDATE setting SET value = ? WHERE key = ?", (json.dumps({**json.loads(value), **spans}), key))


def test_picture(make_httpd, make_relay, make_browser):
    def answer(session, argument):
        return UNKNOWN if "nobody@" in argument else FULL if "full@" in argument else None
    # As root, and not beside a test that has it.
    port = 587 if os.environ.get("SMTP_SEND_PICTURE") else 0
    relay = make_relay(host="127.0.0.2", port=port, replies={"RCPT": answer})
    port = relay.port
    make_relay(host="127.0.0.3", port=port)
    httpd = make_httpd(CONFIG.format(port=port), start=False, expect=["status=bounced", "status=deferred", "The SMTP host's reply code", "is paused"]).with_hosts(HOSTS)
    httpd.start()
    httpd.message(httpd.send().json["id"], wait="10s")
    httpd.stop()
    busy_days(httpd.queue, *httpd.wait(lambda: kept(httpd.queue), 20, "the daemon to end"))
    httpd.start()
    httpd.cli("pause", "--relay", "newsletter", "--reason", "the campaign is being checked", check=0)
    for number in range(30):
        httpd.send_json({"from": "shop@example.com", "to": f"customer{number}@example.net", "subject": f"Your order {4711 + number}", "text": "Thank you."})
    for number in range(60):
        httpd.send_json({"from": "news@example.com", "to": f"reader{number}@example.org", "subject": "News in December", "text": "News.", "relay": "newsletter", "priority": "bulk"})
    for to, state in ("nobody@example.net", "failed"), ("full@example.org", "deferred"):
        httpd.wait_state(httpd.send_json({"from": "shop@example.com", "to": to, "subject": "Your invoice", "text": "x"}).json["id"], state)
    httpd.wait(lambda: [row["counts"]["queued"] for row in httpd.status()["relays"]] == [0, 60], 20, "everything else to be sent")
    driver = make_browser(size=(WIDTH, HEIGHT), expected=["sending is paused"])
    driver.get(url(httpd, "/mail-status"))
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False})
    wait(driver, lambda d: find(d, "svg").is_displayed())
    assert driver.save_screenshot(PICTURE)
    assert 10000 < os.path.getsize(PICTURE) < MOST
