"""What a SANE device offers, read from `scanimage -A`, and what of it a request needs: names differ by backend."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from intake.errors import OperatorError
from intake.ports import ScanRequest

AREA_SLACK_MM = 1.5
"""a glass this much smaller than asked still shows the whole sheet: backends give A4 as 296.9 or 215.9 × 297.2"""

SOURCES: Mapping[str, tuple[str, ...]] = {
    "flatbed": ("flatbed", "platen", "normal", "document table"),
    "feeder": ("automatic document feeder", "adf", "adf front", "adf simplex", "adf (one-sided)", "document feeder",
               "automatic document feeder(left aligned)", "automatic document feeder(centrally aligned)", "feeder"),
    "duplex": ("adf duplex", "automatic document feeder(duplex)", "adf (duplex)", "duplex", "adf both sides",
               "automatic document feeder(left aligned,duplex)", "automatic document feeder(centrally aligned,duplex)"),
}  # fmt: skip
"""How backends call their sources, in lower case, without the spaces around brackets and commas."""

COLOUR = ("color", "colour", "24bit color", "24bit color[fast]", "full color", "rgb")

_OPTION = re.compile(r"^\s+(-{1,2}[A-Za-z][\w-]*)(?:\[=|\s+)(.*?)\)?\]?\s*(?:\[([^\[\]]*)\])?(?:\s\[[^\[\]]*\])?\s*$")
_RANGE = re.compile(r"^(-?[\d.]+)\.\.(-?[\d.]+)[^(\d]*(?:\(in steps of ([\d.]+))?")


@dataclass(frozen=True, slots=True)
class Option:
    """One option line: ``choices`` for a list, ``low``/``high``/``step`` for a range; ``current`` as printed."""

    name: str
    choices: tuple[str, ...]
    low: float | None
    high: float | None
    step: float | None
    current: str

    @property
    def active(self) -> bool:
        return self.current not in ("inactive", "read-only")


def parse(listing: str) -> dict[str, Option]:
    """Options by name without dashes (``source``, ``resolution``, ``x``)."""
    found: dict[str, Option] = {}
    for line in listing.splitlines():
        match = _OPTION.match(line)
        if not match:
            continue
        name, values, current = match.group(1).lstrip("-"), match.group(2).strip(), match.group(3) or ""
        span = _RANGE.match(values)
        if span:
            step = float(span.group(3)) if span.group(3) else None
            found[name] = Option(name, (), float(span.group(1)), float(span.group(2)), step, current)
        else:
            choices = tuple(part for part in re.sub(r"(dpi|mm|bit|pel)$", "", values).split("|") if part)
            found[name] = Option(name, choices, None, None, None, current)
    return found


def settings(options: Mapping[str, Option], request: ScanRequest) -> list[str]:
    """The command line options for the request, in the order backends need: source, mode, depth, resolution, area.

    Raises OperatorError naming what is offered when something asked for is not.
    """
    arguments = _source(options, request)
    arguments += _mode(options)
    if "depth" in options and "8" in options["depth"].choices and options["depth"].active:
        arguments += ["--depth", "8"]
    arguments += _resolution(options, request.resolution)
    arguments += _area(options, request.area_mm)
    return arguments


def _offered(option: Option | None) -> str:
    if option is None:
        return "–"
    if option.choices:
        return ", ".join(option.choices)
    return f"{option.low:g}–{option.high:g}"


def _source(options: Mapping[str, Option], request: ScanRequest) -> list[str]:
    option = options.get("source")
    if option is None or not option.active:
        if request.source == "flatbed":
            return []
        raise _missing("nguồn giấy", "source", request.source, option)
    chosen = _among(option.choices, SOURCES[request.source])
    if chosen:
        return ["--source", chosen]
    if request.source == "duplex":
        feeder = _among(option.choices, SOURCES["feeder"])
        for name, wanted in (("adf-mode", ("duplex",)), ("duplex", ("yes", "both")), ("ScanMode", ("duplex",))):
            value = _among(options[name].choices, wanted) if name in options else None
            if feeder and value:
                return ["--source", feeder, f"--{name}={value}"]
    raise _missing("nguồn giấy", "source", request.source, option)


def _mode(options: Mapping[str, Option]) -> list[str]:
    option = options.get("mode")
    if option is None:
        return []  # what comes is looked at in any case
    chosen = _among(option.choices, COLOUR) or next(
        (choice for choice in option.choices if choice.lower().startswith(("24bit color", "color"))), None
    )
    if chosen is None:
        raise _missing("chế độ", "mode", "Color", option)
    return ["--mode", chosen]


def _resolution(options: Mapping[str, Option], dpi: int) -> list[str]:
    for name in ("x-resolution", "y-resolution"):
        other = options.get(name)
        if other and other.active and other.choices and str(dpi) not in other.choices:
            raise _missing("độ phân giải", name, f"{dpi} dpi", other)
    option = options.get("resolution")
    if option is None:
        raise _missing("độ phân giải", "resolution", f"{dpi} dpi", None)
    if option.choices:
        offered = str(dpi) in option.choices
    else:
        low, high = option.low or 0.0, option.high or 0.0
        offered = low <= dpi <= high and (not option.step or abs((dpi - low) / option.step % 1) < 1e-6)
    if not offered:
        raise _missing("độ phân giải", "resolution", f"{dpi} dpi", option)
    return ["--resolution", str(dpi)]


def _area(options: Mapping[str, Option], area_mm: tuple[float, float, float, float]) -> list[str]:
    x, y, width, height = area_mm
    arguments: list[str] = []
    # paper size before area: several feeders centre a narrow area on the paper they believe to hold
    for name, value in (
        ("page-width", width),
        ("page-height", height),
        ("l", x),
        ("t", y),
        ("x", width),
        ("y", height),
    ):
        option = options.get(name)
        if option is None or not option.active or option.high is None:
            continue
        if value > option.high + AREA_SLACK_MM:
            raise _missing("khổ quét", f"-{name}", f"{value:g} mm", option)
        dash = "--" if len(name) > 1 else "-"
        arguments += [f"{dash}{name}", f"{min(value, option.high):g}"]
    return arguments


def _among(choices: tuple[str, ...], wanted: tuple[str, ...]) -> str | None:
    plain = {re.sub(r"\s*([(),])\s*", r"\1", choice.strip().lower()): choice for choice in choices}
    folded = [re.sub(r"\s*([(),])\s*", r"\1", name) for name in wanted]
    return next((plain[name] for name in folded if name in plain), None)


def _missing(vi: str, en: str, wanted: str, option: Option | None) -> OperatorError:
    offered = _offered(option)
    return OperatorError(
        f"Máy quét không có {vi} «{wanted}»; máy có: {offered}. Không tự đổi sang giá trị khác; hãy chọn lại.",
        f"The scanner does not offer {en} «{wanted}»; it offers: {offered}. Nothing was replaced; choose again.",
    )
