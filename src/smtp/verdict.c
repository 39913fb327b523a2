/* verdict.c: what a server's reply means, in one table of rules.
 *
 * The first rule that fits decides, so narrow rules stand before wide ones, and the rules of each
 * command end with its default. A CAUSE row only names the cause, in front of rules that judge by
 * less; the judgement is a later rule's. The phrases here also serve "smtp-send explain"
 * (advice.c): a provider's sentence is added in this file and nowhere else. */
#include "smtp/verdict.h"

#include <apr_strings.h>
#include <string.h>

#include "smtp/phrase.h"

enum {
    GREETING = 1 << SS_CMD_GREETING,
    EHLO = 1 << SS_CMD_EHLO,
    HELO = 1 << SS_CMD_HELO,
    STARTTLS = 1 << SS_CMD_STARTTLS,
    AUTH = 1 << SS_CMD_AUTH,
    MAIL = 1 << SS_CMD_MAIL,
    RCPT = 1 << SS_CMD_RCPT,
    DATA = 1 << SS_CMD_DATA,
    BDAT = 1 << SS_CMD_BDAT,
    END = 1 << SS_CMD_END,
    RSET = 1 << SS_CMD_RSET,
    QUIT = 1 << SS_CMD_QUIT,
    AT_ANY = 0,
    AT_SETUP = 1 << SS_CMD_NONE | 1 << SS_CMD_CONNECT | 1 << SS_CMD_TLS,
    AT_HELLO = EHLO | HELO,
    AT_START = GREETING | AT_HELLO,
    AT_BODY = DATA | BDAT | END,
    AT_MAIL = MAIL | RCPT | AT_BODY
};

typedef enum { EITHER, REUSED, FRESH } ss_verdict_when_t;

typedef struct {
    int at;               /* the commands; AT_ANY: all */
    int code;             /* 550; or its first digit, 5; or 0 for all */
    const char *enhanced; /* "5.7.8"; ".7.8": 4.7.8 and 5.7.8; ".7.": a subject; NULL: all */
    const char *phrases;  /* one of these is in the text (phrase.h); NULL: any text */
    ss_verdict_when_t when;
    ss_verdict_t verdict;
} ss_verdict_rule_t;

/* Phrases: lists as in phrase.h. */
#define WORDS_LISTED                                                                               \
    "blocklist|block list|blacklist|black list|blocked using|spamhaus|spamcop|barracuda|sorbs|"    \
    "dnsbl|listed at |listed by |not accepted from this ip|originating from your ip|"              \
    "unregistered domains|poor reputation|bad reputation|banned sending ip|client host blocked|"   \
    "ip address is not allowed|[tss0|| rbl|rbl.|listed in |[bl2|your ip address|[ts0"
#define WORDS_LISTED_CLIENT                                                                        \
    "client host|client [|your ip|ip address|not accepted from this ip|banned sending ip"
#define WORDS_CONNECTIONS                                                                          \
    "too many connections|too many concurrent|concurrent connections|thread limit|"                \
    "connection limit|connections limit|too many sessions|maximum number of connections|"          \
    "connections from your|too many smtp"
/* of a limit on what one connection carries */
#define WORDS_SESSION                                                                              \
    "per session|per connection|per-session|per-connection|per smtp|this session|this connection|" \
    "same session|same connection|one session|one connection|session limit|transaction limit|"     \
    "too many transactions|too many mail transactions|too many messages|too many mails|"           \
    "too many emails|messages sent|number of messages|message limit|new connection|new session|"   \
    "reconnect"
/* what may be one: a new connection will show it */
#define WORDS_SESSION_MAYBE "||messages|mails|transaction|session|connection"
#define WORDS_LOGINS                                                                               \
    "too many login|too many failed|too many auth|too many bad|too many unsuccessful|"             \
    "too many invalid"
#define WORDS_QUOTA                                                                                \
    "hour limit|/ hour|recipient limit exceeded, try again|daily user sending|daily "              \
    "sending|daily message|daily quota|daily limit|sending quota|"                                 \
    "sending limit|submissionquotaexceeded|maximum credits|credits exceeded|hourly limit|"         \
    "hourly sending|monthly limit|message limit exceeded|outgoing mail limit|"                     \
    "outgoing message limit|messaging limit|recipient limit exceeded for your account|"            \
    "account has exceeded|plan limit|per hour|per day|per month|/hour|/day|hourly|24-hour|"        \
    "24 hour period|last 24 hours|per 24|relay limit exceeded|relay sending limit|relay "          \
    "quota|send limit exceeded|"                                                                   \
    "mail quota exceeded|sender quota|quota of messages|monthly sending|mi:sfq"
#define WORDS_RATE                                                                                 \
    "too many emails|failure sending mail. try again|throttling failure|throttled|sending "        \
    "rate|rate limit|ratelimit|rate-limit|rate exceeded|"                                          \
    "maximum rate|mail rate|message rate|slow down|too fast|too quickly|per second|per sec|"       \
    "/second|/sec|per minute|per min|/minute|/min|frequency limit"
#define WORDS_RATE_RECIPIENT "receiving mail at a rate|receiving mail too quickly"
/* ... where the code is temporary */
#define WORDS_RATE_MAYBE                                                                           \
    "too many messages|too many mails|excessive volume|too much mail|too many recipients from|"    \
    "unusual rate|unusual volume|unexpected volume|[tss04|rp:trc|message limit|flood"
#define WORDS_RELAY                                                                                \
    "relaying denied|relay access denied|unable to relay|relay not permitted|relaying not|"        \
    "not permitted to relay|relay denied|do not relay|no relaying|relaying is not|relay is not|"   \
    "open relay not allowed|trying to use me|cannot deliver mail for|local user only|"             \
    "not allowed to relay|relaying prohibited|relaying disallowed|not a gateway|rcpthosts|"        \
    "invalid credentials for relay"
#define WORDS_LOGIN                                                                                \
    "authentication required|authentication is required|must authenticate|please authenticate|"    \
    "not authenticated|auth first|authenticate first|need to authenticate|"                        \
    "unauthenticated senders|requires authentication|expecting auth|login required|"               \
    "authorization required|must be authenticated||5.7.57"
#define WORDS_APP_PASSWORD                                                                         \
    "application-specific password|app password|app-specific password|invalidsecondfactor|"        \
    "badcredentials||gsmtp"
