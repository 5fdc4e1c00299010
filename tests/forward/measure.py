"""``python -m tests.forward.measure``: how often a suggestion is given, and how often it is right."""

from __future__ import annotations

import time

from tests.forward.register import decisions
from workers.forward.suggest import train

TEST = 3000


def main() -> None:
    for count in (200, 500, 1500, 5000, 10000):
        began = time.process_time()
        suggester = train(decisions(count, seed=11))
        took = time.process_time() - began
        if suggester is None:
            raise SystemExit("too little to learn from")
        shares = []
        for unseen in (False, True):
            given = [(suggester.suggest(record), unit) for record, unit in decisions(TEST, seed=12, unseen=unseen)]
            spoken = [(suggestion.unit, unit) for suggestion, unit in given if suggestion]
            shares.append(f"{len(spoken) / TEST:.1%} / {sum(a == b for a, b in spoken) / len(spoken):.1%}")
        print(f"{count:6} decisions: known topics {shares[0]}, new topics {shares[1]}, {took:.2f} s")


if __name__ == "__main__":
    main()
