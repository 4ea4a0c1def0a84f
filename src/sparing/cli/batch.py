"""Several texts shortened under one budget, and put together as one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sparing.cli.inputs import Material
from sparing.errors import BudgetExceeded
from sparing.warm import warm_up

if TYPE_CHECKING:
    from sparing.api import Reduced
    from sparing.core.counter import Counter
    from sparing.settings import PolicySettings
    from sparing.settings.policy import Select

_AIMS = 5  # each is a whole reduction
_WELL_USED = 0.9


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of the material.

    Attributes:
        results: One per text, in order.
        text: A single result as it is; several under their names, those of which nothing was kept counted at the end.
        tokens_before: Of all the texts, with their headings.
        tokens_after: Of `text`.
        ms: Time the reduction took, all attempts together.
        budget: The budget that gave way to the risk; 0 if none did.
    """

    material: tuple[Material, ...]
    results: tuple[Reduced, ...]
    text: str
    tokens_before: int
    tokens_after: int
    ms: float = 0.0
    budget: int = 0

    @property
    def expected_loss(self) -> float:
        """The most that any text is expected to have lost of what the question needs of it; -1 if nobody knows."""
        losses = [result.expected_loss for result in self.results]
        return -1.0 if min(losses) < 0 else max(losses)

    @property
    def exact(self) -> bool:
        return all(result.exact for result in self.results)

    @property
    def kept(self) -> float:
        """Tokens after / tokens before, 0..1."""
        return self.tokens_after / self.tokens_before if self.tokens_before else 1.0

    @property
    def whole(self) -> str:
        """Everything, put together in the same way."""
        if len(self.material) == 1:
            return self.material[0].text
        return _headed([(item, item.text) for item in self.material])


def reduce_material(
    material: Sequence[Material],
    *,
    question: str | None,
    budget: int | None,
    keep: float | None,
    kind: str,
    model: str,
    pins: tuple[str, ...],
    select: Select = "auto",
    recall: bool = False,
    policy: PolicySettings | None = None,
) -> Batch:
    """Shorten all of it under one budget, which holds for the text that is put together, headings included.

    Args:
        recall: See `api.reduce_texts`.
        policy: Says what may be lost (`risk`), and what gives way where the budget is too small for that.
    Raises:
        BudgetExceeded: The pins, the headings, or what the risk needs do not fit.
        RequestError: A bad argument.
        SettingsError: A risk is asked for, and the calibration cannot be read.
    """
    from sparing.api import reduce_texts
    from sparing.at_risk import terms_of
    from sparing.plan.calibration import read_calibration
    from sparing.tokens.models import counter_for

    warm_up(model)  # so that `ms` is the reduction alone
    counter = counter_for(model)
    items = [(item.name, item.text) for item in material]
    terms = terms_of(policy) if policy is not None else None
    if policy is not None and terms is not None:
        read_calibration(policy.calibration_file)  # a file that cannot be used is refused, not worked around

    def attempt(aim: int | None) -> Batch:
        results = reduce_texts(
            items,
            query=question,
            budget=aim,
            keep=keep,
            kind=kind,
            model=model,
            pins=pins,
            select=select,
            recall=recall,
            terms=terms,
        )
        return _put_together(material, results, counter)

    start_s = time.perf_counter()
    try:
        batch = attempt(budget) if budget is None or len(items) == 1 else _close_in(attempt, budget)
    except BudgetExceeded:
        if terms is None or policy is None or policy.risk_conflict != "grow":
            raise
        batch = replace(attempt(None), budget=budget or 0)
    return replace(batch, ms=round((time.perf_counter() - start_s) * 1000, 3))


def _close_in(attempt: Callable[[int | None], Batch], budget: int) -> Batch:
    """Headings come on top of what the reduction was given, and texts of which nothing is kept give back what their
    marks took: aim higher or lower until what is put together fits and fills the budget."""
    aim, floor = budget, 0
    best: Batch | None = None
    needed = budget
    for _ in range(_AIMS):
        try:
            batch = attempt(aim)
        except BudgetExceeded as error:
            needed = error.needed_tokens
            if aim <= floor:
                break
            aim = floor = needed
            continue
        over = batch.tokens_after - budget
        if over <= 0 and (best is None or batch.tokens_after > best.tokens_after):
            best = batch
        if _filled(batch, budget):
            break
        needed = batch.tokens_after
        aim = max(floor, aim - over)
    if best is None:
        raise BudgetExceeded(budget_tokens=budget, needed_tokens=max(needed, budget + 1))
    return best


def _filled(batch: Batch, budget: int) -> bool:
    whole = all(result.text == item.text for item, result in zip(batch.material, batch.results, strict=True))
    return batch.tokens_after <= budget and (whole or batch.tokens_after >= _WELL_USED * budget)


def _put_together(material: Sequence[Material], results: Sequence[Reduced], counter: Counter) -> Batch:
    if len(results) == 1:
        only = results[0]
        return Batch(tuple(material), (only,), only.text, only.tokens_before, only.tokens_after)
    text = _joined(material, results)
    before = sum(result.tokens_before for result in results) + counter.count("\n".join(map(_heading, material)))
    return Batch(tuple(material), tuple(results), text, before, counter.count(text))


def _joined(material: Sequence[Material], results: Sequence[Reduced]) -> str:
    kept, gone = [], 0
    for item, result in zip(material, results, strict=True):
        if _nothing_kept(item, result):
            gone += 1
        else:
            kept.append((item, result.text))
    text = _headed(kept)
    if gone:
        noun = "file" if gone == 1 else "files"
        text += f"{text and chr(10)}[… {gone:,} {noun}]\n"
    return text


def _headed(texts: Sequence[tuple[Material, str]]) -> str:
    return "\n".join(f"{_heading(item)}\n{text.rstrip(chr(10))}\n" for item, text in texts)


def _heading(item: Material) -> str:
    return f"==> {item.title} <=="


def _nothing_kept(item: Material, result: Reduced) -> bool:
    """Whether what was left out covers the whole text, blanks aside."""
    at = 0
    for elision in sorted(result.elided, key=lambda elision: elision.start):
        if item.text[at : elision.start].strip():
            return False
        at = max(at, elision.end)
    return bool(result.elided) and not item.text[at:].strip()
