"""What a finding says, in sentences for people."""

from __future__ import annotations

from curate.grid import strengths as strengthening
from curate.grid.findings import AXES, Finding


def concept(finding: Finding) -> str:
    """How the concept follows the strength."""
    axis = next((axis for axis in AXES if axis.key == finding.concept_key), None)
    line = finding.points.get(finding.concept_key, ())
    if axis is None:
        return "No concept is measured."
    if finding.concept is None or not line:
        return f"{axis.title} could not be measured."
    rho = "none" if finding.concept.spearman is None else f"{finding.concept.spearman:+.2f}"
    rows = f"{finding.monotone_rows} of {finding.rows} row{'s' if finding.rows != 1 else ''}"
    unit = f" {axis.unit}" if axis.unit else ""
    return (
        f"{axis.title} from {line[0].middle:.2f}{unit} at {strengthening.said(line[0].strength)} "
        f"to {line[-1].middle:.2f} at {strengthening.said(line[-1].strength)}: "
        f"Spearman {rho}, slope {finding.concept.slope:+.3f} a unit, {rows} monotone."
    )


def usable(finding: Finding) -> str:
    """The usable range, and what bounds it."""
    if finding.usable is None:
        ends = "; ".join(end for end in finding.ends if end)
        return "No usable range: " + (ends or "the concept does not follow the strength") + "."
    low, high = (strengthening.said(end) for end in finding.usable)
    ends = "; ".join(end for end in finding.ends if end)
    return f"Usable from {low} to {high}{f': {ends}' if ends else ', as far as was tried'}."
