"""The picture of the recorded calls."""

from __future__ import annotations

from report_samples import call

from gate.report.card import call_view
from gate.report.timeline import HEIGHT, MOST_LANES, SCALE, build_timeline


def test_each_phase_has_a_lane_and_every_call_is_in_it() -> None:
    made = [call(index, "s3:GetObject", phase="plan", at=index / 10) for index in range(100)]
    made += [call(200, "s3:PutObject", phase="apply", at=12.0), call(201, "s3:PutObject", status=500, at=20.0)]
    timeline = build_timeline(map(call_view, made))
    assert [(lane.phase, lane.calls) for lane in timeline.lanes] == [("plan", 100), ("apply", 2)]
    plan, apply = timeline.lanes
    assert {bar.tone for bar in plan.bars} == {"read"}
    assert [bar.tone for bar in apply.bars] == ["write", "failed"]
    assert apply.bars[-1].said.endswith("1 calls, 1 that write, 1 failed")
    assert (timeline.start, timeline.end) == (0.0, 20.0)


def test_bars_stay_inside_and_name_times_that_hold_their_calls() -> None:
    made = [call(index, "s3:GetObject", at=index**1.7) for index in range(300)]
    timeline = build_timeline(map(call_view, made))
    (lane,) = timeline.lanes
    for bar in lane.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= SCALE + 0.02
        assert 0 < bar.height <= HEIGHT
    assert sum(any(bar.start <= one.at <= bar.end for bar in lane.bars) for one in made) == len(made)


def test_calls_at_one_moment_and_none_at_all() -> None:
    assert build_timeline([]).lanes == ()
    (lane,) = build_timeline([call_view(call(1, "s3:GetObject"))] * 3).lanes
    assert [bar.x for bar in lane.bars] == [0.0]


def test_phases_beyond_measure_are_counted() -> None:
    made = [call(index, "s3:GetObject", phase=f"p{index}") for index in range(MOST_LANES + 3)]
    assert build_timeline(map(call_view, made)).missing == 3