#define WORDS_BASIC                                                                                \
    "smtpclientauthentication is disabled|basic authentication is disabled|"                       \
    "basic authentication is not supported"
#define WORDS_TLS                                                                                  \
    "without ssl/tls|must issue a starttls|starttls first|starttls is required|starttls "          \
    "required|tls required|"                                                                       \
    "encryption required|requires tls|secure connection required|session encryption is required"
#define WORDS_SENDER                                                                               \
    "not owned by|sendasdenied|send as this sender|not allowed to send as|"                        \
    "identities failed the check|address is not verified|verified sender|sender identity|"         \
    "not authorized to send|sender not allowed|sender is not allowed|sender mismatch|"             \
    "sender address is not|not allowed to use|from address does not match|cannot send as|"         \
    "sender signature|not a confirmed|sender is not same|relay from address|"                      \
    "domain is not verified|domain not verified|sender address rejected"
#define WORDS_SENDER_AS                                                                            \
    "same as authorization user|equal authorized user|unknown sender address|disallowed "          \
    "as|sender is not allowed|one of your addresses"
#define WORDS_SENDER_DOMAIN                                                                        \
    "sender address rejected: need fully|sender address must contain|"                             \
    "sender address rejected: domain"
#define WORDS_BLOCKED                                                                              \
    "tenant has exceeded|sending paused|outgoing blocked|outbound sender|unusual sending|spam "    \
    "abuse detected|"                                                                              \
    "suspicious activity|account is under review"
#define WORDS_ACCOUNT                                                                              \
    "account has been suspended|account is suspended|account suspended|"                           \
    "account has been disabled|account is disabled|account disabled|account has been blocked|"     \
    "account is blocked|account has been locked|account is locked|account locked|"                 \
    "account has been deactivated|account inactive"
#define WORDS_SANDBOX                                                                              \
    "test purposes only|pending approval|sandbox|trial account|authorized recipients|"             \
    "testing account"
#define WORDS_RIGHTS                                                                               \
    "not authorized to perform|smtp service is not enabled|not enabled for this account|"          \
    "has no permission|not yet activated|enable imap/smtp|smtp access is|enable smtp|smtp is not " \
    "enabled|smtp is disabled|"                                                                    \
    "service is not enabled|insufficient permission|does not have permission to use"
#define WORDS_CLIENT                                                                               \
    "client host rejected|client host blocked||client host|access denied|no smtp service"
#define WORDS_TLS_VERSION                                                                          \
    "tls 1.0 and|tls1.0|tls 1.0 is|tls 1.1 is|tls version|support tls 1.2|upgrade your tls|"       \
    "weak tls"
#define WORDS_HELO                                                                                 \
    "helo command rejected|ehlo command rejected|fully-qualified hostname|"                        \
    "fully qualified hostname|invalid helo|bad helo|invalid ehlo|helo name|ehlo name|"             \
    "helo argument|ehlo argument|helo/ehlo|helo is invalid|helo host|syntactically invalid"
#define WORDS_MANY                                                                                 \
    "too many recipient|too many rcpt|too many addresses|one recipient|"                           \
    "maximum number of recipients|recipients per|recipient limit|recipients limit|"                \
    "maximum recipients|number of recipients"
#define WORDS_PIPELINE "pipelining|synchronization error|out of sync|sent too early"
#define WORDS_GREY                                                                                 \
    "greylist|graylist|grey-list|gray-list|grey list|postgrey|come back later|"                    \
    "temporarily deferred for policy||try again in"
#define WORDS_SPAM "spam|unsolicited|bulk mail|junk|content rejected|phish|dmarc|policy||spf |dkim"
#define WORDS_VIRUS                                                                                \
    "virus|malware|infected|dangerous attachment|blocked for security|potential security"
#define WORDS_SIZE                                                                                 \
    "message too big|message size|size limit|too large|maximum size|message is too|exceeds size|"  \
    "exceeds fixed|exceeds maximum"
#define WORDS_FULL                                                                                 \
    "mailbox full|mailbox is full|over quota|overquota|quota exceeded|exceeded storage|"           \
    "out of storage|mailbox size|inbox is out||mailbox for"
#define WORDS_UNKNOWN                                                                              \
    "user unknown|unknown user|no such user|does not exist|unknown recipient|recipient unknown|"   \
    "no such recipient|mailbox unavailable|no mailbox|mailbox not found|user not found|"           \
    "recipient not found|invalid recipient|invalid mailbox|unknown local|no such address|"         \
    "unrouteable address|resolver.adr"
#define WORDS_SUBMISSION "storedrv.submission|submission quota|sending quota"
#define WORDS_INACTIVE "marked as inactive|inactive recipient|recipient is inactive"
#define WORDS_PTR "reverse hostname|reverse dns|ptr record|rdns|no ptr||hostname, "

/* The causes that only name what a wider rule judges. */
#define WORDS_DMARC "dmarc|isn't aligned|not aligned|required authentication level"
#define WORDS_UNAUTHENTICATED                                                                      \
    "either spf or dkim|pass authentication checks|have authentication information|"               \
    "it is unauthenticated"
#define WORDS_SPF                                                                                  \
    "sender policy framework|spf check|spf-check|spf policy|spf record|spf auth|with spf|"         \
    "permitted by the domain owner|spf fail"
#define WORDS_REPUTATION                                                                           \
    "reputation|user complaints|unexpected volume|permanently deferred|suspected spam sender"
#define WORDS_DOMAIN_LISTED                                                                        \
    "mailfrom domain is listed|helo domain is listed|domain present in|domain is listed|"          \
    "spamhaus dbl|dbl.spamhaus|surbl|uribl"
#define WORDS_SPAM_SURE                                                                            \
    "spam message|suspicion of spam|spam detected|considered as spam|flagged as spam|"             \
    "spam filter|unsolicited|spam url|content denied|message filtered|spamassassin|"               \
    "nature of the content|as spam|looks like spam"
#define WORDS_FORM                                                                                 \
    "rfc 5322|rfc 2822|from: header|headers are not rfc|lines too long|body part|"                 \
    "not rfc compliant"
#define WORDS_BUSY_RECIPIENT                                                                       \
    "receiving mail too quickly|receiving mail at a rate|recipient has exceeded|"                  \
    "too many recent messages|too much email in a short|can receive per hour|"                     \
    "to this recipient per hour"
#define WORDS_CLOSED_RECIPIENT                                                                     \
    "resolver.rst|rejected by recipients|envelope blocked|blocked senders|customer block list"
