"""Storage for keys and values whose rows have lengths of their own: what is dropped is really freed.

A row is one sequence's one key/value head. All rows lie in one flat buffer, each at its own start with room to grow,
so that heads may keep different numbers of tokens and padding is never stored. Knows nothing of models and policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from sparing.inmodel.int8 import SCALE_BYTES

_GROWTH_TOKENS = 192  # a full row is moved once in so many tokens, while attention reads it for each of them
_ALIKE_TOKENS = 64  # rows with their room to grow are a multiple of this long


Contents = tuple[Tensor, Tensor, Tensor]
"""Of one row: keys [tokens, head_dim], values [tokens, head_dim], columns [tokens]."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Neighbouring rows of one length, as views into the buffers.

    Attributes:
        first: Index of the first row; row = sequence * kv_heads + head.
        keys, values: [rows, tokens, head_dim].
        columns: [rows, tokens] int32, ascending: where in the input each token stood, padding counted.
        room: The same rows with their room to grow, whose numbers are finite; None: there is none.
    """

    first: int
    keys: Tensor
    values: Tensor
    columns: Tensor
    room: Rows | None = None

    def alike(self) -> tuple[Tensor, Tensor]:
        """Keys and values with as much of the room behind them as makes few different lengths of many."""
        if self.room is None:
            return self.keys, self.values
        tokens = -(-self.keys.shape[1] // _ALIKE_TOKENS) * _ALIKE_TOKENS
        return self.room.keys[:, :tokens], self.room.values[:, :tokens]

    def row(self, index: int) -> Contents:
        """Of the row `index` of the store: keys [tokens, head_dim], values, columns [tokens]."""
        at = index - self.first
        return self.keys[at], self.values[at], self.columns[at]


@dataclass(frozen=True, slots=True)
class Flat:
    """All rows where they lie, for a kernel that finds its way by itself.

    Attributes:
        keys, values: [slots, head_dim].
        starts: [rows] int64: each row's first slot.
        lengths: [rows] int32: how long each row was when this was made; all have grown alike since.
        blocks: What this was made from; it holds as long as they do.
    """

    keys: Tensor
    values: Tensor
    starts: Tensor
    lengths: Tensor
    first_length: int
    blocks: list[Rows]


class RaggedStore:
    """Keys, values and columns of [batch * kv_heads] rows."""

    def __init__(self, rows: int, key_dim: int, value_dim: int, dtype: torch.dtype, device: torch.device) -> None:
        self.lengths = [0] * rows
        self._room = [0] * rows
        self._keys = torch.empty(0, key_dim, dtype=dtype, device=device)
        self._values = torch.empty(0, value_dim, dtype=dtype, device=device)
        self._columns = torch.empty(0, dtype=torch.int32, device=device)
        self.version = 0  # changes whenever what is stored has moved within its row
        self._known_blocks: list[Rows] | None = None
        self._known_flat: Flat | None = None
        self._ahead = False  # the columns of the room to grow are filled in already: decoding writes none

    @property
    def allocated_bytes(self) -> int:
        """Bytes of the buffers, room to grow included."""
        return sum(buffer.untyped_storage().nbytes() for buffer in (self._keys, self._values, self._columns))

    @property
    def slot_bytes(self) -> int:
        """Bytes of one token of one row."""
        return slot_bytes(self._keys.shape[-1], self._values.shape[-1], self._keys.dtype)

    def exact_slot_bytes(self, dtype: torch.dtype) -> int:
        """Bytes that one token of one row would take in the model's precision."""
        if self._keys.dtype != torch.int8:
            return self.slot_bytes
        return slot_bytes(self._keys.shape[-1] - SCALE_BYTES, self._values.shape[-1] - SCALE_BYTES, dtype)

    @property
    def live_bytes(self) -> int:
        """Bytes of the tokens that are kept."""
        return sum(self.lengths) * self.slot_bytes

    def groups(self) -> Iterator[Rows]:
        """Neighbouring rows of equal length together, in order. Views: writing to them writes to the store."""
        for block in self._blocks():
            length = self.lengths[block.first]
            keys, values, columns = (part[:, :length] for part in (block.keys, block.values, block.columns))
            yield Rows(block.first, keys, values, columns, room=block)

    def rows(self) -> list[Contents]:
        """Every row by itself. Views, as `groups`."""
        return [group.row(group.first + i) for group in self.groups() for i in range(group.keys.shape[0])]

    def flat(self) -> tuple[Flat, int]:
        """All rows in place, and by how many tokens each has grown since that was made."""
        blocks = self._blocks()
        if self._known_flat is None or self._known_flat.blocks is not blocks:
            starts = [0, *accumulate(self._room)][:-1]
            self._known_flat = Flat(
                self._keys,
                self._values,
                torch.tensor(starts, device=self._keys.device),
                torch.tensor(self.lengths, dtype=torch.int32, device=self._keys.device),
                self.lengths[0],
                blocks,
            )
        return self._known_flat, self.lengths[0] - self._known_flat.first_length

    def append(self, keys: Tensor, values: Tensor, column: int) -> None:
        """Add the same number of tokens to every row, in place where there is room.

        Args:
            keys, values: [rows, tokens, head_dim].
            column: Where the first of them stood; the others follow.
        """
        tokens = keys.shape[1]
        if any(self.lengths[block.first] + tokens > block.columns.shape[1] for block in self._blocks()):
            self._make_room([tokens] * len(self.lengths), column)
        for block in self._blocks():
            rows = slice(block.first, block.first + block.keys.shape[0])
            length = self.lengths[block.first]
            block.keys[:, length : length + tokens] = keys[rows]
            block.values[:, length : length + tokens] = values[rows]
            if not self._ahead:
                columns = torch.arange(column, column + tokens, device=keys.device)
                block.columns[:, length : length + tokens] = columns
        self.lengths = [length + tokens for length in self.lengths]

    def append_ragged(self, parts: Sequence[Contents]) -> None:
        """Add to each row contents of its own."""
        added = [part[2].shape[0] for part in parts]
        if any(length + more > room for length, more, room in zip(self.lengths, added, self._room, strict=True)):
            self._make_room(added, 0)
        self._ahead, self._known_blocks = False, None
        start = 0
        for row, part in enumerate(parts):
            at = slice(start + self.lengths[row], start + self.lengths[row] + part[2].shape[0])
            for buffer, new in zip(self._buffers(), part, strict=True):
                buffer[at] = new
            self.lengths[row] += part[2].shape[0]
            start += self._room[row]

    def replace(self, parts: Sequence[Contents | None]) -> None:
        """Put other contents into rows (None: the row stays) and give back all room to grow."""
        self._rebuild([new or old for new, old in zip(parts, self.rows(), strict=True)])

    def truncate(self, column: int) -> None:
        """Forget every token at or after this column."""
        self.lengths = [int((columns < column).sum()) for _, _, columns in self.rows()]
        self._ahead, self._known_blocks = False, None  # what was filled in ahead followed what is forgotten now

    def select(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order; a row may be named more than once."""
        every = self.rows()
        self._rebuild([every[row] for row in rows])

    def to(self, device: torch.device | str) -> None:
        """Move the buffers."""
        self._keys, self._values, self._columns = (buffer.to(device, non_blocking=True) for buffer in self._buffers())
        self._known_blocks = None

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

    def _blocks(self) -> list[Rows]:
        """Neighbouring rows of equal length with their room to grow. They stay valid while all rows grow alike."""
        if self._known_blocks is None:
            shapes = list(zip(self.lengths, self._room, strict=True))
            self._known_blocks, first, start = [], 0, 0
            for row in range(1, len(shapes) + 1):
                if row < len(shapes) and shapes[row] == shapes[first]:
                    continue
                rows, room = row - first, shapes[first][1]
                end = start + rows * room
                keys, values, columns = (part[start:end].view(rows, room, *part.shape[1:]) for part in self._buffers())
                self._known_blocks.append(Rows(first, keys, values, columns))
                first, start = row, end
        return self._known_blocks

    def _make_room(self, added: Sequence[int], column: int) -> None:
        """Grow. Rows of equal length get equal room, so that they stay one group."""
        least = [length + more + _GROWTH_TOKENS for length, more in zip(self.lengths, added, strict=True)]
        room = [-(-tokens // _ALIKE_TOKENS) * _ALIKE_TOKENS for tokens in least]
        old = self.rows()
        self._keys, self._values, self._columns = (
            part.new_empty(sum(room), *part.shape[1:]) for part in self._buffers()
        )
        start = 0
        for length, new, contents in zip(self.lengths, room, old, strict=True):
            for buffer, part in zip(self._buffers(), contents, strict=True):
                buffer[start : start + length] = part
                buffer[start + length : start + new] = 0
            torch.arange(column, column + new - length, out=self._columns[start + length : start + new])
            start += new
        self._room, self._ahead, self._known_blocks = room, True, None

    def _rebuild(self, parts: Sequence[Contents]) -> None:
        self._keys, self._values, self._columns = (torch.cat(buffers) for buffers in zip(*parts, strict=True))
        self.lengths = [part[2].shape[0] for part in parts]
        self._room, self._ahead, self._known_blocks = list(self.lengths), False, None
        self.version += 1


def slot_bytes(key_dim: int, value_dim: int, dtype: torch.dtype) -> int:
    """Bytes that one token takes in one row: its key, its value, its column."""
    return (key_dim + value_dim) * dtype.itemsize + torch.int32.itemsize
