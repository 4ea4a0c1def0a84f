"""What a request's newest turn says, read loosely and fast: of all messages only the last few are decoded.

For telling what kind of request it is. Nothing is built from it, and a body that cannot be read says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import msgspec

_WHOLE_BYTES = 8_192  # a longer message is read by its ends
_END_BYTES = 2_048
_LOOKED_BACK = 24  # messages: an agent's loop may have put many behind the user's words
_TEXTS: Final = ("text", "content", "parts")


class _Body(msgspec.Struct):
    messages: msgspec.Raw = msgspec.Raw()
    input: msgspec.Raw = msgspec.Raw()
    contents: msgspec.Raw = msgspec.Raw()
    tools: msgspec.Raw = msgspec.Raw()


class _Message(msgspec.Struct):
    role: Any = None
    type: Any = None


@dataclass(frozen=True, slots=True)
class Newest:
    """The end of a conversation.

    Attributes:
        words: Of the user, newest; of a long message its beginning and its end.
        earlier: What the user said before that.
        size: Characters of the newest message, about.
        num_messages: Of the whole conversation.
        is_last: Whether nothing stands behind the newest words.
        has_tools: Whether the request offers any.
        opening: Stands for the conversation: a digest of its first message; b"" where there is none.
    """

    words: str = ""
    earlier: str = ""
    size: int = 0
    num_messages: int = 0
    is_last: bool = False
    has_tools: bool = False
    opening: bytes = b""


_decode = msgspec.json.Decoder(_Body).decode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_head = msgspec.json.Decoder(_Message).decode


def read_newest(body: bytes) -> Newest:
    """The newest turn of a body in any wire format."""
    try:
        said = _decode(body)
        turns = next((bytes(one) for one in (said.messages, said.input, said.contents) if bytes(one)), b"")
        has_tools = bytes(said.tools) not in (b"", b"null", b"[]")
        if turns[:1] != b"[":
            words = _words(turns) if turns else ""
            return Newest(words, "", len(turns), int(bool(turns)), bool(words), has_tools, _digest(turns))
        messages = _elements(turns)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Newest()
    found: list[tuple[int, str]] = []
    for at in range(len(messages) - 1, max(-1, len(messages) - 1 - _LOOKED_BACK), -1):
        words = _user_words(bytes(messages[at]))
        if words:
            found.append((at, words))
            if len(found) == 2:
                break
    (at, words), (_, earlier) = [*found, (-1, ""), (-1, "")][:2]
    size = len(bytes(messages[at])) if found else 0
    opening = _digest(_opening(messages))
    return Newest(words, earlier, size, len(messages), bool(found) and at == len(messages) - 1, has_tools, opening)


def _opening(messages: list[msgspec.Raw]) -> bytes:
    """The first message that is the user's; instructions before it are the same in every conversation."""
    for one in messages[:4]:
        raw = bytes(one)
        if _is_users(raw):
            return raw
    return b""


def _is_users(raw: bytes) -> bool:
    try:
        head = _head(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return head.role == "user" or (head.role is None and head.type in (None, "message"))


def _user_words(raw: bytes) -> str:
    return _words(raw) if _is_users(raw) else ""


def _words(raw: bytes) -> str:
    """The texts of a message; results of tools in it are no words of the user."""
    if len(raw) > _WHOLE_BYTES:
        if b'"tool_result"' in raw[:512] or b'"functionResponse"' in raw[:512]:
            return ""
        ends = raw[:_END_BYTES].decode("utf-8", "ignore"), raw[-_END_BYTES:].decode("utf-8", "ignore")
        return " ".join(ends).replace("\\n", "\n").replace('\\"', '"')
    try:
        return "\n".join(_texts(msgspec.json.decode(raw)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    if not isinstance(value, dict) or value.get("type") == "tool_result" or "functionResponse" in value:
        return []
    return [text for key in _TEXTS if key in value for text in _texts(value[key])]


def _digest(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=12).digest() if raw else b""
