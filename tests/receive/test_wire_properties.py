"""What holds for every body of every wire format."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_bodies import Raw, anthropic_bodies, exact, gemini_bodies, openai_bodies, replaced, responses_bodies

from sparing.core.span import Edit, Kind, Prompt, Zone
from sparing.core.wire import Wire
from sparing.errors import MalformedBody
from sparing.receive.anthropic_messages import AnthropicMessages
from sparing.receive.gemini import Gemini
from sparing.receive.openai_chat import OpenAIChat
from sparing.receive.openai_responses import OpenAIResponses

WIRES: list[Wire] = [OpenAIChat(), OpenAIResponses(), AnthropicMessages(), Gemini()]
BODIES = [openai_bodies, responses_bodies, anthropic_bodies, gemini_bodies]
requests = st.one_of(*(st.tuples(st.just(wire), bodies) for wire, bodies in zip(WIRES, BODIES, strict=True)))
new_texts = st.text(max_size=20) | st.sampled_from(["", "[1]", '{"a": "b"}', '"\\', "\n\x00\u2028", "\udc00 alone"])
quick = settings(max_examples=120, deadline=None)


@st.composite
def edited_requests(draw: st.DrawFn) -> tuple[Wire, Prompt, list[Edit]]:
    wire, body = draw(requests)
    prompt = wire.parse(body)
    spans = [span for span in prompt.spans if span.literal]
    chosen = draw(st.lists(st.sampled_from(spans), unique_by=lambda span: span.label)) if spans else []
    return wire, prompt, [Edit(span, draw(new_texts)) for span in chosen]


def new_value(edit: Edit, first: str) -> Any:
    """What an edit puts in the place of a value that begins with `first`: where JSON stood, JSON may be put."""
    if first != '"' and edit.text[:1] in ("[", "{"):
        return exact(edit.text.encode())
    return edit.text


@quick
@given(requests)
def test_nothing_edited_is_the_very_bytes(request_: tuple[Wire, bytes]) -> None:
    """Parsing and applying no edits is the identity, and so is replacing every text by itself."""
    wire, body = request_
    prompt = wire.parse(body)
    assert prompt.raw == body
    assert wire.apply(prompt, []) == body
    assert wire.apply(prompt, [Edit(span, span.text) for span in prompt.spans if span.literal]) == body


@quick
@given(edited_requests())
def test_exactly_the_edited_strings_change_in_meaning(case: tuple[Wire, Prompt, list[Edit]]) -> None:
    """The new body says what the old one said, with the edited strings replaced; a duplicate key's last value counts."""
    wire, prompt, edits = case
    expected = exact(prompt.raw)
    for edit in edits:
        replaced(expected, edit.span.label, new_value(edit, prompt.source[(edit.span.literal or (0,))[0]]))
    assert exact(wire.apply(prompt, edits)) == expected


@quick
@given(edited_requests())
def test_every_byte_outside_the_edited_literals_stays(case: tuple[Wire, Prompt, list[Edit]]) -> None:
    """Between two edited literals the new body is the old one, character for character."""
    wire, prompt, edits = case
    rest = wire.apply(prompt, edits).decode()
    done = 0
    for edit in sorted(edits, key=lambda edit: edit.span.literal or ()):
        start, end = edit.span.literal or (0, 0)
        between, done = prompt.source[done:start], end
        assert rest.startswith(between)
        value, stop = json.JSONDecoder(parse_int=Raw).raw_decode(rest, len(between))
        assert value == new_value(edit, prompt.source[start])
        rest = rest[stop:]
    assert rest == prompt.source[done:]


@quick
@given(edited_requests())
def test_an_edited_body_parses_into_the_edited_spans(case: tuple[Wire, Prompt, list[Edit]]) -> None:
    """Reading the new body gives the same spans with the new texts, and needs no further change."""
    wire, prompt, edits = case
    new = {edit.span.label: edit.text for edit in edits}
    body = wire.apply(prompt, edits)
    again = wire.parse(body)
    assert [(span.label, span.text) for span in again.spans] == [
        (span.label, new.get(span.label, span.text)) for span in prompt.spans
    ]
    assert wire.apply(again, []) == body


