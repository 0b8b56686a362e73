"""The exact results agree with independently computed tables, with each other where they meet, and with common sense.

The tables were computed by another program with 40 digits. A number is believed to the last digit it is printed with;
a number printed with few digits is exact.
"""

import doctest
import importlib
import itertools
import math
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import astuple
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pytest
from scipy.linalg import expm

from sim import theory
from sim.theory import (
    absorbing_journey,
    bass_diffusion,
    constant_churn,
    constant_retrial,
    customer_value,
    erlang_a,
    erlang_b,
    erlang_c,
    estimation_error,
    impatient_day,
    infinite_staff_busy,
    infinite_staff_cycle,
    jackson_network,
    limited_lines,
    linear_retrial,
    n_model,
    net_promoter_score,
    pollaczek_khinchine,
    priority_general_service,
    priority_many_staff,
    recontact,
    redial,
    separate_teams,
    shifted_beta_geometric,
    tandem_sojourn,
)
from sim.theory._chains import expected, stationary

Row = list[str]


def rows(table: str) -> list[Row]:
    return [line.split() for line in table.strip().splitlines()]


def numbers(texts: Row) -> list[float]:
    return [float(Fraction(text)) for text in texts]


def assert_as_printed(printed: Row, values: list[float]) -> None:
    off = [f"{text} but {value!r}" for text, value in zip(printed, values, strict=True) if not agrees(text, value)]
    assert off == []


def agrees(printed: str, value: float) -> bool:
    _, digits, exponent = Decimal(printed).as_tuple()
    last_digit = 10.0 ** int(exponent) if len(digits) > 5 else 0.0
    return abs(value - float(printed)) <= 0.5 * last_digit + 1e-12 * max(1.0, abs(value))


def test_a_number_agrees_when_it_rounds_to_what_is_printed():
    assert agrees("0.4677740686", 0.46777406855)
    assert not agrees("0.4677740686", 0.4677740687)
    assert not agrees("0.5", 0.5000001)


# Erlang A ------------------------------------------------------------------------------------------------------------

# λ μ θ c T | P(wait) P(abandon) E[W] SL | occupancy E[Lq] E[W|served] E[W|abandoned] P(abandon ≤ T)
#           | SL/answered  SL/(offered - abandoned ≤ T)  (answered ≤ T + abandoned ≤ T)/offered
ERLANG_A = """
48  1    0.5  50  1/3 0.4677740686 0.03091224916 0.06182449832 0.9430189547 0.9303242408 2.967575920 0.06026500399 0.1107140776 0.02984543696 0.9730996537 0.9720296030 0.9728643917
48  1    0.5  55  1/3 0.1935989830 0.008639664122 0.01727932824 0.9887950622 0.8651872022 0.8294077557 0.01673264563 0.08000855599 0.008562259068 0.9974123701 0.9973344986 0.9973573213
60  1    0.5  50  1/3 0.9752413935 0.1682285894 0.3364571789 0.3836171668 0.9981256927 20.18743073 0.3590178713 0.2249105087 0.1277225982 0.4612050402 0.4397880376 0.5113397650
50  1    1    50  1/3 0.5188083155 0.05632500633 0.05632500633 0.9338726745 0.9436749937 2.816250316 0.05440680068 0.08846282251 0.05576832206 0.9896126111 0.9890291719 0.9896409966
0.9 1    0.5  1   1/3 0.6435394723 0.2849561419 0.5699122838 0.4526516994 0.6435394723 0.5129210555 0.4707426398 0.8187598588 0.09093190592 0.6330404692 0.4979293657 0.5435836054
2   1    1    1   0.5 0.8646647168 0.5676676416 0.5676676416 0.2612882088 0.8646647168 1.135335283 0.5257513468 0.5995908468 0.3124940828 0.6043688466 0.3800523054 0.5737822916
2   0.25 0.1  10  1/3 0.3275132400 0.03455660425 0.3455660425 0.7425955122 0.7723547166 0.6911320849 0.3240972663 0.9453613235 0.009541205693 0.7691756093 0.7497490218 0.7521367179
5   1/6  2/3  30  1/3 0.3676514969 0.09654970378 0.1448245557 0.7690562317 0.9034502962 0.7241227783 0.1241161738 0.3386003310 0.05824803128 0.8512435437 0.8166229085 0.8273042630
5   1/6  0.1  32  1/3 0.4232855476 0.03730843486 0.3730843486 0.6775127720 0.9025233423 1.865421743 0.3585517359 0.7480779317 0.01216824646 0.7037693032 0.6858584669 0.6896810185
1.5 0.1  0.02 16  1   0.5699857469 0.03953957191 1.976978596 0.5390880054 0.9004316513 2.965467894 1.936790045 2.953203437 0.01017872100 0.5612808083 0.5446316591 0.5492667264
100 1    1    100 0.1 0.5132987983 0.03986099681 0.03986099681 0.8136545349 0.9601390032 3.986099681 0.03891653312 0.06261046374 0.03156608395 0.8474341030 0.8401755881 0.8452206189
12  2    0.25 6   0.5 0.7649949529 0.08469592354 0.3387836942 0.6621349322 0.9153040765 4.065404330 0.3367168764 0.3611196774 0.06228928587 0.7234043301 0.7061185526 0.7244242181
"""  # noqa: E501


@pytest.mark.parametrize("row", rows(ERLANG_A))
def test_erlang_a_gives_the_tabulated_waits_abandonment_and_service_levels(row: Row):
    arrival_rate, service_rate, reneging_rate, staff, within = numbers(row[:5])
    queue = erlang_a(arrival_rate, service_rate, reneging_rate, int(staff), within)
    found = [
        queue.wait_probability,
        queue.abandoned,
        queue.mean_wait,
        queue.service_level,
        queue.occupancy,
        queue.mean_in_queue,
        queue.mean_wait_served,
        queue.mean_wait_abandoned,
        queue.abandoned_within,
        queue.service_level_answered,
        queue.service_level_net,
        queue.service_level_credited,
    ]
    assert_as_printed(row[5:], found)


