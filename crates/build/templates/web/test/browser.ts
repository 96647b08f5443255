/** A browser without scripts: it keeps cookies, follows redirects and sends forms. */
export class Browser {
  readonly cookies = new Map<string, string>();

  constructor(private readonly baseUrl: string) {}

  async open(path: string, init: RequestInit = {}): Promise<{ readonly answer: Response; readonly url: URL; readonly text: string }> {
    let url = new URL(path, this.baseUrl);
    let answer = await this.#send(url, init);
    for (let turn = 0; turn < 5 && answer.status >= 300 && answer.status < 400; turn += 1) {
      url = new URL(answer.headers.get('Location') ?? '', url);
      answer = await this.#send(url, {});
    }
    return { answer, url, text: await answer.text() };
  }

  /** Fills the form with this button and sends it; what a page has hidden in it goes along. */
  async submit(path: string, button: string, fields: Readonly<Record<string, string | File>>) {
    const { text } = await this.open(path);
    const form = text.split('<form').find((part) => part.includes(`>${button}</button>`)) ?? '';
    const body = new FormData();
    for (const [tag] of form.split('</form>')[0]?.matchAll(/<input type="hidden"[^>]*>/g) ?? []) {
      body.append(attribute(tag, 'name'), attribute(tag, 'value'));
    }
    for (const [name, value] of Object.entries(fields)) {
      body.set(name, value);
    }
    return this.open(path, { method: 'POST', body, headers: { Origin: this.baseUrl } });
  }

  /** One request, wherever it leads. */
  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    return this.#send(new URL(path, this.baseUrl), init);
  }

  async #send(url: URL, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('Cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') {
        this.cookies.delete(name);
      } else {
        this.cookies.set(name, value);
      }
    }
    return answer;
  }
}

function attribute(tag: string, name: string): string {
  const value = new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
  return value.replaceAll('&quot;', '"').replaceAll('&#x27;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
