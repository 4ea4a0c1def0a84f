"""Tables and plots of `inmodel.py`'s measurements."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sparing.evals.stats import difference
from sparing.evals.svg import Chart, Series, Spot, draw
from sparing.evals.task import Tally

Row = dict[str, Any]
_CLOCKS = {"cpu": "CPU", "main": "main", "wall": "wall"}


def write_report(folder: Path) -> None:
    """`inmodel.md` from every part that was measured, and a plot for each."""
    parts = {
        "answers": _answers,
        "storage-*": _storage,
        "bytes-*": _storage,
        "decode": _decode,
        "decode-bfloat16": _decode,
        "prefill": _prefill,
        "skip": _skip,
    }
    text = [
        "# Dropping inside the model\n",
        "SmolLM2-135M-Instruct, float32 unless said otherwise, CPU, two threads. `python benchmarks/inmodel.py`\n",
    ]
    for name, write in parts.items():
        measured = [json.loads(path.read_text()) for path in folder.glob(f"inmodel-{name}.json")]
        measured.sort(key=lambda each: (each.get("tokens", 0), each.get("dtype", "")))
        text += [write(each, folder) for each in measured]
    (folder / "inmodel.md").write_text("\n".join(text))


def _answers(measured: Row, folder: Path) -> str:
    rows: list[Row] = measured["rows"]
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    kinds = list(dict.fromkeys((row["policy"], row["fraction"]) for row in rows))
    full = _mean([row["bytes"] for row in rows if row["policy"] == "full"])
    lines = [
        "## Answers against bytes\n",
        "The context is compressed before its questions are known. Random and window are baselines. Share of right "
        "answers:\n",
    ]
    lines += [
        _cells(["policy", "kept", *tasks, "KL", "bytes", "CPU s to compress", "share of prefill"]),
        _cells(["---"] * (len(tasks) + 6)),
    ]
    spots: dict[str, list[Spot]] = {}
    for policy, fraction in kinds:
        these = [row for row in rows if (row["policy"], row["fraction"]) == (policy, fraction)]
        right = [_mean([row["right"] for row in these if row["task"] == task]) for task in tasks]
        share = _mean([row["compress_s"] / row["prefill_s"] for row in these])
        size = _mean([row["bytes"] for row in these])
        numbers = [f"{value:.2f}" for value in right] + [f"{_mean([row['kl'] for row in these]):.3f}"]
        lines.append(
            _cells(
                [
                    policy,
                    f"{fraction:.0%}",
                    *numbers,
                    f"{size / full:.0%}",
                    f"{_mean([row['compress_s'] for row in these]):.2f}",
                    f"{share:.0%}",
                ]
            )
        )
        needles = _mean([row["right"] for row in these if row["task"] != "reading"])
        spots.setdefault(policy, []).append(Spot(size / full * 100, needles * 100, needles * 100, needles * 100))
    series = tuple(Series(name, tuple(sorted(of, key=lambda spot: spot.x))) for name, of in spots.items())
    chart = Chart("Needles found after compression", "bytes kept, %", "right answers, %", series)
    (folder / "inmodel-answers.svg").write_text(draw(chart))
    number = len([row for row in rows if row["policy"] == "full"])
    return "\n".join(
        [*lines, f"\n{number} contexts of about {measured['tokens']} tokens. ![Answers](inmodel-answers.svg)\n"]
    )


def _storage(measured: Row, folder: Path) -> str:
    rows: list[Row] = measured["rows"]
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    ways: dict[tuple[str, float, str], list[Row]] = {}
    for row in rows:
        ways.setdefault((row["policy"], row["fraction"], row["storage"]), []).append(row)
    whole = ways["full", 1.0, "exact"]
    dtype = measured.get("dtype", "float32")
    of_bytes = measured.get("shares") == "bytes"
    title, share = ("within shares of the bytes", "budget") if of_bytes else ("exact and in eight bits", "kept")
    lines = [
        f"## Needles in {measured['tokens']:,} tokens, {dtype}, {title}\n",
        "Compressed before the questions are known. Answers: questions answered right, from the first token on; lost, "
        "won: which the full cache answered and this did not, and the other way; with the difference in points and its "
        "95 % interval, contexts resampled. KL from keeping everything, exact. Prefill: CPU time of reading and "
        "compressing, against reading.\n",
        _cells(["policy", share, "stored", *tasks, "lost", "won", "difference", "KL", "bytes", "prefill"]),
        _cells(["---"] * (len(tasks) + 9)),
    ]
    for (policy, fraction, storage), these in sorted(ways.items(), key=lambda way: (way[0][0], -way[0][1])):
        right = [
            f"{sum(sum(row['right']) for row in these if row['task'] == task):.0f} of "
            f"{sum(len(row['right']) for row in these if row['task'] == task)}"
            for task in tasks
        ]
        pairs = [
            pair
            for ours, full in zip(these, whole, strict=True)
            for pair in zip(ours["right"], full["right"], strict=True)
        ]
        moved = difference(_tallies(these), _tallies(whole))
        points = f"{moved.mean * 100:+.1f} ({moved.low * 100:+.1f} to {moved.high * 100:+.1f})"
        lost, won = sum(ours < full for ours, full in pairs), sum(ours > full for ours, full in pairs)
        kl = f"{_mean([row['kl'] for row in these]):.5f}"
        size = f"{_mean([row['bytes'] for row in these]) / _mean([row['bytes'] for row in whole]):.1%}"
        stored = dtype if storage == "exact" else storage
        cost = f"{statistics.median(row['cost'] for row in these):.2f}x"
        lines.append(_cells([policy, f"{fraction:.0%}", stored, *right, str(lost), str(won), points, kl, size, cost]))
    return "\n".join([*lines, f"\n{len(whole)} contexts of about {measured['tokens']} tokens.\n"])


def _tallies(rows: Sequence[Row]) -> list[Tally]:
    return [Tally(sum(row["right"]), len(row["right"])) for row in rows]


def _decode(measured: Row, folder: Path) -> str:
    rows: list[Row] = measured["rows"]
    dtype = measured["dtype"]
    clocks = {clock: name for clock, name in _CLOCKS.items() if f"{clock}_ms" in rows[0]}
    lines = [
        f"## Decoding against length, {dtype}\n",
        "CPU: of all threads; main: of the one that waits for the others, about what passes where nothing else runs.\n",
        _cells(["context", "cache", *(f"{clock} ms | against stock" for clock in clocks.values()), "MiB"]),
        _cells(["---"] * (3 + 2 * len(clocks))),
    ]
    for row in rows:
        times = [f"{row[f'{clock}_ms']:.0f} | {row[f'{clock}_ratio']:.2f}x" for clock in clocks]
        lines.append(_cells([f"{row['length']:,}", row["cache"], *times, f"{row['bytes'] / 2**20:.0f}"]))
    names = list(dict.fromkeys(row["cache"] for row in rows))
    series = tuple(
        Series(
            name,
            tuple(
                Spot(row["length"], row["cpu_ms"], row["cpu_ms"], row["cpu_ms"]) for row in rows if row["cache"] == name
            ),
        )
        for name in names
    )
    plot = "inmodel-decode.svg" if dtype == "float32" else f"inmodel-decode-{dtype}.svg"
    (folder / plot).write_text(
        draw(Chart(f"Decoding one token, {dtype}", "context, tokens", "CPU milliseconds", series))
    )
    end = f"\nMedians of {measured['steps']} tokens; ratios are paired by token. ![Decoding]({plot})\n"
    return "\n".join([*lines, end])


def _prefill(measured: Row, folder: Path) -> str:
    rows: list[Row] = measured["rows"]
    lines = [
        "## Prefill, pruned after half of the layers\n",
        "The question stands in the prompt. Ratios are paired by prompt.\n",
    ]
    lines += [_cells(["prompt", "way", "CPU s", "faster", "right", "MiB"]), _cells(["---"] * 6)]
    spots: dict[str, list[Spot]] = {}
    for length in dict.fromkeys(row["length"] for row in rows):
        whole = {row["context"]: row for row in rows if (row["length"], row["way"]) == (length, "whole")}
        for way in dict.fromkeys(row["way"] for row in rows):
            these = [row for row in rows if (row["length"], row["way"]) == (length, way)]
            if not these:
                continue
            faster = statistics.median(whole[row["context"]]["cpu_s"] / row["cpu_s"] for row in these)
            spent = _mean([row["cpu_s"] for row in these])
            right = f"{sum(row['right'] for row in these):.0f} of {len(these)}"
            lines.append(
                _cells(
                    [
                        f"{length:,}",
                        way,
                        f"{spent:.1f}",
                        f"{faster:.2f}x",
                        right,
                        f"{_mean([row['bytes'] for row in these]) / 2**20:.0f}",
                    ]
                )
            )
            spots.setdefault(way, []).append(Spot(length, spent, spent, spent))
    series = tuple(Series(way, tuple(of)) for way, of in spots.items())
    (folder / "inmodel-prefill.svg").write_text(draw(Chart("Prefill", "prompt, tokens", "CPU seconds", series)))
    return "\n".join([*lines, "\n![Prefill](inmodel-prefill.svg)\n"])


def _skip(measured: Row, folder: Path) -> str:
    rows: list[Row] = measured["rows"]
    stock = {row["prompt"]: row for row in rows if row["way"] == "stock"}
    attached = {row["prompt"]: row for row in rows if row["way"] == "attached"}
    skip, leave = measured["skip"], measured["exit"]
    lines = [
        "## Drafting with layers skipped\n",
        f"Fitted in {skip['fit_s']:.0f} CPU s: {len(skip['layers'])} of {measured['of']} layers "
        f"({', '.join(map(str, skip['layers']))}); without them {skip['agreement']:.0%} of the next tokens of answers "
        f"to other prompts are told as by the whole model, promise {skip['promise']:.2f}. Answers of up to "
        f"{measured['steps']} tokens, prompt included; ratios are of CPU seconds, paired by prompt; ms are wall "
        "medians of a plain step, a drafted token, a check. Accepted: of drafted tokens.\n",
        f"Leaving early is approximate: fitted in {leave['fit_s']:.0f} CPU s for {leave['agreement']:.0%} agreement "
        f"after {leave['after']} layers, threshold {leave['threshold']:.4f}; of the tokens of held-out text "
        f"{leave['held_out']:.1%} agreed and {leave['exits']:.0%} left early. Accepted: tokens that left, of all but "
        "the first.\n",
        _cells(["answer", "way", "same as stock", "accepted", "ms", "against stock", "against attached", "on"]),
        _cells(["---"] * 8),
    ]
    for kind, way in dict.fromkeys((row["kind"], row["way"]) for row in rows):
        these = [row for row in rows if (row["kind"], row["way"]) == (kind, way)]

        def faster(base: Row, these: list[Row] = these) -> str:
            return f"{statistics.median(base[row['prompt']]['cpu_s'] / row['cpu_s'] for row in these):.2f}x"

        drafted = sum(row.get("drafted", 0) for row in these)
        accepted = f"{sum(row['accepted'] for row in these)} of {drafted}" if drafted else ""
        if "early" in these[0]:
            accepted = f"{sum(row['early'] for row in these)} of {sum(row['tokens'] - 1 for row in these)}"
        times = ", ".join(
            f"{statistics.median(row[unit] for row in these) * 1e3:.0f}"
            for unit in ("plain_s", "draft_s", "verify_s")
            if these[0].get(unit)
        )
        lines.append(
            _cells(
                [
                    kind,
                    way,
                    f"{sum(row['same'] for row in these)} of {len(these)}",
                    accepted,
                    times,
                    faster(stock),
                    faster(attached),
                    f"{sum(row['on'] for row in these)} of {len(these)}" if "on" in these[0] else "",
                ]
            )
        )
    return "\n".join([*lines, ""])


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")
