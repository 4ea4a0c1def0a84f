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
        return best_f1(self.text, answers)

    def holds(self, answers: Sequence[str]) -> bool:
        return holds_answer(self.text, tuple(answers))


class Answerer:
    """The embedded model in PyTorch, loaded at once. What stands before the question is read once for many questions.

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
        self._read: tuple[str, Any] = ("", None)  # the passages read last, and the cache of them

    def count(self, text: str) -> int:
        """Tokens of a text, without a template."""
        return len(self._ids(text))

    def answer(self, passages: str, question: str, answers: Sequence[str]) -> Answered:
        """Ask a question below these passages."""
        import torch

        asked = self._ids(f"{question}<|im_end|>\n<|im_start|>assistant\n")
        with torch.inference_mode():
            cache = self._cache(passages)
            length = cache.get_seq_length()
            last = self._next(asked, cache)[-1]
            gold_nats = max(self._nats(self._ids(answer), last, cache) for answer in answers)
            text = self._greedy(last, cache)
            cache.crop(length - cache.get_seq_length())
        return Answered(text, gold_nats, length + len(asked))

    def _cache(self, passages: str) -> Any:
        from transformers import DynamicCache

        if self._read[1] is None or self._read[0] != passages:
            cache = DynamicCache()
            self._next(self._ids(f"<|im_start|>user\n{passages}"), cache, keep=1)
            self._read = (passages, cache)
        return self._read[1]

    def _next(self, ids: Sequence[int], cache: Any, keep: int = 0) -> Any:
        """Logits after each of the tokens, or after the last `keep`; the cache has them read."""
        import torch

        return self._model(torch.tensor([list(ids)]), cache=cache, logits_to_keep=keep).logits[0]

    def _nats(self, ids: Sequence[int], last: Any, cache: Any) -> float:
        import torch

        logits = last[None]
        if len(ids) > 1:
            logits = torch.cat([logits, self._next(ids[:-1], cache)])
            cache.crop(1 - len(ids))  # so many fewer: the next answer starts where this one did
        told = logits.log_softmax(-1)[range(len(ids)), list(ids)]
        return float(told.mean())

    def _greedy(self, last: Any, cache: Any) -> str:
        ids: list[int] = []
        while len(ids) < _MOST_TOKENS:
            token = int(last.argmax())
            if token == self._tokenizer.eos_token_id:
                break
            ids.append(token)
            last = self._next([token], cache)[-1]
        return str(self._tokenizer.decode(ids)).strip()

    def _ids(self, text: str) -> list[int]:
        found: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return found


def best_f1(said: str, answers: Sequence[str]) -> float:
    """Word F1 with the gold answer that is nearest, as SQuAD counts it."""
    return max(_f1(said, answer) for answer in answers)


def _f1(said: str, answer: str) -> float:
    a, b = Counter(normal(said).split()), Counter(normal(answer).split())
    shared = (a & b).total()
    return 2 * shared / (a.total() + b.total()) if shared else 0.0
