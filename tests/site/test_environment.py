"""What is read from the environment: documented, passed on, believed no further than is safe."""

import ast
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import yaml
from django.core.cache import cache
from django.test import Client

from aloha_site.environment import without_comments
from tests.factories import make_user

ROOT = Path(__file__).parents[2]
PROXY = "172.18.0.1"
# Variables that others read: uvicorn, and compose.yaml.
READ_ELSEWHERE = {"FORWARDED_ALLOW_IPS", "POSTGRES_PASSWORD"}


def documented() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def read_by_settings() -> set[str]:
    """The first argument of every call that reads one variable by its name."""
    calls = [
        node
        for node in ast.walk(ast.parse((ROOT / "aloha_site" / "settings.py").read_text()))
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
    ]
    return {
        call.args[0].value
        for call in calls
        if ast.unparse(call.func) in {"_text", "_flag", "_whole_number"}
        or ast.unparse(call.func).startswith(("env.", "os."))
    }


def compose() -> dict:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def test_every_variable_is_documented_and_every_documented_one_is_read():
    assert read_by_settings() == documented() - READ_ELSEWHERE


def test_the_containers_get_only_variables_that_are_documented():
    ours = [
        service
        for name, service in compose()["services"].items()
        if name not in {"database", "redis"}
    ]
    given = {name for service in ours for name in service["environment"]}
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))
    assert given | asked <= documented()


def test_the_containers_get_every_variable_but_those_of_development_and_the_image():
    given = compose()["services"]["web"]["environment"].keys()
    assert documented() - given == {"DEBUG", "ALOHA_VAR_DIR", "MEDIA_ROOT", "POSTGRES_PASSWORD"}


def settings_with(tmp_path, **environment: str) -> dict[str, object]:
    """Some of the settings, as a process with this environment reads them."""
    names = ("ALLOWED_HOSTS", "ALLAUTH_TRUSTED_PROXY_COUNT", "CARRIER_SIGNING_KEYS", "TELEPHONY")
    program = (
        "import json; from aloha_site import settings; "
        f"print(json.dumps([getattr(settings, name) for name in {names}]))"
    )
    base = {"DEBUG": "0", "SECRET_KEY": "s" * 50, "ALOHA_VAR_DIR": str(tmp_path)}
    base |= {"PUBLIC_BASE_URL": "https://aloha.example.com", "TRUSTED_PROXY_COUNT": ""}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | base | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(names, json.loads(done.stdout), strict=True))


def test_blanks_around_a_host_do_not_matter(tmp_path):
    found = settings_with(tmp_path, ALLOWED_HOSTS="aloha.example.com, aloha.internal ,")
    assert found["ALLOWED_HOSTS"] == ["aloha.example.com", "aloha.internal"]


def test_without_other_hosts_the_public_one_is_answered_and_no_proxy_is_trusted(tmp_path):
    found = settings_with(tmp_path, ALLOWED_HOSTS=" , ")
    assert found["ALLOWED_HOSTS"] == ["aloha.example.com"]
    assert found["ALLAUTH_TRUSTED_PROXY_COUNT"] == 0


def test_the_number_of_proxies_comes_from_the_environment(tmp_path):
    assert settings_with(tmp_path, TRUSTED_PROXY_COUNT="2")["ALLAUTH_TRUSTED_PROXY_COUNT"] == 2


def test_while_the_token_is_rotated_both_sign_and_the_first_alone_asks(tmp_path):
    found = settings_with(
        tmp_path,
        TWILIO_ACCOUNT_SID="AC" + "0" * 32,
        TWILIO_AUTH_TOKEN="primary",
        TWILIO_AUTH_TOKEN_SECONDARY="the-new-one",
    )
    assert found["CARRIER_SIGNING_KEYS"] == ["primary", "the-new-one"]
    assert found["TELEPHONY"]["OPTIONS"]["auth_token"] == "primary"


# --- The file .env ---


