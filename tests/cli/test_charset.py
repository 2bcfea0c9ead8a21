"""Which variable says what encoding the terminal has."""

from __future__ import annotations

import locale

import pytest

from imagechat_tui.cli.charset import charset


@pytest.mark.parametrize(
    ("environ", "variable", "encoding", "utf8"),
    [
        ({}, "", "", True),
        ({"LANG": ""}, "", "", True),
        ({"LANG": "C"}, "LANG", "", True),
        ({"LC_ALL": "POSIX", "LANG": "ru_RU.KOI8-R"}, "LC_ALL", "", True),
        ({"LANG": "en_US.UTF-8"}, "LANG", "UTF-8", True),
        ({"LANG": "en_US.utf8"}, "LANG", "utf8", True),
        ({"LC_CTYPE": "UTF-8"}, "LC_CTYPE", "UTF-8", True),
        ({"LC_CTYPE": "ca_ES.UTF-8@valencia"}, "LC_CTYPE", "UTF-8", True),
        ({"LANG": "ru_RU.KOI8-R"}, "LANG", "KOI8-R", False),
        ({"LANG": "de_DE.ISO-8859-15@euro"}, "LANG", "ISO-8859-15", False),
        ({"LC_CTYPE": "ja_JP.eucJP", "LANG": "en_US.UTF-8"}, "LC_CTYPE", "eucJP", False),
        ({"LC_ALL": "zh_TW.Big5", "LC_CTYPE": "en_US.UTF-8"}, "LC_ALL", "Big5", False),
        ({"LC_ALL": "", "LC_CTYPE": "", "LANG": "de_DE.ISO-8859-1"}, "LANG", "ISO-8859-1", False),
    ],
)
def test_the_first_of_the_three_decides(
    environ: dict[str, str], variable: str, encoding: str, utf8: bool
) -> None:
    known = charset(environ)
    assert (known.variable, known.encoding, known.is_utf8) == (variable, encoding, utf8)


def test_a_name_without_an_encoding_has_that_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "getencoding", lambda: "ISO-8859-1")
    assert not charset({"LANG": "de_DE"}).is_utf8
    assert not charset({"LANG": "de_DE@euro"}).is_utf8


def test_what_python_put_in_for_a_locale_that_is_not_installed_says_nothing() -> None:
    known = charset({"LC_CTYPE": "C.UTF-8", "LANG": "xx_XX.KOI8-R"})
    assert (known.variable, known.is_utf8) == ("LANG", False)
    assert charset({"LC_CTYPE": "C.UTF-8", "LANG": "xx_XX.UTF-8"}).variable == "LC_CTYPE"


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"LC_ALL": "ru_RU.KOI8-R"}, "export LC_ALL=ru_RU.UTF-8"),
        ({"LANG": "de_DE.ISO-8859-15@euro"}, "export LANG=de_DE.UTF-8"),
        ({"LC_CTYPE": "x;rm -rf.KOI8-R"}, "export LC_CTYPE=C.UTF-8"),
        ({}, "export LANG=C.UTF-8"),
    ],
)
def test_the_line_that_mends_it_names_the_variable_that_decides(environ: dict[str, str], line: str) -> None:
    assert charset(environ).remedy == line
