"""Haraka, of npm, as a relay: a process and a folder of its own; what it takes lies in files. The surface is that of rig.postfix."""
import glob
import os
import re
import shutil
import subprocess
import tempfile

from rig.httpd import BUILD, free_port, select_pause
from rig.server import end, wait_greeting

PROGRAM = os.path.join(BUILD, "node", "node_modules", "Haraka", "bin", "haraka")
# Takes every recipient but "gone", and writes each message into a file.
KEEP = """'use strict';
const fs = require('fs');
exports.hook_rcpt = function (next, connection, params) {
    next(params[0].user === 'gone' ? DENY : OK, 'nobody');
};
exports.hook_mail = function (next, connection, params) {
    next(params[0].user === 'bad' ? DENY : CONT, 'not you');
};
exports.hook_queue = function (next, connection) {
    const t = connection.transaction;
    const path = `FOLDER/mail/${t.uuid}`;
    t.message_stream.pipe(fs.createWriteStream(`${path}.tmp`)).on('close', () => {
        fs.renameSync(`${path}.tmp`, `${path}.eml`);
        next(OK);
    });
};
// It would send on what comes after a login.
exports.hook_queue_outbound = exports.hook_queue;
"""


class Haraka:
    """plugins: names, in front; files: {name: text} in its config folder."""

    def __init__(self, plugins=(), files=None):
        self.dir = tempfile.mkdtemp(prefix="smtp-send-haraka.")
        self.host, self.port = "127.0.0.1", free_port()
        for name in ("config", "plugins", "mail", "queue"):
            os.mkdir(os.path.join(self.dir, name))
        texts = {"config/smtp.ini": f"listen=127.0.0.1:{self.port}\n", "config/me": "haraka.example.org\n", "config/plugins": "\n".join([*plugins, "keep"]) + "\n",
                 "config/log.ini": "level=info\n", "plugins/keep.js": KEEP.replace("FOLDER", self.dir)}
        # It cannot do without its own of this name.
        shutil.copy(os.path.join(os.path.dirname(os.path.dirname(PROGRAM)), "config", "connection.ini"), os.path.join(self.dir, "config"))
        texts.update({f"config/{name}": text for name, text in (files or {}).items()})
        for name, text in texts.items():
            with open(os.path.join(self.dir, name), "w") as file:
                file.write(text)
        self.out = open(os.path.join(self.dir, "log"), "w")
        self.process = subprocess.Popen(["node", PROGRAM, "-c", self.dir], stdout=self.out, stderr=self.out)
        wait_greeting(self, "Haraka")

    def log(self):
        with open(os.path.join(self.dir, "log"), errors="replace") as file:
            return file.read()

    def contents(self):
        found = []
        for path in glob.glob(os.path.join(self.dir, "mail", "*.eml")):
            with open(path, "rb") as file:
                found.append(file.read())
        return found

    def sessions(self):
        """How many connections brought mail."""
        return len({re.match(r"[^.]*", os.path.basename(path)).group() for path in glob.glob(os.path.join(self.dir, "mail", "*.eml"))})

    def wait_for(self, count, timeout=60):
        for _ in range(int(timeout / 0.05)):
            if len(glob.glob(os.path.join(self.dir, "mail", "*.eml"))) >= count:
                return self.contents()
            select_pause(0.05)
        raise AssertionError(f"{len(self.contents())} of {count} messages\n{self.log()[-3000:]}")

    def close(self):
        end(self.process)
        self.out.close()
        shutil.rmtree(self.dir, ignore_errors=True)
