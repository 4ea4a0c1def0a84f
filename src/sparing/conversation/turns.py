"""A request cut into turns, each known by a digest of everything up to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from sparing.core.question import Question
from sparing.core.span import Kind, Prompt, Span
from sparing.plan.zones import Parts, Piece

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Turn:
    """What was added between two answers of the model, the earlier answer included.

    Attributes:
        first: Number of its first piece among all pieces of the request.
        asked: The users' words in it.
        spans: Everything in it that costs tokens.
        digest: Of this turn and all before it; equal digests mean equal turns, in every request.
    """

    block: int
    first: int
    pieces: tuple[Piece, ...]
    asked: tuple[Span, ...]
    spans: tuple[Span, ...]
    digest: bytes

    @property
    def spoken(self) -> Iterator[Span]:
        """Texts that are sent as they are, which later turns may refer to."""
        reduced = {piece.span.literal for piece in self.pieces}
        return (span for span in self.spans if span.literal is None or span.literal not in reduced)


def cut_turns(prompt: Prompt, parts: Parts, start: bytes) -> tuple[list[Turn], Sequence[Span]]:
    """The turns of a request, oldest first; and the beginning of the answer that is asked for, if there is one.

    That beginning is in no turn: next time it is part of the answer that opens another.

    Args:
        start: Stands for what every turn depends on beside the conversation: the policy, the counter.
    """
    spans, opening = _without_opening(prompt.spans)
    of_block, pieces, asked = _by_block(spans), _by_block(parts.pieces), _by_block(parts.said)
    turns: list[Turn] = []
    digest, first = start, 0
    for block in range(prompt.newest_block + 1):
        in_block, own = tuple(of_block.get(block, ())), tuple(pieces.get(block, ()))
        digest = _chained(digest, in_block)
        turns.append(Turn(block, first, own, tuple(asked.get(block, ())), in_block, digest))
        first += len(own)
    return turns, opening


def with_later_words(turns: Sequence[Turn]) -> list[Piece]:
    """All pieces, each judged by what the users say in later turns too."""
    words: list[str] = []
    pieces: list[Piece] = []
    for turn in reversed(turns):
        pieces += [replace(piece, question=_joined(piece.question, words)) for piece in reversed(turn.pieces)]
        words = [*(span.text for span in turn.asked), *words]
    return pieces[::-1]


def _joined(question: Question | None, words: Sequence[str]) -> Question | None:
    text = "\n".join([*([question.text] if question else ()), *words]).strip()
    return Question(text) if text else None


def _without_opening(spans: Sequence[Span]) -> tuple[Sequence[Span], Sequence[Span]]:
    last = max((span.message for span in spans if span.kind is not Kind.ASSISTANT), default=-1)
    opening = [span for span in spans if span.kind is Kind.ASSISTANT and span.message > last]
    return ([span for span in spans if span not in opening] if opening else spans), opening


def _by_block(items: Sequence[Span] | Sequence[Piece]) -> dict[int, list]:  # type: ignore[type-arg]
    blocks: dict[int, list[Span | Piece]] = {}
    for item in items:
        blocks.setdefault((item if isinstance(item, Span) else item.span).block, []).append(item)
    return blocks


def _chained(digest: bytes, spans: Sequence[Span]) -> bytes:
    chained = blake2b(digest, digest_size=_DIGEST_BYTES)
    for part in _parts(spans):
        chained.update(part)
    return chained.digest()


def _parts(spans: Sequence[Span]) -> Iterator[bytes]:
    for span in spans:
        text = span.text.encode("utf-8", "surrogatepass")
        head = (span.kind, span.label, span.zone, span.tool, span.pair, span.literal is None, span.tokens, len(text))
        yield repr(head).encode("utf-8", "surrogatepass")
        yield text
