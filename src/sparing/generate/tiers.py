"""Several models behind one address: which of them a call goes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sparing.core.upstream import Answer, Call, Upstream
from sparing.errors import RequestError
from sparing.generate.asked import read_asked
from sparing.generate.tier import is_tiered

HEADER = "x-sparing-tier"


class Tiers:
    """Sends each call to a tier, or to another way of choosing. Implements `core.upstream.Upstream`.

    The caller chooses by the header ``x-sparing-tier``, or by naming a tier as its model; else the default does. Calls
    that are for no tier's model (lists of models, files, embeddings) go to the last.

    Args:
        ways: Name to upstream; the tiers in their order, ways of choosing among them after.
        default: One of these names.
        last: The tier for what is for none.
    """

    def __init__(self, ways: Mapping[str, Upstream], default: str, last: str) -> None:
        self._ways = dict(ways)
        self._default = default
        self._last = last
        theirs = (getattr(way, "control_headers", ()) for way in ways.values())
        self.control_headers = frozenset((HEADER.encode(),)).union(*theirs)

    async def send(self, call: Call) -> Answer:
        """As the chosen way does.

        Raises:
            RequestError: The caller names a tier that there is not.
        """
        if not is_tiered(call):
            return await self._ways[self._last].send(_without_choice(call))
        return await self._ways[self._chosen(call)].send(_without_choice(call))

    async def aclose(self) -> None:
        for way in self._ways.values():
            await way.aclose()

    def _chosen(self, call: Call) -> str:
        asked = call.headers.get(HEADER, "").strip().lower()
        if asked and asked not in self._ways:
            raise RequestError(
                f"{HEADER} is {asked!r}", hint=f"it has to be one of {', '.join(self._ways)}, for {call.wire}"
            )
        model = call.model or read_asked(call.body).model  # nobody has read a body that is only passed through
        return asked or (model if model in self._ways else self._default)


def _without_choice(call: Call) -> Call:
    return replace(call, headers={name: value for name, value in call.headers.items() if name != HEADER})
