"""Page reads: the bound holds, what is read is what it says, and reading everything changes nothing."""

from __future__ import annotations

import pytest
import torch
from tiny_models import ids, llama, next_logits, small

from sparing import inmodel as im
from sparing.errors import PolicyError
from sparing.inmodel.pages import PageReader, Pages
from sparing.inmodel.store import Rows

PAGES = Pages(read_tokens=24, page_tokens=4)


def stored(length: int, rows: int = 3) -> Rows:
    torch.manual_seed(0)
    keys, values = torch.randn(2, rows, length, 8).unbind()
    return Rows(0, keys, values, torch.arange(length).expand(rows, -1))


def test_pages_hold_the_keys_that_can_score_highest() -> None:
    """The chosen pages are first, last, and the best by an upper bound that every key in the page respects."""
    rows = stored(58)
    queries = torch.randn(3, 2, 1, 8)
    keys, values = PageReader(PAGES).read(queries, rows, 0)
    assert keys.shape == values.shape == (3, 24 + 2, 8)
    logits = (queries[:, :, 0] @ rows.keys[:, :56].transpose(1, 2)).unflatten(2, (14, 4))
    low, high = rows.keys[:, :56].unflatten(1, (14, 4)).aminmax(dim=2)
    bound = torch.maximum(queries * low[:, None], queries * high[:, None]).sum(-1)
    assert bool((logits.amax(3) <= bound + 1e-5).all())
    for row in range(3):
        best = set(bound[row].amax(0)[1:-1].topk(4).indices.add(1).tolist()) | {0, 13}
        read = {page for page in range(14) if any(torch.equal(rows.keys[row, page * 4], key) for key in keys[row])}
        assert read == best
        assert torch.equal(keys[row, -2:], rows.keys[row, 56:])


def test_bounds_follow_growth_and_taking_back() -> None:
    """After growing by a page and a crop the reader chooses as a fresh one does."""
    reader, queries = PageReader(PAGES), torch.randn(3, 2, 1, 8)
    whole = stored(90)
    for length in (58, 66, 90, 61, 75):
        part = Rows(0, whole.keys[:, :length], whole.values[:, :length], whole.columns[:, :length])
        for mine, fresh in zip(reader.read(queries, part, 0), PageReader(PAGES).read(queries, part, 0), strict=True):
            assert torch.equal(mine, fresh)


def test_short_sequences_are_read_whole() -> None:
    """Up to `read_tokens` nothing is chosen: views, not copies."""
    rows = stored(24)
    keys, _ = PageReader(PAGES).read(torch.randn(3, 2, 1, 8), rows, 0)
    assert keys is rows.keys


def test_reading_more_than_there_is_changes_no_token() -> None:
    """`generate` with pages wide enough gives what it gives without."""
    model = llama()
    plain, paged = (im.DropCache(model, im.FULL, pages=pages) for pages in (None, Pages(read_tokens=512)))
    a, b = (model.generate(ids(60), max_new_tokens=20, do_sample=False, cache=cache) for cache in (plain, paged))
    assert torch.equal(a, b)


@pytest.mark.parametrize("allocate", ["uniform", "ada", "global"])
def test_pages_and_dropping_compose(allocate: str) -> None:
    """A dropped cache, ragged or not, is read in pages; nothing more is dropped by that."""
    model = llama()
    policy = small(score="keydiff", allocate=allocate, budget=im.Budget(tokens=40, sinks=2, recent=4))
    cache = im.DropCache(model, policy, pages=PAGES)
    model.generate(ids(80), max_new_tokens=12, do_sample=False, cache=cache)
    assert cache.report().kept_tokens == 51
    full = im.DropCache(model, policy)
    next_logits(model, full, ids(80))
    assert not torch.equal(next_logits(model, full, ids(1)), next_logits(model, cache, ids(1)))


def test_less_than_three_pages_is_refused() -> None:
    """The first, the last, and one to choose."""
    with pytest.raises(PolicyError, match="three pages"):
        Pages(read_tokens=40, page_tokens=16)