@pytest.mark.parametrize("arrival_rate", [1e-3, 20, 150, 200, 250, 400])
@pytest.mark.parametrize("reneging_rate", [0.05, 1, 50])
def test_erlang_a_agrees_with_birth_and_death_for_two_hundred_staff(arrival_rate: float, reneging_rate: float):
    staff = 200
    waiting = np.maximum(np.arange(staff + 20_000) - staff, 0)
    exits = np.minimum(np.arange(len(waiting)), staff) + reneging_rate * waiting
    log_weight = np.concatenate([[0], np.cumsum(np.log(arrival_rate / exits[1:]))])
    chance = np.exp(log_weight - log_weight.max())
    chance /= chance.sum()

    queue = erlang_a(arrival_rate, 1, reneging_rate, staff)

    assert queue.wait_probability == pytest.approx(chance[staff:].sum(), rel=1e-9)
    assert queue.mean_in_queue == pytest.approx(chance @ waiting, rel=1e-9)


@pytest.mark.parametrize("arrival_rate", [1, 3, 6])
def test_erlang_a_service_level_agrees_with_the_places_a_customer_moves_up(arrival_rate: float):
    staff, service_rate, reneging_rate, within = 3, 1.0, 0.7, 0.4
    places = 60
    exits = [min(n, staff) * service_rate + max(n - staff, 0) * reneging_rate for n in range(1, staff + places)]
    chance = np.cumprod([1.0, *(arrival_rate / exit_rate for exit_rate in exits)])
    chance /= chance.sum()
    move_up = staff * service_rate + reneging_rate * np.arange(places)
    moves = np.zeros((places + 1, places + 1))  # state 0 is served, state k + 1 has k customers ahead
    for ahead in range(places):
        moves[ahead + 1, ahead] = move_up[ahead]
        moves[ahead + 1, ahead + 1] = -move_up[ahead] - reneging_rate
    served_in_time = expm(moves * within)[1:, 0]

    queue = erlang_a(arrival_rate, service_rate, reneging_rate, staff, within)

    assert queue.service_level == pytest.approx(chance[:staff].sum() + chance[staff:] @ served_in_time, rel=1e-9)


@pytest.mark.parametrize(("staff", "arrival_rate"), [(1, 0.3), (5, 4), (200, 190)])
def test_endless_patience_turns_erlang_a_into_erlang_c(staff: int, arrival_rate: float):
    patient = erlang_a(arrival_rate, 1, 1e-9, staff, within=0.2)
    expected = erlang_c(arrival_rate, 1, staff, within=0.2)

    assert patient.mean_wait == pytest.approx(expected.mean_wait, rel=1e-5)
    assert patient.service_level == pytest.approx(expected.service_level, rel=1e-5)


@pytest.mark.parametrize("reneging_rate", [1e-4, 1, 1e4])
@pytest.mark.parametrize("arrival_rate", [1e-6, 1, 1e5])
@pytest.mark.parametrize("staff", [1, 200, 1000])
def test_erlang_a_gives_shares_between_0_and_1_however_extreme_the_load(
    staff: int, arrival_rate: float, reneging_rate: float
):
    queue = erlang_a(arrival_rate, 1, reneging_rate, staff, within=0.01)

    shares = [queue.occupancy, queue.wait_probability, queue.abandoned, queue.service_level, queue.wait_exceeds]
    assert all(-1e-12 <= value <= 1 + 1e-12 for value in shares)
    assert queue.service_level + queue.abandoned_within + queue.wait_exceeds == pytest.approx(1)
    assert math.isfinite(queue.mean_wait_abandoned)


# Erlang C, Erlang B, limited lines -----------------------------------------------------------------------------------

# λ μ c T | P(wait) E[Wq] E[Lq] P(Wq ≤ T) occupancy
ERLANG_C = """
0.5 1    1   1   0.5000000000 1.000000000 0.5000000000 0.6967346701 0.5000000000
0.9 1    1   1   0.9000000000 9.000000000 8.100000000 0.1856463238 0.9000000000
1.8 1    2   1   0.8526315789 4.263157895 7.673684211 0.3019243053 0.9000000000
4   1    5   1   0.5541125541 0.5541125541 2.216450216 0.7961533832 0.8000000000
8   1    10  1/3 0.4091801508 0.2045900754 1.636720603 0.7899199058 0.8000000000
48  1    50  1/3 0.6944556112 0.3472278056 16.66693467 0.6434546008 0.9600000000
18  1    20  1/3 0.5507690048 0.2753845024 4.956921043 0.7172257643 0.9000000000
90  1    100 1/3 0.2169404809 0.02169404809 1.952464328 0.9922608667 0.9000000000
2   0.25 10  1/3 0.4091801508 0.8183603016 1.636720603 0.6536364802 0.8000000000
5   1/6  32  1/3 0.6302227207 1.890668162 9.453340810 0.4360519312 0.9375000000
5   1/6  35  1/3 0.2845824624 0.3414989549 1.707494774 0.7844387086 0.8571428571
1.5 0.1  17  1   0.5202723146 2.601361573 3.902042360 0.5740370560 0.8823529412
"""

# offered load, c | blocked, occupancy
ERLANG_B = """
1    1   0.5000000000 0.5000000000
2    2   0.4000000000 0.6000000000
5    5   0.2848678213 0.7151321787
5    10  0.01838457034 0.4908077148
10   10  0.2145823431 0.7854176569
20   25  0.05022177789 0.7598225777
48   50  0.08333735349 0.8799961406
82.5 90  0.03716088729 0.8826025200
100  100 0.07570045271 0.9242995473
100  117 0.009790071125 0.8463332725
"""

# λ μ c K | blocked E[Lq] E[Wq] P(wait) occupancy
LIMITED_LINES = """
0.9  1   1  5   0.1260225500 1.408202596 1.790285952 0.7558057190 0.7865797050
2    1   1  3   0.5333333333 1.333333333 1.428571429 0.8571428571 0.9333333333
4    1   5  10  0.04248567382 0.8936927873 0.2333366621 0.4551906473 0.7660114609
48   1   50 60  0.03316959100 2.072527979 0.04465898655 0.4323935600 0.9281571926
8.25 0.1 90 120 0.001981311485 2.642450348 0.3209328799 0.3002570061 0.9148504645
5    1   3  8   0.4077620142 3.686821027 1.245047132 0.9524577508 0.9870633097
"""


