"""OpenAI's Responses request, shape by shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sparing.core.span import Edit, Kind, Prompt, Span, Tool, Zone
from sparing.core.wire import Wire
from sparing.errors import MalformedBody
from sparing.receive.openai_responses import OpenAIResponses
from sparing.tokens.overhead import FILE_TOKENS

WIRE: Wire = OpenAIResponses()


def parse(input_: Any, **fields: Any) -> Prompt:
    return WIRE.parse(json.dumps({"model": "gpt-5", "input": input_, **fields}).encode())


def call(call_id: str, name: str, arguments: str = "{}") -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}


def result(call_id: str, output: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def seen(spans: tuple[Span, ...]) -> list[tuple[str, Kind, str]]:
    return [(span.label, span.kind, span.text) for span in spans]


def test_it_is_served_at_its_path_only() -> None:
    """Answers that are stored are somebody else's paths."""
    assert WIRE.at("/v1/responses") is WIRE
    assert WIRE.at("/v1/responses/resp_1") is None


def test_a_string_is_what_the_user_says() -> None:
    """The shortest request: instructions and a question."""
    prompt = parse("Hello", instructions="Be brief.", stream=True)
    assert seen(prompt.spans) == [("input", Kind.USER, "Hello"), ("instructions", Kind.SYSTEM, "Be brief.")]
    assert (prompt.wire, prompt.model, prompt.stream, prompt.num_messages) == ("openai.responses", "gpt-5", True, 2)
    assert [span.zone for span in prompt.spans] == [Zone.LIVE, Zone.PINNED]


def test_messages_with_and_without_a_type() -> None:
    """Easy messages, typed messages, and the answers that the model gave."""
    said = [{"type": "output_text", "text": "Hi.", "annotations": []}, {"type": "refusal", "refusal": "No."}]
    prompt = parse(
        [
            {"role": "developer", "content": "Use tools."},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
            {"type": "message", "role": "assistant", "id": "m", "content": said},
            {"role": "user", "content": "Again"},
        ]
    )
    assert seen(prompt.spans) == [
        ("input[0].content", Kind.SYSTEM, "Use tools."),
        ("input[1].content[0].text", Kind.USER, "Hello"),
        ("input[2].content[0].text", Kind.ASSISTANT, "Hi."),
        ("input[2].content[1].refusal", Kind.ASSISTANT, "No."),
        ("input[3].content", Kind.USER, "Again"),
    ]
    assert [span.block for span in prompt.spans] == [0, 0, 1, 1, 1]


def test_calls_and_their_results() -> None:
    """Calls are pinned; a result carries the name and the id of its call, whatever the order; orphans have no name."""
    prompt = parse(
        [
            {"role": "user", "content": "Weather?"},
            call("c1", "weather", '{"city":"Oslo"}'),
            {"type": "custom_tool_call", "call_id": "c2", "name": "sql", "input": "select 1"},
            {"type": "custom_tool_call_output", "call_id": "c2", "output": "1"},
            result("c1", [{"type": "input_text", "text": "rain"}]),
            result("c9", "nobody asked"),
            {**result("c8", "named"), "name": "said"},
        ]
    )
    assert [(s.label, s.kind, s.text, s.tool, s.pair) for s in prompt.spans[1:]] == [
        ("input[1].arguments", Kind.TOOL_CALL, '{"city":"Oslo"}', "weather", "c1"),
        ("input[2].input", Kind.TOOL_CALL, "select 1", "sql", "c2"),
        ("input[3].output", Kind.TOOL_RESULT, "1", "sql", "c2"),
        ("input[4].output[0].text", Kind.TOOL_RESULT, "rain", "weather", "c1"),
        ("input[5].output", Kind.TOOL_RESULT, "nobody asked", "", "c9"),
        ("input[6].output", Kind.TOOL_RESULT, "named", "said", "c8"),
    ]
    assert all(span.literal is None and span.zone is Zone.PINNED for span in prompt.spans[1:3])


