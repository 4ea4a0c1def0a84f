"""How Gemini's JSON is spelled, and what its media parts cost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from sparing.core.span import Kind
from sparing.receive.fields import given, member_objects, objects, place, string_or_empty
from sparing.receive.json_text import Members, Node
from sparing.tokens.image_size import base64_image_size
from sparing.tokens.images import GEMINI_TILE_TOKENS, gemini_image_tokens
from sparing.tokens.overhead import FILE_TOKENS, GEMINI_AUDIO_TOKENS_PER_S, audio_tokens

_BASE64_CHARS_PER_TOKEN = 16 / 3  # of text: four bytes a token, three bytes in four characters


class Media(NamedTuple):
    """Something in a part that is not text."""

    kind: Kind
    tokens: int


def spelled(members: Members, key: str) -> tuple[str, Node | None]:
    """A member in the spelling that the caller used, camelCase or snake_case; None where it is missing or null."""
    snake = _snake(key)
    name = key if key in members or snake not in members else snake
    return name, given(members, name)


def spelled_place(members: Members, key: str) -> tuple[int, int] | None:
    """Where the value of a member stands in the source, in either spelling."""
    return place(members, spelled(members, key)[0])


def one_or_more(source: str, members: Members, key: str, parent: str = "") -> Iterator[tuple[str, Node, Members]]:
    """Path, node and members of each object of a repeated member; a single object may stand for a list of one.

    Raises:
        MalformedBody: Neither an object nor an array of objects.
    """
    name, node = spelled(members, key)
    path = f"{parent}.{name}" if parent else name
    if node is None:
        return
    if isinstance(node.value, dict):
        yield path, node, node.value
    else:
        yield from objects(source, node, path)


def media_of(members: Members) -> Media | None:
    """The image, sound, film or document of a part; None if it has none."""
    for key in ("inlineData", "fileData"):
        name, node = spelled(members, key)
        if node is not None:
            blob = member_objects(members, name)
            mime = string_or_empty(blob, spelled(blob, "mimeType")[0])
            return _media(mime, string_or_empty(blob, "data"))
    return None


def _media(mime: str, data: str) -> Media:
    """What a file costs; `data` is "" for one that lies elsewhere."""
    family, _, form = mime.partition("/")
    if family == "image":
        return Media(Kind.IMAGE, gemini_image_tokens(base64_image_size(data)))
    if family == "audio" and data:
        return Media(Kind.AUDIO, audio_tokens(len(data), form, GEMINI_AUDIO_TOKENS_PER_S))
    if family == "text" and data:
        return Media(Kind.DOCUMENT, round(len(data) / _BASE64_CHARS_PER_TOKEN))
    if mime == "application/pdf":
        return Media(Kind.DOCUMENT, GEMINI_TILE_TOKENS)  # of one page: how many there are cannot be seen from here
    return Media({"audio": Kind.AUDIO, "video": Kind.VIDEO}.get(family, Kind.DOCUMENT), FILE_TOKENS)


@lru_cache
def _snake(key: str) -> str:
    return re.sub("[A-Z]", lambda upper: f"_{upper[0].lower()}", key)
