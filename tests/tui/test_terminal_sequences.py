"""What each sequence of a terminal is: a key, an answer, or nothing; and that none of them can break anything."""

from __future__ import annotations

import os
import random
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from imagechat_tui.tui.textual_internals.terminal_events import Answer, LineBreak
from imagechat_tui.tui.textual_internals.terminal_input import ESC, TerminalInput
from tests.terminal import Terminal, pump

LATE_S = 60.0
"""When nothing more can be on its way."""


def meant(messages: Sequence[Message]) -> list[str]:
    """Keys by name, what is pasted by its text, all else but answers by its kind."""
    found = []
    for message in messages:
        event = message.key if isinstance(message, LineBreak) else message
        if isinstance(event, events.Key):
            found.append(event.key)
        elif isinstance(event, events.Paste):
            found.append(f"paste {event.text}")
        elif not isinstance(event, Answer):
            found.append(type(event).__name__)
    return found


def read(*pieces: str, rxvt: bool = False) -> list[Message]:
    terminal = TerminalInput(rxvt=rxvt)
    found = [message for piece in pieces for message in terminal.feed(piece, 0.0)]
    return [*found, *terminal.tick(LATE_S)]


KEYS = {
    # kitty's protocol: sub-parameters, states, text
    "[108:76;2u": "L", "[108;1:1u": "l", "[108;1:2u": "l", "[108;1:3u": "", "[108;1:4u": "", "[97;;228u": "ä",
    "[97;;97:98u": "a b", "[97;2u": "A", "[97;65u": "A", "[97;66u": "a", "[49;2u": "shift+1",
    "[49:33;2u": "exclamation_mark",
    "[32u": "space", "[27u": "escape", "[13u": "enter", "[9;2u": "shift+tab", "[127u": "backspace", "[97;3u": "alt+a",
    "[97;5u": "ctrl+a", "[97;7u": "alt+ctrl+a", "[1;1:3A": "", "[1;2A": "shift+up", "[1;5C": "ctrl+right",
    "[3;1:2~": "delete",
    # letters of other layouts with Ctrl: where they are, by what the terminal says, else by the table
    "[1081;5u": "ctrl+q", "[1086;5u": "ctrl+j", "[1099;5u": "ctrl+s", "[950;5u": "ctrl+z", "[1502;5u": "ctrl+n",
    "[1377::113;5u": "ctrl+q", "[1081;;1081u": "й", "[1081u": "й",
    # the keypad, as kitty's protocol tells it and as an application's
    "[57413u": "plus", "[57412u": "minus", "[57411u": "asterisk", "[57410u": "slash", "[57399u": "0", "[57408u": "9",
    "[57414u": "enter", "[57413;;43u": "plus", "[57417u": "left", "[57419;1:3u": "", "[57427u": "",
    "Ok": "plus", "Om": "minus", "Oj": "asterisk", "Oo": "slash", "OM": "enter", "Op": "0", "Oy": "9",
    "Ol": "comma", "OX": "equals_sign",
    # held keys and lamps do nothing
    "[57441;2u": "", "[57447u": "", "[57358u": "", "[57360;129u": "",
    # keys of old
    "[A": "up", "OD": "left", "[H": "home", "[5~": "pageup", "[Z": "shift+tab", "[15~": "f5", "OP": "f1", "[[A": "f1",
    "[27;5;113~": "ctrl+q", "[1;2R": "shift+f3",
    # what cannot be read
    "[1114112u": "", "[99999999999u": "", "[55296u": "", "[0u": "", "[7u": "", "[;;u": "", "[97;999u": "",
    "[97;1;1;1;1u": "",
    "[:::u": "", "[97:::::1u": "", "[1;1;1;1;1A": "", "[4294967296;2~": "", "[?97u": "", "[97 u": "", "[12!p": "",
    "[<0;99999999999999999;1M": "", "[<-1;-1;-1M": "", "[48;0;0;0;0t": "", "[1;2;3M": "", "[M !!": "",
}  # fmt: skip


@pytest.mark.parametrize("sequence", KEYS)
def test_a_sequence_is_the_key_it_says_or_nothing(sequence: str) -> None:
    assert meant(read(f"{ESC}{sequence}")) == KEYS[sequence].split()
    assert meant(read(f"a{ESC}{sequence}b")) == ["a", *KEYS[sequence].split(), "b"]


