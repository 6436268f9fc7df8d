"""Loads, rounds and ratios."""

import os
import statistics
import subprocess
import time
from dataclasses import dataclass

from runner import machine
from runner.servers import HERE, CannotMeasure


@dataclass
class Sample:
    """One server under one load for a few seconds."""

    rate: float
    cpu_us: float
    p50_us: float
    p99_us: float
    errors: int
    others: float
    """The part of the machine that was busy with neither the server nor its load."""


@dataclass
class Load:
    """What wrk is told to do."""

    script: tuple = ("get",)
    path: str = "/"
    headers: tuple = ()
    connections: int = 64
    threads: int = 2
    core: int | None = None
    """Where wrk runs; None for all cores."""


def wrk(server, load, seconds):
    """Puts `load` on `server`; what wrk counted, as numbers."""
    command = [
        "wrk", f"-t{min(load.threads, load.connections)}", f"-c{load.connections}",
        f"-d{seconds}s", "-s", os.path.join(HERE, "load.lua")]
    for header in load.headers:
        command += ["-H", header]
    command += [server.url(load.path), "--", *load.script]
    if load.core is not None:
        command = ["taskset", "-c", str(load.core)] + command
    result = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    for line in result.stdout.splitlines():
        if line.startswith("figures "):
            return [int(word) for word in line.split()[1:]]
    raise CannotMeasure(f"wrk on {server.name}: {result.stdout}{result.stderr}")


def sample(server, load, seconds):
    """Measures `server` under `load`."""
    processes = server.processes
    cores = os.cpu_count()
    busy, cpu, children, began = (
        machine.busy_seconds(), machine.cpu_seconds(processes), machine.children_cpu_seconds(),
        time.monotonic())
    requests, duration, p50, p99, errors, refused = wrk(server, load, seconds)
    cpu = machine.cpu_seconds(processes) - cpu
    children = machine.children_cpu_seconds() - children
    wall = time.monotonic() - began
    others = max(0.0, machine.busy_seconds() - busy - cpu - children) / wall / cores
    if requests == 0 or refused:
        raise CannotMeasure(f"{server.name} answered {requests}, of which {refused} refusals")
    return Sample(
        requests / duration * 1e6, cpu / requests * 1e6, p50, p99, errors, others)


class Rounds:
    """Every contestant once a round, in the reverse order every other round.

    A contestant is a name, a server and a load.
    """

    def __init__(self, contestants, rounds, seconds, measure=sample):
        self.samples = {name: [] for name, _, _ in contestants}
        for _, server, load in contestants:
            wrk(server, load, 1)
        for number in range(rounds):
            for name, server, load in contestants[::-1] if number % 2 else contestants:
                self.samples[name].append(measure(server, load, seconds))

    def median(self, name, field):
        return statistics.median(getattr(one, field) for one in self.samples[name])

    def ratio(self, name, base, field="rate"):
        """The median of the ratios within each round, and the least and the greatest."""
        ratios = [
            getattr(one, field) / getattr(other, field)
            for one, other in zip(self.samples[name], self.samples[base])]
        others = statistics.median(
            one.others for one in self.samples[name] + self.samples[base])
        return Ratio(statistics.median(ratios), min(ratios), max(ratios), others)

    def table(self, title, base):
        """Lines of Markdown."""
        lines = [
            f"### {title}", "",
            "| server | a second | ratio | CPU us | p50 us | p99 us | others |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
        for name in self.samples:
            ratio = self.ratio(name, base)
            errors = sum(one.errors for one in self.samples[name])
            lines.append(
                f"| {name}{' (errors: %d)' % errors if errors else ''} "
                f"| {self.median(name, 'rate'):,.0f} | {ratio} "
                f"| {self.median(name, 'cpu_us'):.1f} | {self.median(name, 'p50_us'):,.0f} "
                f"| {self.median(name, 'p99_us'):,.0f} "
                f"| {self.median(name, 'others'):.0%} |")
        return lines + [""]


@dataclass
class Ratio:
    median: float
    least: float
    greatest: float
    others: float
    """How much of the machine was busy with something else, as a rule."""

    def __str__(self):
        return f"{self.median:.2f} ({self.least:.2f}–{self.greatest:.2f})"