#define WORDS_FULL_SURE                                                                            \
    "over quota|overquota|quota violation|mailbox size limit|exceeded storage|"                    \
    "user quota exceeded|is full|mailbox full"
#define WORDS_NOBODY                                                                               \
    "user doesn't have|no longer valid|not in recipient list|invalid-recipient|not our customer|"  \
    "mailbox unallocated|addressee unknown|marked as invalid|no such user|mailbox not found|"      \
    "mailbox not found|all recipient addresses rejected|invalid recipient"
#define WORDS_CLOSED_MAILBOX                                                                       \
    "account is disabled|mailbox is disabled|blocked due to inactivity|rejected: inactive|"        \
    "rejected: blocked|inactive addresses"
#define WORDS_SENDER_FORM "domain name required for sender|invalid sender|emetteur invalide"
#define WORDS_NO_BOUNCES "empty sender|null sender|no bounces accepted|invalid mail from"
#define WORDS_DIRECT                                                                               \
    "send email directly|ip address is not allowed to send|traffic not accepted from this ip"
#define WORDS_NAME "ptr record|ptr resource|forward dns|reverse dns"

#define RULE(at, code, enh, words, when, scope, fate, learn, advice)                               \
    {                                                                                              \
        at, code, enh, words, when,                                                                \
        {                                                                                          \
            SS_SCOPE_##scope, SS_FATE_##fate, SS_LEARN_##learn, advice                             \
        }                                                                                          \
    }
#define ROW(at, code, enh, words, scope, fate, advice)                                             \
    RULE(at, code, enh, words, EITHER, scope, fate, NOTHING, advice)

/* A row that names the cause and leaves the judgement to a later row. */
#define SS_FATE_NAMED ((ss_verdict_fate_t)-1)
#define CAUSE(at, code, enh, words, advice)                                                        \
    RULE(at, code, enh, words, EITHER, MESSAGE, NAMED, NOTHING, advice)

