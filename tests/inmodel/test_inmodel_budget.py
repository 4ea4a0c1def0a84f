"""Budgets in each unit, their floors, and policies as data."""

from __future__ import annotations

import pytest

from sparing import inmodel as im
from sparing.errors import PolicyError, SettingsError


@pytest.mark.parametrize(
    ("budget", "tokens"),
    [
        (im.Budget(tokens=200), 200),
        (im.Budget(fraction=0.25), 250),
        (im.Budget(byte_fraction=0.25), 250),
        (im.Budget(bytes=64_000), 640),
        (im.Budget(fraction=0.001), 36),
    ],
)
def test_every_unit_becomes_tokens(budget: im.Budget, tokens: int) -> None:
    """Of 1,000 tokens at 100 bytes each; a share never goes below the protected ends."""
    assert budget.kept_tokens(1000, 100) == tokens
    assert budget.needed_bytes(1000, 100) == tokens * 100


@pytest.mark.parametrize(("share", "tokens"), [(0.5, 1880), (0.25, 940), (0.001, 36), (1.0, 3760)])
def test_a_share_of_bytes_is_of_the_models_precision(share: float, tokens: int) -> None:
    """1,000 tokens of 376 bytes, stored in 100 each: half of the bytes hold all of them."""
    budget = im.Budget(byte_fraction=share)
    assert budget.kept_tokens(1000, 100, 376) == tokens
    assert budget.needed_bytes(1000, 100, 376) == min(tokens, 1000) * 100


def test_a_prompt_below_its_budget_needs_its_own_bytes() -> None:
    """Admission counts what will be there, not what could be."""
    assert im.Budget(tokens=200).needed_bytes(50, 100) == 5_000


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("2048", im.Budget(tokens=2048)),
        ("50%", im.Budget(fraction=0.5)),
        ("50% of bytes", im.Budget(byte_fraction=0.5)),
        ("12.5 %  OF bytes", im.Budget(byte_fraction=0.125)),
        ("256MiB", im.Budget(bytes=2**28)),
        ("1.5 GB", im.Budget(bytes=1_500_000_000)),
    ],
)
def test_reads_what_people_write(text: str, budget: im.Budget) -> None:
    """Tokens, percent, bytes."""
    assert im.Budget.parse(text) == budget


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"tokens": 100, "fraction": 0.5},
        {"tokens": 35},
        {"fraction": 0.0},
        {"fraction": 1.5},
        {"byte_fraction": 0.0},
        {"byte_fraction": 0.5, "fraction": 0.5},
        {"tokens": 100, "recent": 0},
    ],
)
def test_a_budget_that_contradicts_itself_is_refused(fields: dict) -> None:
    """No unit, two units, below sinks and recent, out of range."""
    with pytest.raises(PolicyError):
        im.Budget(**fields)


def test_bytes_that_do_not_hold_the_ends_are_refused_when_known() -> None:
    """The message says how many tokens they hold."""
    with pytest.raises(PolicyError, match="a budget of 10 tokens"):
        im.Budget(bytes=1000).kept_tokens(1000, 100)


@pytest.mark.parametrize("text", ["", "half", "50 %%", "-3", "10 lightyears"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    """With the forms that are."""
    with pytest.raises(PolicyError, match="MiB"):
        im.Budget.parse(text)


@pytest.mark.parametrize("fields", [{"span_tokens": 2}, {"min_mass": 1.2}, {"min_tokens": -1}])
def test_a_policy_out_of_range_is_refused(fields: dict) -> None:
    """Even spans, shares above one, negative lengths."""
    with pytest.raises(PolicyError):
        im.Policy(**fields)


def test_a_budget_that_was_not_read_is_refused() -> None:
    """With how to read it, before a prompt is."""
    with pytest.raises(PolicyError, match="parse"):
        im.Policy(budget="50%")  # type: ignore[arg-type]


def test_a_policy_comes_back_from_json() -> None:
    """What is saved with a cache is the policy."""
    policy = im.Policy(score="snapkv", budget=im.Budget(bytes=10**6), allocate="ada", span_tokens=3, min_mass=0.9)
    assert im.Policy.from_json(policy.to_json()) == policy


def test_an_unknown_scorer_lists_the_known() -> None:
    """As every other plugin does."""
    with pytest.raises(SettingsError, match="keydiff"):
        im.Policy(score="magic").scorer  # noqa: B018
