"""`sparing ask` about files: reduce them, ask the model, print the answer as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparing.cli.asking import Asking, afresh, asking
from sparing.cli.batch import Batch, reduce_material
from sparing.cli.chat import Reply
from sparing.cli.compare import Tried, print_both, reply_dict
from sparing.cli.inputs import Material
from sparing.cli.output import batch_dict, note, receipt_line, write_json
from sparing.cli.progress import busy
from sparing.errors import UpstreamError

if TYPE_CHECKING:
    from sparing.settings import Settings


@dataclass(frozen=True, slots=True)
class AskFiles:
    """One question about some texts.

    Attributes:
        budget: Most tokens of the material; None: what whoever answers reads well.
    """

    settings: Settings
    material: Sequence[Material]
    question: str
    model: str | None
    max_tokens: int | None
    budget: int | None
    kind: str
    pins: tuple[str, ...]

    async def run(self, *, compare: bool, as_json: bool) -> None:
        """Answer, or answer twice: from what is left of the material and from all of it."""
        async with asking(self.settings, self.model, self.max_tokens) as who:
            with busy("reducing"):
                batch = self._reduced(who)
            if compare:
                await self._compare(afresh(who), batch, as_json=as_json)
            else:
                await self._answer(who, batch, as_json=as_json)

    def _reduced(self, who: Asking) -> Batch:
        return reduce_material(
            self.material,
            question=self.question,
            budget=self.budget or who.budget_tokens,
            keep=None,
            kind=self.kind,
            model=who.model,
            pins=(*self.settings.policy.pins, *self.pins),
            select="auto",
        )

    async def _answer(self, who: Asking, batch: Batch, *, as_json: bool) -> None:
        reply = await who.reply(who.about(batch.text, self.question), echo=not as_json)
        if as_json:
            write_json(self._as_dict(who, batch, reply))
        else:
            note(f"{receipt_line(batch)}; answered in {reply.total_s:.1f} s by {who.where}")
        self._remember(batch, who, reply)

    async def _compare(self, who: Asking, batch: Batch, *, as_json: bool) -> None:
        reduced = await who.reply(who.about(batch.text, self.question), echo=False)
        whole: Tried
        try:
            whole = await who.reply(who.about(batch.whole, self.question), echo=False)
        except UpstreamError as error:  # most often: it does not fit the model's context, which is worth showing
            whole = error
        if as_json:
            write_json({**self._as_dict(who, batch, reduced), "whole": reply_dict(whole)})
        else:
            print_both(batch, whole, reduced)
            note(f"{receipt_line(batch)}; answered by {who.where}")
        self._remember(batch, who, reduced)

    def _remember(self, batch: Batch, who: Asking, reply: Reply) -> None:
        from sparing.cli.ledger import answered, receipt_of, remember

        remember(self.settings.record, answered(receipt_of(batch, who.model), reply))

    def _as_dict(self, who: Asking, batch: Batch, reply: Reply) -> dict[str, Any]:
        return {
            "question": self.question,
            "model": who.model,
            "upstream": who.where,
            **reply_dict(reply),
            "reduction": batch_dict(batch),
        }
