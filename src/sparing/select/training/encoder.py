"""The encoder: question and passage in one pass; what the passage is worth and what each of its tokens is.

A BERT (Devlin et al. 2019) with the weights of MiniLM (Wang et al. 2020), as Provence (Chirkova et al. 2025) reads
question and passage together. What we changed: both are encoded *apart* in the lower layers, each at its own positions
as the sentence encoder saw them when it was trained, and *together* in the upper ones; and the scores begin as the
similarities that the sentence encoder was trained for. A few thousand questions then suffice for fine-tuning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

_FAR = -30_000.0  # added to attention logits of what is not seen; fits float16 and bfloat16


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of an encoder.

    Attributes:
        layers: Which layers of the base are taken, in order.
        apart: In how many of them, from below, question and passage do not see each other. What is below depends on
            the passage alone, so it can be worked out once for all questions.
        dropout: Share of a layer's outputs that training leaves out.
    """

    layers: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    apart: int = 4
    vocabulary: int = 30_522
    hidden: int = 384
    heads: int = 12
    inner: int = 1_536
    positions: int = 512
    dropout: float = 0.1


class Layer(nn.Module):
    """Post-norm transformer layer with query, key and value in one projection."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.out = nn.Linear(shape.hidden, shape.hidden)
        self.norm1 = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.up = nn.Linear(shape.hidden, shape.inner)
        self.down = nn.Linear(shape.inner, shape.hidden)
        self.norm2 = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.some = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """[batch, tokens, hidden]; bias [batch, 1, tokens, tokens] is added to the attention's logits."""
        batch, tokens, hidden = x.shape
        split = self.qkv(x).view(batch, tokens, 3, self.heads, hidden // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = split[0], split[1], split[2]
        attended = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        x = self.norm1(x + self.some(self.out(attended.transpose(1, 2).reshape(batch, tokens, hidden))))
        normed: Tensor = self.norm2(x + self.some(self.down(functional.gelu(self.up(x)))))
        return normed


class Encoder(nn.Module):
    """Scores of a passage and its tokens for a question.

    Rows are ``[CLS] question [SEP]`` followed by ``[CLS] passage [SEP]``; `token_type_ids` are 0 on the first and 1 on
    the second. Without a question the first is ``[CLS] [SEP]``.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.vocabulary, shape.hidden)
        self.places = nn.Embedding(shape.positions, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.layers = nn.ModuleList(Layer(shape) for _ in shape.layers)
        # Added to the attention's logits across the two, per upper layer: they begin nearly apart and learn to look.
        self.across = nn.Parameter(torch.full((len(shape.layers) - shape.apart,), -3.0))
        self.token = nn.Sequential(nn.Linear(2 * shape.hidden, 128), nn.GELU(), nn.Linear(128, 2))
        self.whole = nn.Sequential(nn.Linear(2 * shape.hidden, 128), nn.GELU(), nn.Linear(128, 1))
        self.scales = nn.Parameter(torch.tensor([20.0, -8.0, 8.0, -4.0]))  # passage: slope, bias; keep: slope, bias
        for head in (self.token, self.whole):
            for parameter in head[-1].parameters():
                nn.init.zeros_(parameter)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> tuple[Tensor, ...]:
        """int64 [batch, tokens] each.

        Returns:
            Logits: passage [batch], keep [batch, tokens], keep_any [batch, tokens] (what any question would need).
        """
        states = self.together(self.apart(input_ids, attention_mask, token_type_ids), attention_mask, token_type_ids)
        return self.scores(states, attention_mask, token_type_ids)

    def apart(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """States [batch, tokens, hidden] below which question and passage have not seen each other."""
        of_question = (1 - token_type_ids) * attention_mask
        places = torch.arange(input_ids.shape[1], device=input_ids.device)[None]
        places = places - token_type_ids * of_question.sum(1, keepdim=True)
        x: Tensor = self.norm(self.words(input_ids) + self.places(places.clamp(0, self.shape.positions - 1)))
        seen, same = _sights(attention_mask, token_type_ids, x.dtype)
        bias = (1 - seen * same) * _FAR
        for layer in self.layers[: self.shape.apart]:
            x = layer(x, bias)
        return x

    def together(self, x: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Top layer's states [batch, tokens, hidden] from those of `apart`."""
        seen, same = _sights(attention_mask, token_type_ids, x.dtype)
        unseen, across = (1 - seen) * _FAR, 1 - same
        for number, layer in enumerate(self.layers[self.shape.apart :]):
            x = layer(x, unseen + across * self.across[number].to(x.dtype))
        return x

    def scores(self, states: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> tuple[Tensor, ...]:
        """The three heads over [batch, tokens, hidden]."""
        of_passage = (token_type_ids * attention_mask).to(states.dtype)[..., None]
        of_question = ((1 - token_type_ids) * attention_mask).to(states.dtype)[..., None]
        passage = _mean(states, of_passage)
        question = _mean(states, of_question)
        unit = functional.normalize(question, dim=-1)
        alike = (unit * functional.normalize(passage, dim=-1)).sum(-1)
        scale = self.scales
        both = torch.cat([passage, passage * question], -1)
        relevance = scale[0] * alike + scale[1] + self.whole(both).squeeze(-1)
        # Over the passage's own length, so that the mean over a sentence's tokens is about that sentence's similarity.
        length = passage.norm(dim=-1).clamp_min(1e-6)[:, None]
        near = (states @ unit[..., None]).squeeze(-1) / length
        tokens = self.token(torch.cat([states, states * question[:, None]], -1))
        return relevance, scale[2] * near + scale[3] + tokens[..., 0], tokens[..., 1]


def _sights(attention_mask: Tensor, token_type_ids: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """1 where a token is there [batch, 1, 1, tokens]; 1 where two are on the same side [batch, 1, tokens, tokens]."""
    side = token_type_ids.to(dtype)
    return attention_mask[:, None, None, :].to(dtype), 1 - (side[:, None, :, None] - side[:, None, None, :]).abs()


def _mean(states: Tensor, weights: Tensor) -> Tensor:
    return (states * weights).sum(1) / weights.sum(1).clamp_min(1.0)


def from_bert(shape: Shape, weights: Mapping[str, Tensor]) -> Encoder:
    """An encoder with the base's embeddings and the chosen ones of its layers.

    Args:
        weights: A BERT's parameters by their usual names, without ``bert.`` in front.
    """
    encoder = Encoder(shape)
    kinds = weights["embeddings.token_type_embeddings.weight"][0]  # the sentence encoder saw only the first
    state = {
        "words.weight": weights["embeddings.word_embeddings.weight"] + kinds,
        "places.weight": weights["embeddings.position_embeddings.weight"],
        "norm.weight": weights["embeddings.LayerNorm.weight"],
        "norm.bias": weights["embeddings.LayerNorm.bias"],
    }
    for number, source in enumerate(shape.layers):
        state |= {f"layers.{number}.{k}": v for k, v in _layer(weights, f"encoder.layer.{source}.").items()}
    missing = encoder.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys
    return encoder


def _layer(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    def joined(names: Sequence[str], part: str) -> Tensor:
        return torch.cat([weights[f"{prefix}attention.self.{name}.{part}"] for name in names])

    moved = {
        "out": "attention.output.dense",
        "norm1": "attention.output.LayerNorm",
        "up": "intermediate.dense",
        "down": "output.dense",
        "norm2": "output.LayerNorm",
    }
    parts = ("weight", "bias")
    state = {f"{ours}.{part}": weights[f"{prefix}{theirs}.{part}"] for ours, theirs in moved.items() for part in parts}
    return state | {f"qkv.{part}": joined(("query", "key", "value"), part) for part in parts}
