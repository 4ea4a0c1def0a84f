"""The same assistant on real reports: the questions of TAT-QA, answered from all of its reports at once.

    python on_tatqa.py --data DIR           # DIR/tatqa/dev.json or tatqa_dataset_dev.json

The reports are written as Markdown into a temporary folder, indexed and asked. Nothing of them is kept.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sparing.cli.main import run
from sparing.core.passage import Rights
from sparing.finish.grounded.extract import extracted
from sparing.retrieval import retrieve
from sparing.retrieve.embed import embedder_for
from sparing.retrieve.store import open_store
from sparing.settings import PolicySettings, load_settings


@dataclass(frozen=True)
class Asked:
    """A question, the figure or words that answer it, and the report that has them."""

    question: str
    answer: str
    report: str


def reports(data: Path) -> list[dict[str, Any]]:
    """The data set, under either of its names."""
    for name in ("dev.json", "tatqa_dataset_dev.json"):
        if (data / "tatqa" / name).is_file():
            found: list[dict[str, Any]] = json.loads((data / "tatqa" / name).read_text("utf-8"))
            return found
    raise SystemExit(f"no tatqa/dev.json in {data}: see https://github.com/NExTplusplus/TAT-QA (CC BY 4.0)")


def written(report: dict[str, Any]) -> str:
    """A report as Markdown: its paragraphs, and its table."""
    rows = [[" ".join(cell.split()) for cell in row] for row in report["table"]["table"]]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    rule = "|" + " --- |" * len(rows[0])
    paragraphs = [paragraph["text"].strip() for paragraph in report["paragraphs"]]
    return "\n\n".join([*paragraphs, "\n".join([lines[0], rule, *lines[1:]])]) + "\n"


def questions(found: list[dict[str, Any]], n: int) -> list[Asked]:
    """A sample of those that one stretch of a report answers."""
    asked = list(_spans(found))
    return random.Random(0).sample(asked, min(n, len(asked)))


def _spans(found: list[dict[str, Any]]) -> Iterator[Asked]:
    for report in found:
        for one in report["questions"]:
            answer = one["answer"]
            if one["answer_type"] == "span" and isinstance(answer, list) and len(answer) == 1:
                yield Asked(one["question"], str(answer[0]), f"{report['table']['uid']}.md")


def main() -> None:
    """Index, ask, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds tatqa/")
    parser.add_argument("-n", type=int, default=100, help="most questions")
    options = parser.parse_args()
    found = reports(options.data)
    with TemporaryDirectory() as folder:
        for report in found:
            Path(folder, f"{report['table']['uid']}.md").write_text(written(report), "utf-8")
        if code := run(["index", folder, "--into", f"{folder}/store.db"]):
            raise SystemExit(code)
        ask(questions(found, options.n), f"{folder}/store.db", len(found))


def ask(asked: list[Asked], where: str, num_reports: int) -> None:
    """Answer each question from the passages' own sentences and rows."""
    settings = load_settings()
    store = open_store(where)
    embedder = embedder_for(settings.retrieval.embedder, settings.retrieval)
    policy = PolicySettings(select="auto", deadline_ms=4000)
    sent = held = answered = tokens = 0
    for one in asked:
        retrieved = retrieve(store, embedder, one.question, Rights(everything=True), budget_tokens=1500, policy=policy)
        answer = extracted(one.question, retrieved)
        tokens += retrieved.tokens
        sent += any(source.passage.source.endswith(one.report) for source in retrieved.sources)
        held += not answer.abstained and one.answer in answer.answer
        answered += not answer.abstained
    store.close()
    print(f"{len(asked)} questions over {num_reports} reports, {tokens / len(asked):,.0f} tokens each.")
    print(f"The right report is among the passages for {sent}; {answered} are answered, {held} of them rightly.")


if __name__ == "__main__":
    main()