static const ss_verdict_rule_t rules[] = {
    ROW(AT_ANY, 2, NULL, NULL, RECIPIENT, SENT, "accepted"),
    ROW(DATA | AUTH, 3, NULL, NULL, RECIPIENT, SENT, "accepted"),
    ROW(QUIT | RSET, 0, NULL, NULL, CONNECTION, AGAIN, "closing"),
    ROW(AT_SETUP | AT_START | STARTTLS, 3, NULL, NULL, RELAY, DOWN, "not-smtp"),
    ROW(AT_ANY, 3, NULL, NULL, CONNECTION, DEFERRED, "not-smtp"),

    /* what is wrong, in the words of providers, where the code says less or something else */
    CAUSE(AT_MAIL | AT_START, 0, NULL, WORDS_NAME, "reverse-dns"),
    CAUSE(AT_MAIL | AT_START, 0, ".7.25", NULL, "reverse-dns"),
    CAUSE(AT_MAIL, 530, NULL, "authentication required", "auth-required"),
    CAUSE(AT_MAIL, 0, ".7.29", "tls", "tls-required"),
    CAUSE(AT_MAIL, 0, ".7.27", "spf", "spf"),
    CAUSE(AT_MAIL, 0, ".7.30", "dkim", "dkim"),
    CAUSE(AT_MAIL, 0, NULL, WORDS_DMARC, "dmarc"),
    CAUSE(AT_MAIL, 0, NULL, WORDS_UNAUTHENTICATED, "sender-unauthenticated"),
    CAUSE(AT_MAIL, 0, NULL, WORDS_SPF, "spf"),
    CAUSE(AT_MAIL, 0, ".7.23", NULL, "spf"),
    CAUSE(AT_MAIL, 0, ".7.24", NULL, "spf"),
    CAUSE(AT_MAIL, 0, NULL, "dkim", "dkim"),
    CAUSE(AT_MAIL, 0, NULL, "unusual rate", "rate-limited"),
    CAUSE(AT_MAIL | AT_START, 0, NULL, WORDS_DOMAIN_LISTED, "domain-listed"),
    CAUSE(AT_MAIL | AT_START, 0, NULL, WORDS_REPUTATION, "reputation"),
    CAUSE(AT_MAIL | AT_START, 0, NULL, WORDS_DIRECT, "client-refused"),
    CAUSE(AT_START, 5, NULL, "block for spam", "address-listed"),
    CAUSE(AT_MAIL, 0, NULL, WORDS_BUSY_RECIPIENT, "recipient-rate"),
    CAUSE(AT_MAIL, 0, NULL, WORDS_CLOSED_RECIPIENT, "recipient-refuses"),
    CAUSE(AT_MAIL, 0, ".7.129", NULL, "recipient-refuses"),
    CAUSE(RCPT, 4, NULL, "unverified address", "recipient-unverified"),
    CAUSE(RCPT | AT_BODY, 0, NULL, WORDS_FULL_SURE, "mailbox-full"),
    CAUSE(RCPT | AT_BODY, 0, NULL, WORDS_CLOSED_MAILBOX, "mailbox-disabled"),
    CAUSE(AT_MAIL, 0, NULL, "hop count exceeded|mail loop|too many hops|hops, this|loop detected",
          "code-x-4-6"),
    CAUSE(RCPT | AT_BODY, 0, NULL, WORDS_NOBODY, "user-unknown"),
    CAUSE(RCPT, 0, NULL, "is not a valid rfc-5321|bad address syntax", "address-syntax"),
    CAUSE(RCPT, 4, ".1.2", NULL, "domain-unknown"),
    CAUSE(AT_MAIL, 0, NULL, WORDS_SENDER_FORM, "sender-syntax"),
    CAUSE(AT_MAIL, 0, NULL, "sender verify failed|sender verification", "sender-unverified"),
    CAUSE(MAIL, 5, NULL, WORDS_NO_BOUNCES, "null-sender"),
    CAUSE(MAIL, 0, NULL, "invalid dns mx", "sender-domain"),
    CAUSE(AT_BODY, 0, NULL, WORDS_FORM, "content-refused"),
    CAUSE(AT_BODY, 5, ".7.512", NULL, "content-refused"),
    CAUSE(AT_BODY, 5, NULL, "illegal attachment|potential security", "virus"),
    CAUSE(AT_MAIL, 0, NULL, WORDS_SPAM_SURE, "spam"),
    CAUSE(AT_MAIL | AT_START, 0, NULL, "timeout exceeded|idle timeout|timeout waiting",
          "server-timeout"),
    CAUSE(AT_MAIL, 421, NULL, WORDS_RELAY, "relay-denied"),
    CAUSE(AT_MAIL, 421, NULL, WORDS_LOGIN, "auth-required"),
    CAUSE(AT_MAIL, 421, NULL, WORDS_TLS, "tls-required"),
    CAUSE(AT_MAIL, 421, NULL, WORDS_SENDER, "sender-refused"),
    CAUSE(AT_MAIL, 421, NULL, WORDS_HELO, "helo-name"),
    CAUSE(AT_MAIL, 421, NULL, WORDS_PTR, "reverse-dns"),
    CAUSE(AT_MAIL, 421, NULL, "too many errors|too many unrecognized", "too-many-errors"),
    CAUSE(AT_MAIL | AT_START, 0, NULL, "license expired", "server-fault"),
    CAUSE(RCPT | AT_BODY, 451, NULL, "temporary local problem|temporarily rejected", "deferred"),
    CAUSE(AT_MAIL, 451, NULL, "server busy", "service-unavailable"),
    CAUSE(AT_BODY | MAIL, 5, NULL, "policy restrictions|security policies|mailpolicy violation",
          "policy"),
    CAUSE(RCPT, 4, NULL, "policy rejection", "policy"),
    CAUSE(AT_MAIL, 5, NULL, "for policy reasons", "policy"),
    CAUSE(AUTH, 0, NULL, "web browser", "auth-web-login"),
    CAUSE(AUTH, 535, NULL, "authorization code", "auth-app-password"),
    CAUSE(AUTH, 535, NULL, "invalid authentication mechanism", "auth-none-common"),
    CAUSE(AUTH, 4, NULL, "temporary", "auth-temporary"),

    /* the way we speak was refused: the next connection speaks differently */
    RULE(AT_MAIL | AT_HELLO, 0, NULL, WORDS_PIPELINE, EITHER, CONNECTION, AGAIN, NO_PIPELINING,
         "no-pipelining"),
    RULE(MAIL, 0, NULL, "one mail per message|only one mail|nested mail|sender already", REUSED,
         CONNECTION, AGAIN, MAX_MESSAGES, "one-message"),
    ROW(MAIL, 503, NULL, WORDS_LOGIN, RELAY, SUSPECT, "auth-required"),
    ROW(MAIL, 503, NULL, WORDS_TLS, RELAY, SUSPECT, "tls-required"),
    RULE(MAIL, 503, NULL, NULL, REUSED, CONNECTION, AGAIN, MAX_MESSAGES, "one-message"),
    RULE(MAIL, 503, NULL, NULL, FRESH, CONNECTION, DEFERRED, NOTHING, "one-message"),

    /* too much in too short a time; a quota before a rate, since its texts speak of rates too */
    /* Gmail names its sending limits in the reply to one recipient too many. */
    RULE(RCPT, 4, ".5.3", "many recipients", EITHER, RECIPIENT, AGAIN, MAX_RECIPIENTS,
         "too-many-recipients"),
    ROW(AT_START | AUTH | AT_MAIL, 0, NULL, WORDS_QUOTA, RELAY, SUSPECT, "quota"),
    ROW(AUTH | AT_MAIL, 0, "5.4.5", NULL, RELAY, SUSPECT, "quota"),
    ROW(RCPT, 4, NULL, WORDS_RATE_RECIPIENT, RECIPIENT, DEFERRED, "rate-limited"),
    ROW(AT_BODY, 4, NULL, WORDS_RATE_RECIPIENT, MESSAGE, DEFERRED, "rate-limited"),
    ROW(AT_MAIL, 0, NULL, WORDS_RATE, MESSAGE, LIMITED, "rate-limited"),
    ROW(AT_MAIL, 421, "4.7.0", "||try again later", MESSAGE, LIMITED, "rate-limited"),
    ROW(AUTH, 454, NULL, WORDS_RATE "|" WORDS_RATE_MAYBE, RELAY, BLOCKED, "rate-limited"),

    /* enough for this connection, which shows on the next one */
    RULE(AT_MAIL, 0, NULL, WORDS_SESSION, REUSED, CONNECTION, AGAIN, MAX_MESSAGES, "session-limit"),

    /* too many of something; before the rows for 421, which is how many servers say it */
    RULE(AT_START | AUTH, 4, NULL, WORDS_CONNECTIONS, EITHER, CONNECTION, DOWN, FEWER_CONNECTIONS,
         "too-many-connections"),
    RULE(AT_START | AUTH, 432, ".3.2", NULL, EITHER, CONNECTION, DOWN, FEWER_CONNECTIONS,
         "too-many-connections"),
    RULE(AT_START, 5, NULL, WORDS_CONNECTIONS, EITHER, CONNECTION, DOWN, FEWER_CONNECTIONS,
         "too-many-connections"),
    RULE(AT_MAIL, 4, NULL, WORDS_CONNECTIONS, EITHER, CONNECTION, LIMITED, FEWER_CONNECTIONS,
         "too-many-connections"),
    RULE(AT_MAIL, 432, ".3.2", NULL, EITHER, CONNECTION, LIMITED, FEWER_CONNECTIONS,
         "too-many-connections"),
    ROW(AUTH, 0, NULL, WORDS_LOGINS, RELAY, BLOCKED, "auth-too-many"),
    ROW(AT_MAIL, 4, NULL, WORDS_RATE_MAYBE, MESSAGE, LIMITED, "rate-limited"),

    /* what the account may do: about us, whatever the code, 421 included */
    ROW(AUTH, 0, NULL, WORDS_ACCOUNT, RELAY, BLOCKED, "auth-account-disabled"),
    ROW(MAIL | AT_BODY, 0, NULL, WORDS_ACCOUNT, RELAY, SUSPECT, "sender-blocked"),
    ROW(AT_MAIL, 0, NULL, WORDS_BLOCKED, RELAY, SUSPECT, "sender-blocked"),
    ROW(AUTH | AT_MAIL, 0, NULL, WORDS_SANDBOX, RELAY, SUSPECT, "account-sandbox"),
    ROW(AUTH | MAIL | AT_BODY, 0, NULL, WORDS_RIGHTS, RELAY, SUSPECT, "account-rights"),
    ROW(AT_START | AUTH | MAIL, 0, NULL, WORDS_TLS_VERSION, RELAY, SUSPECT, "tls-version"),

    /* 421: the server closes. At the start this is about the relay; in a transaction about this
     * connection only, never about the message. */
    ROW(AT_START | AT_MAIL, 421, NULL, WORDS_LISTED, RELAY, SUSPECT, "address-listed"),
    ROW(AT_SETUP | AT_START | STARTTLS | AUTH, 421, NULL, NULL, RELAY, DOWN, "service-unavailable"),
    ROW(RCPT | AT_BODY, 421, NULL, WORDS_GREY, CONNECTION, DEFERRED, "greylisted"),
    ROW(AT_MAIL, 421, NULL, NULL, CONNECTION, AGAIN, "service-unavailable"),
    ROW(AT_ANY, 421, NULL, NULL, CONNECTION, DEFERRED, "service-unavailable"),
    /* x.3.2, no mail is taken now: postscreen says so at RCPT for the rest of the session to
     * clients that it does not know yet, and lets them in at the next; or does not let them in */
    RULE(MAIL | RCPT, 4, ".3.2", NULL, FRESH, CONNECTION, DOWN, NOTHING, "service-unavailable"),
    ROW(MAIL | RCPT, 4, ".3.2", NULL, MESSAGE, DEFERRED, "service-unavailable"),
    ROW(MAIL | RCPT, 5, ".3.2", NULL, RELAY, SUSPECT, "client-refused"),
    ROW(AT_SETUP, 0, NULL, NULL, RELAY, DOWN, "service-unavailable"),

    /* greeting and EHLO */
    ROW(AT_START, 0, NULL, WORDS_PTR, RELAY, BLOCKED, "reverse-dns"),
    ROW(AT_START, 0, NULL, WORDS_LISTED, RELAY, BLOCKED, "address-listed"),
    ROW(GREETING, 4, NULL, NULL, RELAY, DOWN, "service-unavailable"),
    ROW(GREETING, 0, NULL, NULL, RELAY, BLOCKED, "greeting-refused"),
    ROW(AT_HELLO, 0, NULL, WORDS_HELO, RELAY, BLOCKED, "helo-name"),
    RULE(EHLO, 500, NULL, NULL, EITHER, CONNECTION, AGAIN, NO_EHLO, "no-ehlo"),
    RULE(EHLO, 502, NULL, NULL, EITHER, CONNECTION, AGAIN, NO_EHLO, "no-ehlo"),
    ROW(AT_HELLO, 501, NULL, NULL, RELAY, BLOCKED, "helo-name"),
    ROW(AT_HELLO, 504, NULL, NULL, RELAY, BLOCKED, "helo-name"),
    ROW(AT_HELLO, 4, NULL, NULL, RELAY, DOWN, "service-unavailable"),
    ROW(AT_HELLO, 0, NULL, NULL, RELAY, BLOCKED, "hello-refused"),

    /* STARTTLS and AUTH: the relay, never the message */
    ROW(STARTTLS, 4, NULL, NULL, RELAY, DOWN, "starttls-refused"),
    ROW(STARTTLS, 0, NULL, NULL, RELAY, BLOCKED, "starttls-refused"),
    ROW(AUTH, 0, ".7.139", NULL, RELAY, BLOCKED, "auth-basic-disabled"),
    ROW(AUTH, 0, NULL, WORDS_BASIC, RELAY, BLOCKED, "auth-basic-disabled"),
    ROW(AUTH, 0, NULL, WORDS_APP_PASSWORD, RELAY, BLOCKED, "auth-app-password"),
    ROW(AUTH, 0, NULL, "via your web browser|log in via your", RELAY, BLOCKED, "auth-web-login"),
    ROW(AUTH, 0, "5.7.11", NULL, RELAY, BLOCKED, "auth-needs-tls"),
    ROW(AUTH, 538, NULL, NULL, RELAY, BLOCKED, "auth-needs-tls"),
    ROW(AUTH, 0, NULL, WORDS_TLS, RELAY, BLOCKED, "tls-required"),
    ROW(AUTH, 530, NULL, NULL, RELAY, BLOCKED, "tls-required"),
    ROW(AUTH, 0, ".7.12", NULL, RELAY, BLOCKED, "auth-transition"),
    ROW(AUTH, 525, NULL, NULL, RELAY, BLOCKED, "auth-account-disabled"),
    ROW(AUTH, 0, "5.7.13", NULL, RELAY, BLOCKED, "auth-account-disabled"),
    ROW(AUTH, 4, NULL, NULL, RELAY, BLOCKED, "auth-temporary"),
    ROW(AUTH, 504, NULL, NULL, RELAY, BLOCKED, "auth-none-common"),
    ROW(AUTH, 534, NULL, NULL, RELAY, BLOCKED, "auth-none-common"),
    ROW(AUTH, 500, NULL, NULL, RELAY, BLOCKED, "auth-not-offered"),
    ROW(AUTH, 502, NULL, NULL, RELAY, BLOCKED, "auth-not-offered"),
    ROW(AUTH, 503, NULL, NULL, RELAY, BLOCKED, "auth-not-offered"),
    ROW(AUTH, 501, NULL, NULL, RELAY, BLOCKED, "auth-malformed"),
    ROW(AUTH, 0, NULL, NULL, RELAY, BLOCKED, "auth-rejected"),

    /* in a transaction, but maybe about us and not about the message: sure is only what no
     * message can be the cause of */
    ROW(AT_MAIL, 0, NULL, WORDS_TLS, RELAY, SUSPECT, "tls-required"),
    ROW(AT_MAIL, 530, "5.7.0", "||starttls", RELAY, SUSPECT, "tls-required"),
    ROW(AT_MAIL, 530, NULL, NULL, RELAY, SUSPECT, "auth-required"),
    ROW(AT_MAIL, 534, NULL, NULL, RELAY, SUSPECT, "auth-required"),
    ROW(AT_MAIL, 535, NULL, NULL, RELAY, SUSPECT, "auth-rejected"),
    ROW(AT_MAIL, 538, NULL, NULL, RELAY, SUSPECT, "auth-needs-tls"),
    ROW(AT_MAIL, 0, "5.7.139", NULL, RELAY, BLOCKED, "auth-basic-disabled"),
    ROW(AT_MAIL, 0, NULL, WORDS_BASIC, RELAY, BLOCKED, "auth-basic-disabled"),
    ROW(AT_MAIL, 0, "5.7.57", NULL, RELAY, SUSPECT, "auth-required"),
    ROW(AT_MAIL, 0, NULL, WORDS_LOGIN, RELAY, SUSPECT, "auth-required"),
    ROW(AT_MAIL, 5, NULL, WORDS_SENDER_AS, RELAY, SUSPECT, "sender-refused"),
    ROW(AT_MAIL, 0, NULL, WORDS_RELAY, RELAY, SUSPECT, "relay-denied"),
    ROW(AT_MAIL, 0, "5.7.54", NULL, RELAY, SUSPECT, "relay-denied"),

    /* about this sender: other messages may be accepted */
    ROW(MAIL | RCPT, 0, NULL, WORDS_SENDER_DOMAIN, MESSAGE, FAILED, "sender-domain"),
    ROW(AT_MAIL, 5, "5.7.60", NULL, RELAY, SUSPECT, "sender-refused"),
    ROW(AT_MAIL, 5, "5.2.252", NULL, RELAY, SUSPECT, "sender-refused"),
    ROW(AT_MAIL, 5, "5.7.515", NULL, RELAY, SUSPECT, "sender-refused"),
    ROW(AT_MAIL, 0, ".1.8", "does not exist|does not resolve|unresolvable|not found", MESSAGE,
        FAILED, "sender-domain"),
    ROW(AT_MAIL, 5, "5.1.8", NULL, MESSAGE, FAILED, "sender-blocked"),
    ROW(AT_MAIL, 5, NULL, WORDS_SENDER, RELAY, SUSPECT, "sender-refused"),
    ROW(MAIL, 5, NULL, "invalid mail from|null sender|empty sender|empty envelope||<>", MESSAGE,
        FAILED, "null-sender"),
    ROW(AT_MAIL, 0, NULL, WORDS_HELO, RELAY, SUSPECT, "helo-name"),
    ROW(AT_MAIL, 0, ".7.25", NULL, RELAY, SUSPECT, "reverse-dns"),
    ROW(AT_MAIL, 0, NULL, WORDS_PTR, RELAY, SUSPECT, "reverse-dns"),
    ROW(MAIL | RCPT, 0, NULL, WORDS_LISTED, RELAY, SUSPECT, "address-listed"),
    /* later, lists have the links of a message, too */
    ROW(AT_BODY, 0, NULL, WORDS_LISTED_CLIENT, RELAY, SUSPECT, "address-listed"),

    RULE(MAIL | RCPT, 0, NULL, WORDS_SESSION_MAYBE, REUSED, CONNECTION, AGAIN, MAX_MESSAGES,
         "session-limit"),

    /* too many recipients: 552 in RFC 821, 452 since RFC 5321 (4.5.3.1.10) */
    RULE(RCPT, 0, ".5.3", NULL, EITHER, RECIPIENT, AGAIN, MAX_RECIPIENTS, "too-many-recipients"),
    RULE(RCPT, 0, NULL, WORDS_MANY, EITHER, RECIPIENT, AGAIN, MAX_RECIPIENTS,
         "too-many-recipients"),
    RULE(AT_BODY, 0, ".5.3", NULL, EITHER, MESSAGE, AGAIN, MAX_RECIPIENTS, "too-many-recipients"),
    RULE(AT_BODY, 0, NULL, WORDS_MANY, EITHER, MESSAGE, AGAIN, MAX_RECIPIENTS,
         "too-many-recipients"),

    /* DATA or BDAT after every recipient was refused; then BDAT itself */
    ROW(DATA | BDAT, 0, NULL, "valid recipients|no recipient|need rcpt|rcpt first|rcpt command",
        MESSAGE, DEFERRED, "no-recipients"),
    RULE(BDAT, 500, NULL, NULL, EITHER, MESSAGE, AGAIN, NO_CHUNKING, "no-chunking"),
    RULE(BDAT, 502, NULL, NULL, EITHER, MESSAGE, AGAIN, NO_CHUNKING, "no-chunking"),
    RULE(BDAT, 503, NULL, NULL, EITHER, MESSAGE, AGAIN, NO_CHUNKING, "no-chunking"),
    RULE(BDAT, 504, NULL, NULL, EITHER, MESSAGE, AGAIN, NO_CHUNKING, "no-chunking"),

    /* size and storage; a full mailbox first, since its texts say "size" and "quota" too */
    ROW(RCPT, 0, ".2.2", NULL, RECIPIENT, FAILED, "mailbox-full"),
    ROW(RCPT, 0, NULL, WORDS_FULL, RECIPIENT, FAILED, "mailbox-full"),
    ROW(AT_BODY, 5, ".2.2", NULL, MESSAGE, FAILED, "mailbox-full"),
    ROW(AT_BODY, 5, NULL, WORDS_FULL, MESSAGE, FAILED, "mailbox-full"),
    ROW(RCPT, 5, ".3.4", NULL, RECIPIENT, FAILED, "message-too-big"),
    ROW(RCPT, 5, ".2.3", NULL, RECIPIENT, FAILED, "message-too-big"),
    ROW(AT_MAIL, 5, ".3.4", NULL, MESSAGE, FAILED, "message-too-big"),
    ROW(AT_MAIL, 5, ".2.3", NULL, MESSAGE, FAILED, "message-too-big"),
    ROW(AT_BODY, 5, NULL, WORDS_VIRUS, MESSAGE, FAILED, "virus"),
    ROW(AT_MAIL & ~RCPT, 552, NULL, NULL, MESSAGE, FAILED, "message-too-big"),
    ROW(AT_BODY | MAIL, 5, NULL, WORDS_SIZE, MESSAGE, FAILED, "message-too-big"),
    ROW(AT_MAIL & ~RCPT, 452, NULL, NULL, MESSAGE, DEFERRED, "relay-storage"),
    ROW(RCPT, 452, NULL, NULL, RECIPIENT, DEFERRED, "relay-storage"),

    /* MAIL */
    ROW(MAIL, 4, NULL, NULL, MESSAGE, DEFERRED, "deferred"),
    ROW(MAIL, 500, NULL, NULL, CONNECTION, DEFERRED, "not-smtp"),
    ROW(MAIL, 502, NULL, NULL, CONNECTION, DEFERRED, "not-smtp"),
    ROW(MAIL, 555, NULL, NULL, MESSAGE, FAILED, "parameters-refused"),
    ROW(MAIL, 504, NULL, NULL, MESSAGE, FAILED, "parameters-refused"),
    ROW(MAIL, 501, NULL, NULL, MESSAGE, FAILED, "sender-syntax"),
    ROW(MAIL, 0, ".6.7", NULL, MESSAGE, FAILED, "address-utf8"),
    ROW(MAIL, 554, NULL, WORDS_CLIENT, RELAY, SUSPECT, "client-refused"),
    ROW(MAIL, 550, NULL, WORDS_CLIENT, RELAY, SUSPECT, "client-refused"),
    ROW(MAIL, 0, NULL, NULL, MESSAGE, FAILED, "sender-refused"),

    /* RCPT */
    ROW(RCPT, 0, NULL, "client host rejected", RELAY, SUSPECT, "client-refused"),
    ROW(RCPT, 4, NULL, WORDS_GREY, RECIPIENT, DEFERRED, "greylisted"),
    ROW(RCPT, 4, ".7.1", NULL, RECIPIENT, DEFERRED, "greylisted"),
    ROW(RCPT, 4, NULL, WORDS_RATE, RECIPIENT, DEFERRED, "rate-limited"),
    ROW(RCPT, 4, NULL, NULL, RECIPIENT, DEFERRED, "deferred"),
    ROW(RCPT, 503, NULL, NULL, CONNECTION, DEFERRED, "bad-sequence"),
    ROW(RCPT, 0, NULL, "recipient address must contain|need fully-qualified address", RECIPIENT,
        FAILED, "address-domain"),
    ROW(RCPT, 0, ".1.1", NULL, RECIPIENT, FAILED, "user-unknown"),
    ROW(RCPT, 0, ".1.2", NULL, RECIPIENT, FAILED, "domain-unknown"),
    ROW(RCPT, 0, ".1.3", NULL, RECIPIENT, FAILED, "address-syntax"),
    ROW(RCPT, 0, ".1.6", NULL, RECIPIENT, FAILED, "user-moved"),
    ROW(RCPT, 0, ".1.10", "null mx|does not accept mail|not accept mail", RECIPIENT, FAILED,
        "null-mx"),
    ROW(RCPT, 0, ".1.10", NULL, RECIPIENT, FAILED, "user-unknown"),
    ROW(RCPT, 556, NULL, NULL, RECIPIENT, FAILED, "null-mx"),
    ROW(RCPT, 0, ".2.1", NULL, RECIPIENT, FAILED, "mailbox-disabled"),
    ROW(RCPT, 0, ".4.4", NULL, RECIPIENT, FAILED, "domain-unknown"),
    ROW(RCPT, 0, ".6.7", NULL, RECIPIENT, FAILED, "address-utf8"),
    ROW(RCPT, 5, NULL, WORDS_INACTIVE, RECIPIENT, FAILED, "mailbox-disabled"),
    ROW(RCPT, 0, NULL, "recipient address rejected: access denied", RECIPIENT, FAILED,
        "user-unknown"),
    ROW(RCPT, 0, NULL, WORDS_UNKNOWN, RECIPIENT, FAILED, "user-unknown"),
    ROW(RCPT, 0, ".7.", NULL, RECIPIENT, FAILED, "policy"),
    ROW(RCPT, 501, NULL, NULL, RECIPIENT, FAILED, "address-syntax"),
    ROW(RCPT, 553, NULL, NULL, RECIPIENT, FAILED, "address-syntax"),
    ROW(RCPT, 551, NULL, NULL, RECIPIENT, FAILED, "user-moved"),
    ROW(RCPT, 552, NULL, NULL, RECIPIENT, FAILED, "mailbox-full"),
    ROW(RCPT, 555, NULL, NULL, RECIPIENT, FAILED, "parameters-refused"),
    ROW(RCPT, 500, NULL, NULL, CONNECTION, DEFERRED, "not-smtp"),
    ROW(RCPT, 502, NULL, NULL, CONNECTION, DEFERRED, "not-smtp"),
    ROW(RCPT, 0, NULL, NULL, RECIPIENT, FAILED, "rejected"),

    /* DATA, BDAT and the answer to the whole message */
    ROW(AT_BODY, 4, NULL, WORDS_GREY, MESSAGE, DEFERRED, "greylisted"),
    ROW(AT_BODY, 4, NULL, WORDS_RATE, MESSAGE, DEFERRED, "rate-limited"),
    ROW(AT_BODY, 4, NULL, NULL, MESSAGE, DEFERRED, "deferred"),
    ROW(DATA, 503, NULL, NULL, CONNECTION, DEFERRED, "bad-sequence"),
    ROW(DATA, 500, NULL, NULL, CONNECTION, DEFERRED, "not-smtp"),
    ROW(DATA, 502, NULL, NULL, CONNECTION, DEFERRED, "not-smtp"),
    ROW(AT_BODY, 5, NULL, WORDS_INACTIVE, MESSAGE, FAILED, "mailbox-disabled"),
    ROW(AT_BODY, 0, ".1.1", NULL, MESSAGE, FAILED, "user-unknown"),
    ROW(AT_BODY, 0, ".6.7", NULL, MESSAGE, FAILED, "address-utf8"),
    ROW(AT_BODY, 0, ".6.", NULL, MESSAGE, FAILED, "content-refused"),
    ROW(AT_BODY, 0, ".7.", NULL, MESSAGE, FAILED, "policy"),
    ROW(AT_BODY, 0, NULL, WORDS_SPAM, MESSAGE, FAILED, "policy"),
    ROW(AT_BODY, 0, NULL, WORDS_UNKNOWN, MESSAGE, FAILED, "user-unknown"),
    ROW(AT_BODY, 0, NULL, NULL, MESSAGE, FAILED, "rejected"),
};