@pytest.mark.parametrize("row", rows(ERLANG_C))
def test_erlang_c_gives_the_tabulated_waits(row: Row):
    arrival_rate, service_rate, staff, within = numbers(row[:4])
    queue = erlang_c(arrival_rate, service_rate, int(staff), within)
    found = [queue.wait_probability, queue.mean_wait, queue.mean_in_queue, queue.service_level, queue.occupancy]
    assert_as_printed(row[4:], found)
    assert queue.wait_exceeds == pytest.approx(1 - queue.service_level)


def test_one_person_more_nearly_halves_the_wait_of_a_busy_pool_of_fifty():
    assert_as_printed(["0.1904801285"], [erlang_c(48, 1, 51).mean_wait])


@pytest.mark.parametrize("row", rows(ERLANG_B))
def test_erlang_b_gives_the_tabulated_share_blocked(row: Row):
    offered_load, staff = numbers(row[:2])
    queue = erlang_b(offered_load, int(staff))
    assert_as_printed(row[2:], [queue.blocked, queue.occupancy])


@pytest.mark.parametrize("row", rows(LIMITED_LINES))
def test_limited_lines_give_the_tabulated_share_blocked_and_waits(row: Row):
    arrival_rate, service_rate, staff, lines = numbers(row[:4])
    queue = limited_lines(arrival_rate, service_rate, int(staff), int(lines))
    found = [queue.blocked, queue.mean_in_queue, queue.mean_wait, queue.wait_probability, queue.occupancy]
    assert_as_printed(row[4:], found)


def test_no_more_lines_than_staff_is_erlang_b():
    assert limited_lines(48, 1, 50, 50).blocked == pytest.approx(erlang_b(48, 50).blocked, rel=1e-12)


def test_one_team_alone_has_all_the_lines():
    assert astuple(separate_teams(4, 1, 5, teams=1, lines=10)) == pytest.approx(astuple(limited_lines(4, 1, 5, 10)))


def test_with_lines_to_spare_each_team_is_by_itself():
    each, alone = separate_teams(4, 1, 5, teams=3, lines=400), erlang_c(4, 1, 5)
    found = [each.wait_probability, each.mean_wait, each.mean_in_queue, each.occupancy]
    assert found == pytest.approx([alone.wait_probability, alone.mean_wait, alone.mean_in_queue, alone.occupancy])
    assert each.blocked == pytest.approx(0, abs=1e-12)


def test_two_teams_that_share_lines_agree_with_their_markov_chain():
    rate, staff, lines = 1.5, 2, 6

    def moves(now: tuple[int, int]) -> Iterator[tuple[tuple[int, int], float]]:
        first, second = now
        if first + second < lines:
            yield (first + 1, second), rate
            yield (first, second + 1), rate
        yield (max(first - 1, 0), second), min(first, staff)
        yield (first, max(second - 1, 0)), min(second, staff)

    chain = stationary(moves, (0, 0))
    let_in = expected(lambda now: sum(now) < lines, chain)
    waiting = expected(lambda now: max(now[0] - staff, 0), chain)
    queue = separate_teams(rate, 1, staff, 2, lines)
    assert 1 - queue.blocked == pytest.approx(let_in)
    assert queue.mean_wait == pytest.approx(waiting / (rate * let_in))
    delayed = expected(lambda now: now[0] >= staff and sum(now) < lines, chain)
    assert queue.wait_probability == pytest.approx(delayed / let_in)


# General service and priorities --------------------------------------------------------------------------------------

# squared coefficient of variation | E[Wq] E[Lq] E[W]; λ = 0.8, E[S] = 1
POLLACZEK_KHINCHINE = """
0    2.000000000 1.600000000 3.000000000
0.25 2.500000000 2.000000000 3.500000000
0.5  3.000000000 2.400000000 4.000000000
1    4.000000000 3.200000000 5.000000000
2    6.000000000 4.800000000 7.000000000
4    10.00000000 8.000000000 11.00000000
"""

# λ per priority | c | E[Wq] per priority; μ = 1
PRIORITIES = """
0.3,0.3,0.2 1  1.142857143,2.857142857,10.00000000
0.2,0.7     1  1.125000000,11.25000000
1,2,1.5     5  0.1906233052,0.4765582630,3.812466104
6,12        20 0.03934064320,0.3934064320
8,40        50 0.01653465741,0.4133664352
"""


@pytest.mark.parametrize("row", rows(POLLACZEK_KHINCHINE))
def test_the_wait_grows_with_the_variance_of_service_as_pollaczek_and_khinchine_say(row: Row):
    queue = pollaczek_khinchine(0.8, 1, math.sqrt(float(row[0])))
    assert_as_printed(row[1:], [queue.mean_wait, queue.mean_in_queue, queue.mean_sojourn])


@pytest.mark.parametrize("row", rows(PRIORITIES))
def test_priorities_with_a_common_service_rate_wait_as_cobham_says(row: Row):
    queue = priority_many_staff(numbers(row[0].split(",")), 1, int(row[1]))
    assert_as_printed(row[2].split(","), list(queue.mean_waits))


@pytest.mark.parametrize(("cv", "printed"), [(1, "1.571428571 5.238095238"), (0, "0.7857142857 2.619047619")])
def test_priorities_with_different_service_times_wait_as_cobham_says(cv: float, printed: str):
    queue = priority_general_service([0.3, 0.2], [1, 2], [cv, cv])
    assert_as_printed(printed.split(), list(queue.mean_waits))


def test_both_priority_results_agree_for_one_member_of_staff_and_exponential_service():
    many = priority_many_staff([0.3, 0.2, 0.1], 1, staff=1)
    general = priority_general_service([0.3, 0.2, 0.1], [1, 1, 1], [1, 1, 1])
    assert many.mean_waits == pytest.approx(general.mean_waits)


def test_priorities_share_out_the_same_total_wait():
    rates = [6, 8, 4]
    waits = priority_many_staff(rates, 1, staff=20).mean_waits
    total = sum(rate * wait for rate, wait in zip(rates, waits, strict=True))
    assert total == pytest.approx(erlang_c(18, 1, 20).mean_in_queue)


