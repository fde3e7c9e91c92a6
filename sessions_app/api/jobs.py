"""Analysis jobs: how far is it, what went wrong, try again, cancel."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import Action, may
from inference.models import JobState
from inference.stages import STAGE_LABELS
from sessions_app import identification, recordings
from sessions_app.api.links import link
from sessions_app.api.problems import Conflict
from sessions_app.api.resource import Resource
from sessions_app.job_facts import JobFacts, facts_of
from sessions_app.models import PatientChannel, Recording
from sessions_app.scores import is_covered


class JobErrorSerializer(serializers.Serializer[Any]):
    """Why a job failed."""

    code = serializers.CharField()
    message = serializers.CharField()


EXAMPLE = {
    "id": "7f8e1f0a-6c3b-4c2e-8f1c-2f6f5d1f0b11",
    "url": "https://clinic.example/api/v1/jobs/7f8e1f0a-6c3b-4c2e-8f1c-2f6f5d1f0b11",
    "state": "running",
    "stage": "model",
    "stage_label": STAGE_LABELS["model"],
    "progress": 0.5,
    "attempt": 1,
    "error": None,
    "created_at": "2026-03-02T09:55:00Z",
    "started_at": "2026-03-02T09:55:02Z",
    "finished_at": None,
    "recording": "0b7c4c36-95e5-4a49-9b43-5d2e5ab1d6a2",
    "recording_url": "https://clinic.example/api/v1/recordings/0b7c4c36-95e5-4a49-9b43-5d2e5ab1d6a2",
    "analysis": None,
    "analysis_url": None,
}


@extend_schema_serializer(examples=[OpenApiExample("A job that is running", value=EXAMPLE, response_only=True)])
class JobSerializer(serializers.Serializer[Recording]):
    """The job that analyses one recording."""

    id = serializers.UUIDField(source="job.id")
    url = serializers.SerializerMethodField()
    state = serializers.ChoiceField(source="job.state", choices=JobState.choices)
    stage = serializers.SerializerMethodField(help_text="Code of the stage that is running, or empty.")
    stage_label = serializers.SerializerMethodField(help_text="The stage in words.")
    progress = serializers.SerializerMethodField(help_text="From 0 to 1; without consent 0 until it is done.")
    attempt = serializers.IntegerField(source="job.attempt")
    error = serializers.SerializerMethodField(help_text="Only for a failed job.")
    created_at = serializers.DateTimeField(source="job.created_at")
    started_at = serializers.DateTimeField(source="job.started_at", allow_null=True)
    finished_at = serializers.DateTimeField(source="job.finished_at", allow_null=True)
    recording = serializers.UUIDField(source="id")
    recording_url = serializers.SerializerMethodField()
    analysis = serializers.SerializerMethodField(help_text="Id of the analysis, for those who may see it.")
    analysis_url = serializers.SerializerMethodField()

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, recording: Recording) -> str | None:
        """Where to ask again."""
        return link(self.context["request"], "job", recording.job_id)

    def get_stage(self, recording: Recording) -> str:
        """The stage, as it may be told."""
        return _facts(recording).stage

    def get_stage_label(self, recording: Recording) -> str:
        """The stage in words; between stages, the state."""
        return STAGE_LABELS.get(_facts(recording).stage) or recording.job.get_state_display()

    @extend_schema_field(serializers.FloatField(min_value=0, max_value=1))
    def get_progress(self, recording: Recording) -> float:
        """How far it is, as it may be told."""
        return _facts(recording).progress

    @extend_schema_field(JobErrorSerializer(allow_null=True))
    def get_error(self, recording: Recording) -> dict[str, str] | None:
        """Code and sentence, as they may be told."""
        facts = _facts(recording)
        return {"code": facts.error_code, "message": facts.error_message} if facts.error_code else None

    @extend_schema_field(OpenApiTypes.URI)
    def get_recording_url(self, recording: Recording) -> str | None:
        """The recording's address."""
        return link(self.context["request"], "recording", recording.id)

    def get_analysis(self, recording: Recording) -> uuid.UUID | None:
        """The analysis' id, unless it is not this person's to read, or an earlier job's."""
        mine = may(self.context["request"].user, Action.SEE_SCORES)
        return recording.analysis_id if mine and recording.job.state == JobState.SUCCEEDED else None

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_analysis_url(self, recording: Recording) -> str | None:
        """The analysis' address."""
        return link(self.context["request"], "analysis", self.get_analysis(recording))


