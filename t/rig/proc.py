"""What /proc says of the processes that a test or a benchmark started."""
import contextlib


def children(pid):
    """Those that its first thread made; none if there is no such process."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def memory(pid, field="VmRSS"):
    """In MiB."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    raise KeyError(field)


def reset_peak(pid):
    """VmHWM begins again at what the process has now."""
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


@contextlib.contextmanager
def growth(before):
    """By how many MiB processes were larger, at most, than what they had before ({pid: MiB}, or their pids: now): a dictionary that is filled at the end of the block."""
    before = before if isinstance(before, dict) else {pid: memory(pid) for pid in before}
    for pid in before:
        reset_peak(pid)
    grown = {}
    yield grown
    grown.update((pid, memory(pid, "VmHWM") - had) for pid, had in before.items())


def smaps(pid):
    """Its memory in MB, of pages that several processes share its part (PSS)."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024
