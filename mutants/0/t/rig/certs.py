"""A private certificate authority for a test run, made by the openssl command: good, expired, not yet valid, other name, self-signed, incomplete chain."""
import os
import subprocess


def _run(*args, **kwargs):
    subprocess.run(args, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **kwargs)


class Certificates:
    def __init__(self, folder):
        self.folder = str(folder)
        self.ca = self.path("ca.pem")
        self._self_signed("ca", "/CN=Rig test CA", ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"])

    def path(self, name):
        return os.path.join(self.folder, name)

    def _key(self, name):
        _run("openssl", "genrsa", "-out", self.path(name + ".key"), "2048")
        os.chmod(self.path(name + ".key"), 0o644)

    def _self_signed(self, name, subject, extensions, days="30"):
        self._key(name)
        args = ["openssl", "req", "-x509", "-new", "-key", self.path(name + ".key"), "-subj", subject, "-days", days, "-out", self.path(name + ".pem")]
        for extension in extensions:
            args += ["-addext", extension]
        _run(*args)

    def self_signed(self, name="self", host="localhost"):
        self._self_signed(name, f"/CN={host}", [f"subjectAltName=DNS:{host},IP:127.0.0.1"])
        return self.path(name + ".pem"), self.path(name + ".key")

    def issue(self, name, hosts=("DNS:localhost", "IP:127.0.0.1"), start=None, end=None, issuer="ca", is_ca=False, with_chain=True):
        """A certificate by the CA (or by another issuer). start, end: "20200101000000Z"."""
        self._key(name)
        subject = hosts[0].split(":", 1)[1] if hosts else name
        _run("openssl", "req", "-new", "-key", self.path(name + ".key"), "-subj", f"/CN={subject}", "-out", self.path(name + ".csr"))
        config = self.path(name + ".cnf")
        os.makedirs(self.path(name + ".db"), exist_ok=True)
        with open(self.path(name + ".db/index.txt"), "w"):
            pass
        with open(config, "w") as file:
            file.write("[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index.txt\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n"
                       "[p]\ncommonName=supplied\n[e]\n" % (self.path(name + ".db"), self.path(name + ".db")))
            file.write("basicConstraints=critical,CA:TRUE\n" if is_ca else "basicConstraints=CA:FALSE\n")
            if hosts and not is_ca:
                file.write("subjectAltName=" + ",".join(hosts) + "\n")
        _run("openssl", "ca", "-batch", "-notext", "-config", config, "-in", self.path(name + ".csr"), "-cert", self.path(issuer + ".pem"), "-keyfile",
             self.path(issuer + ".key"), "-out", self.path(name + ".pem"), "-startdate", start or "20200101000000Z", "-enddate", end or "20491231000000Z")
        if issuer != "ca" and with_chain:
            with open(self.path(name + ".pem"), "a") as file, open(self.path(issuer + ".pem")) as chain:
                file.write(chain.read())
        return self.path(name + ".pem"), self.path(name + ".key")
