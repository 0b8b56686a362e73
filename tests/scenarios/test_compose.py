"""Words after a verb become plain data: what may be left out, where files are found, what is said if not."""

import re
from contextlib import chdir
from pathlib import Path

import pytest

from scenarios.compose import COMMAND_LINE, compose
from scenarios.sweeps.design import Interval, designed_as_asked
from scenarios.sweeps.grammar import apart
from sim.errors import ScenarioError
from sim.read import build, load
from tests.scenarios.commands import STARTER

HEADCOUNT = "staff.service.shifts.day.headcount"


@pytest.fixture(autouse=True)
def folder(tmp_path):
    """An empty folder in which everything happens."""
    with chdir(tmp_path):
        yield tmp_path


def write(path, text):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def own(path, **replaced):
    """The starter scenario as a file of the user's own, with the number of its customers replaced."""
    return write(path, STARTER.read_text(encoding="utf-8").replace("customers: 1000", f"customers: {replaced['n']}"))


def scenario(*words, verb="compare"):
    return compose(verb, list(words)).config["scenario"]


def customers(*words):
    return scenario(*words)["population"]["customers"]


def at(raw, path):
    for key in path.split("."):
        raw = raw[key]
    return raw


def told(*words, verb="compare"):
    """What is said to be wrong, as (path, message, place)."""
    with pytest.raises(ScenarioError) as error:
        compose(verb, list(words))
    return [(problem.path, problem.message, problem.place) for problem in error.value.problems]


def only(*words, verb="compare"):
    (problem,) = told(*words, verb=verb)
    return problem


def line_of(path, text):
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, start=1) if text in line)


# ---- what is asked ---------------------------------------------------------------------------------------------------


def test_without_words_a_verb_takes_the_starter_scenario_and_its_own_settings():
    composed = compose("compare", [])
    assert composed.chosen == {"scenario": "starter"}
    assert composed.config.pop("scenario") == load(STARTER)[0]
    assert composed.config == {
        "question": None, "changes": "all", "seed": 1, "replications": 10, "workers": "auto", "threads": 1,
        "show": None, "keep": "all", "level": 0.95, "outputs": "outputs", "track": True,
    }  # fmt: skip


def test_what_was_typed_is_kept():
    words = [f"{HEADCOUNT}=2", "title=More people"]
    assert compose("compare", words).command == f"desirepath compare {HEADCOUNT}=2 'title=More people'"


@pytest.mark.parametrize("prefix", ["", "scenario.", "+", "+scenario.", "++"])
def test_a_path_into_the_scenario_may_leave_out_its_beginning(prefix):
    assert at(scenario(f"{prefix}{HEADCOUNT}=7"), HEADCOUNT) == 7


def test_the_last_word_on_a_value_counts():
    assert at(scenario(f"{HEADCOUNT}=7", f"{HEADCOUNT}=8"), HEADCOUNT) == 8


@pytest.mark.parametrize(
    ("word", "path", "value"),
    [
        ("measure.answer_within=30 s", "measure.answer_within", "30 s"),
        ("personas.caller.priority=2", "personas.caller.priority", 2),
        ("personas.caller.satisfaction.terms.price=-1", "personas.caller.satisfaction.terms.price", -1),
        ("enact=[hire]", "enact", ["hire"]),
    ],
)
def test_a_field_that_the_file_leaves_at_its_default_can_be_set(word, path, value):
    raw = scenario(word)
    assert at(raw, path) == value
    build(raw)


def test_something_new_is_added_with_a_plus():
    added = "+changes.night={set: {staff.service.shifts.night: {days: all, from: '22:00', to: '24:00', headcount: 1}}}"
    model = build(scenario(added))
    assert list(model.changes) == ["hire", "better_page", "night"]


def test_something_is_taken_out_with_a_tilde():
    assert list(scenario("~changes.hire")["changes"]) == ["better_page"]


def test_changes_are_a_setting_but_what_is_in_a_change_belongs_to_the_scenario():
    composed = compose("compare", ["changes=[hire]", "changes.hire.title=Two people"])
    assert composed.config["changes"] == ["hire"]
    assert composed.config["scenario"]["changes"]["hire"]["title"] == "Two people"


