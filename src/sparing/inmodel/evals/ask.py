"""Compress a context first, ask afterwards: the honest order, since a cache is made before its questions are known.

All policies are asked at once: they are the sequences of one batch.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from sparing.inmodel.budget import Budget
from sparing.inmodel.cache import DropCache
from sparing.inmodel.drop import Storage
from sparing.inmodel.evals.contexts import Context, Question
from sparing.inmodel.evals.divergence import divergence, log_probs
from sparing.inmodel.policy import Policy
from sparing.inmodel.view import LayerView

_EXTRA_TOKENS = 12  # an answer may say a little more than what is asked for


@dataclass(slots=True)
class Recording:
    """A scorer that remembers what every layer computed: one prefill serves all policies.

    In a one-shot prefill attention is computed before anything is dropped, so replaying it gives each policy exactly
    the cache that a prefill of its own would have.
    """

    views: list[LayerView] = field(default_factory=list)
    name: str = "recording"
    window: int = -1

    def score(self, view: LayerView) -> Tensor:
        self.views.append(view)
        return view.positions.float()


@dataclass(frozen=True, slots=True)
class Read:
    """A context that was read once: what its layers computed, its tokens, and the CPU seconds of reading."""

    context: Context
    ids: Tensor
    views: tuple[LayerView, ...]
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Asked:
    """One policy on one context.

    Attributes:
        right: Share of the expected answers given, one number per question.
        live_bytes: Of the compressed cache.
        compress_s: CPU seconds of scoring and compacting.
        kl: How far the next-token distributions of a text that follows moved, in nats; see `divergence`.
    """

    right: tuple[float, ...]
    live_bytes: int
    compress_s: float
    kl: float


@torch.no_grad()
def read(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, context: Context) -> Read:
    """Prefill the context as the first part of a user's message."""
    ids = _ids(tokenizer, f"<|im_start|>user\n{context.text}")
    recording = Recording()
    nearly_all = Budget(tokens=ids.shape[1] - 1, sinks=0, recent=1)  # just below: so that every layer is scored
    started = time.process_time()
    model.base_model(input_ids=ids, cache=DropCache(model, Policy(recording, nearly_all, min_tokens=0)))
    return Read(context, ids, tuple(recording.views), time.process_time() - started)


@torch.no_grad()
def compressed(
    model: PreTrainedModel, context: Read, policies: Sequence[Policy], storage: Storage = "exact"
) -> DropCache:
    """The caches that these policies make of a context that was read, as one batch."""
    cache = DropCache(model, policies, storage=storage)
    for layer, view in zip(cache.drop_layers, context.views, strict=True):
        keys, values, queries = (
            part.expand(len(policies), *part.shape) for part in (view.keys, view.values, view.queries)
        )
        layer.lazy_initialization(keys, values)
        layer.append(keys, values, None)
        layer.finish(queries, None, view.scaling)
    return cache


def ask(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    context: Read,
    policies: Sequence[Policy],
    later: str,
) -> list[Asked]:
    """Compress by each policy, then ask every question of the context, each as if it were the only one.

    Args:
        policies: The first is the reference of the divergence: it should keep everything.
        later: A text that follows the context, for the divergence.
    """
    costs = [_cost(model, context, policy) for policy in policies]
    cache = compressed(model, context, policies)
    answers = [answered(model, tokenizer, cache, question) for question in context.context.questions]
    continuation = _ids(tokenizer, later)
    told = log_probs(model, cache, continuation.expand(len(policies), -1))
    moved = [divergence(each, told[0], continuation).kl for each in told]
    return [
        Asked(tuple(answer[index] for answer in answers), *cost, kl)
        for index, (cost, kl) in enumerate(zip(costs, moved, strict=True))
    ]


@torch.no_grad()
def answered(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, cache: DropCache, question: Question
) -> list[float]:
    """Per sequence the share of the expected answers in its greedy answer. The cache is as before afterwards."""
    ids = _ids(tokenizer, f"{question.text}<|im_end|>\n<|im_start|>assistant\n{question.lead}")
    length = cache.get_seq_length()
    with cache.hold():
        texts = _greedy(model, tokenizer, cache, ids, question.answers)
        cache.crop(length - cache.get_seq_length())
    return [sum(answer in text for answer in question.answers) / len(question.answers) for text in texts]


@torch.no_grad()
def begins_right(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, cache: DropCache, question: Question
) -> list[float]:
    """Per sequence 1 if its greedy answer begins with the first expected one, else 0.

    One forward over question and answer tells it, where `answered` takes one for each token. The cache is as before
    afterwards.
    """
    asked = _ids(tokenizer, f"{question.text}<|im_end|>\n<|im_start|>assistant\n{question.lead}")
    expected = _ids(tokenizer, f" {question.answers[0]}")
    length, batch = cache.get_seq_length(), len(cache.drop_layers[0].sequences)
    ids = torch.cat((asked, expected), dim=1).expand(batch, -1)
    with cache.hold():
        logits = model(input_ids=ids, cache=cache, logits_to_keep=expected.shape[1] + 1).logits
        cache.crop(length - cache.get_seq_length())
    told: list[float] = (logits[:, :-1].argmax(-1) == expected).all(1).float().tolist()
    return told


def _cost(model: PreTrainedModel, context: Read, policy: Policy) -> tuple[int, float]:
    started = time.process_time()
    report = compressed(model, context, [policy]).report()
    return report.live_bytes, time.process_time() - started


def _greedy(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, cache: DropCache, ids: Tensor, answers: Sequence[str]
) -> list[str]:
    """The greedy continuations, until each has all answers, ends, or is long enough."""
    most = sum(len(_ids(tokenizer, f" {answer},")[0]) for answer in answers) + _EXTRA_TOKENS
    batch = len(cache.drop_layers[0].sequences)
    told: list[list[int]] = [[] for _ in range(batch)]
    ids = ids.expand(batch, -1)
    for _ in range(most):
        ids = model(input_ids=ids, cache=cache, logits_to_keep=1).logits[:, -1:].argmax(-1)
        for row, token in zip(told, ids[:, 0].tolist(), strict=True):
            if tokenizer.eos_token_id not in row:
                row.append(token)
        texts = [str(tokenizer.decode(row)) for row in told]
        if all(
            tokenizer.eos_token_id in row or all(answer in text for answer in answers)
            for row, text in zip(told, texts, strict=True)
        ):
            break
    return texts


def _ids(tokenizer: PreTrainedTokenizerBase, text: str) -> Tensor:
    encoded: Tensor = tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
    return encoded
