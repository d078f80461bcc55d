"""The pages: one's own inbox by day, the bell, choices, and what providers refused."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from foundation.audit.models import Entry
from foundation.notifications import views, workflow
from foundation.notifications.models import Delivery, Notification, Preference, RecipientSettings
from foundation.notifications.workflow import Recipient, resending
from tests.factories import UserFactory
from tests.foundation.notifications import MORNING, at, lines, outside, reachable, tell

pytestmark = pytest.mark.django_db
HTMX = {"hx-request": "true"}


@pytest.fixture
def clerk(db):
    return UserFactory(name="示例专干")


@pytest.fixture
def client(sign_in, clerk):
    return sign_in(clerk)


def page(client, address="/notifications/"):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


# --- the inbox -------------------------------------------------------------------------------------------------------
def test_an_empty_inbox_says_what_will_come(client):
    assert "还没有通知" in page(client)
    assert "没有未读的通知" in page(client, "/notifications/?show=unread")


def test_notifications_stand_under_their_day_newest_first(client, clerk):
    tell(clerk, number=1, when=at(23, 23, 59))
    tell(clerk, number=2, when=at(24, 0, 1), body="请在 3 日内办结", url="/help/", urgent=True)
    tell(UserFactory(), number=3)
    text = page(client)
    days = re.findall(r"<h2[^>]*>(.*?)</h2>", text)
    assert days[:2] == ["2026年11月24日 星期二", "2026年11月23日 星期一"]
    assert text.index("（2）") < text.index("（1）")
    assert "（3）" not in text
    assert text.count(">未读</span>") == 2, "a word, not colour alone"
    assert ">紧急</span>" in re.sub(r"<svg.*?</svg>", "", text)
    assert "请在 3 日内办结" in text


def test_what_is_planned_ahead_and_what_is_told_to_others_is_not_there(client, clerk):
    tell(clerk, when=timezone.now(), not_before=timezone.now() + timedelta(hours=1))
    assert "还没有通知" in page(client)
    assert workflow.unread_count(clerk) == 0


def test_marking_read_works_without_script(client, clerk):
    tell(clerk)
    row = Notification.objects.get()
    answer = client.post(f"/notifications/{row.pk}/read/")
    assert (answer.status_code, answer.url) == (302, "/notifications/")
    row.refresh_from_db()
    assert row.read_at is not None
    assert "未读</span>" not in page(client)
    assert "没有未读的通知" in page(client, "/notifications/?show=unread")


def test_marking_read_by_htmx_brings_the_line_and_the_bell(client, clerk):
    tell(clerk)
    tell(clerk, number=2)
    row = Notification.objects.first()
    text = client.post(f"/notifications/{row.pk}/read/", headers=HTMX).content.decode()
    assert text.startswith(f'<li id="n{row.pk}">')
    assert "已读" in text
    assert 'id="bell"' in text
    assert 'hx-swap-oob="true"' in text
    assert "1 条未读" in text


def test_opening_marks_read_and_leads_there(client, clerk):
    tell(clerk, url="/help/?x=1")
    answer = client.post(f"/notifications/{Notification.objects.get().pk}/read/", {"open": "1"})
    assert answer.url == "/help/?x=1"
    assert Notification.objects.get().read_at is not None


def test_nobody_marks_what_is_not_his(sign_in, clerk):
    tell(clerk)
    key = Notification.objects.get().pk
    stranger = sign_in(UserFactory())
    assert stranger.post(f"/notifications/{key}/read/").status_code == 404
    stranger.post("/notifications/read-all/")
    assert Notification.objects.get().read_at is None
    assert not workflow.mark_read(UserFactory(), key)


def test_all_are_marked_at_once(client, clerk):
    for number in range(3):
        tell(clerk, number=number)
    answer = client.post("/notifications/read-all/", follow=True)
    assert "已把 3 条标为已读" in answer.content.decode()
    assert workflow.unread_count(clerk) == 0
    assert "没有未读的通知" in client.post("/notifications/read-all/", follow=True).content.decode()


def test_reading_by_get_is_refused(client, clerk):
    tell(clerk)
    assert client.get(f"/notifications/{Notification.objects.get().pk}/read/").status_code == 405


def test_pages_follow_each_other_without_gap_or_overlap(client, clerk, monkeypatch):
    monkeypatch.setattr(views, "PAGE", 4)
    for number in range(9):
        tell(clerk, number=number, when=MORNING - timedelta(hours=number // 3))
    found, address = [], "/notifications/"
    while address:
        text = page(client, address)
        found += re.findall(r'<li id="n(\d+)"', text)
        following = re.search(r'href="([^"]+)" rel="next"', text)
        address = following[1].replace("&amp;", "&") if following else ""
    wanted = Notification.objects.order_by("-due_at", "-pk").values_list("pk", flat=True)
    assert found == [str(pk) for pk in wanted]


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "٣", "987654321"])
def test_a_page_mark_nobody_gave_out_shows_the_first_page(client, clerk, before):
    tell(clerk)
    assert "（1）" in page(client, f"/notifications/?before={before}")


# --- the bell --------------------------------------------------------------------------------------------------------
def test_the_bell_says_how_many_are_unread_in_words(client, clerk):
    assert 'aria-label="通知"' in page(client, "/help/")
    tell(clerk)
    assert 'aria-label="通知，1 条未读"' in page(client, "/help/")


def test_the_bell_stops_counting_at_a_hundred(client, clerk):
    from django.db import transaction

    with transaction.atomic():
        workflow.publish_many(
            workflow.Message("a.b", [clerk], "a:1", "标题", f"{number}", at=MORNING) for number in range(101)
        )
    text = page(client, "/help/")
    assert "99 条以上未读" in text
    assert ">99+<" in text


def test_the_bell_comes_with_the_account_on_an_index_and_costs_nothing_signed_out(client, clerk):
    from django.test import Client

    tell(clerk)
    page(client, "/help/")
    with CaptureQueriesContext(connection) as queries:
        page(client, "/help/")
    bell = [one["sql"] for one in queries.captured_queries if "notifications_notification" in one["sql"]]
    assert len(bell) == 1
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {bell[0]}")
            assert "notifications_unread" in str(cursor.fetchall())
    with CaptureQueriesContext(connection) as queries:
        page(Client(), "/help/")
    assert not [one for one in queries.captured_queries if "notifications_" in one["sql"]]


# --- choices ---------------------------------------------------------------------------------------------------------
def test_without_outside_channels_there_is_nothing_to_choose(client, settings):
    settings.NOTIFY_SINK = settings.EMAIL_HOST = settings.NOTIFY_SMS_URL = settings.NOTIFY_WECOM_URL = ""
    assert "还没有开通" in page(client, "/notifications/preferences/")


def test_choices_are_shown_and_kept(client, clerk, settings):
    settings.NOTIFY_SMS_URL, settings.EMAIL_HOST = "http://127.0.0.1:9/", "mail.example"
    text = page(client, "/notifications/preferences/")
    assert 'aria-label="诉求：短信" checked' in text
    assert 'aria-label="登记、导入和导出：短信">' in text
    assert "企业微信" not in text.partition("<main")[2], "not configured, not offered"
    answer = client.post(
        "/notifications/preferences/",
        {"email": "clerk@example.com", "digest": "on", "registry-sms": "on", "grievance-email": "on"},
        follow=True,
    )
    assert "通知设置已保存" in answer.content.decode()
    mine = RecipientSettings.objects.get(user=clerk)
    assert (mine.email, mine.wecom_id, mine.digest) == ("clerk@example.com", "", True)
    on = workflow.choices_of(clerk)
    assert on["registry", "sms"]
    assert on["grievance", "email"]
    assert not on["grievance", "sms"]
    assert on["grievance", "wecom"], "what was not offered stays as it was"


def test_a_wrong_address_is_told_and_nothing_is_kept(client, settings):
    settings.EMAIL_HOST = "mail.example"
    answer = client.post("/notifications/preferences/", {"email": "nobody"})
    assert answer.status_code == 422
    assert "邮箱的写法不对" in answer.content.decode()
    assert not RecipientSettings.objects.exists()
    assert not Preference.objects.exists()


# --- what was given up -----------------------------------------------------------------------------------------------
DELIVERIES = "/notifications/deliveries/"


def fail(rows, status="refused", code="http_400", when=MORNING):
    """Give deliveries up, as a provider that does not take them makes us."""
    rows.update(status=status, error_code=code, error="短信网关不收这条消息。", failed_at=when, lease_owner="")
    return outside(status=status)


@pytest.fixture
def sink(settings, tmp_path):
    settings.NOTIFY_SINK = str(tmp_path / "sink.jsonl")
    return tmp_path / "sink.jsonl"


@pytest.fixture
def given_up(sink):
    tell(Recipient(phone="19000007720"), Recipient(email="someone@example.com"))
    return fail(outside())


def test_administrators_see_the_reason_and_no_address(given_up, sign_in, system_admin):
    text = page(sign_in(system_admin), DELIVERIES)
    assert "短信网关不收这条消息" in text
    assert "190****7720" in text
    assert "s****@example.com" in text
    assert "19000007720" not in text
    assert "someone@" not in text
    assert text.count(">重发</button>") == 2


def test_a_channel_that_is_off_is_no_failure_and_says_so(settings, sign_in, system_admin):
    settings.NOTIFY_SMS_URL = settings.NOTIFY_SINK = ""
    tell(Recipient(phone="19000007720"))
    workflow.drain(MORNING)
    client = sign_in(system_admin)
    text = page(client, DELIVERIES)
    assert "还没有开通，不会发；这不是故障" in text
    assert "开通了的通道都发出去了" in text
    assert "190****7720" not in text
    text = page(client, f"{DELIVERIES}?show=off")
    assert "190****7720" in text
    assert ">未开通</span>" in text
    assert "开通后可补发" in text
    assert "被拒绝</span>" not in text
    assert "重发</button>" not in text
    settings.NOTIFY_SMS_URL = "http://127.0.0.1:9/"
    assert ">重发</button>" in page(client, f"{DELIVERIES}?show=off")


def test_a_list_shows_the_state_and_the_channel_that_are_asked_for(given_up, sign_in, system_admin):
    client = sign_in(system_admin)
    fail(Delivery.objects.filter(channel="email"), "quarantined", "timeout")

    def shown(query):
        return {row.channel for row, *_ in client.get(f"{DELIVERIES}{query}").context["rows"]}

    assert shown("") == shown("?show=nonsense&channel=fax") == {"sms", "email"}
    assert (shown("?show=refused"), shown("?show=quarantined")) == ({"sms"}, {"email"})
    assert (shown("?channel=email"), shown("?channel=wecom"), shown("?show=off")) == ({"email"}, set(), set())
    assert shown("?show=refused&channel=email") == set()


def test_an_account_is_named_by_its_user_name(sign_in, system_admin, settings, tmp_path):
    settings.NOTIFY_SINK = str(tmp_path / "sink.jsonl")
    user = reachable(username="some-clerk")
    tell(user)
    user.is_active = False
    user.save()
    workflow.drain(MORNING)
    assert "账号 some-clerk" in page(sign_in(system_admin), "/notifications/deliveries/")


def test_sending_again_queues_and_says_when(given_up, sign_in, system_admin):
    client, key = sign_in(system_admin), given_up.first().pk
    answer = client.post(f"{DELIVERIES}{key}/resend/", {"show": "refused", "channel": "sms"}, follow=True)
    assert answer.redirect_chain == [(f"{DELIVERIES}?show=refused&channel=sms", 302)]
    assert "已排队" in answer.content.decode()
    assert outside(status="waiting").count() == 1
    assert client.post(f"{DELIVERIES}{key}/resend/").status_code == 404, "it waits"


def test_all_that_the_list_shows_are_sent_again_once(given_up, sign_in, system_admin, sink):
    client = sign_in(system_admin)
    fail(Delivery.objects.filter(channel="email"), "quarantined", "timeout")
    for number in range(3):
        tell(Recipient(phone="19000007720"), number=10 + number)
    fail(outside(status="waiting"))
    seen = client.get(f"{DELIVERIES}?channel=sms").context
    assert (seen["waiting"], seen["waiting_more"]) == (4, False)
    posted = {"channel": "sms", "seen_at": seen["seen_at"]}
    answer = client.post(f"{DELIVERIES}resend/", posted, follow=True)
    assert "4 条已排队" in answer.content.decode()
    assert {row.channel for row in outside(status="waiting")} == {"sms"}
    entry = Entry.objects.get(action="notification.resend_all")
    assert entry.actor_id == system_admin.pk
    assert entry.details == {"rows": 4, "filters": {"show": "没发成", "channel": "短信"}}
    workflow.drain(timezone.now().replace(hour=4) + timedelta(days=1))  # tomorrow, noon in China
    assert len(lines(sink)) == 4
    client.post(f"{DELIVERIES}resend/", posted)
    assert Entry.objects.filter(action="notification.resend_all").count() == 1
    assert outside(status="waiting").count() == 0
    assert outside(status="quarantined").count() == 1


def test_posting_it_twice_sends_nothing_twice_even_when_the_provider_refused_again(given_up, system_admin):
    seen = timezone.now()
    rows = Delivery.objects.given_up()
    assert workflow.resend_all(system_admin, rows, seen_at=seen) == 2
    fail(outside(), when=seen + timedelta(seconds=2))
    assert workflow.resend_all(system_admin, rows, seen_at=seen) == 0
    assert workflow.resend_all(system_admin, rows, seen_at=seen + timedelta(seconds=3)) == 2


def test_no_act_takes_more_than_its_bound_and_the_oldest_come_first(given_up, system_admin, sign_in, monkeypatch):
    monkeypatch.setattr(resending, "AT_ONCE", 1)
    oldest, newest = outside()
    assert workflow.resend_all(system_admin, Delivery.objects.given_up(), seen_at=timezone.now()) == 1
    oldest.refresh_from_db()
    newest.refresh_from_db()
    assert (oldest.status, newest.status) == ("waiting", "refused")


def test_what_has_no_channel_is_not_queued_to_be_given_up_again(given_up, system_admin, settings):
    settings.NOTIFY_SINK, settings.NOTIFY_SMS_URL, settings.EMAIL_HOST = "", "", "mail.example"
    assert workflow.resend_all(system_admin, Delivery.objects.given_up(), seen_at=timezone.now()) == 1
    assert {row.channel for row in outside(status="waiting")} == {"email"}


def test_nobody_else_sends_all_again(given_up, sign_in, county_clerk, system_admin):
    with pytest.raises(PermissionDenied):
        workflow.resend_all(county_clerk, Delivery.objects.given_up(), seen_at=timezone.now())
    assert sign_in(county_clerk).post(f"{DELIVERIES}resend/").status_code == 403
    assert sign_in(system_admin).get(f"{DELIVERIES}resend/").status_code == 405
    assert outside(status="refused").count() == 2
    assert not Entry.objects.filter(action="notification.resend_all").exists()


@pytest.mark.parametrize("seen", ["", "gestern", "2026-13-45T99:99", "2999-01-01T00:00:00+00:00", "2026-11-24T09:00"])
def test_a_moment_nobody_gave_out_does_no_harm(given_up, sign_in, system_admin, seen):
    assert sign_in(system_admin).post(f"{DELIVERIES}resend/", {"seen_at": seen}).status_code == 302
    assert outside(status="waiting").count() == 2


def test_others_see_neither(given_up, sign_in, county_clerk, auditor):
    for reader in (county_clerk, auditor):
        client = sign_in(reader)
        assert client.get("/notifications/deliveries/").status_code == 403
        assert client.post(f"/notifications/deliveries/{given_up.first().pk}/resend/").status_code == 403
        assert client.post("/notifications/deliveries/987654321/resend/").status_code == 403
    assert "没有发出去" not in page(sign_in(county_clerk)).partition("<main")[2]
    assert Delivery.objects.filter(status="refused").count() == 2


def test_the_inbox_costs_the_same_for_one_and_for_three(client, clerk):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            page(client)
        return len(queries)

    tell(clerk)
    cost()
    one = cost()
    tell(clerk, number=2)
    tell(clerk, number=3)
    assert cost() == one
