"""OpenAI's Chat Completions request, shape by shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sparing.core.span import Edit, Kind, Prompt, Span, Zone
from sparing.core.wire import Wire
from sparing.errors import MalformedBody
from sparing.receive.openai_chat import OpenAIChat
from sparing.tokens.overhead import FILE_TOKENS

WIRE: Wire = OpenAIChat()


def parse(*messages: Any, **fields: Any) -> Prompt:
    return WIRE.parse(json.dumps({"model": "gpt-4o", "messages": messages, **fields}).encode())


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def call(call_id: str, name: str, arguments: Any) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def seen(spans: tuple[Span, ...]) -> list[tuple[str, Kind, str]]:
    return [(span.label, span.kind, span.text) for span in spans]


def test_texts_of_every_role() -> None:
    """Each message text is a span of its role's kind; only what users and tools said is live."""
    prompt = parse(
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Use tools."}]},
        user("Hello"),
        {"role": "assistant", "content": "Hi."},
        user([{"type": "text", "text": "One"}, {"type": "text", "text": "Two"}]),
    )
    assert seen(prompt.spans) == [
        ("messages[0].content", Kind.SYSTEM, "Be brief."),
        ("messages[1].content[0].text", Kind.SYSTEM, "Use tools."),
        ("messages[2].content", Kind.USER, "Hello"),
        ("messages[3].content", Kind.ASSISTANT, "Hi."),
        ("messages[4].content[0].text", Kind.USER, "One"),
        ("messages[4].content[1].text", Kind.USER, "Two"),
    ]
    assert [span.zone for span in prompt.spans] == [Zone.PINNED] * 2 + [Zone.LIVE, Zone.PINNED] + [Zone.LIVE] * 2
    assert [span.message for span in prompt.spans] == [0, 1, 2, 3, 4, 4]
    assert (prompt.wire, prompt.model, prompt.stream, prompt.num_messages) == ("openai.chat", "gpt-4o", False, 5)


def test_parallel_tool_calls_and_their_results() -> None:
    """Calls are pinned; a result carries the name and the id of the call it answers, in whatever order it comes."""
    prompt = parse(
        user("Weather in Oslo and Rome?"),
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [call("c1", "weather", '{"city":"Oslo"}'), call("c2", "forecast", '{"city":"Rome"}')],
        },
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "sunny"}]},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        {"role": "tool", "tool_call_id": "c9", "content": "nobody asked"},
    )
    assert [(s.label, s.kind, s.text, s.tool, s.pair) for s in prompt.spans[1:]] == [
        ("messages[1].tool_calls[0].function.arguments", Kind.TOOL_CALL, '{"city":"Oslo"}', "weather", "c1"),
        ("messages[1].tool_calls[1].function.arguments", Kind.TOOL_CALL, '{"city":"Rome"}', "forecast", "c2"),
        ("messages[2].content[0].text", Kind.TOOL_RESULT, "sunny", "forecast", "c2"),
        ("messages[3].content", Kind.TOOL_RESULT, "rain", "weather", "c1"),
        ("messages[4].content", Kind.TOOL_RESULT, "nobody asked", "", "c9"),
    ]
    assert all(span.literal is None and span.zone is Zone.PINNED for span in prompt.spans[1:3])


def test_a_call_id_used_again_names_the_newest_call() -> None:
    """Servers that number calls from zero in each turn reuse ids."""
    prompt = parse(
        {"role": "assistant", "tool_calls": [call("0", "first", "{}")]},
        {"role": "tool", "tool_call_id": "0", "content": "a"},
        {"role": "assistant", "tool_calls": [call("0", "second", "{}")]},
        {"role": "tool", "tool_call_id": "0", "content": "b"},
    )
    assert [span.tool for span in prompt.spans if span.kind is Kind.TOOL_RESULT] == ["first", "second"]


