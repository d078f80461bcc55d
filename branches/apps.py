"""The organisation tree: who stands where, who may act where."""

from django.apps import AppConfig


class BranchesConfig(AppConfig):
    """Organisations, appointments, scope and capabilities."""

    name = "branches"
    verbose_name = "组织与任职"

    def ready(self):
        """Tell the floor below who decides there; say what becomes of our rows when a unit is dissolved."""
        from branches import tasks  # noqa: F401 - pages and commands must know the tasks, too
        from branches.querysets import of_ended_posts
        from branches.workflow import dissolution, handover
        from foundation.accounts import rules as accounts
        from foundation.notifications import rules as notifications

        accounts.register_decider(decide_on_account)
        notifications.register_decider(decide_on_delivery)
        notifications.register_veil(of_ended_posts)
        dissolution.register()
        handover.register()


def decide_on_account(actor, action: str, user) -> bool:
    """Return whether an actor may issue a code for an account or lock it. Three queries at most."""
    from django.utils import timezone

    from branches import rules
    from branches.scope import reach_of
    from branches.workflow.users import appointments_not_ended
    from foundation.accounts.rules import ISSUE_RESET_CODE, LOCK

    at = timezone.now()
    reach = reach_of(actor, at)
    if action == ISSUE_RESET_CODE:
        return rules.may_issue_reset_code(reach, user, appointments_not_ended(user, at))
    if action == LOCK:
        return rules.may_lock(reach, user)
    return False


def decide_on_delivery(actor, action: str) -> bool:
    """Return whether an actor may send given-up notifications again. Two queries at most, none for a reach."""
    from branches.capabilities import Capability
    from branches.rules import may
    from foundation.notifications.rules import RESEND

    return action == RESEND and may(actor, Capability.NOTIFICATION_RESEND)
