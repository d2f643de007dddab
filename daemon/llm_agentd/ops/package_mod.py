"""`python -m llm_agentd.ops.package_mod DIR`: the mod as DIR/llm_agent-VERSION.zip, for ContentDB or a mods folder.

Called by `make package`, in a checkout. The same files give the same zip, byte for byte: sorted, with fixed times and
rights. Knows which files are left out; which must and may be in the zip is checked by tests/project/test_package.py.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path, PurePosixPath

from llm_agentd import __version__
from llm_agentd.errors import StartError
from llm_agentd.ops.install_mod import MOD_NAME, mod_source

# ContentDB's own file; a wheel does not carry it, so a zip is only made in a checkout.
METADATA = ".cdb.json"
# The mod has no Python; what an interpreter leaves behind in a checkout is not part of it.
LEFT_OUT_SUFFIXES = frozenset({".py", ".pyc"})
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
PLAIN_FILE = 0o100644 << 16
UNIX = 3


def mod_files(folder: Path) -> list[PurePosixPath]:
    """What the zip holds, relative to `folder`, sorted."""
    inside = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(PurePosixPath(path) for path in inside if path.suffix not in LEFT_OUT_SUFFIXES)


def pack_mod(target_folder: Path, source: Path | None = None, version: str = __version__) -> Path:
    """Writes the zip and returns its path. Raises StartError where the mod is not whole or DIR cannot be written."""
    source = source or mod_source()
    if not (source / METADATA).is_file():
        raise StartError(f"{source / METADATA} is missing; run this in a checkout (make package)")
    target = target_folder / f"{MOD_NAME}-{version}.zip"
    try:
        target_folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(target, "w") as packed:
            for name in mod_files(source):
                packed.writestr(_entry(name), (source / name).read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)
    except OSError as error:
        raise StartError(f"{target}: cannot write the mod's zip: {error.strerror}") from error
    return target


def _entry(name: PurePosixPath) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(f"{MOD_NAME}/{name}", LONG_AGO)
    entry.create_system = UNIX
    entry.external_attr = PLAIN_FILE
    return entry


def main(args: list[str]) -> int:
    if len(args) != 1:
        print("usage: python -m llm_agentd.ops.package_mod DIR", file=sys.stderr)
        return 2
    try:
        pack_mod(Path(args[0]))
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
