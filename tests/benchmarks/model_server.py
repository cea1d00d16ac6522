"""A good model behind HTTP on loopback, in a process of its own: each reply takes as long as it is told, and no less.

Asynchronous, so that as many requests as come are served side by side. It speaks Chat Completions, counts what it is
sent, and hands over the bodies, so that they can be sent again without syda.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request as WebRequest
from urllib.request import urlopen

from tests.language.bad_days import understood
from tests.language.models import planner, rows_asked, writer
from tests.llm.server import Received, reply

CHARACTERS_OF_TOKEN = 4
REFUSAL = 0.3
"""Seconds that it takes at most to refuse a key: nothing is written for it."""


@dataclass
class Served:
    """What arrived since the last time that it was asked."""

    calls: int = 0
    characters: int = 0
    written: int = 0
    under_way: int = 0
    most: int = 0
    refused: int = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)


def listed(*values: str, when: str = "") -> list[dict[str, Any]]:
    return [{"value": value, "weight": 1 + 3 / place, "when": when} for place, value in enumerate(values, 1)]


CITIES = ("Porto", "Graz", "Lyon", "Aarhus", "Tampere", "Ghent", "Leeds", "Brno", "Turin", "Malaga", "Basel", "Lublin")
PRODUCTS = [
    f"{kind} {what}"
    for what in ("bearing", "valve", "pump", "gauge", "hose clamp", "seal kit")
    for kind in ("Ceramic", "Steel", "High-pressure", "Sanitary", "Compact", "Marine")
]
PRACTICES = [
    f"{who} {what}"
    for what in ("Family Practice", "Medical Centre", "Health Clinic", "Surgery")
    for who in ("Riverside", "Old Mill", "Northgate", "Elm Street", "Castle Hill", "Harbour", "Station Road", "Meadow")
]
OPENINGS = ("I have", "For three days I have had", "Since Monday I notice", "I woke up with", "Again and again I get")
SYMPTOMS = (
    "a dull pain in the left knee", "a cough that will not go away", "a rash on both arms", "blurred vision at night",
    "a sore throat and a slight fever", "dizziness when I stand up", "a stiff neck", "tingling in two fingers",
    "a swollen ankle", "a burning feeling after meals", "an earache", "a headache behind the eyes",
)  # fmt: skip
CAUSES = (
    "since I moved house", "after a long flight", "when I climb the stairs", "after running in the rain",
    "since I changed my shoes", "whenever I work late", "after the holidays", "when the weather turns",
    "since I began a new job", "after I slipped on ice",
)  # fmt: skip
PLANS: dict[str, dict[str, dict[str, Any]]] = {
    "customers": {"city": {"kind": "choice", "values": listed(*CITIES)}},
    "contacts": {
        "job_title": {
            "kind": "choice",
            "values": listed("Buyer", "Plant manager", "Head of maintenance", "Accountant", "Works engineer", "Owner"),
            "null_share": 0.1,
        },
        "created_at": {"kind": "after", "of": "customer_id.created_at", "low": "0", "high": "200"},
    },
    "products": {
        "name": {"kind": "choice", "values": listed(*PRODUCTS)},
        "price": {"kind": "number", "low": "4", "high": "2400", "distribution": "lognormal"},
    },
    "orders": {"created_at": {"kind": "after", "of": "customer_id.created_at", "low": "1", "high": "400"}},
    "order_items": {
        "quantity": {"kind": "number", "low": "1", "high": "40", "distribution": "lognormal"},
        "unit_price": {"kind": "near", "of": "product_id.price", "high": "0.1"},
    },
    "clinics": {
        "name": {"kind": "choice", "values": listed(*PRACTICES)},
        "city": {"kind": "choice", "values": listed(*CITIES)},
    },
    "visits": {
        "procedure": {"kind": "choice", "values": listed("X-ray", "Blood test", "Vaccination", "Check-up", "Scan")},
        "complaint": {
            "kind": "sentence",
            "values": [
                *listed(
                    "{opening} {symptom} {cause}.",
                    "{opening} {symptom} {cause}, and in {clinic_id.city} nobody could help.",
                    "My doctor in {clinic_id.city} sent me: {symptom}, {cause}.",
                    "I came to {clinic_id.name} because of {symptom} {cause}.",
                ),
                *listed(*OPENINGS, when="opening"),
                *listed(*SYMPTOMS, when="symptom"),
                *listed(*CAUSES, when="cause"),
            ],
        },
        "fee": {"kind": "number", "low": "20", "high": "900", "distribution": "lognormal"},
        "urgency": {"kind": "number", "low": "1", "high": "5"},
        "note": {"kind": "template", "values": listed("{procedure} done in {clinic_id.city}"), "null_share": 0.3},
    },
}
"""What the model answers when it is asked how columns are made; others it keeps."""


def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return what a good model answers, to syda's requests and to a plain one for a single record."""
    said = body["messages"][-1]["content"]
    if not isinstance(said, str):  # in parts, as a peer sends it
        said = "".join(part["text"] for part in said)
    if not said.startswith("CONTEXT"):
        return {"subject": f"About {said[-20:]}", "body": f"A text of a record: {said}"}
    request = understood(Received(path, {}, body))
    if "columns" in request.answer["properties"]:
        found: dict[str, Any] = planner(**PLANS.get(request.table, {}))(request)
        return found
    rows: dict[str, Any] = writer(request)
    for told, row in zip(rows_asked(request), rows["rows"], strict=True):
        if "email" in row:
            row["email"] = f"{told['spark'].replace(' ', '.')}.{row['row']}@{request.table}.example"
    return rows


