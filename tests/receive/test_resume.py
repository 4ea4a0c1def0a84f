"""A body is read the same whether its beginning was met before or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_bodies import anthropic_bodies, gemini_bodies, openai_bodies, responses_bodies

from sparing import registry
from sparing.core.span import Kind, Prompt
from sparing.core.wire import Wire
from sparing.errors import MalformedBody
from sparing.receive import json_text, resume
from sparing.receive.json_text import OPAQUE, Node, read_object
from sparing.receive.resume import Walks

WIRES = {
    "openai.chat": (openai_bodies, "messages"),
    "openai.responses": (responses_bodies, "input"),
    "anthropic.messages": (anthropic_bodies, "messages"),
    "gemini": (gemini_bodies, "contents"),
}
KEYS = frozenset({"messages", "content"})


@pytest.fixture(autouse=True, scope="module")
def small_bodies_count() -> Iterator[None]:
    """Bodies of any size are remembered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resume, "_LEAST_CHARS", 0)
        patch.setattr(resume, "_LEAST_ELEMENTS", 1)
        yield


@contextmanager
def walks(walks: Walks) -> Iterator[Walks]:
    """With this memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "WALKS", walks)
        yield walks


def read(wire: Wire, body: str) -> Prompt | str:
    """The prompt, or why there is none."""
    try:
        return wire.parse(body.encode())
    except MalformedBody as error:
        return f"{error} {error.param} {error.hint}"


def elements(wire: str, body: str) -> list[Node]:
    """Those of the array that grows; none if it is no array."""
    _, root = read_object(body.encode(), {WIRES[wire][1]})
    node = root.get(WIRES[wire][1])
    return node.value if node is not None and isinstance(node.value, list) else []


def grown(wire: str, body: str, other: str) -> str:
    """The body with the messages of another behind its own."""
    own = elements(wire, body)
    more = [other[node.start : node.end] for node in elements(wire, other)]
    return "".join((body[: own[-1].end], *(f" ,\n{text}" for text in more), body[own[-1].end :])) if own else body


def shortened(wire: str, body: str) -> str:
    """The body without its last message."""
    own = elements(wire, body)
    return body[: own[-2].end] + body[own[-1].end :] if len(own) > 1 else body


def spoilt(body: str, at: int, put: str) -> str:
    at %= len(body) + 1
    return body[:at] + put + body[at + 1 :]


@st.composite
def sequences(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Bodies of one conversation, and what goes wrong with it."""
    wire = draw(st.sampled_from(sorted(WIRES)))
    bodies = WIRES[wire][0].map(bytes.decode)
    body = draw(bodies)
    found = [body]
    for _ in range(draw(st.integers(1, 5))):
        match draw(st.sampled_from(["grow", "grow", "again", "shorten", "cut", "spoil", "other"])):
            case "grow":
                body = grown(wire, body, draw(bodies))
                found.append(body)
            case "shorten":
                found.append(shortened(wire, body))
            case "cut":
                found.append(body[: draw(st.integers(0, len(body)))])
            case "spoil":
                found.append(spoilt(body, draw(st.integers(0, 1_000_000)), draw(st.sampled_from('"{}[],:x0 é😀'))))
            case "other":
                body = draw(bodies)
                found.append(body)
            case _:
                found.append(body)
    return wire, found


@settings(max_examples=150, deadline=None)
@given(sequences())
def test_reads_what_a_fresh_reader_reads(case: tuple[str, list[str]]) -> None:
    """The same prompt, or the same complaint, in whatever order the bodies of a conversation come."""
    name, bodies = case
    wire: Wire = registry.load("wires", name)
    known = Walks()
    for body in bodies:
        with walks(Walks()):
            fresh = read(wire, body)
        with walks(known):
            assert read(wire, body) == fresh


def chat(*texts: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text} for text in texts]}


def walked(value: Any) -> list[Node]:
    _, root = read_object(json.dumps(value).encode(), KEYS, growing="messages")
    found = root["messages"].value
    assert isinstance(found, list)
    return found


def test_known_messages_are_the_same_nodes() -> None:
    """What two bodies begin with is walked once, also in one that goes another way, and in a shorter one."""
    with walks(Walks()):
        first = walked(chat("a", "b", "c"))
        longer = walked(chat("a", "b", "c", "d"))
        assert all(one is other for one, other in zip(first, longer[:3], strict=True))
        branch = walked(chat("a", "b", "x", "y"))
        assert [one is other for one, other in zip(longer, branch, strict=True)] == [True, True, False, False]
        assert walked(chat("a", "b", "c"))[2] is longer[2]


