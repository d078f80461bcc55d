"""What the complainant reads of his case and does with it: the answer, the clock, the ladder, and his acts."""

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from grievances import workflow
from grievances.choices import Result, Satisfaction, Status
from grievances.models import Evidence, FollowUp, Grievance, Statement
from grievances.views import following
from grievances.workflow.codes import passphrase_digest
from tests.grievances.conftest import at
from tests.grievances.test_evidence import PDF, picture
from tests.grievances.test_public import PROGRESS, TRACK, text_of

PASSPHRASE = "K7QM2X"


@pytest.fixture(autouse=True)
def _fresh_counters():
    cache.clear()


@pytest.fixture
def follow(time_machine):
    """Return a function: case, instant → a browser in which the case is followed at that instant."""

    def opened(case: Grievance, when: str) -> Client:
        time_machine.move_to(at(when), tick=False)
        case.passphrase_hash = passphrase_digest(case.track_code, PASSPHRASE)
        case.save(update_fields=["passphrase_hash"])
        client = Client()
        assert client.post(TRACK, {"code": case.track_code, "passphrase": PASSPHRASE}).url == PROGRESS
        return client

    return opened


def do(client: Client, case: Grievance, step: str, **sent):
    """Send one of the forms of the page."""
    return client.post(f"{PROGRESS}{step}/", {"code": case.track_code} | sent)


# --- the answer, the clock, the ladder --------------------------------------------------------------------------------
def test_the_heading_says_who_works_on_it_and_until_when(desk, follow):
    case = desk.in_hand()
    page = text_of(follow(case, "11-24 09:00").get(PROGRESS))
    assert "东区交通执法大队正在办，最迟 11月27日 18:00 答复您" in page
    assert "还有 3 个工作日" in page
    assert "5 个工作日：11-23、24、25、26、27，至 18:00" in page


def test_every_status_has_its_own_answer(desk, follow):
    cases = {
        "收到了，最迟今天 16:48 转给能办的单位": (desk.lodged(), "11-20 15:00"),
        "东区行业党委已经受理，最迟今天 16:48 转给能办的单位": (desk.accepted("11-20 16:00"), "11-20 16:30"),
        "有答复了，请看看解决没有": (desk.answered(), "11-26 16:00"),
    }
    for words, (case, when) in cases.items():
        assert words in text_of(follow(case, when).get(PROGRESS))


def test_a_late_case_says_so_and_what_happens(desk, follow):
    page = text_of(follow(desk.in_hand(), "11-28 09:00").get(PROGRESS))
    assert "东区交通执法大队正在办，原定 11月27日 18:00 的时限已过，还没答复" in page
    assert "过了 15 小时" in page
    assert "自动转到上一级" in page


def test_a_missing_calendar_is_said_and_not_guessed(desk, follow):
    case = desk.assigned("12-31 09:00")
    page = text_of(follow(case, "12-31 10:00").get(PROGRESS))
    assert "2027 年的日历还没有载入，载入以后马上算出哪一天" in page
    assert "东区交通执法大队正在办，办好马上答复您" in page


def test_a_paused_clock_is_said_in_words(desk, follow):
    case = desk.in_hand()
    workflow.ask_complainant(case, actor=desk.officer, text="请发运单照片。", at=at("11-24 10:00"))
    page = text_of(follow(case, "11-24 11:00").get(PROGRESS))
    assert "请您补充一点情况，补充以后接着办" in page
    assert "时限先停着" in page
    assert "请发运单照片。" in page


def test_the_ladder_names_the_rungs_and_the_rule_that_leads_up(desk):
    case = desk.in_hand()
    now = at("11-24 09:00")
    rungs = following.ladder(case, following.promise_clock(case), now)
    assert [(one.title, one.state) for one in rungs] == [
        ("东区行业党委", "now"),
        ("攀枝花市行业党委", "next"),
        ("四川省行业党委", "next"),
    ]
    assert rungs[0].text == "11-20 16:20 受理，交东区交通执法大队办；督办岗盯着"
    assert "自动转到这里" in rungs[1].text
    workflow.escalate(case, actor=desk.clerk, reason="本级办不了", at=now)
    rungs = following.ladder(case, following.promise_clock(case), now)
    assert [(one.title, one.state) for one in rungs] == [
        ("东区行业党委", "done"),
        ("攀枝花市行业党委", "now"),
        ("四川省行业党委", "next"),
    ]


def test_the_history_names_offices_and_no_person_and_hides_what_is_internal(desk, follow):
    case = desk.in_hand()
    workflow.note_internally(case, actor=desk.officer, text="货主是老赖", at=at("11-23 11:00"))
    workflow.assist(case, desk.county_office, actor=desk.clerk, at=at("11-23 12:00"))
    page = text_of(follow(case, "11-24 09:00").get(PROGRESS))
    assert "东区交通执法大队：反馈进度" in page
    assert "已联系货主，约好对账。" in page
    assert "东区行业党委：受理，列入台账" in page
    for hidden in ("货主是老赖", "协办", *(one.name for one in (desk.clerk, desk.officer))):
        assert hidden not in page


