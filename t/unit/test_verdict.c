/* test_verdict.c: what real servers' replies mean: one row a reply, word for word. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "smtp/advice.h"
#include "smtp/phrase.h"
#include "smtp/verdict.h"

void ss_suite_verdict(void);

#define S(scope) SS_SCOPE_##scope
#define F(fate) SS_FATE_##fate
#define C(cmd) SS_CMD_##cmd

typedef struct {
    ss_cmd_t cmd;
    const char *reply;
    int is_reused;
    ss_verdict_scope_t scope;
    ss_verdict_fate_t fate;
    unsigned learn;
    const char *advice;
} row_t;

static const row_t rows[] = {
    /* whom a reply is about: the recipient, whatever it is called */
    { C(RCPT), "550 5.1.1 <bad@barracuda.com>: Recipient address rejected: User unknown", 0,
      S(RECIPIENT), F(FAILED), 0, "user-unknown" },
    { C(RCPT), "550 <relay-denied@spamhaus.org>: User unknown", 0, S(RECIPIENT), F(FAILED), 0,
      "user-unknown" },
    { C(RCPT), "450 4.2.1 <x>: The account is receiving mail at a rate; authentication required", 0,
      S(RECIPIENT), F(DEFERRED), 0, "recipient-rate" },
    { C(MAIL),
      "550 5.7.515 Access denied, sending domain a.example does not meet the required "
      "authentication level",
      0, S(MESSAGE), F(SUSPECT), 0, "dmarc" },
    { C(RCPT), "550 5.7.30 Basic authentication is not supported for Client Submission.", 0,
      S(RELAY), F(BLOCKED), 0, "auth-basic-disabled" },
    { C(MAIL), "553 5.1.8 <x@a>... Domain of sender address x@a does not exist", 0, S(MESSAGE),
      F(FAILED), 0, "sender-domain" },
    /* logins */
    { C(AUTH),
      "535-5.7.8 Username and Password not accepted. Learn more at\r\n535 5.7.8 "
      "https://support.google.com/mail/?p=BadCredentials x - gsmtp",
      0, S(RELAY), F(BLOCKED), 0, "auth-app-password" },
    { C(AUTH),
      "534-5.7.9 Application-specific password required. For more information, go to\r\n534 5.7.9 "
      "https://support.google.com/mail/?p=InvalidSecondFactor x - gsmtp",
      0, S(RELAY), F(BLOCKED), 0, "auth-app-password" },
    { C(AUTH), "534-5.7.14 Please log in via your web browser and then try again.\r\n534 5.7.14 x",
      0, S(RELAY), F(BLOCKED), 0, "auth-web-login" },
    { C(AUTH), "454 4.7.0 Too many login attempts, please try again later. x - gsmtp", 0, S(RELAY),
      F(BLOCKED), 0, "auth-too-many" },
    { C(AUTH),
      "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
      "Tenant. Visit https://aka.ms/smtp_auth_disabled",
      0, S(RELAY), F(BLOCKED), 0, "auth-basic-disabled" },
    { C(AUTH), "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", 0,
      S(RELAY), F(BLOCKED), 0, "auth-basic-disabled" },
    { C(AUTH), "535 5.7.3 Authentication unsuccessful", 0, S(RELAY), F(BLOCKED), 0,
      "auth-rejected" },
    { C(AUTH), "504 5.7.4 Unrecognized authentication type [x.outlook.com]", 0, S(RELAY),
      F(BLOCKED), 0, "auth-none-common" },
    { C(AUTH), "503 5.5.1 Error: authentication not enabled", 0, S(RELAY), F(BLOCKED), 0,
      "auth-not-offered" },
    { C(AUTH), "535 Authentication failed: Bad username / password", 0, S(RELAY), F(BLOCKED), 0,
      "auth-rejected" },
    { C(AUTH),
      "535 Authentication failed: The provided authorization grant is invalid, expired, or revoked",
      0, S(RELAY), F(BLOCKED), 0, "auth-rejected" },
    { C(AUTH), "451 Authentication failed: Maximum credits exceeded", 0, S(RELAY), F(BLOCKED), 0,
      "quota" },
    { C(AUTH), "535 Authentication Credentials Invalid", 0, S(RELAY), F(BLOCKED), 0,
      "auth-rejected" },
    { C(AUTH), "538 5.7.11 Encryption required for requested authentication mechanism", 0, S(RELAY),
      F(BLOCKED), 0, "auth-needs-tls" },
    { C(AUTH), "432 4.7.12 A password transition is needed", 0, S(RELAY), F(BLOCKED), 0,
      "auth-transition" },
    { C(AUTH), "454 4.7.0 Temporary authentication failure", 0, S(RELAY), F(BLOCKED), 0,
      "auth-temporary" },
    { C(MAIL),
      "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", 0,
      S(MESSAGE), F(SUSPECT), 0, "auth-required" },
    { C(MAIL), "530 5.7.57 Client not authenticated to send mail", 1, S(MESSAGE), F(SUSPECT), 0,
      "auth-required" },
    { C(MAIL), "530 5.7.1 Client was not authenticated", 0, S(MESSAGE), F(SUSPECT), 0,
      "auth-required" },
    { C(MAIL), "530 5.7.0 Must issue a STARTTLS command first. f3sm9277120nfh.74", 0, S(MESSAGE),
      F(SUSPECT), 0, "tls-required" },
    { C(MAIL), "530 Must issue a STARTTLS command first", 0, S(MESSAGE), F(SUSPECT), 0,
      "tls-required" },
    { C(MAIL), "550 Unauthenticated senders not allowed", 0, S(MESSAGE), F(SUSPECT), 0,
      "auth-required" },
    /* senders */
    { C(END), "550 5.7.60 SMTP; Client does not have permissions to send as this sender [x]", 0,
      S(MESSAGE), F(SUSPECT), 0, "sender-refused" },
    { C(END),
      "554 5.2.252 SendAsDenied; user@a.example not allowed to send as other@a.example; "
      "STOREDRV.Submission.Exception:SendAsDeniedException.Mapi",
      0, S(MESSAGE), F(SUSPECT), 0, "sender-refused" },
    { C(END),
      "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied", 0,
      S(MESSAGE), F(SUSPECT), 0, "sender-refused" },
    { C(END),
      "554 Message rejected: Email address is not verified. The following identities failed the "
      "check in region US-WEST-2: webmaster@localhost",
      0, S(MESSAGE), F(SUSPECT), 0, "sender-refused" },
    { C(END),
      "550 The from address does not match a verified Sender Identity. Mail cannot be sent until "
      "this error is resolved.",
      0, S(MESSAGE), F(SUSPECT), 0, "sender-refused" },
    { C(RCPT), "553 5.7.1 <x@a>: Sender address rejected: not owned by user y@b", 0, S(RECIPIENT),
      F(SUSPECT), 0, "sender-refused" },
    { C(MAIL), "553 5.7.1 Sender address rejected: not owned by auth user.", 0, S(MESSAGE),
      F(SUSPECT), 0, "sender-refused" },
    { C(MAIL), "501 5.1.7 Invalid address", 0, S(MESSAGE), F(FAILED), 0, "sender-syntax" },
    { C(MAIL), "501 Invalid MAIL FROM address provided", 0, S(MESSAGE), F(FAILED), 0,
      "null-sender" },
    /* relaying, names, lists */
    { C(RCPT), "554 5.7.1 <x>: Relay access denied", 0, S(RECIPIENT), F(SUSPECT), 0,
      "relay-denied" },
    { C(RCPT), "454 4.7.1 <x>: Relay access denied", 0, S(RECIPIENT), F(SUSPECT), 0,
      "relay-denied" },
    { C(RCPT), "550 5.7.1 <x>... Relaying denied", 0, S(RECIPIENT), F(SUSPECT), 0, "relay-denied" },
    { C(RCPT), "550 5.7.1 Unable to relay", 0, S(RECIPIENT), F(SUSPECT), 0, "relay-denied" },
    { C(RCPT), "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", 0, S(RECIPIENT),
      F(SUSPECT), 0, "relay-denied" },
    { C(RCPT), "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", 0,
      S(RECIPIENT), F(SUSPECT), 0, "helo-name" },
    { C(EHLO), "501 Syntactically invalid EHLO argument(s)", 0, S(RELAY), F(BLOCKED), 0,
      "helo-name" },
    { C(GREETING),
      "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", 0,
      S(RELAY), F(BLOCKED), 0, "address-listed" },
    { C(RCPT), "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using Spamhaus", 0,
      S(RECIPIENT), F(SUSPECT), 0, "address-listed" },
    { C(MAIL),
      "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints", 0,
      S(MESSAGE), F(LIMITED), 0, "reputation" },
    { C(GREETING), "554 No SMTP service here", 0, S(RELAY), F(BLOCKED), 0, "greeting-refused" },
    { C(RCPT), "450 4.7.25 Client host rejected: cannot find your reverse hostname, [192.0.2.1]", 0,
      S(RECIPIENT), F(SUSPECT), 0, "reverse-dns" },
    /* quotas and limits */
    { C(END), "454 Throttling failure: Maximum sending rate exceeded", 0, S(MESSAGE), F(LIMITED), 0,
      "rate-limited" },
    { C(END), "454 Throttling failure: Daily message quota exceeded", 0, S(MESSAGE), F(SUSPECT), 0,
      "quota" },
    { C(MAIL), "550 5.4.5 Daily user sending quota exceeded. x - gsmtp", 0, S(MESSAGE), F(SUSPECT),
      0, "quota" },
    { C(END),
      "550-5.4.5 Daily user sending limit exceeded. For more information on Gmail\r\n550 5.4.5 "
      "sending limits go to x",
      0, S(MESSAGE), F(SUSPECT), 0, "quota" },
    { C(END), "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", 0,
      S(MESSAGE), F(SUSPECT), 0, "quota" },
    { C(END), "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded [Hostname=x]", 0,
      S(CONNECTION), F(LIMITED), SS_LEARN_FEWER_CONNECTIONS, "too-many-connections" },
    { C(AUTH),
      "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending "
      "for more information.",
      0, S(CONNECTION), F(DOWN), SS_LEARN_FEWER_CONNECTIONS, "too-many-connections" },
    { C(GREETING), "421 Too many concurrent SMTP connections from this IP address", 0,
      S(CONNECTION), F(DOWN), SS_LEARN_FEWER_CONNECTIONS, "too-many-connections" },
    { C(RCPT), "452 4.5.3 Error: too many recipients", 0, S(RECIPIENT), F(AGAIN),
      SS_LEARN_MAX_RECIPIENTS, "too-many-recipients" },
    { C(RCPT), "552 5.5.3 Too many recipients", 0, S(RECIPIENT), F(AGAIN), SS_LEARN_MAX_RECIPIENTS,
      "too-many-recipients" },
    { C(RCPT), "550 too many recipients", 0, S(RECIPIENT), F(AGAIN), SS_LEARN_MAX_RECIPIENTS,
      "too-many-recipients" },
    { C(RCPT), "451 Too many recipients this session", 0, S(RECIPIENT), F(AGAIN),
      SS_LEARN_MAX_RECIPIENTS, "too-many-recipients" },
    /* the way we speak */
    { C(MAIL), "503 5.5.1 Sender already specified", 1, S(CONNECTION), F(AGAIN),
      SS_LEARN_MAX_MESSAGES, "one-message" },
    { C(MAIL), "503 bad sequence", 1, S(CONNECTION), F(AGAIN), SS_LEARN_MAX_MESSAGES,
      "one-message" },
    { C(MAIL), "550 only one MAIL per message", 1, S(CONNECTION), F(AGAIN), SS_LEARN_MAX_MESSAGES,
      "one-message" },
    { C(MAIL), "503 bad sequence", 0, S(CONNECTION), F(DEFERRED), 0, "one-message" },
    { C(BDAT), "502 5.5.2 Command not implemented", 0, S(MESSAGE), F(AGAIN), SS_LEARN_NO_CHUNKING,
      "no-chunking" },
    { C(BDAT), "503 Bad sequence", 0, S(MESSAGE), F(AGAIN), SS_LEARN_NO_CHUNKING, "no-chunking" },
    { C(BDAT), "503 5.5.1 No valid recipients", 0, S(MESSAGE), F(DEFERRED), 0, "no-recipients" },
    { C(EHLO), "500 command unrecognized", 0, S(CONNECTION), F(AGAIN), SS_LEARN_NO_EHLO,
      "no-ehlo" },
    { C(EHLO), "502 not implemented", 0, S(CONNECTION), F(AGAIN), SS_LEARN_NO_EHLO, "no-ehlo" },
    { C(MAIL), "500 5.5.1 Invalid command: Pipelining not supported", 1, S(CONNECTION), F(AGAIN),
      SS_LEARN_NO_PIPELINING, "no-pipelining" },
    { C(STARTTLS), "500 #5.5.1 command not recognized", 0, S(RELAY), F(BLOCKED), 0,
      "starttls-refused" },
    { C(STARTTLS), "500 Unsupported command.", 0, S(RELAY), F(BLOCKED), 0, "starttls-refused" },
    { C(STARTTLS), "454 4.7.0 TLS not available due to local problem", 0, S(RELAY), F(DOWN), 0,
      "starttls-refused" },
    { C(GREETING), "421 Service not available", 0, S(RELAY), F(DOWN), 0, "service-unavailable" },
    { C(MAIL), "421 4.4.2 idle too long", 1, S(CONNECTION), F(AGAIN), 0, "service-unavailable" },
    { C(MAIL), "421 4.3.2 going down", 0, S(CONNECTION), F(AGAIN), 0, "service-unavailable" },
    { C(RCPT), "421 4.3.2 going down", 1, S(CONNECTION), F(AGAIN), 0, "service-unavailable" },
    { C(END), "421 4.3.2 going down", 0, S(CONNECTION), F(AGAIN), 0, "service-unavailable" },
    /* recipients */
    { C(RCPT), "550 5.1.1 <x@a>: Recipient address rejected: User unknown in local recipient table",
      0, S(RECIPIENT), F(FAILED), 0, "user-unknown" },
    { C(RCPT), "550 No such user here", 0, S(RECIPIENT), F(FAILED), 0, "user-unknown" },
    { C(RCPT), "550 5.1.2 bad domain", 0, S(RECIPIENT), F(FAILED), 0, "domain-unknown" },
    { C(RCPT), "556 5.1.10 Domain does not accept mail (nullMX)", 0, S(RECIPIENT), F(FAILED), 0,
      "null-mx" },
    { C(RCPT), "452 4.2.2 Mailbox full", 0, S(RECIPIENT), F(DEFERRED), 0, "mailbox-full" },
    { C(RCPT), "552 5.2.2 The email account that you tried to reach is over quota", 0, S(RECIPIENT),
      F(FAILED), 0, "mailbox-full" },
    { C(RCPT), "450 4.2.0 <x@a>: Recipient address rejected: Greylisted", 0, S(RECIPIENT),
      F(DEFERRED), 0, "greylisted" },
    { C(RCPT), "451 4.7.1 Greylisting in action, please come back later", 0, S(RECIPIENT),
      F(DEFERRED), 0, "greylisted" },
    { C(RCPT), "451 4.3.0 Temporary lookup failure", 0, S(RECIPIENT), F(DEFERRED), 0, "deferred" },
    { C(RCPT), "501 <root>: recipient address must contain a domain", 0, S(RECIPIENT), F(FAILED), 0,
      "address-domain" },
    { C(RCPT), "504 5.5.2 <root>: Recipient address rejected: need fully-qualified address", 0,
      S(RECIPIENT), F(FAILED), 0, "address-domain" },
    { C(RCPT), "550 5.7.1 refused", 0, S(RECIPIENT), F(FAILED), 0, "policy" },
    { C(RCPT), "550 go away", 0, S(RECIPIENT), F(FAILED), 0, "rejected" },
    { C(RCPT), "551 User not local; please try <y@b>", 0, S(RECIPIENT), F(FAILED), 0,
      "user-moved" },
    /* the big providers */
    { C(AUTH), "535 5.7.0 Mailgun is not loving your login or password", 0, S(RELAY), F(BLOCKED), 0,
      "auth-rejected" },
    { C(END),
      "554 5.7.1 Free accounts are for test purposes only. Please upgrade or add the address to "
      "authorized recipients in Account Settings.",
      0, S(MESSAGE), F(SUSPECT), 0, "account-sandbox" },
    { C(RCPT),
      "421 Sandbox subdomains are for test purposes only. Please add your own domain or add the "
      "address to authorized recipients",
      0, S(RECIPIENT), F(SUSPECT), 0, "account-sandbox" },
    { C(END), "420 Recipient limit exceeded for your account: hourly limit of 100 messages", 0,
      S(MESSAGE), F(SUSPECT), 0, "quota" },
    { C(AUTH),
      "535 5.7.8 Error: authentication failed: The Server Token you provided in the "
      "X-Postmark-Server-Token request header was invalid.",
      0, S(RELAY), F(BLOCKED), 0, "auth-rejected" },
    { C(END),
      "550 5.7.1 The 'From' address you supplied (a@b.example) is not a Sender Signature on your "
      "account.",
      0, S(MESSAGE), F(SUSPECT), 0, "sender-refused" },
    { C(END), "554 5.7.1 You tried to send to a recipient that has been marked as inactive", 0,
      S(MESSAGE), F(FAILED), 0, "mailbox-disabled" },
    { C(END),
      "554 5.7.1 Your account is pending approval. Until then all recipients must have the same "
      "domain as the From address",
      0, S(MESSAGE), F(SUSPECT), 0, "account-sandbox" },
    { C(MAIL), "550 5.7.0 From address is not one of your addresses", 0, S(MESSAGE), F(SUSPECT), 0,
      "sender-refused" },
    { C(AUTH), "535 5.7.8 Error: authentication failed: use an app-specific password", 0, S(RELAY),
      F(BLOCKED), 0, "auth-app-password" },
    { C(AUTH), "535 5.7.0 (#AUTH005) Too many bad auth attempts.", 0, S(RELAY), F(BLOCKED), 0,
      "auth-too-many" },
    { C(GREETING),
      "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in "
      "Spamhaus's list",
      0, S(RELAY), F(BLOCKED), 0, "address-listed" },
    { C(END),
      "554 5.7.9 Message not accepted for policy reasons. See "
      "https://postmaster.yahooinc.com/error-codes",
      0, S(MESSAGE), F(FAILED), 0, "policy" },
    { C(MAIL), "553 From address not verified - see https://help.yahoo.com/kb/SLN3261.html", 0,
      S(MESSAGE), F(FAILED), 0, "sender-refused" },
    { C(AUTH), "535 Authentication Failed", 0, S(RELAY), F(BLOCKED), 0, "auth-rejected" },
    { C(MAIL), "553 Relaying disallowed as a@b.example", 0, S(MESSAGE), F(SUSPECT), 0,
      "sender-refused" },
    { C(MAIL), "553 Sender is not allowed to relay emails", 0, S(MESSAGE), F(SUSPECT), 0,
      "sender-refused" },
    { C(END), "550 5.4.6 Unusual sending activity detected. Please try after sometime", 0,
      S(MESSAGE), F(SUSPECT), 0, "sender-blocked" },
    { C(END), "554 5.1.8 Email Outgoing Blocked", 0, S(MESSAGE), F(SUSPECT), 0, "sender-blocked" },
    { C(END),
      "554 Message rejected: Sending paused for this account. For more information, please check "
      "the inbox of the email address associated with your AWS account.",
      0, S(MESSAGE), F(SUSPECT), 0, "sender-blocked" },
    { C(END),
      "554 Access denied: User `arn:aws:iam::1:user/x' is not authorized to perform "
      "`ses:SendRawEmail' on resource `arn:aws:ses:us-east-1:1:identity/a.example'",
      0, S(MESSAGE), F(SUSPECT), 0, "account-rights" },
    { C(MAIL), "530 Authentication required", 0, S(MESSAGE), F(SUSPECT), 0, "auth-required" },
    { C(MAIL),
      "530-5.7.0 Authentication Required. For more information, go to\r\n530 5.7.0  "
      "https://support.google.com/mail/?p=WantAuthError x - gsmtp",
      0, S(MESSAGE), F(SUSPECT), 0, "auth-required" },
    { C(RCPT),
      "550-5.1.1 The email account that you tried to reach does not exist. Please try\r\n550 5.1.1 "
      "double-checking x - gsmtp",
      0, S(RECIPIENT), F(FAILED), 0, "user-unknown" },
    { C(RCPT),
      "450-4.2.1 The user you are trying to contact is receiving mail at a rate that\r\n450 4.2.1 "
      "prevents additional messages x - gsmtp",
      0, S(RECIPIENT), F(DEFERRED), 0, "recipient-rate" },
    { C(END),
      "552-5.7.0 This message was blocked because its content presents a potential\r\n552 5.7.0 "
      "security issue. x - gsmtp",
      0, S(MESSAGE), F(FAILED), 0, "virus" },
    { C(EHLO),
      "501-5.5.4 HELO/EHLO argument \"x_y\" invalid, closing connection.\r\n501 5.5.4 x - gsmtp", 0,
      S(RELAY), F(BLOCKED), 0, "helo-name" },
    { C(MAIL),
      "550-5.7.1 Invalid credentials for relay [192.0.2.1]. The IP address you've\r\n550 5.7.1 "
      "registered in your G Suite SMTP Relay service doesn't match",
      0, S(MESSAGE), F(SUSPECT), 0, "relay-denied" },
    { C(END),
      "421-4.7.28 Our system has detected an unusual rate of unsolicited mail\r\n421 4.7.28 "
      "originating from your IP address. x - gsmtp",
      0, S(MESSAGE), F(LIMITED), 0, "rate-limited" },
    { C(EHLO), "421-4.7.0 Try again later, closing connection. (EHLO)\r\n421 4.7.0 x - gsmtp", 0,
      S(RELAY), F(DOWN), 0, "service-unavailable" },
    { C(EHLO),
      "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update your client to support "
      "TLS 1.2.",
      0, S(RELAY), F(BLOCKED), 0, "tls-version" },
    { C(MAIL), "451 5.7.3 STARTTLS is required to send mail", 0, S(MESSAGE), F(SUSPECT), 0,
      "tls-required" },
    { C(RCPT),
      "550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal from this list "
      "please visit https://sender.office.com/",
      0, S(RECIPIENT), F(SUSPECT), 0, "address-listed" },
    { C(RCPT), "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.",
      0, S(RECIPIENT), F(SUSPECT), 0, "client-refused" },
    { C(END), "550 5.1.8 Access denied, bad outbound sender.", 0, S(MESSAGE), F(SUSPECT), 0,
      "sender-blocked" },
    { C(END), "550 5.7.501 Access denied, spam abuse detected.", 0, S(MESSAGE), F(SUSPECT), 0,
      "sender-blocked" },
    { C(RCPT),
      "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", 0,
      S(RECIPIENT), F(FAILED), 0, "user-unknown" },
    { C(RCPT), "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", 0,
      S(RECIPIENT), F(FAILED), 0, "user-unknown" },
    { C(RCPT), "550 5.7.64 TenantAttribution; Relay Access Denied", 0, S(RECIPIENT), F(SUSPECT), 0,
      "relay-denied" },
    { C(RCPT), "451 4.7.500 Server busy. Please try again later from [192.0.2.1].", 0, S(RECIPIENT),
      F(DEFERRED), 0, "service-unavailable" },
    { C(END), "451 You've exceeded your messaging limits. Please contact support.", 0, S(MESSAGE),
      F(SUSPECT), 0, "quota" },
    { C(AUTH),
      "535 5.7.8 Authentication credentials invalid: SMTP service is not enabled for this account",
      0, S(RELAY), F(BLOCKED), 0, "account-rights" },
    { C(AUTH), "535 5.7.1 Username and Password are correct but the account has been suspended", 0,
      S(RELAY), F(BLOCKED), 0, "auth-account-disabled" },
    { C(AUTH), "550 5.2.1 Mailbox disabled: please enable IMAP/SMTP access in the settings", 0,
      S(RELAY), F(BLOCKED), 0, "account-rights" },
    /* messages */
    { C(MAIL), "552 5.3.4 Message size exceeds fixed limit", 0, S(MESSAGE), F(FAILED), 0,
      "message-too-big" },
    { C(END), "552 5.3.4 Message too big for system", 0, S(MESSAGE), F(FAILED), 0,
      "message-too-big" },
    { C(MAIL), "452 4.3.1 Insufficient system storage", 0, S(MESSAGE), F(DEFERRED), 0,
      "relay-storage" },
    { C(END), "550 5.7.1 Message rejected as spam", 0, S(MESSAGE), F(FAILED), 0, "spam" },
    { C(END), "554 Your message contains a virus", 0, S(MESSAGE), F(FAILED), 0, "virus" },
    { C(END), "554 Transaction failed", 0, S(MESSAGE), F(FAILED), 0, "rejected" },
    { C(END), "451 4.3.0 try later", 0, S(MESSAGE), F(DEFERRED), 0, "deferred" },
    { C(END),
      "550-5.7.26 Unauthenticated email from a.example is not accepted due to domain's\r\n550 "
      "5.7.26 DMARC policy.",
      0, S(MESSAGE), F(FAILED), 0, "dmarc" },
    { C(END), "250 2.0.0 Ok: queued as 9F2C", 0, S(RECIPIENT), F(SENT), 0, "accepted" },
    { C(DATA), "354 go ahead", 0, S(RECIPIENT), F(SENT), 0, "accepted" },
    { C(MAIL), "354 go ahead", 0, S(CONNECTION), F(DEFERRED), 0, "not-smtp" },
    { C(RSET), "500 what?", 0, S(CONNECTION), F(AGAIN), 0, "closing" },
};

