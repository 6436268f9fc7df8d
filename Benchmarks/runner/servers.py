"""Servers that are started, measured and ended; nobody else's."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

from runner import machine

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(HERE, ".build")
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30


class CannotMeasure(Exception):
    """Something that a measurement needs is missing or does not work."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process on a port of loopback."""

    def __init__(self, name, command, port, work, scheme="http", settings=None):
        self.name, self.port, self.scheme = name, port, scheme
        self.log = os.path.join(work, f"{name}-{port}.log")
        try:
            with open(self.log, "wb") as log:
                self.process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=work,
                    env={**os.environ, **(settings or {})})
        except OSError as error:
            raise CannotMeasure(f"{name} does not start: {error}") from error
        self._wait_until_listening()

    def _wait_until_listening(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.005)
        self.stop()
        raise CannotMeasure(f"{self.name} does not listen: {self.output()[-500:]}")

    @property
    def processes(self):
        return machine.tree(self.process.pid)

    def url(self, path):
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def status(self, path):
        """The status of a GET; 0 if there is no answer."""
        try:
            if self.scheme == "https":
                client = http.client.HTTPSConnection(
                    "127.0.0.1", self.port, timeout=5,
                    context=ssl._create_unverified_context())
            else:
                client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            client.request("GET", path)
            return client.getresponse().status
        except OSError:
            return 0

    def stop(self):
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Fleet:
    """Starts servers in a directory of their own, and ends them all."""

    def __init__(self, muster):
        self.muster_program = muster
        self.work = tempfile.mkdtemp(prefix="muster-bench-")
        self.servers = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.work, ignore_errors=True)

    def _start(self, name, command, port, **more):
        server = Server(name, command, port, self.work, **more)
        self.servers.append(server)
        return server

    def end(self, server):
        server.stop()
        self.servers.remove(server)

    def muster(self, data="data", settings=None):
        """The real server, with everything switched on as it is delivered."""
        port = free_port()
        data = os.path.join(self.work, data)
        server = self._start(
            "muster",
            [self.muster_program, "serve", "--demo", "--port", str(port), "--data-dir", data],
            port, settings=settings)
        return server

    def parts(self, mode="http"):
        """Muster's transport, routing and reading of pages, without a store."""
        port = free_port()
        command = [os.path.join(BUILD, "release", "BenchServer"), mode, str(port)]
        if mode == "https":
            certificate, key = self._certificate()
            return self._start("parts", command + [certificate, key], port, scheme="https")
        return self._start("parts", command, port)

    def hummingbird(self):
        return self._peer("hummingbird", os.path.join(BUILD, "release", "HummingbirdPeer"))

    def nio(self):
        return self._peer("nio", os.path.join(BUILD, "release", "NIOPeer"))

    def go(self):
        return self._peer("go", os.path.join(BUILD, "peers", "go"))

    def _peer(self, name, program):
        port = free_port()
        return self._start(name, [program, str(port)], port)

    def nginx(self):
        port = free_port()
        work = os.path.join(self.work, f"nginx-{port}")
        os.mkdir(work)
        with open(os.path.join(HERE, "peers", "nginx.conf"), encoding="utf-8") as file:
            text = file.read().replace("@WORK@", work).replace("@PORT@", str(port))
        configuration = os.path.join(work, "nginx.conf")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(text)
        command = [
            "nginx", "-p", work, "-c", configuration, "-e", os.path.join(work, "error.log")]
        return self._start("nginx", command, port)

    def _certificate(self):
        certificate = os.path.join(self.work, "certificate.pem")
        key = os.path.join(self.work, "key.pem")
        if not os.path.exists(key):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                 "-keyout", key, "-out", certificate], check=True, capture_output=True)
        return certificate, key


class Demo:
    """The secrets that `muster serve --demo` shows once."""

    def __init__(self, server):
        deadline = time.monotonic() + START_SECONDS_MAX
        while "Operator key" not in server.output() and time.monotonic() < deadline:
            time.sleep(0.01)
        shown = dict(
            re.findall(r"^ *(Webhook URL|Username|Secret|Operator key) +(\S+)$",
                       server.output(), re.MULTILINE))
        if len(shown) != 4:
            raise CannotMeasure(f"muster shows no demo connection: {server.output()[-500:]}")
        self.path = "/" + shown["Webhook URL"].split("/", 3)[3]
        self.username, self.secret = shown["Username"], shown["Secret"]
        self.key = shown["Operator key"]