class Model:
    """Replies after `latency` seconds, whatever the answer takes to make."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.served = Served()

    async def connected(self, reader: asyncio.StreamReader, sender: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                arrived = time.monotonic()
                path = head.split(" ", 2)[1]
                length = next(
                    (int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length:")), 0
                )
                if length:
                    status, data = await self._asked(path, head, await reader.readexactly(length), arrived)
                else:
                    status, data = self._told(path)
                said = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
                sender.write(said.encode() + data)
                await sender.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            sender.close()

    def _told(self, path: str) -> tuple[str, bytes]:
        """Say what arrived, and begin to count anew; a path that is a number sets the latency."""
        if path.startswith("/latency/"):
            self.latency = float(path.rpartition("/")[2])
        told, self.served = self.served, Served()
        return "200 OK", json.dumps(told.__dict__).encode()

    async def _asked(self, path: str, head: str, data: bytes, arrived: float) -> tuple[str, bytes]:
        served = self.served
        served.calls += 1
        served.under_way += 1
        served.most = max(served.most, served.under_way)
        if "wrong-key" in head:
            served.refused += 1
            found: dict[str, Any] = {"error": {"message": "invalid api key", "code": "invalid_api_key"}}
            status = "401 Unauthorized"
        else:
            body = json.loads(data)
            served.bodies.append(body)
            served.characters += len(json.dumps(body["messages"])) + len(json.dumps(body.get("response_format", "")))
            text = json.dumps(answer(path, body))
            served.written += len(text)
            found, status = reply(path, text), "200 OK"
        made = json.dumps(found).encode()
        takes = self.latency if status == "200 OK" else min(self.latency, REFUSAL)
        await asyncio.sleep(takes - (time.monotonic() - arrived))
        served.under_way -= 1
        return status, made


@dataclass
class Running:
    """A model that is running at `url`."""

    url: str

    def told(self) -> Served:
        """Return what arrived since this was asked last."""
        return self._get("/told")

    def wait(self, latency: float) -> None:
        self._get(f"/latency/{latency}")

    def _get(self, path: str) -> Served:
        with urlopen(WebRequest(self.url + path)) as found:
            return Served(**json.loads(found.read()))


@contextmanager
def running(latency: float) -> Iterator[Running]:
    """Run a model in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.model_server", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Running(process.stdout.readline().strip())
        finally:
            process.terminate()


async def serve(latency: float) -> None:
    model = Model(latency)
    server = await asyncio.start_server(model.connected, "127.0.0.1", 0, backlog=512, limit=2**22)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
