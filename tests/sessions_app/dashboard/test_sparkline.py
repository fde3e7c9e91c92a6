"""The small line in the list of patients."""

from __future__ import annotations

from sessions_app.dashboard.sparkline import HEIGHT, MARGIN, WIDTH, sparkline


def test_a_line_spans_the_width_and_higher_scores_lie_higher() -> None:
    line = sparkline([0.0, 1.0], ["a", "a"])
    assert line is not None
    assert line.lines == (f"{MARGIN:.1f},{HEIGHT - MARGIN:.1f} {WIDTH - MARGIN:.1f},{MARGIN:.1f}",)


def test_a_line_breaks_where_the_checkpoint_changes() -> None:
    line = sparkline([0.1, 0.2, 0.3, 0.4], ["a", "a", "b", "b"])
    assert line is not None
    assert len(line.lines) == 2


def test_a_gap_stays_a_gap() -> None:
    line = sparkline([0.1, None, 0.3], ["a", "a", "a"])
    assert line is not None
    assert line.lines == ()
    assert len(line.dots) == 2


def test_nothing_to_draw_gives_no_line() -> None:
    assert sparkline([None, None], ["a", "a"]) is None
    assert sparkline([], []) is None
