"""What indexing costs, from files to a store: chunks a second, with and without vectors, and the memory that it takes.

python benchmarks/retrieval_index.py [--chunks 100000] [--embedder none static] [--processes 1 2] [--json FILE]

The corpus is made: equal shares of prose, Markdown, CSV, JSON lines, Python, logs and transcripts, some 20 KB a file,
its words drawn by Zipf's law from 20,000. Each run is a process of its own and a new store. CPU is user and system time
of that process, and of those that it started to read; where each has a core, the larger of both is what a run takes.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

from sparing.core.passage import Rights
from sparing.retrieve.embed import embedder_for
from sparing.retrieve.ingest import Ingest, ingest
from sparing.retrieve.store import open_store
from sparing.settings.retrieval import RetrievalSettings

FILE_BYTES, CHUNK_BYTES = 20_000, 900


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--embedder", nargs="+", default=["none", "static"])
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)  # corpus, store, embedder, processes: a run by itself
    args = parser.parse_args()
    if args.one:
        print(json.dumps(run(*map(str, args.one))))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus")
        make(corpus, args.chunks)
        for embedder in args.embedder:
            for processes in args.processes:
                store = Path(folder, f"{embedder}-{processes}.db")
                for _ in ("all is new", "nothing has changed"):
                    rows.append(in_a_process(str(corpus), str(store), embedder, str(processes)))
                    print("  ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
                store.unlink()
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n")


def in_a_process(*one: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, __file__, "--one", *one], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def run(corpus: str, where: str, embedder: str, processes: str) -> dict[str, Any]:
    """Index a folder; what it took."""
    made_by = embedder_for(embedder, RetrievalSettings(cache_bytes=0))
    store = open_store(where, write=True, embedder=made_by)
    wall_s = time.perf_counter()
    before = [_cpu_s(who) for who in _BOTH]
    done = ingest([corpus], store, made_by, Ingest(Path(corpus), processes=int(processes)))
    wall_s = time.perf_counter() - wall_s
    own_s, read_s = (_cpu_s(who) - used for who, used in zip(_BOTH, before, strict=True))
    chunks = store.holdings(Rights(everything=True)).passages
    store.close()
    return {
        "embedder": embedder,
        "processes": int(processes),
        "put": done.added + done.changed,
        "unchanged": done.unchanged,
        "chunks": chunks,
        "chunks_per_s": round(chunks / wall_s),
        "chunks_per_cpu_s": round(chunks / (own_s + read_s)),
        "cpu_s": round(own_s, 1),
        "cpu_s_of_readers": round(read_s, 1),
        "wall_s": round(wall_s, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
        "peak_mb_of_a_process": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000),
    }


_BOTH = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _cpu_s(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


class Words:
    """Words and sentences, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def some(self, number: int) -> list[str]:
        return self.random.choices(_VOCABULARY, cum_weights=_CUMULATED, k=number)

    def sentence(self) -> str:
        return " ".join(self.some(self.random.randint(6, 24))).capitalize() + ". "

    def sentences(self, number: int) -> str:
        return "".join(self.sentence() for _ in range(number))


_SYLLABLES = [a + b for a in "bcdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "il", "on")]
_VOCABULARY = [a + b for a in _SYLLABLES for b in _SYLLABLES]
_CUMULATED = list(accumulate(1 / (rank + 2) for rank in range(len(_VOCABULARY))))


def _prose(words: Words) -> str:
    return words.sentences(words.random.randint(3, 9)) + "\n\n"


def _markdown(words: Words) -> str:
    items = "".join(f"- {words.sentence()}\n" for _ in range(4))
    return f"## {' '.join(words.some(3))}\n\n{words.sentences(6)}\n\n{items}\n"


def _csv(words: Words) -> str:
    return f"{words.random.randint(1, 9999)},{','.join(words.some(5))},{words.random.random():.3f}\n"


def _jsonl(words: Words) -> str:
    return (
        json.dumps({"id": words.random.randint(1, 9999), "title": " ".join(words.some(4)), "text": words.sentences(2)})
        + "\n"
    )


def _python(words: Words) -> str:
    name, *rest = words.some(6)
    body = "".join(f"    {word} = {name}.{word}({words.random.randint(0, 99)})\n" for word in rest * 3)
    return f'def {name}({rest[0]}):\n    """{words.sentence().strip()}"""\n{body}    return {rest[1]}\n\n\n'


def _log(words: Words) -> str:
    minute = f"{words.random.randint(0, 59):02d}"
    return f"2026-03-01 10:{minute}:11,220 INFO {'.'.join(words.some(2))}: {' '.join(words.some(8))}\n"


def _transcript(words: Words) -> str:
    return f"{words.random.choice(('Ann', 'Bob', 'Carla'))}: {words.sentences(2)}\n"


KINDS: dict[str, Callable[[Words], str]] = {
    "txt": _prose,
    "md": _markdown,
    "csv": _csv,
    "jsonl": _jsonl,
    "py": _python,
    "log": _log,
    "transcript.txt": _transcript,
}


def make(folder: Path, chunks: int) -> None:
    """Files for about so many chunks."""
    folder.mkdir()
    for number in range(max(1, chunks * CHUNK_BYTES // FILE_BYTES)):
        ending, make_one = list(KINDS.items())[number % len(KINDS)]
        words = Words(number)
        parts = ["number,first,second,third,fourth,fifth,share\n"] if ending == "csv" else []
        size = 0
        while size < FILE_BYTES:
            parts.append(make_one(words))
            size += len(parts[-1])
        (folder / f"{number:06d}.{ending}").write_text("".join(parts))


if __name__ == "__main__":
    main()
