"""Tokens of a definition in the notation that OpenAI turns it into before the model reads it.

Source: OpenAI Cookbook, "How to count tokens with tiktoken", section 7 (constants for gpt-4o), without the tokens per
request. It knows names, types, descriptions and enums of the top level only, and blanks cost nothing in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sparing.evals.units import o200k

_FUNCTION, _PROPERTIES, _PROPERTY, _ENUM, _VALUE = 7, 3, 3, -3, 3


def openai_tokens(tool: Mapping[str, Any]) -> int:
    """By the published formula."""
    count = o200k().count
    function = tool["function"]
    total = _FUNCTION + count(f"{function['name']}:{function.get('description', '').removesuffix('.')}")
    properties = function["parameters"].get("properties") or {}
    total += _PROPERTIES if properties else 0
    for name, schema in properties.items():
        total += _PROPERTY + count(f"{name}:{schema.get('type', '')}:{schema.get('description', '').removesuffix('.')}")
        if "enum" in schema:
            total += _ENUM + sum(_VALUE + count(str(value)) for value in schema["enum"])
    return total
