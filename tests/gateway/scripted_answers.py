"""What a scripted provider says in the wire formats of OpenAI's Responses and of Gemini."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scripted_upstream import Out

WORDS = ("The ", "capital ", "is ", "Paris", ".")
RESPONSES_USAGE = {
    "input_tokens": 11,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 16,
}
GEMINI_USAGE = {"promptTokenCount": 11, "candidatesTokenCount": 5, "totalTokenCount": 16, "cachedContentTokenCount": 4}


async def responses(body: dict[str, Any], out: Out) -> None:
    """A message, or a call of the first tool."""
    base: dict[str, Any] = {"id": "resp_1", "object": "response", "created_at": 1, "model": "scripted", "tools": []}
    base |= {"parallel_tool_calls": True, "tool_choice": "auto", "status": "completed"}
    text = {"type": "output_text", "text": "".join(WORDS), "annotations": []}
    item: dict[str, Any] = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
    item["content"] = [text]
    if body.get("tools"):
        item = {"type": "function_call", "id": "fc_1", "call_id": "t1", "name": "look", "arguments": '{"at": "Paris"}'}
    whole = {**base, "output": [item], "usage": RESPONSES_USAGE}
    if not body.get("stream"):
        await out.json(whole)
        return
    await out.start_events()
    number = 0

    async def event(kind: str, **fields: Any) -> None:
        nonlocal number
        await out.event({"type": kind, "sequence_number": number, **fields}, kind)
        number += 1

    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    await event("response.created", response={**base, "status": "in_progress", "output": []})
    await event("response.output_item.added", output_index=0, item={**item, "status": "in_progress", "content": []})
    await event("response.content_part.added", part={**text, "text": ""}, **place)
    for word in WORDS:
        await event("response.output_text.delta", delta=word, logprobs=[], **place)
    await event("response.output_text.done", text=text["text"], logprobs=[], **place)
    await event("response.content_part.done", part=text, **place)
    await event("response.output_item.done", output_index=0, item=item)
    await event("response.completed", response=whole)
    await out.end()


async def gemini(path: str, body: dict[str, Any], out: Out) -> None:
    """A text, or a call of the first function; streamed as events where they are asked for."""
    if path.partition("?")[0].endswith("/models"):
        await out.json({"models": [{"name": "models/scripted"}]})
    elif ":countTokens" in path:
        await out.json({"totalTokens": 42})
    elif ":streamGenerateContent" in path and "alt=sse" in path:
        await out.start_events()
        for word in WORDS[:-1]:
            await out.event(_chunk({"text": word}))
        await out.event(_chunk({"text": WORDS[-1]}) | {"usageMetadata": GEMINI_USAGE})
        await out.end()
    else:
        part: dict[str, Any] = {"text": "".join(WORDS)}
        if body.get("tools"):
            part = {"functionCall": {"name": "look", "args": {"at": "Paris"}}, "thoughtSignature": "c2lnbmVk"}
        await out.json(_chunk(part) | {"usageMetadata": GEMINI_USAGE})


def _chunk(part: dict[str, Any]) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "modelVersion": "scripted", "responseId": "r1"}
