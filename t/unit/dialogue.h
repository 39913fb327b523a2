/* clang-format off: a table, which reflowing would destroy */
/* dialogue.h: SMTP dialogues as text, played against the client of src/smtp: what the server sends,
 * what the client must write, which events must come. Each dialogue is played with the server's
 * bytes in whole groups, byte by byte, and split at every place; all runs must end alike.
 *
 * O: name=value ...  options, before anything else: tls=off|required|if|on pipelining=0 chunking=0
 *                    window=N max=N rcpts=N user=NAME auth=MECH helo=1 name=HELO stepwise=1
 * several=0 unproven=N (SS_PROVE_ bits) insecure=1 deadline=SECONDS fill=N (bytes of content per
 * read) S: text            the server sends this line S+ text            the same without a line
 * end, with \r \n \0 \xNN escapes C: text            the client writes exactly this line next C+
 * text            the same with escapes, without a line end C.                 and nothing more: it
 * waits E: text            the next event E.                 no more events V: fate advice     is
 * one of all verdicts so far, on recipients, steps and the end; a dialogue with such a line need
 * not list its events T: text            content of the messages that follow, with escapes; T* N: N
 * bytes in lines > send NAME FROM TO,TO [8bit] [utf8] [tls] [envid=X] [ret=N] [notify=N] [orcpt=X]
 *                    sends a message with that content
 * > send! ...        must be refused (no room)
 * > lost eof | lost reset | lost timeout | lost aborted | lost why ADVICE TEXT
 *                    the connection is lost; why: with a better explanation, "-": without advice
 * > quit | tls [BINDING] | secret TEXT | nosecret | tick SECONDS | try FROM TO | more (TO "-":
 * none) > unwritten N      the next N bytes of output stay unwritten until "> written" */
/* clang-format on */
#ifndef T_UNIT_DIALOGUE_H
#define T_UNIT_DIALOGUE_H

/* Plays a dialogue in all ways; NULL, or what went wrong, with the script's line. The text is
 * static. */
const char *dialogue_play(const char *const *script, int lines);

#define DIALOGUE(name, ...)                                                                        \
    static void name(void)                                                                         \
    {                                                                                              \
        static const char *const script[] = { __VA_ARGS__ };                                       \
        const char *wrong = dialogue_play(script, (int)(sizeof(script) / sizeof(script[0])));      \
        if (wrong) fprintf(stderr, "\n  %s: %s\n", #name, wrong);                                  \
        CU_ASSERT_PTR_NULL(wrong);                                                                 \
    }

#endif
