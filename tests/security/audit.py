"""Are vulnerabilities known in the packages that Undertone installs? ``python -m tests.security.audit LOCK``.

Exit status 0 if every package was looked up and none is known to be vulnerable, 1 if one is, and 2 if the advisories
could not be asked, which is said: pip-audit alone counts a package that it could not look up as a sound one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def main(lock: str) -> int:
    """Ask, print a sentence, and return the exit status."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--no-deps",
        "--disable-pip",
        "--format",
        "json",
        "--requirement",
        lock,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    status, sentence = verdict(done.stdout)
    sys.stdout.write(f"{sentence}\n")
    return status


def verdict(printed: str) -> tuple[int, str]:
    """Exit status and sentence for what pip-audit printed."""
    try:
        found: list[dict[str, Any]] = json.loads(printed)["dependencies"]
    except ValueError:
        return 2, "NOT AUDITED: the advisories could not be asked."
    vulnerable = [
        f"{package['name']} {package['version']}: {known['id']}"
        for package in found
        for known in package.get("vulns", [])
    ]
    if vulnerable:
        return 1, "Known vulnerabilities: " + "; ".join(vulnerable)
    unknown = sum("skip_reason" in package for package in found)
    if unknown or not found:
        return 2, f"NOT AUDITED: of {len(found)} packages, {unknown} could not be looked up."
    return 0, f"Audited: {len(found)} packages, none with a known vulnerability."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
