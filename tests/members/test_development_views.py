"""The pages of the way to membership: all 25 steps through the web doors, refusals said at the form, lists, sheet."""

from datetime import date

import pytest
from django.core.management import call_command
from django.urls import reverse

from branches.models import Organization
from members.choices import STEPS
from members.models import Development, PartyMember
from tests.factories.members import PartyMemberFactory, PersonFactory, id_number

pytestmark = pytest.mark.django_db
NUMBER = id_number(7, birth="19900228")
VOTES = {"entitled": 10, "present": 8, "votes_for": 7, "votes_against": 1, "votes_abstained": 0, "written_opinions": 0}


@pytest.fixture
def branch(tree):
    return tree.branch


@pytest.fixture
def friends(branch):
    return [PartyMemberFactory(person=PersonFactory(), formal_organization=branch) for _ in range(2)]


@pytest.fixture
def pages(secretary, county_clerk, sign_in):
    """Return what is done over the pages: post a step as the side that has to, and read what was said."""

    class Pages:
        here, above = sign_in(secretary), sign_in(county_clerk)

        def url(self, name, *args):
            return reverse(f"members:development_{name}", args=[Development.objects.latest("pk").pk, *args])

        def post(self, client, url, values):
            form = client.get(url).context["form"]
            kept = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
            kept = {name: value for name, value in kept.items() if value not in (None, "")}
            return client.post(url, kept | values)

        def step(self, number, day, **values):
            """Record a step on a day as whoever has to, and let it succeed."""
            branch = STEPS[number].by == "branch"
            client, name = (self.here, "step") if branch else (self.above, "approve")
            answer = self.post(client, self.url(name, number), {"done_date": day} | values)
            assert answer.status_code == 302, (number, said(answer))
            assert self.file().steps.filter(number=number, status="done").exists()

        def refused(self, number, day, **values):
            """Return what is said at the form when a step is refused; nothing is recorded."""
            branch = STEPS[number].by == "branch"
            client, name = (self.here, "step") if branch else (self.above, "approve")
            before = self.file().version
            answer = self.post(client, self.url(name, number), {"done_date": day} | values)
            assert answer.status_code == 422, number
            assert self.file().version == before
            assert not self.file().steps.filter(number=number, status="done").exists()
            return said(answer)

        def file(self):
            return Development.objects.latest("pk")

        def page(self, client=None):
            answer = (client or self.here).get(self.url("detail"))
            assert answer.status_code == 200
            return answer

    return Pages()


def said(answer):
    form = answer.context["form"]
    return " ".join(str(one) for errors in form.errors.values() for one in errors)


