"""Routes of the REST API. Each is served with and without a slash at its end; the one without is in the schema."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path
from rest_framework.views import APIView

from sessions_app.api import analyses, consents, jobs, pages, patients, recordings, sessions, snapshot

app_name = "api"


def _both(route: str, view: type[APIView], name: str) -> list[URLPattern]:
    return [path(route, view.as_view(), name=name), path(f"{route}/", view.as_view(schema=None))]


urlpatterns = [
    path("", pages.Entry.as_view(), name="entry"),
    *_both("patients", patients.PatientList, "patients"),
    *_both("patients/search", patients.PatientSearch, "patients-search"),
    *_both("patients/<uuid:patient_id>", patients.PatientDetail, "patient"),
    *_both("patients/<uuid:patient_id>/consents", consents.PatientConsents, "patient-consents"),
    *_both("patients/<uuid:patient_id>/consents/withdraw", consents.ConsentWithdrawal, "consent-withdraw"),
    *_both("sessions", sessions.SessionList, "sessions"),
    *_both("sessions/<uuid:session_id>", sessions.SessionDetail, "session"),
    *_both("recordings", recordings.RecordingList, "recordings"),
    *_both("recordings/<uuid:recording_id>", recordings.RecordingDetail, "recording"),
    *_both("recordings/<uuid:recording_id>/analyses", analyses.RecordingAnalyses, "recording-analyses"),
    *_both("jobs/<uuid:job_id>", jobs.JobDetail, "job"),
    *_both("jobs/<uuid:job_id>/retry", jobs.JobRetry, "job-retry"),
    *_both("jobs/<uuid:job_id>/cancel", jobs.JobCancel, "job-cancel"),
    *_both("analyses", analyses.AnalysisList, "analyses"),
    *_both("analyses/<uuid:analysis_id>", analyses.AnalysisDetail, "analysis"),
    *_both("analyses/<uuid:analysis_id>/timeline", analyses.AnalysisTimeline, "analysis-timeline"),
    *_both("analyze-vocal-health", snapshot.Snapshot, "analyze-vocal-health"),
    *_both("schema", pages.Schema, "schema"),
    *_both("docs", pages.Docs, "docs"),
    re_path("", pages.Nowhere.as_view()),
]
