"""What the model would look at if the prompt were said once more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from sparing.inmodel.rotation import turned
from sparing.inmodel.scorers.keydiff import KeyDiff
from sparing.inmodel.view import LayerView

_BLOCK_ELEMENTS = 1 << 19  # of attention at a time: it stays in the processor's cache


@dataclass(frozen=True, slots=True)
class Echo:
    """The most attention that a token gets from any query of the prompt, moved to where a repetition would stand.

    KVzip (arXiv 2505.23416) has the model repeat its context and keeps what it looks at. A repeated token asks, layer
    by layer, for nearly what it asked for when it was first read, from further away: turning its query to that distance
    does without the second reading. As there, a chunk of the prompt is repeated at a time and sees the sinks and
    itself.

    Tokens whose queries are not at hand (of an earlier turn, or of an answer) are ranked by KeyDiff and score what lies
    at the same ranks of the others.
    """

    across: ClassVar[bool] = True
    name: str = "echo"
    window: int = -1
    chunk_tokens: int = 1024
    gap_tokens: int = 16  # the request to repeat that would stand between
    sinks: int = 4

    def score(self, view: LayerView) -> Tensor:
        """[kv_heads, tokens], 0 to 1."""
        asked = view.last_queries(view.keys.shape[1])
        tokens = asked.queries.shape[2]
        chunks = [slice(start, start + self.chunk_tokens) for start in range(0, tokens, self.chunk_tokens)]
        heard = torch.cat([self._heard(asked, chunk) for chunk in chunks], dim=1)
        before = view.keys.shape[1] - tokens
        if not before:
            return heard
        ranks = KeyDiff().score(view)[:, :before].argsort(-1).argsort(-1)
        return torch.cat((heard.sort(-1).values.gather(1, ranks * tokens // before), heard), dim=1)

    def _heard(self, view: LayerView, chunk: slice) -> Tensor:
        """[kv_heads, tokens of the chunk]."""
        before = view.keys.shape[1] - view.queries.shape[2]
        queries = self._moved(view, chunk).flatten(1, 2)  # [kv_heads, group * tokens, head_dim]
        keys = view.keys[:, before + chunk.start : before + chunk.stop].float()
        sinks = view.keys[:, : min(self.sinks, before + chunk.start)].float()
        seen = torch.cat((sinks, keys), dim=1).transpose(1, 2)
        best = keys.new_zeros(seen.shape[0], seen.shape[2])
        block = max(1, _BLOCK_ELEMENTS // best.numel())
        for start in range(0, queries.shape[1], block):
            best = torch.maximum(best, torch.bmm(queries[:, start : start + block], seen).softmax(-1).amax(1))
        return best[:, sinks.shape[1] :]

    def _moved(self, view: LayerView, chunk: slice) -> Tensor:
        queries = view.queries[:, :, chunk].float() * view.scaling
        if view.rotary is None:
            return queries
        far = torch.stack(
            (view.query_positions.new_tensor(queries.shape[2] + self.gap_tokens), view.query_positions[-1])
        )
        cos, sin = (part[0] for part in view.rotary(far))  # the last position tells embeddings that change with length
        length = (cos**2 + sin**2).sqrt()
        return turned(queries, cos / length, sin / length)
