"""Finds sentences and labels in a module that people would read and that are not marked for translation.

A sentence begins with a capital letter, has several words and ends as sentences do. A label is what is given as
``label``, or as the second part of a choice. Docstrings, help texts of columns, the log, and exceptions that no person
is shown are none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

SENTENCE = re.compile(r"^(?:[A-Z“]|{}).*\s.*[.?!]$", re.DOTALL)
PLACE = "{}"
"""Stands for what an f-string fills in."""

MARKED = frozenset(
    prefix + name + lazy for prefix in ("", "p", "n", "np") for name in ("gettext",) for lazy in ("", "_lazy", "_noop")
)
NOT_SHOWN = frozenset(
    {
        "AssertionError",
        "BadRequest",
        "CommandError",
        "Http404",
        "ImproperlyConfigured",
        "RuntimeError",
        "TypeError",
        "ValueError",
    }
)
LOG = frozenset({"debug", "info", "warning", "error", "exception"})


def unmarked(source: str) -> list[str]:
    """The texts of ``source``, in order."""
    return list(_found(ast.parse(source)))


def _found(node: ast.AST) -> Iterator[str]:
    text = _text(node)
    if text is not None:
        if SENTENCE.match(text):
            yield text
        return
    if _is_silent(node):
        return
    yield from _labels(node)
    for child in ast.iter_child_nodes(node):
        yield from _found(child)


def _is_silent(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.keyword):
        return node.arg == "help_text"
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        return node.func.value.id in {"log", "logger"} and node.func.attr in LOG
    return isinstance(node.func, ast.Name) and node.func.id in MARKED | NOT_SHOWN


def _labels(node: ast.AST) -> Iterator[str]:
    values: list[ast.AST] = []
    if (isinstance(node, ast.keyword) and node.arg == "label") or (
        isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute) and node.targets[0].attr == "label"
    ):
        values = [node.value]
    elif isinstance(node, ast.ClassDef) and any("Choices" in ast.unparse(base) for base in node.bases):
        tuples = [
            line.value for line in node.body if isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple)
        ]
        values = [pair.elts[-1] for pair in tuples]
    for value in values:
        text = _text(value)
        if text and not SENTENCE.match(text):
            yield text


def _text(node: ast.AST) -> str | None:
    """What a string says; ``None`` for whatever else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else PLACE for part in node.values)
    return None
