"""What is said of each language agrees with its grammar."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sparing.reducers.grammars import LANGUAGES, grammar
from sparing.reducers.language import language_of_name

SCRIPTS = ("javascript", "typescript", "tsx")  # one list serves all three


def node_types(names):
    """Every named node type of these languages' grammars."""
    found = {"ERROR"}
    for name in names:
        known = grammar(LANGUAGES[name])
        found |= {known.node_kind_for_id(i) for i in range(known.node_kind_count) if known.node_kind_is_named(i)}
    return found


@pytest.mark.parametrize("name", LANGUAGES)
def test_listed_node_types_exist(name):
    """A node type that the grammar does not know would never match."""
    known = node_types(SCRIPTS if name in SCRIPTS else (name,))
    assert set(LANGUAGES[name].kinds) - known == set()
    assert set(LANGUAGES[name].names) - known == set()


@pytest.mark.parametrize("name", LANGUAGES)
def test_listed_name_fields_exist(name):
    """Names are read from fields that the grammar has."""
    for field in LANGUAGES[name].names.values():
        assert grammar(LANGUAGES[name]).field_id_for_name(field)


def test_every_language_that_is_recognised_has_a_grammar():
    """What the sniffer calls a language can be outlined."""
    names = ["a.py", "a.js", "a.mjs", "a.ts", "a.tsx", "a.go", "a.rs", "A.java", "a.c", "a.h", "a.cpp", "a.hpp"]
    assert {language_of_name(name) for name in names} == set(LANGUAGES)


def test_grammars_are_loaded_on_first_use():
    """Importing the reducer loads no parser."""
    check = "import sys, sparing.reducers.code_outline; sys.exit('tree_sitter' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
