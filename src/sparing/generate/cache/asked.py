"""What a request asks, as far as a cache has to know: under which key, and whether an answer may be given again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec

from sparing.core.upstream import Call
from sparing.generate.cache.dates import speaks_of_now
from sparing.generate.cache.requests import FORMS, Form

_HEADERS = (  # what else changes the answer; keys are told apart by the tenant, Gemini's by these too
    "anthropic-version",
    "anthropic-beta",
    "openai-beta",
    "openai-organization",
    "openai-project",
    "x-goog-api-key",
    "x-goog-user-project",
)
_OWN = "x-sparing-"  # what an engine of ours reads itself: how much of its KV cache to keep
_REMOTE = re.compile(rb'"(?:url|image_url|file_url|file_uri|fileUri)"\s*:\s*"https?:')
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was read.

    Attributes:
        key: Digest of all that the answer depends on, and of the tenant.
        context: The same without the newest text of the user; b"" where a request does not end with one.
        question: That text.
        sampled: The answer is drawn at random: neither the temperature is 0 nor only one token is let through.
        dated: The question, or something at an address it names, depends on when it is asked.
    """

    key: bytes
    context: bytes
    question: str
    sampled: bool
    dated: bool


def read_asked(call: Call) -> Asked | str:
    """The request, or why no answer to it can ever be given again."""
    form = FORMS.get(call.wire)
    path = call.path.partition("?")[0]
    if form is None or call.method != "POST" or not path.endswith(form.paths):
        return "no request for an answer"
    try:
        body = _decode(call.body)
    except (msgspec.DecodeError, RecursionError):
        return "the body cannot be read"
    if not isinstance(body, dict):
        return "the body is no object"
    if reason := form.changes(body):
        return reason
    return _read(call, form, body)


def _read(call: Call, form: Form, body: dict[str, Any]) -> Asked:
    body = {name: value for name, value in body.items() if name not in form.volatile}
    start = _start(call)
    key = _digest(start, _encode(body))
    context, question = b"", ""
    place = form.newest(body)
    if place is not None:
        holder, name = place
        question, holder[name] = holder[name], None
        context = _digest(start, b"context", _encode(body))
    dated = speaks_of_now(question) or _REMOTE.search(call.body) is not None
    return Asked(key, context, question, form.sampled(body), dated)


def _start(call: Call) -> bytes:
    counting = sorted(name for name in call.headers if name in _HEADERS or name.startswith(_OWN))
    headers = [f"{name}={call.headers[name].strip()}" for name in counting]
    if call.thought is not None:  # it is put into the body only where the model is known
        headers.append(f"thought={call.thought.level},{call.thought.may_raise}")
    return _digest(*(part.encode("utf-8", "surrogatepass") for part in (call.tenant, call.wire, call.path, *headers)))


def _digest(*parts: bytes) -> bytes:
    """Of the parts, each with its length, so that no two lists of parts run together."""
    digest = blake2b(digest_size=32, person=b"sparing cache 1")
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()
