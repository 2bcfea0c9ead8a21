"""What comes from the terminal, cut into keys, pointer, pastes and answers.

Textual's own reader knows one meaning for each sequence and takes the rest for typing; on some it fails, and then no
key comes any more. Here nothing can fail, and what is no key is not typed:

- A sequence that cannot be read does nothing. A key that comes up (kitty's protocol) does nothing.
- Whole answers of the terminal (OSC, DCS, APC, PM and SOS strings, and ``CSI ? … c`` and its like) are an `Answer`,
  however late they come and however they are cut. While one is awaited Esc alone may begin it, and what follows an Esc
  that was a key after all is still its rest if that makes it whole.
- Esc and a key in one packet are Esc and that key, not Alt: tmux and slow links deliver both together, and an Enter
  behind the Esc that was to leave a text would send it. Where a terminal tells Alt apart (kitty's protocol), and in
  Alt+B, Alt+F and Alt+Backspace that come alone, it stays Alt. Esc and a bracket begin a sequence only if one follows.
- What is pasted is text, also behind an escape character in it.
- In one packet, an Enter with text behind it is a line break of what is pasted without marks, and the tabs about it are
  tabs (`LineBreak`). A carriage return and a line feed are one line break.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from textual import constants, events, messages
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS, MODIFIER_FUNCTIONAL_KEYS
from textual._xterm_parser import IS_ITERM, XTermParser
from textual.keys import KEY_NAME_REPLACEMENTS, _character_to_key
from textual.message import Message

from imagechat_tui.tui.keys import us_character
from imagechat_tui.tui.textual_internals.terminal_events import Answer, LineBreak, Pasted

ESC: Final = "\x1b"
ANSWER_S: Final = 1.0
"""How long the rest of what only a terminal sends may be on its way."""
OWED_ANSWER_S: Final = 10.0
"""As above, while an answer is waited for."""
LONGEST: Final = 4096
"""Characters of an unfinished sequence that are kept; of a longer one nothing is wanted."""
MOST: Final = 10_000
"""Columns, rows and pixels that a terminal may have: more is nonsense."""

PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"
SHOWN_ESC: Final = "\u241b"  # ␛

ALT_PAIRS: Final = ("\x1bb", "\x1bf", "\x1b\x7f")
"""Alt and a key that moves or deletes by words, as terminals without kitty's protocol send them."""

_CSI = re.compile(r"\x1b\[(<[-\d;]*(?=[Mm])|[0-?]*)([ -/]*)([@-~])", re.ASCII)
_CSI_SO_FAR = re.compile(r"\x1b\[(?:<[-\d;]*|[0-?]*[ -/]*)", re.ASCII)
"""Pointers beside the window are told by negative numbers, which no other sequence has."""
_STRING_SO_FAR = re.compile(r"\x1b[]P_^X][^\x00-\x1f\x7f\x9c]*")
_ONLY_ANSWERS = re.compile(r"\x1b(?:\][0-9]|P[0-9;>=!$+?|]|_G)")
"""How strings begin that no keys spell: numbered OSC, DCS with its parameters, kitty's graphics."""
_MAYBE_ANSWERS = re.compile(r"\x1b(?:\][lL]|[_^X])")
"""How other strings begin, and Esc with keys behind it too."""
_REST_OF_STRING = re.compile(r"[^\x00-\x1f\x7f\x9c]*(?:\x07|\x9c|\x1b\\|(?=[\x00-\x1f\x7f]))")
_REST_OF_CSI = re.compile(r"[ -?]*(?:[@-~]|(?=[^ -~]))")
_CURSOR = re.compile(r"\x1b\[(\d{1,5});(\d{1,5})R")
_MODE = re.compile(r"\x1b\[\?(\d+);(\d+)\$y")
_SIZE = re.compile(r"\x1b\[48((?:;\d+(?::\d+)*){4})t")
_KEY = re.compile(r"[\d:;]*")
_TOGETHER = re.compile("[petj]+")

