"""What a request is taken for, told once, and only if somebody wants to know."""

from __future__ import annotations

from functools import cached_property

from sparing.plan.anticipate.classifier import Classifier
from sparing.plan.anticipate.marks import Turn
from sparing.plan.anticipate.nature import Nature
from sparing.receive.newest import Newest, read_newest


class Anticipated:
    """One request.

    Args:
        classifier: None takes every request for the same, so that nothing is read.
    """

    def __init__(self, body: bytes, classifier: Classifier | None) -> None:
        self._body, self._classifier = body, classifier

    @cached_property
    def newest(self) -> Newest:
        """Its newest turn."""
        return read_newest(self._body)

    @cached_property
    def nature(self) -> Nature:
        """Its kind, and how hard it is; the empty one where nothing can tell."""
        newest = self.newest
        if self._classifier is None or not newest.words:
            return Nature()
        turn = Turn(newest.words, newest.earlier, newest.size, newest.num_messages, newest.has_tools)
        return self._classifier.nature(turn)
