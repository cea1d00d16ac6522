"""The batches of both providers behind the test server: they end when they are told to, and go wrong as they are told.

A `BatchServer` is what the server does with each request (`behave`). Replies to requests are what `answers` returns.
"""

from __future__ import annotations

import datetime as dt
import email
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.llm.server import Answer, Received, Server, error, reply

TEXT = '{"rows": [{"name": "Ada", "age": 3}]}'


@dataclass(frozen=True)
class Failure:
    """What a single request came to: an error's status and its kind in Anthropic's words; `expired`, `canceled`."""

    status: int = 500
    message: str = "broken"
    kind: str = "api_error"


class BatchServer:
    """Looks at a batch find it under way `looks` times, and then with `status`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.batches: dict[str, dict[str, Any]] = {}
        self.files: dict[str, list[dict[str, Any]]] = {}
        self.looks = 1
        self.status = "completed"
        self.errors: list[dict[str, Any]] = []
        self.answers: Callable[[str, dict[str, Any]], Any] = lambda key, body: TEXT
        self.arranged: Callable[[list[Any]], list[Any]] = lambda lines: lines[::-1]
        """What becomes of the lines of results: they come in no order."""
        self.first: Callable[[Received], Answer | None] = lambda _: None
        """Answers before anything else does."""
        self.lost: list[Answer] = []
        """What the next batches that are made are answered with, though they are made."""
        server.behave = self.behave

    @property
    def sent(self) -> list[list[str]]:
        """The keys of each batch that was made."""
        return [[key for key, _ in batch["requests"]] for batch in self.batches.values()]

    def calls(self, method: str, ends: str) -> int:
        paths = [each.path.split("?")[0] for each in self.server.received if each.method == method]
        return sum(path.endswith(ends) for path in paths)

    def behave(self, received: Received) -> Any:
        if (answer := self.first(received)) is not None:
            return answer
        path = received.path.split("?")[0]
        if received.method == "POST":
            return self._upload(received) if path == "/files" else self._make(received.body, path)
        if path.endswith("/batches"):
            return Answer({"data": [self._shown(name) for name in reversed(self.batches)], "has_more": False})
        name = path.split("/")[-2] if path.endswith(("/content", "/results")) else path.split("/")[-1]
        if path.endswith("/content") and name in self.files:
            return Answer("".join(json.dumps(line) + "\n" for line in self.files[name]))
        if name not in self.batches:
            return error(404, f"No such thing: {name}")
        if path.endswith("/results"):
            return Answer("".join(json.dumps(line) + "\n" for line in self._anthropic_results(name)))
        return Answer(self._looked(name))

    def _upload(self, received: Received) -> Answer:
        head = f"Content-Type: {received.headers['content-type']}\n\n".encode()
        parts = email.message_from_bytes(head + received.raw).get_payload()
        named = {part.get_param("name", header="content-disposition"): part for part in parts}
        assert named["purpose"].get_payload() == "batch"
        lines = named["file"].get_payload(decode=True).decode().splitlines()
        name = f"file-{len(self.files)}"
        self.files[name] = [json.loads(line) for line in lines]
        return Answer({"id": name, "object": "file"})

    def _make(self, body: dict[str, Any], path: str) -> Answer:
        if "input_file_id" in body:
            lines = self.files[body["input_file_id"]]
            assert body["completion_window"] == "24h"
            assert {(line["method"], line["url"]) for line in lines} == {("POST", body["endpoint"])}
            requests = [(line["custom_id"], line["body"]) for line in lines]
        else:
            assert path == "/v1/messages/batches"
            requests = [(line["custom_id"], line["params"]) for line in body["requests"]]
        assert all(len(key) <= 64 for key, _ in requests)
        assert len({key for key, _ in requests}) == len(requests)
        name = f"batch-{len(self.batches)}"
        made = dt.datetime.now(dt.UTC).isoformat()
        self.batches[name] = {"requests": requests, "looks": 0, "told": body.get("metadata"), "made": made}
        if "endpoint" in body:
            self.batches[name]["endpoint"] = body["endpoint"]
        return self.lost.pop() if self.lost else Answer(self._shown(name))

    def _shown(self, name: str) -> dict[str, Any]:
        batch = self.batches[name]
        if "endpoint" in batch:
            return {"id": name, "status": "validating", "metadata": batch["told"]}
        counts = {"processing": len(batch["requests"]), "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
        return {"id": name, "processing_status": "in_progress", "request_counts": counts, "created_at": batch["made"]}

    def _looked(self, name: str) -> dict[str, Any]:
        batch = self.batches[name]
        batch["looks"] += 1
        shown = self._shown(name)
        if batch["looks"] <= self.looks:
            return shown
        if "endpoint" not in batch:
            counts = {**shown["request_counts"], "processing": 0, "succeeded": len(self._anthropic_results(name))}
            return {**shown, "processing_status": "ended", "request_counts": counts}
        if "ended" not in batch:
            files = self._openai_files(name)
            number = sum(len(self.files[file]) for file in files.values() if isinstance(file, str))
            counts = {"total": len(batch["requests"]), "completed": number, "failed": 0}
            batch["ended"] = {**shown, "status": self.status, **files, "request_counts": counts}
        return batch["ended"]

    def _openai_files(self, name: str) -> dict[str, Any]:
        batch, good, bad = self.batches[name], [], []
        if self.status == "failed":
            return {"errors": {"data": self.errors}, "output_file_id": None, "error_file_id": None}
        for key, body in batch["requests"]:
            said = self.answers(key, body)
            if said is None:
                continue
            line: dict[str, Any] = {"id": "x", "custom_id": key, "response": None, "error": None}
            if not isinstance(said, Failure):
                found = reply(batch["endpoint"], said)
                good.append({**line, "response": {"status_code": 200, "body": found}})
            elif said.kind in ("expired", "canceled"):
                code = {"expired": "batch_expired", "canceled": "batch_cancelled"}[said.kind]
                bad.append({**line, "error": {"code": code, "message": said.message}})
            else:
                found = {"error": {"message": said.message}}
                bad.append({**line, "response": {"status_code": said.status, "body": found}})
        names = {}
        for kind, lines in (("output_file_id", good), ("error_file_id", bad)):
            names[kind] = f"{name}-{kind}" if lines else None
            self.files[f"{name}-{kind}"] = self.arranged(lines)
        return names

    def _anthropic_results(self, name: str) -> list[dict[str, Any]]:
        batch = self.batches[name]
        if "ended" not in batch:
            batch["ended"] = self._anthropic_lines(name)
        return batch["ended"]

    def _anthropic_lines(self, name: str) -> list[dict[str, Any]]:
        lines = []
        for key, body in self.batches[name]["requests"]:
            said = self.answers(key, body)
            if said is None:
                continue
            if not isinstance(said, Failure):
                result = {"type": "succeeded", "message": reply("/v1/messages", said)}
            elif said.kind in ("expired", "canceled"):
                result = {"type": said.kind}
            else:
                inner = {"type": said.kind, "message": said.message}
                result = {"type": "errored", "error": {"type": "error", "error": inner}}
            lines.append({"custom_id": key, "result": result})
        return self.arranged(lines)
