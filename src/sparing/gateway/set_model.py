"""The model's name in a call, changed; every other byte stays."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import quote

from sparing.core.upstream import Call
from sparing.errors import RequestError
from sparing.receive.json_text import read_object
from sparing.receive.knobs import read_knobs
from sparing.receive.splice import encode_string

_PLAIN = re.compile(rb'[{,][ \t\n\r]*+"model"[ \t\n\r]*+:[ \t\n\r]*+("[^"\\]*+")')
_ESCAPED_LETTER = b"\\u006"  # with which the key could be written another way: every letter of it begins so
_IN_PATH = re.compile(r"(/(?:models|tunedModels)/)[^/:]+(:[A-Za-z]+)$")


def set_model(call: Call, model: str) -> Call:
    """The call with this model in place of the one that it names: in the body, for Gemini in the path.

    Raises:
        MalformedBody: The body is no JSON object.
        RequestError: The body is compressed.
    """
    if call.wire == "gemini":
        path, mark, query = call.path.partition("?")
        named = _IN_PATH.sub(lambda found: f"{found[1]}{quote(model, safe='')}{found[2]}", path)
        return replace(call, path=named + mark + query, model=model)
    if call.headers.get("content-encoding", "identity") != "identity":
        raise RequestError("the body is compressed, so it cannot be sent to a tier", hint="send it as plain JSON")
    return replace(call, body=_set_in_body(call.body, model), model=model)


def _set_in_body(body: bytes, model: str) -> bytes:
    literal = encode_string(model)
    plain = _plain_place(body)
    if plain is not None:
        return body[: plain[0]] + literal.encode() + body[plain[1] :]
    source, members = read_object(body, ())
    node = members.get("model")
    if node is not None:
        return (source[: node.start] + literal + source[node.end :]).encode()
    start = source.index("{") + 1
    return (f'{source[:start]}"model":{literal}{"," if members else ""}{source[start:]}').encode()


def _plain_place(body: bytes) -> tuple[int, int] | None:
    """Where the model's literal stands, where that can be told without walking through the body.

    The root has the key, and only one place can be it.
    """
    if body.count(b'"model"') != 1 or _ESCAPED_LETTER in body:
        return None
    found = _PLAIN.search(body)
    return found.span(1) if found is not None and read_knobs(body).model else None
