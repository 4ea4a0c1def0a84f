"""What a cascade has learned, by class of traffic: numbers only, within bounds, kept over a restart."""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import msgspec

from sparing.generate.confidence import Confidence, Learned

log = logging.getLogger("sparing.cascade")

MOST_CLASSES = 200  # the one not seen for longest is forgotten
_SAVED_EVERY = 50  # comparisons
_VERSION = 1
_SHOWN = 100.0  # drafts, remembered likewise
_KEPT_BEFORE, _SHOWN_BEFORE = 1.0, 2.0


class Traffic:
    """One class.

    Attributes:
        whole: How far a whole answer can be trusted.
        head: How far one can of which only the beginning is known.
    """

    def __init__(self, new: Callable[[], Confidence]) -> None:
        self.whole, self.head = new(), new()
        self._shown = self._kept = 0.0

    @property
    def kept_share(self) -> float:
        """How often a draft that was shown is kept, 0..1; a half where nobody knows."""
        return (self._kept + _KEPT_BEFORE) / (self._shown + _SHOWN_BEFORE)

    def shown(self, *, kept: bool) -> None:
        """Note what became of a draft."""
        if self._shown >= _SHOWN:
            self._shown, self._kept = self._shown / 2, self._kept / 2
        self._shown += 1
        self._kept += kept

    def learned(self) -> _Kept:
        return _Kept(self.whole.learned(), self.head.learned(), self._shown, self._kept)

    def recall(self, kept: _Kept) -> None:
        self.whole.recall(kept.whole)
        self.head.recall(kept.head)
        self._shown, self._kept = kept.shown, kept.kept


class Classes:
    """The classes.

    Args:
        file: Where it is kept; None for nowhere.
        signals: What is looked at: what was learned of other signals is not used.
    """

    def __init__(self, file: Path | None, signals: tuple[str, ...]) -> None:
        self._file = file
        self._signals = signals
        self._classes: OrderedDict[str, Traffic] = OrderedDict()
        self._since = 0
        self._unseen = _read(file, signals)  # of an earlier run

    def of(self, name: str, new: Callable[[], Confidence]) -> Traffic:
        """A class; where it is first seen, `new` makes what is known of it, and what was known in an earlier run is
        recalled."""
        found = self._classes.get(name)
        if found is not None:
            self._classes.move_to_end(name)
            return found
        if len(self._classes) >= MOST_CLASSES:
            self._classes.popitem(last=False)
        made = self._classes[name] = Traffic(new)
        if (kept := self._unseen.pop(name, None)) is not None:
            made.recall(kept)
        return made

    def __len__(self) -> int:
        return len(self._classes)

    def compared(self) -> None:
        """Note that something was learned; written down now and then."""
        self._since += 1
        if self._since >= _SAVED_EVERY:
            self.save()

    def save(self) -> None:
        """Write it down, whole or not at all."""
        if self._file is None or not self._since:
            return
        self._since = 0
        seen = {name: one.learned() for name, one in self._classes.items()}
        kept = _File(_VERSION, self._signals, self._unseen | seen)
        beside = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(msgspec.msgpack.encode(kept))
            beside.replace(self._file)
        except OSError as error:
            log.warning("what the cascade has learned cannot be kept: %s", error)


class _Kept(msgspec.Struct, frozen=True):
    whole: Learned
    head: Learned
    shown: float
    kept: float


class _File(msgspec.Struct, frozen=True):
    version: int
    signals: tuple[str, ...]
    classes: dict[str, _Kept]


def _read(file: Path | None, signals: tuple[str, ...]) -> dict[str, _Kept]:
    """What was kept; nothing where it cannot be used: then all is learned anew."""
    if file is None:
        return {}
    try:
        kept = msgspec.msgpack.decode(file.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError):
        return {}
    return kept.classes if kept.version == _VERSION and kept.signals == signals else {}
