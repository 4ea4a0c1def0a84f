"""The embedded model answers from passages: what it says, and how likely the gold answer is to it.

In PyTorch, because llama.cpp's server gives no likelihood of a text of our choosing. Greedy.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sparing.evals.tasks.nq import holds_answer, normal

MODEL = "smollm2-135m-instruct"
_MOST_TOKENS = 32


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a question.

    Attributes:
        text: The model's answer, cut off after 32 tokens.
        gold_nats: Log-likelihood per token of the likeliest gold answer as the answer's first words.
        prompt_tokens: In the model's own tokens, template and question included.
    """

    text: str
    gold_nats: float
    prompt_tokens: int

    def f1(self, answers: Sequence[str]) -> float:
        """Best word F1 with a gold answer, as SQuAD counts it."""
        return max(_f1(self.text, answer) for answer in answers)

    def holds(self, answers: Sequence[str]) -> bool:
        return holds_answer(self.text, tuple(answers))


class Answerer:
    """The embedded model in PyTorch, loaded at once.

    Raises:
        ModelMissing: Its weights are not here.
    """

    def __init__(self) -> None:
        from sparing.generate.weights import locate
        from sparing.inmodel.weights import load_gguf
        from sparing.settings.paths import models_folder

        model, tokenizer = load_gguf(locate(MODEL, models_folder(os.environ)))
        self._model: Any = model
        self._tokenizer: Any = tokenizer

    def count(self, text: str) -> int:
        """Tokens of a text, without a template."""
        return len(self._ids(text))

    def answer(self, user: str, answers: Sequence[str]) -> Answered:
        """Ask once: the prompt is read once, for the answer and for the likelihoods."""
        import torch
        from transformers import DynamicCache

        prompt = self._ids(f"<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n")
        with torch.inference_mode():
            cache = DynamicCache()
            last = self._model(torch.tensor([prompt]), cache=cache, logits_to_keep=1).logits[0, -1]
            gold_nats = max(self._nats(self._ids(answer), last, cache) for answer in answers)
            return Answered(self._greedy(last, cache), gold_nats, len(prompt))

    def _nats(self, ids: Sequence[int], last: Any, cache: Any) -> float:
        import torch

        logits = last[None]
        if len(ids) > 1:
            more = self._model(torch.tensor([ids[:-1]]), cache=cache).logits[0]
            cache.crop(1 - len(ids))  # so many fewer: the next answer starts where this one did
            logits = torch.cat([logits, more])
        told = logits.log_softmax(-1)[range(len(ids)), list(ids)]
        return float(told.mean())

    def _greedy(self, last: Any, cache: Any) -> str:
        import torch

        ids: list[int] = []
        while len(ids) < _MOST_TOKENS:
            token = int(last.argmax())
            if token == self._tokenizer.eos_token_id:
                break
            ids.append(token)
            last = self._model(torch.tensor([[token]]), cache=cache).logits[0, -1]
        return str(self._tokenizer.decode(ids)).strip()

    def _ids(self, text: str) -> list[int]:
        found: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return found


def _f1(said: str, answer: str) -> float:
    a, b = Counter(normal(said).split()), Counter(normal(answer).split())
    shared = (a & b).total()
    return 2 * shared / (a.total() + b.total()) if shared else 0.0
