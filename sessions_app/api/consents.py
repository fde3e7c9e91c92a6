"""A patient's consents: read, record, withdraw."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import Action
from sessions_app import services
from sessions_app.api.resource import Resource
from sessions_app.models import Consent, Patient, Scope

EXAMPLE = {
    "given_on": "2026-03-01",
    "text_version": "2026-01",
    "method": "paper",
    "expires_on": None,
    "recording": True,
    "voice_analysis": True,
    "live": False,
    "keeping_audio": False,
    "research": False,
}
SET_BY_SERVER = ("id", "patient", "taken_by", "recorded_at", "withdrawn_at", "withdrawn_by")


class ConsentSerializer(serializers.ModelSerializer[Consent]):
    """A consent: what it covers, how it was given, and until when it holds."""

    class Meta:
        model = Consent
        fields = [*SET_BY_SERVER, "given_on", "text_version", "method", "expires_on", *Scope.values]
        read_only_fields = SET_BY_SERVER

    def fields_of_service(self) -> dict[str, Any]:
        """What `services.consent_record` takes."""
        given = dict(self.validated_data)
        return {"scopes": [scope for scope in Scope if given.pop(scope, False)], **given}


class ConsentResource(Resource[Consent]):
    """What reading, recording and withdrawing share."""

    kind = "consent"
    serializer_class = ConsentSerializer
    queryset = Consent.objects.all()

    def patient(self, patient_id: uuid.UUID) -> Patient:
        """The patient, if the caller may see them; else a 404 and a refusal in the log."""
        patient = Patient.objects.visible_to(self.user).select_related("clinic").filter(id=patient_id).first()
        if patient is None:
            self.log("read", patient_id=patient_id, allowed=False)
            raise NotFound
        return patient

    def all_of(self, patient: Patient) -> QuerySet[Consent]:
        """All consents of the patient, newest first."""
        return Consent.objects.visible_to(self.user).filter(patient=patient)


class PatientConsents(ConsentResource):
    """All consents of one patient."""

    needs = {"GET": Action.LIST_PATIENTS, "POST": Action.RECORD_CONSENT}

    @extend_schema(
        operation_id="patients_consents", summary="List a patient's consents", responses=ConsentSerializer(many=True)
    )
    def get(self, request: Request, patient_id: uuid.UUID) -> Response:
        """Newest first, all at once, those that have ended or were withdrawn too."""
        patient = self.patient(patient_id)
        self.log("list", patient_id=patient.id)
        return Response(self.get_serializer(self.all_of(patient), many=True).data)

    @extend_schema(
        operation_id="patients_consents_create",
        summary="Record a consent",
        responses={201: ConsentSerializer},
        examples=[OpenApiExample("A consent", value=EXAMPLE, request_only=True)],
    )
    def post(self, request: Request, patient_id: uuid.UUID) -> Response:
        """Record that the patient gave consent. Staff and counselors."""
        patient = self.patient(patient_id)
        serializer = ConsentSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        consent = services.consent_record(user=self.user, patient=patient, **serializer.fields_of_service())
        return Response(self.get_serializer(consent).data, status=201)


class ConsentWithdrawal(ConsentResource):
    """Withdrawing all consents of one patient."""

    needs = {"POST": Action.WITHDRAW_CONSENT}

    @extend_schema(
        operation_id="patients_consents_withdraw",
        summary="Withdraw a patient's consent",
        request=None,
        responses=ConsentSerializer(many=True),
    )
    def post(self, request: Request, patient_id: uuid.UUID) -> Response:
        """Withdraw all consents, at once: open analyses end, scores are hidden. Answers with those withdrawn."""
        withdrawn = services.consent_withdraw(user=self.user, patient=self.patient(patient_id))
        return Response(self.get_serializer(withdrawn, many=True).data)
