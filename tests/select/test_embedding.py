"""Sentence embeddings of the shipped models."""

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")

import numpy as np

from sparing.errors import SelectorMissing
from sparing.select.embedding import Embedding, embedding, load_embedding
from sparing.select.installed import Installed
from sparing.select.sentence import SentenceEmbedding, load_sentence_embedding, sentence_embedding

TEXTS = [
    "A cat sat on the mat.",
    "The kitten was sitting on a rug.",
    "Interest rates were raised by the central bank in March.",
    "word " * 700,
]


Either = Embedding | SentenceEmbedding


@pytest.fixture(scope="module", params=[embedding, sentence_embedding], ids=["static", "sentence"])
def model(request: pytest.FixtureRequest) -> Either:
    made: Either = request.param()
    return made


def test_vectors_have_length_one(model: Either) -> None:
    """Their dot products are cosines."""
    vectors = model.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), model.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_what_means_the_same_is_nearer(model: Either) -> None:
    """A paraphrase is nearer than another subject."""
    cat, kitten, bank, _ = model.embed(TEXTS)
    assert cat @ kitten > cat @ bank + 0.2


def test_a_text_does_not_depend_on_its_neighbours(model: Either) -> None:
    """Embedded alone, in a batch, or in another order, a text has the same vector."""
    alone = np.concatenate([model.embed([text]) for text in TEXTS])
    assert np.abs(model.embed(TEXTS) - alone).max() < 1e-3
    assert np.abs(model.embed(TEXTS[::-1])[::-1] - alone).max() < 1e-3


def test_no_texts_and_no_words(model: Either) -> None:
    """Nothing gives no rows; a text without words a vector of finite numbers."""
    assert model.embed([]).shape == (0, model.dimensions)
    assert np.isfinite(model.embed([""])).all()


def test_other_languages_have_vectors(model: Either) -> None:
    """A word in letters that the vocabulary has is told from another; one that it lacks gives finite numbers."""
    german, other, thai = model.embed(["Wo liegt Warschau?", "Zinsen und Kredite", "กรุงเทพ"])
    assert german @ other < 0.9
    assert np.isfinite(thai).all()


def test_the_name_says_which_model(model: Either) -> None:
    """It holds a hash, so that a store can refuse vectors of another model."""
    assert model.name.startswith("sparing-")
    assert len(model.name.rsplit("-", 1)[1]) == 12


@pytest.mark.parametrize("load", [load_embedding, load_sentence_embedding])
def test_without_models_there_is_none(load: Callable[[Installed], Either], tmp_path: Path) -> None:
    """The error says what to do."""
    with pytest.raises(SelectorMissing) as caught:
        load(Installed(tmp_path))
    assert caught.value.hint
