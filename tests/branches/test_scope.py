"""Regions against an oracle that walks parent links in plain Python."""

from branches.models import Organization


def test_the_cast_stands_where_it_should(tree, county_clerk, outsider):
    assert Organization.objects.count() == 1 + 2 + 6 + 12 + 1 + 2
    assert set(Organization.objects.visible_to(county_clerk)) == {tree.county, tree.branch, tree.second_branch}
    assert not Organization.objects.visible_to(outsider).exists()
