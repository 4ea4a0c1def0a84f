"""The entry point: commands, exit codes, one line per error."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from running_cli import Cli

from sparing import __version__
from sparing.cli.main import cli as group
from sparing.errors import SettingsError, UpstreamUnreachable

HEAVY = ("asyncio", "aiohttp", "rich", "tiktoken", "tree_sitter", "nupunkt", "uvicorn", "starlette", "msgspec")


def names() -> list[str]:
    return group.list_commands(click.Context(group))


def raising(error: BaseException) -> click.Command:
    def fail() -> None:
        raise error

    return click.Command("version", callback=fail)


def test_help_lists_every_command(cli: Cli) -> None:
    """Each command is there with a sentence."""
    outcome = cli("--help")
    assert outcome.code == 0
    for name in names():
        assert f"  {name} " in outcome.text


@pytest.mark.parametrize("name", names())
def test_every_command_and_option_has_help(name: str) -> None:
    """No parameter goes unexplained."""
    command = group.get_command(click.Context(group), name)
    assert command is not None
    commands = list(command.commands.values()) if isinstance(command, click.Group) else [command]
    for one in commands:
        assert one.help
        assert all(param.help for param in one.params if isinstance(param, click.Option))


def test_help_loads_nothing_heavy() -> None:
    """`sparing --help` answers at once: it imports none of the libraries that do the work."""
    script = (
        "import sys; from sparing.cli.main import run; code = run(['--help']);"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_version_is_printed_both_ways(cli: Cli) -> None:
    """As an option and as a command."""
    assert cli("--version").text == f"sparing {__version__}\n"
    assert cli("version").text.startswith(f"sparing {__version__} (Python 3.")


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["redcue"], "sparing: no command is called 'redcue' (did you mean reduce?)\n"),
        (["zzz"], "sparing: no command is called 'zzz' (known: reduce, tighten, ask, "),
        (["reduce", "--bugdet", "5"], "sparing: No such option"),
        (["reduce", "--budget", "-5"], "sparing: Invalid value for '--budget': -5 is not in the range x>=1"),
        (["reduce", "--budget", "many"], "sparing: Invalid value for '--budget': 'many' is not a valid integer"),
        (["reduce", "--keep", "1.5"], "sparing: Invalid value for '--keep': '1.5' is not a share between 0 and 1"),
        (["reduce", "--keep", "nan"], "sparing: Invalid value for '--keep': 'nan' is not a share between 0 and 1"),
        (["ask"], "sparing: Missing argument 'QUESTION'"),
    ],
)
def test_bad_arguments_are_one_line_and_code_2(args: list[str], line: str, cli: Cli) -> None:
    """What cannot be used is said once, with the way out."""
    outcome = cli(*args)
    assert outcome.code == 2
    assert outcome.err.startswith(line)
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SettingsError("no", hint="try"), 2, "sparing: no (try)\n"),
        (UpstreamUnreachable("gone"), 1, "sparing: gone\n"),
        (SettingsError("two\nlines"), 2, "sparing: two lines\n"),
        (KeyboardInterrupt(), 130, "sparing: interrupted\n"),
        (PermissionError(13, "Permission denied", "/x"), 1, "sparing: /x: Permission denied\n"),
        (ValueError("x"), 1, "sparing: internal error: ValueError: x (SPARING_DEBUG=1 shows where)\n"),
    ],
)
def test_errors_become_one_line(
    error: BaseException, code: int, line: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2 for what the caller can mend, 1 for the rest, 130 for Ctrl-C; never a traceback."""
    monkeypatch.setattr("sparing.cli.version.command", raising(error))
    outcome = cli("version")
    assert (outcome.code, outcome.err) == (code, line)


def test_debug_shows_where(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """SPARING_DEBUG=1 adds the traceback."""
    monkeypatch.setattr("sparing.cli.version.command", raising(ValueError("x")))
    monkeypatch.setenv("SPARING_DEBUG", "1")
    assert "Traceback" in cli("version").err


def start(*args: str, **pipes: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "sparing", *args], env=dict(os.environ), **pipes)


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`sparing config | head -1` ends quietly with the code of a broken pipe."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    process = start("config", stdout=write_end, stderr=subprocess.PIPE)
    os.close(write_end)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (141, b"")


def test_ctrl_c_exits_with_130(tmp_path: Path) -> None:
    """Interrupted while it waits for standard input."""
    process = start("reduce", "-", stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"a" * 100_000)  # returns when the command reads: a pipe holds less
    process.stdin.flush()
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"sparing: interrupted\n")