static ss_reply_t parse(const char *text)
{
    ss_reply_t reply;
    apr_size_t used;
    char bytes[SS_REPLY_TEXT_MAX];
    memset(&reply, 0, sizeof(reply));
    apr_snprintf(bytes, sizeof(bytes), "%s\r\n", text);
    CU_ASSERT_EQUAL(ss_reply_parse(&reply, bytes, strlen(bytes), &used), APR_SUCCESS);
    return reply;
}

static void replies(void)
{
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_reply_t reply = parse(rows[i].reply);
        ss_verdict_t v = ss_verdict(rows[i].cmd, &reply, rows[i].is_reused);
        int is_right = v.scope == rows[i].scope && v.fate == rows[i].fate &&
                       v.learn == rows[i].learn && !strcmp(v.advice, rows[i].advice);
        if (!is_right)
            fprintf(stderr, "\n  %s: %s: scope %d fate %d learn %u %s, want %d %d %u %s\n",
                    ss_cmd_name(rows[i].cmd), rows[i].reply, (int)v.scope, (int)v.fate, v.learn,
                    v.advice, (int)rows[i].scope, (int)rows[i].fate, rows[i].learn, rows[i].advice);
        CU_ASSERT(is_right);
    }
}

/* One row for each rule of the table, by the commands it holds for: each with the least text that
 * makes it fit. "+N": the SS_LEARN_ bits. */
