"""Run the road over the public data sets: `python -m examples.public_data FOLDER`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import perf_counter

from crmcx import CrmcxError, Workspace
from examples.public_data import crm_opportunities, incident_log, online_retail, sfo_survey, web_clickstream
from examples.public_data.publication import Example

EXAMPLES: tuple[Example, ...] = tuple(
    module.EXAMPLE for module in (crm_opportunities, online_retail, incident_log, sfo_survey, web_clickstream)
)


def show(example: Example, folder: Path) -> None:
    """Load one data set and print what it says."""
    begun = perf_counter()
    print(f"\n{example.title}")
    for publication in example.publications:
        print(f"  {publication.file}: {publication.publisher}; {publication.licence}")
    with Workspace(":memory:") as workspace:
        example.connect(workspace, folder)
        print(workspace.sync())
        for asked, said in example.ask(workspace):
            print(f"\n  {asked}")
            print("\n".join(f"    {line}" for line in said.splitlines()))
    print(f"\n  {perf_counter() - begun:.1f} s")


def main() -> int:
    """Run all of them; 2 when a file is missing or another."""
    parser = argparse.ArgumentParser(description="Run the road over five public data sets.")
    parser.add_argument("folder", type=Path, help="the folder that holds a folder per data set")
    folder = parser.parse_args().folder
    try:
        for example in EXAMPLES:
            show(example, folder)
    except CrmcxError as error:
        print(f"crmcx: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
