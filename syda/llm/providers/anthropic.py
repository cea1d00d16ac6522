"""Anthropic's Messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syda.llm.exchange import Finish, Reply, Request, Trouble, Usage
from syda.llm.ladder import CACHED, Method
from syda.llm.providers.sdk import CONNECT_SECONDS, TOOL, SdkClient, context_and_task, count, http_client
from syda.llm.shapes import described, in_words

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

ENDPOINT = "https://api.anthropic.com"
_FINISH = {
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "refusal": Finish.REFUSED,
}


class MessagesClient(SdkClient):
    """Messages; what instructions and context share with other requests is marked for the provider's cache."""

    methods = (Method.SCHEMA, Method.TOOL, Method.PROMPT)
    path = "/v1/messages"

    def open(self, **options: Any) -> AsyncAnthropic:
        import anthropic

        timeout, http = anthropic.Timeout(self._seconds, connect=CONNECT_SECONDS), anthropic.DefaultAsyncHttpxClient
        return anthropic.AsyncAnthropic(timeout=timeout, http_client=http_client(http), **options)

    def body(self, request: Request, method: Method) -> dict[str, Any]:
        system, form = request.instructions, described(request.answer)
        body: dict[str, Any] = {"model": self.model, "max_tokens": self.max_tokens(request)}
        body |= self.sampling("temperature", "top_p")
        if method is Method.SCHEMA:
            body["output_config"] = {"format": {"type": "json_schema", "schema": form}}
        elif method is Method.TOOL:
            body["tools"] = [{"name": TOOL, "input_schema": form, "strict": True}]
            body["tool_choice"] = {"type": "tool", "name": TOOL}
        else:
            system = f"{system}\n\n{in_words(form)}"
        kept = {} if CACHED in self._ladder.dropped else {CACHED: {"type": "ephemeral"}}
        body["system"] = [{"type": "text", "text": system}]
        context, task = context_and_task(request)
        content = [{"type": "text", "text": context, **kept}, {"type": "text", "text": task}]
        body["messages"] = [{"role": "user", "content": content}]
        return body

    def read(self, found: Mapping[str, Any]) -> Reply:
        content = found.get("content")
        if not isinstance(content, list):
            raise Trouble(f"the reply has no content: {str(found)[:120]}", usage=_usage(found.get("usage")))
        blocks = [block for block in content if isinstance(block, Mapping)]
        called = [json.dumps(block.get("input")) for block in blocks if block.get("type") == "tool_use"]
        text = "".join(called or [str(block.get("text") or "") for block in blocks if block.get("type") == "text"])
        finish = _FINISH.get(str(found.get("stop_reason")), Finish.COMPLETE if text.strip() else Finish.EMPTY)
        said = found.get("stop_details")
        detail = str(said.get("explanation") or said.get("category") or "") if isinstance(said, Mapping) else ""
        return Reply(text=text, finish=finish, detail=detail, usage=_usage(found.get("usage")))


def _usage(usage: object) -> Usage:
    """Return the tokens paid for: the input's are told in three parts."""
    if not isinstance(usage, Mapping):
        return Usage()
    cached = count(usage.get("cache_read_input_tokens"))
    new = count(usage.get("input_tokens")) + count(usage.get("cache_creation_input_tokens"))
    return Usage(new + cached, count(usage.get("output_tokens")), cached)
