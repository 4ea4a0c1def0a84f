"""Each citation, each quotation and each claim of an answer, held to the passages that it was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sparing.core.passage import Passage
from sparing.finish.grounded.claims import Said, claims_of
from sparing.finish.grounded.marks import without_marks
from sparing.finish.grounded.quotes import Found, find
from sparing.finish.grounded.sources import evidence
from sparing.finish.grounded.support import Borne, borne_out
from sparing.finish.grounded.tables import parted_by, ruled
from sparing.retrieval import Source

UNSUPPORTED = "[unsupported]"
Unsupported = Literal["mark", "remove", "keep"]
How = Literal["exact", "fuzzy", "borne out", "aligned"]


@dataclass(frozen=True, slots=True)
class Checks:
    """What becomes of an answer that is checked.

    Attributes:
        unsupported: ``mark`` adds ``[unsupported]`` behind a claim that no passage bears out, ``remove`` takes the
            sentence out, ``keep`` leaves the text alone.
        attach: Cite for a sentence that cites nothing, or the wrong passage, where a passage bears it out.
    """

    unsupported: Unsupported = "mark"
    attach: bool = True


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage that bears out a claim.

    Attributes:
        number: The passage's.
        place: Where in the source.
        quote: The words of the passage, as they stand there.
        how: A quotation found ``exact`` or ``fuzzy`` (see `quotes.Found`); ``borne out``: the answer cites the passage
            and its words say so; ``aligned``: likewise, but it was us who cited.
    """

    number: int
    source: str
    place: str
    quote: str
    how: How


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer.

    Attributes:
        text: As the model wrote it.
        start: First character in what the model wrote.
        end: Character after the last.
        cited: The passages that the model cites for it.
        citations: Those that bear it out.
        why: What stands against it; "" where nothing does.
    """

    text: str
    start: int
    end: int
    cited: tuple[int, ...]
    citations: tuple[Citation, ...]
    why: str

    @property
    def supported(self) -> bool:
        return bool(self.citations)


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer, and what it stands on.

    Attributes:
        answer: As it is to be shown.
        said: As the model wrote it.
    """

    answer: str
    said: str
    claims: tuple[Claim, ...]

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Those of all claims, each once, in order."""
        return tuple(dict.fromkeys(citation for claim in self.claims for citation in claim.citations))

    @property
    def unsupported(self) -> tuple[Claim, ...]:
        return tuple(claim for claim in self.claims if not claim.supported)

    @property
    def grounded(self) -> bool:
        """Whether any claim is borne out."""
        return any(claim.supported for claim in self.claims)


def check_citations(
    answer: str, sources: Sequence[Source], *, question: str = "", checks: Checks | None = None
) -> Checked:
    """Hold an answer to its sources.

    A sentence is held to the passages that it cites; one that cites none, to those that its paragraph cites; where
    these do not bear it out and `Checks.attach` says so, to all. Its quotations have to stand in one of them, and the
    rest of it has to be borne out by rules (`grounded/support.py`). Code blocks and JSON are left alone.

    Args:
        question: What was asked; a short answer is read together with it.
    """
    checks = checks or Checks()
    said = claims_of(answer)
    by_number = {source.number: source for source in sources}
    paragraphs: dict[int, tuple[int, ...]] = {}
    for sentence in said:
        paragraphs[sentence.paragraph] = (*paragraphs.get(sentence.paragraph, ()), *sentence.numbers)
    claims = tuple(_judge(sentence, paragraphs[sentence.paragraph], by_number, question, checks) for sentence in said)
    return Checked(_shown(answer, said, claims, checks), answer, claims)


def _judge(
    sentence: Said, around: Sequence[int], sources: Mapping[int, Source], question: str, checks: Checks
) -> Claim:
    own = sentence.numbers
    cited = [sources[number] for number in (own or tuple(dict.fromkeys(around))) if number in sources]
    found, why = _borne_out(sentence, cited, question, "borne out" if cited else "aligned")
    if not cited:
        why = f"there is no passage {own[0]}" if own else "it cites no passage"
    if not found and checks.attach:
        rest = [source for source in sources.values() if source not in cited]
        found, against = _borne_out(sentence, rest, question, "aligned")
        found = found[:1]
        why = why if cited or own else against or why
    return Claim(
        sentence.text,
        sentence.start,
        sentence.end,
        own,
        tuple(found),
        "" if found and cited else why if not found else "",
    )


def _borne_out(sentence: Said, sources: Iterable[Source], question: str, how: How) -> tuple[list[Citation], str]:
    """The passages that bear a sentence out, best first, and what stands against the one that comes nearest."""
    good: list[tuple[float, Citation]] = []
    nearest, why = -1.0, ""
    for source in sources:
        share, citation, against = _held_to(sentence, source, question, how)
        if citation:
            good.append((share, citation))
        elif share > nearest:
            nearest, why = share, against
    good.sort(key=lambda one: -one[0])
    return [citation for _, citation in good], why


def _held_to(sentence: Said, source: Source, question: str, how: How) -> tuple[float, Citation | None, str]:
    text, heads = evidence(source), source.passage.heads
    places = [_find(quote.text, text, heads) for quote in sentence.quotations]
    if None in places:
        lost = sentence.quotations[places.index(None)]
        return 0.0, None, f"“{_short(lost.text)}” is not in [{source.number}]"
    quotes = [place for place in places if place is not None]
    borne = _judged(sentence.plain, text, question, source.passage)
    if borne.why and (borne.contradicts or not quotes):
        return borne.share, None, f"[{source.number}]: {borne.why}"
    quote = quotes[0].text if quotes else text[borne.start : borne.end]
    told: How = _kind(quotes) if quotes and how == "borne out" else how
    passage = source.passage
    return 1 + borne.share, Citation(source.number, passage.source, passage.place, quote, told), ""


def _judged(claim: str, text: str, question: str, passage: Passage) -> Borne:
    separator = parted_by(passage)
    if not separator:
        return borne_out(claim, text, question, passage.heads)
    if claim in map(str.strip, text.splitlines()):  # a row as it stands there
        claim = ruled(claim, separator)
    return borne_out(claim, ruled(text, separator), question, ruled(passage.heads, separator))


def _find(quotation: str, *texts: str) -> Found | None:
    return next((found for text in texts if (found := find(quotation, text))), None)


def _kind(quotes: Sequence[Found]) -> How:
    return "exact" if all(quote.how == "exact" for quote in quotes) else "fuzzy"


def _short(text: str, most: int = 60) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _shown(answer: str, said: Sequence[Said], claims: Sequence[Claim], checks: Checks) -> str:
    """The answer with marks where they are due; everything else letter for letter."""
    parts: list[str] = []
    at = 0
    for sentence, claim in zip(said, claims, strict=True):
        parts.append(answer[at : sentence.start])
        parts.append(_told(sentence, claim, checks))
        at = sentence.end
        if not parts[-1]:  # taken out: the blank behind it goes too
            at += len(answer[at:]) - len(answer[at:].lstrip(" \t"))
    return "".join([*parts, answer[at:]])


def _told(sentence: Said, claim: Claim, checks: Checks) -> str:
    if checks.unsupported == "keep" and not claim.supported:
        return sentence.text
    if not claim.supported:
        return "" if checks.unsupported == "remove" else f"{sentence.text} {UNSUPPORTED}"
    attached = [citation.number for citation in claim.citations if citation.how == "aligned"]
    if not attached:
        return sentence.text
    text = without_marks(sentence.text) if sentence.marks else sentence.text
    return f"{text} [{attached[0]}]"
