"""A grounded answer, printed: the answer, what it rests on, and what that took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparing.cli.output import counted, harmless, note, seconds, write
from sparing.finish.grounded.sources import title

if TYPE_CHECKING:
    from sparing.cli.chat import Reply
    from sparing.finish.citations import Citation
    from sparing.finish.grounded.answer import Grounded

_QUOTE_CHARS = 300
_HOW = {"exact": "", "fuzzy": " (but for case, blanks and signs)", "borne out": "", "aligned": " (cited by Sparing)"}


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and who gave it.

    Attributes:
        model: "" where no model was asked.
        where: Who answered, in words.
        replies: Of the model, one per time that it was asked.
        total_s: From question to answer.
        shown: Whether the answer was printed as it came.
    """

    grounded: Grounded
    model: str
    where: str
    replies: tuple[Reply, ...]
    total_s: float
    shown: bool = False


def print_told(told: Told) -> None:
    """The answer and its sources on stdout, the account on stderr."""
    grounded = told.grounded
    parts = [] if told.shown else [grounded.answer]
    parts += [] if grounded.abstained else _sources(told)
    write("\n" * told.shown + harmless("\n\n".join(parts)) + "\n")
    note(_account(told))


def told_dict(told: Told) -> dict[str, Any]:
    """The same for programs."""
    grounded, retrieved = told.grounded, told.grounded.retrieved
    checked = grounded.checked
    return {
        "question": retrieved.question,
        "answer": grounded.answer,
        "abstained": bool(grounded.abstained),
        "why_abstained": grounded.abstained or None,
        "said": grounded.said,
        "claims": [
            {
                "text": claim.text,
                "supported": claim.supported,
                "cited": list(claim.cited),
                "rests_on": [citation.number for citation in claim.citations],
                "why_not": claim.why or None,
            }
            for claim in (checked.claims if checked else ())
        ],
        "citations": [_citation(citation) for citation in (checked.citations if checked else ())],
        "checked": checked is not None,
        "passages": {
            "fetched": len(retrieved.fetched),
            "sent": [
                {
                    "number": source.number,
                    "source": source.passage.source,
                    "place": source.passage.place,
                    "text": source.text,
                    "tokens": source.tokens,
                    "worth": round(source.worth, 4),
                }
                for source in retrieved.sources
            ],
        },
        "tokens": {
            "passages": retrieved.tokens,
            "budget": retrieved.budget_tokens,
            "prompt": sum(reply.prompt_tokens for reply in told.replies) if told.replies else None,
            "answer": sum(reply.answer_tokens for reply in told.replies) if told.replies else None,
        },
        "asked_again": grounded.widened,
        "model": told.model or None,
        "upstream": told.where,
        "seconds": round(told.total_s, 3),
    }


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "number": citation.number,
        "source": citation.source,
        "place": citation.place,
        "quote": citation.quote,
        "how": citation.how,
    }


def _sources(told: Told) -> list[str]:
    """What each passage is cited for; of an answer that was not checked, all passages that were sent."""
    checked = told.grounded.checked
    if checked is None:
        return ["\n".join(f"[{source.number}] {title(source)}" for source in told.grounded.retrieved.sources)]
    cited: dict[int, list[Citation]] = {}
    for citation in checked.citations:
        cited.setdefault(citation.number, []).append(citation)
    return [_cited(number, cited[number]) for number in sorted(cited)]


def _cited(number: int, citations: list[Citation]) -> str:
    first = citations[0]
    lines = [f"[{number}] {', '.join(part for part in (first.source, first.place) if part)}"]
    for quote, how in dict.fromkeys((citation.quote, citation.how) for citation in citations):
        words = " ".join(quote.split())
        short = words if len(words) <= _QUOTE_CHARS else f"{words[:_QUOTE_CHARS]}…"
        lines.append(f"    “{short}”{_HOW[how]}")
    return "\n".join(lines)


def _account(told: Told) -> str:
    grounded, retrieved = told.grounded, told.grounded.retrieved
    about = "" if retrieved.exact else "~"
    parts = [
        f"{len(retrieved.sources)} of {counted(len(retrieved.fetched), 'passage')}, {about}{retrieved.tokens:,} tokens",
        *([f"no answer: {grounded.abstained}"] if grounded.abstained else []),
    ]
    checked = grounded.checked
    if checked and checked.claims and not grounded.abstained:
        borne = len(checked.claims) - len(checked.unsupported)
        parts.append(f"{borne} of {counted(len(checked.claims), 'claim')} borne out")
    if grounded.widened:
        parts.append("asked again with more passages")
    parts.append(f"answered in {seconds(1000 * told.total_s)} by {told.where}")
    return "; ".join(parts)
