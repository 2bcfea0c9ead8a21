"""Failures and states as sentences: what happened, what it means for your text, what to do.

The one place where data becomes prose, for the screen and for the verbs alike. Outside text (a server's
reason, a file's name) comes in raw and leaves harmless.
"""

from __future__ import annotations

from imagechat_tui.words.comparison import (
    NO_ROOM,
    NOT_COMPARING,
    NOTHING_TO_COMPARE,
    STILL_COMPARING,
    before_changed_words,
    before_failed_words,
    difference_note,
    differences_words,
    not_compared_words,
    nothing_earlier_words,
    sizes_words,
)
from imagechat_tui.words.events import cannot_show_words, missed_words, news_words
from imagechat_tui.words.link import (
    BANNER_AFTER_S,
    ONE_LINE,
    banner,
    phase_words,
    received_words,
    short_banner,
    shortest_banner,
)
from imagechat_tui.words.machine import WIDE_SIGNS, disk_full_words, too_many_files_words
from imagechat_tui.words.parts import MAX_NAME, Words, safe_line, safe_name
from imagechat_tui.words.pictures import (
    album_change_words,
    also_discussed_words,
    defect_words,
    first_picture_words,
    joined_words,
    look_alike_words,
    matched_words,
    named_room_words,
    no_such_picture_here,
    other_image_words,
    picture_changed_words,
    picture_loss_note,
    picture_loss_words,
    picture_words,
    place_words,
    private_address_words,
    project_words,
    start_anew_words,
    started_anew_words,
    version_words,
)
from imagechat_tui.words.requests import UNREACHED_WORDS, not_tried_words, problem_words
from imagechat_tui.words.servers import admin_words, local_server_words, serve_words
from imagechat_tui.words.settings import mistake_words, settings_words, shown_value, wish_words
from imagechat_tui.words.verbs import verb_words
from imagechat_tui.words.writes import (
    checking_words,
    not_linked_words,
    not_placed_words,
    not_saved_words,
    write_words,
)

__all__ = [
    "BANNER_AFTER_S",
    "MAX_NAME",
    "NOTHING_TO_COMPARE",
    "NOT_COMPARING",
    "NO_ROOM",
    "ONE_LINE",
    "STILL_COMPARING",
    "UNREACHED_WORDS",
    "WIDE_SIGNS",
    "Words",
    "admin_words",
    "album_change_words",
    "also_discussed_words",
    "banner",
    "before_changed_words",
    "before_failed_words",
    "cannot_show_words",
    "checking_words",
    "defect_words",
    "difference_note",
    "differences_words",
    "disk_full_words",
    "first_picture_words",
    "joined_words",
    "local_server_words",
    "look_alike_words",
    "matched_words",
    "missed_words",
    "mistake_words",
    "named_room_words",
    "news_words",
    "no_such_picture_here",
    "not_compared_words",
    "not_linked_words",
    "not_placed_words",
    "not_saved_words",
    "not_tried_words",
    "nothing_earlier_words",
    "other_image_words",
    "phase_words",
    "picture_changed_words",
    "picture_loss_note",
    "picture_loss_words",
    "picture_words",
    "place_words",
    "private_address_words",
    "problem_words",
    "project_words",
    "received_words",
    "safe_line",
    "safe_name",
    "serve_words",
    "settings_words",
    "short_banner",
    "shortest_banner",
    "shown_value",
    "sizes_words",
    "start_anew_words",
    "started_anew_words",
    "too_many_files_words",
    "verb_words",
    "version_words",
    "wish_words",
    "write_words",
]
