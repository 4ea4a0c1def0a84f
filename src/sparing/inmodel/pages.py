"""Reading only the pages of the cache that can matter for the next token. Nothing is dropped: all stay to be read."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from sparing.errors import PolicyError
from sparing.inmodel.int8 import decode
from sparing.inmodel.store import Rows


@dataclass(frozen=True, slots=True)
class Pages:
    """How much of the cache one generated token reads.

    Attributes:
        read_tokens: Tokens per head; sequences up to this length are read whole.
        page_tokens: Tokens that are read together.

    Raises:
        PolicyError: Less than three pages: the first, the last, and one to choose.

    Source: Quest, arXiv 2406.10774. Departs from it by one choice per key/value head, by the highest bound of its
    group.
    """

    read_tokens: int = 1024
    page_tokens: int = 32

    def __post_init__(self) -> None:
        if self.page_tokens < 1 or self.read_tokens < 3 * self.page_tokens:
            raise PolicyError(f"{self.read_tokens} tokens are not three pages of {self.page_tokens}")


@dataclass(slots=True)
class PageBounds:
    """Of rows of one length: per full page the least and greatest of each key dimension, [rows, pages, head_dim]."""

    version: int
    rows: int
    low: Tensor
    high: Tensor

    @classmethod
    def none_yet(cls, stored: Rows, version: int, dtype: torch.dtype) -> PageBounds:
        empty = decode(stored.keys[:, :0], dtype)
        return cls(version, stored.keys.shape[0], empty, empty)

    def follow(self, keys: Tensor, page_tokens: int) -> None:
        """Add the pages that have become full; forget those that were taken back."""
        pages, known = keys.shape[1] // page_tokens, self.low.shape[1]
        if pages < known:
            self.low, self.high = self.low[:, :pages], self.high[:, :pages]
        elif pages > known:
            new = keys[:, known * page_tokens : pages * page_tokens]
            new = decode(new, self.low.dtype).reshape(self.rows, pages - known, page_tokens, -1)
            self.low = torch.cat((self.low, new.amin(2)), dim=1)
            self.high = torch.cat((self.high, new.amax(2)), dim=1)


@dataclass(slots=True)
class PageReader:
    """Chooses and gathers pages for one layer, and keeps their bounds from token to token."""

    pages: Pages
    _bounds: dict[int, PageBounds] = field(default_factory=dict)

    def read(self, queries: Tensor, stored: Rows, version: int) -> tuple[Tensor, Tensor]:
        """Keys and values [rows, tokens, head_dim] as stored: the first page, the best, what follows the last full one.

        Args:
            queries: [rows, group, 1, head_dim].
            version: Changes whenever stored tokens were moved.
        """
        size, length = self.pages.page_tokens, stored.keys.shape[1]
        if length <= self.pages.read_tokens:
            return stored.keys, stored.values
        bounds = self._bounds.get(stored.first)
        if bounds is None or bounds.version != version or bounds.rows != stored.keys.shape[0]:
            bounds = self._bounds[stored.first] = PageBounds.none_yet(stored, version, queries.dtype)
        bounds.follow(stored.keys, size)
        full = length // size
        best = self._best(queries[:, :, 0], bounds, self.pages.read_tokens // size)
        rest = slice(full * size, length)
        return _gathered(stored.keys, best, full, size, rest), _gathered(stored.values, best, full, size, rest)

    def _best(self, queries: Tensor, bounds: PageBounds, count: int) -> Tensor:
        """[rows, count]: pages by the most that any key in them can score for any query of the group."""
        most = queries.clamp_min(0) @ bounds.high.transpose(1, 2) + queries.clamp_max(0) @ bounds.low.transpose(1, 2)
        worth = most.amax(1)  # [rows, pages]
        worth[:, 0] = worth[:, -1] = float("inf")  # sinks and the latest full page
        return worth.topk(count, dim=1).indices


def _gathered(part: Tensor, best: Tensor, full: int, size: int, rest: slice) -> Tensor:
    rows, _, dim = part.shape
    tokens = best.shape[1] * size
    read = part.new_empty(rows, tokens + rest.stop - rest.start, dim)
    for row in range(rows):  # whole pages at a time: indexing all rows at once copies number by number
        paged = part[row, : full * size].view(full, size * dim)
        torch.index_select(paged, 0, best[row], out=read[row, :tokens].view(-1, size * dim))
    read[:, tokens:] = part[:, rest]
    return read
