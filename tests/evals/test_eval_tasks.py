"""Loaders on tiny files, and scorers that cannot be gamed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from sparing import registry
from sparing.errors import SettingsError
from sparing.evals import run
from sparing.evals.splits import Split
from sparing.evals.task import Draw, Sample, Tally, Task
from sparing.evals.tasks import (
    gateway,
    gsm8k,
    locomo,
    loghub,
    nq,
    old_turns,
    qmsum,
    recall,
    select,
    sgd,
    speed,
    tatqa,
    tau_bench,
    tau_replay,
    xquad,
)
from sparing.evals.tasks.planted import TASK as PLANTED
from sparing.settings import PolicySettings

WITH_DATA = [
    nq.TASK,
    xquad.TASK,
    qmsum.TASK,
    locomo.TASK,
    sgd.TASK,
    tau_bench.TASK,
    loghub.TASK,
    tatqa.TASK,
    gsm8k.TASK,
]


def shares(task: Task[Any], sample: Sample[Any], output: str) -> list[float]:
    """Share per metric, for those with something to keep."""
    return [tally.share for tally in task.score(sample, output).values() if tally.of]


@pytest.mark.parametrize("task", [*WITH_DATA, PLANTED], ids=lambda task: task.name)
def test_the_unreduced_text_scores_one_and_nothing_scores_nought(task: Task[Any], data: Path) -> None:
    """The identity keeps every gold item of every metric, an empty output keeps none."""
    samples = task.load(Draw(data, 8))
    assert samples
    for sample in samples:
        assert set(shares(task, sample, sample.text)) <= {1.0}
        assert set(shares(task, sample, "")) <= {0.0}


@pytest.mark.parametrize("task", [*WITH_DATA, PLANTED], ids=lambda task: task.name)
def test_repeating_the_question_scores_nothing(task: Task[Any], data: Path) -> None:
    """What the method is told anyway is not what it is scored on."""
    for sample in task.load(Draw(data, 8)):
        assert task.score(sample, sample.question)[task.metric].got == 0


@pytest.mark.parametrize("task", WITH_DATA, ids=lambda task: task.name)
def test_the_same_seed_draws_the_same_samples(task: Task[Any], data: Path) -> None:
    """Drawing twice gives equal samples."""
    assert task.load(Draw(data, 5, seed=3)) == task.load(Draw(data, 5, seed=3))


@pytest.mark.parametrize("task", WITH_DATA, ids=lambda task: task.name)
def test_missing_data_say_where_to_get_them(task: Task[Any], tmp_path: Path) -> None:
    """An empty data root is refused with the public address of the set."""
    with pytest.raises(SettingsError) as raised:
        task.load(Draw(tmp_path, 1))
    assert task.source is not None
    assert task.source.url in str(raised.value)


def test_every_registered_task_goes_by_its_own_name() -> None:
    """The name in the entry points is the name the task reports."""
    names = registry.names("tasks")
    known = {"nq", "xquad", "qmsum", "locomo", "sgd", "tau_bench", "tau_replay", "loghub", "planted", "bfcl", "recall"}
    known |= {"tatqa", "gsm8k", "select"}
    assert known | {"speed", "gateway", "prefix", "money", "followup", "long_session", "old_turns"} <= set(names)
    assert [registry.load("tasks", name).name for name in names] == list(names)


def test_distractors_of_nq_hold_no_answer(data: Path) -> None:
    """Only the gold passage of a sample contains an answer."""
    for sample in nq.load(Draw(data, 12, option="6")):
        gold = next(name for name in sample.text.splitlines() if nq.holds_answer(name, sample.gold))
        assert not nq.holds_answer(sample.text.replace(gold, ""), sample.gold)


def test_nq_reads_the_published_layout(data: Path) -> None:
    """Passages inside `ctxs` give the same samples as flat ones."""
    flat = nq.load(Draw(data, 3, option="4"))
    path = data / "nq_oracle" / "questions.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.unlink()
    published = [
        {"question": r["question"], "answers": r["answers"], "ctxs": [{"title": r["title"], "text": r["text"]}]}
        for r in rows
    ]
    (data / "nq_oracle" / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in published))
    assert nq.load(Draw(data, 3, option="4")) == flat


def test_an_answer_has_to_be_there_as_whole_words() -> None:
    """Case, punctuation and articles do not matter, parts of words do not count."""
    assert nq.holds_answer("It was The Rolling-Stones, in 1969.", ("rolling stones",))
    assert not nq.holds_answer("a rollingstonesque tune", ("rolling stones",))
    assert not nq.holds_answer("anything", ("the",))


def test_evidence_is_the_sentence_around_the_answer() -> None:
    """The stretch between the sentence ends before and after the answer."""
    text = "It rains. Ada Low was born in 1815. She wrote."
    assert xquad.evidence(text, text.index("1815"), "1815", "en") == "Ada Low was born in 1815."


def test_evidence_covers_an_answer_that_crosses_a_full_stop() -> None:
    """Both sentences belong to the evidence then."""
    text = "Call Dr. Low now. Or not."
    assert xquad.evidence(text, text.index("Dr"), "Dr. Low", "en") == "Call Dr. Low now."


def test_xquad_reads_the_published_layout(data: Path) -> None:
    """SQuAD JSON gives the same texts as flat rows."""
    flat = xquad.load(Draw(data, 6))
    rows = [json.loads(line) for line in (data / "xquad" / "en.jsonl").read_text().splitlines()]
    (data / "xquad" / "en.jsonl").unlink()
    articles = []
    for article in (row for row in rows if "paragraphs" in row):
        paragraphs = []
        for number, context in enumerate(article["paragraphs"]):
            own = [r for r in rows if "question" in r and (r["title"], r["paragraph"]) == (article["title"], number)]
            qas = [
                {
                    "id": r["id"],
                    "question": r["question"],
                    "answers": [{"text": a["text"], "answer_start": a["start"]} for a in r["answers"]],
                }
                for r in own
            ]
            paragraphs.append({"context": context, "qas": qas})
        articles.append({"title": article["title"], "paragraphs": paragraphs})
    (data / "xquad" / "xquad.en.json").write_text(json.dumps({"data": articles}))
    assert xquad.load(Draw(data, 6)) == flat


def test_part_of_a_gold_turn_counts_as_part(data: Path) -> None:
    """Keeping two of the four gold turns keeps about half of the gold tokens; other turns count nothing."""
    (sample,) = qmsum.load(Draw(data, 1))
    turns = sample.text.splitlines(keepends=True)
    half = qmsum.score(sample, turns[10] + "[… 1 line]\n" + turns[12])["gold_tokens"]
    assert 0.4 < half.share < 0.6
    assert qmsum.score(sample, "".join(turns[:10]))["gold_tokens"].got == 0


def test_values_count_when_a_call_or_an_answer_uses_them_later(data: Path) -> None:
    """The id goes into a call and the city into the answer; the number of seats is never used."""
    (sample,) = tau_bench.load(Draw(data, 9))
    assert sample.gold.values == ("usr_77120", "Oslo")
    assert "book me a seat" in sample.question
    assert "usr_77120" not in sample.question


def test_a_value_inside_a_longer_word_is_not_kept(data: Path) -> None:
    """usr_77120 is not visible in usr_771209."""
    (sample,) = tau_bench.load(Draw(data, 9))
    assert tau_bench.score(sample, '{"id": "usr_771209", "city": "Oslo"}')["values"].got == 1


def test_a_value_that_was_said_before_is_not_new() -> None:
    """What the user had mentioned is not among the new values."""
    messages = [
        {"role": "user", "content": "Reservation ZFA04Y please"},
        {"role": "tool", "name": "get", "content": '{"id": "ZFA04Y", "flight": "HAT136"}'},
        {"role": "assistant", "content": "ZFA04Y is on HAT136."},
    ]
    (sample,) = tau_bench.tool_results(messages, "run")
    assert sample.gold.values == ("ZFA04Y", "HAT136")
    assert sample.gold.new == ("HAT136",)


def test_a_template_is_kept_by_its_fixed_parts_in_one_line(data: Path) -> None:
    """A summary line with the fixed parts in order keeps the template; apart or out of order they do not."""
    (sample,) = loghub.load(Draw(data, 1))
    assert loghub.score(sample, "job 0..19 done in 0..57 ms (19 lines)")["templates"].got == 1
    assert loghub.score(sample, "done in ms: job 0..19")["templates"].got == 0
    assert loghub.score(sample, "job\ndone in\nms\n")["templates"].got == 0


def test_an_error_line_is_kept_verbatim_or_by_template_and_fields(data: Path) -> None:
    """Without the disk's name the error line is lost; with it, it is kept but not verbatim."""
    (sample,) = loghub.load(Draw(data, 1))
    assert loghub.score(sample, "disk sdb9 is full\n")["error_lines"].got == 0
    represented = loghub.score(sample, "1 x ERROR disk <*> is full: sdb4\n")
    assert represented["error_lines"].got == 1
    assert represented["error_lines_verbatim"].got == 0


