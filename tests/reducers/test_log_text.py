"""Logs written in forms and read back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.deadline import Deadline
from sparing.reducers.log_forms import form_of
from sparing.reducers.log_restore import restore
from sparing.reducers.log_text import FormedLog, label, reads_as_mark, write
from sparing.reducers.templates import mine


def formed(text: str) -> FormedLog:
    """Every template of two lines or more in a form where it can have one."""
    found = mine(text, Deadline())
    first_of, row_of = [0] * len(found.lines), [-1] * len(found.lines)
    members, forms = {}, {}
    for lines in found.members:
        form = form_of([found.glued[line] for line in lines], found.separator) if len(lines) > 1 else None
        if len(lines) > 1:
            members[lines[0]] = lines
        if form:
            forms[lines[0]] = form
        for row, line in enumerate(lines):
            first_of[line] = lines[0]
            row_of[line] = row if form else -1
    clocks = dict.fromkeys(members, "")
    return FormedLog(found.lines, found.newline, found.closed, first_of, members, clocks, forms, row_of)


def written(log: FormedLog, kept: bytearray | None = None) -> str:
    head, pieces = write(log, kept or bytearray(b"\x01") * len(log.lines))
    return head + "".join(pieces)


SSH = """\
Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user webmaster from 173.234.31.186
Dec 10 07:02:47 LabSZ sshd[24203]: Invalid user 0101 from 5.36.59.76
Dec 10 07:02:52 LabSZ sshd[24203]: Invalid user alex from 5.36.59.76
Dec 10 07:02:52 LabSZ sshd[24203]: Invalid user alex from 5.36.59.76
Dec 10 07:02:52 LabSZ sshd[24203]: Invalid user alex from 5.36.59.76
Dec 10 07:02:52 LabSZ sshd[24203]: Invalid user alex from 5.36.59.76
Dec 10 07:02:53 LabSZ sshd[24203]: Invalid user guest from 5.36.59.77
Dec 10 07:02:53 LabSZ sshd[24203]: Invalid user root from 5.36.59.77
Dec 10 07:02:53 LabSZ sshd[24203]: Server stopped
"""


def test_rows_leave_out_what_was_shown_last():
    """The form, the front of a time, values as above, and repeated lines are left out."""
    assert written(formed(SSH)).split("\n")[1:] == [
        "Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user webmaster from 173.234.31.186",
        "[A=06:55:46,24200,webmaster,173.234.31.186 ×8]",
        ",07:02:47,24203,0101,5.36.59.76",
        ",52,,alex",
        "[+3]",
        ",53,,guest,5.36.59.77",
        ",,,root",
        "Dec 10 07:02:53 LabSZ sshd[24203]: Server stopped",
        "",
    ]


def test_the_form_is_named_after_another_line():
    """A row after a line of another kind says which form it has; a place carries on across forms."""
    text = "10:00:01 get 7\n10:00:01 put 7\n10:00:02 get 8\n10:00:02 put 9\n"
    assert written(formed(text)).split("\n")[1:] == [
        "10:00:01 get 7",
        "[A=10:00:01,7 ×2]",
        "10:00:01 put 7",
        "[B=10:00:01,7 ×2]",
        "A,02,8",
        "B,,9",
        "",
    ]


def test_lines_that_are_left_out_are_counted():
    """By their form where it is shown, else where they stood."""
    text = "10:00:01 get 7\nlonely\n10:00:02 get 8\nalso lonely here\nend of log\n"
    shown = written(formed(text), bytearray([1, 0, 0, 0, 1]))
    assert shown.startswith("[Log of 5 lines, 3 of them left out.")
    assert shown.split("\n")[1:] == ["10:00:01 get 7", "[A=10:00:01,7 ×2]", "[… 2 lines]", "end of log", ""]
    assert restore(shown) == ["10:00:01 get 7", "end of log"]


_WORDS = st.sampled_from(
    ["user", "-5", "0x1f", "10.0.0.1", "10:11:12", "9:59:59", "2024-01-02", "k=v", "", "é", "x1y2", "blk_-12", "123456"]
)
_VALUES = st.one_of(
    st.integers(-20, 2000).map(str),
    st.times().map(lambda time: time.strftime("%H:%M:%S")),
    st.sampled_from(["anna", "ben", "cy", "10.0.0.1", "10.0.0.2", "1234567", "7654321", "", "٣", "a=b"]),
)


@st.composite
def _logs(draw: st.DrawFn) -> str:
    shapes = draw(st.lists(st.lists(st.one_of(st.none(), _WORDS), min_size=1, max_size=6), min_size=1, max_size=3))
    lines = []
    for _ in range(draw(st.integers(1, 25))):
        shape = draw(st.sampled_from(shapes))
        gap = draw(st.sampled_from([" ", " ", "  "]))
        lines.append(gap.join(draw(_VALUES) if word is None else word for word in shape))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return newline.join(lines) + draw(st.sampled_from(["", newline]))


@given(_logs(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_what_is_written_can_be_read_back(text, random):
    """Of the whole log all lines come back; of a part the lines that it shows."""
    log = formed(text or "a line")
    labels = frozenset(label(k) for k in range(len(log.forms)))
    if any(row <= 0 and reads_as_mark(line, labels) for line, row in zip(log.lines, log.row_of, strict=True)):
        return
    assert restore(written(log)) == list(log.lines)
    kept = bytearray(random.choice((0, 1)) if line not in log.forms else 1 for line in range(len(log.lines)))
    if any(kept):
        assert restore(written(log, kept)) == [line for line, shown in zip(log.lines, kept, strict=True) if shown]


def test_labels_go_on_after_z():
    """A, B, … Z, AA, AB."""
    assert [label(k) for k in (0, 25, 26, 27, 701, 702)] == ["A", "Z", "AA", "AB", "ZZ", "AAA"]


def test_lines_that_look_like_marks_are_known():
    """A source line that would be read as a row, a form or a gap is told apart."""
    labels = frozenset({"A"})
    assert all(reads_as_mark(line, labels) for line in ("A,1", ",1", "[A=1 ×2]", "[+3]", "[… 2 lines]", "[×4]"))
    assert not any(reads_as_mark(line, labels) for line in ("B,1", "[error] x", "", "A 1"))


def test_other_texts_are_refused():
    """Only what was written in forms can be restored."""
    with pytest.raises(ValueError, match="not a log"):
        restore("just\nlines\n")
    with pytest.raises(ValueError, match="do not stand"):
        restore("[Log of 2 lines, 0 of them left out.]\nline 1\n[A=7 ×2]\n,8\n")
    with pytest.raises(ValueError, match="row of 3"):
        restore("[Log of 2 lines, 0 of them left out.]\nline 1\n[A=1 ×2]\n,8,9,7\n")
