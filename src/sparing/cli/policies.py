"""`sparing policies`: what classes of requests there are, and which of them a request is in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sparing.cli.options import config_option, json_option
from sparing.cli.output import console, write_json

if TYPE_CHECKING:
    from sparing.settings import Settings
    from sparing.settings.policies import NamedPolicy, Rule
    from sparing.settings.tenants import Limits


@click.group()
def command() -> None:
    """Check the policies and tenants of a settings file, and ask which policy a request gets."""


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@json_option
def check(file: Path | None, as_json: bool) -> None:
    """Read FILE (default: the settings file found) and list its policies, rules and tenants.

    A policy that nobody could keep, a name that means nothing and a rule that never matches are errors,
    with the line they stand in; the exit code is then 2.
    """
    from sparing.settings.load import resolve

    resolved = resolve(file)
    settings = resolved.settings
    if as_json:
        write_json({name: _plain(getattr(settings, name)) for name in ("policies", "models", "rules", "tenants")})
        return
    if not (settings.policies or settings.tenants):
        click.echo(f"no policies and no tenants in {resolved.file or 'force, as there is no settings file'}")
        return
    _print_policies(settings)
    _print_tenants(settings)


@command.command()
@click.option("--model", default="", help="Model or alias, as the caller names it.")
@click.option("--header", default="", metavar="NAME", help="What x-sparing-policy says.")
@click.option("--key", "owner", default="", metavar="TENANT[/PROJECT]/NAME", help="Whose key it carries.")
@click.option("--wire", default="openai.chat", show_default=True, help="Wire format.")
@click.option("--path", "path_", default="/v1/chat/completions", show_default=True, help="Path.")
@click.option("--text", default="", help="What the user says, for rules that look at it.")
@json_option
@config_option
def which(
    model: str, header: str, owner: str, wire: str, path_: str, text: str, as_json: bool, config_path: Path | None
) -> None:
    """Say which policy a request gets, and why.

    \b
    Examples:
      sparing policies which --key acme/web/alice --model gpt-4o
      sparing policies which --text "Why does my build fail with a KeyError?"
    """
    from sparing.plan.anticipate.classifier import shipped
    from sparing.plan.anticipate.marks import Turn
    from sparing.plan.anticipate.nature import Nature
    from sparing.plan.callers import KeyRing
    from sparing.plan.policy import Policies
    from sparing.settings import load_settings

    settings = load_settings(config_path)
    caller = KeyRing(settings.tenants).named(owner) if owner else None
    policies = Policies(settings.policies, settings.models, settings.rules)
    nature = shipped().nature(Turn(text, size=len(text))) if text else Nature()
    chosen = policies.choose(header=header, model=model, caller=caller, wire=wire, path=path_, nature=lambda: nature)
    told = {"intent": nature.intent, "chance": round(nature.chance, 3), "complexity": round(nature.complexity, 3)}
    if as_json:
        write_json({"policy": chosen.name, "why": chosen.why, "model": chosen.model or model, **(told if text else {})})
        return
    if text:
        click.echo(f"taken for {nature.intent} ({nature.chance:.0%}), complexity {nature.complexity:.2f}")
    click.echo(f"{chosen.name}, by its {chosen.why}" if chosen.name else "no policy: [policy] alone holds")
    if chosen.model:
        click.echo(f"the model that is asked: {chosen.model}")


def _print_policies(settings: Settings) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("policy", "priority", "effort", "prompt", "answer", "within", "money", "under pressure"):
        table.add_column(heading, overflow="fold")
    for name, policy in settings.policies.items():
        table.add_row(
            name,
            str(policy.priority),
            policy.settings.effort if policy.settings.mode == "on" else policy.settings.mode,
            f"{policy.budget_tokens:,} ({policy.budget})" if policy.budget_tokens else "",
            _answer(policy),
            _times(policy),
            _money(policy.usd_per_request, policy.usd_per_day, policy.usd_per_month),
            _pressure(policy),
        )
    console().print(table)
    for name, rule in settings.rules.items():
        click.echo(f"rule {name}: {rule.wire} {rule.path} {rule.model}{_kinds(rule)} -> {rule.policy}")
    for name, alias in settings.models.items():
        click.echo(f"model {name}: asks {alias.model}{f', {alias.policy}' if alias.policy else ''}")


def _kinds(rule: Rule) -> str:
    intents = f" {'|'.join(rule.intents)}" if rule.intents else ""
    bounds = (rule.complexity_from, rule.complexity_to)
    return intents + (f" complexity {bounds[0]:g} to {bounds[1]:g}" if bounds != (0, 1) else "")


def _print_tenants(settings: Settings) -> None:
    from rich import box
    from rich.table import Table

    if not settings.tenants:
        return
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("tenant", "keys", "tokens / min", "requests / min", "open", "money", "policy"):
        table.add_column(heading, justify="left" if heading in ("tenant", "money", "policy") else "right")
    for name, tenant in settings.tenants.items():
        num_keys = len(tenant.keys) + sum(len(project.keys) for project in tenant.projects.values())
        table.add_row(name, str(num_keys), *_limits(tenant))
        for project_name, project in tenant.projects.items():
            table.add_row(f"  {project_name}", str(len(project.keys)), *_limits(project))
    console().print(table)


def _limits(limits: Limits) -> tuple[str, ...]:
    counts = (limits.tokens_per_minute, limits.requests_per_minute, limits.streams)
    money = _money(None, limits.usd_per_day, limits.usd_per_month)
    return (*(f"{count:,}" if count is not None else "" for count in counts), money, limits.policy)


def _answer(policy: NamedPolicy) -> str:
    tokens = f"{policy.answer_tokens:,}" if policy.answer_tokens else ""
    past = {"stop": "a sentence past", "tighten": "tightened to", "leave": "told of past"}[policy.overrun]
    ceiling = f"{past} {policy.ceiling_tokens:,}" if policy.ceiling_tokens else ""
    depths = f"depth {' > '.join(policy.depths)}" if policy.depths else ""
    return ", ".join(
        filter(None, (tokens, ceiling, f"reasoning {policy.reasoning}" if policy.reasoning else "", depths))
    )


def _times(policy: NamedPolicy) -> str:
    times = [(policy.first_token_s, "first token"), (policy.answer_s, "answer")]
    told = ", ".join(f"{what} {limit:g} s" for limit, what in times if limit is not None)
    return f"{told} in {policy.probability:.0%}" if told else ""


def _money(request: float | None, day: float | None, month: float | None) -> str:
    parts = ((request, "request"), (day, "day"), (month, "month"))
    return ", ".join(f"${usd:g} a {span}" for usd, span in parts if usd is not None)


def _pressure(policy: NamedPolicy) -> str:
    then = policy.under_pressure
    if then.begins >= 1:
        return "as ever"
    own, effort = policy.settings.effort, then.effort_after(policy.settings.effort)
    parts = [
        f"effort {effort}" if effort != own else "",
        f"answer {then.answer_tokens:,}" if then.answer_tokens else "",
        f"reasoning {then.reasoning}" if then.reasoning else "",
        ", ".join(then.tiers),
    ]
    told = ", ".join(filter(None, parts))
    return f"from {then.begins:.0%}: {told}" if told else "as ever"


def _plain(value: object) -> Any:
    import msgspec

    return msgspec.to_builtins(value)
