"""What the engine can say, found in the engine itself, so that a new sentence cannot be forgotten in the pages.

A sentence with values has braces for each of them, however the engine fills them in.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from config.embedded import REPOSITORY
from inference import errors
from inference.errors import AnalysisError
from tests.languages import sentences

ENGINE = REPOSITORY / "inference"
AT_A_TERMINAL = frozenset({"adoption", "rttm"})
"""Modules whose errors are made by commands alone: no page takes a checkpoint or a file of speaker turns."""


def kinds_of_error() -> list[type[AnalysisError]]:
    """Every kind of error that the engine has."""
    return [AnalysisError, *(kind for kind in _below(AnalysisError) if kind.__module__ == errors.__name__)]


def sentences_of_errors() -> set[tuple[str, str]]:
    """Each code with a sentence that the engine keeps with it."""
    found = {(kind.code, kind.default_message) for kind in kinds_of_error()}
    kinds = {kind.__name__: kind for kind in kinds_of_error()}
    for path in (path for path in ENGINE.glob("*.py") if path.stem not in AT_A_TERMINAL):
        for call in _calls(ast.parse(path.read_text())):
            if call.args and (kind := kinds.get(_name(call))):
                found.add((kind.code, _text(call.args[0], path)))
    return found


def sentences_of_checks() -> dict[str, set[str]]:
    """By the code of a quality check, the sentences from which its function chooses."""
    path = ENGINE / "quality.py"
    found: dict[str, set[str]] = {}
    for function in ast.parse(path.read_text()).body:
        given = [line.value for line in ast.walk(function) if isinstance(line, ast.Assign)]
        said = {_text(value, path) for value in given if isinstance(value, ast.Constant | ast.JoinedStr)}
        codes = [_text(call.args[0], path) for call in _calls(function) if _name(call) == "QualityCheck"]
        found |= dict.fromkeys(codes, said)
    return found


def reasons() -> set[str]:
    """Why the pipeline gives no score."""
    return set(sentences.unmarked((ENGINE / "pipeline.py").read_text()))


def _below(kind: type[AnalysisError]) -> Iterator[type[AnalysisError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _text(node: ast.expr, path: Path) -> str:
    """What is said by a literal in the module at ``path``, or by a constant of it."""
    if isinstance(node, ast.Name):
        return str(getattr(importlib.import_module(f"inference.{path.stem}"), node.id))
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else sentences.PLACE for part in node.values)
    return str(ast.literal_eval(node))
