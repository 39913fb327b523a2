"""An idle daemon sleeps, and a busy one does not grow."""
import os
import re
import threading


def field(pid, name):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(rf"^{name}:\s+(\d+)", file.read(), re.M).group(1))


def switches(pid):
    """Voluntary context switches of all threads: each is a wake-up that was followed by another sleep."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status") as file:
            total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", file.read(), re.M).group(1))
    return total


def test_idle_daemon_wakes_up_at_most_once_in_ten_seconds(make_httpd, relay):
    httpd = make_httpd("SMTPSendIdleTimeout 1s", relay=relay)
    httpd.send()
    relay.wait_for(1)
    relay.wait(lambda: not relay.open, 20, lambda: "the idle connection to be closed")
    pid = httpd.status()["pid"]
    ended = threading.Event()
    # The kept connection of the status request and the store's last work settle first.
    ended.wait(3)
    before = switches(pid)
    ended.wait(20)
    assert switches(pid) - before <= 2


def test_10_000_messages_leave_no_descriptor_and_no_memory_behind(make_httpd, make_relay):
    relay = make_relay(keep=False)
    httpd = make_httpd("SMTPSendHistory 0\nSMTPSendConnections 4", relay=relay, level="warn")
    pid = httpd.status()["pid"]

    def submit(count):
        def some(n):
            for _ in range(n):
                assert httpd.send().status == 202
        before = sum(relay.transactions.values())
        threads = [threading.Thread(target=some, args=(count // 4,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
        relay.wait(lambda: sum(relay.transactions.values()) >= before + count, 120, lambda: f"{count} messages")
        httpd.wait(lambda: not httpd.status()["queue"]["messages"], 30, "the queue to be empty")
        return len(os.listdir(f"/proc/{pid}/fd")), field(pid, "VmRSS")

    descriptors, memory = submit(4000)
    after_descriptors, after_memory = submit(10000)
    print(f"descriptors {descriptors} -> {after_descriptors}, memory {memory} -> {after_memory} KiB")
    assert httpd.status()["pid"] == pid
    assert after_descriptors <= descriptors + 4
    # SQLite's page cache (16 MiB) and the pools' spare memory (8 MiB) fill up in time and stop; a leak of a pool a message would be 80 MiB.
    assert after_memory <= memory + 8192
