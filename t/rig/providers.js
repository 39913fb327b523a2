// The providers' own SDKs, unmodified: each line of standard input is a call, {"provider", "base", "do", "with"}; each line of output is its result or its error.
const readline = require("readline");

const key = "SG.key";

const calls = {
  resend: (base) => {
    const { Resend } = require("resend");
    const client = new Resend(key, { baseUrl: base });
    const unwrap = async (promise) => {
      const { data, error } = await promise;
      if (error) throw { sdk: error };
      return data;
    };
    return {
      send: (mail, options) => unwrap(client.emails.send(mail, options)),
      batch: (mails, options) => unwrap(client.batch.send(mails, options)),
      get: (id) => unwrap(client.emails.get(id)),
      cancel: (id) => unwrap(client.emails.cancel(id)),
      domains: () => unwrap(client.domains.list()),
    };
  },
  sendgrid: (base) => {
    const mail = require("@sendgrid/mail"), client = new (require("@sendgrid/client").Client)();
    client.setApiKey(key);
    client.setDefaultRequest("baseUrl", base);
    mail.setClient(client);
    const tell = async (promise) => {
      const [response] = await promise;
      return { status: response.statusCode, id: response.headers["x-message-id"] };
    };
    return { send: (data) => tell(mail.send(data)), multiple: (data) => tell(mail.sendMultiple(data)) };
  },
  postmark: (base) => {
    const { ServerClient } = require("postmark"), at = new URL(base);
    const client = new ServerClient(key, { useHttps: false, requestHost: at.host + at.pathname });
    return {
      send: (data) => client.sendEmail(data),
      batch: (data) => client.sendEmailBatch(data),
      template: (data) => client.sendEmailWithTemplate(data),
      get: (id) => client.getOutboundMessageDetails(id),
    };
  },
  mailgun: (base) => {
    const Mailgun = require("mailgun.js"), FormData = require("form-data");
    const client = new (Mailgun.default || Mailgun)(FormData).client({ username: "api", key, url: base });
    return { send: (data) => client.messages.create("example.com", data) };
  },
};

// {"$bytes": base64} stands for a Buffer.
const revive = (_, value) => (value && value.$bytes !== undefined ? Buffer.from(value.$bytes, "base64") : value);

const plain = (error) => ({
  error: {
    name: error.name || (error.sdk && error.sdk.name),
    message: error.message || (error.sdk && error.sdk.message),
    status: error.statusCode || error.status || error.code || (error.sdk && error.sdk.statusCode),
    code: error.code,
    details: error.details || (error.response && error.response.body),
  },
});

console.warn = () => {};
(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { provider, base, with: args, do: what } = JSON.parse(line, revive);
    const result = await Promise.resolve()
      .then(() => calls[provider](base)[what](...args))
      .then((value) => ({ result: value === undefined ? null : value }), plain);
    process.stdout.write(JSON.stringify(result) + "\n");
  }
})();
