"""What the Dockerfile and compose.yaml run, tried without an engine for containers."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from django.core.management import get_commands

ROOT = Path(__file__).parents[2]
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


def test_services_wait_for_services_that_there_are():
    waited_for = {name for service in services().values() for name in service.get("depends_on", {})}
    assert waited_for <= services().keys()


def test_only_this_machine_reaches_the_ports():
    published = [port for service in services().values() for port in service.get("ports", [])]
    assert published
    assert all(str(port).startswith("127.0.0.1:") for port in published)
