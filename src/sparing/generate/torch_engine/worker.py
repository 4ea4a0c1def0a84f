"""The engine's thread: admits requests in order, reads one prompt at a time, and steps all answers together."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass

from torch import Tensor

from sparing.errors import UpstreamError, UpstreamUnreachable
from sparing.generate.torch_engine.batch import Batch
from sparing.generate.torch_engine.chat import Spent
from sparing.generate.torch_engine.job import Began, Ended, Failed, Job, Piece
from sparing.generate.torch_engine.model import Loaded
from sparing.generate.torch_engine.sampling import Sampler
from sparing.generate.torch_engine.text import Writer

log = logging.getLogger("sparing.generate")

MAX_WAITING = 32
MAX_RUNNING = 16  # each sequence is attended to by itself, so that more would wait for one another without a gain
_RETRY_AFTER_S = 5.0


@dataclass(slots=True)
class Row:
    """One sequence of the running batch. `next_token` is its latest, which the model has not seen yet."""

    job: Job
    began: Began
    sampler: Sampler
    writer: Writer
    next_token: int = 0
    answer_tokens: int = 0


class Worker:
    """Runs jobs until it is closed.

    Args:
        kv_bytes: Most cache bytes that running jobs may need together.
    """

    def __init__(self, loaded: Loaded, kv_bytes: int) -> None:
        self._loaded = loaded
        self._kv_bytes = kv_bytes
        self._batch = Batch(loaded.model, loaded.storage)
        self._rows: list[Row] = []
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="sparing-torch", daemon=True)
        self._thread.start()

    @property
    def reserved_bytes(self) -> int:
        """Cache bytes that the running jobs need at most; 0 when nothing runs."""
        return sum(row.job.need.bytes for row in self._rows)

    @property
    def live_bytes(self) -> int:
        """Cache bytes that are stored now; 0 when nothing runs."""
        return self._batch.live_bytes

    def submit(self, job: Job) -> None:
        """Queue a job; its first event comes when its prompt was read.

        Raises:
            UpstreamError: 429, too many wait already; 503, the engine is closed.
        """
        with self._changed:
            if self._closing:
                raise UpstreamUnreachable("the embedded model was stopped", provider="local", status_code=503)
            self._waiting = deque(waiting for waiting in self._waiting if not waiting.cancelled.is_set())
            if len(self._waiting) >= MAX_WAITING:
                raise UpstreamError(
                    f"{MAX_WAITING} requests are waiting for the embedded model already",
                    hint="try again later",
                    provider="local",
                    status_code=429,
                    retry_after_s=_RETRY_AFTER_S,
                )
            self._waiting.append(job)
            self._changed.notify()

    def close(self) -> None:
        """Stop after the current step. What runs or waits is told."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while self._wait_for_work():
            self._let_go([row for row in self._rows if row.job.cancelled.is_set()])
            if job := self._admitted():
                self._begin(job)
            if self._rows:
                self._step()
        stopped = UpstreamUnreachable("the embedded model was stopped", provider="local")
        for job in [*self._waiting, *(row.job for row in self._rows)]:
            job.tell(Failed(stopped))
        self._waiting.clear()
        self._let_go(self._rows)

    def _wait_for_work(self) -> bool:
        with self._changed:
            while not (self._closing or self._waiting or self._rows):
                self._changed.wait()
            return not self._closing

    def _admitted(self) -> Job | None:
        """The job that waits longest, if it fits beside what runs. Nobody overtakes it: a big one might never run."""
        with self._changed:
            while self._waiting and self._waiting[0].cancelled.is_set():
                self._waiting.popleft()
            if not self._waiting or len(self._rows) >= MAX_RUNNING:
                return None
            fits = self.reserved_bytes + self._waiting[0].need.bytes <= self._kv_bytes
            return self._waiting.popleft() if fits else None

    def _begin(self, job: Job) -> None:
        try:
            logits, report = self._batch.join(job.prompt, job.policy)
        except Exception as error:  # one request's trouble is not its neighbours'
            log.exception("a prompt could not be read")
            job.tell(Failed(error))
            return
        began = Began(round(report.kept_tokens), report.live_bytes)
        row = Row(job, began, Sampler(job.sampling), Writer(self._loaded.decode, job.stops))
        self._rows.append(row)
        job.tell(began)
        self._advance([row], logits.unsqueeze(0))

    def _step(self) -> None:
        try:
            logits = self._batch.step([row.next_token for row in self._rows])
        except Exception as error:
            log.exception("a step failed")
            for row in self._rows:
                row.job.tell(Failed(error))
            self._let_go(self._rows)
            return
        self._advance(self._rows, logits)

    def _advance(self, rows: list[Row], logits: Tensor) -> None:
        """Give each row its next token, and let go of those that are complete."""
        self._let_go([row for row, mine in zip(rows, logits, strict=True) if self._is_done(row, mine)])

    def _is_done(self, row: Row, logits: Tensor) -> bool:
        try:
            return self._ends(row, logits)
        except Exception as error:  # as above: logits that are no numbers, a tokenizer that stumbles
            log.exception("a token could not be written")
            row.job.tell(Failed(error))
            return True

    def _ends(self, row: Row, logits: Tensor) -> bool:
        """Write the row's next token, and whether it was its last."""
        token = row.sampler.pick(logits)
        row.answer_tokens += 1
        row.next_token = token
        at_end = token in self._loaded.end_ids
        text = "" if at_end else row.writer.add(token)
        at_end = at_end or row.writer.stopped
        full = row.answer_tokens >= row.job.need.answer_tokens
        if at_end or full:
            text += row.writer.rest()
        if text:
            row.job.tell(Piece(text))
        if at_end or full:
            spent = Spent(len(row.job.prompt), row.answer_tokens, row.began.kept_tokens, row.began.kv_bytes)
            row.job.tell(Ended("stop" if at_end else "length", spent))
        return at_end or full

    def _let_go(self, rows: list[Row]) -> None:
        if not rows:
            return
        kept = [index for index, row in enumerate(self._rows) if row not in rows]
        self._batch.keep(kept)
        self._rows = [self._rows[index] for index in kept]
