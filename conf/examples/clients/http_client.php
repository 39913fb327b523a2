<?php
// Submits JSON from PHP, without any library. usage: http_client.php URL FROM TO
[, $url, $from, $to] = $argv;
$message = ["from" => $from, "to" => [$to], "subject" => "Grüße", "text" => "It works.\n",
            "attachments" => [["filename" => "ä.txt", "contentType" => "text/plain", "content" => base64_encode("hello")]]];
$answer = file_get_contents($url, false, stream_context_create(["http" => ["method" => "POST", "ignore_errors" => true, "timeout" => 30,
    "header" => "Content-Type: application/json", "content" => json_encode($message)]]));
$document = json_decode($answer, true);
if (empty($document["id"])) {
    fwrite(STDERR, ($document["detail"] ?? "no answer") . "\n");
    exit(1);
}
echo $document["id"], "\n";
