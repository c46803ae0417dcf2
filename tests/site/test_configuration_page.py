"""docs/configuration.md lists every setting as the code has it."""

import re

from aloha_site import configuration_page


def test_the_page_is_as_the_code_is():
    written = configuration_page.PAGE.read_text()
    assert written == configuration_page.render(), "run python manage.py renderconfiguration"


def test_every_variable_of_the_example_stands_on_the_page():
    names = re.findall(r"^([A-Z_]+)=", configuration_page.EXAMPLE.read_text(), re.MULTILINE)
    page = configuration_page.render()
    assert [name for name in names if f"`{name}`" not in page] == []


def test_variables_under_one_comment_share_a_row_with_their_defaults():
    page = configuration_page.render()
    row = "| `NUMBER_SEARCHES_PER_HOUR`<br>`NUMBER_PURCHASES_PER_HOUR` | `30`<br>`10` |"
    assert row in page