ANSWERS = (
    "]11;rgb:ffff/ffff/ffff\x07", "]11;rgb:ffff/ffff/ffff\x1b\\", "]52;c;YWJj\x1b\\", "]4;1;rgb:00/00/00\x9c",
    "]l a title\x1b\\",
    "P>|XTerm(379)\x1b\\", "P1$r0m\x1b\\", "P0+r\x1b\\", "P!|00000000\x1b\\", "_Gi=1;OK\x1b\\",
    "^private\x1b\\", "Xstart of string\x1b\\",
    "[?64;1;2c", "[>41;379;0c", "[?62c", "[=0c", "[?2026;2$y", "[0n", "[?13n", "[12;40R", "[8;40;120t",
    "[4;800;1200t",
    "[?25u", "[2;1;1;112;112;1;0x", "[?1;2;3S",
)  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_not_typed_however_it_is_cut(answer: str) -> None:
    stream = f"a{ESC}{answer}b"
    for cut in range(1, len(stream)):
        assert meant(read(stream[:cut], stream[cut:]))[0] == "a"
        came = [kind for kind in meant(read(stream[:cut], stream[cut:])) if kind[0].islower()]
        assert came == ["a", "b"], cut
    assert [kind for kind in meant(read(*stream)) if kind[0].islower()] == ["a", "b"]


OF_A_TERMINAL = (
    "\x1bP>|kitty(0.41.1)\x1b\\",
    "\x1b[6;18;9t",
    "\x1bP1$r0;38:2::1:2:3m\x1b\\",
    "\x1b[?62;c",
    "\x1b_Gi=6881281;OK\x1b\\",
    "\x1b[?6c",
)
AROUND = "j", "\x1b[A", "\x1b[<0;5;7M", "\x1b[I", "é", "\x1b[200~x y\x1b[201~", "q"


@pytest.mark.parametrize("between", [False, True])
def test_answers_that_are_waited_for_are_taken_out_whole_in_every_cut_into_three(between: bool) -> None:
    """However slowly the pieces come, and whatever is done between the answers."""
    parts = [*zip(AROUND, OF_A_TERMINAL, strict=False)] if between else [("j", "".join(OF_A_TERMINAL))]
    stream = "".join(key + answer for key, answer in parts) + "".join(AROUND[len(parts) :])
    keys = meant(read("".join(key for key, _ in parts), *AROUND[len(parts) :]))
    assert len(keys) == len(AROUND)
    # Esc alone is a key at once; within keys and the pointer a pause means what it always does.
    after_esc = {at + 1 for at, sign in enumerate(stream) if sign == ESC}
    cuts = [at for at in range(1, len(stream)) if at not in after_esc and not _in_a_key(stream, at)]
    for first in cuts:
        for second in cuts[cuts.index(first) :]:
            terminal, found, now = TerminalInput(owed=lambda: True), [], 0.0
            for piece in (stream[:first], stream[first:second], stream[second:]):
                found += terminal.tick(now)
                found += terminal.feed(piece, now)
                now += 0.9
            assert meant(found) == keys, (stream[:first], stream[first:second])
            assert [event.sequence for event in found if isinstance(event, Answer)] == [*OF_A_TERMINAL]


def _in_a_key(stream: str, at: int) -> bool:
    return any(
        start < at < start + len(key)
        for key in AROUND
        for start in [stream.find(key)]
        if len(key) > 1 and start >= 0
    )


def test_while_nothing_is_owed_escape_and_keys_are_not_held() -> None:
    for owed, held_s in ((False, 0.1), (True, 1.0)):
        terminal = TerminalInput(owed=lambda owed=owed: owed)  # type: ignore[misc]
        for keys in ("\x1bP", "\x1b[", "\x1b[?"):
            assert not terminal.feed(keys, 0.0)
            assert terminal.deadline == pytest.approx(held_s)
            assert meant(terminal.tick(LATE_S))[0] == "escape"
        assert not terminal.feed(ESC, 0.0)
        assert terminal.deadline == pytest.approx(0.1)
        assert meant(terminal.tick(LATE_S)) == ["escape"]


AWAITED = (*OF_A_TERMINAL[:5], "\x1b[?2026;2$y", "\x1b[?2048;2$y", "\x1b[0n")


