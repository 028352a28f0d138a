"""What lifetimes and lifelines take for the same tables, in an environment of their own: prints seconds.

The frame is in memory before the clock starts. lifetimes scores nothing: its summary of recency, frequency and value is
what is timed, without the scores on top.
"""

import sys
import warnings
from statistics import median
from time import perf_counter

import pandas as pd

ROUNDS = 3
warnings.simplefilter("ignore")


def rfm(frame):
    from lifetimes.utils import summary_data_from_transaction_data  # noqa: PLC0415 - each rival is loaded alone

    frame = frame.assign(day=pd.to_datetime(frame["placed_us"], unit="us"), amount=frame["total_micros"] / 1e6)
    begun = perf_counter()
    summary_data_from_transaction_data(
        frame, "person_id", "day", monetary_value_col="amount", observation_period_end="2026-01-01"
    )
    return perf_counter() - begun


def kaplan_meier(frame):
    from lifelines import KaplanMeierFitter  # noqa: PLC0415 - each rival is loaded alone

    end = 2_190 * 86_400_000_000
    frame = frame[frame["started_us"] <= end]
    begun = perf_counter()
    done = frame["ended_us"].notna() & (frame["ended_us"] <= end)
    lengths = frame["ended_us"].where(done, end) - frame["started_us"]
    KaplanMeierFitter().fit(lengths / 86_400_000_000, done)
    return perf_counter() - begun


if __name__ == "__main__":
    ask = {"rfm": rfm, "kaplan_meier": kaplan_meier}[sys.argv[1]]
    table = pd.read_parquet(sys.argv[2])
    print(median(ask(table) for _ in range(ROUNDS)))
