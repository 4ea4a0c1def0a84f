"""Where the wire formats say what a cache has to know of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Place = tuple[dict[str, Any], str]  # an object, and the name under which it holds a text


@dataclass(frozen=True, slots=True)
class Form:
    """One wire format.

    Attributes:
        paths: How the paths end at which an answer is asked for.
        volatile: Top-level fields that change nothing in the answer. OpenAI's Responses API repeats all of its fields
            in the answer, so there is none.
        newest: Where the newest text of the user stands, if the request ends with one.
        sampled: Whether the answer is drawn at random.
        changes: Why the same request may have another answer, "" if it may not.
    """

    paths: tuple[str, ...]
    volatile: frozenset[str]
    newest: Callable[[dict[str, Any]], Place | None]
    sampled: Callable[[Mapping[str, Any]], bool]
    changes: Callable[[Mapping[str, Any]], str]


def _newest_message(body: dict[str, Any]) -> Place | None:
    return _of_user(_last(body.get("messages")), "content")


def _newest_input(body: dict[str, Any]) -> Place | None:
    given = body.get("input")
    return (body, "input") if isinstance(given, str) else _of_user(_last(given), "content")


def _newest_content(body: dict[str, Any]) -> Place | None:
    return _of_user(_last(body.get("contents")), "parts")


def _of_user(message: dict[str, Any] | None, name: str) -> Place | None:
    if message is None or message.get("role", "user") != "user":
        return None
    if isinstance(message.get(name), str):
        return message, name
    part = _last(message.get(name))
    return (part, "text") if part is not None and isinstance(part.get("text"), str) else None


def _last(items: object) -> dict[str, Any] | None:
    return items[-1] if isinstance(items, list) and items and isinstance(items[-1], dict) else None


def _sampled(body: Mapping[str, Any]) -> bool:
    return body.get("temperature") != 0 and body.get("top_k") != 1


def _gemini_sampled(body: Mapping[str, Any]) -> bool:
    config = body.get("generationConfig") or body.get("generation_config")
    return not isinstance(config, dict) or (config.get("temperature") != 0 and config.get("topK") != 1)


def _chat_changes(body: Mapping[str, Any]) -> str:
    if body.get("web_search_options") is not None:
        return "the provider may search the web"
    return _provider_runs(body, ("function", "custom"))


def _responses_changes(body: Mapping[str, Any]) -> str:
    if body.get("conversation") is not None:
        return "the conversation is kept by the provider"
    if body.get("background"):
        return "the answer is made in the background"
    return _provider_runs(body, ("function", "custom"))


def _anthropic_changes(body: Mapping[str, Any]) -> str:
    if body.get("mcp_servers") or body.get("container"):
        return "tools run at the provider"
    return _provider_runs(body, ("custom", "bash_", "text_editor_", "computer_", "memory_"))


def _provider_runs(body: Mapping[str, Any], callers_types: tuple[str, ...]) -> str:
    """A tool of another type than these is run by the provider, with results that change."""
    tools = body.get("tools")
    for tool in tools if isinstance(tools, list) else ():
        kind = tool.get("type", callers_types[0]) if isinstance(tool, dict) else None
        if not (isinstance(kind, str) and kind.startswith(callers_types)):
            return "tools run at the provider"
    return ""


def _gemini_changes(body: Mapping[str, Any]) -> str:
    tools = body.get("tools")
    known = {"functionDeclarations", "function_declarations"}
    runs = any(not isinstance(tool, dict) or tool.keys() - known for tool in tools if tool) if tools else False
    return "tools run at the provider" if runs else ""


FORMS: Mapping[str, Form] = {
    "openai.chat": Form(
        ("/chat/completions",),
        frozenset(("user", "metadata", "store", "safety_identifier", "prompt_cache_key", "prompt_cache_retention")),
        _newest_message,
        _sampled,
        _chat_changes,
    ),
    "openai.responses": Form(("/responses",), frozenset(), _newest_input, _sampled, _responses_changes),
    "anthropic.messages": Form(("/messages",), frozenset(("metadata",)), _newest_message, _sampled, _anthropic_changes),
    "gemini": Form(
        (":generateContent", ":streamGenerateContent"),
        frozenset(("labels",)),
        _newest_content,
        _gemini_sampled,
        _gemini_changes,
    ),
}
"""Wire format to what a cache has to know of it. A request in another one is passed on."""
