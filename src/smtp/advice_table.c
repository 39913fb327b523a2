/* advice_table.c: the knowledge base's rows, nothing else. Where rows share a code, the one that is
 * the cause most often stands first. "x.7.8" stands for 4.7.8 and 5.7.8. Data: longer than a file
 * of code may be. */
#include "smtp/advice.h"

const ss_advice_t ss_advice_table[] = {
    /* ---- the server cannot be found or reached ---- */
    { "resolve-unknown", NULL,
      "no such host|name or service not known|nodename nor servname|nxdomain|host not "
      "found|unknown host|EAI_NONAME",
      "The server's name does not exist",
      "The name service knows no such host. Most often the name has a typing error, or a name of "
      "an internal network is asked outside of it.",
      "Check the spelling of SMTPSendHost, for example with \"getent hosts NAME\" on this "
      "machine." },
    { "resolve-none", NULL, "no address associated|EAI_NODATA|no data record",
      "The server's name has no address",
      "The name exists but has no IPv4 or IPv6 address. A mail domain (example.com) often has "
      "none, while its mail server (mail.example.com) has.",
      "Put the mail server's own name into SMTPSendHost, not the domain after the @." },
    { "resolve-again", NULL,
      "temporary failure in name resolution|EAI_AGAIN|servfail|try again later (resolver)|server "
      "misbehaving",
      "The name service does not answer",
      "This machine's DNS servers gave no answer, so the address of the server is not known. The "
      "mail waits.",
      "Check /etc/resolv.conf and the network of this machine or container; an IP address in "
      "SMTPSendHost works without a name service "
      "(set SMTPSendTLSName then)." },
    { "connect-refused", NULL, "connection refused|ECONNREFUSED|actively refused",
      "The server refuses the connection",
      "The machine answers, but nothing listens on that port, or a firewall rejects it. In a "
      "container \"localhost\" is the container itself.",
      "Check SMTPSendHost and SMTPSendPort: usual ports are 587 (SMTPSendTLS starttls), 465 "
      "(SMTPSendTLS tls) and 25 (none)." },
    { "connect-timeout", NULL,
      "connection timed out|ETIMEDOUT|i/o timeout|operation timed out|timed out (110)|connect() "
      "failed",
      "The server does not answer on that port",
      "Nothing came back at all. A firewall between here and the server drops the packets; many "
      "hosting providers block outgoing port 25, "
      "some 465 too, while 587 is usually open.",
      "Try SMTPSendPort 587 with SMTPSendTLS starttls, or ask the provider to open the port; the "
      "wait is SMTPSendTimeout." },
    { "connect-unreachable", NULL,
      "network is unreachable|no route to host|EHOSTUNREACH|ENETUNREACH|host is down|network is "
      "down|ENETDOWN|EHOSTDOWN",
      "There is no way to the server's network",
      "This machine has no route to the address, or a router on the way said so.",
      "Check the network and SMTPSendHost; a name with an IPv6 address on a machine without IPv6 "
      "gives this too." },
    { "ipv6-unreachable", NULL, "IPv6 address cannot be reached",
      "The server's IPv6 address cannot be reached",
      "The name has IPv6 and IPv4 addresses; the IPv6 one does not work from here. Delivery goes "
      "on over IPv4 but each connection loses time.",
      "Repair IPv6 on this machine, or put the IPv4 address into SMTPSendHost and the name into "
      "SMTPSendTLSName." },
    { "connect-source", NULL, "cannot assign requested address|EADDRNOTAVAIL",
      "The local address is not one of this machine's",
      "SMTPSendSourceAddress is not configured on any interface here, has another address family "
      "than the server, or all local ports are in use.",
      "Correct SMTPSendSourceAddress or remove it; lower SMTPSendConnections when ports run out." },
    { "connect-denied", NULL, "permission denied|EACCES|EPERM|operation not permitted",
      "This machine forbids the connection",
      "A local rule (SELinux, AppArmor, a firewall, a container's policy) keeps httpd from opening "
      "connections to a mail port.",
      "With SELinux: \"setsebool -P httpd_can_sendmail on\" and \"httpd_can_network_connect on\"; "
      "else check the local firewall." },
    { "connect-resources", NULL,
      "too many open files|EMFILE|ENFILE|no buffer space available|ENOBUFS|cannot allocate "
      "memory|ENOMEM",
      "This machine has run out of descriptors or memory",
      "The delivery daemon could not open one more connection. The mail waits.",
      "Raise the limit of open files of the httpd service (LimitNOFILE), or lower "
      "SMTPSendConnections." },
    { "connection-lost", NULL,
      "connection reset|ECONNRESET|broken pipe|EPIPE|connection aborted|ECONNABORTED|end of "
      "file|EOF caught|unexpected eof",
      "The connection was lost",
      "The server, or a device on the way, ended the connection in the middle of the dialogue. The "
      "mail waits and is sent on a new connection.",
      "If it happens often: look at the server's own log, and lower SMTPSendMaxConnectionAge or "
      "SMTPSendIdleTimeout below what the server or a "
      "firewall allows." },
    { "lost-connection", NULL, NULL, "The server closed the connection without an answer",
      "The server ended the connection while an answer was due. It says nothing about the message, "
      "which is tried again.",
      "Look at the server's log at that time. If it happens after a number of messages, set "
      "SMTPSendMaxMessagesPerConnection." },
    { "uncertain", NULL, NULL, "Nobody knows whether the server has the message",
      "The connection was lost after the end of the message and before the server's answer. "
      "Sending again may deliver twice, not sending may "
      "lose the message.",
      "SMTPSendUncertain decides: retry sends again, hold waits for a person. Search the server's "
      "log for the Message-ID, then release or cancel." },
    { "timeout", NULL, "timed out waiting for the answer|command-timeout",
      "The server did not answer in time",
      "The connection stands, but an answer did not come within its time. It was closed; the mail "
      "waits.",
      "Raise SMTPSendTimeout (connect greeting auth command data), or ask the server's "
      "administrator." },
    { "test-timeout", NULL, NULL, "The connection test ran out of time",
      "The whole test has a deadline, and the step shown was still waiting then.",
      "Look at the step that took the time. SMTPSendTestTimeout is the deadline; keep it below the "
      "timeout of a proxy in front." },

    /* ---- greeting ---- */
    { "greeting-silent", NULL, "greeting never received|no greeting", "The server says nothing",
      "The connection stands, but no greeting came. A server whose port expects TLS at once (465) "
      "waits for the client's handshake.",
      "With port 465 set SMTPSendTLS tls; with 587 or 25 starttls or none. SMTPSendTLS negotiate "
      "finds it out. Some servers greet late: "
      "SMTPSendTimeout's second value." },
    { "tls-silent", NULL, NULL, "The server does not answer the TLS handshake",
      "Our handshake went out and nothing came back. The port may speak plain text first, or a "
      "device on the way swallows TLS.",
      "With port 587 or 25 set SMTPSendTLS starttls. SMTPSendTLS negotiate finds it out." },
    { "greeting-tls", NULL, "server speaks tls",
      "The server speaks TLS where plain text was expected",
      "The first bytes are TLS and not a greeting: the port expects TLS from the first byte.",
      "Set SMTPSendTLS tls (usual with SMTPSendPort 465), or use port 587 with SMTPSendTLS "
      "starttls." },
    { "tls-plain-port", NULL,
      "wrong version number|unknown protocol|first record does not look like a tls "
      "handshake|packet length too long|http request",
      "The server speaks plain text where TLS was begun",
      "The port expects STARTTLS or no encryption at all: its plain greeting is no TLS record, "
      "which OpenSSL calls \"wrong version number\".",
      "Set SMTPSendTLS starttls for port 587 or 25, or use SMTPSendPort 465 with SMTPSendTLS "
      "tls." },
    { "greeting-timeout", NULL, NULL, "The server's greeting did not come in time",
      "Some servers delay their greeting on purpose, or look up our address first and their name "
      "service is slow.",
      "Raise SMTPSendTimeout's second value, or ask the server's administrator to exempt this "
      "machine." },
    { "greeting-lost", NULL, NULL, "The server closed the connection before its greeting",
      "The connection was accepted and closed at once. Usual causes: the port expects TLS, our "
      "address is not allowed, or too many connections.",
      "Check SMTPSendTLS and SMTPSendPort, then whether the server allows this machine's "
      "address." },
    { "greeting-asterisks", NULL, "220 ***|220 **", "A firewall rewrites the server's greeting",
      "The greeting consists of asterisks: a device on the way \"inspects\" SMTP (Cisco: fixup, "
      "inspect esmtp) and hides the server's words, "
      "usually STARTTLS and AUTH too.",
      "Switch the inspection off for this connection, or use SMTPSendPort 465 with SMTPSendTLS "
      "tls, which it cannot rewrite." },
    { "greeting-refused", "521 554", "no smtp service here|does not accept mail from",
      "The server refuses us at its greeting",
      "The server does not want to talk to this machine's address at all. No message is at fault; "
      "the mail waits.",
      "Ask the server's administrator to allow this address, or use another way out "
      "(SMTPSendSourceAddress) or another server (SMTPSendHost)." },
    { "client-refused", NULL, NULL, "The server refuses this machine",
      "The refusal speaks of our address and not of the message. The mail waits until the server "
      "lets us in.",
      "Ask the server's administrator to allow this machine, or log in: SMTPSendUsername and "
      "SMTPSendPassword, on port 587." },
    { "address-listed", NULL, NULL, "Our address is on a block list",
      "The server refuses mail from this machine's public address because a list or its own "
      "records name it.",
      "Look the address up at the list named in the reply and ask for removal, or send through "
      "your provider's server with a login "
      "(SMTPSendHost, SMTPSendUsername)." },
    { "reverse-dns", "x.7.25", NULL, "Our address has no fitting name",
      "The server looks up the name of our address (PTR record) and finds none, or one that does "
      "not lead back.",
      "Have the owner of the address set a PTR record that agrees with SMTPSendHelo, or send "
      "through a server that takes a login." },
    { "other-server", NULL, NULL, "Another server answered than the one that was asked",
      "The greeting or certificate carries another host's name. Hosting providers redirect "
      "outgoing SMTP to a server of their own.",
      "Ask the provider to switch the redirection off (\"SMTP restrictions\"), use their server in "
      "SMTPSendHost, or try port 465 or 2525." },
    { "not-smtp", NULL,
      "command not recognized|unrecognized command|command unrecognized|unsupported command",
      "The answer is not SMTP",
      "What answered does not follow SMTP, or a virus scanner or firewall changed commands or "
      "replies until they could not be recognised.",
      "Check host and port. If a scanner or firewall sits between, exempt this connection or use "
      "SMTPSendTLS tls, which it cannot change." },

    /* ---- TLS and certificates ---- */
    { "starttls-not-offered", NULL,
      "starttls not offered|does not offer starttls|starttls not supported|starttls-missing",
      "The server does not offer STARTTLS",
      "SMTPSendTLS requires encryption, but the server's answer to EHLO has no STARTTLS. Nothing "
      "was sent in plain text.",
      "Use SMTPSendPort 465 with SMTPSendTLS tls if the server has it; on a trusted network "
      "SMTPSendTLS none or opportunistic." },
    { "starttls-refused", "454", "tls not available", "The server refuses STARTTLS",
      "STARTTLS was offered and then refused: the server's certificate is not set up, or a scanner "
      "on this machine intercepts the command.",
      "Ask the server's administrator, or use SMTPSendPort 465 with SMTPSendTLS tls. Check mail "
      "scanners on this machine." },
    { "starttls-stripped", NULL, "XXXXXXX", "A firewall removed STARTTLS",
      "The server's answer to EHLO has X's where a keyword was: a device on the way hides "
      "STARTTLS, so that mail goes unencrypted.",
      "Switch the inspection of SMTP off on that device, or use SMTPSendPort 465 with SMTPSendTLS "
      "tls." },
    { "tls-required", "530 5.7.10", NULL, "The server wants encryption first",
      "The server takes no mail and no login on an unencrypted connection.",
      "Set SMTPSendTLS starttls (port 587 or 25) or tls (port 465)." },
    { "cert-expired", NULL, "certificate has expired|certificate expired",
      "The server's certificate has expired",
      "Its time of validity is over, or this machine's clock is wrong.",
      "Have the server's certificate renewed; check the date here. SMTPSendTLSFingerprint can pin "
      "it meanwhile." },
    { "cert-not-yet", NULL, "not yet valid", "The server's certificate is not valid yet",
      "Its validity begins in the future, or this machine's clock is wrong.",
      "Check the date and time zone of this machine (NTP), then the server's." },
    { "cert-self-signed", NULL, "self signed certificate|self-signed certificate",
      "The server's certificate is self-signed",
      "No authority vouches for it, so nobody can tell it from that of somebody in between.",
      "Pin it with SMTPSendTLSFingerprint sha256:HEX (the test prints it) after checking it with "
      "the server's administrator, or name it in "
      "SMTPSendTLSCACertificateFile." },
    { "cert-incomplete", NULL,
      "unable to get local issuer|unable to verify the first certificate|unable to get issuer",
      "The server's certificate chain is incomplete or its authority unknown",
      "The server sends its own certificate without the one between it and a known authority, or "
      "belongs to a company's own authority.",
      "Have the server send the full chain, or name the missing authority's certificate in "
      "SMTPSendTLSCACertificateFile." },
    { "cert-name", NULL,
      "hostname mismatch|did not match expected cn|host name mismatch|name does not match|doesn't "
      "match the host|ip address mismatch",
      "The server's certificate is for another name",
      "SMTPSendHost and the names in the certificate differ: an alias or address was configured, "
      "or another server answers (redirected SMTP).",
      "Put a name of the certificate into SMTPSendHost or SMTPSendTLSName, once you are sure that "
      "this is your server." },
    { "cert-untrusted", NULL,
      "certificate verify failed|unknown authority|unable to find valid certification path|pkix "
      "path|certificate unknown|untrusted",
      "The server's certificate cannot be verified",
      "No authority that this machine trusts has signed it, or the trust store here is out of "
      "date.",
      "Update the system's certificates (package ca-certificates), or name the authority in "
      "SMTPSendTLSCACertificateFile." },
    { "cert-fingerprint", NULL, "fingerprint", "The server's certificate is not the pinned one",
      "SMTPSendTLSFingerprint names another certificate: it was renewed, or somebody is in "
      "between.",
      "Compare with the server's administrator, then put the new fingerprint (the test prints it) "
      "into SMTPSendTLSFingerprint." },
    { "cert-intercepted", NULL,
      "avast|kaspersky|bitdefender|fortinet|fortigate|sophos|zscaler|norton web",
      "A scanner sits in the encrypted connection",
      "The certificate was issued by a security product that decrypts mail on the way, not by a "
      "public authority.",
      "Exempt this connection in that product, or, if it is meant to be there, name its authority "
      "in SMTPSendTLSCACertificateFile." },
    { "tls-old-server", NULL,
      "unsupported protocol|dh key too small|legacy sigalg|unsafe legacy renegotiation|ee key too "
      "small|ca md too weak",
      "The server's TLS is too old",
      "It has only versions, keys or signatures that are no longer safe, and OpenSSL refuses them.",
      "Have the server updated. Until then name its version, such as SMTPSendTLS starttls TLSv1, "
      "which lowers the level for this relay only." },
    { "tls-version", "4.7.66",
      "alert protocol version|protocol version|no protocols available|version too low",
      "No TLS version in common", "The server refuses each version that SMTPSendTLS allows.",
      "Name what the server has: SMTPSendTLS starttls TLSv1.2 TLSv1.3, or drop the versions "
      "for 1.2 and newer." },
    { "tls-client-cert", NULL,
      "certificate required|bad certificate|alert certificate|peer did not return a certificate",
      "The server wants a client certificate or refuses ours",
      "It asks us to prove who we are with a certificate.",
      "Set SMTPSendTLSCertificateFile and SMTPSendTLSCertificateKeyFile to what the server's "
      "administrator issued." },
    { "tls-config", NULL, NULL, "The TLS settings cannot be used",
      "A certificate, key, CA file or cipher list of the settings could not be loaded.",
      "The text names the directive: check that the file exists, is PEM, belongs together and is "
      "readable." },
    { "tls-handshake", NULL,
      "handshake failure|ssl_connect|tlsv1 alert|sslv3 alert|no shared cipher|no ciphers "
      "available|internal error:ssl|unexpected message",
      "The TLS handshake failed",
      "Server and client found no common way to encrypt, or the connection was cut meanwhile.",
      "Run the connection test: it names versions and ciphers. Check SMTPSendTLS and "
      "SMTPSendTLSCipherSuite." },

    /* ---- login ---- */
    { "auth-rejected", "535 5.7.8 5.7.3",
      "authentication failed|authentication unsuccessful|authentication credentials invalid|bad "
      "username / password|invalid login|"
      "invalid credentials|authorization grant is invalid|incorrect authentication|username and "
      "password not accepted",
      "The server rejected the user name or password",
      "The login failed. No mail is lost: it waits until a login works. Services often want "
      "credentials of their own instead of the account's: "
      "SendGrid the user name \"apikey\", Amazon SES its SMTP credentials instead of IAM keys, "
      "Postmark its server token.",
      "Check SMTPSendUsername and SMTPSendPassword (stray blanks, an old password, a file that was "
      "not updated); what uses a file: is read again by itself." },
    { "auth-app-password", "534 5.7.9 535", NULL, "The account needs an app password",
      "Gmail, iCloud, Yahoo, Zoho and others take no account password from programs once two-step "
      "login is on.",
      "Make an app password in the account's security settings and put it, without blanks, into "
      "SMTPSendPassword; or use SMTPSendAuth XOAUTH2." },
    { "auth-web-login", "5.7.14", NULL, "The account wants a login in a browser",
      "The provider found the login unusual and asks the owner to confirm it.",
      "Log in to the account with a browser, confirm the activity, then use an app password in "
      "SMTPSendPassword." },
    { "auth-basic-disabled", "5.7.139", "smtp_auth_disabled",
      "Microsoft 365 does not take this kind of login",
      "SMTP AUTH is off for the tenant or the mailbox, or password logins (\"basic "
      "authentication\") are off.",
      "Switch \"Authenticated SMTP\" on for the mailbox (Microsoft 365 admin center) and the "
      "tenant, or use SMTPSendAuth XOAUTH2 with a token in "
      "SMTPSendPassword exec:…" },
    { "auth-required", "530 5.7.57", NULL, "The server wants a login",
      "It takes mail from known users only. No message is at fault; the mail waits.",
      "Set SMTPSendUsername and SMTPSendPassword; if they are set, see why no login took place: "
      "SMTPSendAuth, and SMTPSendTLS for servers that offer "
      "it only encrypted." },
    { "auth-none-common", "504 534 5.5.4 5.7.4",
      "unrecognized authentication type|no common mechanisms were found|no common mechanism|no "
      "mechanism",
      "No login mechanism in common",
      "The server offers none that SMTPSendAuth allows, or calls the one chosen unknown or too "
      "weak. Some offer the usual ones only after STARTTLS.",
      "Set SMTPSendTLS starttls, or name one of the server's mechanisms in SMTPSendAuth (the test "
      "lists them)." },
    { "auth-not-offered", "503", "authentication not enabled|auth not available|auth not supported",
      "The server offers no login",
      "A user name is set, but the server does not support AUTH here: port 25 of many servers "
      "takes none.",
      "Use the submission port (SMTPSendPort 587 with SMTPSendTLS starttls), or remove "
      "SMTPSendUsername where no login is needed." },
    { "auth-needs-tls", "538 5.7.11", "encryption required for requested",
      "The login needs an encrypted connection",
      "The password or token would cross the network readable, so it was not sent, or the server "
      "refused it.",
      "Set SMTPSendTLS starttls or tls. On a trusted network SMTPSendAuthInsecure On allows it "
      "unencrypted." },
    { "auth-secret-unreadable", NULL, NULL, "The password cannot be read",
      "The source that SMTPSendPassword names gave nothing: the file is missing or not readable "
      "for httpd's User, the variable is not set, or the "
      "program failed or took too long.",
      "The log names the cause. Check the path and its rights; run an exec: program by hand as "
      "httpd's User." },
    { "auth-secret-malformed", NULL, "saslprep",
      "The user name or password has characters that a login cannot carry",
      "A zero byte, a line end in the middle, bytes that are not UTF-8, or characters that the "
      "mechanism forbids.",
      "Store it in UTF-8 with at most one line end at its end; check a token program for what it "
      "prints beside the token." },
    { "auth-server-unproven", NULL, NULL, "The server did not prove that it knows the password",
      "SCRAM lets the server prove itself, and this one did not: a broken server, or somebody in "
      "between who only says yes.",
      "Check that the host is the right one and its certificate is verified (SMTPSendTLSVerify "
      "On); another mechanism can be named in SMTPSendAuth." },
    { "auth-malformed", "501 5.5.2 5.5.6", "cannot decode|invalid base64|malformed auth",
      "The login exchange was not understood",
      "One side could not make sense of the other's words during the login. A proxy or scanner on "
      "the way, or a token cut short, does this.",
      "Name another mechanism in SMTPSendAuth; check that a token is complete." },
    { "auth-too-many", "454 4.7.0", NULL, "Too many logins",
      "The server locks this account or address for a while because of many logins or many "
      "failures.",
      "Wait; nothing is tried more than once in a while. Correct the password if it is wrong, and "
      "lower SMTPSendConnections." },
    { "auth-temporary", "454 4.7.0", "temporary authentication failure",
      "The server cannot check logins now",
      "Its user database does not answer. The mail waits and the login is tried again.",
      "Wait, or ask the server's administrator." },
    { "auth-transition", "432 4.7.12", "password transition",
      "The server needs one plain login first",
      "The account's password must be stored anew before this mechanism works (RFC 4954).",
      "Log in once with SMTPSendAuth PLAIN over TLS, then go back." },
    { "auth-account-disabled", "525 5.7.13", "user account is", "The account is disabled",
      "The server knows the user and has locked him out.",
      "Ask the provider, or put another account into SMTPSendUsername." },

    /* ---- quotas, rates, how we speak ---- */
    { "quota", "x.4.5", NULL, "The account's quota is used up",
      "The service sends no more for this account today, this hour or this month. No message is at "
      "fault; the mail waits and goes out later.",
      "Wait or have the quota raised. SMTPSendRate (such as 2000/d) keeps below it." },
    { "rate-limited", "x.7.28", "unusual rate", "We send faster than the server allows",
      "The server limits messages a second, minute or hour. The mail waits and is tried again.",
      "Set SMTPSendRate to what the service allows, such as 10/s, and lower SMTPSendConnections." },
    { "too-many-connections", "432 4.3.2", NULL, "Too many connections at once",
      "The server allows fewer connections than SMTPSendConnections opens; Microsoft 365 allows "
      "three.",
      "The number is halved by itself for a while; set SMTPSendConnections to what the service "
      "allows to make it permanent." },
    { "one-message", "503", NULL, "The server takes one message a connection",
      "The SMTP host's reply code to the MAIL command was 503 or \"only one MAIL per message\": it "
      "does not take a second message on the same connection.",
      "Set SMTPSendOneMessagePerConnection On. With Auto it is found out and remembered for a "
      "day." },
    { "too-many-recipients", "x.5.3", NULL, "Too many recipients for one message",
      "The server takes fewer recipients in one transaction. The rest follow in further ones.",
      "Set SMTPSendMaxRecipients to the server's limit (1 where it takes one). It is found out and "
      "remembered for a day." },
    { "max-recipients", NULL, NULL, "The server's limit of recipients was found out",
      "It refused more recipients in one transaction; fewer are sent at once from now on, for a "
      "day.",
      "SMTPSendMaxRecipients makes it permanent." },
    { "no-pipelining", NULL, NULL, "The server mishandles pipelining",
      "Several commands at once confuse it. They are sent one by one for a day.",
      "SMTPSendPipelining Off makes it permanent." },
    { "no-chunking", NULL, NULL, "The server refuses BDAT although it offers CHUNKING",
      "Messages are sent with DATA for a day. Nothing is lost.",
      "Nothing to do; a firewall between may be the cause." },
    { "no-ehlo", "502", NULL, "The server does not know EHLO",
      "It is old or a firewall changes the command; HELO is used, which has no STARTTLS and no "
      "login.",
      "If the server should know EHLO, switch off SMTP inspection on firewalls between." },
    { "helo-name", "501 504 5.5.2", NULL, "The server does not accept our name",
      "The name that we give in EHLO is no full host name, or does not exist. Many servers say so "
      "only after the recipient.",
      "Set SMTPSendHelo to this machine's full public name, such as www.example.com." },
    { "hello-refused", NULL, NULL, "The server refuses EHLO and HELO",
      "It does not want to speak with this machine. The mail waits.",
      "The reply says why. Check SMTPSendHelo and whether the server allows this machine's "
      "address." },
    { "service-unavailable", "421 x.3.2",
      "service not available|service unavailable|closing transmission channel|system not "
      "available|shutting down",
      "The server is not available now",
      "It is busy, shutting down or being maintained, and closes the connection. The mail waits "
      "and is tried again.",
      "Wait; several hosts in SMTPSendHost take over for each other." },
    { "bad-sequence", "503 x.5.1", "bad sequence", "The server calls the order of commands wrong",
      "It lost track of the dialogue, often because an earlier reply was changed on the way. A new "
      "connection is used.",
      "Run the connection test; SMTPSendPipelining Off and SMTPSendOneMessagePerConnection On help "
      "with fragile servers." },
    { "closing", NULL, NULL, "The connection ended",
      "The server's answer to QUIT or RSET; no message depends on it.", "Nothing to do." },

    /* ---- sender ---- */
    { "sender-refused", "5.7.60 5.2.252 5.1.0", NULL,
      "The server does not allow this sender address",
      "The login may send only as its own or a verified address. This message cannot go as it is; "
      "others may.",
      "Send from the account's address: SMTPSendEnvelopeFrom and SMTPSendHeaderFrom replace it, or "
      "have the address or domain verified by the service." },
    { "sender-blocked", "5.1.8 5.7.501 5.7.502 5.7.503", NULL,
      "The service has blocked this sender",
      "Too much suspicious mail, too many bounces or complaints came from this account, so the "
      "service stopped it. No message is at fault; the mail waits.",
      "Secure the account, then have it unblocked in the service's administration (Microsoft 365: "
      "restricted entities; Amazon SES: reputation dashboard; "
      "Zoho: unblock outgoing)." },
    { "account-sandbox", NULL, NULL, "The account may send to test addresses only",
      "New accounts of Amazon SES, Mailgun, Postmark and others begin in a sandbox: they reach "
      "only addresses that were verified before. The mail waits.",
      "Ask the service for production access, or add and verify the recipient in its "
      "administration." },
    { "account-rights", NULL, NULL, "The account may not send by SMTP",
      "The login is right, but the account or key lacks the right to send this way (Amazon SES: "
      "ses:SendRawEmail; Zoho, Yahoo and others: SMTP access is off).",
      "Switch SMTP access on in the account's settings, or give the key the right to send; nothing "
      "has to be changed here." },
    { "sender-domain", "x.1.8", "domain of sender address|sender domain",
      "The sender's domain is missing or does not exist",
      "The address has no domain, or one that the name service does not know.",
      "Set SMTPSendDefaultDomain or SMTPSendEnvelopeFrom to an address that exists." },
    { "sender-syntax", "501 x.1.7", NULL, "The server calls the sender's address malformed",
      "A login name such as DOMAIN\\user, or a name without a domain, is no address.",
      "Set SMTPSendEnvelopeFrom or SMTPSendDefaultFrom to a full address." },
    { "null-sender", "501", NULL, "The server refuses reports without a sender",
      "Reports of failed mail have the empty sender <>, as they must; this service does not take "
      "it.",
      "Set SMTPSendBounceFrom to an address that the service accepts." },

    /* ---- recipients ---- */
    { "relay-denied", "5.7.54 4.7.1 5.7.1", NULL, "The server does not relay for us",
      "It takes mail for its own domains only, unless we log in or our address is on its list. No "
      "message is at fault; the mail waits.",
      "Set SMTPSendUsername and SMTPSendPassword (port 587), or have this machine's address "
      "allowed at the server." },
    { "user-unknown", "550 x.1.1 x.1.10", NULL, "The recipient does not exist",
      "The server knows no such mailbox. This recipient has failed; others of the message are not "
      "affected.",
      "Check the address. Remove it from lists: sending on to unknown addresses harms the sender's "
      "reputation." },
    { "domain-unknown", "x.1.2 x.4.4", "domain not found|unrouteable|host or domain name not found",
      "The recipient's domain does not exist",
      "The part after the @ has no mail server or is not registered.",
      "Check the address for a typing error." },
    { "null-mx", "556 x.1.10", "nullmx", "The recipient's domain takes no mail",
      "Its owner has declared so in the name service (RFC 7505).",
      "Check the address; this domain never receives mail." },
    { "address-syntax", "553 501 x.1.3", "malformed address|bad address syntax",
      "The server calls the address malformed", "A character or form that it does not allow.",
      "Check the address; quotes, blanks and missing parts are the usual faults." },
    { "address-domain", NULL, "must contain a domain", "The address has no domain",
      "A local name such as root was used as an address.",
      "Set SMTPSendDefaultDomain, or SMTPSendAlias for names such as root." },
    { "address-utf8", "x.6.7 x.6.9", "smtputf8", "The server cannot take international addresses",
      "An address has characters outside ASCII, and the server does not offer SMTPUTF8.",
      "Use an ASCII address, or another relay." },
    { "user-moved", "551 x.1.6", "user not local", "The recipient has moved",
      "The server does not forward the mail and may name the new address.",
      "Use the new address." },
    { "mailbox-disabled", "x.2.1",
      "mailbox disabled|account inactive|mailbox is disabled|not accepting messages",
      "The recipient's mailbox is disabled", "It exists but takes no mail.",
      "Ask the recipient by other means." },
    { "mailbox-full", "552 x.2.2", NULL, "The recipient's mailbox is full",
      "It takes mail again once the recipient makes room.",
      "Ask the recipient by other means; a temporary refusal is retried by itself." },
    { "no-recipients", NULL, NULL, "The server accepted no recipient",
      "Each recipient was refused before, so the message was not taken.",
      "See the reply to each recipient." },
    { "greylisted", "450 451", NULL, "The server makes us wait (greylisting)",
      "It defers first mail from unknown senders for some minutes; the retry is accepted.",
      "Nothing to do: SMTPSendRetry tries again by itself." },
    { "deferred", "450 451 455 4.0.0", NULL, "The server cannot take it now",
      "A temporary failure; it is tried again (SMTPSendRetry) until SMTPSendExpire.",
      "The reply says why; look at the server's log if it lasts." },

    /* ---- message ---- */
    { "message-too-big", "552 x.3.4 x.2.3", NULL, "The message is too big",
      "It is larger than the server or the recipient allows; attachments grow by a third on the "
      "way.",
      "Send smaller attachments or a link. SMTPSendMaxMessageSize refuses such mail at the door." },
    { "relay-storage", "452 x.3.1", "insufficient system storage|insufficient storage",
      "The server is out of space", "Its disk is full. The mail waits and is tried again.",
      "Tell the server's administrator." },
    { "policy", "550 554 x.7.1 5.7.0 5.7.26 5.7.27", "message rejected due to",
      "The message was refused by policy",
      "A filter took it for spam, or the sender's domain does not vouch for it (SPF, DKIM, DMARC).",
      "Check the domain's SPF record includes this relay and that it signs with DKIM; look at "
      "content and links." },
    { "virus", NULL, NULL, "The server found a virus or a forbidden attachment",
      "A scanner refused the content.", "Remove the attachment or use another file type." },
    { "content-refused", "x.6.0 x.6.1", "not rfc 5322|bare lf|bare cr|invalid header",
      "The server refuses the form of the message",
      "A field or part does not follow its rules, or a kind of content is not supported.",
      "Check the message's fields (From, Date, Message-ID) and encodings." },
    { "parameters-refused", "555 504", "parameters not recognized|parameter not implemented",
      "The server refuses an option of the command",
      "A parameter of MAIL or RCPT, such as a DSN request, is not known to it although offered.",
      "Send without notify, ret and envid; a scanner between "
      "may advertise what the server does not have." },
    { "rejected", "550 554 5.0.0", "transaction failed", "The server refused it for good",
      "A permanent refusal with no closer reason than its words.",
      "Read the reply; ask the server's administrator with it." },

    /* ---- ours ---- */
    { "config-no-host", NULL, "SMTPSendHost is not set", "No server is configured",
      "SMTPSendHost is not set.", "Set SMTPSendHost to the mail server's name." },
    { "config-engine-off", NULL, NULL, "Sending is switched off",
      "SMTPSendEngine is Off: submissions are refused and the queue keeps what it has.",
      "Set SMTPSendEngine On and restart gracefully." },

    /* ---- what the engine and the test found out themselves ---- */
    { "middlebox", NULL, NULL, "A device on the way rewrites SMTP",
      "Keywords or greeting were replaced by X's or asterisks: a firewall or scanner inspects the "
      "connection and hides STARTTLS or AUTH.",
      "Switch the inspection off for this connection, or use SMTPSendPort 465 with SMTPSendTLS "
      "tls, which it cannot rewrite." },
    { "starttls-injection", NULL, NULL, "Something was slipped in before the encryption began",
      "Plain bytes followed the server's answer to STARTTLS. Somebody on the way may have put them "
      "there; the connection was closed, the mail waits.",
      "Tell the server's administrator (its STARTTLS must drop what came before), or use "
      "SMTPSendPort 465 with SMTPSendTLS tls." },
    { "no-8bitmime", "x.6.3", NULL, "The server takes no 8-bit text",
      "The message has parts that cannot be re-encoded, and the server has no 8BITMIME.",
      "Send text in quoted-printable or base64, or use another relay." },
    { "requiretls-missing", "x.7.30", "requiretls", "REQUIRETLS cannot be kept",
      "The message may travel encrypted only, and this server does not offer REQUIRETLS.",
      "Send without the requirement or through another relay." },
    { "content-unreadable", NULL, NULL, "The message's content could not be read from the queue",
      "The delivery daemon could not read it back. The mail waits.",
      "The error log names the cause: look at the disk and the database of SMTPSendQueue." },

    /* ---- codes that need no help of their own: what they mean ---- */
    { "accepted", "250 2.0.0", NULL, "The server took it",
      "The command or the message was accepted.", "Nothing to do." },
    { "code-211", "211", NULL, "System status or help (211)", "An answer to HELP.",
      "Nothing to do." },
    { "code-214", "214", NULL, "Help (214)", "An answer to HELP.", "Nothing to do." },
    { "code-220", "220", NULL, "The server is ready (220)",
      "Its greeting, or its consent to STARTTLS.", "Nothing to do." },
    { "code-221", "221", NULL, "The server says goodbye (221)", "Its answer to QUIT.",
      "Nothing to do." },
    { "code-235", "235 2.7.0", NULL, "The login succeeded (235)",
      "User name and password were accepted.", "Nothing to do." },
    { "code-251", "251 2.1.5", NULL, "The server forwards (251)",
      "The recipient is elsewhere and the server sends the mail on.", "Nothing to do." },
    { "code-252", "252", NULL, "The server does not verify but tries (252)", "An answer to VRFY.",
      "Nothing to do." },
    { "code-334", "334", NULL, "The login goes on (334)",
      "The server waits for the next part of the login.", "Nothing to do." },
    { "code-354", "354", NULL, "The server waits for the message (354)", "Its answer to DATA.",
      "Nothing to do." },
    { "code-458", "458 459", NULL, "The server cannot start its queue (ETRN)",
      "An answer to ETRN (RFC 1985), which is never sent here.", "Nothing to do." },
    { "code-500", "500 x.5.0", NULL, "The server does not know the command (500)",
      "A command was not recognised or its line too long.",
      "A firewall or scanner may change commands; use SMTPSendTLS tls or exempt the connection." },
    { "code-x-1-0", "x.1.0 x.1.5", NULL, "An address is refused",
      "Something about an address is not accepted.",
      "Read the reply's words; check sender and recipient." },
    { "code-x-1-4", "x.1.4", NULL, "The address is ambiguous", "Several mailboxes fit it.",
      "Use a full address." },
    { "code-x-1-9", "x.1.9", NULL, "The message went to a system outside of mail",
      "It was handed to something that gives no reports.", "Nothing to do." },
    { "code-x-2-0", "x.2.0", "STOREDRV", "The recipient's mailbox has a problem",
      "No closer reason was given. In Microsoft 365 see the words after STOREDRV.",
      "Read the reply's words." },
    { "code-x-2-4", "x.2.4", NULL, "A mailing list could not be expanded",
      "The list's address exists but its members could not be found.", "Tell the list's owner." },
    { "code-x-3-0", "x.3.0", NULL, "The server has a problem of its own",
      "A fault of its configuration or system.", "Tell the server's administrator." },
    { "code-x-3-3", "x.3.3", NULL, "The server lacks a feature that the message needs",
      "It cannot do what was asked.", "Send without the feature, or use another relay." },
    { "code-x-3-5", "x.3.5", NULL, "The server is misconfigured", "It says so itself.",
      "Tell the server's administrator." },
    { "code-x-3-6", "x.3.6", NULL, "The requested priority was changed",
      "RFC 6710: sent with another priority.", "Nothing to do." },
    { "code-x-4-0", "x.4.0 x.4.1 x.4.2 x.4.3", NULL,
      "The server cannot reach the recipient's server",
      "A connection or a directory behind the relay failed.",
      "Wait; if it lasts, tell the relay's administrator." },
    { "code-x-4-6", "x.4.6", "mail loop|too many hops", "The mail goes round in a circle",
      "Two servers send it to each other.",
      "Check that SMTPSendHost does not send back here; tell the recipient's administrator." },
    { "code-x-4-7", "x.4.7", NULL, "The message is too old",
      "A server behind the relay gave it up after days of trying.",
      "Send again once the recipient's server works." },
    { "code-x-5-0", "x.5.5", NULL, "Wrong version of the protocol",
      "Server and client do not agree about the protocol.", "Run the connection test." },
    { "code-x-5-2", "x.5.2 x.5.4", NULL, "The server calls a command or its argument wrong",
      "Syntax, or a parameter it does not know.",
      "Check addresses and SMTPSendHelo; a firewall may change commands." },
    { "code-x-6-2", "x.6.2 x.6.3 x.6.4 x.6.5", NULL, "The content must be converted and cannot be",
      "The server or a later one cannot carry this kind of content.",
      "Send text in base64 or quoted-printable." },
    { "code-x-6-6", "x.6.6 x.6.8 x.6.10", NULL, "The content is not available or not decodable",
      "The message's content could not be fetched or converted.",
      "Send again; check URLs and encodings in the message." },
    { "code-x-7-0", "x.7.0", NULL, "Refused for security reasons", "No closer reason was given.",
      "Read the reply's words; ask the server's administrator." },
    { "code-x-7-2", "x.7.2", NULL, "The sender may not write to this list",
      "The mailing list takes mail from certain senders only.", "Ask the list's owner." },
    { "code-x-7-4", "x.7.4 x.7.6", NULL, "A security feature is not supported",
      "An algorithm or a feature is unknown to the server.",
      "See the mechanisms that the test lists; SMTPSendAuth and SMTPSendTLSCipherSuite." },
    { "code-x-7-5", "x.7.5 x.7.7", NULL, "A cryptographic check failed",
      "The content or a signature was found damaged.",
      "Send again; look for devices that change mail." },
    { "code-x-7-15", "x.7.15 x.7.16", NULL, "The priority is too low or the message too big for it",
      "RFC 6710 priorities.", "Send later or smaller." },
    { "code-x-7-17", "x.7.17 x.7.18 x.7.19", NULL, "The mailbox or domain has changed its owner",
      "RFC 7293: the recipient is not who you knew.", "Check whom the address belongs to now." },
    { "code-x-7-20", "x.7.20 x.7.21 x.7.22", NULL, "No acceptable DKIM signature",
      "RFC 7372: the signature is missing, not acceptable or not the author's.",
      "Have the relay sign with DKIM for the From domain." },
    { "code-x-7-23", "x.7.23 x.7.24", "spf check failed|spf fail", "SPF does not allow this relay",
      "RFC 7372: the sender's domain does not list the relay's address.",
      "Add the relay to the domain's SPF record, or use SMTPSendEnvelopeFrom with a domain that "
      "does." },
    { "code-x-7-26", "x.7.26", NULL, "Neither SPF nor DKIM passed",
      "Several checks of the sender's domain failed together.",
      "Set up SPF and DKIM for the sender's domain." },
    { "code-x-7-27", "x.7.27", NULL, "The sender's domain takes no mail",
      "Its MX record says so (RFC 7505), so answers could not arrive.",
      "Use a sender whose domain receives mail." },
    { "code-x-7-29", "x.7.29", NULL, "ARC validation failed",
      "The chain of earlier hops could not be verified.",
      "Tell the administrator of the forwarding server." },
};

const int ss_advice_count = (int)(sizeof(ss_advice_table) / sizeof(ss_advice_table[0]));
