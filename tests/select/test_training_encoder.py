"""The encoder that is trained: it begins as the base does, and what is exported says the same."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
transformers = pytest.importorskip("transformers")

from sparing.select.training.encoder import Encoder, Shape, from_bert  # noqa: E402
from sparing.select.training.export import Part, export_float, export_int8, parts_of  # noqa: E402

SHAPE = Shape(layers=(0, 1, 2), apart=2, vocabulary=3_000, hidden=32, heads=4, inner=64, positions=64)
QUESTION, PASSAGE = [101, 2040, 2041, 102], [101, 2023, 2003, 2045, 2077, 102]


def rows(question: list[int], passage: list[int], padding: int = 0) -> tuple[torch.Tensor, ...]:
    """ids, mask, sides of one row."""
    ids = [*question, *passage, *([0] * padding)]
    sides = [0] * len(question) + [1] * len(passage) + [0] * padding
    mask = [1] * (len(ids) - padding) + [0] * padding
    return tuple(torch.tensor([values]) for values in (ids, mask, sides))


@pytest.fixture(scope="module")
def bert() -> object:
    """A tiny BERT with weights by chance."""
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=SHAPE.vocabulary,
        hidden_size=SHAPE.hidden,
        num_hidden_layers=3,
        num_attention_heads=SHAPE.heads,
        intermediate_size=SHAPE.inner,
        max_position_embeddings=SHAPE.positions,
    )
    return transformers.BertModel(config, add_pooling_layer=False).eval()


@pytest.fixture
def encoder(bert: object) -> Encoder:
    """The same as an encoder, with heads by chance."""
    weights: Mapping[str, torch.Tensor] = bert.state_dict()  # type: ignore[attr-defined]
    torch.manual_seed(1)
    made = from_bert(SHAPE, weights)
    for head in (made.token, made.whole):
        torch.nn.init.normal_(head[-1].weight)
    return made.eval()


@torch.no_grad()
def test_apart_is_the_base(bert: object, encoder: Encoder) -> None:
    """While question and passage do not see each other, each has the base's own states of it alone."""
    apart = from_bert(Shape(**{**_fields(SHAPE), "apart": 3}), bert.state_dict())  # type: ignore[attr-defined]
    states = apart.eval().apart(*rows(QUESTION, PASSAGE))[0]
    for ids, found in ((QUESTION, states[:4]), (PASSAGE, states[4:])):
        alone = bert(input_ids=torch.tensor([ids])).last_hidden_state[0]  # type: ignore[operator]
        assert torch.allclose(found, alone, atol=1e-5)


@torch.no_grad()
def test_what_is_below_depends_on_the_passage_alone(encoder: Encoder) -> None:
    """So it can be worked out once for all questions; what is above depends on the question."""
    one, other = rows(QUESTION, PASSAGE), rows([101, 2055, 102], PASSAGE)
    assert torch.allclose(encoder.apart(*one)[0, 4:], encoder.apart(*other)[0, 3:], atol=1e-6)
    assert not torch.allclose(encoder(*one)[1][0, 4:], encoder(*other)[1][0, 3:], atol=1e-3)


@torch.no_grad()
def test_padding_changes_nothing(encoder: Encoder) -> None:
    """A row's scores are the same however it is padded."""
    bare, padded = encoder(*rows(QUESTION, PASSAGE)), encoder(*rows(QUESTION, PASSAGE, padding=5))
    for found, wanted in zip(padded, bare, strict=True):
        assert torch.allclose(found[..., : wanted.shape[-1]], wanted, atol=1e-5)


@torch.no_grad()
def test_training_leaves_some_out_and_reading_nothing(encoder: Encoder) -> None:
    """The same row scores differently each time while training, and always the same afterwards."""
    row = rows(QUESTION, PASSAGE)
    same = encoder(*row)[1]
    assert torch.equal(encoder(*row)[1], same)
    encoder.train()
    torch.manual_seed(2)
    assert not torch.equal(encoder(*row)[1], encoder(*row)[1])


@torch.no_grad()
def test_the_exported_parts_say_the_same(encoder: Encoder, tmp_path: Path) -> None:
    """float32 to rounding, int8 nearly; for any length."""
    wanted = [value.numpy() for value in encoder(*rows(QUESTION, PASSAGE * 3))]
    for export, tolerance in ((export_float, 1e-3), (export_int8, 0.5)):
        sessions = _sessions(encoder, encoder, export, tmp_path)
        asked, held = (sessions["lower"].run(None, {"ids": np.array([ids])})[0] for ids in (QUESTION, PASSAGE * 3))
        relevance, *keeps = sessions["upper"].run(None, {"question": asked, "passage": held})
        assert np.abs(relevance - wanted[0]).max() < tolerance
        for ours, theirs in zip(keeps, wanted[1:], strict=True):
            assert np.abs(ours - theirs[:, len(QUESTION) :]).max() < tolerance


@torch.no_grad()
def test_the_sentence_part_is_the_base(bert: object, encoder: Encoder, tmp_path: Path) -> None:
    """Lower layers and the base's upper ones give the base's mean over tokens, of length 1."""
    base = from_bert(SHAPE, bert.state_dict()).eval()  # type: ignore[attr-defined]
    sessions = _sessions(encoder, base, export_float, tmp_path)
    states = sessions["lower"].run(None, {"ids": np.array([PASSAGE])})[0]
    (found,) = sessions["sentence"].run(None, {"states": states})
    alone = bert(input_ids=torch.tensor([PASSAGE])).last_hidden_state.mean(1)  # type: ignore[operator]
    assert np.abs(found - torch.nn.functional.normalize(alone, dim=-1).numpy()).max() < 1e-4


def _sessions(
    encoder: Encoder, base: Encoder, export: Callable[[Part, Path], None], folder: Path
) -> dict[str, onnxruntime.InferenceSession]:
    for name, part in parts_of(encoder, base).items():
        export(part, folder / name)
    return {name: onnxruntime.InferenceSession(folder / f"{name}.onnx") for name in ("lower", "upper", "sentence")}


def _fields(shape: Shape) -> dict[str, object]:
    return {name: getattr(shape, name) for name in shape.__dataclass_fields__}
