"""What a model refuses is learnt from what it says, and from nothing that only looks like it."""

import json

import pytest

from syda.errors import RefusedRequestError
from syda.llm.limits import most_told
from syda.llm.providers.anthropic import MessagesClient
from syda.llm.providers.openai import ChatClient, ResponsesClient
from tests.llm.server import error, serving
from tests.llm.test_providers import CLIENTS, TEXT, ask, make


@pytest.fixture
def server():
    with serving() as running:
        yield running


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ("max_tokens is too large: 6540. This model supports at most 4096 completion tokens, whereas you ...", 4096),
        ("max_tokens: 6540 > 4096, which is the maximum allowed number of output tokens for claude-3", 4096),
        ("`max_tokens` must be less than or equal to `4096`, the maximum value for `max_tokens`", 4096),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 4,096]", 4096),
        ("This model's maximum context length is 4096 tokens. However, your messages resulted in 9 tokens.", 2048),
        ("maximum context length is 4096 tokens, you requested 6540 (1096 in the messages, 5444 in the ...)", 3000),
        ("This model's maximum context length is 4096 tokens and your request has 1096 input tokens", 3000),
        ("input length and `max_tokens` exceed context limit: 190000 + 6540 > 196000, decrease ...", 6000),
        ("maximum context length is 4096 tokens and your request has 5000 input tokens", None),
        ("at most 9000 completion tokens", None),
        ("max_tokens is too large", None),
        ("at most " + "9" * 5000 + " completion tokens", None),
    ],
)
def test_the_most_tokens_are_read(said, most):
    assert most_told(said, 6540) == most


@pytest.mark.parametrize("kind", CLIENTS.values(), ids=CLIENTS)
def test_a_shorter_reply_is_asked_for_and_remembered(kind, server):
    def behave(received):
        sent = max(value for name, value in received.body.items() if "tokens" in name)
        return TEXT if sent <= 40 else error(400, f"max_tokens: {sent} > 40, which is the maximum", param="max_tokens")

    server.behave = behave
    client = make(kind, server)
    assert ask(client)[0].calls == 2
    assert ask(type(client)(client.config, key="k", endpoint=client.endpoint))[0].calls == 1


def test_an_answer_that_is_refused_drops_no_parameter_that_is_called_like_a_column(server):
    said = "Invalid schema for 'answer': in context properties.temperature, 'minimum' is not permitted"
    for kind in CLIENTS.values():
        client = make(kind, server, temperature=0.5)
        server.behave = lambda received: TEXT if "json_schema" not in json.dumps(received.body) else error(400, said)
        assert ask(client)[0].text == TEXT
        assert server.received[-1].body["temperature"] == 0.5


def test_what_was_not_sent_is_not_dropped(server):
    server.behave = lambda _: error(400, "Unsupported parameter: 'temperature'", param="temperature")
    with pytest.raises(RefusedRequestError):
        ask(make(ChatClient, server))
    assert len(server.received) == 1


def test_a_gateway_without_a_cache(server):
    said = "messages.0.content.0.cache_control: Extra inputs are not permitted"
    server.behave = lambda received: error(400, said) if "cache_control" in json.dumps(received.body) else TEXT
    client = make(MessagesClient, server)
    assert ask(client)[0].calls == 2
    assert "output_config" in server.received[-1].body


def test_what_one_protocol_refuses_another_may_take(server):
    chat = make(ChatClient, server, temperature=0.5)
    server.behave = lambda _: error(400, "Unsupported parameter: 'temperature'")
    with pytest.raises(RefusedRequestError):
        ask(chat)
    server.behave = lambda _: TEXT
    ask(ResponsesClient(chat.config, key="k", endpoint=chat.endpoint))
    assert server.received[-1].body["temperature"] == 0.5
