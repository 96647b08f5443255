import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Networks that are nobody's on the internet: our own machines, their neighbours, and the metadata of clouds. */
const NETWORKS: readonly (readonly [network: string, prefix: number, family: 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
];

const notPublic = new BlockList();
for (const [network, prefix, family] of NETWORKS) {
  notPublic.addSubnet(network, prefix, family);
}

const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');
/** Inside 2000::/3, and not public all the same: documentation, and IPv4 in disguise. */
const disguised = new BlockList();
disguised.addSubnet('2001:db8::', 32, 'ipv6');
disguised.addSubnet('2001::', 32, 'ipv6');
disguised.addSubnet('2002::', 16, 'ipv6');

/** Whether an address is on the internet. What is no address is not. */
export function isPublic(address: string): boolean {
  if (isIPv4(address)) {
    return !notPublic.check(address, 'ipv4');
  }
  return isIPv6(address) && globalUnicast.check(address, 'ipv6') && !disguised.check(address, 'ipv6');
}
