"""Attention over what is stored, and how a model comes to use it: one registered function, on this model only."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.functional import pad, scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from sparing.errors import ModelUnsupported
from sparing.inmodel.decode_cpu import attend_parts, parts_for_threads
from sparing.inmodel.int8 import attend_one, decode
from sparing.inmodel.layer import DropLayer
from sparing.inmodel.linear import share_out, undo_share_out
from sparing.inmodel.sparse import attend_blocks
from sparing.inmodel.sparse_flex import attend_flex
from sparing.inmodel.store import Rows

NAME = "sparing_drop"
_BEFORE = "_sparing_attention_before"
_SUPPORTED = ("sdpa", "eager")
_NOT_PLAIN = ("softcap", "s_aux", "sliding_window", "position_bias")
_LONG_TOKENS = 2048
_KERNEL_DIMS = (16, 32, 64, 128, 256)
_MASK_ELEMENTS = 1 << 26  # of mask at a time: long later turns are attended to in blocks of queries

M = TypeVar("M", bound=PreTrainedModel)


def attach(model: M) -> M:
    """Let this model work with a `DropCache`. Without one it computes what it computed before, and on a CPU a token's
    products with the weights use all threads.

    Raises:
        ModelUnsupported: Its attention is neither "sdpa" nor "eager", or not pluggable; float16 on a CPU.
    """
    if model.device.type == "cpu" and model.dtype == torch.float16:
        raise ModelUnsupported("float16 on a CPU is slow and overflows", hint="load the model in float32 or bfloat16")
    if is_attached(model):
        return model
    before = model.config._attn_implementation
    if before not in _SUPPORTED:
        raise ModelUnsupported(
            f"attention {before!r} cannot be replaced", hint='load the model with attn_implementation="sdpa"'
        )
    if not getattr(model, "_supports_attention_backend", False):
        raise ModelUnsupported(f"{type(model).__name__} has attention of its own, which cannot be replaced")
    soft_cap = getattr(model.config.get_text_config(), "attn_logit_softcapping", None)
    if soft_cap is not None or not getattr(model, "_supports_sdpa", False):
        raise ModelUnsupported(f"the attention of {type(model).__name__} is not plain softmax attention")
    # Registering twice is harmless; the mask is the one that stock SDPA attention gets.
    AttentionInterface.register(NAME, drop_attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
    share_out(model)
    setattr(model, _BEFORE, before)
    return model


def detach(model: M) -> M:
    """Give the model its own attention back."""
    if is_attached(model):
        model.set_attn_implementation(getattr(model, _BEFORE))
        undo_share_out(model)
        delattr(model, _BEFORE)
    return model


def is_attached(model: PreTrainedModel) -> bool:
    """Whether `attach` was called on it, and nothing else has been set since."""
    return hasattr(model, _BEFORE) and model.config._attn_implementation == NAME


def drop_attention(
    module: Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Attention as Transformers calls it, over a `DropLayer` if the cache has one here, else SDPA as before.

    Args:
        query: [batch, heads, tokens, head_dim]; key, value: [batch, kv_heads, tokens, head_dim], the new ones only.
        attention_mask: [batch, 1, tokens, logical_tokens] bool, or None: plain causal.
    Returns:
        [batch, tokens, heads, head_dim] and no weights.
    """
    layer: DropLayer | None = getattr(key, "drop_layer", None)
    if layer is None:
        output, _ = sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, **kwargs)
        return output, None
    _check(attention_mask, kwargs)
    batch, _, tokens, head_dim = query.shape
    scaling = head_dim**-0.5 if scaling is None else scaling
    grouped = query.view(batch, key.shape[1], -1, tokens, head_dim)  # [batch, kv_heads, group, tokens, head_dim]
    if layer.shared.passer is not None:
        output = layer.shared.passer(layer.passing(grouped, key, value, scaling))
        return output.view(batch, -1, tokens, output.shape[-1]).transpose(1, 2).contiguous(), None
    valid = None if attention_mask is None else attention_mask[:, 0, -1, -tokens:].expand(batch, -1)
    first = layer.logical_tokens == 0
    layer.append(key, value, valid)
    sparse = layer.shared.sparse
    if first and (sparse is None or not sparse.applies(attention_mask, tokens, tokens)):
        # The whole past is in hand: what stock attention does, bit for bit.
        output, _ = sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, **kwargs)
    elif layer.shared.storing:
        output = query.new_zeros(batch, tokens, query.shape[1], value.shape[-1])
    else:
        output = _attend(layer, grouped, attention_mask, scaling)
        # Of a single token heads lie in order already.
        output = output.view(batch, 1, -1, output.shape[-1]) if tokens == 1 else output.transpose(1, 2).contiguous()
    layer.finish(grouped, valid, scaling)
    return output, None


