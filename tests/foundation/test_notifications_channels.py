"""What leaves the portal, and what each answer of a provider means. The providers are real servers on this machine."""

import json
import stat
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest

from foundation.notifications.channels import Email, Outgoing, Refused, Sink, Sms, Unavailable, WeCom
from tests.foundation.notifications import MORNING
from tests.foundation.providers import Gateway, MailServer, served

MESSAGE = Outgoing(
    key="grievance:1:accepted:user:12:sms",
    recipient="user:12",
    address="19000007720",
    template="grievance.accepted",
    title="您反映的问题已经受理",
    body="正文里写着谁的什么事",
    url="/grievances/1/",
    at=MORNING,
)


@pytest.fixture(autouse=True)
def _origin(settings):
    settings.ORIGIN = "https://portal.example"
    settings.NOTIFY_TIMEOUT_SECONDS = 2


# --- text messages ---------------------------------------------------------------------------------------------------
def sms(settings, gateway):
    settings.NOTIFY_SMS_URL, settings.NOTIFY_SMS_TOKEN = gateway.url, "t0ken"
    with served(gateway):
        Sms().send(MESSAGE)


def test_a_text_message_says_the_title_and_where_to_look(settings):
    gateway = Gateway(200)
    sms(settings, gateway)
    assert gateway.calls == [
        {
            "id": MESSAGE.key,
            "phone": "19000007720",
            "template": "grievance.accepted",
            "text": "您反映的问题已经受理 https://portal.example/grievances/1/",
        }
    ]
    assert gateway.headers[0]["Idempotency-Key"] == MESSAGE.key
    assert gateway.headers[0]["Authorization"] == "Bearer t0ken"


@pytest.mark.parametrize("status", [400, 403, 404, 422, 302])
def test_a_refusal_is_final(settings, status):
    with pytest.raises(Refused) as refused:
        sms(settings, Gateway(status))
    assert refused.value.code == f"http_{status}"
    assert "19000007720" not in str(refused.value), "the gateway's words are not repeated"


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_trouble_of_the_gateway_passes(settings, status):
    with pytest.raises(Unavailable) as away:
        sms(settings, Gateway(status))
    assert away.value.code == f"http_{status}"


def test_silence_passes_too(settings):
    settings.NOTIFY_TIMEOUT_SECONDS = 0.2
    with pytest.raises(Unavailable) as away:
        sms(settings, Gateway(200, seconds=0.6))
    assert away.value.code == "timeout"


def test_nobody_there(settings):
    settings.NOTIFY_SMS_URL = "http://127.0.0.1:9/"
    with pytest.raises(Unavailable) as away:
        Sms().send(MESSAGE)
    assert away.value.code == "unreachable"


# --- WeCom -----------------------------------------------------------------------------------------------------------
def wecom(settings, gateway):
    settings.NOTIFY_WECOM_URL = gateway.url
    with served(gateway):
        WeCom().send(MESSAGE)


def test_a_group_sees_the_title_only(settings):
    gateway = Gateway(200, answer={"errcode": 0})
    wecom(settings, gateway)
    assert gateway.calls[0]["text"] == {
        "content": "您反映的问题已经受理 https://portal.example/grievances/1/",
        "mentioned_list": ["19000007720"],
    }
    assert "正文" not in json.dumps(gateway.calls, ensure_ascii=False)


def test_an_error_in_an_answer_of_200_counts(settings):
    with pytest.raises(Refused, match="93000"):
        wecom(settings, Gateway(200, answer={"errcode": 93000, "errmsg": "invalid webhook url"}))
    with pytest.raises(Unavailable, match="45009"):
        wecom(settings, Gateway(200, answer={"errcode": 45009}))


# --- e-mail ----------------------------------------------------------------------------------------------------------
def mail(settings, server):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
    settings.DEFAULT_FROM_EMAIL = "同路 <portal@portal.example>"
    with served(server):
        Email().send(MESSAGE)


def test_a_mail_says_the_title_and_where_to_look(settings):
    server = MailServer()
    mail(settings, server)
    sent = message_from_bytes(server.mails[0])
    assert str(make_header(decode_header(sent["Subject"]))) == "您反映的问题已经受理"
    text = sent.get_payload(decode=True).decode()
    assert "https://portal.example/grievances/1/" in text
    assert "正文里写着" not in text
    assert sent["Message-ID"].endswith("@portal.example>")
    again = MailServer()
    mail(settings, again)
    assert message_from_bytes(again.mails[0])["Message-ID"] == sent["Message-ID"], "a second call can be recognised"


@pytest.mark.parametrize(("answers", "kind", "code"), [
    ({"recipient": 550}, Refused, "smtp_550"),
    ({"content": 554}, Refused, "smtp_554"),
    ({"recipient": 450}, Unavailable, "smtp_450"),
    ({"content": 451}, Unavailable, "smtp_451"),
])  # fmt: skip
def test_a_mail_server_means_never_by_5_and_later_by_4(settings, answers, kind, code):
    with pytest.raises(kind) as raised:
        mail(settings, MailServer(**answers))
    assert raised.value.code == code
    assert "19000007720" not in str(raised.value)


def test_no_mail_server(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    with pytest.raises(Unavailable) as away:
        Email().send(MESSAGE)
    assert away.value.code == "smtp_unreachable"


# --- the sink --------------------------------------------------------------------------------------------------------
def test_the_sink_gets_one_line_per_call_without_the_address(settings, tmp_path):
    path = tmp_path / "sink.jsonl"
    settings.NOTIFY_SINK = str(path)
    Sink("sms").send(MESSAGE)
    Sink("sms").send(MESSAGE)
    first, second = path.read_text().splitlines()
    assert first == second
    assert json.loads(first) == {
        "dedupe_key": MESSAGE.key,
        "recipient": "user:12",
        "template": "grievance.accepted",
        "at": "2026-11-24T09:30:00+08:00",
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_sink_that_cannot_be_written_is_a_provider_that_is_away(settings, tmp_path):
    settings.NOTIFY_SINK = str(tmp_path / "gone" / "sink.jsonl")
    with pytest.raises(Unavailable):
        Sink("sms").send(MESSAGE)
