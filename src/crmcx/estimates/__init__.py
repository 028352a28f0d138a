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
from crmcx.estimates.survival import Durations, quantile_of
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
    "Sums",
    "difference_of_shares_interval",
    "effective_size",
    "mean_interval",
    "nps_interval",
    "poisson_interval",
    "quantile_of",
    "ratio_interval",
    "table_of",
    "wilson_interval",
]
