"""The key of an installation that brought none: made once, kept beside its database."""

import secrets
from pathlib import Path


def development_secret_key(folder: Path) -> str:
    """A key of this installation's own, made once; production must bring its own."""
    path = folder / "secret-key"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text().strip()
