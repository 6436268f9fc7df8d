"""The demands on HTTP: each beside its peers, in the same rounds."""

import gzip
import os
import socket
import time

from runner import machine, page
from runner.rounds import Load, Rounds


class HTTPRows:
    """`seconds` and `rounds` as the run is short or long."""

    def __init__(self, fleet, report, rounds, seconds, idle_connections):
        self.fleet, self.report = fleet, report
        self.rounds, self.seconds = rounds, seconds
        self.idle_connections = idle_connections
        self.muster, self.parts = fleet.muster(), fleet.parts()
        self.nginx, self.nio = fleet.nginx(), fleet.nio()
        self.go, self.hummingbird = fleet.go(), fleet.hummingbird()
        self.page = os.path.join(fleet.work, "page.json")
        with open(self.page, "wb") as file:
            file.write(page.body())
        with open(self.page + ".gz", "wb") as file:
            file.write(gzip.compress(page.body(), 6))

    def all(self):
        self.idle()
        self.tiny_get()
        self.one_core()
        self.close()
        self.pipelined()
        self.post()
        self.parsed()
        self.tls()

    def _rounds(self, title, *contestants):
        result = Rounds(list(contestants), self.rounds, self.seconds)
        self.report.say([""] + result.table(title, contestants[0][0]))
        return result

    # The real server answers /livez; every peer answers its root.

    def tiny_get(self):
        load = Load()
        result = self._rounds(
            "Tiny GET, kept alive, 64 connections",
            ("muster", self.muster, Load(path="/livez")), ("nginx", self.nginx, load),
            ("nio", self.nio, load), ("go", self.go, load),
            ("hummingbird", self.hummingbird, load))
        demand = self.report.ratio
        demand("tiny GET to Hummingbird", result.ratio("muster", "hummingbird"), least=2.0)
        demand("tiny GET to SwiftNIO", result.ratio("muster", "nio"), least=1.3)
        demand("tiny GET to nginx", result.ratio("muster", "nginx"), least=0.8)
        demand("CPU of a tiny GET to Hummingbird",
               result.ratio("muster", "hummingbird", "cpu_us"), most=0.3)
        demand("CPU of a tiny GET to nginx",
               result.ratio("muster", "nginx", "cpu_us"), most=1.2)

    def one_core(self):
        servers = [self.muster, self.nginx, self.hummingbird]
        last = os.cpu_count() - 1
        for server in servers:
            machine.pin(server.processes, {0})
        result = self._rounds(
            "Tiny GET, the server on one core and wrk on another",
            ("muster", self.muster, Load(path="/livez", threads=1, core=last)),
            ("nginx", self.nginx, Load(threads=1, core=last)),
            ("hummingbird", self.hummingbird, Load(threads=1, core=last)))
        for server in servers:
            machine.pin(server.processes, set(range(os.cpu_count())))
        self.report.ratio(
            "one core, tiny GET to Hummingbird", result.ratio("muster", "hummingbird"), least=2.8)

    def close(self):
        load = Load(headers=("Connection: close",))
        result = self._rounds(
            "Connection: close, 64 connections",
            ("muster", self.muster, Load(path="/livez", headers=load.headers)),
            ("nginx", self.nginx, load), ("hummingbird", self.hummingbird, load))
        self.report.ratio("close to nginx", result.ratio("muster", "nginx"), least=0.85)
        self.report.ratio(
            "close to Hummingbird", result.ratio("muster", "hummingbird"), least=2.5)

    def pipelined(self):
        load = Load(script=("pipelined",))
        result = self._rounds(
            "16 requests in a packet, 64 connections",
            ("muster", self.muster, Load(script=("pipelined",), path="/livez")),
            ("parts", self.parts, load), ("nginx", self.nginx, load))
        self.report.ratio("16 pipelined to nginx", result.ratio("muster", "nginx"), least=4)

    # Muster's parts read and parse a page here; the real server would store it as well.

    def _post(self, path, coding="identity"):
        file = self.page if coding == "identity" else self.page + ".gz"
        return Load(script=("post", file, coding), path=path,
                    headers=("Authorization: Basic bXVzdGVyOm11c3Rlcg==",))

    def post(self):
        load = self._post("/read")
        result = self._rounds(
            "POST 150 KB, read, 64 connections",
            ("parts", self.parts, load), ("the loop alone", self.fleet.parts("bare"), load),
            ("nginx", self.nginx, load), ("nio", self.nio, load), ("go", self.go, load),
            ("hummingbird", self.hummingbird, load))
        demand = self.report.ratio
        demand("POST read to Hummingbird", result.ratio("parts", "hummingbird"), least=1.8)
        demand("POST read to SwiftNIO", result.ratio("parts", "nio"), least=1.3)
        demand("POST read to nginx", result.ratio("parts", "nginx"), least=1.1)

    def parsed(self):
        zlib_us = page.libraries("inflate", self.page + ".gz")["zlib"]
        result = self._rounds(
            "POST 150 KB, read and strictly parsed, 64 connections",
            ("parts", self.parts, self._post("/parse")),
            ("parts, page of members", self.parts, self._post("/page")),
            ("parts, gzip", self.parts, self._post("/parse", "gzip")),
            ("hummingbird, read only", self.hummingbird, self._post("/read")),
            ("hummingbird, JSONDecoder", self.hummingbird, self._post("/parse")))
        demand = self.report.ratio
        demand("POST parsed to Hummingbird only reading",
               result.ratio("parts", "hummingbird, read only"), least=0.7)
        demand("POST read as a page of members to Hummingbird only reading",
               result.ratio("parts, page of members", "hummingbird, read only"), least=0.7)
        demand("POST parsed to Hummingbird with JSONDecoder",
               result.ratio("parts, page of members", "hummingbird, JSONDecoder"), least=12)
        plain_us = result.median("parts", "cpu_us")
        self.report.demand(
            "CPU of a gzip POST to zlib and a plain POST",
            result.median("parts, gzip", "cpu_us") / (plain_us + zlib_us), most=1.15)
        self.report.demand(
            "RSS, 64 connections posting 150 KB",
            machine.peak_resident_kib(self.parts.processes) / 1024, most=40, unit="MiB")

    def tls(self):
        secured = self.fleet.parts("https")
        self._rounds(
            "TLS, tiny GET, 64 connections (no demand)",
            ("parts", self.parts, Load()), ("parts, TLS", secured, Load()))
        self.fleet.end(secured)

    def idle(self):
        """Resident memory before and after many connections that have asked once.

        First as many are opened and closed again, so that what is kept of them does not count.
        """
        figures = []
        for server, path in (
                (self.muster, "/livez"), (self.nginx, "/"), (self.nio, "/"),
                (self.hummingbird, "/")):
            per_connection = self._idle(server, path)
            figures.append(f"| {server.name} | {per_connection:.2f} |")
            if server is self.muster:
                kib = per_connection
        self.report.say(
            ["", f"### {self.idle_connections} idle connections, one request on each", "",
             "| server | KiB each |", "| --- | ---: |"] + figures + [""])
        self.report.demand("memory of an idle connection", kib, most=1, unit="KiB")

    def _idle(self, server, path):
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        before = machine.resident_kib(server.processes)
        connections = []
        for _ in range(self.idle_connections):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.sendall(request)
            connection.recv(4096)
            connections.append(connection)
        time.sleep(1)
        after = machine.resident_kib(server.processes)
        for connection in connections:
            connection.close()
        return (after - before) / self.idle_connections
