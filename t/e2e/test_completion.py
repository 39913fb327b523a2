"""Completion of command lines in bash, zsh and fish: commands, options, values, relays and messages, from one source."""
import os
import pty
import select
import shutil
import subprocess
import time

import pytest

from e2e.test_cli import waiting
from rig.httpd import BUILD, CLI, ROOT

BASH = 'source "$0/conf/smtp-send.bash"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _smtp_send; printf "%s\\n" "${COMPREPLY[@]}"'
ZSH = ('compset() { :; }; _files() { print -r -- FILES; }; _describe() { local -a all; all=("${(@P)@[-1]}"); local one; for one in $all; do print -r -- "${${one//\\\\:/;}%%:*}"; done; };'
       'functions[_smtp_send]="$(<"$1/conf/smtp-send.zsh")"; shift; words=("$@"); CURRENT=$#; _smtp_send')
FISH = 'source $argv[1]/conf/smtp-send.fish; complete -C (string join " " -- $argv[2..-1])'


def complete(shell, *words, socket="/nonexistent"):
    command = {"bash": ["bash", "-c", BASH, ROOT, *words], "zsh": ["zsh", "-f", "-c", ZSH, "zsh", ROOT, *words], "fish": ["fish", "--no-config", "-c", FISH, ROOT, *words]}[shell]
    env = {**os.environ, "SMTP_SEND_SOCKET": socket, "PATH": f"{BUILD}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, env=env, cwd=f"{ROOT}/conf/examples")
    assert not result.stderr, result.stderr
    return [line.split("\t")[0] for line in result.stdout.splitlines() if line]


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request):
    assert shutil.which(request.param), f"{request.param} is missing: make deps"
    return request.param


def test_without_a_daemon(shell):
    commands = subprocess.run([CLI, "--help"], capture_output=True, text=True, check=True).stdout
    listed = complete(shell, "smtp-send", "")
    assert {line.split()[0] for line in commands.splitlines() if line.startswith("  ")} | {"help"} == set(listed)
    assert complete(shell, "smtp-send", "resu") == ["resume"] and complete(shell, "smtp-send", "help", "expl") == ["explain"]
    assert set(complete(shell, "smtp-send", "--")) == {"--json", "--socket", "--version", "--help"}
    # Every option of every command.
    for command in listed:
        text = subprocess.run([CLI, command, "--help"], capture_output=True, text=True, check=True).stdout
        options = {line.split()[0] for line in text.splitlines() if line.startswith("  --")}
        if command not in ("help", "newaliases", "sendmail"):
            assert set(complete(shell, "smtp-send", command, "--")) == options, command
    assert complete(shell, "smtp-send", "queue", "--state", "defe") == ["deferred"] and complete(shell, "smtp-send", "retry", "--state", "e") == ["expired"]
    assert set(complete(shell, "smtp-send", "test", "--tls", "")) == {"none", "negotiate", "starttls", "tls", "opportunistic"}
    assert "SCRAM-SHA-256" in complete(shell, "smtp-send", "test", "--auth", "SCR") and "spf" in complete(shell, "smtp-send", "explain", "sp")
    assert complete(shell, "smtp-send", "webhook", "") == ["test"] and complete(shell, "smtp-send", "key", "a") == ["add"] and complete(shell, "smtp-send", "key", "add", "--priority", "h") == ["high"] and complete(shell, "smtp-send", "pause", "--reason", "") == []
    # Files, of which there is one that begins like this.
    for words in (("smtp-send", "test", "--ca-file", "gmail-a"), ("smtp-send", "--socket", "gmail-a"), ("smtp-send", "queue", "--recover", "gmail-a")):
        assert complete(shell, *words) == (["FILES"] if shell == "zsh" else ["gmail-app-password.conf"])


def test_a_value_behind_an_equals_sign():
    assert complete("bash", "smtp-send", "queue", "--state", "=", "defe") == ["deferred"]       # as bash splits it
    assert len(complete("bash", "smtp-send", "queue", "--state", "=")) == 8
    assert complete("zsh", "smtp-send", "queue", "--state=defe") == ["--state=deferred"] == complete("fish", "smtp-send", "queue", "--state=defe")


def test_sendmail():
    def asked(*words):
        result = subprocess.run([CLI, "complete", *words], capture_output=True, text=True, check=True)
        return [line.split("\t")[0] for line in result.stdout.splitlines()]
    assert {"-t", "-i", "-oi", "-f", "-r", "-F", "-N", "-R", "-V", "-bm", "-bs", "-bp", "-bi", "-q", "--help"} <= set(asked("sendmail", "-"))
    assert asked("sendmail", "-N", "ne") == ["never"] and asked("/usr/sbin/sendmail", "-R", "") == ["full", "hdrs"] and asked("sendmail", "") == []
    assert asked("smtp-send", "sendmail", "-b") == ["-bm", "-bs", "-bp", "-bi"]
    assert set(asked("mailq", "--w")) == {"--watch"} and asked("smtp-sendd", "--c") == ["--config", "--check"] and asked("smtp-sendd", "--config", "") == [":files"]
    assert asked("other", "") == [] and asked() == [] and asked("smtp-send", "nonsense", "-") == []


def test_messages_and_relays(shell, make_httpd, relay):
    httpd = make_httpd("SMTPSendPause On\nSMTPSendRelayName main-relay\n", relay=relay, expect=["sending is paused"])
    one, two = waiting(httpd, 2)
    httpd.cli("hold", two, check=0)
    for command in ("show", "retry", "hold", "cancel", "bounce"):
        assert set(complete(shell, "smtp-send", command, "", socket=httpd.socket)) == {one[-8:], two[-8:]}, command
    assert complete(shell, "smtp-send", "release", "", socket=httpd.socket) == [two[-8:]]
    assert set(complete(shell, "smtp-send", "show", one[:8], socket=httpd.socket)) == {i for i in (one, two) if i.startswith(one[:8])}
    assert complete(shell, "smtp-send", "show", one[-8:-2], socket=httpd.socket) == [one[-8:]]
    assert complete(shell, "smtp-send", "pause", "--relay", "", socket=httpd.socket) == ["main-relay"] == complete(shell, "smtp-send", "queue", "--relay", "ma", socket=httpd.socket)
    assert complete(shell, "smtp-send", "--socket", httpd.socket, "release", "") == [two[-8:]]


def test_zsh_at_work(tmp_path):
    """What zsh itself makes of it, at its prompt."""
    shutil.copy(f"{ROOT}/conf/smtp-send.zsh", tmp_path / "_smtp-send")
    main, child = pty.openpty()
    env = {**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}", "TERM": "dumb", "HOME": str(tmp_path), "SMTP_SEND_SOCKET": "/nonexistent"}
    process = subprocess.Popen(["zsh", "-f", "-i"], stdin=child, stdout=child, stderr=child, env=env, start_new_session=True)
    os.close(child)
    text = b""

    def until(wanted):
        nonlocal text
        deadline = time.monotonic() + 30
        while wanted not in text:
            assert select.select([main], [], [], max(0, deadline - time.monotonic()))[0], f"waited for {wanted}: {text}"
            text += os.read(main, 65536)
    try:
        os.write(main, f"PS1='ready> '; fpath=({tmp_path} $fpath); autoload -U compinit; compinit -u -D; print loa''ded\n".encode())
        until(b"loaded")
        os.write(main, b"smtp-send queue --state defe\t --rec\t")
        until(b"deferred")
        until(b"--recover")
    finally:
        process.kill()
        process.wait()
        os.close(main)
