import java.io.File;
import java.util.Properties;
import javax.mail.Message.RecipientType;
import javax.mail.Session;
import javax.mail.Transport;
import javax.mail.internet.InternetAddress;
import javax.mail.internet.MimeBodyPart;
import javax.mail.internet.MimeMessage;
import javax.mail.internet.MimeMultipart;

class JavaMail {
    public static void main(String[] args) throws Exception {
        Properties settings = new Properties();
        settings.put("mail.smtp.host", "127.0.0.1");
        settings.put("mail.smtp.port", is("PORT"));
        settings.put("mail.smtp.allow8bitmime", "true");
        MimeMessage mail = new MimeMessage(Session.getInstance(settings));
        mail.setFrom(new InternetAddress(is("FROM"), is("FROM_NAME"), "utf-8"));
        mail.addRecipient(RecipientType.TO, new InternetAddress(is("TO"), is("TO_NAME"), "utf-8"));
        mail.addRecipient(RecipientType.CC, new InternetAddress(is("CC")));
        mail.addRecipient(RecipientType.BCC, new InternetAddress(is("BCC")));
        mail.setSubject(is("SUBJECT"), "utf-8");
        MimeBodyPart text = new MimeBodyPart(), file = new MimeBodyPart();
        text.setText(is("TEXT"), "utf-8");
        file.attachFile(new File(is("FILE")));
        mail.setContent(new MimeMultipart(text, file));
        Transport.send(mail);
    }

    static String is(String name) {
        return System.getenv("MAIL_" + name);
    }
}
