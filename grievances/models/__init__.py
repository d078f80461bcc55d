"""Nouns of grievances, one file per subject."""

from grievances.models.campaigns import Campaign, CampaignCase
from grievances.models.cases import Assist, Category, Evidence, FollowUp, Grievance, Statement, Supervision
from grievances.models.clocks import Clock, Extension, Pause, SlaPolicy
from grievances.models.drafts import AnswerDraft
from grievances.models.figures import MonthlyFigures
from grievances.models.work_orders import WorkOrderImport, WorkOrderRow

__all__ = [
    "AnswerDraft",
    "Assist",
    "Campaign",
    "CampaignCase",
    "Category",
    "Clock",
    "Evidence",
    "Extension",
    "FollowUp",
    "Grievance",
    "MonthlyFigures",
    "Pause",
    "SlaPolicy",
    "Statement",
    "Supervision",
    "WorkOrderImport",
    "WorkOrderRow",
]
