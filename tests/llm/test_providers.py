"""Both SDKs against a real server: what is sent, what is understood, and what a bad day ends in."""

import asyncio
import json
import ssl
import time
import uuid
from dataclasses import replace

import openai
import pytest

from syda.errors import ModelError, QuotaError, RefusedRequestError, UnreachableError
from syda.llm.asking import Asker, asked_tokens, run
from syda.llm.exchange import Finish, Request, Usage
from syda.llm.pace import Patience
from syda.llm.providers.anthropic import MessagesClient
from syda.llm.providers.openai import ChatClient, ResponsesClient
from syda.llm.providers.sdk import http_client
from syda.schemas import ModelConfig, ProxyConfig
from tests.llm.server import Answer, error, reply, serving
from tests.llm.test_pace import VirtualClock

SCHEMA = {
    "type": "object",
    "properties": {
        "rows": {
            "type": "array",
            "minItems": 3,
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "minimum": 0}},
            },
        }
    },
}
REQUEST = Request(
    purpose="rows",
    table="people",
    instructions="Be exact.",
    context="People.",
    task="Three.",
    answer=SCHEMA,
    max_tokens=99,
)
TEXT = '{"rows": [{"name": "Ada", "age": 3}]}'
CLIENTS = {"chat": ChatClient, "responses": ResponsesClient, "messages": MessagesClient}


@pytest.fixture
def server():
    with serving() as running:
        yield running


@pytest.fixture(params=CLIENTS)
def client(request, server):
    return make(CLIENTS[request.param], server)


def make(kind, server, **settings):
    """Return a client; what is learnt of a model is kept for the life of the process, so each has its own."""
    config = ModelConfig(provider="test", model_name=f"model-{uuid.uuid4().hex[:8]}", **settings)
    proxy = config.proxy
    return kind(config, key="sk-secret", endpoint=proxy.base_url if proxy else server.url)


def ask(client, request=REQUEST, **options):
    """Ask in virtual time: pauses between attempts take none."""

    async def work():
        clock = VirtualClock()
        asker = Asker(client, clock=clock, **options)
        try:
            task = asyncio.ensure_future(asker.ask(request))
            while not task.done():
                await asyncio.sleep(0.001)
                if clock.sleepers:
                    clock.time, _, woken = clock.sleepers.pop(0)
                    woken.set_result(None)
            return task.result(), asker
        finally:
            await asker.close()

    return run(work)


def test_a_reply_and_what_it_cost(client, server):
    server.behave = lambda _: TEXT
    found, asker = ask(client)
    assert (found.text, found.finish, found.usage) == (TEXT, Finish.COMPLETE, Usage(100, 20, 30))
    assert asker.ledger.of("people").calls == len(server.received) == 1


def test_what_varies_comes_last_and_the_form_is_asked_for(client, server):
    ask(client)
    (received,) = server.received
    sent = json.dumps(received.body)
    assert sent.index("People.") < sent.index("Three.")
    assert "additionalProperties" in sent
    assert "maxLength: 20" in sent
    assert '"maxLength"' not in sent
    for name in ("temperature", "top_p", "seed"):
        assert name not in received.body


@pytest.mark.parametrize(
    ("finish", "expected"),
    [("length", Finish.LENGTH), ("refusal", Finish.REFUSED), ("filter", {Finish.FILTERED, Finish.REFUSED})],
)
def test_replies_that_are_no_data_are_told_apart(client, server, finish, expected):
    server.behave = lambda received: Answer(reply(received.path, "I cannot", finish=finish))
    found, _ = ask(client)
    assert found.finish in (expected if isinstance(expected, set) else {expected})


@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_an_empty_reply(client, server, text):
    server.behave = lambda received: Answer(reply(received.path, text, usage=False))
    found, _ = ask(client)
    assert (found.finish, found.usage.guessed) == (Finish.EMPTY, True)
    assert found.usage.input == asked_tokens(REQUEST)


