"""Recordings: upload one, see what became of it, delete it."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import Action
from sessions_app import recordings, uploads
from sessions_app.api.filters import VisibleFilter
from sessions_app.api.jobs import JobSerializer, with_facts
from sessions_app.api.links import link
from sessions_app.api.parsers import UploadParser
from sessions_app.api.resource import Resource, VisibleField
from sessions_app.models import PatientChannel, Recording, Session


class RecordingSerializer(serializers.ModelSerializer[Recording]):
    """A recording of a session, with the job that analyses it."""

    url = serializers.SerializerMethodField()
    patient = serializers.UUIDField(source="session.patient_id")
    job = JobSerializer(source="*")

    class Meta:
        model = Recording
        fields = [
            "id",
            "url",
            "session",
            "patient",
            "original_name",
            "sha256",
            "size",
            "patient_channel",
            "uploaded_at",
            "audio_removed_at",
            "job",
        ]
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, recording: Recording) -> str | None:
        """Its address."""
        return link(self.context["request"], "recording", recording.id)


class RecordingUploadSerializer(serializers.Serializer[Any]):
    """The form of an upload."""

    session = VisibleField(kind="session", queryset=Session.objects.select_related("patient__clinic"))
    # An empty file has an error code of its own, the same on pages and command line.
    file = serializers.FileField(allow_empty_file=True)
    patient_channel = serializers.ChoiceField(
        choices=PatientChannel.choices,
        default=PatientChannel.UNKNOWN,
        help_text="For stereo: the channel with the patient's microphone.",
    )


class RecordingFilter(filters.FilterSet):  # type: ignore[misc]
    """Narrows the list of recordings."""

    patient = VisibleFilter(kind="patient", field_name="session__patient")
    session = VisibleFilter(kind="session")


class RecordingResource(Resource[Recording]):
    """What the list and the single recording share."""

    kind = "recording"
    ordered_by = "uploaded_at"
    parser_classes = [UploadParser]
    serializer_class = RecordingSerializer
    queryset = Recording.objects.all()

    def get_queryset(self) -> QuerySet[Recording]:
        """Through the scoped door."""
        return with_facts(Recording.objects.visible_to(self.request.user))


class RecordingList(RecordingResource):
    """All recordings that the caller may see."""

    needs = {"GET": Action.LIST_PATIENTS, "POST": Action.UPLOAD_RECORDING}
    filterset_class = RecordingFilter

    @extend_schema(operation_id="recordings_list", summary="List recordings", responses=RecordingSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Recordings of the patients that the caller may see, newest first."""
        return self.page()

    @extend_schema(
        operation_id="recordings_create",
        summary="Upload a recording",
        request=RecordingUploadSerializer,
        responses={200: RecordingSerializer, 202: RecordingSerializer},
    )
    def post(self, request: Request) -> Response:
        """Keep a recording and queue its analysis: 202 with the job to poll, whose address is in `Location`.

        The same bytes for the same session give the same recording: 202 while it waits or runs, 200 when it is done.
        """
        upload = RecordingUploadSerializer(data=request.data, context=self.get_serializer_context())
        upload.is_valid(raise_exception=True)
        values = upload.validated_data
        recording = uploads.recording_add(
            user=self.user,
            session=values["session"],
            upload=values["file"],
            patient_channel=PatientChannel(values["patient_channel"]),
        )
        recording = self.get_queryset().get(id=recording.id)
        answer = self.get_serializer(recording).data
        status = 202 if recording.job.is_open else 200
        return Response(answer, status=status, headers={"Location": answer["job"]["url"]})


class RecordingDetail(RecordingResource):
    """One recording."""

    needs = {"GET": Action.LIST_PATIENTS, "DELETE": Action.DELETE_RECORDING}
    http_method_names = ["get", "delete", "head"]

    @extend_schema(operation_id="recordings_retrieve", summary="Read a recording")
    def get(self, request: Request, recording_id: uuid.UUID) -> Response:
        """One recording with its job. The audio itself is not given out here."""
        recording = self.found(self.get_queryset(), id=recording_id)
        self.log("read", object_id=recording.id, patient_id=recording.session.patient_id)
        return Response(self.get_serializer(recording).data)

    @extend_schema(operation_id="recordings_destroy", summary="Delete a recording", responses={204: None})
    def delete(self, request: Request, recording_id: uuid.UUID) -> Response:
        """Delete a recording for good: the audio, its jobs, and every analysis of it. It cannot be undone.

        An analysis that waits or runs is stopped. The session is kept.
        """
        recordings.recording_delete(user=self.user, recording=self.found(self.get_queryset(), id=recording_id))
        return Response(status=204)
