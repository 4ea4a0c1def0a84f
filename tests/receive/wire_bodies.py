"""Request bodies for property tests: valid chats, spelled in every way JSON allows."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from hypothesis import strategies as st

texts = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["", "\x00\x1f\x7f", 'say "hi" \\ /', "line\nline\r\n\tend", "\u2028 😀 é 漢", "null", "{}", "x" * 5_000]
)


class Raw(str):
    """A JSON value that is written as it stands."""


class Members(list[tuple[str, Any]]):
    """An object as pairs, so that a key can come twice."""


odd_numbers = st.sampled_from(["1.0e5", "1E400", "-0", "-0.0", "0.10", "9" * 5_000, "1e-9999"]).map(Raw)
scalars = st.none() | st.booleans() | odd_numbers | texts
unknown = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)


def fields(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[Members]:
    """An object with these members among unknown ones, in any order; some keys come twice and the last counts."""

    def build(values: dict[str, Any], extra: dict[str, Any], twice: dict[str, Any], seed: int) -> Members:
        last = [*values.items(), *((f"x-{key}", value) for key, value in extra.items())]
        random.Random(seed).shuffle(last)
        return Members([(key, value) for key, value in twice.items() if key in values] + last)

    keys = st.sampled_from(sorted(known))
    return st.builds(
        build,
        st.fixed_dictionaries(known),
        st.dictionaries(texts, unknown, max_size=2),
        st.dictionaries(keys, unknown, max_size=1),
        st.integers(0, 99),
    )


def spell(value: Any, seed: int) -> bytes:
    """Write a value as JSON with random white space and random escapes."""
    rng = random.Random(seed)
    return _spell(value, rng).encode()


def _spell(value: Any, rng: random.Random) -> str:
    def space() -> str:
        return rng.choice(("", "", " ", "\n", "\t\r\n "))

    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, str):
        return _string(value, rng)
    if isinstance(value, dict):
        value = Members(value.items())
    if isinstance(value, Members):
        inner = (f"{space()}{_string(key, rng)}{space()}:{space()}{_spell(item, rng)}{space()}" for key, item in value)
        return "{" + (",".join(inner) or space()) + "}"
    if isinstance(value, list):
        return "[" + (",".join(f"{space()}{_spell(item, rng)}{space()}" for item in value) or space()) + "]"
    return json.dumps(value)


def _string(text: str, rng: random.Random) -> str:
    if len(text) > 1_000 or rng.random() < 0.5:
        return json.dumps(text, ensure_ascii=rng.random() < 0.5)
    return '"' + "".join(_character(character, rng) for character in text) + '"'


def _character(character: str, rng: random.Random) -> str:
    if rng.random() < 0.3:
        units = character.encode("utf-16-be")
        return "".join(f"\\u{units[i]:02{rng.choice('xX')}}{units[i + 1]:02x}" for i in range(0, len(units), 2))
    if character == "/" and rng.random() < 0.5:
        return "\\/"
    return json.dumps(character, ensure_ascii=False)[1:-1]


def exact(body: bytes) -> Any:
    """What the body says, numbers as they are spelled."""
    return json.loads(body, parse_int=Raw, parse_float=Raw)


def replaced(value: Any, label: str, new: Any) -> None:
    """Set the value at a label such as ``messages[3].content[0].text``."""
    steps = [int(index) if index else key for key, index in re.findall(r"(\w+)|\[(\d+)\]", label)]
    for step in steps[:-1]:
        value = value[step]
    assert isinstance(value[steps[-1]], str | list | dict)
    value[steps[-1]] = new


def _typed(name: str, /, **known: st.SearchStrategy[Any]) -> st.SearchStrategy[Members]:
    return fields(type=st.just(name), **known)


_ids = st.sampled_from(["call_1", "call_2", "é"])
_marks = st.none() | st.just({"type": "ephemeral"})

_openai_parts = st.lists(
    _typed("text", text=texts, cache_control=_marks)
    | _typed("image_url", image_url=fields(url=texts, detail=st.sampled_from(["low", "high", "auto"])))
    | _typed("input_audio", input_audio=fields(data=texts, format=texts))
    | _typed("file", file=unknown)
    | _typed("something_new", text=unknown),
    max_size=3,
)
_openai_messages = (
    fields(role=st.sampled_from(["system", "developer", "user"]), content=texts | _openai_parts)
    | fields(
        role=st.just("assistant"),
        content=st.none() | texts | st.lists(_typed("refusal", refusal=texts), max_size=2),
        refusal=st.none() | texts,
        tool_calls=st.lists(fields(id=_ids, function=fields(name=texts, arguments=texts)), max_size=2),
    )
    | fields(role=st.just("tool"), tool_call_id=_ids, content=texts | st.lists(_typed("text", text=texts), max_size=2))
)
_tools = st.lists(fields(type=st.just("function"), function=fields(name=texts, parameters=unknown)), max_size=2)

openai_bodies = st.builds(
    spell,
    fields(
        model=texts,
        stream=st.booleans(),
        tools=_tools,
        messages=st.lists(_openai_messages, min_size=1, max_size=5),
    ),
    st.integers(0, 9_999),
)

_input_parts = st.lists(
    _typed("input_text", text=texts, prompt_cache_breakpoint=_marks)
    | _typed("input_image", image_url=texts, detail=st.sampled_from(["low", "high", "auto"]))
    | _typed("input_audio", input_audio=fields(data=texts, format=texts))
    | _typed("input_file", file_data=texts)
    | _typed("something_new", text=unknown),
    max_size=3,
)
_said_parts = st.lists(_typed("output_text", text=texts) | _typed("refusal", refusal=texts), max_size=2)
_items = (
    fields(role=st.sampled_from(["system", "developer", "user"]), content=texts | _input_parts)
    | _typed("message", role=st.just("assistant"), content=texts | _said_parts)
    | _typed("function_call", call_id=_ids, name=texts, arguments=texts)
    | _typed("function_call_output", call_id=_ids, output=texts | _input_parts)
    | _typed("custom_tool_call", call_id=_ids, name=texts, input=texts)
    | _typed("custom_tool_call_output", call_id=_ids, output=texts)
    | _typed(
        "reasoning",
        summary=st.lists(_typed("summary_text", text=texts), max_size=2),
        encrypted_content=st.none() | texts,
    )
    | _typed("shell_call", call_id=_ids, action=unknown)
    | _typed("shell_call_output", call_id=_ids, output=st.lists(fields(stdout=texts, stderr=texts), max_size=2))
    | _typed("web_search_call", action=unknown)
    | _typed("item_reference", id=_ids)
    | fields(id=_ids)
)

responses_bodies = st.builds(
    spell,
    fields(
        model=texts,
        stream=st.booleans(),
        instructions=st.none() | texts,
        previous_response_id=st.none() | _ids,
        tools=st.lists(_typed("function", name=texts, parameters=unknown) | _typed("web_search"), max_size=2),
        input=texts | st.lists(_items, max_size=6),
    ),
    st.integers(0, 9_999),
)

_citations = st.none() | st.just({"enabled": True}) | st.just({"enabled": False})
_text_blocks = st.lists(_typed("text", text=texts, cache_control=_marks), max_size=2)
_images = _typed("image", source=fields(type=st.just("base64"), data=texts, media_type=texts))
_documents = _typed(
    "document",
    source=fields(type=st.just("text"), data=texts)
    | fields(type=st.just("content"), content=texts | _text_blocks)
    | fields(type=st.just("base64"), data=texts),
    citations=_citations,
    cache_control=_marks,
)
_searches = _typed("search_result", content=_text_blocks, citations=_citations)
_user_blocks = st.lists(
    _typed("text", text=texts, cache_control=_marks)
    | _images
    | _documents
    | _searches
    | _typed("tool_result", tool_use_id=_ids, content=texts | _text_blocks | st.lists(_images | _documents, max_size=2))
    | _typed("something_new", content=unknown),
    max_size=3,
)
_assistant_blocks = st.lists(
    _typed("text", text=texts)
    | _typed("thinking", thinking=texts, signature=texts)
    | _typed("redacted_thinking", data=texts)
    | _typed("tool_use", id=_ids, name=texts, input=unknown),
    max_size=3,
)

anthropic_bodies = st.builds(
    spell,
    fields(
        model=texts,
        max_tokens=odd_numbers,
        system=texts | _text_blocks,
        tools=st.lists(fields(name=texts, input_schema=unknown, cache_control=_marks), max_size=2),
        messages=st.lists(
            fields(role=st.just("user"), content=texts | _user_blocks)
            | fields(role=st.just("assistant"), content=texts | _assistant_blocks),
            min_size=1,
            max_size=5,
        ),
    ),
    st.integers(0, 9_999),
)


def spelled(camel: str, **known: st.SearchStrategy[Any]) -> st.SearchStrategy[Members]:
    """An object with one more member, written in camelCase or in snake_case."""
    value = known.pop("value")
    snake = re.sub("[A-Z]", lambda upper: f"_{upper[0].lower()}", camel)
    return st.sampled_from([camel, snake]).flatmap(lambda name: fields(**{name: value}, **known))


_leaf_keys = st.sampled_from(["output", "result", "content", "n"])
_responses = st.dictionaries(
    _leaf_keys,
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_leaf_keys, inner, max_size=3),
        max_leaves=8,
    )
    | st.lists(texts, min_size=70, max_size=70),
    max_size=3,
)
_blobs = spelled("mimeType", value=st.sampled_from(["image/png", "audio/wav", "text/csv", "video/mp4"]), data=texts)
_gemini_parts = (
    fields(text=texts)
    | fields(text=texts, thought=st.booleans())
    | spelled("thoughtSignature", value=texts, text=texts)
    | spelled("inlineData", value=_blobs)
    | spelled("fileData", value=spelled("fileUri", value=texts))
    | spelled("functionCall", value=fields(name=_ids, args=unknown))
    | spelled("functionCall", value=fields(id=_ids, name=_ids, args=unknown))
    | spelled("functionResponse", value=fields(name=_ids, response=_responses))
    | spelled("functionResponse", value=fields(id=_ids, name=_ids, response=_responses))
    | spelled("executableCode", value=fields(code=texts))
    | spelled("somethingNew", value=unknown)
)
_gemini_contents = fields(
    role=st.none() | st.sampled_from(["user", "model", "function"]),
    parts=_gemini_parts | st.lists(_gemini_parts, max_size=4),
)
_declarations = spelled(
    "functionDeclarations", value=st.lists(fields(name=texts, parameters=unknown), max_size=2)
) | spelled("googleSearch", value=st.just({}))

gemini_bodies = st.builds(
    spell,
    spelled(
        "systemInstruction",
        value=fields(parts=st.lists(fields(text=texts), max_size=2) | fields(text=texts)),
        contents=st.lists(_gemini_contents, min_size=1, max_size=5) | _gemini_contents,
        tools=st.lists(_declarations, max_size=2) | _declarations,
        generationConfig=unknown,
    ),
    st.integers(0, 9_999),
)
