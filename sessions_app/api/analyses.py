"""Analyses: what was measured in a recording, as the caller may see it."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access_log
from accounts.policy import Action
from inference.models import Analysis
from sessions_app.api.contract import Shown
from sessions_app.api.contract_schema import (
    CheckpointSerializer,
    ContractSerializer,
    TimelineSerializer,
    TurnSerializer,
)
from sessions_app.api.filters import VisibleFilter
from sessions_app.api.links import link
from sessions_app.api.resource import Resource
from sessions_app.models import Reason, Recording, Verdict
from sessions_app.recordings import log
from sessions_app.scores import ScoreGate


class ReviewSerializer(serializers.Serializer[Any]):
    """What a counselor said of an analysis."""

    verdict = serializers.ChoiceField(
        choices=Verdict.choices, help_text="What is `set_aside` must count for nothing that is computed from scores."
    )
    reason = serializers.ChoiceField(choices=Reason.choices, allow_blank=True)
    reviewed_at = serializers.DateTimeField()


class AnalysisSerializer(ContractSerializer):
    """The contract of `manage.py analyze --json` without its arrays, and what the analysis belongs to."""

    id = serializers.UUIDField()
    url = serializers.SerializerMethodField()
    recording = serializers.UUIDField()
    session = serializers.UUIDField()
    patient = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    review = ReviewSerializer(allow_null=True, help_text="`null` where nobody reviewed it, or no score is shown.")
    timeline_url = serializers.SerializerMethodField()

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, analysis: dict[str, Any]) -> str | None:
        """Its address."""
        return link(self.context["request"], "analysis", analysis["id"])

    @extend_schema_field(OpenApiTypes.URI)
    def get_timeline_url(self, analysis: dict[str, Any]) -> str | None:
        """Where its arrays are."""
        return link(self.context["request"], "analysis-timeline", analysis["id"])


class RecordingAnalysisSerializer(AnalysisSerializer):
    """An analysis among all those of its recording."""

    is_shown = serializers.BooleanField(help_text="Whether it is the one that stands for the recording.")


class AnalysisTimelineSerializer(serializers.Serializer[Any]):
    """How the scores run over the recording, who spoke when, and the waveform."""

    id = serializers.UUIDField()
    checkpoint = CheckpointSerializer()
    pipeline_version = serializers.CharField()
    timeline = TimelineSerializer()
    turns = TurnSerializer(many=True)
    peaks = serializers.ListField(
        child=serializers.FloatField(), help_text="Extremes of the waveform in -1..1, equally spaced."
    )


class AnalysisFilter(filters.FilterSet):  # type: ignore[misc]
    """Narrows the list of analyses."""

    patient = VisibleFilter(kind="patient", field_name="recording__session__patient")
    session = VisibleFilter(kind="session", field_name="recording__session")


class AnalysisResource(Resource[Analysis]):
    """Analyses are seen through the recording in which they were made."""

    kind = "analysis"
    needs = {"GET": Action.SEE_SCORES}
    serializer_class: type[serializers.Serializer[Any]] = AnalysisSerializer
    queryset = Analysis.objects.all()

    def get_queryset(self) -> QuerySet[Analysis]:
        """Those that recordings show now, through the scoped door."""
        recordings = Recording.objects.visible_to(self.request.user)
        return (
            Analysis.objects.filter(recording__in=recordings)
            .select_related("recording__session__patient__clinic", "recording__job", "confirmation", "review")
            .prefetch_related("recording__session__patient__consents")
        )

    def with_earlier(self) -> QuerySet[Analysis]:
        """As `get_queryset`, and those that others have replaced."""
        recordings = Recording.objects.visible_to(self.request.user)
        return Analysis.objects.filter(subject__in=recordings.values("id")).select_related("confirmation", "review")

    def recording_of(self, recording_id: uuid.UUID) -> Recording:
        """The recording, with all that `shown` asks of it. It was found to be visible before."""
        recordings = Recording.objects.visible_to(self.request.user).select_related("session__patient__clinic", "job")
        return recordings.prefetch_related("session__patient__consents").get(id=recording_id)

    def shown(self, analysis: Analysis, recording: Recording, *, with_timeline: bool = False) -> dict[str, Any]:
        """The analysis as the caller may see it."""
        recording.analysis = analysis
        patient = recording.session.patient
        gate = ScoreGate.for_patient(self.user, patient.clinic, list(patient.consents.all()))
        shown = Shown.of_recording(recording, gate, with_timeline=with_timeline)
        origin = {"recording": recording.id, "session": recording.session_id, "patient": patient.id}
        return {
            "id": analysis.id,
            **origin,
            "created_at": analysis.created_at,
            "review": getattr(analysis, "review", None) if gate.why_hidden(recording.session) is None else None,
            **shown.as_dict(file=recording.original_name),
            "peaks": shown.peaks,
        }

    def shown_alone(self, analysis: Analysis, *, with_timeline: bool = False) -> dict[str, Any]:
        """As `shown`, for one of `with_earlier`."""
        recording = self.recording_of(cast(uuid.UUID, analysis.subject))
        return self.shown(analysis, recording, with_timeline=with_timeline)


class AnalysisList(AnalysisResource):
    """All analyses that the caller may see."""

    filterset_class = AnalysisFilter

    @extend_schema(operation_id="analyses_list", summary="List analyses", responses=AnalysisSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Analyses of the caller's patients, newest first, without their arrays."""
        return self.page()

    def paginate_queryset(self, queryset: Any) -> list[Any]:
        """The page's rows as the caller may see them."""
        return [self.shown(analysis, analysis.recording) for analysis in super().paginate_queryset(queryset) or []]


