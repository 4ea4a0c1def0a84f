"""Vectors in eight bits, and their scan."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.retrieve.store.vectors import Vectors, quantise


def some(num: int, dimensions: int, seed: int = 0) -> tuple[Vectors, np.ndarray]:
    rng = np.random.default_rng(seed)
    floats = rng.standard_normal((num, dimensions), np.float32)
    codes, scales = quantise(floats)
    sets = rng.integers(1, 6, num).astype(np.int32)
    return Vectors(np.arange(1, num + 1) * 3, sets, codes, scales), codes * scales[:, None]


@given(st.integers(1, 1500), st.integers(1, 40), st.sets(st.integers(1, 8)), st.integers(1, 60), st.integers(0, 99))
def test_the_scan_is_exact(num: int, dimensions: int, sets: set[int], limit: int, seed: int) -> None:
    """It finds what a sort of all allowed cosines in float finds, up to rounding."""
    vectors, stored = some(num, dimensions, seed)
    question = np.random.default_rng(seed + 1).standard_normal(dimensions).astype(np.float32)
    question /= np.linalg.norm(question)
    hits = vectors.nearest(question, sets, limit)
    allowed = np.flatnonzero(np.isin(vectors.sets, list(sets)))
    cosines = stored.astype(np.float64) @ question
    expected = np.sort(cosines[allowed])[::-1][:limit]
    assert [hit.score for hit in hits] == pytest.approx(expected.tolist(), abs=1e-5)
    found = np.array([hit.id // 3 - 1 for hit in hits], np.int64)
    assert set(found.tolist()) <= set(allowed.tolist())
    assert cosines[found].tolist() == pytest.approx(expected.tolist(), abs=1e-5)


def test_codes_point_where_the_vector_points() -> None:
    """Length 1, and within half a step of the largest number."""
    floats = np.random.default_rng(0).standard_normal((200, 384)).astype(np.float32)
    floats /= np.linalg.norm(floats, axis=1, keepdims=True)
    codes, scales = quantise(floats)
    stored = codes * scales[:, None]
    assert np.allclose(np.linalg.norm(stored, axis=1), 1, atol=1e-6)
    assert (stored * floats).sum(axis=1).min() > 0.9999


def test_vectors_that_are_none_are_like_nothing() -> None:
    """No length, infinite or not a number: their cosine with anything is 0."""
    codes, scales = quantise(np.array([[0, 0], [np.nan, 1], [np.inf, 1], [3, 4]], np.float32))
    assert scales[:3].tolist() == [0, 0, 0]
    vectors = Vectors(np.arange(1, 5), np.ones(4, np.int32), codes, scales)
    assert [hit.score for hit in vectors.nearest(np.array([0.6, 0.8], np.float32), {1}, 4)] == [
        pytest.approx(1, abs=1e-3),
        0,
        0,
        0,
    ]
