"""The XML that eSCL scanners speak: what a device offers, how it is, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from intake.errors import EnvironmentTrouble, OperatorError
from intake.ports import ScanRequest

UNITS_PER_MM = 300 / 25.4
"""eSCL measures in three-hundredths of an inch"""
AREA_SLACK = round(1.5 * UNITS_PER_MM)
FORMATS = ("image/jpeg", "image/png")

SCAN = "http://schemas.hp.com/imaging/escl/2011/05/03"
PWG = "http://www.pwg.org/schemas/2010/12/sm"


@dataclass(frozen=True, slots=True)
class Caps:
    """What one input (platen, feeder, both sides) offers. Sizes in 1/300 inch; ``resolutions`` where x and y agree."""

    max_width: int
    max_height: int
    modes: frozenset[str]
    formats: tuple[str, ...]
    extended_formats: bool
    resolutions: frozenset[int]
    ranges: tuple[tuple[int, int, int], ...]

    def offers(self, dpi: int) -> bool:
        return dpi in self.resolutions or any(
            low <= dpi <= high and (dpi - low) % max(step, 1) == 0 for low, high, step in self.ranges
        )

    @property
    def offered(self) -> str:
        spans = [f"{low}–{high}" for low, high, _ in self.ranges]
        return ", ".join([*map(str, sorted(self.resolutions)), *spans]) or "–"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """A device: its name, its inputs by the words of ScanRequest, its range of compression factors."""

    model: str
    inputs: dict[str, Caps]
    compression_min: int | None


@dataclass(frozen=True, slots=True)
class Job:
    """A job in the status; ``completed`` images, None when the device does not count."""

    path: str
    state: str
    completed: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """``state`` Idle, Processing, Testing, Stopped or Down; ``feeder`` without its ``ScannerAdf`` (Loaded, Empty, Jam …)."""

    state: str
    feeder: str
    jobs: tuple[Job, ...]


def _root(data: bytes) -> Any:
    """Parse without entities, network or size surprises: the device is not trusted."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise EnvironmentTrouble(
            "Máy quét trả lời không đúng chuẩn eSCL. Hãy kiểm tra địa chỉ máy, hoặc dùng driver sane hay folder.",
            "The scanner's answer is not eSCL. Check its address, or use the sane or folder driver.",
        ) from error


def _all(node: Any, name: str) -> Iterator[Any]:
    """Descendants by local name: vendors differ in namespace."""
    yield from node.iter("{*}" + name)


def _text(node: Any, name: str, default: str = "") -> str:
    return next(((found.text or "").strip() for found in _all(node, name)), default)


def _number(node: Any, name: str) -> int | None:
    text = _text(node, name)
    return int(text) if text.lstrip("-").isdigit() else None


def capabilities(data: bytes) -> Capabilities:
    root = _root(data)
    inputs: dict[str, Caps] = {}
    for word, name in (
        ("flatbed", "PlatenInputCaps"),
        ("feeder", "AdfSimplexInputCaps"),
        ("duplex", "AdfDuplexInputCaps"),
    ):
        for node in _all(root, name):
            inputs[word] = _caps(node)
    factor = next((_number(node, "Min") for node in _all(root, "CompressionFactorSupport")), None)
    return Capabilities(_text(root, "MakeAndModel", "eSCL"), inputs, factor)


def _caps(node: Any) -> Caps:
    resolutions = {
        x
        for item in _all(node, "DiscreteResolution")
        if (x := _number(item, "XResolution")) is not None and x == _number(item, "YResolution")
    }
    ranges = []
    for item in _all(node, "ResolutionRange"):
        spans = [
            (_number(axis, "Min") or 0, _number(axis, "Max") or 0, _number(axis, "Step") or 1)
            for name in ("XResolutionRange", "YResolutionRange")
            for axis in _all(item, name)
        ]
        if spans and all(span == spans[0] for span in spans):
            ranges.append(spans[0])
    formats = [
        (item.text or "").strip() for name in ("DocumentFormatExt", "DocumentFormat") for item in _all(node, name)
    ]
    return Caps(
        max_width=_number(node, "MaxWidth") or 0,
        max_height=_number(node, "MaxHeight") or 0,
        modes=frozenset((item.text or "").strip() for item in _all(node, "ColorMode")),
        formats=tuple(dict.fromkeys(formats)),
        extended_formats=next(_all(node, "DocumentFormatExt"), None) is not None,
        resolutions=frozenset(resolutions),
        ranges=tuple(ranges),
    )


