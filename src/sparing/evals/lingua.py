"""The published ways of dropping tokens by a small model's surprise, on the embedded model's weights.

LLMLingua (Jiang et al. 2023, "LLMLingua: compressing prompts for accelerated inference of large language models"):
passages by their perplexity, highest first, until the budget and a hundred tokens are full; then, in segments, the
tokens that surprise most, each segment read behind what was kept of those before it. LongLLMLingua (Jiang et al. 2024):
passages by how likely they make the question, best first and reordered, more tokens left to the better ones, and
tokens by how much less they surprise behind the question (contrastive perplexity). Written from the papers; the model
is SmolLM2-135M in PyTorch on one thread, where they used LLaMA-7B: count on half a minute per text.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

from sparing.evals.method import Method
from sparing.evals.minilm import passage_bounds

_SEGMENT = 200  # tokens read at a time
_EXTRA_TOKENS = 100  # of passages beside the budget, for the tokens' choice
_DYNAMIC = 0.3  # how far apart the first and the last passage's share of kept tokens are
_HINT = " We can get the answer to this question in the given documents."
_MODEL = "smollm2-135m-instruct"


@dataclass(frozen=True, slots=True)
class Scorer:
    """A causal language model and its tokenizer."""

    model: Any
    tokenizer: Any

    def ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def losses(self, ids: Sequence[int]) -> list[float]:
        """Surprise of each token in nats; the first one surprises nobody."""
        import torch

        with torch.inference_mode():
            inputs = torch.tensor([list(ids)])
            told = self.model(inputs[:, :-1]).logits[0].float().log_softmax(-1)
            found = -told[torch.arange(told.shape[0]), inputs[0, 1:]]
        return [0.0, *found.tolist()]


def llmlingua() -> Method:
    """Without the question. `missing` says what it lacks."""
    return _method("llmlingua", asks=False)


def longllmlingua() -> Method:
    """With the question."""
    return _method("longllmlingua", asks=True)


def _method(name: str, *, asks: bool) -> Method:
    lacking = [module for module in ("torch", "transformers", "gguf") if find_spec(module) is None]

    def shorten(text: str, question: str, budget_tokens: int | None) -> str:
        return compress(_scorer(), text, question if asks else "", budget_tokens or 0)

    return Method(name, shorten, missing=f"{lacking[0]} is not installed" if lacking else "")


@lru_cache(maxsize=1)
def _scorer() -> Scorer:
    import torch

    from sparing.generate.weights import locate
    from sparing.inmodel.weights import load_gguf
    from sparing.settings.paths import models_folder

    torch.set_num_threads(1)
    return Scorer(*load_gguf(locate(_MODEL, models_folder(os.environ))))


def compress(scorer: Scorer, text: str, question: str, budget_tokens: int) -> str:
    """The text cut down to about so many tokens; with a question as LongLLMLingua, without as LLMLingua."""
    passages = [scorer.ids(text[a:b]) for a, b in pairwise(passage_bounds(text))]
    passages = [ids for ids in passages if len(ids) > 1]
    order = _ranked(scorer, tuple(map(tuple, passages)), question)
    chosen: list[int] = []
    held = 0
    for at in order:
        chosen.append(at)
        held += len(passages[at])
        if held >= budget_tokens + _EXTRA_TOKENS:
            break
    read = chosen if question else sorted(chosen)
    share = min(1.0, budget_tokens / max(1, held))
    shares = _shares(len(read), share) if question else [share] * len(read)
    kept = _kept(scorer, [passages[at] for at in read], shares, question)
    return str(scorer.tokenizer.decode(kept[:budget_tokens]))


@lru_cache(maxsize=512)
def _ranked(scorer: Scorer, passages: tuple[tuple[int, ...], ...], question: str) -> list[int]:
    if not question:
        surprise = [sum(scorer.losses(ids)) / len(ids) for ids in passages]
        return sorted(range(len(passages)), key=lambda at: -surprise[at])
    asked = scorer.ids(f"\n\n{question}{_HINT}")
    surprise = []
    for ids in passages:
        surprise.append(sum(scorer.losses([*ids, *asked])[-len(asked) :]) / len(asked))
    return sorted(range(len(passages)), key=lambda at: surprise[at])


def _shares(size: int, share: float) -> list[float]:
    """More of the first, less of the last, the same together."""
    if size == 1:
        return [share]
    return [min(1.0, max(0.0, share + _DYNAMIC * (0.5 - at / (size - 1)))) for at in range(size)]


def _kept(scorer: Scorer, passages: Sequence[Sequence[int]], shares: Sequence[float], question: str) -> list[int]:
    """Tokens that surprise most: segment by segment, each read behind what was kept."""
    kept: list[int] = []
    asked = scorer.ids(f"{question}\n\n") if question else []
    for ids, share in zip(passages, shares, strict=True):
        for start in range(0, len(ids), _SEGMENT):
            segment = ids[start : start + _SEGMENT]
            most = round(len(segment) * share)
            if most:
                worth = _surprise(scorer, kept, segment)
                if asked:
                    told = _surprise(scorer, [*asked, *kept], segment)
                    worth = [a - b for a, b in zip(worth, told, strict=True)]
                best = sorted(sorted(range(len(segment)), key=lambda i: -worth[i])[:most])
                kept += [segment[i] for i in best]
    return kept


def _surprise(scorer: Scorer, before: Sequence[int], segment: Sequence[int]) -> list[float]:
    return scorer.losses([*before, *segment])[len(before) :]
