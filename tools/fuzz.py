"""Long runs of the proof machine of docs/testing.md: draws without end, compared with torch; exits 1 if
anything disagrees. What the tests run for seconds runs here for hours.

    python tools/fuzz.py ops --draws 1000000 --seed 0 --jobs 2
    python tools/fuzz.py ops --only Conv2d,MaxPool2d --draws 20000
    python tools/fuzz.py ops --replay Conv2d:0:1234         # one draw, as a disagreement names it
    python tools/fuzz.py networks --draws 10000
    python tools/fuzz.py symbols --draws 1000
    python tools/fuzz.py front --draws 200000 --jobs 2      # broken specs: --only bytes,tokens,tree
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

CAMPAIGNS = {
    "ops": ("tests.proof.campaign", "every op against torch: verdict, types, parameters, MACs, values"),
    "networks": ("tests.proof.networks_campaign", "random networks against torch and onnxruntime"),
    "symbols": ("tests.proof.symbols_campaign", "symbolic sizes against brute force"),
    "front": ("tests.proof.front_campaign", "broken specs: what may never be, whatever the input"),
}
"""The module of each campaign: `fuzz(options)` runs it, prints what it finds, and gives the exit code."""


def main() -> int:
    options = parser().parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    module, _ = CAMPAIGNS[options.campaign]
    code: int = import_module(module).fuzz(options)
    return code


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    campaigns = made.add_subparsers(dest="campaign", required=True)
    for name, (_, text) in CAMPAIGNS.items():
        campaign = campaigns.add_parser(name, help=text, description=text)
        campaign.add_argument("--draws", type=int, default=10_000, help="how many in all")
        campaign.add_argument("--seed", type=int, default=0)
        campaign.add_argument("--only", default="", help="names, with commas between")
        campaign.add_argument("--jobs", type=int, default=1, help="processes")
        campaign.add_argument("--replay", default="", help="one draw, as a disagreement names it")
    return made


if __name__ == "__main__":
    sys.exit(main())
