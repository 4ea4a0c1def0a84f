"""Names to methods: the baselines, Sparing, one reducer of it, and peers that are installed elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.errors import SettingsError
from sparing.evals.baselines import BASELINES
from sparing.evals.method import Method
from sparing.evals.minilm import minilm_hybrid
from sparing.evals.ours import single_reducer, sparing
from sparing.evals.peers import PEERS, QUICK_PEERS, peer
from sparing.settings.policy import Select

_TIERS: dict[str, Select] = {"sparing_rules": "rules", "sparing_static": "static", "sparing_encoder": "encoder"}
_MODELS = {"minilm_hybrid": minilm_hybrid}


def find(names: Sequence[str], part: str = "document") -> list[Method]:
    """Methods by name, each once; ``peers`` stands for all that take seconds at most, ``reducer:NAME`` for one reducer.

    Args:
        part: What the texts are in a conversation, for methods that make a difference.
    Raises:
        SettingsError: An unknown name; lists the known.
    """
    wanted: list[str] = []
    for name in names:
        wanted.extend(QUICK_PEERS if name == "peers" else [name])
    return [_find(name, part) for name in dict.fromkeys(wanted)]


def known() -> tuple[str, ...]:
    """Every name that `find` takes, reducers aside."""
    return ("sparing", *_TIERS, *BASELINES, *_MODELS, *PEERS)


def _find(name: str, part: str) -> Method:
    if name == "sparing":
        return sparing(part)
    if name in _TIERS:
        return sparing(part, _TIERS[name])
    if name in _MODELS:
        return _MODELS[name]()
    if name in BASELINES:
        return BASELINES[name]
    if name in PEERS:
        return peer(name)
    if name.startswith("reducer:"):
        return single_reducer(name.removeprefix("reducer:"), part)
    raise SettingsError(f"no method is called {name!r}", hint=f"known: {', '.join(known())}, peers, reducer:NAME")
