"""Why there is no score, as it was kept with the analysis."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from sessions_app.engine_words.kept import retold

REASONS = (
    gettext_noop("There is not enough of the patient's speech."),
    gettext_noop("The checkpoint %(name)s does not score depression."),
    gettext_noop("The checkpoint %(name)s does not score valence."),
    gettext_noop("The checkpoint %(name)s does not score arousal."),
)
"""The engine's own. A clinic's rules are kept as `sessions_app.errors` has them, and are marked there."""


def reason_words(kept: str | None) -> str:
    """The sentence, or an empty string where there is none."""
    return retold(str(kept), REASONS) if kept else ""