#define RULES ((int)(sizeof(rules) / sizeof(rules[0])))

/* Only a caller that invents a command gets here: no mail may fail because of that. */
static const ss_verdict_t verdict_unknown = { SS_SCOPE_CONNECTION, SS_FATE_DEFERRED, 0,
                                              "deferred" };

/* ".7.8" leaves the class open, and a pattern that ends in a dot the detail. */
static int fits_enhanced(const char *pattern, const char *enhanced)
{
    if (!*enhanced) return 0;
    const char *from = *pattern == '.' ? strchr(enhanced, '.') : enhanced;
    apr_size_t len = strlen(pattern);
    return pattern[len - 1] == '.' ? !strncmp(from, pattern, len) : !strcmp(from, pattern);
}

/* x.1. and x.2. are about an address and a mailbox: the recipient's, whatever the words, but for
 * the sender's: x.1.7, x.1.8, and what Exchange says about a submission. */
static int is_recipient(ss_cmd_t cmd, const ss_reply_t *reply)
{
    static const char *const not_his[] = { ".1.7", ".1.8", ".1.90", ".2.252" };

    if (!(1 << cmd & (RCPT | AT_BODY)) || reply->code == 421 ||
        (!fits_enhanced(".1.", reply->enhanced) && !fits_enhanced(".2.", reply->enhanced)))
        return 0;
    for (int i = 0; i < (int)(sizeof(not_his) / sizeof(not_his[0])); i++)
        if (fits_enhanced(not_his[i], reply->enhanced)) return 0;
    return !ss_phrase_is_in(WORDS_SUBMISSION, reply->text);
}

