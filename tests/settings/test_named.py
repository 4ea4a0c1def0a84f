"""Policies, aliases, rules and tenants, read from a settings file."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparing.errors import SettingsError
from sparing.settings import Settings, load_settings
from sparing.settings.contradictions import refuse_contradictions
from sparing.settings.load import resolve
from sparing.settings.named import Named, Source
from sparing.settings.policies import NamedPolicy
from sparing.settings.render import effective_toml

EXAMPLE = Path(__file__).parents[2] / "examples" / "policies.toml"
HASH = "a" * 64


def load(tmp_path: Path, text: str, **env: str) -> Settings:
    file = tmp_path / "sparing.toml"
    file.write_text(text)
    return load_settings(file, env)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    return str(caught.value)


def test_a_policy_stands_on_the_plain_one(tmp_path: Path) -> None:
    """What it does not set is as `[policy]` says, wherever that came from."""
    text = '[policy]\neffort = "safe"\n[policies.a]\nmin_tokens = 9\n[policies.b]\neffort = "max"'
    settings = load(tmp_path, text, SPARING_POLICY__DEADLINE_MS="77")
    a, b = settings.policies["a"].settings, settings.policies["b"].settings
    assert (a.effort, a.min_tokens, a.deadline_ms) == ("safe", 9, 77)
    assert (b.effort, b.min_tokens, b.deadline_ms) == ("max", 256, 77)


def test_every_table_is_read(tmp_path: Path) -> None:
    """Policies with what gives way, aliases, rules in their order, tenants with projects and keys."""
    settings = load_settings(EXAMPLE, {})
    support = settings.policies["support"]
    assert (support.priority, support.rank, support.first_token_s) == ("interactive", 0, 1.5)
    assert support.under_pressure.answer_tokens == 350
    assert settings.models["helpdesk"].model == "gpt-4o-mini"
    assert settings.rules["agents"].wire == "anthropic.*"
    web = settings.tenants["acme"].projects["web"]
    assert (web.streams, len(web.keys["site"].sha256)) == (50, 64)


def test_priorities_may_be_numbers(tmp_path: Path) -> None:
    """Smaller is sooner; the words have numbers between which others fit."""
    ranks = [
        load(tmp_path, f"[policies.a]\npriority = {value}").policies["a"].rank
        for value in ('"interactive"', "50", '"standard"', '"batch"')
    ]
    assert ranks == sorted(ranks)


def test_without_tables_there_are_none(tmp_path: Path) -> None:
    """An empty file changes nothing."""
    assert load(tmp_path, "") == Settings()


def test_what_is_shown_loads_back(tmp_path: Path) -> None:
    """`sparing config --effective` prints the tables as they were written."""
    shown = tmp_path / "shown.toml"
    shown.write_text(effective_toml(resolve(EXAMPLE, {})))
    assert load_settings(shown, {}) == load_settings(EXAMPLE, {})


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[policies.a]\nanswer_s = 1\nfirst_token_s = 2", 2, "the first token alone may take"),
        ("[policies.a]\ngives_way = ['usd']", 2, "does not name every goal once"),
        ("[policies.a]\n\nprority = 'batch'", 3, "did you mean priority?"),
        ("[policies.a]\neffrt = 'max'", 2, "did you mean effort?"),
        ("[policies.a]\npriority = 'fast'", 2, "one of interactive, standard, batch, or a whole number"),
        ("[policies.a]\nusd_per_day = 0", 2, "a number above 0"),
        ("[policies.a]\nusd_per_day = nan", 2, "a number above 0"),
        ("[policies.a]\nusd_per_day = inf", 2, "a number above 0"),
        ("[policies.a]\nusd_per_day = 9\nusd_per_month = 8", 2, "more than usd_per_month allows"),
        ("[policies.a]\nusd_per_request = 9\nusd_per_month = 8", 2, "more than usd_per_month allows"),
        ("[policies.a]\nbudget = 'hard'", 2, "set budget_tokens"),
        ("[policies.a]\nmode = 'off'\nbudget_tokens = 9", 3, "cannot be kept with mode = off"),
        ("[policies.a]\neffort = 'off'\nbudget_tokens = 9", 3, "cannot be kept with effort = off"),
        ("[policies.a]\nanswer_tokens = 5\nceiling_tokens = 5", 3, "is not less than the most, 5"),
        ("[policies.a]\nanswer_tokens = 5\nunder_pressure.answer_tokens = 6", 3, "more than the policy's own 5"),
        (
            "[policies.a]\nreasoning = 'low'\n[policies.a.under_pressure]\nreasoning = 'high'",
            4,
            "more than the policy's own low",
        ),
        (
            "[policies.a]\ntiers = ['small']\n[policies.a.under_pressure]\ntiers = ['large']",
            4,
            "allows large, which the policy does not",
        ),
        ("[policies.a]\ndepths = ['low']", 2, "set first_token_s, answer_s, usd_per_request or loss"),
        ("[policies.a]\nloss = 0.1\ndepths = ['lowish']", 3, "a list of none, minimal, low, medium, high, brief"),
        ("[policies.a]\nloss = 0.1\ndepths = ['low', 'low']", 3, "names one twice"),
        ("[policies.a]\nloss = 0.1\nreasoning = 'low'\ndepths = ['high']", 4, "reasoning is at most low"),
        ("[policies.a]\ndeepen = true", 2, "set depths"),
        ("[policies.a]\ndepth_loss = { odd = 0.1 }", 2, "write one of none, minimal"),
        ("[policies.a]\ndepth_loss = { low = 1.5 }", 2, "says low = 1.5"),
        ("[policies.a]\ndepth_loss = 'low'", 2, "a table of numbers"),
        ("[policies.a]\n[rules.r]\npolicy = 'a'\nintents = ['cods']", 4, "a list of chat, lookup"),
        ("[policies.a]\n[rules.r]\npolicy = 'a'\ncomplexity_from = 2", 4, "at least 0 and at most 1"),
        (
            "[policies.a]\n[rules.r]\npolicy = 'a'\ncomplexity_from = 0.8\ncomplexity_to = 0.2",
            4,
            "is more than complexity_to = 0.2",
        ),
        (
            "[policies.a]\n[rules.x]\npolicy = 'a'\nintents = ['code', 'reason']\n[rules.y]\npolicy = 'a'\n"
            "intents = ['code']\ncomplexity_from = 0.5",
            5,
            "x stands before it",
        ),
        ("[policies.a]\nprices_file = 'x'", 2, "is no setting"),
        ("[models.m]\nmodel = 'gpt-4o'\npolicy = 'a'", 3, "names the policy 'a', which is not there"),
        ("[models.m]\npolicy = ''", 1, "needs model"),
        ("[models.m]\nmodel = 'n'\n[models.n]\nmodel = 'gpt-4o'", 2, "stands for another alias"),
        ("[policies.a]\n[rules.all]\npolicy = 'a'\n[rules.some]\npolicy = 'a'\nmodel = 'gpt*'", 4, "can never match"),
        (
            "[policies.a]\n[rules.x]\npolicy = 'a'\nmodel = 'gpt*'\n[rules.y]\npolicy = 'a'\nmodel = 'gpt-4*'",
            5,
            "x stands before it",
        ),
        (f"[tenants.a.keys.k]\nsha256 = '{HASH[1:]}'", 2, "64 hexadecimal digits"),
        (f"[tenants.a.keys.k]\nsha256 = '{HASH}'\n[tenants.b.keys.l]\nsha256 = '{HASH}'", 4, "tenants.a.keys.k"),
        ("[tenants.a]\npolicies = ['x']", 2, "names the policy 'x'"),
        ("[tenants.a]\nstreams = 0", 2, "a whole number at least 1"),
        ("[tenants]\na = 1", 2, "is a table"),
        ("[tenants.a]\nprojects.web.strems = 1", 2, "did you mean streams?"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    """The message names the file, the line, the setting and what is wrong with it."""
    message = refused(tmp_path, text)
    assert f"{tmp_path / 'sparing.toml'}, line {line}: " in message
    assert words in message


def test_a_rule_that_takes_less_may_stand_first(tmp_path: Path) -> None:
    """Only what is wholly covered is refused."""
    text = "[policies.a]\n[rules.x]\npolicy = 'a'\nmodel = 'gpt-4*'\n[rules.y]\npolicy = 'a'\nmodel = 'gpt*'"
    assert list(load(tmp_path, text).rules) == ["x", "y"]


def test_rules_that_look_closer_may_stand_before_those_that_do_not(tmp_path: Path) -> None:
    """They take only what they are about."""
    text = "[policies.a]\n[rules.x]\npolicy = 'a'\nintents = ['code']\n[rules.y]\npolicy = 'a'"
    assert load(tmp_path, text).rules["x"].takes("code", 0.3)
    assert not load(tmp_path, text).rules["x"].takes("chat", 0.3)


def test_tiers_have_to_be_configured_where_any_are(tmp_path: Path) -> None:
    """Without configured tiers any name may be one."""
    source = Source(tmp_path / "s.toml", "[policies.a]\npriority = 'batch'\ntiers = ['tiny']")
    named = Named({"a": NamedPolicy(tiers=("tiny",))}, {}, {}, {})
    refuse_contradictions(named, source)
    with pytest.raises(SettingsError, match=r"line 3: policies.a.tiers names the tier 'tiny' \(tiers: small, large\)"):
        refuse_contradictions(named, source, ("small", "large"))
