"""What an act is, what it could change, and filling in the form a page asks for."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import models
from django.forms import ModelChoiceField

from activities.models import (
    ActionItem,
    ActionItemNote,
    Activity,
    Attendance,
    ComplianceRule,
    ComplianceStatus,
    ConferenceDepartment,
    ConferenceMeeting,
    CoOrganizer,
    InstructionVisit,
    JointConference,
    Venue,
    VisitFollowUp,
    VisitTarget,
)
from branches.models import (
    Appointment,
    BranchFileSnapshot,
    Division,
    Guidance,
    HandOver,
    Office,
    Organization,
    Term,
    Workday,
)
from foundation.accounts.models import ResetCode, User
from foundation.audit.models import Entry
from grievances.models import (
    Assist,
    Campaign,
    CampaignCase,
    Category,
    Clock,
    Extension,
    FollowUp,
    Grievance,
    SlaPolicy,
    Statement,
    Supervision,
    WorkOrderImport,
)
from members.models import (
    Affiliation,
    Appraisal,
    BackboneTag,
    Check,
    ContactAttempt,
    ContactPair,
    Credential,
    Declaration,
    Development,
    DevelopmentReview,
    DevelopmentSponsor,
    DevelopmentStep,
    Driver,
    DriverVehicle,
    DuesRate,
    DuesRecord,
    Enterprise,
    ExportJob,
    GateOverride,
    LostContact,
    MemberCard,
    PartyMember,
    Person,
    RecruitCampaign,
    RegistrationTransfer,
    RosterImport,
    Transfer,
    Vehicle,
    Verification,
)

WATCHED = (
    Organization, Guidance, Appointment, Office, ResetCode, Enterprise, Person, Driver, Vehicle, DriverVehicle,
    Credential, RegistrationTransfer, RosterImport, ExportJob, Workday, Grievance, Statement, Assist, Supervision,
    FollowUp, Clock, Extension, SlaPolicy, Category, Campaign, CampaignCase, WorkOrderImport, PartyMember, Affiliation,
    Transfer, LostContact, ContactAttempt, Activity, Attendance, CoOrganizer, ComplianceRule, ComplianceStatus,
    Venue, Term, BranchFileSnapshot, Development, DevelopmentStep, DevelopmentReview, DevelopmentSponsor, GateOverride,
    DuesRate, DuesRecord, Appraisal, MemberCard, ContactPair, BackboneTag,
    HandOver,
    InstructionVisit, VisitFollowUp, VisitTarget, JointConference,
    ConferenceDepartment, ConferenceMeeting, ActionItem, ActionItemNote,
    Verification, Check, Declaration, RecruitCampaign,
)  # fmt: skip


def state() -> dict:
    """Return all that an act could change. Sessions and the time somebody was last seen are no acts."""
    every = {model.__name__: sorted(map(repr, model._base_manager.values_list())) for model in WATCHED}
    account = ("username", "name", "is_active", "is_staff", "locked_at", "must_change_password", "password")
    every["User"] = sorted(map(repr, User.objects.values_list(*account)))
    every["Division"] = sorted(map(repr, Division.objects.filter(pk__startswith="5104").values_list()))
    every["Entry"] = Entry.objects.exclude(action__startswith="account.sign").count()
    return every


@dataclass(frozen=True)
class Act:
    """One act: its capability, the door, which row, and what is posted (may ask the house)."""

    capability: str
    door: str
    data: Callable
    place: str = ""  # rows of this place, whoever acts
    asks: str = ""  # GET this door first and post its form, changed


def filled(client, url: str, changed: dict) -> dict:
    """Return what a form posts when somebody changes a few of its fields; only the changes when he gets no form."""
    response = client.get(url)
    if response.status_code != 200 or not response.context:
        return changed
    form = response.context.get("form") or response.context["adminform"].form
    values = {}
    for name, field in form.fields.items():
        value = form.get_initial_for_field(field, name)
        value = field.prepare_value(value)
        if isinstance(value, models.Model):
            value = value.pk
        if value not in (None, "", False, []):
            values[name] = value
        elif isinstance(field, ModelChoiceField) and field.required and field.queryset.exists():
            values[name] = field.queryset.first().pk
    return values | changed
