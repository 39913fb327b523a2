"""make bench: the speed rows of the targets, side by side with a Postfix null client, on loopback, in private folders.
usage: run.py [S1 S2 ... plot]   without a row: all of them. Exit code 0 when every row could be measured and nothing was lost or came twice;
a missed target is reported, not an error: speed depends on the machine."""
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import report  # noqa: E402
import rows_big  # noqa: E402
import rows_far  # noqa: E402
import rows_flow  # noqa: E402
import rows_small  # noqa: E402
import tools  # noqa: E402
from rig.httpd import BUILD  # noqa: E402

ROUNDS = 3
BOUND = 20 * 60        # seconds for the whole

ROWS = {
    "S4": rows_small.sendmail, "S5": rows_small.latency, "S6": rows_far.one_connection, "S7": rows_far.ten_connections, "S8": rows_flow.tls,
    "S9": rows_big.backlog, "S10": rows_small.large, "S11": rows_big.shared, "S12": rows_flow.page, "S13": rows_flow.empty, "S14": rows_small.calls,
    "plot": rows_far.plots,
}
FRONT = ("S1", "S2", "S3")


class Bench:
    rounds = ROUNDS

    def __init__(self):
        self.started = time.monotonic()
        self.when = time.strftime("%Y-%m-%d", time.gmtime()) + f", {len(os.sched_getaffinity(0))} cores (load {os.getloadavg()[0]:.0f}), messages of 2 KiB"

    @property
    def elapsed(self):
        return time.monotonic() - self.started

    def say(self, text):
        print(f"  {self.elapsed:5.0f} s  {text}", flush=True)

    def path(self, name):
        return os.path.join(BUILD, name)


def attempt(bench, names, titles, function):
    """Rows of one function; what goes wrong is the row's result, and the next row is still measured."""
    if bench.elapsed > BOUND:
        rows = [report.Row(name, title) for name, title in zip(names, titles)]
        for row in rows:
            row.unmeasured(f"the bench's {BOUND // 60} minutes were over")
        return rows
    bench.say(f"{' '.join(names)} begins")
    try:
        found = function()
        return found if isinstance(found, list) else [found]
    except Exception as error:                      # noqa: BLE001
        traceback.print_exc()
        rows = [report.Row(name, title) for name, title in zip(names, titles)]
        for row in rows:
            row.unmeasured(str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__)
        return rows


def main():
    wanted = sys.argv[1:] or [*FRONT, *ROWS]
    unknown = [name for name in wanted if name not in FRONT and name not in ROWS]
    if unknown:
        sys.exit(f"make bench: there is no row {' '.join(unknown)}; there are {' '.join([*FRONT, *ROWS])}")
    if os.geteuid() != 0:
        sys.exit("make bench: Postfix starts as root only; run it as root")
    tools.adopt()
    bench = Bench()
    load_before = "%.2f" % os.getloadavg()[0]
    print(report.machine(), flush=True)
    commit = report.commit_time(os.environ.get("TMPDIR", "/tmp"))
    print(f"One fdatasync takes {commit:.2f} ms here; load average {load_before}.", flush=True)
    rows = []
    front = [name for name in FRONT if name in wanted]
    if front:
        rows += attempt(bench, front, ["front end"] * len(front), lambda: rows_flow.front(bench, front))
    for name, function in ROWS.items():
        if name in wanted:
            rows += attempt(bench, [name], [(function.__doc__ or name)], lambda function=function: function(bench))
    for row in rows:
        print("\n" + row.text())
    settings = (f"Bodies of 2 KiB, {bench.rounds} rounds a row; the module with SMTPSendEngine On and SMTPSendHost and nothing else besides the shipped configuration, "
                f"Postfix with its defaults, unless a row says otherwise. One fdatasync takes {commit:.2f} ms here.")
    missed = report.write(bench.path("bench.md"), rows, bench.elapsed, settings, load_before)
    print(f"\n{bench.path('bench.md')} holds this with the machine's description. {bench.elapsed / 60:.1f} minutes.")
    print(f"Missed: {' '.join(missed)}" if missed else "Every target of these rows is reached.")
    is_broken = any(value is None for row in rows for _, value, _, _, ok in row.verdicts if not ok)
    return 1 if is_broken else 0


if __name__ == "__main__":
    sys.exit(main())