#define SETUP "none connect handshake "
#define START "greeting ehlo helo "
#define BODY "data bdat end "
#define TX "mail rcpt " BODY

static const struct {
    const char *at, *reply, *want;
} rules[] = {
    { START "starttls auth " TX "rset quit ", "250 ok", "recipient sent accepted" },
    { "data auth ", "354 go", "recipient sent accepted" },
    { "rset quit ", "500 no", "connection again closing" },
    { SETUP START "starttls ", "354 go", "relay down not-smtp" },
    { "mail rcpt bdat end ", "354 go", "connection deferred not-smtp" },
    /* the way we speak */
    { "ehlo helo " TX, "550 pipelining", "connection again no-pipelining +2" },
    { "mail ", "503 login required", "us suspect auth-required" },
    { "mail ", "503 tls required", "us suspect tls-required" },
    { "mail ", "503 no", "connection deferred one-message" },
    /* too many of something */
    { START "auth ", "450 too many sessions", "connection down too-many-connections +16" },
    { START "auth ", "432 4.3.2 no", "connection down too-many-connections +16" },
    { START, "550 too many sessions", "connection down too-many-connections +16" },
    { TX, "450 too many sessions", "connection limited too-many-connections +16" },
    { TX, "432 4.3.2 no", "connection limited too-many-connections +16" },
    { "auth ", "454 too many bad", "relay blocked auth-too-many" },
    { START "auth ", "550 daily limit", "relay blocked quota" },
    { TX, "550 daily limit", "us suspect quota" },
    { "auth ", "550 5.4.5 no", "relay blocked quota" },
    { TX, "550 5.4.5 no", "us suspect quota" },
    { "auth ", "454 slow down", "relay blocked rate-limited" },
    { TX, "550 slow down", "message limited rate-limited" },
    /* the account */
    { "auth ", "550 account disabled", "relay blocked auth-account-disabled" },
    { "mail " BODY, "550 account disabled", "us suspect sender-blocked" },
    { TX, "550 suspicious activity", "us suspect sender-blocked" },
    { "auth ", "550 sandbox", "relay blocked account-sandbox" },
    { TX, "550 sandbox", "us suspect account-sandbox" },
    { "auth ", "550 smtp is disabled", "relay blocked account-rights" },
    { "mail " BODY, "550 smtp is disabled", "us suspect account-rights" },
    { START "auth ", "550 weak tls", "relay blocked tls-version" },
    { "mail ", "550 weak tls", "us suspect tls-version" },
    /* 421 */
    { START, "421 dnsbl", "relay blocked address-listed" },
    { TX, "421 dnsbl", "us suspect address-listed" },
    { SETUP START "starttls auth ", "421 no", "relay down service-unavailable" },
    { TX, "421 no", "connection again service-unavailable" },
    { "rcpt " BODY, "421 greylisted", "connection deferred greylisted" },
    { SETUP, "550 no", "relay down service-unavailable" },
    /* greeting and EHLO */
    { START, "550 no ptr", "relay blocked reverse-dns" },
    { START, "550 dnsbl", "relay blocked address-listed" },
    { "greeting ", "450 no", "relay down service-unavailable" },
    { "greeting ", "550 no", "relay blocked greeting-refused" },
    { "ehlo helo ", "550 bad helo", "relay blocked helo-name" },
    { "ehlo ", "500 no", "connection again no-ehlo +32" },
    { "ehlo ", "502 no", "connection again no-ehlo +32" },
    { "helo ", "502 no", "relay blocked hello-refused" },
    { "ehlo helo ", "501 no", "relay blocked helo-name" },
    { "ehlo helo ", "504 no", "relay blocked helo-name" },
    { "ehlo helo ", "450 no", "relay down service-unavailable" },
    { "ehlo helo ", "550 no", "relay blocked hello-refused" },
    /* STARTTLS and AUTH */
    { "starttls ", "454 no", "relay down starttls-refused" },
    { "starttls ", "554 no", "relay blocked starttls-refused" },
    { "auth ", "535 5.7.139 no", "relay blocked auth-basic-disabled" },
    { "auth ", "535 basic authentication is disabled", "relay blocked auth-basic-disabled" },
    { "auth ", "535 app password", "relay blocked auth-app-password" },
    { "auth ", "535 badcredentials", "relay blocked auth-app-password" },
    { "auth ", "535 no - gsmtp", "relay blocked auth-app-password" },
    { "auth ", "535 log in via your browser", "relay blocked auth-web-login" },
    { "auth ", "535 5.7.11 no", "relay blocked auth-needs-tls" },
    { "auth ", "538 no", "relay blocked auth-needs-tls" },
    { "auth ", "535 tls required", "relay blocked tls-required" },
    { "auth ", "530 no", "relay blocked tls-required" },
    { "auth ", "435 4.7.12 no", "relay blocked auth-transition" },
    { "auth ", "525 no", "relay blocked auth-account-disabled" },
    { "auth ", "535 5.7.13 no", "relay blocked auth-account-disabled" },
    { "auth ", "454 no", "relay blocked auth-temporary" },
    { "auth ", "504 no", "relay blocked auth-none-common" },
    { "auth ", "534 no", "relay blocked auth-none-common" },
    { "auth ", "500 no", "relay blocked auth-not-offered" },
    { "auth ", "502 no", "relay blocked auth-not-offered" },
    { "auth ", "503 no", "relay blocked auth-not-offered" },
    { "auth ", "501 no", "relay blocked auth-malformed" },
    { "auth ", "535 no", "relay blocked auth-rejected" },
    /* in a transaction, about us */
    { TX, "550 tls required", "us suspect tls-required" },
    { TX, "530 5.7.0 starttls", "us suspect tls-required" },
    { TX, "530 no", "us suspect auth-required" },
    { TX, "534 no", "us suspect auth-required" },
    { TX, "535 no", "us suspect auth-rejected" },
    { TX, "538 no", "us suspect auth-needs-tls" },
    { TX, "550 5.7.139 no", "relay blocked auth-basic-disabled" },
    { TX, "550 5.7.57 no", "us suspect auth-required" },
    { TX, "550 login required", "us suspect auth-required" },
    { TX, "550 disallowed as", "us suspect sender-refused" },
    { TX, "550 no relaying", "us suspect relay-denied" },
    { TX, "550 5.7.54 no", "us suspect relay-denied" },
    /* the sender */
    { "mail rcpt ", "550 sender address must contain @", "message failed sender-domain" },
    { TX, "550 5.7.60 no", "us suspect sender-refused" },
    { TX, "550 5.2.252 no", "us suspect sender-refused" },
    { TX, "550 5.1.8 no", "message failed sender-blocked" },
    { TX, "550 cannot send as x", "us suspect sender-refused" },
    { "mail ", "550 empty sender", "message failed null-sender" },
    { "mail ", "550 not for <>", "message failed null-sender" },
    { TX, "550 bad helo", "us suspect helo-name" },
    { TX, "550 5.7.25 no", "us suspect reverse-dns" },
    { TX, "450 4.7.25 no", "us suspect reverse-dns" },
    { TX, "550 no ptr", "us suspect reverse-dns" },
    { "mail rcpt ", "550 dnsbl", "us suspect address-listed" },
    { BODY, "554 client [192.0.2.1] no", "us suspect address-listed" },
    /* recipients, BDAT */
    { "rcpt ", "550 5.5.3 no", "recipient again too-many-recipients +8" },
    { "rcpt ", "450 4.5.3 no", "recipient again too-many-recipients +8" },
    { "rcpt ", "550 too many rcpt", "recipient again too-many-recipients +8" },
    { BODY, "550 5.5.3 no", "message again too-many-recipients +8" },
    { BODY, "550 too many rcpt", "message again too-many-recipients +8" },
    { "data bdat ", "503 rcpt first", "message deferred no-recipients" },
    { "bdat ", "500 no", "message again no-chunking +4" },
    { "bdat ", "502 no", "message again no-chunking +4" },
    { "bdat ", "503 no", "message again no-chunking +4" },
    { "bdat ", "504 no", "message again no-chunking +4" },
    /* size and storage */
    { "rcpt ", "450 4.2.2 no", "recipient deferred mailbox-full" },
    { "rcpt ", "550 5.2.2 no", "recipient failed mailbox-full" },
    { "rcpt ", "450 over quota", "recipient deferred mailbox-full" },
    { "rcpt ", "550 over quota", "recipient failed mailbox-full" },
    { BODY, "550 5.2.2 no", "message failed mailbox-full" },
    { BODY, "550 over quota", "message failed mailbox-full" },
    { "rcpt ", "550 5.3.4 no", "recipient failed message-too-big" },
    { "mail " BODY, "550 5.3.4 no", "message failed message-too-big" },
    { "mail " BODY, "550 5.2.3 no", "message failed message-too-big" },
    { "rcpt ", "550 5.2.3 no", "recipient failed message-too-big" },
    { BODY, "550 malware", "message failed virus" },
    { "mail " BODY, "552 no", "message failed message-too-big" },
    { "mail " BODY, "550 too large", "message failed message-too-big" },
    { "mail " BODY, "452 no", "message deferred relay-storage" },
    { "rcpt ", "452 no", "recipient deferred relay-storage" },
    /* MAIL */
    { "mail ", "450 no", "message deferred deferred" },
    { "mail ", "500 no", "connection deferred not-smtp" },
    { "mail ", "502 no", "connection deferred not-smtp" },
    { "mail ", "555 no", "message failed parameters-refused" },
    { "mail ", "504 no", "message failed parameters-refused" },
    { "mail ", "501 no", "message failed sender-syntax" },
    { "mail ", "550 5.6.7 no", "message failed address-utf8" },
    { "mail ", "554 access denied", "us suspect client-refused" },
    { "mail ", "550 access denied", "us suspect client-refused" },
    { "mail ", "553 access denied", "message failed sender-refused" },
    { "mail ", "550 no", "message failed sender-refused" },
    /* RCPT */
    { "rcpt ", "550 client host rejected", "us suspect client-refused" },
    { "rcpt ", "450 postgrey", "recipient deferred greylisted" },
    { "rcpt ", "450 4.7.1 no", "recipient deferred greylisted" },
    { "rcpt ", "450 receiving mail at a rate", "recipient deferred recipient-rate" },
    { TX, "450 too much mail", "message limited rate-limited" },
    { "rcpt ", "450 no", "recipient deferred deferred" },
    { "rcpt ", "503 no", "connection deferred bad-sequence" },
    { "rcpt ", "550 need fully-qualified address", "recipient failed address-domain" },
    { "rcpt ", "550 5.1.1 no", "recipient failed user-unknown" },
    { "rcpt ", "550 5.1.2 no", "recipient failed domain-unknown" },
    { "rcpt ", "550 5.1.3 no", "recipient failed address-syntax" },
    { "rcpt ", "550 5.1.6 no", "recipient failed user-moved" },
    { "rcpt ", "550 5.1.10 null mx", "recipient failed null-mx" },
    { "rcpt ", "550 5.1.10 no", "recipient failed user-unknown" },
    { "rcpt ", "556 no", "recipient failed null-mx" },
    { "rcpt ", "550 5.2.1 no", "recipient failed mailbox-disabled" },
    { "rcpt ", "550 5.4.4 no", "recipient failed domain-unknown" },
    { "rcpt ", "550 5.6.7 no", "recipient failed address-utf8" },
    { "rcpt ", "550 inactive recipient", "recipient failed mailbox-disabled" },
    { "rcpt ", "550 recipient address rejected: access denied", "recipient failed user-unknown" },
    { "rcpt ", "550 user unknown", "recipient failed user-unknown" },
    { "rcpt ", "550 5.7.2 no", "recipient failed policy" },
    { "rcpt ", "501 no", "recipient failed address-syntax" },
    { "rcpt ", "553 no", "recipient failed address-syntax" },
    { "rcpt ", "551 no", "recipient failed user-moved" },
    { "rcpt ", "552 no", "recipient failed mailbox-full" },
    { "rcpt ", "555 no", "recipient failed parameters-refused" },
    { "rcpt ", "500 no", "connection deferred not-smtp" },
    { "rcpt ", "502 no", "connection deferred not-smtp" },
    { "rcpt ", "550 no", "recipient failed rejected" },
    /* DATA, BDAT and the whole message */
    { BODY, "450 postgrey", "message deferred greylisted" },
    { BODY, "450 receiving mail at a rate", "message deferred recipient-rate" },
    { BODY, "450 no", "message deferred deferred" },
    { "data ", "503 no", "connection deferred bad-sequence" },
    { "data ", "500 no", "connection deferred not-smtp" },
    { "data ", "502 no", "connection deferred not-smtp" },
    { BODY, "550 inactive recipient", "message failed mailbox-disabled" },
    { BODY, "550 5.1.1 no", "message failed user-unknown" },
    { BODY, "550 5.6.7 no", "message failed address-utf8" },
    { BODY, "550 5.6.1 no", "message failed content-refused" },
    { BODY, "550 5.7.2 no", "message failed policy" },
    { BODY, "550 junk", "message failed policy" },
    { BODY, "550 user unknown", "message failed user-unknown" },
    { BODY, "550 no", "message failed rejected" },
};

