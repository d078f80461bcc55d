"""The stock ways: django-import-export into one flat table, and the admin's own list; no encryption, no audit."""

from __future__ import annotations

from django.contrib import admin
from django.db import connection
from import_export import fields, resources

from bench.models import FlatDriver
from members.models import Driver

COLUMNS = {
    "name": "姓名",
    "sex": "性别",
    "id_number": "身份证号",
    "phone": "手机号",
    "ethnicity": "民族",
    "political_status": "政治面貌",
    "group": "司机类别",
    "credential": "从业资格证号",
    "driving_class": "准驾车型",
    "plate": "车牌号",
    "enterprise": "所属企业",
    "work_status": "从业状态",
    "county": "所属县区",
    "union_member": "工会会员",
}


def create_table() -> None:
    """Make the flat table anew."""
    with connection.schema_editor() as editor:
        if FlatDriver._meta.db_table in connection.introspection.table_names():
            editor.delete_model(FlatDriver)
        editor.create_model(FlatDriver)


class FlatResource(resources.ModelResource):
    """Import by identity number, as the documentation of the library shows it."""

    class Meta:
        model = FlatDriver
        fields = tuple(COLUMNS)
        import_id_fields = ("id_number",)
        skip_unchanged = True
        clean_model_instances = True


for _name, _header in COLUMNS.items():
    FlatResource.fields[_name] = fields.Field(attribute=_name, column_name=_header, default="")


class StockSite(admin.AdminSite):
    """An admin of its own, without our mix-ins."""


class StockDriverAdmin(admin.ModelAdmin):
    """A list as it comes out of the box, with the settings everybody makes."""

    list_display = ("person", "registering_committee", "group", "enterprise", "work_status", "updated_at")
    list_select_related = ("person", "registering_committee", "enterprise")
    list_filter = ("group", "work_status")
    search_fields = ("person__name", "person__initials", "vehicle_links__vehicle__plate")
    list_per_page = 50


stock_site = StockSite("stock")
stock_site.register(Driver, StockDriverAdmin)
