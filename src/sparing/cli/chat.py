"""One question to a model over the OpenAI chat wire, streamed."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sparing.core.upstream import Answer, Call, Upstream
from sparing.errors import UpstreamError, UpstreamUnreachable

WIRE = "openai.chat"
_PATH = "/v1/chat/completions"
# Where models are listed, under which key, and which member names one.
_LIST, _GEMINI_LIST = ("/v1/models", "data", "id"), ("/v1beta/models", "models", "name")


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished answer.

    Attributes:
        prompt_tokens: As the server counted them; -1 if it did not say.
        answer_tokens: Likewise.
        first_s: Seconds to the first word.
        total_s: Seconds to the last.
    """

    text: str
    prompt_tokens: int
    answer_tokens: int
    first_s: float
    total_s: float


async def converse(upstream: Upstream, body: Mapping[str, Any], on_text: Callable[[str], None]) -> Reply:
    """Send a chat body with streaming on and report each piece of the answer as it comes.

    Raises:
        UpstreamError: The server refused or failed; the message is its own.
    """
    start_s = time.monotonic()
    first_s = 0.0
    parts: list[str] = []
    usage: Mapping[str, Any] = {}
    answer = await upstream.send(_call({**body, "stream": True, "stream_options": {"include_usage": True}}))
    try:
        await _check(answer)
        async for event in _events(answer):
            usage = event.get("usage") or usage
            piece = _piece(event)
            if piece:
                first_s = first_s or time.monotonic() - start_s
                parts.append(piece)
                on_text(piece)
    finally:
        await answer.aclose()
    total_s = time.monotonic() - start_s
    return Reply(
        text="".join(parts),
        prompt_tokens=usage.get("prompt_tokens", -1),
        answer_tokens=usage.get("completion_tokens", -1),
        first_s=first_s or total_s,
        total_s=total_s,
    )


async def models_of(upstream: Upstream, wire: str = WIRE) -> list[str]:
    """Names of the models that the server offers.

    Raises:
        UpstreamError: It refused, or does not keep such a list.
    """
    headers = {"anthropic-version": "2023-06-01"} if wire == "anthropic.messages" else {}
    path, key, name = _GEMINI_LIST if wire == "gemini" else _LIST
    answer = await upstream.send(Call(wire, "GET", path, headers, b""))
    try:
        await _check(answer)
        listing = _json(await _read(answer))
        return [str(model[name]).removeprefix("models/") for model in listing[key]]
    except (KeyError, TypeError) as error:
        raise UpstreamError("the upstream's list of models cannot be read") from error
    finally:
        await answer.aclose()


def _call(body: Mapping[str, Any]) -> Call:
    headers = {"content-type": "application/json", "accept": "text/event-stream"}
    return Call(WIRE, "POST", _PATH, headers, json.dumps(body).encode(), model=str(body["model"]), stream=True)


async def _events(answer: Answer) -> AsyncIterator[Mapping[str, Any]]:
    """The JSON of each server-sent event; a server that does not stream sends one body, which is one event."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if headers.get("content-type", "").startswith("application/json"):
        yield _json(await _read(answer))
        return
    async for line in _lines(answer):
        data = line.removeprefix(b"data:").strip()
        if not line.startswith(b"data:") or not data:
            continue
        if data == b"[DONE]":
            return
        event = _json(data)
        if "error" in event:
            raise UpstreamError(f"the upstream stopped: {_message(event)}")
        yield event


async def _lines(answer: Answer) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in answer.chunks():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
    yield rest


def _piece(event: Mapping[str, Any]) -> str:
    choices = event.get("choices") or [{}]
    holder = choices[0].get("delta") or choices[0].get("message") or {}
    return holder.get("content") or ""


async def _check(answer: Answer) -> None:
    if answer.status >= 400:
        body = await _read(answer)
        raise UpstreamError(
            f"the upstream answered {answer.status}: {_message(_json_or_text(body))}",
            hint="check the key" if answer.status in (401, 403) else "",
            status_code=answer.status,
            body=body,
        )


async def _read(answer: Answer) -> bytes:
    return b"".join([chunk async for chunk in answer.chunks()])


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise UpstreamUnreachable("the upstream's answer is not JSON", hint="is the address right?") from error


def _json_or_text(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace")


def _message(body: Any) -> str:
    """What an error body says, in any of the usual shapes."""
    error = body.get("error", body) if isinstance(body, dict) else body
    words = error.get("message", error) if isinstance(error, dict) else error
    return " ".join(str(words).split())[:300] or "no reason given"
