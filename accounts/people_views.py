"""Pages of the administrator about the people of the clinic, and the page to which an invitation leads."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode
from uuid import UUID

from allauth.account.utils import perform_login
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access_log, invitations, once, outgoing, people
from accounts.languages import language_of_receiver
from accounts.models import Invitation, Role, User
from accounts.needs import Ask, needing
from accounts.people_forms import AcceptForm, InvitationForm, RoleForm
from accounts.permissions import require
from accounts.policy import Action
from accounts.second_factor import FACTORS

FOLLOWED = "invitation"
"""Key in the session: the id of the invitation whose link was followed. The secret of the link is not kept."""

Rest = ParamSpec("Rest")
Page = Callable[Concatenate[HttpRequest, User, Rest], HttpResponse]


def for_administrators(page: Page[Rest]) -> Callable[Concatenate[HttpRequest, Rest], HttpResponse]:
    """Open ``page``, which is given who asks, to administrators; refusals are logged."""

    @login_required
    @wraps(page)
    def guarded(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        user = cast(User, request.user)
        require(user, Action.MANAGE_CLINIC, object_kind="page")
        return page(request, user, *args, **kwargs)

    return cast(Callable[Concatenate[HttpRequest, Rest], HttpResponse], guarded)


@needing(GET=Action.MANAGE_CLINIC, POST=Action.MANAGE_CLINIC)
@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def people_page(request: HttpRequest, user: User) -> HttpResponse:
    """Who works here and who is invited; a POST invites somebody."""
    form, fresh = InvitationForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        if once.is_repeated(request):
            return redirect("people")
        try:
            made = invitations.invitation_add(
                user=user, email=form.cleaned_data["email"], role=Role(form.cleaned_data["role"])
            )
        except ValidationError as error:
            form.add_error("email", error.messages)
        else:
            form, fresh = InvitationForm(), _handed_out(request, *made)
    found = {"form": form, "people": _people_of(user), "invitations": _open_invitations(user)}
    return render(request, "accounts/people.html", found | {"fresh": fresh, "once": once.mark()})


@needing(GET=Action.MANAGE_CLINIC)
@require_safe
@for_administrators
def person_page(request: HttpRequest, user: User, person_id: UUID) -> HttpResponse:
    """One of them: role, account, a new link."""
    return _person_page(request, _person(user, person_id))


@needing(POST=Action.MANAGE_CLINIC)
@require_POST
@for_administrators
def set_role(request: HttpRequest, user: User, person_id: UUID) -> HttpResponse:
    """Give somebody another role."""
    person, form = _person(user, person_id), RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Please choose one of the roles."))
    elif _done(request, lambda: people.role_set(user=user, person=person, role=Role(form.cleaned_data["role"]))):
        messages.success(
            request, gettext("%(name)s has another role now and must sign in again.") % {"name": person.display_name}
        )
    return redirect("person", person_id)


@needing(POST=Action.MANAGE_CLINIC)
@require_POST
@for_administrators
def switch(request: HttpRequest, user: User, person_id: UUID) -> HttpResponse:
    """Switch an account off, or on if it is off."""
    person = _person(user, person_id)
    if person.is_active:
        if _done(request, lambda: people.switch_off(user=user, person=person)):
            said = gettext("The account of %(name)s is switched off.")
            messages.success(request, said % {"name": person.display_name})
    elif _done(request, lambda: people.switch_on(user=user, person=person)):
        messages.success(request, gettext("%(name)s can sign in again.") % {"name": person.display_name})
    return redirect("person", person_id)


@needing(POST=Action.MANAGE_CLINIC)
@require_POST
@for_administrators
def make_link(request: HttpRequest, user: User, person_id: UUID) -> HttpResponse:
    """Make a link for somebody who cannot sign in; the answer shows it."""
    person = _person(user, person_id)
    if person == user or not person.is_active:
        messages.error(request, gettext("A link can be made for other people whose account is not switched off."))
    elif not once.is_repeated(request):
        made = invitations.renewal_add(user=user, person=person)
        return _person_page(request, person, fresh=_handed_out(request, *made))
    return redirect("person", person_id)


@needing(POST=Action.MANAGE_CLINIC)
@require_POST
@for_administrators
def withdraw(request: HttpRequest, user: User, invitation_id: UUID) -> HttpResponse:
    """Let an invitation lead nowhere any more."""
    invitation = _open_invitations(user).filter(id=invitation_id).first()
    if invitation is None:
        raise _refusal(user, "invitation", invitation_id)
    invitations.invitation_withdraw(user=user, invitation=invitation)
    messages.success(request, gettext("The invitation of %(email)s was withdrawn.") % {"email": invitation.email})
    return redirect("people")


@needing(GET=Ask.INVITATION, POST=Ask.INVITATION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    """Where a link leads: its secret is taken out of the address, and then name and password are asked for."""
    secret = request.GET.get("code")
    if secret and (found := invitations.invitation_of(secret)):
        request.session[FOLLOWED] = str(found.id)
        return redirect("invitation")
    invitation = None if secret else invitations.invitation_open(request.session.get(FOLLOWED))
    if invitation is None:
        return render(request, "accounts/invitation_gone.html", status=404)
    form = AcceptForm(request.POST or None, invitation=invitation)
    if request.method == "POST" and form.is_valid():
        try:
            user = invitations.accept(
                invitation_id=invitation.id, name=form.name, password=form.cleaned_data["password1"]
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            return _first_sign_in(request, user)
    return render(request, "accounts/invitation.html", {"form": form, "invitation": invitation})


def _first_sign_in(request: HttpRequest, user: User) -> HttpResponse:
    # Whoever was signed in here before, and the used link, are forgotten.
    request.session.flush()
    signed_in: HttpResponse = perform_login(request, user)
    return signed_in


def _person_page(request: HttpRequest, person: User, *, fresh: dict[str, Any] | None = None) -> HttpResponse:
    form = RoleForm(initial={"role": person.role})
    context = {"person": person, "form": form, "fresh": fresh, "once": once.mark()}
    return render(request, "accounts/person.html", context)


def _handed_out(request: HttpRequest, invitation: Invitation, secret: str) -> dict[str, Any]:
    """What the page that shows the link says of it."""
    link = request.build_absolute_uri(f"{reverse('invitation')}?{urlencode({'code': secret})}")
    return {"email": invitation.email, "link": link, "sent": _sent(invitation, link)}


def _sent(invitation: Invitation, link: str) -> bool:
    if not settings.EMAIL_URL:
        return False
    with translation.override(language_of_receiver(invitation.email)):
        subject = gettext("Your way into Undertone")
        text = render_to_string("accounts/email/invitation.txt", {"invitation": invitation, "link": link})
    # Now, and not later: the page says whether the link must be handed over.
    return outgoing.send(EmailMessage(subject, text, None, [invitation.email]))


def _done(request: HttpRequest, change: Callable[[], object]) -> bool:
    try:
        change()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    return True


def _people_of(user: User) -> QuerySet[User]:
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)
    people_here = User.objects.filter(clinic=user.clinic_id).annotate(has_second_factor=Exists(factors))
    return people_here.order_by("-is_active", "role", "display_name")


def _open_invitations(user: User) -> QuerySet[Invitation]:
    return Invitation.objects.filter(clinic=user.clinic_id, used_at=None, expires_at__gt=timezone.now())


def _person(user: User, person_id: UUID) -> User:
    person = _people_of(user).filter(id=person_id).first()
    if person is None:
        raise _refusal(user, "account", person_id)
    return person


def _refusal(user: User, kind: str, object_id: UUID) -> Http404:
    access_log.record(actor=user, action="read", object_kind=kind, object_id=object_id, allowed=False)
    return Http404(f"No {kind} of this id.")
