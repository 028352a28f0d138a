"""Numbers with receipts: estimates, tables of estimates, definitions, and the kernels that make intervals."""

from crmcx.estimates.asked import Asked
from crmcx.estimates.difference import Difference, difference
from crmcx.estimates.estimate import Definition, Estimate, Interval, Pairs, Receipt
from crmcx.estimates.intervals import effective_size, nps_interval, wilson_interval
from crmcx.estimates.means import (
    RatioSums,
    difference_of_shares_interval,
    mean_interval,
    poisson_interval,
    ratio_interval,
)
from crmcx.estimates.planning import Plan, nps_spread, power_of, sample_size, share_spread, smallest_difference
from crmcx.estimates.segments import Comparison, SegmentComparison, compare_segments, holm
from crmcx.estimates.sums import Sums
from crmcx.estimates.survival import Durations, Step, has_gap, quantile_of, restricted_mean, steps_of
from crmcx.estimates.table import EstimateTable, table_of
from crmcx.estimates.waves import Change, Trend, change_test, trend

__all__ = [
    "Asked",
    "Change",
    "Comparison",
    "Definition",
    "Difference",
    "Durations",
    "Estimate",
    "EstimateTable",
    "Interval",
    "Pairs",
    "Plan",
    "RatioSums",
    "Receipt",
    "SegmentComparison",
    "Step",
    "Sums",
    "Trend",
    "change_test",
    "compare_segments",
    "difference",
    "difference_of_shares_interval",
    "effective_size",
    "has_gap",
    "holm",
    "mean_interval",
    "nps_interval",
    "nps_spread",
    "poisson_interval",
    "power_of",
    "quantile_of",
    "ratio_interval",
    "restricted_mean",
    "sample_size",
    "share_spread",
    "smallest_difference",
    "steps_of",
    "table_of",
    "trend",
    "wilson_interval",
]
