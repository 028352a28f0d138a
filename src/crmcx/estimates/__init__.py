"""Numbers with receipts: estimates, tables of estimates, definitions, and the kernels that make intervals."""

from crmcx.estimates.asked import Asked
from crmcx.estimates.estimate import Definition, Estimate, Interval, Pairs, Receipt
from crmcx.estimates.intervals import effective_size, nps_interval, wilson_interval
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
    "Receipt",
    "Step",
    "Sums",
    "effective_size",
    "has_gap",
    "nps_interval",
    "quantile_of",
    "restricted_mean",
    "steps_of",
    "table_of",
    "wilson_interval",
]