def test_the_page_costs_the_same_for_a_long_history(desk, follow, django_assert_max_num_queries):
    case = desk.in_hand()
    client = follow(case, "11-24 09:00")
    for number in range(6):
        workflow.report_progress(case, actor=desk.officer, text=f"第 {number} 次", at=at("11-24 08:00"))
    with django_assert_max_num_queries(20):
        client.get(PROGRESS)


# --- acts -------------------------------------------------------------------------------------------------------------
def test_an_answer_to_a_question_lets_the_case_go_on(desk, follow):
    case = desk.in_hand()
    workflow.ask_complainant(case, actor=desk.officer, text="请发运单照片。", at=at("11-24 10:00"))
    client = follow(case, "11-24 11:00")
    files = [SimpleUploadedFile("运单.jpg", picture()), SimpleUploadedFile("合同.pdf", PDF)]
    assert do(client, case, "reply", evidence=files).url == PROGRESS
    case.refresh_from_db()
    assert case.status == Status.IN_HAND
    assert Statement.objects.get(kind="reply").text == "补充了 2 个文件。"
    page = client.get(PROGRESS)
    assert "您补充了情况" in text_of(page)
    assert "照片1.jpg" in text_of(page)


def test_own_files_come_back_as_attachments_that_run_nothing(desk, follow):
    case = desk.in_hand()
    client = follow(case, "11-24 11:00")
    do(client, case, "reply", text="运单", evidence=[SimpleUploadedFile("a.html", picture())])
    answer = client.get(f"{PROGRESS}files/1/")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert b"".join(answer.streaming_content).startswith(b"\xff\xd8")
    assert client.get(f"{PROGRESS}files/2/").status_code == 404
    assert client.get(f"{PROGRESS}files/0/").status_code == 404
    assert Client().get(f"/media/evidence/{Evidence.objects.get().stored_file}").status_code == 404


def test_internal_files_are_not_the_complainants(desk, follow):
    case = desk.in_hand()
    checked = workflow.evidence.Checked("pdf", PDF)
    workflow.add_evidence(case, [checked], at=at("11-23 12:00"), actor=desk.officer, is_public=False)
    client = follow(case, "11-24 11:00")
    assert client.get(f"{PROGRESS}files/1/").status_code == 404
    assert "材料" not in text_of(client.get(PROGRESS)).replace("补充材料", "")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "只收照片"),
        (b"<script>alert(1)</script>", "只收照片"),
        (b"", "空的"),
    ],
)
def test_a_hostile_file_is_refused_at_the_form_and_the_words_stay(desk, follow, content, words):
    case = desk.in_hand()
    client = follow(case, "11-24 11:00")
    answer = do(client, case, "reply", text="我的话还在", evidence=[SimpleUploadedFile("a.jpg", content)])
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "我的话还在" in answer.content.decode()
    assert not Evidence.objects.exists()


def test_neither_words_nor_files_is_said(desk, follow):
    case = desk.in_hand()
    answer = do(follow(case, "11-24 11:00"), case, "reply", text="  ")
    assert answer.status_code == 422
    assert "请写要补充的内容，或者选照片" in answer.content.decode()


def test_solved_closes_and_nobody_is_made_to_rate(desk, follow):
    case = desk.answered()
    client = follow(case, "11-26 16:00")
    assert do(client, case, "confirm").status_code == 422
    assert do(client, case, "confirm", solved="solved").url == PROGRESS
    case.refresh_from_db()
    assert (case.status, case.solved, case.satisfaction) == (Status.CLOSED, Result.SOLVED, Satisfaction.UNRATED)
    assert "办结了：您说解决了" in text_of(client.get(PROGRESS))


@pytest.mark.parametrize("said", [{"solved": "not_solved"}, {"solved": "solved", "satisfaction": "dissatisfied"}])
def test_a_no_brings_it_one_level_up(desk, follow, said):
    case = desk.answered()
    client = follow(case, "11-26 16:00")
    do(client, case, "confirm", words="还差 3000 元。", **said)
    case.refresh_from_db()
    assert (case.status, case.organization, case.reopened) == (Status.ACCEPTED, desk.tree.city, 1)
    page = text_of(client.get(PROGRESS))
    assert "攀枝花市行业党委重办，最迟今天 18:00 转给能办的单位" in page
    assert "您说没解决，转到上一级重办" in page
    assert "还差 3000 元。" in page
    assert "答复您的时限没有变，还是 11月27日 18:00" in page


def test_not_solved_after_all_within_ninety_days(desk, follow, time_machine):
    case = desk.answered()
    workflow.confirm(case, solved="solved", satisfaction="satisfied", at=at("11-26 16:00"))
    client = follow(case, "11-27 09:00")
    assert "还是没解决" in text_of(client.get(PROGRESS))
    assert do(client, case, "not-solved", words="").status_code == 422
    assert do(client, case, "not-solved", words="又不付了").url == PROGRESS
    case.refresh_from_db()
    assert case.organization == desk.tree.city
    assert FollowUp.objects.count() == 2