# Networks, tandem, recontact -----------------------------------------------------------------------------------------

# γ μ c | λ P(wait) E[Wq] E[L]; web, chat, phone, back office
JACKSON = """
6 1    12 6.768598299 0.05052210219 0.009657469466 6.833965831
2 0.25 20 3.977023146 0.2459574546 0.2404330593 16.86430042
3 0.2  36 5.697471420 0.1238153616 0.08240466317 28.95685531
0 0.1  26 2.445373655 0.6770460315 4.378594304 35.16103571
"""
JACKSON_ROUTING = [[0, 0.25, 0.15, 0.05], [0.05, 0, 0.30, 0.10], [0.10, 0.05, 0, 0.30], [0, 0, 0.20, 0]]

# new λ, μ, c, p | λ/p 1-p P(wait) E[Wq] E[W]/p
RECONTACT = """
4  1 6  0.8  5.000000000 0.2000000000 0.5875164505 0.5875164505 1.984395563
4  1 6  0.7  5.714285714 0.3000000000 0.8717899846 3.051264946 5.787521351
40 1 50 0.85 47.05882353 0.1500000000 0.5749528876 0.1954839818 1.406451743
40 1 60 0.7  57.14285714 0.3000000000 0.6151257122 0.2152939993 1.736134285
"""


def test_a_network_of_four_touchpoints_has_the_tabulated_loads_and_waits():
    table = rows(JACKSON)
    columns = list(zip(*(numbers(row[:3]) for row in table), strict=True))
    network = jackson_network(columns[0], JACKSON_ROUTING, columns[1], [int(people) for people in columns[2]])
    for row, rate, touchpoint in zip(table, network.arrival_rates, network.touchpoints, strict=True):
        found = [rate, touchpoint.wait_probability, touchpoint.mean_wait, touchpoint.mean_present]
        assert_as_printed(row[3:], found)
    whole = [network.contacts_per_journey, network.mean_journey_time, network.mean_open_journeys]
    assert_as_printed(["1.717133320", "7.983287026", "87.81615728"], whole)


def test_a_network_counts_as_many_contacts_as_the_chain_of_its_routing():
    chain = absorbing_journey(JACKSON_ROUTING, [[1 - sum(row)] for row in JACKSON_ROUTING])
    network = jackson_network([6, 2, 3, 0], JACKSON_ROUTING, [1, 0.25, 0.2, 0.1], [12, 20, 36, 26])
    assert np.array([6, 2, 3, 0]) @ chain.mean_steps / 11 == pytest.approx(network.contacts_per_journey)


@pytest.mark.parametrize(("beyond", "printed"), [(5, "0.4346979024"), (10, "0.1143607504"), (20, "0.006128780547")])
def test_the_time_through_two_touchpoints_in_line_has_the_tabulated_law(beyond: float, printed: str):
    line = tandem_sojourn(0.5, [1, 0.8], beyond)
    assert_as_printed(["5.333333333", "15.11111111", printed], [line.mean, line.variance, line.exceeds])


def test_equal_touchpoints_in_line_give_the_erlang_law():
    assert tandem_sojourn(0.5, [1, 1, 1], beyond=4).exceeds == pytest.approx(math.exp(-2) * (1 + 2 + 2))


@pytest.mark.parametrize("row", rows(RECONTACT))
def test_unresolved_issues_come_back_with_the_tabulated_load(row: Row):
    new_rate, service_rate, staff, resolution = numbers(row[:4])
    again = recontact(new_rate, service_rate, int(staff), resolution)
    found = [
        again.contact_rate,
        again.recontact_share,
        again.queue.wait_probability,
        again.queue.mean_wait,
        again.mean_time_in_contact,
    ]
    assert_as_printed(row[4:], found)
    assert again.mean_contacts == pytest.approx(1 / resolution)
    assert again.contacts_variance == pytest.approx((1 - resolution) / resolution**2)


def test_a_delay_before_the_recontact_adds_to_nothing_but_the_time_to_resolution():
    at_once = recontact(4, 1, 6, 0.8)
    later = recontact(4, 1, 6, 0.8, mean_delay=10)
    assert later.queue == at_once.queue
    assert later.mean_time_in_contact == at_once.mean_time_in_contact
    assert later.mean_time_to_resolution == pytest.approx(at_once.mean_time_to_resolution + 0.25 * 10)


# Days ----------------------------------------------------------------------------------------------------------------

# mean rate, amplitude, cycle in hours, μ | mean, amplitude, peak, lag, m(0), m(6), m(12)
SINE_WAVE = """
100 50 24 1    100.0000000 48.36986016 148.3698602 0.9780495368 87.74965595 146.7928674 112.2503440
100 50 24 2    50.00000000 24.78852964 74.78852964 0.4971732170 46.78263631 74.57884808 53.21736369
20  15 24 0.25 80.00000000 41.43726735 121.4372674 3.088046918 50.03187424 108.6174521 109.9681258
35  20 8  3    11.66666667 6.449314687 18.11598135 0.3260165123 10.03328746 5.427617676 13.30004587
"""

# hour, c | arrivals, abandons, abandoned %, E[Lq], E[N], P(delay) with preemption | abandons when each finishes
DAY = """
0  24 223.68169892 3.46599397 1.549521 0.17329970 16.85043775 0.10500451 3.46599397
1  28 273.96924875 5.46426965 1.994483 0.27321348 22.29776275 0.14231803 5.46426965
2  33 326.03075125 5.53317651 1.697133 0.27665883 26.62380552 0.13286857 5.53317651
3  37 376.31830108 7.11210361 1.889917 0.35560518 30.78986488 0.15340887 7.11210361
4  41 421.40488481 7.67224362 1.820635 0.38361218 34.56877017 0.15555401 7.67224362
5  43 458.21792627 11.34508055 2.475914 0.56725403 37.58952398 0.20615107 11.34508055
6  44 484.24867753 16.02563961 3.309382 0.80128198 39.68438885 0.26449075 16.02563961
7  43 497.72318589 26.04330286 5.232487 1.30216514 40.57673267 0.37625639 25.83891124
8  41 497.72318589 38.09526360 7.653906 1.90476318 40.27139223 0.48979761 37.46168522
9  37 484.24867753 59.84517331 12.358356 2.99225867 38.53742590 0.65240344 57.91518035
10 33 458.21792627 75.96561676 16.578491 3.79828084 35.89835271 0.75059113 73.45131035
11 27 421.40488481 105.84261611 25.116609 5.29213081 31.93835826 0.87669670 101.15380452
"""


