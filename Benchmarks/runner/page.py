"""One page of 1,000 invented people, and the libraries that read it."""

import json
import os
import random
import subprocess

from runner.servers import BUILD, CannotMeasure


def body():
    """The same 150 KB every time, in the shape Mixpanel sends."""
    chance = random.Random(1)
    members = [
        {
            "mixpanel_distinct_id": f"{chance.getrandbits(128):032x}",
            "reference_id": f"user-{100_000 + number}",
            "$email": "zoe@mail.example",
            "first_name": "Zoë",
            "last_name": "Made-Up",
        }
        for number in range(1000)]
    return json.dumps({
        "action": "members",
        "parameters": {
            "mixpanel_project_id": "3012457",
            "mixpanel_cohort_name": "Bench",
            "mixpanel_cohort_id": "5540912",
            "mixpanel_session_id": "8a3fd3c4-52f1-4bb6-9d44-3a0a7b3c1d11",
            "page_info": {"total_pages": 1, "page_count": 1},
            "members": members,
        }}, separators=(",", ":")).encode()


def figures(command):
    """Runs a program that prints a name and a number a line."""
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if result.returncode != 0:
        raise CannotMeasure(f"{command[0]}: {result.stderr}")
    return {name: float(number) for name, number in map(str.split, result.stdout.splitlines())}


def libraries(*arguments):
    return figures([os.path.join(BUILD, "peers", "libraries"), *arguments])


def parts(*arguments):
    return figures([os.path.join(BUILD, "release", "PartsBench"), *arguments])
