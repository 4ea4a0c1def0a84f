"""Forms: templates in columns."""

from __future__ import annotations

from sparing.reducers.log_columns import clock_of, fronts, is_clock
from sparing.reducers.log_forms import find_values, form_of


def test_only_what_varies_is_a_value():
    """Constant numbers stay in the example; an address is one value, whole."""
    form = form_of(["job 7 on 10.0.0.1:80 took 5 ms", "job 7 on 10.0.0.2:80 took 6 ms"])
    assert form is not None
    assert form.values == ("10.0.0.1", "5")
    assert form.rows == [("10.0.0.1", "5"), ("10.0.0.2", "6")]


def test_words_of_digits_and_letters_are_whole():
    """Durations, hex words and paths are values as one would quote them."""
    form = form_of(["took 431ms at 0x1f3a in chdir(/home/ann)", "took 8ms at 0x1f3b in chdir(/srv/ben)"])
    assert form is not None
    assert form.values == ("431ms", "0x1f3a", "/home/ann")


def test_a_word_that_varies_loses_what_all_have_in_common():
    """The front and back up to a punctuation mark are part of the example."""
    form = form_of(["login (user=anna)", "login (user=annika)"])
    assert form is not None
    assert form.values == ("anna",)


def test_an_unchanging_value_is_named_where_it_would_be_mistaken():
    """`5` stands twice and only the second varies: the first is listed as well."""
    form = form_of(["5 of 5 done", "5 of 6 done"])
    assert form is not None
    assert form.values == ("5", "5")
    assert form.rows[1] == ("5", "6")


def test_a_long_value_that_repeats_is_listed_once():
    """An id that a line says twice is one value, and both places are found again."""
    form = form_of(["del blk_123456 at /d/blk_123456", "del blk_987654 at /d/blk_987654"])
    assert form is not None
    assert form.values == ("123456",)
    assert find_values("del blk_123456 at /d/blk_123456", form.values) == [[8, 25]]


def test_a_value_that_repeats_by_chance_is_listed_twice():
    """Where the two places go apart in another line they are two values."""
    form = form_of(["10:00:01 moved to 10:00:01", "10:00:02 moved to 10:00:09"])
    assert form is not None
    assert form.values == ("10:00:01", "10:00:01")
    assert form.rows[1] == ("10:00:02", "10:00:09")


def test_no_form_where_words_do_not_line_up():
    """Lines of different numbers of words have no columns; nor have values that hold the separator."""
    assert form_of(["a b", "a b c"]) is None
    assert form_of(["x a,b y", "x c,d,e y"]) is None


def test_times_of_day_are_known_by_their_shape():
    """Clocks, with a date where it is one word with them; not addresses or versions."""
    assert is_clock("18:01:47.978")
    assert is_clock("2005-06-03-15.42.50.675872")
    assert not is_clock("10.25.30.12")
    assert not is_clock("00:1a:2b:3c")
    assert fronts("18:01:47") == (6, 3)
    assert clock_of("Dec 10 06:55:46.123 LabSZ sshd") == "06:55:46"
    assert clock_of("no time here") == ""


def test_a_value_is_not_found_inside_a_longer_one():
    """`12` is neither in `1234` nor in an echo of a longer value."""
    assert find_values("1234 12", ["12"]) == [[5]]
    assert find_values("node-12-a saw node-12-a 12", ["node-12-a", "12"]) == [[0, 14], [24]]
    assert find_values("nothing", ["12"]) is None
