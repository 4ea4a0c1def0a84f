"""Scores on the same queries, keys and values as an independent implementation's (kvpress 0.5.5).

The reference is made by benchmarks/peers/kvpress_reference.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from sparing import inmodel as im
from sparing import registry
from sparing.inmodel.merge import merged_values
from sparing.inmodel.scorers.snapkv import SnapKV

REFERENCE = load_file(Path(__file__).with_name("kvpress_reference.safetensors"))
TOKENS, KEPT = 48, 24


def rotary(positions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The rotary embedding of the reference's model: base 10,000, 8 dimensions."""
    angles = positions[:, None] * 10_000.0 ** (-torch.arange(0, 8, 2) / 8)
    return torch.cat((angles, angles), -1).cos(), torch.cat((angles, angles), -1).sin()


def view(window: int) -> im.LayerView:
    """The reference's layer as a scorer sees it."""
    start = TOKENS - window if window > 0 else 0
    return im.LayerView(
        keys=REFERENCE["keys"],
        values=REFERENCE["values"],
        positions=torch.arange(TOKENS).expand(2, -1),
        queries=REFERENCE["queries"].view(2, 2, TOKENS, 8)[:, :, start:],
        query_positions=torch.arange(start, TOKENS),
        scaling=8**-0.5,
        rotary=rotary,
        layer=1,
    )


SCORERS = {
    **{name: registry.load("scorers", name) for name in ("window", "knorm", "keydiff", "tova", "expected", "h2o")},
    "snapkv": SnapKV(window=16, value_aware=False),
}


@pytest.mark.parametrize("name", SCORERS)
def test_kept_sets_are_the_same(name: str) -> None:
    """The best half of each head, after what each side protects."""
    scorer, theirs = SCORERS[name], REFERENCE[f"score.{name}"]
    ours = scorer.score(view(scorer.window)).clone()
    if name == "window":  # the reference's own window keeps its sinks by score; here the budget protects them
        ours = ours.masked_fill(torch.arange(TOKENS) < 4, float("inf"))
        theirs = theirs + torch.arange(TOKENS) / 1e6
    if name == "tova":  # the reference gives the last token the highest score; here the budget protects it
        ours[:, -1] = theirs[:, -1]
    for mine, reference in zip(ours, theirs, strict=True):
        assert set(mine.topk(KEPT).indices.tolist()) == set(reference.topk(KEPT).indices.tolist())


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("knorm", 0, 48), ("keydiff", 0, 48), ("tova", 0, 47), ("h2o", 0, 48), ("snapkv", 0, 32), ("expected", 4, 48)],
)
def test_scores_are_the_same(name: str, first: int, last: int) -> None:
    """Number for number, where neither side puts a mark of protection."""
    scorer = SCORERS[name]
    ours = scorer.score(view(scorer.window))
    torch.testing.assert_close(ours[:, first:last], REFERENCE[f"score.{name}"][:, first:last], rtol=1e-4, atol=1e-6)


def test_ada_shares_the_budget_in_the_same_way() -> None:
    """As many dropped from each head."""
    counts = im.Ada().head_tokens(REFERENCE["score.knorm"], KEPT, 1)
    assert [TOKENS - count for count in counts] == REFERENCE["ada.dropped_per_head"].tolist()
    assert counts[0] != counts[1]


def test_merging_gives_the_same_values() -> None:
    """What is dropped goes to the same survivors with the same weights."""
    for head in range(2):
        kept = REFERENCE["score.knorm"][head].topk(KEPT).indices.sort().values
        ours = merged_values(REFERENCE["keys"][head], REFERENCE["values"][head], kept)
        torch.testing.assert_close(ours, REFERENCE["merged"][head], rtol=1e-5, atol=1e-6)