def test_older_and_custom_forms_of_calls() -> None:
    """`function_call`, role `function`, custom tools and arguments that are not a string are all seen."""
    prompt = parse(
        {"role": "assistant", "content": None, "function_call": {"name": "old", "arguments": "{}"}},
        {"role": "function", "name": "old", "content": "done"},
        {
            "role": "assistant",
            "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "sql", "input": "select"}}],
        },
        {"role": "assistant", "tool_calls": [call("d", "loose", {"a": [1]})]},
    )
    assert [(s.label, s.kind, s.text, s.tool) for s in prompt.spans] == [
        ("messages[0].function_call.arguments", Kind.TOOL_CALL, "{}", "old"),
        ("messages[1].content", Kind.TOOL_RESULT, "done", "old"),
        ("messages[2].tool_calls[0].custom.input", Kind.TOOL_CALL, "select", "sql"),
        ("messages[3].tool_calls[0].function.arguments", Kind.TOOL_CALL, '{"a": [1]}', "loose"),
    ]


def test_tool_schemas_are_counted_as_they_stand() -> None:
    """Each tool is one pinned span of its raw JSON; the older `functions` count too."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    prompt = parse(user("go"), tools=[tool], functions=[{"name": "g"}])
    schemas = [span for span in prompt.spans if span.kind is Kind.TOOL_SCHEMA]
    assert [(s.label, s.text, s.tool) for s in schemas] == [
        ("tools[0]", json.dumps(tool), "f"),
        ("functions[0]", '{"name": "g"}', "g"),
    ]
    assert all(s.literal is None and s.zone is Zone.PINNED and s.message == -1 for s in schemas)
    assert prompt.num_tools == 2


def test_media_parts_have_tokens_and_no_text() -> None:
    """Images, audio and files are pinned, cannot be edited and bring their own token count."""
    prompt = parse(
        user(
            [
                {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "low"}},
                {"type": "image_url", "image_url": {"url": "https://example.org/b.png"}},
                {"type": "input_audio", "input_audio": {"data": "A" * 64_000, "format": "wav"}},
                {"type": "file", "file": {"file_id": "f"}},
                {"type": "hologram", "text": "unknown"},
                {"type": "text", "text": "What is this?"},
            ]
        )
    )
    assert [(s.kind, s.tokens) for s in prompt.spans] == [
        (Kind.IMAGE, 85),
        (Kind.IMAGE, 765),
        (Kind.AUDIO, 10),
        (Kind.DOCUMENT, FILE_TOKENS),
        (Kind.USER, -1),
    ]
    assert all(s.literal is None and s.zone is Zone.PINNED and s.text == "" for s in prompt.spans[:4])


def test_refusals_are_what_the_assistant_said() -> None:
    """A refusal is seen as a part and as a field."""
    prompt = parse(
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        {"role": "assistant", "content": None, "refusal": "Never."},
    )
    assert seen(prompt.spans) == [
        ("messages[0].content[0].refusal", Kind.ASSISTANT, "No."),
        ("messages[1].refusal", Kind.ASSISTANT, "Never."),
    ]


def test_reasoning_is_counted_and_never_touched() -> None:
    """Under the names that DeepSeek and OpenRouter have for it; OpenAI has none here."""
    prompt = parse(
        {"role": "assistant", "content": "a", "reasoning_content": "hm"},
        {"role": "assistant", "content": "b", "reasoning": "so"},
        {"role": "assistant", "content": "c", "reasoning": {"effort": "low"}},
        {"role": "user", "content": "d", "reasoning": "no"},
    )
    assert [span.text for span in prompt.spans] == ["a", "hm", "b", "so", "c", "d"]
    assert all(span.literal is None for span in prompt.spans if span.text in ("hm", "so"))


def test_blocks_count_the_answers() -> None:
    """A block begins at each answer; consecutive assistant messages are one; a prefilled answer belongs to the question."""
    roles = ["system", "user", "assistant", "assistant", "tool", "assistant", "user", "assistant"]
    prompt = parse(*({"role": role, "content": "x"} for role in roles))
    assert [span.block for span in prompt.spans] == [0, 0, 1, 1, 1, 2, 2, 2]
    assert prompt.newest_block == 2


@pytest.mark.parametrize("mark", ["cache_control", "prompt_cache_breakpoint"])
def test_a_cached_prefix_is_frozen(mark: str) -> None:
    """Everything up to the last cache mark is frozen, tools included though they stand later in the body."""
    marked = {"type": "text", "text": "long", mark: {"type": "ephemeral"}}
    prompt = parse(user([marked, {"type": "text", "text": "new"}]), user("newer"), tools=[{"function": {"name": "f"}}])
    assert {span.label: span.zone for span in prompt.spans} == {
        "messages[0].content[0].text": Zone.FROZEN,
        "messages[0].content[1].text": Zone.LIVE,
        "messages[1].content": Zone.LIVE,
        "tools[0]": Zone.FROZEN,
    }
    assert [span.label for span in prompt.spans][-1] == "tools[0]"


def test_lone_surrogates_are_kept_out_of_reach() -> None:
    """A text that is not Unicode is counted but never edited; one with a surrogate pair is like any other."""
    lone, paired = WIRE.parse(
        rb'{"messages":[{"role":"user","content":"a\ud800"},{"role":"user","content":"\ud83d\ude00"}]}'
    ).spans
    assert (lone.literal, lone.zone, lone.text) == (None, Zone.PINNED, "a\ud800")
    assert (paired.literal is not None, paired.zone, paired.text) == (True, Zone.LIVE, "😀")


def test_names_that_are_not_unicode_are_unknown() -> None:
    """A name with a lone surrogate could not be recorded, so the span goes without."""
    (span,) = parse({"role": "function", "name": "a\ud800", "content": "x"}).spans
    assert (span.tool, span.text) == ("", "x")


def test_an_edit_leaves_everything_else_as_it_came() -> None:
    """Odd numbers, key order, white space, escapes and unknown fields survive an edit beside them."""
    body = rb'{ "x":1E400,"messages" : [ {"content":"old\u00e9","role":"user","y":[1.0e5,-0]} ],"model":"\u006d" }'
    prompt = WIRE.parse(body)
    assert WIRE.apply(prompt, [Edit(prompt.spans[0], "new")]) == body.replace(rb"old\u00e9", b"new")
    assert prompt.model == "m"


def test_missing_and_null_fields_are_left_to_the_provider() -> None:
    """Without a model, with null content, null tools or null stream there is simply less to see."""
    prompt = WIRE.parse(
        b'{"messages":[{"role":"user","content":null},{"role":"assistant"}],"tools":null,"stream":null}'
    )
    assert (prompt.spans, prompt.model, prompt.stream, prompt.num_messages, prompt.num_tools) == ((), "", False, 2, 0)


GOOD = {"role": "user", "content": "hi"}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": [GOOD, "hi"]}, "messages[1]"),
        ({"messages": [GOOD, GOOD, {"role": "wizard", "content": "hi"}]}, "messages[2].role"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": 1, "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": {"type": "text"}}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": ["hi"]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "assistant", "refusal": 1}]}, "messages[0].refusal"),
        ({"messages": [{"role": "assistant", "tool_calls": {}}]}, "messages[0].tool_calls"),
        ({"messages": [GOOD], "tools": {}}, "tools"),
        ({"messages": [GOOD], "tools": ["f"]}, "tools[0]"),
        ({"messages": [GOOD], "model": 4}, "model"),
        ({"messages": [GOOD], "model": "\ud800"}, "model"),
        ({"messages": [GOOD], "stream": "yes"}, "stream"),
    ],
)
def test_wrong_types_name_the_field(fields: dict[str, Any], param: str) -> None:
    """What cannot be a chat request is refused with the path of the first field that is wrong."""
    with pytest.raises(MalformedBody) as raised:
        WIRE.parse(json.dumps(fields).encode())
    assert raised.value.param == param
    assert raised.value.message.startswith(param)
