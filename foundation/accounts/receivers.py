"""What allauth reports about second factors, traced. The only signals we listen to: allauth offers no other place."""

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.dispatch import receiver

from foundation.accounts import workflow
from foundation.audit.trail import origin_of


@receiver(signals.authenticator_added, dispatch_uid="accounts.second_factor_added")
def second_factor_added(sender, request, user, authenticator, **kwargs):
    """Trace it; sign-ins elsewhere were made without it, so they end."""
    if authenticator.type == Authenticator.Type.TOTP:
        workflow.end_sessions(user, but=request.session.session_key)
    _note("account.second_factor_added", request, user, authenticator)


@receiver(signals.authenticator_removed, dispatch_uid="accounts.second_factor_removed")
def second_factor_removed(sender, request, user, authenticator, **kwargs):
    """Trace it."""
    request.session.pop("second_factor_enrolled", None)
    _note("account.second_factor_removed", request, user, authenticator)


@receiver(signals.authenticator_reset, dispatch_uid="accounts.recovery_codes_renewed")
def recovery_codes_renewed(sender, request, user, authenticator, **kwargs):
    """Trace it."""
    _note("account.recovery_codes_renewed", request, user, authenticator)


@receiver(signals.authentication_failed, dispatch_uid="accounts.second_factor_failed")
def second_factor_failed(sender, request, user, authenticator, **kwargs):
    """Trace it."""
    _note("account.second_factor_failed", request, user, authenticator)


@receiver(signals.authenticator_used, dispatch_uid="accounts.recovery_code_used")
def recovery_code_used(sender, request, user, authenticator, **kwargs):
    """Trace the use of a recovery code; the use of the phone is the sign-in itself."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        _note("account.recovery_code_used", request, user, authenticator)


def _note(action, request, user, authenticator):
    workflow.note_second_factor(action, user, kind=authenticator.type, origin=origin_of(request))
