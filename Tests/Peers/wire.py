"""One connection, raw: what is sent, and the answers that come back within a bound."""

import re
import socket
import time
from dataclasses import dataclass, field

# How long an answer may take, and how long nothing may happen before no more is expected.
ANSWER_SECONDS_MAX = 3.0
QUIET_SECONDS = 0.4


@dataclass
class Heard:
    """Final answers in order, and whether the server closed the connection after them."""

    answers: list = field(default_factory=list)
    closed: bool = False


@dataclass
class Answer:
    status: int
    headers: str
    body: bytes


def exchange(address, data, awaited, is_head=False):
    """Sends `data` at once and listens until `awaited` answers are in and nothing more comes."""
    family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
    heard = Heard()
    received = b""
    with socket.socket(family) as peer:
        peer.settimeout(ANSWER_SECONDS_MAX)
        peer.connect(address)
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        try:
            peer.sendall(data)
            while not heard.closed:
                enough = len(read(received, False, is_head)) >= awaited
                left = QUIET_SECONDS if enough else deadline - time.monotonic()
                peer.settimeout(max(left, 0.001))
                piece = peer.recv(65536)
                received += piece
                heard.closed = piece == b""
        except TimeoutError:
            pass
        except (ConnectionResetError, BrokenPipeError):
            heard.closed = True
    heard.answers = read(received, heard.closed, is_head)
    return heard


def read(data, is_all, is_head):
    """The final answers in `data`; interim ones are left out."""
    answers = []
    while data:
        head = re.match(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n((?:[^\r\n]*\r\n)*?)\r\n", data)
        if head is None:
            # HTTP/0.9 has no heads: all there is is the answer.
            if is_all and not data.startswith(b"HTTP/"):
                answers.append(Answer(200, "", data))
            break
        status, headers = int(head.group(1)), head.group(2).decode("latin-1").lower()
        rest = data[head.end() :]
        body = b"" if status < 200 or (is_head and not answers) else take(rest, headers, is_all)
        if body is None:
            break
        data = rest[len(body) :]
        if status >= 200:
            answers.append(Answer(status, headers, body))
    return answers


def take(rest, headers, is_all):
    """The body at the start of `rest`, as it stands there; `None` if more must come."""
    length = re.search(r"^content-length: *(\d+)", headers, re.MULTILINE)
    if length:
        size = int(length.group(1))
        return rest[:size] if len(rest) >= size else None
    if "transfer-encoding: chunked" in headers:
        end = rest.find(b"0\r\n\r\n")
        return rest[: end + 5] if end >= 0 else None
    return rest if is_all else None
