<?php
// usage: swift.php smtp|bs|t
require "/usr/share/php/Egulias/EmailValidator/autoload.php";
require "/usr/share/php/Swift/swift_required.php";

$sendmail = getenv("MAIL_SENDMAIL");
$transport = $argv[1] == "smtp" ? new Swift_SmtpTransport("127.0.0.1", getenv("MAIL_PORT")) : new Swift_SendmailTransport($sendmail . ($argv[1] == "bs" ? " -bs" : " -t -i"));
$mail = (new Swift_Message(getenv("MAIL_SUBJECT")))->setFrom([getenv("MAIL_FROM") => getenv("MAIL_FROM_NAME")])->setTo([getenv("MAIL_TO") => getenv("MAIL_TO_NAME")])
    ->setCc(getenv("MAIL_CC"))->setBcc(getenv("MAIL_BCC"))->setBody(getenv("MAIL_TEXT"))->attach(Swift_Attachment::fromPath(getenv("MAIL_FILE")));
exit((new Swift_Mailer($transport))->send($mail) == 3 ? 0 : 1);
