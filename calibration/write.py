"""What calibration leaves behind: a scenario file a person can read, and the tables beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import yaml

from calibration.validate import in_per_cent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from calibration.estimate import Estimate
    from calibration.validate import Validation


class _Plain(yaml.SafeDumper):
    """YAML without anchors, so that every part can be read and changed by itself."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - its signature is PyYAML's
        return True


def scenario_text(raw: dict[str, Any], name: str, comment: Sequence[str]) -> str:
    """Scenario file: why it exists and how to run it, then the scenario part by part."""
    lines = [f"# {' '.join(line.split())}" for line in comment]
    lines.append(f"# Run it:  desirepath simulate scenario={name}")
    parts = [
        yaml.dump(
            {key: value}, Dumper=_Plain, sort_keys=False, width=150, allow_unicode=True,
            default_flow_style=None if isinstance(value, dict | list) else False,
        )
        for key, value in raw.items()
    ]  # fmt: skip
    return "\n".join(lines) + "\n\n" + "\n".join(parts)


def estimates_table(estimates: Sequence[Estimate]) -> pl.DataFrame:
    """Every estimate with its source, number of observations, interval and note."""
    rows = [(e.path, str(e.value), e.source, e.n, e.interval or "", e.note) for e in estimates]
    return pl.DataFrame(rows, schema=["path", "value", "source", "n", "interval", "note"], orient="row")


def validation_text(validation: Validation) -> str:
    """Validation as a Markdown table with what it should not be trusted for."""
    head = (
        "| measure | group | observed | simulated | difference | noise floor | verdict |\n|---|---|---|---|---|---|---|"
    )
    rows = [
        f"| {r['measure']} | {r['group']} | {r['observed']:.4g} | {r['simulated']:.4g} | {in_per_cent(r['relative'])} "
        f"| ±{r['floor']:.3g} | {r['verdict']} |"
        for r in validation.table.iter_rows(named=True)
    ]
    trust = "\n".join(f"- {line}" for line in validation.caveats())
    return f"{head}\n" + "\n".join(rows) + f"\n\nWhat not to trust it for:\n\n{trust}\n"


def checked(validation: Validation) -> dict[str, Any]:
    """Validation as the part of a scenario that keeps it, four digits of each number; what is not known is left out."""
    measures: dict[str, dict[str, Any]] = {}
    for row in validation.table.iter_rows(named=True):
        numbers = {key: float(f"{row[key]:.4g}") for key in ("observed", "simulated", "floor") if np.isfinite(row[key])}
        measures.setdefault(row["measure"], {})[row["group"]] = {
            "unit": row["unit"], **numbers, "verdict": row["verdict"],
        }  # fmt: skip
    weeks = "week" if validation.weeks == 1 else f"{validation.weeks:.3g} weeks"
    against = f"the log's last {weeks}, held out when it was calibrated"
    return {"against": against, "measures": measures, "caveats": validation.caveats()}


def write_all(folder: Path, files: dict[Path, str | pl.DataFrame]) -> None:
    """Write files whole: each is put in place only when all have been written."""
    folder.mkdir(parents=True, exist_ok=True)
    drafts = {path.with_name(f".{path.name}.draft"): path for path in files}
    try:
        for draft, path in drafts.items():
            draft.parent.mkdir(parents=True, exist_ok=True)
            content = files[path]
            if isinstance(content, pl.DataFrame):
                content.write_csv(draft)
            else:
                draft.write_text(content, encoding="utf-8")
        for draft, path in drafts.items():
            draft.replace(path)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
