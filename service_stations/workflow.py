"""The verbs of stations. So far one reaction: the unit in charge, or the branch on site, is dissolved."""

from __future__ import annotations

from branches import endings
from service_stations.choices import StationStatus
from service_stations.models import Station


def register_endings() -> None:
    """Register the rows of this app with the dissolution of units; called once when the app is ready."""
    endings.register(
        "service_stations.Station", label="服务站", unit="个", find=_stations, end=_hand_over, needs_successor=True
    )
    endings.register(
        "service_stations.Station.branch", label="驻站", unit="个", find=_stations_on_site, end=_leave_site
    )


def _stations(organization, at):
    return Station.objects.filter(organization=organization).exclude(status=StationStatus.CLOSED)


def _stations_on_site(organization, at):
    return Station.objects.filter(branch=organization)


def _hand_over(organization, *, at, actor, successor):
    _stations(organization, at).update(organization=successor, updated_at=at)


def _leave_site(organization, *, at, actor, successor):
    _stations_on_site(organization, at).update(branch=successor, updated_at=at)
