"""What all resources share: who may, which rows, and one row in the access log for every answer and refusal."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC
from typing import Any, ClassVar, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from django_filters.utils import translate_validation
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import access_log
from accounts.models import User
from accounts.policy import Action, may
from sessions_app.api.filters import NOT_YOURS, refuse_reference
from sessions_app.api.parsers import SmallJSONParser
from sessions_app.api.schema import ProblemSchema
from sessions_app.api.throttles import PerUser
from sessions_app.care import log_each_patient
from sessions_app.models import Patient, Session

M = TypeVar("M", bound=Model)


class MayAct(BasePermission):
    """Asks `accounts.policy` for the view's ``needs`` and logs a refusal."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the user's role allows this method here."""
        view = cast(Resource[Any], view)
        method = "GET" if request.method == "HEAD" else str(request.method)
        action = view.needs.get(method)
        if action is None:
            # Nothing is allowed that no action was named for; a method that does not exist goes on to its 405.
            return method.lower() not in view.http_method_names or not hasattr(view, method.lower())
        if may(request.user, action):
            return True
        access_log.record(actor=view.user, action=action, object_kind=view.kind, allowed=False)
        return False


class Resource(GenericAPIView[M]):
    """One kind of thing in the API. ``kind``: its name in the access log; ``needs``: the action behind each method."""

    kind: ClassVar[str]
    needs: ClassVar[Mapping[str, Action]]
    ordered_by: ClassVar[str] = "created_at"

    permission_classes = [IsAuthenticated, MayAct]
    parser_classes = [SmallJSONParser]
    throttle_classes = [PerUser]
    http_method_names = ["get", "post", "head"]
    schema = ProblemSchema()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer in UTC whoever asks: programs compare times, and people have the pages."""
        with timezone.override(UTC):
            return super().dispatch(request, *args, **kwargs)

    def check_permissions(self, request: Request) -> None:
        """Count the call first: each refusal writes a row to the access log, which nobody may fill at will."""
        super().check_throttles(request)
        super().check_permissions(request)

    def check_throttles(self, request: Request) -> None:
        """Already done."""

    @property
    def user(self) -> User:
        """Who is asking; permission has already been given."""
        return cast(User, self.request.user)

    def log(self, action: str, **about: Any) -> None:
        """Add one row to the access log."""
        access_log.record(actor=self.user, action=action, object_kind=self.kind, **about)

    def found(self, rows: QuerySet[M], **lookup: uuid.UUID) -> M:
        """The one row, or a 404 that leaves a refusal in the log, whether it does not exist or is somebody else's."""
        row = rows.filter(**lookup).first()
        if row is None:
            self.log("read", object_id=next(iter(lookup.values())), allowed=False)
            raise NotFound
        return row

    def page(self) -> Response:
        """One page of the rows that the user may see, and one row in the log for all of them.

        Where it matters that somebody has seen just this patient, one for each patient of the page too.
        """
        narrowed = self.narrowed()
        rows = self.paginate_queryset(narrowed.qs)
        answer = self.get_paginated_response(self.get_serializer(rows, many=True).data)
        patient_id = _patient_asked_for(**narrowed.form.cleaned_data)
        self.log("list", patient_id=patient_id)
        if patient_id is None:
            path = narrowed.filters["patient"].field_name if "patient" in narrowed.filters else "pk"
            shown = narrowed.qs.order_by().filter(pk__in=[row["id"] for row in answer.data["results"]])
            log_each_patient(self.user, self.kind, shown.values_list(path, flat=True))
        return answer

    def narrowed(self) -> FilterSet:
        """The list's filters, checked. Raises ``ValidationError``."""
        narrowed = DjangoFilterBackend().get_filterset(self.request, self.get_queryset(), self)
        if not narrowed.is_valid():
            raise translate_validation(narrowed.errors)
        return narrowed

    def checked(self, **context: Any) -> dict[str, Any]:
        """The request's body, validated. Raises ``ValidationError``."""
        serializer = self.get_serializer(data=self.request.data, **context)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def _patient_asked_for(patient: Patient | None = None, session: Session | None = None, **_: Any) -> uuid.UUID | None:
    """To whom the filters of a list narrow it, or ``None``."""
    if patient is not None:
        return patient.id
    return session.patient_id if session is not None else None


class VisibleField(serializers.PrimaryKeyRelatedField[Any]):
    """The id of something that the user may see. Another's id is answered like one that does not exist, and logged."""

    default_error_messages = {"does_not_exist": NOT_YOURS}

    def __init__(self, *, kind: str, **options: Any) -> None:
        self.kind = kind
        super().__init__(pk_field=serializers.UUIDField(), **options)

    def get_queryset(self) -> Any:
        """The rows to choose from: those visible to the user."""
        rows: Any = super().get_queryset()
        return rows.visible_to(self.context["request"].user)

    def fail(self, key: str, **values: Any) -> Any:
        """Raise the error, and leave a refusal in the log when it hides somebody else's row."""
        if key == "does_not_exist":
            refuse_reference(self.context["request"].user, self.kind, uuid.UUID(str(values["pk_value"])))
        super().fail(key, kind=self.kind, **values)
