"""What the real mail servers under test share: a process that greets when it is ready, and is ended by its pid."""
import signal
import socket
import subprocess

from rig.httpd import select_pause


def wait_greeting(server, name):
    """Until it says 220; a server that never does is closed, and its log printed."""
    for _ in range(200):
        try:
            with socket.create_connection((server.host, server.port), 5) as s:
                if s.recv(4).startswith(b"220"):
                    return
        except OSError:
            pass
        select_pause(0.05)
    log = server.log()
    server.close()
    raise RuntimeError(f"{name} does not answer:\n{log}")


def end(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
