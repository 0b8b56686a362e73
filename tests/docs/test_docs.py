"""Every example of the documentation runs, every link leads somewhere, and what is shown is what comes out."""

import re
from pathlib import Path

import pytest

from sim.kpis import KPIS
from tests.docs.pages import (
    PAGES,
    ROOT,
    WIDTH,
    Running,
    anchors,
    blocks,
    in_full,
    links,
    missing,
    name,
    tiny,
    understood,
)

LANGUAGES = {"bash", "yaml", "python", "csv", "text"}
WITH_EXAMPLES = [page for page in PAGES if {block.language for block in blocks(page)} & {"bash", "yaml", "python"}]
SHOWING = {page for page in WITH_EXAMPLES if any(block.language == "text" for block in blocks(page))}
# Run as they stand only, and not on next to nobody before.
IN_FULL = {
    ROOT / "docs" / page
    for page in (
        "explanation/pairing.md",
        "how-to/ask-a-bank.md",
        "how-to/ask-a-software-firm.md",
        "how-to/ask-a-telecom-operator.md",
        "how-to/ask-an-online-shop.md",
        "how-to/calibrate-from-your-own-logs.md",
        "how-to/search-in-mlflow.md",
        "how-to/see-results-in-mlflow.md",
    )
}
# Many commands in a row: the quick tests see whether they are understood.
SLOW = {
    ROOT / "docs" / page
    for page in (
        "how-to/compare-changes.md",
        "how-to/override-anything.md",
        "how-to/use-it-from-python.md",
    )
}


def pages(chosen, slow=()):
    return [pytest.param(page, id=name(page), marks=[pytest.mark.slow] if page in slow else []) for page in chosen]


def taken(block):
    """Whether a block is a piece of a scenario that ships."""
    return block.language == "yaml" and block.first.startswith("# from ")


@pytest.fixture
def running(tmp_path, monkeypatch, capsys):
    """Run the examples of a page in an empty folder, and leave the KPIs as they were."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", WIDTH)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    kpis = dict(KPIS)
    yield lambda page, do: list(Running(page, lambda: capsys.readouterr().out, do).run())
    KPIS.clear()
    KPIS.update(kpis)


@pytest.mark.parametrize("page", pages((page for page in WITH_EXAMPLES if page not in IN_FULL), SLOW))
def test_every_example_runs(page, running):
    running(page, tiny)


@pytest.mark.parametrize("page", pages(page for page in sorted(SLOW) if {b.language for b in blocks(page)} & {"bash"}))
def test_every_command_is_understood(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Running(page, str, understood).run_words()


@pytest.mark.parametrize("page", pages(page for page in WITH_EXAMPLES if any(taken(b) for b in blocks(page))))
def test_what_a_page_takes_from_a_scenario_stands_there(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = Running(page, str, in_full)
    for block in filter(taken, blocks(page)):
        here.run_yaml(block, f"{name(page)}:{block.line}")


@pytest.mark.slow
@pytest.mark.parametrize("page", pages(sorted(SHOWING | IN_FULL)))
def test_a_page_shows_what_really_comes_out(page, running):
    for block, printed in running(page, in_full):
        assert not missing(block.text, printed), f"{name(page)}:{block.line}; what was printed:\n{printed}"


@pytest.mark.parametrize("page", pages(page for page in PAGES if page.name != "CONTRIBUTING.md"))
def test_every_block_says_what_it_is(page):
    for block in blocks(page):
        assert block.language in LANGUAGES, f"{name(page)}:{block.line}"


@pytest.mark.parametrize("page", pages(PAGES))
def test_every_link_leads_somewhere(page):
    for link in links(page):
        if re.match(r"https?://", link):
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{name(page)} links to {link}"
        assert not anchor or anchor in anchors(path), f"{name(page)} links to {link}"


def test_every_page_is_on_the_map():
    on_the_map = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in links(ROOT / "docs/README.md")}
    pages_below = [page for page in PAGES if page.is_relative_to(ROOT / "docs") and page.name != "README.md"]
    rooms = [page for page in pages_below if page.parent.name != "decisions"]
    assert [name(page) for page in rooms if page not in on_the_map] == []


def test_make_knows_every_target_that_is_named():
    known = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    for page in PAGES:
        for block in blocks(page):
            named = re.findall(r"(?m)^make ([a-z]+)", block.text) if block.language == "bash" else []
            assert set(named) <= known, f"{name(page)}:{block.line}"


def test_no_page_names_a_path_of_somebodys_machine():
    for page in PAGES:
        assert not re.search(r"/(home|Users|tmp|work)/", Path(page).read_text(encoding="utf-8")), name(page)
