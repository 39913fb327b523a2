"""packaging/Containerfile without a container engine: its steps run in a chroot each, and what they make runs as a container would: with the image's user, no capabilities,
a read-only file system, one volume and processes of its own. The stage that builds takes a copy of this system as its base (rig/chroot.py), the other one a fresh Debian of
debootstrap, which is kept in the build folder. Needs root and Debian's servers. As a program: container.py FOLDER builds into FOLDER/root."""
import glob
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from rig import chroot
from rig.httpd import BUILD, ROOT

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SOURCES = "/etc/apt/sources.list.d/debian.sources"


def instructions():
    """(word, rest) of each line of the Containerfile."""
    with open(os.path.join(ROOT, "packaging/Containerfile")) as file:
        text = re.sub(r"\\\n", " ", "".join(line for line in file if not line.startswith("#")))
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def settings():
    """What the image says of its containers."""
    found = {word: rest for word, rest in instructions() if word not in ("RUN", "COPY", "ENV")}
    found["ENV"] = dict(item.split("=", 1) for word, rest in instructions() if word == "ENV" for item in shlex.split(rest))
    return found


def run(*command, **kwargs):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs)
    if done.returncode:
        sys.exit(f"container: {shlex.join(command)}\n{done.stdout[-3000:]}")


def base(folder):
    """A fresh Debian, made once."""
    if not os.path.isdir(f"{folder}/base"):
        shutil.rmtree(f"{folder}/base.new", ignore_errors=True)
        run("debootstrap", "--variant=minbase", "bookworm", f"{folder}/base.new")
        # The image has security updates as well.
        if os.path.exists(SOURCES):
            shutil.copy(SOURCES, f"{folder}/base.new{SOURCES}")
            os.unlink(f"{folder}/base.new/etc/apt/sources.list")
        # As the image has it.
        with open(f"{folder}/base.new/etc/dpkg/dpkg.cfg.d/fast", "w") as file:
            file.write("force-unsafe-io\n")
        os.rename(f"{folder}/base.new", f"{folder}/base")
    root = os.path.join(folder, "root")
    shutil.rmtree(root, ignore_errors=True)
    run("cp", "-a", f"{folder}/base", root)
    shutil.copy("/etc/resolv.conf", f"{root}/etc/resolv.conf")
    chroot.mount("-t", "proc", "proc", f"{root}/proc")
    chroot.mount("--rbind", "/dev", f"{root}/dev")
    # Packages are fetched once, too.
    os.makedirs(f"{folder}/archives/partial", exist_ok=True)
    chroot.mount("--bind", f"{folder}/archives", f"{root}/var/cache/apt/archives")
    return root


def context():
    """The files that COPY . takes: those of the tree, as .dockerignore leaves out the rest."""
    return subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()


def copy(roots, root, rest):
    words = rest.split()
    source = roots[words.pop(0).split("=")[1]] if words[0].startswith("--from=") else ROOT
    *names, target = words
    target = root + target
    if names == ["."]:
        for name in filter(lambda name: os.path.lexists(os.path.join(ROOT, name)), context()):
            os.makedirs(os.path.dirname(os.path.join(target, name)), exist_ok=True)
            shutil.copy2(os.path.join(ROOT, name), os.path.join(target, name), follow_symlinks=False)
        return
    for name in names:
        found = glob.glob(os.path.join(source, name.lstrip("/")))
        if not found:
            sys.exit(f"container: COPY {rest}: no such file")
        os.makedirs(target if target.endswith("/") else os.path.dirname(target), exist_ok=True)
        for path in found:
            shutil.copy2(path, target)


def build(folder):
    roots, names, root, env = {}, [], None, {}
    for word, rest in instructions():
        if word == "FROM":
            names.append(rest.split(" AS ")[1] if " AS " in rest else str(len(names)))
            env = {"PATH": PATH}
            if names[-1] == "build":
                os.makedirs(f"{folder}/building", exist_ok=True)
                root = chroot.copy(f"{folder}/building")
                # Compiled before is compiled fast.
                env.update({key: os.environ[key] for key in ("CCACHE_DIR", "CCACHE_NOHASHDIR") if key in os.environ}, PATH="/usr/lib/ccache:" + PATH)
            else:
                root = base(folder)
            roots[names[-1]] = root
        elif word == "RUN":
            run("chroot", root, "/bin/sh", "-c", rest, env={**env, "DEBIAN_FRONTEND": "noninteractive"})
        elif word == "COPY":
            copy(roots, root, rest)
        elif word == "ENV":
            env.update(item.split("=", 1) for item in shlex.split(rest))
    for name in ("var/cache/apt/archives", "dev", "proc"):
        subprocess.run(["umount", "-l", f"{root}/{name}"], check=True)


def fingerprint():
    """Of what the package and the image are made of."""
    digest = hashlib.sha256()
    for name in context():
        if not name.startswith(("t/", "docs/")) and os.path.isfile(os.path.join(ROOT, name)):
            with open(os.path.join(ROOT, name), "rb") as file:
                digest.update(name.encode() + b"\0" + file.read())
    return digest.hexdigest()


def image():
    """The folder of the image's root, built of the tree as it is, unless it was."""
    folder = os.path.join(os.path.abspath(BUILD), "container")
    os.makedirs(folder, exist_ok=True)
    key = fingerprint()
    if os.path.exists(f"{folder}/key") and open(f"{folder}/key").read() == key:
        return os.path.join(folder, "root")
    done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", sys.executable, os.path.abspath(__file__), folder], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    with open(f"{folder}/key", "w") as file:
        file.write(key)
    return os.path.join(folder, "root")


# Mounts the volume, makes the rest read-only, and becomes the container's first process.
START = """set -e
root=$1 volume=$2 user=$3; shift 3
mount --bind "$root" "$root"
mount --bind "$volume" "$root/var/lib/smtp-send"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs --bounding-set=-all,+setuid,+setgid,+sys_chroot --inh-caps=-all chroot --userspec="$user" --groups= "$root" "$@"
"""


class Container:
    """A container of the image: env in its environment, volume as its volume. What it says is in log."""

    def __init__(self, root, volume, env, arguments=()):
        self.volume, self.log = volume, f"{volume}.log"
        image_says = settings()
        variables = {"PATH": PATH, **image_says["ENV"], **env}
        command = ["env", "-i", *(f"{name}={value}" for name, value in variables.items()), *json.loads(image_says["ENTRYPOINT"]), *arguments]
        self.user = image_says["USER"]
        with open(self.log, "ab") as log:
            # As a container's engine does it.
            os.fchown(log.fileno(), *map(int, self.user.split(":")))
            self.process = subprocess.Popen(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", START, "sh", root, volume, self.user, *command],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def first(self):
        """Its first process."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            return int(file.read().split()[0])

    def said(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def execute(self, *command, **kwargs):
        """As `podman exec`."""
        variables = {"PATH": PATH, **settings()["ENV"]}
        return subprocess.run(["nsenter", "-t", str(self.first()), "-m", "-p", "--root", "--wd=/", "setpriv", *(f"--{key}={value}" for key, value in zip(("reuid", "regid"), self.user.split(":"))), "--clear-groups",
                               "env", "-i", *(f"{name}={value}" for name, value in variables.items()), *command], capture_output=True, **kwargs)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(20)


if __name__ == "__main__":
    build(sys.argv[1])