def test_a_verb_without_such_a_setting_takes_the_word_for_the_scenarios():
    assert scenario("changes.hire.title=Two people", verb="simulate")["changes"]["hire"]["title"] == "Two people"
    assert scenario("changes=null", verb="simulate")["changes"] is None


def test_values_keep_their_kinds():
    raw = scenario("title=3 % more", "about=null", "population.customers=12", "personas.caller.share=0.5")
    assert (raw["title"], raw["about"]) == ("3 % more", None)
    assert (raw["population"]["customers"], raw["personas"]["caller"]["share"]) == (12, 0.5)


def test_a_time_of_day_needs_no_quotes():
    model = build(scenario("staff.service.shifts.day.to=16:00", "staff.service.shifts.day.from=07:30"))
    shift = model.staff["service"].shifts["day"]
    assert (shift.begins, shift.ends) == (7.5 * 60, 16 * 60)


def test_one_value_can_refer_to_another():
    assert scenario("title=${scenario.about}")["title"] == load(STARTER)[0]["about"]


# ---- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["conf/scenario/mine.yaml", "outputs/scenario/mine.yaml"])
def test_a_scenario_is_found_by_its_name_in_the_users_folders(place):
    own(place, n=12)
    composed = compose("compare", ["scenario=mine"])
    assert composed.chosen == {"scenario": "mine"}
    assert composed.config["scenario"]["population"]["customers"] == 12


def test_conf_comes_before_outputs():
    own("outputs/scenario/mine.yaml", n=12)
    own("conf/scenario/mine.yaml", n=13)
    assert customers("scenario=mine") == 13


@pytest.mark.parametrize(
    "path", ["mine.yaml", "deep/er/mine.yml", "my (odd) ~ place, here/50 % = half.yaml", "2025.yaml"]
)
def test_a_scenario_is_found_by_its_path(path):
    own(path, n=14)
    composed = compose("compare", [f"scenario={path}"])
    assert composed.chosen == {"scenario": Path(path).stem}
    assert composed.config["scenario"]["population"]["customers"] == 14


def test_a_scenario_that_ships_has_no_path_in_its_name():
    assert compose("simulate", ["scenario=../scenario/starter"]).chosen == {"scenario": "starter"}


@pytest.mark.parametrize("mark", ["'", '"'])
def test_a_path_with_spaces_may_stand_in_quotes(mark):
    own("my dir/my scenario.yaml", n=14)
    assert customers(f"scenario={mark}my dir/my scenario.yaml{mark}") == 14
    write("my dir/my contacts.csv", "customer\n")
    composed = compose("calibrate", [f"log={mark}my dir/my contacts.csv{mark}"])
    assert composed.config["log"] == {"contacts": {"files": ["my dir/my contacts.csv"]}}


def test_a_name_that_is_a_number_is_a_name():
    own("conf/scenario/2025.yaml", n=15)
    assert customers("scenario=2025") == 15


def test_the_users_own_file_is_never_taken_for_one_that_ships_under_the_same_name():
    own("elsewhere/starter.yaml", n=16)
    assert customers("scenario=elsewhere/starter.yaml") == 16
    own("conf/scenario/starter.yaml", n=17)
    assert customers("scenario=starter") == 17
    assert customers() == 17
    assert customers("scenario=elsewhere/starter.yaml") == 16


def test_a_file_that_was_named_once_is_forgotten_again():
    own("elsewhere/mine.yaml", n=18)
    assert customers("scenario=elsewhere/mine.yaml") == 18
    assert only("scenario=mine")[1].startswith("there is no scenario called 'mine'")
    assert customers("scenario=starter") == 1000


def test_the_words_on_like_on_and_yes_stay_words():
    text = STARTER.read_text(encoding="utf-8")
    for old, new in (
        ("{web: read, phone: call}", "{on: read, yes: call}"),
        ("{phone: 0.8, web: 0.2}", "{on: 0.8, yes: 0.2}"),
        ("{web: 1}", "{on: 1}"),
        ('"18:00"', "16:00"),
    ):
        assert old in text
        text = text.replace(old, new)
    write("conf/scenario/truths.yaml", text)
    write("base.yaml", text)
    write("conf/scenario/over.yaml", "defaults: [truths, _self_]\npersonas: {surfer: {priority: 1}}\n")
    for word in ("scenario=truths", "scenario=base.yaml", "scenario=over"):
        raw = scenario(word)
        assert raw["journeys"]["billing"]["start"] == {"on": "read", "yes": "call"}
        assert raw["personas"]["caller"]["start"] == {"on": 0.8, "yes": 0.2}
        assert build(raw).staff["service"].shifts["day"].ends == 16 * 60
    assert scenario("scenario=truths", "personas.caller.start.on=0.5")["personas"]["caller"]["start"]["on"] == 0.5


