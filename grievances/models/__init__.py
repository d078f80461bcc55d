"""Nouns of grievances, one file per subject."""

from grievances.models.campaigns import Campaign, CampaignCase
from grievances.models.cases import Assist, Category, Evidence, FollowUp, Grievance, Statement, Supervision
from grievances.models.clocks import Clock, Extension, Pause, SlaPolicy

__all__ = [
    "Assist",
    "Campaign",
    "CampaignCase",
    "Category",
    "Clock",
    "Evidence",
    "Extension",
    "FollowUp",
    "Grievance",
    "Pause",
    "SlaPolicy",
    "Statement",
    "Supervision",
]
