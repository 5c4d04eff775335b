"""Parses, transforms and checks XML with libxml2 and libxslt."""

import uuid

from lxml import etree, html

TRANSFORM = etree.XSLT(
    etree.XML(
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
        '<xsl:template match="/"><p><xsl:value-of select="count(//i)"/></p></xsl:template></xsl:stylesheet>'
    )
)
SCHEMA = etree.RelaxNG(
    etree.XML(
        '<element name="r" xmlns="http://relaxng.org/ns/structure/1.0">'
        '<zeroOrMore><element name="i"><text/></element></zeroOrMore></element>'
    )
)


def use(context):
    name = str(uuid.uuid4())
    tree = etree.fromstring("<r>" + "<i>a</i>" * 500 + f"<i>{name}</i></r>")
    assert SCHEMA.validate(tree)
    assert not SCHEMA.validate(etree.fromstring("<r><j/></r>"))
    assert str(TRANSFORM(tree)).count("501") == 1
    assert tree.xpath("//i[last()]/text()") == [name]
    assert html.fromstring("<a href=x>y</a>").get("href") == "x"
    return [name]
