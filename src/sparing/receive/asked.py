"""A few members of a request's root, read for what they ask of the provider."""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec

from sparing.core.span import Prompt

Members = TypeVar("Members", bound=msgspec.Struct)


def asked(prompt: Prompt, kind: type[Members]) -> Members | None:
    """The members that `kind` names; None where one is not of its type, or the body is nested too deeply."""
    try:
        return msgspec.json.decode(prompt.source, type=kind)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        pass  # half of a surrogate pair, as some clients send it, is no reason
    try:
        return msgspec.convert(json.loads(prompt.source), kind)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
