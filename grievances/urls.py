"""Addresses of grievances."""

from django.urls import path

from grievances.views import (
    acts,
    campaigns,
    case,
    figures,
    hotline,
    ledger,
    lodging,
    policies,
    public,
    sample,
    supervision,
    tracking,
    worklist,
)

app_name = "grievances"
urlpatterns = [
    # --- the complainant
    path("grievances/new/", public.create, name="create"),
    path("grievances/lodged/", public.lodged, name="lodged"),
    path("grievances/track/", tracking.track, name="track"),
    path("grievances/track/case/", tracking.progress, name="progress"),
    path("grievances/track/case/files/<int:number>/", tracking.evidence, name="own_evidence"),
    path("grievances/track/case/<slug:step>/", tracking.act, name="act"),
    # --- for a driver
    path("grievances/lodge/", lodging.lodge, name="lodge"),
    path("grievances/lodge/<int:pk>/", lodging.draft, name="draft"),
    # --- those who work on them
    path("grievances/", worklist.worklist, name="list"),
    path("grievances/<int:pk>/", case.case_detail, name="detail"),
    path("grievances/<int:pk>/reveal/", case.case_reveal, name="reveal"),
    path("grievances/<int:pk>/evidence/<int:evidence>/", case.evidence_file, name="evidence"),
    path("grievances/<int:pk>/assists/<int:assist>/end/", acts.end_assist, name="end_assist"),
    *[
        path(f"grievances/<int:pk>/{code.replace('_', '-')}/", view, name=code)
        for code, view in acts.VIEWS.items()  # accept, assign, report … one address per act: grievances.rules.acts
    ],
    path("grievances/extensions/", supervision.extension_list, name="extension_list"),
    path("grievances/extensions/<int:pk>/", supervision.extension_decide, name="extension_decide"),
    # --- limits and categories
    path("grievances/policies/", policies.policy_list, name="policy_list"),
    path("grievances/policies/keep/", policies.policy_keep, name="policy_keep"),
    path("grievances/policies/new/", policies.policy_create, name="policy_create"),
    path("grievances/policies/<int:pk>/end/", policies.policy_end, name="policy_end"),
    path("grievances/categories/", policies.category_list, name="category_list"),
    path("grievances/categories/new/", policies.category_create, name="category_create"),
    path("grievances/categories/<int:pk>/", policies.category_change, name="category_change"),
    # --- campaigns
    path("grievances/campaigns/", campaigns.campaign_list, name="campaign_list"),
    path("grievances/campaigns/new/", campaigns.campaign_create, name="campaign_create"),
    path("grievances/campaigns/<int:pk>/", campaigns.campaign_detail, name="campaign_detail"),
    path("grievances/campaigns/<int:pk>/cases/add/", campaigns.campaign_add_case, name="campaign_add_case"),
    path("grievances/campaigns/<int:pk>/end/", campaigns.campaign_end, name="campaign_end"),
    # --- ledger, figures, samples, hotlines
    path("grievances/ledger/", ledger.ledger, name="ledger"),
    path("grievances/ledger/export/", ledger.ledger_export, name="ledger_export"),
    path("grievances/figures/", figures.figures, name="figures"),
    path("grievances/sample/", sample.sample, name="sample"),
    path("grievances/hotline/", hotline.hotline, name="hotline"),
    path("grievances/hotline/<int:pk>/", hotline.hotline_detail, name="hotline_detail"),
]
