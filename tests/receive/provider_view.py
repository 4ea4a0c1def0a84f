"""An Anthropic request as the provider's cache sees it."""

from __future__ import annotations

from typing import Any

from wire_bodies import exact


def blocks(body: bytes) -> tuple[list[Any], list[int]]:
    """Tools, system prompt and messages block by block, and the indices of those that carry a breakpoint.

    A string is one block of text; ``cache_control`` is not part of a block.
    """
    said = exact(body)
    found: list[Any] = [("tool", tool) for tool in said.get("tools") or []]
    found += [("system", block) for block in _as_blocks(said.get("system"))]
    for message in said["messages"]:
        found += [(message["role"], block) for block in _as_blocks(message.get("content"))]
    marked = [index for index, (_, block) in enumerate(found) if "cache_control" in block]
    return [(part, {**block, "cache_control": None}) for part, block in found], marked


def outside(body: bytes) -> dict[str, Any]:
    """Everything else that a request says."""
    said = exact(body)
    messages = [{key: value for key, value in message.items() if key != "content"} for message in said["messages"]]
    kept = {key: value for key, value in said.items() if key not in ("tools", "system", "messages")}
    return {**kept, "messages": messages}


def _as_blocks(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return content or []
