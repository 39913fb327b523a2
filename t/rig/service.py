"""conf/service.conf, a private httpd with the module alone, and nginx and Caddy before it, in a folder of their own; with the examples as they are but for addresses and ports.
As a program it is `make service-demo`: all of them in the foreground, and a mail catcher."""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from rig.httpd import BUILD, HTTPD, MODULES, ROOT, free_port, select_pause
from rig.relay import Relay

# A client that proxy and httpd let in; one that httpd refuses; one that the proxy refuses.
ALLOWED, OTHER, STRANGER = "127.0.0.3", "127.0.0.4", "127.0.0.5"


def read(name):
    with open(os.path.join(ROOT, name)) as file:
        return file.read()


def wait(condition, what):
    for _ in range(400):
        if condition():
            return
        select_pause(0.05)
    raise AssertionError(f"waited 20 s for {what}")


@contextlib.contextmanager
def running(command, port, log, env=None):
    with open(log, "ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **(env or {})})
    def answers():
        assert process.poll() is None, open(log).read()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return True

    try:
        wait(answers, f"{command[0]} to answer")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


class Service:
    def __init__(self, folder, relay, clients=None):
        self.folder, self.port, self.log = folder, free_port(), folder / "error.log"
        os.chmod(folder, 0o755)
        for name in ("state", "run"):
            (folder / name).mkdir()
            if os.geteuid() == 0:
                shutil.chown(folder / name, "www-data")
        text = read("conf/service.conf").replace("SMTPSendEngine Off", f"SMTPSendEngine On\nSMTPSendHost {relay.host}:{relay.port}\nSMTPSendTestTimeout 3s")
        (folder / "service.conf").write_text(text)
        names = {"LISTEN": f"127.0.0.1:{self.port}", "STATE": folder / "state", "RUN": folder / "run", "LOG": self.log, "USER": "www-data", "CLIENTS": f"'{clients or f'ip {ALLOWED} {STRANGER}'}'", "MODULES": MODULES, "MODULE": f"{BUILD}/mod_smtp_send.so"}
        defines = [word for name, value in names.items() for word in ("-C", f"Define SERVICE_{name} {value}")]
        self.command = [HTTPD, "-DFOREGROUND", "-f", str(folder / "service.conf"), *defines]


def nginx(folder, port, upstream):
    snippet = read("conf/examples/nginx.conf").replace("listen 80;", f"listen 127.0.0.1:{port};").replace("127.0.0.1:8025", f"127.0.0.1:{upstream}").replace("allow 127.0.0.1;", f"allow 127.0.0.1; allow {ALLOWED}; allow {OTHER};")
    paths = "".join(f"{name}_temp_path {folder}/nginx-{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(f"daemon off;\nuser www-data;\npid {folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{snippet}}}\n")
    return ["nginx", "-c", str(folder / "nginx.conf"), "-e", "stderr"]


def caddy(folder, port, upstream):
    snippet = read("conf/examples/Caddyfile").replace("mail.example.com {", f"http://127.0.0.1:{port} {{").replace("127.0.0.1:8025", f"127.0.0.1:{upstream}").replace("remote_ip 127.0.0.1 ", f"remote_ip 127.0.0.1 {ALLOWED} {OTHER} ")
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{snippet}")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def proxies():
    """Those that are installed."""
    return [proxy for proxy in (nginx, caddy) if shutil.which(proxy.__name__)]


@contextlib.contextmanager
def behind(proxy, service, port):
    folder = service.folder
    with running(proxy(folder, port, service.port), port, folder / f"{proxy.__name__}.out", {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}):
        yield


@contextlib.contextmanager
def started(relay, clients=None):
    """Not below a folder that httpd's User cannot enter."""
    with tempfile.TemporaryDirectory(prefix="smtp-send-service.") as name:
        service = Service(pathlib.Path(name), relay, clients)
        with running(service.command, service.port, service.folder / "httpd.out"):
            yield service


def submit(url):
    request = urllib.request.Request(f"{url}/mail?to=bob@example.net", b"From: app@example.com\nSubject: Hello\n\nThis message went through " + url.encode() + b".\n", {"Content-Type": "message/rfc822"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode().strip()


def demo(is_once):
    relay = Relay()
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(started(relay, "local"))
        urls = {"httpd": f"http://127.0.0.1:{service.port}"}
        print(f"1. A private httpd with the module alone runs with conf/service.conf: {urls['httpd']}")
        for proxy in proxies():
            port = free_port()
            stack.enter_context(behind(proxy, service, port))
            urls[proxy.__name__] = f"http://127.0.0.1:{port}"
            print(f"2. {proxy.__name__} passes requests on to it: {urls[proxy.__name__]}")
        if len(urls) == 1:
            print("2. Neither nginx nor caddy is installed: without a proxy")
        for name, url in urls.items():
            print(f"3. A message is submitted through {name}:\n   {submit(url)}")
        for message in relay.wait_for(len(urls)):
            print("4. It arrived:\n   | " + message.data.decode().strip().replace("\r\n", "\n   | "))
        print("5. Ready for more:", urllib.request.urlopen(f"{urls['httpd']}/health/ready").read().decode().strip())
        for name, url in urls.items():
            print(f"To try:  {url}/    the status page, through {name}")
        if is_once:
            print("service-demo: delivered")
            return
        print("It runs until Ctrl-C.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    demo(os.environ.get("DEMO") == "once")
