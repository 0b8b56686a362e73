"""The judge is fair: it says no to a wrong engine, to a vague measurement and to too few replications (quick)."""

from tests.verification.verdicts import as_table, judge, seed_of


def samples(centre, spread, replications):
    return [{"wait": centre + spread * (-1) ** k} for k in range(replications)]


def faults(centre, spread, replications):
    (verdict,) = judge("a queue", {"wait": 1.0}, samples(centre, spread, replications))
    return verdict.faults


def test_an_engine_that_agrees_with_theory_has_no_faults():
    assert faults(1.01, 0.05, 40) == []


def test_an_engine_that_is_slightly_wrong_is_caught_by_many_replications():
    assert faults(1.02, 0.02, 400) == ["it lies +19.97 standard errors from theory"]


def test_a_vague_measurement_proves_nothing():
    assert faults(1.0, 0.5, 40) == ["its standard error of 0.0801 exceeds 3% of theory; run longer"]


def test_few_replications_prove_nothing():
    assert faults(1.0, 0.01, 10) == ["10 replications are fewer than 30"]


def test_what_never_varies_has_to_be_exact():
    assert faults(1.0, 0.0, 40) == []
    assert faults(1.001, 0.0, 40) == ["it lies +inf standard errors from theory"]


def test_a_seed_depends_on_the_name_alone():
    assert seed_of("test_this") == seed_of("test_this") == 3_021_909_055
    assert seed_of("test_that") != seed_of("test_this")


def test_the_table_names_each_case_once():
    lines = as_table(judge("a queue", {"wait": 1.0, "again": 1.0}, [{"wait": 1.0, "again": k} for k in (0.9, 1.1)]))
    assert [line.split()[0] for line in lines[1:]] == ["a", "wait", "again"]