def test_logs_can_be_cut_into_blocks(data: Path) -> None:
    """With a number as the option there is a sample per block of that many lines."""
    blocks = loghub.load(Draw(data, 9, option="8"))
    assert [len(block.text.splitlines()) for block in blocks] == [8, 8, 4]


@pytest.mark.parametrize(("line", "error"), [("job failed", True), ("errors: 0", True), ("terrorise", False)])
def test_error_lines_are_told_by_words(line: str, *, error: bool) -> None:
    """Whole words only."""
    assert loghub.is_error(line, "") is error


def test_the_gateway_report_shows_every_load_and_way() -> None:
    """Figures as `gateway_cost.figures` gives them become two tables, a chart and the notes."""
    first = {f"{way}_{p}": 1.0 for way in ("direct", "off", "on") for p in ("p50", "p99")} | {"reduction_p50": 0.5}
    figures = {
        "cpu": [{"load": "burst", "off_ms": 1.0, "on_ms": 1.2, "ratio": 1.2}],
        "first_byte_ms": first,
        "answers": 4000,
        "broken_answers": 0,
        "idle_streams": 500,
        "bytes_per_idle_stream": 21_000,
    }
    text = gateway.report(figures).markdown()
    assert "| burst | 1.00 | 1.20 | 1.20 |" in text
    assert "0 of 4,000 streamed answers not whole" in text
    assert "21.0 kB each" in text