def test_a_file_goes_through_all_25_steps_over_the_pages(branch, friends, pages):
    here, two = pages.here, [friend.pk for friend in friends]
    create = reverse("members:development_create")
    application = {"organization": branch.pk, "name": "测试新人", "id_number": NUMBER}
    young = here.post(create, application | {"id_number": id_number(7, birth="20080301"), "applied_date": "2024-01-08"})
    assert young.status_code == 422
    assert "第五条" in said(young)
    assert "2026-03-01" in said(young)
    assert here.post(create, application | {"applied_date": "2024-01-08"}).status_code == 302
    assert NUMBER not in pages.page().content.decode()

    pages.step(2, "2024-01-20", opinion="书记谈的，动机端正")
    pages.step(3, "2024-02-29", opinion="党员推荐，支委会同意")
    pages.step(4, "2024-03-05", document="东党备〔2024〕3号")
    assert "请填写这一项" in pages.refused(5, "2024-03-06")
    pages.step(5, "2024-03-06", members=two[:1])
    for day in ("2024-08-29", "2025-02-20"):
        answer = pages.post(here, pages.url("review"), {"on_date": day, "opinion": "表现不错"})
        assert answer.status_code == 302
    pages.step(6, "2025-02-21", opinion="各方意见都好")

    # From 29 February a year ends on 28 February: the day before is refused, with article and day.
    notice = {"notice_from_date": "2025-02-17", "notice_until_date": "2025-02-24"}
    early = pages.refused(7, "2025-02-27", opinion="同意", **notice)
    assert "第十三条" in early
    assert "2025-02-28" in early
    assert "公示" in pages.refused(7, "2025-02-28", opinion="同意")
    pages.step(7, "2025-02-28", opinion="同意", **notice)
    pages.step(8, "2025-03-03", document="东党备〔2025〕5号")
    assert "第十四条" in pages.refused(9, "2025-03-04", members=two[:1])
    pages.step(9, "2025-03-04", members=two)
    pages.step(10, "2025-03-05", result="qualified", opinion="函调、谈话，没有问题")
    assert "第十七条" in pages.refused(11, "2025-03-06", document="证 9 号", training_hours=23)
    pages.step(11, "2025-03-06", document="证 9 号", training_days=3)
    pages.step(12, "2025-03-12", opinion="合格", notice_from_date="2025-03-03", notice_until_date="2025-03-10")

    # A mobile branch admits nobody until the committee says that it may.
    assert "第二十三条" in pages.refused(13, "2025-03-14", document="东党预〔2025〕2号")
    assert "流动党员党支部" in pages.page().content.decode()
    Organization.objects.filter(pk=branch.pk).update(may_develop_members=True)
    pages.step(13, "2025-03-14", document="东党预〔2025〕2号")
    pages.step(14, "2025-03-16", document="志愿书 001")
    half = VOTES | {"present": 6, "votes_for": 5}
    tie = pages.refused(15, "2025-03-20", **half)
    assert "第二十一条" in tie
    assert "赞成 5 票，应到 10 人" in tie
    assert "票数对不上" in pages.refused(15, "2025-03-20", **VOTES | {"votes_for": 8})
    assert "第二十条" in pages.refused(15, "2025-03-20", **VOTES | {"present": 5, "votes_for": 5, "votes_against": 0})
    assert "第十九条" in pages.refused(15, "2025-04-15", **VOTES)
    pages.step(15, "2025-03-20", **VOTES)
    pages.step(16, "2025-03-25", opinion="组织员谈的")
    assert "第二十六条" in pages.refused(17, "2025-06-21", document="东党批〔2025〕1号")
    assert not PartyMember.objects.filter(pk=pages.file().person_id).exists()
    pages.step(17, "2025-06-20", document="东党批〔2025〕1号")
    member = PartyMember.objects.get(pk=pages.file().person_id)
    assert (member.status, member.joined_date) == ("probationary", date(2025, 3, 20))
    pages.step(18, "2025-06-25", document="组备 7 号")
    pages.step(19, "2025-06-22", opinion="第一党小组")
    pages.step(20, "2025-07-01")
    pages.step(21, "2026-03-02", opinion="表现良好")
    pages.step(22, "2026-03-10", notice_from_date="2026-03-02", notice_until_date="2026-03-09")

    early = pages.refused(23, "2026-03-19", result="confirm", **VOTES)
    assert "第三十一条" in early
    assert "2026-03-20" in early
    assert "6 到 12 个月" in pages.refused(23, "2026-03-20", result="extend", months=5, **VOTES)
    pages.step(23, "2026-03-20", result="extend", months=6, **VOTES)
    assert "第三十三条" in pages.refused(24, "2026-06-21", document="东党批〔2026〕3号")
    answer = pages.post(pages.above, pages.url("approve", 24), {"done_date": "2026-04-01", "document": "东党批 3号"})
    assert answer.status_code == 302
    assert pages.file().probation_until_date == date(2026, 9, 20)

    pages.step(21, "2026-09-10", opinion="有进步")
    pages.step(22, "2026-09-18", notice_from_date="2026-09-07", notice_until_date="2026-09-14")
    assert "只能延长一次" in pages.refused(23, "2026-09-20", result="extend", months=6, **VOTES)
    pages.step(23, "2026-09-20", result="confirm", **VOTES)
    pages.step(24, "2026-10-08", document="东党批〔2026〕9号")
    member.refresh_from_db()
    assert (member.status, member.full_date) == ("full", date(2026, 9, 20))
    pages.step(25, "2026-10-20", document="档案室 12 号")
    file = pages.file()
    assert (file.stage, file.next_step) == ("full", None)
    text = pages.page().content.decode()
    assert "延长以前" in text
    assert text.count("is-done") == 25
    sheet = here.get(pages.url("print")).content.decode()
    assert "东党批〔2026〕9号" in sheet
    assert NUMBER not in sheet
    call_command("verify_integrity")


def test_a_step_recorded_twice_or_on_an_old_page_is_refused_in_words(branch, friends, pages):
    values = {"organization": branch.pk, "name": "测试新人", "id_number": NUMBER, "applied_date": "2024-01-08"}
    pages.here.post(reverse("members:development_create"), values)
    old = pages.here.get(pages.url("step", 2)).context["form"]["version"].value()
    pages.step(2, "2024-01-20", opinion="谈过了")
    again = pages.here.post(pages.url("step", 2), {"done_date": "2024-01-20", "opinion": "谈过了", "version": old})
    assert again.status_code == 409
    assert "已经记过了（2024-01-20）" in again.content.decode()
    stale = pages.here.post(pages.url("step", 3), {"done_date": "2024-02-01", "opinion": "同意", "version": old})
    assert stale.status_code == 409
    assert "刚刚被别人改过" in stale.content.decode()
    for wrong in (("step", 4), ("step", 1), ("step", 26), ("approve", 2), ("refuse", 4), ("override", 2)):
        client = pages.here if wrong[0] == "step" else pages.above
        assert client.get(pages.url(*wrong)).status_code == 404, wrong


