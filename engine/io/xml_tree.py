"""XML from strangers: no entities, no files fetched, bounded depth and size."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from engine.io.limits import MAX_XML_DEPTH, MAX_XML_ELEMENTS


class XmlRefused(ValueError):
    """XML that is broken, too deep, too large, or defines entities; the message says which."""


class _BoundedBuilder(TreeBuilder):
    """Builds the tree and stops when it grows beyond any curve."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_XML_DEPTH:
            raise XmlRefused(f"The XML is nested more than {MAX_XML_DEPTH} deep, which no curve is.")
        if self._count > MAX_XML_ELEMENTS:
            raise XmlRefused(f"The XML has more than {MAX_XML_ELEMENTS} elements, more than any curve.")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse_xml(data: bytes) -> Element:
    """Return the root of the document in *data*.

    Raises
    ------
    XmlRefused
        If it is not well formed, defines entities, or is larger than any curve.
    """
    parser: Any = DefusedXMLParser(target=_BoundedBuilder(), forbid_entities=True, forbid_external=True)
    try:
        parser.feed(data)
        root: Element = parser.close()
    except DefusedXmlException as error:
        raise XmlRefused("The XML defines entities of its own, which curves never need and attacks do; it was not read.") from error
    except ParseError as error:
        line, _ = error.position
        raise XmlRefused(f"The XML is broken at line {line} ({str(error).split(':')[0]}). Export the file anew.") from error
    except XmlRefused:
        raise
    except (ValueError, LookupError) as error:
        raise XmlRefused(f"The XML cannot be decoded ({error}). Export the file anew.") from error
    return root


def local_name(element: Element) -> str:
    """Return the name of an element without its name space."""
    return element.tag.rsplit("}", 1)[-1]
