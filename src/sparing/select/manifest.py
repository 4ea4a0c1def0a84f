"""Which model files belong to this version, and whether those on disk are they."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from sparing.errors import SelectorDamaged, SelectorMissing

SHIPPED = Path(__file__).parent / "models"
_NAME = "manifest.json"


class ModelFile(msgspec.Struct, frozen=True):
    """The length of a file and its hash."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What `models/manifest.json` says; fields that only people read are passed over.

    Attributes:
        files: By name; a tier whose file is not named is not shipped.
    """

    files: Mapping[str, ModelFile]


@dataclass(frozen=True, slots=True)
class Models:
    """Model files that were checked.

    Attributes:
        digest: Of all of them together: two processes with equal digests choose alike.
        paths: By name: ``vocab.txt``, ``static.npz``, ``lower.onnx``, ``upper.onnx``, ``sentence.onnx``,
            ``fusion.json``.
        hashes: By name: SHA-256 in hexadecimal.
    """

    digest: str
    paths: Mapping[str, Path]
    hashes: Mapping[str, str]


def check(folder: Path = SHIPPED) -> Models:
    """The models in a folder, every file hashed. About 30 ms for 35 MB.

    Raises:
        SelectorMissing: There are none.
        SelectorDamaged: The manifest cannot be read, or a file is not the one that it names.
    """
    try:
        raw = (folder / _NAME).read_bytes()
    except OSError as error:
        raise SelectorMissing("this installation has no models", hint="install Sparing from a wheel") from error
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except msgspec.MsgspecError as error:
        raise SelectorDamaged(f"{folder / _NAME} cannot be read: {error}", hint="reinstall Sparing") from error
    for name, entry in manifest.files.items():
        _check(folder / name, entry)
    paths = {name: folder / name for name in manifest.files}
    hashes = {name: entry.sha256 for name, entry in manifest.files.items()}
    return Models(sha256(raw).hexdigest()[:16], paths, hashes)


def _check(path: Path, entry: ModelFile) -> None:
    try:
        size = path.stat().st_size
        found = "" if size != entry.bytes else sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SelectorDamaged(f"{path} cannot be read: {error.strerror}", hint="reinstall Sparing") from error
    if size != entry.bytes:
        raise SelectorDamaged(f"{path} has {size:,} bytes instead of {entry.bytes:,}", hint="reinstall Sparing")
    if found != entry.sha256:
        raise SelectorDamaged(f"{path} was changed: its SHA-256 is {found}", hint="reinstall Sparing")
