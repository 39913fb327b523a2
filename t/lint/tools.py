"""Linters of other projects."""
import os
import re
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
    scripts = [path for path in tree.files(".ci/*", "packaging/**/*", "conf/**/*", "t/*", "t/*/*") if tree.read(path)[:20].startswith(("#!/bin/sh", "#!/bin/bash"))
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


# Every process of httpd loads what the module needs: delivery's libraries belong to smtp-sendd.
MAY_LOAD = re.compile(r"(libapr-1|libaprutil-1|libjansson|libgmime-3\.0|libglib-2\.0|libidn2|libgobject-2\.0|libc|libm|libdl|libpthread|libgcc_s|ld-[\w-]+|lib[atu]+san)\.so")


def needed(report):
    """The libraries that mod_smtp_send.so is linked with."""
    module = os.path.join(os.environ.get("SMTP_SEND_BUILD", "build"), "mod_smtp_send.so")
    status, said = output(["readelf", "--dynamic", "--wide", module])
    for line in said.splitlines():
        if "(NEEDED)" not in line:
            continue
        report.examined += 1
        name = line.split("[")[1].rstrip("]")
        if not MAY_LOAD.match(name):
            report.find(f"{module} needs {name}: only smtp-sendd and the commands may")
    if status:
        report.find(f"{module}: {said.strip()}")


CHECKS = [shell, alert_rules, openapi, needed]
