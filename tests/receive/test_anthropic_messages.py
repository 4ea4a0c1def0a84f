"""Anthropic's Messages request, shape by shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sparing.core.span import Edit, Kind, Prompt, Zone
from sparing.core.wire import Wire
from sparing.errors import MalformedBody
from sparing.receive.anthropic_messages import AnthropicMessages
from sparing.tokens.overhead import FILE_TOKENS

WIRE: Wire = AnthropicMessages()
CACHED = {"cache_control": {"type": "ephemeral"}}


def parse(*messages: Any, **fields: Any) -> Prompt:
    return WIRE.parse(json.dumps({"model": "claude-sonnet-4-5", "messages": messages, **fields}).encode())


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def text(words: str, **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **fields}


def use(call_id: str, name: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}


def result(call_id: str, content: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call_id, "content": content}


def zones(prompt: Prompt) -> dict[str, Zone]:
    return {span.label: span.zone for span in prompt.spans}


def test_texts_of_every_role() -> None:
    """System text, strings and text blocks are spans of their role's kind."""
    prompt = parse(
        {"role": "user", "content": "Hello"},
        assistant(text("Hi.")),
        {"role": "system", "content": "From now on: French."},
        user(text("Bonjour")),
        system="Be brief.",
        stream=True,
    )
    assert [(s.label, s.kind, s.text, s.message, s.block, s.zone) for s in prompt.spans] == [
        ("messages[0].content", Kind.USER, "Hello", 0, 0, Zone.LIVE),
        ("messages[1].content[0].text", Kind.ASSISTANT, "Hi.", 1, 1, Zone.PINNED),
        ("messages[2].content", Kind.SYSTEM, "From now on: French.", 2, 1, Zone.PINNED),
        ("messages[3].content[0].text", Kind.USER, "Bonjour", 3, 1, Zone.LIVE),
        ("system", Kind.SYSTEM, "Be brief.", -1, 0, Zone.PINNED),
    ]
    assert (prompt.model, prompt.stream, prompt.num_messages) == ("claude-sonnet-4-5", True, 4)


def test_system_blocks() -> None:
    """The system field may be a list of text blocks."""
    prompt = parse({"role": "user", "content": "Hello"}, system=[text("A"), text("B")])
    assert [span.label for span in prompt.spans if span.kind is Kind.SYSTEM] == ["system[0].text", "system[1].text"]


def test_parallel_tool_calls_and_their_results() -> None:
    """Calls are pinned with their raw input; results carry the name and id of their call, text and images alike."""
    image = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
    prompt = parse(
        {"role": "user", "content": "Go"},
        assistant(
            text("Two calls."),
            use("t1", "read", path="a.py"),
            use("t2", "shoot", x=1),
            {"type": "tool_use", "name": "bare"},
        ),
        user(
            result("t2", [text("taken"), image]), result("t1", "contents"), {"type": "tool_result", "tool_use_id": "t1"}
        ),
    )
    assert [(s.label, s.kind, s.text, s.tool, s.pair) for s in prompt.spans[2:]] == [
        ("messages[1].content[1].input", Kind.TOOL_CALL, '{"path": "a.py"}', "read", "t1"),
        ("messages[1].content[2].input", Kind.TOOL_CALL, '{"x": 1}', "shoot", "t2"),
        ("messages[2].content[0].content[0].text", Kind.TOOL_RESULT, "taken", "shoot", "t2"),
        ("messages[2].content[0].content[1]", Kind.IMAGE, "", "shoot", "t2"),
        ("messages[2].content[1].content", Kind.TOOL_RESULT, "contents", "read", "t1"),
    ]
    assert [s.zone for s in prompt.spans[2:]] == [Zone.PINNED, Zone.PINNED, Zone.LIVE, Zone.PINNED, Zone.LIVE]
    assert prompt.spans[5].tokens == 1_600


def test_thinking_is_never_edited() -> None:
    """Thinking is signed by the provider: it is counted, pinned and has no literal."""
    prompt = parse(
        {"role": "user", "content": "Why?"},
        assistant(
            {"type": "thinking", "thinking": "Hm.", "signature": "s"}, {"type": "redacted_thinking", "data": "Zm9v"}
        ),
    )
    assert [(s.label, s.kind, s.text, s.literal, s.zone) for s in prompt.spans[1:]] == [
        ("messages[1].content[0].thinking", Kind.ASSISTANT, "Hm.", None, Zone.PINNED),
        ("messages[1].content[1].data", Kind.ASSISTANT, "Zm9v", None, Zone.PINNED),
    ]


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ({"type": "text", "media_type": "text/plain", "data": "pages"}, "source.data"),
        ({"type": "content", "content": "pages"}, "source.content"),
        ({"type": "content", "content": [{"type": "text", "text": "pages"}]}, "source.content[0].text"),
    ],
)
@pytest.mark.parametrize("cited", [True, False])
def test_documents_with_text(source: dict[str, Any], label: str, cited: bool) -> None:
    """A document's text is live, unless citations point into it by character."""
    document = {"type": "document", "source": source, "title": "T", "citations": {"enabled": cited}}
    (span,) = parse(user(document)).spans
    assert (span.label, span.kind, span.text) == (f"messages[0].content[0].{label}", Kind.DOCUMENT, "pages")
    assert (span.zone, span.literal is None) == ((Zone.PINNED, True) if cited else (Zone.LIVE, False))


