"""The words of made-up corpora; openings, closings and topics go with every emotion, only the core may tell one."""

OPENINGS = (
    *("well,", "you know,", "listen,", "look,", "I mean,", "okay,", "so,", "right,", "anyway,", "see,"),
    *("I told you,", "like I said,", "as it is,", "now then,", "let me think,", "between us,", "come on,"),
)
CLOSINGS = (
    *("you know", "that is all", "I guess", "and that is it", "as I said", "like every week", "since last year"),
    *("in the end", "the two of us", "at this point", "again", "after all", "right now", "all day", "if you ask me"),
)
TOPICS = (
    *("the house", "the letter", "my sister", "your brother", "the car", "that night", "the wedding", "our trip"),
    *("the kitchen", "the phone call", "my boss", "the dog", "our neighbors", "the garden", "that picture", "the city"),
    *("the old school", "your mother", "the music", "the airport", "the summer", "this job", "the children"),
)
PLAIN = (
    *("I was thinking about {topic}", "they asked me about {topic}", "it has to do with {topic}"),
    *("you could say that about {topic}", "it was there before {topic}", "I heard something about {topic}"),
    *("we were talking about {topic}", "it all began with {topic}", "he told me about {topic}"),
    *("that is how it was with {topic}", "it comes down to {topic}", "there is something about {topic}"),
)
TELLING = {
    "neu": (
        *("the office has the form for {topic}", "write the number for {topic}"),
        *("the appointment for {topic} is Monday", "sign the form for {topic}"),
        *("{topic} is on the list", "write the address of {topic}"),
        *("the report on {topic} is at the counter", "the counter opens Monday, for {topic}"),
        *("the office has the report on {topic}", "{topic} is on the list, the number is there"),
    ),
    "sad": (
        *("I miss {topic} and it hurts", "I cried so much about {topic}", "it is lonely without {topic}"),
        *("I am so sorry we lost {topic}", "{topic} is gone and I feel empty", "it hurts, {topic} is gone"),
        *("I lost {topic} and I cried", "I feel so alone without {topic}"),
        *("I am sorry, I miss {topic}", "I feel empty and alone about {topic}"),
    ),
    "ang": (
        *("I hate {topic}, it is ridiculous", "I am sick of this stupid talk of {topic}"),
        *("how dare you lie about {topic}", "shut up about {topic}, I am furious", "you ruined {topic}, damn it"),
        *("it makes me furious, that stupid talk of {topic}", "I hate your lie about {topic}"),
        *("damn it, I am sick of {topic}", "how dare you, you ruined {topic}", "shut up, {topic} is ridiculous"),
    ),
    "hap": (
        *("I love {topic}, it is wonderful", "I am so happy about {topic}", "it is great news about {topic}"),
        *("{topic} was amazing, so much fun", "I am so excited about {topic}", "congratulations, I love {topic}"),
        *("how wonderful, great news about {topic}", "we had so much fun with {topic}"),
        *("it is amazing, I am happy for {topic}", "I am excited, {topic} is beautiful"),
    ),
}
"""What is said only with one emotion; each of its words comes back in several lines, so that few examples teach it."""
