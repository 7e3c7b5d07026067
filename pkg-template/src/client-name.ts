/** Same for all tabs and workers of one client. An issuer is a URL: it holds no space. */
export const clientName = ({ issuer, clientId }: { issuer?: unknown; clientId?: unknown }): string =>
  `${String(issuer)} ${String(clientId)}`;
