"""Speculation without a second model: draft with some layers skipped, check with all of them, keep what is the same.

The answer is the one that greedy decoding gives: what is skipped decides its speed alone. Whether that pays is measured
while it runs: `Control` goes back to plain decoding where it does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module
from transformers import PreTrainedModel

from sparing.errors import CacheMismatch, ModelUnsupported, PolicyError
from sparing.inmodel.cache import DropCache, drop_layers
from sparing.inmodel.policy import FULL
from sparing.inmodel.skip_control import Control

_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "do_sample": (None, False),
    "num_beams": (None, 1),
    "repetition_penalty": (None, 1.0),
    "no_repeat_ngram_size": (None, 0),
    "min_length": (None, 0),
    "min_new_tokens": (None, 0),
    "guidance_scale": (None, 1.0),
    "bad_words_ids": (None,),
    "suppress_tokens": (None, []),
    "begin_suppress_tokens": (None, []),
    "sequence_bias": (None,),
    "forced_bos_token_id": (None,),
    "forced_eos_token_id": (None,),
}
"""Settings of `generate` that change what is told, and their values that do not."""


@dataclass(frozen=True, slots=True)
class Skip:
    """How to draft.

    Attributes:
        layers: Indices of the layers that drafts leave out. The first and the last are needed.
        draft_tokens: Most tokens of one draft.
        confidence: A draft ends with the first token of which it is less sure than this.
        always: Draft even where it does not pay, to measure it.
        agreement: Share of next tokens that a draft told as the whole model did, on the text that the layers were
            fitted to; None: the layers were given.
        promise: Tokens told there for each reading of all weights, see `promised_gain`: not above 1, it
            cannot pay on such text, and no draft is tried before 64 tokens.

    Raises:
        PolicyError: No layer, one of them twice, or a value out of its range.

    Source: Draft & Verify, arXiv 2309.08168; SWIFT, arXiv 2410.06916. Departs from them by skipping whole layers, so
    that drafts need no cache of their own, and by turning itself off.
    """

    layers: tuple[int, ...]
    draft_tokens: int = 4
    confidence: float = 0.6
    always: bool = False
    agreement: float | None = None
    promise: float | None = None

    def __post_init__(self) -> None:
        if not self.layers or len(set(self.layers)) != len(self.layers):
            raise PolicyError(f"layers={self.layers} names no layer, or one twice", hint="fit_skip finds some")
        if self.draft_tokens < 1 or not 0 <= self.confidence <= 1:
            raise PolicyError(f"draft_tokens={self.draft_tokens}, confidence={self.confidence}: out of range")


@dataclass(frozen=True, slots=True)
class Speculated:
    """An answer, and what telling it took.

    Attributes:
        tokens: [1, tokens], the prompt and the answer, as `generate` gives them.
        drafted, accepted: Tokens drafted, and those of them that the whole model told too.
        rounds: How often a draft was checked.
        seconds: Of decoding; reading the prompt is not counted.
        plain_s, draft_s, verify_s: Medians of a step without drafts, a drafted token, a check; 0 where there was none.
        on: Whether drafting was still on at the end; `why` says why not.
    """

    tokens: Tensor
    drafted: int
    accepted: int
    rounds: int
    seconds: float
    plain_s: float
    draft_s: float
    verify_s: float
    on: bool
    why: str


@torch.no_grad()
def speculate(
    model: PreTrainedModel,
    input_ids: Tensor,
    *,
    skip: Skip,
    cache: DropCache | None = None,
    max_new_tokens: int = 128,
    eos: int | Sequence[int] | None = None,
) -> Speculated:
    """Greedy decoding that tells what `model.generate(input_ids, cache=cache)` would, up to rounding.

    Args:
        model: Attached.
        input_ids: [1, tokens], with what the cache holds at its start, as for `generate`.
        cache: Afterwards it holds all but the last token, as after `generate`: a second turn goes on from there.
            None: a fresh one that keeps everything.
        eos: Tokens that end the answer; None: those of the model's generation config.

    Raises:
        ModelUnsupported: More than one sequence, sampling or other processing of logits, layers of another kind.
        PolicyError: Layers that cannot be skipped, a cache that drops from answers or reads in pages.
        CacheMismatch: The cache holds the whole of `input_ids` already, or more.
    """
    cache = DropCache(model, FULL) if cache is None else cache
    _check_greedy(model, input_ids)
    run = _Run(model, cache, _skippable(model, cache, skip), skip, _ends(model, eos))
    new_ids = input_ids[:, cache.get_seq_length() :]
    if not new_ids.shape[1] or max_new_tokens < 1:
        raise CacheMismatch(
            "there is nothing new to read or to tell", hint="give the whole conversation, as to generate"
        )
    told = [int(run.forward(new_ids)[-1].argmax())]
    control = Control(always=skip.always)
    if skip.promise is not None and skip.promise <= 1 and not skip.always:
        control.rest(f"the text fitted to promised {skip.promise:.2f} tokens for each reading of the weights")
    started = time.perf_counter()
    with cache.hold():
        while len(told) < max_new_tokens and told[-1] not in run.ends:
            room = min(skip.draft_tokens, max_new_tokens - len(told) - 1)
            told += (
                run.round(told[-1], room, control) if room and control.wants_draft() else run.step(told[-1], control)
            )
    seconds = time.perf_counter() - started
    tokens = torch.cat((input_ids, input_ids.new_tensor([told])), dim=1)
    return Speculated(tokens=tokens, seconds=seconds, **control.summary())


@dataclass(frozen=True, slots=True)
class _Run:
    model: PreTrainedModel
    cache: DropCache
    layers: list[Module]
    skip: Skip
    ends: frozenset[int]

    def forward(self, ids: Tensor, keep: int = 1) -> Tensor:
        """[keep, vocabulary]: logits after the last tokens."""
        logits: Tensor = self.model(input_ids=ids, cache=self.cache, logits_to_keep=keep).logits[0]
        return logits

    def step(self, last: int, control: Control) -> list[int]:
        """The next token, without a draft."""
        started = time.perf_counter()
        token = int(self.forward(self._ids([last]))[-1].argmax())
        control.stepped(time.perf_counter() - started)
        return [token]

    def round(self, last: int, room: int, control: Control) -> list[int]:
        """Draft, check, and take back what the whole model would not have told: one token or more."""
        started = time.perf_counter()
        drafted = self._draft(last, room)
        between = time.perf_counter()
        told: list[int] = self.forward(self._ids([last, *drafted]), keep=len(drafted) + 1).argmax(-1).tolist()
        accepted = next((at for at, token in enumerate(drafted) if told[at] != token), len(drafted))
        new = told[: accepted + 1]
        end = next((at + 1 for at, token in enumerate(new) if token in self.ends), len(new))
        self.cache.crop(end - len(told))
        control.checked(len(drafted), accepted, between - started, time.perf_counter() - between)
        return new[:end]

    def _draft(self, last: int, room: int) -> list[int]:
        before = self.cache.get_seq_length()
        drafted: list[int] = []
        with skipping(self.layers, self.skip.layers):
            while len(drafted) < room:
                logits = self.forward(self._ids([drafted[-1] if drafted else last]))[-1]
                best, token = logits.float().max(-1)
                drafted.append(int(token))
                if float((best - logits.float().logsumexp(-1)).exp()) < self.skip.confidence:
                    break
        for layer in self.cache.drop_layers:  # the skipped ones have nothing to take back
            layer.crop(before - layer.logical_tokens)
        return drafted

    def _ids(self, tokens: list[int]) -> Tensor:
        return torch.tensor([tokens], device=self.model.device)


@contextmanager
def replaced(forwards: Sequence[tuple[Module, Callable[..., Tensor]]]) -> Iterator[None]:
    """Inside, these modules, and no others of their class, compute something else."""
    before = [vars(module).get("forward") for module, _ in forwards]
    try:
        for module, forward in forwards:
            setattr(module, "forward", forward)  # noqa: B010  # a method, for this object alone
        yield
    finally:
        for (module, _), forward_before in zip(forwards, before, strict=True):
            delattr(module, "forward")
            if forward_before is not None:
                setattr(module, "forward", forward_before)  # noqa: B010


def skipping(layers: Sequence[Module], skipped: Sequence[int]) -> AbstractContextManager[None]:
    """Inside, these decoder layers hand on what they get."""
    return replaced([(layers[index], _hand_on) for index in skipped])


def _hand_on(hidden_states: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    return hidden_states


def decoder_layers(model: PreTrainedModel) -> list[Module]:
    """The layers of the decoder, in order.

    Raises:
        ModelUnsupported: It does not keep them in `layers`.
    """
    layers = list(getattr(model.base_model, "layers", ()))
    if not layers:
        raise ModelUnsupported(f"{type(model).__name__} does not keep its decoder layers in `layers`")
    return layers


def _skippable(model: PreTrainedModel, cache: DropCache, skip: Skip) -> list[Module]:
    layers = decoder_layers(model)
    if len(drop_layers(cache)) != len(layers):
        raise ModelUnsupported(
            "drafts can be taken back from full-attention layers only", hint="use model.generate for this model"
        )
    if not all(0 < index < len(layers) - 1 for index in skip.layers):
        raise PolicyError(f"of {len(layers)} layers only 1 to {len(layers) - 2} can be skipped, not {skip.layers}")
    if cache.shared.drops_answers or cache.shared.pages is not None:
        raise PolicyError(
            "drafts are checked against everything stored: answers cannot be dropped from or read in pages meanwhile",
            hint="give the cache decode_every_tokens=0 and no pages",
        )
    return layers


def _check_greedy(model: PreTrainedModel, input_ids: Tensor) -> None:
    if input_ids.shape[0] != 1:
        raise ModelUnsupported(
            f"{input_ids.shape[0]} sequences came: drafts of different lengths cannot share a batch",
            hint="speculate for each by itself, or use model.generate",
        )
    config = model.generation_config
    changed = [name for name, neutral in _NEUTRAL.items() if getattr(config, name, None) not in neutral]
    if changed:
        raise ModelUnsupported(
            f"only plain greedy decoding can be checked: the generation config sets {', '.join(changed)}",
            hint=f"set model.generation_config.{changed[0]} to {_NEUTRAL[changed[0]][-1]}, or use model.generate",
        )


def _ends(model: PreTrainedModel, eos: int | Sequence[int] | None) -> frozenset[int]:
    known = model.generation_config.eos_token_id if eos is None else eos
    return frozenset() if known is None else frozenset([known] if isinstance(known, int) else known)