def status(data: bytes) -> Status:
    root = _root(data)
    jobs = tuple(
        Job(_text(node, "JobUri"), _text(node, "JobState"), _number(node, "ImagesCompleted"))
        for node in _all(root, "JobInfo")
    )
    return Status(_text(root, "State", "Idle"), _text(root, "AdfState").removeprefix("ScannerAdf"), jobs)


def settings(device: Capabilities, request: ScanRequest) -> bytes:
    """The ScanSettings for a request; OperatorError, naming what is offered, for what the device does not have."""
    caps = device.inputs.get(request.source)
    if caps is None:
        raise _missing(device, "nguồn giấy", "source", request.source, ", ".join(device.inputs))
    if "RGB24" not in caps.modes:
        raise _missing(device, "chế độ", "colour mode", "RGB24", ", ".join(sorted(caps.modes)))
    if not caps.offers(request.resolution):
        raise _missing(device, "độ phân giải", "resolution", f"{request.resolution} dpi", caps.offered)
    chosen = next((name for name in FORMATS if name in caps.formats), None)
    if chosen is None:
        raise _missing(device, "định dạng", "format", "JPEG, PNG", ", ".join(caps.formats))
    left, top, width, height = (round(value * UNITS_PER_MM) for value in request.area_mm)
    for wanted, most in ((left + width, caps.max_width), (top + height, caps.max_height)):
        if most and wanted > most + AREA_SLACK:
            offered = f"{caps.max_width / UNITS_PER_MM:.0f} × {caps.max_height / UNITS_PER_MM:.0f} mm"
            raise _missing(device, "khổ quét", "area", f"{request.area_mm[2]:g} × {request.area_mm[3]:g} mm", offered)
    width = min(width, caps.max_width - left) if caps.max_width else width
    height = min(height, caps.max_height - top) if caps.max_height else height
    return _settings_xml(device, caps, request, chosen, (left, top, width, height))


def _settings_xml(
    device: Capabilities, caps: Caps, request: ScanRequest, chosen: str, area: tuple[int, int, int, int]
) -> bytes:
    """Element order as devices in the field accept it; brightness, sharpening and blank removal are never asked for."""
    root = etree.Element(f"{{{SCAN}}}ScanSettings", nsmap={"scan": SCAN, "pwg": PWG})

    def put(parent: Any, space: str, name: str, text: str | None = None) -> Any:
        child = etree.SubElement(parent, f"{{{space}}}{name}")
        child.text = text
        return child

    put(root, PWG, "Version", "2.0")
    put(root, SCAN, "Intent", "Document")
    region = put(put(root, PWG, "ScanRegions"), PWG, "ScanRegion")
    put(region, PWG, "ContentRegionUnits", "escl:ThreeHundredthsOfInches")
    for name, value in zip(("XOffset", "YOffset", "Width", "Height"), area, strict=True):
        put(region, PWG, name, str(value))
    put(root, PWG, "InputSource", "Platen" if request.source == "flatbed" else "Feeder")
    if device.compression_min is not None and chosen == "image/jpeg":
        put(root, SCAN, "CompressionFactor", str(device.compression_min))  # lower is better
    put(root, SCAN, "ColorMode", "RGB24")
    put(root, PWG, "DocumentFormat", chosen)
    if caps.extended_formats:
        put(root, SCAN, "DocumentFormatExt", chosen)
    put(root, SCAN, "XResolution", str(request.resolution))
    put(root, SCAN, "YResolution", str(request.resolution))
    if request.source != "flatbed":
        put(root, SCAN, "Duplex", "true" if request.source == "duplex" else "false")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _missing(device: Capabilities, vi: str, en: str, wanted: str, offered: str) -> OperatorError:
    return OperatorError(
        f"Máy «{device.model}» không có {vi} «{wanted}»; máy có: {offered or '–'}. Không tự đổi; hãy chọn lại.",
        f"«{device.model}» does not offer {en} «{wanted}»; it offers: {offered or '–'}. Nothing was replaced; choose again.",
    )
