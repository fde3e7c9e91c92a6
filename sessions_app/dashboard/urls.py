"""Routes of the pages. Addresses hold random ids only, never a name or a search."""

from django.urls import path

from sessions_app.dashboard.views import (
    access_log,
    admission,
    annotations,
    audio,
    changes,
    clinic,
    consents,
    emergency,
    home,
    notes,
    notices,
    numbers,
    operations,
    patients,
    questionnaires,
    recordings,
    sessions,
    voices,
    whole_record,
)
from sessions_app.models import Instrument

PHQ9, GAD7 = Instrument.PHQ9, Instrument.GAD7

urlpatterns = [
    path("", home.home, name="home"),
    path("account/voice/", voices.voice, name="counselor-voice"),
    path("account/voice/delete/", voices.delete, name="counselor-voice-delete"),
    path("clinic/access-log/", access_log.access_log_page, name="access-log"),
    path("clinic/access-log/export/", access_log.export, name="access-log-export"),
    path("clinic/changes/", changes.clinic_changes, name="clinic-changes"),
    path("clinic/idle/", clinic.idle, name="clinic-idle"),
    path("clinic/policy/", clinic.policy, name="clinic-policy"),
    path("clinic/audio/", clinic.audio, name="clinic-audio"),
    path("clinic/operations/", operations.operations_page, name="operations"),
    path("clinic/emergencies/<uuid:access_id>/seen/", emergency.seen, name="emergency-seen"),
    path("emergency/", emergency.begin, name="emergency"),
    path("erasures/<uuid:report_id>/", whole_record.report, name="erasure-report"),
    path("annotations/<uuid:annotation_id>/", annotations.annotation, name="annotation"),
    path("annotations/<uuid:annotation_id>/remove/", annotations.remove, name="annotation-remove"),
    path("patients/<uuid:patient_id>/annotations/", annotations.patient_annotations, name="patient-annotations"),
    path("notes/<uuid:note_id>/", notes.note, name="note"),
    path("notices/", notices.system_notice, name="system-notice"),
    path("patients/new/", admission.new_patient, name="patient-new"),
    path("patients/<uuid:patient_id>/", patients.patient, name="patient"),
    path("patients/<uuid:patient_id>/accesses/", access_log.patient_accesses, name="patient-accesses"),
    path("patients/<uuid:patient_id>/changes/", changes.patient_changes, name="patient-changes"),
    path("patients/<uuid:patient_id>/export/", whole_record.export, name="patient-export"),
    path("patients/<uuid:patient_id>/erase/", whole_record.erase, name="patient-erase"),
    path("patients/<uuid:patient_id>/notes/", notes.patient_notes, name="patient-notes"),
    path(
        "patients/<uuid:patient_id>/questionnaires/",
        questionnaires.patient_questionnaires,
        name="patient-questionnaires",
    ),
    path(
        "patients/<uuid:patient_id>/questionnaires/phq9/", questionnaires.enter, {"instrument": PHQ9}, name="phq9-new"
    ),
    path(
        "patients/<uuid:patient_id>/questionnaires/gad7/", questionnaires.enter, {"instrument": GAD7}, name="gad7-new"
    ),
    path("questionnaires/<uuid:response_id>/", questionnaires.correct, name="questionnaire"),
    path("questionnaires/<uuid:response_id>/remove/", questionnaires.remove, name="questionnaire-remove"),
    path("patients/<uuid:patient_id>/course/", patients.course, name="patient-course"),
    path("patients/<uuid:patient_id>/measure/", numbers.measure, name="patient-measure"),
    path("patients/<uuid:patient_id>/numbers/", numbers.numbers, name="patient-numbers"),
    path("patients/<uuid:patient_id>/numbers/export/", numbers.export, name="patient-numbers-export"),
    path("patients/<uuid:patient_id>/sessions/", patients.sessions, name="patient-sessions"),
    path("patients/<uuid:patient_id>/consents/", consents.record, name="consent-record"),
    path("patients/<uuid:patient_id>/consents/withdraw/", consents.withdraw, name="consent-withdraw"),
    path("recordings/<uuid:recording_id>/audio/", audio.audio, name="recording-audio"),
    path("recordings/<uuid:recording_id>/retry/", recordings.retry, name="recording-retry"),
    path("recordings/<uuid:recording_id>/cancel/", recordings.cancel, name="recording-cancel"),
    path("recordings/<uuid:recording_id>/progress/", recordings.progress, name="recording-progress"),
    path("recordings/<uuid:recording_id>/reanalyze/", recordings.reanalyze, name="recording-reanalyze"),
    path("recordings/<uuid:recording_id>/delete/", recordings.delete, name="recording-delete"),
    path("recordings/<uuid:recording_id>/remove-audio/", recordings.remove_audio, name="recording-remove-audio"),
    path("recordings/<uuid:recording_id>/confirm-patient/", recordings.confirm_patient, name="patient-confirm"),
    path("recordings/<uuid:recording_id>/swap-patient/", recordings.swap_patient, name="patient-swap"),
    path("sessions/<uuid:session_id>/", sessions.session, name="session"),
]