def test_speed_is_measured_per_reducer_content_and_size(tmp_path: Path) -> None:
    """One line per size for the reducer asked for, with what it declined."""
    report = speed.measure(Draw(tmp_path, 1, option="3000"), ("diff",))
    (timing,) = report.data["timings"]
    assert timing["reducer"] == timing["content"] == "diff"
    assert timing["tokens"] > 500
    assert timing["reduce_s"] > 0
    assert report.markdown().count("| diff |") == 1


def test_what_was_said_is_in_the_request_whatever_becomes_of_the_result() -> None:
    """A value that the user gave is sent with the user's message, even if the tool's result loses it."""
    messages = [
        {"role": "user", "content": "Reservation ZFA04Y please"},
        {"role": "tool", "name": "get", "content": '{"id": "ZFA04Y", "flight": "HAT136"}'},
        {"role": "assistant", "content": "ZFA04Y is on HAT136."},
    ]
    (sample,) = tau_bench.tool_results(messages, "run")
    scored = tau_bench.score(sample, "flight:HAT136")
    assert (scored["values"].got, scored["in_request"].got) == (1, 2)


def test_a_replay_counts_values_at_the_time_of_use(data: Path) -> None:
    """A whole run is reduced as one request; the values are looked for in what was sent before they are used."""
    (run,) = tau_bench.load_runs(Draw(data, 1))
    replayed = tau_replay.replay(run["traj"], PolicySettings(min_tokens=1))
    assert replayed.kept == Tally(2, 2)
    assert list(replayed.sizes) == ["get_user"]
    report = tau_replay.measure(Draw(data, 1), ("text", "full"))
    assert [row[0] for row in report.tables[0].rows] == ["text", "full"]
    with pytest.raises(SettingsError, match="no policy is called"):
        tau_replay.measure(Draw(data, 1), ("wall",))


def test_locomo_writes_sessions_turns_and_photos(data: Path) -> None:
    """A line per turn under the session's date; evidence ids are read however they are spelt, unknown ones dropped."""
    samples = locomo.load(Draw(data, 20))
    assert len(samples) == 6  # a question without evidence is left out
    text = samples[0].text
    assert text.startswith(
        "[1:01 pm on 1 May, 2023]\nAna: I spent a week in Oslo with my sister.\nBo: Lovely! [photo: "
    )
    assert samples[0].gold == ("I spent a week in Oslo with my sister.", "Lovely! [photo: a photo of hat 1]")
    assert samples[0].group == "temporal"


