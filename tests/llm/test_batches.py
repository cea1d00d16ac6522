"""Batches of both providers against a real server: nothing is lost, paid twice or passed over in silence."""

import asyncio
import datetime as dt
import json
import uuid
from dataclasses import replace

import pytest

from syda.errors import BudgetError, MissingExtraError, ModelError, QuotaError, RefusedRequestError, UnreachableError
from syda.language import LanguageModel
from syda.llm.asking import Asker, run
from syda.llm.batches import BatchClient
from syda.llm.exchange import Reply, Usage, key_of
from syda.llm.journal import Journal
from syda.llm.ledger import Budget
from syda.llm.providers.anthropic import MessagesClient
from syda.llm.providers.batches import AnthropicBatches, OpenAIBatches
from syda.llm.providers.openai import ChatClient, ResponsesClient
from syda.llm.scripted import ScriptedClient
from syda.llm.sent import Sent, SentBatches
from syda.schemas import ModelConfig, ProxyConfig
from tests.llm.batches import TEXT, BatchServer, Failure
from tests.llm.server import Answer, error, serving
from tests.llm.test_pace import VirtualClock
from tests.llm.test_providers import REQUEST

KINDS = {
    "chat": (ChatClient, "openai"),
    "responses": (ResponsesClient, "openai"),
    "messages": (MessagesClient, "anthropic"),
}
REQUESTS = [replace(REQUEST, task=f"Row {number}.") for number in range(4)]


@pytest.fixture
def server():
    with serving() as running:
        yield BatchServer(running)


@pytest.fixture(params=KINDS)
def model(request, server):
    return maker(request.param, server)


@pytest.fixture(params=["chat", "responses"])
def openai(request, server):
    return maker(request.param, server)


def maker(name, server):
    """Return what makes a client of the same model each time."""
    kind, provider = KINDS[name]
    config = ModelConfig(provider=provider, model_name=f"model-{uuid.uuid4().hex[:8]}")
    return lambda: kind(config, key="sk-secret", endpoint=server.server.url)


def asked(model, *requests, folder=None, until=None, **options):
    """Ask in virtual time; returns replies or errors in order. `until` tells when the run is to die."""

    async def work():
        clock = VirtualClock()
        client = BatchClient(model(), folder=folder, clock=clock)
        journal = Journal(folder) if folder else None
        asker = Asker(client, journal=journal, clock=clock, **options)
        try:
            task = asyncio.gather(*map(asker.ask, requests or REQUESTS), return_exceptions=True)
            while not task.done():
                await asyncio.sleep(0.001)
                if until is not None and until():
                    task.cancel()
                elif clock.sleepers:
                    clock.time, _, woken = clock.sleepers.pop(0)
                    woken.set_result(None)
            return await task, asker
        finally:
            await asker.close()

    return run(work)


def texts(found):
    return [each.text if isinstance(each, Reply) else each for each in found]


def own(key, body):
    """Answer with the request's own task, so that replies cannot be mixed up."""
    sent = json.dumps(body)
    return next(json.dumps({"task": request.task}) for request in REQUESTS if request.task in sent)


OWN = [json.dumps({"task": request.task}) for request in REQUESTS]


def test_what_is_asked_together_is_one_batch_and_answers_find_their_requests(model, server):
    server.answers = own
    server.looks = 7
    found, asker = asked(model)
    assert texts(found) == OWN
    assert [each.usage for each in found] == [Usage(100, 20, 30)] * 4
    assert server.sent == [[key_of(model(), request) for request in REQUESTS]]
    assert (asker.ledger.total.calls, asker.ledger.total.retries) == (4, 0)


def test_equal_requests_are_paid_once(model, server):
    found, asker = asked(model, REQUEST, REQUEST)
    assert texts(found) == [TEXT, TEXT]
    assert [len(keys) for keys in server.sent] == [1]
    assert asker.ledger.total.usage == Usage(100, 20, 30)


def test_tables_that_ask_some_turns_later_go_in_the_same_batch(model, server):
    async def work():
        client = BatchClient(model())

        async def late(turns, request):
            for _ in range(turns):
                await asyncio.sleep(0)
            return await client.ask(request)

        try:
            return await asyncio.gather(*(late(3 * number, each) for number, each in enumerate(REQUESTS)))
        finally:
            await client.close()

    server.looks = 0
    assert len(run(work)) == len(server.sent[0]) == 4