def with_facts(recordings: QuerySet[Recording]) -> QuerySet[Recording]:
    """``recordings`` with all that is asked of them before something of their jobs is told."""
    return recordings.select_related("job", "session__patient__clinic").prefetch_related("session__patient__consents")


def _facts(recording: Recording) -> JobFacts:
    return facts_of(recording.job, has_consent=is_covered(recording.session))


class JobResource(Resource[Recording]):
    """Jobs are seen through the recording that they analyse."""

    kind = "job"
    serializer_class = JobSerializer
    queryset = Recording.objects.all()

    def get_queryset(self) -> QuerySet[Recording]:
        """Through the scoped door."""
        return with_facts(Recording.objects.visible_to(self.request.user))

    def of_job(self, job_id: uuid.UUID) -> Recording:
        """The recording that this job analyses."""
        return self.found(self.get_queryset(), job_id=job_id)


class JobDetail(JobResource):
    """One job."""

    needs = {"GET": Action.LIST_PATIENTS}

    @extend_schema(operation_id="jobs_retrieve", summary="Ask how far an analysis is")
    def get(self, request: Request, job_id: uuid.UUID) -> Response:
        """State, stage and progress; poll until `state` is `succeeded`, `failed` or `cancelled`."""
        recording = self.of_job(job_id)
        self.log("read", object_id=job_id, patient_id=recording.session.patient_id)
        return Response(self.get_serializer(recording).data)


class RetrySerializer(serializers.Serializer[Any]):
    """What may be said when a job is tried again."""

    patient_channel = serializers.ChoiceField(
        choices=PatientChannel.choices,
        required=False,
        help_text="For a job that failed with `bad_channel`: the channel to name instead, or empty for none.",
    )


class JobRetry(JobResource):
    """Trying a failed job again."""

    needs = {"POST": Action.RETRY_ANALYSIS}

    @extend_schema(
        operation_id="jobs_retry",
        summary="Try a failed analysis again",
        request=RetrySerializer,
        responses={202: JobSerializer},
    )
    def post(self, request: Request, job_id: uuid.UUID) -> Response:
        """Queue a failed or cancelled job again, with three new attempts; 409 when it is in another state.

        A job that failed with `bad_channel` needs `patient_channel`. Then it is a new job that is answered.
        """
        recording = self.of_job(job_id)
        said = RetrySerializer(data=request.data)
        said.is_valid(raise_exception=True)
        if "patient_channel" in said.validated_data:
            self._name_channel(recording, PatientChannel(said.validated_data["patient_channel"]))
        elif not recordings.recording_retry(user=self.user, recording=recording):
            raise Conflict("Only a failed or cancelled analysis can be tried again.", code="job_not_failed")
        answer = self.get_serializer(self.get_queryset().get(id=recording.id)).data
        return Response(answer, status=202, headers={"Location": answer["url"]})

    def _name_channel(self, recording: Recording, channel: PatientChannel) -> None:
        if not identification.patient_channel_name(user=self.user, recording=recording, channel=channel):
            raise Conflict("Another channel helps only where the one before did not fit.", code="channel_not_asked")


class JobCancel(JobResource):
    """Ending a job that nobody wants any more."""

    needs = {"POST": Action.CANCEL_ANALYSIS}

    @extend_schema(
        operation_id="jobs_cancel",
        summary="Cancel a waiting or running analysis",
        request=None,
        responses={200: JobSerializer},
    )
    def post(self, request: Request, job_id: uuid.UUID) -> Response:
        """End a waiting or running job without a result; 409 when it has ended already. It can be tried again."""
        if not recordings.analysis_cancel(user=self.user, recording=self.of_job(job_id)):
            raise Conflict("Only an analysis that waits or runs can be cancelled.", code="job_not_open")
        return Response(self.get_serializer(self.of_job(job_id)).data)