def demand(hour: float) -> float:
    return 300 + 200 * math.sin(math.pi * hour / 12 - math.pi / 6)


@pytest.fixture(scope="module")
def preempting() -> tuple[theory.DayPeriod, ...]:
    return impatient_day(demand, [int(row[1]) for row in rows(DAY)], 12, 20, leaving="preempt")


@pytest.fixture(scope="module")
def finishing() -> tuple[theory.DayPeriod, ...]:
    return impatient_day(demand, [int(row[1]) for row in rows(DAY)], 12, 20, leaving="finish")


@pytest.mark.parametrize("row", rows(SINE_WAVE))
def test_everybody_served_at_once_follows_a_sine_wave_of_demand_as_tabulated(row: Row):
    mean_rate, amplitude, cycle, service_rate = numbers(row[:4])
    wave = (mean_rate, amplitude, 2 * math.pi / cycle, service_rate)
    rhythm = infinite_staff_cycle(*wave)
    found = [rhythm.mean_busy, rhythm.amplitude, rhythm.peak, rhythm.peak_lag]
    assert_as_printed(row[4:], found + [infinite_staff_busy(*wave, time) for time in (0, 6, 12)])


def test_an_empty_start_is_forgotten_exponentially():
    wave = (100, 50, 2 * math.pi / 24, 0.5)
    assert infinite_staff_busy(*wave, 0, starts_empty=True) == 0
    missing = infinite_staff_busy(*wave, 3) - infinite_staff_busy(*wave, 3, starts_empty=True)
    assert missing == pytest.approx(infinite_staff_busy(*wave, 0) * math.exp(-1.5))


def test_a_day_with_staff_to_spare_follows_the_queue_that_serves_everybody_at_once():
    def rate(hour: float) -> float:
        return 20 + 15 * math.sin(math.pi / 4 * hour)

    day = impatient_day(rate, [200] * 5, service_rate=1, reneging_rate=1)
    expected = [infinite_staff_busy(20, 15, math.pi / 4, 1, hour, starts_empty=True) for hour in range(1, 6)]
    assert [hour.present_at_end for hour in day] == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
def test_a_day_whose_leavers_put_customers_back_has_the_tabulated_course(preempting: tuple[theory.DayPeriod, ...]):
    for row, hour in zip(rows(DAY), preempting, strict=True):
        found = [
            hour.arrivals,
            hour.abandons,
            100 * hour.abandoned,
            hour.mean_in_queue,
            hour.mean_present,
            hour.wait_probability,
        ]
        assert_as_printed(row[2:8], found)
    total = [sum(hour.arrivals for hour in preempting), sum(hour.abandons for hour in preempting)]
    assert_as_printed(["4923.18934901", "362.41048016", "7.361295"], [*total, 100 * total[1] / total[0]])


@pytest.mark.slow
def test_a_day_whose_leavers_finish_the_customer_in_hand_has_the_tabulated_abandons(
    finishing: tuple[theory.DayPeriod, ...],
):
    assert_as_printed([row[8] for row in rows(DAY)], [hour.abandons for hour in finishing])
    assert_as_printed(["352.43939918"], [sum(hour.abandons for hour in finishing)])


@pytest.mark.slow
def test_how_people_leave_matters_only_once_staff_falls(
    preempting: tuple[theory.DayPeriod, ...], finishing: tuple[theory.DayPeriod, ...]
):
    assert preempting[:7] == finishing[:7]
    assert all(late.abandons < early.abandons for early, late in zip(preempting[7:], finishing[7:], strict=True))
    assert all(hour.overtime == 0 for hour in preempting)
    assert all(hour.overtime > 0 for hour in finishing[7:])


@pytest.mark.slow
@pytest.mark.parametrize("leaving", ["preempting", "finishing"])
def test_every_arrival_of_a_day_is_served_abandons_or_is_still_present(leaving: str, request: pytest.FixtureRequest):
    day: tuple[theory.DayPeriod, ...] = request.getfixturevalue(leaving)
    present_before = [0.0, *(hour.present_at_end for hour in day)]
    for hour, before in zip(day, present_before, strict=False):
        served = 12 * (hour.occupancy * hour.staff + hour.overtime)
        assert hour.arrivals == pytest.approx(served + hour.abandons + hour.present_at_end - before, rel=1e-9)


def test_after_closing_only_customers_in_hand_are_served():
    busy, closed = impatient_day(lambda hour: 30 if hour < 2 else 0, [3, 0], 2, 5, period=2, leaving="finish")
    served = busy.present_at_end - closed.present_at_end - closed.abandons
    assert 2 * closed.overtime == pytest.approx(served, rel=1e-9)
    assert closed.abandoned == closed.wait_probability == closed.occupancy == 0


def test_a_long_day_of_steady_demand_settles_into_erlang_a():
    last = impatient_day(lambda _: 10, [3] * 6, service_rate=4, reneging_rate=2, period=5)[-1]
    expected = erlang_a(10, 4, 2, 3)
    assert last.abandoned == pytest.approx(expected.abandoned, rel=1e-9)
    assert last.wait_probability == pytest.approx(expected.wait_probability, rel=1e-9)
    assert last.occupancy == pytest.approx(expected.occupancy, rel=1e-9)


def test_demand_may_jump_between_periods():
    day = impatient_day(lambda hour: 10 if hour < 1 else 50, [3, 3], service_rate=4, reneging_rate=2)
    assert [hour.arrivals for hour in day] == pytest.approx([10, 50], rel=1e-12)


# Retrials and redialling ---------------------------------------------------------------------------------------------

# λ μ, attempts of each | occupancy, E[orbit], E[W orbit]
LINEAR_RETRIAL = """
0.5 1 1   0.5000000000 1.000000000 2.000000000
0.5 1 0.1 0.5000000000 5.500000000 11.00000000
0.8 1 1   0.8000000000 6.400000000 8.000000000
0.8 1 10  0.8000000000 3.520000000 4.400000000
0.7 1 0.5 0.7000000000 4.900000000 7.000000000
"""

