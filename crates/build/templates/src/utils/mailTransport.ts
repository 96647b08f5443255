import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createTransport } from 'nodemailer';
import type { Config } from '../config/config.js';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface MailTransport {
  send(mail: Mail): Promise<void>;
}

/** SMTP with TLS, or a folder of files for local work. */
export function createMailTransport({ url, from }: Config['mail']): MailTransport {
  return url.startsWith('file:') ? new FileTransport(url) : new SmtpTransport(url, from);
}

class SmtpTransport implements MailTransport {
  readonly #transporter: { sendMail(mail: Mail & { from: string }): Promise<unknown> };

  constructor(
    url: string,
    private readonly from: string,
  ) {
    this.#transporter = createTransport({ url, requireTLS: true, connectionTimeout: 10_000, socketTimeout: 20_000 });
  }

  async send(mail: Mail): Promise<void> {
    await this.#transporter.sendMail({ ...mail, from: this.from });
  }
}

class FileTransport implements MailTransport {
  constructor(private readonly folder: string) {}

  async send({ to, subject, text }: Mail): Promise<void> {
    const folder = new URL(this.folder.endsWith('/') ? this.folder : `${this.folder}/`);
    await mkdir(folder, { recursive: true });
    await writeFile(new URL(`${randomUUID()}.txt`, folder), `To: ${to}\nSubject: ${subject}\n\n${text}`);
  }
}
