// Sends one mail with nodemailer. usage: nodemailer.js URL|/path/of/sendmail FROM TO
const nodemailer = require("nodemailer");
const [how, from, to] = process.argv.slice(2);
const transport = how.startsWith("/") ? { sendmail: true, path: how, newline: "unix" } : require("./nodemailer_http")(how);

nodemailer.createTransport(transport).sendMail({ from, to, subject: "Grüße", text: "It works.\n", html: "<b>It works.</b>",
    attachments: [{ filename: "ä.txt", content: "hello" }] }).then((info) => console.log(info.messageId), (error) => { console.error(error.message); process.exit(1); });
