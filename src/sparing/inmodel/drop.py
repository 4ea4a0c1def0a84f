"""Dropping in one layer: from what a sequence stores and lately asked to what its rows hold afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from sparing.errors import PolicyError
from sparing.inmodel.choose import Choice, judge, pick, queries_needed
from sparing.inmodel.contest import Contest
from sparing.inmodel.int8 import decode, encode
from sparing.inmodel.merge import merged_values
from sparing.inmodel.pages import Pages
from sparing.inmodel.policy import Policy
from sparing.inmodel.sparse import SparsePrefill
from sparing.inmodel.store import Contents, RaggedStore
from sparing.inmodel.view import LayerView, Rotary

Storage = Literal["exact", "int8"]
"""How keys and values are stored: in the model's precision, or in eight bits (see `int8`)."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Tokens that were left out of a forward halfway up the model: the layers above see `columns` of `tokens`."""

    columns: Tensor
    tokens: int


@dataclass(frozen=True, slots=True)
class Passing:
    """Tokens of one sequence that pass a layer and leave nothing behind.

    Attributes:
        layer: Index of the layer.
        store: What it holds; rows are heads.
        queries: [kv_heads, group, tokens, head_dim], rotated.
        keys, values: [kv_heads, tokens, head_dim], the passing tokens' own, rotated.
        scaling: Factor of the attention logits.
    """

    layer: int
    store: RaggedStore
    queries: Tensor
    keys: Tensor
    values: Tensor
    scaling: float


