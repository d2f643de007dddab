"""What belongs into a backup, and where the configuration says that it lies.

Pure but for looking at folders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mode

from llm_agentd.config import Config
from llm_agentd.config.paths import SYSTEM_FILE
from llm_agentd.errors import StartError
from llm_agentd.ops.backup.parts import LOGS, ROLES, Part
from llm_agentd.roles.history import FOLDER as HISTORY
from llm_agentd.server.audit_log import FILE_NAME as AUDIT_LOG

ROTATED_MAX = 9  # NAME.1 to NAME.9: more than any log here keeps


@dataclass(frozen=True, slots=True)
class Places:
    """`logs`: by their name in the archive. `configuration` is where it lies, or would lie where there is none yet."""

    memory: Path
    cache: Path
    roles: Path
    configuration: Path
    logs: Mapping[str, Path]

    @classmethod
    def of(cls, config: Config, config_file: Path | None) -> Places:
        """The state folder is where most of what a configuration places lies: a command is run by root or a user who
        has another one than the daemon, and roles and the log of changes lie in it without a key of their own.
        """
        agents = config.agents
        state = mode(
            path.parent
            for path in (
                agents.memory_path,
                agents.audit_path,
                config.http.token_file,
                config.cache.path,
                config.model.dir,
            )
        )
        return cls(
            memory=agents.memory_path,
            cache=config.cache.path,
            roles=agents.roles_dir or state / "roles",
            configuration=config_file or SYSTEM_FILE,
            logs={"moderation.jsonl": agents.audit_path, AUDIT_LOG: state / AUDIT_LOG},
        )

    def role_files(self) -> Iterator[tuple[str, Path]]:
        """(name in the archive, file). Also those with mistakes: they are somebody's work; and what roles were before.
        Not hidden files, which editors leave behind.
        """
        for pattern in ("*.y*ml", f"{HISTORY}/*.json"):
            for path in sorted(self.roles.glob(pattern)):
                if not path.name.startswith(".") and path.is_file():
                    yield f"{ROLES}/{path.relative_to(self.roles).as_posix()}", path

    def log_files(self) -> Iterator[tuple[str, Path]]:
        """(name in the archive, file), with those that were rotated away."""
        for name, path in self.logs.items():
            for suffix in ("", *(f".{number}" for number in range(1, ROTATED_MAX + 1))):
                file = path.with_name(path.name + suffix)
                if file.is_file():
                    yield f"{LOGS}/{name}{suffix}", file

    def target(self, name: str) -> Path:
        """Where a file of the archive belongs; of the roles, the folder."""
        part = Part.of(name)
        if part is Part.logs:
            log, _, rotated = name.removeprefix(f"{LOGS}/").partition(".jsonl")
            path = self.logs.get(f"{log}.jsonl")
            if path is None:
                raise StartError(f"{name}: this version has no such log; leave it out with --only")
            return path.with_name(path.name + rotated)
        return {Part.memory: self.memory, Part.roles: self.roles, Part.configuration: self.configuration}[part]


@contextmanager
def explained(what: str, path: Path, or_else: str = "") -> Iterator[None]:
    """An OSError becomes a StartError with the cure; `or_else`: another one, where a right is missing."""
    try:
        yield
    except PermissionError as error:
        raise StartError(
            f"{what}: no right to {error.filename or path}: run this as root or as the daemon's user, such as: sudo -u"
            f" llm-agentd llm-agentd …{or_else}"
        ) from None
    except OSError as error:
        raise StartError(f"{what}: {error.filename or path}: {error.strerror or error}") from None
