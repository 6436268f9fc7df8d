"""What is mutated, with whose tests, and the small package in which that is quick."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Room:
    """Files of one target, and the target with the tests that must notice."""

    target: str
    tests: str
    files: tuple
    # These tests take a second; they are asked only about what the others let through.
    slow_tests: str = ""

    @property
    def paths(self):
        return [f"Sources/{self.target}/{file}.swift" for file in self.files]


ROOMS = [
    Room(
        "HTTPWire",
        "HTTPWireTests",
        (
            "RequestParser", "Framing", "ChunkedDecoder", "ChunkExtension", "Grammar", "ByteSet",
            "Headers", "Host", "Target", "PercentDecoding", "Query", "Method", "ConnectionState",
            "Serializer", "WireError",
        ),
        slow_tests="CorpusTests|MutationTests",
    ),
    Room("Routing", "RoutingTests", ("Authorization",)),
    Room(
        "Endpoints",
        "EndpointsTests",
        (
            "Webhook/AdmitConnection", "PeerThrottle", "Webhook/SlowCheck",
            "Admin/AdmitOperator",
        ),
    ),
    Room(
        "Audiences", "AudiencesTests",
        ("Secrets", "SecretHash", "CohortSync", "Connection", "OperatorKey", "Issuing"),
    ),
]  # fmt: skip


def copy(room, folder):
    """The room's targets and nothing else, so that a changed file costs seconds to build."""
    manifest = (ROOT / "Package.swift").read_text()
    blocks = {
        re.search(r'name: "(\w+)"', block).group(1): block
        for block in re.findall(r"^        \.\w+(?:T|t)(?:arget|ibrary)?\(.*?\),$|"
                                r"^        \.(?:target|systemLibrary)\(.*?\),$",
                                manifest, re.MULTILINE | re.DOTALL)
    }  # fmt: skip
    needed, open_names = {}, [room.tests]
    while open_names:
        name = open_names.pop()
        if name in needed or name not in blocks:
            continue
        needed[name] = blocks[name]
        open_names += re.findall(r'"(\w+)"', blocks[name])
    for name, block in needed.items():
        path = re.search(r'path: "([^"]+)"', block)
        home = path.group(1) if path else ("Tests/" if "testTarget" in block else "Sources/") + name
        shutil.copytree(ROOT / home, folder / home)
    targets = "\n".join(needed.values())
    manifest = re.sub(r"products: \[.*?\],\n", "", manifest, flags=re.DOTALL)
    manifest = re.sub(r"targets: \[\n.*?\n    \]\n\)", lambda _: f"targets: [\n{targets}\n    ]\n)",
                      manifest, flags=re.DOTALL)  # fmt: skip
    manifest = re.sub(r"dependencies: \[\n.*?\n    \],",
                      lambda found: packages(found.group(), targets), manifest,
                      count=1, flags=re.DOTALL)  # fmt: skip
    # A change may well leave something unused; that is not how it is to be found out.
    manifest = re.sub(r" *\.treatAllWarnings\(as: \.error\),\n", "", manifest)
    (folder / "Package.swift").write_text(manifest)


def packages(declared, targets):
    """Only swift-log is worth the wait, and only where a target asks for it."""
    log = re.search(r' *\.package\(\s*url: "[^"]*swift-log".*?\),', declared, re.DOTALL)
    return f"dependencies: [\n{log.group() if 'logging' in targets else ''}\n    ],"