/* The verdict in the words of the table above. */
static const char *verdict_text(const ss_verdict_t *v)
{
    static const char *const scopes[] = { "recipient", "message", "connection", "relay" };
    static const char *const fates[] = { "sent",    "deferred", "failed",    "again",  "down",
                                         "blocked", "suspect",  "uncertain", "limited" };
    static char text[100];
    char learn[16] = "";
    if (v->learn) apr_snprintf(learn, sizeof(learn), " +%u", v->learn);
    apr_snprintf(text, sizeof(text), "%s %s %s%s",
                 v->fate == SS_FATE_SUSPECT ? "us" : scopes[v->scope], fates[v->fate], v->advice,
                 learn);
    return text;
}

static void every_rule(void)
{
    static const char *const cmds[] = { "none", "connect",  "handshake", "greeting", "ehlo",
                                        "helo", "starttls", "auth",      "mail",     "rcpt",
                                        "data", "bdat",     "end",       "rset",     "quit" };
    for (apr_size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        ss_reply_t reply = parse(rules[i].reply);
        for (int cmd = 0; cmd < SS_CMDS; cmd++) {
            char word[16];
            apr_snprintf(word, sizeof(word), "%s ", cmds[cmd]);
            if (!strstr(rules[i].at, word)) continue;
            ss_verdict_t v = ss_verdict((ss_cmd_t)cmd, &reply, 0);
            const char *got = verdict_text(&v);
            if (strcmp(got, rules[i].want))
                fprintf(stderr, "\n  %s: %s: %s, want %s\n", word, rules[i].reply, got,
                        rules[i].want);
            CU_ASSERT_STRING_EQUAL(got, rules[i].want);
        }
    }
}

