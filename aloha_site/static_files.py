"""Style and scripts of the pages: whether `collectstatic` put them where the server reads them."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.files.storage import Storage


def are_served_from_sources() -> bool:
    """As in development, where nothing has to be collected."""
    return bool(settings.WHITENOISE_USE_FINDERS)


def are_collected() -> bool:
    """Something has been collected; from which version, `uncollected` tells."""
    root = Path(settings.STATIC_ROOT)
    return root.is_dir() and any(root.iterdir())


def uncollected() -> int:
    """How many files are missing under STATIC_ROOT, or older there than their sources."""
    root = Path(settings.STATIC_ROOT)
    return sum(_is_stale(root / path, Path(storage.path(path))) for path, storage in _sources())


def _sources() -> Iterator[tuple[str, Storage]]:
    """Every file once; of two with the same path the first is served."""
    seen = set()
    for finder in get_finders():
        for path, storage in finder.list(ignore_patterns=[]):
            path = f"{prefix}/{path}" if (prefix := getattr(storage, "prefix", None)) else path
            if path not in seen:
                seen.add(path)
                yield path, storage


def _is_stale(collected: Path, source: Path) -> bool:
    try:
        return collected.stat().st_mtime < source.stat().st_mtime
    except FileNotFoundError:
        return True
