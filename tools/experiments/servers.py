# SPDX-License-Identifier: GPL-2.0
"""Real servers on this machine for the experiments that fetch: a web server and a
database, as Debian has them. They are ended with the experiment.
"""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PATIENCE_S = 30

# Name -> port, and the environment variable that says so.
PORTS = {"http": (8642, "GILBENCH_HTTP_PORT"),
         "redis": (8643, "GILBENCH_REDIS_PORT")}

# A page that takes a while, as one does that asks others.
SLOW_PAGE = """#!/bin/sh
busybox usleep 50000
printf 'Content-Type: text/plain\\r\\n\\r\\nslow\\n'
"""


class NoServer(Exception):
    """The server does not run, in words."""


def command(name, port, folder):
    if name == "redis":
        # It looks 500 times in a second whether a client has waited long enough.
        return ["redis-server", "--port", str(port), "--bind", "127.0.0.1",
                "--save", "", "--hz", "500", "--dir", folder]
    page = Path(folder, "cgi-bin", "slow")
    page.parent.mkdir()
    page.write_text(SLOW_PAGE, encoding="ascii")
    page.chmod(0o755)
    return ["busybox", "httpd", "-f", "-p", f"127.0.0.1:{port}", "-h", folder]


def answers(port):
    with contextlib.closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until_ready(name, process, port):
    end = time.monotonic() + PATIENCE_S
    while not answers(port):
        if process.poll() is not None or time.monotonic() > end:
            raise NoServer(f"the server {name} does not start: "
                           f"'{' '.join(process.args)}' ended or is silent")
        time.sleep(0.02)


@contextlib.contextmanager
def server(name):
    port, variable = PORTS[name]
    if answers(port):
        raise NoServer(f"the server {name} needs port {port}, which is in use: "
                       "end the program that listens there")
    with tempfile.TemporaryDirectory() as folder:
        try:
            process = subprocess.Popen(
                command(name, port, folder), start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
        except OSError as error:
            raise NoServer(f"the server {name} does not start: "
                           f"{error.filename}: {error.strerror}") from error
        try:
            wait_until_ready(name, process, port)
            os.environ[variable] = str(port)
            yield
        finally:
            os.environ.pop(variable, None)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def all_of(names):
    with contextlib.ExitStack() as stack:
        for name in names:
            stack.enter_context(server(name))
        yield
