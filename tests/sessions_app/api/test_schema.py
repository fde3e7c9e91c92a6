"""The API's description of itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from rest_framework.test import APIClient

from inference.errors import AnalysisError
from inference.speakers import METHODS
from sessions_app.api.contract_schema import FullContractSerializer
from sessions_app.api.problems import ANALYSIS_STATUS, REFUSED_STATUS
from sessions_app.dashboard.report_pdf import NoPdf
from sessions_app.errors import Refused
from tests.sessions_app.api.client import API


@pytest.fixture
def schema(db: None) -> Any:
    return APIClient().get(f"{API}/schema", HTTP_ACCEPT="application/json").json()


def test_the_schema_is_valid_and_without_warnings(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def operations(schema: Any) -> list[Any]:
    return [operation for path in schema["paths"].values() for operation in path.values()]


def test_every_operation_has_a_summary_and_answers_with_problem_details(schema: Any) -> None:
    for operation in operations(schema):
        assert operation["summary"], operation["operationId"]
        assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_each_route_is_described_once(schema: Any) -> None:
    assert not [path for path in schema["paths"] if path.endswith("/")]
    assert len({operation["operationId"] for operation in operations(schema)}) == len(operations(schema)) == 23


def test_uploads_are_described_as_forms_with_a_file(schema: Any) -> None:
    for path in ("recordings", "analyze-vocal-health"):
        form = schema["paths"][f"{API}/{path}"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
        fields = schema["components"]["schemas"][form["$ref"].rsplit("/", 1)[-1]]["properties"]
        assert fields["file"]["format"] == "binary"


def test_the_page_of_the_description_has_no_inline_script_or_style(db: None) -> None:
    page = APIClient().get(f"{API}/docs").content.decode()
    assert "<style" not in page
    assert all("src=" in script for script in page.split("<script")[1:])


def test_the_description_is_also_there_with_a_slash_at_its_end(db: None) -> None:
    for name in ("schema", "docs"):
        assert APIClient().get(f"{API}/{name}/").status_code == 200


def codes(kind: type[Exception]) -> set[str]:
    """The codes of an exception and of all kinds of it."""
    own = {str(vars(kind)["code"])} if "code" in vars(kind) else set()
    return own.union(*(codes(sub) for sub in kind.__subclasses__()))


def test_every_code_of_an_error_is_in_the_handbook() -> None:
    handbook = (settings.BASE_DIR / "docs" / "api.md").read_text()
    pages_alone = {"refused", NoPdf.code}
    known = codes(AnalysisError) | codes(Refused) - pages_alone | set(ANALYSIS_STATUS) | set(REFUSED_STATUS)
    assert not [code for code in known if f"`{code}`" not in handbook]


def test_every_route_is_in_the_handbook(schema: Any) -> None:
    handbook = (settings.BASE_DIR / "docs" / "api.md").read_text()
    for path, methods in schema["paths"].items():
        for method in methods:
            route = re.sub(r"\{\w+\}", "{id}", path.removeprefix(f"{API}/"))
            assert f"`{method.upper()} {route}`" in handbook


def test_every_way_of_telling_the_patient_is_listed_in_the_description_and_the_handbook(schema: Any) -> None:
    handbook = (settings.BASE_DIR / "docs" / "api.md").read_text()
    listed = schema["components"]["schemas"]["SpeakerMethod"]["enum"]
    assert set(listed) == set(METHODS)
    assert [code for code in METHODS if f"| `{code}` |" not in handbook] == []


def test_every_key_of_an_analysis_is_in_the_handbook() -> None:
    handbook = (settings.BASE_DIR / "docs" / "api.md").read_text()
    assert [key for key in FullContractSerializer().fields if f"`{key}`" not in handbook] == []
