"""Uploads the outputs of a job's instances to S3."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Sequence
from pathlib import Path

from localcloud.runtime.jobs.job import Job, Outcome, Output
from localcloud.runtime.store import Store


def collect(job: Job, instances: Sequence[Path], store: Store, outcome: Outcome, *, interrupted: bool = False) -> None:
    """When instances have files of the same name, an archive gets the first one's, a prefix the last one's."""
    for output in job.outputs:
        if not _is_collected(output, outcome, interrupted):
            continue
        folders = [instance / output.path.lstrip("/") for instance in instances]
        folders = [folder for folder in folders if folder.is_dir() and any(folder.iterdir())]
        if output.archive and folders:
            store.upload(archive(folders, instances[0] / Path(output.uri).name), output.uri)
        elif not output.archive:
            for folder in folders:
                store.upload(folder, output.uri)


def _is_collected(output: Output, outcome: Outcome, interrupted: bool) -> bool:
    if output.even_if_failed:
        return True
    return not interrupted and (
        outcome.status == "Completed" or (outcome.status == "Stopped" and output.even_if_stopped)
    )


def archive(folders: Sequence[Path], target: Path) -> Path:
    """The same files give the same bytes: sorted, without owners and times."""
    files: dict[str, Path] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            files.setdefault(path.relative_to(folder).as_posix(), path)
    with (
        target.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0, compresslevel=6) as stream,
        tarfile.open(fileobj=stream, mode="w") as packed,
    ):
        for name, path in sorted(files.items(), key=lambda item: item[0].split("/")):
            packed.add(path, arcname=name, recursive=False, filter=_normalize)
    return target


def _normalize(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() else 0o644
    return member
