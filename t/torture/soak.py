"""make soak MINUTES=30: steady load with retries and purges, three fifths of the time on one daemon, then with graceful restarts. Memory, descriptors, the queue's file
and its log stay flat: what the last quarter of a part needs is what its second quarter needed."""
import os
import random
import statistics
import time

from rig.proc import children, memory

from torture.ledger import Load, Sink, settle
from torture.test_torture import CONFIG, EXPECT, SEED, report, wait_a_moment

MINUTES = float(os.environ.get("MINUTES", "30"))
EVERY = 2               # seconds between two samples
RESTART = 75            # the first purge of a daemon is a minute after its start
GROWN = 2.0             # MiB that a process may have more: what the allocator keeps differs
WAL = 80                # MiB: journal_size_limit, and what one checkpoint lags behind
HISTORY = "SMTPSendHistory 30s\n"


def size(path):
    try:
        return os.path.getsize(path) / 2 ** 20
    except FileNotFoundError:
        return 0


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def look(httpd, started):
    """One sample; None in the moment in which one daemon replaces the other."""
    try:
        parent, daemon = httpd.process.pid, httpd.status()["pid"]
        workers = [pid for pid in children(parent) if pid != daemon]
        return {"at": time.monotonic() - started, "daemon": memory(daemon), "daemon's descriptors": descriptors(daemon), "parent": memory(parent),
                "parent's descriptors": descriptors(parent), "worker": max(memory(pid) for pid in workers), "file": size(httpd.queue), "log": size(httpd.queue + "-wal"),
                "pid": daemon, "waiting": httpd.status()["queue"]["messages"]}
    except (OSError, KeyError, ValueError, AssertionError):
        return None


def quarters(samples, name):
    """The second quarter and the last one: the first is the warm-up."""
    values = [sample[name] for sample in samples]
    quarter = max(len(values) // 4, 1)
    return values[quarter:2 * quarter], values[-quarter:]


def slope(samples, name):
    """Per minute, after the warm-up."""
    rest = samples[len(samples) // 4:]
    return statistics.linear_regression([s["at"] / 60 for s in rest], [s[name] for s in rest]).slope


def test_soak(make_httpd):
    dice = random.Random(SEED)
    with Sink(replies={"END": lambda *_: "451 4.3.0 later" if dice.randrange(20) == 0 else None}) as sink:
        httpd = make_httpd(CONFIG.replace("SMTPSendHistory 1h\n", HISTORY), relay=sink, expect=[*EXPECT, "refused the end of DATA"])
        load = Load(httpd.port, pause=0.02, keeps=False).start()
        started = time.monotonic()
        alone, restarted, restarts = [], [], 0
        while time.monotonic() - started < MINUTES * 36:
            alone.append(look(httpd, started))
            wait_a_moment(EVERY, EVERY)
        while time.monotonic() - started < MINUTES * 60:
            if time.monotonic() - started > MINUTES * 36 + RESTART * restarts:
                httpd.graceful_wait(60)
                restarts += 1
            restarted.append(look(httpd, started))
            wait_a_moment(EVERY, EVERY)
        load.stop()
        figures = settle(load, sink)
        alone, restarted = [s for s in alone if s], [s for s in restarted if s]
        report("soak", {**figures, "minutes": MINUTES, "restarts": restarts, "samples": len(alone) + len(restarted), "seed": SEED})
        problems = []
        for part, samples in (("one daemon", alone), ("restarts", restarted)):
            for name in ("daemon", "worker", "parent", "daemon's descriptors", "parent's descriptors", "file", "log", "waiting"):
                early, late = quarters(samples, name)
                report(f"soak, {part}", f"{name}: most {max(s[name] for s in samples):.1f}, second quarter {statistics.median(early):.1f}, last quarter {statistics.median(late):.1f}, "
                                        f"a minute {slope(samples, name):+.3f}")
                if name in ("daemon", "parent", "worker") and statistics.median(late) > statistics.median(early) + GROWN:
                    problems.append((part, name, statistics.median(early), statistics.median(late)))
                if "descriptors" in name and max(late) > max(early) + 4:
                    problems.append((part, name, max(early), max(late)))
        assert max(s["log"] for s in alone + restarted) < WAL and not problems, problems
        assert max(s["file"] for s in restarted) < 1.25 * max(s["file"] for s in alone) + 8, "the queue's file grows"
        assert len({s["pid"] for s in alone}) == 1 and figures["lost"] == 0 and figures["duplicates"] == 0 and not figures["refused"], figures
