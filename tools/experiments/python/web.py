# SPDX-License-Identifier: GPL-2.0
"""A web server with two pages: /io waits and /cpu computes. It has one thread or 8,
and for the last figure the computing is given to a pool of processes. A process of
its own, with 8 threads, asks for the pages.
"""

import multiprocessing
import socket
import threading
import time
from concurrent.futures import ProcessPoolExecutor

from measure import QUICK, as_many_as_take, show, start_and_join, timed

THREADS, CLIENTS, PROCESSES = 8, 8, 2
REQUESTS = 16 if QUICK else 64
IO_S, CPU_S = 0.02, 0.01
REPLY = b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n"

fork = multiprocessing.get_context("fork")


def countdown(n):
    while n > 0:
        n -= 1


def serve(listener, compute):
    """Until the listener is shut down."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            if connection.recv(256).startswith(b"GET /io "):
                time.sleep(IO_S)
            else:
                compute()
            connection.sendall(REPLY)


def ask(port, path):
    """All clients' requests; how many pages were what they should be."""
    good = []

    def client():
        for _ in range(REQUESTS // CLIENTS):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                got = b""
                while more := connection.recv(4096):
                    got += more
                if got == REPLY:
                    good.append(got)

    start_and_join([threading.Thread(target=client) for _ in range(CLIENTS)])
    return len(good)


def be_clients(orders):
    """The process of the clients: a port and a page make an order."""
    while order := orders.recv():
        orders.send(ask(*order))


def order(clients, port, path):
    clients.send((port, path))
    if clients.recv() != REQUESTS:
        raise SystemExit("web.py: not all pages came as they should")


def measure(clients, path, threads, compute):
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    servers = [threading.Thread(target=serve, args=(listener, compute))
               for _ in range(threads)]
    for server in servers:
        server.start()
    took = timed(order, clients, port, path)
    listener.shutdown(socket.SHUT_RDWR)
    for server in servers:
        server.join()
    listener.close()
    return took


def main():
    # A process must not be forked beside threads, so the clients are there first.
    clients, orders = fork.Pipe()
    process = fork.Process(target=be_clients, args=(orders,), daemon=True)
    process.start()
    orders.close()
    n = int(CPU_S / 0.1 * as_many_as_take(0.1, countdown, 10_000_000))
    figures = {}
    with ProcessPoolExecutor(PROCESSES, mp_context=fork) as pool:
        list(pool.map(countdown, [1000] * PROCESSES))
        figures["cpu_processes"] = measure(
            clients, "/cpu", THREADS, lambda: pool.submit(countdown, n).result())
    for name, threads in ("_one", 1), ("", THREADS):
        figures |= {
            f"io{name}": measure(clients, "/io", threads, None),
            f"cpu{name}": measure(clients, "/cpu", threads,
                                   lambda: countdown(n)),
        }
    clients.send(None)
    process.join()
    show(figures)


if __name__ == "__main__":
    main()
