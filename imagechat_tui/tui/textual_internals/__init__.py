"""Every use of a private name of Textual, behind one probe.

`probe` lists the names each feature needs and says whether this Textual has them. Where it lacks one, that feature
is off and no other: the app then goes the public way, which is slower, and right. pyproject pins the Textual that
all of this is written for; a test over the syntax tree keeps private names out of everything else.
"""