@quick
@given(requests)
def test_spans_say_where_their_text_is(request_: tuple[Wire, bytes]) -> None:
    """The literal of a span decodes to its text; spans come in body order; only editable spans are live."""
    wire, body = request_
    prompt = wire.parse(body)
    literals = [span.literal for span in prompt.spans if span.literal]
    assert literals == sorted(literals)
    for span in prompt.spans:
        if span.literal:
            written = prompt.source[slice(*span.literal)]
            assert span.text == (json.loads(written) if written[0] == '"' else written)
        assert span.zone is not Zone.LIVE or (
            span.literal and span.kind in (Kind.USER, Kind.TOOL_RESULT, Kind.DOCUMENT)
        )


@quick
@given(requests, st.data())
def test_damaged_bodies_are_malformed_or_whole(request_: tuple[Wire, bytes], data: st.DataObject) -> None:
    """A truncated or mutated body either parses, and then is JSON and comes back as it is, or is `MalformedBody`."""
    wire, body = request_
    damaged = bytearray(body)
    for _ in range(data.draw(st.integers(0, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    for mutant in (bytes(damaged), cut):
        check_malformed_or_whole(wire, mutant)


JSON_PIECES = ['{"messages":[', '{"role":', '"user"', '"assistant"', '"content":', '"type":', '"text"', '"tool_calls":']
JSON_PIECES += ['{"input":[', '{"contents":[', '"parts":', '"functionResponse":{"response":', '"function_call_output"']
JSON_PIECES += ['"source":', '"tools":', "[", "]", "{", "}", ",", ":", '"', "1", "null", "true", "NaN", "\\ud800", " "]


@quick
@given(
    st.lists(st.sampled_from(JSON_PIECES)).map("".join) | st.text(),
    st.sampled_from(WIRES),
)
def test_scrambled_requests_are_malformed_or_whole(text: str, wire: Wire) -> None:
    """Pieces of a request in any order never raise anything but `MalformedBody`."""
    check_malformed_or_whole(wire, text.encode("utf-8", "surrogatepass"))


KNOWN_KEYS = ["messages", "role", "content", "type", "text", "model", "stream", "tools", "system", "source"]
KNOWN_KEYS += ["tool_calls", "function", "image_url", "output", "summary", "parts", "functionResponse", "response"]
KNOWN_KEYS += ["functionCall", "inline_data", "functionDeclarations", "call_id", "encrypted_content"]
KNOWN_WORDS = ["text", "user", "tool", "image", "document", "model", "message", "function_call_output", "reasoning"]


@quick
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.sampled_from(KNOWN_WORDS),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(KNOWN_KEYS),
                inner,
                max_size=4,
            )
        ),
        max_leaves=25,
    ),
    st.sampled_from(WIRES),
)
def test_known_keys_of_any_type_are_malformed_or_whole(value: Any, wire: Wire) -> None:
    """Values of the wrong type under the right keys never raise anything but `MalformedBody`."""
    for key in ("messages", "input", "contents"):
        message = {"role": "user", "content": value, "parts": value}
        check_malformed_or_whole(wire, json.dumps({key: value}).encode())
        check_malformed_or_whole(wire, json.dumps({key: [message]}).encode())
    check_malformed_or_whole(wire, json.dumps(value).encode())


def check_malformed_or_whole(wire: Wire, body: bytes) -> None:
    try:
        prompt = wire.parse(body)
    except MalformedBody as error:
        str(error).encode()
        return
    assert wire.apply(prompt, []) == body
    json.loads(body, parse_int=str)


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
@pytest.mark.parametrize(
    "opening",
    [
        "[",
        '{"a":',
        '{"messages":[',
        '{"messages":[{"content":[{"type":"document","source":{"type":"content","content":[',
        '{"contents":[{"parts":[{"functionResponse":{"response":{"a":[',
    ],
)
def test_very_deep_nesting_is_malformed(wire: Wire, opening: str) -> None:
    """A hundred thousand levels end in `MalformedBody`, not in an overflow."""
    with pytest.raises(MalformedBody, match="nested too deeply"):
        wire.parse(opening.encode() * 100_000)


@pytest.mark.parametrize("levels", [*range(10, 250, 20), 5_000])
def test_nesting_within_a_known_type_is_malformed_or_whole(levels: int) -> None:
    """Tool results and documents within each other are read or refused at any depth."""
    block = '{"type":"text","text":"deep"}'
    for level in range(levels):
        if level % 2:
            block = f'{{"type":"tool_result","content":[{block}]}}'
        else:
            block = f'{{"type":"document","source":{{"type":"content","content":[{block}]}}}}'
    check_malformed_or_whole(AnthropicMessages(), f'{{"messages":[{{"role":"user","content":[{block}]}}]}}'.encode())
