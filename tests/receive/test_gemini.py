"""Gemini's request, shape by shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sparing.core.span import Edit, Kind, Prompt, Span, Tool, Zone
from sparing.core.wire import Wire
from sparing.errors import MalformedBody
from sparing.receive.gemini import Gemini
from sparing.tokens.overhead import FILE_TOKENS

WIRE: Wire = Gemini()


def parse(*contents: Any, **fields: Any) -> Prompt:
    return WIRE.parse(json.dumps({"contents": contents, **fields}).encode())


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


def model(*parts: Any) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def call(name: str, args: Any = None, **fields: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": args or {}, **fields}}


def result(name: str, response: Any, **fields: Any) -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": response, **fields}}


def seen(spans: tuple[Span, ...]) -> list[tuple[str, Kind, str]]:
    return [(span.label, span.kind, span.text) for span in spans]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1beta/models/gemini-2.5-pro:generateContent", ("gemini-2.5-pro", False)),
        ("/v1/models/gemini-2.5-pro:streamGenerateContent", ("gemini-2.5-pro", True)),
        ("/v1beta/tunedModels/mine:generateContent", ("mine", False)),
        (
            "/v1beta1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:generateContent",
            ("gemini-2.5-pro", False),
        ),
        ("/v1beta/models/gemini-2.5-pro:countTokens", None),
        ("/v1beta/models/gemini-2.5-pro", None),
        ("/v1beta/models/a:b:generateContent", ("a:b", False)),
        ("/v1/chat/completions", None),
    ],
)
def test_the_path_says_model_and_stream(path: str, expected: tuple[str, bool] | None) -> None:
    """They are in no field of the body; a body that names its model is believed where there is no path."""
    here = WIRE.at(path)
    body = b'{"contents":{"parts":{"text":"hi"}},"model":"models/other"}'
    if here is None:
        assert expected is None
    else:
        prompt = here.parse(body)
        assert (prompt.model, prompt.stream) == expected
    assert WIRE.parse(body).model == "models/other"


def test_texts_of_every_role() -> None:
    """A content without a role is the user's; only what the user says is live."""
    prompt = parse(
        {"parts": [{"text": "Hello"}]},
        model({"text": "Hi."}),
        user({"text": "One"}, {"text": "Two"}),
        systemInstruction={"parts": [{"text": "Be brief."}]},
    )
    assert seen(prompt.spans) == [
        ("contents[0].parts[0].text", Kind.USER, "Hello"),
        ("contents[1].parts[0].text", Kind.ASSISTANT, "Hi."),
        ("contents[2].parts[0].text", Kind.USER, "One"),
        ("contents[2].parts[1].text", Kind.USER, "Two"),
        ("systemInstruction.parts[0].text", Kind.SYSTEM, "Be brief."),
    ]
    assert [span.zone for span in prompt.spans] == [Zone.LIVE, Zone.PINNED, Zone.LIVE, Zone.LIVE, Zone.PINNED]
    assert [span.block for span in prompt.spans] == [0, 1, 1, 1, 0]
    assert (prompt.wire, prompt.num_messages) == ("gemini", 4)


def test_fields_in_snake_case_and_single_objects() -> None:
    """The API takes both spellings, and an object where a list is meant."""
    prompt = WIRE.parse(
        b'{"system_instruction":{"parts":{"text":"Be a cat."}},"contents":{"parts":{"text":"Hello"}},'
        b'"tools":{"function_declarations":[{"name":"f"}]}}'
    )
    assert seen(prompt.spans) == [
        ("system_instruction.parts.text", Kind.SYSTEM, "Be a cat."),
        ("contents.parts.text", Kind.USER, "Hello"),
        ("tools.function_declarations[0]", Kind.TOOL_SCHEMA, '{"name":"f"}'),
    ]
    parts = [{"function_call": {"name": "f", "args": {"a": 1}}}, {"inline_data": {"mime_type": "image/png"}}]
    answer = {"function_response": {"name": "f", "response": {"output": "x"}}}
    kinds = [span.kind for span in parse(model(*parts), user(answer)).spans]
    assert kinds == [Kind.TOOL_CALL, Kind.IMAGE, Kind.TOOL_RESULT, Kind.TOOL_RESULT]


