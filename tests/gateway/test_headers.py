"""Headers in either direction."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.gateway.headers import forwarded, returned, safe


def test_repeated_headers_are_joined() -> None:
    """A name that came twice goes up once, joined as its kind is joined."""
    raw = [(b"accept", b"a"), (b"accept", b"b"), (b"cookie", b"x=1"), (b"cookie", b"y=2")]
    assert forwarded(raw, plain_answer=False) == {"accept": "a, b", "cookie": "x=1; y=2"}


def test_values_beyond_ascii() -> None:
    """UTF-8 stays what it is; other bytes are read as Latin-1 rather than refused."""
    raw = [(b"x-name", "Zoë".encode()), (b"x-other", b"Zo\xeb")]
    assert forwarded(raw, plain_answer=False) == {"x-name": "Zoë", "x-other": "Zoë"}


def test_controls_reach_only_who_reads_them() -> None:
    """An upstream that names a header of ours gets it; nobody else does, and an engine's own answer headers go back."""
    raw = [(b"x-sparing-kv-policy", b"tova"), (b"x-sparing-mode", b"on")]
    assert forwarded(raw, plain_answer=False) == {}
    named = forwarded(raw, plain_answer=False, controls={b"x-sparing-kv-policy"})
    assert named == {"x-sparing-kv-policy": "tova"}
    assert returned({"x-sparing-kv-kept": "9", "x-sparing-mode": "on"}) == [(b"x-sparing-kv-kept", b"9")]


@settings(max_examples=100, deadline=None)
@given(text=st.text())
def test_any_text_becomes_a_header_value(text: str) -> None:
    """Reasons may quote anything; what goes out is one line of printable ASCII."""
    value = safe(text)
    assert all(0x20 <= byte <= 0x7E for byte in value)
    assert len(value) <= 300