/* Each command with each code and some words: the advice named exists, and nothing but a
 * recipient's or message's own words ends a message. */
static void every_advice_exists(void)
{
    for (int cmd = 0; cmd < SS_CMDS; cmd++) {
        for (int code = 200; code < 600; code++) {
            for (int reused = 0; reused < 2; reused++) {
                ss_reply_t reply;
                memset(&reply, 0, sizeof(reply));
                reply.code = code;
                ss_verdict_t v = ss_verdict((ss_cmd_t)cmd, &reply, reused);
                CU_ASSERT_PTR_NOT_NULL(ss_advice_find(v.advice));
                if (v.fate == SS_FATE_FAILED)
                    CU_ASSERT(code >= 500 &&
                              (cmd == SS_CMD_MAIL || cmd == SS_CMD_RCPT || cmd == SS_CMD_DATA ||
                               cmd == SS_CMD_BDAT || cmd == SS_CMD_END));
            }
        }
    }
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_PTR_NOT_NULL(ss_advice_find(rows[i].advice));
}

/* The words of a final refusal under a temporary code: nothing fails. */
static void temporary_codes_fail_nothing(void)
{
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_reply_t reply = parse(rows[i].reply);
        if (reply.code < 500) continue;
        reply.code -= 100;
        if (reply.enhanced[0]) reply.enhanced[0] = '4';
        ss_verdict_t v = ss_verdict(rows[i].cmd, &reply, rows[i].is_reused);
        if (v.fate == SS_FATE_FAILED) fprintf(stderr, "\n  as a 4xx: %s: fails\n", rows[i].reply);
        CU_ASSERT(v.fate != SS_FATE_FAILED);
    }
}

