"""How well claims are told that a passage bears out from claims that it does not: false refusals, false acceptances.

True claims are sentences of public data, two of them joined, statements made of a question and its answer, and short
answers; false ones are these with one thing changed, or beside another passage (`evals/grounding`). The rules were made
on the groups of the training part; the rest is measured.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from sparing.errors import SettingsError
from sparing.evals.data import provenance
from sparing.evals.grounding.material import Fact, facts
from sparing.evals.grounding.mutate import MUTATIONS
from sparing.evals.progress import track
from sparing.evals.report import Report, Table
from sparing.evals.splits import Split
from sparing.evals.task import Bench, Draw
from sparing.evals.tasks import tatqa, xquad
from sparing.finish.grounded.support import borne_out
from sparing.finish.grounded.units import share, terms_of, units_of
from sparing.guard.summary import unsupported

TRUE = "true"
_SETS = ("xquad", "tatqa")
_UNSEEN: tuple[Split, ...] = ("validation", "test")
_WORDS = 0.6  # of a claim's words, for the method that looks at nothing else

Judge = Callable[[Fact], bool]


def by_rules(fact: Fact) -> bool:
    """As `check_citations` judges a sentence."""
    return not borne_out(fact.claim, fact.passage, fact.question).why


def by_words(fact: Fact) -> bool:
    """Enough of the claim's words are somewhere in the passage."""
    return share(terms_of(fact.claim), units_of(fact.passage)) >= _WORDS


def by_figures(fact: Fact) -> bool:
    """All numbers and identifiers of the claim are somewhere in the passage (`guard/summary.py`)."""
    return by_words(fact) and not unsupported(fact.claim, fact.passage)


METHODS: Mapping[str, Judge] = {"ours": by_rules, "words": by_words, "words and figures": by_figures}


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Judge every true claim and every mutation of it.

    Args:
        names: Of `METHODS`; all by default.
    Raises:
        SettingsError: An unknown method, or data that are not there.
    """
    if unknown := set(names) - METHODS.keys():
        raise SettingsError(f"no method is called {min(unknown)!r}", hint=f"known: {', '.join(METHODS)}")
    methods = names or tuple(METHODS)
    tables, data = [], {}
    for name in _SETS:
        accepted, seen = _count(_drawn(draw, name), methods)
        rows = [_row(key, accepted, seen[key], methods) for key in sorted(seen, key=lambda key: (key[0] != TRUE, key))]
        tables.append(Table(f"{name}, accepted", ("claims", "made from", "n", *methods), tuple(rows)))
        data[name] = [
            {"claims": key[0], "of": key[1], "n": n, **{method: accepted[(*key, method)] for method in methods}}
            for key, n in seen.items()
        ]
    notes = (
        "Of true claims all should be accepted, of the others none.",
        "A number or a name of the same passage, and an answer to another question about it, are the hard ones: every "
        "word of the claim is there.",
        *(provenance(source, draw.data_dir) for source in (xquad.SOURCE, tatqa.SOURCE)),
    )
    return Report("grounding", BENCH.title, tuple(tables), (), notes, data)


def _drawn(draw: Draw, name: str) -> list[Fact]:
    splits = (draw.split,) if draw.split else _UNSEEN
    found = [fact for split in splits for fact in facts(replace(draw, split=split), name)]
    return random.Random(draw.seed).sample(found, draw.n) if len(found) > draw.n else found


def _claims(all_facts: Sequence[Fact]) -> Iterator[tuple[str, Fact]]:
    for fact in all_facts:
        yield TRUE, fact
        rng = random.Random(fact.claim)
        for name, mutate in MUTATIONS.items():
            if (made := mutate(fact, all_facts, rng)) is not None:
                yield name, made


def _count(
    all_facts: Sequence[Fact], methods: Sequence[str]
) -> tuple[Counter[tuple[str, str, str]], Counter[tuple[str, str]]]:
    """How many were accepted by (claims, kind, method), and how many there are by (claims, kind)."""
    accepted: Counter[tuple[str, str, str]] = Counter()
    seen: Counter[tuple[str, str]] = Counter()
    with track("judging", len(all_facts)) as progress:
        for name, fact in _claims(all_facts):
            seen[name, fact.kind] += 1
            for method in methods:
                accepted[name, fact.kind, method] += METHODS[method](fact)
            if name == TRUE:
                progress.step()
    return accepted, seen


def _row(
    key: tuple[str, str], accepted: Mapping[tuple[str, str, str], int], n: int, methods: Sequence[str]
) -> tuple[str, ...]:
    return (*key, str(n), *(f"{100 * accepted.get((*key, method), 0) / n:.1f} %" for method in methods))


BENCH = Bench(
    "grounding", 0, "What passages bear out, told from what they do not", 2_000, measure, tuple(METHODS), True
)
