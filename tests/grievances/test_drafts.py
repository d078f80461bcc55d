"""先存着: an answer that is not finished stays with the office, goes with the answer, and outlives nothing."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from branches.models import Appointment, Office
from branches.workflow import office_of
from foundation.audit import trail
from foundation.audit.models import Entry
from grievances import workflow
from grievances.models import AnswerDraft, Grievance, Statement
from grievances.workflow import retention
from grievances.workflow.drafts import version_of
from tests.grievances.conftest import at, holder

pytestmark = pytest.mark.django_db

TYPED = {"text": "对账对到一半", "amount_recovered": "1.86 万", "result": "partly", "person_times": "x"}
NOW = at("11-24 09:00")


def fresh(case) -> Grievance:
    return Grievance.objects.with_names().get(pk=case.pk)


def test_what_is_kept_comes_back_as_it_was_typed_and_the_case_does_not_move(desk):
    case = desk.in_hand()
    before = list(case.clocks.order_by("pk").values_list("state", "due_at"))
    workflow.keep_answer(case, actor=desk.officer, at=NOW, **TYPED)
    kept = workflow.kept_answer(fresh(case))
    assert {name: getattr(kept, name) for name in TYPED} == TYPED
    assert (kept.office, kept.written_by) == (desk.office, desk.officer)
    assert (fresh(case).status, list(case.clocks.order_by("pk").values_list("state", "due_at"))) == ("in_hand", before)
    assert not Statement.objects.filter(kind="answer").exists()


def test_it_is_one_per_case_and_office_and_the_trail_has_one_entry_per_hand(desk):
    case = desk.in_hand()
    for text in ("一", "二", "三"):
        kept = workflow.keep_answer(case, actor=desk.officer, at=NOW, text=text)
    assert AnswerDraft.objects.get().text == "三"
    deputy = holder("second-officer", "承办人二", desk.team, "handler")
    workflow.keep_answer(case, actor=deputy, at=NOW, text="四", seen=version_of(kept))
    entries = Entry.objects.filter(action="grievance.answer_draft").order_by("pk")
    assert [one.actor_id for one in entries] == [desk.officer.pk, deputy.pk]
    assert all("一" not in str((one.fields, one.details, one.reason)) for one in entries)


def test_words_of_another_hand_are_not_written_over_unseen(desk):
    case = desk.in_hand()
    deputy = holder("second-officer", "承办人二", desk.team, "handler")
    kept = workflow.keep_answer(case, actor=desk.officer, at=NOW, text="我的一稿")
    with pytest.raises(ValidationError, match="也存了一稿"):
        workflow.keep_answer(case, actor=deputy, at=NOW, text="另一稿")
    assert AnswerDraft.objects.get().text == "我的一稿"
    workflow.keep_answer(case, actor=deputy, at=NOW, text="看过以后的一稿", seen=version_of(kept))
    assert AnswerDraft.objects.get().text == "看过以后的一稿"


def test_a_successor_and_a_deputy_of_the_office_go_on_with_it_and_the_old_hand_does_not(desk):
    case = desk.in_hand()
    kept = workflow.keep_answer(case, actor=desk.officer, at=NOW, text="前任的一稿")
    post = Appointment.objects.get(user=desk.officer)
    Appointment.objects.filter(pk=post.pk).update(until_at=at("11-24 12:00"))
    successor = holder("successor", "继任人", desk.team, "handler")
    later = timezone.now()
    assert workflow.kept_answer(fresh(case)).text == "前任的一稿"
    workflow.keep_answer(fresh(case), actor=successor, at=later, text="接着写", seen=version_of(kept))
    with pytest.raises(PermissionDenied):
        workflow.keep_answer(fresh(case), actor=desk.officer, at=later, text="我走了还写")
    assert AnswerDraft.objects.get().written_by == successor


def test_another_office_starts_with_an_empty_page(desk):
    case, county_officer = desk.in_hand(), holder("county-officer", "区承办人", desk.tree.county, "handler")
    workflow.keep_answer(case, actor=desk.officer, at=NOW, text="前一个单位的一稿")
    workflow.return_to_unit(case, actor=desk.officer, reason="归区里办。", at=NOW)
    workflow.assign(case, desk.county_office, actor=desk.clerk, at=NOW)
    assert workflow.kept_answer(fresh(case)) is None
    workflow.return_to_unit(case, actor=county_officer, reason="还是归他们办。", at=NOW)
    workflow.assign(case, desk.office, actor=desk.clerk, at=NOW)
    assert workflow.kept_answer(fresh(case)).text == "前一个单位的一稿"


def test_the_answer_ends_it_whoever_began_it(desk):
    case = desk.in_hand()
    other = office_of(desk.tree.city, "handle")
    AnswerDraft.objects.create(grievance=case, office=other, text="旧稿", written_by=desk.officer, at=NOW)
    workflow.keep_answer(case, actor=desk.officer, at=NOW, text="一稿")
    workflow.answer(case, actor=desk.officer, result="solved", text="付清了。", amount_recovered=1, at=NOW)
    assert not AnswerDraft.objects.exists()
    with pytest.raises(trail.NotAllowed):
        workflow.keep_answer(fresh(case), actor=desk.officer, at=NOW, text="又一稿")


def test_an_empty_form_drops_it_and_too_much_is_refused_at_its_field(desk):
    case = desk.in_hand()
    workflow.keep_answer(case, actor=desk.officer, at=NOW, text="一稿")
    with pytest.raises(ValidationError) as refused:
        workflow.keep_answer(case, actor=desk.officer, at=NOW, text="长" * 4001)
    assert refused.value.message_dict == {"text": ["最多 4,000 个字，现在 4,001 个。"]}
    assert AnswerDraft.objects.get().text == "一稿"
    assert workflow.keep_answer(case, actor=desk.officer, at=NOW, text=" \x00 ") is None
    assert not AnswerDraft.objects.exists()


def test_the_panel_keeps_shows_and_sends_it(desk, sign_in):
    case, client = desk.in_hand(), sign_in(desk.officer)
    page, act = reverse("grievances:detail", args=[case.pk]), reverse("grievances:answer", args=[case.pk])
    assert 'name="keep"' in client.get(page).content.decode()
    answer = client.post(act, TYPED | {"panel": "1", "keep": "1"})
    assert (answer.status_code, answer.url) == (302, f"{page}#next")
    shown = client.get(page)
    text = shown.content.decode()
    assert "还没有提交。接着写" in text
    assert "对账对到一半" in text
    assert 'value="1.86 万"' in text
    assert shown.context["form"]["result"].value() == "partly"
    assert "对账对到一半" in client.get(act).content.decode()
    sent = {"result": "solved", "text": "付清了。", "amount_recovered": "18600", "person_times": "1", "panel": "1"}
    assert client.post(act, sent).status_code == 302
    assert not AnswerDraft.objects.exists()
    assert 'name="keep"' not in client.get(page).content.decode()


@pytest.mark.parametrize("panel", [{}, {"panel": "1"}])
def test_a_page_made_before_another_hand_wrote_keeps_its_words_and_says_so(desk, sign_in, panel):
    case, client = desk.in_hand(), sign_in(desk.officer)
    act = reverse("grievances:answer", args=[case.pk])
    deputy = holder("second-officer", "承办人二", desk.team, "handler")
    workflow.keep_answer(case, actor=deputy, at=NOW, text="他的一稿")
    refused = client.post(act, {"text": "我的一稿", "keep": "1", "draft": "", **panel})
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "承办人二 11-24 09:00 也存了一稿" in text
    assert "我的一稿" in text
    assert "请选" not in text  # nothing else is judged
    again = client.post(
        act, {"text": "我的一稿", "keep": "1", "draft": refused.context["form"]["draft"].value(), **panel}
    )
    assert again.status_code == 302
    assert AnswerDraft.objects.get().text == "我的一稿"


def test_it_ends_after_its_time_and_with_its_case(desk, settings):
    settings.ANSWER_DRAFT_RETENTION_DAYS = 30
    kept, withdrawn = desk.in_hand(), desk.in_hand(title="另一件")
    for case in (kept, withdrawn):
        workflow.keep_answer(case, actor=desk.officer, at=NOW, text="一稿")
    workflow.withdraw(withdrawn, at=NOW, words="不办了。")
    day = NOW + timedelta(days=29)
    assert retention.purge_answer_drafts(day, dry_run=True) == 1
    assert AnswerDraft.objects.count() == 2
    assert retention.purge_answer_drafts(day, dry_run=False) == 1
    assert AnswerDraft.objects.get().grievance == kept
    assert retention.purge_answer_drafts(NOW + timedelta(days=31), dry_run=False) == 1
    assert not AnswerDraft.objects.exists()
    purged = Entry.objects.filter(action="grievance.answer_draft_purged").order_by("pk")
    assert [one.object_id for one in purged] == [str(withdrawn.pk), str(kept.pk)]
    assert Office.objects.filter(pk=desk.office.pk).exists()


@pytest.mark.parametrize(("typed", "stored"), [("18,600.00", "18600.00"), ("¥18600 元", "18600.00")])
def test_an_amount_is_read_as_people_write_it(desk, sign_in, typed, stored):
    case = desk.in_hand()
    sent = {"result": "solved", "text": "付清了。", "amount_recovered": typed, "person_times": "1"}
    assert sign_in(desk.officer).post(reverse("grievances:answer", args=[case.pk]), sent).status_code == 302
    assert str(fresh(case).amount_recovered) == stored
