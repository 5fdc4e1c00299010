"""The Appendix VI record as XML: the decree's names, nesting and order, for systems that import XML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

ROOT = "IncomingDocument"
"""The decree names the fields and groups, not the element around them."""


def record_xml(record: Mapping[str, Any]) -> bytes:
    """UTF-8 XML of a record as ``workers.tools.record`` makes it; groups become nested elements."""
    root = etree.Element(ROOT)
    _fill(root, record)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _fill(parent: etree._Element, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        element = etree.SubElement(parent, name)
        if isinstance(value, Mapping):
            _fill(element, value)
        else:
            element.text = str(value)
