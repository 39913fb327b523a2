// nodemailer over HTTP: nodemailer.createTransport(require("./nodemailer_http")("http://localhost/mail")). Node 18 or newer.
module.exports = (url) => ({
    name: "smtp-send", version: "1",
    async send(mail, done) {
        try {
            const { from, to } = mail.message.getEnvelope();
            const query = new URLSearchParams([["from", from || ""], ...to.map((address) => ["to", address])]);
            const body = await new Promise((resolve, reject) => mail.message.build((error, bytes) => (error ? reject(error) : resolve(bytes))));
            const answer = await fetch(`${url}?${query}`, { method: "POST", body, headers: { "Content-Type": "message/rfc822" } });
            const document = await answer.json();
            done(answer.ok ? null : new Error(document.detail), { messageId: mail.message.messageId(), envelope: { from, to }, id: document.id });
        } catch (error) { done(error); }
    },
});