@pytest.mark.parametrize("answer", AWAITED)
@pytest.mark.parametrize("pause_s", [0.25, 0.6, 0.9])
def test_an_awaited_answer_in_pieces_is_no_escape_and_no_text(answer: str, pause_s: float) -> None:
    cuts = [(first, second) for first in range(1, len(answer)) for second in range(first, len(answer))]
    for ends in (*cuts, range(1, len(answer))):
        terminal = TerminalInput(awaited=lambda: True)
        assert _in_pieces(terminal, answer, ends, pause_s) == ["a", "b"], ends


@pytest.mark.parametrize("answer", AWAITED)
def test_the_rest_of_an_awaited_answer_is_not_typed_if_its_beginning_was_given_up(answer: str) -> None:
    """Whatever the pause was; what came before it are the keys that it spells."""
    for cut in (1, 2, 3):
        terminal = TerminalInput(awaited=lambda: True)
        keys = _in_pieces(terminal, answer, [cut], 1.5)
        assert keys[-1] == "b"
        assert keys[1:-1] in ([], meant(read(*answer[:cut]))[:cut]), cut
        later = _in_pieces(TerminalInput(awaited=lambda: True), answer, [1, 2], 1.5)
        assert later in (["a", "escape", *meant(read(answer[1])), "b"], ["a", "b"])


def _in_pieces(terminal: TerminalInput, answer: str, cuts: Sequence[int], pause_s: float) -> list[str]:
    """Which keys an answer is that comes in pieces, a key before and one behind it."""
    found, now = terminal.feed("a", 0.0), 0.0
    for start, end in zip([0, *cuts], [*cuts, len(answer)], strict=True):
        now += pause_s
        found += terminal.tick(now)
        found += terminal.feed(answer[start:end], now)
    found += terminal.feed("b", now) + terminal.tick(LATE_S)
    return meant([message for message in found if isinstance(message, events.Key)])


@pytest.mark.parametrize("typed", ["x", "abc", "[", "]]", "P", "Pa", "_", "[?", "[]", "2048", "é", "\r"])
@pytest.mark.parametrize("pause_s", [0.0, 0.5, 1.5])
def test_a_real_escape_keeps_its_place_before_keys_while_an_answer_is_awaited(
    typed: str, pause_s: float
) -> None:
    terminal = TerminalInput(awaited=lambda: True)
    now, found = 0.0, terminal.feed(ESC, 0.0)
    assert terminal.deadline == pytest.approx(1.0)
    for key in typed:
        now += pause_s
        found += terminal.tick(now) + terminal.feed(key, now)
    while terminal.deadline is not None:
        found += terminal.tick(terminal.deadline)
    assert meant(found) == ["escape", *meant(read(*typed))]


def test_an_awaited_answer_behind_an_escape_lets_it_go() -> None:
    terminal = TerminalInput(awaited=lambda: True)
    assert not terminal.feed(ESC, 0.0)
    assert meant(terminal.feed("\x1b[0n", 0.1)) == ["escape"]


def test_an_answer_is_told_whole() -> None:
    came = read(f"{ESC}P>|XTe", f"rm(379){ESC}", "\\", f"{ESC}[?64;", "1cx")
    said = [message.sequence for message in came if isinstance(message, Answer)]
    assert said == [f"{ESC}P>|XTerm(379){ESC}\\", f"{ESC}[?64;1c"]


def test_a_cursor_position_is_told_where_it_cannot_be_a_key() -> None:
    (position,) = read(f"{ESC}[2;5R")
    assert isinstance(position, events.CursorPosition)
    assert (position.x, position.y) == (4, 1)
    assert meant(read(f"{ESC}[1;5R")) == ["ctrl+f3"]


SPELLED = (
    "]",
    "[",
    "]rc",
    "[rc",
    "[c",
    "[d",
    "[x",
    "X",
    "Xcab",
    "[]",
    "[[",
    "]\r",
    "[\n",
    "[\x7f",
    "Oq",
    "_",
    "]lc",
    "[=",
)


@pytest.mark.parametrize("keys", SPELLED)
def test_escape_and_keys_that_look_like_a_beginning_are_keys(keys: str) -> None:
    slowly = [kind for key in (ESC, *keys) for kind in meant(read(key))]
    if keys == "Oq":
        assert meant(read(f"{ESC}{keys}")) == ["1"]  # the keypad's: a terminal sends no other for it
    else:
        assert meant(read(f"{ESC}{keys}")) == slowly


