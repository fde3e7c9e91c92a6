"""What the code never does: run text as code, read what can run code, ask other servers, hash with what is broken."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from config.embedded import REPOSITORY

APPS = ("accounts", "config", "inference", "sessions_app", "tenancy")
SCRIPTS = sorted((REPOSITORY / "static/js").glob("*.js"))
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
RUNS_WHAT_IT_READS = {"pickle", "marshal", "shelve", "dill", "joblib", "xml", "lxml", "yaml", "ldap3", "ldap"}
ASKS_OTHERS = {
    *("requests", "httpx", "aiohttp", "urllib3", "http.client", "urllib.request", "ftplib"),
    *("huggingface_hub", "boto3", "botocore"),
}
GUESSABLE = {"random"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    """The parsed files of the applications, without what trains checkpoints, which no server does."""
    for app in APPS:
        for file in sorted((REPOSITORY / app).rglob("*.py")):
            place = str(file.relative_to(REPOSITORY))
            if "/migrations/" not in place and "/training/" not in place:
                yield place, ast.parse(file.read_text())


def imported(tree: ast.Module) -> set[str]:
    """What it imports, whole and by the first part of the name."""
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    whole = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [node.module or "" for node in whole]
    names += [f"{node.module}.{alias.name}" for node in whole for alias in node.names]
    return {name.partition(".")[0] for name in names} | set(names)


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_every_application_is_looked_at() -> None:
    found = {place.partition("/")[0] for place, _ in trees()}
    assert found == set(APPS)
    assert len(SCRIPTS) > 5


def test_no_text_is_run_as_code_and_no_shell_is_asked() -> None:
    for place, tree in trees():
        for call in calls(tree):
            assert not (isinstance(call.func, ast.Name) and call.func.id in RUNS_TEXT), (place, call.lineno)
            name = ast.unparse(call.func)
            assert name not in {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}, (
                place,
                call.lineno,
            )
            assert not any(one.arg == "shell" for one in call.keywords), (place, call.lineno)
            given = [one.value for one in ast.walk(call) if isinstance(one, ast.Constant)]
            assert "-c" not in given, (place, call.lineno)


def test_nothing_is_read_that_could_run_code_or_fetch_files() -> None:
    for place, tree in trees():
        assert not imported(tree) & RUNS_WHAT_IT_READS, place


def test_only_a_checkpoint_and_a_key_service_are_asked_for_elsewhere_and_the_demonstration_asks_itself() -> None:
    asking = {place for place, tree in trees() if imported(tree) & ASKS_OTHERS}
    assert asking == {"inference/adoption.py", "sessions_app/key_service.py", "config/demo.py"}
    connecting = {
        place
        for place, tree in trees()
        if any(ast.unparse(call.func).endswith((".create_connection", ".connect_ex")) for call in calls(tree))
    }
    # It looks at an installation's own address from outside, on the command line.
    assert connecting == {"config/front.py"}


def test_nothing_that_must_not_be_guessed_comes_from_a_generator_that_can_be() -> None:
    for place, tree in trees():
        if not place.startswith(("inference/", "sessions_app/demo/")):
            assert not imported(tree) & GUESSABLE, place


def test_no_hash_is_broken() -> None:
    for place, tree in trees():
        assert not any(name.startswith("hashlib.") for name in imported(tree)), place
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "hashlib":
                assert node.attr in {"sha256", "file_digest"}, (place, node.lineno)
        for call in calls(tree):
            if ast.unparse(call.func) == "salted_hmac":
                assert {one.arg: ast.unparse(one.value) for one in call.keywords}["algorithm"] == "'sha256'", place


def test_what_text_is_put_into_is_never_of_a_person() -> None:
    for place, tree in trees():
        for call in calls(tree):
            if isinstance(call.func, ast.Attribute) and call.func.attr in {"format", "format_map"}:
                into = call.func.value
                fixed = isinstance(into, ast.Constant) or (isinstance(into, ast.Name) and into.id.isupper())
                assert fixed or ast.unparse(into).startswith("sql.SQL('"), (place, call.lineno)


@pytest.mark.parametrize("script", SCRIPTS, ids=[file.name for file in SCRIPTS])
def test_no_script_makes_markup_or_code_of_text_or_listens_to_other_windows(script: Path) -> None:
    forbidden = (
        r"\beval\b|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment"
        r"|postMessage|[\"'`]message[\"'`]|onmessage|set(Timeout|Interval)\(\s*[\"'`]|document\.cookie|sessionStorage|indexedDB|__proto__"
    )
    assert not re.findall(forbidden, script.read_text())


def test_the_browsers_storage_holds_light_or_dark_and_whether_keys_are_off_and_nothing_else() -> None:
    kept = [name for file in SCRIPTS for name in re.findall(r"localStorage\.\w+\(([^,)]*)", file.read_text())]
    assert set(kept) == {'"theme"', "OFF"}


def test_no_template_switches_escaping_off_or_asks_for_a_plugin() -> None:
    for file in sorted((REPOSITORY / "templates").rglob("*.html")):
        found = re.findall(r"\|\s*safe\b|autoescape off|<(?:object|embed|applet|iframe)\b", file.read_text())
        assert not found, file
    for place, tree in trees():
        assert not any(ast.unparse(call.func).endswith("mark_safe") for call in calls(tree)), place


def test_every_log_is_the_one_that_is_listed() -> None:
    for place, tree in trees():
        made = [ast.unparse(call.func) for call in calls(tree)]
        assert not [name for name in made if name.endswith(("FileHandler", "SysLogHandler", "HTTPHandler"))], place
    assert {kind["class"] for kind in settings.LOGGING["handlers"].values()} == {"logging.StreamHandler"}
