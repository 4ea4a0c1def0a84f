"""The model's name in a call."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.core.upstream import Call
from sparing.errors import MalformedBody, RequestError
from sparing.gateway.set_model import set_model

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("model"), inner),
    max_leaves=8,
)


def call(body: bytes, wire: str = "openai.chat", path: str = "/v1/chat/completions", **headers: str) -> Call:
    return Call(wire, "POST", path, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def test_only_the_name_changes() -> None:
    """Spaces, order and escapes stay; a model of another level is none."""
    body = b'{ "a" : "\\u00e9",\n "metadata": {"model": "x"}, "model"  : "gpt\\u002d4o" , "b":[1.0e5]}'
    changed = set_model(call(body), 'm"1')
    assert changed.body == body.replace(b'"gpt\\u002d4o"', b'"m\\"1"')
    assert changed.model == 'm"1'


@given(st.dictionaries(st.text() | st.just("model"), VALUES, max_size=5), st.text(max_size=9))
def test_any_body(body: dict[str, object], model: str) -> None:
    """It then names the model, and is otherwise what it was."""
    sent = json.dumps(body).encode()
    assert json.loads(set_model(call(sent), model).body) == {**body, "model": model}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1beta/models/gemini-2.5-pro:generateContent", "/v1beta/models/flash%2F1:generateContent"),
        ("/v1beta/models/a:streamGenerateContent?alt=sse", "/v1beta/models/flash%2F1:streamGenerateContent?alt=sse"),
        (
            "/v1/projects/p/locations/l/publishers/google/models/a:countTokens",
            "/v1/projects/p/locations/l/publishers/google/models/flash%2F1:countTokens",
        ),
    ],
)
def test_gemini_names_it_in_the_path(path: str, expected: str) -> None:
    """The body stays."""
    changed = set_model(call(b"{}", "gemini", path), "flash/1")
    assert (changed.path, changed.body) == (expected, b"{}")


def test_what_cannot_be_changed() -> None:
    """A compressed body, and one that is no object."""
    with pytest.raises(RequestError, match="compressed"):
        set_model(call(b"{}", content_encoding="gzip"), "m")
    with pytest.raises(MalformedBody):
        set_model(call(b"[]"), "m")
