"""What the gateway serves, as an OpenAPI description.

The request schemas say only what is certain for every model behind the gateway. The rest of a body belongs to the
provider, whose description is the authority on it; Sparing passes unknown fields through.
"""

from __future__ import annotations

from typing import Any

from sparing import __version__

_ERRORS = {
    "openai.chat": {
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
_PATHS = {
    "openai.chat": ("/v1/chat/completions", "Answer a chat, OpenAI's wire format"),
    "anthropic.messages": ("/v1/messages", "Answer a chat, Anthropic's wire format"),
}
_ROLES = {
    "openai.chat": ("system", "developer", "user", "assistant", "tool", "function"),
    "anthropic.messages": ("user", "assistant", "system"),
}


def describe(wires: tuple[str, ...]) -> dict[str, Any]:
    """An OpenAPI 3.1 document for the wire formats that have an upstream."""
    paths: dict[str, Any] = {
        path: {"post": _post(wire, text)} for wire, (path, text) in _PATHS.items() if wire in wires
    }
    if wires:
        paths["/v1/models"] = {"get": _get("The models of the upstream", "application/json")}
    paths["/healthz"] = {"get": _get("Whether the gateway runs", "application/json")}
    paths["/metrics"] = {"get": _get("Metrics for Prometheus", "text/plain")}
    paths["/openapi.json"] = {"get": _get("This description", "application/json")}
    return {"openapi": "3.1.0", "info": {"title": "Sparing", "version": __version__}, "paths": paths}


def _get(text: str, media_type: str) -> dict[str, Any]:
    return {"summary": text, "responses": {"200": {"description": text, "content": {media_type: {}}}}}


def _post(wire: str, text: str) -> dict[str, Any]:
    error = {"content": {"application/json": {"schema": _ERRORS[wire]}}}
    answers = {"application/json": {"schema": {"type": "object"}}, "text/event-stream": {}}
    ok = {"description": "The answer", "headers": _told(), "content": answers}
    return {
        "summary": text,
        "parameters": _controls(),
        "requestBody": {"required": True, "content": {"application/json": {"schema": _request(wire)}}},
        "responses": {"200": ok}
        | {status: {"description": why} | error for status, why in _REFUSALS.items()}
        | {"default": {"description": "What the upstream answered, passed on unchanged"}},
    }


def _request(wire: str) -> dict[str, Any]:
    """What `receive` insists on, and no more."""
    objects = {"type": ["array", "null"], "items": {"type": "object"}}
    text_part = {
        "if": {"properties": {"type": {"const": "text"}}, "required": ["type"]},
        "then": {"properties": {"text": {"type": "string"}}, "required": ["text"]},
    }
    content = {"type": ["string", "array", "null"], "items": {"type": "object"} | text_part}
    message = {
        "type": "object",
        "required": ["role"],
        "properties": {"role": {"enum": list(_ROLES[wire])}, "content": content},
    }
    properties = {
        "model": {"type": ["string", "null"]},
        "stream": {"type": ["boolean", "null"]},
        "messages": {"type": "array", "minItems": 1, "items": message},
        "tools": objects,
    }
    if wire == "anthropic.messages":
        properties["system"] = content
    return {"type": "object", "required": ["messages"], "properties": properties}


def _controls() -> list[dict[str, Any]]:
    positive = {"type": "integer", "minimum": 1, "maximum": 999_999_999_999}
    return [
        _header("x-sparing-mode", {"enum": ["off", "audit", "on"]}, "What Sparing may do with this request"),
        _header("x-sparing-effort", {"enum": ["off", "safe", "balanced", "max"]}, "How hard to try"),
        _header("x-sparing-budget", positive, "Most tokens the prompt may have"),
        _header("x-sparing-deadline-ms", positive, "Time allowed for the reduction"),
    ]


def _header(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": text, "schema": schema}


def _told() -> dict[str, Any]:
    number, text = {"schema": {"type": "integer"}}, {"schema": {"type": "string"}}
    return {
        "x-sparing-mode": text | {"description": "What was done with this request"},
        "x-sparing-tokens-before": number | {"description": "Of the prompt as it came"},
        "x-sparing-tokens-after": number | {"description": "Of the prompt as Sparing would send it"},
        "x-sparing-receipt": text | {"description": "Id of the receipt"},
        "x-sparing-cache-marks": number | {"description": "Cache breakpoints that were set"},
        "x-sparing-reason": text | {"description": "Why nothing was reduced"},
    }
