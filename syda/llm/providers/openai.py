"""OpenAI, and every server that speaks its Responses or Chat Completions protocol."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syda.llm.exchange import Finish, Reply, Request, Trouble, Usage
from syda.llm.ladder import Method
from syda.llm.providers.sdk import CONNECT_SECONDS, TOOL, SdkClient, context_and_task, count, http_client
from syda.llm.shapes import in_words, strict

if TYPE_CHECKING:
    from openai import AsyncOpenAI

ENDPOINT = "https://api.openai.com/v1"
_NAME = "answer"


class _OpenAIClient(SdkClient):
    """What both protocols share."""

    def open(self, **options: Any) -> AsyncOpenAI:
        import openai

        timeout = openai.Timeout(self._seconds, connect=CONNECT_SECONDS)
        if self.config.provider != "openai":  # what the environment has for OpenAI is for nobody else
            options["default_headers"] = dict.fromkeys(_names_for_openai(), openai.Omit()) | options["default_headers"]
        return openai.AsyncOpenAI(timeout=timeout, http_client=http_client(openai.DefaultAsyncHttpxClient), **options)


class ChatClient(_OpenAIClient):
    """Chat Completions."""

    path = "/chat/completions"

    def body(self, request: Request, method: Method) -> dict[str, Any]:
        system, form = request.instructions, strict(request.answer)
        body: dict[str, Any] = {"model": self.model, **self.sampling("temperature", "top_p", "seed")}
        body[self._ladder.name("max_completion_tokens")] = self.max_tokens(request)
        if method is Method.SCHEMA:
            schema = {"name": _NAME, "strict": True, "schema": form}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif method is Method.TOOL:
            body["tools"] = [{"type": "function", "function": {"name": TOOL, "strict": True, "parameters": form}}]
            body["tool_choice"] = {"type": "function", "function": {"name": TOOL}}
        else:
            system = f"{system}\n\n{in_words(form)}"
            if method is Method.JSON:
                body["response_format"] = {"type": "json_object"}
        user = "".join(context_and_task(request))
        body["messages"] = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        return body

    def read(self, found: Mapping[str, Any]) -> Reply:
        choice = _first(found.get("choices"))
        message = choice.get("message")
        if not isinstance(message, Mapping):
            raise Trouble(f"the reply has no message: {str(found)[:120]}", usage=_usage(found, "prompt", "completion"))
        text, finish, detail = _text(message), _CHAT_FINISH.get(str(choice.get("finish_reason")), Finish.COMPLETE), ""
        if isinstance(message.get("refusal"), str) and message["refusal"]:
            finish, detail = Finish.REFUSED, message["refusal"]
        elif finish is Finish.COMPLETE and not text.strip():
            finish = Finish.EMPTY
        return Reply(text=text, finish=finish, detail=detail, usage=_usage(found, "prompt", "completion"))


class ResponsesClient(_OpenAIClient):
    """Responses."""

    path = "/responses"

    def body(self, request: Request, method: Method) -> dict[str, Any]:
        system, form = request.instructions, strict(request.answer)
        body: dict[str, Any] = {"model": self.model, "store": False, **self.sampling("temperature", "top_p")}
        body["max_output_tokens"] = self.max_tokens(request)
        body["prompt_cache_key"] = f"syda:{request.purpose}:{request.table}"[:64]
        if method is Method.SCHEMA:
            body["text"] = {"format": {"type": "json_schema", "name": _NAME, "strict": True, "schema": form}}
        elif method is Method.TOOL:
            body["tools"] = [{"type": "function", "name": TOOL, "strict": True, "parameters": form}]
            body["tool_choice"] = {"type": "function", "name": TOOL}
        else:
            system = f"{system}\n\n{in_words(form)}"
            if method is Method.JSON:
                body["text"] = {"format": {"type": "json_object"}}
        body["instructions"] = system
        body["input"] = "".join(context_and_task(request))
        return body

    def read(self, found: Mapping[str, Any]) -> Reply:
        output = found.get("output")
        if not isinstance(output, list):
            raise Trouble(f"the reply has no output: {str(found)[:120]}", usage=_usage(found, "input", "output"))
        parts = [part for item in _objects(output) for part in _objects(item.get("content"))]
        refusals = [str(part.get("refusal")) for part in parts if part.get("type") == "refusal"]
        called = [str(item.get("arguments")) for item in _objects(output) if item.get("type") == "function_call"]
        text = "".join(called or [str(part.get("text") or "") for part in parts if part.get("type") == "output_text"])
        reason = _reason(found) if found.get("status") == "incomplete" else None
        finish = Finish.COMPLETE if text.strip() else Finish.EMPTY
        if refusals:
            finish = Finish.REFUSED
        elif reason:
            finish = Finish.FILTERED if reason == "content_filter" else Finish.LENGTH
        return Reply(text=text, finish=finish, detail=" ".join(refusals), usage=_usage(found, "input", "output"))


def _names_for_openai() -> list[str]:
    """Return the headers that the SDK takes from the environment."""
    lines = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    return ["OpenAI-Organization", "OpenAI-Project", *(line.partition(":")[0].strip() for line in lines if ":" in line)]


_CHAT_FINISH = {"length": Finish.LENGTH, "content_filter": Finish.FILTERED}


def _reason(found: Mapping[str, Any]) -> str:
    """Return why a reply is not complete, which some servers tell by itself."""
    told = found.get("incomplete_details")
    return str(told.get("reason") if isinstance(told, Mapping) else told)


def _text(message: Mapping[str, Any]) -> str:
    """Return what a message says: the arguments of the tool that it calls, or its content, whole or in parts."""
    for call in _objects(message.get("tool_calls")):
        called = call.get("function")
        arguments = called.get("arguments") if isinstance(called, Mapping) else None
        if isinstance(arguments, str):
            return arguments
        if isinstance(arguments, Mapping):  # as some servers write it
            return json.dumps(arguments)
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in _objects(content))
    return content if isinstance(content, str) else ""


def _usage(found: Mapping[str, Any], into: str, out: str) -> Usage:
    """Return the tokens that a body tells of; servers other than OpenAI's leave details out."""
    usage = found.get("usage")
    if not isinstance(usage, Mapping):
        return Usage()
    details = usage.get(f"{into}_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else 0
    return Usage(count(usage.get(f"{into}_tokens")), count(usage.get(f"{out}_tokens")), count(cached))


def _objects(found: object) -> list[Mapping[str, Any]]:
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _first(found: object) -> Mapping[str, Any]:
    listed = _objects(found)
    return listed[0] if listed else {}
