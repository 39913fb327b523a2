// Prints what npm's mailparser sees in the message on standard input, as JSON.
const { simpleParser } = require("mailparser");
simpleParser(process.stdin).then((mail) => {
    const list = (field) => (field ? [].concat(field).flatMap((f) => f.value).map((a) => [a.name, a.address]) : []);
    console.log(JSON.stringify({
        subject: mail.subject, from: list(mail.from), to: list(mail.to), cc: list(mail.cc), replyTo: list(mail.replyTo), messageId: mail.messageId, text: mail.text,
        html: mail.html || null, header: mail.headers.get("x-a") || null,
        attachments: mail.attachments.map((a) => [a.filename || null, a.contentType, a.contentId || null, a.contentDisposition, a.content.toString("base64")]),
    }));
});
