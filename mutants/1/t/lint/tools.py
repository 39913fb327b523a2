"""Linters of other projects."""
import os
import shutil
import subprocess

import tree

NODE = os.path.join(os.environ.get("SMTP_SEND_BUILD", "build"), "lint", "node_modules")


def output(command, **kwargs):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, **kwargs)
    return done.returncode, done.stdout


def missing(tool, report):
    if not shutil.which(tool):
        report.find(f"{tool} is not installed (make deps)")
        return True


def shell(report):
    """shellcheck over all scripts of the shell; exceptions stand beside the line, with their reason."""
    scripts = [path for path in tree.files(".ci/*", "packaging/*", "conf/**/*", "t/*", "t/*/*") if tree.read(path)[:20].startswith(("#!/bin/sh", "#!/bin/bash"))
               or path.endswith((".bash", ".sh"))]
    if missing("shellcheck", report):
        return
    status, said = output(["shellcheck", "--format=gcc", "--severity=warning", *scripts])
    report.examined = len(scripts)
    report.findings += said.splitlines() if status else []


def alert_rules(report):
    rules = tree.files("conf/**/*.yml")
    if missing("promtool", report):
        return
    for path in rules:
        status, said = output(["promtool", "check", "rules", path])
        report.examined += said.count("rules found") and int(said.split("SUCCESS:")[1].split()[0]) if not status else 1
        if status:
            report.find(said)


def openapi(report):
    """redocly's recommended rules."""
    if missing("node", report):
        return
    if not os.path.isdir(os.path.join(NODE, "@redocly")):
        return report.find("@redocly/openapi-core is not installed (make deps)")
    status, said = output(["node", "t/lint/openapi.js", "conf/openapi.yaml"], env={**os.environ, "NODE_PATH": NODE})
    if status:
        return report.find(said)
    first, *findings = said.splitlines()
    report.examined = int(first)
    report.findings += findings


CHECKS = [shell, alert_rules, openapi]
