"""The frame of all pages: the government footer, the text size, the account menu."""

import re

FOOTER = {
    "SITE_HOST_UNIT": "示例市交通运输局",
    "SITE_CONTACT": "0000-0000000",
    "SITE_IDENTIFIER": "0000000001",
    "SITE_ICP": "示ICP备00000001号",
    "SITE_POLICE": "示公网安备 00000000000001号",
}


def test_the_footer_is_silent_about_what_is_not_set(client, db, settings):
    for name in FOOTER:
        setattr(settings, name, "")
    page = client.get("/").content.decode()
    for word in ("主办单位", "联系方式", "标识码", "beian"):
        assert word not in page


def test_the_footer_shows_what_is_set_and_links_to_the_registers(client, sign_in, outsider, settings):
    for name, value in FOOTER.items():
        setattr(settings, name, value)
    for reader in (client, sign_in(outsider)):
        page = reader.get("/").content.decode()
        for value in FOOTER.values():
            assert value in page
        assert 'href="https://beian.miit.gov.cn/"' in page
        assert "https://beian.mps.gov.cn/#/query/webSearch?code=00000000000001" in page


def test_the_name_of_the_site_is_a_setting(client, db, settings):
    settings.SITE_NAME = "示例门户"
    assert "<title>示例门户</title>" in client.get("/").content.decode()


def test_large_text_follows_the_account_not_the_cookie(sign_in, outsider):
    client = sign_in(outsider)
    client.cookies["large_text"] = "1"
    assert 'data-text="large"' not in client.get("/").content.decode()
    outsider.large_text = True
    outsider.save(update_fields=["large_text"])
    assert 'data-text="large"' in client.get("/").content.decode()


def test_the_menu_names_every_post_and_signs_out_by_post_only(sign_in, county_clerk):
    page = sign_in(county_clerk).get("/").content.decode()
    assert "东区 · 专干" in page
    assert re.search(r'<form method="post" action="/accounts/logout/">', page)


def test_signed_in_pages_are_kept_by_no_shared_cache(sign_in, county_clerk):
    answer = sign_in(county_clerk).get("/")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_the_search_box_is_offered_only_to_whom_it_can_find_something(sign_in, county_clerk, outsider):
    assert 'action="/search/"' in sign_in(county_clerk).get("/").content.decode()
    assert 'action="/search/"' not in sign_in(outsider).get("/").content.decode()
