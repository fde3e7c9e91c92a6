"""Who may do what, written by hand: the matrix of routes expects what the policy says, and this is what it must say."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import Role, User
from accounts.policy import Action, may

TABLE = """
                    counselor  staff  admin  integration
list_patients       yes        yes    no     yes
see_scores          yes        no     no     yes
see_questionnaires  yes        no     no     yes
enter_questionnaire yes        no     no     no
see_annotations     yes        no     no     no
annotate            yes        no     no     no
add_patient         yes        yes    no     no
correct_patient     yes        yes    no     no
record_consent      yes        yes    no     no
withdraw_consent    yes        yes    no     no
add_session         yes        yes    no     yes
upload_recording    yes        yes    no     yes
retry_analysis      yes        yes    no     yes
cancel_analysis     yes        yes    no     yes
reanalyze           yes        yes    no     yes
delete_recording    yes        yes    no     no
remove_audio        yes        yes    no     no
listen              yes        no     no     no
export_patient      yes        no     no     no
erase_patient       yes        no     no     no
read_notes          yes        no     no     no
write_note          yes        no     no     no
break_glass         yes        no     no     no
confirm_patient     yes        no     no     no
keep_voice          yes        no     no     no
review_analysis     yes        no     no     no
snapshot            yes        no     no     yes
manage_clinic       no         no     yes    no
assign_care         no         no     yes    no
read_access_log     no         no     yes    no
see_who_looked      yes        no     no     no
see_changes         yes        no     no     no
answer_flag         yes        yes    no     no
"""


def cells() -> list[tuple[str, str, bool]]:
    head, *lines = (line.split() for line in TABLE.strip().splitlines())
    return [(action, role, said == "yes") for action, *each in lines for role, said in zip(head, each, strict=True)]


@pytest.mark.parametrize(("action", "role", "allowed"), cells())
def test_each_role_may_what_the_table_says_and_nothing_else(action: str, role: str, allowed: bool) -> None:
    assert may(User(role=role, is_active=True), Action(action)) is allowed


def test_the_table_leaves_out_no_action_and_no_role() -> None:
    assert {(action, role) for action, role, _ in cells()} == {(action, role) for action in Action for role in Role}


@pytest.mark.parametrize("action", Action)
def test_nobody_who_is_unknown_or_switched_off_or_has_no_role_may_anything(action: Action) -> None:
    assert not may(AnonymousUser(), action)
    assert not may(User(role=Role.COUNSELOR, is_active=False), action)
    assert not may(User(role="", is_active=True), action)
