"""Journey maps: everything is there, nothing lies on anything else, and it is well-formed whatever the names."""

import polars as pl
import pytest

from scenarios.maps import journey_map, routes, traffic
from scenarios.svg import PAPER
from sim.check import parse
from sim.replications import simulate
from tests.scenarios.given import (
    NASTY,
    SVG,
    boxes,
    doubtful,
    drawn,
    overlapping,
    packaged,
    starter,
    tangle,
    texts,
    view,
    written,
)

MAPS = {
    **{
        f"{name}: {journey}": (packaged(name), journey)
        for name in ("starter", "energy")
        for journey in packaged(name).journeys
    },
    **{
        f"tangle {seed} of {size}": (tangle(seed, size), "tangle") for seed, size in ((1, 30), (2, 30), (3, 12), (4, 4))
    },
}


@pytest.fixture(params=MAPS)
def svg(request: pytest.FixtureRequest) -> str:
    return journey_map(*MAPS[request.param])


def said(svg: str) -> str:
    return " ".join(texts(svg))


def test_nodes_do_not_overlap_and_lie_inside_the_drawing(svg: str):
    nodes = boxes(svg, "node")
    assert len(nodes) > 3
    assert overlapping(nodes) == []
    assert [node for node in nodes if not node.within(view(svg))] == []


def test_words_on_lines_lie_on_no_node_and_on_no_other_words(svg: str):
    labels, nodes = boxes(svg, "label"), boxes(svg, "node")
    assert overlapping(labels) == []
    assert [(label.text, node.text) for label in labels for node in nodes if label.overlaps(node)] == []


def test_no_text_runs_out_of_the_drawing(svg: str):
    whole = view(svg)
    assert [text for text in written(svg) if not text.within(whole)] == []


def test_starts_stand_on_the_left_of_the_steps_and_ends_on_their_right(svg: str):
    at = {
        "start": boxes(svg, "node", "start"),
        "step": boxes(svg, "node", "step"),
        "end": [box for kind in ("good", "bad", "neutral") for box in boxes(svg, "node", kind)],
    }
    assert max(box.right for box in at["start"]) < min(box.left for box in at["step"])
    assert max(box.right for box in at["step"]) < min(box.left for box in at["end"])


def test_a_map_needs_nothing_from_elsewhere_and_runs_nothing(svg: str):
    tags = {element.tag.removeprefix(SVG) for element in drawn(svg).iter()}
    assert tags <= {"svg", "title", "desc", "g", "rect", "path", "polygon", "line", "text"}
    assert svg.replace('xmlns="http://www.w3.org/2000/svg"', "").count("http") == 0


def test_a_map_says_what_it_is_to_those_who_hear_it_read():
    svg = drawn(journey_map(starter(), "billing"))
    assert svg.attrib["role"] == "img"
    assert svg.findtext(f"{SVG}title") == "Journey: billing"
    assert "from read, unresolved 31.5 %, after about 20 min, to call" in svg.findtext(f"{SVG}desc")


def test_lines_carry_outcome_share_and_delay():
    words = said(journey_map(starter(), "billing"))
    for expected in ("resolved 55 %", "unresolved 31.5 %, after about 20 min", "resolved 76.5 %", "60 % if abandoned"):
        assert expected in words, words


def test_shares_of_a_steps_services_add_up_to_one():
    for model, journey in MAPS.values():
        for step in model.journeys[journey].steps:
            shares = [r.overall for r in routes(model, journey) if r.step == step and r.overall is not None]
            assert sum(shares) == pytest.approx(1), step


def test_shares_of_those_not_served_add_up_to_one():
    for model, journey in MAPS.values():
        for step in model.journeys[journey].steps:
            for outcome in ("abandoned", "closed", "blocked"):
                shares = [r.share for r in routes(model, journey) if (r.step, r.outcome) == (step, outcome)]
                assert not shares or sum(shares) == pytest.approx(1), (step, outcome)


def test_starts_carry_the_shares_of_needs_and_tastes():
    found = {r.outcome: r.overall for r in routes(starter(), "billing") if r.kind == "start"}
    phone = 0.6 * 0.25 * 0.8 / (0.6 * 0.25 + 0.4 * 0.2)  # callers by taste; surfers only start on the web
    assert found == pytest.approx({"phone": phone, "web": 1 - phone})


def changed(**settings: object):
    """The starter's journey with parts of the step `call` replaced."""
    raw = starter().raw
    journey = raw["journeys"]["billing"]
    call = {**journey["steps"]["call"], **settings}
    steps = {**journey["steps"], "call": call}
    return parse(raw | {"journeys": {"billing": {**journey, "steps": steps}}, "changes": {}})


def test_an_issue_that_does_not_hold_comes_back_where_it_is_told_to():
    outcomes = {
        "resolved": {"p": 0.85, "holds": 0.8, "reopens": {"read": {"p": 1, "after": "2 days"}}},
        "unresolved": 0.15,
    }
    back = [r for r in routes(changed(outcomes=outcomes), "billing") if r.kind == "comes back"]
    assert [(r.step, r.target, r.after) for r in back] == [("call", "read", "2 days")]
    assert back[0].overall == pytest.approx(0.17)


def test_where_nobody_goes_there_is_no_line():
    nowhere = {"unresolved": {"read": 0, "give_up": 1}, "abandoned": {"give_up": 1}}
    assert "read" not in {r.target for r in routes(changed(next=nowhere), "billing") if r.step == "call"}


def test_who_is_not_served_gives_up_where_nothing_else_is_said():
    found = {
        r.outcome: r.target for r in routes(changed(next={"unresolved": {"give_up": 1}}), "billing") if r.step == "call"
    }
    assert found["abandoned"] == found["blocked"] == "give_up"


