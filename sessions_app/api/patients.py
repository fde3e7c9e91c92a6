"""Patients: look up, search, add, put right."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    inline_serializer,
)
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.policy import Action
from sessions_app import services
from sessions_app.api.links import link
from sessions_app.api.pagination import Cursor
from sessions_app.api.resource import Resource
from sessions_app.models import Patient

MOST_CARERS = 50
EXAMPLE = {
    "reference": "W-0042",
    "given_name": "Robin",
    "family_name": "Example",
    "care_team": ["0c6a6a6e-8d0f-4a55-9d38-6f3a2b1f7c52"],
}


class PatientSerializer(serializers.ModelSerializer[Patient]):
    """A patient. The clinic is always that of the caller."""

    url = serializers.SerializerMethodField()
    care_team = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        write_only=True,
        max_length=MOST_CARERS,
        help_text="Ids of counselors of the clinic, who then see this patient. A counselor who adds one joins anyway.",
    )

    class Meta:
        model = Patient
        fields = ["id", "url", "reference", "given_name", "family_name", "care_team", "created_at"]

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, patient: Patient) -> str | None:
        """Its address."""
        return link(self.context["request"], "patient", patient.id)

    def validate_care_team(self, ids: list[uuid.UUID]) -> list[User]:
        """The counselors of these ids; somebody of another clinic is answered like somebody who does not exist."""
        found = list(User.objects.counselors_of(self.context["request"].user.clinic).filter(id__in=ids))
        if len(found) < len(set(ids)):
            raise ValidationError("Each must be the id of a counselor of this clinic.", code="not_a_counselor")
        return found


class CorrectionSerializer(serializers.ModelSerializer[Patient]):
    """Name and number of a patient; what is left out stays as it is."""

    class Meta:
        model = Patient
        fields = ["reference", "given_name", "family_name"]


class NowhereField(forms.Field):
    """What has no place in an address: servers on the way write addresses down, and browsers keep them."""

    def clean(self, value: str | None) -> None:
        """Raises ``ValidationError`` if there is anything."""
        if value:
            raise forms.ValidationError("A name has no place in an address. Please POST it to patients/search.")


@extend_schema_field(OpenApiTypes.STR)
class NowhereFilter(filters.Filter):  # type: ignore[misc]
    """Is always refused, rather than ignored: a search that is ignored finds everybody."""

    field_class = NowhereField


class PatientFilter(filters.FilterSet):  # type: ignore[misc]
    """Narrows the list of patients by nothing that stands in its address."""

    search = NowhereFilter()


class SearchSerializer(serializers.Serializer[Any]):
    """What to search for."""

    search = serializers.CharField(max_length=200, help_text="Words in the name or reference; all must occur.")


class PatientResource(Resource[Patient]):
    """What the list and the single patient share."""

    kind = "patient"
    serializer_class = PatientSerializer
    queryset = Patient.objects.all()

    def get_queryset(self) -> QuerySet[Patient]:
        """Through the scoped door."""
        return Patient.objects.visible_to(self.request.user)


class PatientList(PatientResource):
    """All patients that the caller may see."""

    needs = {"GET": Action.LIST_PATIENTS, "POST": Action.ADD_PATIENT}
    filterset_class = PatientFilter

    @extend_schema(
        operation_id="patients_list",
        summary="List patients",
        parameters=[OpenApiParameter("search", exclude=True)],
        responses=PatientSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Patients of the caller's clinic, for a counselor those of the own care team, newest first."""
        return self.page()

    @extend_schema(
        operation_id="patients_create",
        summary="Add a patient",
        responses={201: PatientSerializer},
        examples=[OpenApiExample("A new patient", value=EXAMPLE, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Add a patient to the caller's clinic. Staff and counselors."""
        patient = services.patient_add(user=self.user, **self.checked())
        answer = self.get_serializer(patient).data
        return Response(answer, status=201, headers={"Location": answer["url"]})


class PatientSearch(PatientResource):
    """Those of them in whose name or reference every word occurs."""

    needs = {"POST": Action.LIST_PATIENTS}
    http_method_names = ["post"]
    filterset_class = PatientFilter
    words = ""

    def get_queryset(self) -> QuerySet[Patient]:
        """As the pages search."""
        return Patient.objects.filter(id__in=super().get_queryset().values("id")).search(self.words)

    @extend_schema(
        operation_id="patients_search",
        summary="Search patients",
        request=SearchSerializer,
        parameters=[
            OpenApiParameter(Cursor.cursor_query_param, str, description=Cursor.cursor_query_description),
            OpenApiParameter(Cursor.page_size_query_param, int, description=Cursor.page_size_query_description),
        ],
        responses=inline_serializer(
            "FoundPatients",
            {
                "next": serializers.URLField(allow_null=True),
                "previous": serializers.URLField(allow_null=True),
                "results": PatientSerializer(many=True),
            },
        ),
    )
    def post(self, request: Request) -> Response:
        """A page of those found, newest first; send the same body to the address of the next."""
        form = SearchSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        self.words = form.validated_data["search"]
        return self.page()


class PatientDetail(PatientResource):
    """One patient."""

    needs = {"GET": Action.LIST_PATIENTS, "PATCH": Action.CORRECT_PATIENT}
    http_method_names = ["get", "patch", "head"]

    @extend_schema(operation_id="patients_retrieve", summary="Read a patient")
    def get(self, request: Request, patient_id: uuid.UUID) -> Response:
        """One patient."""
        patient = self.found(self.get_queryset(), id=patient_id)
        self.log("read", object_id=patient.id, patient_id=patient.id)
        return Response(self.get_serializer(patient).data)

    @extend_schema(
        operation_id="patients_correct",
        summary="Correct a patient's name or number",
        request=CorrectionSerializer,
        responses=PatientSerializer,
        examples=[OpenApiExample("A name that was misspelt", value={"family_name": "Example"}, request_only=True)],
    )
    def patch(self, request: Request, patient_id: uuid.UUID) -> Response:
        """Put right name or number; what is left out stays. Staff and counselors of the care team."""
        patient = self.found(self.get_queryset(), id=patient_id)
        form = CorrectionSerializer(patient, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        corrected = services.patient_correct(user=self.user, patient=patient, **form.validated_data)
        return Response(self.get_serializer(corrected).data)
