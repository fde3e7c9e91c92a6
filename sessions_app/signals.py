"""News of clinic work for whoever listens.

``record_changed(sender, patient_id)``: sent inside the transaction in which something of a patient was added, changed
or taken away that may be a reason to look at them, after it was written and with no job held.
"""

from __future__ import annotations

from django.dispatch import Signal

record_changed = Signal()
