"""`docs/cache.md` says what is so."""

from __future__ import annotations

import random
from pathlib import Path

from sparing.generate.cache.requests import FORMS
from sparing.generate.cache.semantic import bound, similar, wording
from sparing.generate.cache.semantic.bound import CONFIDENCE, NEVER, Bound
from sparing.generate.cache.semantic.evidence import Evidence
from sparing.settings.cache import CacheSettings

PAGE = " ".join((Path(__file__).parents[2] / "docs" / "cache.md").read_text("utf-8").split())


def test_the_numbers_in_the_page() -> None:
    """Defaults, bounds, shares, and how many lookups it takes at least."""
    cache = CacheSettings()
    assert f"max_wrong_percent = {cache.max_wrong_percent:g}" in PAGE
    assert f"`cache.max_answer_bytes` ({cache.max_answer_bytes // 1_000_000} MB)" in PAGE
    assert f"of more than {similar._MOST_CHARS:,} characters" in PAGE
    assert f"for {len(wording._LANGUAGES)} languages" in PAGE
    assert f"confidence of {CONFIDENCE:.3%}".replace("%", " %") in PAGE
    assert f"({bound._AUDITS_YOUNG:.0%} at first, falling to {bound._AUDITS:.0%})".replace("%", " %") in PAGE
    cold = Bound(cache.max_wrong_percent / 100, rng=random.Random(0))
    while cold.threshold == NEVER:
        cold.learn(Evidence(0.9), right=True)
    assert f"takes {cold.num_labels:,} lookups at least" in PAGE
    assert f"A tenth of the labels goes to that, until there are {bound.MOST_LESSONS}" in PAGE
    assert bound.LESSONS == 0.1


def test_the_fields_that_do_not_count() -> None:
    """Each is named."""
    assert all(f"`{field}`" in PAGE for form in FORMS.values() for field in form.volatile)
