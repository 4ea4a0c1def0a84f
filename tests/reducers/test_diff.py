"""Diffs: what is kept of changes, context and files, and how it is counted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.ladder import Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.reducers.diff import Diff
from sparing.testing.check_reducer import check_reducer
from sparing.tokens.estimate import CharCounter
from sparing.tokens.models import counter_for

BLANK = " "  # an empty line of context
LOCK = "".join(
    f'+    "node_modules/package-{i}": {{ "version": "1.{i}.0", "integrity": "sha512-{i:032x}" }},\n' for i in range(30)
)

GIT = f"""\
commit 4f2a9c1d3b5e7f90112233445566778899aabbcc
Author: Ada <ada@example.com>
Date:   Mon Mar 3 10:00:00 2025 +0100

    Wait for the lock before billing

diff --git a/src/billing.py b/src/billing.py
index 1111111..2222222 100644
--- a/src/billing.py
+++ b/src/billing.py
@@ -10,12 +10,13 @@ class Billing:
     def __init__(self, store, clock):
         self.store = store
         self.clock = clock
         self.pending = []
{BLANK}
     def charge(self, order):
-        self.store.write(order)
+        with self.store.lock(timeout_s=5):
+            self.store.write(order)
         self.pending.append(order)
         return order.number
{BLANK}
     def flush(self):
         self.pending.clear()
@@ -40,7 +41,7 @@ def report(orders):
     lines = []
     for order in orders:
         lines.append(order.number)
--- this line was removed and began with two dashes
+-- this one was added in its place
     lines.sort()
     print("total", len(lines))
     return lines
