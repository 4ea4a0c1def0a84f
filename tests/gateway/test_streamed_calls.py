"""Official clients are told of a tool call piece by piece, as providers stream it, by a gateway that reduces what they send.

Each of the five puts the pieces together itself; the history that it sends holds a long result of an earlier call.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anthropic
import openai
from google import genai
from google.genai import types
from mistralai.client import Mistral
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen
from tool_results import LOG

Start = Callable[..., RunningGateway]
PIECES = ('{"at"', ': "Par', 'is"}')
ASKED = "Which line of the log is an error?"


def test_openai_chat(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """Arguments in pieces, under the call's index."""

    async def script(_seen: Seen, out: Out) -> None:
        await out.start_events()
        function = {"name": "look", "arguments": ""}
        await out.event(_delta({"tool_calls": [{"index": 0, "id": "t2", "type": "function", "function": function}]}))
        for piece in PIECES:
            await out.event(_delta({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}))
        await out.event(_delta({}, "tool_calls"))
        await out.event("[DONE]")
        await out.end()

    upstream.script = script
    messages: Any = _chat_history()
    with (
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="caller", max_retries=0, timeout=60) as client,
        client.chat.completions.stream(model="gpt-4o", messages=messages, tools=[_CHAT_TOOL]) as stream,
    ):
        said = stream.get_final_completion().choices[0]
    assert said.finish_reason == "tool_calls"
    assert said.message.tool_calls is not None
    assert json.loads(said.message.tool_calls[0].function.arguments) == {"at": "Paris"}
    _reduced(upstream.seen[0].json["messages"], messages, lambda message: message["content"])


def test_mistral(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """Whole calls within a stream, as Mistral sends them."""

    async def script(_seen: Seen, out: Out) -> None:
        await out.start_events()
        function = {"name": "look", "arguments": "".join(PIECES)}
        await out.event(_delta({"content": ""}))
        await out.event(_delta({"tool_calls": [{"index": 0, "id": "t2", "function": function}]}, "tool_calls"))
        await out.event("[DONE]")
        await out.end()

    upstream.script = script
    messages: Any = _chat_history()
    tools: Any = [_CHAT_TOOL]
    with (
        Mistral(api_key="caller", server_url=gateway.url, timeout_ms=60_000) as client,
        client.chat.stream(model="mistral-small-latest", messages=messages, tools=tools) as stream,
    ):
        choices = [event.data.choices[0] for event in stream if event.data.choices]
    (call,) = [call for choice in choices for call in choice.delta.tool_calls or ()]
    assert json.loads(str(call.function.arguments)) == {"at": "Paris"}
    assert choices[-1].finish_reason == "tool_calls"
    asked, called, result = upstream.seen[0].json["messages"]  # with fields that the client adds
    assert asked["content"] == ASKED
    assert called["tool_calls"][0]["function"] == messages[1]["tool_calls"][0]["function"]
    assert len(result["content"]) < len(LOG) / 2


def test_anthropic(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A text and a tool use, whose input comes in pieces of JSON."""

    async def script(_seen: Seen, out: Out) -> None:
        await out.start_events()

        async def event(kind: str, **fields: Any) -> None:
            await out.event({"type": kind, **fields}, kind)

        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "content": []}
        usage = {"input_tokens": 7, "output_tokens": 1}
        await event("message_start", message={**message, "stop_reason": None, "stop_sequence": None, "usage": usage})
        await event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        await event("content_block_delta", index=0, delta={"type": "text_delta", "text": "I look."})
        await event("content_block_stop", index=0)
        use = {"type": "tool_use", "id": "t2", "name": "look", "input": {}}
        await event("content_block_start", index=1, content_block=use)
        for piece in PIECES:
            await event("content_block_delta", index=1, delta={"type": "input_json_delta", "partial_json": piece})
        await event("content_block_stop", index=1)
        await event(
            "message_delta", delta={"stop_reason": "tool_use", "stop_sequence": None}, usage={"output_tokens": 9}
        )
        await event("message_stop")
        await out.end()

    upstream.script = script
    call = {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": "Rome"}}
    messages: Any = [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": LOG}]},
    ]
    tool: Any = {"name": "look", "input_schema": _SCHEMA}
    with (
        anthropic.Anthropic(base_url=gateway.url, api_key="caller", max_retries=0, timeout=60) as client,
        client.messages.stream(model="claude-x", max_tokens=9, messages=messages, tools=[tool]) as stream,
    ):
        said = stream.get_final_message()
    assert said.stop_reason == "tool_use"
    assert [block.type for block in said.content] == ["text", "tool_use"]
    assert said.content[1].input == {"at": "Paris"}  # type: ignore[union-attr]
    _reduced(upstream.seen[0].json["messages"], messages, lambda message: message["content"][0]["content"])


def test_openai_responses(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A reasoning item and a function call whose arguments come in pieces."""
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "c2VjcmV0"}

    async def script(_seen: Seen, out: Out) -> None:
        base = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-5", "tools": [], "output": []}
        base |= {"parallel_tool_calls": True, "tool_choice": "auto"}
        call = {"type": "function_call", "id": "fc_1", "call_id": "t2", "name": "look", "arguments": ""}
        whole = {**call, "arguments": "".join(PIECES), "status": "completed"}
        place = {"item_id": "fc_1", "output_index": 1}
        usage: dict[str, Any] = {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 1}}
        done = {**base, "status": "completed", "output": [thought, whole], "usage": usage}
        events: list[tuple[str, dict[str, Any]]] = [
            ("response.created", {"response": {**base, "status": "in_progress"}}),
            ("response.output_item.added", {"output_index": 0, "item": thought}),
            ("response.output_item.done", {"output_index": 0, "item": thought}),
            ("response.output_item.added", {"output_index": 1, "item": {**call, "status": "in_progress"}}),
            *(("response.function_call_arguments.delta", {"delta": piece, **place}) for piece in PIECES),
            ("response.function_call_arguments.done", {"arguments": "".join(PIECES), "name": "look", **place}),
            ("response.output_item.done", {"output_index": 1, "item": whole}),
            ("response.completed", {"response": done}),
        ]
        await out.start_events()
        for number, (kind, fields) in enumerate(events):
            await out.event({"type": kind, "sequence_number": number, **fields}, kind)
        await out.end()

    upstream.script = script
    earlier: Any = [
        {"role": "user", "content": ASKED},
        thought,
        {"type": "function_call", "call_id": "t1", "name": "look", "arguments": '{"at": "Rome"}'},
        {"type": "function_call_output", "call_id": "t1", "output": LOG},
    ]
    tool: Any = {"type": "function", "name": "look", "parameters": _SCHEMA, "strict": False}
    with (
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="caller", max_retries=0, timeout=60) as client,
        client.responses.stream(model="gpt-5", input=earlier, tools=[tool]) as stream,
    ):
        said = stream.get_final_response()
    assert [item.type for item in said.output] == ["reasoning", "function_call"]
    assert json.loads(said.output[1].arguments) == {"at": "Paris"}  # type: ignore[union-attr]
    _reduced(upstream.seen[0].json["input"], earlier, lambda item: item["output"])


