"""The page of components: for whoever builds pages, in development only."""


def test_outside_of_development_there_is_no_such_page(client, db):
    assert client.get("/aloha/styleguide").status_code == 404


def test_in_development_every_component_is_shown(client, db, settings):
    settings.DEBUG = True
    text = client.get("/aloha/styleguide").content.decode()
    for part in (
        "button-primary",
        "field-error",
        "choice",
        "note-danger",
        "step-bad",
        "skeleton",
        "fact-row",
    ):
        assert part in text
