"""Two versions of a picture: what differs, and why they are not compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from imagechat_tui.words.parts import Words, safe_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagechat_tui.raster.compare import Differences
    from imagechat_tui.raster.comparison import Comparison

NOTHING_TO_COMPARE: Final = Words(
    "Nothing to compare with",
    "No picture from before is at hand.",
    "Start with one: imagechat NOW.png --against BEFORE.png",
)
NOT_COMPARING: Final = Words("", "Nothing is being compared.", "C compares.")
STILL_COMPARING: Final = Words("", "What differs is still being looked for.")
NO_ROOM: Final = "Too narrow for side by side: one version at a time, in turn. s hides the threads."


def differences_words(found: Differences) -> str:
    """What differs, in a sentence or two."""
    moved, count = shift_words(found.shift), len(found.places)
    if not count:
        few = f"{_some(found.pixels, 'pixel')} differ{'s' if found.pixels == 1 else ''}, few and apart."
        rest = few if found.pixels else "Nothing else differs." if moved else "No pixel differs."
        return f"Everything {moved}. {rest}" if moved else rest
    differ = f"{_some(count, 'place')} differ{'s' if count == 1 else ''}, {share_words(found.share)} of the pixels."
    return f"Everything {moved}. Besides, {differ}" if moved else differ


def difference_note(found: Differences, chosen: int | None = None) -> str:
    """The same in few words, for a line on the screen; ``chosen`` is the place that is looked at, from 0."""
    moved, count = shift_words(found.shift), len(found.places)
    if count:
        which = f"{chosen + 1} of " if chosen is not None else ""
        differ = f"{which}{_some(count, 'place')}, {share_words(found.share)}"
    elif found.pixels:
        differ = _some(found.pixels, "pixel")
    else:
        differ = "" if moved else "nothing differs"
    return ", ".join(filter(None, (differ, moved)))


def shift_words(shift: tuple[int, int]) -> str:
    """How far everything was moved; empty if it was not."""
    right, down = shift
    ways = [
        f"{way[pixels < 0]} by {abs(pixels)} px"
        for pixels, way in ((right, ("right", "left")), (down, ("down", "up")))
        if pixels
    ]
    return f"moved {' and '.join(ways)}" if ways else ""


def share_words(share: float) -> str:
    """A share of the pixels in percent: none that differs is called 0."""
    percent = share * 100
    return "under 0.1 %" if 0 < percent < 0.1 else f"{percent:.3g} %"


def sizes_words(comparison: Comparison) -> str:
    """That the versions have other sizes, and how one is laid on the other; empty if they have not."""
    old, new = comparison.old, comparison.new
    if (old.width, old.height) == (new.width, new.height):
        return ""
    sizes = f"Before {old.width}×{old.height}, now {new.width}×{new.height}"
    if any(comparison.found.shift):
        return f"{sizes}."
    if comparison.factor != 1:
        return f"{sizes}: shown at one size; what is very small may be missed."
    return f"{sizes}: pixel on pixel from the upper left corner."


def nothing_earlier_words(elsewhere: Sequence[int]) -> Words:
    """There is no earlier version at hand; ``elsewhere`` are the numbers of those that this machine has not seen."""
    if not elsewhere:
        return NOTHING_TO_COMPARE
    named = " and ".join(f"v{number}" for number in elsewhere[:2]) + (
        " and others" if len(elsewhere) > 2 else ""
    )
    sentence = f"{named} {'was' if len(elsewhere) == 1 else 'were'} not kept on this machine."
    return Words(NOTHING_TO_COMPARE.title, sentence, NOTHING_TO_COMPARE.action)


def earlier_words(number: int, shown: int) -> str:
    """What an earlier version is called; ``shown`` is the one on the screen, whose predecessor it mostly is."""
    return f"v{number}" if number == shown - 1 else f"since you last looked: v{number}"


def damaged_words(numbers: Sequence[int]) -> Words:
    """The files of these versions, as they were kept here, are not what they were."""
    named = " and ".join(f"v{number}" for number in numbers[:2]) + (" and others" if len(numbers) > 2 else "")
    one = len(numbers) == 1
    sentence = f"The {'copy' if one else 'copies'} of {named} kept on this machine {'was' if one else 'were'} damaged."
    again = "It is dropped, and kept" if one else "They are dropped, and kept"
    return Words("Damaged copy" if one else "Damaged copies", sentence, f"{again} again when seen again.")


def before_failed_words(why: Words) -> Words:
    """The picture from before cannot be shown; ``why`` is what is said of any picture."""
    return Words("No picture from before", why.sentence, why.action)


def not_compared_words(why: Words) -> Words:
    """It could not be found out what differs; ``why`` is what is said of any picture."""
    return Words("Not compared", why.sentence, "Side by side still works.")


def before_changed_words(name: str) -> Words:
    """The file of the picture from before is another now; ``name`` raw."""
    return Words(
        "Picture from before changed", f"{safe_name(name)} has changed on disk.", "R reads it again."
    )


def _some(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
