"""Prints the figures of a checkpoint on the held-out engine and writes them on its card.

    python -m inference.training.evaluate_demo

Needs the ``train`` extra and flite. Without ``--keep`` nothing is written.
"""

from __future__ import annotations

import argparse
import json

from inference import checkpoints
from inference.training import evaluate, trials
from inference.training.train_demo import TARGET


def main() -> None:
    """Evaluates the demonstration checkpoint."""
    parser = argparse.ArgumentParser(description="Figures of the demonstration checkpoint on a held-out engine.")
    parser.add_argument("--clips", type=int, default=48, help="clips per voice")
    parser.add_argument("--doses", type=int, default=3, help="utterances per voice and cue")
    parser.add_argument("--tuning", action="store_true", help="on the voices that choices are made on")
    parser.add_argument("--keep", action="store_true", help="write the figures on the card")
    options = parser.parse_args()
    checkpoint = checkpoints.load(checkpoints.DEMO)
    print(f"{checkpoint.identity.name} {checkpoint.identity.version}, {checkpoint.label}")
    cast = trials.FOR_TUNING if options.tuning else trials.HELD_OUT
    ear = evaluate.Ear(checkpoint)
    found = list(evaluate.figures(ear, cast, clips_per_voice=options.clips, doses_per_voice=options.doses))
    print(evaluate.table(found))
    if options.keep and not options.tuning:
        card = json.loads((TARGET / checkpoints.CARD_FILE).read_text(encoding="utf-8"))
        evaluation = {"engine": "flite", "clips_per_voice": options.clips, "utterances_per_cue": options.doses * 5}
        checkpoints.write_card(TARGET, {**card, "evaluation": evaluation, "metrics": evaluate.metrics(found)})


if __name__ == "__main__":
    main()
