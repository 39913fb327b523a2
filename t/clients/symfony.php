<?php
// usage: symfony.php smtp|bs|t, as the mailer's DSNs are called.
require "/usr/share/php/Symfony/Component/Mailer/autoload.php";
use Symfony\Component\Mailer\{Mailer, Transport};
use Symfony\Component\Mime\{Address, Email};

$sendmail = getenv("MAIL_SENDMAIL");
$dsn = ["smtp" => "smtp://127.0.0.1:" . getenv("MAIL_PORT"), "bs" => "sendmail://default?command=" . urlencode("$sendmail -bs"),
        "t" => "sendmail://default?command=" . urlencode("$sendmail -t -i")][$argv[1]];
$mail = (new Email())->from(new Address(getenv("MAIL_FROM"), getenv("MAIL_FROM_NAME")))->to(new Address(getenv("MAIL_TO"), getenv("MAIL_TO_NAME")))
    ->cc(getenv("MAIL_CC"))->bcc(getenv("MAIL_BCC"))->subject(getenv("MAIL_SUBJECT"))->text(getenv("MAIL_TEXT"))->attachFromPath(getenv("MAIL_FILE"));
(new Mailer(Transport::fromDsn($dsn)))->send($mail);
