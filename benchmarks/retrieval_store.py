"""What a store of passages costs: indexing, opening, searching, memory, at sizes that show how it grows.

python benchmarks/retrieval_store.py [--sizes 10000 30000 100000] [--dimensions 384] [--json FILE]

Passages are synthetic: 100 words each, drawn by Zipf's law from English stop words and 60,000 others, 20 to a document,
with vectors around 500 centres. Documents have one of 100 label sets, so callers that may read 1, 10 and all of them
see 1 %, 10 % and 100 % of the store. A question is eight words of a passage beside each other, and a vector near its.

Building and searching are processes of their own. CPU is user and system time of all threads of the process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sparing.core.passage import Chunk, Document, Rights
from sparing.core.store import Store
from sparing.reducers.stopwords import STOP
from sparing.retrieve.embed.choose import MINILM, STATIC, shipped
from sparing.retrieve.store import open_store

CHUNKS, WORDS, SETS = 20, 100, 100
QUESTIONS, FOUND = 100, 50
EMBEDDED = {STATIC: 2_000, MINILM: 500}  # passages
READERS = {"1 %": 1, "10 %": 10, "100 %": SETS}


class Synthetic:
    """Stands for an embedder: the vectors come with the documents."""

    def __init__(self, dimensions: int) -> None:
        self.name, self.dimensions = f"synthetic {dimensions}", dimensions

    def embed(self, texts: Any) -> Any:
        raise NotImplementedError


class Corpus:
    """Documents, questions and vectors, the same in every process."""

    def __init__(self, dimensions: int) -> None:
        self.words = np.array([*sorted(STOP), *[f"w{i:x}" for i in range(60_000)]])
        ranks = 1 / np.arange(1, len(self.words) + 1)
        self._cumulated = np.cumsum(ranks / ranks.sum())
        self._centres = np.random.default_rng(7).standard_normal((500, dimensions), np.float32)

    def document(self, number: int) -> tuple[Document, Any]:
        rng = np.random.default_rng(number)
        texts = [" ".join(words) for words in self.words[self._draw(rng, (CHUNKS, WORDS))]]
        ends = np.cumsum([len(text) + 1 for text in texts])
        chunks = tuple(
            Chunk(int(end) - len(text) - 1, int(end) - 1, f"Document {number}", f"part {i}")
            for i, (end, text) in enumerate(zip(ends, texts, strict=True))
        )
        labels = frozenset((f"group:{number % SETS}",))
        one = Document(f"documents/{number}.txt", "\n".join(texts), str(number), chunks, labels)
        return one, self._near(rng.integers(0, 500, CHUNKS), rng, 1.0)

    def question(self, number: int, documents: int) -> tuple[str, Any]:
        rng = np.random.default_rng(10**9 + number)
        document, vectors = self.document(int(rng.integers(documents)))
        chunk = int(rng.integers(CHUNKS))
        words = document.text_of(document.chunks[chunk]).split()
        start = int(rng.integers(WORDS - 8))
        vector = vectors[chunk] + rng.standard_normal(vectors.shape[1], np.float32) * 0.02
        return " ".join(words[start : start + 8]), (vector / np.linalg.norm(vector)).astype(np.float32)

    def _draw(self, rng: Any, shape: tuple[int, ...]) -> Any:
        return np.minimum(np.searchsorted(self._cumulated, rng.random(shape)), len(self.words) - 1)

    def _near(self, centres: Any, rng: Any, spread: float) -> Any:
        noise = rng.standard_normal((len(centres), self._centres.shape[1]), np.float32)
        vectors = self._centres[centres] + spread * noise
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def build(path: Path, size: int, dimensions: int) -> dict[str, Any]:
    """Index so many passages; what is measured is `put` alone."""
    corpus = Corpus(dimensions)
    store = open_store(path, write=True, embedder=Synthetic(dimensions))
    cpu_s = wall_s = slowest_s = 0.0
    for number in range(size // CHUNKS):
        document, vectors = corpus.document(number)
        cpu, wall = time.process_time(), time.perf_counter()
        store.put(document, vectors)
        took_s = time.process_time() - cpu
        cpu_s += took_s
        wall_s += time.perf_counter() - wall
        slowest_s = max(slowest_s, took_s)
    store.close()
    return {
        "chunks_per_cpu_s": size / cpu_s,
        "chunks_per_s": size / wall_s,
        "slowest_put_cpu_s": slowest_s,
        "bytes": path.stat().st_size,
        "text_bytes": sum(len(corpus.document(number)[0].text) for number in range(0, size // CHUNKS, 50)) * 50,
        "peak_rss_bytes": peak_rss_bytes(),
    }


def embed(name: str, size: int) -> dict[str, Any]:
    """A shipped embedder alone, on the same passages."""
    embedder = shipped(name)
    corpus = Corpus(8)
    texts = [one.text_of(chunk) for one, _ in map(corpus.document, range(size // CHUNKS)) for chunk in one.chunks]
    embedder.embed(texts[:8])
    cpu = time.process_time()
    for start in range(0, len(texts), 64):
        embedder.embed(texts[start : start + 64])
    return {"embedder": embedder.name, "chunks_per_cpu_s": len(texts) / (time.process_time() - cpu)}


def query(path: Path, size: int, dimensions: int) -> dict[str, Any]:
    """Open, then ask."""
    corpus = Corpus(dimensions)
    questions = [corpus.question(number, size // CHUNKS) for number in range(QUESTIONS)]
    base = peak_rss_bytes()
    owner = Rights(everything=True)
    opened: list[Store] = []
    opening = timed([lambda: opened.append(open_store(path))])
    store = opened[0]
    first_words = timed([lambda: store.by_words(questions[0][0], owner, FOUND)])
    first_vector = timed([lambda: store.by_vector(questions[0][1], owner, FOUND)])
    searches = {
        name: {kind: timed(search) for kind, search in _searches(store, questions, rights(sets))}
        for name, sets in READERS.items()
    }
    store.close()
    return {
        "open": opening,
        "first_words": first_words,
        "first_vector": first_vector,
        "searches": searches,
        "peak_rss_bytes": peak_rss_bytes(),
        "peak_rss_bytes_before": base,
    }


def rights(sets: int) -> Rights:
    """Of a caller who may read so many of the label sets."""
    return Rights(frozenset(f"group:{i}" for i in range(sets)))


def _searches(
    store: Store, questions: list[tuple[str, Any]], who: Rights
) -> Iterator[tuple[str, list[Callable[[], Any]]]]:
    def words(question: tuple[str, Any]) -> Any:
        return store.by_words(question[0], who, FOUND)

    def vector(question: tuple[str, Any]) -> Any:
        return store.by_vector(question[1], who, FOUND)

    def both(question: tuple[str, Any]) -> Any:
        ids = [hit.id for hit in (*words(question)[:10], *vector(question)[:10])]
        return store.passages(ids, who)

    for name, search in (("words", words), ("vector", vector), ("both", both)):
        yield name, [lambda one=one, search=search: search(one) for one in questions]


def timed(calls: list[Callable[[], Any]]) -> dict[str, float]:
    """Milliseconds of CPU and wall clock."""
    cpus, walls = [], []
    for call in calls:
        cpu, wall = time.process_time(), time.perf_counter()
        call()
        cpus.append((time.process_time() - cpu) * 1e3)
        walls.append((time.perf_counter() - wall) * 1e3)
    return {
        "cpu_p50_ms": float(np.percentile(cpus, 50)),
        "cpu_p99_ms": float(np.percentile(cpus, 99)),
        "wall_p50_ms": float(np.percentile(walls, 50)),
        "wall_p99_ms": float(np.percentile(walls, 99)),
    }


def peak_rss_bytes() -> int:
    """Of this process so far (Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def markdown(report: dict[str, Any]) -> str:
    """The report as a page."""
    sizes = report["sizes"]
    largest = list(sizes.values())[-1]["build"]["chunks_per_cpu_s"]
    rates = [(one["embedder"], one["chunks_per_cpu_s"]) for one in report["embed"].values()]
    embedders = "\n".join(f"| {name} | {rate:,.0f} | {1 / (1 / rate + 1 / largest):,.0f} |" for name, rate in rates)
    return f"""# A store of passages, as it grows

`python benchmarks/retrieval_store.py --json benchmarks/results/retrieval_store.json` on a busy machine of two cores,
so all times are CPU time (wall clock is in the JSON file). Vectors have {report["dimensions"]} numbers; a question is
asked by words, by vector, and by both with 20 passages read.

{table(sizes)}

| embedder | alone, passages per CPU second | with what the store takes |
|---|---:|---:|
{embedders}
"""


def table(sizes: dict[int, Any]) -> str:
    """A row for each figure, a column for each size."""
    rows: list[tuple[str, list[str]]] = [
        ("index, passages per CPU second", [f"{one['build']['chunks_per_cpu_s']:,.0f}" for one in sizes.values()]),
        (
            "index, slowest document, CPU",
            [f"{one['build']['slowest_put_cpu_s'] * 1e3:.0f} ms" for one in sizes.values()],
        ),
        ("file", [f"{one['build']['bytes'] / 1e6:.0f} MB" for one in sizes.values()]),
        ("of it text", [f"{one['build']['text_bytes'] / 1e6:.0f} MB" for one in sizes.values()]),
        ("open, CPU", [f"{one['query']['open']['cpu_p50_ms']:.1f} ms" for one in sizes.values()]),
        (
            "first search by words, CPU",
            [f"{one['query']['first_words']['cpu_p50_ms']:.1f} ms" for one in sizes.values()],
        ),
        (
            "first search by vector, CPU",
            [f"{one['query']['first_vector']['cpu_p50_ms']:.0f} ms" for one in sizes.values()],
        ),
        ("peak memory, indexing", [f"{one['build']['peak_rss_bytes'] / 1e6:.0f} MB" for one in sizes.values()]),
        ("peak memory, searching", [f"{one['query']['peak_rss_bytes'] / 1e6:.0f} MB" for one in sizes.values()]),
    ]
    for share in READERS:
        for kind in ("words", "vector", "both"):
            cells = [one["query"]["searches"][share][kind] for one in sizes.values()]
            shown = [f"{cell['cpu_p50_ms']:.1f} / {cell['cpu_p99_ms']:.1f} ms" for cell in cells]
            rows.append((f"{kind}, {share} readable, CPU p50 / p99", shown))
    heads = [f"{int(size):,}" for size in sizes]
    lines = [f"| passages | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    return "\n".join([*lines, *[f"| {name} | {' | '.join(cells)} |" for name, cells in rows]])


def measured(task: str, path: Path, size: int, dimensions: int) -> dict[str, Any]:
    """One part, in a process of its own."""
    command = [sys.executable, __file__, "--part", task, "--path", str(path), "--sizes", str(size)]
    done = subprocess.run([*command, "--dimensions", str(dimensions)], check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--dimensions", type=int, default=384)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--part", choices=["build", "query", *EMBEDDED], help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part in EMBEDDED:
        print(json.dumps(embed(asked.part, asked.sizes[0])))
        return
    if asked.part:
        print(json.dumps((build if asked.part == "build" else query)(asked.path, asked.sizes[0], asked.dimensions)))
        return
    report: dict[str, Any] = {"dimensions": asked.dimensions, "sizes": {}}
    with tempfile.TemporaryDirectory() as folder:
        for size in asked.sizes:
            path = Path(folder) / f"{size}.db"
            report["sizes"][size] = {part: measured(part, path, size, asked.dimensions) for part in ("build", "query")}
        report["embed"] = {
            name: measured(name, Path(folder), size, asked.dimensions) for name, size in EMBEDDED.items()
        }
    print(markdown(report))
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1) + "\n")
        asked.json.with_suffix(".md").write_text(markdown(report))


if __name__ == "__main__":
    main()
