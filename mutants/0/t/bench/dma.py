"""dma, the DragonFly mail agent, for S4. Its configuration's place is compiled in, and its package replaces Postfix's: so the package is unpacked
into a private folder, and each call runs in a mount namespace of its own where /etc/dma and /var/spool/dma are private folders."""
import os
import pwd
import shutil
import subprocess
import tempfile


class Dma:
    name = "dma"

    def __init__(self, folder, sink_port):
        self.dir = folder
        self.pid = os.getpid()
        for name in ("etc", "spool"):
            os.mkdir(os.path.join(folder, name))
        mail = pwd.getpwnam("mail")
        os.chown(os.path.join(folder, "spool"), mail.pw_uid, mail.pw_gid)
        os.chmod(os.path.join(folder, "spool"), 0o2775)
        os.chmod(folder, 0o755)
        with open(os.path.join(folder, "etc", "dma.conf"), "w") as file:
            file.write(f"SMARTHOST 127.0.0.1\nPORT {sink_port}\nMAILNAME bench.example.com\n")
        self.binary = os.path.join(folder, "package", "usr", "sbin", "dma")
        self.made = [path for path in ("/etc/dma", "/var/spool/dma") if not os.path.isdir(path)]
        for path in self.made:
            os.mkdir(path)
        # The namespace is made once, and stays with the process that holds it.
        script = f'mount --make-rprivate / && mount --bind "{folder}/etc" /etc/dma && mount --bind "{folder}/spool" /var/spool/dma && echo ready && read end'
        self.holder = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline().strip() != "ready":
            self.close()
            raise OSError("no private mounts are possible here")
        self.prefix = ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "--"]

    def cpu(self):
        """Its processes are the loader's children, the ones in the background too: their CPU is counted there."""
        return 0.0

    def sendmail(self):
        return [self.binary, "-t", "-i", "-f", "bench@sender.example"], dict(os.environ)

    def close(self):
        self.holder.stdin.close()
        self.holder.wait(5)
        self.holder.stdout.close()
        for path in self.made:
            os.rmdir(path)
        shutil.rmtree(self.dir, ignore_errors=True)


def prepare(sink_port):
    """The system and None, or None and why not."""
    folder = tempfile.mkdtemp(prefix="smtp-send-bench-dma.")
    try:
        os.chown(folder, pwd.getpwnam("_apt").pw_uid, -1)
        done = subprocess.run(["apt-get", "download", "dma"], cwd=folder, capture_output=True, text=True, timeout=60)
        packages = [name for name in os.listdir(folder) if name.endswith(".deb")]
        if done.returncode or not packages:
            raise OSError("its package could not be fetched")
        subprocess.run(["dpkg-deb", "-x", os.path.join(folder, packages[0]), os.path.join(folder, "package")], check=True, timeout=60)
        return Dma(folder, sink_port), None
    except (OSError, KeyError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        return None, str(error)
