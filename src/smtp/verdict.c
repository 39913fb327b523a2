/* verdict.c: what a server's reply means, as one table: command, code, enhanced code and words in,
 * scope, fate, memory and advice out. First matching row wins, so the narrow rows stand above the
 * wide ones and each command's part ends in its default. Pure. */
#include "smtp/verdict.h"

#include <string.h>

#define M(cmd) (1u << (unsigned)(cmd))
#define AT_HELLO (M(SS_CMD_EHLO) | M(SS_CMD_HELO))
#define AT_BODY (M(SS_CMD_DATA) | M(SS_CMD_BDAT) | M(SS_CMD_END))
#define AT_SETUP (M(SS_CMD_NONE) | M(SS_CMD_CONNECT) | M(SS_CMD_TLS))
#define AT_MAIL (M(SS_CMD_MAIL) | M(SS_CMD_RCPT) | AT_BODY)
#define AT_START (M(SS_CMD_GREETING) | AT_HELLO)
#define AT_ANY 0u

typedef enum { EITHER, REUSED, FRESH } ss_verdict_when_t;

typedef struct {
    unsigned at; /* the commands, M(...) joined; AT_ANY */
    int code;    /* 550; or its first digit, 5; or 0 for all */
    const char
        *enhanced; /* "5.7.8"; ".7.8" fits 4.7.8 and 5.7.8; ".7." fits a subject; NULL for all */
    const char *words; /* one of these is in the text, '|' between, case and line ends ignored; NULL
                          for all */
    ss_verdict_when_t when;
    ss_verdict_t verdict;
} ss_verdict_row_t;

/* Phrases and rows are compared with each other, column by column; wrapped, they would not be. */
/* clang-format off */
#define WORDS_LISTED \
    "blocklist|block list|blacklist|black list|blocked using|spamhaus|spamcop|barracuda|sorbs|dnsbl| rbl|rbl.|listed at |listed in |" \
    "listed by |not accepted from this ip|originating from your ip|unregistered domains|[bl2|your ip address|poor reputation|bad reputation|banned sending ip|client host blocked|ip address is not allowed|[tss0|[ts0"
#define WORDS_CONNECTIONS \
    "too many connections|too many concurrent|concurrent connections|thread limit|connection limit|connections limit|too many sessions|" \
    "maximum number of connections|connections from your|too many smtp"
#define WORDS_QUOTA \
    "daily user sending|daily sending|daily message|daily quota|daily limit|sending quota|sending limit|submissionquotaexceeded|" \
    "maximum credits|credits exceeded|hourly limit|hourly sending|monthly limit|message limit exceeded|outgoing mail limit|" \
    "outgoing message limit|messaging limit|recipient limit exceeded for your account|account has exceeded|plan limit|messages per day|messages per hour"
#define WORDS_RATE "receiving mail at a rate|receiving mail too quickly|throttling failure|sending rate exceeded|rate limit|ratelimit|too many messages|too much mail|slow down|sending too fast"
#define WORDS_RELAY \
    "relaying denied|relay access denied|unable to relay|relay not permitted|relaying not|not permitted to relay|relay denied|" \
    "do not relay|no relaying|relaying is not|relay is not|not allowed to relay|relaying prohibited|relaying disallowed|" \
    "not a gateway|rcpthosts|invalid credentials for relay"
#define WORDS_LOGIN \
    "authentication required|authentication is required|must authenticate|please authenticate|not authenticated|auth first|" \
    "authenticate first|need to authenticate|unauthenticated senders|requires authentication|expecting auth|login required|" \
    "authorization required|must be authenticated|5.7.57"
#define WORDS_TLS "must issue a starttls|starttls first|starttls is required|starttls required|tls required|encryption required|requires tls|" \
    "secure connection required|session encryption is required"
#define WORDS_SENDER \
    "not owned by|sendasdenied|send as this sender|not allowed to send as|identities failed the check|address is not verified|" \
    "verified sender|sender identity|not authorized to send|sender not allowed|sender is not allowed|sender mismatch|" \
    "sender address is not|not allowed to use|from address does not match|cannot send as|sender signature|not a confirmed|" \
    "sender is not same|relay from address|domain is not verified|domain not verified|sender address rejected"
#define WORDS_SENDER_AS "disallowed as|sender is not allowed|one of your addresses"
#define WORDS_BLOCKED \
    "sending paused|outgoing blocked|outbound sender|unusual sending|spam abuse detected|suspicious activity|account is under review"
#define WORDS_ACCOUNT \
    "account has been suspended|account is suspended|account suspended|account has been disabled|account is disabled|account disabled|" \
    "account has been blocked|account is blocked|account has been locked|account is locked|account locked|account has been deactivated|account inactive"
