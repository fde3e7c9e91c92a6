"""What one thing adds to another, in milliseconds.

Both are timed in turn, so that whatever else the machine does falls on both alike. Added is the difference of the two
percentiles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PERCENTILES = (50, 95)


@dataclass(frozen=True, slots=True)
class AddedCost:
    """Milliseconds of each run with what is measured and without, and how much it may add to 95 of 100."""

    whole: list[float]
    bare: list[float]
    limit_ms: float

    def at(self, percentile: int) -> tuple[float, float, float]:
        """With it, without it, and what it adds."""
        whole, bare = (float(np.percentile(spent, percentile)) for spent in (self.whole, self.bare))
        return whole, bare, whole - bare

    @property
    def reached(self) -> bool:
        """Whether 95 of 100 are as quick as they must be."""
        return self.at(95)[2] <= self.limit_ms

    def table(self, *, what: str, column: str, runs: str) -> str:
        """To read: ``runs`` says what was timed, ``column`` heads the times with ``what``."""
        lines = [
            f"{len(self.whole)} {runs} each way, in turn, on one connection; milliseconds",
            "",
            f"  {'':<12}{column:>10}{'bare':>10}{'added':>10}",
        ]
        lines += [
            f"  {f'p{place}':<12}" + "".join(f"{spent:>10.2f}" for spent in self.at(place)) for place in PERCENTILES
        ]
        verdict = "reached" if self.reached else "NOT REACHED"
        asked = f"{f'{what} adds at p95, ms':<34} {self.at(95)[2]:9.4g} {f'<= {self.limit_ms:g}':<10} {verdict}"
        return "\n".join([*lines, "", asked])
