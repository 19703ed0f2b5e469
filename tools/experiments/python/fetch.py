# SPDX-License-Identifier: GPL-2.0
"""Pages of a web server and queries to a database, fetched by one thread and by 8
threads. Both servers answer after 50 ms. conduct.py starts them.
"""

import os
import socket
import threading
import urllib.request

from measure import QUICK, show, start_and_join, timed

THREADS = 8
FETCHES = 8 if QUICK else 32
HTTP = f"http://127.0.0.1:{os.environ['GILBENCH_HTTP_PORT']}/cgi-bin/slow"
REDIS = ("127.0.0.1", int(os.environ["GILBENCH_REDIS_PORT"]))


def page():
    with urllib.request.urlopen(HTTP) as response:
        response.read()


def query():
    with socket.create_connection(REDIS) as connection:
        connection.sendall(b"BLPOP none 0.05\r\nQUIT\r\n")
        while connection.recv(4096):
            pass


def shared_by(threads, fetch):
    def work():
        for _ in range(FETCHES // threads):
            fetch()

    return timed(start_and_join, [threading.Thread(target=work)
                                  for _ in range(threads)])


def main():
    page()
    query()
    show({"http_one": shared_by(1, page), "http": shared_by(THREADS, page),
          "redis_one": shared_by(1, query), "redis": shared_by(THREADS, query)})


if __name__ == "__main__":
    main()