@pytest.mark.parametrize(
    "first",
    [
        error(500, "broken"),
        error(503, "busy"),
        error(529, "overloaded", type="overloaded_error"),
        error(429, "slow down", headers={"Retry-After": "3"}),
        error(429, "slow down", headers={"retry-after-ms": "20"}),
        error(408, "late"),
        Answer("<html>502 Bad Gateway</html>", 502, {"Content-Type": "text/html"}),
        Answer("<html>Welcome</html>", 200, {"Content-Type": "text/html"}),
        Answer("[1, 2]"),
        Answer('{"choices": [{"mess', 200),
        Answer('{"cut": ', 200, cut=True),
        Answer("{}"),
        Answer('{"usage": ' + "[" * 100_000),
        Answer('{"usage": ' + "9" * 5000 + "}"),
        Answer(b'{"choices": "\xff\xfe"}'),
        Answer('{"choices": [], "output": 1, "content": 1, "usage": 7}'),
    ],
    ids=lambda each: f"{each.status} {str(each.body)[:12]}",
)
def test_what_passes_is_tried_again(client, server, first):
    answers = iter([first])
    server.behave = lambda _: next(answers, TEXT)
    found, asker = ask(client)
    assert found.text == TEXT
    assert len(server.received) == 2
    assert (asker.ledger.of("people").calls, asker.ledger.of("people").retries) == (2, 1)


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (error(401, "Incorrect API key provided"), RefusedRequestError, "is the key right"),
        (error(403, "no access"), RefusedRequestError, "may the key use this model"),
        (error(404, "The model does not exist"), RefusedRequestError, "is the model's name right"),
        (error(400, "Unknown something"), RefusedRequestError, "Unknown something"),
        (
            error(429, "You exceeded your current quota", code="insufficient_quota"),
            QuotaError,
            "what was paid for is kept",
        ),
        (error(402, "Payment required"), QuotaError, "Payment"),
        (error(400, "Your credit balance is too low"), QuotaError, "credit balance"),
    ],
    ids=["key", "rights", "model", "request", "quota", "payment", "credit"],
)
def test_what_does_not_pass_is_asked_once(client, server, answer, kind, says):
    server.behave = lambda _: answer
    with pytest.raises(kind, match=says):
        ask(client)
    assert len(server.received) == 1


def test_an_endless_429_is_given_up(client, server):
    server.behave = lambda _: error(429, "slow down")
    with pytest.raises(UnreachableError, match="slow down"):
        ask(client, patience=Patience(progress=60))
    assert 3 < len(server.received) < 20


def test_a_host_that_calls_every_limit_a_quota_is_waited_for(client, server):
    answers = iter([error(429, "insufficient credits for now", headers={"Retry-After": "2"})])
    server.behave = lambda _: next(answers, TEXT)
    assert ask(client)[0].text == TEXT


def test_nobody_listens(client, server):
    with serving() as gone:
        pass
    nobody = type(client)(client.config, key="k", endpoint=gone.url)
    with pytest.raises(UnreachableError, match=r"cannot be reached.*tried 6 times"):
        ask(nobody)


def test_a_parameter_that_is_refused_is_dropped_once_and_remembered(server):
    for kind in CLIENTS.values():
        client = make(kind, server, temperature=0.5, top_p=0.5)
        server.received.clear()

        def behave(received):
            for name in ("temperature", "top_p"):
                if name in received.body:
                    return error(400, f"Unsupported parameter: '{name}' is not supported with this model.", param=name)
            return TEXT

        server.behave = behave
        assert ask(client)[0].calls == 3
        again = type(client)(client.config, key="k", endpoint=client.endpoint)
        assert ask(again)[0].calls == 1
        assert len(server.received) == 4


def test_max_tokens_by_the_name_that_the_model_knows(server):
    client = make(ChatClient, server)
    server.behave = lambda received: (
        TEXT if "max_tokens" in received.body else error(400, "Unknown parameter: 'max_completion_tokens'")
    )
    assert ask(client)[0].text == TEXT


def test_a_form_that_is_not_known_is_asked_for_in_another_way(client, server):
    def behave(received):
        sent = json.dumps(received.body)
        if "json_schema" in sent or "tools" in sent or "json_object" in sent:
            return error(400, "response_format / output_config / tools are not supported")
        return TEXT

    server.behave = behave
    found, _ = ask(client)
    assert found.text == TEXT
    assert "fits this JSON Schema" in json.dumps(server.received[-1].body)
    assert ask(type(client)(client.config, key="k", endpoint=client.endpoint))[0].calls == 1


def test_a_server_that_ignores_the_form_is_asked_in_another_way(client, server):
    server.behave = lambda received: (
        TEXT if "fits this JSON Schema" in json.dumps(received.body) else "Sure, here are some people!"
    )
    assert ask(client)[0].text == TEXT


def test_a_form_that_was_not_kept_once_is_asked_for_again_by_the_next_run(client, server):
    server.behave = lambda _: "Sure, here are some people!"
    assert ask(client)[0].text != TEXT
    server.behave = lambda _: TEXT
    first = server.received[0].body
    again = ask(type(client)(client.config, key="k", endpoint=client.endpoint))[0]
    assert (again.text, again.calls) == (TEXT, 1)
    assert server.received[-1].body.keys() == first.keys()


def test_tools_answer_in_their_arguments(server):
    chat, messages = make(ChatClient, server), make(MessagesClient, server)
    call = {"choices": [{"message": {"tool_calls": [{"function": {"name": "answer", "arguments": TEXT}}]}}]}
    assert chat.read(call).text == TEXT
    block = {"content": [{"type": "tool_use", "input": json.loads(TEXT)}], "stop_reason": "tool_use"}
    assert json.loads(messages.read(block).text) == json.loads(TEXT)