def _attend(layer: DropLayer, queries: Tensor, mask: Tensor | None, scaling: float) -> Tensor:
    """[batch, heads, tokens, head_dim] over stored keys, rows of one length at a time."""
    assert layer.store is not None
    batch, kv_heads, group, tokens, _ = queries.shape
    rows = queries.flatten(0, 1)  # [rows, group, tokens, head_dim]
    if tokens == 1 and mask is None and layer.reader is None and _has_kernel(queries, layer):
        from sparing.inmodel.decode_kernel import attend_rows_on_gpu

        output = attend_rows_on_gpu(rows.squeeze(2).contiguous(), layer.store, scaling)
        return output.view(batch, kv_heads * group, 1, -1)
    sparse = layer.shared.sparse
    parts = []
    for stored in layer.store.groups():
        here = rows[stored.first : stored.first + stored.keys.shape[0]]
        length = stored.keys.shape[1]
        if length == 0:
            parts.append(here.new_zeros(*here.shape[:-1], stored.values.shape[-1]))
            continue
        if tokens == 1:
            parts.append(_attend_one(layer, here, stored, mask, scaling))
            continue
        keys, values = decode(stored.keys, here.dtype), decode(stored.values, here.dtype)
        if sparse is not None and sparse.applies(mask, tokens, length):
            attend = attend_flex if here.device.type == "cuda" else attend_blocks
            parts.append(attend(here, keys, values, scaling, sparse))
            continue
        block = max(1, _MASK_ELEMENTS // (here.shape[0] * length))
        pieces = [
            _attend_rows(
                here[:, :, start : start + block],
                keys,
                values,
                _allowed(layer, stored.first, stored.columns, mask, tokens, start, block),
                scaling,
            )
            for start in range(0, tokens, block)
        ]
        parts.append(torch.cat(pieces, dim=2) if len(pieces) > 1 else pieces[0])
    output = torch.cat(parts) if len(parts) > 1 else parts[0]
    return output.view(batch, kv_heads * group, tokens, -1)


def _has_kernel(queries: Tensor, layer: DropLayer) -> bool:
    """Whether one launch can attend to all rows: on a card, with Triton, for heads of a size that it takes."""
    dim = queries.shape[-1]
    return queries.device.type == "cuda" and layer.equal_dims and dim in _KERNEL_DIMS and _has_triton()


@lru_cache(maxsize=1)
def _has_triton() -> bool:
    return find_spec("triton") is not None


def _attend_one(layer: DropLayer, queries: Tensor, stored: Rows, mask: Tensor | None, scaling: float) -> Tensor:
    """[rows, group, 1, head_dim]: one token over rows of one length, or over the pages that matter to it."""
    assert layer.store is not None
    if mask is None and layer.reader is not None:
        return _attend_rows(queries, *layer.reader.read(queries, stored, layer.store.version), None, scaling)
    allowed = _allowed(layer, stored.first, stored.columns, mask, 1, 0, 1)
    keys, values = stored.keys, stored.values
    if allowed is None and keys.dtype == torch.float32 and _by_products(queries, keys):
        parts = parts_for_threads(stored)
        if parts > 1:
            return attend_parts(queries.squeeze(2) * scaling, stored, parts).unsqueeze(2)
    if _by_products(queries, keys) and queries.dtype != torch.float32:
        # A half-precision product over a length that was not met before takes longer to prepare than to compute.
        keys, values = stored.alike()
        length, more = stored.keys.shape[1], keys.shape[1] - stored.keys.shape[1]
        if more and allowed is not None:
            allowed = pad(allowed, (0, more), value=False)
        elif more:
            allowed = (torch.arange(length + more, device=keys.device) < length).view(1, 1, 1, -1)
    return _attend_rows(queries, keys, values, allowed, scaling)


def _by_products(queries: Tensor, keys: Tensor) -> bool:
    """Whether two plain products read memory faster than the fused kernel: for a handful of queries on a CPU they do,
    except over short rows that the kernel can take side by side."""
    return queries.device.type == "cpu" and (keys.shape[1] >= _LONG_TOKENS or keys.shape[0] == 1)


def _attend_rows(queries: Tensor, keys: Tensor, values: Tensor, allowed: Tensor | None, scaling: float) -> Tensor:
    """[rows, group, tokens, head_dim]. A single query's group is packed into one matrix: keys are read once for it."""
    group, tokens = queries.shape[1:3]
    if tokens > 1:
        return scaled_dot_product_attention(
            queries,
            keys.unsqueeze(1).expand(-1, group, -1, -1),
            values.unsqueeze(1).expand(-1, group, -1, -1),
            attn_mask=allowed,
            scale=scaling,
        )
    packed = queries.squeeze(2)  # [rows, group, head_dim]
    if keys.dtype == torch.int8:
        return attend_one(packed, keys, values, None if allowed is None else allowed.squeeze(2), scaling).unsqueeze(2)
    if _by_products(queries, keys):
        packed = packed * scaling
        if packed.dtype == torch.float32:
            logits = torch.bmm(packed, keys.transpose(1, 2))
        else:  # half-precision keys, with room to grow behind them, would be copied as the right factor
            logits = torch.bmm(keys, packed.transpose(1, 2)).transpose(1, 2)
        if allowed is not None:
            logits = logits.masked_fill_(~allowed.squeeze(2), float("-inf"))
        return torch.bmm(logits.softmax(-1, dtype=torch.float32).to(values.dtype), values).unsqueeze(2)
    output = scaled_dot_product_attention(
        packed.unsqueeze(1),
        keys.unsqueeze(1),
        values.unsqueeze(1),
        attn_mask=allowed,
        scale=scaling,
    )
    return output.transpose(1, 2)


def _allowed(
    layer: DropLayer, first: int, columns: Tensor, mask: Tensor | None, tokens: int, start: int, block: int
) -> Tensor | None:
    """[rows, 1, block, stored] bool: what each query may see; None: everything."""
    if mask is not None:
        row = torch.arange(first, first + columns.shape[0], device=columns.device) // layer.kv_heads
        picked = mask.expand(len(layer.sequences), -1, -1, -1)[:, 0, start : start + block][row]
        index = columns.long().unsqueeze(1).expand(-1, picked.shape[1], -1)
        return picked.gather(2, index).unsqueeze(1)
    if tokens == 1:
        return None
    asked = torch.arange(layer.logical_tokens - tokens, layer.logical_tokens, device=columns.device)
    return (columns.unsqueeze(1) <= asked[start : start + block, None]).unsqueeze(1)


def _check(mask: Tensor | None, kwargs: dict[str, Any]) -> None:
    if torch.compiler.is_compiling():
        raise ModelUnsupported(
            "a cache that drops tokens cannot be compiled", hint="run the model without torch.compile"
        )
    if kwargs.get("output_attentions"):
        raise ModelUnsupported("attention weights are never computed as a whole", hint="leave out output_attentions")
    changed = [name for name in _NOT_PLAIN if kwargs.get(name) is not None]
    if changed:
        raise ModelUnsupported(f"this layer's attention is not plain softmax attention: it uses {', '.join(changed)}")
    if mask is not None and mask.dtype != torch.bool:
        raise ModelUnsupported(
            f"an attention mask of {mask.dtype} cannot be followed", hint="pass booleans: True = seen"
        )
