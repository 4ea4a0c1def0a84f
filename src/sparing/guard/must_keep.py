"""What may never be dropped: what the caller pins, and what the question names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sparing.core.verdict import Change, Objection

# Numbers with two or more digits, and words that carry a digit, an underscore, a dot, a slash, an at sign or an inner
# capital: order ids, hosts, paths, file names, e-mail addresses, identifiers. And whatever stands in quotes.
_NAMED = re.compile(
    r"""(?<![\w.@/-])(?=[\w.@/:#-]*(?:\d\d|[a-z][A-Z]|\w[_@/]\w|[A-Za-z]\d|\d[A-Za-z]))[\w#](?:[\w.@/:#-]*\w)?"""
)
_RARE = 3
_QUOTED = re.compile(r""""([^"\n]{2,80})"|“([^”\n]{2,80})”|`([^`\n]{2,80})`|«([^»\n]{2,80})»""")


class MustKeep:
    """Objects when a pinned string, or an identifier named in the question, was in the source and is gone."""

    name = "must_keep"

    def judge(self, changes: Sequence[Change], pins: tuple[str, ...]) -> list[Objection]:
        return [objection for change in changes for objection in self._judge_one(change, pins)]

    def _judge_one(self, change: Change, pins: tuple[str, ...]) -> Iterator[Objection]:
        source, text = change.span.text, change.rendition.text
        lost = [pin for pin in pins if pin and source.count(pin) > text.count(pin)]
        if lost:
            yield Objection(change, self.name, f"would drop pinned {_short(lost)}", tuple(lost))
        if not change.rendition.elisions:
            return  # it leaves nothing out: the name is written otherwise, or stands where this refers to
        named = named_in(change.question.text) if change.question else []
        gone = [name for name in named if name in source and name not in text]
        if gone:
            # The rare ones that are still there are asked for too, or they would be what goes next time.
            needs = (name for name in named if name in gone or 0 < source.count(name) <= _RARE)
            yield Objection(change, self.name, f"the question names {_short(gone)}", tuple(needs), hard=False)


def named_in(question: str) -> list[str]:
    """Identifiers, numbers and quotations in a question, each once, in order."""
    quoted = ["".join(groups) for groups in _QUOTED.findall(question)]
    return list(dict.fromkeys([*quoted, *_NAMED.findall(question)]))


def _short(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
