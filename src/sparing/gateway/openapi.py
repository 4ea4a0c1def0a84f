"""What the gateway serves, as an OpenAPI description.

The request schemas say only what is certain for every model behind the gateway. The rest of a body belongs to the
provider, whose description is the authority on it; Sparing passes unknown fields through.
"""

from __future__ import annotations

from typing import Any

from sparing import __version__
from sparing.generate.cache.rules import WISH_HEADER, WISHES

_OPENAI_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_ERRORS = {
    "openai.chat": _OPENAI_ERROR,
    "openai.responses": _OPENAI_ERROR,
    "gemini": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message", "status"],
                "properties": {
                    "code": {"type": "integer"},
                    "message": {"type": "string"},
                    "status": {"type": "string"},
                },
            }
        },
    },
    "anthropic.messages": {
        "type": "object",
        "required": ["type", "error"],
        "properties": {
            "type": {"const": "error"},
            "error": {
                "type": "object",
                "required": ["type", "message"],
                "properties": {"type": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_REFUSALS = {
    "400": "The body or a control header cannot be used",
    "413": "The body is larger than the gateway takes",
    "500": "The gateway failed",
    "502": "The upstream cannot be reached, or broke off",
    "503": "The embedded model is not installed",
    "504": "The upstream did not answer in time",
}
_MODEL = {
    "name": "model",
    "in": "path",
    "required": True,
    "description": "Who is asked",
    "schema": {"type": "string"},
}
# Wire format, what is asked for, what stands in the path.
_PATHS: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "/v1/chat/completions": ("openai.chat", "Answer a chat, OpenAI's wire format", []),
    "/v1/responses": ("openai.responses", "Answer a chat, OpenAI's newer wire format", []),
    "/v1/messages": ("anthropic.messages", "Answer a chat, Anthropic's wire format", []),
    "/v1beta/models/{model}:generateContent": ("gemini", "Answer a chat, Gemini's wire format", [_MODEL]),
    "/v1beta/models/{model}:streamGenerateContent": ("gemini", "The same, streamed", [_MODEL]),
}


def describe(wires: tuple[str, ...], *, has_stores: bool = False) -> dict[str, Any]:
    """An OpenAPI 3.1 document for the wire formats that have an upstream.

    Args:
        has_stores: Whether requests may name stores of passages.
    """
    paths: dict[str, Any] = {
        path: {"post": _post(wire, text, [*inside, *(_STORE if has_stores else ())])}
        for path, (wire, text, inside) in _PATHS.items()
        if wire in wires
    }
    if wires:
        paths["/v1/models"] = {"get": _get("The models of the upstream", "application/json")}
    if has_stores:
        paths["/sparing/feedback"] = {"post": _feedback()}
    paths["/healthz"] = {"get": _get("Whether the gateway runs", "application/json")}
    paths["/metrics"] = {"get": _get("Metrics for Prometheus", "text/plain")}
    paths["/openapi.json"] = {"get": _get("This description", "application/json")}
    return {"openapi": "3.1.0", "info": {"title": "Sparing", "version": __version__}, "paths": paths}


def _get(text: str, media_type: str) -> dict[str, Any]:
    return {"summary": text, "responses": {"200": {"description": text, "content": {media_type: {}}}}}


def _feedback() -> dict[str, Any]:
    fields = {"receipt": {"type": "string"}, "useful": {"type": "boolean"}}
    said = {"type": "object", "required": list(fields), "properties": fields, "additionalProperties": False}
    refusals = {
        "400": "The body cannot be used",
        "401": "The key is not known",
        "404": "No such answer was given with passages, or it was another tenant's",
    }
    error = {"content": {"application/json": {"schema": _OPENAI_ERROR}}}
    noted = {"description": "Noted", "content": {"application/json": {"schema": said}}}
    return {
        "summary": "Say whether an answer that passages were sent for was useful",
        "requestBody": {"required": True, "content": {"application/json": {"schema": said}}},
        "responses": {"200": noted} | {status: {"description": why} | error for status, why in refusals.items()},
    }


def _post(wire: str, text: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    error = {"content": {"application/json": {"schema": _ERRORS[wire]}}}
    answers = {"application/json": {"schema": {"type": "object"}}, "text/event-stream": {}}
    ok = {"description": "The answer", "headers": _told(), "content": answers}
    return {
        "summary": text,
        "parameters": parameters + _controls(),
        "requestBody": {"required": True, "content": {"application/json": {"schema": _REQUESTS[wire]()}}},
        "responses": {"200": ok}
        | {status: {"description": why} | error for status, why in _REFUSALS.items()}
        | {"default": {"description": "What the upstream answered, passed on unchanged"}},
    }


# What `receive` insists on, and no more.

_OBJECTS: dict[str, Any] = {"type": ["array", "null"], "items": {"type": "object"}}
_SHARED: dict[str, Any] = {"model": {"type": ["string", "null"]}, "stream": {"type": ["boolean", "null"]}}


def _content(*kinds: str) -> dict[str, Any]:
    """Text, or parts; those of these types have a text."""
    text_part = {
        "if": {"properties": {"type": {"enum": list(kinds)}}, "required": ["type"]},
        "then": {"properties": {"text": {"type": "string"}}, "required": ["text"]},
    }
    return {"type": ["string", "array", "null"], "items": {"type": "object"} | text_part}


def _messages(*roles: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": ["role"], "properties": {"role": {"enum": list(roles)}, "content": content}}


def _chat() -> dict[str, Any]:
    message = _messages("system", "developer", "user", "assistant", "tool", "function", content=_content("text"))
    messages = {"type": "array", "minItems": 1, "items": message}
    return {
        "type": "object",
        "required": ["messages"],
        "properties": _SHARED | {"messages": messages, "tools": _OBJECTS},
    }


def _anthropic() -> dict[str, Any]:
    message = _messages("user", "assistant", "system", content=_content("text"))
    messages = {"type": "array", "minItems": 1, "items": message}
    properties = _SHARED | {"messages": messages, "tools": _OBJECTS, "system": _content("text")}
    return {"type": "object", "required": ["messages"], "properties": properties}


def _responses() -> dict[str, Any]:
    message = _messages("system", "developer", "user", "assistant", content=_content("input_text", "output_text"))
    other = {
        "required": ["type"],
        "properties": {"type": {"type": "string", "minLength": 1, "not": {"enum": ["message"]}}},
    }
    neither = {"not": {"required": ["role"]}, "properties": {"type": {"not": {"enum": ["message"]}}}}
    items = {"type": ["string", "array", "null"], "items": {"type": "object", "anyOf": [message, other, neither]}}
    return {"type": "object", "properties": _SHARED | {"input": items, "instructions": {"type": ["string", "null"]}}}


def _gemini() -> dict[str, Any]:
    """A single object may stand for a list of one."""
    part = {"type": "object", "properties": {"text": {"type": ["string", "null"]}}}
    content = {
        "type": "object",
        "properties": {
            "role": {"enum": ["user", "model", "function", "tool", None]},
            "parts": {"anyOf": [{"type": "array", "items": part}, part, {"type": "null"}]},
        },
    }
    contents = {"anyOf": [{"type": "array", "minItems": 1, "items": content}, content]}
    tools = {"type": ["array", "object", "null"], "items": {"type": "object"}}
    properties = {"contents": contents, "systemInstruction": {"type": ["object", "string", "null"]}, "tools": tools}
    return {"type": "object", "required": ["contents"], "properties": properties}


_REQUESTS = {
    "openai.chat": _chat,
    "openai.responses": _responses,
    "anthropic.messages": _anthropic,
    "gemini": _gemini,
}


def _controls() -> list[dict[str, Any]]:
    positive = {"type": "integer", "minimum": 1, "maximum": 999_999_999_999}
    share = {"type": "number", "minimum": 0, "maximum": 1}
    return [
        _header("x-sparing-mode", {"enum": ["off", "audit", "on"]}, "What Sparing may do with this request"),
        _header("x-sparing-effort", {"enum": ["off", "safe", "balanced", "max"]}, "How hard to try"),
        _header("x-sparing-recall", {"enum": ["off", "on"]}, "Whether the model may ask for what was left out"),
        _header("x-sparing-risk", share, "Most of the needed evidence that may be lost"),
        _header("x-sparing-budget", positive, "Most tokens the prompt may have"),
        _header("x-sparing-deadline-ms", positive, "Time allowed for the reduction"),
        _header(WISH_HEADER, {"type": "string"}, f"How much of the cache of answers to use: {', '.join(WISHES)}"),
        _header("x-sparing-tier", {"type": "string"}, "The tier to ask, or cascade or router, where there are tiers"),
    ]


def _header(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": text, "schema": schema}


_STORE = (
    _header("x-sparing-store", {"type": "string", "minLength": 1}, "Store whose passages are sent, or none"),
    _header("x-sparing-labels", {"type": "string"}, "Fewer labels than the key holds, of keys that may say so"),
)


def _told() -> dict[str, Any]:
    number, text = {"schema": {"type": "integer"}}, {"schema": {"type": "string"}}
    return {
        "x-sparing-mode": text | {"description": "What was done with this request"},
        "x-sparing-tokens-before": number | {"description": "Of the prompt as it came"},
        "x-sparing-tokens-after": number | {"description": "Of the prompt as Sparing would send it"},
        "x-sparing-receipt": text | {"description": "Id of the receipt"},
        "x-sparing-expected-loss": text | {"description": "Share of needed evidence expected to be lost, or unknown"},
        "x-sparing-budget-grown": number | {"description": "Tokens by which the budget gave way to the risk"},
        "x-sparing-drifted": text | {"description": "Content types unlike what was calibrated"},
        "x-sparing-tier": text | {"description": "The tier that answered, where there are tiers"},
        "x-sparing-tries": number | {"description": "Calls that were made for this answer, likewise"},
        "x-sparing-cache-marks": number | {"description": "Cache breakpoints that were set"},
        "x-sparing-reason": text | {"description": "Why nothing was reduced"},
        "x-sparing-retrieved": text | {"description": "Passages sent of those found, their store and tokens"},
        "x-sparing-checked": text | {"description": "Sentences of a whole answer that no passage bears out"},
        "x-sparing-ceiling": number | {"description": "Tokens past which the answer is too long for its policy"},
        "x-sparing-stopped": text | {"description": "That a whole answer was ended, and after how many tokens"},
        "x-sparing-answer": text | {"description": "What became of a whole answer that was too long"},
        "x-sparing-full-answer": text | {"description": "Handle that all of such an answer is kept under"},
        "x-sparing-cache": text | {"description": "Where the answer is from: hit, similar, shared, miss or none"},
        "x-sparing-cache-age": number | {"description": "Seconds since the answer was given first"},
        "x-sparing-cache-reason": text | {"description": "Why the cache was not asked"},
    }
