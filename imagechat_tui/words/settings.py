"""Settings: what is wrong with one, and what a project's file asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from imagechat_tui import problems
from imagechat_tui.problems import FileFault, Mistake, SettingsFault, SettingsProblem
from imagechat_tui.words.parts import Words, safe_line, safe_name, typed


def settings_words(problem: SettingsProblem) -> Words:
    """Why settings cannot be used."""
    match problem:
        case problems.PlainHttp(server=server):
            return Words(
                "Not safe", f"{safe_name(server)} would send everything unencrypted.", "Use https://."
            )
        case problems.BadFlag(flag=flag, must=must, value=value):
            return Words("Not understood", f"{safe_name(f'{flag} {_must_be(must)}, not {value}')}.")
        case problems.BadServer(server=server):
            return Words("Not a server", f"{safe_name(server)} is not an address like https://host.")
        case problems.NoTenant():
            return Words("Tenant missing", "A server needs a tenant.", "Name yours with --tenant.")
        case problems.TenantNotAllowed():
            return Words(
                "Tenant missing",
                "A server needs a tenant, and only the project's file names one, which you have not allowed.",
                "To allow it: imagechat config trust; or name yours with --tenant.",
            )
        case problems.SecretReadable(path=path):
            sentence = f"Others can read {safe_name(path)}."
            return Words("Secret readable by others", sentence, f"Try: chmod 600 {typed(path)}")
        case problems.NoHome():
            return Words(
                "No home",
                "HOME names no folder by its whole path, and the system has no account with a home for you.",
                "Set HOME, or XDG_CONFIG_HOME, XDG_DATA_HOME and XDG_STATE_HOME.",
            )
        case problems.SecretMissing(path=path):
            sentence = f"{safe_name(path)} cannot be read."
            return Words("No token", sentence, "Check sso_file, or set IMAGECHAT_SSO.")
        case _:
            assert_never(problem)


def _must_be(rule: problems.OneOf | problems.Between) -> str:
    """What a setting must be, to be read behind its name."""
    match rule:
        case problems.OneOf(choices=choices):
            return f"must be one of {', '.join(choices)}"
        case problems.Between(least=least, most=most):
            return f"must be a number between {least:g} and {most:g}"
        case _:
            assert_never(rule)


_ODD_FILES: Mapping[FileFault, str] = {
    "no-plain-file": "it is no plain file",
    "too-large": "it is larger than {most} KiB",
    "no-text": "it is not UTF-8 text",
    "too-many-dots": "a line of it has more than {most} dots",
    "too-deep": "it is nested too deeply",
}


def odd_file_words(fault: FileFault, most: int) -> str:
    """Why a file is no settings file that people write, as a clause."""
    return _ODD_FILES[fault].format(most=most)


def mistake_words(mistake: Mistake) -> str:
    """What is wrong in a settings file or a variable, on one line."""
    if isinstance(mistake.what, problems.TokenWithheld):
        return safe_line(
            f"only {mistake.where} names the server {mistake.what.server}, so your token does not go there; "
            "name it in config.toml or IMAGECHAT_SERVER as well"
        )
    return safe_line(f"{mistake.where}: {_fault(mistake.what)}")


def _fault(what: SettingsFault) -> str:
    match what:
        case problems.SettingWrong(key=key, must=must, value=value):
            return f"{key} {_must_be(must)}, not {value}"
        case problems.BadServer(server=server):
            return f"server must be an address like https://host, not {shown_value(server)}"
        case problems.PlainHttp(server=server):
            unsafe = "must be https:// (else everything travels unencrypted)"
            return f"server {unsafe}, not {shown_value(server)}"
        case problems.VariableUnknown(near=near):
            return f"it is no variable of imagechat; did you mean {near}?"
        case problems.SettingUnknown(key=key):
            return f"there is no setting {key}"
        case problems.SettingMisplaced(key=key):
            return f"not the place for {key}"
        case problems.SettingNoValue(key=key):
            return f"{key} must be a text or a number"
        case problems.SettingTooLarge(key=key):
            return f"{key} is too large a number"
        case problems.ProjectNameTooLong(most=most):
            return f"project must be a name of at most {most} characters"
        case problems.FurtherMistakes(count=count):
            return f"and {count} more of this kind"
        case problems.SettingsUnreadable(why=why):
            return f"it cannot be read ({why})"
        case problems.SettingsMalformed(why=why):
            return why
        case problems.SettingsFileOdd(fault=fault, most=most):
            return odd_file_words(fault, most)
        case problems.TokenWithheld(server=server):
            return f"only this names {server}"
        case _:
            assert_never(what)


def shown_value(value: object) -> str:
    """A value of a settings file as a message has it: no longer than anybody reads."""
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"


_WISHES = {
    "server": "threads would be read and written there",
    "tenant": "threads would be read and written in that tenant of {beside}",
    "shared": "threads would be read and written in that folder",
    "keep_pictures": "so many MB of pictures would be kept on your disk",
}
_LARGER = "larger pictures take more memory and time"


def wish_words(file: str, asked: Sequence[tuple[str, str, str]]) -> list[str]:
    """What a project's file asks for, as lines: the file, then each setting with what it means.

    Args:
        file: its path, raw.
        asked: settings with their values, and what each is asked for together with, raw.
    """
    return [
        f"The project's file {safe_line(file)} came with the pictures, and asks for:",
        *(
            f"  {key} = {safe_name(value) or '(the local server)'}"
            f"  ({_WISHES.get(key, _LARGER).format(beside=safe_name(beside))})"
            for key, value, beside in asked
        ),
    ]