# ---- overlays --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["scenario=over", "scenario=conf/scenario/over.yaml"])
def test_an_overlay_says_only_what_differs_from_another_scenario(word):
    write("conf/scenario/over.yaml", f"defaults: [starter, _self_]\n{'population'}: {{customers: 19}}\n")
    expected = load(STARTER)[0]
    expected["population"]["customers"] = 19
    assert scenario(word) == expected


def test_what_only_the_base_of_an_overlay_states_can_be_set_too():
    write("conf/scenario/over.yaml", "defaults: [starter, _self_]\ntitle: Over\n")
    raw = scenario("scenario=over", f"{HEADCOUNT}=5", "personas.surfer.priority=3", "clock.warmup=1 day")
    assert (at(raw, HEADCOUNT), raw["personas"]["surfer"]["priority"], raw["clock"]["warmup"]) == (5, 3, "1 day")
    assert only("scenario=over", "staff.service.shifts.dya.headcount=2")[1].startswith("there is no 'dya'")


def test_an_overlay_may_have_the_name_of_what_it_lies_over():
    write("conf/scenario/starter.yaml", "defaults: [starter, _self_]\ntitle: Mine\n")
    assert scenario("scenario=starter")["title"] == "Mine"
    assert customers("scenario=starter") == 1000


def test_an_overlay_may_lie_over_one_of_the_same_name_in_another_folder():
    own("outputs/scenario/mine.yaml", n=25)
    write("conf/scenario/mine.yaml", "defaults: [mine, _self_]\ntitle: Mine\n")
    raw = scenario("scenario=mine")
    assert (raw["title"], raw["population"]["customers"]) == ("Mine", 25)


def test_what_an_overlay_names_after_itself_lies_over_it():
    write("conf/scenario/busy.yaml", "population: {customers: 26}\n")
    write("conf/scenario/over.yaml", "defaults: [starter, _self_, busy]\npopulation: {customers: 27}\ntitle: Over\n")
    composed = compose("compare", ["scenario=over"])
    assert composed.config["scenario"]["population"]["customers"] == 26
    assert composed.within("scenario")["population", "customers"] == "conf/scenario/busy.yaml:1"
    assert composed.within("scenario")["title",] == "conf/scenario/over.yaml:3"


def test_an_overlay_may_lie_over_one_that_was_calibrated():
    own("outputs/scenario/calibrated.yaml", n=20)
    write("what_if.yaml", "defaults: [calibrated, _self_]\ntitle: What if\n")
    assert customers("scenario=what_if.yaml") == 20


# ---- logs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["contacts.csv", "contacts.csv.gz", "telco.csv", "far/away/contacts.csv"])
def test_a_log_can_be_a_file_of_contacts(file):
    write(file, "customer\n")
    composed = compose("calibrate", [f"log={file}"])
    assert composed.chosen == {"log": Path(file).name.split(".")[0]}
    assert composed.config["log"] == {"contacts": {"files": [file]}}


def test_a_log_can_be_a_mapping_of_the_users_own():
    write("conf/log/shop.yaml", "company: A shop\ncontacts: {files: visits.csv}\n")
    assert compose("calibrate", ["log=shop"]).config["log"]["company"] == "A shop"
    assert compose("calibrate", ["log=conf/log/shop.yaml", "log.folder=data"]).config["log"]["folder"] == "data"


def test_validating_takes_a_scenario_and_a_log():
    own("mine.yaml", n=21)
    composed = compose("validate", ["scenario=mine.yaml", "log=telco", "replications=3"])
    assert composed.chosen == {"scenario": "mine", "log": "telco"}
    assert composed.config["replications"] == 3


# ---- places ----------------------------------------------------------------------------------------------------------


