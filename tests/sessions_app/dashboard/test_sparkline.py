"""The small line in the list of patients."""

from __future__ import annotations

from sessions_app.dashboard.sparkline import HEIGHT, MARGIN, WIDTH, Sparkline, sparkline


def drawn(values: list[float | None], origins: str, apart: tuple[int, ...] = ()) -> Sparkline:
    line = sparkline(values, list(origins), [place in apart for place in range(len(values))])
    assert line is not None
    return line


def test_a_line_spans_the_width_and_higher_scores_lie_higher() -> None:
    line = drawn([0.0, 1.0], "aa")
    assert line.lines == (f"{MARGIN:.1f},{HEIGHT - MARGIN:.1f} {WIDTH - MARGIN:.1f},{MARGIN:.1f}",)


def test_a_line_breaks_where_the_checkpoint_changes() -> None:
    line = drawn([0.1, 0.2, 0.3, 0.4], "aabb")
    assert len(line.lines) == 2


def test_a_gap_stays_a_gap() -> None:
    line = drawn([0.1, None, 0.3], "aaa")
    assert line.lines == ()
    assert len(line.dots) == 2


def test_a_point_that_stands_apart_is_a_dot_that_no_line_joins() -> None:
    line = drawn([0.1, 0.2, 0.9, 0.3, 0.4], "aaaaa", apart=(2,))
    assert [len(points.split()) for points in line.lines] == [2, 2]
    assert len(line.dots) == 1
    last = drawn([0.1, 0.2, 0.9], "aaa", apart=(2,))
    assert [len(points.split()) for points in last.lines] == [2]
    assert last.dots == ((last.x, last.y),)


def test_nothing_to_draw_gives_no_line() -> None:
    assert sparkline([None, None], ["a", "a"], [False, False]) is None
    assert sparkline([], [], []) is None
