# Email::Stuffer over Email::Sender. usage: email_sender.pl smtp|sendmail
use strict;
use warnings;
use Encode;
use Email::Stuffer;
use Email::Sender::Transport::SMTP;
use Email::Sender::Transport::Sendmail;
use File::Basename;

my %is = map { $_ => decode("UTF-8", $ENV{"MAIL_$_"}) } qw(FROM FROM_NAME TO TO_NAME CC BCC SUBJECT TEXT FILE);
my $transport = $ARGV[0] eq "smtp" ? Email::Sender::Transport::SMTP->new(host => "127.0.0.1", port => $ENV{MAIL_PORT})
    : Email::Sender::Transport::Sendmail->new(sendmail => $ENV{MAIL_SENDMAIL});
Email::Stuffer->from(qq("$is{FROM_NAME}" <$is{FROM}>))->to(qq("$is{TO_NAME}" <$is{TO}>))->cc($is{CC})->bcc($is{BCC})->subject($is{SUBJECT})->text_body($is{TEXT})
    ->attach_file($ENV{MAIL_FILE}, filename => decode("UTF-8", basename($ENV{MAIL_FILE})), name => decode("UTF-8", basename($ENV{MAIL_FILE})))
    ->transport($transport)->send_or_die({ from => $is{FROM}, to => [@is{qw(TO CC BCC)}] });
