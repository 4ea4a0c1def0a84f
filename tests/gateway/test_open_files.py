"""The gateway takes as many open files as it may have, and says so where these are few."""

from __future__ import annotations

import resource

import pytest

from sparing.gateway.open_files import raise_limit


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, int]]:
    """What the system allows, and what it was set to."""
    held = {"now": (1024, 20_000)}
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: held["now"])
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, pair: held.update(now=pair))
    return held


def test_the_soft_limit_becomes_the_hard_one(
    limits: dict[str, tuple[int, int]], caplog: pytest.LogCaptureFixture
) -> None:
    """And nothing is said where that is enough."""
    assert raise_limit() == 9_950
    assert limits["now"] == (20_000, 20_000)
    assert not caplog.records


def test_few_files_are_said(limits: dict[str, tuple[int, int]], caplog: pytest.LogCaptureFixture) -> None:
    """With what to do about it."""
    limits["now"] = (1024, 1024)
    assert raise_limit() == 462
    assert "room for 462 streams at once" in caplog.text
    assert "ulimit -Hn" in caplog.text


def test_a_system_that_will_not_is_left_alone(
    limits: dict[str, tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit stays, and so does the server."""

    def refuse(_kind: int, _pair: tuple[int, int]) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert raise_limit() == 462
