"""Log templates."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.deadline import Deadline
from sparing.errors import DeadlineExceeded
from sparing.reducers.templates import GLUE, glue, mask, mine


def groups(text: str) -> list[list[int]]:
    return [list(members) for members in mine(text, Deadline()).members]


@given(st.text(alphabet="a 1\n\t", max_size=60))
@settings(deadline=None)
def test_glue_is_undone_and_leaves_no_empty_word_inside(text):
    """Padding is marked in place: same length, undone by replacing, no space after a space."""
    glued = glue(text)
    assert len(glued) == len(text)
    assert "  " not in glued
    assert glued.replace(GLUE, " ") == text


def test_mask_turns_numbers_of_any_length_into_one_zero():
    """A run of digits is one zero, with its sign but not with a dash."""
    assert mask("took 12345 ms, -7 left, 2024-01-02 node-3 x=-5") == "took 0 ms, 0 left, 0-0-0 node-0 x=0"
    assert mask("9" * 1001) == "0"


def test_lines_that_differ_in_numbers_share_a_template():
    """Numbers, addresses, hex words and month names do not tell kinds of line apart."""
    lines = [
        "Jun 14 15:16:01 host sshd[19939]: from 10.0.0.1 id 0xdeadbeef trace a9f3c1",
        "Jul  2 04:15:43 host sshd[7]: from 192.168.10.20 id 0x1f trace 77be02",
    ]
    assert groups("\n".join(lines)) == [[0, 1]]


def test_a_word_with_many_variants_is_opened():
    """Five names at one place, all else equal, are one kind of line; and then a sixth word elsewhere is not."""
    names = ["alice", "bob", "carol", "dave", "erin"]
    text = "\n".join([f"login of {name} from web" for name in names] + ["logout of alice from web"])
    assert groups(text) == [[0, 1, 2, 3, 4], [5]]


def test_few_variants_stay_kinds_of_their_own():
    """Opened and closed are different statements."""
    text = "session opened for root by init\nsession closed for root by init\nsession locked for root by init"
    assert groups(text) == [[0], [1], [2]]


def test_a_name_that_stands_twice_is_opened_at_both_places():
    """A host that a line names twice varies as one."""
    hosts = ["alpha", "bravo", "cargo", "delta", "extra"]
    assert groups("\n".join(f"{host} said hello to {host} again" for host in hosts)) == [[0, 1, 2, 3, 4]]


def test_words_found_to_vary_in_one_template_vary_in_all():
    """What many lines show to be names at a place are names there in a line seen twice too."""
    hosts = ["alpha", "bravo", "cargo", "delta", "extra"]
    text = "\n".join(
        [f"on {host} disk was checked" for host in hosts] + ["on alpha fan is loud", "on bravo fan is loud"]
    )
    assert groups(text) == [[0, 1, 2, 3, 4], [5, 6]]


def test_line_ends_are_told_apart():
    """CR LF is the line end where all lines have it; the lines do not carry it."""
    found = mine("a 1\r\na 2\r\n", Deadline())
    assert (found.lines, found.newline, found.closed) == (["a 1", "a 2"], "\r\n", True)
    mixed = mine("a 1\r\na 2\nb", Deadline())
    assert (mixed.lines, mixed.newline, mixed.closed) == (["a 1\r", "a 2", "b"], "\n", False)


def test_json_without_spaces_is_split_at_quotes():
    """Records on lines of their own, without spaces, still share a template when one field varies."""
    users = ["ann", "ben", "cat", "dan", "eve", "fay"]
    text = "\n".join(f'{{"level":"info","user":"{user}","ms":{k}}}' for k, user in enumerate(users))
    assert groups(text) == [[0, 1, 2, 3, 4, 5]]


@given(st.text(alphabet="ab1 -\n\r\t,é\x1f", max_size=120))
@settings(deadline=None)
def test_every_line_has_one_template(text):
    """Members are a partition of the lines, in order of first appearance."""
    found = mine(text, Deadline())
    flat = [line for members in found.members for line in members]
    assert sorted(flat) == list(range(len(found.lines)))
    assert [members[0] for members in found.members] == sorted(members[0] for members in found.members)


def test_gives_up_when_the_time_is_up():
    """An expired deadline is noticed."""
    with pytest.raises(DeadlineExceeded):
        mine("a 1\na 2\n", Deadline(at_s=0.0))
