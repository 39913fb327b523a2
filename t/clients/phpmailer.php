<?php
// usage: phpmailer.php smtp|sendmail|mail; php -d sendmail_path=... names the program of mail().
require "/usr/share/php/libphp-phpmailer/autoload.php";

$mail = new PHPMailer\PHPMailer\PHPMailer(true);
if ($argv[1] == "smtp") {
    $mail->isSMTP();
    $mail->Host = "127.0.0.1";
    $mail->Port = getenv("MAIL_PORT");
} elseif ($argv[1] == "sendmail") {
    $mail->isSendmail();
    $mail->Sendmail = getenv("MAIL_SENDMAIL");
} else {
    $mail->isMail();
}
$mail->CharSet = "utf-8";
$mail->setFrom(getenv("MAIL_FROM"), getenv("MAIL_FROM_NAME"));
$mail->addAddress(getenv("MAIL_TO"), getenv("MAIL_TO_NAME"));
$mail->addCC(getenv("MAIL_CC"));
$mail->addBCC(getenv("MAIL_BCC"));
$mail->Subject = getenv("MAIL_SUBJECT");
$mail->Body = getenv("MAIL_TEXT");
$mail->addAttachment(getenv("MAIL_FILE"));
$mail->send();