def test_nobody_abandons_where_nobody_waits():
    assert {r.outcome for r in routes(starter(), "billing") if r.step == "read"} == {"resolved", "unresolved"}


def test_ends_differ_by_words_and_shape_and_not_by_colour_alone():
    svg = journey_map(tangle(1), "tangle")
    words = said(svg)
    assert "a good end" in words
    assert "a bad end" in words
    assert "neither good nor" in words
    kinds = {g.attrib["class"]: g[0].tag for g in drawn(svg).iter(f"{SVG}g") if g.attrib["class"].startswith("node")}
    assert kinds["node good"] == f"{SVG}rect"
    assert kinds["node bad"] == f"{SVG}polygon"


def test_an_outcome_that_says_it_is_a_failure_has_a_sign_that_the_legend_explains():
    outcomes = {"resolved": 0.8, "unresolved": 0.1, "refused": {"p": 0.1, "good": False}}
    onward = {"unresolved": {"give_up": 1}, "refused": {"call": {"p": 1, "after": "1 day"}}}
    model = changed(outcomes=outcomes, next=onward)
    svg = journey_map(model, "billing")
    assert "✗ refused 10 %, after 1 day" in said(svg)
    assert "✗ a failure, as unresolved is" in said(svg)
    assert "from call, a failure: refused 10 %, after 1 day, to call" in drawn(svg).findtext(f"{SVG}desc")
    assert "✗" not in said(journey_map(starter(), "billing"))
    whole = view(svg)
    assert [text for text in written(svg) if not text.within(whole)] == []


def test_channels_are_told_apart_by_name_and_by_a_colour_that_the_legend_explains():
    svg = drawn(journey_map(packaged("energy"), "bill"))
    lines = [line.attrib["stroke"] for line in svg.iter(f"{SVG}line") if line.attrib["stroke-width"] == "8"]
    names = [text.text for text in svg.iter(f"{SVG}text")][-len(lines) :]
    colour = dict(zip(names, lines, strict=True))
    assert set(colour) == {"phone", "web", "chat"}
    assert len(set(colour.values())) == 3
    for node in svg.iter(f"{SVG}g"):
        words = [text.text for text in node.iter(f"{SVG}text")]
        if node.attrib["class"] == "node step":
            (channel,) = (word.partition(" ·")[0] for word in words if " ·" in word)
            assert node[1].attrib["fill"] == colour[channel]
        if node.attrib["class"] == "node start":
            assert node[0].attrib["stroke"] == colour[words[0]]


def test_a_step_nobody_comes_to_says_so_and_an_end_nobody_comes_to_is_left_out():
    words = said(journey_map(tangle(1), "tangle"))
    assert "never reached" in words
    assert "never " not in words.replace("never reached", "")


def test_a_step_that_leads_back_to_itself_has_an_arc_over_its_box():
    svg = drawn(journey_map(starter(), "billing"))
    arcs = [
        g[0].attrib["d"]
        for g in svg.iter(f"{SVG}g")
        if g.attrib["class"] == "line" and g[0].attrib["d"].count("C") == 1
    ]
    call = next(box for box in boxes(journey_map(starter(), "billing"), "node") if box.text.startswith("call"))
    assert any(f",{call.top:g}C" in arc for arc in arcs), (arcs, call)


def test_names_that_want_to_be_html_are_only_names():
    svg = journey_map(tangle(1), "tangle")
    assert "<b>" not in svg
    assert any(NASTY[:5] in text for text in texts(svg))
    assert "<b>" not in journey_map(doubtful().models["baseline"], "billing")


def widths(svg: str) -> list[float]:
    """Widths of the lines, not of the white ones drawn behind them."""
    lines = [path for g in drawn(svg).iter(f"{SVG}g") if g.attrib["class"] == "line" for path in g.iter(f"{SVG}path")]
    return [float(path.attrib["stroke-width"]) for path in lines if path.attrib["stroke"] != PAPER]


def test_what_is_certain_has_the_widest_line():
    certain = changed(outcomes={"resolved": 1}, next={"abandoned": {"give_up": 1}})
    assert max(widths(journey_map(certain, "billing"))) == pytest.approx(6)
    assert max(widths(journey_map(starter(), "billing"))) < 6


@pytest.fixture(scope="module")
def seen() -> pl.DataFrame:
    return traffic(simulate(starter(), seed=1).tables)


def test_traffic_counts_every_visit_of_a_journey_that_has_ended(seen: pl.DataFrame):
    tables = simulate(starter(), seed=1).tables
    ended = tables.journeys.filter(pl.col("end").is_not_null())
    assert seen.filter(pl.col("step").is_null())["count"].sum() == tables.journeys.height
    visits = tables.visits.join(ended, on=["customer", "journey"], how="semi").height
    assert visits <= seen.filter(pl.col("step").is_not_null())["count"].sum() <= tables.visits.height
    assert seen.filter(pl.col("target") == "resolved")["count"].sum() == (ended["end"] == "resolved").sum()


def test_traffic_counts_journeys_by_when_they_opened():
    tables = simulate(starter(), seed=1).tables
    since = starter().clock.warmup
    starts = traffic(tables, since).filter(pl.col("step").is_null())["count"].sum()
    assert starts == (tables.journeys["opened"] >= since).sum() < tables.journeys.height


def test_with_traffic_the_map_shows_what_was_seen(seen: pl.DataFrame):
    svg = journey_map(starter(), "billing", seen)
    (helped,) = seen.filter((pl.col("step") == "read") & (pl.col("outcome") == "resolved"))["count"]
    assert f"resolved {helped:,}" in said(svg)
    assert "width: visits seen" in said(svg)
    assert overlapping(boxes(svg, "node")) == []
    assert max(widths(svg)) == pytest.approx(6)
