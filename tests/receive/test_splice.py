"""Edits applied to a body."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.span import Edit, Kind, Patch, Prompt, Span
from sparing.receive.splice import apply_edits, encode_string

SOURCE = '{"n": 1.0e5, "a": "caf\\u00e9 au lait", "b": "", "c": "x"}'
PROMPT = Prompt("openai.chat", SOURCE, ())


def span(literal: str, within: tuple[int, int] | None = None) -> Span:
    """A span on a literal of `SOURCE`, or on a stretch of its text."""
    start = SOURCE.index(literal)
    text = json.loads(literal)
    return Span(
        literal, Kind.USER, text[slice(*within)] if within else text, (start, start + len(literal)), within=within
    )


CAFE, EMPTY = '"caf\\u00e9 au lait"', '""'


def test_a_whole_literal_is_replaced() -> None:
    """The new literal escapes only what JSON requires; the rest of the body stays as it is spelled."""
    edited = apply_edits(PROMPT, [Edit(span(CAFE), 'thé "vert"\n')])
    assert edited.decode() == '{"n": 1.0e5, "a": "thé \\"vert\\"\\n", "b": "", "c": "x"}'


def test_stretches_of_one_literal_are_replaced_together() -> None:
    """Spans that share a literal are edited in any order; the text between them is kept."""
    edits = [Edit(span(CAFE, (8, 12)), "eau"), Edit(span(CAFE, (0, 4)), "thé")]
    assert json.loads(apply_edits(PROMPT, edits))["a"] == "thé au eau"


def test_several_literals_are_edited_at_once() -> None:
    """Edits may come in any order of their literals, empty ones included."""
    edited = apply_edits(PROMPT, [Edit(span('"x"'), "y"), Edit(span(EMPTY), "z"), Edit(span(CAFE), "")])
    assert edited.decode() == '{"n": 1.0e5, "a": "", "b": "z", "c": "y"}'


def test_a_text_replaced_by_itself_keeps_its_escapes() -> None:
    """An edit that changes nothing leaves even the spelling of the literal."""
    assert apply_edits(PROMPT, [Edit(span(CAFE), "café au lait"), Edit(span('"x"'), "y")]).decode() == SOURCE.replace(
        '"x"', '"y"'
    )


@pytest.mark.parametrize(
    "spans",
    [
        [span(CAFE), span(CAFE)],
        [span(EMPTY), span(EMPTY)],
        [span(CAFE), span(CAFE, (0, 4))],
        [span(CAFE, (0, 4)), span(CAFE, (3, 6))],
        [span(CAFE, (2, 4)), span(CAFE, (2, 4))],
    ],
)
def test_overlapping_edits_are_a_programming_error(spans: list[Span]) -> None:
    """No stretch of a text may be edited twice."""
    with pytest.raises(ValueError, match="edited twice"):
        apply_edits(PROMPT, [Edit(one, "new") for one in spans])


@pytest.mark.parametrize(
    "stranger",
    [
        Span("image", Kind.IMAGE, "", None),
        Span("other text", Kind.USER, "other", span(CAFE).literal),
        Span("not a string", Kind.USER, "1.0e5", (6, 11)),
        Span("half a literal", Kind.USER, "caf", (18, 22)),
        Span("outside", Kind.USER, "", (9_000, 9_002)),
        Span("backwards", Kind.USER, "", span(CAFE).literal, within=(3, 2)),
    ],
)
def test_spans_that_cannot_be_edited_are_a_programming_error(stranger: Span) -> None:
    """An edit must be of a string literal of this very prompt."""
    with pytest.raises(ValueError, match=r"cannot be edited|of this prompt|Unterminated"):
        apply_edits(PROMPT, [Edit(stranger, "new")])


def test_literals_within_each_other_are_a_programming_error() -> None:
    """An escaped quote inside a literal is not where another may begin."""
    prompt = Prompt("openai.chat", r'{"a": "say \"hi\" now"}', ())
    outer = Span("outer", Kind.USER, 'say "hi" now', (6, 22))
    inner = Span("inner", Kind.USER, 'hi" now', (12, 22))
    with pytest.raises(ValueError, match="overlaps"):
        apply_edits(prompt, [Edit(outer, "x"), Edit(inner, "y")])


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=20))
def test_every_string_can_be_encoded(text: str) -> None:
    """Any text, lone surrogates included, becomes a literal in UTF-8 that means the same UTF-16 units."""
    literal = encode_string(text)
    literal.encode()
    meant = json.loads(literal)
    assert meant.encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")


def test_lone_surrogates_become_escapes() -> None:
    """What UTF-8 cannot hold is spelled as JSON spells it; other characters stay themselves."""
    assert encode_string("é\ud800😀") == '"é\\ud800😀"'


def test_patches_and_edits_together() -> None:
    """A patch replaces or inserts JSON text; insertions touch an edited literal without disturbing it."""
    prompt = Prompt("openai.chat", '{"a": "old", "n": [1, 2]}', ())
    edit = Edit(Span("a", Kind.USER, "old", (6, 11)), "new")
    patches = [Patch(6, 6, "["), Patch(11, 11, "]"), Patch(18, 24, "{}")]
    assert apply_edits(prompt, [edit], patches) == b'{"a": ["new"], "n": {}}'
    assert apply_edits(prompt, [], [Patch(18, 24, "[1, 2]")]) is prompt.raw
    with pytest.raises(ValueError, match="overlaps"):
        apply_edits(prompt, [edit], [Patch(7, 8, "x")])
    with pytest.raises(ValueError, match="outside"):
        apply_edits(prompt, [], [Patch(20, 900, "x")])
