"""Which headers go on, in either direction."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from hashlib import sha256

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
_KEYS = (b"authorization", b"x-api-key", b"api-key")
_HOP_BY_HOP_NAMES = frozenset(name.decode() for name in _HOP_BY_HOP)


def get(headers: Raw, name: bytes) -> str:
    """The first value of `name`, "" if there is none."""
    return next((_text(value) for key, value in headers if key == name), "")


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


def tenant_of(headers: Raw) -> str:
    """Whose request this is: a hash of the caller's key, never the key; callers without one are one tenant."""
    key = next((value for name in _KEYS if (value := get(headers, name))), "")
    return sha256(b"sparing tenant\0" + key.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def safe(text: str, limit: int = 300) -> bytes:
    """`text` as a header value: printable ASCII in one line."""
    return "".join(c if " " <= c <= "~" else "?" for c in text[:limit]).strip().encode()


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
