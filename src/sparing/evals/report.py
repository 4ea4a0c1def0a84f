"""A finished measurement: tables as Markdown, plots as SVG, everything as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sparing.evals.svg import Chart, draw


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows of ready-made cells; the first column is text, the others are aligned right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        rule = ("---", *("---:" for _ in self.columns[1:]))
        lines = [self.columns, rule, *self.rows]
        body = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        return f"{self.title}\n\n{body}" if self.title else body


@dataclass(frozen=True, slots=True)
class Report:
    """One row of the scoreboard, measured.

    Attributes:
        name: As it is run, option included: ``xquad:de``.
        notes: Sentences under the tables: where the data are from, what could not run.
        data: Everything in numbers, for JSON.
    """

    name: str
    title: str
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """File name without a suffix."""
        return self.name.replace(":", "-")

    def markdown(self, *, charts: bool = True) -> str:
        """The report as Markdown; with `charts` it refers to the SVG files that `save` puts beside it."""
        parts = [f"# {self.title}", *(table.markdown() for table in self.tables)]
        if charts:
            parts.extend(f"![{chart.title}]({file})" for chart, file in zip(self.charts, self._files(), strict=True))
        if self.notes:
            parts.append("\n".join(f"- {note}" for note in self.notes))
        return "\n\n".join(parts) + "\n"

    def as_json(self) -> str:
        """`data`, with the name, title and notes; NaN becomes null."""
        body = {"name": self.name, "title": self.title, "notes": list(self.notes), **self.data}
        return json.dumps(_finite(body), indent=1, ensure_ascii=False) + "\n"

    def save(self, out: str | Path) -> list[Path]:
        """Write ``<name>.md``, ``<name>.json`` and one SVG per chart into the folder `out`, made if missing."""
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        texts = {f"{self.stem}.md": self.markdown(), f"{self.stem}.json": self.as_json()}
        texts.update({file: draw(chart) for chart, file in zip(self.charts, self._files(), strict=True)})
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        return [folder / name for name in texts]

    def _files(self) -> Sequence[str]:
        return [f"{self.stem}{f'-{i}' if i else ''}.svg" for i in range(len(self.charts))]


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and value != value else value