diff --git a/package-lock.json b/package-lock.json
index 3333333..4444444 100644
--- a/package-lock.json
+++ b/package-lock.json
@@ -1,2 +1,32 @@
 {{
   "name": "shop",
{LOCK}diff --git a/docs/old.md b/docs/old.md
deleted file mode 100644
index 5555555..0000000
--- a/docs/old.md
+++ /dev/null
@@ -1,3 +0,0 @@
-# Old
-
-Nothing here is true any more, and nobody has read it since the office moved to the other street.
diff --git a/logo.png b/logo.png
new file mode 100644
index 0000000..6666666
Binary files /dev/null and b/logo.png differ
"""

PLAIN = f"""\
--- shop/cart.c\t2024-01-01 10:00:00
+++ shop/cart.c\t2024-01-02 10:00:00
@@ -1,9 +1,9 @@
 #include "cart.h"
{BLANK}
 int total(struct cart *cart)
 {{
-    return cart->sum;
+    return cart->sum + cart->tax;
 }}
{BLANK}
 void clear(struct cart *cart)
 {{
\\ No newline at end of file
--- shop/tax.c\t2024-01-01 10:00:00
+++ shop/tax.c\t2024-01-02 10:00:00
@@ -3 +3 @@
-int rate = 19;
+int rate = 20;
"""


def propose(text, question=None, pins=(), counter=None):
    return Diff().propose(text, Ask(counter or CharCounter(), Question(question) if question else None, pins))


def renditions(ladder):
    return [ladder.render(rung) for rung in range(len(ladder.tokens))]


def first_with(ladder, piece):
    return next(r.text for r in renditions(ladder) if piece in r.text)


def test_every_file_is_there_with_its_counts_at_the_lowest_rung():
    """A file left out is one line: path, what happened to it, lines, changes."""
    text = propose(GIT).render(0).text
    assert "[… src/billing.py: 28 lines, +3 -2]" in text
    assert "[… package-lock.json: 37 lines, +30 -0]" in text
    assert "[… docs/old.md: deleted, 9 lines, +0 -3]" in text
    assert "[… logo.png: new, binary, 4 lines]" in text


def test_commit_message_comes_before_changes():
    """What a commit says about itself is the cheapest news."""
    assert "Wait for the lock before billing" in propose(GIT).render(1).text


def test_changes_come_before_context_and_near_before_far():
    """With all changes there is no context yet; lines that touch a change come next."""
    ladder = propose(GIT)
    changed = first_with(ladder, "+-- this one was added in its place")
    assert "         return order.number" not in changed
    touching = first_with(ladder, "         self.pending.append(order)\n")
    assert "+            self.store.write(order)" in touching
    assert "         self.store = store" not in touching
    assert "@@ -10,12 +10,13 @@ class Billing:\n[… 5 context lines]\n     def charge(self, order):\n-" in touching


def test_what_tools_wrote_comes_last():
    """A lock file is folded to its line while there is anything else to send."""
    ladder = propose(GIT)
    texts = [r.text for r in renditions(ladder)]
    with_lock = next(text for text in texts if "package-7" in text)
    assert "         self.store = store" in with_lock
    assert "     return lines" in with_lock
    assert any("[… package-lock.json: 37 lines, +30 -0]" in text and "     return lines" in text for text in texts)


def test_the_hunk_in_question_comes_first():
    """The question's words choose the hunk, its header and its file's header come with it, then its context."""
    ladder = propose(GIT, "Which timeout does the store lock have when charging?")
    text = first_with(ladder, "+        with self.store.lock(timeout_s=5):")
    assert "--- a/src/billing.py\n+++ b/src/billing.py\n@@ -10,12 +10,13 @@ class Billing:\n" in text
    assert "two dashes" not in text
    assert "     def charge(self, order):" in first_with(ladder, "+-- this one was added in its place")


def test_row_counts_decide_what_is_a_change():
    """A removed line that looks like a file header is a removed line."""
    assert "[… src/billing.py: 28 lines, +3 -2]" in propose(GIT).render(0).text
    assert "two dashes:" not in propose(GIT).render(0).text


def test_plain_unified_diffs_are_cut_too():
    """Without git's headers the files are told by their ``---`` and ``+++`` rows, time stamps left aside."""
    text = propose(PLAIN * 2).render(0).text
    assert "[… shop/cart.c: 14 lines, +1 -1]\n[… shop/tax.c: 5 lines, +1 -1]\n" in text


def test_long_additions_are_cut_into_chunks():
    """Of a new file only the part in question comes, under the hunk's header."""
    body = "".join(f"+def step_{i}(value):\n+    return value + {i}\n+\n" for i in range(100))
    text = f"diff --git a/s.py b/s.py\nnew file mode 100644\n--- /dev/null\n+++ b/s.py\n@@ -0,0 +1,300 @@\n{body}"
    ladder = propose(text, "What does step_70 return?")
    cut = first_with(ladder, "+def step_70(value):")
    assert "@@ -0,0 +1,300 @@\n[… " in cut
    assert len(cut) < len(text) / 5


def test_counts_of_markers_add_up():
    """Lines kept and lines counted in gaps make the whole; so do the changes."""
    total = GIT.count("\n")
    for rendition in renditions(propose(GIT)):
        gaps = re.findall(r"^\[… .*?(\d+) (?:context )?lines?(?:, \+(\d+) -(\d+))?\]$", rendition.text, re.M)
        kept = [line for line in rendition.text.splitlines() if not line.startswith("[…")]
        assert len(kept) + sum(int(lines) for lines, _, _ in gaps) == total
        assert len(gaps) == len(rendition.elisions)


def test_a_combined_diff_is_read_to_its_end():
    """Merges have more than two columns of signs and no simple counts."""
    text = (
        "diff --cc a.py\nindex 1,2..3\n--- a/a.py\n+++ b/a.py\n@@@ -1,2 -1,2 +1,3 @@@\n"
        + "  same line of context\n" * 20
        + "++both changed\n- one removed\n"
    )
    assert "[… a.py: 27 lines, +1 -1]" in propose(text).render(0).text


@pytest.mark.parametrize("text", ["", "no diff at all\n" * 40, "@@ -1,2 +1,2 @@\n" * 40])
def test_what_is_no_diff_is_a_skip(text):
    """Without a file header there is nothing to count by."""
    assert isinstance(propose(text), Skip)


def test_pins_stay_under_their_headers():
    """A pinned line brings its hunk and file."""
    text = propose(GIT, pins=("this one was added",)).render(0).text
    assert "+++ b/src/billing.py\n" in text
    assert "+-- this one was added in its place" in text
    assert "timeout_s" not in text


def test_estimates_are_close_to_exact_counts():
    """What the planner sees is within a few tokens of each rendition."""
    counter = counter_for("gpt-4o")
    ladder = propose(GIT, counter=counter)
    for rung, rendition in enumerate(renditions(ladder)):
        assert abs(ladder.tokens[rung] - counter.count(rendition.text)) <= 40


def test_reducer_keeps_the_contract():
    """Deterministic, never larger, lossless at the top, marked gaps, pins, deadline, hostile input."""
    check_reducer(Diff(), [GIT, PLAIN * 3], "Which timeout does the lock have?")


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "diff --git a/x.py b/x.py",
                "--- a/x.py",
                "+++ b/x.py",
                "@@ -1,3 +1,4 @@ def f():",
                "@@ -1 +1 @@",
                "@@ x",
                "+added",
                "-removed",
                " same",
                "",
                "\\ No newline",
                "commit abc",
                "GIT binary patch",
                "zcmV;",
                "[… 3 lines]",
                "\u00e9\u2028",
            ]
        ),
        max_size=60,
    )
)
def test_any_mixture_of_lines_is_cut_without_loss(lines):
    """Malformed diffs lose nothing: what is not counted in a gap is there, in order."""
    text = "\n".join([*lines, "context " * 30])
    ladder = propose(text)
    if isinstance(ladder, Skip):
        return
    for rendition in renditions(ladder):
        at = found = 0
        for elision in rendition.elisions:
            piece = text[at : elision.start]
            found = rendition.text.index(piece, found) + len(piece)
            at = elision.end
        assert rendition.text.endswith(text[at:])
        assert len(rendition.text) <= len(text)
    assert renditions(ladder)[-1].text == text
