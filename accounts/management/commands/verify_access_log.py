"""``manage.py verify_access_log``: has anybody changed, deleted, put in, moved or cut off rows of the access log?"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.management.plainly import errors_told_plainly
from accounts.verification import Finding, Report, verify

SHOWN = 50
"""Findings of a kind that are printed; behind a row that was taken out there may be thousands."""


class Command(BaseCommand):
    help = "Check the access log against its seals and the anchors outside the database; exit 1 if tampered with."

    def handle(self, *_: Any, **__: Any) -> None:
        """Print what was checked and each finding; exit status 1 if there is one."""
        try:
            with errors_told_plainly():
                report = verify()
        except OSError as error:
            raise CommandError(f"{settings.ACCESS_LOG_ANCHORS} cannot be read: {error.strerror}.") from error
        self.stdout.write("\n".join(_checked(report)))
        if not report.findings:
            self.stdout.write(
                self.style.SUCCESS("No row that was sealed was changed, deleted, put in, moved or cut off.")
            )
            return
        self.stdout.write(self.style.ERROR(f"The access log was tampered with. Findings: {len(report.findings)}."))
        for line in _found(report.findings):
            self.stdout.write(line)
        sys.exit(1)


def _checked(report: Report) -> list[str]:
    newest, head = report.anchors.newest, report.head
    lines = [f"Checked: sealed rows {report.sealed}, anchors {len(report.anchors.found)}."]
    if head:
        lines.append(f"The last seal is {head.position}, hash {head.hash}.")
    if newest:
        lines.append(f"The newest anchor is at {newest.position}, of {newest.at:%Y-%m-%d %H:%M:%S} UTC.")
    if report.unsealed:
        lines.append(f"Not checked, as they still wait to be sealed: rows {report.unsealed}.")
    if report.anchors.unreadable:
        lines.append(f"Lines of {settings.ACCESS_LOG_ANCHORS} that are no anchors: {report.anchors.unreadable}.")
    return lines


def _found(findings: tuple[Finding, ...]) -> list[str]:
    shown: Counter[str] = Counter()
    lines = []
    for finding in findings:
        shown[finding.kind] += 1
        if shown[finding.kind] <= SHOWN:
            lines.append(f"  {finding.kind:<10} {finding.sentence}")
    return lines + [f"  {kind:<10} and {count - SHOWN} more" for kind, count in shown.items() if count > SHOWN]