def test_a_call_id_used_again_names_the_newest_call() -> None:
    """Servers that number calls from zero in each turn reuse ids."""
    prompt = parse([call("0", "first"), result("0", "a"), call("0", "second"), result("0", "b")])
    assert [span.tool for span in prompt.spans if span.kind is Kind.TOOL_RESULT] == ["first", "second"]


def test_blocks_begin_at_answers() -> None:
    """Reasoning, calls, what is said and references to earlier items are one answer; the last one is being asked for."""
    reasoning = {"type": "reasoning", "id": "r", "summary": []}
    prompt = parse(
        [
            {"role": "user", "content": "a"},
            reasoning,
            {"type": "web_search_call", "id": "w"},
            call("1", "f"),
            result("1", "b"),
            {"type": "item_reference", "id": "i"},
            call("2", "g"),
            result("2", "c"),
            {"role": "assistant", "content": "d"},
        ]
    )
    blocks = [(span.text, span.block) for span in prompt.spans]
    assert blocks == [("a", 0), ("{}", 1), ("b", 1), ("{}", 2), ("c", 2), ("d", 2)]


def test_reasoning_is_counted_and_never_touched() -> None:
    """Between texts, in clear or encrypted."""
    item = {
        "type": "reasoning",
        "id": "r",
        "summary": [{"type": "summary_text", "text": "so"}],
        "content": [{"type": "reasoning_text", "text": "hm"}],
        "encrypted_content": "gAAA",
    }
    prompt = parse([{"role": "user", "content": "q"}, item, {"role": "user", "content": "r"}])
    assert [span.text for span in prompt.spans] == ["q", "so", "hm", "gAAA", "r"]
    assert all(span.literal is None and span.zone is Zone.PINNED for span in prompt.spans[1:4])


def test_media_parts_have_tokens_and_no_text() -> None:
    """Images, audio and files, in messages and in results."""
    image = {"type": "input_image", "image_url": "https://example.org/a.png", "detail": "low"}
    audio = {"type": "input_audio", "input_audio": {"data": "A" * 64_000, "format": "wav"}}
    prompt = parse(
        [
            {"role": "user", "content": [image, audio, {"type": "input_file", "file_id": "f"}, {"type": "hologram"}]},
            result("c", [image, {"type": "input_text", "text": "seen"}]),
        ]
    )
    assert [(s.kind, s.tokens) for s in prompt.spans] == [
        (Kind.IMAGE, 85),
        (Kind.AUDIO, 10),
        (Kind.DOCUMENT, FILE_TOKENS),
        (Kind.IMAGE, 85),
        (Kind.TOOL_RESULT, -1),
    ]


def test_the_callers_own_shell() -> None:
    """OpenAI's two shell tools run where the caller is; what they printed is the bulk of an agent's tokens."""
    prompt = parse(
        [
            {"type": "shell_call", "call_id": "s", "action": {"commands": ["ls"]}},
            {"type": "shell_call_output", "call_id": "s", "output": [{"stdout": "a b", "stderr": ""}, {"stdout": "c"}]},
            {"type": "local_shell_call", "id": "x", "call_id": "l", "action": {"command": ["ls"]}},
            {"type": "local_shell_call_output", "id": "l", "output": "d"},
        ]
    )
    assert [(s.label, s.kind, s.text, s.tool, s.pair) for s in prompt.spans] == [
        ("input[0].action", Kind.TOOL_CALL, '{"commands": ["ls"]}', "shell", "s"),
        ("input[1].output[0].stdout", Kind.TOOL_RESULT, "a b", "shell", "s"),
        ("input[1].output[0].stderr", Kind.TOOL_RESULT, "", "shell", "s"),
        ("input[1].output[1].stdout", Kind.TOOL_RESULT, "c", "shell", "s"),
        ("input[2].action", Kind.TOOL_CALL, '{"command": ["ls"]}', "local_shell", "l"),
        ("input[3].output", Kind.TOOL_RESULT, "d", "local_shell", "l"),
    ]