def test_every_value_knows_its_file_and_line_or_the_command_line():
    own("mine.yaml", n=22)
    places = compose("compare", ["scenario=mine.yaml", f"{HEADCOUNT}=5", "seed=3"]).places
    line = line_of("mine.yaml", "customers: 22")
    assert places["scenario", "population", "customers"] == f"mine.yaml:{line}"
    assert places[("scenario", *HEADCOUNT.split("."))] == COMMAND_LINE
    assert places[("seed",)] == COMMAND_LINE
    assert re.fullmatch(r".*compare\.yaml:\d+", places[("replications",)])


def test_in_an_overlay_each_value_knows_its_own_file():
    path = write("conf/scenario/over.yaml", "# Over.\ndefaults: [starter, _self_]\npopulation: {customers: 23}\n")
    composed = compose("compare", ["scenario=over"])
    within = composed.within("scenario")
    assert within["population", "customers"] == f"{path}:3"
    assert within["currency",] == f"{STARTER}:{line_of(STARTER, 'currency')}"


def test_parts_of_a_value_that_was_typed_stand_on_the_command_line():
    within = compose("compare", ["staff.service.shifts.day={headcount: 2, from: '07:00'}"]).within("scenario")
    shift = ("staff", "service", "shifts", "day")
    assert {within[*shift, key] for key in ("headcount", "from")} == {COMMAND_LINE}
    assert within[*shift, "to"].startswith(str(STARTER))


# ---- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "path", "message"),
    [
        ("sed=3", "sed", "there is no 'sed'; did you mean 'seed'?"),
        ("scenari=starter", "scenari", "there is no 'scenari'; did you mean 'scenario'?"),
        (
            "staff.service.shifts.day.headcout=3",
            "staff.service.shifts.day.headcout",
            "there is no 'headcout' in staff.service.shifts.day; did you mean 'headcount'?",
        ),
        (
            "scenario.staff.servce.wage=3",
            "staff.servce.wage",
            "there is no 'servce' in staff; did you mean 'service'? (to add something new, write +staff.servce.wage=…)",
        ),
        ("clocc.start=3", "clocc.start", "there is no 'clocc'; did you mean 'clock'?"),
        ("changes.hier.title=x", "changes.hier.title", "there is no 'hier' in changes; did you mean 'hire'? (to add"),
        ("~changes.hier", "changes.hier", "there is no 'hier' in changes; did you mean 'hire'?"),
        (
            f"{HEADCOUNT}.low=3",
            f"{HEADCOUNT}.low",
            f"'{HEADCOUNT}' is written as 1 and has no parts; set it as a whole",
        ),
        ("hydra.run.dir=x", "hydra.run.dir", "there is no 'hydra'; known: "),
    ],
)
def test_a_word_that_names_nothing_is_answered_with_what_was_meant(word, path, message):
    found = only(word)
    assert (found[0], found[2]) == (path, COMMAND_LINE)
    assert found[1].startswith(message)


@pytest.mark.parametrize("verb", ["simulate", "describe"])
@pytest.mark.parametrize(("word", "on"), [("changes=[hire,better_page]", "hire,better_page"), ("changes=hire", "hire")])
def test_who_simulates_with_a_change_is_told_to_enact_it(verb, word, on):
    path, message, _ = only(word, verb=verb)
    assert (path, message.partition("; ")[2]) == ("changes", f"to simulate with a change on, write enact=[{on}]")


def test_every_word_that_names_nothing_is_told_and_what_is_wrong_beside_them():
    path = own("mine.yaml", n=-1)
    found = told("scenario=mine.yaml", "sed=3", f"{HEADCOUNT}=2", "staff.servce.wage=3", "personas.caller.share=0.57")
    assert [(problem, place) for problem, _, place in found] == [
        ("sed", COMMAND_LINE),
        ("staff.servce.wage", COMMAND_LINE),
        ("population.customers", f"mine.yaml:{line_of(path, 'customers: -1')}"),
        ("personas", f"mine.yaml:{line_of(path, 'personas:')}"),
    ]


@pytest.mark.parametrize(
    "word", ["changes=[hire", "title=a:b{", "seed", "a b=3", "=3", "", "--seed=3", "scenario@here=starter", "x@y=3"]
)
def test_a_word_that_cannot_be_read_is_told_with_how_to_write_it(word):
    path, message, place = only(word)
    assert (path, place) == (word, COMMAND_LINE)
    assert message.startswith("cannot be read; write setting=value")


