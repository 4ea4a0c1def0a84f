"""Questions about a document that was pasted turns ago: is the evidence still there, and does the cache hold?

XQuAD: an article (or four of them, 20 paragraphs) is pasted with question 1; further questions follow, a turn each,
with the gold answer as the assistant's answer between. Evidence is the sentence that holds the gold answer (see
`xquad`); it has to stand anywhere in the request that is sent for its turn, except in what the assistant said.

Beside Sparing as it is, two ways of doing without what it does for follow-ups; see `pasted`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sparing import registry
from sparing.evals.data import provenance
from sparing.evals.pasted import ARTICLES, QUESTIONS, Asked, conversations, frozen, replanned
from sparing.evals.progress import Progress, track
from sparing.evals.report import Report, Table
from sparing.evals.stats import Estimate, estimate
from sparing.evals.svg import Chart, Series, Spot
from sparing.evals.task import Bench, Draw, Tally
from sparing.evals.tasks import xquad
from sparing.evals.traffic.others import tried
from sparing.evals.traffic.prefix import PrefixTest, prefix_test, rebilled_share
from sparing.evals.traffic.sender import Posted, Sender, as_sent, sparing
from sparing.settings import PolicySettings

_METHODS = ("sparing", "frozen", "replanned", "unreduced")


@dataclass(frozen=True, slots=True)
class Line:
    """One method on one kind of document; a tally per conversation."""

    method: str
    document: str
    first: Estimate
    later: Estimate
    rebilled: Estimate
    kept: float
    languages: dict[str, float]


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """n conversations per kind of document and language; the option is a language or ``all`` (default English)."""
    languages = xquad.LANGUAGES if draw.option == "all" else (draw.option or "en",)
    asked = [one for language in languages for kind in ARTICLES for one in conversations(draw, language, kind)]
    senders = {name: _SENDERS[name](tried("")) for name in names or _METHODS}
    lines: list[Line] = []
    with track("followup", len(senders) * len(asked)) as progress:
        for name, sender in senders.items():
            progress.show(name)
            tests = [(one, *_sent(one, sender, progress)) for one in asked]
            lines += [_line(name, kind, [t for t in tests if t[0].document == kind], draw) for kind in ARTICLES]
    notes = [
        f"{len(asked)} conversations of up to {QUESTIONS} questions in {', '.join(languages)}; intervals by bootstrap "
        "over conversations.",
        "*frozen* sends what question 1 left of the document; *replanned* reduces it anew for all questions so far.",
        provenance(xquad.SOURCE, draw.data_dir),
    ]
    return _report(lines, notes, draw)


def _sent(asked: Asked, sender: Sender, progress: Progress) -> tuple[list[bool], PrefixTest]:
    """Whether each turn's evidence was there, and how the prefix fared."""
    known: dict[bytes, Posted] = {}

    def send(wire: str, body: bytes) -> Posted:
        known[body] = sender.send(wire, body)
        return known[body]

    test = prefix_test(asked.conversation, Sender(sender.name, send))
    turns = zip(asked.conversation.turns, asked.evidence, strict=True)
    progress.step()
    return [_is_there(known[turn.body].body, evidence) for turn, evidence in turns], test


def _is_there(body: bytes, evidence: str) -> bool:
    prompt = registry.load("wires", "openai.chat").parse(body)
    texts = (" ".join(span.text.split()) for span in prompt.spans if span.kind != "assistant")
    flat = " ".join(evidence.split())
    return any(flat in text for text in texts)


def _line(method: str, kind: str, tests: Sequence[tuple[Asked, list[bool], PrefixTest]], draw: Draw) -> Line:
    later = {one.conversation.id: Tally(sum(seen[1:]), len(seen) - 1) for one, seen, _ in tests}
    languages = dict.fromkeys(one.language for one, _, _ in tests)
    return Line(
        method,
        kind,
        estimate([Tally(seen[0]) for _, seen, _ in tests], draw.seed),
        estimate(list(later.values()), draw.seed),
        rebilled_share([test for _, _, test in tests], draw.seed),
        sum(test.sent_tokens for _, _, test in tests) / sum(test.log_tokens for _, _, test in tests),
        {
            language: _pooled([later[one.conversation.id] for one, _, _ in tests if one.language == language])
            for language in languages
        },
    )


def _pooled(tallies: Sequence[Tally]) -> float:
    return sum(t.got for t in tallies) / sum(t.of for t in tallies)


_SENDERS: dict[str, Callable[[PolicySettings], Sender]] = {
    "sparing": sparing,
    "frozen": frozen,
    "replanned": replanned,
    "unreduced": lambda _policy: as_sent(),
}


def _report(lines: Sequence[Line], notes: Sequence[str], draw: Draw) -> Report:
    columns = ("method", "evidence of follow-ups (95 % CI)", "of question 1", "prefix re-billed (95 % CI)", "kept")
    tables = [Table(kind, columns, tuple(_row(line) for line in lines if line.document == kind)) for kind in ARTICLES]
    languages = list(lines[0].languages)
    if len(languages) > 1:
        tables += [_by_language(lines, kind, languages) for kind in ARTICLES]
    series = [
        Series(method, tuple(_spot(at, line.later) for at, line in enumerate(own)))
        for method in dict.fromkeys(line.method for line in lines)
        for own in [[line for line in lines if line.method == method]]
    ]
    chart = Chart("Evidence of follow-up questions", "", "% visible", tuple(series), groups=tuple(ARTICLES))
    return Report(
        "followup" + (f":{draw.option}" if draw.option else ""),
        "Follow-up questions about an earlier document",
        tuple(tables),
        (chart,),
        tuple(notes),
        {"n": draw.n, "seed": draw.seed, "lines": [_as_json(line) for line in lines]},
    )


def _row(line: Line) -> tuple[str, ...]:
    return (
        line.method,
        f"{_with_interval(line.later)} {line.later.got:,.0f}/{line.later.of:,.0f}",
        f"{100 * line.first.mean:.1f} {line.first.got:,.0f}/{line.first.of:,.0f}",
        _with_interval(line.rebilled),
        f"{100 * line.kept:.1f} %",
    )


def _by_language(lines: Sequence[Line], kind: str, languages: Sequence[str]) -> Table:
    rows = (
        (line.method, *(f"{100 * line.languages[language]:.0f}" for language in languages))
        for line in lines
        if line.document == kind
    )
    return Table(f"Evidence of follow-ups by language, {kind}, %", ("method", *languages), tuple(rows))


def _with_interval(e: Estimate) -> str:
    return f"{100 * e.mean:.1f} ({100 * e.low:.1f}..{100 * e.high:.1f})"


def _spot(x: int, e: Estimate) -> Spot:
    return Spot(x, 100 * e.mean, 100 * e.low, 100 * e.high)


def _as_json(line: Line) -> dict[str, object]:
    return {
        "method": line.method,
        "document": line.document,
        "followups": line.later.mean,
        "low": line.later.low,
        "high": line.later.high,
        "first": line.first.mean,
        "rebilled": line.rebilled.mean,
        "kept": line.kept,
        "languages": line.languages,
    }


BENCH = Bench("followup", 0, "Follow-up questions about an earlier document", 48, measure, _METHODS)
