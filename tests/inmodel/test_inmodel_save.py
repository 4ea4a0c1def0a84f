"""A compressed prefix survives the disk, and nothing else is taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tiny_models import hybrid, ids, llama, next_logits, small

from sparing import inmodel as im
from sparing.errors import CacheMismatch

POLICY = small(score="keydiff", allocate="global")


def saved(folder: Path, model) -> tuple[im.DropCache, Path]:
    cache = im.DropCache(model, POLICY)
    next_logits(model, cache, ids(60, batch=2))
    im.save_cache(cache, model, folder / "doc.safetensors")
    return cache, folder / "doc.safetensors"


def test_what_was_saved_answers_as_before(tmp_path: Path) -> None:
    """Bit for bit, ragged rows and both sequences."""
    model = llama()
    cache, path = saved(tmp_path, model)
    loaded = im.load_cache(model, path, POLICY)
    later = ids(5, batch=2, seed=3)
    with cache.hold(), loaded.hold():
        assert torch.equal(next_logits(model, cache, later), next_logits(model, loaded, later))
    assert loaded.get_seq_length() == 65
    with pytest.raises(CacheMismatch):
        loaded.crop(-6)


def test_the_file_holds_what_was_kept_and_no_more(tmp_path: Path) -> None:
    """Its size is the live bytes and a header."""
    model = llama()
    cache, path = saved(tmp_path, model)
    assert 0 <= path.stat().st_size - cache.report().live_bytes < 4096


def test_a_cache_of_another_model_or_policy_is_refused(tmp_path: Path) -> None:
    """One changed weight is another model."""
    model = llama()
    _, path = saved(tmp_path, model)
    with pytest.raises(CacheMismatch, match="policy"):
        im.load_cache(model, path, small(score="knorm"))
    with torch.no_grad():
        model.model.layers[2].mlp.up_proj.weight += 0.01
    with pytest.raises(CacheMismatch, match="model"):
        im.load_cache(model, path)


@pytest.mark.parametrize("content", [b"", b"not a cache", b"\x00" * 100])
def test_a_broken_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever is in it."""
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(CacheMismatch):
        im.load_cache(llama(), tmp_path / "x")


def test_other_safetensors_are_refused(tmp_path: Path) -> None:
    """A file of weights is no cache."""
    save_file({"a": torch.ones(1)}, tmp_path / "x")
    with pytest.raises(CacheMismatch, match="not a saved cache"):
        im.load_cache(llama(), tmp_path / "x")


def test_empty_and_hybrid_caches_are_not_saved(tmp_path: Path) -> None:
    """There is nothing in them, or not all of it would be."""
    model = llama()
    with pytest.raises(CacheMismatch, match="nothing"):
        im.save_cache(im.DropCache(model, POLICY), model, tmp_path / "x")
    other = hybrid()
    with pytest.raises(CacheMismatch, match="full attention"):
        im.save_cache(im.DropCache(other, POLICY), other, tmp_path / "x")