def test_escape_alone_is_told_as_soon_as_nothing_follows() -> None:
    terminal = TerminalInput()
    assert not terminal.feed(ESC, 5.0)
    assert terminal.deadline is not None
    assert terminal.deadline - 5.0 <= 0.1
    assert meant(terminal.tick(terminal.deadline)) == ["escape"]
    assert terminal.deadline is None


def test_an_answer_that_never_ends_makes_nothing_deaf() -> None:
    for beginning in ("]11;rgb:", "P>|", "_G", "[?12;", "]11;" + "x" * 9000, "[" + "1;" * 9000):
        terminal = TerminalInput()
        assert not terminal.feed(f"{ESC}{beginning}", 0.0)
        assert terminal.deadline is not None
        assert not terminal.tick(terminal.deadline)
        assert meant(terminal.feed("k", LATE_S)) == ["k"]


@pytest.mark.parametrize(
    ("sequence", "key"),
    [("[a", "shift+up"), ("[d", "shift+left"), ("Oc", "ctrl+right"), ("[3$", "shift+delete")],
)
def test_arrows_of_rxvt_are_known_in_rxvt_alone(sequence: str, key: str) -> None:
    assert meant(read(f"{ESC}{sequence}", rxvt=True)) == [key]
    assert key not in meant(read(f"{ESC}{sequence}"))


@pytest.mark.parametrize(
    ("stream", "line_breaks"),
    [
        ("one\rtwo\rthree", ["enter", "enter"]),
        ("one\r\r\n\ttwo", ["enter", "enter", "tab"]),  # CR LF is one
        ("one\rtwo\r", ["enter", "enter"]),  # what is pasted with several lines does not send at its end
        ("\rtwo", ["enter"]),
        ("one\r", []),
        ("one\r\r\r", []),
        ("one\ntwo", ["ctrl+j"]),
        ("one\ttwo", []),
        ("one\r\x1b[A", []),
        ("one\r\x13two", []),
    ],
)
def test_an_enter_with_text_behind_it_in_one_read_is_a_line_break(
    stream: str, line_breaks: list[str]
) -> None:
    assert [message.key.key for message in read(stream) if isinstance(message, LineBreak)] == line_breaks
    assert not [message for message in read(*stream) if isinstance(message, LineBreak)]


PIECES = st.one_of(
    st.sampled_from(
        [ESC, "[", "]", "O", "P", "_", "^", "X", "\\", ";", ":", "?", ">", "<", "=", "$", "M", "u", "~", "R"]
    ),
    st.text("0123456789;:", max_size=12),
    st.characters(exclude_categories=["Cs"]),
    st.sampled_from([ESC + sequence for sequence in [*KEYS, *ANSWERS]]),
    st.sampled_from(["\x1b[200~", "\x1b[201~", "\x07", "\x9c", "\r", "\x00"]),
)


@given(st.data())
def test_it_does_not_matter_where_a_stream_is_cut(data: st.DataObject) -> None:
    stream = "".join(data.draw(st.lists(PIECES, max_size=12)))
    stream = re.sub("\x1b[bf\x7f]", "", stream)  # Alt and a key, where they come alone
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert meant(read(*pieces)) == meant(read(stream))
    # While an answer is waited for, nothing is another key: beginnings are only held longer.
    terminal = TerminalInput(owed=lambda: True)
    found = [message for piece in pieces for message in terminal.feed(piece, 0.0)]
    assert meant([*found, *terminal.tick(LATE_S)]) == meant(read(stream))


def sequence(draws: random.Random) -> str:
    """Something that no terminal should send, and may."""
    numbers = [
        "",
        "0",
        "1",
        "97",
        "1081",
        "57413",
        "65535",
        "55296",
        "1114111",
        "1114112",
        "99999999999",
        "9" * 40,
        "-1",
        "１",
        "²",
    ]
    parameters = "".join(draws.choice(numbers) + draws.choice(":;") for _ in range(draws.randrange(6)))
    body = parameters + draws.choice(numbers)
    if draws.random() < 0.01:
        body += draws.choice("19;") * 5000  # more digits than Python makes a number of
    final = chr(
        draws.choice(
            [*range(0x40, 0x7F), *range(0x20, 0x30), 0x1B, 0x07, 0x9C, 0x0D, 0x18, 0x7F, 0x2603, 0x10FFFF]
        )
    )
    introducer = draws.choice(
        [
            "[",
            "[",
            "[",
            "[?",
            "[>",
            "[<",
            "[=",
            "[M",
            "[[",
            "O",
            "]",
            "P",
            "_",
            "_G",
            "^",
            "X",
            "",
            ESC,
            "[200~",
            "[201~",
        ]
    )
    whole = ESC + introducer + body + final
    return whole[: draws.randrange(1, len(whole) + 1)] if draws.random() < 0.3 else whole


