/* advice_table.c: the knowledge base, data only. Where entries share a code, the most common cause
 * comes first. "x.7.8" means 4.7.8 and 5.7.8. The phrases of server replies are in verdict.c. */
#include "smtp/advice.h"

const ss_advice_t ss_advice_table[] = {
    /* ---- the server cannot be found or reached ---- */
    { "resolve-unknown", NULL,
      "no such host|name or service not known|nodename nor servname|nxdomain|host not "
      "found|unknown host|EAI_NONAME",
      "The server's host name does not exist",
      "DNS has no such host. Usually the name is misspelled, or it exists only on an internal "
      "network.",
      "Check the spelling of SMTPSendHost, for example with \"getent hosts NAME\" on this "
      "machine." },
    { "resolve-none", NULL, "no address associated|EAI_NODATA|no data record",
      "The server's host name has no address",
      "The name exists but has no IPv4 or IPv6 address. A mail domain (example.com) often has "
      "none, while its mail server (mail.example.com) has one.",
      "Set SMTPSendHost to the name of the mail server, not to the domain after the @." },
    { "resolve-again", NULL,
      "temporary failure in name resolution|EAI_AGAIN|servfail|try again later (resolver)|server "
      "misbehaving",
      "DNS does not answer",
      "The DNS servers of this machine did not answer, so the server's address is unknown. Mail "
      "stays queued.",
      "Check /etc/resolv.conf and the network of this machine or container. An IP address in "
      "SMTPSendHost needs no DNS (set SMTPSendTLSName as well)." },
    { "connect-refused", NULL, "connection refused|ECONNREFUSED|actively refused",
      "Connection refused",
      "The host answers, but nothing listens on that port, or a firewall rejects the connection. "
      "In a container, \"localhost\" is the container itself.",
      "Check SMTPSendHost and SMTPSendPort. The usual ports are 587 (SMTPSendTLS starttls), 465 "
      "(SMTPSendTLS tls) and 25 (none)." },
    { "connect-timeout", NULL,
      "connection timed out|ETIMEDOUT|i/o timeout|operation timed out|timed out (110)|connect() "
      "failed",
      "Connection timed out",
      "Nothing came back. A firewall between here and the server probably drops the packets. Many "
      "hosting providers block outgoing port 25, some also 465; 587 is usually open.",
      "Try SMTPSendPort 587 with SMTPSendTLS starttls, or ask the provider to open the port. "
      "SMTPSendTimeout sets how long to wait." },
    { "connect-unreachable", NULL,
      "network is unreachable|no route to host|EHOSTUNREACH|ENETUNREACH|host is down|network is "
      "down|ENETDOWN|EHOSTDOWN",
      "The server's network is unreachable",
      "This machine has no route to the address, or a router on the way reported that it is "
      "unreachable.",
      "Check the network and SMTPSendHost. A name with an IPv6 address also causes this on a "
      "machine without IPv6." },
    { "ipv6-unreachable", NULL, "IPv6 address cannot be reached",
      "The server's IPv6 address cannot be reached",
      "The name has IPv6 and IPv4 addresses, but IPv6 does not work from here. Mail is sent over "
      "IPv4, but every connection loses time.",
      "Repair IPv6 on this machine, or put the IPv4 address into SMTPSendHost and the name into "
      "SMTPSendTLSName." },
    { "connect-source", NULL, "cannot assign requested address|EADDRNOTAVAIL",
      "SMTPSendSourceAddress cannot be used",
      "The address is not configured on any interface of this machine, belongs to another address "
      "family than the server, or all local ports are in use.",
      "Correct or remove SMTPSendSourceAddress. If the ports ran out, lower SMTPSendConnections." },
    { "connect-denied", NULL, "permission denied|EACCES|EPERM|operation not permitted",
      "This machine forbids the connection",
      "A local rule (SELinux, AppArmor, a firewall, a container policy) keeps httpd from "
      "connecting to a mail port.",
      "With SELinux, run \"setsebool -P httpd_can_sendmail on\" and \"setsebool -P "
      "httpd_can_network_connect on\". Otherwise check the local firewall." },
    { "connect-resources", NULL,
      "too many open files|EMFILE|ENFILE|no buffer space available|ENOBUFS|cannot allocate "
      "memory|ENOMEM",
      "This machine ran out of file descriptors or memory",
      "The delivery daemon could not open another connection. Mail stays queued.",
      "Raise the open-file limit of the httpd service (LimitNOFILE), or lower "
      "SMTPSendConnections." },
    { "connection-lost", NULL,
      "connection reset|ECONNRESET|broken pipe|EPIPE|connection aborted|ECONNABORTED|end of "
      "file|EOF caught|unexpected eof",
      "The connection was lost",
      "The server, or a device on the way, closed the connection in the middle of the session. "
      "Mail stays queued and is sent over a new connection.",
      "If it happens often, look at the server's log, and set SMTPSendMaxConnectionAge or "
      "SMTPSendIdleTimeout below what the server or a firewall allows." },
    { "lost-connection", NULL, NULL, "The server closed the connection without a reply",
      "The server closed the connection while a reply was due. This says nothing about the "
      "message, which is retried.",
      "Look at the server's log at that time. If it happens after a certain number of messages, "
      "set SMTPSendMaxMessagesPerConnection." },
    { "uncertain", NULL, NULL, "It is unknown whether the server accepted the message",
      "The connection was lost after the end of the message and before the server's reply. Sending "
      "it again may deliver it twice; not sending it may lose it.",
      "SMTPSendUncertain decides: \"retry\" sends it again, \"hold\" waits for an operator. Search "
      "the server's log for the Message-ID, then release or cancel the message." },
    { "timeout", NULL,
      "timed out waiting for the answer|timed out waiting for the reply|command-timeout",
      "The server did not reply in time",
      "The connection is up, but a reply did not arrive in time. Busy servers and spam filters can "
      "be slow. The connection was closed; mail stays queued.",
      "Raise SMTPSendTimeout (its values are connect, greeting, auth, command, data), or ask the "
      "server's administrator." },
    { "test-timeout", NULL, NULL, "The connection test ran out of time",
      "The whole test has a deadline, and the step shown was still in progress when it passed.",
      "Look at the step that took the time. SMTPSendTestTimeout sets the deadline; keep it below "
      "the timeout of a proxy in front of httpd." },

    /* ---- greeting ---- */
    { "greeting-silent", NULL, "greeting never received|no greeting",
      "The server sends no greeting",
      "The connection is up, but no greeting came. A server that expects TLS from the first byte "
      "(port 465) waits for the client's handshake.",
      "Set SMTPSendTLS tls for port 465, starttls or none for ports 587 and 25; SMTPSendTLS "
      "negotiate finds out which. If the server only greets late, raise the second value of "
      "SMTPSendTimeout." },
    { "tls-silent", NULL, NULL, "The server does not answer the TLS handshake",
      "The TLS handshake was sent and nothing came back. The port may start in plain text, or a "
      "device on the way drops TLS.",
      "For ports 587 and 25 set SMTPSendTLS starttls. SMTPSendTLS negotiate finds out which is "
      "right." },
    { "greeting-tls", NULL, "server speaks tls",
      "The server speaks TLS where plain text was expected",
      "The first bytes are TLS instead of a greeting: the port expects TLS from the first byte.",
      "Set SMTPSendTLS tls (usual with SMTPSendPort 465), or use port 587 with SMTPSendTLS "
      "starttls." },
    { "tls-plain-port", NULL,
      "wrong version number|unknown protocol|first record does not look like a tls "
      "handshake|packet length too long|http request",
      "The server speaks plain text where TLS was expected",
      "The port expects STARTTLS or no encryption at all: its plain-text greeting is not a TLS "
      "record, which OpenSSL reports as \"wrong version number\".",
      "Set SMTPSendTLS starttls for ports 587 and 25, or use SMTPSendPort 465 with SMTPSendTLS "
      "tls." },
    { "greeting-timeout", NULL, NULL, "The server's greeting did not arrive in time",
      "Some servers delay their greeting on purpose, or wait for a slow DNS lookup of our address.",
      "Raise the second value of SMTPSendTimeout, or ask the server's administrator to exempt this "
      "machine." },
    { "greeting-lost", NULL, NULL, "The server closed the connection before its greeting",
      "The connection was accepted and closed at once. Usual causes: the port expects TLS, our "
      "address is not allowed, or there are too many connections.",
      "Check SMTPSendTLS and SMTPSendPort, then whether the server allows this machine's "
      "address." },
    { "greeting-asterisks", NULL, "220 ***|220 **", "A firewall rewrites the server's greeting",
      "The greeting consists of asterisks: a device on the way inspects SMTP (Cisco: fixup, "
      "inspect esmtp) and hides the server's words, usually STARTTLS and AUTH too.",
      "Turn the inspection off for this connection, or use SMTPSendPort 465 with SMTPSendTLS tls, "
      "which it cannot rewrite." },
    { "greeting-refused", "521 554", "no smtp service here|does not accept mail from",
      "The server refuses our connection",
      "The server refuses this machine's address in its greeting. No message is at fault; mail "
      "stays queued.",
      "Ask the server's administrator to allow this address, or use another source address "
      "(SMTPSendSourceAddress) or another server (SMTPSendHost)." },
    { "client-refused", NULL, NULL, "The server refuses this machine",
      "The refusal is about our address, not about the message. Mail stays queued until the server "
      "accepts this machine.",
      "Ask the server's administrator to allow this machine, or log in: set SMTPSendUsername and "
      "SMTPSendPassword and use port 587." },
    { "address-listed", NULL, NULL, "Our address is on a block list",
      "The server refuses mail from this machine's public address because it is on a public block "
      "list or on the server's own.",
      "Look the address up at the list named in the reply and ask for removal, or send through "
      "your provider's server with a login (SMTPSendHost, SMTPSendUsername)." },
    { "reverse-dns", "x.7.25", NULL, "Our address has no matching reverse DNS name",
      "The server looks up the name of our address (PTR record) and finds none, or one that does "
      "not resolve back to the address.",
      "Have the owner of the address set a PTR record that agrees with SMTPSendHelo, or send "
      "through a server that accepts a login." },
    { "other-server", NULL, NULL, "Another server answered",
      "The greeting or the certificate carries the name of another host. Some hosting providers "
      "redirect outgoing SMTP to a server of their own.",
      "Ask the provider to turn the redirection off (\"SMTP restrictions\"), put its server into "
      "SMTPSendHost, or try port 465 or 2525." },
    { "not-smtp", NULL,
      "command not recognized|unrecognized command|command unrecognized|unsupported "
      "command|protocol-error",
      "The reply is not SMTP",
      "The other side does not follow the SMTP protocol, or a virus scanner or firewall garbles "
      "commands or replies.",
      "Check host and port, and run the connection test to see the dialogue. If a scanner or "
      "firewall is in between, exempt this connection or use SMTPSendTLS tls, which it cannot "
      "change. If replies are mixed up, try SMTPSendPipelining Off." },

    /* ---- TLS and certificates ---- */
    { "starttls-not-offered", NULL,
      "starttls not offered|does not offer starttls|starttls not supported|starttls-missing",
      "The server does not offer STARTTLS",
      "SMTPSendTLS requires encryption, but the server's reply to EHLO does not list STARTTLS. No "
      "mail and no password was sent in plain text.",
      "Use SMTPSendPort 465 with SMTPSendTLS tls if the server supports it. On a trusted network, "
      "SMTPSendTLS none or opportunistic is possible." },
    { "starttls-refused", "454", "tls not available", "The server refuses STARTTLS",
      "STARTTLS was offered and then refused: the server's certificate is not set up, or a scanner "
      "on this machine intercepts the command.",
      "Ask the server's administrator, or use SMTPSendPort 465 with SMTPSendTLS tls. Check mail "
      "scanners on this machine." },
    { "starttls-stripped", NULL, "XXXXXXX", "A firewall removed STARTTLS",
      "The server's reply to EHLO has X's in place of a keyword: a device on the way hides "
      "STARTTLS so that mail goes unencrypted.",
      "Turn SMTP inspection off on that device, or use SMTPSendPort 465 with SMTPSendTLS tls." },
    { "starttls-injection", NULL, NULL, "Data was injected before encryption started",
      "Plain-text bytes followed the server's reply to STARTTLS; an attacker may have inserted "
      "them. The connection was closed; mail stays queued.",
      "Tell the server's administrator (STARTTLS must discard earlier input), or use SMTPSendPort "
      "465 with SMTPSendTLS tls." },
    { "middlebox", NULL, NULL, "A device on the way rewrites SMTP",
      "Keywords or the greeting were replaced by X's or asterisks: a firewall or scanner inspects "
      "the connection and hides STARTTLS or AUTH.",
      "Turn the inspection off for this connection, or use SMTPSendPort 465 with SMTPSendTLS tls, "
      "which it cannot rewrite." },
    { "tls-required", "530 5.7.10", NULL, "The server requires encryption",
      "The server accepts neither mail nor a login over an unencrypted connection.",
      "Set SMTPSendTLS starttls (port 587 or 25) or tls (port 465)." },
    { "cert-expired", NULL, "certificate has expired|certificate expired",
      "The server's certificate has expired",
      "The certificate's validity has ended, or this machine's clock is wrong.",
      "Have the server's certificate renewed and check the date here. Until then "
      "SMTPSendTLSFingerprint can pin it." },
    { "cert-not-yet", NULL, "not yet valid", "The server's certificate is not valid yet",
      "Its validity starts in the future, or this machine's clock is wrong.",
      "Check the date and time zone of this machine (NTP), then those of the server." },
    { "cert-self-signed", NULL, "self signed certificate|self-signed certificate",
      "The server's certificate is self-signed",
      "No certificate authority vouches for it, so it cannot be distinguished from an attacker's "
      "certificate.",
      "Check it with the server's administrator, then pin it with SMTPSendTLSFingerprint "
      "sha256:HEX (the test prints the value) or name it in SMTPSendTLSCACertificateFile." },
    { "cert-incomplete", NULL,
      "unable to get local issuer|unable to verify the first certificate|unable to get issuer",
      "The server's certificate chain is incomplete or its CA is unknown",
      "The server sends its certificate without the intermediate one, or the certificate was "
      "issued by a private CA.",
      "Have the server send the full chain, or name the missing CA certificate in "
      "SMTPSendTLSCACertificateFile." },
    { "cert-name", NULL,
      "hostname mismatch|did not match expected cn|host name mismatch|name does not match|doesn't "
      "match the host|ip address mismatch",
      "The server's certificate is for another name",
      "SMTPSendHost is not among the names in the certificate: an alias or an IP address was "
      "configured, or another server answers (redirected SMTP).",
      "Once you are sure that it is your server, put a name of the certificate into SMTPSendHost "
      "or SMTPSendTLSName." },
    { "cert-untrusted", NULL,
      "certificate verify failed|unknown authority|unable to find valid certification path|pkix "
      "path|certificate unknown|untrusted",
      "The server's certificate cannot be verified",
      "It was not issued by a CA that this machine trusts, or the trust store here is out of date.",
      "Update the system's CA certificates (package ca-certificates), or name the CA in "
      "SMTPSendTLSCACertificateFile." },
    { "cert-fingerprint", NULL, "fingerprint", "The server's certificate is not the pinned one",
      "The certificate does not match SMTPSendTLSFingerprint: it was renewed, or somebody "
      "intercepts the connection.",
      "Compare it with the server's administrator, then put the new fingerprint (the test prints "
      "it) into SMTPSendTLSFingerprint." },
    { "cert-intercepted", NULL,
      "avast|kaspersky|bitdefender|fortinet|fortigate|sophos|zscaler|norton web",
      "A security product intercepts the encrypted connection",
      "The certificate was issued by a security product that decrypts mail on the way, not by a "
      "public CA.",
      "Exempt this connection in that product. If the interception is intended, name the product's "
      "CA in SMTPSendTLSCACertificateFile." },
    { "tls-old-server", NULL,
      "unsupported protocol|dh key too small|legacy sigalg|unsafe legacy renegotiation|ee key too "
      "small|ca md too weak",
      "The server's TLS is too old",
      "The server has only versions, keys or signatures that are no longer secure, and OpenSSL "
      "refuses them.",
      "Have the server updated. Until then, name its version, for example SMTPSendTLS starttls "
      "TLSv1, which lowers the security level for this relay only." },
    { "tls-version", "4.7.66",
      "alert protocol version|protocol version|no protocols available|version too low",
      "No common TLS version", "The server refuses every TLS version that SMTPSendTLS allows.",
      "Name the server's versions, for example SMTPSendTLS starttls TLSv1.2 TLSv1.3; without any "
      "named, 1.2 and newer are used." },
    { "tls-client-cert", NULL,
      "certificate required|bad certificate|alert certificate|peer did not return a certificate",
      "The server requires a client certificate or refuses ours",
      "The server wants this machine to identify itself with a certificate.",
      "Set SMTPSendTLSCertificateFile and SMTPSendTLSCertificateKeyFile to the files issued by the "
      "server's administrator." },
    { "tls-config", NULL, NULL, "The TLS settings cannot be used",
      "A certificate, key, CA file or cipher list could not be loaded.",
      "The text names the directive. Check that the file exists, is readable and in PEM format, "
      "and that key and certificate match." },
    { "tls-large-hello", NULL, NULL, "The server answers only a small TLS handshake",
      "The first packet of the handshake with the newest key exchange (post-quantum groups of "
      "OpenSSL 3.5) is larger than some servers and firewalls can take. A smaller one worked and "
      "is used from now on.",
      "Set SMTPSendTLSGroups X25519:P-256 to make it permanent, or have the server or the firewall "
      "updated." },
    { "tls-renegotiation", NULL, NULL, "The server wants to negotiate TLS anew",
      "It asked for another handshake in the middle of the session, which TLS 1.3 no longer has "
      "and which is refused here because it was attacked before. Often it wants a client "
      "certificate late.",
      "Have the server ask for the certificate at the beginning, or let it accept TLS 1.3." },
    { "tls-handshake", NULL,
      "handshake failure|ssl_connect|tlsv1 alert|sslv3 alert|no shared cipher|no ciphers "
      "available|internal error:ssl|unexpected message",
      "The TLS handshake failed",
      "Client and server have no version or cipher in common, or the connection was cut during the "
      "handshake.",
      "Run the connection test: it shows versions and ciphers. Check SMTPSendTLS and "
      "SMTPSendTLSCipherSuite." },

    /* ---- login ---- */
    { "auth-rejected", "535 5.7.8 5.7.3",
      "authentication failed|authentication unsuccessful|authentication credentials invalid|bad "
      "username / password|invalid login|invalid credentials|authorization grant is "
      "invalid|incorrect authentication|username and password not accepted",
      "The server rejected the user name or password",
      "The login failed. No mail is lost: it stays queued until a login succeeds. Many services "
      "have separate SMTP credentials: SendGrid expects the user name \"apikey\", Amazon SES its "
      "SMTP credentials instead of IAM keys, Postmark its server token.",
      "Check SMTPSendUsername and SMTPSendPassword (stray blanks, an old password, a file that was "
      "not updated). A password from file: is read again when the file changes." },
    { "auth-app-password", "534 5.7.9 535", NULL, "The account needs an app password",
      "With two-step verification on, Gmail, iCloud, Yahoo, Zoho and others do not accept the "
      "account password from programs.",
      "Create an app password in the account's security settings and put it, without blanks, into "
      "SMTPSendPassword, or use SMTPSendAuth XOAUTH2." },
    { "auth-web-login", "5.7.14", NULL, "The account requires a login in a browser",
      "The provider found the login unusual and wants the owner to confirm it.",
      "Log in to the account with a browser and confirm the activity, then use an app password in "
      "SMTPSendPassword." },
    { "auth-basic-disabled", "5.7.139", "smtp_auth_disabled",
      "Microsoft 365 does not accept this kind of login",
      "SMTP AUTH is off for the tenant or the mailbox, or password logins (\"basic "
      "authentication\") are off.",
      "Turn \"Authenticated SMTP\" on for the mailbox (Microsoft 365 admin center) and the tenant, "
      "or use SMTPSendAuth XOAUTH2 with a token in SMTPSendPassword exec:…" },
    { "auth-required", "530 5.7.57", NULL, "The server requires a login",
      "It accepts mail from known users only. No message is at fault; mail stays queued.",
      "Set SMTPSendUsername and SMTPSendPassword. If they are set, find out why no login took "
      "place: check SMTPSendAuth, and SMTPSendTLS for servers that offer logins over TLS only." },
    { "auth-none-common", "504 534 5.5.4 5.7.4",
      "unrecognized authentication type|no common mechanisms were found|no common mechanism|no "
      "mechanism",
      "No common login mechanism",
      "The server offers none that SMTPSendAuth allows, or calls the chosen one unknown or too "
      "weak. Some servers offer the usual ones only after STARTTLS.",
      "Set SMTPSendTLS starttls, or name one of the server's mechanisms in SMTPSendAuth (the test "
      "lists them)." },
    { "auth-not-offered", "503", "authentication not enabled|auth not available|auth not supported",
      "The server does not offer a login",
      "A user name is set, but the server does not support AUTH here. Many servers do not offer it "
      "on port 25.",
      "Use the submission port (SMTPSendPort 587 with SMTPSendTLS starttls), or remove "
      "SMTPSendUsername if no login is needed." },
    { "auth-needs-tls", "538 5.7.11", "encryption required for requested",
      "The login needs an encrypted connection",
      "The password or token would have crossed the network in plain text, or gone to a server "
      "that "
      "was not verified (SMTPSendTLS opportunistic), so it was not sent; or the server refused it.",
      "Set SMTPSendTLS starttls or tls. On a trusted network, SMTPSendAuthInsecure On allows it "
      "without them." },
    { "auth-secret-unreadable", NULL, NULL, "The password cannot be read",
      "The source that SMTPSendPassword names gave no password: the file is missing, empty or not "
      "readable by httpd's User, the variable is not set, or the program failed or took too long.",
      "The log gives the cause. Check the path and its permissions; run an exec: program by hand "
      "as httpd's User." },
    { "auth-secret-malformed", NULL, "saslprep",
      "The user name or password contains characters that a login cannot carry",
      "It contains a zero byte, a line break in the middle, invalid UTF-8, or characters that the "
      "mechanism forbids.",
      "Store it in UTF-8 with at most one line break, at its end. Check what a token program "
      "prints besides the token." },
    { "auth-server-unproven", NULL, NULL, "The server did not prove that it knows the password",
      "With SCRAM the server must prove that it knows the password, and this one did not: it is "
      "broken, or an attacker answers in its place.",
      "Check that the host is right and that its certificate is verified (SMTPSendTLSVerify On). "
      "SMTPSendAuth can name another mechanism." },
    { "auth-malformed", "501 5.5.2 5.5.6", "cannot decode|invalid base64|malformed auth",
      "The login exchange failed",
      "One side could not decode what the other sent during the login. A proxy or scanner on the "
      "way, or a truncated token, can cause this.",
      "Name another mechanism in SMTPSendAuth; check that a token is complete." },
    { "auth-mechanism-refused", NULL, NULL, "The server refuses a login mechanism that it offers",
      "It offers several and does not take this one, although the password may be right: often its "
      "password store cannot serve CRAM-MD5 or SCRAM. The next one was tried.",
      "Name the mechanism that works in SMTPSendAuth, for example SMTPSendAuth PLAIN LOGIN: the "
      "one that failed is then not tried any more." },
    { "auth-too-many", "454 4.7.0", NULL, "Too many logins",
      "The server locks this account or address for a while because of too many logins or too many "
      "failures.",
      "Wait; logins are retried at growing intervals. Correct the password if it is wrong, and "
      "lower SMTPSendConnections." },
    { "auth-temporary", "454 4.7.0", "temporary authentication failure",
      "The server cannot check logins at the moment",
      "Its user database does not respond. Mail stays queued and the login is retried.",
      "Wait, or ask the server's administrator." },
    { "auth-transition", "432 4.7.12", "password transition",
      "The server needs one plain login first",
      "The server must store the account's password again before this mechanism works (RFC 4954).",
      "Log in once with SMTPSendAuth PLAIN over TLS, then restore the setting." },
    { "auth-account-disabled", "525 5.7.13", "user account is", "The account is disabled",
      "The server knows the user but has disabled the account.",
      "Ask the provider, or use another account in SMTPSendUsername." },

    /* ---- quotas, rates, limitations of the server ---- */
    { "quota", "x.4.5", NULL, "The account's quota is used up",
      "The service does not send more for this account this hour, day or month. No message is at "
      "fault; mail stays queued and is sent later.",
      "Wait, or have the quota raised. SMTPSendRate (for example 2000/d) keeps below it." },
    { "rate-limited", "x.7.28", "unusual rate", "We send faster than the server allows",
      "The server limits the number of messages per second, minute or hour. Mail stays queued and "
      "is retried.",
      "Set SMTPSendRate to what the service allows, for example 10/s, and lower "
      "SMTPSendConnections." },
    { "too-many-connections", "432 4.3.2", NULL, "Too many connections",
      "The server allows fewer connections than SMTPSendConnections opens; Microsoft 365 allows "
      "three.",
      "The number was halved automatically for a while. Set SMTPSendConnections to what the "
      "service allows to make it permanent." },
    { "one-message", "503", NULL, "The server accepts one message per connection",
      "The SMTP host's reply code to the MAIL command was 503 or \"only one MAIL per message\": it "
      "does not accept a second message on the same connection.",
      "Set SMTPSendOneMessagePerConnection On. With Auto it is detected and remembered for a "
      "day." },
    { "session-limit", NULL, "too many messages sent", "The server limits messages per connection",
      "It refused a further message on a connection that had carried some. The message was sent on "
      "a new connection at once, and no attempt was charged.",
      "Set SMTPSendMaxMessagesPerConnection to the server's limit (OpenSMTPD: 100). With "
      "SMTPSendOneMessagePerConnection Auto it is detected and remembered for a day." },
    { "too-many-recipients", "x.5.3", NULL, "Too many recipients for one message",
      "The server accepts fewer recipients per transaction. The others are sent in further "
      "transactions.",
      "Set SMTPSendMaxRecipients to the server's limit (1 if it accepts one). The limit is "
      "detected and remembered for a day." },
    { "max-recipients", NULL, NULL, "The server's recipient limit was detected",
      "It refused more recipients in one transaction, so fewer are sent at a time for a day.",
      "Set SMTPSendMaxRecipients to make it permanent." },
    { "no-pipelining", NULL, NULL, "The server mishandles pipelining",
      "Several commands at once confuse it, so commands are sent one by one for a day.",
      "Set SMTPSendPipelining Off to make it permanent." },
    { "no-chunking", NULL, NULL, "The server refuses BDAT although it offers CHUNKING",
      "Messages are sent with DATA for a day. Nothing is lost.",
      "No action needed. A firewall in between may be the cause." },
    { "no-ehlo", "502", NULL, "The server does not know EHLO",
      "It is old, or a firewall changes the command. HELO is used instead, which has no STARTTLS "
      "and no login.",
      "If the server should know EHLO, turn SMTP inspection off on firewalls in between." },
    { "helo-name", "501 504 5.5.2", NULL, "The server does not accept our host name",
      "The name that we give in EHLO is not a fully qualified host name, or does not exist. Many "
      "servers report this only after the recipient.",
      "Set SMTPSendHelo to this machine's full public name, for example www.example.com." },
    { "hello-refused", NULL, NULL, "The server refuses EHLO and HELO",
      "It refuses to talk to this machine. Mail stays queued.",
      "The reply gives the reason. Check SMTPSendHelo and whether the server allows this machine's "
      "address." },
    { "service-unavailable", "421 x.3.2",
      "service not available|service unavailable|closing transmission channel|system not "
      "available|shutting down",
      "The server is currently unavailable",
      "It is busy, shutting down or in maintenance, and closes the connection. Mail stays queued "
      "and is retried.",
      "Wait. With several hosts in SMTPSendHost, the next one takes over." },
    { "server-timeout", NULL, NULL, "The server waited too long for us",
      "Nothing was sent for longer than the server allows, so it closed the connection. A new one "
      "is used.",
      "If it happens often, set SMTPSendIdleTimeout below the server's limit." },
    { "too-many-errors", NULL, NULL, "The server ended the session after too many refusals",
      "It closes a connection on which it refused several commands, such as unknown recipients.",
      "See the replies before; remove addresses that do not exist." },
    { "server-fault", NULL, NULL, "The server has a fault of its own",
      "The reply is about the server's state, such as an expired license or a broken filter. Mail "
      "stays queued and is retried.",
      "Tell the server's administrator." },
    { "bad-sequence", "503 x.5.1", "bad sequence", "The server reports a wrong order of commands",
      "It lost track of the session, often because a device on the way changed an earlier reply. A "
      "new connection is used.",
      "Run the connection test. SMTPSendPipelining Off and SMTPSendOneMessagePerConnection On help "
      "with fragile servers." },
    { "closing", NULL, NULL, "The connection was closed",
      "The server's reply to QUIT or RSET; no message depends on it.", "No action needed." },

    /* ---- sender ---- */
    { "sender-refused", "5.7.60 5.2.252 5.1.0", NULL,
      "The server does not allow this sender address",
      "The login may send only from its own or a verified address. This message cannot be sent as "
      "it is; others may.",
      "Send from the account's address (SMTPSendEnvelopeFrom and SMTPSendHeaderFrom replace the "
      "sender), or have the address or domain verified by the service." },
    { "sender-blocked", "5.1.8 5.7.501 5.7.502 5.7.503", NULL,
      "The service has blocked this sender",
      "The service stopped the account because of suspicious mail, bounces or complaints. No "
      "message is at fault; mail stays queued.",
      "Secure the account, then have it unblocked in the service's administration (Microsoft 365: "
      "restricted entities; Amazon SES: reputation dashboard; Zoho: unblock outgoing)." },
    { "account-sandbox", NULL, NULL, "The account may send to test addresses only",
      "New accounts of Amazon SES, Mailgun, Postmark and others start in a sandbox: they reach "
      "only verified addresses. Mail stays queued.",
      "Ask the service for production access, or add and verify the recipient in its "
      "administration." },
    { "account-rights", NULL, NULL, "The account may not send by SMTP",
      "The login is correct, but the account or key lacks the permission to send this way (Amazon "
      "SES: ses:SendRawEmail; Zoho, Yahoo and others: SMTP access is off).",
      "Turn SMTP access on in the account's settings, or give the key permission to send. Nothing "
      "needs to change here." },
    { "sender-domain", "x.1.8", "domain of sender address|sender domain",
      "The sender's domain is missing or does not exist",
      "The address has no domain, or one that is not in DNS.",
      "Set SMTPSendDefaultDomain, or set SMTPSendEnvelopeFrom to an existing address." },
    { "sender-unverified", NULL, NULL, "The server could not verify the sender's address",
      "It asked the mail server of the sender's domain whether the address exists, and got no or a "
      "negative answer.",
      "Use a sender that exists and accepts mail: SMTPSendEnvelopeFrom sets it for all messages." },
    { "sender-unauthenticated", "x.7.26", NULL, "Neither SPF nor DKIM passed",
      "The service accepts mail only from domains that prove by SPF or DKIM that it is theirs (RFC "
      "7372).",
      "List the relay in the SPF record of the sender's domain, or have the relay sign with DKIM "
      "for it. With SMTPSendEnvelopeFrom and SMTPSendHeaderFrom, send from a domain that has "
      "both." },
    { "spf", "x.7.23 x.7.24", NULL, "SPF does not allow this relay to send for the sender's domain",
      "The SPF record of the envelope sender's domain is missing, faulty, or does not list the "
      "relay's address (RFC 7208).",
      "Add the relay to the domain's SPF record, or set SMTPSendEnvelopeFrom to an address of a "
      "domain that lists it." },
    { "dkim", "x.7.20 x.7.21 x.7.22", NULL, "No acceptable DKIM signature",
      "The signature is missing, does not verify, or is not that of the author's domain (RFC "
      "6376).",
      "Have the relay sign with DKIM for the From domain, and make sure that nothing changes the "
      "message after that." },
    { "dmarc", "5.7.515 5.7.509", NULL,
      "The message does not pass the DMARC rules for its From domain",
      "The service requires a DMARC record of the From domain, and that SPF or DKIM passes for "
      "this very domain (alignment, RFC 7489).",
      "Have the relay sign with DKIM for the From domain, or set SMTPSendEnvelopeFrom to an "
      "address of that domain and list the relay in its SPF record. Publish \"v=DMARC1; p=none\" "
      "at _dmarc.DOMAIN if there is no record." },
    { "reputation", NULL, NULL, "The service has a bad opinion of our address or domain",
      "It counted complaints, spam or unusual traffic from the address or domain that the mail "
      "comes from, and slows it down or refuses it.",
      "Send less (SMTPSendRate) and only to people who asked for it. Look the address up at the "
      "service's postmaster pages (Google Postmaster Tools, Microsoft SNDS, Yahoo Sender Hub), or "
      "send through a provider's relay." },
    { "domain-listed", NULL, NULL, "A domain of the message is on a block list",
      "The domain of the sender, of SMTPSendHelo, or of a link in the text is on a block list of "
      "domains.",
      "Look the domain up at the list named in the reply and ask for removal; check the links in "
      "the message." },
    { "sender-syntax", "501 x.1.7", NULL, "The server calls the sender's address malformed",
      "A login name such as DOMAIN\\user, or a name without a domain, is not a mail address.",
      "Set SMTPSendEnvelopeFrom or SMTPSendDefaultFrom to a full address." },
    { "null-sender", "501", NULL, "The server refuses the empty sender",
      "Bounces have the empty sender <>, as RFC 5321 requires; this service does not accept it.",
      "Set SMTPSendBounceFrom to an address that the service accepts." },

    /* ---- recipients ---- */
    { "relay-denied", "5.7.54 4.7.1 5.7.1", NULL, "The server does not relay for us",
      "It accepts mail for its own domains only, unless we log in or our address is allowed. No "
      "message is at fault; mail stays queued.",
      "Set SMTPSendUsername and SMTPSendPassword (port 587), or have this machine's address "
      "allowed at the server." },
    { "user-unknown", "550 x.1.1 x.1.10", NULL, "The recipient does not exist",
      "The server knows no such mailbox. This recipient failed; the other recipients are not "
      "affected.",
      "Check the address. Remove it from mailing lists: mail to unknown addresses harms the "
      "sender's reputation." },
    { "domain-unknown", "x.1.2 x.4.4", "domain not found|unrouteable|host or domain name not found",
      "The recipient's domain does not exist",
      "The part after the @ has no mail server or is not registered.",
      "Check the address for a typing error." },
    { "null-mx", "556 x.1.10", "nullmx", "The recipient's domain accepts no mail",
      "Its owner says so in DNS (RFC 7505).",
      "Check the address; this domain never accepts mail." },
    { "address-syntax", "553 501 x.1.3", "malformed address|bad address syntax",
      "The server calls the address malformed",
      "The address contains a character or has a form that the server does not allow.",
      "Check the address for quotes, blanks and missing parts." },
    { "address-domain", NULL, "must contain a domain", "The address has no domain",
      "A local name such as root was used as an address.",
      "Set SMTPSendDefaultDomain, or SMTPSendAlias for names such as root." },
    { "address-utf8", "x.6.7 x.6.9", "smtputf8",
      "The server does not support international addresses",
      "An address has characters outside ASCII, and the server does not offer SMTPUTF8.",
      "Use an ASCII address or another relay." },
    { "user-moved", "551 x.1.6", "user not local", "The recipient has moved",
      "The server does not forward the mail; the reply may name the new address.",
      "Use the new address." },
    { "mailbox-disabled", "x.2.1",
      "mailbox disabled|account inactive|mailbox is disabled|not accepting messages",
      "The recipient's mailbox is disabled", "The mailbox exists but accepts no mail.",
      "Contact the recipient in another way." },
    { "recipient-unverified", NULL, NULL, "The server still checks whether the recipient exists",
      "It asks the server behind it about the address, which takes time at the first message, or "
      "that server does not answer.",
      "No action needed: the message is retried (SMTPSendRetry). If it persists, tell the "
      "recipient's administrator." },
    { "recipient-rate", NULL, NULL, "The recipient gets too much mail at the moment",
      "The service limits how much mail one mailbox receives in a time. It is about this recipient "
      "only.",
      "No action needed for a temporary refusal: it is retried. Find out what sends so much mail "
      "to this address." },
    { "recipient-refuses", "x.7.124 x.7.129 x.7.133 x.7.134 5.7.513", NULL,
      "The recipient or their organization refuses mail from us",
      "The address exists, but a rule of its owner or administrator does not admit this sender, or "
      "outside senders at all.",
      "Ask the recipient's administrator to admit the sender's address." },
    { "mailbox-full", "552 x.2.2", NULL, "The recipient's mailbox is full",
      "It accepts mail again when the recipient makes room.",
      "Contact the recipient in another way. A temporary refusal is retried automatically." },
    { "no-recipients", NULL, NULL, "The server accepted no recipient",
      "All recipients were refused, so the message was not accepted.",
      "See the reply to each recipient." },
    { "greylisted", "450 451", NULL, "The server defers first-time senders (greylisting)",
      "It defers the first mail from unknown senders for some minutes and accepts the retry.",
      "No action needed: the message is retried (SMTPSendRetry)." },
    { "deferred", "450 451 455 4.0.0", NULL, "The server cannot accept it at the moment",
      "A temporary failure; it is retried (SMTPSendRetry) until SMTPSendExpire.",
      "The reply gives the reason; look at the server's log if it persists." },

    /* ---- message ---- */
    { "message-too-big", "552 x.3.4 x.2.3", NULL, "The message is too big",
      "It is larger than the server or the recipient allows. Attachments grow by a third in "
      "transit.",
      "Send smaller attachments or a link. SMTPSendMaxMessageSize refuses such mail at "
      "submission." },
    { "relay-storage", "452 x.3.1", "insufficient system storage|insufficient storage",
      "The server is out of space", "Its disk is full. Mail stays queued and is retried.",
      "Tell the server's administrator." },
    { "policy", "550 554 x.7.1 5.7.0", "message rejected due to",
      "The message was refused by policy",
      "A rule of the server or of the recipient's organization does not admit it; the reply says "
      "no more.",
      "Check that the domain's SPF record includes this relay and that mail is signed with DKIM; "
      "check content and links." },
    { "spam", NULL, NULL, "The server took the message for spam",
      "A filter judged by the content, a link in it, or the sender.",
      "Check subject, links and attachments, and that the sender's domain has SPF, DKIM and DMARC. "
      "Many services have a page to report a wrong judgement; the reply may name it." },
    { "virus", NULL, NULL, "The server found a virus or a forbidden attachment",
      "A scanner refused the content.", "Remove the attachment or use another file type." },
    { "content-refused", "x.6.0 x.6.1", "not rfc 5322|bare lf|bare cr|invalid header",
      "The server refuses the form of the message",
      "A header field or a part breaks the server's rules, or a content type is not supported.",
      "Check the message's header fields (From, Date, Message-ID) and encodings." },
    { "parameters-refused", "555 504", "parameters not recognized|parameter not implemented",
      "The server refuses a parameter of the command",
      "The server does not know a parameter of MAIL or RCPT, such as a DSN request, although it "
      "offers the extension.",
      "Send without notify, ret and envid. A scanner in between may advertise extensions that the "
      "server does not have." },
    { "rejected", "550 554 5.0.0", "transaction failed", "The server rejected it permanently",
      "A permanent refusal; the reply text is the only reason given.",
      "Read the reply and ask the server's administrator about it." },
    { "no-8bitmime", "x.6.3", NULL, "The server does not support 8-bit text",
      "The message has parts that cannot be re-encoded, and the server does not offer 8BITMIME.",
      "Send text in quoted-printable or base64, or use another relay." },
    { "requiretls-missing", "x.7.30", "requiretls", "The server does not support REQUIRETLS",
      "The message must be encrypted all the way (RFC 8689), and this server or a later one cannot "
      "guarantee that.",
      "Send without the requirement, or through another relay." },

    /* ---- this module ---- */
    { "config-no-host", NULL, "SMTPSendHost is not set", "No server is configured",
      "SMTPSendHost is not set.", "Set SMTPSendHost to the name of the mail server." },
    { "config-engine-off", NULL, NULL, "Sending is turned off",
      "SMTPSendEngine is Off: submissions are refused, and queued mail stays queued.",
      "Set SMTPSendEngine On and restart gracefully." },
    { "queue-unwritable", NULL, NULL, "The queue cannot be written",
      "Nothing is sent while what becomes of it could not be stored, since a message whose "
      "delivery "
      "is not on record would be sent again after a crash. New mail is refused meanwhile.",
      "The cause names the disk, the file or the database of SMTPSendQueue: free space, make it "
      "writable, or end the program that holds its lock. Mail flows again within seconds." },
    { "content-unreadable", NULL, NULL, "The message's content could not be read from the queue",
      "The delivery daemon could not read it. Mail stays queued.",
      "The error log gives the cause; check the disk and the database of SMTPSendQueue." },

    /* ---- the meaning of codes that have no entry of their own above ---- */
    { "accepted", "250 2.0.0", NULL, "The server accepted it",
      "The command or the message was accepted.", "No action needed." },
    { "code-211", "211", NULL, "System status or help (211)", "A reply to HELP.",
      "No action needed." },
    { "code-214", "214", NULL, "Help (214)", "A reply to HELP.", "No action needed." },
    { "code-220", "220", NULL, "The server is ready (220)",
      "Its greeting, or its consent to STARTTLS.", "No action needed." },
    { "code-221", "221", NULL, "The server closes the connection (221)", "Its reply to QUIT.",
      "No action needed." },
    { "code-235", "235 2.7.0", NULL, "The login succeeded (235)",
      "User name and password were accepted.", "No action needed." },
    { "code-251", "251 2.1.5", NULL, "The server forwards the mail (251)",
      "The recipient is elsewhere, and the server forwards the message.", "No action needed." },
    { "code-252", "252", NULL, "The server does not verify the address but will try (252)",
      "A reply to VRFY.", "No action needed." },
    { "code-334", "334", NULL, "The login continues (334)",
      "The server waits for the next part of the login.", "No action needed." },
    { "code-354", "354", NULL, "The server waits for the message (354)", "Its reply to DATA.",
      "No action needed." },
    { "code-458", "458 459", NULL, "The server cannot start its queue (ETRN)",
      "A reply to ETRN (RFC 1985), which this module never sends.", "No action needed." },
    { "code-500", "500 x.5.0", NULL, "The server does not know the command (500)",
      "The command was not recognized, or its line was too long.",
      "A firewall or scanner may change commands; use SMTPSendTLS tls or exempt the connection." },
    { "code-x-1-0", "x.1.0 x.1.5", NULL, "An address was refused",
      "Something about an address is not accepted.",
      "Read the reply; check sender and recipient." },
    { "code-x-1-4", "x.1.4", NULL, "The address is ambiguous", "Several mailboxes match it.",
      "Use a full address." },
    { "code-x-1-9", "x.1.9", NULL, "The message left the mail system",
      "It was passed to a system that sends no delivery reports.", "No action needed." },
    { "code-x-2-0", "x.2.0", "STOREDRV", "The recipient's mailbox has a problem",
      "The code gives no closer reason. With Microsoft 365, see the words after STOREDRV.",
      "Read the reply." },
    { "code-x-2-4", "x.2.4", NULL, "A mailing list could not be expanded",
      "The list's address exists, but its members could not be found.", "Tell the list's owner." },
    { "code-x-3-0", "x.3.0", NULL, "The server has an internal problem",
      "A fault of its configuration or system.", "Tell the server's administrator." },
    { "code-x-3-3", "x.3.3", NULL, "The server lacks a feature that the message needs",
      "The server does not support what was requested.",
      "Send without the feature, or use another relay." },
    { "code-x-3-5", "x.3.5", NULL, "The server is misconfigured", "The server itself reports this.",
      "Tell the server's administrator." },
    { "code-x-3-6", "x.3.6", NULL, "The requested priority was changed",
      "The message is sent with another priority (RFC 6710).", "No action needed." },
    { "code-x-4-0", "x.4.0 x.4.1 x.4.2 x.4.3", NULL,
      "The server cannot reach the recipient's server",
      "A connection or a directory behind the relay failed.",
      "Wait; if it persists, tell the relay's administrator." },
    { "code-x-4-6", "x.4.6", "mail loop|too many hops", "Mail loop",
      "Two servers send the message to each other.",
      "Check that the server of SMTPSendHost does not send back here; tell the recipient's "
      "administrator." },
    { "code-x-4-7", "x.4.7", NULL, "The message is too old",
      "A server behind the relay gave up after days of retries.",
      "Send it again when the recipient's server works." },
    { "code-x-5-0", "x.5.5", NULL, "Wrong protocol version",
      "Server and client disagree about the protocol.", "Run the connection test." },
    { "code-x-5-2", "x.5.2 x.5.4", NULL, "The server calls a command or its argument invalid",
      "A syntax error, or a parameter that it does not know.",
      "Check addresses and SMTPSendHelo; a firewall may change commands." },
    { "code-x-6-2", "x.6.2 x.6.3 x.6.4 x.6.5", NULL, "The content cannot be converted",
      "The server or a later one does not support this kind of content and cannot convert it.",
      "Send text in base64 or quoted-printable." },
    { "code-x-6-6", "x.6.6 x.6.8 x.6.10", NULL, "The content is not available or cannot be decoded",
      "The message's content could not be fetched or converted.",
      "Send it again; check URLs and encodings in the message." },
    { "code-x-7-0", "x.7.0", NULL, "Refused for security reasons",
      "The code gives no closer reason.", "Read the reply; ask the server's administrator." },
    { "code-x-7-2", "x.7.2", NULL, "The sender may not write to this list",
      "The mailing list accepts mail from certain senders only.", "Ask the list's owner." },
    { "code-x-7-4", "x.7.4 x.7.6", NULL, "A security feature is not supported",
      "The server does not know the algorithm or feature.",
      "Compare SMTPSendAuth and SMTPSendTLSCipherSuite with what the connection test lists." },
    { "code-x-7-5", "x.7.5 x.7.7", NULL, "A cryptographic check failed",
      "The content or a signature was damaged.",
      "Send it again; look for devices that change mail." },
    { "code-x-7-15", "x.7.15 x.7.16", NULL, "The priority is too low or the message too big for it",
      "The server limits mail by priority (RFC 6710).", "Send it later, or make it smaller." },
    { "code-x-7-17", "x.7.17 x.7.18 x.7.19", NULL, "The mailbox or domain has a new owner",
      "The address may now belong to someone else (RFC 7293).",
      "Find out who owns the address now." },
    { "code-x-7-27", "x.7.27", NULL, "The sender's domain accepts no mail",
      "Its MX record says so (RFC 7505), so replies could not be delivered.",
      "Use a sender whose domain accepts mail." },
    { "code-x-7-29", "x.7.29", NULL, "ARC validation failed",
      "The chain of earlier hops could not be verified.",
      "Tell the administrator of the forwarding server." },
};

const int ss_advice_count = (int)(sizeof(ss_advice_table) / sizeof(ss_advice_table[0]));