def test_items_of_built_in_tools_pass_unseen() -> None:
    """What OpenAI's own tools said is OpenAI's."""
    items = [
        {"type": kind, "id": "x", "output": "long"}
        for kind in (
            "computer_call_output",
            "apply_patch_call_output",
            "mcp_call",
            "compaction",
            "user",
            "from_the_future",
        )
    ]
    assert parse([*items, {"id": "reference"}]).spans == ()


def test_history_may_be_the_providers() -> None:
    """With a reference to an earlier answer only what is new is here; with a stored prompt there may be nothing."""
    prompt = parse([result("c1", "rows")], previous_response_id="resp_1")
    assert seen(prompt.spans) == [("input[0].output", Kind.TOOL_RESULT, "rows")]
    assert WIRE.parse(b'{"prompt":{"id":"p"}}').spans == ()
    assert parse(None).spans == ()
    assert parse([]).spans == ()


def test_a_cached_prefix_is_frozen() -> None:
    """Everything up to the last mark, tools included."""
    marked = {"type": "input_text", "text": "long", "prompt_cache_breakpoint": {"mode": "explicit"}}
    tool = {"type": "function", "name": "f", "parameters": {}}
    prompt = parse([{"role": "user", "content": [marked, {"type": "input_text", "text": "new"}]}], tools=[tool])
    assert {span.label: span.zone for span in prompt.spans} == {
        "input[0].content[0].text": Zone.FROZEN,
        "input[0].content[1].text": Zone.LIVE,
        "tools[0]": Zone.FROZEN,
    }


def test_tools_are_flat() -> None:
    """A function's name stands beside its type; an added one is not strict, which any schema allows."""
    prompt = parse("go", tools=[{"type": "function", "name": "f", "parameters": {}}, {"type": "web_search"}])
    assert [span.tool for span in prompt.spans if span.kind is Kind.TOOL_SCHEMA] == ["f", ""]
    body = json.loads(WIRE.apply(prompt, [], WIRE.add_tools(prompt, [Tool("g", "does g", "{}")])))
    assert body["tools"][2] == {
        "type": "function", "name": "g", "description": "does g", "parameters": {}, "strict": False
    }  # fmt: skip
    bare = WIRE.parse(b"{}")
    assert json.loads(WIRE.apply(bare, [], WIRE.add_tools(bare, [Tool("g", "", "{}")])))["tools"][0]["name"] == "g"


def test_an_edit_leaves_everything_else_as_it_came() -> None:
    """Odd numbers, key order, white space and unknown fields survive an edit beside them."""
    body = rb'{ "x":1E400,"input" : [ {"output":"old\u00e9","type":"function_call_output","y":[1.0e5,-0]} ] }'
    prompt = WIRE.parse(body)
    assert WIRE.apply(prompt, [Edit(prompt.spans[0], "new")]) == body.replace(rb"old\u00e9", b"new")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": 5}, "input"),
        ({"input": {}}, "input"),
        ({"input": ["hi"]}, "input[0]"),
        ({"input": [{"role": "wizard", "content": "hi"}]}, "input[0].role"),
        ({"input": [{"type": "message", "content": "hi"}]}, "input[0].role"),
        ({"input": [{"role": 1}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": 5}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content[0].text"),
        ({"input": [{"type": "function_call_output", "output": {}}]}, "input[0].output"),
        ({"input": [{"type": "reasoning", "summary": 1}]}, "input[0].summary"),
        ({"input": [{"type": "shell_call_output", "output": "x"}]}, "input[0].output"),
        ({"input": [{"type": "shell_call_output", "output": [{"stdout": 1}]}]}, "input[0].output[0].stdout"),
        ({"input": [{"type": "reasoning", "encrypted_content": 1}]}, "input[0].encrypted_content"),
        ({"instructions": ["x"]}, "instructions"),
        ({"tools": {}}, "tools"),
        ({"model": 4}, "model"),
        ({"stream": "yes"}, "stream"),
    ],
)
def test_wrong_types_name_the_field(fields: dict[str, Any], param: str) -> None:
    """What cannot be a request is refused with the path of the first field that is wrong."""
    with pytest.raises(MalformedBody) as raised:
        WIRE.parse(json.dumps(fields).encode())
    assert raised.value.param == param
