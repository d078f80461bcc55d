"""The verbs of the organisation tree."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from branches import endings, workflow
from branches.choices import Role
from branches.models import Appointment, Guidance, Office, Organization
from branches.scope import reach_of
from foundation.audit.models import Entry
from foundation.audit.trail import Conflict, NotAllowed
from tests.factories import AppointmentFactory, OrganizationFactory, UserFactory

NEW = {
    "code": "510402-09",
    "name": "中共东区测试党支部",
    "short_name": "东区测试党支部",
    "kind": "mobile_branch",
    "level": "base",
}


def fields_of(caught) -> dict:
    return caught.value.message_dict if hasattr(caught.value, "error_dict") else {"": caught.value.messages}


# --- organisations ---------------------------------------------------------------------------------------------------
def test_a_clerk_adds_a_branch_below_his_committee_and_leaves_a_trace(tree, county_clerk):
    made = workflow.add_organization(tree.county, NEW, actor=county_clerk)
    assert made in Organization.objects.visible_to(county_clerk)
    entry = Entry.objects.with_action("organization.added").get()
    assert (entry.actor_id, entry.organization_id) == (county_clerk.pk, made.pk)


def test_a_clerk_adds_nothing_beside_or_above_his_committee(tree, county_clerk):
    for parent in (tree.city, tree.second_county, tree.neighbour_county, None):
        with pytest.raises(PermissionDenied):
            workflow.add_organization(parent, NEW, actor=county_clerk)
    assert not Organization.objects.filter(code=NEW["code"]).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "510402-01"}, "code"),
        ({"kind": "industry_committee", "level": "county", "division_id": "510403"}, "division"),
        ({"kind": "group"}, "kind"),
        ({"level": "city"}, "level"),
        ({"kind": "cloud_branch", "division_id": "510402"}, "__all__"),
        ({"short_name": ""}, "short_name"),
        ({"kind": "nonsense"}, "kind"),
        ({"kind": "industry_committee", "level": "base"}, "__all__"),
    ],
)
def test_a_wrong_organisation_is_refused_at_its_field(tree, city_clerk, change, field):
    division = change.pop("division_id", None)
    values = NEW | change
    if division:
        from branches.models import Division

        values["division"] = Division.objects.get(pk=division)
    with pytest.raises(ValidationError) as caught:
        workflow.add_organization(tree.county, values, actor=city_clerk)
    assert field in fields_of(caught)
    assert not Entry.objects.with_action("organization.added").exists()


def test_what_two_add_at_once_is_said_in_words_too(tree, city_clerk, monkeypatch):
    monkeypatch.setattr(workflow.organizations, "checked", lambda instance, exclude=(): instance)
    with pytest.raises(ValidationError) as caught:
        workflow.add_organization(tree.county, NEW | {"code": "510402-01"}, actor=city_clerk)
    assert fields_of(caught) == {"code": ["这个代码已经用过了。"]}


def test_who_comes_second_with_an_old_version_changes_nothing(tree, county_clerk):
    workflow.change_organization(tree.branch, {"grid_area": "甲网格"}, version=1, actor=county_clerk)
    with pytest.raises(Conflict):
        workflow.change_organization(tree.branch, {"grid_area": "乙网格"}, version=1, actor=county_clerk)
    tree.branch.refresh_from_db()
    assert (tree.branch.grid_area, tree.branch.version) == ("甲网格", 2)
    assert Entry.objects.with_action("organization.changed").get().fields == {"grid_area": ["", "甲网格"]}


def test_saving_without_a_difference_writes_nothing(tree, county_clerk):
    workflow.change_organization(tree.branch, {"grid_area": ""}, version=1, actor=county_clerk)
    assert not Entry.objects.with_action("organization.changed").exists()


def test_the_kind_of_a_unit_with_children_must_still_carry_them(tree, city_clerk):
    with pytest.raises(ValidationError) as caught:
        workflow.change_organization(
            tree.company, {"kind": "mobile_branch", "level": "base"}, version=1, actor=city_clerk
        )
    assert "kind" in fields_of(caught)


def test_status_and_place_cannot_be_changed_as_fields(tree, county_clerk):
    for name in ("status", "path", "version", "dissolved_date"):
        with pytest.raises(TypeError):
            workflow.change_organization(tree.branch, {name: "x"}, version=1, actor=county_clerk)


def test_moving_a_county_takes_its_branches_and_its_peoples_reach_along(tree, province_clerk, secretary, county_clerk):
    workflow.move_organization(tree.county, tree.other_city, actor=province_clerk, reason="区划调整")
    assert Organization.objects.get_parent(Organization.objects.get(pk=tree.county.pk)) == tree.other_city
    assert set(Organization.objects.visible_to(county_clerk)) == {tree.county, tree.branch, tree.second_branch}
    assert set(Organization.objects.visible_to(secretary)) == {tree.branch}
    assert Organization.objects.find_problems() == ([], [], [], [], [])


def test_a_unit_is_not_moved_into_itself_nor_out_of_reach(tree, city_clerk):
    for target in (tree.city, tree.county):
        with pytest.raises(ValidationError):
            workflow.move_organization(tree.city, target, actor=city_clerk, reason="试")
    with pytest.raises(PermissionDenied):
        workflow.move_organization(tree.county, tree.other_city, actor=city_clerk, reason="试")


def test_an_organisation_in_preparation_starts_is_rectified_and_resumes(tree, county_clerk):
    made = workflow.add_organization(tree.county, NEW, actor=county_clerk, preparing=True)
    workflow.start_organization(made, actor=county_clerk, founded_date=date(2026, 1, 5), document="〔2026〕1号")
    workflow.rectify_organization(made, actor=county_clerk, reason="组织生活不正常")
    workflow.resume_organization(made, actor=county_clerk)
    made.refresh_from_db()
    assert (made.status, made.founded_date) == ("active", date(2026, 1, 5))
    with pytest.raises(NotAllowed):
        workflow.start_organization(made, actor=county_clerk)


def test_dissolving_ends_what_runs_there_and_needs_its_papers(tree, county_clerk, secretary):
    line = workflow.add_guidance(
        tree.branch, tree.department, "transport", from_date=date(2024, 1, 1), actor=county_clerk
    )
    appointment = secretary.appointments.get()
    office = workflow.open_office(tree.branch, "collect", holder=appointment, actor=county_clerk)
    wrong = {"document": "", "dissolved_date": timezone.localdate() + timedelta(days=1)}
    with pytest.raises(ValidationError) as caught:
        workflow.dissolve_organization(tree.branch, actor=county_clerk, **wrong)
    assert set(fields_of(caught)) == {"document", "dissolved_date", "successor"}
    right = {"document": "〔2026〕9号", "dissolved_date": date(2026, 1, 1), "successor": tree.second_branch}
    ended = workflow.dissolve_organization(tree.branch, actor=county_clerk, **right)
    assert ended == {"任职": 1, "岗位": 1, "指导关系": 1}
    for row in (line, appointment, office, tree.branch):
        row.refresh_from_db()
    assert tree.branch.status == "dissolved"
    assert tree.branch.successor == tree.second_branch
    assert line.until_date is not None
    assert not appointment.is_running(timezone.now())
    assert office.holder is None
    assert not Organization.objects.visible_to(secretary).exists()
    with pytest.raises(ValidationError):
        workflow.change_organization(tree.branch, {"grid_area": "丙"}, version=None, actor=county_clerk)


def test_nobody_dissolves_his_own_committee_or_one_with_branches(tree, county_clerk, city_clerk):
    papers = {"document": "〔2026〕9号", "dissolved_date": date(2026, 1, 1)}
    with pytest.raises(PermissionDenied):
        workflow.dissolve_organization(tree.county, actor=county_clerk, **papers)
    with pytest.raises(ValidationError, match="2 个没有撤销"):
        workflow.dissolve_organization(tree.county, actor=city_clerk, **papers)


def test_the_successor_lies_in_the_same_reach(tree, county_clerk, secretary):
    papers = {"document": "〔2026〕9号", "dissolved_date": date(2026, 1, 1)}
    for foreign in (tree.neighbour_branch, tree.branch):
        with pytest.raises(ValidationError):
            workflow.dissolve_organization(tree.branch, actor=county_clerk, successor=foreign, **papers)


def test_every_model_of_this_app_that_points_at_an_organisation_is_registered_with_the_endings():
    registered = {ending.model for ending in endings.registered()}
    pointing = {
        field.model._meta.label
        for field in Organization._meta.get_fields(include_hidden=True)
        if field.auto_created and not field.concrete
        for field in [field.field]
        if field.model._meta.app_label == "branches"
    }
    assert pointing <= registered


def test_a_dissolved_status_without_its_date_is_refused_by_the_database(tree):
    with pytest.raises(IntegrityError), transaction.atomic():
        Organization.objects.filter(pk=tree.branch.pk).update(status="dissolved")


# --- guidance --------------------------------------------------------------------------------------------------------
def test_a_guidance_line_gives_and_ends_read_scope(tree, county_clerk, organisation_reader, city_clerk):
    assert tree.branch in Organization.objects.visible_to(organisation_reader)
    line = tree.county.guidance_received.get()
    workflow.end_guidance(line, until_date=timezone.localdate(), actor=county_clerk)
    assert not Organization.objects.visible_to(organisation_reader).exists()
    with pytest.raises(Conflict):
        workflow.end_guidance(line, until_date=timezone.localdate(), actor=county_clerk)
    with pytest.raises(ValidationError) as caught:
        workflow.add_guidance(tree.county, tree.county, "transport", from_date=date(2026, 1, 1), actor=city_clerk)
    assert "不能指导自己" in str(caught.value)


def test_guidance_is_not_noted_for_a_foreign_unit(tree, county_clerk, leader):
    for actor, unit in ((county_clerk, tree.second_county), (leader, tree.county)):
        with pytest.raises(PermissionDenied):
            workflow.add_guidance(unit, tree.department, "transport", from_date=date(2026, 1, 1), actor=actor)
    assert Guidance.objects.count() == 1


# --- appointments ----------------------------------------------------------------------------------------------------
def appoint(user, organization, role, actor, **more):
    return workflow.appoint(user, organization, role, source="delegated", actor=actor, **more)


def test_a_clerk_appoints_below_and_never_at_his_own_level(tree, city_clerk, secretary):
    made = appoint(secretary, tree.second_branch, "instructor", city_clerk)
    assert made.appointed_by == city_clerk
    for unit in (tree.city, tree.other_city, tree.neighbour_branch):
        with pytest.raises(PermissionDenied):
            appoint(secretary, unit, "clerk", city_clerk)


def test_nobody_appoints_himself(tree, city_clerk, security_admin):
    for actor in (city_clerk, security_admin):
        with pytest.raises(PermissionDenied):
            appoint(actor, tree.county, "clerk", actor)


def test_an_unknown_and_a_foreign_person_get_the_same_answer(tree, county_clerk, neighbour_clerk, outsider):
    said = set()
    for person in (neighbour_clerk, outsider, UserFactory.build(pk=999_999)):
        with pytest.raises(ValidationError) as caught:
            appoint(person, tree.branch, "instructor", county_clerk)
        said.add(str(caught.value))
    assert len(said) == 1


@pytest.mark.parametrize("role", ["auditor", "security_admin", "system_admin"])
def test_only_a_security_admin_appoints_the_three_administrators(tree, province_clerk, security_admin, outsider, role):
    AppointmentFactory(user=outsider, organization=tree.city, role="handler", until_at=timezone.now())
    with pytest.raises(PermissionDenied):
        appoint(outsider, tree.city, role, province_clerk)
    made = appoint(outsider, tree.city, role, security_admin)
    outsider.refresh_from_db()
    assert made.role == role
    assert outsider.is_staff
    assert outsider.second_factor_required


@pytest.mark.parametrize("held", ["auditor", "security_admin", "system_admin"])
@pytest.mark.parametrize("wanted", [*Role])
def test_the_three_administrators_exclude_each_other_and_every_business_role(
    tree, security_admin, outsider, held, wanted
):
    if wanted == held:
        return
    AppointmentFactory(user=outsider, organization=tree.city, role=held)
    place = next(
        unit
        for unit in (tree.county, tree.branch, tree.department, tree.company)
        if wanted in {role for role in Role if unit.kind in _kinds(role)}
    )
    with pytest.raises(ValidationError, match="三员分立"):
        appoint(outsider, place, wanted, security_admin)


def _kinds(role):
    from branches.choices import ROLE_AT

    return ROLE_AT[role]


def test_a_coming_appointment_excludes_as_well(tree, security_admin, outsider):
    appoint(outsider, tree.county, "clerk", security_admin, from_at=timezone.now() + timedelta(days=30))
    with pytest.raises(ValidationError):
        appoint(outsider, tree.city, "auditor", security_admin)


def test_a_branch_has_one_secretary_and_a_committee_none(tree, county_clerk, city_clerk, secretary, instructor):
    with pytest.raises(ValidationError, match="在任书记"):
        appoint(instructor, tree.branch, "secretary", county_clerk)
    with pytest.raises(ValidationError, match="没有“支部书记”"):
        appoint(instructor, tree.county, "secretary", city_clerk)


def test_an_ended_appointment_ends_at_that_instant(tree, county_clerk, secretary):
    appointment = secretary.appointments.get()
    end = datetime(2026, 11, 1, 4, tzinfo=UTC)
    workflow.end_appointment(appointment, actor=county_clerk, reason="换届", until_at=end, at=end)
    before, after = reach_of(secretary, end - timedelta(microseconds=1)), reach_of(secretary, end)
    assert before.roles == {"secretary"}
    assert after.roles == frozenset()
    with pytest.raises(Conflict):
        workflow.end_appointment(appointment, actor=county_clerk, reason="换届")


def test_an_appointment_that_has_not_begun_is_withdrawn(tree, county_clerk, instructor):
    begin = timezone.now() + timedelta(days=30)
    coming = appoint(instructor, tree.second_branch, "secretary", county_clerk, from_at=begin)
    workflow.end_appointment(coming, actor=county_clerk, reason="改派")
    coming.refresh_from_db()
    assert coming.until_at == coming.from_at
    assert "secretary" not in reach_of(instructor, begin + timedelta(days=1)).roles


def test_nobody_ends_a_post_of_his_own_level_or_of_an_administrator(tree, county_clerk, leader, auditor, city_clerk):
    for actor, appointment in ((county_clerk, leader.appointments.get()), (city_clerk, auditor.appointments.get())):
        with pytest.raises(PermissionDenied):
            workflow.end_appointment(appointment, actor=actor, reason="试")


def test_the_last_security_admin_stays(tree, security_admin):
    other = AppointmentFactory(user=UserFactory(), organization=tree.province, role="security_admin")
    workflow.end_appointment(security_admin.appointments.get(), actor=other.user, reason="轮岗")
    with pytest.raises(ValidationError, match="最后一个"):
        workflow.end_appointment(other, actor=other.user, reason="轮岗")


def test_the_admin_closes_with_the_last_role_that_opened_it(tree, city_clerk, county_clerk):
    county_clerk.refresh_from_db()
    assert county_clerk.is_staff
    workflow.end_appointment(county_clerk.appointments.get(), actor=city_clerk, reason="调离")
    county_clerk.refresh_from_db()
    assert not county_clerk.is_staff


# --- offices ---------------------------------------------------------------------------------------------------------
def test_a_deputy_is_named_by_clerk_secretary_or_the_holder_himself(tree, county_clerk, city_clerk, handler, leader):
    office = workflow.open_office(tree.county, "handle", holder=handler.appointments.get(), actor=county_clerk)
    deputy = county_clerk.appointments.get()
    for actor in (handler, county_clerk, city_clerk):
        workflow.set_deputy(office, deputy, actor=actor)
    stranger = AppointmentFactory(user=UserFactory(), organization=tree.county, role="handler").user
    for actor in (leader, stranger):
        with pytest.raises(PermissionDenied):
            workflow.set_deputy(office, deputy, actor=actor)
    with pytest.raises(ValidationError):
        workflow.set_deputy(office, handler.appointments.get(), actor=county_clerk)
    with pytest.raises(ValidationError):
        workflow.set_deputy(office, city_clerk.appointments.get(), actor=county_clerk)


def test_absence_is_noted_and_ended(tree, county_clerk, handler):
    office = workflow.open_office(tree.county, "handle", holder=handler.appointments.get(), actor=county_clerk)
    now = timezone.now()
    workflow.mark_absent(office, from_at=now, until_at=now + timedelta(days=3), actor=handler)
    workflow.mark_back(office, actor=handler)
    office.refresh_from_db()
    assert office.absent_from_at is None
    with pytest.raises(ValidationError):
        workflow.open_office(tree.county, "handle", actor=county_clerk)


def test_an_office_of_an_ended_appointment_stands_empty(tree, county_clerk, city_clerk, handler):
    workflow.open_office(tree.county, "handle", holder=handler.appointments.get(), actor=county_clerk)
    workflow.end_appointment(handler.appointments.get(), actor=city_clerk, reason="调离")
    assert Office.objects.get().holder is None


# --- accounts --------------------------------------------------------------------------------------------------------
def add_user(organization, actor, **more):
    values = {"username": "new-one", "name": "新人", "role": "secretary", "source": "elected"} | more
    return workflow.add_user(organization=organization, actor=actor, **values)


def test_a_clerk_opens_an_account_with_its_first_post_and_hands_over_a_code(tree, county_clerk):
    user, appointment = add_user(tree.branch, county_clerk, phone="１９０ 0000 0001")
    assert (user.phone, appointment.organization) == ("19000000001", tree.branch)
    assert not user.has_usable_password()
    code = workflow.issue_reset_code(user, actor=county_clerk)
    assert len(code) == 11
    texts = [str(entry.fields) + str(entry.details) + entry.object_label for entry in Entry.objects.all()]
    assert not any("19000000001" in text or "新人" in text or code in text for text in texts)


def test_a_refused_post_leaves_no_account_behind(tree, county_clerk, secretary):
    with pytest.raises(ValidationError):
        add_user(tree.branch, county_clerk)
    with pytest.raises(PermissionDenied):
        add_user(tree.county, county_clerk, role="clerk")
    with pytest.raises(PermissionDenied):
        add_user(tree.neighbour_branch, county_clerk)
    from foundation.accounts.models import User

    assert not User.objects.filter(username="new-one").exists()


@pytest.mark.parametrize(("field", "value"), [("username", "有汉字"), ("username", "secretary"), ("phone", "12345")])
def test_a_wrong_account_is_refused_at_its_field(tree, county_clerk, secretary, field, value):
    with pytest.raises(ValidationError) as caught:
        add_user(tree.second_branch, county_clerk, **{field: value})
    assert field in fields_of(caught)


def test_a_code_needs_every_post_of_the_account_below_the_clerk(tree, county_clerk, city_clerk, secretary, leader):
    assert workflow.issue_reset_code(secretary, actor=county_clerk)
    with pytest.raises(PermissionDenied):
        workflow.issue_reset_code(leader, actor=county_clerk)
    AppointmentFactory(user=secretary, organization=tree.neighbour_branch, role="instructor")
    for actor in (county_clerk, city_clerk):
        with pytest.raises(PermissionDenied):
            workflow.issue_reset_code(secretary, actor=actor)


def test_codes_for_administrators_and_postless_accounts_come_from_the_security_admin(
    tree, province_clerk, security_admin, outsider
):
    administrator = AppointmentFactory(user=UserFactory(), organization=tree.city, role="auditor").user
    for target in (administrator, outsider):
        with pytest.raises(PermissionDenied):
            workflow.issue_reset_code(target, actor=province_clerk)
        assert workflow.issue_reset_code(target, actor=security_admin)
    with pytest.raises(PermissionDenied):
        workflow.issue_reset_code(security_admin, actor=security_admin)


def test_only_the_security_admin_locks(tree, province_clerk, system_admin, security_admin, secretary):
    for actor in (province_clerk, system_admin):
        with pytest.raises(PermissionDenied):
            workflow.lock_user(secretary, actor=actor, reason="试")
    workflow.lock_user(secretary, actor=security_admin, reason="离职未交接")
    assert reach_of(secretary).posts == ()
    workflow.unlock_user(secretary, actor=security_admin)
    assert reach_of(type(secretary).objects.get(pk=secretary.pk)).roles == {"secretary"}


def test_an_organisation_factory_and_the_verb_agree_on_the_tree(tree):
    OrganizationFactory(parent=tree.county)
    assert Organization.objects.find_problems() == ([], [], [], [], [])
    assert Appointment.objects.count() == 0


def test_a_superuser_without_a_post_locks_nobody_and_gives_out_no_code(tree, secretary):
    root = UserFactory(is_superuser=True, is_staff=True)
    for act in (
        lambda: workflow.lock_user(secretary, actor=root, reason="核查"),
        lambda: workflow.remove_second_factor(secretary, actor=root, reason="核查"),
        lambda: workflow.issue_reset_code(secretary, actor=root),
    ):
        with pytest.raises(PermissionDenied):
            act()
    secretary.refresh_from_db()
    assert secretary.locked_at is None