FUNCTION = {"name": "look", "arguments": "{}"}
CALLS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "openai.chat": (
        "messages",
        [
            {"role": "user", "content": "?"},
            {"role": "assistant", "tool_calls": [{"id": i, "function": FUNCTION} for i in "cd"]},
            *({"role": "tool", "tool_call_id": i, "content": i} for i in "cd"),
        ],
    ),
    "openai.responses": (
        "input",
        [
            {"role": "user", "content": "?"},
            *({"type": "function_call", "call_id": i, **FUNCTION} for i in "cd"),
            *({"type": "function_call_output", "call_id": i, "output": i} for i in "cd"),
        ],
    ),
    "anthropic.messages": (
        "messages",
        [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": i, "name": "look", "input": 0} for i in "cd"]},
            *({"role": "user", "content": [{"type": "tool_result", "tool_use_id": i, "content": i}]} for i in "cd"),
        ],
    ),
    "gemini": (
        "contents",
        [
            {"role": "user", "parts": [{"text": "?"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {}}} for _ in "cd"]},
            *({"parts": [{"functionResponse": {"name": "look", "response": {"output": i}}}]} for i in "cd"),
        ],
    ),
}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_results_find_calls_that_were_met_before(name: str) -> None:
    """The tool and the id of a new result come from a call that was not read again."""
    wire: Wire = registry.load("wires", name)
    key, messages = CALLS[name]
    with walks(Walks()):
        first = wire.parse(json.dumps({key: messages[:-1]}).encode())
        prompt = wire.parse(json.dumps({key: messages}).encode())
    calls = [span for span in prompt.spans if span.kind is Kind.TOOL_CALL]
    assert any(span is calls[1] for span in first.spans)
    result = prompt.spans[-1]
    assert (result.text, result.tool, result.pair) == ("d", "look", calls[1].pair)


def test_nothing_is_taken_over_behind_another_beginning() -> None:
    """Offsets would be wrong: the same messages behind another field are walked."""
    with walks(Walks()):
        first = walked(chat("a", "b", "c"))
        assert not {id(node) for node in first} & {id(node) for node in walked({"n": 1, **chat("a", "b", "c")})}


def test_a_number_may_go_on() -> None:
    """1 is how 12 begins."""
    with walks(Walks()):
        walked({"messages": [{}, 1]})
        longer = walked({"messages": [{}, 12, {}]})
    assert (longer[1].value, longer[1].end - longer[1].start) == (OPAQUE, 2)


def test_values_are_counted_from_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit on a body's values holds for those that are taken over, too."""
    monkeypatch.setattr(json_text, "MAX_VALUES", 10)
    with walks(Walks()):
        walked(chat("a", "b", "c"))  # 1 + 3 elements with 2 members each
        with pytest.raises(MalformedBody, match="more than"):
            walked(chat("a", "b", "c", "d"))


def test_memory_is_bounded() -> None:
    """By characters and by bodies; a conversation that grows takes no more than its newest body."""
    with walks(Walks(most_chars=50_000, most_bodies=8)) as known:
        for n in range(40):
            walked(chat(*(f"{n} {'x' * 2_000}" for _ in range(4))))
            assert known.num_chars <= 50_000
        few = [walked(chat(str(n), "b")) for n in range(40)]
        assert walked(chat("39", "b"))[0] is few[39][0]
        assert walked(chat("31", "b"))[0] is not few[31][0]
        known.clear()
        for n in range(1, 20):
            walked(chat(*map(str, range(n))))
        assert known.num_chars < 2 * len(json.dumps(chat(*map(str, range(20))))) + 20 * 400


def test_threads_share_what_is_known() -> None:
    """Bodies of a conversation that are read at once are all read right."""
    wire: Wire = registry.load("wires", "openai.chat")
    bodies = [json.dumps(chat(*(f"text {n} of {m % 3}" for n in range(m // 3 + 1)))) for m in range(90)]
    with walks(Walks()):
        fresh = [read(wire, body) for body in bodies]
    with walks(Walks(most_chars=30_000)), ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda body: read(wire, body), bodies)) == fresh