#define WORDS_SANDBOX "test purposes only|pending approval|sandbox|trial account|authorized recipients|testing account"
#define WORDS_RIGHTS \
    "not authorized to perform|smtp service is not enabled|not enabled for this account|enable imap/smtp|smtp access is|enable smtp|smtp is not enabled|" \
    "smtp is disabled|service is not enabled|insufficient permission|does not have permission to use"
#define WORDS_TLS_VERSION "tls 1.0 and|tls1.0|tls 1.0 is|tls 1.1 is|tls version|support tls 1.2|upgrade your tls|weak tls"
#define WORDS_HELO \
    "helo command rejected|ehlo command rejected|fully-qualified hostname|fully qualified hostname|invalid helo|bad helo|invalid ehlo|" \
    "helo name|ehlo name|helo argument|ehlo argument|helo/ehlo|helo is invalid|helo host|syntactically invalid"
#define WORDS_MANY \
    "too many recipients|too many rcpt|too many addresses|one recipient|maximum number of recipients|recipients per|recipient limit|" \
    "recipients limit|maximum recipients|number of recipients"
#define WORDS_PIPELINE "pipelining|synchronization error|out of sync|sent too early"
#define WORDS_GREY "greylist|graylist|grey-list|gray-list|grey list|postgrey|try again in|come back later|temporarily deferred for policy"
#define WORDS_SPAM "spam|unsolicited|bulk mail|junk|content rejected|phish|dmarc|spf |dkim|policy"
#define WORDS_VIRUS "virus|malware|infected|dangerous attachment|blocked for security|potential security"
#define WORDS_SIZE "message too big|message size|size limit|too large|maximum size|message is too|exceeds size|exceeds fixed|exceeds maximum"
#define WORDS_FULL "mailbox full|mailbox is full|over quota|overquota|quota exceeded|exceeded storage|out of storage|mailbox size|inbox is out|" \
    "mailbox for"
#define WORDS_UNKNOWN \
    "user unknown|unknown user|no such user|does not exist|unknown recipient|recipient unknown|no such recipient|mailbox unavailable|" \
    "no mailbox|mailbox not found|user not found|recipient not found|invalid recipient|invalid mailbox|unknown local|no such address|" \
    "unrouteable address|resolver.adr"
#define WORDS_INACTIVE "marked as inactive|inactive recipient|recipient is inactive"
#define WORDS_PTR "reverse hostname|reverse dns|ptr record|rdns|no ptr|hostname, "

