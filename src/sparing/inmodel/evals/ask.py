"""Compress a context first, ask afterwards: the honest order, since a cache is made before its questions are known."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from sparing.inmodel.budget import Budget
from sparing.inmodel.cache import DropCache
from sparing.inmodel.evals.contexts import Context, Question
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
    """

    right: tuple[float, ...]
    live_bytes: int
    compress_s: float


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
def compressed(model: PreTrainedModel, context: Read, policy: Policy) -> DropCache:
    """The cache that this policy makes of a context that was read."""
    cache = DropCache(model, policy)
    for layer, view in zip(cache.drop_layers, context.views, strict=True):
        keys, values = view.keys.unsqueeze(0), view.values.unsqueeze(0)
        layer.lazy_initialization(keys, values)
        layer.append(keys, values, None)
        layer.finish(view.queries.unsqueeze(0), None, view.scaling)
    return cache


def ask(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, context: Read, policy: Policy) -> Asked:
    """Compress by `policy`, then ask every question of the context, each as if it were the only one."""
    started = time.process_time()
    cache = compressed(model, context, policy)
    seconds = time.process_time() - started
    live_bytes = cache.report().live_bytes
    right = tuple(answered(model, tokenizer, cache, question) for question in context.context.questions)
    return Asked(right, live_bytes, seconds)


@torch.no_grad()
def answered(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, cache: DropCache, question: Question) -> float:
    """Share of the expected answers in the greedy answer. The cache is as before afterwards."""
    prompt = f"{question.text}<|im_end|>\n<|im_start|>assistant\n{question.lead}"
    length = cache.get_seq_length()
    with cache.hold():
        ids = _ids(tokenizer, prompt)
        told = _greedy(model, tokenizer, cache, ids, question.answers)
        cache.crop(length - cache.get_seq_length())
    return sum(answer in told for answer in question.answers) / len(question.answers)


def _greedy(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, cache: DropCache, ids: Tensor, answers: Sequence[str]
) -> str:
    """The greedy continuation, until it has all answers, ends, or is long enough."""
    most = sum(len(_ids(tokenizer, f" {answer},")[0]) for answer in answers) + _EXTRA_TOKENS
    told: list[int] = []
    while len(told) < most:
        ids = model(input_ids=ids, cache=cache, logits_to_keep=1).logits[:, -1:].argmax(-1)
        told.append(int(ids))
        text = str(tokenizer.decode(told))
        if int(ids) == tokenizer.eos_token_id or all(answer in text for answer in answers):
            break
    return str(tokenizer.decode(told))


def _ids(tokenizer: PreTrainedTokenizerBase, text: str) -> Tensor:
    encoded: Tensor = tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
    return encoded