def no_key(draws: random.Random) -> str:
    """Something that a terminal sends and that is no key."""
    number = draws.choice(["1114112", "99999999999", "55296", "0", "4294967296"])
    code = draws.choice(["97", "108:76", "1081::113", "13", "27", "113"])
    some = "".join(draws.choices("0123456789abcdef;:/?=", k=draws.randrange(1, 60)))
    return draws.choice(
        [
            f"{ESC}[{number}u",
            f"{ESC}[{number};5u",
            f"{ESC}[{code};{draws.randrange(1, 200)}:3u",  # released
            f"{ESC}[1;{draws.randrange(1, 200)}:3{draws.choice('ABCDHF')}",
            f"{ESC}[{code};{draws.randrange(257, 9999)}u",
            f"{ESC}[{draws.choice(['57441', '57447', '57358', '57427'])};2u",
            f"{ESC}[{';'.join(str(draws.randrange(99)) for _ in range(draws.randrange(4, 30)))}{draws.choice('uA~x')}",
            f"{ESC}[{draws.choice('?>=')}{draws.randrange(99)};{draws.randrange(99)}{draws.choice('cuytnmJ')}",
            f"{ESC}]{draws.randrange(200)};{some}{draws.choice([chr(7), ESC + chr(92)])}",
            f"{ESC}P{draws.choice(['>|', '1$r', '0+r', '!|'])}{some}{ESC}\\",
            f"{ESC}_G{some}{ESC}\\",
            f"{ESC}[<{draws.randrange(64, 67)};{draws.randrange(1, 99999)};{draws.randrange(1, 99999)}M",
            f"{ESC}[{draws.randrange(2, 99)};{draws.randrange(1, 300)}R",
        ]
    )


def test_what_is_no_key_presses_none() -> None:
    draws = random.Random(9)
    for _ in range(300):
        sent = no_key(draws)
        assert not [kind for kind in meant(read(sent)) if kind[0].islower()], sent


@pytest.mark.pty
@pytest.mark.security
def test_what_is_no_key_leaves_a_text_untouched(tmp_path: Path) -> None:
    draws = random.Random(9)
    program = [sys.executable, "-m", "tests.tui.scripted_app", str(tmp_path / "drafts")]
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("TEXTUAL", "COV", "NO_COLOR"))
    }
    with Terminal(
        program, env=env | {"TERM": "xterm-256color"}, cwd=Path(__file__).parents[2], fork=True
    ) as terminal:
        terminal.shows("LIVE")
        terminal.send("cmy text")
        terminal.shows("my text", "WRITING")
        terminal.answers = {}  # an answer in the midst of another sequence is what no terminal sends
        for _ in range(300):
            sent = no_key(draws)
            cut = draws.randrange(4, len(sent) + 1)  # Esc alone, or with a bracket, is a key soon
            for piece in (sent[:cut], sent[cut:]):
                terminal.send(piece)
                pump(0.0)
        terminal.send(" stands")
        terminal.shows("my text stands", "WRITING")
        terminal.press("ctrl+q")
        assert terminal.exit_code() == 0
    assert (tmp_path / "drafts").read_text() == "my text stands"


@pytest.mark.security
def test_nothing_that_a_terminal_sends_is_an_error(runs: int) -> None:
    draws = random.Random(8)
    terminal = TerminalInput()
    now = 0.0
    for _ in range(runs):
        sent = sequence(draws)
        for message in terminal.feed(sent, now):
            assert isinstance(message, Message)
        now += draws.choice([0.0, 0.01, 0.2, 2.0])
        terminal.tick(now)
    terminal.feed("\x1b[201~\x18", now)
    terminal.tick(now + LATE_S)
    assert meant(terminal.feed("k", now + LATE_S)) == ["k"]
