"""Blocks that stand earlier in the same request become references.

A reference reads ``[… 14 lines as in messages[3], from "def parse(self"]``.
Nothing is lost as long as what is referred to is sent: a reference names the text and the first words of the block, and
`Folded.references` says exactly which stretch it relies on. A block that differs in a few lines is a reference with the
differing lines listed. The text that is left is for reading: JSON with a reference in it no longer parses.

Blocks are found as runs of equal pieces (lines; sentences of very long lines) that start from an equal line or three
equal short ones, and go on over a few replaced lines. Time and memory are linear in the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sparing.core.counter import Counter
from sparing.core.deadline import Deadline
from sparing.core.ladder import Elision, Skip
from sparing.reducers.repeat_index import MOST_PIECES, Match, RepeatIndex, Source

_FEWEST_TOKENS_SAVED = 16  # a reader has to look elsewhere: not for a few words
_SAVED_SHARE = 0.3
_WORDS_CHARS = 28  # first words of a block, enough to find it by


@dataclass(frozen=True, slots=True)
class Reference:
    """A stretch of an earlier text that has to be sent for a fold to make sense. `label` is "" for the text itself."""

    label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Folded:
    """A text with its repeats folded.

    Attributes:
        tokens: Of `text`, exactly.
        elisions: What is left out, in source order, in pieces.
        refers_to: Labels of the texts that it relies on, sorted; the text itself is not among them.
        references: The stretches that it relies on.
        unit: "lines", or "pieces" where very long lines were cut into sentences.
    """

    text: str
    tokens: int
    elisions: tuple[Elision, ...]
    refers_to: tuple[str, ...]
    references: tuple[Reference, ...]
    unit: str


class Seen:
    """What the request has shown so far. `add` every text once, in order; `fold` one against those before it."""

    def __init__(self) -> None:
        self._index = RepeatIndex()

    def add(self, label: str, text: str, elisions: Iterable[Elision] = ()) -> None:
        """Remember a text as it is sent.

        Args:
            label: Where it is, for the reader: ``messages[3]``.
            elisions: What was left out of it; later references never point there.
        """
        self._index.add(label, text, [(elision.start, elision.end) for elision in elisions])

    def forget(self, label: str) -> None:
        """Never refer to this text again."""
        self._index.forget(label)

    def fold(self, text: str, counter: Counter, deadline: Deadline | None = None) -> Folded | Skip:
        """Fold what was added before, and what repeats within `text`; does not add it.

        Raises:
            DeadlineExceeded: On the way.
        """
        source = self._index.cut(text)
        if len(source.ids) > MOST_PIECES:
            return Skip(f"more than {MOST_PIECES:,} lines to compare")
        folds = list(_folds(self._index, source, counter, deadline or Deadline()))
        if not folds:
            return Skip("nothing in it was said before")
        pieces, elisions = _assemble(source, folds)
        folded = "".join(pieces)
        tokens = counter.count(folded)
        if tokens >= counter.count(text):
            return Skip("references would cost more than the repeats")
        references = tuple(_reference(source, match) for match, _ in folds)
        labels = tuple(sorted({reference.label for reference in references} - {""}))
        return Folded(folded, tokens, tuple(elisions), labels, references, source.unit)


def fold_repeats(
    text: str, earlier: Sequence[tuple[str, str]], counter: Counter, deadline: Deadline | None = None
) -> Folded | Skip:
    """Fold what `text` repeats of the texts before it in the request, or of itself.

    To fold many texts of one request, use one `Seen`: each text is then looked at once.

    Args:
        earlier: (label, text) in the order of the request.
    """
    seen = Seen()
    for label, before in earlier:
        seen.add(label, before)
    return seen.fold(text, counter, deadline)


def _folds(index: RepeatIndex, source: Source, counter: Counter, deadline: Deadline) -> Iterator[tuple[Match, str]]:
    """Blocks worth a reference, left to right, with what replaces them."""
    at = 0
    size = len(source.ids)
    steps = 0
    while at < size:
        steps += 1
        if not steps & 511:
            deadline.check()
        match = index.find(source, at)
        if match is not None:
            replacement = _replacement(source, match)
            before = counter.count(source.text[source.bounds[match.at] : source.bounds[match.at + match.size]])
            saved = before - counter.count(replacement)
            if saved >= max(_FEWEST_TOKENS_SAVED, _SAVED_SHARE * before):
                yield match, replacement
                source.hide(match)
                at = match.at + match.size
                continue
            source.reject(match)
        index.show(source, at)
        at += 1


def _replacement(source: Source, match: Match) -> str:
    unit = source.unit if match.size > 1 else source.unit.removesuffix("s")
    start, end = source.bounds[match.at], source.bounds[match.at + match.size]
    ending = source.text[end - 1] if source.text[end - 1].isspace() else ""
    if match.period and match.size > match.period:
        above = f"the {match.period} {source.unit} above" if match.period > 1 else f"the {source.unit[:-1]} above"
        return f"[… {match.size} {unit}: {above}, again and again]{ending}"
    where = f"as in {match.label}" if match.label else "as above"
    words = _first_words(source.text, start, end)
    if not match.except_:
        return f'[… {match.size} {unit} {where}, from "{words}"]{ending}'
    lines = [f'[… {match.size} {unit} {where}, from "{words}", except:]\n']
    for k, n in match.except_:
        differing = source.text[source.bounds[match.at + k] : source.bounds[match.at + k + n]]
        numbers = f"{k + 1}-{k + n}" if n > 1 else f"{k + 1}"
        lines.append(f"[{numbers}] {differing}" + ("" if differing.endswith("\n") else "\n"))
    return f"{''.join(lines)}[… end]{ending}"


def _first_words(text: str, start: int, end: int) -> str:
    words = text[start : min(end, start + 400)].strip().split("\n", 1)[0].strip()
    if len(words) <= _WORDS_CHARS:
        return words
    cut = words.rfind(" ", _WORDS_CHARS // 2, _WORDS_CHARS)
    return words[: cut if cut > 0 else _WORDS_CHARS]


def _assemble(source: Source, folds: Sequence[tuple[Match, str]]) -> tuple[list[str], list[Elision]]:
    pieces: list[str] = []
    elisions: list[Elision] = []
    kept_from = 0
    for match, replacement in folds:
        pieces += [source.text[kept_from : source.bounds[match.at]], replacement]
        kept_from = source.bounds[match.at + match.size]
        at = match.at
        for k, n in (*match.except_, (match.size, 0)):
            if match.at + k > at:
                elisions.append(Elision(source.bounds[at], source.bounds[match.at + k], match.at + k - at))
            at = match.at + k + n
    pieces.append(source.text[kept_from:])
    return pieces, elisions


def _reference(source: Source, match: Match) -> Reference:
    if match.period:
        return Reference("", source.bounds[match.at - match.period], source.bounds[match.at])
    return Reference(match.label, match.start, match.end)