def test_after_ninety_days_the_act_is_not_offered_and_refused_in_words(desk, follow):
    case = desk.answered()
    workflow.confirm(case, solved="solved", satisfaction="satisfied", at=at("11-26 16:00"))
    client = follow(case, "2027-02-25 09:00")
    assert "还是没解决" not in text_of(client.get(PROGRESS))
    answer = do(client, case, "not-solved", words="又不付了")
    assert answer.status_code == 422
    assert "90 天" in text_of(answer)


def test_an_objection_to_a_refusal_goes_one_level_up(desk, follow):
    case = desk.lodged()
    workflow.refuse(case, actor=desk.clerk, reason="请找劳动监察。", at=at("11-20 16:00"))
    client = follow(case, "11-20 17:00")
    page = text_of(client.get(PROGRESS))
    assert "没有受理，原因写在下面" in page
    assert "请找劳动监察。" in page
    assert do(client, case, "object", words="不是工资，是运费。").url == PROGRESS
    case.refresh_from_db()
    assert (case.status, case.organization) == (Status.LODGED, desk.tree.city)


def test_withdrawn_is_over(desk, follow):
    case = desk.in_hand()
    client = follow(case, "11-24 09:00")
    assert do(client, case, "withdraw").url == PROGRESS
    page = text_of(client.get(PROGRESS))
    assert "您已经撤回，不再办了" in page
    assert "补充材料" not in page
    assert do(client, case, "reply", text="再办办").status_code == 409
    assert do(client, case, "withdraw").status_code == 409


@pytest.mark.parametrize("step", ["confirm", "not-solved", "object"])
def test_what_the_life_cycle_does_not_allow_is_a_sentence(desk, follow, step):
    case = desk.in_hand()
    answer = do(follow(case, "11-24 09:00"), case, step, solved="solved", words="一句")
    assert answer.status_code == 409
    case.refresh_from_db()
    assert case.status == Status.IN_HAND


def test_there_is_no_other_act(desk, follow):
    case = desk.in_hand()
    client = follow(case, "11-24 09:00")
    assert do(client, case, "accept").status_code == 404
    assert client.get(f"{PROGRESS}reply/").status_code == 405


# --- merged -----------------------------------------------------------------------------------------------------------
def test_a_merged_case_follows_the_other_without_its_complainants_words(desk, follow):
    other = desk.in_hand(description="别人的经过", name="测试乙", phone="19000000001", title="别人的标题")
    workflow.reply(other, text="别人早先的话", at=at("11-23 11:00"))
    own = desk.accepted(title="我的标题")
    workflow.merge(own, other, actor=desk.clerk, at=at("11-23 12:00"))
    workflow.reply(other, text="别人后来的话", at=at("11-23 13:00"))
    workflow.report_progress(other, actor=desk.officer, text="对账对好了。", at=at("11-24 08:00"))
    workflow.ask_complainant(other, actor=desk.officer, text="请别人发运单。", at=at("11-24 08:30"))
    client = follow(own, "11-24 09:00")
    page = text_of(client.get(PROGRESS))
    assert "合在一起办" in page
    assert "对账对好了。" in page
    for hidden in (
        "别人的经过",
        "别人的标题",
        "别人早先的话",
        "别人后来的话",
        "请别人发运单。",
        "测试乙",
        other.track_code,
    ):
        assert hidden not in page
    assert do(client, own, "reply", text="我也补一句").url == PROGRESS
    assert "我也补一句" in text_of(client.get(PROGRESS))
    assert list(Statement.objects.filter(kind="reply", grievance=own).values_list("text", flat=True)) == ["我也补一句"]
    assert "我也补一句" not in text_of(follow(other, "11-24 09:00").get(PROGRESS))
    assert do(client, own, "withdraw").status_code == 409


def test_a_merged_case_is_not_asked_to_confirm_for_the_other(desk, follow):
    other, own = desk.in_hand(), desk.accepted()
    workflow.merge(own, other, actor=desk.clerk, at=at("11-23 12:00"))
    workflow.answer(
        other, actor=desk.officer, result=Result.SOLVED, text="货主已付清。", amount_recovered=1, at=at("11-24 10:00")
    )
    page = text_of(follow(own, "11-24 11:00").get(PROGRESS))
    assert "有答复了，您的没解决就重新提一件" in page
    assert "货主已付清。" in page
    assert "告诉我们" not in page
    workflow.confirm(other, solved="solved", satisfaction="satisfied", at=at("11-24 12:00"), words="谢谢大家")
    page = text_of(follow(own, "11-24 13:00").get(PROGRESS))
    assert "合办的那一件办结了，您的没解决就重新提一件" in page
    assert "谢谢大家" not in page


def test_who_was_merged_twice_follows_to_the_end(desk, follow):
    last, middle, own = desk.in_hand(), desk.accepted(), desk.accepted()
    workflow.merge(own, middle, actor=desk.clerk, at=at("11-23 12:00"))
    workflow.merge(middle, last, actor=desk.clerk, at=at("11-23 12:10"))
    assert "东区交通执法大队正在办" in text_of(follow(own, "11-24 09:00").get(PROGRESS))
    assert workflow.followed(own).pk == last.pk
