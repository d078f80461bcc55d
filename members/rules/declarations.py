"""Rules of self-declaration: what somebody agrees to, by version, and how often an address may try. Pure."""

from __future__ import annotations

from datetime import date

from foundation.protection.identifiers import phone_error
from members.choices import DeclarationStatus, RecruitStatus

# What a declarant has ticked stays readable as it was: a new wording is a new version.
# 《个人信息保护法》第十四、十五、二十九条 (secondary): separate consent, withdrawn as easily as it was given.
CONSENT_VERSION = "2026-11"
CONSENT: dict[str, str] = {
    "2026-11": (
        "我自愿告诉交通运输行业党组织我是中共党员，同意用我填的姓名、手机号、组织关系所在地和入党时间核实身份、"
        "联系我编入支部。只有负责核实的党组织看得到，不公开，不给所在企业和平台。"
        "我可以随时凭回执码撤回，撤回以后这些信息就删除。"
    ),
}
HOME_MAX = 60
JOINED_MAX = 20
SUBMITTED_PER_ADDRESS = 30  # within an hour; a carrier sends many phones through one address
WRONG_PER_ADDRESS = 30


def is_running(campaign, on: date) -> bool:
    """Return whether a call takes declarations on a day."""
    return campaign.status == RecruitStatus.RUNNING and campaign.from_date <= on <= campaign.until_date


def told_sentences(name: str, phone: str, home: str, joined: str) -> dict[str, str]:
    """Return what is wrong with what somebody declares, one sentence per field; takes canonical values."""
    wrong: dict[str, str] = {}
    if not 2 <= len(name) <= 50:
        wrong["name"] = "请填姓名，2 到 50 个字。"
    if not phone:
        wrong["phone"] = "请填手机号，我们好联系您核实。"
    elif phone_error(phone):
        wrong["phone"] = "手机号不对：要 11 位数字，以 1 开头。"
    if len(home) > HOME_MAX:
        wrong["home_told"] = f"最多 {HOME_MAX} 个字。"
    if len(joined) > JOINED_MAX:
        wrong["joined_told"] = f"最多 {JOINED_MAX} 个字。"
    return wrong


def said_to_declarant(status: str) -> str:
    """Return the state as the holder of the receipt reads it: never whether somebody is known or what was found."""
    if status == DeclarationStatus.WITHDRAWN:
        return "已经撤回，您填的信息已经删除"
    if status == DeclarationStatus.RETURNED:
        return "已经答复"
    return "收到了，正在处理"