def test_what_a_result_holds_are_spans() -> None:
    """Strings and JSON under each key can be edited in place; what is between them is counted and stays."""
    response = {"output": "long", "odd key": [1, {"b": "two"}], "n": 5, "ok": True}
    prompt = parse(user({"text": "go"}), model(call("f", {"q": "x"})), user(result("f", response)))
    path = "contents[2].parts[0].functionResponse.response"
    assert seen(prompt.spans[1:]) == [
        ("contents[1].parts[0].functionCall.args", Kind.TOOL_CALL, '{"q": "x"}'),
        (path, Kind.TOOL_RESULT, '{"output": , "odd key": , "n": 5, "ok": true}'),
        (f"{path}.output", Kind.TOOL_RESULT, "long"),
        (f'{path}["odd key"]', Kind.TOOL_RESULT, '[1, {"b": "two"}]'),
    ]
    assert [(span.literal is None, span.zone) for span in prompt.spans[2:]] == [
        (True, Zone.PINNED),
        (False, Zone.LIVE),
        (False, Zone.LIVE),
    ]
    body = WIRE.apply(prompt, [Edit(prompt.spans[3], "short")])
    assert body == prompt.raw.replace(b'"long"', b'"short"')


@pytest.mark.parametrize(
    ("new", "written"),
    [("[2]", "[2]"), ('{"a": 1}', '{"a": 1}'), ("[… 2 rows]", '"[… 2 rows]"'), ("[NaN]", '"[NaN]"'), ("5", '"5"')],
)
def test_json_in_a_result_stays_json(new: str, written: str) -> None:
    """What replaces it is JSON, or a string that says what there is to say."""
    prompt = parse(user(result("f", {"rows": [{"a": 1}, {"a": 2}]})))
    body = WIRE.apply(prompt, [Edit(prompt.spans[1], new)])
    assert body.decode() == prompt.source.replace('[{"a": 1}, {"a": 2}]', written)


@pytest.mark.parametrize(
    ("blocks", "texts"),
    [
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], ["a", "b"]),
        ([{"type": "text", "text": "a"}, {"type": "image"}], None),
        ([{"type": "text", "text": 5}], None),
        ([{"text": "a"}], None),
        ([{"type": "text", "text": "a"}, "b"], None),
        ([], None),
        ({"type": "text", "text": "a"}, None),
    ],
)
def test_content_blocks_in_a_result_are_texts(blocks: Any, texts: list[str] | None) -> None:
    """As servers of the Model Context Protocol answer; anything else is JSON."""
    spans = parse(user(result("f", {"content": blocks}))).spans[1:]
    assert [span.text for span in spans] == (texts or [json.dumps(blocks)])


def test_a_result_that_is_no_object() -> None:
    """Is against the rules, and read all the same."""
    spans = parse(user(result("f", [1]), result("f", "text"), result("f", 5))).spans
    assert [(span.text, span.literal is None) for span in spans] == [("[1]", False), ("text", False), ("5", True)]


def test_a_result_of_very_many_members_is_counted_only() -> None:
    """A table by name: each row is too small to be reduced by itself."""
    assert len(parse(user(result("f", {f"k{n}": "x" for n in range(64)}))).spans) == 65
    assert len(parse(user(result("f", {f"k{n}": "x" for n in range(65)}))).spans) == 1


def test_of_duplicate_keys_in_a_result_the_last_counts() -> None:
    """As everywhere in a body."""
    prompt = WIRE.parse(b'{"contents":[{"parts":[{"functionResponse":{"response":{"a":"1","b":"2","a":"3"}}}]}]}')
    assert [span.text for span in prompt.spans] == ['{"a":"1","b":,"a":}', "2", "3"]


def test_results_are_paired_by_id_or_by_order() -> None:
    """Ids are optional; without one a result answers the oldest open call of its function."""
    prompt = parse(
        model(call("f"), call("g"), call("f"), call("h", id="c1")),
        user(
            result("f", {"o": "a"}), result("h", {"o": "d"}, id="c1"), result("f", {"o": "c"}), result("x", {"o": "e"})
        ),
    )
    calls = [span.pair for span in prompt.spans if span.kind is Kind.TOOL_CALL]
    results = {span.text: (span.tool, span.pair) for span in prompt.spans if span.literal}
    assert len(set(calls)) == 4
    assert results == {
        "a": ("f", calls[0]),
        "c": ("f", calls[2]),
        "d": ("h", "c1"),
        "e": ("x", ""),
    }


