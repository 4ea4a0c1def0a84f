"""Which headers go on, in either direction."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from hashlib import sha256
from urllib.parse import unquote

from starlette.types import Scope

Raw = Iterable[tuple[bytes, bytes]]

CONTROL = b"x-sparing-"
# What who answers says of itself: an engine of its KV cache, a cache of where the answer is from; all else under our
# name we say ourselves.
_UPSTREAMS_OWN = re.compile(r"x-sparing-(?:kv-.*|cache|cache-(?:age|reason|similarity))")

# RFC 9110 section 7.6.1 and what the next connection says for itself.
_HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
_NOT_FORWARDED = _HOP_BY_HOP | {b"host", b"content-length", b"expect"}
_KEYS = (b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key")
_KEY_IN_QUERY = re.compile(rb"(?:^|&)key=([^&]*)")
_HOP_BY_HOP_NAMES = frozenset(name.decode() for name in _HOP_BY_HOP)


def get(headers: Raw, name: bytes) -> str:
    """The first value of `name`, "" if there is none."""
    for key, value in headers:  # asked some twenty times a request: no generator
        if key == name:
            return _text(value)
    return ""


def forwarded(headers: Raw, *, plain_answer: bool, controls: Container[bytes] = ()) -> dict[str, str]:
    """A caller's headers as the upstream should see them; names are lower-case, repeated ones joined.

    Args:
        plain_answer: Ask for an answer that is not compressed: its usage has to be read, and a compressor holds
            events back.
        controls: Headers to Sparing that this upstream reads itself.
    """
    named = get(headers, b"connection").lower()
    dropped = _NOT_FORWARDED | {name.strip().encode() for name in named.split(",")} if named else _NOT_FORWARDED
    sent: dict[str, str] = {}
    for name, value in headers:
        if name in dropped or (name.startswith(CONTROL) and name not in controls):
            continue
        key = name.decode("latin-1")
        glue = "; " if key == "cookie" else ", "
        sent[key] = f"{sent[key]}{glue}{_text(value)}" if key in sent else _text(value)
    if plain_answer:
        sent["accept-encoding"] = "identity"
    return sent


def returned(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """An upstream's headers as the caller should see them; repeated names stay repeated."""
    return [
        (key.encode("latin-1"), value.encode("utf-8", "surrogateescape"))
        for name, value in headers.items()
        if (key := name.lower()) not in _HOP_BY_HOP_NAMES
        and (not key.startswith("x-sparing-") or _UPSTREAMS_OWN.fullmatch(key))
    ]


def caller_key(headers: Raw, query: bytes = b"") -> str:
    """The key that the caller sent, in whatever way its provider's clients do; "" if none."""
    value = _key(headers, query)
    return value[7:].strip() if value[:7].lower() == "bearer " else value


def without_key(headers: Raw) -> list[tuple[bytes, bytes]]:
    """A caller's headers without its key."""
    return [header for header in headers if header[0] not in _KEYS]


def target_of(scope: Scope, *, without_key: bool = False) -> str:
    """Path and query, escaped as the caller escaped them.

    Args:
        without_key: Leave out the key, which Gemini's clients may send in the query.
    """
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    if without_key:
        query = b"&".join(part for part in query.split(b"&") if not part.startswith(b"key="))
    return (path + b"?" + query if query else path).decode("latin-1")


def tenant_of(headers: Raw, query: bytes = b"") -> str:
    """Whose request this is: a hash of the caller's key, never the key; callers without one are one tenant."""
    return sha256(b"sparing tenant\0" + _key(headers, query).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _key(headers: Raw, query: bytes) -> str:
    """As it came."""
    for name, value in headers:
        if name in _KEYS and value:
            return _text(value)
    found = _KEY_IN_QUERY.search(query)
    return unquote(found[1].decode("latin-1")) if found else ""


def safe(text: str, limit: int = 300) -> bytes:
    """`text` as a header value: printable ASCII in one line."""
    text = text[:limit]
    if not (text.isascii() and text.isprintable()):
        text = "".join(c if " " <= c <= "~" else "?" for c in text)
    return text.strip().encode()


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