def test_a_wave_is_split_at_the_limits(model, server, monkeypatch):
    server.answers = own
    client = model()
    kind = type(BatchClient(client)._batches)
    monkeypatch.setattr(kind, "most_requests", 3)
    assert texts(asked(model)[0]) == OWN
    assert [len(keys) for keys in server.sent] == [3, 1]
    server.batches.clear()
    monkeypatch.setattr(kind, "most_bytes", 10)
    assert texts(asked(model)[0]) == OWN
    assert [len(keys) for keys in server.sent] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "failure", [Failure(500), Failure(429, "slow", "rate_limit_error"), Failure(kind="expired"), None], ids=str
)
def test_what_a_batch_did_not_answer_goes_into_a_further_one(model, server, failure):
    key = key_of(model(), REQUESTS[2])
    server.status = "expired" if failure and failure.kind == "expired" else "completed"
    server.answers = lambda each, body: failure if each == key and len(server.batches) == 1 else own(each, body)
    found, asker = asked(model)
    assert texts(found) == OWN
    assert [len(keys) for keys in server.sent] == [4, 1]
    assert asker.ledger.total.calls == 5


@pytest.mark.parametrize("failure", [Failure(500), Failure(kind="expired"), None], ids=str)
def test_what_never_comes_is_given_up_and_the_rest_is_kept(model, server, failure, tmp_path):
    key = key_of(model(), REQUESTS[1])
    server.answers = lambda each, body: failure if each == key else own(each, body)
    found, _ = asked(model, folder=tmp_path)
    assert isinstance(found[1], UnreachableError)
    assert "rows for table 'people'" in str(found[1])
    assert "tried in 3 batches" in str(found[1])
    assert [len(keys) for keys in server.sent] == [4, 1, 1]
    server.answers = own
    assert texts(asked(model, folder=tmp_path)[0]) == OWN
    assert [len(keys) for keys in server.sent] == [4, 1, 1, 1]


def test_all_failed_and_there_is_no_file_of_replies(model, server):
    server.answers = lambda *_: Failure(500)
    found, _ = asked(model)
    assert [type(each) for each in found] == [UnreachableError] * 4
    assert len(server.sent) == 3


@pytest.mark.parametrize(
    ("failure", "kind", "says"),
    [
        (Failure(400, "Unknown something", "invalid_request_error"), RefusedRequestError, "Unknown something"),
        (Failure(401, "Incorrect key", "authentication_error"), RefusedRequestError, "is the key right"),
        (Failure(402, "Payment required", "billing_error"), QuotaError, "Payment required"),
        (Failure(404, "no model", "not_found_error"), RefusedRequestError, "is the model's name right"),
        (Failure(kind="canceled"), ModelError, "was cancelled at the provider"),
    ],
    ids=lambda each: getattr(each, "kind", None),
)
def test_what_does_not_pass_is_what_a_direct_request_would_raise(model, server, failure, kind, says):
    key = key_of(model(), REQUESTS[0])
    server.answers = lambda each, body: failure if each == key else own(each, body)
    found, _ = asked(model)
    assert isinstance(found[0], kind)
    assert says in str(found[0])
    assert texts(found)[1:] == OWN[1:]
    assert len(server.sent) == 1


def test_a_form_that_is_not_known_is_asked_for_in_another_way(model, server):
    def answers(key, body):
        sent = json.dumps(body)
        if "json_schema" in sent or "tools" in sent or "json_object" in sent:
            return Failure(400, "response_format / output_config / tools are not supported", "invalid_request_error")
        return own(key, body)

    server.answers = answers
    assert texts(asked(model)[0]) == OWN
    assert {len(keys) for keys in server.sent} == {4}
    server.batches.clear()
    assert texts(asked(model)[0]) == OWN
    assert len(server.sent) == 1


def test_a_reply_in_no_form_is_asked_for_in_another_way(model, server):
    server.answers = lambda _, body: TEXT if "fits this JSON Schema" in json.dumps(body) else "Sure, some people!"
    assert texts(asked(model)[0]) == [TEXT] * 4


