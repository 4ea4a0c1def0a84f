"""What cries for attention is not dropped to the last: an error level that was there is still there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sparing.core.content import Content
from sparing.core.verdict import Change, Objection

_RECORDS = frozenset({Content.LOG, Content.TEST_OUTPUT, Content.JSON_ROWS, Content.TABLE, Content.GREP})
_LEVEL = re.compile(r"\b(?:FATAL|PANIC|EMERG(?:ENCY)?|CRITICAL|SEVERE|ERROR|FAILED|FAILURE|Traceback)\b")
_FEW = 8  # so many units can be asked for by the word alone


class ErrorLines:
    """Objects when an error level (FATAL, ERROR, ...) stood in the source and stands nowhere in the rendition."""

    name = "error_lines"

    def judge(self, changes: Sequence[Change], pins: tuple[str, ...]) -> list[Objection]:
        return [o for change in changes if change.content in _RECORDS for o in self._judge_one(change)]

    def _judge_one(self, change: Change) -> list[Objection]:
        source, text = change.span.text, change.rendition.text
        lost = [level for level in dict.fromkeys(_LEVEL.findall(source)) if level not in text]
        if not lost:
            return []
        needs = tuple(level for level in lost if source.count(level) <= _FEW)
        return [Objection(change, self.name, f"nothing would be left of {', '.join(lost)}", needs, hard=False)]
