"""Why a verb cannot do what it was asked to."""

from __future__ import annotations

import re
from typing import Final, assert_never

from imagechat_tui import problems
from imagechat_tui.problems import Problem, ProblemKind, VerbProblem
from imagechat_tui.words.parts import Words, moderator_words, safe_line, safe_name, stopped
from imagechat_tui.words.pictures import did_you_mean, picture_words
from imagechat_tui.words.requests import problem_words

_COMMENT: Final = re.compile(r"#?([0-9]+)\.[0-9]+")
"""How a comment is named: its marker's number, and its own in that thread."""


def verb_words(problem: VerbProblem) -> Words:
    """Why a verb cannot do what it was asked to, or does not know whether it did."""
    match problem:
        case problems.NoPictureNamed():
            return Words("No picture named", "The name of the picture is empty.")
        case problems.NoPictureToWriteOn(why=why):
            words = _no_picture_words(why)
            gone = "For the threads of a picture that is gone, use --url-id."
            return Words(words.title, words.sentence, f"{words.action} {gone}".lstrip())
        case problems.SeveralLookAlike() | problems.NoWorkingFolder():
            return _no_picture_words(problem)
        case problems.FileElsewhere(address=address):
            return Words(
                "Not here",
                f"{safe_name(address)} names a file of another machine.",
                "Copy it here and open that.",
            )
        case problems.SchemeUnknown(address=address, scheme=scheme):
            begins = f"{safe_name(address)} begins with {safe_name(scheme)}://"
            return Words(
                "Address refused",
                f"{begins}, and only http, https and file are known.",
                "Fetch it yourself and open the file.",
            )
        case problems.NoTerminal(over_ssh=True):
            return Words(
                "No terminal",
                "The screen needs a terminal, and ssh has none for a command that it is told to run.",
                "Ask for one: ssh -t HOST imagechat IMAGE. In scripts use imagechat ls, add, watch or show.",
            )
        case problems.NoTerminal():
            return Words(
                "No terminal",
                "The screen needs a terminal, and there is none.",
                "In scripts use imagechat ls, add, watch or show; over SSH, ssh -t.",
            )
        case problems.NotUtf8(variable=variable, value=value, encoding=encoding, remedy=remedy):
            return Words(
                "No UTF-8",
                f"{safe_name(variable)}={safe_name(value)} says that this terminal takes "
                f"{safe_name(encoding)}, and the screen is drawn in UTF-8.",
                f"If it takes UTF-8: {safe_name(remedy)}. Otherwise use imagechat show, ls, add or watch.",
            )
        case problems.WishesUndecided(file=file, asked=asked):
            listed = ", ".join(f"{safe_name(key)} = {safe_name(value)}" for key, value in asked)
            keys = {key for key, _ in asked}
            # An answer about a tenant is for one server: the verb does not know of one that only a flag names.
            or_named = "; or name yours with --tenant" if "tenant" in keys and "server" not in keys else ""
            return Words(
                "Not allowed yet",
                f"{safe_line(file)} asks for {listed}, which is skipped.",
                f"To allow it: imagechat config trust{or_named}",
            )
        case problems.StdinUnreadable(why=why):
            return Words("Nothing to send", f"stdin cannot be read ({safe_line(why)}).")
        case problems.StdinTooLong():
            return Words("Too long", "The text on stdin has more than a million characters.")
        case problems.StdinTwice():
            return Words("One stdin", "It can be read for one thing only.")
        case problems.TextEmpty():
            return Words("Nothing to send", "The text is empty.")
        case problems.NotACommentName(name=name):
            return Words(
                "Not a comment", f"{safe_name(name)!r} names no comment.", "7.2 is the second of marker 7."
            )
        case problems.NotAFilter(term=term, takes=takes):
            choice = f"one of {', '.join(map(safe_name, takes))}" if takes else "a name"
            return Words("Not a filter", f"{safe_name(term)!r} means nothing.", f"It takes {choice}.")
        case problems.NoSuchMarker(name=name) if (of := _COMMENT.fullmatch(name)) is not None:
            return Words(
                "No such marker",
                f"{safe_name(name)} is a comment of marker {of[1]}, and this is done to a whole marker.",
                f"Name it {of[1]}.",
            )
        case problems.NoSuchMarker(name=name):
            return Words(
                "No such marker", f"There is no marker {safe_name(name)!r}.", "imagechat ls IMAGE shows them."
            )
        case problems.NotRestorable(name=name) if name.lstrip("#").replace(".", "").isdecimal():
            return Words(
                "Not brought back",
                f"{safe_name(name)} is a number; restore takes ids.",
                "Name the marker by the id that imagechat rm told (ic_…).",
            )
        case problems.NotRestorable(name=name):
            return Words(
                "Not brought back",
                f"No marker {safe_name(name)!r} was deleted here in the last 10 minutes.",
                "Name it by the id that imagechat rm told.",
            )
        case problems.NoSuchComment(name=name):
            return Words(
                "No such comment",
                f"There is no comment {safe_name(name)!r} in that thread.",
                "imagechat ls IMAGE shows them.",
            )
        case problems.NobodyToAsk():
            return Words("Not asked", "There is no terminal to ask on.", "Add --yes to delete anyway.")
        case problems.NotTheAuthor(verb=verb):
            return Words("Not yours", f"Only its author can {safe_name(verb)} it.")
        case problems.NotForYou("pin" | "unpin" | "lock" | "unlock" as verb, tenant, user):
            return Words(
                "Not allowed", f"Only moderators and admins {verb} comments.", moderator_words(tenant, user)
            )
        case problems.NotForYou(verb="flag" | "unflag" as verb):
            return Words(
                "Not allowed", f"Nobody can {verb} what they wrote themselves, or what moderators write."
            )
        case problems.NotForYou("export", tenant, user):
            sentence = "Only moderators and admins are told which pictures there are."
            return Words("Not allowed", sentence, moderator_words(tenant, user))
        case problems.NotForYou(verb=verb):
            return Words("Not allowed", f"Nobody can {safe_name(verb)} themselves.")
        case problems.UserEmpty():
            return Words("Not a user name", "A user's id is not empty.")
        case problems.UserWithComma():
            return Words("Not a user name", "A user's id has no comma.")
        case problems.Unencrypted(host=host):
            return Words(
                "Not safe",
                f"On {safe_name(host)} without TLS everything would be sent unencrypted.",
                "Name a certificate with --tls-cert, or leave out --host and let a proxy on this machine do TLS.",
            )
        case problems.NotAnAddress(given=given):
            return Words(
                "No address",
                f"{safe_name(given)} is not an IP address.",
                "Give --trust-proxy the address from which the proxy connects, such as 127.0.0.1, "
                "or a network of them, such as 10.0.0.0/8.",
            )
        case problems.NotALimit(given=given, name=name, usual=usual):
            known = f"Give --limit a value such as {safe_name(name)}={safe_name(usual)}."
            return Words(
                "No limit",
                f"{safe_name(given)} is not a limit of a server.",
                known if usual else "Give --limit the name of one and a value, such as write=5/s,20.",
            )
        case problems.ServeFileWrong(file=file, line=line, why=why):
            where = safe_name(file) if line is None else f"{safe_name(file)}, line {line}"
            return Words("Wrong setting", f"{where}: {safe_name(why)}.".replace("..", "."))
        case problems.NotAnOrigin(given=given):
            return Words(
                "No origin",
                f"{safe_name(given)} is not the origin of a web page.",
                "Give --allow-origin scheme and host, and the port if it has one, such as https://example.com.",
            )
        case problems.NotAHostName(given=given):
            return Words(
                "No host name",
                f"{safe_name(given)} is not a host name.",
                "Give --allow-host the name alone, without scheme, port or path, such as review.example.",
            )
        case problems.DemoServerDied(last_line=last_line):
            said = safe_line(last_line)
            return Words("No demo", f"Its server did not start.{f' {stopped(said)}' if said else ''}")
        case problems.NotOnThisServer():
            return problem_words(Problem(ProblemKind.UNSUPPORTED), keys=False)
        case problems.NotShareable(why=why, bound=bound):
            return _not_shareable_words(why, bound)
        case problems.LinkElsewhere(server=server, tenant=tenant, server_here=server_here, tenant_here=here):
            used = f"{safe_name(here)} on {safe_name(server_here)}" if server_here else "the local server"
            return Words(
                "Another server's link",
                f"The link is of {safe_name(tenant)} on {safe_name(server)}, and {used} is in use.",
                f"If you trust it: --server {safe_name(server)} --tenant {safe_name(tenant)}",
            )
        case problems.MetNowhere(name=name):
            return Words(
                "No place to link",
                f"{safe_name(name)} is no file that could be met again.",
                "Save it, and link the file.",
            )
        case problems.NoSuchRoom(name=name, near=near):
            return Words(
                "No such picture or room",
                f"{safe_name(name)!r} is no file here, and nothing that this server knows.",
                did_you_mean(near) or "Check the name; imagechat where IMAGE tells the key of a room.",
            )
        case problems.TraceNotAFile(name=name):
            return Words("Not a trace", f"{safe_name(name)} is no plain file.")
        case problems.TraceUnreadable(line=line, why=why):
            return Words("Not a trace", f"Line {line}: {safe_name(why)}.")
        case problems.NotKnownIfSaved(why=request):
            broken = request.kind is ProblemKind.UNREACHABLE and not request.code
            seen = "The connection broke before the answer." if broken else problem_words(request).sentence
            return Words(
                "Save not confirmed",
                f"{seen} It may still have been saved.",
                "Check with imagechat ls before you run it again.",
            )
        case problems.MarkerNotSaved(why=second):
            why_not = problem_words(second, keys=False) if isinstance(second, Problem) else verb_words(second)
            return Words(
                "Comment saved without its marker",
                why_not.sentence,
                "Run the same command again: the comment stays as it is, the marker is made.",
            )
        case _:
            assert_never(problem)