static void names_and_dsn(void)
{
    ss_reply_t reply = parse("550 5.1.1 no");
    CU_ASSERT_STRING_EQUAL(ss_verdict_dsn(&reply), "5.1.1");
    reply = parse("450 no");
    CU_ASSERT_STRING_EQUAL(ss_verdict_dsn(&reply), "4.0.0");
    CU_ASSERT_STRING_EQUAL(ss_cmd_name(SS_CMD_END), "end of DATA");
    CU_ASSERT_STRING_EQUAL(ss_cmd_name(SS_CMD_QUIT), "QUIT");
    CU_ASSERT_STRING_EQUAL(ss_cmd_name(SS_CMDS), "unknown command");
    CU_ASSERT_PTR_NULL(ss_verdict_advice(-1));
    CU_ASSERT_PTR_NULL(ss_verdict_advice(100000));
}

/* Servers break their lines anywhere, with any blank between the words; an unknown command
 * fails nobody. */
static void words_across_lines(void)
{
    static const char *const texts[] = { "Only one mail per message",
                                         "only\none\tMAIL\rper message" };
    for (int i = 0; i < 2; i++) {
        ss_reply_t reply;
        memset(&reply, 0, sizeof(reply));
        reply.code = 550;
        snprintf(reply.text, sizeof(reply.text), "%s", texts[i]);
        ss_verdict_t v = ss_verdict(SS_CMD_MAIL, &reply, 1);
        CU_ASSERT_STRING_EQUAL(v.advice, "one-message");
        CU_ASSERT_EQUAL(v.learn, SS_LEARN_MAX_MESSAGES);
        v = ss_verdict(SS_CMDS, &reply, 1);
        CU_ASSERT_EQUAL(v.fate, SS_FATE_DEFERRED);
        CU_ASSERT_EQUAL(v.scope, SS_SCOPE_CONNECTION);
    }
}

