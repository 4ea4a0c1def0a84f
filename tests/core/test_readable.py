"""Who may read a document."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sparing.core.passage import PUBLIC, Rights, readable

LABELS = st.sampled_from(["tenant:a", "tenant:b", "group:legal", "group:hr", "user:ann", "user:bob", PUBLIC])
SETS = st.frozensets(LABELS, max_size=5)


def test_a_tenant_and_one_of_its_groups_or_users_are_needed():
    """The tenant is not enough where people are named, and people are not where a tenant is."""
    labels = ["tenant:a", "group:legal", "user:ann"]
    assert readable(labels, Rights(frozenset({"tenant:a", "user:ann"})), labelled=True)
    assert readable(labels, Rights(frozenset({"tenant:a", "group:legal"})), labelled=True)
    assert not readable(labels, Rights(frozenset({"tenant:a"})), labelled=True)
    assert not readable(labels, Rights(frozenset({"tenant:b", "user:ann"})), labelled=True)


def test_what_has_no_label_is_denied_once_any_document_has_one():
    """A store with labels denies by default; its owner still reads everything."""
    assert readable([], Rights(), labelled=False)
    assert not readable([], Rights(frozenset({"tenant:a"})), labelled=True)
    assert readable([], Rights(everything=True), labelled=True)


def test_public_documents_are_read_by_anybody():
    """Also by those who hold no label; a tenant's public documents by that tenant only."""
    assert readable([PUBLIC], Rights(), labelled=True)
    assert not readable([PUBLIC, "tenant:a"], Rights(frozenset({"tenant:b"})), labelled=True)
    assert readable([PUBLIC, "tenant:a"], Rights(frozenset({"tenant:a"})), labelled=True)


@given(SETS, SETS, LABELS)
def test_holding_more_never_hides_anything(labels, held, more):
    """A caller with one more label reads all that they read without it."""
    if readable(labels, Rights(held), labelled=True):
        assert readable(labels, Rights(held | {more}), labelled=True)


@given(SETS.filter(lambda labels: PUBLIC not in labels and labels))
def test_nobody_reads_a_labelled_document_without_a_label(labels):
    """Deny by default."""
    assert not readable(labels, Rights(), labelled=True)