# λ μ, attempts of all | P(busy), E[orbit], E[W orbit]
CONSTANT_RETRIAL = """
0.5 1 1   0.5 2.500000000 5.000000000
0.3 1 0.5 0.3 0.6230769231 2.076923077
0.5 1 2   0.5 1.166666667 2.333333333
0.6 1 5   0.6 1.448780488 2.414634146
"""

# λ μ θ c q δ | calls, P(wait), P(abandon), P(lost), E[W], E[orbit]
REDIAL = """
9  1 0.5 10 0.5 0.2  9.390265468 0.5314950683 0.08312128537 0.04336282976 0.1662425707 1.951327339
4  1 1   4  0.6 0.1  4.773320464 0.7023596317 0.2700148566 0.1288867441 0.2700148566 7.733204643
18 1 1/3 18 0.4 0.05 18.6336608 0.7254636435 0.08501560782 0.05280506663 0.2550468235 12.67321599
5  1 2   4  0.8 0.5  9.482580745 0.932622326 0.5908967276 0.2241290373 0.2954483638 8.965161491
"""


@pytest.mark.parametrize("row", rows(LINEAR_RETRIAL))
def test_customers_who_each_try_again_form_the_tabulated_orbit(row: Row):
    queue = linear_retrial(*numbers(row[:3]))
    assert_as_printed(row[3:], [queue.occupancy, queue.mean_in_orbit, queue.mean_time_in_orbit])


@pytest.mark.parametrize("row", rows(CONSTANT_RETRIAL))
def test_customers_who_try_again_one_at_a_time_form_the_tabulated_orbit(row: Row):
    queue = constant_retrial(*numbers(row[:3]))
    assert_as_printed(row[3:], [queue.occupancy, queue.mean_in_orbit, queue.mean_time_in_orbit])


def test_retrying_at_once_is_waiting_in_line():
    for queue in (linear_retrial(0.7, 1, 1e9), constant_retrial(0.7, 1, 1e9)):
        assert queue.mean_in_orbit == pytest.approx(erlang_c(0.7, 1, 1).mean_in_queue, rel=1e-6)


@pytest.mark.parametrize("row", rows(REDIAL))
def test_redialling_after_abandonment_gives_the_tabulated_calls_and_losses(row: Row):
    arrival_rate, service_rate, reneging_rate, staff, again, redial_rate = numbers(row[:6])
    queue = redial(arrival_rate, service_rate, reneging_rate, int(staff), again, redial_rate)
    found = [
        queue.call_rate,
        queue.wait_probability,
        queue.abandoned,
        queue.lost,
        queue.mean_wait,
        queue.mean_in_orbit,
    ]
    assert_as_printed(row[6:], found)


def test_without_redialling_what_remains_is_erlang_a():
    queue = redial(9, 1, 0.5, 10, redial_probability=0, redial_rate=1)
    expected = erlang_a(9, 1, 0.5, 10)
    assert queue.abandoned == pytest.approx(expected.abandoned, rel=1e-9)
    assert queue.lost == pytest.approx(expected.abandoned, rel=1e-9)
    assert queue.mean_in_orbit == 0


# Skills --------------------------------------------------------------------------------------------------------------

# λ1 λ2 μ11 μ12 μ22 θ1 θ2 c1 c2 | states, P(wait) 1 2, P(abandon) 1 2, E[W] 1 2, occupancy 1 2
N_MODEL = """
3 2 1 1   1 0.5 0.5  3 3 9040 0.3611194055 0.5999323996 0.06828194302 0.1364170762 0.136563886 0.2728341523 0.7245281792 0.782911827
3 2 1 0.8 1 0.5 0.5  3 3 9040 0.3857379024 0.6352639191 0.07608879963 0.1534110989 0.1521775993 0.3068221978 0.7312399951 0.8052316074
2 2 1 1   1 1   1    2 2 6633 0.426914885 0.7391371494 0.1517401885 0.3368091602 0.1517401885 0.3368091602 0.6780237958 0.8334268554
4 1 1 0.7 1 1   0.25 3 2 6774 0.5968255672 0.7946868537 0.214731085 0.1542636674 0.214731085 0.6170546697 0.8390307425 0.8685706181
"""  # noqa: E501


@pytest.mark.parametrize("row", rows(N_MODEL))
def test_two_pools_that_share_one_skill_serve_two_goals_as_tabulated(row: Row):
    first, second, own, helping, theirs, reneging1, reneging2, staff1, staff2 = numbers(row[:9])
    queue = n_model((first, second), (own, helping, theirs), (reneging1, reneging2), (int(staff1), int(staff2)))
    found = [*queue.wait_probability, *queue.abandoned, *queue.mean_wait, *queue.occupancy]
    assert_as_printed(row[9:], [queue.states, *found])


def test_one_pool_with_two_goals_alike_in_all_but_priority_is_erlang_a_in_total():
    queue = n_model((2, 1), (1, 1, 1), (0.5, 0.5), staff=(0, 4))
    expected = erlang_a(3, 1, 0.5, 4)
    assert 2 * queue.mean_wait[0] + queue.mean_wait[1] == pytest.approx(expected.mean_in_queue, rel=1e-9)
    assert queue.wait_probability == pytest.approx([expected.wait_probability] * 2, rel=1e-9)
    assert queue.occupancy == pytest.approx([0, expected.occupancy], rel=1e-9)
    assert queue.mean_wait[1] < queue.mean_wait[0]


# Journeys as chains --------------------------------------------------------------------------------------------------

STEPS = ["awareness", "web", "chat", "phone", "checkout"]
MOVES = [
    [0, 0.6, 0.1, 0.1, 0],
    [0, 0.2, 0.15, 0.1, 0.3],
    [0, 0.1, 0, 0.3, 0.35],
    [0, 0.05, 0.05, 0, 0.5],
    [0, 0.1, 0.05, 0.05, 0],
]
ENDS = [[0, 0.2], [0, 0.25], [0.05, 0.2], [0.1, 0.3], [0.7, 0.1]]
COSTS = [0.1, 0.2, 3, 6, 0.5]