/* What a reply names says nothing: '#' stands for what is blanked. */
static void names_are_no_words(void)
{
    static const struct {
        const char *text, *want;
    } texts[] = {
        { "<bad@barracuda.com>: User unknown", "<#################>: User unknown" },
        { "<>: no", "<>: no" },
        { "<b@c and then", "<### and then" },
        { "bad@barracuda.com: unknown", "################## unknown" },
        { "'bad@spam.example' unknown", "################## unknown" },
        { "(bad@spam.example) unknown", "(################) unknown" },
        { "\"relay denied\"@x.example unknown", "\"####################### unknown" },
        { "\"Relay access denied\" he said", "\"Relay access denied\" he said" },
        { "see https://x.example/spam?listed=1.2 now",
          "see ################################# now" },
        { "see www.spamhaus.org/query now", "see ###################### now" },
        { "see aka.ms/relay-denied, now", "see ###################, now" },
        { "mx.spam-list.example.com said no", "######################## said no" },
        { "mx.spam.example[192.0.2.1]:25 said", "###############[192.0.2.1]:25 said" },
        { "at MX.BLACKLIST.EXAMPLE. No", "at ##################### No" },
        { "5.7.57 SMTP; TLS 1.0 e.g. no", "5.7.57 SMTP; TLS 1.0 e.g. no" },
        { "Relay denied.Please ask", "Relay denied.Please ask" },
        { "RESOLVER.ADR.RecipNotFound; no", "RESOLVER.ADR.RecipNotFound; no" },
        { "STOREDRV.Submission.Exception:SendAsDenied",
          "STOREDRV.Submission.Exception:SendAsDenied" },
        { "no. Really... no.", "no. Really... no." },
        { "", "" },
    };
    for (apr_size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char got[100];
        snprintf(got, sizeof(got), "%s", texts[i].text);
        ss_phrase_blank(got);
        CU_ASSERT_EQUAL(strlen(got), strlen(texts[i].want));
        for (apr_size_t k = 0; got[k]; k++)
            if (got[k] == ' ' && texts[i].want[k] == '#') got[k] = '#';
        if (strcmp(got, texts[i].want)) fprintf(stderr, "\n  %s: %s\n", texts[i].text, got);
        CU_ASSERT_STRING_EQUAL(got, texts[i].want);
    }
}

