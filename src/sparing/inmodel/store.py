"""Storage for keys and values whose rows have lengths of their own: what is dropped is really freed.

A row is one sequence's one key/value head. All rows lie in one flat buffer, each at its own start with room to grow,
so that heads may keep different numbers of tokens and padding is never stored. Knows nothing of models and policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_GROWTH = 8  # a full row grows by an eighth of its length: each token is copied at most about nine times
_GROWTH_TOKENS = 128


Contents = tuple[Tensor, Tensor, Tensor]
"""Of one row: keys [tokens, head_dim], values [tokens, head_dim], columns [tokens]."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Neighbouring rows of one length, as views into the buffers.

    Attributes:
        first: Index of the first row; row = sequence * kv_heads + head.
        keys, values: [rows, tokens, head_dim].
        columns: [rows, tokens] int32, ascending: where in the input each token stood, padding counted.
    """

    first: int
    keys: Tensor
    values: Tensor
    columns: Tensor

    def row(self, index: int) -> Contents:
        """Of the row `index` of the store: keys [tokens, head_dim], values, columns [tokens]."""
        at = index - self.first
        return self.keys[at], self.values[at], self.columns[at]


class RaggedStore:
    """Keys, values and columns of [batch * kv_heads] rows."""

    def __init__(self, rows: int, key_dim: int, value_dim: int, dtype: torch.dtype, device: torch.device) -> None:
        self.lengths = [0] * rows
        self._room = [0] * rows
        self._keys = torch.empty(0, key_dim, dtype=dtype, device=device)
        self._values = torch.empty(0, value_dim, dtype=dtype, device=device)
        self._columns = torch.empty(0, dtype=torch.int32, device=device)
        self.version = 0  # changes whenever what is stored has moved within its row
        self._ahead = False  # the columns of the room to grow are filled in already: decoding writes none

    @property
    def allocated_bytes(self) -> int:
        """Bytes of the buffers, room to grow included."""
        return sum(buffer.untyped_storage().nbytes() for buffer in (self._keys, self._values, self._columns))

    @property
    def slot_bytes(self) -> int:
        """Bytes of one token of one row."""
        return slot_bytes(self._keys.shape[-1], self._values.shape[-1], self._keys.dtype)

    @property
    def live_bytes(self) -> int:
        """Bytes of the tokens that are kept."""
        return sum(self.lengths) * self.slot_bytes

    def groups(self) -> Iterator[Rows]:
        """Neighbouring rows of equal length together, in order. Views: writing to them writes to the store."""
        first = start = 0
        for row in range(1, len(self.lengths) + 1):
            if row < len(self.lengths) and self._shape(row) == self._shape(first):
                continue
            length, room = self._shape(first)
            rows = row - first
            end = start + rows * room
            keys, values, columns = (
                part[start:end].view(rows, room, *part.shape[1:])[:, :length] for part in self._buffers()
            )
            yield Rows(first, keys, values, columns)
            first, start = row, end

    def rows(self) -> list[Contents]:
        """Every row by itself. Views, as `groups`."""
        return [group.row(group.first + i) for group in self.groups() for i in range(group.keys.shape[0])]

    def append(self, keys: Tensor, values: Tensor, column: int) -> None:
        """Add the same number of tokens to every row, in place where there is room.

        Args:
            keys, values: [rows, tokens, head_dim].
            column: Where the first of them stood; the others follow.
        """
        tokens = keys.shape[1]
        self._make_room([tokens] * len(self.lengths), column)
        self.lengths = [length + tokens for length in self.lengths]
        for group in self.groups():
            rows = slice(group.first, group.first + group.keys.shape[0])
            group.keys[:, -tokens:] = keys[rows]
            group.values[:, -tokens:] = values[rows]
            if not self._ahead:
                group.columns[:, -tokens:] = torch.arange(column, column + tokens, device=keys.device)

    def append_ragged(self, parts: Sequence[Contents]) -> None:
        """Add to each row contents of its own."""
        self._make_room([part[2].shape[0] for part in parts], 0)
        self._ahead = False
        start = 0
        for row, part in enumerate(parts):
            at = slice(start + self.lengths[row], start + self.lengths[row] + part[2].shape[0])
            for buffer, added in zip(self._buffers(), part, strict=True):
                buffer[at] = added
            self.lengths[row] += part[2].shape[0]
            start += self._room[row]

    def replace(self, parts: Sequence[Contents | None]) -> None:
        """Put other contents into rows (None: the row stays) and give back all room to grow."""
        self._rebuild([new or old for new, old in zip(parts, self.rows(), strict=True)])

    def truncate(self, column: int) -> None:
        """Forget every token at or after this column."""
        self.lengths = [int((columns < column).sum()) for _, _, columns in self.rows()]

    def select(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order; a row may be named more than once."""
        every = self.rows()
        self._rebuild([every[row] for row in rows])

    def to(self, device: torch.device | str) -> None:
        """Move the buffers."""
        self._keys, self._values, self._columns = (buffer.to(device, non_blocking=True) for buffer in self._buffers())

    def packed(self) -> tuple[Tensor, Tensor, Tensor]:
        """Copies of all tokens without room to grow: keys and values [slots, head_dim], columns [slots]."""
        keys, values, columns = zip(*self.rows(), strict=True)
        return torch.cat(keys), torch.cat(values), torch.cat(columns)

    @classmethod
    def from_packed(cls, keys: Tensor, values: Tensor, columns: Tensor, lengths: Sequence[int]) -> RaggedStore:
        """The inverse of `packed`."""
        store = cls(len(lengths), keys.shape[-1], values.shape[-1], keys.dtype, keys.device)
        store.lengths, store._room = list(lengths), list(lengths)
        store._keys, store._values, store._columns = keys, values, columns
        return store

    def _buffers(self) -> tuple[Tensor, Tensor, Tensor]:
        return self._keys, self._values, self._columns

    def _shape(self, row: int) -> tuple[int, int]:
        return self.lengths[row], self._room[row]

    def _make_room(self, added: Sequence[int], column: int) -> None:
        """Grow if any row is full. Rows of equal length get equal room, so that they stay one group."""
        wanted = [length + more for length, more in zip(self.lengths, added, strict=True)]
        if all(want <= room for want, room in zip(wanted, self._room, strict=True)):
            return
        room = [want + max(want // _GROWTH, _GROWTH_TOKENS) for want in wanted]
        old = self.rows()
        self._keys, self._values, self._columns = (
            part.new_empty(sum(room), *part.shape[1:]) for part in self._buffers()
        )
        start = 0
        for length, new, contents in zip(self.lengths, room, old, strict=True):
            for buffer, part in zip(self._buffers(), contents, strict=True):
                buffer[start : start + length] = part
            torch.arange(column, column + new - length, out=self._columns[start + length : start + new])
            start += new
        self._room, self._ahead = room, True

    def _rebuild(self, parts: Sequence[Contents]) -> None:
        self._keys, self._values, self._columns = (torch.cat(buffers) for buffers in zip(*parts, strict=True))
        self.lengths = [part[2].shape[0] for part in parts]
        self._room, self._ahead = list(self.lengths), False
        self.version += 1


def slot_bytes(key_dim: int, value_dim: int, dtype: torch.dtype) -> int:
    """Bytes that one token takes in one row: its key, its value, its column."""
    return (key_dim + value_dim) * dtype.itemsize + torch.int32.itemsize
