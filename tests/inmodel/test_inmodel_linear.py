"""Products shared out over threads are the products that they were."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import llama
from torch.nn import Linear

from sparing import inmodel as im
from sparing.inmodel.linear import SharedOutLinear, share_out, undo_share_out


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@settings(max_examples=30, deadline=None)
@given(
    tokens=st.integers(0, 6),
    out_features=st.sampled_from([256, 257, 300]),
    bias=st.booleans(),
    contiguous=st.booleans(),
    seed=st.integers(0, 99),
)
def test_the_same_numbers(tokens: int, out_features: int, bias: bool, contiguous: bool, seed: int) -> None:
    """For any few tokens, with and without bias, also where outputs do not share out evenly."""
    torch.manual_seed(seed)
    layer = Linear(256, out_features, bias=bias)
    if not contiguous:
        layer.weight = torch.nn.Parameter(layer.weight.detach().T.contiguous().T)
    given_ = torch.randn(1, tokens, 256)
    expected = layer(given_)
    share_out(layer)
    assert type(layer) is SharedOutLinear
    torch.testing.assert_close(layer(given_), expected)
    undo_share_out(layer)
    assert type(layer) is Linear


def test_only_what_pays_is_shared_out() -> None:
    """Small layers, half precision and layers of other classes stay what they are."""

    class Other(Linear):
        pass

    layers = torch.nn.ModuleList([Linear(8, 8), Linear(256, 256).bfloat16(), Other(256, 256)])
    share_out(layers)
    assert [type(layer) for layer in layers] == [Linear, Linear, Other]


def test_attach_shares_out_and_detach_undoes_it() -> None:
    """On this model only: a copy made before keeps plain layers."""
    model = im.detach(llama())
    model.lm_head = Linear(32, 4096, bias=False)
    before = deepcopy(model)
    im.attach(model)
    assert type(model.lm_head) is SharedOutLinear
    assert type(before.lm_head) is Linear
    im.detach(model)
    assert type(model.lm_head) is Linear
