"""The ragged store: what goes in comes out, in place, and what is dropped is freed."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.inmodel.store import RaggedStore


def fresh(rows: int) -> RaggedStore:
    return RaggedStore(rows, 3, 2, torch.float32, torch.device("cpu"))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.lists(st.one_of(st.integers(1, 150), st.none(), st.just(-1)), max_size=12), st.randoms())
def test_behaves_as_a_list_of_tokens_per_row(rows: int, steps: list[int | None], random) -> None:
    """Appending (a number), dropping at random (None) and cropping (-1) do what they do to plain lists."""
    store, model, column = fresh(rows), [[] for _ in range(rows)], 0
    for step in steps:
        if step is None:
            kept = [sorted(random.sample(range(len(row)), len(row) // 2)) for row in model]
            current = store.rows() if column else []
            if not current:
                continue
            store.replace(
                [
                    tuple(part[torch.tensor(k, dtype=torch.long)] for part in c)
                    for k, c in zip(kept, current, strict=True)
                ]
            )
            model = [[row[i] for i in k] for row, k in zip(model, kept, strict=True)]
            assert store.allocated_bytes == store.live_bytes
        elif step == -1:
            column = max(0, column - 3)
            store.truncate(column)
            model = [[c for c in row if c < column] for row in model]
        else:
            columns = torch.arange(column, column + step)
            keys = torch.stack(
                [torch.stack([columns * 1.0, columns * 0.0 + r, columns * 2.0], -1) for r in range(rows)]
            )
            store.append(keys, keys[..., :2], column)
            model = [row + columns.tolist() for row in model]
            column += step
    assert store.lengths == [len(row) for row in model]
    for index, ((keys, values, columns), row) in enumerate(zip(store.rows(), model, strict=True)):
        assert columns.tolist() == row
        assert keys[:, 0].tolist() == row
        assert all(mark == index for mark in keys[:, 1].tolist())
        assert torch.equal(values, keys[:, :2])


def test_a_crop_below_a_drop_forgets_the_columns_ahead() -> None:
    """What is appended afterwards stands where it was said to stand."""
    store = fresh(1)
    one = torch.ones(1, 1, 3)
    store.append(one, one[..., :2], 0)
    keys, values, columns = store.rows()[0]
    store.replace([(keys[:0], values[:0], columns[:0])])
    store.append(one, one[..., :2], 1)
    store.truncate(0)
    store.append(one, one[..., :2], 0)
    assert store.rows()[0][2].tolist() == [0]


def test_appending_within_the_room_moves_nothing() -> None:
    """A token more is written in place: the buffers stay where they are."""
    store = fresh(2)
    store.append(torch.ones(2, 100, 3), torch.ones(2, 100, 2), 0)
    where = store.rows()[0][0].data_ptr()
    for column in range(100, 120):
        store.append(torch.ones(2, 1, 3), torch.ones(2, 1, 2), column)
    assert store.rows()[0][0].data_ptr() == where
    assert store.rows()[1][2].tolist() == list(range(120))


def test_rows_of_equal_length_stay_one_group_when_they_grow() -> None:
    """Attention over equal rows is one call, whatever was appended."""
    store = fresh(3)
    for column in range(0, 400, 100):
        store.append(torch.ones(3, 100, 3), torch.ones(3, 100, 2), column)
    assert [group.keys.shape for group in store.groups()] == [(3, 400, 3)]


def test_rows_with_their_room_come_in_few_lengths_and_hold_finite_numbers() -> None:
    """What is read beyond a row's end can be masked: it is never NaN, even after something was taken back."""
    store, lengths = fresh(2), set()
    for column in range(300):
        store.append(torch.ones(2, 1, 3), torch.ones(2, 1, 2), column)
        for group in store.groups():
            keys, values = group.alike()
            lengths.add(keys.shape[1])
            assert keys.shape[1] == values.shape[1] >= group.keys.shape[1] == column + 1
            assert torch.equal(keys[:, : column + 1], group.keys)
            assert bool(keys.isfinite().all() and values.isfinite().all())
    assert lengths == {64, 128, 192, 256, 320}
    store.truncate(70)
    assert next(store.groups()).alike()[0].shape[1] == 128
    assert store.allocated_bytes <= (300 + 255) * 2 * store.slot_bytes


def test_a_ragged_append_adds_to_each_row_its_own() -> None:
    """Padding is left out of the row it belongs to."""
    store = fresh(2)
    part = (torch.ones(4, 3), torch.ones(4, 2), torch.arange(4, dtype=torch.int32))
    store.append_ragged([part, tuple(x[2:] for x in part)])
    store.append(torch.zeros(2, 1, 3), torch.zeros(2, 1, 2), 4)
    assert [columns.tolist() for _, _, columns in store.rows()] == [[0, 1, 2, 3, 4], [2, 3, 4]]
