"""A row's result, the table on the terminal and build/bench.md."""
import os
import platform
import subprocess
import time

from systems import module_version, versions


class Row:
    def __init__(self, name, title):
        self.name, self.title = name, title
        self.lines, self.verdicts, self.notes = [], [], []

    def line(self, label, figures):
        self.lines.append((label, figures))          # shown at the end: rows fill them later
        return figures

    def verdict(self, what, value, target, is_most=False, unit=""):
        """is_most: the value may be at most the target."""
        is_reached = value is not None and (value <= target if is_most else value >= target)
        self.verdicts.append((what, value, f"{'<=' if is_most else '>='} {target:g}{unit}", unit, is_reached))

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def faults(self, who, run):
        """Loss and duplicates are misses whatever the speed was."""
        for fault in run.faults:
            self.verdicts.append((f"{who}: {fault}", None, "none", "", False))

    def unmeasured(self, why):
        self.verdicts.append((f"not measured: {why}", None, "a measurement", "", False))

    @property
    def is_reached(self):
        return bool(self.verdicts) and all(v[4] for v in self.verdicts)

    def text(self):
        out = [f"{self.name:4} {self.title}"]
        width = max([len(label) for label, _ in self.lines] + [20])
        out += [f"       {label:{width}}  {figures}" for label, figures in self.lines]
        for what, value, target, unit, is_reached in self.verdicts:
            shown = "" if value is None else f": {value:.2f}{unit}"
            out.append(f"     {'reached' if is_reached else 'MISSED '} {what}{shown}  (to reach: {target})")
        out += [f"       note: {note}" for note in self.notes]
        return "\n".join(out)

    def markdown(self):
        cells = "<br>".join(f"{label}: {figures}" for label, figures in self.lines)
        marks = "<br>".join(f"{'reached' if ok else '**missed**'}: {what}{'' if value is None else f' {value:.2f}{unit}'} ({target})" for what, value, target, unit, ok in self.verdicts)
        return f"| {self.name} | {self.title} | {cells} | {marks} | {' '.join(self.notes)} |"


def machine():
    """What the figures belong to."""
    def read(path, wanted):
        try:
            with open(path) as file:
                return next((line.split(":", 1)[1].strip() for line in file if line.startswith(wanted)), "")
        except OSError:
            return ""
    here = subprocess.run(["df", "--output=fstype", os.environ.get("TMPDIR", "/tmp")], capture_output=True, text=True).stdout.split()
    memory = int(read("/proc/meminfo", "MemTotal").split()[0]) / 1048576
    return (f"{len(os.sched_getaffinity(0))} cores ({read('/proc/cpuinfo', 'model name')}), {memory:.0f} GiB of memory, queues on {here[-1]}, "
            f"Linux {platform.release()}; {versions()}, mod_smtp_send {module_version()}. "
            + ("Postfix logs to the machine's syslog." if os.path.exists("/dev/log") else "No syslog daemon runs, so Postfix's log costs it nothing."))


def commit_time(folder, times=200):
    """What one fdatasync of 4 KiB costs here: the physical limit of whoever commits each message alone. Milliseconds."""
    path = os.path.join(folder, f"smtp-send-bench.{os.getpid()}")
    fd = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        started = time.monotonic()
        for i in range(times):
            os.pwrite(fd, b"x" * 4096, i * 4096)
            os.fdatasync(fd)
        return (time.monotonic() - started) / times * 1000
    finally:
        os.close(fd)
        os.unlink(path)


def write(path, rows, seconds, settings, load_before):
    missed = [row.name for row in rows if not row.is_reached]
    text = [f"# make bench, {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC", "", machine(), "",
            f"{settings} Load average when it began: {load_before}. It took {seconds / 60:.1f} minutes.", "",
            "Figures are minimum / median / maximum. Ratios are taken within each round, the systems one after the other, and then their median. "
            "msg/s is from the first submission to the last message at the sink; CPU is user + system of the system's whole process tree.", "",
            "| row | what | figures | target | notes |", "|---|---|---|---|---|"]
    text += [row.markdown() for row in rows]
    text += ["", f"Missed: {', '.join(missed)}." if missed else "All targets of these rows are reached.", ""]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write("\n".join(text))
    return missed
