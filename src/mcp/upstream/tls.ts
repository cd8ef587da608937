import type { Tls } from "../../resources/server.ts";

/** How a `https` url is trusted, the key included. */
export type TlsTrust = Omit<Tls, "key"> & { key?: string | undefined };

/**
 * What a connection is told. The certificate is checked for the server's name, also where an address is connected to that was judged before.
 * @param name the host's name, undefined for an address
 */
export function tlsOptions(trust: TlsTrust, name: string | undefined) {
  const { ca, certificate, key, serverName = name, insecureSkipVerify } = trust;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { serverName }),
    // Never absent: to Bun, options without anything in them mean no TLS.
    rejectUnauthorized: insecureSkipVerify !== true,
  };
}
