"""Finds what can be changed in a Swift file: one small change each, of the kinds people make."""

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""
      (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<string>\"(?:\\.|[^"\\\n])*\")
    | (?P<number>0x[0-9A-Fa-f_]+|\d[\d_]*)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<operator>[-+*/%<>=!&|^~?]+|\.\.[.<])
    | (?P<mark>[(){}\[\],;:.@\#`\\$])
    | (?P<space>\s+)
    """,
    re.VERBOSE | re.DOTALL,
)

# What an operator becomes. That a condition as a whole is turned round is `conditions`' business.
SWAPS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
    "+": "-", "-": "+", "&+": "&-", "&-": "&+", "+=": "-=", "-=": "+=", "*": "/", "/": "*",
    "%": "/", "|": "&", "&": "|", "^": "|", "<<": ">>", ">>": "<<", "&>>": "&<<",
    "..<": "...", "...": "..<",
}  # fmt: skip

# A line that begins with one of these is no statement that can be left out.
DECLARATIONS = set(
    "let var func init deinit case default switch if guard else while for repeat do catch enum"
    " struct extension import package private static final class protocol mutating typealias"
    " public internal return defer subscript get set".split()
)


@dataclass(frozen=True)
class Mutant:
    """`text[start:end]` becomes `new`."""

    path: str
    start: int
    end: int
    new: str

    def apply(self, text):
        return text[: self.start] + self.new + text[self.end :]

    def difference(self, text):
        """The lines it changes, before and after, without their indentation."""
        first = text.rfind("\n", 0, self.start) + 1
        last = text.find("\n", self.end)
        before = text[first:last]
        after = text[first : self.start] + self.new + text[self.end : last]
        return tidy(before), tidy(after)


def tidy(lines):
    return " ".join(lines.split())


@dataclass(frozen=True)
class Body:
    """The inside of a function's braces; an expression alone is its result."""

    start: int
    end: int
    is_expression: bool
    has_result: bool


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


def tokens(text):
    found = []
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"not a token: {text[position:position + 20]!r}")
        if match.lastgroup not in ("space", "comment"):
            found.append(Token(match.lastgroup, match.group(), match.start(), match.end()))
        position = match.end()
    return found


def bodies(text):
    """The functions of a file, initializers and computed properties too, none inside another."""
    found = tokens(text)
    result = []
    opened = []
    for index, token in enumerate(found):
        if token.text == "{":
            is_inside = any(kind in ("function", "other") for kind, *_ in opened)
            opened.append(("other",) if is_inside else opening(found[:index]) + (index,))
        elif token.text == "}":
            kind, *rest = opened.pop()
            if kind == "function":
                has_result, first = rest
                words = {other.text for other in found[first:index]}
                start, end = found[first].end, token.start
                is_expression = has_result and "return" not in words
                result.append(Body(start, end, is_expression, has_result))
    return result


def opening(before):
    """What a brace after these tokens opens; of a function also whether it has a result."""
    depth = 0
    marks = []
    for token in reversed(before):
        depth += (token.text in ")]") - (token.text in "([")
        if depth == 0 and token.kind == "operator":
            marks.append(token.text)
        if token.text in ("struct", "class", "enum", "extension", "protocol"):
            return ("type",)
        if token.text in ("func", "init", "deinit"):
            return ("function", "->" in marks and token.text == "func")
        if token.text == "var":
            return ("other",) if "=" in marks else ("function", True)
        if token.text in ("let", "{", "}"):
            break
    return ("other",)


def mutants(path, text):
    """Every mutant of a file, each once, in the order of the file."""
    found = tokens(text)
    every = [
        change
        for kind in (operators, values, conditions, statements, errors, arms)
        for change in kind(text, found)
    ]
    unique = sorted({(start, end, new) for start, end, new in every if text[start:end] != new})
    return [Mutant(path, start, end, new) for start, end, new in unique]


def operators(text, found):
    """Comparisons, logic, arithmetic and ranges."""
    for token in found:
        if token.kind != "operator":
            continue
        is_range = token.text in ("..<", "...")
        is_binary = text[token.start - 1] in " \n" and text[token.end] in " \n"
        if token.text in SWAPS and (is_binary or is_range):
            yield token.start, token.end, SWAPS[token.text]


def values(text, found):
    """Truth values, numbers off by one, and characters off by one."""
    for index, token in enumerate(found):
        if token.text in ("true", "false"):
            yield token.start, token.end, "false" if token.text == "true" else "true"
        elif token.kind == "number" and found[index - 1].text not in (".", "$", "+=", "-="):
            yield token.start, token.end, str(int(token.text.replace("_", ""), 0) + 1)
        elif token.kind == "string" and len(token.text) == 3 and found[index - 2].text == "ascii":
            yield token.start, token.end, f'"{chr(ord(token.text[1]) ^ 1)}"'


def conditions(text, found):
    """Each clause of a condition: negated, taken for granted, and for an `if` ruled out."""
    for index, token in enumerate(found):
        if token.text not in ("if", "guard", "while") or token.kind != "word":
            continue
        depth = 0
        start = found[index + 1].start
        end = start
        clauses = []
        for other in found[index + 1 :]:
            if depth == 0 and other.text in ("{", ",", "else"):
                clauses.append((start, end))
                if other.text != ",":
                    break
                start = other.end
            elif depth == 0 and start == end or text[start:other.start].isspace():
                start = other.start
            depth += (other.text in "([{") - (other.text in ")]}")
            end = other.end
        for start, end in clauses:
            clause = text[start:end].strip()
            start = end - len(clause)
            if re.match(r"(let|var|case)\b", clause):
                continue
            if token.text != "if":
                yield start, end, f"!({clause})"
            if token.text != "while":
                yield start, end, "true"
            if token.text == "if":
                yield start, end, "false"


def statements(text, found):
    """A statement that is left out: an assignment, a call, a throw, a break."""
    opened = {"(": ")", "[": "]", "{": "}"}
    first_of_line = {}
    for index, token in enumerate(found):
        line = text.count("\n", 0, token.start)
        first_of_line.setdefault(line, index)
    for line, index in first_of_line.items():
        token = found[index]
        if token.kind != "word" or token.text in DECLARATIONS:
            continue
        before = found[index - 1] if index else None
        if before and (before.kind == "operator" or before.text in "(,[.:"):
            # After a colon only the first statement of a `case` stands on a line of its own.
            line_before = text[text.rfind("\n", 0, before.start) + 1 : before.end].strip()
            if not (before.text == ":" and line_before.startswith(("case ", "default", "."))):
                continue
        depth = 0
        end = token.end
        for other in found[index:]:
            depth += (other.text in opened) - (other.text in opened.values())
            if depth < 0 or (depth == 0 and other.end > end and "\n" in text[end : other.start]):
                break
            end = other.end
        whole = text[token.start : end]
        is_action = re.match(r"(try|throw|break|continue|_ =)\b", whole) or re.match(
            r"[\w.]+(\[[^\]]*\])?( [-+&|]*= |\()", whole
        )
        # Without these no initializer compiles.
        is_initial = re.match(r"(self\.)?(\w+) = \2$|(try )?self( =|\.init)", whole)
        following = text[end:].lstrip()[:1]
        if is_action and not is_initial and following not in (".", "?", "+", "-", "&", "|"):
            yield token.start, end, "" if before and before.text != ":" else "break"


def errors(text, _):
    """Another error than the one that is thrown."""
    for match in re.finditer(r"throw (\.\w+(?:\([^()]*\))?)", text):
        yield match.start(1), match.end(1), ".timedOut"
    for match in re.finditer(r"throw (Refusal\.\w+)", text):
        others = {"Refusal.unknownConnection": "Refusal.wrongCredentials"}
        yield match.start(1), match.end(1), others.get(match.group(1), "Refusal.unknownConnection")


def arms(text, _):
    """The result of one arm of a `switch` in the place of another's."""
    lines = list(re.finditer(r"^( *)(case [^\n]*?|default): (\.?\w[^\n{]*)$", text, re.MULTILINE))
    for one, next_one in zip(lines, lines[1:]):
        if one.end() + 1 == next_one.start() and one.group(1) == next_one.group(1):
            yield one.start(3), one.end(3), next_one.group(3)
            yield next_one.start(3), next_one.end(3), one.group(3)
