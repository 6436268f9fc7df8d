"""Puts every mutant of a file into it at once, each behind a number that one run of the tests may
wake: building takes as long as some hundred runs, so it is done once and not for every mutant."""

import re

import mutations

VARIABLE = "AWAKE_MUTANT"
# No mutant has this number.
NONE = -1
SWITCH = f"""import Foundation

/// The mutant that this run of the tests is about.
let awakeMutant = ProcessInfo.processInfo.environment["{VARIABLE}"].flatMap {{ Int($0) }} ?? {NONE}
"""


def all_in_one(text, numbered):
    """The file with these mutants in it, and the number of the mutant for every line it fills.

    A function begins with a copy of its body for each of its mutants. Outside of functions only
    values are mutated, and can choose for themselves.
    """
    pieces = []
    end = len(text)
    places = [(body.start, body.end, body) for body in mutations.bodies(text)]
    outside = [
        entry
        for entry in numbered
        if not any(start <= entry[1].start < end for start, end, _ in places)
    ]
    places += [(mutant.start, mutant.end, (number, mutant)) for number, mutant in outside]
    for start, stop, what in sorted(places, key=lambda place: -place[0]):
        if isinstance(what, mutations.Body):
            mine = [(n, m) for n, m in numbered if start <= m.start < stop]
            new = choice(text, what, mine) + text[start:stop]
        else:
            new = f"(awakeMutant == {what[0]} ? {what[1].new} : {text[start:stop]})"
            new += f" /* mutant {what[0]} */"
        pieces = [new, text[stop:end]] + pieces
        end = start
    whole = text[:end] + "".join(pieces)
    # An inlined function of a hundred bodies would be a hundred bodies everywhere.
    whole = whole.replace("@inline(__always)", "")
    return whole, lines(whole)


def choice(text, body, mine):
    """Copies of a body, one for each of its mutants."""
    if not mine:
        return ""
    first = "return " if body.is_expression else ""
    last = "" if body.has_result else "\nreturn"
    copies = []
    for number, mutant in mine:
        copy = text[body.start : mutant.start] + mutant.new + text[mutant.end : body.end]
        copies.append(
            f"if awakeMutant == {number} {{ /* mutant {number} */\n{first}{copy.strip()}{last}\n"
            f"}} /* end of {number} */\n"
        )
    low, high = mine[0][0], mine[-1][0]
    return f"\nif awakeMutant >= {low}, awakeMutant <= {high} {{\n{''.join(copies)}}}\n" + (
        "return " if body.is_expression else ""
    )


def lines(text):
    """Line number → the mutant whose line it is."""
    found = {}
    inside = None
    for count, line in enumerate(text.split("\n"), 1):
        mark = re.search(r"/\* mutant (\d+) \*/", line)
        if mark:
            found[count] = int(mark.group(1))
            if line.startswith("if awakeMutant"):
                inside = found[count]
        elif inside is not None:
            found[count] = inside
            if line == f"}} /* end of {inside} */":
                inside = None
    return found
