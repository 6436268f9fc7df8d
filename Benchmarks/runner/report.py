"""What is printed: demands with their verdicts, and tables as they stand in docs/benchmarks.md."""

from dataclasses import dataclass

# From here on a figure says how much else the machine had to do meanwhile.
OTHERS_NOTED = 0.1


@dataclass
class Demand:
    """A figure and the bar it is held to."""

    what: str
    figure: float
    least: float | None = None
    most: float | None = None
    unit: str = "x"
    spread: str = ""

    @property
    def is_met(self):
        if self.least is not None:
            return self.figure >= self.least
        return self.figure <= self.most

    @property
    def bar(self):
        sign, bar = ("≥", self.least) if self.least is not None else ("≤", self.most)
        return f"{sign} {bar:,g} {self.unit}"

    def row(self):
        digits = 2 if self.figure < 100 else 0
        return (
            f"| {self.what} | {self.figure:,.{digits}f} {self.unit}{self.spread} | {self.bar} "
            f"| {'ok' if self.is_met else 'short'} |")


class Report:
    """Collects while measuring, so that a run that ends early has told what it knew."""

    def __init__(self):
        self.demands = []

    def say(self, lines):
        print("\n".join(lines), flush=True)

    def demand(self, what, figure, **more):
        demand = Demand(what, figure, **more)
        self.demands.append(demand)
        print(f"    {'ok   ' if demand.is_met else 'short'} {demand.row()}", flush=True)

    def ratio(self, what, ratio, **more):
        """A demand on a ratio that was measured in rounds."""
        disturbed = f", {ratio.others:.0%} others" if ratio.others > OTHERS_NOTED else ""
        self.demand(
            what, ratio.median,
            spread=f" ({ratio.least:.2f}–{ratio.greatest:.2f}{disturbed})", **more)

    def end(self):
        met = sum(demand.is_met for demand in self.demands)
        self.say(
            ["", "## Demands", "", "| what | figure | bar | verdict |", "| --- | ---: | ---: | --- |"]
            + [demand.row() for demand in self.demands]
            + ["", f"{met} of {len(self.demands)} met"])
