"""The questionnaires of a patient: read by who may, entered, corrected and removed by the care team."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from accounts import access_log
from accounts.policy import Action
from sessions_app import questionnaires
from sessions_app.care import is_of_care_team, require_own_care
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404, refusal
from sessions_app.dashboard.questionnaire_forms import QuestionnaireForm
from sessions_app.dashboard.questionnaire_panel import panels, safety_answer
from sessions_app.dashboard.views.patients import log_read
from sessions_app.emergency import emergency_of
from sessions_app.instruments import CHOICES, DEFINITIONS, INSTRUCTION
from sessions_app.models import Instrument, Patient, QuestionnaireResponse


@open_to(GET=Action.SEE_QUESTIONNAIRES)
def patient_questionnaires(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """All that this patient answered: what changed, each item over time, every sheet."""
    patient = patient_or_404(request.user, patient_id)
    found = list(QuestionnaireResponse.objects.visible_to(request.user).filter(patient=patient))
    access_log.record(actor=request.user, action="list", object_kind=questionnaires.KIND, patient_id=patient.id)
    context = {
        "patient": patient,
        "panels": panels(found),
        "responses": found[::-1],
        "choices": list(enumerate(CHOICES)),
        "may_enter": is_of_care_team(request.user, patient),
        "emergency": emergency_of(request.user, patient),
    }
    return render(request, "dashboard/questionnaires.html", context)


@open_to(GET=Action.ENTER_QUESTIONNAIRE, POST=Action.ENTER_QUESTIONNAIRE)
def enter(request: ClinicRequest, patient_id: UUID, instrument: Instrument) -> HttpResponse:
    """An empty sheet; a POST keeps what was answered on it."""
    patient = patient_or_404(request.user, patient_id)
    require_own_care(request.user, patient, Action.ENTER_QUESTIONNAIRE)
    form = QuestionnaireForm(_sent(request), instrument=instrument)

    def keep() -> QuestionnaireResponse:
        return questionnaires.questionnaire_enter(
            user=request.user,
            patient=patient,
            instrument=instrument,
            answered_at=form.cleaned_data["answered_at"],
            items=form.answers,
        )

    if form.is_valid() and (kept := _kept(form, keep)):
        _say(request, gettext("The %(name)s was kept.") % {"name": instrument.label}, kept)
        return redirect("patient-questionnaires", patient.id)
    log_read(request, patient)
    return _sheet(request, patient, instrument, form)


@open_to(GET=Action.ENTER_QUESTIONNAIRE, POST=Action.ENTER_QUESTIONNAIRE)
def correct(request: ClinicRequest, response_id: UUID) -> HttpResponse:
    """A sheet as it was entered; a POST puts it right."""
    response = _response_or_404(request, response_id)
    instrument = Instrument(response.instrument)
    form = QuestionnaireForm(_sent(request), instrument=instrument, response=response)

    def keep() -> QuestionnaireResponse:
        return questionnaires.questionnaire_correct(
            user=request.user, response=response, answered_at=form.cleaned_data["answered_at"], items=form.answers
        )

    if form.is_valid() and (kept := _kept(form, keep)):
        _say(request, gettext("The %(name)s was corrected.") % {"name": instrument.label}, kept)
        return redirect("patient-questionnaires", response.patient_id)
    _log_read(request, response)
    return _sheet(request, response.patient, instrument, form, response_id)


@open_to(GET=Action.ENTER_QUESTIONNAIRE, POST=Action.ENTER_QUESTIONNAIRE)
def remove(request: ClinicRequest, response_id: UUID) -> HttpResponse:
    """Ask whether a sheet is to go; a POST removes it."""
    response = _response_or_404(request, response_id)
    if request.method == "POST":
        questionnaires.questionnaire_remove(user=request.user, response=response)
        said = gettext("The %(name)s was removed.") % {"name": response.get_instrument_display()}
        messages.success(request, said)
        return redirect("patient-questionnaires", response.patient_id)
    _log_read(request, response)
    return render(request, "dashboard/remove_questionnaire.html", {"patient": response.patient, "response": response})


def _response_or_404(request: ClinicRequest, response_id: UUID) -> QuestionnaireResponse:
    found = QuestionnaireResponse.objects.visible_to(request.user).filter(id=response_id)
    response = found.select_related("patient").first()
    if response is None:
        raise refusal(request.user, questionnaires.KIND, response_id)
    response.patient.clinic = request.user.clinic
    require_own_care(request.user, response.patient, Action.ENTER_QUESTIONNAIRE)
    return response


def _sent(request: ClinicRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _kept(form: QuestionnaireForm, keep: Callable[[], QuestionnaireResponse]) -> QuestionnaireResponse | None:
    """What was kept; why nothing was is said in the form, which still holds what was chosen."""
    try:
        return keep()
    except ValidationError as error:
        form.add_error(None, error.messages)
        return None


def _say(request: ClinicRequest, done: str, kept: QuestionnaireResponse) -> None:
    """That it was done; and what is to be done where the patient reported thoughts of death or self-harm."""
    safety = safety_answer([kept])
    if safety is None:
        messages.success(request, done)
        return
    words = gettext(
        "Item %(item)s was answered with “%(words)s”: the patient reported thoughts of being better off dead or of "
        "hurting themselves. Please follow your clinic’s safety procedure; this answer alone does not say how great "
        "the danger is."
    )
    messages.warning(request, f"{done} {words % {'item': safety.item, 'words': safety.words}}")


def _sheet(
    request: ClinicRequest,
    patient: Patient,
    instrument: Instrument,
    form: QuestionnaireForm,
    response_id: UUID | None = None,
) -> HttpResponse:
    context = {
        "patient": patient,
        "form": form,
        "definition": DEFINITIONS[instrument],
        "instruction": INSTRUCTION,
        "response_id": response_id,
    }
    return render(request, "dashboard/questionnaire.html", context, status=422 if form.is_bound else 200)


def _log_read(request: ClinicRequest, response: QuestionnaireResponse) -> None:
    access_log.record(
        actor=request.user,
        action="read",
        object_kind=questionnaires.KIND,
        object_id=response.id,
        patient_id=response.patient_id,
    )