def test_results_that_are_doubled_unknown_or_unreadable(model, server):
    def arranged(lines):
        if not lines:
            return []
        strange = [{**lines[0], "custom_id": "nobody"}, {**lines[0], "custom_id": None}, [], "x", {}]
        broken = [{**line, "response": None, "result": {"type": "errored"}} for line in lines]
        return [*broken, *strange, *lines, *lines, *broken]

    server.answers, server.arranged = own, arranged
    assert texts(asked(model)[0]) == OWN
    assert len(server.sent) == 1


def test_a_result_that_is_cut(model, server):
    def cut(received):
        if received.path.endswith(("/content", "/results")) and len(server.batches) == 1:
            whole = server._anthropic_results("batch-0") if "messages" in received.path else None
            lines = whole or server.files[received.path.split("/")[-2]]
            return Answer("\n".join(map(json.dumps, lines))[:-20])
        return None

    server.answers, server.first = own, cut
    assert texts(asked(model)[0]) == OWN
    assert [len(keys) for keys in server.sent] == [4, 1]


@pytest.mark.parametrize("line", ['{"custom_id": "x', "[" * 100_000, ""], ids=["cut", "deep", "missing"])
def test_results_that_cannot_be_read_once_are_not_paid_for_again(model, server, line):
    fetched = []

    def once(received):
        if not received.path.endswith(("/content", "/results")) or fetched:
            return None
        fetched.append(received)
        lines = server._anthropic_results("batch-0") if "messages" in received.path else None
        return Answer("\n".join([*map(json.dumps, (lines or server.files[received.path.split("/")[-2]])[1:]), line]))

    server.answers, server.first = own, once
    assert texts(asked(model)[0]) == OWN
    assert len(server.sent) == 1


@pytest.mark.parametrize(
    "answer",
    [error(500, "broken"), error(429, "slow", headers={"Retry-After": "3"}), Answer("<html>"), Answer("", cut=True)],
    ids=["500", "429", "html", "cut"],
)
@pytest.mark.parametrize("often", [1, 9])
def test_a_server_that_is_away_while_a_batch_is_under_way(model, server, answer, often):
    troubles = [answer] * often * 2
    server.answers = own
    server.first = lambda received: troubles.pop() if troubles and received.method == "GET" else None
    assert texts(asked(model)[0]) == OWN
    assert len(server.sent) == 1


def test_a_server_that_does_not_come_back(model, server):
    server.first = lambda received: error(500, "gone") if received.method == "GET" else None
    found, _ = asked(model)
    assert {type(each) for each in found} == {UnreachableError}
    assert "no answer about a batch" in str(found[0])


def test_a_batch_that_never_ends(model, server, monkeypatch):
    monkeypatch.setattr("syda.llm.batches._LONGEST_PAUSE", 3600.0)
    server.looks = 10**9
    found, _ = asked(model)
    assert {type(each) for each in found} == {UnreachableError}
    assert "after 26 h" in str(found[0])
    assert 26 < server.calls("GET", "batch-0") < 60


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (error(401, "Incorrect API key"), RefusedRequestError, "is the key right"),
        (error(429, "no money", code="insufficient_quota"), QuotaError, "no money"),
        (error(404, "Not Found"), ModelError, "has no batches"),
    ],
    ids=["key", "quota", "no batches"],
)
def test_a_wrong_key_costs_one_call(model, server, answer, kind, says, monkeypatch):
    monkeypatch.setattr(type(BatchClient(model())._batches), "most_requests", 2)
    server.first = lambda _: answer
    found, _ = asked(model)
    assert {type(each) for each in found} == {kind}
    assert says in str(found[0])
    assert "sk-secret" not in repr(found)
    assert len(server.server.received) == 1


@pytest.mark.parametrize("answer", [error(500, "broken"), Answer("<html>"), Answer("", cut=True)], ids=str)
def test_a_receipt_that_is_lost_is_looked_for_before_a_batch_is_sent_again(model, server, answer):
    server.answers, server.lost = own, [answer]
    assert texts(asked(model)[0]) == OWN
    assert len(server.sent) == 1


def test_a_busy_server_takes_the_batch_later(model, server):
    troubles = [error(503, "busy")] * 3
    server.first = lambda received: troubles.pop() if troubles and received.method == "POST" else None
    assert texts(asked(model)[0]) == [TEXT] * 4
    assert len(server.sent) == 1


