"""Where Sparing keeps things, and which settings file it reads."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from sparing.errors import SettingsError
from sparing.settings.cache import CacheSettings
from sparing.settings.retrieval import RetrievalSettings
from sparing.settings.tree import QuotaSettings, RecallSettings, RecordSettings, RoutingSettings

FILE_NAME = "sparing.toml"


def home(env: Mapping[str, str]) -> Path:
    """The user's data folder: ``SPARING_HOME``, else where the platform puts such data. Not created here."""
    if env.get("SPARING_HOME"):
        return Path(env["SPARING_HOME"]).expanduser()
    if sys.platform == "win32":
        base = env.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        # The XDG base directory specification: a relative path counts as unset.
        xdg = env.get("XDG_DATA_HOME", "")
        base = xdg if xdg.startswith("/") else Path.home() / ".local" / "share"
    return Path(base) / "sparing"


def settings_file(env: Mapping[str, str]) -> Path | None:
    """The settings file in force: ``$SPARING_CONFIG``, ``./sparing.toml``, then the one in `home`.

    Raises:
        SettingsError: ``SPARING_CONFIG`` names a file that does not exist.
    """
    named = env.get("SPARING_CONFIG")
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise SettingsError(f"SPARING_CONFIG names {named}, which is not a file")
        return path
    return next((path for path in (Path(FILE_NAME), home(env) / FILE_NAME) if path.is_file()), None)


def receipts_file(record: RecordSettings, env: Mapping[str, str]) -> Path:
    """The SQLite file that receipts are written to."""
    return Path(record.path).expanduser() if record.path else home(env) / "receipts.sqlite"


def recall_file(recall: RecallSettings, env: Mapping[str, str]) -> Path:
    """The SQLite file that what was left out is kept in."""
    return Path(recall.path).expanduser() if recall.path else home(env) / "recall.sqlite"


def answers_file(cache: CacheSettings, env: Mapping[str, str]) -> Path:
    """The SQLite file that answers are kept in."""
    return Path(cache.path).expanduser() if cache.path else home(env) / "answers.sqlite"


def learned_file(routing: RoutingSettings, env: Mapping[str, str]) -> Path:
    """Where what the cascade has learned is kept."""
    return Path(routing.learned_path).expanduser() if routing.learned_path else home(env) / "cascade.learned"


def models_folder(env: Mapping[str, str]) -> Path:
    """Where the weights of embedded models lie."""
    return home(env) / "models"


def quota_file(quota: QuotaSettings, env: Mapping[str, str]) -> Path:
    """The SQLite file that what was used of quotas is kept in."""
    return Path(quota.path).expanduser() if quota.path else home(env) / "quota.sqlite"


def embeddings_file(retrieval: RetrievalSettings, env: Mapping[str, str]) -> Path:
    """The SQLite file that vectors already made are kept in."""
    return Path(retrieval.cache_path).expanduser() if retrieval.cache_path else home(env) / "embeddings.sqlite"


def retrievals_file(retrieval: RetrievalSettings, env: Mapping[str, str]) -> Path:
    """The SQLite file that says who was sent what of which store."""
    return Path(retrieval.audit_path).expanduser() if retrieval.audit_path else home(env) / "retrievals.sqlite"
