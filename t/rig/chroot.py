"""A throw-away copy of this machine's file system for one command: `chroot.py [--systemd] COMMAND...` runs it there, with a network and processes of its own. With --systemd, systemd is
the init of that copy, and the command its only unit, which can start others. What it writes, installs or removes lies in memory and is gone with it. Needs root (unshare, overlayfs);
ends with the command's exit code."""
import os
import shlex
import subprocess
import sys
import tempfile

SYSTEMD = "/lib/systemd/systemd"
UNIT = """[Unit]
DefaultDependencies=no
SuccessAction=exit
FailureAction=exit
[Service]
Type=oneshot
Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=/bin/sh -c 'sh /run/command > /run/copy/output 2>&1; echo $? > /run/copy/code'
"""


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def copy(folder):
    """The root of a copy in folder."""
    mount("-t", "tmpfs", "tmpfs", folder)
    upper, work, root = (os.path.join(folder, name) for name in ("upper", "work", "root"))
    for name in (upper, work, root):
        os.mkdir(name)
    mount("-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={upper},workdir={work}", root)
    mount("-t", "proc", "proc", os.path.join(root, "proc"))
    mount("--rbind", "/dev", os.path.join(root, "dev"))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    return root


def under_systemd(root, shared, command):
    """What this machine would start is not started: the units that others want are left out."""
    mount("-t", "tmpfs", "tmpfs", f"{root}/run")
    mount("-t", "sysfs", "sysfs", f"{root}/sys")
    mount("-t", "cgroup2", "cgroup2", f"{root}/sys/fs/cgroup")
    for name in ("/etc/systemd/system", "/lib/systemd/system"):
        subprocess.run(f"rm -rf {root}{name}/*.wants {root}{name}/*.requires", shell=True, check=True)
    open(f"{root}/etc/fstab", "w").close()
    os.mkdir(f"{root}/run/copy")
    mount("--bind", shared, f"{root}/run/copy")
    with open(f"{root}/run/command", "w") as file:
        file.write("exec " + shlex.join(command) + "\n")
    with open(f"{root}/etc/systemd/system/command.service", "w") as file:
        file.write(UNIT)
    os.execve("/usr/sbin/chroot", ["chroot", root, SYSTEMD, "--unit=command.service", "--show-status=0", "--log-target=null"],
              {"container": "copy", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def inside(shared, command):
    """Within namespaces for mounts, network and processes."""
    with tempfile.TemporaryDirectory() as folder:
        root = copy(folder)
        if shared:
            under_systemd(root, shared, command)
        code = subprocess.run(["chroot", root, *command]).returncode
        for name in ("dev", "proc", ""):
            subprocess.run(["umount", "-l", os.path.join(root, name)], check=False)
        subprocess.run(["umount", "-l", folder], check=False)
        return code


def main(command):
    unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    again = [sys.executable, os.path.abspath(__file__), "--inside"]
    if command[0] != "--systemd":
        os.execvp("unshare", [*unshare, *again, "", *command])
    with tempfile.TemporaryDirectory() as shared:
        subprocess.run(["timeout", "200", *unshare, "--cgroup", "--ipc", "--uts", *again, shared, *command[1:]], check=False)
        for name in ("output", "code"):
            if not os.path.exists(os.path.join(shared, name)):
                return 125
        with open(os.path.join(shared, "output"), errors="replace") as file:
            sys.stdout.write(file.read())
        with open(os.path.join(shared, "code")) as file:
            return int(file.read())


if __name__ == "__main__":
    sys.exit(inside(sys.argv[2], sys.argv[3:]) if sys.argv[1] == "--inside" else main(sys.argv[1:]))
