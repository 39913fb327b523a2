"""No request takes more memory in a web process than 8 times its size and 16 MiB. t/unit/test_form_memory.c has more documents; here what the handler adds."""
import json
import re
import subprocess

import pytest

MIB = 1024 * 1024
SIZE = 6 * MIB
ONE_PROCESS = "ServerLimit 1\nStartServers 1\nMinSpareThreads 1\nMaxSpareThreads 4\nThreadsPerChild 2\nMaxRequestWorkers 2"
# What is done with a message after it was read takes copies, too.
CONFIG = "SMTPSendPause On\nSMTPSendHeaderFrom x@example.com\n<Location /mail>\nSMTPSendAddHeader X-Added value\n</Location>\n"
FIELDS = '"from":"a@example.com","to":"b@example.net"'
PARTS = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in (("from", "a@example.com"), ("to", "b@example.net")))
JSON, FORM, MULTIPART, LINES, MESSAGE = "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/x-ndjson", "message/rfc822"


def part(more, value):
    return f"--x\r\nContent-Disposition: form-data; {more}\r\n\r\n{value}\r\n"


INPUTS = {
    "header fields": (JSON, "{" + FIELDS + ',"headers":' + json.dumps({"X-A": ["v" * 9990] * (SIZE // 10000)}) + "}"),
    "empty lists": (JSON, "{" + FIELDS + ',"cc":[' + "{}," * (SIZE // 3) + "{}]}"),
    "text": (JSON, "{" + FIELDS + ',"text":"' + "é=" * (SIZE // 3) + '"}'),
    "recipients": (JSON, '{"from":"a@example.com","to":[' + ",".join(f'"{i:x}@b.cc"' for i in range(49000)) + "]}"),
    "form of line ends": (FORM, "from=a@example.com&to=b@example.net&text=" + "\n" * SIZE),
    "form with JSON": (FORM, "from=a@example.com&to=b@example.net&headers=[" + "[]," * (SIZE // 3) + "1]"),
    "parts": (MULTIPART, PARTS + part('name="text"', "é" * (SIZE // 2)) + "--x--\r\n"),
    "parameters of parts": (MULTIPART, PARTS + part("a=b;" * 4000 + ' name="to"', "b@example.net") * (SIZE // 16100) + "--x--\r\n"),
    "lines": (LINES, "{" + FIELDS + ',"text":"' + "éaaaa" * (SIZE // 6) + '"}\n'),
    "many lines": (LINES, "{\n" * 100000),
    "message": (MESSAGE, "From: a@example.com\r\nTo: b@example.net\r\n\r\n" + "é=" * (SIZE // 3)),
    "addresses": (MESSAGE, "From: a@example.com\r\nTo: " + ",\r\n ".join(f"{i:x}@b.cc" for i in range(49000)) + "\r\n\r\nhello\r\n"),
}


def memory(pid, name):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(name + r":\s+(\d+)", file.read()).group(1)) * 1024


@pytest.fixture
def httpd(make_httpd, relay):
    return make_httpd(CONFIG, relay=relay, mpm_settings=ONE_PROCESS, expect=["paused"])


@pytest.mark.parametrize("name", INPUTS)
def test_a_request_takes_its_share_of_memory(httpd, name):
    httpd.request("POST", "/mail", ("{" + FIELDS + "}").encode(), {"Content-Type": JSON})
    children = subprocess.run(["pgrep", "-P", str(httpd.process.pid)], capture_output=True, text=True).stdout.split()
    web = next(int(pid) for pid in children if int(pid) != httpd.status()["pid"])
    kind, text = INPUTS[name]
    body = text.encode()
    before = memory(web, "VmRSS")
    with open(f"/proc/{web}/clear_refs", "w") as file:
        file.write("5")
    assert httpd.request("POST", "/mail", body, {"Content-Type": kind}).status in (200, 202, 400)
    used = memory(web, "VmHWM") - before
    assert used <= 8 * len(body) + 16 * MIB, f"{used / MIB:.1f} MiB for {len(body) / MIB:.1f} MiB"


def test_the_page_of_a_message_to_many(httpd):
    kind, text = INPUTS["recipients"]
    ident = httpd.request("POST", "/mail", text.encode(), {"Content-Type": kind}).json["id"]
    httpd.request("GET", "/mail-status", None, {"Accept": "text/html"})
    children = subprocess.run(["pgrep", "-P", str(httpd.process.pid)], capture_output=True, text=True).stdout.split()
    web = next(int(pid) for pid in children if int(pid) != httpd.status()["pid"])
    before = memory(web, "VmRSS")
    with open(f"/proc/{web}/clear_refs", "w") as file:
        file.write("5")
    page = httpd.request("GET", f"/mail-status/message/{ident}", None, {"Accept": "text/html"})
    assert page.status == 200 and "500 of 49,000 recipients" in page.text
    assert memory(web, "VmHWM") - before <= 16 * MIB
    assert len(httpd.request("GET", f"/mail-status/message/{ident}").json["recipients"]) == 49000