@pytest.mark.parametrize("looks", [0, 2])
def test_a_run_that_dies_pays_once(model, server, tmp_path, looks):
    server.answers = own
    server.looks = 10**9
    with pytest.raises(asyncio.CancelledError):
        asked(model, folder=tmp_path, until=lambda: server.calls("GET", "batch-0") >= 1)
    server.looks = looks
    found, asker = asked(model, folder=tmp_path)
    assert texts(found) == OWN
    assert len(server.sent) == 1
    assert asker.ledger.total.usage == Usage(400, 80, 120)
    written = "".join(path.read_text() for path in tmp_path.rglob("*.jsonl"))
    assert "sk-secret" not in written
    before = len(server.server.received)
    assert texts(asked(model, folder=tmp_path)[0]) == OWN
    assert len(server.server.received) == before


def test_a_run_that_dies_between_sending_and_the_receipt_pays_once(model, server, tmp_path):
    server.answers = own
    server.lost = [error(500, "broken")]
    with pytest.raises(asyncio.CancelledError):
        asked(model, folder=tmp_path, until=lambda: bool(server.batches))
    (file,) = (tmp_path / "batches").iterdir()
    file.write_text(file.read_text().split("\n")[0] + "\n")  # it died before it was told the id, whatever came first
    assert texts(asked(model, folder=tmp_path)[0]) == OWN
    assert len(server.sent) == 1


def test_a_run_that_dies_before_sending_sends(model, server, tmp_path):
    server.answers = own
    server.first = lambda received: error(503, "busy") if received.method == "POST" else None
    with pytest.raises(asyncio.CancelledError):
        asked(model, folder=tmp_path, until=lambda: len(server.server.received) > 1)
    server.first = lambda _: None
    assert texts(asked(model, folder=tmp_path)[0]) == OWN
    assert len(server.sent) == 1


def test_more_requests_than_the_earlier_run_had(model, server, tmp_path):
    server.answers, server.looks = own, 10**9
    with pytest.raises(asyncio.CancelledError):
        asked(model, *REQUESTS[:2], folder=tmp_path, until=lambda: server.calls("GET", "batch-0") >= 1)
    server.looks = 1
    assert texts(asked(model, folder=tmp_path)[0]) == OWN
    assert server.sent == [[key_of(model(), each) for each in part] for part in (REQUESTS[:2], REQUESTS[2:])]


@pytest.mark.parametrize("what", ["gone", "files gone", "failed", "empty", "errors"])
def test_an_earlier_batch_that_brings_nothing_is_sent_again(model, server, tmp_path, what):
    server.looks = 10**9
    with pytest.raises(asyncio.CancelledError):
        asked(model, folder=tmp_path, until=lambda: server.calls("GET", "batch-0") >= 1)
    server.looks = 0

    def first(received):
        if len(server.batches) == 1:
            server.status = "failed" if what == "failed" else "completed"
            ends = {"gone": "batch-0", "files gone": ("/content", "/results")}.get(what, "nothing")
            return error(404, "not found") if received.path.endswith(ends) else None
        server.status = "completed"
        return None

    bad = {"empty": None, "errors": Failure(400, "no", "invalid_request_error"), "failed": None}
    server.answers = lambda key, body: bad[what] if what in bad and len(server.batches) == 1 else own(key, body)
    server.first = first
    assert texts(asked(model, folder=tmp_path)[0]) == OWN
    assert [len(keys) for keys in server.sent] == [4, 4]


@pytest.mark.parametrize(
    ("errors", "kind", "says"),
    [
        ([{"code": "model_not_found", "message": "no such model"}], RefusedRequestError, "no such model"),
        ([{"code": "billing_hard_limit_reached", "message": "limit"}], QuotaError, "limit"),
        ([], UnreachableError, "failed without a reason"),
    ],
)
def test_a_batch_that_fails_as_a_whole(openai, server, errors, kind, says):
    server.status, server.errors = "failed", errors
    found, _ = asked(openai)
    assert {type(each) for each in found} == {kind}
    assert says in str(found[0])


