"""The reducer of test runs and stack traces."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from sparing.core.content import Content
from sparing.core.deadline import Deadline
from sparing.core.ladder import Ladder, Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.errors import DeadlineExceeded
from sparing.reducers.run_lines import Says, judge
from sparing.reducers.test_output import TestOutput
from sparing.testing import check_reducer, sample_texts
from sparing.tokens.estimate import CharCounter

_spec = importlib.util.spec_from_file_location("run_samples", Path(__file__).with_name("run_samples.py"))
assert _spec is not None
assert _spec.loader is not None
samples = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(samples)


PASSING = {
    "PYTEST": "tests/test_zone.py::test_zone_{} PASSED                                 [ 50%]\n",
    "UNITTEST": "test_zone_{} (test_a.Rates.test_zone_{}) ... ok\n",
    "GO": "--- PASS: TestZone{} (0.00s)\n",
    "CARGO": "test zones::zone_{} ... ok\n",
    "JEST": "    ✓ knows zone {} (3 ms)\n",
    "MAVEN": "[INFO] Running com.example.Zone{}Test\n",
    "TAP": "ok {} - zone\n",
    "CSHARP": "  Passed Shop.Tests.Zone{} [3 ms]\n",
}


def long_run(name: str) -> str:
    """The sample after sixty tests that passed."""
    return "".join(PASSING[name].format(k, k) for k in range(60)) + str(getattr(samples, name))


def propose(text: str, question: str = "") -> Ladder:
    ladder = TestOutput().propose(text, Ask(CharCounter(), Question(question) if question else None))
    assert not isinstance(ladder, Skip)
    return ladder


def test_keeps_the_contract():
    """Deterministic, never larger, verbatim, lossless at the top, pins, deadline, hostile input."""
    runs = [samples.PYTEST, samples.GO, samples.CARGO, samples.MAVEN]
    check_reducer(TestOutput(), [*sample_texts()[Content.TEST_OUTPUT], *runs], "Which test failed?")


@pytest.mark.parametrize(
    ("run", "kept", "gone"),
    [
        (
            "PYTEST",
            ["_ test_quote _", 'assert quote("{bad") == 3', "src/rates.py:5:", "E       json.decoder.JSONDecodeError",
             "- foo bar", "FAILED tests/test_rates.py::test_text", "2 failed, 44 passed"],
            ["plugins: asyncio", "........", "object_hook", "4412 entries"],
        ),
        (
            "UNITTEST",
            ["ERROR: test_err", 'line 17, in test_err', "KeyError: 'atlantis'", "1 != 2 : numbers differ",
             "FAILED (failures=1, errors=1)"],
            ["test_also_fine"],
        ),
        (
            "GO",
            ["rates_test.go:21: Quote(3) = 10.4, want 11.25", "--- FAIL: TestQuote", "panic: runtime error",
             "rates/table.go:33", "FAIL\texample.com/rates"],
            ["=== RUN   TestGood", "PASS: TestAlsoGood", "testing/testing.go:1545"],
        ),
        (
            "CARGO",
            ["test tests::quote ... FAILED", "panicked at src/lib.rs:5:78", 'value: "no atlantis"', "./src/lib.rs:5:78",
             "test result: FAILED. 2 passed; 1 failed"],
            ["Compiling", "tests::also_good", "result.rs:1867", "function.rs:250"],
        ),
        (
            "JEST",
            ["FAIL src/rates.test.js", "✕ quotes a parcel", "Expected: 11.25", "Received: 10.4", "> 12 |",
             "src/rates.test.js:12:16", "Tests:       1 failed, 2 passed, 3 total"],
            ["✓ rounds to cents", "jest-circus/build/run.js"],
        ),
        (
            "MAVEN",
            ["<<< ERROR!", "IllegalStateException: no rate for Atlantis", "Rates.java:41", "Table.java:88",
             "Caused by: java.sql.SQLException: table is locked", "Tests run: 6, Failures: 0, Errors: 1",
             "BUILD FAILURE"],
            ["Scanning for projects", "ReflectionUtils", "[Help 1]"],
        ),
        (
            "TAP",
            ["not ok 2 - throws", "Expected property name or '}' in JSON", "/srv/app/a.test.mjs:2:127", "# fail 1"],
            ["test_runner/test:889"],
        ),
        (
            "CSHARP",
            ["System.InvalidOperationException: no rate for Atlantis", "Table.cs:line 88", "Rates.cs:line 41"],
            ["ExecuteWithThreadLocal"],
        ),
    ],
)  # fmt: skip
def test_the_shortest_rung_says_what_failed_and_why(run, kept, gone):
    """Names, messages, differences, own frames and the final count stay; passes and library code go."""
    text = propose(long_run(run)).render(0).text
    assert [part for part in kept if part not in text] == []
    assert [part for part in gone if part in text] == []


def test_a_passing_test_that_is_asked_for_stays():
    """A question about a test by name keeps its line."""
    assert "test_also_fine" in propose(long_run("UNITTEST"), "Did test_also_fine pass?").render(0).text


def test_a_message_seen_often_need_not_stay():
    """The fourth test that fails the same way is named, its message is not repeated."""
    block = "FAIL: test_{k} (test_a.Rates.test_{k})\n{rule}\nValueError: the table with rates is empty, number {k}\n"
    text = "".join(block.format(k=k, rule="-" * 70) for k in range(40)) + "FAILED (failures=40)\n"
    shown = propose(text).render(0).text
    assert shown.count("the table with rates is empty") == 3
    assert all(f"FAIL: test_{k} " in shown for k in range(40))


def test_the_frame_that_raised_stays_even_in_library_code():
    """A trace that ends in a library keeps its last frame."""
    frame = '  File "/usr/lib/python3.11/web/layer{k}.py", line {k}, in call\n    go({k})\n'
    frames = "".join(frame.format(k=k) for k in range(20))
    shown = propose(f"Traceback (most recent call last):\n{frames}TimeoutError: gave up\n").render(0).text
    assert "layer19.py" in shown
    assert "layer7.py" not in shown


def test_captured_output_is_routine():
    """What a test printed says less than what it found, unless it is an error."""
    lines = ["---- Captured stdout call ----", "loading the table", "KeyError: 3"]
    assert judge(lines, Deadline()) == [Says.ROUTINE, Says.ROUTINE, Says.MESSAGE]


def test_long_lines_are_judged_by_how_they_begin():
    """A megabyte of separators or of nested names is one line like any other."""
    lines = ["a::" * 300_000, "=== " * 200_000, "x > " * 200_000, "- " * 400_000, "a.b:" * 200_000]
    assert len(judge(lines, Deadline())) == len(lines)


def test_few_lines_are_left_alone():
    """There is nothing to leave out of a handful of lines."""
    assert isinstance(TestOutput().propose("FAIL: x\nok\n", Ask(CharCounter())), Skip)


def test_gives_up_when_the_time_is_up():
    """An expired deadline is noticed."""
    with pytest.raises(DeadlineExceeded):
        TestOutput().propose(samples.PYTEST, Ask(CharCounter(), deadline=Deadline(at_s=0.0)))