/* A code about an address or a mailbox is about the recipient, whatever the words; the sender's and
 * what Exchange says about a submission is not. */
static void mailbox_codes_come_before_words(void)
{
    static const char *const words[] = { "Relay access denied", "authentication required",
                                         "blocked using x",     "sandbox",
                                         "sender not allowed",  "too many sessions",
                                         "starttls required" };
    static const char *const codes[] = { "1.0", "1.1", "1.2", "1.10", "2.0", "2.1", "2.2", "2.4" };
    static const ss_cmd_t cmds[] = { C(RCPT), C(DATA), C(END) };
    for (apr_size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
        for (apr_size_t i = 0; i < sizeof(codes) / sizeof(codes[0]) * 6; i++) {
            char text[100];
            ss_cmd_t cmd = cmds[i % 3];
            int class = i / 3 % 2 ? 4 : 5;
            snprintf(text, sizeof(text), "%d50 %d.%s %s", class, class, codes[i / 6], words[w]);
            ss_reply_t reply = parse(text);
            ss_verdict_t v = ss_verdict(cmd, &reply, 0);
            int is_right = v.scope == (cmd == C(RCPT) ? S(RECIPIENT) : S(MESSAGE)) &&
                           v.fate == (class == 4 ? F(DEFERRED) : F(FAILED));
            if (!is_right) fprintf(stderr, "\n  %s\n", text);
            CU_ASSERT(is_right);
        }
    }
    ss_reply_t reply = parse("550 5.1.8 Access denied, bad outbound sender");
    CU_ASSERT_EQUAL(ss_verdict(C(RCPT), &reply, 0).fate, F(SUSPECT));
    reply = parse("421 4.2.1 Relay access denied");
    CU_ASSERT_EQUAL(ss_verdict(C(RCPT), &reply, 0).scope, S(CONNECTION));
    CU_ASSERT_EQUAL(ss_verdict_cleared(554), F(FAILED));
    CU_ASSERT_EQUAL(ss_verdict_cleared(454), F(DEFERRED));
}

void ss_suite_verdict(void)
{
    CU_pSuite suite = CU_add_suite("verdict", NULL, NULL);
    CU_add_test(suite, "replies of real servers", replies);
    CU_add_test(suite, "every rule", every_rule);
    CU_add_test(suite, "every advice exists", every_advice_exists);
    CU_add_test(suite, "temporary codes fail nothing", temporary_codes_fail_nothing);
    CU_add_test(suite, "names and codes", names_and_dsn);
    CU_add_test(suite, "words across lines", words_across_lines);
    CU_add_test(suite, "names are no words", names_are_no_words);
    CU_add_test(suite, "mailbox codes come before words", mailbox_codes_come_before_words);
}