def _not_shareable_words(why: str, bound: int) -> Words:
    title, team = "Cannot be shared", "name a team's server with --server and --tenant"
    match why:
        case "local-server":
            sentence = "The local server is yours alone: no link leads anybody else to it."
            return Words(title, sentence, f"To share it {team}.")
        case "shared-folder":
            sentence = "The server of a group's folder is reached from this machine alone."
            return Words(title, sentence, f"Its members open the file itself. For others {team}.")
        case "address":
            sentence = "It has an address already."
            return Words(title, sentence, "A colleague opens that, with the same --server and --tenant.")
        case "too-slow":
            sentence = f"It did not reach the server in time, at {bound >> 10} KiB a second."
            return Words(
                "Too slow", sentence, "Run it again over a faster link, or make the picture smaller."
            )
        case _:
            sentence = f"A server keeps at most {bound >> 20} MiB of a picture."
            return Words(title, sentence, "Make it smaller, or hand the file itself on.")


def _no_picture_words(
    problem: problems.PictureProblem | problems.SeveralLookAlike | problems.NoWorkingFolder,
) -> Words:
    match problem:
        case problems.SeveralLookAlike(name=typed, there=there):
            listed = ", ".join(safe_name(name) for name in there)
            sentence = f"{safe_name(typed)} does not exist, and these look like it: {listed}."
            return Words("Which one?", sentence, "Rename one.")
        case problems.NoWorkingFolder(name=name):
            return Words(
                "No working folder",
                f"The folder that this shell is in has been deleted, so {safe_name(name)} is nowhere.",
                "cd to another one, or name it by its whole path.",
            )
        case _:
            return picture_words(problem)
