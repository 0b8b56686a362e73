"""The lock is complete and can travel: exact versions, a hash for each file, and no address of any index."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = {
    "Linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macOS": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "Windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}


@cache
def pins() -> tuple[tuple[Requirement, int], ...]:
    """Each pinned line of the lock, with the number of its hashes."""
    logical_lines = re.sub(r"\\\n", " ", LOCK).splitlines()
    pinned = [line for line in logical_lines if line.strip() and not line.lstrip().startswith("#")]
    return tuple((Requirement(line.split("--hash")[0]), line.count("--hash=sha256:")) for line in pinned)


def wanted() -> list[Requirement]:
    """All that pyproject.toml asks for: to run, to develop and to build."""
    file = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = file["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["dev"], *file["build-system"]["requires"]]
    return [Requirement(line) for line in lines]


def test_the_lock_names_no_index_and_no_address() -> None:
    assert "://" not in LOCK
    assert re.findall(r"^\s*(?:-i|-f|--(?:extra-)?index-url|--find-links|--trusted-host).*", LOCK, re.MULTILINE) == []


def test_every_pin_is_exact() -> None:
    loose = [str(pin) for pin, _ in pins() if not re.fullmatch(r"==[^*,]+", str(pin.specifier))]
    assert loose == []


def test_every_pin_has_a_hash() -> None:
    bare = [str(pin) for pin, hashes in pins() if hashes == 0]
    assert bare == []


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_every_pin_of_a_dependency_is_one_that_pyproject_allows(requirement: Requirement) -> None:
    name = canonicalize_name(requirement.name)
    versions = [str(pin.specifier).removeprefix("==") for pin, _ in pins() if canonicalize_name(pin.name) == name]
    assert versions != [], f"{requirement.name} is not in requirements.lock; run `make lock`"
    refused = [version for version in versions if not requirement.specifier.contains(version, prereleases=True)]
    assert refused == [], f"pyproject.toml says {requirement}; run `make lock`"


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_dependency_has_one_version_on_each_python_and_platform(python: str, platform: str) -> None:
    place = {"python_version": python, "python_full_version": f"{python}.0", **PLATFORMS[platform]}
    chosen = [canonicalize_name(pin.name) for pin, _ in pins() if pin.marker is None or pin.marker.evaluate(place)]
    assert len(set(chosen)) == len(chosen), "a name is pinned twice"
    missing = {canonicalize_name(requirement.name) for requirement in wanted()} - set(chosen)
    assert missing == set()
