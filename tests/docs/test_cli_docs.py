"""`docs/cli.md` shows every command with the help it really has. Run this file to rewrite the help in the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sparing.cli.main import cli

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
_BLOCK = re.compile(r"(<!-- help: (?P<command>[a-z -]+?) -->\n```text\n)(?P<text>.*?)(```\n)", re.DOTALL)


def commands() -> Iterator[str]:
    """`sparing`, every command and every command of a command."""
    yield "sparing"
    context = click.Context(cli)
    for name in cli.list_commands(context):
        yield f"sparing {name}"
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            yield from (f"sparing {name} {inner}" for inner in command.list_commands(context))


def help_of(command: str) -> str:
    """What `<command> --help` prints on a terminal 100 columns wide."""
    args = [*command.split()[1:], "--help"]
    return CliRunner().invoke(cli, args, prog_name="sparing", terminal_width=100).output


def rewritten(page: str) -> str:
    """The page with the help of today."""
    return _BLOCK.sub(lambda block: block[1] + help_of(block["command"]) + block[4], page)


def shown() -> dict[str, str]:
    return {block["command"]: block["text"] for block in _BLOCK.finditer(PAGE.read_text("utf-8"))}


def test_every_command_is_in_the_page() -> None:
    """In the order of `sparing --help`, and no other."""
    assert list(shown()) == list(commands())


@pytest.mark.parametrize("command", list(commands()))
def test_the_help_in_the_page_is_the_real_one(command: str) -> None:
    """Rewrite it with `python tests/docs/test_cli_docs.py`."""
    assert shown()[command] == help_of(command)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8")), "utf-8")