# visits to each step | P(purchase) P(churn) | steps: mean, variance | cost
CHAIN = """
1.000000000 0.8643739026 0.2692480947 0.2921941219 0.4996460649 0.3924340623 0.6075659377 2.925462184 2.553425009 3.083606829
0 1.374003696 0.2493174108 0.2432499517 0.6210871784 0.4715518906 0.5284481094 2.487658237 2.114498855 2.792796271
0 0.2403081534 1.087362218 0.3824337866 0.6438861156 0.5433317705 0.4566682295 2.353990274 1.816842303 5.926694062
0 0.1594086985 0.1092142640 1.080007722 0.6260514631 0.5516975096 0.4483024904 1.974682148 1.533160071 7.152596597
0 0.1573862122 0.08476056519 0.09744707061 1.125605597 0.8019066531 0.1980933469 1.465199445 1.253415821 1.433244160
"""  # noqa: E501


@pytest.mark.parametrize(("step", "row"), list(zip(STEPS, rows(CHAIN), strict=True)))
def test_a_journey_from_each_step_has_the_tabulated_visits_ends_length_and_cost(step: str, row: Row):
    journey = absorbing_journey(MOVES, ENDS, COSTS)
    start = STEPS.index(step)
    summary = [journey.mean_steps[start], journey.steps_variance[start], journey.mean_cost[start]]
    assert_as_printed(row, [*journey.visits[start], *journey.end_probabilities[start], *summary])


def test_sending_chats_to_the_checkout_instead_of_the_phone_sells_more_for_less():
    before = absorbing_journey(MOVES, ENDS, COSTS)
    changed = [list(row) for row in MOVES]
    changed[2][3:] = [0.20, 0.45]
    after = absorbing_journey(changed, ENDS, COSTS)
    found = [after.end_probabilities[0, 0], after.mean_cost[0]]
    differences = [found[0] - before.end_probabilities[0, 0], found[1] - before.mean_cost[0]]
    assert_as_printed(["0.3991544620", "2.929990004", "0.006720399653", "-0.1536168247"], [*found, *differences])


# Relationship --------------------------------------------------------------------------------------------------------

# monthly churn | 12-month retention, mean life, hazard, median life, CLV now, CLV later; margin 10, 1 % a month
CHURN = """
0.02 0.7847167237 50.00000000 0.02020270732 34.30961849 336.6666667 326.6666667
0.05 0.5403600877 20.00000000 0.05129329439 13.51340733 168.3333333 158.3333333
0.1  0.2824295365 10.00000000 0.1053605157 6.578813479 91.81818182 81.81818182
0.2  0.06871947674 5.000000000 0.2231435513 3.106283720 48.09523810 38.09523810
"""

# t | retention rate, survival
MIXED_CHURN = """
1  0.85069289 0.85069289
2  0.87796858 0.74688163
3  0.89681804 0.66981692
4  0.91062349 0.60995102
5  0.92117064 0.56186898
6  0.92949124 0.52225229
7  0.93622303 0.48894462
8  0.94178142 0.46047896
9  0.94644861 0.43581967
10 0.95042304 0.41421306
11 0.95384828 0.39509641
12 0.95683081 0.37804042
"""


@pytest.mark.parametrize("row", rows(CHURN))
def test_constant_churn_gives_the_tabulated_lives_and_values(row: Row):
    churn = float(row[0])
    life = constant_churn(churn, periods=12)
    value = customer_value(churn, margin=10, discount=0.01)
    found = [life.retention, life.mean_life, life.hazard, life.median_life]
    assert_as_printed(row[1:], [*found, value.first_margin_now, value.first_margin_later])


def test_a_cohort_of_mixed_churn_has_the_tabulated_retention():
    cohort = shifted_beta_geometric(0.668, 3.806, periods=12, discount=0.1)
    for row, rate, survival in zip(rows(MIXED_CHURN), cohort.retention_rates, cohort.survival, strict=True):
        assert_as_printed(row[1:], [rate, survival])
    assert_as_printed(["5.922596408"], [cohort.discounted_life])


def test_the_discounted_life_of_a_cohort_is_the_discounted_sum_of_its_survival():
    cohort = shifted_beta_geometric(0.668, 3.806, periods=400, discount=0.1)
    total = sum(survival / 1.1**period for period, survival in enumerate([1.0, *cohort.survival]))
    assert total == pytest.approx(cohort.discounted_life, rel=1e-12)


def test_word_of_mouth_spreads_as_tabulated():
    five, ten = (bass_diffusion(0.03, 0.38, time) for time in (5, 10))
    found = [five.peak_time, five.adopted_at_peak, five.adopted, ten.adopted]
    assert_as_printed(["6.192619198", "0.4605263158", "0.3311986425", "0.8128032212"], found)


def test_without_word_of_mouth_adoption_only_falls():
    alone = bass_diffusion(0.1, 0, time=5)
    assert alone.adopted == pytest.approx(1 - math.exp(-0.5))
    assert alone.peak_time == 0


def binomial_answers() -> list[float]:
    return [math.comb(10, answer) * 0.8**answer * 0.2 ** (10 - answer) for answer in range(11)]


def rounded_normal_answers(mean: float, sd: float) -> list[float]:
    edges = [0.0, *(NormalDist(mean, sd).cdf(answer + 0.5) for answer in range(10)), 1.0]
    return [later - earlier for earlier, later in itertools.pairwise(edges)]


# promoters, detractors, score, standard deviation, half-width for 400 answers
@pytest.mark.parametrize(
    ("shares", "printed"),
    [
        ([1 / 11] * 11, "0.1818181818 0.6363636364 -45.4545454545 78.20295697 7.66374896"),
        ([0.3, 0, 0, 0, 0, 0, 0, 0, 0.35, 0, 0.35], "0.3500000000 0.3000000000 5.0000000000 80.46738470 7.88565880"),
        (binomial_answers(), "0.3758096384 0.1208738816 25.4935756800 65.70321757 6.43879701"),
        (rounded_normal_answers(8, 2), "0.4012936743 0.2266273524 17.46663219 77.29247717 7.574523576"),
        (rounded_normal_answers(7.5, 1.5), "0.2524925375 0.2524925375 0 71.06230190 6.963977619"),
    ],
    ids=["uniform", "35 % promoters, 30 % detractors", "binomial", "normal 8 2", "normal 7.5 1.5"],
)
def test_the_answers_give_the_tabulated_net_promoter_score(shares: list[float], printed: str):
    nps = net_promoter_score(shares)
    found = [nps.promoters, nps.detractors, nps.score, nps.standard_deviation, nps.half_width(400)]
    assert_as_printed(printed.split(), found)