def test_part_of_a_turn_is_no_evidence_turn(data: Path) -> None:
    """Half of the turns whole is a half; a turn cut short is nothing."""
    sample = locomo.load(Draw(data, 1))[0]
    assert locomo.score(sample, sample.gold[0])["evidence_turns"].share == 0.5
    assert locomo.score(sample, sample.gold[0][:-2])["evidence_turns"].share == 0.0


def test_a_slot_value_stands_by_itself() -> None:
    """Not as a part of a longer word or number, and in the same case."""
    assert sgd.holds("for 2 people", "2")
    assert sgd.holds("(half past 2, in Rome)", "half past 2")
    for text in ("12 people", "the 2nd", "2:30 pm", "1.2", "v2"):
        assert not sgd.holds(text, "2")
    assert not sgd.holds("in rome", "Rome")


def test_slot_values_are_those_of_all_turns(data: Path) -> None:
    """Each distinct value once; what is only in the annotation is not asked for."""
    sample = sgd.load(Draw(data, 1))[0]
    number = sample.text.split("for ")[1].split(",")[0]
    assert sample.gold == (number, f"{number}:30 pm")


def test_a_recall_brings_back_what_a_blind_reduction_lost(tmp_path: Path) -> None:
    """Something is lost, nearly all of it comes back, and each recall stays within its bound."""
    report = recall.measure(Draw(tmp_path, 1), ())
    for row in report.data["rows"]:
        assert row["asked"] > row["lost"] > 0
        assert row["back"] >= 0.97 * row["lost"]
        assert 0 < row["tokens"] < 2_100
    assert "back after one recall" in report.markdown()


def test_old_turns_are_shortened_message_by_message(data: Path) -> None:
    """Both methods at both budgets; what is named is run alone."""
    report = old_turns.measure(Draw(data, 4), ())
    assert [row[:2] for row in report.tables[0].rows] == [
        ("sparing", "50 %"),
        ("sparing", "25 %"),
        ("newest", "50 %"),
        ("newest", "25 %"),
    ]
    assert len(old_turns.measure(Draw(data, 4), ("newest",)).tables[0].rows) == 2


@pytest.mark.parametrize("task", [nq.TASK, xquad.TASK, qmsum.TASK, tatqa.TASK], ids=lambda task: task.name)
def test_splits_part_the_groups(task: Task[Any], data: Path) -> None:
    """Every sample is in exactly one of the three splits."""
    parts = {split: [s.id for s in task.load(Draw(data, 99, split=split))] for split in get_args(Split)}
    together = sorted(name for part in parts.values() for name in part)
    assert together == sorted(s.id for s in task.load(Draw(data, 99)))


def test_a_split_of_what_has_none_is_refused(data: Path) -> None:
    """The message names the evaluations that have splits."""
    with pytest.raises(SettingsError, match="nq"):
        run.main("locomo", data=data, split="test")


@pytest.mark.parametrize("task", [tatqa.TASK, gsm8k.TASK], ids=lambda task: task.name)
def test_an_altered_figure_is_seen(task: Task[Any], data: Path) -> None:
    """A number that the text does not have counts against a method."""
    sample = task.load(Draw(data, 1))[0]
    assert task.score(sample, "9999 and more")["unaltered"] == Tally(0, 1)


def test_one_table_of_all_ways_to_choose(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line per method, a column per task and budget, time and memory; what cannot run is named."""
    monkeypatch.setattr(select, "_TASKS", (("nq", "", (0.5, 0.25)), ("gsm8k", "", (0.25,))))
    report = select.measure(Draw(data, 2), ("sparing_rules", "bm25", "headroom_text"))
    rows = {row[0]: row[1:] for row in report.tables[0].rows}
    assert list(rows) == ["sparing_rules", "bm25"]
    assert "CPU ms / 3k tokens" in report.tables[0].columns
    assert any("headroom_text: not run" in note for note in report.notes)
    assert rows["bm25"][-1] == "+0"