def test_gemini(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A thought's signature and a call in one chunk, after a chunk of text."""

    async def script(_seen: Seen, out: Out) -> None:
        call = {"functionCall": {"name": "look", "args": {"at": "Paris"}}, "thoughtSignature": "c2lnbmVk"}
        await out.start_events()
        for part, reason in (({"text": "I look."}, {}), (call, {"finishReason": "STOP"})):
            content = {"role": "model", "parts": [part]}
            await out.event({"candidates": [{"index": 0, "content": content, **reason}], "responseId": "r1"})
        await out.end()

    upstream.script = script
    contents: Any = [
        types.Content(role="user", parts=[types.Part(text=ASKED)]),
        types.Content(role="model", parts=[types.Part(function_call=types.FunctionCall(name="look", args={}))]),
        types.Content(role="user", parts=[types.Part.from_function_response(name="look", response={"output": LOG})]),
    ]
    declaration = types.FunctionDeclaration(name="look", parameters_json_schema=_SCHEMA)
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[declaration])],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    with genai.Client(api_key="caller", http_options=types.HttpOptions(base_url=gateway.url, timeout=60_000)) as client:
        stream = client.models.generate_content_stream(model="gemini-2.5-flash", contents=contents, config=config)
        parts = [part for chunk in stream for part in _parts(chunk)]
    assert [part.text for part in parts if part.text] == ["I look."]
    (asked,) = [part for part in parts if part.function_call]
    assert asked.function_call is not None
    assert (asked.function_call.args, asked.thought_signature) == ({"at": "Paris"}, b"signed")
    sent = upstream.seen[0].json["contents"]
    assert len(json.dumps(sent[2])) < len(LOG) / 2


_SCHEMA: dict[str, Any] = {"type": "object", "properties": {"at": {"type": "string"}}}
_CHAT_TOOL: Any = {"type": "function", "function": {"name": "look", "parameters": _SCHEMA}}


def _chat_history() -> list[dict[str, Any]]:
    function = {"name": "look", "arguments": '{"at": "Rome"}'}
    return [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "t1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "t1", "content": LOG},
    ]


def _delta(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": reason}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": [choice]}


def _parts(chunk: types.GenerateContentResponse) -> list[types.Part]:
    content = chunk.candidates[0].content if chunk.candidates else None
    return list(content.parts or ()) if content else []


def _reduced(sent: list[Any], came: list[Any], result: Callable[[Any], str]) -> None:
    """The result is shorter, every other message as the client wrote it."""
    assert sent[:-1] == came[:-1]
    assert len(result(sent[-1])) < len(LOG) / 2