#define ROW(at, code, enh, words, when, scope, fate, learn, advice) \
    { at, code, enh, words, when, { SS_SCOPE_##scope, SS_FATE_##fate, learn, advice } }

static const ss_verdict_row_t rows[] = {
    ROW(AT_ANY, 2, NULL, NULL, EITHER, RECIPIENT, SENT, 0, "accepted"),
    ROW(M(SS_CMD_DATA) | M(SS_CMD_AUTH), 3, NULL, NULL, EITHER, RECIPIENT, SENT, 0, "accepted"),
    ROW(M(SS_CMD_QUIT), 0, NULL, NULL, EITHER, CONNECTION, AGAIN, 0, "closing"),
    ROW(M(SS_CMD_RSET), 0, NULL, NULL, EITHER, CONNECTION, AGAIN, 0, "closing"),
    ROW(AT_SETUP | AT_START | M(SS_CMD_STARTTLS), 3, NULL, NULL, EITHER, RELAY, DOWN, 0, "not-smtp"),
    ROW(AT_ANY, 3, NULL, NULL, EITHER, CONNECTION, DEFERRED, 0, "not-smtp"),

    /* what was refused for the way we speak: the next connection speaks differently */
    ROW(AT_MAIL | AT_HELLO, 0, NULL, WORDS_PIPELINE, EITHER, CONNECTION, AGAIN, SS_LEARN_NO_PIPELINING, "no-pipelining"),
    ROW(M(SS_CMD_MAIL), 0, NULL, "one mail per message|only one mail|nested mail|sender already", REUSED, CONNECTION, AGAIN,
        SS_LEARN_ONE_MESSAGE, "one-message"),
    ROW(M(SS_CMD_MAIL), 503, NULL, WORDS_LOGIN, EITHER, RELAY, BLOCKED, 0, "auth-required"),
    ROW(M(SS_CMD_MAIL), 503, NULL, WORDS_TLS, EITHER, RELAY, BLOCKED, 0, "tls-required"),
    ROW(M(SS_CMD_MAIL), 503, NULL, NULL, REUSED, CONNECTION, AGAIN, SS_LEARN_ONE_MESSAGE, "one-message"),
    ROW(M(SS_CMD_MAIL), 503, NULL, NULL, FRESH, CONNECTION, DEFERRED, 0, "one-message"),

    /* too many of something, above 421 since that is how many servers say it */
    ROW(AT_START | M(SS_CMD_AUTH), 4, NULL, WORDS_CONNECTIONS, EITHER, CONNECTION, DOWN, SS_LEARN_FEWER_CONNECTIONS, "too-many-connections"),
    ROW(AT_START | M(SS_CMD_AUTH), 432, ".3.2", NULL, EITHER, CONNECTION, DOWN, SS_LEARN_FEWER_CONNECTIONS, "too-many-connections"),
    ROW(AT_START, 5, NULL, WORDS_CONNECTIONS, EITHER, CONNECTION, DOWN, SS_LEARN_FEWER_CONNECTIONS, "too-many-connections"),
    ROW(AT_MAIL, 4, NULL, WORDS_CONNECTIONS, EITHER, CONNECTION, DEFERRED, SS_LEARN_FEWER_CONNECTIONS, "too-many-connections"),
    ROW(AT_MAIL, 432, ".3.2", NULL, EITHER, CONNECTION, DEFERRED, SS_LEARN_FEWER_CONNECTIONS, "too-many-connections"),
    ROW(M(SS_CMD_AUTH), 0, NULL, "too many login|too many failed|too many auth|too many bad|too many unsuccessful|too many invalid", EITHER, RELAY, BLOCKED, 0, "auth-too-many"),
    ROW(AT_START | M(SS_CMD_AUTH) | AT_MAIL, 0, NULL, WORDS_QUOTA, EITHER, RELAY, BLOCKED, 0, "quota"),
    ROW(M(SS_CMD_AUTH) | AT_MAIL, 0, "5.4.5", NULL, EITHER, RELAY, BLOCKED, 0, "quota"),
    ROW(M(SS_CMD_AUTH) | M(SS_CMD_MAIL) | AT_BODY, 454, NULL, WORDS_RATE, EITHER, RELAY, BLOCKED, 0, "rate-limited"),

    /* the account: what it may do is about us, however it is coded, 421 included */
    ROW(M(SS_CMD_AUTH), 0, NULL, WORDS_ACCOUNT, EITHER, RELAY, BLOCKED, 0, "auth-account-disabled"),
    ROW(M(SS_CMD_MAIL) | AT_BODY, 0, NULL, WORDS_ACCOUNT, EITHER, RELAY, BLOCKED, 0, "sender-blocked"),
    ROW(AT_MAIL, 0, NULL, WORDS_BLOCKED, EITHER, RELAY, BLOCKED, 0, "sender-blocked"),
    ROW(M(SS_CMD_AUTH) | AT_MAIL, 0, NULL, WORDS_SANDBOX, EITHER, RELAY, BLOCKED, 0, "account-sandbox"),
    ROW(M(SS_CMD_AUTH) | M(SS_CMD_MAIL) | AT_BODY, 0, NULL, WORDS_RIGHTS, EITHER, RELAY, BLOCKED, 0, "account-rights"),
    ROW(AT_START | M(SS_CMD_AUTH) | M(SS_CMD_MAIL), 0, NULL, WORDS_TLS_VERSION, EITHER, RELAY, BLOCKED, 0, "tls-version"),

    /* 421: the server closes. At the start it is the relay, on a connection that served before it is only that connection. */
    ROW(AT_START | AT_MAIL, 421, NULL, WORDS_LISTED, EITHER, RELAY, BLOCKED, 0, "address-listed"),
    ROW(AT_SETUP | AT_START | M(SS_CMD_STARTTLS) | M(SS_CMD_AUTH), 421, NULL, NULL, EITHER, RELAY, DOWN, 0, "service-unavailable"),
    ROW(M(SS_CMD_MAIL), 421, NULL, NULL, REUSED, CONNECTION, AGAIN, 0, "service-unavailable"),
    ROW(AT_ANY, 421, NULL, NULL, EITHER, CONNECTION, DEFERRED, 0, "service-unavailable"),
    ROW(AT_SETUP, 0, NULL, NULL, EITHER, RELAY, DOWN, 0, "service-unavailable"),

    /* greeting and EHLO */
    ROW(AT_START, 0, NULL, WORDS_PTR, EITHER, RELAY, BLOCKED, 0, "reverse-dns"),
    ROW(AT_START, 0, NULL, WORDS_LISTED, EITHER, RELAY, BLOCKED, 0, "address-listed"),
    ROW(M(SS_CMD_GREETING), 4, NULL, NULL, EITHER, RELAY, DOWN, 0, "service-unavailable"),
    ROW(M(SS_CMD_GREETING), 0, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "greeting-refused"),
    ROW(AT_HELLO, 0, NULL, WORDS_HELO, EITHER, RELAY, BLOCKED, 0, "helo-name"),
    ROW(M(SS_CMD_EHLO), 500, NULL, NULL, EITHER, CONNECTION, AGAIN, SS_LEARN_NO_EHLO, "no-ehlo"),
    ROW(M(SS_CMD_EHLO), 502, NULL, NULL, EITHER, CONNECTION, AGAIN, SS_LEARN_NO_EHLO, "no-ehlo"),
    ROW(AT_HELLO, 501, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "helo-name"),
    ROW(AT_HELLO, 504, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "helo-name"),
    ROW(AT_HELLO, 4, NULL, NULL, EITHER, RELAY, DOWN, 0, "service-unavailable"),
    ROW(AT_HELLO, 0, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "hello-refused"),

    /* STARTTLS and AUTH: the relay, never the message */
    ROW(M(SS_CMD_STARTTLS), 4, NULL, NULL, EITHER, RELAY, DOWN, 0, "starttls-refused"),
    ROW(M(SS_CMD_STARTTLS), 0, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "starttls-refused"),
    ROW(M(SS_CMD_AUTH), 0, ".7.139", NULL, EITHER, RELAY, BLOCKED, 0, "auth-basic-disabled"),
    ROW(M(SS_CMD_AUTH), 0, NULL, "smtpclientauthentication is disabled|basic authentication is disabled", EITHER, RELAY, BLOCKED, 0,
        "auth-basic-disabled"),
    ROW(M(SS_CMD_AUTH), 0, NULL, "application-specific password|app password|app-specific password|invalidsecondfactor", EITHER, RELAY, BLOCKED, 0,
        "auth-app-password"),
    ROW(M(SS_CMD_AUTH), 0, NULL, "badcredentials|gsmtp", EITHER, RELAY, BLOCKED, 0, "auth-app-password"),
    ROW(M(SS_CMD_AUTH), 0, NULL, "via your web browser|log in via your", EITHER, RELAY, BLOCKED, 0, "auth-web-login"),
    ROW(M(SS_CMD_AUTH), 0, "5.7.11", NULL, EITHER, RELAY, BLOCKED, 0, "auth-needs-tls"),
    ROW(M(SS_CMD_AUTH), 538, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-needs-tls"),
    ROW(M(SS_CMD_AUTH), 0, NULL, WORDS_TLS, EITHER, RELAY, BLOCKED, 0, "tls-required"),
    ROW(M(SS_CMD_AUTH), 530, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "tls-required"),
    ROW(M(SS_CMD_AUTH), 0, ".7.12", NULL, EITHER, RELAY, BLOCKED, 0, "auth-transition"),
    ROW(M(SS_CMD_AUTH), 525, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-account-disabled"),
    ROW(M(SS_CMD_AUTH), 0, "5.7.13", NULL, EITHER, RELAY, BLOCKED, 0, "auth-account-disabled"),
    ROW(M(SS_CMD_AUTH), 4, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-temporary"),
    ROW(M(SS_CMD_AUTH), 504, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-none-common"),
    ROW(M(SS_CMD_AUTH), 534, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-none-common"),
    ROW(M(SS_CMD_AUTH), 500, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-not-offered"),
    ROW(M(SS_CMD_AUTH), 502, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-not-offered"),
    ROW(M(SS_CMD_AUTH), 503, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-not-offered"),
    ROW(M(SS_CMD_AUTH), 501, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-malformed"),
    ROW(M(SS_CMD_AUTH), 0, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-rejected"),

    /* in a transaction, but about us and not about the message */
    ROW(AT_MAIL, 0, NULL, WORDS_TLS, EITHER, RELAY, BLOCKED, 0, "tls-required"),
    ROW(AT_MAIL, 530, "5.7.0", "starttls", EITHER, RELAY, BLOCKED, 0, "tls-required"),
    ROW(AT_MAIL, 530, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-required"),
    ROW(AT_MAIL, 534, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-required"),
    ROW(AT_MAIL, 535, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-rejected"),
    ROW(AT_MAIL, 538, NULL, NULL, EITHER, RELAY, BLOCKED, 0, "auth-needs-tls"),
    ROW(AT_MAIL, 0, "5.7.139", NULL, EITHER, RELAY, BLOCKED, 0, "auth-basic-disabled"),
    ROW(AT_MAIL, 0, "5.7.57", NULL, EITHER, RELAY, BLOCKED, 0, "auth-required"),
    ROW(AT_MAIL, 0, NULL, WORDS_LOGIN, EITHER, RELAY, BLOCKED, 0, "auth-required"),
    ROW(AT_MAIL, 5, NULL, WORDS_SENDER_AS, EITHER, MESSAGE, FAILED, 0, "sender-refused"),
    ROW(AT_MAIL, 0, NULL, WORDS_RELAY, EITHER, RELAY, BLOCKED, 0, "relay-denied"),
    ROW(AT_MAIL, 0, "5.7.54", NULL, EITHER, RELAY, BLOCKED, 0, "relay-denied"),

    /* about this sender: this message cannot go, others may */
    ROW(M(SS_CMD_MAIL) | M(SS_CMD_RCPT), 0, NULL, "sender address rejected: need fully|sender address must contain|sender address rejected: domain",
        EITHER, MESSAGE, FAILED, 0, "sender-domain"),
    ROW(AT_MAIL, 5, "5.7.60", NULL, EITHER, MESSAGE, FAILED, 0, "sender-refused"),
    ROW(AT_MAIL, 5, "5.2.252", NULL, EITHER, MESSAGE, FAILED, 0, "sender-refused"),
    ROW(AT_MAIL, 5, "5.1.8", NULL, EITHER, MESSAGE, FAILED, 0, "sender-blocked"),
    ROW(AT_MAIL, 5, NULL, WORDS_SENDER, EITHER, MESSAGE, FAILED, 0, "sender-refused"),
    ROW(M(SS_CMD_MAIL), 5, NULL, "invalid mail from|null sender|empty sender|empty envelope|<>", EITHER, MESSAGE, FAILED, 0, "null-sender"),

    ROW(AT_MAIL, 0, NULL, WORDS_HELO, EITHER, RELAY, BLOCKED, 0, "helo-name"),
    ROW(M(SS_CMD_MAIL) | M(SS_CMD_RCPT), 0, ".7.25", NULL, EITHER, RELAY, BLOCKED, 0, "reverse-dns"),
    ROW(M(SS_CMD_MAIL) | M(SS_CMD_RCPT), 0, NULL, WORDS_PTR, EITHER, RELAY, BLOCKED, 0, "reverse-dns"),
    ROW(M(SS_CMD_MAIL) | M(SS_CMD_RCPT), 0, NULL, WORDS_LISTED, EITHER, RELAY, BLOCKED, 0, "address-listed"),

    /* too many recipients: 552 is RFC 821's code for it, 452 RFC 5321's */
    ROW(M(SS_CMD_RCPT), 0, ".5.3", NULL, EITHER, RECIPIENT, AGAIN, SS_LEARN_MAX_RECIPIENTS, "too-many-recipients"),
    ROW(M(SS_CMD_RCPT), 0, NULL, WORDS_MANY, EITHER, RECIPIENT, AGAIN, SS_LEARN_MAX_RECIPIENTS, "too-many-recipients"),
    ROW(AT_BODY, 0, ".5.3", NULL, EITHER, MESSAGE, AGAIN, SS_LEARN_MAX_RECIPIENTS, "too-many-recipients"),
    ROW(AT_BODY, 0, NULL, WORDS_MANY, EITHER, MESSAGE, AGAIN, SS_LEARN_MAX_RECIPIENTS, "too-many-recipients"),

    /* DATA or BDAT after every recipient was refused; then BDAT itself */
    ROW(M(SS_CMD_DATA) | M(SS_CMD_BDAT), 0, NULL, "valid recipients|no recipient|need rcpt|rcpt first|rcpt command", EITHER, MESSAGE, DEFERRED, 0,
        "no-recipients"),
    ROW(M(SS_CMD_BDAT), 500, NULL, NULL, EITHER, MESSAGE, AGAIN, SS_LEARN_NO_CHUNKING, "no-chunking"),
    ROW(M(SS_CMD_BDAT), 502, NULL, NULL, EITHER, MESSAGE, AGAIN, SS_LEARN_NO_CHUNKING, "no-chunking"),
    ROW(M(SS_CMD_BDAT), 503, NULL, NULL, EITHER, MESSAGE, AGAIN, SS_LEARN_NO_CHUNKING, "no-chunking"),
    ROW(M(SS_CMD_BDAT), 504, NULL, NULL, EITHER, MESSAGE, AGAIN, SS_LEARN_NO_CHUNKING, "no-chunking"),

    /* size and storage; a full mailbox says "size" and "quota" too, and comes first */
    ROW(M(SS_CMD_RCPT), 4, ".2.2", NULL, EITHER, RECIPIENT, DEFERRED, 0, "mailbox-full"),
    ROW(M(SS_CMD_RCPT), 5, ".2.2", NULL, EITHER, RECIPIENT, FAILED, 0, "mailbox-full"),
    ROW(M(SS_CMD_RCPT), 4, NULL, WORDS_FULL, EITHER, RECIPIENT, DEFERRED, 0, "mailbox-full"),
    ROW(M(SS_CMD_RCPT), 5, NULL, WORDS_FULL, EITHER, RECIPIENT, FAILED, 0, "mailbox-full"),
    ROW(AT_BODY, 5, ".2.2", NULL, EITHER, MESSAGE, FAILED, 0, "mailbox-full"),
    ROW(AT_BODY, 5, NULL, WORDS_FULL, EITHER, MESSAGE, FAILED, 0, "mailbox-full"),
    ROW(M(SS_CMD_RCPT), 5, ".3.4", NULL, EITHER, RECIPIENT, FAILED, 0, "message-too-big"),
    ROW(AT_MAIL, 5, ".3.4", NULL, EITHER, MESSAGE, FAILED, 0, "message-too-big"),
    ROW(AT_MAIL, 5, ".2.3", NULL, EITHER, MESSAGE, FAILED, 0, "message-too-big"),
    ROW(AT_BODY, 5, NULL, WORDS_VIRUS, EITHER, MESSAGE, FAILED, 0, "virus"),
    ROW(AT_MAIL & ~M(SS_CMD_RCPT), 552, NULL, NULL, EITHER, MESSAGE, FAILED, 0, "message-too-big"),
    ROW(AT_BODY | M(SS_CMD_MAIL), 5, NULL, WORDS_SIZE, EITHER, MESSAGE, FAILED, 0, "message-too-big"),
    ROW(AT_MAIL & ~M(SS_CMD_RCPT), 452, NULL, NULL, EITHER, MESSAGE, DEFERRED, 0, "relay-storage"),
    ROW(M(SS_CMD_RCPT), 452, NULL, NULL, EITHER, RECIPIENT, DEFERRED, 0, "relay-storage"),

    /* MAIL */
    ROW(M(SS_CMD_MAIL), 4, NULL, NULL, EITHER, MESSAGE, DEFERRED, 0, "deferred"),
    ROW(M(SS_CMD_MAIL), 500, NULL, NULL, EITHER, CONNECTION, DEFERRED, 0, "not-smtp"),
    ROW(M(SS_CMD_MAIL), 502, NULL, NULL, EITHER, CONNECTION, DEFERRED, 0, "not-smtp"),
    ROW(M(SS_CMD_MAIL), 555, NULL, NULL, EITHER, MESSAGE, FAILED, 0, "parameters-refused"),
    ROW(M(SS_CMD_MAIL), 504, NULL, NULL, EITHER, MESSAGE, FAILED, 0, "parameters-refused"),
    ROW(M(SS_CMD_MAIL), 501, NULL, NULL, EITHER, MESSAGE, FAILED, 0, "sender-syntax"),
    ROW(M(SS_CMD_MAIL), 0, ".6.7", NULL, EITHER, MESSAGE, FAILED, 0, "address-utf8"),
    ROW(M(SS_CMD_MAIL), 554, NULL, "client host|access denied|no smtp service", EITHER, RELAY, BLOCKED, 0, "client-refused"),
    ROW(M(SS_CMD_MAIL), 550, NULL, "client host|access denied|no smtp service", EITHER, RELAY, BLOCKED, 0, "client-refused"),
    ROW(M(SS_CMD_MAIL), 0, NULL, NULL, EITHER, MESSAGE, FAILED, 0, "sender-refused"),

    /* RCPT */
    ROW(M(SS_CMD_RCPT), 0, NULL, "client host rejected", EITHER, RELAY, BLOCKED, 0, "client-refused"),
    ROW(M(SS_CMD_RCPT), 4, NULL, WORDS_GREY, EITHER, RECIPIENT, DEFERRED, 0, "greylisted"),
    ROW(M(SS_CMD_RCPT), 4, ".7.1", NULL, EITHER, RECIPIENT, DEFERRED, 0, "greylisted"),
    ROW(M(SS_CMD_RCPT), 4, NULL, WORDS_RATE, EITHER, RECIPIENT, DEFERRED, 0, "rate-limited"),
    ROW(M(SS_CMD_RCPT), 4, NULL, NULL, EITHER, RECIPIENT, DEFERRED, 0, "deferred"),
    ROW(M(SS_CMD_RCPT), 503, NULL, NULL, EITHER, CONNECTION, DEFERRED, 0, "bad-sequence"),
    ROW(M(SS_CMD_RCPT), 0, NULL, "recipient address must contain|need fully-qualified address", EITHER, RECIPIENT, FAILED, 0, "address-domain"),
    ROW(M(SS_CMD_RCPT), 0, ".1.1", NULL, EITHER, RECIPIENT, FAILED, 0, "user-unknown"),
    ROW(M(SS_CMD_RCPT), 0, ".1.2", NULL, EITHER, RECIPIENT, FAILED, 0, "domain-unknown"),
    ROW(M(SS_CMD_RCPT), 0, ".1.3", NULL, EITHER, RECIPIENT, FAILED, 0, "address-syntax"),
    ROW(M(SS_CMD_RCPT), 0, ".1.6", NULL, EITHER, RECIPIENT, FAILED, 0, "user-moved"),
    ROW(M(SS_CMD_RCPT), 0, ".1.10", "null mx|does not accept mail|not accept mail", EITHER, RECIPIENT, FAILED, 0, "null-mx"),
    ROW(M(SS_CMD_RCPT), 0, ".1.10", NULL, EITHER, RECIPIENT, FAILED, 0, "user-unknown"),
    ROW(M(SS_CMD_RCPT), 556, NULL, NULL, EITHER, RECIPIENT, FAILED, 0, "null-mx"),
    ROW(M(SS_CMD_RCPT), 0, ".2.1", NULL, EITHER, RECIPIENT, FAILED, 0, "mailbox-disabled"),
    ROW(M(SS_CMD_RCPT), 0, ".4.4", NULL, EITHER, RECIPIENT, FAILED, 0, "domain-unknown"),
    ROW(M(SS_CMD_RCPT), 0, ".6.7", NULL, EITHER, RECIPIENT, FAILED, 0, "address-utf8"),
    ROW(M(SS_CMD_RCPT), 5, NULL, WORDS_INACTIVE, EITHER, RECIPIENT, FAILED, 0, "mailbox-disabled"),
    ROW(M(SS_CMD_RCPT), 0, NULL, "recipient address rejected: access denied", EITHER, RECIPIENT, FAILED, 0, "user-unknown"),
    ROW(M(SS_CMD_RCPT), 0, NULL, WORDS_UNKNOWN, EITHER, RECIPIENT, FAILED, 0, "user-unknown"),
    ROW(M(SS_CMD_RCPT), 0, ".7.", NULL, EITHER, RECIPIENT, FAILED, 0, "policy"),
    ROW(M(SS_CMD_RCPT), 501, NULL, NULL, EITHER, RECIPIENT, FAILED, 0, "address-syntax"),
    ROW(M(SS_CMD_RCPT), 553, NULL, NULL, EITHER, RECIPIENT, FAILED, 0, "address-syntax"),
    ROW(M(SS_CMD_RCPT), 551, NULL, NULL, EITHER, RECIPIENT, FAILED, 0, "user-moved"),
    ROW(M(SS_CMD_RCPT), 552, NULL, NULL, EITHER, RECIPIENT, FAILED, 0, "mailbox-full"),
    ROW(M(SS_CMD_RCPT), 555, NULL, NULL, EITHER, RECIPIENT, FAILED, 0, "parameters-refused"),
    ROW(M(SS_CMD_RCPT), 500, NULL, NULL, EITHER, CONNECTION, DEFERRED, 0, "not-smtp"),
    ROW(M(SS_CMD_RCPT), 502, NULL, NULL, EITHER, CONNECTION, DEFERRED, 0, "not-smtp"),
    ROW(M(SS_CMD_RCPT), 0, NULL, NULL, EITHER, RECIPIENT, FAILED, 0, "rejected"),

    /* DATA, BDAT and the answer to the whole message */
    ROW(AT_BODY, 4, NULL, WORDS_GREY, EITHER, MESSAGE, DEFERRED, 0, "greylisted"),
    ROW(AT_BODY, 4, NULL, WORDS_RATE, EITHER, MESSAGE, DEFERRED, 0, "rate-limited"),
    ROW(AT_BODY, 4, NULL, NULL, EITHER, MESSAGE, DEFERRED, 0, "deferred"),
    ROW(M(SS_CMD_DATA), 503, NULL, NULL, EITHER, CONNECTION, DEFERRED, 0, "bad-sequence"),
    ROW(M(SS_CMD_DATA), 500, NULL, NULL, EITHER, CONNECTION, DEFERRED, 0, "not-smtp"),
    ROW(M(SS_CMD_DATA), 502, NULL, NULL, EITHER, CONNECTION, DEFERRED, 0, "not-smtp"),
    ROW(AT_BODY, 5, NULL, WORDS_INACTIVE, EITHER, MESSAGE, FAILED, 0, "mailbox-disabled"),
    ROW(AT_BODY, 0, ".1.1", NULL, EITHER, MESSAGE, FAILED, 0, "user-unknown"),
    ROW(AT_BODY, 0, ".6.7", NULL, EITHER, MESSAGE, FAILED, 0, "address-utf8"),
    ROW(AT_BODY, 0, ".6.", NULL, EITHER, MESSAGE, FAILED, 0, "content-refused"),
    ROW(AT_BODY, 0, ".7.", NULL, EITHER, MESSAGE, FAILED, 0, "policy"),
    ROW(AT_BODY, 0, NULL, WORDS_SPAM, EITHER, MESSAGE, FAILED, 0, "policy"),
    ROW(AT_BODY, 0, NULL, WORDS_UNKNOWN, EITHER, MESSAGE, FAILED, 0, "user-unknown"),
    ROW(AT_BODY, 0, NULL, NULL, EITHER, MESSAGE, FAILED, 0, "rejected"),
};
/* clang-format on */

/* No row fits only when a caller invents a command: nobody's mail may fail for that. */
static const ss_verdict_t verdict_unknown = { SS_SCOPE_CONNECTION, SS_FATE_DEFERRED, 0,
                                              "deferred" };

static int folded(char c)
{
    if (c == '\n' || c == '\r' || c == '\t') return ' ';
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* Whether the len bytes of word stand at the start of text; a line end in text is a blank, since
 * servers break lines anywhere. */
static int starts_with(const char *text, const char *word, apr_size_t len)
{
    for (apr_size_t i = 0; i < len; i++) {
        if (!text[i] || folded(text[i]) != folded(word[i])) return 0;
    }
    return 1;
}

static int has_word(const char *text, const char *word, apr_size_t len)
{
    for (; *text; text++) {
        if (starts_with(text, word, len)) return 1;
    }
    return 0;
}

static int has_words(const char *text, const char *words)
{
    while (*words) {
        apr_size_t len = strcspn(words, "|");
        if (has_word(text, words, len)) return 1;
        words += len;
        if (*words) words++;
    }
    return 0;
}

/* ".7.8" leaves the class open, and a pattern that ends in a dot the detail. */
static int fits_enhanced(const char *pattern, const char *enhanced)
{
    if (!*enhanced) return 0;
    const char *from = *pattern == '.' ? strchr(enhanced, '.') : enhanced;
    apr_size_t len = strlen(pattern);
    return pattern[len - 1] == '.' ? !strncmp(from, pattern, len) : !strcmp(from, pattern);
}

static int fits(const ss_verdict_row_t *row, ss_cmd_t cmd, const ss_reply_t *reply, int is_reused)
{
    if (row->at != AT_ANY && !(row->at & M(cmd))) return 0;
    if (row->code && row->code != (row->code < 10 ? reply->code / 100 : reply->code)) return 0;
    if (row->when != EITHER && (row->when == REUSED) != !!is_reused) return 0;
    if (row->enhanced && !fits_enhanced(row->enhanced, reply->enhanced)) return 0;
    return !row->words || has_words(reply->text, row->words);
}

ss_verdict_t ss_verdict(ss_cmd_t cmd, const ss_reply_t *reply, int is_reused)
{
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!fits(&rows[i], cmd, reply, is_reused)) continue;
        ss_verdict_t verdict = rows[i].verdict;
        /* Words may be those of a final refusal; the code says that it is none. */
        if (verdict.fate == SS_FATE_FAILED && reply->code < 500) verdict.fate = SS_FATE_DEFERRED;
        return verdict;
    }
    return verdict_unknown;
}

const char *ss_verdict_advice(int i)
{
    return i >= 0 && i < (int)(sizeof(rows) / sizeof(rows[0])) ? rows[i].verdict.advice : NULL;
}

const char *ss_cmd_name(ss_cmd_t cmd)
{
    static const char *const names[SS_CMDS] = {
        "no command", "connect",  "TLS handshake", "greeting", "EHLO",
        "HELO",       "STARTTLS", "AUTH",          "MAIL",     "RCPT",
        "DATA",       "BDAT",     "end of DATA",   "RSET",     "QUIT",
    };
    return (unsigned)cmd < SS_CMDS ? names[cmd] : "unknown command";
}

const char *ss_verdict_dsn(const ss_reply_t *reply)
{
    if (*reply->enhanced) return reply->enhanced;
    switch (reply->code / 100) {
    case 2: return "2.0.0";
    case 5: return "5.0.0";
    default: return "4.0.0";
    }
}
