"""No key, header, parameter or password of an address is sent elsewhere, written down or shown."""

import asyncio
import base64
import logging
import traceback

import pytest

from syda.errors import ModelError, RefusedRequestError
from syda.llm.connect import connect
from syda.llm.exchange import key_of
from syda.llm.journal import Journal
from syda.llm.providers.anthropic import MessagesClient
from syda.llm.providers.openai import ChatClient, ResponsesClient
from syda.llm.secrets import Secrets, address_of
from syda.schemas import ModelConfig, ProxyConfig
from tests.llm.server import Answer, error, serving
from tests.llm.test_providers import CLIENTS, REQUEST, TEXT, ask

HIDDEN = ("sk-SECRET", "SECRET-header", "SECRET-parameter", "SECRET-password", "SECRET-query")


@pytest.fixture
def server():
    with serving() as running:
        yield running


def made(kind, server, key="sk-SECRET", **proxy):
    url = server.url.replace("//", "//user:SECRET-password@") + "/v1?sign=SECRET-query"
    given = {"headers": {"X-Team": "SECRET-header"}, "params": {"code": "SECRET-parameter"}, **proxy}
    config = ModelConfig(provider="test", model_name="m", proxy=ProxyConfig(base_url=url, **given))
    return kind(config, key=key, endpoint=config.proxy.base_url)


@pytest.mark.parametrize("kind", CLIENTS.values(), ids=CLIENTS)
def test_what_an_address_holds_is_sent_and_not_kept(kind, server, tmp_path):
    server.behave = lambda _: TEXT
    client = made(kind, server)
    ask(client, journal=Journal(tmp_path))
    (received,) = server.received
    assert received.path == f"/v1{kind.path}?sign=SECRET-query&code=SECRET-parameter"
    sent = base64.b64decode(received.headers["authorization"].removeprefix("Basic ")).decode()
    assert sent == "user:SECRET-password"
    assert client.endpoint == f"{server.url}/v1"
    kept = "".join(path.read_text() for path in tmp_path.iterdir())
    assert not [each for each in HIDDEN if each in kept + repr(client.config)]


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
@pytest.mark.parametrize("kind", CLIENTS.values(), ids=CLIENTS)
def test_what_a_server_repeats_is_not_shown(kind, server, status, caplog):
    caplog.set_level(logging.DEBUG, "syda")
    server.behave = lambda _: error(status, " and ".join(HIDDEN), param=HIDDEN[0])
    with pytest.raises(ModelError) as caught:
        ask(made(kind, server))
    shown = "".join(traceback.format_exception(caught.value))
    logged = "".join(record.getMessage() for record in caplog.records if record.name.startswith("syda"))
    assert "***" in str(caught.value)
    assert not [each for each in HIDDEN if each in shown + logged]


def test_a_key_may_end_in_a_line_break(server):
    server.behave = lambda _: TEXT
    config = ModelConfig(provider="test", model_name="m")
    ask(ChatClient(config, key="sk-SECRET\n", endpoint=server.url))
    assert server.received[0].headers["authorization"] == "Bearer sk-SECRET"


@pytest.mark.parametrize("more", [{"key": "sk-\nSECRET"}, {"headers": {"X-Team": "SECRET-header\n"}}, {"key": "sk-é"}])
def test_what_no_header_can_have_is_refused_unseen(server, more):
    with pytest.raises(ModelError, match="a header cannot have") as caught:
        made(ChatClient, server, **more)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("kind", CLIENTS.values(), ids=CLIENTS)
def test_who_sends_us_elsewhere_is_not_followed(kind, server):
    with serving() as other:
        other.behave = lambda _: TEXT
        server.behave = lambda _: Answer("", 308, {"Location": f"{other.url}/v1"})
        with pytest.raises(RefusedRequestError, match=f"elsewhere: {other.url}/v1"):
            ask(made(kind, server))
        assert (len(server.received), len(other.received)) == (1, 0)


def test_what_the_environment_has_for_openai_goes_nowhere_else(server, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-mine")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Mine: yes\nX-More: too")
    server.behave = lambda _: TEXT
    proxy = ProxyConfig(base_url=server.url, headers={"X-Team": "data"})
    for provider in ("compatible", "openai"):
        ask(connect(ModelConfig(provider=provider, model_name="m", proxy=proxy), {provider: "k"}))
    elsewhere, own = (received.headers for received in server.received)
    assert not {"openai-organization", "openai-project", "x-mine", "x-more"} & elsewhere.keys()
    assert (own["openai-organization"], own["openai-project"], own["x-mine"]) == ("org-mine", "proj-mine", "yes")
    assert elsewhere["x-team"] == own["x-team"] == "data"


@pytest.mark.parametrize("kind", [ChatClient, ResponsesClient, MessagesClient])
def test_a_client_that_was_closed_opens_again(kind, server):
    server.behave = lambda _: TEXT
    client = made(kind, server)
    for _ in range(2):
        assert ask(client)[0].text == TEXT
    asyncio.run(client.close())
    asyncio.run(client.close())


def test_short_values_are_hidden_as_words_only():
    secrets = Secrets(["data", "7", "none"])
    assert secrets.hidden("data of a database: none of 7") == "*** of a database: none of 7"


@pytest.mark.parametrize("url", ["http://[::1", "http://host:port/v1"])
def test_what_is_no_address(url):
    with pytest.raises(ModelError, match="is no URL"):
        address_of(url)


PLAIN = {"provider": "compatible", "model_name": "m"}
GATE = {"base_url": "http://gate/v1"}


def address(**settings):
    """Return the address of a request's reply."""
    proxy = ProxyConfig(**{**GATE, **settings.pop("proxy", {})})
    client = connect(ModelConfig(**{**PLAIN, **settings}, proxy=proxy), {"compatible": "k"})
    return key_of(client, REQUEST)


@pytest.mark.parametrize(
    "other",
    [
        {"max_tokens": 50},
        {"proxy": {"headers": {"X-Route": "eu"}}},
        {"proxy": {"headers": {"X-Route": "us"}}},
        {"proxy": {"params": {"api-version": "7"}}},
        {"proxy": {"path_format": "/{provider}/x"}},
        {"proxy": {"path_format": "/other/x"}},
    ],
)
def test_what_replies_depend_on_is_in_their_address(other):
    assert address(**other) == address(**other) != address()


@pytest.mark.parametrize(
    "other", [{"headers": {"Authorization": "SECRET", "api-key": "SECRET"}}, {"params": {"key": "SECRET"}}]
)
def test_another_key_finds_the_same_replies(other):
    assert address(proxy=other) == address()