def test_thoughts_are_never_touched() -> None:
    """What the model thought or signed, what it ran and what came of that."""
    prompt = parse(
        model(
            {"text": "hm", "thought": True},
            {"text": "signed", "thoughtSignature": "c2ln"},
            {"executableCode": {"language": "PYTHON", "code": "1+1"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2"}},
            {**call("f"), "thought_signature": "c2ln"},
            {"somethingNew": {"text": "unseen"}},
            {"text": "plain"},
        ),
        user({"text": "user", "thought": True}),
    )
    assert [span.text for span in prompt.spans if span.literal] == ["plain"]
    assert all(span.zone is Zone.PINNED for span in prompt.spans)
    assert [span.text for span in prompt.spans][:2] == ["hm", "signed"]


def test_media_parts_have_tokens_and_no_text() -> None:
    """Inline or elsewhere, in messages and in results; empty turns hold nothing."""
    inline = {"mimeType": "audio/wav", "data": "A" * 64_000}
    prompt = parse(
        user(
            {"inlineData": {"mimeType": "image/png", "data": "x"}},
            {"text": "between"},
            {"inlineData": inline},
            {"inlineData": {"mimeType": "text/csv", "data": "A" * 160}},
            {"fileData": {"mimeType": "application/pdf", "fileUri": "f"}},
            {"fileData": {"mimeType": "video/mp4", "fileUri": "f"}},
            {"fileData": {"fileUri": "f"}},
        ),
        user(),
        {"role": "user"},
        user(result("f", {}, parts=[{"inlineData": {"mimeType": "image/png"}}, {"text": "?"}])),
    )
    assert [(s.kind, s.tokens) for s in prompt.spans] == [
        (Kind.IMAGE, 258),
        (Kind.USER, -1),
        (Kind.AUDIO, 32),
        (Kind.DOCUMENT, 30),
        (Kind.DOCUMENT, 258),
        (Kind.VIDEO, FILE_TOKENS),
        (Kind.DOCUMENT, FILE_TOKENS),
        (Kind.TOOL_RESULT, -1),
        (Kind.IMAGE, 258),
    ]


OURS = Tool("mine", "does it", '{"type":"object"}')
MINE = {"name": "mine", "description": "does it", "parameters": {"type": "object"}}


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        (None, [{"functionDeclarations": [MINE]}]),
        ([], [{"functionDeclarations": [MINE]}]),
        ([{"googleSearch": {}}], [{"googleSearch": {}}, {"functionDeclarations": [MINE]}]),
        (
            [{"functionDeclarations": []}, {"function_declarations": [{"name": "f"}]}],
            [{"functionDeclarations": []}, {"function_declarations": [{"name": "f"}, MINE]}],
        ),
        ({"functionDeclarations": {"name": "f"}}, {"functionDeclarations": [{"name": "f"}, MINE]}),
        ({"googleSearch": {}}, [{"googleSearch": {}}, {"functionDeclarations": [MINE]}]),
    ],
)
def test_tools_are_added_to_the_list_that_is_there(tools: Any, expected: Any) -> None:
    """One list of functions, behind the caller's own."""
    fields = {} if tools is None else {"tools": tools}
    prompt = parse(user({"text": "go"}), **fields)
    body = WIRE.apply(prompt, [], WIRE.add_tools(prompt, [OURS]))
    assert json.loads(body) == {"contents": [user({"text": "go"})], "tools": expected}
    assert [span.tool for span in WIRE.parse(body).spans if span.kind is Kind.TOOL_SCHEMA][-1] == "mine"
    assert WIRE.apply(prompt, [], WIRE.add_tools(prompt, [])) is prompt.raw


def test_what_is_cached_elsewhere_is_passed_on() -> None:
    """A reference to cached content, configuration and safety settings are none of ours."""
    fields = {"cachedContent": "cachedContents/1", "generationConfig": {"temperature": 0}, "safetySettings": []}
    assert [span.text for span in parse(user({"text": "go"}), **fields).spans] == ["go"]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "contents"),
        ({"contents": []}, "contents"),
        ({"contents": None}, "contents"),
        ({"contents": "hi"}, "contents"),
        ({"contents": ["hi"]}, "contents[0]"),
        ({"contents": [{"role": "wizard", "parts": []}]}, "contents[0].role"),
        ({"contents": [{"role": 1}]}, "contents[0].role"),
        ({"contents": [{"parts": "hi"}]}, "contents[0].parts"),
        ({"contents": [{"parts": ["hi"]}]}, "contents[0].parts[0]"),
        ({"contents": [{"parts": [{"text": 5}]}]}, "contents[0].parts[0].text"),
        ({"contents": [{}], "systemInstruction": 5}, "systemInstruction"),
        ({"contents": [{}], "tools": "f"}, "tools"),
        ({"contents": [{}], "tools": [{"functionDeclarations": [1]}]}, "tools[0].functionDeclarations[0]"),
        ({"contents": [{}], "model": 4}, "model"),
    ],
)
def test_wrong_types_name_the_field(fields: dict[str, Any], param: str) -> None:
    """What cannot be a request is refused with the path of the first field that is wrong."""
    with pytest.raises(MalformedBody) as raised:
        WIRE.parse(json.dumps(fields).encode())
    assert raised.value.param == param