/* Whether a rule holds for a reply about a recipient. */
static int is_for_recipient(const ss_verdict_rule_t *rule, ss_cmd_t cmd)
{
    return rule->verdict.fate != SS_FATE_SUSPECT && rule->verdict.fate != SS_FATE_BLOCKED &&
           rule->verdict.fate != SS_FATE_LIMITED &&
           (rule->verdict.scope == SS_SCOPE_RECIPIENT ||
            (rule->verdict.scope == SS_SCOPE_MESSAGE && cmd != SS_CMD_RCPT));
}

/* Whether a rule says more than a code that many causes share. */
static int is_narrow(const ss_verdict_rule_t *rule)
{
    if (rule->phrases) return 1;
    return rule->enhanced && rule->enhanced[strlen(rule->enhanced) - 1] != '.';
}

static int fits(const ss_verdict_rule_t *rule, ss_cmd_t cmd, const ss_reply_t *reply,
                const char *text, int is_reused)
{
    if (rule->at != AT_ANY && !(rule->at & 1 << cmd)) return 0;
    /* Without a code only rules with words or an enhanced code are asked for. */
    if (!reply->code && !is_narrow(rule)) return 0;
    if (rule->code && reply->code &&
        rule->code != (rule->code < 10 ? reply->code / 100 : reply->code))
        return 0;
    if (rule->when != EITHER && (rule->when == REUSED) != !!is_reused) return 0;
    if (rule->enhanced && !fits_enhanced(rule->enhanced, reply->enhanced)) return 0;
    return !rule->phrases || ss_phrase_is_in(rule->phrases, text);
}

