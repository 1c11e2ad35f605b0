"""Which files may come with a message: the content says what a file is, and its name must not differ."""

import io
import zipfile

import pytest

from cases import file_types
from cases.file_types import NotAccepted, clean_name, judge

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 "


def zipped(**parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def office(main="word/document.xml", types="<Types/>", **more):
    return zipped(**{"[Content_Types].xml": types, main: "<x/>", **more})


ODT = zipped(mimetype="application/vnd.oasis.opendocument.text", **{"content.xml": "<x/>"})

ACCEPTED = {
    "a.pdf": PDF,
    "A.PDF": PDF,
    "a.png": PNG,
    "a.jpg": JPEG,
    "a.jpeg": JPEG,
    "a.gif": b"GIF89a" + bytes(9),
    "a.webp": WEBP,
    "a.txt": "Grüße, ¿qué tal?\n".encode(),
    "b.txt": "Привет".encode("cp1251"),
    "c.txt": "Привет".encode("utf-16"),
    "a.log": b"12:00 <error> nothing\n",
    "a.csv": b"a;b\n1;2\n",
    "a.docx": office(),
    "a.xlsx": office("xl/workbook.xml"),
    "a.pptx": office("ppt/presentation.xml"),
    "a.odt": ODT,
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_people_send_about_a_complaint_is_accepted(name):
    clean, kind = judge(name, ACCEPTED[name])
    assert clean == name
    assert name.rpartition(".")[2].lower() in kind.extensions


REFUSED = {
    "empty": ("a.pdf", b"", "empty"),
    "a web page called a document": ("invoice.pdf", b"<html><script>alert(1)</script>", "web page"),
    "a web page called a text": ("a.txt", b"  <!DOCTYPE html><p>x", "web page"),
    "a web page behind other words": ("a.txt", b"Hello\n" * 20 + b"<script>alert(1)</script>", "web page"),
    "a web page in UTF-16": ("a.txt", "<script>alert(1)</script>".encode("utf-16"), "web page"),
    "an SVG": ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "drawing"),
    "an SVG with a prologue, called a picture": ("a.png", b'<?xml version="1.0"?><svg/>', "drawing"),
    "XML": ("a.txt", b"<?xml version='1.0'?><x/>", "web page"),
    "PHP": ("a.txt", b"<?php system($_GET[0]);", "script"),
    "a shell script": ("a.txt", b"#!/bin/sh\nrm -rf ~", "script"),
    "a script by its name": ("a.js", b"alert(1)", ".txt"),
    "a page by its name": ("a.html", b"Hello", ".txt"),
    "a batch file": ("a.bat", b"@echo off\r\n", ".txt"),
    "a Windows program": ("setup.exe", b"MZ\x90\x00" + bytes(60), "program"),
    "a Windows program called a picture": ("photo.jpg", b"MZ\x90\x00" + bytes(60), "program"),
    "a Linux program": ("a.pdf", b"\x7fELF" + bytes(60), "program"),
    "a picture called a document": ("a.pdf", PNG, "PNG"),
    "a document called a picture": ("a.png", PDF, "PDF"),
    "a document called a program": ("a.exe", PDF, "PDF"),
    "a picture without an ending": ("photo", JPEG, ".jpg"),
    "an old Office document": ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "macros"),
    "RTF": ("a.rtf", b"{\\rtf1 x}", "RTF"),
    "an archive": ("a.zip", zipped(x="y"), "archive"),
    "an archive called a document": ("a.docx", zipped(x="y"), "archive"),
    "a document with macros": ("a.docx", office(**{"word/vbaProject.bin": b"x"}), "macros"),
    "macros by the types": (
        "a.docx",
        office(types='<Types ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'),
        "macros",
    ),
    "macro sheets": ("a.xlsx", office("xl/workbook.xml", **{"xl/macrosheets/sheet1.xml": "x"}), "macros"),
    "ActiveX": ("a.docx", office(**{"word/activeX/activeX1.xml": "x"}), "macros"),
    "OpenDocument macros": (
        "a.odt",
        zipped(mimetype="application/vnd.oasis.opendocument.text", **{"Basic/Standard/M.xml": "x"}),
        "macros",
    ),
    "a table called a text": ("a.docx", office("xl/workbook.xml"), "xlsx"),
    "a damaged document": ("a.docx", office()[:60], "damaged"),
    "a gzip": ("a.txt", b"\x1f\x8b\x08\x00" + bytes(20), "archive"),
    "bytes": ("a.txt", bytes(range(256)), "not known"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_lies_about_itself_or_runs_is_refused_with_the_reason(what):
    name, content, reason = REFUSED[what]
    with pytest.raises(NotAccepted) as refused:
        judge(name, content)
    assert reason in str(refused.value)
    assert clean_name(name) in str(refused.value)


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\a b.pdf", "a b.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        (".htaccess", "htaccess"),
        ("...", "file"),
        ("", "file"),
        ("  a .pdf  ", "a.pdf"),
        ("a\x00.pdf", "a.pdf"),
        ("счёт №1.pdf", "счёт №1.pdf"),
    ],
)
def test_a_name_is_cleaned(given, clean):
    assert clean_name(given) == clean


def test_a_long_name_keeps_its_ending():
    name = clean_name("a" * 500 + ".pdf")
    assert len(name) == file_types.NAME_LENGTH and name.endswith(".pdf")