# How long to simulate ------------------------------------------------------------------------------------------------

# occupancy | E[N], t Var, E[Wq], n Var, customers for ±5 % at 95 % (z = 1.96)
ESTIMATION_ERROR = """
0.5  1.000000000 24.00000000 1.000000000 29.00000000 44562.56
0.7  2.333333333 293.8271605 2.333333333 335.5679012 94710.684
0.8  4.000000000 1800.000000 4.000000000 1976.000000 189775.04
0.9  9.000000000 34200.00000 9.000000000 35901.00000 681073.0
0.95 19.00000000 592800.0000 19.00000000 607601.0000 2586326.9
"""


@pytest.mark.parametrize("row", rows(ESTIMATION_ERROR))
def test_a_long_run_errs_as_tabulated(row: Row):
    error = estimation_error(float(row[0]), 1)
    needed = error.customers_needed(0.05, level=2 * NormalDist().cdf(1.96) - 1)
    found = [error.mean_present, error.present_variance, error.mean_wait, error.wait_variance, needed]
    assert_as_printed(row[1:], found)


def test_the_number_of_customers_needed_does_not_depend_on_the_unit_of_time():
    per_minute, per_hour = estimation_error(0.5, 1), estimation_error(30, 60)
    assert per_hour.customers_needed(0.05) == pytest.approx(per_minute.customers_needed(0.05))


# Errors and examples -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "complaint"),
    [
        (lambda: erlang_b(-1, 3), "offered_load is -1; it should be a finite number above 0"),
        (lambda: erlang_b(1, 2.5), "staff is 2.5; it should be a whole number, 1 or more"),
        (
            lambda: erlang_c(50, 1, 50),
            "50 staff cannot keep up with 50 erlangs.* at least 51, or customers who abandon",
        ),
        (lambda: erlang_c(math.nan, 1, 50), "arrival_rate is nan"),
        (lambda: erlang_a(1, 1, 0, 1), "reneging_rate is 0"),
        (lambda: erlang_a(1, 1, 1, 1, within=-1), "within is -1; it should be a finite number, 0 or more"),
        (lambda: limited_lines(1, 1, 5, 4), "lines is 4; it should be a whole number, 5 or more"),
        (lambda: separate_teams(1, 1, 5, 2, 9), "lines is 9; it should be a whole number, 10 or more"),
        (lambda: pollaczek_khinchine(1, 1, 1), "1 staff cannot keep up with 1 erlangs"),
        (lambda: priority_many_staff([], 1, 1), "every place needs one entry"),
        (lambda: priority_general_service([1, 2], [1], [1, 1]), "arrival_rates 2, mean_service_times 1"),
        (lambda: infinite_staff_cycle(10, 20, 1, 1), "amplitude 20 exceeds mean_rate 10"),
        (lambda: impatient_day(lambda _: 1, [1], 1, 1, leaving="wait"), "leaving is 'wait'; it should be 'finish' or"),
        (lambda: impatient_day(lambda _: -1, [1], 1, 1), "arrival_rate is -1"),
        (lambda: constant_retrial(0.5, 1, 0.4), "retry_rate 0.4 is too slow.* has to exceed 0.5"),
        (lambda: redial(1, 1, 1, 1, 1, 1), "redial_probability is 1; it should be 0 or more and below 1"),
        (lambda: n_model((1, 1), (1, 1, 1), (1, 0), (1, 1)), r"reneging_rates\[1\] is 0"),
        (
            lambda: jackson_network([1, 1], [[0, 1], [1, 0]], [9, 9], [1, 1]),
            "routing has a loop that nobody ever leaves",
        ),
        (lambda: jackson_network([1, 1], [[0, 1], [0, 0]], [9, 1], [1, 2]), "touchpoint 1: 2 staff cannot keep up"),
        (lambda: tandem_sojourn(1, [2, 1], 1), "touchpoint 1: 1 staff cannot keep up"),
        (lambda: recontact(1, 1, 9, 0), "first_contact_resolution is 0; it should be above 0 and at most 1"),
        (lambda: absorbing_journey([[0.5]], [[0.4]]), r"moves\[0\] and ends\[0\] add up to 0.9 together"),
        (lambda: absorbing_journey([[1.2]], [[0]]), r"moves\[0\] adds up to 1.2"),
        (lambda: absorbing_journey([[0, 1]], [[0]]), r"moves\[0\] has 2 entries; it should have 1"),
        (lambda: constant_churn(5, 12), "churn is 5; a share lies between 0 and 1. If it is a percentage, write 0.05"),
        (lambda: customer_value(0, 10, 0.1), "at 0 nobody leaves"),
        (lambda: shifted_beta_geometric(1, 1, 5, 0), "discount is 0"),
        (lambda: net_promoter_score([0.5, 0.5]), "shares has 2 entries; it should have 11"),
        (lambda: net_promoter_score([0.1] * 11), "shares add up to 1.1; they should add up to 1"),
    ],
)
def test_nonsense_is_refused_with_the_name_the_value_and_what_would_be_right(ask: Callable[[], object], complaint: str):
    with pytest.raises(ValueError, match=complaint):
        ask()


@pytest.mark.parametrize("module", [found.name for found in pkgutil.iter_modules(theory.__path__)])
def test_every_example_in_a_docstring_holds(module: str):
    assert doctest.testmod(importlib.import_module(f"sim.theory.{module}")).failed == 0


def test_the_package_offers_every_result_it_imports():
    offered = {name for name in vars(theory) if not name.startswith("_")}
    modules = {found.name for found in pkgutil.iter_modules(theory.__path__)}
    assert offered - modules == set(theory.__all__)
