"""Content types are told from the text, with the file name as a hint, at a cost that does not grow with the length."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.content import Content
from sparing.reducers.sample import Sample
from sparing.reducers.sniff import language_of, sniff
from sparing.testing import hostile_texts, sample_texts

PYTHON = (
    "import os\n\n\ndef main(path: str) -> int:\n    for name in os.listdir(path):\n        print(name)\n    return 0\n"
)
JAVA = "package a.b;\n\nimport java.util.List;\n\npublic class A {\n    private int n;\n    public int get() {\n        return n;\n    }\n}\n"
RUST = "use std::fs;\n\npub fn read(path: &str) -> String {\n    let mut text = String::new();\n    fs::read(path).unwrap();\n    text\n}\n"
C_CODE = '#include <stdio.h>\n\nstatic int add(int a, int b) {\n    return a + b;\n}\n\nint main(void) {\n    printf("%d", add(1, 2));\n    return 0;\n}\n'
CPP = "#include <vector>\n\nnamespace a {\ntemplate <class T>\nclass Box {\npublic:\n    std::vector<T> items;\n    auto size() const { return items.size(); }\n};\n}\n"
TSX = 'import React from "react";\n\ninterface Props {\n  name: string;\n}\n\nexport function Hi({ name }: Props) {\n  return (\n    <div className="x">\n      <b>{name}</b>\n    </div>\n  );\n}\n'
JAVASCRIPT = 'const fs = require("fs");\n\nfunction read(path) {\n  if (!path) {\n    return null;\n  }\n  return fs.readFileSync(path);\n}\n\nmodule.exports = { read };\n'
C_SHARP = "using System;\nusing System.Linq;\n\nnamespace A {\n    public class B {\n        public int C() {\n            return 1;\n        }\n    }\n}\n"

JAVA_TRACE = (
    'Exception in thread "main" java.lang.IllegalStateException: no rate\n'
    + "".join(f"\tat com.example.layer{i}.Handler.call(Handler.java:{i})\n" for i in range(9))
    + "Caused by: java.io.IOException: closed\n\t... 9 more\n"
)
NODE_TRACE = "TypeError: Cannot read properties of undefined (reading 'id')\n" + "".join(
    f"    at step{i} (/srv/app/src/step{i}.js:{i}:13)\n" for i in range(8)
)
GO_TRACE = "panic: runtime error: index out of range [3]\n\ngoroutine 1 [running]:\n" + "".join(
    f"main.step{i}(0xc000012{i})\n\t/srv/app/main.go:{i} +0x1d\n" for i in range(6)
)
RUST_TRACE = "thread 'main' panicked at src/main.rs:4:5:\nno rate\nstack backtrace:\n" + "".join(
    f"   {i}: app::layer{i}::call\n             at ./src/layer{i}.rs:{i}:9\n" for i in range(6)
)
GO_TEST = "=== RUN   TestRate\n--- PASS: TestRate (0.00s)\n=== RUN   TestZone\n    zone_test.go:12: got 3, want 4\n--- FAIL: TestZone (0.01s)\nFAIL\nFAIL\texample.com/rates\t0.015s\n"
CARGO_TEST = "running 3 tests\ntest a::one ... ok\ntest a::two ... FAILED\ntest b::three ... ok\n\ntest result: FAILED. 2 passed; 1 failed; 0 ignored\n"
JEST = "PASS src/rate.test.ts\nFAIL src/zone.test.ts\n  zone\n    ✓ is small (2 ms)\n    ✕ is large (5 ms)\n\nTests:       1 failed, 1 passed, 2 total\n"
UNITTEST = "test_a (tests.test_rate.Rate) ... ok\ntest_b (tests.test_rate.Rate) ... FAIL\n\n======\nFAIL: test_b (tests.test_rate.Rate)\n------\nRan 2 tests in 0.004s\n\nFAILED (failures=1)\n"
MAVEN = "[INFO] Running com.example.RateTest\n[ERROR] Tests run: 4, Failures: 1, Errors: 0, Skipped: 0\n" * 3

TRAPS = {
    "prose that mentions code": (
        "To read a file you call open(path) and then read it; the function returns a string.\n"
        "If that fails, an OSError is raised. We def did not expect so many people to import the module.\n" * 6,
        Content.PROSE,
    ),
    "prose with times": (
        "We met at 10:30 and left at 11:45. Nobody came.\nThe next day was the same.\n" * 5,
        Content.PROSE,
    ),
    "prose that starts with a bracket": (
        "[Note] The following was said in confidence.\nIt was not kept so.\n" * 4,
        Content.PROSE,
    ),
    "a dialogue": (
        "Anna: Where were you?\nBerta: At home, I think.\nAnna: All day?\nBerta: Nearly.\n" * 4,
        Content.DIALOGUE,
    ),
    "a chat with times": (
        "[10:12:01] ann: are you there?\n[10:12:30] Bo: yes, what is it?\n".replace("ann", "Ann") * 4,
        Content.DIALOGUE,
    ),
    "a chat of nicks": ("<ann> are you there?\n<bo> yes, what is it?\n" * 4, Content.DIALOGUE),
    "a chat in Chinese": ("客户：我想订两张票。\n客服：好的，什么时候？\n" * 4, Content.DIALOGUE),
    "a chat with an assistant": (
        "user: which orders are late?\nassistant: 88213 and 88240, since Monday.\nuser: cancel both, please.\n" * 3,
        Content.DIALOGUE,
    ),
    "records": (
        "Name: Ana Sol\nCity: Oslo\nRole: clerk\n\nName: Bo Li\nCity: Turin\nRole: pilot\n\n" * 5,
        Content.PROSE,
    ),
    "questions and answers": (
        "Q: How do I return goods?\nA: Send them back within 14 days.\nQ: Who pays?\nA: You do, as a rule.\n" * 4,
        Content.PROSE,
    ),
    "a mailbox": (
        "From: Ana Sol of the harbour office\nTo: Bo Li\nSubject: The fees of May, once more, with all annexes\n"
        "Date: Mon, 6 May 2024 10:00:00 +0000\n\nPlease see the list.\n\n" * 4,
        Content.PROSE,
    ),
    "wrapped prose": (
        ("the river rises in the hills and\nruns south for forty miles until\nit meets the sea near the port.\n") * 8,
        Content.PROSE,
    ),
    "markdown with a table": ("# Rates\n\n| city | rate |\n|---|---|\n" + "| Oslo | 3 |\n" * 10, Content.MARKDOWN),
    "markdown with code": (
        "# Use\n\nCall it so:\n\n```python\nimport a\n\ndef f():\n    return a.b()\n```\n",
        Content.MARKDOWN,
    ),
    "markdown that starts with HTML": (
        '<h1 align="center">Tool</h1>\n\n## Use\n\n- **fast**\n- [docs](https://x.org)\n\n## More\n',
        Content.MARKDOWN,
    ),
    "a bug report with a trace": (
        "## It crashes\n\nWhen I run it, I get:\n\n```\nTraceback (most recent call last):\n"
        + '  File "a.py", line 1\n' * 9
        + "```\n",
        Content.MARKDOWN,
    ),
    "a log with a trace": (
        "".join(f"2024-01-01 10:00:{i:02d} INFO step {i}\n" for i in range(20)) + "Traceback (most recent call last):\n"
        '  File "a.py", line 1, in f\nValueError: x\n',
        Content.LOG,
    ),
    "a log of JSON lines": (
        "".join(json.dumps({"ts": i, "level": "info", "msg": f"m{i}"}) + "\n" for i in range(9)),
        Content.JSON_ROWS,
    ),
    "CSV": ("id,city,rate\n" + "".join(f"{i},Oslo,{i}.5\n" for i in range(20)), Content.TABLE),
    "CSV with times": (
        "at,host,ms\n" + "".join(f"2024-05-06 10:00:{i:02d},web-{i % 3},{i * 7}\n" for i in range(30)),
        Content.TABLE,
    ),
    "TSV without typed cells": (
        "name\tcity\trole\n" + "Ana Sol\tOslo\tclerk\nBo Li\tTurin\tpilot\n" * 6,
        Content.TABLE,
    ),
    "semicolons and quotes": ("id;note;sum\n" + "".join(f'{i};"a; b";{i},5\n' for i in range(9)), Content.TABLE),
    "pipes": ("id|city|rate\n" + "".join(f"{i}|Oslo|{i}.5\n" for i in range(9)), Content.TABLE),
    "numbers without a header": ("".join(f"{i},{i * i},{i / 4}\n" for i in range(12)), Content.TABLE),
    "two columns": ("city,rate\n" + "Oslo,3.5\nQuito,4.1\n" * 5, Content.TABLE),
    "a log with commas": (
        "".join(f"2024-05-06 10:00:{i:02d},{i * 7 + 100} INFO job {i}, queue mail, done\n" for i in range(30)),
        Content.LOG,
    ),
    "a log with pipes": (
        "".join(f"2024-05-06 10:00:{i:02d}|INFO|worker-{i % 3}|job {i} is done\n" for i in range(30)),
        Content.LOG,
    ),
    "prose with commas": (
        "We saw Oslo, Turin, and Quito.\nThey had bread, cheese, and wine.\nIt was late, dark, and cold.\n" * 5,
        Content.PROSE,
    ),
    "one comma to the line": (
        "Dear Ana,\nI hope you are well,\nand so is Bo,\nwho wrote to me,\nlast week,\n" * 3,
        Content.PROSE,
    ),
    "build output": ("".join(f"[{i:3d}%] Building CXX object src/part{i}.cc.o\n" for i in range(20)), Content.LOG),
    "levels without times": ("INFO started\nWARN slow disk\nINFO done\nERROR cannot write\n" * 4, Content.LOG),
    "compiler hits": ("".join(f"src/a{i}.c:{i}:5: warning: unused variable 'x'\n" for i in range(9)), Content.GREP),
    "windows paths": ("".join(f"C:\\src\\a{i}.py:{i}: import os\n" for i in range(9)), Content.GREP),
    "times are no grep hits": ("10:20:30: a\n10:20:31: b\n10:20:32: c\n", Content.LOG),
    "a diff in prose": (
        "I changed one line:\n\n- old\n+ new\n\nand it was fine after that, as far as I can tell.\n",
        Content.PROSE,
    ),
    "a diff of Python": (
        "--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,3 @@\n import os\n-def f():\n+def g():\n     return 1\n",
        Content.DIFF,
    ),
    "cut off JSON": ('[{"id": 1, "name": "a"}, {"id": 2, "na', Content.PROSE),
    "a list of numbers": ("[1, 2, 3]", Content.JSON),
    "a few records": ('[{"id": 1}, {"id": 2}]', Content.JSON),
    "long documents in a list": (json.dumps([{"id": i, "text": "word " * 900} for i in range(5)]), Content.JSON),
    "a string": ('"just a string"', Content.PROSE),
    "an HTML fragment": ("<div><p>One</p><ul><li>a</li><li>b</li></ul></div>", Content.HTML),
    "a page after a comment": ("<!-- x -->\n<html><body>hi</body></html>", Content.HTML),
    "base64": ("aGVsbG8gd29ybGQhIHRoaXMg" * 200, Content.BINARY),
    "an image": ("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", Content.BINARY),
    "a word": ("hello", Content.PROSE),
    "nothing": ("", Content.PROSE),
    "ruby": ("#!/usr/bin/env ruby\nputs 1\n", Content.CODE),
}


TOLD = [(c, t) for c, texts in sample_texts().items() if c != Content.ANSWER for t in texts]  # answers are only said


@pytest.mark.parametrize(("content", "text"), TOLD)
def test_samples_are_what_they_are(content, text):
    """A realistic text of each type is recognised without a name."""
    assert sniff(text) == content


@pytest.mark.parametrize("trap", TRAPS)
def test_traps(trap):
    """Texts that look like something else."""
    text, content = TRAPS[trap]
    assert sniff(text) == content


@pytest.mark.parametrize("trace", [JAVA_TRACE, NODE_TRACE, GO_TRACE, RUST_TRACE])
def test_stack_traces(trace):
    """Stack traces of several runtimes are test output."""
    assert sniff(trace) == Content.TEST_OUTPUT


@pytest.mark.parametrize("run", [GO_TEST, CARGO_TEST, JEST, UNITTEST])
def test_test_runs(run):
    """Runs of several test tools are test output."""
    assert sniff(run) == Content.TEST_OUTPUT


def test_lines_with_levels_are_a_log_even_in_a_test_run():
    """A build tool that prefixes every line with a level is read as a log."""
    assert sniff(MAVEN) == Content.LOG


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", PYTHON),
        ("java", JAVA),
        ("rust", RUST),
        ("c", C_CODE),
        ("cpp", CPP),
        ("tsx", TSX),
        ("javascript", JAVASCRIPT),
        (None, C_SHARP),
    ],
)
def test_languages(language, code):
    """Code is code, in the language that its lines speak for."""
    assert sniff(code) == Content.CODE
    assert language_of(code) == language


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.py", Content.CODE),
        ("src/a.RS", Content.CODE),
        ("notes.md", Content.MARKDOWN),
        ("run.log", Content.LOG),
        ("change.patch", Content.DIFF),
        ("page.html", Content.HTML),
        ("notes.txt", Content.PROSE),
        ("read_file", Content.PROSE),
        ("", Content.PROSE),
    ],
)
def test_the_name_decides_where_the_text_does_not(name, content):
    """A file name settles what a few plain lines are; a tool name does not."""
    assert sniff("one line of words\nand another one\n", name) == content


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("<!DOCTYPE html><html><body>404</body></html>", Content.HTML),
        ('{"error": "not found"}', Content.JSON),
        ("\x00\x01\x02\x00", Content.BINARY),
    ],
)
def test_the_text_decides_where_it_is_plain(text, content):
    """An error page is HTML, whatever file was asked for."""
    assert sniff(text, "main.py") == content


def test_language_by_name_wins():
    """A header is C by its name even where nothing in it says so."""
    assert language_of("word\n", "a.h") == "c"
    assert language_of("word\n", "a.unknown") is None


def test_rows_are_told_from_other_json_at_any_size():
    """An array of records, or an object whose bulk is one, stays what it is past the size that is parsed."""
    rows = [{"id": i, "name": f"name {i}", "city": "Oslo"} for i in range(30_000)]
    tree = {f"key{i}": {"inner": list(range(20)), "word": "x" * 30} for i in range(12_000)}
    assert sniff(json.dumps(rows)) == Content.JSON_ROWS
    assert sniff(json.dumps({"data": rows, "next": None})) == Content.JSON_ROWS
    assert sniff(json.dumps(tree)) == Content.JSON
    assert sniff(json.dumps(rows[:400])) == Content.JSON_ROWS
    assert sniff(json.dumps(tree)[:500_000]) != Content.JSON


def test_a_sample_is_bounded():
    """However long the text and its lines, the sample stays small and has the start, the middle and the end."""
    text = "".join(f"{i:06d} " + "word " * (i % 300) + "\n" for i in range(20_000))
    sample = Sample.of(text)
    assert len(sample.text) < 13_000
    assert len(sample.lines) <= 150
    assert max(map(len, sample.lines)) <= 160
    assert sample.text.startswith("000000")
    assert text[len(text) // 2 + 1800 : len(text) // 2 + 2000] in sample.text
    assert "019999" in sample.text


@pytest.mark.parametrize("name", hostile_texts())
def test_hostile_texts_have_a_type(name):
    """Nothing breaks the sniffer."""
    assert sniff(hostile_texts()[name]) in Content


@settings(max_examples=100, deadline=None)
@given(st.text(), st.text(max_size=20))
def test_any_text_has_a_type(text, name):
    """Any text and name give a type, the same one every time."""
    assert sniff(text, name) is sniff(text, name)
    assert sniff(text, name) in Content


def test_numbered_clauses_are_prose() -> None:
    """Paragraphs of one shape are sentences, not log lines."""
    clause = (
        "{n}. A customer may return item {n} within {n} days. The goods have to be complete. Refunds take a week.\n\n"
    )
    assert sniff("".join(clause.format(n=n) for n in range(10, 40))) is Content.PROSE
