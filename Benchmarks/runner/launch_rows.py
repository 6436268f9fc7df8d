"""The demand on apps: loading a configuration beside a look-up of the same people."""

import base64
import http.client
import json
import os
import subprocess

from runner.rounds import Load, Rounds
from runner.servers import BUILD, CannotMeasure, Demo

PEOPLE = 20_000
INVITED = 2_000
"""Each gets an invite first, which is a write; from then on the configuration is only read."""


class LaunchRows:
    """An audience of 20,000, one rule for it, and four others for events."""

    def __init__(self, fleet, report, rounds, seconds):
        self.fleet, self.report = fleet, report
        self.rounds, self.seconds = rounds, seconds
        # All calls come from one address here.
        self.server = fleet.muster(
            settings={"MUSTER_SDK_CALLS_PER_MINUTE_MAX": "1000000000"})
        self.demo = Demo(self.server)
        self.connection = self.demo.path.rsplit("/", 1)[1]
        self._fill()
        self._make_rules()

    def all(self):
        people = range(INVITED)
        invited = self._load("invited", self.app, (self._config(one) for one in people))
        self._open_all(people)
        others = range(PEOPLE // 2, PEOPLE // 2 + INVITED)
        look_up = self._load(
            "look-ups", self.demo.key,
            (f"/v1/memberships?match_id=user-{100_000 + one}" for one in people))
        nobody = self._load(
            "strangers", self.app, (f"/sdk/v1/config?reference_id=x-{one}" for one in others))
        result = Rounds([
            ("look-up", self.server, look_up),
            ("config, an invite waits", self.server, invited),
            ("config, a stranger", self.server, nobody),
        ], self.rounds, self.seconds)
        self.report.say(
            ["", *result.table("Loading an app's configuration, 64 connections", "look-up")])
        self.report.ratio(
            "config load to look-up", result.ratio("config, an invite waits", "look-up"),
            least=0.5)

    def _load(self, name, key, paths):
        file = os.path.join(self.fleet.work, name)
        with open(file, "w", encoding="ascii") as out:
            out.writelines(path + "\n" for path in paths)
        return Load(script=("paths", file), headers=(f"Authorization: Bearer {key}",))

    @staticmethod
    def _config(number):
        return f"/sdk/v1/config?reference_id=user-{100_000 + number}"

    def _fill(self):
        credentials = base64.b64encode(
            f"{self.demo.username}:{self.demo.secret}".encode()).decode()
        result = subprocess.run(
            [os.path.join(BUILD, "release", "PageLoad"), str(self.server.port), self.demo.path,
             credentials, "members", "session-1", "crowd", "0", str(PEOPLE), "1", "8"],
            capture_output=True, text=True, timeout=600)
        if result.returncode != 0:
            raise CannotMeasure(f"the audience: {result.stderr}")

    def _make_rules(self):
        audience = self._call("GET", "/v1/audiences")["data"][0]["id"]
        self.app = self._call("PUT", f"/v1/connections/{self.connection}/sdk", {})["public_key"]
        study = self._call("POST", "/v1/studies", {
            "connection_id": self.connection, "name": "Bench", "status": "active",
            "launch_url": "https://ask.example/s"})["id"]
        targets = [{"audience_id": audience}] + [{"event_name": f"e{one}"} for one in range(4)]
        for target in targets:
            self._call("POST", "/v1/launch_rules", {
                "study_id": study, "name": "Bench", "status": "active", **target})

    def _open_all(self, people):
        client = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        for one in people:
            client.request(
                "GET", self._config(one), headers={"Authorization": f"Bearer {self.app}"})
            if json.load(client.getresponse())["pending_invite"] is None:
                raise CannotMeasure(f"person {one} is not invited")
        client.close()

    def _call(self, method, path, body=None):
        client = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        client.request(
            method, path, body=None if body is None else json.dumps(body),
            headers={"Authorization": f"Bearer {self.demo.key}"})
        answer = client.getresponse()
        text = answer.read()
        client.close()
        if answer.status not in (200, 201):
            raise CannotMeasure(f"{method} {path}: {answer.status} {text[:300]}")
        return json.loads(text)