/* What a suspicion is about if it is not about us. Before MAIL everything is about us. */
static void narrow(ss_verdict_t *verdict, ss_cmd_t cmd)
{
    if (!(1 << cmd & AT_MAIL))
        verdict->fate = SS_FATE_BLOCKED;
    else
        verdict->scope = cmd == SS_CMD_RCPT ? SS_SCOPE_RECIPIENT : SS_SCOPE_MESSAGE;
}

/* The first rule that judges the reply, or NULL. *cause: the first row before it that names the
 * cause, or NULL. */
static const ss_verdict_rule_t *rule_for(ss_cmd_t cmd, const ss_reply_t *reply, int is_reused,
                                         const ss_verdict_rule_t **cause)
{
    char text[SS_REPLY_TEXT_MAX];
    int about_recipient = is_recipient(cmd, reply);

    *cause = NULL;
    apr_cpystrn(text, reply->text, sizeof(text));
    ss_phrase_blank(text);
    for (const ss_verdict_rule_t *rule = rules; rule < rules + RULES; rule++) {
        int names = rule->verdict.fate == SS_FATE_NAMED;
        if (names ? *cause != NULL : about_recipient && !is_for_recipient(rule, cmd)) continue;
        if (!fits(rule, cmd, reply, text, is_reused)) continue;
        if (!names) return rule;
        *cause = rule;
    }
    return NULL;
}