class RecordingAnalyses(AnalysisResource):
    """Every analysis of one recording."""

    serializer_class = RecordingAnalysisSerializer

    @extend_schema(
        operation_id="recordings_analyses",
        summary="List all analyses of a recording, earlier ones too",
        responses=RecordingAnalysisSerializer(many=True),
    )
    def get(self, request: Request, recording_id: uuid.UUID) -> Response:
        """Newest first, all at once. `is_shown` is true for the one that stands for the recording everywhere else.

        Scores of two origins (`checkpoint`, `pipeline_version`) cannot be compared with each other.
        """
        recording = self._found(recording_id)
        current = recording.analysis_id
        rows = self.with_earlier().filter(subject=recording_id)
        listed = [self.shown(row, recording) | {"is_shown": row.id == current} for row in rows]
        log(self.user, recording, "list_analyses")
        return Response(self.get_serializer(listed, many=True).data)

    def _found(self, recording_id: uuid.UUID) -> Recording:
        try:
            return self.recording_of(recording_id)
        except Recording.DoesNotExist as error:
            access_log.record(
                actor=self.user, action="read", object_kind="recording", object_id=recording_id, allowed=False
            )
            raise NotFound from error


class AnalysisDetail(AnalysisResource):
    """One analysis."""

    @extend_schema(operation_id="analyses_retrieve", summary="Read an analysis")
    def get(self, request: Request, analysis_id: uuid.UUID) -> Response:
        """Quality, measures, scores with interval and state, and the checkpoint that made them.

        Where the clinic's policy or a missing consent hides a score, its state is `unavailable` and `reason` says why.
        """
        row = self.found(self.with_earlier(), id=analysis_id)
        analysis = self.shown_alone(row)
        self.log("read", object_id=analysis_id, patient_id=analysis["patient"])
        return Response(self.get_serializer(analysis).data)


class AnalysisTimeline(AnalysisResource):
    """The arrays of one analysis."""

    serializer_class = AnalysisTimelineSerializer

    @extend_schema(operation_id="analyses_timeline", summary="Read an analysis over its recording")
    def get(self, request: Request, analysis_id: uuid.UUID) -> Response:
        """Parallel arrays, one entry per window; `null` where a score cannot be given or shown.

        Without consent all arrays are empty: who spoke when is voice analysis too.
        """
        row = self.found(self.with_earlier().select_related("timeline"), id=analysis_id)
        analysis = self.shown_alone(row, with_timeline=True)
        self.log("read_timeline", object_id=analysis_id, patient_id=analysis["patient"])
        return Response(self.get_serializer(analysis).data)