@pytest.mark.parametrize("word", ["seed=1,2", "seed=choice(1,2)", "title=Hire, or not?", "scenario=glob(*)"])
def test_several_values_where_one_is_meant_are_refused(word):
    path, message, place = only(word)
    assert (path, place) == (word, COMMAND_LINE)
    assert "put a list in brackets" in message


def test_all_unreadable_words_are_told():
    assert [problem[0] for problem in told("seed", "changes=[hire", "seed=1,2")] == [
        "seed",
        "changes=[hire",
        "seed=1,2",
    ]


@pytest.mark.parametrize("word", ["scenario=", "scenario=null", "scenario=[a]", "~scenario", "scenario=3"])
def test_a_scenario_has_a_name(word):
    path, message, place = only(word)
    assert (path, place) == (word, COMMAND_LINE)
    assert message == "write scenario=NAME, or scenario= and a file's path"


def test_a_scenario_that_is_not_there_is_answered_with_the_nearest_name():
    own("conf/scenario/bakery.yaml", n=1)
    assert only("scenario=startr")[1:] == (
        "there is no scenario called 'startr'; did you mean 'starter'?",
        COMMAND_LINE,
    )
    assert only("scenario=bakry")[1] == "there is no scenario called 'bakry'; did you mean 'bakery'?"
    assert (
        only("scenario=zzz")[1]
        == "there is no scenario called 'zzz'; known: bakery, bank, energy, shop, software, starter, telecom"
    )


def test_a_log_that_is_not_there_is_answered_with_the_nearest_name():
    assert only("log=telko", verb="calibrate")[1] == "there is no log called 'telko'; did you mean 'telco'?"
    assert only("log=contacts.csv", verb="calibrate")[1] == "there is no file 'contacts.csv'"


def test_a_file_that_is_not_there_is_told():
    with pytest.raises(ScenarioError, match=r"^nowhere/mine\.yaml: 1 problem\n  no such file$"):
        compose("compare", ["scenario=nowhere/mine.yaml"])


def test_a_log_is_missing_until_it_is_named():
    assert only(verb="calibrate") == ("log", "is missing; write log=… after the verb", COMMAND_LINE)
    assert only("scenario=starter", verb="validate")[0] == "log"
    assert only("log=telco", verb="validate")[0] == "scenario"


def test_a_verb_says_which_choice_it_does_not_take():
    assert only("log=telco")[1] == "desirepath compare takes no log; leave it out"


@pytest.mark.parametrize("word", ["scenario=broken", "scenario=conf/scenario/broken.yaml"])
def test_a_file_that_is_not_yaml_is_told_with_its_line(word):
    write("conf/scenario/broken.yaml", "# A scenario.\ntitle: [1,\nclock: {\n")
    _, message, place = only(word)
    assert message.startswith("not YAML: ")
    assert re.fullmatch(r"conf/scenario/broken\.yaml:\d", place)


def test_a_base_that_is_not_yaml_is_told_with_its_line():
    write("conf/scenario/broken.yaml", "title: [1,\nclock: {\n")
    write("conf/scenario/over.yaml", "defaults: [broken, _self_]\n")
    _, message, place = only("scenario=over")
    assert message.startswith("not YAML: ")
    assert re.fullmatch(r"conf/scenario/broken\.yaml:\d", place)


def test_a_key_given_twice_is_told_with_its_line():
    write("mine.yaml", "title: One\nabout: x\ntitle: Two\n")
    assert only("scenario=mine.yaml") == ("title", "given twice; keep one", "mine.yaml:3")


@pytest.mark.parametrize("text", ["", "# Nothing yet.\n", "- a\n- b\n", "starter\n"])
def test_a_file_without_names_and_values_is_refused(text):
    write("mine.yaml", text)
    assert re.match("is empty|is not a mapping of names to values", only("scenario=mine.yaml")[1])


def test_a_base_that_is_not_there_is_told_where_it_is_named():
    write("conf/scenario/over.yaml", "# Over.\ndefaults: [startr, _self_]\n")
    message = "there is no scenario called 'startr'; did you mean 'starter'?"
    for word in ("scenario=over", "scenario=conf/scenario/over.yaml"):
        assert only(word) == ("scenario", message, "conf/scenario/over.yaml:2")


def test_an_overlay_cannot_lie_over_itself():
    write("conf/scenario/over.yaml", "defaults: [over, _self_]\n")
    message = "there is no scenario called 'over'; known: bank, energy, shop, software, starter, telecom"
    assert only("scenario=over") == ("scenario", message, "conf/scenario/over.yaml:1")