ss_verdict_t ss_verdict(ss_cmd_t cmd, const ss_reply_t *reply, int is_reused)
{
    const ss_verdict_rule_t *cause, *rule = rule_for(cmd, reply, is_reused, &cause);
    ss_verdict_t verdict = rule ? rule->verdict : verdict_unknown;

    /* The words may be those of a final refusal: the code decides whether it is one. */
    if (verdict.fate == SS_FATE_FAILED && reply->code < 500) verdict.fate = SS_FATE_DEFERRED;
    if (verdict.fate == SS_FATE_SUSPECT) narrow(&verdict, cmd);
    if (cause && reply->code >= 400) verdict.advice = cause->verdict.advice;
    return verdict;
}

ss_verdict_fate_t ss_verdict_cleared(int code)
{
    return code >= 500 ? SS_FATE_FAILED : SS_FATE_DEFERRED;
}

const char *ss_verdict_advice(int i)
{
    return i >= 0 && i < RULES ? rules[i].verdict.advice : NULL;
}

const char *ss_verdict_explain(const ss_reply_t *reply)
{
    static const ss_cmd_t mails[] = { SS_CMD_RCPT, SS_CMD_MAIL,     SS_CMD_END,     SS_CMD_DATA,
                                      SS_CMD_EHLO, SS_CMD_GREETING, SS_CMD_STARTTLS };
    static const ss_cmd_t login[] = { SS_CMD_AUTH };
    int is_login =
        reply->code == 454 || reply->code == 525 || (reply->code >= 534 && reply->code <= 538);
    const ss_verdict_rule_t *cause, *rule, *found = NULL;

    for (int pass = 0; pass < 2 && !found; pass++) {
        const ss_cmd_t *cmds = is_login == pass ? mails : login;
        int count = is_login == pass ? (int)(sizeof(mails) / sizeof(*mails)) : 1;
        if (pass && !is_login && reply->code) break;
        for (int i = 0; i < count && !found; i++) {
            rule_for(cmds[i], reply, 1, &cause);
            found = cause;
        }
        for (int i = 0; i < count && !found; i++) {
            rule = rule_for(cmds[i], reply, 1, &cause);
            if (rule && is_narrow(rule)) found = rule;
        }
    }
    return found ? found->verdict.advice : NULL;
}

const char *ss_verdict_dsn(const ss_reply_t *reply)
{
    if (*reply->enhanced) return reply->enhanced;
    return reply->code / 100 == 2 ? "2.0.0" : reply->code / 100 == 5 ? "5.0.0" : "4.0.0";
}
