"""What was valid stays valid: JSON parses, no text becomes empty, nothing but spans' texts changes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sparing.core.content import Content
from sparing.core.span import Prompt
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
            elif change.content in _JSON and _is_json(change.span.text) and not _is_json(change.rendition.text):
                objections.append(Objection(change, self.name, "the JSON would no longer parse"))
        return objections


def same_shape(before: Prompt, after: Prompt) -> bool:
    """Whether two prompts differ in nothing but the texts of editable spans: same spans, roles, pairs, order.

    A string and an array of one block of text are the same.
    """
    return len(before.spans) == len(after.spans) and all(
        (_unified(a.label), a.kind, a.pair, a.message) == (_unified(b.label), b.kind, b.pair, b.message)
        and (a.literal is not None or a.text == b.text)
        for a, b in zip(before.spans, after.spans, strict=True)
    )


def _unified(label: str) -> str:
    return label.removesuffix("[0].text")


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True