def test_a_gateway_gets_headers_parameters_and_a_path(server):
    for kind in CLIENTS.values():
        server.received.clear()
        proxy = ProxyConfig(
            base_url=f"{server.url}/gate/",
            headers={"X-Team": "data"},
            params={"api-version": "7"},
            path_format="/proxy/{provider}/completions",
        )
        client = make(kind, server, proxy=proxy)
        server.behave = lambda _: Answer(reply(path_of(kind), TEXT))  # noqa: B023 - used at once
        assert ask(client)[0].text == TEXT
        (received,) = server.received
        assert received.path == "/gate/proxy/test/completions?api-version=7"
        assert received.headers["x-team"] == "data"


def path_of(kind):
    return {ChatClient: "/chat", ResponsesClient: "/responses", MessagesClient: "/messages"}[kind]


def test_errors_show_no_key(client, server):
    server.behave = lambda _: error(401, "wrong key")
    with pytest.raises(ModelError) as caught:
        ask(client)
    assert "sk-secret" not in repr(caught.value) + str(caught.value)
    assert "sk-secret" not in repr(client.config)


def test_a_wide_reply_is_read(client, server):
    long = json.dumps({"rows": [{"name": "x" * 1000}] * 2000})
    server.behave = lambda _: long
    assert len(ask(client)[0].text) == len(long)


def test_another_table_is_another_line(client, server):
    server.behave = lambda _: TEXT
    _, asker = ask(client, replace(REQUEST, table="pets"))
    assert list(asker.ledger.lines) == ["pets"]


def test_clients_share_the_trusted_certificates_and_are_made_when_they_are_needed(client, server):
    asyncio.run(client.close())
    assert "_sdk" not in vars(client)
    kind = openai.DefaultAsyncHttpxClient
    contexts = [http_client(kind)._transport._pool._ssl_context for _ in range(2)]
    assert contexts[0] is contexts[1]
    assert contexts[0].verify_mode is ssl.CERT_REQUIRED


def test_an_account_is_a_key_at_an_endpoint(server):
    config = ModelConfig(provider="test", model_name="model")
    one, again, other = (ChatClient(config, key=key, endpoint=server.url).account for key in ("sk-1", "sk-1", "sk-2"))
    assert one == again != other
    assert "sk-" not in repr(one)


@pytest.mark.parametrize(
    ("path", "body", "finish", "usage"),
    [
        ("chat", {"choices": [{"message": {"content": None, "tool_calls": [{"function": "x"}]}}]}, "empty", 0),
        ("chat", {"choices": [{"message": {"content": TEXT}}], "usage": {"prompt_tokens": 10**320}}, "complete", 0),
        ("responses", {"output": [], "status": "incomplete", "incomplete_details": "max_output_tokens"}, "length", 0),
        ("responses", {"output": [], "status": "incomplete", "usage": {"input_tokens": 7}}, "length", 7),
        ("messages", {"content": [3, {"type": "text"}], "usage": [], "stop_details": 7}, "empty", 0),
    ],
)
def test_odd_bodies_are_replies_all_the_same(server, path, body, finish, usage):
    server.behave = lambda _: Answer(body)
    found, _ = ask(make(CLIENTS[path], server))
    assert (found.finish, 0 if found.usage.guessed else found.usage.total) == (finish, usage)


def test_what_was_paid_for_nothing_is_counted(server):
    nothing = Answer({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 1}})
    answers = iter([nothing, "Sure, here are some people!"])
    server.behave = lambda _: next(answers, TEXT)
    _, asker = ask(make(ChatClient, server))
    line = asker.ledger.of("people")
    assert (line.calls, line.retries, line.usage.total) == (3, 1, 11 + 120 + 120)


def test_a_late_refusal_stops_the_rest(client, server):
    def late(_):
        time.sleep(0.4)
        return error(401, "invalid api key")

    async def work():
        asker = Asker(client, patience=Patience(refusal=0.1))
        try:
            return await asyncio.gather(*(asker.ask(replace(REQUEST, task=f"{n}")) for n in range(60)))
        finally:
            await asker.close()

    server.behave = late
    with pytest.raises(RefusedRequestError):
        run(work)
    assert len(server.received) <= 17


def test_what_a_server_does_not_count_is_estimated(client, server):
    server.behave = lambda received: Answer(reply(received.path, TEXT, usage=False))
    found, asker = ask(client)
    assert found.usage == Usage(asked_tokens(REQUEST), 10, guessed=True)
    assert asker.ledger.total.usage.guessed
