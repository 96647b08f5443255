const SIGNATURES = ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512'];
const DIGESTS = ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'];
const STRONG: ReadonlySet<string> = new Set([...SIGNATURES, ...DIGESTS]);

/**
 * Whether XML has nothing but elements, and no signature by an old algorithm. Entities and comments have no place in
 * an answer, and what reads it takes SHA-1 for good. Whatever is written in another way than expected counts as weak.
 */
export function isPlainAndStrong(xml: string): boolean {
  const named = [...xml.matchAll(/<(?:\w+:)?(?:SignatureMethod|DigestMethod)\s+Algorithm=["']([^"']*)["']/g)];
  const all = xml.match(/(?:SignatureMethod|DigestMethod)[\s/>]/g) ?? [];
  const closed = xml.match(/<\/(?:\w+:)?(?:SignatureMethod|DigestMethod)>/g) ?? [];
  const strong = named.length === all.length - closed.length && named.every(([, algorithm = '']) => STRONG.has(algorithm));
  return ⟦saml-plain│!xml.includes('<!')│true⟧ && ⟦saml-algorithm│strong│(strong || named.length > 0)⟧;
}
