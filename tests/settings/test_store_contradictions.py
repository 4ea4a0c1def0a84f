"""Stores that policies, tenants and labels name: what contradicts itself is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparing.errors import SettingsError
from sparing.plan.callers import KeyRing
from sparing.settings import load_settings

EXAMPLE = Path(__file__).parents[2] / "examples" / "knowledge.toml"
STORE = '[stores.kb]\nwhere = "kb.db"\n'
KEY = f'[tenants.acme.projects.web.keys.site]\nsha256 = "{"0" * 64}"\n'


def read(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sparing.toml"
    file.write_text(text)
    load_settings(file, {})


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('[policies.desk]\nstore = "nosuch"\n', 2, "names the store 'nosuch', which is not there"),
        (f'{STORE}[policies.desk]\nstore = "kb"\nstore_wider = 2\n', 5, "is for answers that are checked"),
        (f'{STORE}tenants = ["globex/web"]\n{KEY}', 3, "names the tenant 'globex', who is not there"),
        (f'{KEY}labels = ["tenant:globex"]\n', 3, "has 'tenant:globex', which is no group"),
        (f'{KEY}labels = ["group:legal", "user:acme/web/bob"]\n', 3, "has 'user:acme/web/bob', which is no group"),
        (f'{KEY}labels = ["group:"]\n', 3, "which is no group"),
        ('[stores.kb]\nbudget_tokens = 3\n', 1, "needs where"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, line: int, says: str) -> None:
    """At the start, not on a request."""
    with pytest.raises(SettingsError, match=says) as refused:
        read(tmp_path, text)
    assert f"line {line}:" in str(refused.value)


def test_what_can_be_meant_is_read(tmp_path: Path) -> None:
    """A project of a tenant that is there, groups, a check that is asked again."""
    more = 'labels = ["group:legal"]\n[policies.desk]\nstore = "kb"\nstore_check = "mark"\nstore_wider = 2\n'
    read(tmp_path, f'{STORE}tenants = ["acme/web"]\n{KEY}{more}')


def test_the_example_says_who_may_read_what() -> None:
    """Labels follow from the key and add up; a key of another tenant holds nothing of it."""
    settings = load_settings(EXAMPLE, {})
    ring = KeyRing(settings.tenants)
    portal, site = ring.named("acme/legal/portal"), ring.named("globex/site")
    assert portal.labels == {"tenant:acme", "group:acme/legal", "user:acme/legal/portal", "group:legal"}
    assert portal.trust_labels
    assert site.labels == {"tenant:globex", "user:globex/site"}
    assert not site.trust_labels
    assert settings.policies["desk"].settings.store_required