def test_overlays_cannot_lie_over_each_other():
    write("conf/scenario/one.yaml", "defaults: [two, _self_]\n")
    write("conf/scenario/two.yaml", "# Two.\ndefaults: [one, _self_]\n")
    assert only("scenario=one")[2] == "conf/scenario/two.yaml:2"


def test_a_reference_to_nothing_is_told_with_its_place():
    write("mine.yaml", "defaults: [starter, _self_]\ntitle: ${scenario.nothing}\n")
    path, message, place = only("scenario=mine.yaml")
    assert (path, place) == ("title", "mine.yaml:2")
    assert "'scenario.nothing' not found" in message
    assert only("title=${nothing}")[2] == COMMAND_LINE


def test_a_reference_that_is_not_closed_is_told_with_its_place():
    write("mine.yaml", "title: x\nabout: costs ${5\n")
    path, message, place = only("scenario=mine.yaml")
    assert (path, place) == ("about", "mine.yaml:2")
    assert "${…} refers to another value" in message


def test_what_a_file_leaves_to_be_filled_in_is_missing_until_it_is_given():
    line = line_of(own("mine.yaml", n='"???"'), '"???"')
    message = "is missing; write population.customers=… after the verb"
    assert only("scenario=mine.yaml") == ("population.customers", message, f"mine.yaml:{line}")
    assert customers("scenario=mine.yaml", "population.customers=24") == 24


# ---- several values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("=1,2,3", [1, 2, 3]),
        ("=choice(2)", [2]),
        ("=choice(1,2)", [1, 2]),
        ("=range(1,4)", range(1, 4)),
        ("=range(0,0.4,0.1)", [0.0, 0.1, 0.2, 0.3]),
        ("=interval(1,4)", Interval(1.0, 4.0)),
        ("='6 min',8 min", ["6 min", "8 min"]),
        ("=[],[hire]", [[], ["hire"]]),
        ("={a: 1},{a: '2'}", [{"a": 1}, {"a": "2"}]),
    ],
)
@pytest.mark.parametrize("key", [HEADCOUNT, f"scenario.{HEADCOUNT}", f"+{HEADCOUNT}", "a_name_of_its_own"])
def test_several_values_are_kept_apart(key, word, values):
    parts = apart([f"{key}{word}", "seed=3"], ["seed"], [])
    assert (parts.words, parts.problems) == (["seed=3"], [])
    assert parts.swept == {key.removeprefix("scenario.").removeprefix("+"): values}


def test_a_sweep_is_composed_as_if_several_values_had_not_been_typed():
    composed = compose("sweep", [f"{HEADCOUNT}=2,3", "population.customers=12"])
    assert composed.swept == {HEADCOUNT: [2, 3]}
    assert (composed.chosen, composed.alternatives) == ({"scenario": "starter"}, {})
    assert composed.config["scenario"]["population"]["customers"] == 12
    assert at(composed.config["scenario"], HEADCOUNT) == 1
    assert composed.command == f"desirepath sweep {HEADCOUNT}=2,3 population.customers=12"


def test_what_belongs_to_a_lever_belongs_to_the_scenario_but_levers_are_a_setting():
    lever = f"+levers.more={{moves: {HEADCOUNT}, low: 1, high: 3}}"
    composed = compose("sweep", [lever, "+levers.more.high=5", "levers=[more]"])
    assert composed.config["levers"] == ["more"]
    assert composed.config["scenario"]["levers"]["more"]["high"] == 5


def test_several_scenarios_are_each_composed_with_the_same_words():
    own("conf/scenario/bakery.yaml", n=15)
    own("shop.yaml", n=16)
    composed = compose("sweep", ["scenario=bakery,shop.yaml,starter", f"{HEADCOUNT}=2", "seed=1"])
    assert list(composed.alternatives) == ["bakery", "shop", "starter"]
    raws = [each.config["scenario"] for each in composed.alternatives.values()]
    assert [raw["population"]["customers"] for raw in raws] == [15, 16, 1000]
    assert [at(raw, HEADCOUNT) for raw in raws] == [2, 2, 2]
    assert composed.config == composed.alternatives["bakery"].config
    assert not composed.swept


