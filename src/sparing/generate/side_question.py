"""A short question of our own, asked of whoever answers the caller: the same wire format, path and key."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from sparing.core.upstream import Call
from sparing.errors import UpstreamError

_GEMINI_MODEL = re.compile(r"/models/[^/:]+:\w+$")
_BODY_HEADERS = ("content-encoding", "content-type", "accept")


def side_question(call: Call, prompt: str, *, model: str, max_tokens: int) -> Call:
    """A call of the same kind as `call`, unstreamed, that asks only this.

    Args:
        max_tokens: Most tokens that the answer may have.
    Raises:
        UpstreamError: Nobody knows how to ask in this wire format.
    """
    message = {"role": "user", "content": prompt}
    path = call.path
    if call.wire == "openai.chat":
        limit = "max_completion_tokens" if _is_openais_own(model) else "max_tokens"
        body: dict[str, Any] = {"model": model, limit: max_tokens, "messages": [message]}
    elif call.wire == "openai.responses":
        body = {"model": model, "max_output_tokens": max_tokens, "input": prompt, "store": False}
    elif call.wire == "anthropic.messages":
        body = {"model": model, "max_tokens": max_tokens, "messages": [message]}
    elif call.wire == "gemini":
        path, _, query = path.partition("?")
        path = _GEMINI_MODEL.sub(f"/models/{model}:generateContent", path)
        kept = [(name, value) for name, value in parse_qsl(query) if name != "alt"]  # a stream is not wanted
        path += f"?{urlencode(kept)}" if kept else ""
        limits = {"maxOutputTokens": max_tokens}
        body = {"contents": [{"role": "user", "parts": [{"text": prompt}]}], "generationConfig": limits}
    else:
        raise UpstreamError(f"there is no way to ask a question of our own in {call.wire}")
    headers = {key: value for key, value in call.headers.items() if key not in _BODY_HEADERS}
    headers |= {"content-type": "application/json", "accept-encoding": "identity"}
    whole = msgspec.json.encode(body)
    return replace(call, path=path, headers=headers, body=whole, model=model, stream=False, thought=None)


def said(wire: str, body: bytes) -> str:
    """The text of an answer; "" where there is none."""
    try:
        answer = msgspec.json.decode(body)
        return "".join(_texts(wire, answer)).strip()
    except (msgspec.DecodeError, KeyError, IndexError, TypeError, AttributeError):
        return ""


def _texts(wire: str, answer: Any) -> list[str]:
    if wire == "openai.chat":
        return [answer["choices"][0]["message"]["content"] or ""]
    if wire == "openai.responses":
        parts = [part for item in answer["output"] if item["type"] == "message" for part in item["content"]]
        return [part["text"] for part in parts if part["type"] == "output_text"]
    if wire == "anthropic.messages":
        return [part["text"] for part in answer["content"] if part["type"] == "text"]
    parts = answer["candidates"][0]["content"]["parts"]
    return [part["text"] for part in parts if "text" in part and not part.get("thought")]


def _is_openais_own(model: str) -> bool:
    """Its newer models refuse `max_tokens`; other servers of the format know nothing else."""
    return re.match(r"(gpt-|o\d|chatgpt)", model) is not None
