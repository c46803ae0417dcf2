"""Whether another process listens on our port: the successor that a drain waits for.

With SO_REUSEPORT the system spreads new connections over all listeners of a port, so one that
takes no new calls closes its own as soon as there is another.
"""

import os
import socket
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENS = "0A"


def somebody_else_listens(listener: socket.socket) -> bool:
    """Whether another socket listens on the port of `listener`; False where nobody can tell."""
    port, own = listener.getsockname()[1], os.fstat(listener.fileno()).st_ino
    return any(inode != own for table in TABLES for inode in _listeners(table, port))


def _listeners(table: Path, port: int) -> list[int]:
    """The inodes of the sockets that listen on a port, by one of Linux's tables."""
    try:
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return []
    return [
        int(row[9])
        for row in rows
        if row[3] == _LISTENS and int(row[1].rpartition(":")[2], 16) == port
    ]
