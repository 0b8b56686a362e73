"""Exact results of queueing, journey and relationship theory: what the engines are verified against.

Every function is pure, refuses input for which its formula has no answer, and returns a frozen record of named numbers.
Rates are per unit of time and times in that unit: choose minutes, hours or months, and stay with the choice.

Theory calls it *reneging* when a customer whose patience ends leaves the queue; everywhere else the word is *abandon*.

========================  ==========================================================================================
`queues`                  Erlang B, C and A, limited lines (M/M/c/K, shared by teams), the error of an average (M/M/1)
`priorities`              Pollaczek-Khinchine (M/G/1), priorities without preemption (Cobham)
`days`                    a day of changing demand and staff: M(t)/M/inf, M(t)/M/c(t)+M
`retries`                 linear and constant retrial queue, M/M/c+M with redial
`skills`                  the N-model: two goals, two pools, one with both skills
`journeys`                Jackson network, tandem, recontact, absorbing chain
`relationship`            churn, CLV, sBG, Bass, referral, NPS
========================  ==========================================================================================
"""

from sim.theory.days import (
    DayPeriod,
    InfiniteStaffCycle,
    impatient_day,
    infinite_staff_busy,
    infinite_staff_cycle,
)
from sim.theory.journeys import (
    JacksonNetwork,
    JourneyChain,
    Recontact,
    TandemSojourn,
    absorbing_journey,
    jackson_network,
    recontact,
    tandem_sojourn,
)
from sim.theory.priorities import (
    GeneralServiceQueue,
    PriorityQueue,
    pollaczek_khinchine,
    priority_general_service,
    priority_many_staff,
)
from sim.theory.queues import (
    DelayQueue,
    EstimationError,
    ImpatientQueue,
    LimitedQueue,
    LossQueue,
    erlang_a,
    erlang_b,
    erlang_c,
    estimation_error,
    limited_lines,
    separate_teams,
)
from sim.theory.relationship import (
    ConstantChurn,
    CustomerValue,
    Descendants,
    Diffusion,
    MixedChurn,
    NetPromoterScore,
    bass_diffusion,
    constant_churn,
    customer_value,
    net_promoter_score,
    referral_descendants,
    shifted_beta_geometric,
)
from sim.theory.retries import (
    RedialQueue,
    RetrialQueue,
    constant_retrial,
    linear_retrial,
    redial,
)
from sim.theory.skills import SkillQueue, n_model

__all__ = [
    "ConstantChurn",
    "CustomerValue",
    "DayPeriod",
    "DelayQueue",
    "Descendants",
    "Diffusion",
    "EstimationError",
    "GeneralServiceQueue",
    "ImpatientQueue",
    "InfiniteStaffCycle",
    "JacksonNetwork",
    "JourneyChain",
    "LimitedQueue",
    "LossQueue",
    "MixedChurn",
    "NetPromoterScore",
    "PriorityQueue",
    "Recontact",
    "RedialQueue",
    "RetrialQueue",
    "SkillQueue",
    "TandemSojourn",
    "absorbing_journey",
    "bass_diffusion",
    "constant_churn",
    "constant_retrial",
    "customer_value",
    "erlang_a",
    "erlang_b",
    "erlang_c",
    "estimation_error",
    "impatient_day",
    "infinite_staff_busy",
    "infinite_staff_cycle",
    "jackson_network",
    "limited_lines",
    "linear_retrial",
    "n_model",
    "net_promoter_score",
    "pollaczek_khinchine",
    "priority_general_service",
    "priority_many_staff",
    "recontact",
    "redial",
    "referral_descendants",
    "separate_teams",
    "shifted_beta_geometric",
    "tandem_sojourn",
]
