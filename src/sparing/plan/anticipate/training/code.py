"""Requests for code, made: wishes around functions of Python's standard library and what their docstrings say.

No public set of such requests lies beside the others, so these are sentences of ours with real functions in them.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_MODULES: Final = """
argparse ast base64 bisect calendar cmd codecs collections.abc configparser contextlib copy csv dataclasses
datetime decimal difflib dis email.utils enum fileinput fnmatch fractions ftplib functools getopt getpass
gettext glob gzip hashlib heapq hmac html http.client imaplib inspect io ipaddress json keyword linecache
locale logging mailbox mimetypes netrc ntpath numbers operator optparse os pathlib pickle pkgutil platform
plistlib poplib posixpath pprint profile queue quopri random re reprlib sched secrets selectors shelve shlex
shutil signal site smtplib socket socketserver sqlite3.dump ssl stat statistics string stringprep subprocess
symtable sysconfig tabnanny tarfile tempfile textwrap threading timeit token tokenize trace traceback
tracemalloc turtle types typing urllib.parse urllib.request uuid warnings wave weakref webbrowser
xml.dom.minidom zipapp zipfile zipimport
"""
_WISHES: Final = (
    "Write a Python function {name} that does this: {doc}",
    "How do I do this in {language}? {doc}",
    "Implement {name} in {language}. {doc}",
    "Refactor this code so that it is easier to test:\n```\n{source}\n```",
    "Why does this raise {error}?\n{source}",
    "{error}: {message}\n\nWhat is wrong with my {name} function? How can I fix the bug?",
    "Write unit tests for the following function.\n\n{source}",
    "Add type hints and a docstring:\n\n```python\n{source}\n```",
    "Explain what this code does.\n{source}",
    "Convert this to {language}:\n{source}",
    "I get `{error}: {message}` when I call {name}(). Fix it please.",
    "Review this pull request:\n+{source}",
    "write a regex for: {doc}",
    'Traceback (most recent call last):\n  File "main.py", line 12\n    {name}()\n{error}: {message}',
    "Can you write a {language} script to {verb}",
    "What is the time complexity of {name}? Can you make it faster?\n{source}",
    "SQL query to {verb}",
    "Debug: the API endpoint {name} returns 500 instead of JSON. {doc}",
    "Create a {language} class with a method {name} to {verb}",
    "in {language}, {doc}",
    "My {language} build is failing with {error}, what does that mean?",
    "Why does {name} return None in {language}?",
    "npm install fails with {error} since I upgraded. How do I fix the dependency?",
    "The unit tests pass locally but {name} fails in CI with {error}",
    "What is the difference between {name} and an async function in {language}?",
    "How can I make this loop faster? It calls {name} for every row of the dataframe",
    "git rebase: how do I undo the last commit and keep my changes to {name}?",
    "Write a Dockerfile for a {language} service",
    "Add a command line option to the script so that it can {verb}",
    "My function {name} has a memory leak. Where is the bug?",
    "Rename the variable {name} everywhere and update the imports",
    "Generate a {language} client for this REST API",
)
_LANGUAGES: Final = (
    "Python",
    "JavaScript",
    "TypeScript",
    "Go",
    "Rust",
    "Java",
    "C++",
    "C",
    "bash",
    "SQL",
    "Ruby",
    "PHP",
)
_ERRORS: Final = (
    "TypeError",
    "ValueError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "RuntimeError",
    "NullPointerException",
)
_MESSAGES: Final = (
    "'NoneType' object is not subscriptable",
    "unsupported operand type(s) for +: 'int' and 'str'",
    "list index out of range",
    "cannot read properties of undefined",
    "invalid literal for int() with base 10",
    "object has no attribute 'items'",
)
_SOURCE_CHARS = 900


def code_turns(seed: int = 0) -> Iterator[tuple[str, str]]:
    """Group (a module) and text. The same for the same Python."""
    rng = random.Random(seed)
    for module in _MODULES.split():
        for name, doc, source in _functions(module):
            wish = rng.choice(_WISHES)
            first = doc.strip().split("\n")[0].rstrip(".")
            verb = first[:1].lower() + first[1:]
            yield (
                module,
                wish.format(
                    name=name,
                    doc=first,
                    verb=verb,
                    source=source[:_SOURCE_CHARS],
                    language=rng.choice(_LANGUAGES),
                    error=rng.choice(_ERRORS),
                    message=rng.choice(_MESSAGES),
                ),
            )


def _functions(module: str) -> Iterator[tuple[str, str, str]]:
    """Name, docstring and source of a module's functions and methods."""
    spec = find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return
    text = Path(spec.origin).read_text("utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node) or ""
            if len(doc.split()) >= 4:
                yield node.name, doc, ast.get_source_segment(text, node) or ""
