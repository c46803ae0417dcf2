"""What the Dockerfile and compose.yaml run, tried without an engine for containers."""

import ast
import configparser
import contextlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from aloha_site.roles import CARRIER, Role
from tests.peers.certificate import make_certificate
from tests.peers.ports import free_port
from tests.peers.processes import Process, started

ROOT = Path(__file__).parents[2]
WEBHOOK = "/api/twilio/voice/incoming"
INSTRUCTIONS = {
    *("FROM", "COPY", "RUN", "ENV", "WORKDIR", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"),
}


def instructions() -> Iterator[tuple[str, str]]:
    """Each of the Dockerfile's instructions with its arguments on one line."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if line.strip():
            name, _, arguments = line.partition(" ")
            yield name, arguments.strip()


def arguments_of(wanted: str) -> list[str]:
    return [arguments for name, arguments in instructions() if name == wanted]


def services() -> dict[str, dict]:
    loaded: dict[str, dict] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return loaded


def health_program() -> str:
    """The program that the image asks whether it is well."""
    command = json.loads(arguments_of("HEALTHCHECK")[0].partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]
    return str(command[2])


# --- The image ---


def test_the_image_is_built_of_instructions_that_there_are():
    assert {name for name, _ in instructions()} <= INSTRUCTIONS


def test_everything_copied_from_the_folder_exists():
    copied = [line.split()[:-1] for line in arguments_of("COPY") if "--from=" not in line]
    assert all((ROOT / source).exists() for sources in copied for source in sources)


def test_packages_are_wheels_whose_hashes_are_known():
    install = next(line for line in arguments_of("RUN") if "pip install" in line)
    assert "--only-binary :all:" in install
    assert "--require-hashes" in install


def test_the_image_runs_as_nobody_important():
    names = [name for name, _ in instructions()]
    assert arguments_of("USER") == ["aloha"]
    assert names.index("USER") < names.index("CMD")


def test_whether_the_image_is_well_is_asked_of_a_server(aloha_url):
    port = aloha_url.rpartition(":")[2]
    program = health_program().replace("8000", port)
    env = os.environ | {"PUBLIC_BASE_URL": aloha_url}
    assert subprocess.run([sys.executable, "-c", program], env=env, check=False).returncode == 0


def test_an_image_without_its_server_is_not_well(unused_tcp_port):
    program = health_program().replace("8000", str(unused_tcp_port))
    env = os.environ | {"PUBLIC_BASE_URL": "https://aloha.example.com"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, check=False
    )
    assert done.returncode != 0
    ast.parse(health_program())


# --- The services ---


def test_every_service_runs_a_command_that_there_is():
    commands = [service.get("command") for name, service in services().items()]
    commands.append(json.loads(arguments_of("CMD")[0]))
    ours = [command for command in commands if command and "manage.py" in command]
    assert len(ours) >= 3
    assert {command[2] for command in ours} <= set(get_commands())


def served(name: str) -> dict[str, object]:
    """What `manage.py serve` reads in the command of a service; an option it lacks is an error."""
    command = services()[name]["command"]
    assert command[:3] == ["python", "manage.py", "serve"]
    parser = load_command_class("aloha_site", "serve").create_parser("manage.py", "serve")
    return vars(parser.parse_args(command[3:]))


def test_pages_and_calls_have_a_process_each_that_the_image_finds_well():
    for name in ("web", "media"):
        options = served(name)
        assert options["role"] == name
        assert (options["host"], options["port"]) == ("0.0.0.0", 8000)
        assert "healthcheck" not in services()[name]  # the image's own asks port 8000
        assert str(services()[name]["ports"][0]).endswith(":8000")


def test_whatever_serves_or_keeps_is_asked_whether_it_is_well():
    asked = {
        name for name, service in services().items() if "test" in service.get("healthcheck", {})
    }
    assert asked == {"database", "redis"}
    assert services()["worker"]["healthcheck"] == {"disable": True}


def test_calls_are_given_their_time_before_the_process_is_killed():
    default = re.search(
        r'"DRAIN_SECONDS", default=2 if DEBUG else (\d+)',
        (ROOT / "aloha_site" / "settings.py").read_text(),
    )
    assert services()["media"]["stop_grace_period"] == f"{int(default[1]) + 10}s"


def test_all_processes_of_ours_share_database_redis_and_files():
    for name in ("migrate", "web", "media", "worker"):
        service = services()[name]
        assert "@database/" in service["environment"]["DATABASE_URL"]
        assert service["environment"]["REDIS_URL"] == "redis://redis:6379/0"
        assert service["volumes"] == ["data:/data"]


def test_the_page_about_deployment_names_every_service_and_splits_paths_as_the_roles_do():
    page = (ROOT / "docs" / "deployment.md").read_text()
    assert [name for name in services() if f"`{name}`" not in page] == []
    [to_media] = re.findall(r"location (\S+) \{ proxy_pass http://127.0.0.1:8001;", page)
    exceptions = re.findall(r"location = (\S+) \{ proxy_pass http://127.0.0.1:8000;", page)
    assert all(f"/{url.pattern}".startswith(to_media) for url in CARRIER)
    assert [Role.MEDIA.serves(path) for path in exceptions] == [False]
    paths = set(yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())["paths"])
    assert {path for path in paths if path.startswith(to_media)} == set(exceptions)


# --- The page's examples ---


def example(language: str) -> str:
    """The one block of this language on the page about deployment."""
    page = (ROOT / "docs" / "deployment.md").read_text()
    [block] = re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return str(block)


@pytest.mark.A3
def test_the_example_for_nginx_is_a_whole_file_of_its_own():
    lines = [line.partition("#")[0].rstrip() for line in example("nginx").splitlines()]
    outside = [line.split()[0] for line in lines if line[:1] not in {"", " ", "}"}]
    assert outside == ["map", "server", "server"]
    secure = "\n".join(lines).rpartition("\nserver {")[2]
    for needed in ("listen 443 ssl;", "server_name ", "ssl_certificate ", "ssl_certificate_key "):
        assert needed in secure
    assert secure.count("location ") == example("nginx").count("location ") == 3
    assert [line for line in lines if line and line[-1] not in ";{}"] == []


def test_nginx_itself_takes_the_example(tmp_path):
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("needs nginx (Debian package nginx-light)")
    make_certificate(tmp_path)
    text = re.sub(r"/etc/letsencrypt/\S+\.pem", f"{tmp_path}/loopback.pem", example("nginx"))
    file = tmp_path / "nginx.conf"
    file.write_text(f"pid {tmp_path}/pid; events {{}} http {{ {text} }}")
    done = subprocess.run(
        [nginx, "-t", "-c", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.A3
def test_the_unit_for_systemd_starts_what_there_is_and_waits_as_long_as_compose():
    unit = configparser.ConfigParser()
    unit.read_string(example("ini"))
    service = unit["Service"]
    grace = services()["media"]["stop_grace_period"]
    assert f"{service['TimeoutStopSec']}s" == grace
    program, file, command, *options = service["ExecStart"].split()
    assert (file, command) == ("manage.py", "serve")
    assert program.startswith(service["WorkingDirectory"])
    parser = load_command_class("aloha_site", "serve").create_parser("manage.py", "serve")
    assert vars(parser.parse_args(options))["role"] == "media"
    proxied = re.findall(r"location /api\S+ \{ proxy_pass \S+:(\d+);", example("nginx"))
    assert proxied == [str(vars(parser.parse_args(options))["port"])]


@pytest.mark.parametrize("name", ["web", "media"])
def test_the_command_of_a_service_serves_its_part(name, tmp_path, transactional_db):
    port = free_port()
    command = [word if word != "8000" else str(port) for word in services()[name]["command"][2:]]
    quiet = {"LOG_LEVEL": "ERROR"}
    process = Process(tmp_path, name, *command, url=f"http://127.0.0.1:{port}", changes=quiet)
    with started(process):
        process.wait_for("Listening on")
        for path, role in [("/healthz", name), ("/accounts/login/", "web"), (WEBHOOK, "media")]:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            with contextlib.closing(connection):
                connection.request("GET", path)
                assert (connection.getresponse().status == 404) is (role != name), path


def test_services_wait_for_services_that_there_are():
    waited_for = {name for service in services().values() for name in service.get("depends_on", {})}
    assert waited_for <= services().keys()


def test_only_this_machine_reaches_the_ports():
    published = [port for service in services().values() for port in service.get("ports", [])]
    assert published
    assert all(str(port).startswith("127.0.0.1:") for port in published)
