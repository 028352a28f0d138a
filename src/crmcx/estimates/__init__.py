"""Numbers with receipts: estimates, tables of estimates, definitions, and the kernels that make intervals."""

from crmcx.estimates.asked import Asked
from crmcx.estimates.estimate import Definition, Estimate, Interval, Pairs, Receipt
from crmcx.estimates.intervals import effective_size, nps_interval, wilson_interval
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
    "Receipt",
    "Sums",
    "effective_size",
    "nps_interval",
    "quantile_of",
    "table_of",
    "wilson_interval",
]
