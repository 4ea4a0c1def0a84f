"""The strong model is shown the weak one's answer: where it would say the same, a word is enough.

A word costs a few output tokens where the answer costs hundreds; what it costs is reading the draft, at the price of
input and behind everything that the provider cached. What the caller gets is the weak answer itself, or the strong
model's own; never the note.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sparing.core.upstream import Answer
from sparing.generate.asked import Asked
from sparing.generate.begun import Begun
from sparing.generate.draft import Draft, read_draft
from sparing.generate.held import MOST_BYTES

KEEP = "=KEEP="
_NOTE = """\
---
A faster assistant proposed the answer below. Judge it yourself: it may be wrong or incomplete.
<proposed_answer>
{draft}
</proposed_answer>
If you would answer just that, write only {keep}. Otherwise write your own answer to what was asked above, in full, \
and mention neither this note nor the proposed answer."""
_SPEAKS_OF_IT = ("proposed answer", "proposed_answer", KEEP.lower())
_CHARS_PER_TOKEN = 4
KEEP_TOKENS = 5
NOTE_TOKENS = len(_NOTE) / _CHARS_PER_TOKEN  # beside the draft
_MOST_CHARS = 6000  # of a draft
_LOOKED_AT_CHARS = 64  # of the strong answer, before any of it is passed on
_MOST_READ_BYTES = 16 * MOST_BYTES  # of an answer that thinks before it says anything
_SOONER = 1.05  # growth of what was read after which it is looked at again

Kind = Literal["kept", "replaced", "unusable"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the strong model made of a draft.

    Attributes:
        kind: ``kept``: it would say the same. ``replaced``: `answer` is its own. ``unusable``: it cannot be told, or it
            speaks of the draft.
        body: What was read of the answer.
    """

    kind: Kind
    answer: Answer
    body: bytes


def may_be_shown(asked: Asked, draft: Draft) -> bool:
    """Whether a draft that is no veto's may be: not where the answer has to be JSON, which a word is not."""
    text = draft.text.lower()
    return (
        not asked.wants_json
        and not asked.in_tool_loop
        and 0 < len(draft.text) <= _MOST_CHARS
        and not any(words in text for words in _SPEAKS_OF_IT)
    )


def note(draft: Draft) -> str:
    """What is put at the end of the prompt."""
    return _NOTE.format(draft=draft.text.strip(), keep=KEEP)


def answer_tokens(draft: Draft) -> float:
    """About how many tokens a draft has."""
    return len(draft.text) / _CHARS_PER_TOKEN


def pays(tokens: float, kept_share: float, output_price: float) -> bool:
    """Whether showing a draft of so many tokens costs less than it spares.

    Args:
        kept_share: How often a draft is kept, 0..1.
        output_price: Of a token of the answer, where one of the prompt costs 1.
    """
    return kept_share * (tokens - KEEP_TOKENS) * output_price > tokens + NOTE_TOKENS


async def verdict(answer: Answer, wire: str) -> Verdict:
    """Read as much of the strong answer as tells whether the draft is kept.

    Of a kept one the rest is read, as long as it is short: its end says what it cost.

    Raises:
        UpstreamUnreachable, UpstreamTimeout: It broke off before that.
    """
    if answer.headers.get("content-encoding", "identity") != "identity":
        return Verdict("unusable", answer, b"")
    streams = "event-stream" in answer.headers.get("content-type", "")
    rest, read, looked_at = answer.chunks(), bytearray(), 0.0
    kind: Kind | None = None
    try:
        async for chunk in rest:
            read += chunk
            if len(read) > _MOST_READ_BYTES:
                return Verdict("unusable", answer, bytes(read))
            if streams and kind is None and len(read) >= looked_at:
                looked_at = len(read) * _SOONER
                kind = _kind(read_draft(wire, bytes(read)).text, whole=False)
            if kind in ("replaced", "unusable") or (kind == "kept" and _rambles(wire, read)):
                break
        else:
            kind = kind if kind == "kept" else _kind(read_draft(wire, bytes(read)).text, whole=True)
    except BaseException:
        await answer.aclose()
        raise
    body = bytes(read)
    return Verdict(kind or "unusable", Begun(answer, rest, body), body)


def _kind(text: str, *, whole: bool) -> Kind | None:
    """None while it is not known yet."""
    said = text.lstrip(" \n\t\"'`*")
    if said.startswith(KEEP):
        return "kept"
    if not whole and len(said) < _LOOKED_AT_CHARS:
        return None
    begin = said[: None if whole else _LOOKED_AT_CHARS].lower()
    return "unusable" if any(words in begin for words in _SPEAKS_OF_IT) else "replaced"


def _rambles(wire: str, read: bytearray) -> bool:
    """Whether a model that has kept the draft goes on talking: nobody needs that."""
    return len(read_draft(wire, bytes(read)).text.strip()) > len(KEEP) + _LOOKED_AT_CHARS
