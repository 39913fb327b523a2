"""A throw-away copy of this machine's file system for one command: `chroot.py COMMAND...` runs it there, with a network and processes of its own. What it writes, installs
or removes lies in memory and is gone with it. Needs root (unshare, overlayfs); ends with the command's exit code."""
import os
import subprocess
import sys
import tempfile


def inside(command):
    """Within namespaces for mounts, network and processes."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
        upper, work, root = (os.path.join(folder, name) for name in ("upper", "work", "root"))
        for name in (upper, work, root):
            os.mkdir(name)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={upper},workdir={work}", root], check=True)
        subprocess.run(["mount", "-t", "proc", "proc", os.path.join(root, "proc")], check=True)
        subprocess.run(["mount", "--bind", "/dev", os.path.join(root, "dev")], check=True)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        code = subprocess.run(["chroot", root, *command]).returncode
        for name in ("dev", "proc", ""):
            subprocess.run(["umount", "-l", os.path.join(root, name)], check=False)
        subprocess.run(["umount", "-l", folder], check=False)
        return code


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        sys.exit(inside(sys.argv[2:]))
    os.execvp("unshare", ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", sys.executable, os.path.abspath(__file__), "--inside", *sys.argv[1:]])
