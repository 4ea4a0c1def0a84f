"""What the outline has to know of each programming language: its grammar, and which nodes hold definitions.

Which language a text is in, `language.py` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

FUNCTION = "function"  # has a body that can be folded
ANONYMOUS = "anonymous"  # likewise, when it is bound to a name; else its statements are looked at
CLASS = "class"  # its header and fields are kept, its members are looked at
THROUGH = "through"  # may have definitions among its children
LIST = "list"  # its children are statements
COMMENT = "comment"


@dataclass(frozen=True)
class Language:
    """One language.

    Attributes:
        comment: Opens a comment that runs to the end of the line.
        suites: Blocks are told by indentation, without closing lines (Python).
        module, grammar: Package of the grammar, and its function that returns it.
        kinds: Node type -> one of the kinds above.
        names: Node type -> field that holds the name; ``name`` where not listed.
    """

    name: str
    comment: str
    module: str = ""
    grammar: str = "language"
    kinds: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    suites: bool = False


def _kinds(**types: str) -> dict[str, str]:
    return {node_type: kind for kind, listed in types.items() for node_type in listed.split()}


_PYTHON = _kinds(
    function="function_definition",
    **{"class": "class_definition"},
    through="decorated_definition if_statement try_statement with_statement else_clause elif_clause except_clause "
    "finally_clause",
    list="block ERROR",
    comment="comment",
)
_SCRIPT = _kinds(
    function="function_declaration generator_function_declaration method_definition",
    anonymous="arrow_function function_expression generator_function",
    **{"class": "class_declaration class abstract_class_declaration internal_module module"},
    through="export_statement lexical_declaration variable_declaration variable_declarator expression_statement "
    "assignment_expression call_expression new_expression arguments parenthesized_expression unary_expression "
    "sequence_expression object pair field_definition public_field_definition if_statement else_clause "
    "return_statement ambient_declaration as_expression satisfies_expression",
    list="statement_block ERROR",
    comment="comment",
)
_SCRIPT_NAMES = {
    "variable_declarator": "name",
    "assignment_expression": "left",
    "pair": "key",
    "field_definition": "property",
    "public_field_definition": "name",
}
_GO = _kinds(
    function="function_declaration method_declaration",
    anonymous="func_literal",
    through="var_declaration var_spec var_spec_list expression_list",
    list="statement_list ERROR",
    comment="comment",
)
_RUST = _kinds(
    function="function_item",
    **{"class": "impl_item trait_item mod_item foreign_mod_item"},
    list="ERROR",
    comment="line_comment block_comment",
)
_JAVA = _kinds(
    function="method_declaration constructor_declaration compact_constructor_declaration",
    **{
        "class": "class_declaration interface_declaration enum_declaration record_declaration "
        "annotation_type_declaration"
    },
    list="enum_body_declarations ERROR",
    comment="line_comment block_comment",
)
_C = _kinds(
    function="function_definition",
    **{"class": "linkage_specification"},
    list="preproc_ifdef preproc_if preproc_else preproc_elif preproc_elifdef ERROR",
    comment="comment",
)
_CPP = _C | _kinds(
    **{"class": "linkage_specification class_specifier struct_specifier union_specifier namespace_definition"},
    through="template_declaration field_declaration declaration",
)

LANGUAGES: Mapping[str, Language] = {
    language.name: language
    for language in (
        Language("python", "#", "tree_sitter_python", kinds=_PYTHON, suites=True),
        Language("javascript", "//", "tree_sitter_javascript", kinds=_SCRIPT, names=_SCRIPT_NAMES),
        Language("typescript", "//", "tree_sitter_typescript", "language_typescript", _SCRIPT, _SCRIPT_NAMES),
        Language("tsx", "//", "tree_sitter_typescript", "language_tsx", _SCRIPT, _SCRIPT_NAMES),
        Language("go", "//", "tree_sitter_go", kinds=_GO, names={"var_spec": "name"}),
        Language("rust", "//", "tree_sitter_rust", kinds=_RUST, names={"impl_item": "type"}),
        Language("java", "//", "tree_sitter_java", kinds=_JAVA),
        Language("c", "//", "tree_sitter_c", kinds=_C, names={"function_definition": "declarator"}),
        Language("cpp", "//", "tree_sitter_cpp", kinds=_CPP, names={"function_definition": "declarator"}),
    )
}


def grammar(language: Language) -> tree_sitter.Language:
    """The tree-sitter grammar, loaded on first use."""
    return _load(language.module, language.grammar)


@lru_cache
def _load(module: str, grammar: str) -> tree_sitter.Language:
    import tree_sitter

    return tree_sitter.Language(getattr(import_module(module), grammar)())
