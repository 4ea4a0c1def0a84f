"""The terms of a question."""

from __future__ import annotations

from sparing.reducers.terms import identifiers, misspelt, question_terms


def words(question: str) -> list[str]:
    return [term.word for term in question_terms(question)]


def test_function_words_and_question_words_go():
    """What is left of a question is what it is about."""
    assert words("Who was the first president of the United States?") == ["first", "president", "united", "states"]
    assert words("Wann wurde die Verfassung verabschiedet?") == ["verfassung", "verabschiedet"]


def test_a_question_of_function_words_keeps_them():
    """Some words are better than none."""
    assert words("Who is it?") == ["who", "is", "it"]


def test_how_a_question_is_put_weighs_little():
    """To "summarize the discussion" is no subject."""
    weights = {term.word: term.weight for term in question_terms("Summarize the discussion about microphones")}
    assert weights["summarize"] < 0.5 * weights["microphones"]
    assert weights["discussion"] < 0.5 * weights["microphones"]


def test_scripts_without_spaces_become_grams():
    """Chinese and Thai are looked for in overlapping pieces, without their question words."""
    assert words("华沙的歌厅是什么？") == ["华沙", "歌厅"]
    assert all(len(word) == 4 for word in words("โรงละครคาบาเรต์อยู่ที่ไหน"))


def test_terms_carry_what_texts_say_instead():
    """Synonyms are looked for at a discount, after the word itself."""
    played = question_terms("Who played Hamlet?")[0]
    assert played.forms[0].stem == "play"
    assert {"portra", "role"} <= {form.stem for form in played.forms[1:]}
    assert all(form.grade < 1 for form in played.forms[1:])


def test_long_questions_are_bounded():
    """A question as long as a document gives its rarest terms and no synonyms."""
    terms = question_terms(" ".join(f"started{k} word" for k in range(5_000)))
    assert len(terms) == 40
    assert all(len(term.forms) == 1 for term in terms)


def test_identifiers_are_what_is_named_literally():
    """Numbers, ids, paths, names of code, addresses and quotations, each once, quotations first."""
    question = (
        'Why did order 4711 fail in src/app.py with "no such user", readRows, read_rows and a.b@c.de in 2024, 4711?'
    )
    assert identifiers(question) == (
        "no such user", "4711", "src/app.py", "readRows", "read_rows", "a.b@c.de", "2024",
    )  # fmt: skip
    assert identifiers("Who wrote the first book?") == ()


def test_short_words_have_no_misspelling():
    """One letter off a short word is another word."""
    assert misspelt(question_terms("the cat")[0]) is None
    assert misspelt(question_terms("the protien")[0]) is not None
