"""Running, summarising and reporting."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sparing.errors import SettingsError, SparingError
from sparing.evals import run
from sparing.evals.data import Source, data_dir, provenance, read_jsonl
from sparing.evals.method import Method
from sparing.evals.methods import find
from sparing.evals.report import Report, Table
from sparing.evals.svg import Chart, Series, Spot, draw
from sparing.evals.task import Draw, Sample, Tally, Task

SVG = "{http://www.w3.org/2000/svg}"


def _load(drawn: Draw) -> list[Sample[str]]:
    text = "".join(f"Fact {i} is here.\n" for i in range(20))
    return [
        Sample(f"s{i}", text, f"Where is fact {i}?", f"Fact {i} is", "even" if i % 2 == 0 else "odd") for i in range(4)
    ]


def _score(sample: Sample[str], output: str) -> dict[str, Tally]:
    return {"found": Tally(float(sample.gold in output))}


TASK: Task[str] = Task("toy", 0, "Toy", "found", (None, 0.5), 4, _load, _score, floors={"found": 1.0})


def _evaluate(*methods: Method, budgets: tuple[float | None, ...] = TASK.budgets) -> Report:
    return run.evaluate(TASK, Draw(Path(), 4), methods, budgets)


def _points(report: Report) -> list[dict[str, object]]:
    return list(json.loads(report.as_json())["points"])


def test_the_identity_scores_one_and_saves_nothing() -> None:
    """Kept 1, metric 1, every sample declined."""
    (point,) = _points(_evaluate(*find(["full"])))
    assert point["kept"]["mean"] == 1.0  # type: ignore[index]
    assert point["metrics"]["found"]["mean"] == 1.0  # type: ignore[index]
    assert point["declined"] == 4


def test_an_output_above_the_budget_is_counted_and_cut() -> None:
    """A method that ignores its budget is over on every sample and is scored on what fits."""
    (point,) = _points(_evaluate(Method("greedy", lambda text, _q, _b: text[::-1] + text), budgets=(0.25,)))
    assert point["over"] == 4
    assert point["metrics"]["found"]["mean"] == 0.0  # type: ignore[index]
    assert point["kept"]["mean"] > 1  # type: ignore[index]


def test_a_method_that_raises_leaves_the_text_and_is_reported() -> None:
    """The error is named in the notes; the unreduced text stands in."""

    def broken(_text: str, _question: str, _budget: int | None) -> str:
        raise SparingError("out of ink")

    report = _evaluate(Method("broken", broken, chooses=True), budgets=(None,))
    (point,) = _points(report)
    assert point["errors"] == 4
    assert any("out of ink" in note for note in report.notes)


def test_a_budget_is_only_left_to_methods_that_choose() -> None:
    """The baselines run at the shares only, a method without budgets once."""
    points = _points(_evaluate(*find(["head", "full"])))
    assert [(p["method"], p["budget"]) for p in points] == [("head", 0.5), ("full", None)]


def test_methods_are_compared_with_the_reference_pair_by_pair() -> None:
    """The reference itself has no difference, the others have one."""
    points = {p["method"]: p for p in _points(_evaluate(*find(["bm25", "head"]), budgets=(0.5,)))}
    assert points["bm25"]["delta"] is None
    assert points["head"]["delta"]["mean"] <= 0  # type: ignore[index]


def test_savings_count_only_at_the_floor() -> None:
    """A method that loses facts has saved nothing worth telling."""
    text = _evaluate(*find(["full"]), Method("empty", lambda *_: "", takes_budget=False)).markdown()
    assert "| full | 0.0 % | own |" in text
    assert "| empty | never | - |" in text


def test_a_missing_method_is_named_with_the_reason() -> None:
    """Nothing runs, the report says why."""
    report = _evaluate(Method("ghost", lambda *_: "", missing="not installed"))
    assert report.tables == ()
    assert "ghost: not run, not installed." in report.notes


def test_a_report_is_saved_as_markdown_json_and_svg(tmp_path: Path) -> None:
    """The files exist, the Markdown refers to the plot, the plot is well-formed XML."""
    files = {path.name: path for path in _evaluate(*find(["head", "bm25"])).save(tmp_path / "new")}
    assert set(files) == {"toy.md", "toy.json", "toy.svg"}
    assert "(toy.svg)" in files["toy.md"].read_text()
    assert ElementTree.parse(files["toy.svg"]).getroot().tag == f"{SVG}svg"


def test_main_runs_a_registered_task(data: Path, tmp_path: Path) -> None:
    """By name, with an option, from a data folder, into an output folder."""
    report = run.main("nq:4", data, n=3, budgets=(0.5,), methods=("head", "bm25"), out=tmp_path / "out")
    assert report.data["n"] == 3
    assert (tmp_path / "out" / "nq-4.json").is_file()
    assert any("nelson-liu" in note for note in report.notes)


@pytest.mark.parametrize(
    ("name", "options"),
    [("nope", {}), ("nq", {"methods": ("nope",)}), ("nq", {"budgets": (1.5,)}), ("nq", {"n": 0})],
)
def test_bad_arguments_are_refused(name: str, options: dict[str, object], data: Path) -> None:
    """Unknown names and impossible numbers are settings errors."""
    with pytest.raises(SettingsError):
        run.main(name, data, **options)  # type: ignore[arg-type]


def test_peers_without_an_interpreter_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is listed as not run."""
    monkeypatch.delenv("SPARING_PEERS_PYTHON", raising=False)
    assert all("SPARING_PEERS_PYTHON" in method.missing for method in find(["peers"]))


