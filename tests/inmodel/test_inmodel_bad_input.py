"""What cannot work says so, and what to do instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from tiny_models import ids, llama, next_logits, small
from transformers import BloomConfig, BloomForCausalLM

from sparing import inmodel as im
from sparing.errors import CacheMismatch, ModelMissing, ModelUnsupported, PolicyError
from sparing.inmodel import versions


@dataclass(frozen=True)
class Broken:
    """A scorer that gives what it is told to."""

    value: float
    tokens: int | None = None
    name: str = "broken"
    window: int = 0

    def score(self, view: im.LayerView) -> torch.Tensor:
        return torch.full((view.keys.shape[0], self.tokens or view.keys.shape[1]), self.value)


def test_a_cache_needs_an_attached_model() -> None:
    """Before anything is computed."""
    with pytest.raises(ModelUnsupported, match="attach"):
        im.DropCache(im.detach(llama()), im.FULL)


def test_a_model_detached_in_between_is_noticed() -> None:
    """Stock attention would silently see the new tokens only."""
    model = llama()
    cache = im.DropCache(model, im.FULL)
    im.detach(model)
    next_logits(model, cache, ids(5))
    with pytest.raises(CacheMismatch, match="attach"):
        next_logits(model, cache, ids(1))


def test_attention_of_another_kind_is_refused() -> None:
    """Flash and flex attention are not replaced behind the user's back."""
    model = im.detach(llama())
    model.set_attn_implementation("flex_attention")
    with pytest.raises(ModelUnsupported, match="sdpa"):
        im.attach(model)


def test_models_with_attention_of_their_own_are_refused() -> None:
    """Their attention cannot be replaced."""
    model = BloomForCausalLM(BloomConfig(vocab_size=20, hidden_size=8, n_layer=1, n_head=2))
    with pytest.raises(ModelUnsupported):
        im.attach(model)


def test_float16_on_a_cpu_is_refused() -> None:
    """It is slow there and overflows; attached before or not."""
    for model in (im.detach(llama()), llama()):
        with pytest.raises(ModelUnsupported, match="bfloat16"):
            im.attach(model.half())


@pytest.mark.parametrize("policy", ["echo", [im.FULL, "echo"], None])
def test_what_is_no_policy_is_refused(policy: object) -> None:
    """A name is not taken for a list of letters."""
    with pytest.raises(PolicyError, match="is no policy"):
        im.DropCache(llama(), policy)  # type: ignore[arg-type]


def test_attention_weights_cannot_be_asked_for() -> None:
    """They are never there as a whole."""
    model = llama()
    with pytest.raises(ModelUnsupported, match="output_attentions"):
        next_logits(model, im.DropCache(model, im.FULL), ids(5), output_attentions=True)


def test_compiling_is_refused() -> None:
    """While it is compiled, not by wrong results later."""
    model = llama()
    with pytest.raises(ModelUnsupported, match="compile"):
        next_logits(torch.compile(model, backend="eager"), im.DropCache(model, im.FULL), ids(5))


def test_scores_that_are_no_numbers_are_refused() -> None:
    """Top-k over NaN keeps anything."""
    model = llama()
    with pytest.raises(PolicyError, match="NaN in layer 0"):
        next_logits(model, im.DropCache(model, small(score=Broken(float("nan")))), ids(40))


def test_scores_of_another_shape_are_refused() -> None:
    """A score per head and token."""
    model = llama()
    with pytest.raises(PolicyError, match="broken gave"):
        next_logits(model, im.DropCache(model, small(score=Broken(1.0, tokens=3))), ids(40))


def test_policies_and_sequences_must_match() -> None:
    """Two policies for three sequences."""
    model = llama()
    with pytest.raises(PolicyError, match="2 policies for a batch of 3"):
        next_logits(model, im.DropCache(model, [im.FULL, im.FULL]), ids(9, batch=3))


def test_another_batch_in_the_same_cache_is_refused() -> None:
    """Nothing says which sequence is whose."""
    model = llama()
    cache = im.DropCache(model, im.FULL)
    next_logits(model, cache, ids(9, batch=2))
    with pytest.raises(CacheMismatch, match="2 sequences"):
        next_logits(model, cache, ids(9, batch=3))


def test_a_float_mask_is_refused() -> None:
    """Which tokens it hides would be a guess."""
    model = llama()
    with pytest.raises(ModelUnsupported, match="mask"):
        next_logits(model, im.DropCache(model, im.FULL), ids(5), attention_mask=torch.zeros(1, 1, 5, 5))


@pytest.mark.parametrize("installed", ["5.23.0", "5.25.0", "4.57.6", "6.0.0"])
def test_transformers_outside_the_tested_range_is_named(installed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs one inside it."""
    monkeypatch.setattr(versions, "version", lambda name: installed)
    with pytest.raises(ModelUnsupported, match=r"pip install .transformers>=5\.24,<5\.25"):
        versions.check_versions()


def test_a_model_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the command that fetches one."""
    with pytest.raises(ModelMissing, match="sparing models pull"):
        im.load_gguf(tmp_path / "none.gguf")


def test_importing_sparing_loads_no_torch() -> None:
    """Nor do its commands."""
    import subprocess
    import sys

    code = "import sys, sparing, sparing.cli.main; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