def test_glob_finds_scenarios_by_their_names():
    own("conf/scenario/branch_north.yaml", n=15)
    own("conf/scenario/branch_south.yaml", n=16)
    assert list(compose("sweep", ["scenario=glob(branch*)"]).alternatives) == ["branch_north", "branch_south"]
    alone = compose("sweep", ["scenario=glob(*north)"])
    assert (alone.chosen, alone.alternatives) == ({"scenario": "branch_north"}, {})


def test_a_scenario_whose_path_has_commas_is_one():
    own("here, there/mine.yaml", n=15)
    composed = compose("sweep", ["scenario=here, there/mine.yaml"])
    assert (composed.chosen, composed.alternatives) == ({"scenario": "mine"}, {})


@pytest.mark.parametrize(
    ("words", "path", "message"),
    [
        (["seed=1,2"], "seed", "takes one value, as a setting of the sweep; put a list in brackets: seed=[a,b]"),
        (["levers=a,b"], "levers", "takes one value, as a setting of the sweep; put a list in brackets: levers=[a,b]"),
        (
            [f"{HEADCOUNT}=1,2", f"scenario.{HEADCOUNT}=3,4"],
            HEADCOUNT,
            "is given several values twice; write them in one",
        ),
        (["scenario=glob(tel*)"], "scenario", "no scenario is called tel*; known: energy, starter"),
        (["scenario=glob(start)"], "scenario", "no scenario is called start; did you mean 'starter'?"),
        (["scenario=interval(1,2)"], "scenario", "is no number; write names, such as scenario=a,b"),
        (["title=glob(*)"], "title", "glob() finds scenarios by their names; write values, such as =1,2,3"),
        (["a=shuffle(1,2)"], "a", "a sweep lives through all its points, in whatever order; leave out shuffle()"),
        (["a=range(1,2,0)"], "a", "a range has steps; write range(low,high,step)"),
    ],
)
def test_several_values_that_cannot_be_are_told_with_what_would_be_right(words, path, message):
    (problem,) = apart(words, ["seed", "levers"], ["energy", "starter"]).problems
    assert (problem.path, problem.message, problem.place) == (path, message, COMMAND_LINE)


def test_what_is_wrong_with_one_value_and_with_several_is_told_together():
    found = told("seed=1,2", "sed=3", "scenario=starter,energi", verb="sweep")
    assert [path for path, _, _ in found] == ["seed", "sed", "scenario"]


def test_a_sweep_that_was_asked_for_becomes_scenarios_by_name():
    own("conf/scenario/bakery.yaml", n=15)
    names = design_asked("scenario=bakery,starter", f"{HEADCOUNT}=1,2", "population.customers=20")
    assert names == [
        "baseline", *(f"base={name}, headcount={n}" for name in ("bakery", "starter") for n in (1, 2))
    ]  # fmt: skip
    assert design_asked("design=sobol", "points=4", f"{HEADCOUNT}=interval(1,4)")[0] == "baseline"
    lever = f"+levers.more={{moves: {HEADCOUNT}, low: 1, high: 3, step: 1}}"
    assert design_asked(lever, "levers=[more]") == ["baseline", "more=1", "more=2", "more=3"]
    assert design_asked(lever, "more=1,3") == ["baseline", "more=1", "more=3"]


def design_asked(*words):
    asked = compose("sweep", list(words))
    chosen = (asked.config[name] for name in ("design", "points", "seed", "levers"))
    return list(designed_as_asked(asked, *chosen)[0])


def test_what_is_wrong_with_a_design_is_told_where_it_was_written():
    own("mine.yaml", n=15)
    text = Path("mine.yaml").read_text(encoding="utf-8")
    write("mine.yaml", text.replace("{low: 1, high: 4, step: 1,", "{low: -2, high: 4, step: 2,"))
    with pytest.raises(ScenarioError) as error:
        design_asked("scenario=mine.yaml", "points=1")
    line = line_of("mine.yaml", "low: -2")
    assert [(problem.path, problem.place) for problem in error.value.problems] == [
        ("points", COMMAND_LINE), (HEADCOUNT, f"mine.yaml:{line}")
    ]  # fmt: skip
    with pytest.raises(ScenarioError) as error:
        design_asked("levers=[nothing]", f"{HEADCOUNT}=1,9")
    assert {problem.place for problem in error.value.problems} == {COMMAND_LINE}