def test_a_peer_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """This interpreter starts, and has no such package."""
    monkeypatch.setenv("SPARING_PEERS_PYTHON", sys.executable)
    (method,) = find(["llmslim"])
    assert "not installed" in method.missing


def test_the_data_folder_is_the_argument_then_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An explicit folder wins over SPARING_DATA."""
    monkeypatch.setenv("SPARING_DATA", str(tmp_path))
    assert data_dir() == tmp_path
    assert data_dir("elsewhere") == Path("elsewhere")


def test_files_that_are_not_the_recorded_ones_are_told(data: Path) -> None:
    """The hash of a changed file does not match, and a set without recorded files says that."""
    source = Source("nq_oracle", "https://example.org", "MIT", "it")
    assert "0 of 1 files have the recorded SHA-256" in provenance(source, data)
    assert "not the recorded files" in provenance(Source("other", "u", "l", "g"), data)


def test_a_line_that_is_not_json_is_named(tmp_path: Path) -> None:
    """File and line number are in the message."""
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\nnot json\n')
    with pytest.raises(SettingsError, match=r"x\.jsonl:2"):
        list(read_jsonl(path))


def test_bars_have_one_rectangle_per_value() -> None:
    """Two series over three groups: six bars and one background; a mark per series in the legend."""
    series = tuple(Series(name, tuple(Spot(g, 1 + g, g, 2 + g) for g in range(3))) for name in ("a & b", "c"))
    root = ElementTree.fromstring(draw(Chart("Bars <1>", "", "y", series, groups=("x", "y", "z"))))
    assert len(root.findall(f"{SVG}rect")) == 6 + 1
    assert len(root.findall(f"{SVG}circle")) == 2


def test_a_chart_of_nothing_is_still_a_chart() -> None:
    """Axes without lines, on linear and logarithmic scales."""
    for log in (False, True):
        assert draw(Chart("Empty", "x", "y", (), log_x=log, log_y=log)).endswith("</svg>\n")


def test_logarithmic_axes_are_marked_at_powers_of_ten() -> None:
    """50 to 2,000 shows 10, 100, 1k and 10k."""
    spots = (Spot(50, 1, 1, 1), Spot(2_000, 3, 3, 3))
    text = draw(Chart("Log", "x", "y", (Series("s", spots),), log_x=True))
    assert all(f">{mark}<" in text for mark in ("10", "100", "1k", "10k"))


def test_tables_escape_what_markdown_would_read() -> None:
    """A bar inside a cell does not make a new column."""
    assert Table("", ("a", "b"), (("x|y", "1"),)).markdown().splitlines()[-1] == "| x\\|y | 1 |"
