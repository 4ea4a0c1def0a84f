"""From examples to curves."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from sparing.core.calibration import Calibration, Signs
from sparing.core.ladder import Elision, Rendition
from sparing.evals.calibration.examples import Example, digest_of, holds
from sparing.evals.calibration.fit import as_json, fit
from sparing.evals.calibration.fitted import curve_of, design_effect, worst_from_here
from sparing.evals.calibration.traces import LEVELS, Trace, trace_by_tiers

PAD = (0.0,) * (len(LEVELS) - 4)


def traced(*losses: float) -> Trace:
    """A text that loses this much at the lowest four levels."""
    size = len(LEVELS)
    signs = Signs(100, 0.1, 0.0, "latin")
    tokens = tuple(range(size))
    return Trace(Example("t", "q"), "x.v1", "prose", (*losses, *PAD), tokens, size, size, signs)


def rendition(text: str, *gone: tuple[int, int]) -> Rendition:
    return Rendition(text, 1, 0.5, "sentences", tuple(Elision(a, b, 1) for a, b in gone), "x.v1")


def test_losses_are_made_monotone_and_summed() -> None:
    """What a higher level loses again counts for all below it."""
    wavy = traced(1.0, 0.0, 1.0, 0.0)
    assert worst_from_here(wavy)[:4] == [1.0, 1.0, 1.0, 0.0]
    curve = curve_of([wavy, traced(1.0, 0.0, 0.0, 0.0)])
    assert curve.lost[:4] == (2.0, 1.0, 1.0, 0.0)
    assert curve.chance[:4] == (1.0, 0.25, 0.25, 0.0)
    assert curve.all_or_nothing
    assert not curve_of([traced(0.5, 0.0, 0.0, 0.0)]).all_or_nothing


def test_texts_that_fail_together_count_for_fewer() -> None:
    """Ten questions about each of forty articles tell less than four hundred of their own; alone each counts in full."""
    losses = [[float(article % 10 == 0)] for article in range(40) for _ in range(10)]
    groups = [article for article in range(40) for _ in range(10)]
    assert 9 < design_effect(losses, groups) < 11
    assert design_effect(losses, list(range(400))) == 1
    assert design_effect(losses, [0] * 400) == 1
    mixed = [losses[(place * 37) % 400] for place in range(400)]
    assert design_effect(mixed, groups) < 2


def test_what_is_needed_is_strings_or_stretches() -> None:
    """All strings, each in any of its forms; of stretches the share of their characters."""
    strings = Example("t", "q", needed=(("3 May", "May 3"), ("Bo",)))
    assert [strings.lost(rendition(text)) for text in ("Bo came on May 3", "Bob came on 3 May", "Bo")] == [0, 1, 1]
    stretches = Example("x" * 100, "q", spans=((10, 20), (50, 60)))
    assert stretches.lost(rendition("", (0, 15), (55, 100))) == 0.5
    assert stretches.lost(rendition("", (20, 50))) == 0
    assert holds("one\n  two", "one two")
    assert not holds("onetwo", "one")


def test_what_models_learned_from_tells_of_the_rules_alone() -> None:
    """The learned tiers would seem to lose less there than they do."""
    sentences = " ".join(f"The clerk of office {n} wrote to harbour {n * 7 % 31}." for n in range(20))
    example = Example(sentences, "Who wrote to harbour 21?", (("harbour 21",),))
    told = [trace_by_tiers(replace(example, trained_on=seen)) for seen in (True, False)]
    assert [[one.scorer for one in some] for some in told] == [  # type: ignore[union-attr]
        ["prose.v1"],
        ["prose.v1", "prose.v1/static", "prose.v1/encoder.v3"],
    ]


def test_the_file_is_a_curve_to_the_line_and_reads_back() -> None:
    """So that a change of one curve is a change of one line."""
    sentences = " ".join(f"The clerk of office {n} wrote to harbour {n * 7 % 31}." for n in range(20))
    example = Example(sentences, "Who wrote to harbour 21?", (("harbour 21",),), source="mine")
    fitted = fit([example, Example("One.", "q", (("One",),), source="mine")])
    text = as_json(fitted.calibration)
    assert msgspec.json.decode(text, type=Calibration) == fitted.calibration
    assert text.count(b"\n") == 1 + len(fitted.calibration.curves) + 1
    assert fitted.skipped == {"one sentence": 1}
    assert fitted.calibration.sources[0].sha256 == digest_of(
        [example, Example("One.", "q", (("One",),), source="mine")]
    )
