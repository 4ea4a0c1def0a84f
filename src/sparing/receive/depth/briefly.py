"""A wish for a short answer, in words, for models that have no field to be told by.

It is the last thing of the prompt: behind the user's newest words, where these are the end of the request. What a
provider caches of a prompt is a prefix of it. The next request of the conversation does not hold the wish, but
everything before it, so it finds the whole prompt in the cache and not the wish; and since the wish is never in the
midst of what an agent's loop goes on from, nothing that was cached is lost. With Anthropic's breakpoints it is a block
of its own behind the last one.
"""

from __future__ import annotations

from typing import Final

from sparing.receive.depth.body import Body
from sparing.receive.fields import given, string_or_empty
from sparing.receive.json_text import Members, Node

BRIEFLY: Final = "Answer briefly."
_TURNS: Final = {"openai.responses": "input", "gemini": "contents"}
_PARTS: Final = {
    "openai.responses": f'{{"type":"input_text","text":"{BRIEFLY}"}}',
    "gemini": f'{{"text":"{BRIEFLY}"}}',
}
_PART: Final = f'{{"type":"text","text":"{BRIEFLY}"}}'
_RESULTS: Final = frozenset({"tool_result", "function_call_output"})


def answer_briefly(body: bytes, wire: str) -> bytes:
    """The body with the wish at its end, and no other difference; the very body where the user's words are not there.

    Raises:
        MalformedBody: It cannot be read.
    """
    turns = _TURNS.get(wire, "messages")
    form = Body(body, walked=frozenset({turns, "content", "parts"}))
    node = form.get(turns)
    if node is None or (wire == "anthropic.messages" and form.get("cache_control") is not None):
        return body  # that one marks the last block, whatever it is: the wish would be cached, and missed
    if isinstance(node.value, str):
        _append(form, node, wire)
    elif isinstance(node.value, list) and node.value and isinstance(node.value[-1].value, dict):
        words = _words(node.value[-1].value, wire)
        if words is not None:
            _append(form, words, wire)
    return form.patched()


def _words(message: Members, wire: str) -> Node | None:
    """The content of a message of the user's that says something and answers no tool."""
    role = string_or_empty(message, "role")
    if role != "user" and not (wire == "gemini" and not role):
        return None
    content = given(message, "parts" if wire == "gemini" else "content")
    if content is None or isinstance(content.value, str):
        return content if content is not None and content.value else None
    parts = content.value if isinstance(content.value, list) else []
    inner = [part.value for part in parts if isinstance(part.value, dict)]
    if any(string_or_empty(part, "type") in _RESULTS or "functionResponse" in part for part in inner):
        return None
    return content if any(string_or_empty(part, "text") for part in inner) else None


def _append(form: Body, content: Node, wire: str) -> None:
    """Behind the last part, or in a string behind its last character."""
    part = _PARTS.get(wire, _PART)
    if not isinstance(content.value, str):
        form.insert(content.end - 1, f",{part}")
    elif wire == "anthropic.messages":
        form.insert(content.start, '[{"type":"text","text":')
        form.insert(content.end, f"}},{part}]")
    else:
        form.insert(content.end - 1, f"\\n\\n{BRIEFLY}")