_KEYPAD: Final = {57399 + digit: str(digit) for digit in range(10)} | {
    57409: ".", 57410: "/", 57411: "*", 57412: "-", 57413: "+", 57415: "=", 57416: ",",
}  # fmt: skip
_PRIVATE: Final = range(0xE000, 0xF900)
"""Where kitty's protocol has keys that type nothing."""
_NO_KEYS: Final = MODIFIER_FUNCTIONAL_KEYS | {"caps_lock", "scroll_lock", "num_lock"}
"""Held while another key is pressed, or lamps: they do nothing themselves."""
_APPLICATION_KEYPAD: Final = {"l": ",", "X": "="}
"""What Textual's table lacks."""
_OF_RXVT: Final = re.compile(r"\x1b(?:\[\d+\$|[\[O][abcd])")
"""What Esc and keys spell as well; rxvt sends it for Shift and Ctrl with arrows and others."""
_CHARACTERS: Final = {"enter": "\r", "tab": "\t", "backspace": "\x7f", "escape": ESC}
SHIFT, ALT, CTRL, SUPER, HYPER, META, CAPS, NUM = (1 << bit for bit in range(8))


class TerminalInput:
    """Cuts what the terminal sends. Time is an argument; nothing is read or waited for here.

    Args:
        rxvt: whether Shift and arrows come as rxvt sends them.
        owed: whether the terminal was asked something and has not answered all: what may begin an answer is then held
            for it, but for Esc alone.
        awaited: whether it was asked not long ago: Esc alone is held too.
    """

    def __init__(
        self,
        *,
        rxvt: bool = False,
        owed: Callable[[], bool] = lambda: False,
        awaited: Callable[[], bool] = lambda: False,
    ) -> None:
        self.deadline: float | None = None
        """When ``tick`` wants to be called, in the caller's seconds."""
        self._rxvt = rxvt
        self._owed = owed
        self._awaited = awaited
        self._held = ""
        """The beginning of something."""
        self._torn = ""
        """A beginning that has just been taken for keys."""
        self._taken = 0
        """Characters of what is held that were keys already."""
        self._patience_s = 0.0
        self._pasted: list[str] | None = None
        """What was pasted so far."""
        self._rest: re.Pattern[str] | None = None
        """What is left out: the rest of a sequence that is too long to be one."""
        self._pairs_only = False
        self._pointer = XTermParser()

    def feed(self, data: str, now: float) -> list[Message]:
        """What was read at once, and what it means."""
        self._pairs_only = data[:2] in ALT_PAIRS and data == data[:2] * (len(data) // 2)
        if self._torn and self._awaited():
            self._held, self._taken = self._torn, len(self._torn)
        self._torn = ""
        self._held += data
        found = _with_line_breaks(self._cut(given_up=False))
        if self._rest is not None:
            self._patience_s = ANSWER_S
        unfinished = bool(self._held or self._rest) and self._pasted is None
        self.deadline = now + self._patience_s if unfinished else None
        return found

    def tick(self, now: float) -> list[Message]:
        """What a beginning means that nothing has followed for too long."""
        if self.deadline is None or now < self.deadline:
            return []
        self.deadline = self._rest = None
        beginning = self._held
        found = self._cut(given_up=True)
        if self._awaited() and beginning.rfind(ESC) == 0 and not self._held:
            self._torn = beginning
        return found

    def _cut(self, *, given_up: bool) -> list[Message]:
        found: list[Message] = []
        text, at = self._held, 0
        if self._taken:
            at = self._rest_of_torn(text, found, given_up=given_up)
            if not at:
                return found
        while at < len(text):
            if self._rest is not None:
                end = self._rest.match(text, at)
                if end is None:
                    at = len(text)
                    break
                self._rest, at = None, end.end()
            elif self._pasted is not None:
                length = self._paste(text[at:], found)
                at += length
                if self._pasted is not None:
                    break
            elif text[at] != ESC:
                found += _plain(text[at])
                at += 1
            else:
                length = self._escape(text[at : at + LONGEST + 1], found, given_up=given_up)
                if not length:
                    break
                at += length
        self._held = text[at:]
        return found

    def _rest_of_torn(self, text: str, found: list[Message], *, given_up: bool) -> int:
        """Take an answer whose beginning was keys, or that beginning alone; 0 if more of the answer may come."""
        taken, together = self._taken, list[Message]()
        length = None if given_up or not self._awaited() else self._escape(text, together, given_up=False)
        if length == 0:
            return self._wait(ANSWER_S)
        self._taken = 0
        if length and together and isinstance(together[0], Answer):
            found += together
            return length
        self._pasted = self._rest = None
        return taken

    def _paste(self, text: str, found: list[Message]) -> int:
        assert self._pasted is not None
        before, mark, _ = text.partition(PASTE_ENDS)
        if not mark:
            before = before.removesuffix(_beginning(PASTE_ENDS, before))
        self._pasted.append(before)
        if mark:
            found.append(events.Paste("".join(self._pasted).replace("\x00", "").replace(ESC, SHOWN_ESC)))
            self._pasted = None
        return len(before) + len(mark)

    def _escape(self, text: str, found: list[Message], *, given_up: bool) -> int:
        """Take what begins with an escape character; 0 if more of it may come."""
        second = text[1:2]
        if second == "[":
            length = self._csi(text, found, given_up=given_up)
        elif second and second in "]P_^X":
            length = self._string(text, found, given_up=given_up)
        elif second == "O":
            length = self._ss3(text, found, given_up=given_up)
        elif second == "\\":
            length = 2  # the end of an answer whose beginning is gone
        elif second:
            length = None
        else:
            patience_s = max(ANSWER_S, constants.ESCAPE_DELAY) if self._awaited() else constants.ESCAPE_DELAY
            length = None if given_up else self._wait(patience_s)
        if length is not None:
            return length
        if self._pairs_only and text[:2] in ALT_PAIRS:
            found += _from_table(text[:2])
            return 2
        found.append(events.Key("escape", ESC))
        return 1

    def _wait(self, patience_s: float) -> int:
        self._patience_s = patience_s
        return 0

    def _wait_for_answer(self, *, surely: bool) -> int:
        """Wait for the rest of what a terminal sends, or Esc and keys may have made if it is not ``surely`` that."""
        if self._owed() or self._awaited():
            return self._wait(OWED_ANSWER_S if surely else ANSWER_S)
        return self._wait(ANSWER_S if surely else constants.ESCAPE_DELAY)

    # -- strings: OSC, DCS, APC, PM, SOS

    def _string(self, text: str, found: list[Message], *, given_up: bool) -> int | None:
        """As `_escape`; None if it is Esc, with keys behind it."""
        so_far = _STRING_SO_FAR.match(text)
        assert so_far is not None
        end = so_far.end()
        is_answer = _ONLY_ANSWERS.match(text) is not None
        if not is_answer and end > 2 and not _MAYBE_ANSWERS.match(text):
            return None
        ending = text[end : end + 2]
        if ending[:1] in ("\x07", "\x9c") or ending == "\x1b\\":
            whole = text[: end + (2 if ending[0] == ESC else 1)]
            found.append(Answer(whole))
            return len(whole)
        if ending not in ("", ESC):
            return end if is_answer else None  # broken off
        if given_up:
            return end if is_answer else None
        if len(text) > LONGEST:
            self._rest = _REST_OF_STRING if is_answer else None
            return end if is_answer else None
        return self._wait_for_answer(surely=is_answer)

    # -- single shifts

    def _ss3(self, text: str, found: list[Message], *, given_up: bool) -> int | None:
        if len(text) < 3:
            return None if given_up else self._wait(constants.ESCAPE_DELAY)
        whole = text[:3]
        if whole[2] in _APPLICATION_KEYPAD:
            found += _plain(_APPLICATION_KEYPAD[whole[2]])
        elif whole in ANSI_SEQUENCES_KEYS and (self._rxvt or not _OF_RXVT.match(whole)):
            found += _from_table(whole)
        else:
            return None
        return 3

    # -- control sequences

    def _csi(self, text: str, found: list[Message], *, given_up: bool) -> int | None:
        if self._rxvt and (match := _OF_RXVT.match(text)) and match[0] in ANSI_SEQUENCES_KEYS:
            found += _from_table(match[0])
            return match.end()
        if text.startswith("\x1b[[") and len(text) > 3:  # the Linux console's F1 to F5
            found += _from_table(text[:4])
            return 4 if text[:4] in ANSI_SEQUENCES_KEYS else None
        if text.startswith("\x1b[M") and (len(text) >= 6 or given_up):
            return min(6, len(text))  # the pointer as old terminals tell it
        match = None if text.startswith(("\x1b[[", "\x1b[M")) else _CSI.match(text)
        if match is None:
            return self._csi_so_far(text, given_up=given_up)
        parameters, between, final = match.groups()
        if _spelled(match[0]):
            if between or parameters or match[0] not in ANSI_SEQUENCES_KEYS or _OF_RXVT.match(match[0]):
                return self._focus(match, found)
            found += _from_table(match[0])
        elif len(match[0]) <= LONGEST:
            self._read(match[0], parameters, between, final, found)
        return match.end()

    def _csi_so_far(self, text: str, *, given_up: bool) -> int | None:
        so_far = _CSI_SO_FAR.match(text)
        assert so_far is not None
        end = so_far.end()
        spelled = _spelled(so_far[0])
        if end < len(text) and not text.startswith(("\x1b[[", "\x1b[M")):
            return None if spelled else end  # broken off
        if given_up:
            return None if spelled else len(text)
        if len(text) > LONGEST:
            self._rest = None if spelled else _REST_OF_CSI
            return None if spelled else end
        return self._wait_for_answer(surely=not spelled)

    def _focus(self, match: re.Match[str], found: list[Message]) -> int | None:
        """The window gets or loses the focus; else it is Esc, with keys behind it."""
        if match[0] == "\x1b[I":
            found.append(events.AppFocus())
        elif match[0] == "\x1b[O":
            found.append(events.AppBlur())
        else:
            return None
        return match.end()

    def _read(self, whole: str, parameters: str, between: str, final: str, found: list[Message]) -> None:
        """Take a whole control sequence with numbers in it."""
        if whole == PASTE_BEGINS:
            self._pasted = []
        elif parameters[0] == "<" and final in "Mm":
            self._pointed(whole, found)
        elif match := _SIZE.fullmatch(whole):
            self._resized(match[1], found)
        elif parameters[0] in "<=>?" or between or final in "cnt":
            self._told(whole, found)
        elif (match := _CURSOR.fullmatch(whole)) and match[
            1
        ] != "1":  # in the first row it is F3 with modifiers
            found.append(events.CursorPosition(int(match[2]) - 1, int(match[1]) - 1))
        else:
            found += _key(parameters, final) if _KEY.fullmatch(parameters) else ()
            if final not in "u~ABCDEFHPQRS":
                found += _from_table(whole)

    def _told(self, whole: str, found: list[Message]) -> None:
        """An answer; some are Textual's business."""
        found.append(Answer(whole))
        match = _MODE.fullmatch(whole)
        if match is not None and len(match[2]) == 1:
            mode, setting = match[1], int(match[2])
            if mode == "2026" and setting:
                found.append(messages.TerminalSupportsSynchronizedOutput())
            elif mode == "2048" and constants.SMOOTH_SCROLL and not IS_ITERM:
                found.append(messages.InBandWindowResize.from_setting_parameter(setting))

    def _pointed(self, whole: str, found: list[Message]) -> None:
        numbers = re.findall(r"\d+", whole)
        if numbers and max(map(len, numbers)) <= len(str(MOST)):
            event = self._pointer.parse_mouse_code(whole)
            if event is not None:
                found.append(event)

    def _resized(self, fields: str, found: list[Message]) -> None:
        height, width, pixel_height, pixel_width = (
            min(MOST, int(field.partition(":")[0][:6])) for field in fields[1:].split(";")
        )
        if height and width:
            event = events.Resize.from_dimensions((width, height), (pixel_width, pixel_height))
            pointer = self._pointer
            pointer.terminal_size, pointer.terminal_pixel_size = event.size, event.pixel_size
            pointer.mouse_pixels = bool(pixel_height and pixel_width)
            found.append(event)


def _spelled(sequence: str) -> bool:
    """Whether Esc and keys may have made it, and no terminal: it has no numbers."""
    return not any(sign in sequence for sign in (*"0123456789;", "::"))


def _with_line_breaks(found: list[Message]) -> list[Message]:
    """Keys that came at once; where they hold a line break with text behind it, blanks among them are text."""
    kinds = "".join(_kind(message) for message in found)
    found = [message for at, message in enumerate(found) if kinds[max(0, at - 1) : at + 1] != "ej"]
    kinds = kinds.replace("ej", "e")
    for match in _TOGETHER.finditer(kinds):
        end = kinds.rfind("p", *match.span())
        breaks = {"e", "j"} & set(kinds[match.start() : max(0, end)])
        if not breaks:
            continue
        pasted, last_break = Pasted(), max(kinds.rfind(sign, match.start(), end) for sign in "ej")
        for at in range(*match.span()):
            key = found[at]
            assert isinstance(key, events.Key)
            if kinds[at] != "p" and not (at > end and kinds[at] == "e" and "e" not in breaks):
                last = at > end if kinds[at] == "e" else kinds[at] == "t" and at > last_break
                found[at] = LineBreak(key, pasted, last=last)
    return found


def _kind(message: Message) -> str:
    if not isinstance(message, events.Key):
        return "x"
    if message.is_printable:
        return "p"
    return {"enter": "e", "tab": "t", "ctrl+j": "j"}.get(message.key, "x")


def _beginning(mark: str, data: str) -> str:
    """The longest end of ``data`` that a mark may begin with."""
    return next((mark[:n] for n in range(len(mark) - 1, 0, -1) if data.endswith(mark[:n])), "")


# -- keys


def _from_table(sequence: str) -> list[Message]:
    """A sequence of old that names a key."""
    keys = ANSI_SEQUENCES_KEYS.get(sequence)
    if isinstance(keys, tuple):
        return [events.Key(key.value, sequence if len(sequence) == 1 else None) for key in keys]
    return _plain(keys) if isinstance(keys, str) else []


def _plain(character: str) -> list[Message]:
    """A character that was typed."""
    if character in ANSI_SEQUENCES_KEYS:
        return _from_table(character) if character < "\x80" else []
    return [events.Key(_name(character), character)] if _is_text(ord(character)) else []


def _is_text(code: int) -> bool:
    """Whether a code point may stand in a text: no control character, no surrogate."""
    return 0x20 <= code < 0x7F or 0xA0 <= code < 0xD800 or 0xE000 <= code <= 0x10FFFF


def _name(character: str) -> str:
    """What Textual calls the key that types a character."""
    if character.isalnum():
        return character
    with suppress(ValueError):
        name = _character_to_key(character)
        return KEY_NAME_REPLACEMENTS.get(name, name)
    return character


def _numbers(field: str) -> list[int | None]:
    return [int(number) if number else None for number in field.split(":")]


def _key(parameters: str, final: str) -> list[Message]:
    """A key with its modifiers, as xterm and kitty's protocol tell it; nothing if it is none.

    ``code[:shifted[:on a US layout]][;1 + modifiers[:1 pressed, 2 repeated, 3 released][;text]]``
    """
    fields = parameters.split(";")
    if (
        len(fields) > 3
        or fields[0].count(":") > 2
        or any(len(number) > 8 for field in fields for number in field.split(":"))
    ):
        return []
    codes, state, text = (_numbers(field) for field in (*fields, "", "", "")[:3])
    modifiers = (state[0] or 1) - 1
    if final == "~" and codes[0] == 27 and len(fields) == 3:  # xterm's other keys
        codes, text, final = text, [None], "u"
    if modifiers > 255 or [*state, 1][1] not in (None, 1, 2):
        return []
    typed = "".join(chr(code) for code in text if code is not None and _is_text(code))
    if typed and not modifiers & (CTRL | SUPER | HYPER | META):
        return [events.Key(_name(character), character) for character in typed]
    code = 1 if codes[0] is None else codes[0]
    keypad = _KEYPAD.get(code) if final == "u" else None
    name = None if keypad else FUNCTIONAL_KEYS.get(f"{code}{final}")
    if name is not None:
        return [] if name in _NO_KEYS else [_named(name, modifiers)]
    if final != "u" or not (keypad or _is_text(code)) or (code in _PRIVATE and not keypad):
        return []
    if not modifiers & ~(SHIFT | CAPS | NUM):
        character = keypad or _shifted(chr(code), codes[1:2], modifiers)
        if character is not None:
            return [events.Key(_name(character), character)]
    base = [*codes, None, None][2]
    there = chr(base) if base is not None and _is_text(base) else keypad or chr(code)
    return [_named(_name(us_character(there) or there), modifiers)]


def _shifted(character: str, shifted: list[int | None], modifiers: int) -> str | None:
    """What a key types with Shift held or Caps Lock on; None if that is not known."""
    if modifiers & SHIFT and shifted and shifted[0] is not None:
        return chr(shifted[0]) if _is_text(shifted[0]) else None
    upper = character.upper()
    if upper == character or len(upper) != 1:
        return None if modifiers & SHIFT and not character.isspace() else character
    return upper if bool(modifiers & SHIFT) != bool(modifiers & CAPS) else character


def _named(name: str, modifiers: int) -> events.Key:
    held = [
        word
        for bit, word in ((SHIFT, "shift"), (ALT, "alt"), (CTRL, "ctrl"), (SUPER, "super"), (HYPER, "hyper"))
        if modifiers & bit
    ] + ["meta"] * bool(modifiers & META)
    return events.Key("+".join([*sorted(held), name]), None if held else _CHARACTERS.get(name))
