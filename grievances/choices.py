"""Categories of grievances. The life-cycle comes with its own part."""

from django.db.models import TextChoices


class Category(TextChoices):
    """What a grievance is about."""

    PORTAL_FEEDBACK = "portal_feedback", "对本网站的意见建议"
