"""One recording in, one answer out: ``POST /api/v1/analyze-vocal-health``."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import method_decorator
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import Action
from inference.models import Analysis
from inference.results import HeadName, Score
from sessions_app import snapshots
from sessions_app.api.contract import Shown
from sessions_app.api.contract_schema import FullContractSerializer
from sessions_app.api.parsers import UploadParser
from sessions_app.api.resource import Resource
from sessions_app.api.throttles import PerScope, PerUser
from sessions_app.models import PatientChannel
from sessions_app.storage import display_name

LOW_FLAT, NORMAL = "Low/Flat", "Normal"
FOLLOW_UP, BASELINE = "Suggest follow-up", "Normal baseline"


def valence_word(valence: Score) -> str | None:
    """``Low/Flat`` when the whole interval lies below the checkpoint's threshold, ``None`` without a score."""
    if valence.state == "unavailable":
        return None
    return LOW_FLAT if valence.state == "low" else NORMAL


def recommendation(scores: dict[HeadName, Score]) -> str:
    """Whether the voice alone is a reason to look again. A state is only ever low or elevated when it is reliable."""
    depression, valence = scores["depression"], scores["valence"]
    return FOLLOW_UP if depression.state == "elevated" or valence.state == "low" else BASELINE


def reason(scores: dict[HeadName, Score]) -> str:
    """A sentence that says what the recommendation rests on, and when that is little."""
    depression, valence = scores["depression"], scores["valence"]
    if recommendation(scores) == FOLLOW_UP:
        heard = "Depressive speech is elevated" if depression.state == "elevated" else "The voice sounds low or flat"
        return f"{heard}. This supports a clinician's judgement and is no diagnosis."
    heard = f"Depressive speech is {depression.state} and {_valence_half(valence)}"
    if depression.state == "low":
        return f"{heard}."
    return f"{heard}, so this recording gives no reason for or against follow-up."


def _valence_half(valence: Score) -> str:
    if valence.state == "elevated":
        return "the voice does not sound low or flat"
    return f"valence is {valence.state}"


class SnapshotUploadSerializer(serializers.Serializer[Any]):
    """The form."""

    file = serializers.FileField(allow_empty_file=True)
    patient_channel = serializers.ChoiceField(choices=PatientChannel.choices, default=PatientChannel.UNKNOWN)


class SnapshotSerializer(serializers.Serializer[Any]):
    """The answer in short, and the whole analysis."""

    status = serializers.CharField(help_text="Always `completed`; anything else is a problem.")
    depression_probability = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    emotional_valence = serializers.ChoiceField(choices=[LOW_FLAT, NORMAL], allow_null=True)
    recommendation = serializers.ChoiceField(choices=[FOLLOW_UP, BASELINE])
    reason = serializers.CharField(help_text="What the recommendation rests on.")
    analysis = FullContractSerializer()


class Snapshot(Resource[Analysis]):
    """Analyses a file while the caller waits."""

    kind = "recording"
    needs = {"POST": Action.SNAPSHOT}
    http_method_names = ["post"]
    parser_classes = [UploadParser]
    throttle_classes = [PerUser, PerScope]
    throttle_scope: ClassVar[str] = "snapshot"
    serializer_class = SnapshotUploadSerializer
    queryset = Analysis.objects.none()

    # The worker must see the job while this request is still waiting, whatever ATOMIC_REQUESTS says.
    @method_decorator(transaction.non_atomic_requests)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer outside a transaction."""
        return super().dispatch(request, *args, **kwargs)

    @extend_schema(
        operation_id="analyze_vocal_health",
        summary="Analyse one file now and keep nothing",
        request=SnapshotUploadSerializer,
        responses=SnapshotSerializer,
        examples=[
            OpenApiExample(
                "In short",
                value={
                    "status": "completed",
                    "depression_probability": 0.31,
                    "emotional_valence": NORMAL,
                    "recommendation": BASELINE,
                    "reason": "Depressive speech is low and the voice does not sound low or flat.",
                    "analysis": {"sha256": "…", "speech_seconds": 42.1},
                },
                response_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Wait for the analysis of one recording; neither the audio nor the result is kept.

        503 with `Retry-After` when no worker has its model loaded or the workers are too busy. It supports a
        clinician's judgement and is never a diagnosis.
        """
        form = self.checked()
        row = snapshots.snapshot_analyze(user=self.user, upload=form["file"], patient_channel=form["patient_channel"])
        analysis = Shown.of_snapshot(row).as_dict(file=display_name(form["file"].name))
        answer = {
            "status": "completed",
            "depression_probability": analysis["scores"]["depression"]["value"],
            "emotional_valence": valence_word(row.scores["valence"]),
            "recommendation": recommendation(row.scores),
            "reason": reason(row.scores),
            "analysis": analysis,
        }
        return Response(SnapshotSerializer(answer).data)
