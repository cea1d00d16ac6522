"""A real HTTP server on loopback that speaks the three protocols, and misbehaves as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    """One HTTP answer, sent as it stands: `body` is text, bytes, or an object to be written as JSON."""

    body: Any = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """Close the connection before all that was promised is sent."""
    pause: float = 0.0
    """Seconds between the halves of the body."""


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    method: str = "POST"
    raw: bytes = b""
    """What was sent that is no JSON."""


class Server:
    """`behave` gets each request and returns an `Answer`, or the text that the model is to say."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.received: list[Received] = []
        self.behave: Callable[[Received], Any] = lambda _: '{"rows": []}'

    def answer(self, received: Received) -> Answer:
        self.received.append(received)
        said = self.behave(received)
        return said if isinstance(said, Answer) else Answer(reply(received.path, said))


def reply(path: str, text: str | None, *, finish: str = "stop", usage: bool = True, **more: Any) -> dict[str, Any]:
    """Return the body of a reply in the protocol of a path. `finish` is stop, length, filter or refusal."""
    path = path.partition("?")[0]
    if path.endswith("/messages"):
        ends = {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal", "filter": "refusal"}
        body = {
            "type": "message",
            "content": [{"type": "text", "text": text}] if text else [],
            "stop_reason": ends[finish],
        }
        spent = {
            "input_tokens": 70,
            "cache_read_input_tokens": 30,
            "cache_creation_input_tokens": 0,
            "output_tokens": 20,
        }
    elif path.endswith("/responses"):
        part = {"type": "refusal", "refusal": text} if finish == "refusal" else {"type": "output_text", "text": text}
        reasons = {"length": "max_output_tokens", "filter": "content_filter"}
        body = {
            "status": "incomplete" if finish in reasons else "completed",
            "output": [{"type": "message", "content": [part]}],
        }
        body["incomplete_details"] = {"reason": reasons[finish]} if finish in reasons else None
        spent = {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 30}, "output_tokens": 20}
    else:
        ends = {"stop": "stop", "length": "length", "filter": "content_filter", "refusal": "stop"}
        message = {"role": "assistant", "content": text}
        if finish == "refusal":
            message = {"role": "assistant", "content": None, "refusal": text}
        body = {"choices": [{"index": 0, "message": message, "finish_reason": ends[finish]}]}
        spent = {"prompt_tokens": 100, "prompt_tokens_details": {"cached_tokens": 30}, "completion_tokens": 20}
    return {**body, **({"usage": spent} if usage else {}), **more}


def error(status: int, message: str, *, headers: dict[str, str] | None = None, **more: Any) -> Answer:
    return Answer({"error": {"message": message, **more}}, status, headers or {})


@contextmanager
def serving(port: int = 0) -> Iterator[Server]:
    """Run a server on a port, or on a free one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or the second write of an answer waits for 40 ms

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            form = "multipart" in headers.get("content-type", "")
            body = {} if form else json.loads(raw or b"{}")
            self._send(server.answer(Received(self.path, headers, body, self.command, raw if form else b"")))

        def do_GET(self) -> None:
            self.do_POST()

        def _send(self, answer: Answer) -> None:
            kind = "application/json"
            if isinstance(answer.body, str | bytes):
                data = answer.body.encode() if isinstance(answer.body, str) else answer.body
            else:
                data = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Type": kind, **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data) + (500 if answer.cut else 0)))
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked did not wait
                half = len(data) // 2 if answer.pause else 0
                self.wfile.write(data[:half])
                time.sleep(answer.pause)
                self.wfile.write(data[half:])
            if answer.cut:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    http.daemon_threads = True
    server = Server(f"http://127.0.0.1:{http.server_address[1]}")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
