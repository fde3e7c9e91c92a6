"""The shape of the analysis contract, for the API's description and for writing it out."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from inference.speakers import METHODS

STATES = ["low", "indeterminate", "elevated", "unavailable"]
SPEAKERS = ["patient", "counselor", "other"]

Fields = serializers.Serializer[Any]


class CheckSerializer(Fields):
    """One question about the recording's quality."""

    code = serializers.CharField()
    ok = serializers.BooleanField()
    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    message = serializers.CharField()


class QualitySerializer(Fields):
    """May this recording be scored? When `ok` is false, scores are indeterminate."""

    ok = serializers.BooleanField()
    checks = CheckSerializer(many=True)


class CheckpointSerializer(Fields):
    """Which weights made the scores, and the line that must stand beside them."""

    name = serializers.CharField()
    version = serializers.CharField()
    sha256 = serializers.CharField()
    label = serializers.CharField(help_text="Show this wherever you show a score.")  # type: ignore[assignment]


class ScoreSerializer(Fields):
    """A score in 0..1 with its 90 % interval, or `unavailable` with the reason."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    state = serializers.ChoiceField(choices=STATES)
    reason = serializers.CharField(required=False, help_text="Only for an unavailable score.")


class ScoresSerializer(Fields):
    """One score per head of the model; 0.5 is neutral for valence and arousal."""

    depression = ScoreSerializer()
    valence = ScoreSerializer()
    arousal = ScoreSerializer()


class MeasureSerializer(Fields):
    """One acoustic measure; `null` where it cannot be measured or shown."""

    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()


class TimelineSerializer(Fields):
    """Parallel arrays, one entry per window; times in seconds."""

    start = serializers.ListField(child=serializers.FloatField())
    end = serializers.ListField(child=serializers.FloatField())
    depression = serializers.ListField(child=serializers.FloatField(allow_null=True))
    valence = serializers.ListField(child=serializers.FloatField(allow_null=True))
    arousal = serializers.ListField(child=serializers.FloatField(allow_null=True))


class TurnSerializer(Fields):
    """Uninterrupted speech of one speaker, in seconds."""

    start = serializers.FloatField()
    end = serializers.FloatField()
    speaker = serializers.ChoiceField(choices=SPEAKERS)


class ContractSerializer(Fields):
    """The keys of `manage.py analyze --json` that are not arrays over time."""

    file = serializers.CharField()
    sha256 = serializers.CharField()
    duration = serializers.FloatField(help_text="Seconds of the recording.")
    speech_seconds = serializers.FloatField(
        allow_null=True, help_text="Seconds of the patient's voice that the scores rest on; `null` without consent."
    )
    speaker_method = serializers.ChoiceField(
        choices=METHODS, allow_null=True, help_text="How the patient was told from others; `null` without consent."
    )
    patient_assumed = serializers.BooleanField(
        allow_null=True,
        help_text="Whether who the patient is was assumed, and nobody has confirmed it; `null` without consent.",
    )
    excluded_seconds = serializers.FloatField(
        allow_null=True, help_text="Speech left out because two spoke at once or it was not clear who did."
    )
    quality = QualitySerializer(allow_null=True, help_text="`null` without consent.")
    checkpoint = CheckpointSerializer()
    pipeline_version = serializers.CharField()
    scores = ScoresSerializer()
    biomarkers = serializers.DictField(child=MeasureSerializer())
    timings = serializers.DictField(
        child=serializers.FloatField(), help_text="Seconds of work per stage; empty without consent."
    )


class FullContractSerializer(ContractSerializer):
    """All keys of `manage.py analyze --json`."""

    timeline = TimelineSerializer()
    turns = TurnSerializer(many=True)
