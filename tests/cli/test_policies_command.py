"""`sparing policies` and `sparing keys`."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from running_cli import Cli

from sparing.settings import load_settings

EXAMPLE = Path(__file__).parents[2] / "examples" / "policies.toml"


def test_the_example_is_listed(cli: Cli) -> None:
    """Policies with what they allow, rules, aliases, tenants and projects."""
    shown = cli("policies", "check", str(EXAMPLE))
    assert shown.code == 0
    for words in ("contracts", "batch", "rule agents", "model helpdesk", "web"):
        assert words in shown.text
    told = json.loads(cli("policies", "check", str(EXAMPLE), "--json").text)
    assert told["policies"]["support"]["under_pressure"]["answer_tokens"] == 350


def test_without_policies_it_says_so(cli: Cli) -> None:
    """An empty list would look like a failure."""
    assert "no policies and no tenants" in cli("policies", "check").text


def test_a_contradiction_is_one_line_with_its_place(cli: Cli, tmp_path: Path) -> None:
    """File and line, exit code 2."""
    file = tmp_path / "p.toml"
    file.write_text("[policies.a]\n\nfirst_token_s = 3\nanswer_s = 2\n")
    refused = cli("policies", "check", str(file))
    assert refused.code == 2
    assert f"{file}, line 4: policies.a.answer_s" in refused.err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--model", "helpdesk"), "support, by its model\nthe model that is asked: gpt-4o-mini\n"),
        (("--header", "chat"), "chat, by its header\n"),
        (("--key", "acme/web/site"), "support, by its key\n"),
        (("--wire", "anthropic.messages", "--model", "claude-opus-4-1"), "debugging, by its rule\n"),
        ((), "no policy: [policy] alone holds\n"),
    ],
)
def test_it_says_which_policy_a_request_gets(cli: Cli, args: tuple[str, ...], said: str) -> None:
    """And why."""
    assert cli("policies", "which", "--config", str(EXAMPLE), *args).text == said


def test_the_reason_for_programs(cli: Cli) -> None:
    """As JSON."""
    told = cli("policies", "which", "--config", str(EXAMPLE), "--model", "helpdesk", "--json").text
    assert json.loads(told) == {"policy": "support", "why": "model", "model": "gpt-4o-mini"}


@pytest.mark.parametrize("args", [("--key", "acme/nobody"), ("--key", "acme/web/site", "--header", "debugging")])
def test_what_would_be_refused_is_refused(cli: Cli, args: tuple[str, ...]) -> None:
    """With the words that the caller would see."""
    assert cli("policies", "which", "--config", str(EXAMPLE), *args).code == 2


@pytest.mark.parametrize("owner", ["acme/alice", "acme/web/alice", "acme co/web.app/a'b"])
def test_a_new_key_fits_the_lines_that_are_printed_with_it(cli: Cli, tmp_path: Path, owner: str) -> None:
    """Appended to a settings file they let that key in; the key itself is only on stderr."""
    made = cli("keys", "new", owner)
    key = made.err.strip().rpartition(": ")[2]
    assert key.startswith("sk-sparing-")
    assert key not in made.text
    file = tmp_path / "s.toml"
    file.write_text(made.text)
    tenant, *project, name = owner.split("/")
    found = load_settings(file, {}).tenants[tenant]
    keys = found.projects[project[0]].keys if project else found.keys
    assert keys[name].sha256 == sha256(key.encode()).hexdigest()


def test_no_two_keys_are_alike(cli: Cli) -> None:
    """And programs get them as JSON."""
    made = [json.loads(cli("keys", "new", "a/b", "--json").text) for _ in range(2)]
    assert made[0]["table"] == "tenants.a.keys.b"
    assert made[0]["key"] != made[1]["key"]


@pytest.mark.parametrize("owner", ["alice", "a//b", "a/b/c/d", ""])
def test_a_key_needs_an_owner(cli: Cli, owner: str) -> None:
    """A tenant and a name, a project between them if there are any."""
    assert cli("keys", "new", owner).code == 2
