"""Numbers with receipts: estimates, tables of estimates, definitions, and the kernels that make intervals."""

from crmcx.estimates.asked import Asked
from crmcx.estimates.estimate import Definition, Estimate, Interval, Pairs, Receipt
from crmcx.estimates.intervals import effective_size, nps_interval, wilson_interval
from crmcx.estimates.means import (
    RatioSums,
    difference_of_shares_interval,
    mean_interval,
    poisson_interval,
    ratio_interval,
)
from crmcx.estimates.sums import Sums
from crmcx.estimates.survival import Durations, Step, has_gap, quantile_of, restricted_mean, steps_of
from crmcx.estimates.table import EstimateTable, table_of

__all__ = [
    "Asked",
    "Definition",
    "Durations",
    "Estimate",
    "EstimateTable",
    "Interval",
    "Pairs",
    "RatioSums",
    "Receipt",
    "Step",
    "Sums",
    "difference_of_shares_interval",
    "effective_size",
    "has_gap",
    "mean_interval",
    "nps_interval",
    "poisson_interval",
    "quantile_of",
    "ratio_interval",
    "restricted_mean",
    "steps_of",
    "table_of",
    "wilson_interval",
]
