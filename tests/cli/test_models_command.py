"""`sparing models`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from running_cli import Cli

from sparing.generate import weights

NAME = "smollm2-135m-instruct"


@pytest.fixture
def pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pull that writes four bytes; nothing lies in an installed package."""

    def pull(name: str, folder: Path, progress: Callable[[int, int], None]) -> Path:
        folder.mkdir(parents=True)
        path = folder / f"{name}.gguf"
        path.write_bytes(b"GGUF")
        progress(4, 4)
        return path

    monkeypatch.setattr(weights, "pull", pull)


@pytest.fixture(autouse=True)
def _nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_inside_installed_package", lambda model: None)


def test_the_list_says_what_is_here(cli: Cli) -> None:
    """And how to get what is not."""
    text = cli("models", "list").text
    assert NAME in text
    assert "98 MB" in text
    assert f"sparing models pull {NAME}" in text


def test_the_list_as_json(cli: Cli) -> None:
    """With the hash, and no path while it is not here."""
    (model,) = json.loads(cli("models", "list", "--json").out)
    assert (model["name"], model["path"], len(model["sha256"])) == (NAME, None, 64)


def test_pull_prints_where_the_weights_are(cli: Cli, pulled: None, home: Path) -> None:
    """The path on stdout, so that a script can use it."""
    outcome = cli("models", "pull")
    assert (outcome.code, outcome.text) == (0, f"{home}/models/{NAME}.gguf\n")
    assert outcome.err == f"sparing: {NAME}: 4 bytes, checked\n"


def test_path_of_a_model_that_is_here(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configured model may be a file of one's own."""
    Path("my.gguf").write_bytes(b"GGUF")
    monkeypatch.setenv("SPARING_LOCAL__MODEL", "my.gguf")
    assert cli("models", "path").text == "my.gguf\n"


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (("path",), f"sparing: the embedded model {NAME} is not here yet (run: sparing models pull {NAME})\n"),
        (("path", "gpt"), f"sparing: no embedded model is called 'gpt' (known: {NAME})\n"),
        (("pull", "gpt"), f"sparing: no embedded model is called 'gpt' (known: {NAME})\n"),
    ],
)
def test_a_model_that_is_not_here_is_one_line(args: tuple[str, ...], line: str, cli: Cli) -> None:
    """With what to do next."""
    outcome = cli("models", *args)
    assert (outcome.code, outcome.out, outcome.err) == (1, b"", line)
