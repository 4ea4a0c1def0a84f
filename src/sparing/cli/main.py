"""The entry point: finds the command, runs it, and turns whatever goes wrong into one line and an exit code.

Exit codes: 0 done; 1 something failed; 2 what was asked for cannot be used; 3 done but for some of what was to
be read; 130 interrupted; 141 the reader of our output went away.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import NoReturn

import click

from sparing import __version__
from sparing.errors import RequestError, SettingsError, SparingError

_COMMANDS = (
    "reduce",
    "tighten",
    "ask",
    "index",
    "search",
    "recall",
    "serve",
    "stats",
    "receipts",
    "retrievals",
    "feedback",
    "cache",
    "models",
    "config",
    "policies",
    "keys",
    "prefix-test",
    "replay",
    "simulate",
    "eval",
    "calibrate",
    "version",
)


class LazyGroup(click.Group):
    """A group whose commands live in ``sparing.cli.<name>`` and are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"sparing.cli.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in _COMMANDS:
            close = get_close_matches(name, _COMMANDS, n=1)
            raise RequestError(
                f"no command is called {name!r}",
                hint=f"did you mean {close[0]}?" if close else f"known: {', '.join(_COMMANDS)}",
            )
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="sparing", message="%(prog)s %(version)s")
def cli() -> None:
    """Make every request to a language model carry only the tokens that matter.

    Settings come from arguments, SPARING_* variables and sparing.toml; see `sparing config`.
    """


def main() -> NoReturn:
    """Run the command line on the arguments of this process."""
    if "_SPARING_COMPLETE" in os.environ:  # the shell asks for completions; click answers and exits
        cli.main(prog_name="sparing")
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str]) -> int:
    """Run one command and return its exit code. Errors become one line on stderr."""
    try:
        with cli.make_context("sparing", list(args)) as context:
            cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted", 130)
    except BrokenPipeError:
        _drop_stdout()
        return 141
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "sparing"
        return _say(f"{error.format_message().rstrip('.')} (see `{path} --help`)", 2)
    except click.ClickException as error:
        return _say(error.format_message(), 1)
    except SparingError as error:
        _show_traceback()
        return _say(str(error), 2 if isinstance(error, RequestError | SettingsError) else 1)
    except OSError as error:
        _show_traceback()
        return _say(_os_error(error), 1)
    except Exception as error:
        _show_traceback()
        return _say(f"internal error: {type(error).__name__}: {error} (SPARING_DEBUG=1 shows where)", 1)
    return 0


def _say(message: str, code: int) -> int:
    line = " ".join(message.split())
    click.echo(f"sparing: {line}", err=True)
    return code


def _os_error(error: OSError) -> str:
    words = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {words}" if error.filename else words


def _show_traceback() -> None:
    if os.environ.get("SPARING_DEBUG") == "1":
        import traceback

        traceback.print_exc()


def _drop_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not fail a second time."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
