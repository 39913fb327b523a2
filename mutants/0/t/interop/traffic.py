"""What is sent to every server, and how what it has is counted."""
import re
import threading


def submit(httpd, count, threads=4):
    """count messages with numbers of their own, over several connections."""
    def some(first):
        for i in range(first, count, threads):
            assert httpd.send(f"X-Test-Id: m{i}\r\nSubject: x\r\n\r\n.dot\r\nbody {i}\r\n".encode()).status == 202
    running = [threading.Thread(target=some, args=(n,)) for n in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(120)


def idents(contents):
    return sorted(re.search(rb"X-Test-Id: (\S+)", c).group(1).decode() for c in contents)


def all_of(count):
    return sorted(f"m{i}" for i in range(count))


def arrive_once_each(server, httpd, count=1000):
    """The connection test passes and knows what the server offers; then each message is there once, dots and all."""
    test = httpd.get("/mail-test?from=app@example.com&to=bob@example.net")
    assert test.status == 200 and "PASSED" in test.text and "PIPELINING" in test.text and "CHUNKING" in test.text, test.text
    submit(httpd, count)
    contents = server.wait_for(count)
    assert idents(contents) == all_of(count)
    assert all(b"\n.dot\nbody " in c for c in contents)
