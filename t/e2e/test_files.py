"""Who can read and replace the files that httpd's parent and the daemon make."""
import os
import pwd
import stat


def modes(httpd):
    folder = os.path.dirname(httpd.queue)
    return {name: stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) for name in os.listdir(folder)}


def test_only_the_daemon_reads_the_queue(make_httpd, relay):
    """In a folder that everybody can enter, with the widest umask, and after an older module made the files."""
    before = os.umask(0)
    try:
        httpd = make_httpd(relay=relay, expect=["SMTPSend-280"])
    finally:
        os.umask(before)
    os.chmod(os.path.dirname(httpd.queue), 0o755)
    httpd.wait_state(httpd.send().json["id"], "sent")
    found = modes(httpd)
    assert {"queue.db", "queue.db-wal", "queue.db-shm", "queue.db.lock"} <= set(found)
    assert set(found.values()) == {0o600}, found
    for name in found:
        os.chmod(os.path.join(os.path.dirname(httpd.queue), name), 0o644)
    httpd.graceful_wait()
    httpd.wait_state(httpd.send().json["id"], "sent")
    found = modes(httpd)
    assert all(mode == 0o600 for name, mode in found.items() if not name.endswith(".lock")), found


def test_a_link_at_the_path_of_the_socket(make_httpd, relay, tmp_path):
    """httpd's User may write the folder and puts a link there: what it points to stays as it is, and the log says who can do that."""
    httpd = make_httpd(relay=relay, expect=["SMTPSend-280", "SMTPSend-286"])
    httpd.wait(lambda: httpd.status(check=False), what="the daemon")
    secret = tmp_path / "of-root"
    secret.write_text("root's")
    secret.chmod(0o600)
    os.chmod(os.path.dirname(httpd.socket), 0o777)
    if httpd.user:
        os.chown(os.path.dirname(httpd.socket), pwd.getpwnam(httpd.user).pw_uid, 0)
        os.chmod(os.path.dirname(httpd.socket), 0o755)
    for _ in range(2):
        before = httpd.status()["generation"]
        os.unlink(httpd.socket)
        os.symlink(secret, httpd.socket)
        httpd.graceful()
        httpd.wait(lambda: httpd.status(check=False).get("generation", 0) > before, what="the next generation's daemon")
        httpd.wait_state(httpd.send().json["id"], "sent")
        info = secret.stat()
        assert (stat.S_IMODE(info.st_mode), info.st_uid, secret.read_text()) == (0o600, os.geteuid(), "root's")
        assert stat.S_ISSOCK(os.lstat(httpd.socket).st_mode) and stat.S_IMODE(os.lstat(httpd.socket).st_mode) == 0o660
    who = f"user {pwd.getpwnam(httpd.user).pw_uid}" if httpd.user else "everybody"
    httpd.wait_log(f"SMTPSend-280: .*{who} can write its folder")