@dataclass(slots=True)
class Shared:
    """What all layers of a cache have in common.

    Attributes:
        policies: One for all sequences, or one per sequence of the batch.
        layers: How many layers drop.
        stored_tokens: Of a sequence, in the rows of all those layers.
        pages: How much a generated token reads; None: everything.
        sparse: How much a long prompt's tokens read; None: everything.
        dtype: The model's precision.
        storage: In which precision keys and values are stored.
        held: Nothing is dropped at present.
        storing: Keys and values are stored at present, nothing is attended to.
        gathered: What is left of the current forward's tokens; None: all.
        watcher: Sees every layer of every forward after its attention, all of the forward's queries included.
        passer: Attends for the tokens of a forward, [kv_heads, group, tokens, head_dim]; nothing is stored.
        contests: Per sequence, for the policies under which layers compete.
    """

    policies: list[Policy]
    layers: int
    rotary: Rotary | None
    stored_tokens: Callable[[int], int]
    dtype: torch.dtype
    pages: Pages | None = None
    sparse: SparsePrefill | None = None
    storage: Storage = "exact"
    held: bool = False
    storing: bool = False
    gathered: Gathered | None = None
    watcher: Callable[[LayerView], None] | None = None
    passer: Callable[[Passing], Tensor] | None = None
    contests: dict[int, Contest] = field(default_factory=dict)

    @property
    def drops_answers(self) -> bool:
        """Whether any policy drops while decoding."""
        return any(policy.decode_every_tokens for policy in self.policies)

    def contest(self, place: Place, policy: Policy, tokens: int) -> Contest:
        """Where the rows at this place compete for `tokens` each; a new one where the layers begin."""
        index = place.first // place.kv_heads
        if place.rank == 0 or index not in self.contests:
            self.contests[index] = Contest(policy, tokens * place.kv_heads * self.layers)
        return self.contests[index]

    def settle(self, rank: int) -> None:
        """Let the contests go on, after the layer of this rank."""
        if rank < self.layers - 1:
            for contest in self.contests.values():
                contest.thin()
            return
        for index, contest in self.contests.items():
            contest.end(self.stored_tokens(index))
        self.contests.clear()

    def sequences(self, batch: int) -> list[Sequence]:
        """Fresh sequences, each with its policy. Beams of one prompt lie side by side and share its policy.

        Raises:
            PolicyError: There is neither one policy nor one for each prompt.
        """
        beams, rest = divmod(batch, len(self.policies))
        if rest:
            raise PolicyError(f"{len(self.policies)} policies for a batch of {batch}", hint="one, or one each")
        return [Sequence(self.policies[index // beams]) for index in range(batch)]


@dataclass(frozen=True, slots=True)
class Queries:
    """Rotated queries of one sequence: [kv_heads, group, tokens, head_dim], and the columns [tokens] they stood at."""

    states: Tensor
    columns: Tensor

    def last(self, tokens: int) -> Queries:
        start = max(0, self.columns.shape[0] - tokens)
        return Queries(self.states[:, :, start:], self.columns[start:])

    def then(self, later: Queries) -> Queries:
        return Queries(torch.cat((self.states, later.states), dim=2), torch.cat((self.columns, later.columns)))

    def copied(self) -> Queries:
        return Queries(self.states.clone(), self.columns.clone())


@dataclass(slots=True)
class Sequence:
    """One sequence in one layer.

    Attributes:
        start: Column of its first token: what is left of it is padding.
        remembered: Its latest queries, for drops during decoding, where each forward brings but one.
        mass, why: See `LayerReport`.
    """

    policy: Policy
    start: int = 0
    seen_tokens: int = 0
    since_drop_tokens: int = 0
    remembered: Queries | None = None
    mass: tuple[float, ...] = ()
    why: str = ""

    def is_due(self, new_tokens: int) -> bool:
        """Whether a forward over so many tokens is one to drop after: a piece of a prompt, or the one that fills the
        stretch of an answer. A few tokens are no prompt: a draft that is being checked may be taken back."""
        every = self.policy.decode_every_tokens
        return 1 < new_tokens >= self.policy.budget.recent or 0 < every <= self.since_drop_tokens

    def remember(self, asked: Queries) -> None:
        """Keep the latest queries, if the policy drops from answers."""
        if self.policy.decode_every_tokens:
            window = queries_needed(self.policy)
            together = asked if self.remembered is None else self.remembered.then(asked)
            self.remembered = together.last(window if window >= 0 else self.policy.decode_every_tokens).copied()


@dataclass(frozen=True, slots=True)
class Place:
    """Where dropping happens: a layer's rows `first` .. `first + kv_heads` of the store.

    Attributes:
        rank: This layer's place among the layers that drop.
    """

    store: RaggedStore
    first: int
    kv_heads: int
    layer: int
    rank: int
    scaling: float


def drop(
    place: Place, sequence: Sequence, policy: Policy, shared: Shared, asked: Queries, taken: Callable[[Choice], None]
) -> tuple[list[Contents | None], Sequence]:
    """New contents of a sequence's rows, None for a row that stays; and the sequence with what was found.

    Args:
        asked: Queries of the current forward.
        taken: Where all layers compete, what is told later, when more layers were scored.
    """
    unchanged: list[Contents | None] = [None] * place.kv_heads
    stored = place.store.lengths[place.first : place.first + place.kv_heads]
    tokens = _layer_tokens(place, sequence, policy, shared)
    across = policy.allocator.across
    if sequence.seen_tokens <= policy.min_tokens:
        why = f"{sequence.seen_tokens} tokens are not above min_tokens={policy.min_tokens}"
        return unchanged, replace(sequence, why=why)
    if sequence.seen_tokens <= tokens if across else sum(stored) <= tokens * place.kv_heads:
        return unchanged, replace(sequence, why="within the budget")
    judged = judge(views(place, sequence, shared, latest_queries(sequence, policy, asked)), policy)
    if not across:
        return take(place, sequence, pick(judged, policy, tokens), policy)
    shared.contest(place, policy, tokens).enter(judged, taken)
    return unchanged, replace(sequence, why="within the budget")


def take(place: Place, sequence: Sequence, choice: Choice, policy: Policy) -> tuple[list[Contents | None], Sequence]:
    """What `drop` gives, where the choice is made."""
    rows = place.store.rows()[place.first : place.first + place.kv_heads]
    contents = [_kept(row, kept, policy) for row, kept in zip(rows, choice.kept, strict=True)]
    why = "the guard kept everything" if choice.mass and not any(contents) else ""
    return contents, replace(sequence, why=why, mass=choice.mass, since_drop_tokens=0)


def _kept(row: Contents, kept: Tensor | None, policy: Policy) -> Contents | None:
    if kept is None:
        return None
    keys, values, columns = row
    if not policy.merge:
        return keys[kept], values[kept], columns[kept]
    merged = merged_values(decode(keys, torch.float32), decode(values, torch.float32), kept)
    return keys[kept], encode(merged) if values.dtype == torch.int8 else merged, columns[kept]


def _layer_tokens(place: Place, sequence: Sequence, policy: Policy, shared: Shared) -> int:
    rows = place.kv_heads * shared.layers
    exact_bytes = place.store.exact_slot_bytes(shared.dtype)
    mean_tokens = policy.budget.kept_tokens(sequence.seen_tokens, place.store.slot_bytes * rows, exact_bytes * rows)
    return max(policy.allocator.layer_tokens(mean_tokens, place.rank, shared.layers), policy.budget.floor)


def latest_queries(sequence: Sequence, policy: Policy, asked: Queries) -> Queries:
    """What scoring needs of the queries: remembered ones, or those of the current forward if they are more.

    Raises:
        PolicyError: There are none, and the scorer needs some.
    """
    window = queries_needed(policy)
    remembered = sequence.remembered
    queries = asked if remembered is None or remembered.columns.shape[0] < asked.columns.shape[0] else remembered
    if window and not queries.columns.numel():
        raise PolicyError(f"scorer {policy.scorer.name} needs queries", hint="give the policy to the cache at once")
    return queries.last(window) if window >= 0 else queries


def views(place: Place, sequence: Sequence, shared: Shared, queries: Queries) -> list[LayerView]:
    """One view of all heads where they hold equally much, else one for each stretch of heads that do."""
    last = place.first + place.kv_heads
    found = []
    for group in place.store.groups():
        low, high = max(group.first, place.first), min(group.first + group.keys.shape[0], last)
        if low >= high:
            continue
        here = slice(low - group.first, high - group.first)
        found.append(
            LayerView(
                keys=decode(group.keys[here], queries.states.dtype),
                values=decode(group.values[here], queries.states.dtype),
                positions=group.columns[here] - sequence.start,
                queries=queries.states[low - place.first : high - place.first],
                query_positions=queries.columns - sequence.start,
                scaling=place.scaling,
                rotary=shared.rotary,
                layer=place.layer,
            )
        )
    return found
