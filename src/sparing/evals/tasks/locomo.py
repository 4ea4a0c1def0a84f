"""Row 5: do the turns that answer a question about a months-long conversation survive?

LoCoMo (Maharana et al. 2024): two people, some twenty to thirty sessions, questions with the ids of the turns that hold
the evidence. The text is one line per turn, ``Speaker: words``, with ``[photo: caption]`` behind the words where the
speaker shows one; each session begins with its date on a line of its own, as in ``[1:56 pm on 8 May, 2023]``. A turn
counts as kept when all its words, caption included, stand in the output as they do in the source. Licensed for
non-commercial use: for measuring only, nothing is fitted to it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from sparing.errors import SettingsError
from sparing.evals.data import Source, folder, read_text
from sparing.evals.task import Draw, Sample, Tally, Task

SOURCE = Source(
    "locomo",
    "https://github.com/snap-research/locomo",
    "CC BY-NC 4.0",
    "data/locomo10.json, one file per conversation (the object under `conversation` with `qa` beside it)",
)
_SESSION = re.compile(r"session_(\d+)")
_TURN_ID = re.compile(r"D:?(\d+):0*(\d+)")  # a few are written D:11:26 or D30:05, and some lists are one string
_CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}

Turns = tuple[str, ...]


def load(draw: Draw) -> list[Sample[Turns]]:
    """n questions over all conversations, drawn at random; the option names one conversation's file."""
    base = folder(SOURCE, draw.data_dir)
    files = sorted(base.glob(f"{draw.option or '*'}.json"))
    if not files:
        raise SettingsError(f"no {draw.option or '*'}.json in {base}", hint=f"get {SOURCE.get} from {SOURCE.url}")
    questions = [sample for path in files for sample in _questions(path)]
    chosen = sorted(random.Random(draw.seed).sample(range(len(questions)), min(draw.n, len(questions))))
    return [questions[i] for i in chosen]


def score(sample: Sample[Turns], output: str) -> dict[str, Tally]:
    """Share of the evidence turns that are whole in the output; every question weighs the same."""
    kept = sum(turn in output for turn in sample.gold)
    return {"evidence_turns": Tally(kept / len(sample.gold))}


@lru_cache(maxsize=16)
def _questions(path: Path) -> list[Sample[Turns]]:
    conversation = msgspec.json.decode(read_text(path))
    text, turns = _written(conversation.get("conversation", conversation))
    samples = []
    for number, asked in enumerate(conversation["qa"]):
        ids = _TURN_ID.findall(" ".join(asked.get("evidence", ())))
        gold = tuple(dict.fromkeys(turns[at] for at in ids if at in turns))
        if gold:
            group = _CATEGORIES.get(asked["category"], "other")
            samples.append(Sample(f"locomo-{path.stem}-{number}", text, asked["question"], gold, group))
    return samples


def _written(conversation: Mapping[str, Any]) -> tuple[str, dict[tuple[str, str], str]]:
    """The conversation as text, and each turn's words by (session, number)."""
    lines: list[str] = []
    turns: dict[tuple[str, str], str] = {}
    sessions = sorted((int(match[1]), key) for key in conversation if (match := _SESSION.fullmatch(key)))
    for _, key in sessions:
        lines.append(f"[{conversation[f'{key}_date_time']}]\n")
        for turn in conversation[key]:
            words = " ".join(turn["text"].split())
            if turn.get("blip_caption"):
                words += f" [photo: {turn['blip_caption']}]"
            turns[_TURN_ID.findall(turn["dia_id"])[0]] = words
            lines.append(f"{turn['speaker']}: {words}\n")
    return "".join(lines), turns


TASK = Task(
    "locomo",
    5,
    "LoCoMo, evidence turns of a long conversation",
    "evidence_turns",
    (0.10, 0.05),
    200,
    load,
    score,
    SOURCE,
)
