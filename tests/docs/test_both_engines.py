"""What a page says in YAML both engines live through alike: as it is, and with each change that it proposes."""

from pathlib import Path

import pytest

from scenarios.command import main as desirepath
from scenarios.compose import compose
from sim import build, enacted
from sim.changes import altered, settled
from sim.engines import compiled, reference
from tests.docs.pages import PAGES, ROOT, Running, blocks, name
from tests.engines.equal import assert_same_tables

CALIBRATED = ROOT / "docs/how-to/calibrate-from-your-own-logs.md"  # its scenario comes from logs
SAYING = [page for page in PAGES if page != CALIBRATED and any(b.language == "yaml" for b in blocks(page))]


def said(page):
    """Every scenario of a page, by where it stands; those in files as they are in the end."""
    running = Running(page, str, lambda words: desirepath(words) if words[0] == "new" else 0)
    running.run_words()
    files = {path.stem: compose("simulate", [f"scenario={path.stem}"]) for path in Path("conf/scenario").glob("*.yaml")}
    return running.scenarios | {stem: composed.config["scenario"] for stem, composed in files.items()}


def with_few(raw):
    """A scenario with forty customers at most, and with few who arrive."""
    model = build(raw)
    few = {"population.customers": min(40, model.population.customers)}
    for called, journey in model.journeys.items():
        if journey.when.arrival is not None:
            profile = journey.when.arrival.profile
            few[f"journeys.{called}.when.arrival"] = {"rate": "5 / week"} | ({"profile": profile} if profile else {})
    return build(altered(model.raw, few))


@pytest.mark.slow
@pytest.mark.parametrize("page", [pytest.param(page, id=name(page)) for page in SAYING])
def test_both_engines_tell_the_same_of_what_a_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place, raw in said(page).items():
        model = with_few(raw)
        for change in ([], *([each] for each in model.changes)):
            exact = settled(enacted(model, change), 5, 0)
            one, other = reference.run(exact, 5, 0), compiled.run(exact, 5, 0)
            assert one.visits.height > 0, place
            try:
                assert_same_tables(one, other)
            except AssertionError as error:
                raise AssertionError(f"{place} {' '.join(change)}: {error}") from None