def test_search_results_are_documents() -> None:
    """The texts of a search result are live documents."""
    (span,) = parse(user({"type": "search_result", "source": "u", "title": "t", "content": [text("found")]})).spans
    assert (span.label, span.kind, span.zone) == ("messages[0].content[0].content[0].text", Kind.DOCUMENT, Zone.LIVE)


def test_files_and_unknown_blocks() -> None:
    """A PDF is counted but not edited; a block of an unknown type passes through unseen."""
    prompt = parse(
        user({"type": "document", "source": {"type": "base64", "data": "JVBERi0="}}, {"type": "hologram", "text": "?"})
    )
    (span,) = prompt.spans
    assert (span.kind, span.literal, span.zone, span.tokens) == (Kind.DOCUMENT, None, Zone.PINNED, FILE_TOKENS)


def test_tool_schemas_are_counted_as_they_stand() -> None:
    """Each tool is one pinned span of its raw JSON."""
    tool = {"name": "read", "input_schema": {"type": "object", "content": ["x"]}}
    prompt = parse({"role": "user", "content": "Go"}, tools=[tool])
    schema = prompt.spans[-1]
    assert (schema.label, schema.kind, schema.text, schema.tool) == (
        "tools[0]",
        Kind.TOOL_SCHEMA,
        json.dumps(tool),
        "read",
    )
    assert (schema.literal, schema.zone, prompt.num_tools) == (None, Zone.PINNED, 1)


def test_the_prefix_up_to_the_last_cache_mark_is_frozen() -> None:
    """In the provider's order (tools, system, messages), wherever these stand in the body."""
    prompt = parse(
        user(text("old", **CACHED), text("new")),
        assistant(text("answer")),
        user(text("newest")),
        system=[text("rules", **CACHED)],
        tools=[{"name": "f"}],
    )
    assert zones(prompt) == {
        "messages[0].content[0].text": Zone.FROZEN,
        "messages[0].content[1].text": Zone.LIVE,
        "messages[1].content[0].text": Zone.PINNED,
        "messages[2].content[0].text": Zone.LIVE,
        "system[0].text": Zone.FROZEN,
        "tools[0]": Zone.FROZEN,
    }


def test_a_cache_mark_on_a_tool_freezes_tools_only() -> None:
    """The system text and the messages come after the tools."""
    prompt = parse(user(text("q")), system="rules", tools=[{"name": "f"}, {"name": "g", **CACHED}, {"name": "h"}])
    frozen = [label for label, zone in zones(prompt).items() if zone is Zone.FROZEN]
    assert frozen == ["tools[0]", "tools[1]"]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "tool_result", "tool_use_id": "t", "content": [text("inner", **CACHED)]},
        {"type": "tool_result", "tool_use_id": "t", "content": "inner", **CACHED},
        {"type": "hologram", **CACHED},
    ],
)
def test_cache_marks_count_wherever_they_stand(block: dict[str, Any]) -> None:
    """A mark inside a tool result, on one, or on a block of unknown type ends the prefix there."""
    prompt = parse(user(text("before"), block, text("after")))
    assert set(zones(prompt).values()) == {Zone.FROZEN, Zone.LIVE}
    assert [span.label for span in prompt.spans if span.zone is Zone.LIVE] == ["messages[0].content[2].text"]


def test_a_cache_mark_on_the_request_covers_all_of_it() -> None:
    """The provider sets such a mark on the last block; a null mark is none."""
    assert set(zones(parse(user(text("q")), system="rules", **CACHED)).values()) == {Zone.FROZEN}
    assert Zone.FROZEN not in zones(parse(user(text("q", cache_control=None)), cache_control=None)).values()


def test_an_edit_leaves_cache_marks_and_signatures_alone() -> None:
    """Only the edited literal differs."""
    body = (
        b'{"max_tokens":1.6e1,"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"\\u0068",'
        b'"signature":"x=="}]},{"role":"user","content":[{"type":"tool_result","content":"OLD","cache_control":null}]}]}'
    )
    prompt = WIRE.parse(body)
    assert WIRE.apply(prompt, [Edit(prompt.spans[-1], "é")]) == body.replace(b"OLD", "é".encode())


GOOD = {"role": "user", "content": "hi"}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [GOOD], "system": 5}, "system"),
        ({"messages": [GOOD], "system": ["rules"]}, "system[0]"),
        ({"messages": [{"role": "user", "content": True}]}, "messages[0].content"),
        ({"messages": [user({"type": "text", "text": None})]}, "messages[0].content[0].text"),
        ({"messages": [user(result("t", 5))]}, "messages[0].content[0].content"),
        ({"messages": [user({"type": "document", "source": {"type": "text"}})]}, "messages[0].content[0].source.data"),
        ({"messages": [assistant({"type": "thinking"})]}, "messages[0].content[0].thinking"),
        ({"messages": [GOOD], "tools": "f"}, "tools"),
        ({"messages": [GOOD], "model": []}, "model"),
        ({"messages": [GOOD], "stream": 1}, "stream"),
    ],
)
def test_wrong_types_name_the_field(fields: dict[str, Any], param: str) -> None:
    """What cannot be a Messages request is refused with the path of the first field that is wrong."""
    with pytest.raises(MalformedBody) as raised:
        WIRE.parse(json.dumps(fields).encode())
    assert raised.value.param == param
    assert raised.value.message.startswith(param)
