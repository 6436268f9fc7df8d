"""The demands on syncs and look-ups, end to end.

The real server, pages of 1,000 members over HTTP with Basic Auth; each is answered when it is on
disk and can be looked up.
"""

import base64
import os
import random
import statistics
import subprocess
import time
from dataclasses import dataclass

from runner import machine
from runner.rounds import Load, Rounds, sample
from runner.servers import BUILD, CannotMeasure, Demo

PAGE_MEMBERS = 1000


@dataclass
class Sync:
    """What PageLoad says, and what it cost the server."""

    members: int
    pages: int
    seconds: float
    p50_us: float
    p99_us: float
    longest_us: float
    last_us: float
    cpu_us: float
    """Of the server, for a page."""
    written: float
    """Bytes to the disk, for a member."""

    @property
    def rate(self):
        return self.members / self.seconds

    def row(self, title):
        return (
            f"| {title} | {self.rate:,.0f} | {self.p50_us / 1000:.1f} | {self.p99_us / 1000:.1f} "
            f"| {self.longest_us / 1000:.1f} | {self.last_us / 1000:.1f} "
            f"| {self.cpu_us / 1000:.1f} | {self.written:,.0f} |")


class SyncRows:
    def __init__(self, fleet, report, is_full):
        self.fleet, self.report, self.is_full = fleet, report, is_full
        self.server = fleet.muster()
        self.demo = Demo(self.server)
        self.credentials = base64.b64encode(
            f"{self.demo.username}:{self.demo.secret}".encode()).decode()
        self.sessions = 0
        self.people = 0
        """People who were sent are numbered from 0; this is the first who was not."""

    def all(self):
        say = self.report.say
        say(["", "### Syncs, pages of 1,000 members over HTTP", "",
             "| sync | members/s | page p50 ms | p99 | longest | last | CPU ms a page "
             "| bytes written a member |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"])
        self._grow(10_000)
        small = self._first_sync("at 10 k people, first sync, 1 connection", 50, 1)
        self._grow(1_000_000)
        at_million = self._million()
        if self.is_full:
            self._grow(5_000_000)
            large = self._first_sync("at 5 M people, first sync, 1 connection", 100, 1)
            self._first_sync("at 5 M people, first sync, 8 connections", 300, 8)
            self._rss("5 M")
            self._cost("5 M", large, small)
        else:
            self._rss("1 M")
            self._cost("1 M", at_million, small)
        self._look_ups()
        self._look_ups_while_posting()
        self._restart()

    # MARK: Syncs

    def _million(self):
        demand, pages = self.report.demand, 300 if self.is_full else 100
        eight = self._first_sync("at 1 M people, first sync, 8 connections", pages, 8)
        demand("first sync at 1 M, 8 connections", eight.rate, least=60_000, unit="members/s")
        one = self._first_sync("at 1 M people, first sync, 1 connection", pages, 1)
        demand("first sync at 1 M, 1 connection", one.rate, least=30_000, unit="members/s")
        four = self._first_sync("at 1 M people, first sync, 4 connections", pages, 4)
        demand("page p99 at 4 connections", four.p99_us / 1000, most=100, unit="ms")
        self._first_sync("at 1 M people, first sync, 64 connections", max(pages, 128), 64)
        for connections in (1, 8, 64) if self.is_full else (1,):
            same = self._sync(
                f"the crowd of {self.crowd:,} again, {connections} connections", "members",
                "crowd", self.crowd_first, self.crowd, 1, connections)
            if connections == 1:
                demand("identical re-sync at 1 M, 1 connection", same.rate, least=150_000,
                       unit="members/s")
                self._switch("re-sync", same)
        for connections in (1, 8, 64) if self.is_full else (8,):
            title = f"a diff of 1 %, {connections} connections"
            few = self.crowd // 200
            self._sync(f"{title}: add_members", "add_members", "crowd", self._new(few), few, 1,
                       connections)
            self._sync(f"{title}: remove_members", "remove_members", "crowd",
                       self.crowd_first + connections, few, 190, connections)
        self._replace()
        return one

    def _replace(self):
        """A replacement by `members`: the crowd but for 5 %, and the first people for them."""
        leaving = self.crowd_first - 10_000
        replaced = self._sync(
            f"replacement of the crowd, {leaving:,} of {self.crowd:,} others, 8 connections",
            "members", "crowd", 10_000, self.crowd, 1, 8)
        self._switch("replacement", replaced)

    def _switch(self, name, sync):
        self.report.demand(
            f"the page that switches a {name}, to the median page", sync.last_us / sync.p50_us,
            most=5)

    def _cost(self, size, large, small):
        self.report.demand(
            f"cost of a page of a first sync at {size} to 10 k", large.p50_us / small.p50_us,
            most=2)

    def _rss(self, size):
        self._first_sync(f"at {size} people, first sync, 64 connections", 128, 64)
        self.report.demand(
            f"RSS, {size} people, 64 connections posting",
            machine.peak_resident_kib(self.server.processes) / 1024, most=150, unit="MiB")

    def _grow(self, people):
        """Fills the store up to `people`, by one cohort: the last is the crowd."""
        self.crowd_first, self.crowd = self.people, people - self.people
        self._sync(f"from {self.people:,} to {people:,} people, 8 connections", "members",
                   "crowd" if people == 1_000_000 else f"crowd-{people}",
                   self._new(self.crowd), self.crowd, 1, 8)

    def _first_sync(self, title, pages, connections):
        """People nobody knows, in a cohort nobody knows."""
        count = pages * PAGE_MEMBERS
        first = self._new(count)
        return self._sync(title, "members", f"first-{first}", first, count, 1, connections)

    def _new(self, count):
        first = self.people
        self.people += count
        return first

    def _sync(self, title, action, cohort, first, count, stride, connections):
        processes = self.server.processes
        cpu, written = machine.cpu_seconds(processes), machine.written_bytes(processes)
        result = subprocess.run(
            self._page_load(action, cohort, first, count, stride, connections),
            capture_output=True, text=True, timeout=1800)
        if result.returncode != 0:
            raise CannotMeasure(f"{title}: {result.stderr}")
        cpu = machine.cpu_seconds(processes) - cpu
        written = machine.written_bytes(processes) - written
        pages, *rest = map(float, result.stdout.split())
        sync = Sync(count, pages, *rest, cpu / pages * 1e6, written / count)
        self.report.say([sync.row(title)])
        return sync

    def _page_load(self, action, cohort, first, count, stride, connections):
        self.sessions += 1
        return [
            os.path.join(BUILD, "release", "PageLoad"), str(self.server.port), self.demo.path,
            self.credentials, action, f"session-{self.sessions}", cohort, str(first), str(count),
            str(stride), str(connections)]

    # MARK: Look-ups

    def _paths(self, name, paths):
        file = os.path.join(self.fleet.work, name)
        with open(file, "w", encoding="ascii") as out:
            out.writelines(path + "\n" for path in paths)
        return file

    def _look_up_load(self, connections):
        chance = random.Random(1)
        people = [
            self.crowd_first + chance.randrange(self.crowd) for _ in range(20_000)]
        file = self._paths(
            "look-ups", (f"/v1/memberships?match_id=user-{100_000 + one}" for one in people))
        return Load(script=("paths", file), connections=connections,
                    headers=(f"Authorization: Bearer {self.demo.key}",))

    def _look_ups(self):
        """20,000 people in no order, each asked for by the reference id."""
        rounds, seconds = (5, 3) if self.is_full else (3, 1)
        live = self._paths("live", ["/livez"] * 20_000)
        for connections in (64, 8) if self.is_full else (64,):
            result = Rounds([
                ("/livez", self.server, Load(script=("paths", live), connections=connections)),
                ("look-up", self.server, self._look_up_load(connections)),
            ], rounds, seconds)
            self.report.say(
                [""] + result.table(f"Look-ups, {connections} connections", "/livez"))
            if connections == 64:
                self.report.ratio(
                    "look-up to tiny GET", result.ratio("look-up", "/livez"), least=0.7)

    def _look_ups_while_posting(self):
        rounds, seconds = (5, 3) if self.is_full else (3, 2)
        load = self._look_up_load(4)
        idle, posting = [], []
        for _ in range(rounds):
            idle.append(sample(self.server, load, seconds))
            pages = 4000
            poster = subprocess.Popen(
                self._page_load("members", f"beside-{self.sessions}",
                                self._new(pages * PAGE_MEMBERS), pages * PAGE_MEMBERS, 1, 8),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                posting.append(sample(self.server, load, seconds))
                if poster.poll() is not None:
                    raise CannotMeasure("the pages ended before the look-ups")
            finally:
                poster.kill()
                poster.wait()
            time.sleep(1)
        lines = ["", "### Look-ups while pages are posted, 4 connections asking, 8 posting", "",
                 "| | look-ups/s | p50 us | p99 us |", "| --- | ---: | ---: | ---: |"]
        for name, samples in (("alone", idle), ("while posting", posting)):
            rate, p50, p99 = (
                statistics.median(getattr(one, field) for one in samples)
                for field in ("rate", "p50_us", "p99_us"))
            lines.append(f"| {name} | {rate:,.0f} | {p50:,.0f} | {p99:,.0f} |")
        self.report.say(lines + [""])
        self.report.demand(
            "p99 of look-ups while syncing to idle",
            statistics.median(
                busy.p99_us / quiet.p99_us for busy, quiet in zip(posting, idle)), most=5)

    # MARK: Start

    def _restart(self):
        """From exec to the first 200 of /readyz, with everybody in the store."""
        self.fleet.end(self.server)
        began = time.monotonic()
        self.server = self.fleet.muster()
        while self.server.status("/readyz") != 200:
            time.sleep(0.005)
        self.report.demand(
            f"start to ready, {'5 M' if self.is_full else '1 M'} people or more",
            time.monotonic() - began, most=2, unit="s")
