"""The relationship beyond one journey: churn, value, retention of a mixed cohort, word of mouth, referral, NPS."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from scipy.special import hyp2f1

from sim.theory._checks import each, not_negative, positive, share, whole


@dataclass(frozen=True)
class ConstantChurn:
    """Customers who all leave with the same probability every period.

    Attributes
    ----------
    retention : float
        Share still here after the stated number of periods.
    mean_life : float
        Mean number of periods begun.
    hazard : float
        Continuous churn hazard per period with the same retention.
    median_life : float
        Time until half are left, in periods.
    """

    retention: float
    mean_life: float
    hazard: float
    median_life: float


def constant_churn(churn: float, periods: float) -> ConstantChurn:
    """Retention and length of life when every period has the same churn.

    retention = (1 - c)^n, mean life = 1 / c, hazard = -ln(1 - c), median life = ln 2 / hazard.

    Parameters
    ----------
    churn
        Share of those here that leave in a period, c; between 0 and 1, neither included.
    periods
        Number of periods after which the retention is asked for, n.

    Notes
    -----
    The geometric law, and the exponential law that agrees with it at whole periods.

    Examples
    --------
    >>> round(constant_churn(churn=0.05, periods=12).retention, 6)
    0.54036
    """
    _churn(churn)
    not_negative(periods=periods)
    hazard = -math.log1p(-churn)
    return ConstantChurn(
        retention=math.exp(-hazard * periods), mean_life=1 / churn, hazard=hazard, median_life=math.log(2) / hazard
    )


def _churn(churn: float) -> None:
    share(churn=churn)
    if churn in (0, 1):
        raise ValueError(f"churn is {churn:g}; it should lie between 0 and 1: at 0 nobody leaves, at 1 nobody stays.")


@dataclass(frozen=True)
class CustomerValue:
    """Expected discounted margin over the rest of the relationship (CLV), in the currency of the margin.

    Attributes
    ----------
    first_margin_now : float
        If the first margin is earned at once.
    first_margin_later : float
        If the first margin is earned after one period, by those still here.
    """

    first_margin_now: float
    first_margin_later: float


def customer_value(churn: float, margin: float, discount: float) -> CustomerValue:
    """CLV under constant churn and an endless horizon.

    With r = 1 - c the retention and d the discount: m (1 + d) / (1 + d - r) now, m r / (1 + d - r) later. The two
    differ by one margin.

    Parameters
    ----------
    churn
        Share of those here that leave in a period, c.
    margin
        Margin per customer and period, m, money.
    discount
        Discount rate per period, d.

    Notes
    -----
    S. Gupta and D. Lehmann, Customers as assets, Journal of Interactive Marketing 17 (2003).

    Examples
    --------
    >>> round(customer_value(churn=0.02, margin=10, discount=0.01).first_margin_now, 2)
    336.67
    """
    _churn(churn)
    not_negative(discount=discount)
    if not math.isfinite(margin):
        raise ValueError(f"margin is {margin}; it should be a finite amount of money.")
    value = margin * (1 + discount) / (churn + discount)
    return CustomerValue(first_margin_now=value, first_margin_later=value - margin)


@dataclass(frozen=True)
class MixedChurn:
    """A cohort whose customers differ in churn: the fickle leave first, so retention improves with age.

    Attributes
    ----------
    retention_rates : tuple of float
        Per period, the share of those here at its start that stay; the first entry is period 1.
    survival : tuple of float
        Share of the cohort still here after each period.
    discounted_life : float
        Expected discounted number of periods begun, the present one included.
    """

    retention_rates: tuple[float, ...]
    survival: tuple[float, ...]
    discounted_life: float


def shifted_beta_geometric(alpha: float, beta: float, periods: int, discount: float) -> MixedChurn:
    """sBG: each customer has a churn of their own, drawn from Beta(alpha, beta).

    Retention rate r_t = (beta + t - 1) / (alpha + beta + t - 1), survival S(t) = r_1 ... r_t, and the discounted life,
    the sum of S(t) / (1 + d)^t over t = 0, 1, ..., is the hypergeometric 2F1(1, beta; alpha + beta; 1 / (1 + d)).

    Parameters
    ----------
    alpha, beta
        Shape of the law of churn; its mean is alpha / (alpha + beta).
    periods
        Number of periods to list.
    discount
        Discount rate per period, d, above 0.

    Notes
    -----
    P. Fader and B. Hardie, How to project customer retention, Journal of Interactive Marketing 21 (2007).

    Examples
    --------
    >>> cohort = shifted_beta_geometric(alpha=0.668, beta=3.806, periods=2, discount=0.1)
    >>> [round(left, 6) for left in cohort.survival]
    [0.850693, 0.746882]
    """
    positive(alpha=alpha, beta=beta, discount=discount)
    whole(1, periods=periods)
    retention_rates = tuple((beta + t - 1) / (alpha + beta + t - 1) for t in range(1, periods + 1))
    survival = tuple(math.prod(retention_rates[:t]) for t in range(1, periods + 1))
    return MixedChurn(
        retention_rates=retention_rates,
        survival=survival,
        discounted_life=float(hyp2f1(1, beta, alpha + beta, 1 / (1 + discount))),
    )


@dataclass(frozen=True)
class Diffusion:
    """The spread of something new by advertising and word of mouth.

    Attributes
    ----------
    adopted : float
        Share of all who ever will that have adopted by the stated time.
    peak_time : float
        Time of most adoptions per unit of time; 0 if they only fall.
    adopted_at_peak : float
        Share adopted by then.
    """

    adopted: float
    peak_time: float
    adopted_at_peak: float


def bass_diffusion(innovation: float, imitation: float, time: float) -> Diffusion:
    """Share that has adopted when non-adopters do so at rate p + q * share adopted.

    F(t) = (1 - exp(-(p + q) t)) / (1 + (q / p) exp(-(p + q) t)); the peak is at ln(q / p) / (p + q).

    Parameters
    ----------
    innovation
        Adoption rate without any word of mouth, p, per unit of time.
    imitation
        Adoption rate added by word of mouth when all have adopted, q, per unit of time.
    time
        Time since the launch.

    Notes
    -----
    F. Bass, A new product growth model for consumer durables, Management Science 15 (1969).

    Examples
    --------
    >>> round(bass_diffusion(innovation=0.03, imitation=0.38, time=5).adopted, 6)
    0.331199
    """
    positive(innovation=innovation)
    not_negative(imitation=imitation, time=time)
    peak_time = math.log(imitation / innovation) / (innovation + imitation) if imitation > innovation else 0.0
    return Diffusion(
        adopted=_adopted(innovation, imitation, time),
        peak_time=peak_time,
        adopted_at_peak=_adopted(innovation, imitation, peak_time),
    )


def _adopted(innovation: float, imitation: float, time: float) -> float:
    fading = math.exp(-(innovation + imitation) * time)
    return (1 - fading) / (1 + imitation / innovation * fading)


@dataclass(frozen=True)
class Descendants:
    """What one customer sets off who brings others, who bring others.

    Attributes
    ----------
    brought : float
        Expected prospects that a customer brings in a whole life.
    children : float
        Expected customers among them: the mean of the branching process, below 1.
    prospects : float
        Expected prospects of all generations.
    customers : float
        Expected customers of all generations, the first one included.
    """

    brought: float
    children: float
    prospects: float
    customers: float


def referral_descendants(referral: float, hazard: float, every: float, signing: float) -> Descendants:
    """Progeny of one customer, where all are equally satisfied and decide at reviews.

    The first review comes after a uniform share of the period T, the others every T; each brings a prospect with
    probability 1 - exp(-r t), t being the time since the last, and then ends the relationship with 1 - exp(-h t). So a
    customer brings m = 1 - (1 - exp(-r T)) / (r T) + (1 - exp(-r T)) / (h T), which is r / h where T is short. With s m
    children a generation, the progeny is m / (1 - s m) prospects and 1 / (1 - s m) customers.

    Parameters
    ----------
    referral, hazard
        Rates of bringing somebody, r, and of leaving, h, per unit of time.
    every
        Time between reviews, T.
    signing
        Share of the prospects that become customers at once, s.

    Notes
    -----
    A Galton-Watson process; T. E. Harris, The Theory of Branching Processes (1963).

    Examples
    --------
    >>> round(referral_descendants(referral=0.06, hazard=0.1, every=1, signing=0.8).customers, 6)
    1.958522
    """
    positive(referral=referral, hazard=hazard, every=every)
    share(signing=signing)
    one_review = -math.expm1(-referral * every)
    brought = 1 - one_review / (referral * every) + one_review / (hazard * every)
    children = signing * brought
    if children >= 1:
        raise ValueError(f"every customer brings {children:g} others on average; it should be below 1: it never ends.")
    return Descendants(brought, children, prospects=brought / (1 - children), customers=1 / (1 - children))


@dataclass(frozen=True)
class NetPromoterScore:
    """NPS of a known law of answers.

    Attributes
    ----------
    promoters : float
        Share that answers 9 or 10.
    detractors : float
        Share that answers 0 to 6.
    score : float
        100 * (promoters - detractors), from -100 to 100.
    standard_deviation : float
        Of one answer's contribution (100, 0 or -100).
    """

    promoters: float
    detractors: float
    score: float
    standard_deviation: float

    def half_width(self, answers: int, level: float = 0.95) -> float:
        """Half-width of a confidence interval for the score from that many answers, in score points."""
        whole(1, answers=answers)
        share(level=level)
        return NormalDist().inv_cdf((1 + level) / 2) * self.standard_deviation / math.sqrt(answers)


def net_promoter_score(shares: Sequence[float]) -> NetPromoterScore:
    """NPS and its spread, from the share of each answer.

    With p promoters and d detractors: score = 100 (p - d), standard deviation = 100 sqrt(p + d - (p - d)²).

    Parameters
    ----------
    shares
        Share of the answers 0, 1, ..., 10; they add up to 1.

    Notes
    -----
    F. Reichheld, The one number you need to grow, Harvard Business Review 81 (2003); the spread is that of a variable
    on -1, 0 and 1.

    Examples
    --------
    >>> half_and_half = net_promoter_score([0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0.5])
    >>> half_and_half.score, half_and_half.standard_deviation
    (0.0, 100.0)
    """
    if len(shares) != 11:
        raise ValueError(f"shares has {len(shares)} entries; it should have 11, for the answers 0 to 10.")
    share(**each("shares", shares))
    if abs(sum(shares) - 1) > 1e-9:
        raise ValueError(f"shares add up to {sum(shares):g}; they should add up to 1.")
    promoters = math.fsum(shares[9:])
    detractors = math.fsum(shares[:7])
    net = promoters - detractors
    return NetPromoterScore(
        promoters=promoters,
        detractors=detractors,
        score=100 * net,
        standard_deviation=100 * math.sqrt(max(promoters + detractors - net**2, 0.0)),
    )
