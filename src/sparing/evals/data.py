"""Where evaluation data lie, where they come from, and whether they are the ones that were recorded."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from sparing.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Source:
    """A public data set.

    Attributes:
        folder: Its folder under the data root.
        url: Where the publisher keeps it.
        get: Which files to put into the folder, in words.
    """

    folder: str
    url: str
    licence: str
    get: str


def project_root() -> Path | None:
    """The checkout this package runs from, None when it is installed elsewhere."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "pyproject.toml").is_file() else None


def data_dir(given: str | Path | None = None) -> Path:
    """The data root: the argument, else SPARING_DATA, else ``../shared/data`` beside the checkout, else ``data`` here.

    It need not exist: `folder` complains when a set is missing from it.
    """
    chosen = given or os.environ.get("SPARING_DATA")
    if chosen:
        return Path(chosen).expanduser()
    root = project_root()
    beside = root.parent / "shared" / "data" if root else None
    return beside if beside is not None and beside.is_dir() else Path("data")


def folder(source: Source, root: Path) -> Path:
    """The set's folder.

    Raises:
        SettingsError: It is not there; the hint says where to get it.
    """
    path = root / source.folder
    if not path.is_dir():
        raise SettingsError(
            f"no evaluation data in {path}",
            hint=f"get {source.get} from {source.url} ({source.licence}) into that folder, or point --data or "
            "SPARING_DATA at the folder that holds it",
        )
    return path


def first_file(source: Source, root: Path, names: Sequence[str]) -> Path:
    """The first of these files that exists in the set's folder.

    Raises:
        SettingsError: None does.
    """
    base = folder(source, root)
    for name in names:
        if (base / name).is_file():
            return base / name
    raise SettingsError(
        f"none of {', '.join(names)} is in {base}", hint=f"get {source.get} from {source.url} ({source.licence})"
    )


def read_text(path: Path) -> str:
    """UTF-8 text, unpacked when the name ends in .gz; bytes that are not UTF-8 become the replacement character."""
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8", "replace")


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """One object per non-empty line.

    Raises:
        SettingsError: A line is not JSON.
    """
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except json.JSONDecodeError as error:
            raise SettingsError(f"{path}:{number} is not JSON: {error}", hint="get the file again") from error


def provenance(source: Source, root: Path) -> str:
    """One sentence for the report: the source, and how many of its files have the recorded SHA-256."""
    known = _recorded()
    base = root / source.folder
    present = [name for name in known if name.startswith(f"{source.folder}/") and (root / name).is_file()]
    same = sum(_sha256(root / name) == known[name] for name in present)
    verdict = f"{same} of {len(present)} files have the recorded SHA-256" if present else "not the recorded files"
    return f"Data: {source.url} ({source.licence}) in {base.name}/, {verdict}."


def _recorded() -> dict[str, str]:
    lines = files("sparing.evals").joinpath("sha256sums.txt").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines if line)}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