def test_a_batch_that_is_too_much_for_the_account_goes_in_parts(openai, server):
    server.answers = own
    looked = server._looked

    def limited(name):
        crowded = len(server.batches[name]["requests"]) > 2
        server.status = "failed" if crowded else "completed"
        server.errors = [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]
        return looked(name)

    server._looked = limited
    assert texts(asked(openai)[0]) == OWN
    assert [len(keys) for keys in server.sent] == [4, 2, 2]


def test_a_cancelled_batch_keeps_what_it_answered(openai, server, tmp_path):
    key = key_of(openai(), REQUESTS[3])
    server.status = "cancelled"
    server.answers = lambda each, body: None if each == key else own(each, body)
    found, _ = asked(openai, folder=tmp_path)
    assert texts(found)[:3] == OWN[:3]
    assert "batch-0 was cancelled" in str(found[3])
    server.status, server.answers = "completed", own
    assert texts(asked(openai, folder=tmp_path)[0]) == OWN
    assert [len(keys) for keys in server.sent] == [4, 1]


def test_a_budget_stops_before_anything_is_sent(model, server):
    prices = {model().model: (2000.0, 1000.0)}
    found, asker = asked(model, budget=Budget(cost=0.01), prices=prices)
    assert {type(each) for each in found} == {BudgetError}
    assert not server.server.received
    assert asker.ledger.total.calls == 0


def test_a_batch_costs_half(model):
    prices = {model().model: (2.0, 4.0, 1.0)}
    _, asker = asked(model, REQUEST, prices=prices)
    assert asker.ledger.cost(Usage(1_000_000, 1_000_000, 500_000)) == pytest.approx((1 + 0.5 + 4) / 2)
    assert Asker(model(), prices=prices).ledger.cost(Usage(1_000_000)) == 2


@pytest.mark.parametrize(
    "given",
    [
        "ollama:qwen3",
        "local",
        "http://localhost:1/v1#m",
        ModelConfig(
            provider="openai", model_name="m", proxy=ProxyConfig(base_url="http://localhost:1", path_format="/x")
        ),
        ScriptedClient([]),
    ],
    ids=lambda each: getattr(each, "model", None) or str(each)[:12],
)
def test_a_model_without_batches_is_an_error_at_once(given):
    none = (ModelError, MissingExtraError)
    with pytest.raises(none, match=r"cannot be asked in batches|needs the package xllamacpp"):
        LanguageModel(model=given, batch=True, keys={"openai": "k"}).asker()


def test_a_record_that_cannot_be_written_sends_nothing(model, server, tmp_path):
    (tmp_path / "batches").write_text("in the way")
    found, _ = asked(model, folder=tmp_path)
    assert {type(each) for each in found} == {ModelError}
    assert "cannot be written down" in str(found[0])
    assert not server.server.received


def test_a_lost_batch_of_anthropic_is_told_by_its_number_and_time(server):
    batches = AnthropicBatches(maker("messages", server)())
    at = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    sent = Sent("t", number=4, at=at.timestamp())

    def found(number, minutes):
        made = (at + dt.timedelta(minutes=minutes)).isoformat()
        return batches.is_it({"request_counts": {"processing": number - 1, "errored": 1}, "created_at": made}, sent)

    assert [found(4, 1), found(4, -5), found(5, 1), found(4, 60)] == [True, True, False, False]
    assert not batches.is_it({"request_counts": None, "created_at": None}, sent)


def test_another_batch_is_not_taken_for_a_lost_one(model, server, monkeypatch):
    monkeypatch.setattr(type(BatchClient(model())._batches), "most_requests", 2)
    server.answers, server.lost = own, [error(500, "second"), Answer({"id": "batch-0"})]
    assert texts(asked(model)[0]) == OWN
    assert [len(keys) for keys in server.sent] == [2, 2]


def test_the_latest_batch_of_a_request_is_known(tmp_path):
    first = SentBatches(tmp_path)
    older, newer = first.intend(["a", "b"]), first.intend(["a"])
    first.told(older, "batch-0")
    first.told(newer, "batch-1")
    again = SentBatches(tmp_path)
    assert [again.of(key).id for key in ("a", "b")] == ["batch-1", "batch-0"]
    assert again.of("c") is None
    assert again.ids == {"batch-0", "batch-1"}


def test_limits_are_the_providers():
    assert (OpenAIBatches.most_requests, OpenAIBatches.most_bytes) == (50_000, 200_000_000)
