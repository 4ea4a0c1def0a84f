"""What was valid stays valid: JSON parses, no text becomes empty, nothing but spans' texts changes.

A tool's result may be the exception: its reader is the model, and whoever parses it did so before it was sent. What
users paste and documents stay JSON: the user may ask for that very JSON, with a change.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sparing.core.content import Content
from sparing.core.span import Kind, Prompt
from sparing.core.verdict import Change, Objection

_JSON = frozenset({Content.JSON, Content.JSON_ROWS})


class Structure:
    """Objects to JSON that no longer parses and to text that would be empty."""

    name = "structure"

    def judge(self, changes: Sequence[Change], pins: tuple[str, ...]) -> list[Objection]:
        objections = []
        for change in changes:
            if not change.rendition.text.strip():
                objections.append(Objection(change, self.name, "nothing would be left"))
            elif _must_parse(change) and _is_json(change.span.text) and not _is_json(change.rendition.text):
                objections.append(Objection(change, self.name, "the JSON would no longer parse"))
        return objections


def same_shape(before: Prompt, after: Prompt, tools: Sequence[str] | None = None) -> bool:
    """Whether two prompts differ in nothing but the texts of editable spans: same spans, roles, pairs, order.

    A string and an array of one block of text are the same.

    Args:
        tools: Names of the tools that `after` has to declare, in order, where their definitions may differ; None where
            they may not.
    """
    ours, theirs = before.spans, after.spans
    if tools is not None:
        if [span.tool for span in theirs if span.kind is Kind.TOOL_SCHEMA] != list(tools):
            return False
        ours, theirs = (tuple(s for s in spans if s.kind is not Kind.TOOL_SCHEMA) for spans in (ours, theirs))
    return len(ours) == len(theirs) and all(
        (a.label == b.label or _unified(a.label) == _unified(b.label))
        and (a.kind, a.pair, a.message) == (b.kind, b.pair, b.message)
        and (a.literal is not None or a.text == b.text)
        for a, b in zip(ours, theirs, strict=True)
    )


def _unified(label: str) -> str:
    return label.removesuffix("[0].text")


def _must_parse(change: Change) -> bool:
    return change.content in _JSON and not change.text_form


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True