def test_the_page_says_what_is_next_what_is_closed_by_which_article_and_until_when(branch, friends, pages):
    values = {"organization": branch.pk, "name": "测试新人", "id_number": NUMBER, "applied_date": "2026-01-08"}
    pages.here.post(reverse("members:development_create"), values)
    pages.step(2, "2026-02-20", opinion="谈过了")
    pages.step(3, "2026-03-10", opinion="同意")
    pages.step(4, "2026-03-12", document="备 1 号")
    pages.step(5, "2026-03-13", members=[friends[0].pk])
    pages.step(6, "2026-03-14", opinion="各方意见都好")
    text = pages.page().content.decode()
    assert "列为发展对象要经过一年以上培养教育和考察" in text
    assert "最早 2027-03-10" in text
    assert "第十三条" in text
    assert "还不能办" in text
    # The clerk sees the same and may let it pass; the secretary may not.
    override = pages.url("override", 7)
    assert override not in text
    assert override in pages.page(pages.above).content.decode()
    reason = "党委会研究同意提前列为发展对象"
    assert pages.post(pages.above, override, {"gate": "year", "reason": "短"}).status_code == 422
    assert pages.post(pages.above, override, {"gate": "year", "reason": reason}).status_code == 302
    text = pages.page().content.decode()
    assert "特批放行 1 条" in text
    assert reason in text
    assert "最早 2027-03-10" in text, "the sentence of that day stays"
    assert reason in pages.here.get(pages.url("print")).content.decode()


def test_the_committee_sends_back_and_the_secretary_takes_back_and_ends(branch, friends, pages):
    values = {"organization": branch.pk, "name": "测试新人", "id_number": NUMBER, "applied_date": "2024-01-08"}
    pages.here.post(reverse("members:development_create"), values)
    pages.step(2, "2024-01-20", opinion="谈过了")
    pages.step(3, "2024-02-29", opinion="同意")
    pages.step(4, "2024-03-05", document="备 1 号")
    pages.step(5, "2024-03-06", members=[friends[0].pk])
    assert pages.post(pages.here, pages.url("take_back", 5), {"reason": "选错了人"}).status_code == 302
    pages.step(5, "2024-03-07", members=[friends[1].pk])
    change = {"members": [friends[0].pk], "on_date": "2024-04-01", "reason": "轮换"}
    assert pages.post(pages.here, pages.url("sponsors", "cultivator"), change).status_code == 302
    assert "轮换" in pages.page().content.decode()
    for day in ("2024-08-29", "2025-02-20"):
        pages.post(pages.here, pages.url("review"), {"on_date": day, "opinion": "表现不错"})
    pages.step(6, "2025-02-21", opinion="各方意见都好")
    notice = {"notice_from_date": "2025-02-17", "notice_until_date": "2025-02-24"}
    pages.step(7, "2025-02-28", opinion="同意", **notice)
    answer = pages.post(pages.above, pages.url("refuse", 8), {"done_date": "2025-03-03", "reason": "材料不全"})
    assert answer.status_code == 302
    assert "没有批准：材料不全" in pages.page().content.decode()
    assert pages.file().next_step == 7
    end = {"kind": "withdrawn", "on_date": "2025-03-10", "reason": "本人不申请了"}
    assert pages.post(pages.here, pages.url("end"), end).status_code == 302
    assert "本人撤回申请" in pages.page().content.decode()


def test_the_figures_of_the_desk_lead_to_the_rows_they_count(branch, secretary, county_clerk, pages, sign_in):
    for number, name in ((7, "测试甲"), (8, "测试乙")):
        values = {"organization": branch.pk, "name": name, "id_number": id_number(number), "applied_date": "2026-01-08"}
        assert pages.here.post(reverse("members:development_create"), values).status_code == 302
    pages.step(2, "2026-01-20", opinion="谈过了")
    pages.step(3, "2026-02-10", opinion="同意")
    panel = next(one for one in pages.above.get("/").context["panels"] if one.title == "发展党员")
    assert len(panel.lines) >= 4
    assert sum(line.number for line in panel.lines) >= 2
    for line in panel.lines:
        assert len(pages.above.get(line.url).context["rows"]) == line.number, line.url
    listed = reverse("members:development_list")
    assert len(pages.above.get(f"{listed}?side=committee").context["rows"]) == 1
    assert len(pages.above.get(f"{listed}?side=branch").context["rows"]) == 1
    assert len(pages.above.get(f"{listed}?stage=ended").context["rows"]) == 0
    assert len(pages.above.get(f"{listed}?stage=nonsense").context["rows"]) == 2
