"""The demands on parts that need no network: reading JSON, checking credentials."""

import os
import statistics
import time

from runner import page


class PartsRows:
    def __init__(self, fleet, report):
        self.report = report
        self.page = os.path.join(fleet.work, "parts-page.json")
        with open(self.page, "wb") as file:
            file.write(page.body())

    def all(self):
        self.json()
        self.credentials()

    def json(self):
        size = os.path.getsize(self.page)
        taken = page.parts("json", self.page) | page.libraries("json", self.page)
        orjson = _orjson_us(self.page)
        if orjson is not None:
            taken["orjson"] = orjson
        names = {
            "scan": "muster, whole grammar", "page": "muster, page of members",
            "JSONDecoder": "JSONDecoder, fixed struct", "simdjson": "simdjson DOM",
            "orjson": "orjson.loads"}
        self.report.say(
            ["", f"### JSON, a page of {size:,} bytes, one core, CPU time", "",
             "| reader | us a page | MB/s |", "| --- | ---: | ---: |"]
            + [f"| {names[name]} | {us:,.0f} | {size / us:,.0f} |" for name, us in taken.items()]
            + [""])
        demand = self.report.demand
        demand("JSON scan to JSONDecoder", taken["JSONDecoder"] / taken["scan"], least=20)
        if orjson is not None:
            demand("JSON scan to orjson", orjson / taken["scan"], least=4)
        demand("JSON scan to simdjson DOM", taken["simdjson"] / taken["scan"], least=0.6)

    def credentials(self):
        self.report.demand(
            "credential check", page.parts("credentials")["credentials"], most=2, unit="us CPU")


def _orjson_us(path):
    """CPU of one orjson.loads, the median of seven blocks; None if it is not installed."""
    try:
        import orjson
    except ImportError:
        return None
    with open(path, "rb") as file:
        text = file.read()
    results = []
    for _ in range(7):
        count, began = 0, time.process_time()
        while time.process_time() - began < 0.25:
            orjson.loads(text)
            count += 1
        results.append((time.process_time() - began) / count * 1e6)
    return statistics.median(results)
