"""Sessions: list by patient and time, read, add."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import is_naive
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import Action
from sessions_app import services
from sessions_app.api.filters import MomentFilter, VisibleFilter
from sessions_app.api.links import link
from sessions_app.api.resource import Resource, VisibleField
from sessions_app.models import Patient, Session

EXAMPLE = {"patient": "4b8d3c5e-5b0c-4f0e-9c43-0a4d3b6c1f11", "held_at": "2026-03-02T09:00:00Z"}


class MomentField(serializers.DateTimeField):
    """A time with its offset: without one, the day of a session (and so its consent) would be a guess."""

    default_error_messages = {"naive": "Give this time with its offset, as in 2026-03-02T09:00:00Z."}

    def enforce_timezone(self, value: datetime) -> datetime:
        """Refuse a time without offset."""
        if is_naive(value):
            self.fail("naive")
        return super().enforce_timezone(value)


class SessionSerializer(serializers.ModelSerializer[Session]):
    """A session of a patient."""

    url = serializers.SerializerMethodField()
    patient = VisibleField(kind="patient", queryset=Patient.objects.all())
    held_at = MomentField()

    class Meta:
        model = Session
        fields = ["id", "url", "patient", "held_at", "created_at"]

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, session: Session) -> str | None:
        """Its address."""
        return link(self.context["request"], "session", session.id)


class SessionFilter(filters.FilterSet):  # type: ignore[misc]
    """Narrows the list of sessions."""

    patient = VisibleFilter(kind="patient")
    held_after = MomentFilter(field_name="held_at", lookup_expr="gte", label="At this time or later.")
    held_before = MomentFilter(field_name="held_at", lookup_expr="lt", label="Before this time.")


class SessionResource(Resource[Session]):
    """What the list and the single session share."""

    kind = "session"
    ordered_by = "held_at"
    serializer_class = SessionSerializer
    queryset = Session.objects.all()

    def get_queryset(self) -> QuerySet[Session]:
        """Through the scoped door."""
        return Session.objects.visible_to(self.request.user)


class SessionList(SessionResource):
    """All sessions that the caller may see."""

    needs = {"GET": Action.LIST_PATIENTS, "POST": Action.ADD_SESSION}
    filterset_class = SessionFilter

    @extend_schema(operation_id="sessions_list", summary="List sessions", responses=SessionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Sessions of the patients that the caller may see, latest first. Times without offset are read as UTC."""
        return self.page()

    @extend_schema(
        operation_id="sessions_create",
        summary="Add a session",
        responses={201: SessionSerializer},
        examples=[OpenApiExample("A session", value=EXAMPLE, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Add a session that was held with a patient."""
        session = services.session_add(user=self.user, **self.checked())
        answer: dict[str, Any] = self.get_serializer(session).data
        return Response(answer, status=201, headers={"Location": answer["url"]})


class SessionDetail(SessionResource):
    """One session."""

    needs = {"GET": Action.LIST_PATIENTS}

    @extend_schema(operation_id="sessions_retrieve", summary="Read a session")
    def get(self, request: Request, session_id: uuid.UUID) -> Response:
        """One session."""
        session = self.found(self.get_queryset(), id=session_id)
        self.log("read", object_id=session.id, patient_id=session.patient_id)
        return Response(self.get_serializer(session).data)
