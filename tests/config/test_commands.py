"""Every command has its line in docs/operations.md."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_command_is_in_the_handbook() -> None:
    commands = {file.stem for file in ROOT.glob("*/management/commands/*.py") if file.stem != "__init__"}
    listed = (ROOT / "docs" / "operations.md").read_text().partition("## Commands")[2]
    assert commands
    assert [name for name in sorted(commands) if f"`{name}" not in listed] == []
