"""Row 9: log tokens saved while every template and every error line stays.

Loghub (Zhu et al. 2023): 2,000 lines each of real systems, with the gold template of every line. A template is kept
when one of its lines is in the output verbatim, or one line of the output holds its fixed parts in order. An error line
is kept verbatim, or represented: its template is kept and each of its variable fields is in the output. Both are
reported.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparing.errors import SettingsError
from sparing.evals.data import Source, folder, read_text
from sparing.evals.task import Draw, Sample, Tally, Task

SOURCE = Source(
    "loghub",
    "https://github.com/logpai/loghub",
    "free for research, cite Zhu et al. 2023",
    "<system>_2k.log and <system>_2k.log_structured.csv",
)
_ERROR = re.compile(r"\b(?:errors?|fatal|fail(?:s|ed|ures?)?|exceptions?|critical|severe|panic)\b", re.IGNORECASE)
_ERROR_LEVELS = frozenset(("ERROR", "FATAL", "SEVERE", "CRITICAL", "FAILURE", "ALERT", "EMERG"))
_SEPARATORS = re.compile(r"[\s,;=()\[\]{}<>\"']+")


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """An error line; `fields` are its variable parts, None when the gold template does not fit it."""

    line: str
    template: int
    fields: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class LogGold:
    """Fixed parts of each template with the lines that have it, and the error lines."""

    templates: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    errors: tuple[ErrorLine, ...]


def load(draw: Draw) -> list[Sample[LogGold]]:
    """The first n systems whole, or, with a number as the option, n blocks of that many lines."""
    base = folder(SOURCE, draw.data_dir)
    logs = sorted(base.glob("*_2k.log"))
    if not logs:
        raise SettingsError(f"no *_2k.log in {base}", hint=f"get {SOURCE.get} from {SOURCE.url}")
    size = int(draw.option) if draw.option else None
    blocks = [list(_blocks(path, size)) for path in logs]
    # Round robin, so that a small n still covers the systems.
    turns = [system[i] for i in range(max(map(len, blocks))) for system in blocks if i < len(system)]
    return turns[: draw.n]


def score(sample: Sample[LogGold], output: str) -> dict[str, Tally]:
    """Templates, error lines, and error lines verbatim."""
    lines = output.splitlines()
    whole = {line.strip() for line in lines}
    kept = [_template_kept(fixed, having, output, lines, whole) for fixed, having in sample.gold.templates]
    tokens = set(_SEPARATORS.split(output)) | {part for t in _SEPARATORS.split(output) for part in t.split(":")}
    verbatim = shown = 0
    for error in sample.gold.errors:
        if error.line.strip() in whole or error.line.strip() in output:
            verbatim += 1
        elif error.fields is not None and kept[error.template] and all(_shown(f, tokens, output) for f in error.fields):
            shown += 1
    errors = len(sample.gold.errors)
    return {
        "templates": Tally(sum(kept), len(kept)),
        "error_lines": Tally(verbatim + shown, errors),
        "error_lines_verbatim": Tally(verbatim, errors),
    }


def is_error(line: str, level: str) -> bool:
    """Whether a line reports an error, by its level or its words."""
    return level.upper() in _ERROR_LEVELS or _ERROR.search(line) is not None


def _shown(field: str, tokens: set[str], output: str) -> bool:
    """A field of one word has to be a word of the output, a longer one a part of it."""
    return field in tokens or (bool(_SEPARATORS.search(field) or len(field) > 8) and field in output)


def _template_kept(
    fixed: Sequence[str], having: Sequence[str], output: str, lines: Sequence[str], whole: set[str]
) -> bool:
    if any(line.strip() in whole for line in having):
        return True
    if not fixed or max(fixed, key=len) not in output:
        return False
    return any(_in_order(fixed, line) for line in lines)


def _in_order(parts: Sequence[str], line: str) -> bool:
    at = 0
    for part in parts:
        at = line.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _blocks(path: Path, size: int | None) -> Iterator[Sample[LogGold]]:
    lines = read_text(path).splitlines()
    table = path.with_name(path.name + "_structured.csv")
    if not table.is_file():
        raise SettingsError(f"{table} is missing", hint=f"get {SOURCE.get} from {SOURCE.url}")
    rows = list(csv.DictReader(io.StringIO(read_text(table))))
    system = path.name.removesuffix("_2k.log")
    step = size or len(lines)
    for start in range(0, min(len(lines), len(rows)), step):
        block, facts = lines[start : start + step], rows[start : start + step]
        yield Sample(f"{system}-{start}", "\n".join(block) + "\n", "", _gold(block, facts), system)


def _gold(lines: Sequence[str], rows: Sequence[Mapping[str, str]]) -> LogGold:
    having: dict[str, list[str]] = {}
    for line, row in zip(lines, rows, strict=False):
        having.setdefault(row["EventTemplate"], []).append(line)
    number = {template: index for index, template in enumerate(having)}
    errors = tuple(
        ErrorLine(line, number[row["EventTemplate"]], _fields(row["EventTemplate"], row["Content"]))
        for line, row in zip(lines, rows, strict=False)
        if is_error(line, row.get("Level") or "")
    )
    return LogGold(tuple((_fixed(template), tuple(members)) for template, members in having.items()), errors)


def _fixed(template: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in template.split("<*>") if any(c.isalnum() for c in part))


def _fields(template: str, content: str) -> tuple[str, ...] | None:
    parts = [re.escape(part) for part in template.split("<*>")]
    match = re.fullmatch("(.*?)".join(parts), content.strip())
    return tuple(field.strip() for field in match.groups() if field.strip()) if match else None


TASK = Task(
    "loghub",
    9,
    "Loghub, 2,000 real log lines of each system",
    "templates",
    (None, 0.4, 0.2, 0.1),
    16,
    load,
    score,
    SOURCE,
    floors={"templates": 1.0, "error_lines": 1.0},
)
