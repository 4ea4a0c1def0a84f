"""What a trace costs through a cascade: the large model alone, after a small one, and shown what that said."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from sparing.core.prices import Prices
from sparing.core.usage import Usage
from sparing.evals.simulate.arrivals import Arrival
from sparing.generate.drafted import KEEP_TOKENS, NOTE_TOKENS, pays

Share = Annotated[float, Meta(ge=0, le=1)]
WAYS = ("large alone", "no drafts", "drafts always", "drafts auto")


class CascadeModel(Struct, frozen=True, forbid_unknown_fields=True):
    """A cascade, as measured on one's own traffic.

    Attributes:
        enough: Share of the small answers that are passed on.
        kept: Share of the others that the large model keeps when it is shown them.
    """

    small: str
    large: str
    enough: Share
    kept: Share


def costs(
    arrivals: Sequence[Arrival], small: Prices, large: Prices, model: CascadeModel, seed: int
) -> dict[str, float]:
    """USD for the whole trace, by way. Answers of both models are as long as the trace says."""
    rng, usd = random.Random(seed), dict.fromkeys(WAYS, 0.0)
    output_price = large.output_usd / large.input_usd if large.input_usd else 1.0
    for arrival in arrivals:
        said = arrival.output_tokens
        alone = large.cost_usd(Usage(arrival.input_tokens, said))
        tried = small.cost_usd(Usage(arrival.input_tokens, said))
        enough, kept = rng.random() < model.enough, rng.random() < model.kept
        read = arrival.input_tokens + said + round(NOTE_TOKENS)
        shown = large.cost_usd(Usage(read, KEEP_TOKENS if kept else said))
        is_shown = pays(said, model.kept, output_price)
        usd["large alone"] += alone
        for way, then in (
            ("no drafts", alone),
            ("drafts always", shown),
            ("drafts auto", shown if is_shown else alone),
        ):
            usd[way] += tried if enough else tried + then
    return usd
