// Prints, for each message on standard input (a line of base64), what npm's mailparser sees in it, as a line of JSON.
const { simpleParser } = require("mailparser");
const list = (field) => (field ? [].concat(field).flatMap((f) => f.value).map((a) => [a.name, a.address]) : []);

async function main() {
    for await (const line of require("readline").createInterface({ input: process.stdin })) {
        const mail = await simpleParser(Buffer.from(line, "base64"));
        console.log(JSON.stringify({
            subject: mail.subject, from: list(mail.from), to: list(mail.to), cc: list(mail.cc), bcc: list(mail.bcc), replyTo: list(mail.replyTo), messageId: mail.messageId,
            text: mail.text, html: mail.html || null, header: mail.headers.get("x-a") || null,
            attachments: mail.attachments.map((a) => [a.filename || null, a.contentType, a.contentId || null, a.contentDisposition, a.content.toString("base64")]),
        }));
    }
}
main();