@pytest.mark.A3
@pytest.mark.parametrize(
    ("line", "read"),
    [
        pytest.param("A=shop    # before the first number", "A=shop", id="behind a value"),
        pytest.param("A='a # b' # c", "A='a # b'", id="behind single quotes"),
        pytest.param('A="a # \\" b" # c', 'A="a # \\" b"', id="behind double quotes"),
        pytest.param("A=  # c", "A=", id="behind nothing"),
        pytest.param("A=two words # c # d", "A=two words", id="the first of two"),
        pytest.param("A=a#b", "A=a#b", id="within a value"),
        pytest.param("A=#b", "A=#b", id="a value that begins with it"),
        pytest.param("A='a # b'", "A='a # b'", id="within quotes"),
        pytest.param("A='a # b", "A='a # b", id="a quote that nobody closes"),
        pytest.param("# A=b # c", "# A=b # c", id="a line that is a comment"),
    ],
)
def test_comments_behind_values_are_left_out(line, read):
    assert without_comments(line) == read


def blocks_for_env_files() -> list[tuple[str, dict[str, str]]]:
    """Blocks of the documents that hold variables and nothing else, with what each says."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    found = [
        (page.name, dict(line.split("=", 1) for line in block.strip().splitlines()))
        for page in pages
        for block in re.findall(r"^```\n((?:[A-Z_]+=.*\n)+)```", page.read_text(), re.MULTILINE)
    ]
    assert {name for name, _ in found} >= {"README.md", "deployment.md", "going-live.md"}
    return found


@pytest.mark.A3
def test_blocks_for_env_files_are_read_as_they_stand_by_whoever_reads_them():
    for page, variables in blocks_for_env_files():
        assert variables.keys() <= documented(), page
        for value in variables.values():
            assert "#" not in value, page  # systemd and others take a comment for the value
            assert value == value.strip(), page


def test_a_file_with_comments_is_read_by_every_command(tmp_path):
    file = tmp_path / ".env"
    file.write_text("SECRET_KEY=from#the-file  # keep it\nALOHA_INSTANCE=shop    # early\n")
    program = (
        "import os, pathlib; from aloha_site.environment import read_file; "
        f"read_file(pathlib.Path({str(file)!r})); "
        "print(os.environ['SECRET_KEY'], os.environ['ALOHA_INSTANCE'])"
    )
    env = {name: value for name, value in os.environ.items() if name != "ALOHA_INSTANCE"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=env | {"SECRET_KEY": "set-already"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["set-already", "shop"]


# --- Log-in limits behind a proxy ---


@pytest.fixture
def behind_a_proxy(settings, db):
    """Every request comes from the same proxy, as in compose.yaml."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    cache.clear()
    yield
    cache.clear()


def fail_to_log_in(times: int, *, forwarded_for: str) -> str:
    """Try as many different people as that from one place; what the last page says."""
    client = Client(REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": forwarded_for})
    for _ in range(times):
        form = {"login": f"{uuid.uuid4()}@example.com", "password": "wrong"}
        page = client.post("/accounts/login/", form)
    return page.content.decode()


TOO_MANY = "Too many failed attempts"


def test_whoever_guesses_passwords_is_stopped_and_nobody_else_behind_the_proxy(behind_a_proxy):
    assert TOO_MANY in fail_to_log_in(11, forwarded_for="203.0.113.5")
    assert TOO_MANY not in fail_to_log_in(1, forwarded_for="203.0.113.6")


def test_an_invented_forwarded_address_does_not_reset_the_limit(behind_a_proxy):
    fail_to_log_in(10, forwarded_for="203.0.113.5")
    assert TOO_MANY in fail_to_log_in(1, forwarded_for="198.51.100.77, 203.0.113.5")


def test_without_a_proxy_a_forwarded_address_is_not_believed(behind_a_proxy, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    fail_to_log_in(10, forwarded_for="203.0.113.5")
    assert TOO_MANY in fail_to_log_in(1, forwarded_for="203.0.113.6")


def test_the_admin_has_the_same_limits(behind_a_proxy):
    make_user("support@example.com", is_staff=True)
    client = Client(REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": "203.0.113.5"})
    for _ in range(11):
        form = {"login": "support@example.com", "password": "wrong"}
        page = client.post("/accounts/login/?next=/admin/", form)
    assert TOO_MANY in page.content.decode()
