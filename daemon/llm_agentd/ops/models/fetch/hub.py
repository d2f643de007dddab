"""Hugging Face: which files of a repository make a model, with size and sha256; fetching them is download.py's.

Through huggingface_hub, which knows the hub's address (HF_ENDPOINT), its tokens (HF_TOKEN, `hf auth login`), revisions
and what is refused. Its own downloader is not used: it begins anew after a break. Main thread of a command.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import httpx2
from huggingface_hub import HfApi, get_token, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from llm_agentd.engines.model_shape import is_later_part, part_names
from llm_agentd.errors import StartError
from llm_agentd.ops.models.fetch.download import ELSEWHERE
from llm_agentd.ops.models.fetch.source import HubSource
from llm_agentd.util.did_you_mean import did_you_mean

TIMEOUT_S = 30.0
# The usual compromise of size and quality first; then what is nearest to it.
PREFERRED = ("Q4_K_M", "Q4_K_S", "Q5_K_M", "Q4_0", "Q4_1", "Q5_K_S", "Q6_K", "Q8_0")
NO_MODEL = ("mmproj", "imatrix")  # parts for pictures, and data for quantizing
NAMES_MAX = 12  # of files in a message


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to fetch. `bytes` and `sha256` None: the source does not say. `headers` go to its own server alone."""

    url: str
    name: str
    bytes: int | None = None
    sha256: str | None = None
    headers: dict[str, str] = field(default_factory=dict, repr=False)


def find_files(source: HubSource) -> list[RemoteFile]:
    """The file that `source` means, or all parts of it. Raises StartError with the cure."""
    endpoint = os.environ.get("HF_ENDPOINT") or None
    with _explained(source):
        info = HfApi(endpoint=endpoint).model_info(
            source.repo, revision=source.revision, files_metadata=True, timeout=TIMEOUT_S
        )
        found = {file.rfilename: file for file in info.siblings or () if file.rfilename.lower().endswith(".gguf")}
        chosen = choose(source, sorted(found))
        token = get_token()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        files = []
        for path in (str(PurePosixPath(chosen).with_name(name)) for name in part_names(PurePosixPath(chosen).name)):
            if path not in found:
                raise StartError(f"hf:{source.repo}: {path}, a part of {chosen}, is not there; choose another file")
            url = hf_hub_url(source.repo, path, revision=info.sha or source.revision, endpoint=endpoint)
            lfs = found[path].lfs
            files.append(
                RemoteFile(url, PurePosixPath(path).name, found[path].size, lfs.sha256 if lfs else None, headers)
            )
        return files


def choose(source: HubSource, names: Sequence[str]) -> str:
    """The file that is meant: by its name, by the name of a quantization, or the best known one where none is named."""
    models = [name for name in names if not is_later_part(PurePosixPath(name).name)]
    models = [name for name in models if not any(word in name.lower() for word in NO_MODEL)]
    if not models:
        raise StartError(
            f"hf:{source.repo}: no GGUF file in this repository; look for one of the same name with -GGUF at its end"
        )
    if source.file is None:
        best = (name for kind in PREFERRED for name in models if _is_of_kind(name, kind))
        chosen = models[0] if len(models) == 1 else next(best, None)
        if chosen is None:
            raise StartError(f"hf:{source.repo}: choose a file with hf:{source.repo}:FILE; {_listed(models)}")
        return chosen
    if source.file in names:
        return source.file
    of_kind = [name for name in models if _is_of_kind(name, source.file)]
    if len(of_kind) == 1:
        return of_kind[0]
    hint = did_you_mean(source.file, models)
    raise StartError(f"hf:{source.repo}: no file {source.file}{hint}; {_listed(of_kind or models)}")


def _is_of_kind(name: str, kind: str) -> bool:
    """Whether a file's name names this quantization: `…-Q4_K_M.gguf`, `….Q4_K_M-00001-of-00002.gguf`."""
    stem = part_names(PurePosixPath(name).name)[0].lower().removesuffix(".gguf")
    stem = stem.rpartition("-00001-of-")[0] or stem
    return stem.endswith((f"-{kind.lower()}", f".{kind.lower()}", f"_{kind.lower()}"))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES_MAX])
    return f"there are: {shown}" + (f" and {len(names) - NAMES_MAX} more" if len(names) > NAMES_MAX else "")


@contextmanager
def _explained(source: HubSource) -> Iterator[None]:
    """The hub's refusals as StartError."""
    where = f"hf:{source.repo}"
    try:
        yield
    except GatedRepoError:
        raise StartError(
            f"{where}: its publisher wants consent to a licence: ask for access on the repository's page, then set"
            " HF_TOKEN to a token of your account"
        ) from None
    except RepositoryNotFoundError:
        raise StartError(
            f"{where}: there is no such repository, or it is private (then set HF_TOKEN); check ORG/REPO, capitals too"
        ) from None
    except RevisionNotFoundError:
        raise StartError(f"{where}: it has no revision {source.revision}; leave out @{source.revision}") from None
    except HFValidationError as error:
        raise StartError(f"{where}: {' '.join(str(error).split())}; want hf:ORG/REPO") from None
    except OfflineModeIsEnabled:
        raise StartError(f"{where}: HF_HUB_OFFLINE is set; unset it, {ELSEWHERE}") from None
    except HfHubHTTPError as error:
        raise StartError(f"{where}: the hub answers {' '.join(str(error).split())[:200]}; try again later") from None
    except (httpx2.TransportError, OSError) as error:
        reason = str(error) or type(error).__name__
        raise StartError(
            f"{where}: the hub cannot be reached ({reason}); check this machine's network, {ELSEWHERE}"
        ) from None
