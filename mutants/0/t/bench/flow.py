"""One run: messages go in at a system's endpoint, come out at the sink; how long that took, what it cost, what was lost or came twice."""
import tools

SECONDS = 5            # what a run is sized for
PROBE, LEAST, MOST = 60, 50, 60000


class Run:
    def __init__(self, count, first, loaded, taken, cpu):
        self.count, self.first, self.loaded, self.taken = count, first, loaded, taken
        span = (taken["lastAt"] - loaded["startedAt"]) / 1e9
        self.rate = taken["unique"] / span if taken["unique"] and span > 0 else 0.0
        intake = (loaded["endedAt"] - loaded["startedAt"]) / 1e9
        self.accept_rate = loaded["accepted"] / intake if intake > 0 else 0.0
        self.cpu = 1000 * (cpu + loaded["childrenCpu"]) / taken["unique"] if taken["unique"] else 0.0

    @property
    def faults(self):
        found = []
        lost = self.loaded["accepted"] - self.taken["unique"]
        if lost > 0:
            found.append(f"{lost} accepted and not delivered in time")
        if self.taken["duplicates"] or self.taken["strays"]:
            found.append(f"{self.taken['duplicates'] + self.taken['strays']} duplicates")
        if self.loaded["refused"] or self.loaded["errors"]:
            found.append(f"{self.loaded['refused']} refused, {self.loaded['errors']} errors ({self.loaded['trouble'].strip()})")
        return found


def endpoint(system, way, connections, batch=1, command=None):
    """The loader's arguments for a system's endpoint."""
    if way == "exec":
        command, env = command or system.sendmail()
        return ("exec", "--connections", connections), {"command": command, "env": env, "prefix": getattr(system, "prefix", ())}
    args = (way, "--connections", connections) + (("--batch", batch) if batch > 1 else ())
    return args, {"to": system.port}


def run(system, sink, count, way, connections=32, batch=1, seconds=60, during=None, extra=(), path=None):
    """during: called while it runs."""
    first = sink.expect(count)
    args, kwargs = endpoint(system, way, connections, batch)
    before = system.cpu()
    more = ("--path", path) if path else ()
    process = tools.load_start(args[0], count, first, *args[1:], *extra, *more, "--seconds", int(seconds), **kwargs)
    try:
        if during:
            during(process)
        loaded = tools.load_end(process, seconds + 30)
    except BaseException:
        process.kill()
        raise
    taken = sink.wait(loaded["accepted"], seconds)
    tools.settle(system.pid)
    return Run(count, first, loaded, sink.stats(), system.cpu() - before)


def size(system, sink, way, seconds=SECONDS, **kwargs):
    """How many messages last about that long: a run at small first, as warm-up too."""
    batch = kwargs.get("batch", 1)
    count = max(PROBE, batch * 10)
    found = run(system, sink, count, way, **kwargs)
    if found.rate > count:
        count = min(int(found.rate), 4000)
        found = run(system, sink, count, way, **kwargs)
    wanted = int(found.rate * seconds)
    wanted = max(LEAST, batch, min(MOST, wanted))
    return max(batch, wanted - wanted % batch)
