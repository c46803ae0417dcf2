"""The script of docs/api.md, run as it stands against a server behind TLS."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from agent.models import AgentProfile
from tests.factories import PASSWORD
from tests.peers.certificate import make_certificate
from tests.peers.tls_proxy import tls_proxy

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture
def public(aloha_url, settings, tmp_path):
    """The https address of a server that sends its cookies over https alone."""
    server_tls, _ = make_certificate(tmp_path)
    with tls_proxy(aloha_url, host="127.0.0.1", server_tls=server_tls) as port:
        settings.PUBLIC_BASE_URL = f"https://127.0.0.1:{port}"
        settings.CSRF_TRUSTED_ORIGINS = [settings.PUBLIC_BASE_URL]
        settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
        yield settings.PUBLIC_BASE_URL


def ran(script: str, ca: Path) -> subprocess.CompletedProcess[str]:
    environment = {"REQUESTS_CA_BUNDLE": str(ca), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def script_of_the_page(base: str, email: str) -> str:
    [script] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    placeholders = {
        "https://aloha.example.com": base,
        "nora@example.com": email,
        "her password": PASSWORD,
    }
    for placeholder, value in placeholders.items():
        assert script.count(placeholder) == 1
        script = script.replace(placeholder, value)
    return str(script)


@pytest.mark.S4
def test_the_script_of_the_page_logs_in_and_changes_something(public, owner, tmp_path):
    done = ran(script_of_the_page(public, owner.email), tmp_path / "loopback.pem")
    assert done.returncode == 0, done.stderr
    assert AgentProfile.objects.get().agent_name == "Robin"


def test_without_a_referer_it_is_refused(public, owner, tmp_path):
    script = script_of_the_page(public, owner.email)
    script = re.sub(r'api\.headers\["Referer"\].*', "", script)
    assert "AssertionError" in ran(script, tmp_path / "loopback.pem").stderr
